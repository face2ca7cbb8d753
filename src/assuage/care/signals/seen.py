"""What the signals look at: one site's drawn units, doses and wastes in a period, as flat rows.

A row holds all that a signal needs of it, so that a signal is a function of rows alone: it asks
no store and no clock, and rows that were simulated are read in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Period:
    """From an instant, inclusive, to another, exclusive.

    Raises Refused (FIELD_INVALID) for times without a zone and for an end that isn't later.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            self._refuse("a time needs its zone")
        if not self.start < self.end:
            self._refuse("it ends before it starts")

    @staticmethod
    def _refuse(why: str) -> None:
        raise Refused(Refusal.FIELD_INVALID, field="the period", what="the look", why=why)

    @property
    def days(self) -> int:
        """Its length in whole days, rounded."""
        return round((self.end - self.start) / timedelta(days=1))

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit taken out. `session_area` is "" and `ended_at` None where that isn't known.

    `settled`: it was opened and is accounted for. `undone`: it was returned, or its draw, dose or
    waste had an amount corrected. `missing_ug` is what was closed within the tolerance, above
    zero when drug was missing; None while it isn't closed.
    """

    by: str
    at: datetime
    recorded_at: datetime
    session: str
    ended_at: datetime | None
    area: str
    session_area: str
    item: str
    unit_ug: int
    given_ug: int
    wasted_ug: int
    settled: bool
    undone: bool
    accepted: bool
    missing_ug: int | None
    tolerance_ug: int
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """A confirmed dose. `by` gave it; `pump_ug` and `effect` are None where nobody noted them."""

    by: str
    at: datetime
    recorded_at: datetime
    session: str
    ended_at: datetime | None
    route: str
    ug: int
    pump_ug: int | None
    effect: bool | None
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Wasted:
    """What was wasted of a unit; `after_min` counts from its last dose, or else from its draw."""

    by: str
    witness: str
    at: datetime
    session: str
    after_min: float
    late_days: int = 0


@dataclass(frozen=True)
class Seen:
    """The rows of a period, and who signed anything on each day: the people known at work."""

    drawn: tuple[Drawn, ...]
    given: tuple[Given, ...]
    wasted: tuple[Wasted, ...]
    at_work: Mapping[date, frozenset[str]]

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who drew, gave or wasted, sorted."""
        rows: tuple[Drawn | Given | Wasted, ...] = (*self.drawn, *self.given, *self.wasted)
        return tuple(sorted({row.by for row in rows}))
