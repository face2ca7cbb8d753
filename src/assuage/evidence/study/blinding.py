"""Whether people could tell what they were given: Bang's index for each arm.

The index is the share that guessed right minus the share that guessed wrong: 1 when everybody
knows, 0 when guesses are no better than chance, -1 when everybody believes the opposite. Who
says that they don't know counts in neither share. With k arms there are k - 1 wrong ones, so a
wrong guess counts 1 / (k - 1), and guesses by chance still give 0; that is assuage's own extension.

Source: Bang, Ni and Davis, Control Clin Trials 2004;25:143-156, for three answers; the variance
is that of the difference of two shares of one multinomial sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True)
class Guesses:
    """How one arm guessed, and its index with a 95 % interval; NaN when nobody answered."""

    arm: str
    right: int
    wrong: int
    unknown: int
    unanswered: int
    index: float
    se: float
    low: float
    high: float


def guesses(arm: str, told: Sequence[str | None], unknown: str, arms: int = 2) -> Guesses:
    """Return how one of the arms guessed; `told` has each person's answer, None for none."""
    right = sum(one == arm for one in told)
    unsure = sum(one == unknown for one in told)
    none = sum(one is None for one in told)
    wrong = len(told) - right - unsure - none
    index, se = bang(right, wrong, unsure, arms)
    reach = NormalDist().inv_cdf(0.975) * se
    return Guesses(arm, right, wrong, unsure, none, index, se, index - reach, index + reach)


def bang(right: int, wrong: int, unknown: int, arms: int = 2) -> tuple[float, float]:
    """Return Bang's index and its standard error; NaN, NaN when nobody answered."""
    answered = right + wrong + unknown
    if not answered:
        return math.nan, math.nan
    weight = 1.0 / (arms - 1)
    index = (right - weight * wrong) / answered
    return index, math.sqrt(((right + weight**2 * wrong) / answered - index**2) / answered)
