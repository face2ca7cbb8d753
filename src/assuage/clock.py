"""The only source of time.

Two times, and when each is right:

- `utc_now()` says when something happened. Records and reports carry it. It may jump when a
  person or a time server sets the clock, so it is never subtracted to get an elapsed time.
- `monotonic_s()` says how long something lasted within one run of the program. It never jumps
  and never goes back, and it means nothing to another run or another machine.

`today(zone)` is the date on the wall calendar of a place: the law of that date is what counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol

# Loop's constants: data older than this isn't acted on, and data further ahead than this is an
# error of a clock. source: LoopKit LoopCoreConstants, inputDataRecencyInterval and
# futureGlucoseDataInterval.
STALE_AFTER = timedelta(minutes=15)
FUTURE_TOLERANCE = timedelta(minutes=5)


class Clock(Protocol):
    """What the rest of assuage may ask about time."""

    def utc_now(self) -> datetime:
        """Return the present instant, aware, in UTC. Right for a record."""

    def monotonic_s(self) -> float:
        """Return seconds from an arbitrary start. Right for elapsed time, and for nothing else."""

    def today(self, zone: tzinfo) -> date:
        """Return the date now in `zone`. Right for the law and the calendar of a place."""


class SystemClock:
    """The machine's own clock."""

    def utc_now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return the seconds of the machine's monotonic clock."""
        return time.monotonic()

    def today(self, zone: tzinfo) -> date:
        """Return the date now in `zone`."""
        return self.utc_now().astimezone(zone).date()


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still, for tests and for replaying a session to the same bytes.

    `instant` must be aware; a time without a zone raises ValueError.
    """

    instant: datetime
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        if self.instant.utcoffset() is None:
            raise ValueError("a clock needs a time with a zone")

    def utc_now(self) -> datetime:
        """Return the fixed instant in UTC."""
        return self.instant.astimezone(UTC)

    def monotonic_s(self) -> float:
        """Return the fixed count of seconds."""
        return self.elapsed_s

    def today(self, zone: tzinfo) -> date:
        """Return the date of the fixed instant in `zone`."""
        return self.instant.astimezone(zone).date()

    def later(self, elapsed: timedelta) -> FixedClock:
        """Return a clock that stands `elapsed` further on, by both of its times."""
        return replace(
            self,
            instant=self.instant + elapsed,
            elapsed_s=self.elapsed_s + elapsed.total_seconds(),
        )
