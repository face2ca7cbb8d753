"""What was seen, with no model: counts, means and shares by arm and visit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed.fitted import F
from assuage.evidence.study.data import Data
from assuage.evidence.study.schema import Outcome


@dataclass(frozen=True)
class Cell:
    """One arm at one visit. Numbers are NaN when nobody, or for `sd` only one, has a value."""

    arm: int
    visit: int
    n: int
    mean: float
    sd: float
    median: float
    low: float
    high: float
    counts: tuple[tuple[str, int], ...] = ()  # of a categorical outcome


def cells(data: Data, column: str) -> tuple[Cell, ...]:
    """Return what a column holds, by arm and visit; visits at which nobody has a value are left."""
    numeric = not data.empty(column) and data.numeric(column)
    values = data.numbers(column) if numeric else np.full(data.here.shape, np.nan)
    found = []
    for arm in range(len(data.arms)):
        mine = np.flatnonzero(data.arm == arm)
        for visit in range(data.here.shape[1]):
            if numeric:
                found.append(_numbers(arm, visit, values[mine, visit]))
            else:
                told = [data.texts[column][person][visit] for person in mine]
                found.append(_words(arm, visit, [one for one in told if one is not None]))
    return tuple(found)


def _numbers(arm: int, visit: int, values: F) -> Cell:
    known = values[~np.isnan(values)]
    nan = float("nan")
    if not len(known):
        return Cell(arm, visit, 0, nan, nan, nan, nan, nan)
    spread = float(known.std(ddof=1)) if len(known) > 1 else nan
    return Cell(
        arm,
        visit,
        len(known),
        float(known.mean()),
        spread,
        float(np.median(known)),
        float(known.min()),
        float(known.max()),
    )


def _words(arm: int, visit: int, told: list[str]) -> Cell:
    nan = float("nan")
    counts = tuple(sorted(Counter(told).items()))
    return Cell(arm, visit, len(told), nan, nan, nan, nan, nan, counts)


def people_with(data: Data, outcome: Outcome) -> int:
    """Return how many people have any value of an outcome."""
    rows = [data.texts[column] for column in outcome.held_in]
    return sum(
        any(text is not None for row in of_person for text in row)
        for of_person in zip(*rows, strict=True)
    )


def values_of(data: Data, outcome: Outcome) -> int:
    """Return how many values of an outcome there are."""
    return sum(text is not None for row in data.texts[outcome.held_in[0]] for text in row)
