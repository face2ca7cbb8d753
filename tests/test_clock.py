"""The only source of time."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assuage.clock import FUTURE_TOLERANCE, STALE_AFTER, Clock, FixedClock, SystemClock

BERLIN = ZoneInfo("Europe/Berlin")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def test_the_system_clock_is_aware_and_in_utc() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    now = clock.utc_now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)
    assert clock.today(UTC) in {before.date(), datetime.now(UTC).date()}


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    ticks = [clock.monotonic_s() for _ in range(1000)]
    assert ticks == sorted(ticks)
    assert ticks[-1] <= time.monotonic()


def test_today_is_the_date_of_the_place() -> None:
    clock: Clock = FixedClock(datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert clock.today(UTC) == date(2026, 3, 1)
    assert clock.today(BERLIN) == date(2026, 3, 2)
    assert clock.today(AUCKLAND) == date(2026, 3, 2)


def test_a_fixed_clock_gives_utc_whatever_zone_it_was_set_in() -> None:
    clock = FixedClock(datetime(2026, 7, 1, 2, 0, tzinfo=BERLIN))
    assert clock.utc_now() == datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
    assert clock.utc_now().tzinfo is UTC
    assert clock.monotonic_s() == 0


def test_later_moves_both_times() -> None:
    clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC)).later(timedelta(minutes=90))
    assert clock.utc_now() == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert clock.monotonic_s() == 5400


def test_summer_time_doesnt_change_what_elapsed() -> None:
    """The night of 29 March 2026 has no 02:30 in Berlin; an hour later is still an hour later."""
    before = FixedClock(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    after = before.later(timedelta(hours=1))
    assert after.utc_now() - before.utc_now() == timedelta(hours=1)
    assert after.utc_now().astimezone(BERLIN).hour == 3


def test_a_clock_without_a_zone_is_no_clock() -> None:
    with pytest.raises(ValueError, match="zone"):
        FixedClock(datetime(2026, 3, 1))  # noqa: DTZ001


def test_stale_and_future_have_one_limit_each() -> None:
    assert timedelta(minutes=15) == STALE_AFTER
    assert timedelta(minutes=5) == FUTURE_TOLERANCE
