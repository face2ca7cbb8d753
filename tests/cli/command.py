"""Runs the command line in this process, and says what came of it."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from assuage.cli import main

SPEC = [
    *("simulate", "--model", "kamp-2020", "--weight", "70 kg", "--age", "35 y"),
    *("--give", "0.5 mg/kg over 40 min", "--at", "40 min, 80 min"),
]
BANDED = [
    *("simulate", "--model", "perez-ruixo-2021", "--weight", "70 kg", "--age", "35 y"),
    *("--give", "56 mg intranasal", "--at", "20 min, 40 min, 4 h"),
]


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def code(self) -> str:
        """The refusal's code, from its one line."""
        assert self.status == 2, self
        (line,) = self.err.splitlines()
        program, code, _ = line.split(": ", 2)
        assert program == "assuage"
        return code


def run(*arguments: str) -> Ran:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as left:
            status = left.code
        out.flush()
        err.flush()
    assert isinstance(status, int)
    return Ran(status, *(io.BytesIO.getvalue(one.buffer).decode() for one in (out, err)))


def module(*arguments: str) -> list[str]:
    """Return what starts the program in a process of its own."""
    return [sys.executable, "-m", "assuage", *arguments]
