"""What an analysis answered, whichever method gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assuage.evidence.study.schema import Kind
from assuage.evidence.trial.estimands import Summary
from assuage.refusals import Refused


@dataclass(frozen=True)
class Level:
    """One arm's own estimate at one visit (an index into the protocol's); n values behind it.

    `count` is how many of them, where the estimate is a share.
    """

    arm: int
    visit: int
    n: int
    estimate: float
    se: float
    low: float
    high: float
    count: int | None = None


@dataclass(frozen=True)
class Versus:
    """One arm less the control at one visit. `p` is NaN where no test belongs to the method."""

    arm: int
    visit: int
    estimate: float
    se: float
    df: float
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One arm's survival, in days, as steps from (0, 1), with who was censored and at risk."""

    arm: int
    times: tuple[float, ...]
    surviving: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    censored: tuple[float, ...]
    at_risk: tuple[tuple[float, int], ...]
    n: int
    events: int


@dataclass(frozen=True)
class Answer:
    """One analysis. `refused` says why there is none; the estimates are then empty.

    `visit` is the one that counts; `levels` and `versus` may hold others too. `n` are the people
    who were analysed, by arm. `fates` are what the estimand did to how many rows; `left` says what
    was left out or imputed. `late`: the protocol took it in only after the arms were known.
    """

    id: str
    kind: Kind | Literal["standard"]
    estimand: str
    outcome: str
    visit: int
    measure: str
    summary: Summary
    method: str
    n: tuple[int, ...] = ()
    levels: tuple[Level, ...] = ()
    versus: tuple[Versus, ...] = ()
    curves: tuple[Curve, ...] = ()
    until_day: float = 0.0
    fates: Mapping[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    late: bool = False
    refused: Refused | None = None

    def at_visit(self) -> tuple[Versus, ...]:
        """Return the comparisons that count."""
        return tuple(one for one in self.versus if one.visit == self.visit)

    def level(self, arm: int) -> Level | None:
        """Return one arm's estimate where it counts."""
        found = (one for one in self.levels if (one.arm, one.visit) == (arm, self.visit))
        return next(found, None)
