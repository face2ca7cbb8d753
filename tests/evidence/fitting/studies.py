"""Small studies and what to ask of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from assuage.evidence.fitting.asked import Wish
from assuage.evidence.fitting.data import Data, Meaning, read_data
from assuage.evidence.fitting.page import files
from assuage.evidence.fitting.run import Outcome, work_out
from assuage.evidence.fitting.table import parse_table
from assuage.kinetics.saem import Settings

ROOT = Path(__file__).parents[3]
FILES = Path(__file__).parents[3] / "examples" / "data"
ORAL = str(ROOT / "examples" / "models" / "one-compartment-oral.toml")
PLAIN = Meaning("h", "mg", "mg/L", {None: "oral"}, {None: "theophylline"})
GOOD = """ID,TIME,AMT,DV,WT
1,0,320,.,80
1,1,.,8.2,80
1,4,.,7.0,80
2,0,300,.,70
2,1,.,7.1,70
2,6,.,5.2,70
"""


def read(text: str, meaning: Meaning = PLAIN) -> Data:
    return read_data(parse_table(text, "study.csv"), meaning)


def wish(**more: object) -> Wish:
    options: Any = {"error": ("additive",)} | more
    return Wish(ORAL, "h", "mg", "mg/L", **options)


@cache
def written() -> dict[str, bytes]:
    """Return the files of that fit, drawn once for all tests."""
    return files(theophylline())


@cache
def theophylline() -> Outcome:
    """Return the fit of theophylline, made once for all tests."""
    return work_out(FILES / "theophylline.csv", wish(), Settings(burn_in=120, smoothing=100))
