"""A small population for the tests of streaming, and blocks that kill their worker."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np

from assuage.kinetics import stream
from assuage.kinetics.stream import Block, Task
from assuage.kinetics.structure import Dose, Subject
from assuage.kinetics.tally import Tally
from assuage.knowledge import library

PATIENTS = 500
CHUNK = 37
BLOCK = 60


def task(model: str = "perez-ruixo-2021", seed: int = 1, times: int = 12) -> Task:
    return stream.task_of(
        library.model(model),
        Subject(70.0, 35.0),
        (Dose(0.0, 28.0, "nasal"), Dose(0.1, 28.0, "nasal")),
        np.linspace(0.0, 6.0, times),
        seed,
        (0.05, 0.1),
    )


def tally_or_die(folder: str, of: Task, block: Block) -> Tally:
    """Do a block; the worker that meets the fourth block for the first time is killed in it."""
    with (Path(folder) / "workers").open("a") as file:
        file.write(f"{os.getpid()} {block[0]}\n")
    mark = Path(folder) / "killed"
    if block[0] == 3 * BLOCK and not mark.exists():
        stream.tally_of(of, CHUNK, (block[0], 1))  # in the middle of it
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return stream.tally_of(of, CHUNK, block)


def deadly(_: int) -> None:
    """Kill whichever worker does this block."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuses(block: int) -> int:
    """Raise what a block with impossible numbers raises, at the third of them."""
    if block == 2:
        raise ValueError("not a level")
    return block
