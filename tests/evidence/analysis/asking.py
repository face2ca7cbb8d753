"""Tables and questions for the tests of an analysis."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings

from assuage.evidence.analysis.ask import Question, kinds, read
from assuage.evidence.analysis.design import Design, build
from assuage.evidence.analysis.result import Analysis
from assuage.evidence.analysis.run import analyse
from assuage.evidence.analysis.table import Table, of_sheet
from assuage.evidence.analysis.table import read as read_file
from assuage.evidence.sheet import parse_sheet

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "data"
FEW = settings(max_examples=20, deadline=None)


@cache
def trial(name: str = "pain-trial.csv") -> Table:
    """Return the example, a trial that never happened."""
    return read_file(EXAMPLES / name)


def table(text: str) -> Table:
    return of_sheet(parse_sheet(text, "study.csv"))


def without(found: Table, **levels: str) -> Table:
    """Return a table without the rows that have all these levels."""
    columns = [found.cells[name] for name in levels]
    kept = [
        place
        for place, row in enumerate(zip(*columns, strict=True))
        if row != tuple(levels.values())
    ]
    cells = {name: tuple(column[one] for one in kept) for name, column in found.cells.items()}
    return Table(found.name, cells, tuple(found.rows[one] for one in kept))


def design(found: Table, model: str, **more: Any) -> Design:
    asked = read(Question(model, **more))
    return build(found, asked.formula, kinds(asked, found))


def asked(found: Table, model: str, **more: Any) -> Analysis:
    return analyse(found, Question(model, **more))


def unbalanced(seed: int, rows: int = 90) -> Table:
    """Return a table of two factors and a number, every combination in at least two rows."""
    draw = np.random.default_rng(seed)
    a = np.concatenate([np.arange(24) % 3, draw.integers(0, 3, rows - 24)])
    b = np.concatenate([np.arange(24) // 3 % 4, draw.integers(0, 4, rows - 24)])
    z = draw.normal(5.0, 2.0, rows)
    y = a + 0.5 * b * (a == 1) + z * (b == 2) + draw.normal(size=rows)
    lines = [
        f"{'pqr'[one]},{two},{three:.6f},{four:.6f}"
        for one, two, three, four in zip(a, b, z, y, strict=True)
    ]
    return table("\n".join(["a,b,z,y", *lines]))


def effects(design_: Design) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return least-squares effects by NumPy's own solver."""
    return np.asarray(np.linalg.lstsq(design_.x, design_.y, rcond=None)[0])
