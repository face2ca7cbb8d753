"""When an entry is late, by when a discrepancy is told, how much may differ.

source: the days are those of law/gb.toml (MDR 2001, regulation 20: same day or the next) and of
assuage's own default; the rest is arithmetic on the calendar.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.care.register import duties
from assuage.care.register.item import Item, item
from assuage.knowledge import library
from assuage.knowledge.schema.law import Duty
from assuage.refusals import Refusal, Refused

from ..world import World, in_memory

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
DEFAULT = "register-entry-deadline-default"


def at(place: str, zone: str, now: datetime) -> World:
    made = in_memory()
    made.found(place=place, zone=zone)
    made.clock.instant = now
    return made


# place  zone              happened (local)  written (local)   days late, rule
LATE = """
gb-eng   Europe/London     2026-03-04T09:00  2026-03-04T23:59  0 gb-entry-deadline
gb-eng   Europe/London     2026-03-04T09:00  2026-03-05T23:59  0 gb-entry-deadline
gb-eng   Europe/London     2026-03-04T23:59  2026-03-06T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2026-03-04T00:00  2026-03-06T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2026-02-28T12:00  2026-03-02T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2028-02-28T12:00  2028-03-01T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2028-02-29T12:00  2028-03-01T12:00  0 gb-entry-deadline
gb-eng   Europe/London     2025-12-31T23:00  2026-01-01T23:00  0 gb-entry-deadline
gb-eng   Europe/London     2025-12-31T23:00  2026-01-10T00:01  9 gb-entry-deadline
gb-eng   Europe/London     2026-03-28T23:30  2026-03-29T23:59  0 gb-entry-deadline
gb-eng   Europe/London     2026-03-28T23:30  2026-03-30T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2026-10-24T23:30  2026-10-25T23:59  0 gb-entry-deadline
gb-eng   Europe/London     2026-10-24T00:30  2026-10-26T00:00  1 gb-entry-deadline
gb-eng   Europe/London     2014-06-01T09:00  2014-06-03T09:00  1 register-entry-deadline-default
us       America/New_York  2026-03-07T23:00  2026-03-08T23:59  0 register-entry-deadline-default
us       America/New_York  2026-03-07T23:00  2026-03-09T00:00  1 register-entry-deadline-default
us       America/New_York  2026-10-31T23:00  2026-11-01T23:59  0 register-entry-deadline-default
us       America/New_York  2026-10-31T23:00  2026-11-02T00:00  1 register-entry-deadline-default
de       Europe/Berlin     2026-03-04T09:00  2026-03-06T09:00  1 register-entry-deadline-default
"""


@pytest.mark.parametrize("row", LATE.strip().splitlines())
def test_how_late_an_entry_is(row: str) -> None:
    place, zone, happened, written, late, rule = row.split()
    local = ZoneInfo(zone)
    now = datetime.fromisoformat(written).replace(tzinfo=local)
    made = at(place, zone, now)
    then = datetime.fromisoformat(happened).replace(tzinfo=local)
    for told in (then, then.astimezone(UTC)):
        when = duties.timing(made.desk("nia"), told)
        assert (when.late_days, when.rule) == (int(late), rule)
        assert when.happened_at == then
        assert when.happened_at.utcoffset() == then.utcoffset()


@settings(max_examples=60, deadline=None)
@given(
    happened=st.integers(0, 7000 * 86_400),
    spans=st.lists(st.integers(0, 10**6), min_size=2, max_size=2).map(sorted),
    place=st.sampled_from([("gb", "Europe/London"), ("us", "America/New_York")]),
)
def test_a_later_entry_is_never_less_late(
    happened: int, spans: list[int], place: tuple[str, str]
) -> None:
    then = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(seconds=happened)
    late = []
    made = at(*place, then)
    for seconds in spans:
        made.clock.instant = then + timedelta(seconds=seconds)
        late.append(duties.timing(made.desk("nia"), then).late_days)
    assert late == sorted(late)
    assert late[0] >= 0


def test_the_future_is_refused_even_in_the_hour_that_comes_twice() -> None:
    # At 01:58 before the clocks go back, the next 01:30 is 32 minutes away.
    made = at("gb", "Europe/London", datetime(2026, 10, 25, 1, 58, tzinfo=LONDON))
    desk = made.desk("nia")
    assert desk.happened(datetime(2026, 10, 25, 1, 30, tzinfo=LONDON))
    for later in (
        datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1),
        datetime(2026, 10, 25, 2, 2, tzinfo=LONDON),
    ):
        with pytest.raises(Refused) as refused:
            desk.happened(later)
        assert refused.value.refusal is Refusal.TIME_IN_FUTURE


def test_five_minutes_of_another_clock_are_let_pass() -> None:
    made = at("gb", "Europe/London", datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    desk, now = made.desk("nia"), made.clock.instant
    assert duties.timing(desk, now + timedelta(minutes=5)).late_days == 0
    with pytest.raises(Refused):
        duties.timing(desk, now + timedelta(minutes=5, seconds=1))


def span(number: int, unit: str) -> Duty:
    return Duty.model_construct(id="x", kind="loss-notice", text="x", number=number, unit=unit)


# start       span               last day
SPANS = """
2026-03-04    0 calendar-day     2026-03-04
2026-03-04    1 calendar-day     2026-03-05
2026-12-31    1 calendar-day     2027-01-01
2028-02-28    1 calendar-day     2028-02-29
2026-03-06    1 business-day     2026-03-09
2026-03-07    1 business-day     2026-03-09
2026-03-08    1 business-day     2026-03-09
2026-03-05    2 business-day     2026-03-09
2026-03-04    5 business-day     2026-03-11
2026-01-31    1 month            2026-03-01
2028-01-31    1 month            2028-03-01
2026-01-30    13 month           2027-03-01
2026-12-15    1 month            2027-01-15
2026-11-30    24 month           2028-11-30
2028-02-29    1 year             2029-03-01
2028-02-29    4 year             2032-02-29
2026-03-04    2 year             2028-03-04
"""


@pytest.mark.parametrize("row", SPANS.strip().splitlines())
def test_the_last_day_of_a_span(row: str) -> None:
    start, number, unit, last = row.split()
    told = duties.after(date.fromisoformat(start), span(int(number), unit))
    assert told == date.fromisoformat(last)


def test_a_duty_without_a_span_has_no_last_day() -> None:
    with pytest.raises(ValueError, match=r"^the duty x has no span$"):
        duties.after(date(2026, 1, 1), span(2, "person"))


# place  zone              found (local)     escalated by (local)
CLOCKS = """
gb       Europe/London     2026-03-04T10:00  2026-03-05T10:00+00:00
gb       Europe/London     2026-03-06T10:00  2026-03-07T10:00+00:00
gb       Europe/London     2026-03-28T10:00  2026-03-29T11:00+01:00
gb       Europe/London     2026-10-24T10:00  2026-10-25T09:00+00:00
us       America/New_York  2026-03-04T10:00  2026-03-05T10:00-05:00
us       America/New_York  2026-03-06T10:00  2026-03-07T10:00-05:00
us       America/New_York  2026-03-07T10:00  2026-03-08T11:00-04:00
us       America/New_York  2026-10-31T10:00  2026-11-01T09:00-05:00
"""


@pytest.mark.parametrize("row", CLOCKS.strip().splitlines())
def test_the_clock_of_a_discrepancy_is_24_true_hours(row: str) -> None:
    """A Friday isn't longer: the business day of the US ends later than assuage's own hours."""
    place, zone, found, by = row.split()
    now = datetime.fromisoformat(found).replace(tzinfo=ZoneInfo(zone))
    told, rule = duties.escalation(at(place, zone, now).desk("nia"))
    assert told.isoformat(timespec="minutes") == by
    assert rule == "register-escalation-default-hours"
    assert told.astimezone(UTC) - now.astimezone(UTC) == timedelta(hours=24)


def test_the_tolerance_is_a_share_and_never_less_than_a_small_volume() -> None:
    assert duties.tolerance_ug(item("ketamine-50")) == 500_000 // 20
    assert duties.tolerance_ug(item("esketamine-25/2mL")) == 50_000 // 20
    assert duties.tolerance_ug(item("esketamine-nasal-28")) == 0
    floor_ul = round(library.assumed("register-measuring-floor"))
    # A gram in 1 mL, so a milligram in 1 uL; the floor is the whole of it.
    tiny = Item("x", "x", "x", "esketamine", floor_ul * 1000, 1_000_000)
    assert duties.tolerance_ug(tiny) == floor_ul * 1000


def test_how_long_entries_are_kept() -> None:
    assert duties.keep_until("gb", date(2026, 2, 1)) == date(2028, 2, 1)
    assert duties.keep_until("us", date(2024, 2, 29)) == date(2026, 3, 1)
    assert duties.keep_until("de", date(2026, 2, 1)) is None  # unknown isn't permission


def test_unknown_law_asks_for_two_witnesses() -> None:
    day = date(2026, 3, 4)
    asked = [duties.people(place, "destruction-witnesses", day) for place in ("gb", "us", "de")]
    assert asked == [1, 2, 2]
    assert duties.people("us", "destruction-witnesses", date(2010, 1, 1)) == 2


@pytest.mark.parametrize(
    ("found", "by", "rule"),
    [
        ("2026-03-04T10:00", "2026-03-05T00:00+00:00", "x"),
        ("2026-03-04T00:01", "2026-03-05T00:00+00:00", "x"),
        # Not earlier, so assuage's own hours keep their name.
        ("2026-03-04T00:00", "2026-03-05T00:00+00:00", "register-escalation-default-hours"),
    ],
)
def test_a_law_that_asks_for_the_same_day_comes_before_24_hours(
    monkeypatch: pytest.MonkeyPatch, found: str, by: str, rule: str
) -> None:
    monkeypatch.setattr(duties, "duty", lambda *_: span(0, "calendar-day"))
    made = at("gb", "Europe/London", datetime.fromisoformat(found).replace(tzinfo=LONDON))
    told, decided = duties.escalation(made.desk("nia"))
    assert (told.isoformat(timespec="minutes"), decided) == (by, rule)


def test_a_law_that_names_no_number_asks_for_two_witnesses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unnumbered = span(0, "person").model_copy(update={"number": None})
    monkeypatch.setattr(duties, "duty", lambda *_: unnumbered)
    assert duties.people("gb", "destruction-witnesses", date(2026, 3, 4)) == 2
