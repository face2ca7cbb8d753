"""Runs replicate trials in blocks, wherever there is room, and keeps what came of each.

A block is a pure function of the task and of which trials it holds; results are put together in
the order of the trials, so nothing in them depends on blocks, workers or machines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import assuage
from assuage.clock import Clock
from assuage.evidence.virtual import keeping
from assuage.evidence.virtual.analysis import rows_of, tested
from assuage.evidence.virtual.design import Design, OutcomeName
from assuage.evidence.virtual.scores import Trials, World, draw, responded
from assuage.kinetics.exact import Array
from assuage.kinetics.executors import Executor
from assuage.knowledge import library
from assuage.planning.checkpoint import Keeper
from assuage.refusals import Refusal, Refused

BLOCK = 8  # trials that one worker does at a time: about a second's work
MOST_TRIALS = 100_000
Told = Callable[[int], None]
Arrays = Mapping[str, Array]  # by name; the first axis is trials
Block = tuple[bool, int, int]  # whether without effect, the first trial, and how many
Progress = Callable[[int, "Callable[[], Results]"], None]


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker needs, whole. One with another version of assuage refuses it."""

    world: World
    version: str

    def digest(self) -> str:
        """Return a SHA-256 over all that decides what a trial comes to."""
        parts = (self.world.design.digest(), str(self.world.seed), self.version, library.digest())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Results:
    """What came of the trials done so far, with the effect and without."""

    main: Arrays
    null: Arrays

    @property
    def done(self) -> int:
        """How many trials are done, of both kinds."""
        return count(self.main) + count(self.null)


def count(found: Arrays) -> int:
    """Return how many trials a set of results holds."""
    return len(next(iter(found.values()))) if found else 0


def task_of(world: World) -> Task:
    """Describe the trials of a world."""
    return Task(world, assuage.__version__)


def block_of(task: Task, block: Block) -> Arrays:
    """Draw and analyse one block. Raises Refused when this worker isn't as the task needs."""
    if assuage.__version__ != task.version:
        raise Refused(Refusal.WORKER_DIFFERS, what=f"version {assuage.__version__} of assuage")
    null, first, many = block
    world = task.world
    drawn = draw(world, first, many, null=null)
    arm = world.arm_of()
    found: dict[str, Array] = {"n": _by_arm(drawn.seen.astype(float), arm, len(world.courses))}
    if drawn.dissociated is not None:
        flags = drawn.dissociated.astype(float)[..., None]
        found["dissociated"] = _by_arm(flags, arm, len(world.courses))[..., 0]
    for name in world.design.outcomes:
        found |= _outcome(world.design, name, arm, drawn)
    return found


def _by_arm(values: Array, arm: NDArray[np.int64], arms: int) -> Array:
    """Return (trials, arms, visits) sums of (trials, people, visits).

    Each trial is added up by itself: NumPy's order of adding depends on the shape of the whole.
    """
    mine = [arm == place for place in range(arms)]
    return np.array([[one[people].sum(axis=0) for people in mine] for one in values])


def _outcome(
    design: Design, name: OutcomeName, arm: NDArray[np.int64], drawn: Trials
) -> dict[str, Array]:
    scores, baseline = drawn.scores[name], drawn.baseline[name]
    arms = len(design.arm)
    answered = drawn.seen & responded(design, name, baseline, scores)
    tests, ends = [], []
    for trial in range(len(scores)):
        rows = rows_of(design, name, arm, baseline[trial], scores[trial], drawn.seen[trial])
        figures, end = tested(design, name, rows)
        tests.append(figures)
        ends.append(float(end))
    return {
        f"{name}.sum": _by_arm(np.where(drawn.seen, scores, 0.0), arm, arms),
        f"{name}.before": _by_arm(baseline[..., None], arm, arms)[..., 0],
        f"{name}.responders": _by_arm(answered.astype(float), arm, arms),
        f"{name}.tests": np.stack(tests),
        f"{name}.end": np.array(ends),
    }


def run(
    task: Task,
    trials: int,
    executor: Executor,
    *,
    block: int = BLOCK,
    start: Results | None = None,
    progress: Progress = lambda _done, _so_far: None,
) -> Results:
    """Run trials 0 to `trials` - 1, and as many without any effect where the design asks for it.

    `start` is what is done already; `progress` is told how many are done, and what gives the
    results so far.
    """
    found = start or Results({}, {})
    wanted = [(False, count(found.main))]
    if task.world.design.analysis.null:
        wanted.append((True, count(found.null)))
    blocks = [one for null, at in wanted for one in _pieces(null, at, trials, block)]
    parts: tuple[list[Arrays], list[Arrays]] = ([found.main], [found.null])
    done = found.done

    def so_far() -> Results:
        return Results(_joined(parts[0]), _joined(parts[1]))

    results = executor.map_blocks(partial(block_of, task), blocks)
    for (null, _, many), part in zip(blocks, results, strict=True):
        parts[null].append(part)
        done += many
        progress(done, so_far)
    return so_far()


def _pieces(null: bool, first: int, end: int, size: int) -> Iterator[Block]:
    return ((null, at, min(size, end - at)) for at in range(first, end, size))


def _joined(parts: list[Arrays]) -> Arrays:
    """Join what follows on one another, and leave it joined."""
    held = [one for one in parts if one]
    if not held:
        return {}
    if len(held) > 1:
        held = [{name: np.concatenate([one[name] for one in held]) for name in held[0]}]
    parts[:] = held
    return held[0]


def gather(
    task: Task,
    trials: int,
    executor: Executor,
    *,
    path: Path | None = None,
    told: Told = lambda _: None,
    clock: Clock | None = None,
) -> Results:
    """Run trials, going on from `path` if it is there and keeping them there.

    `told` hears how many trials are done. Whatever ends it, an interrupt included, the file then
    holds all that was done. Raises Refused, leaving a file that it can't use as it is.
    """
    if path is None:
        return run(task, trials, executor, progress=lambda done, _: told(done))
    digest = task.digest()
    keeper = Keeper[Results](lambda found: _write(path, digest, found), clock)
    start = _taken_up(path, digest, trials)
    if start is None:  # see that it can be written
        start = Results({}, {})
        keeper.take(lambda: Results({}, {}))
        keeper.keep()
    told(start.done)

    def progress(done: int, so_far: Callable[[], Results]) -> None:
        keeper.take(so_far)
        told(done)

    try:
        return run(task, trials, executor, start=start, progress=progress)
    finally:
        keeper.keep()


def _taken_up(path: Path, digest: str, trials: int) -> Results | None:
    """Return what the file holds, None where there is none. Raises Refused for another's."""
    kept = keeping.load(path)
    if kept is None:
        return None
    if kept.digest != digest:
        why = "its design, seed, version or library differ"
        raise Refused(Refusal.TRIAL_FILE_OTHER, path=path, why=why)
    found = Results(kept.main, kept.null)
    if not max(count(found.main), count(found.null)) <= trials:
        why = f"it has {count(found.main)} trials already, and {trials} were asked for"
        raise Refused(Refusal.TRIAL_FILE_OTHER, path=path, why=why)
    return found


def _write(path: Path, digest: str, found: Results) -> None:
    keeping.store(path, keeping.Kept(digest, found.main, found.null))
