"""What the law of the place asks on a day, in the terms of the register.

Where the law recorded here names no number, assuage's own rule is used and named as such. Which
rule decided is stored with the entry, so that an entry reads the same when the law changes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from assuage.care.access import Desk
from assuage.care.register.facts import When
from assuage.care.register.item import Item
from assuage.knowledge import library
from assuage.knowledge.schema.law import Duty

_MONTHS_PER_YEAR = 12
_SATURDAY = 5


def duty(place: str, kind: str, on: date) -> Duty | None:
    """Return the one duty of a kind that counts in a place on a day, or None if not recorded."""
    found = library.duties(place, kind, on)
    return found[0] if found else None


def timing(desk: Desk, at: datetime | None) -> When:
    """Return when something happened and how late its entry is. Raises Refused (TIME_IN_FUTURE)."""
    site = desk.site
    happened = desk.happened(at)
    today = desk.clock.today(site.zone)
    held = duty(site.place, "entry-deadline", happened.date())
    if held is None:
        rule = "register-entry-deadline-default"
        last = happened.date() + timedelta(days=round(library.assumed(rule)))
    else:
        last, rule = after(happened.date(), held), held.id
    late = (today - last).days if last < today else 0
    return When(happened_at=happened, late_days=late, rule=rule)


def after(start: date, held: Duty) -> date:
    """Return the last day of a duty's span that begins on `start`.

    Business days leave out Saturdays and Sundays; public holidays aren't known here, so a span
    of business days can only come out too short. Raises ValueError for a duty without a span.
    """
    number = held.number or 0
    match held.unit:
        case "calendar-day":
            return start + timedelta(days=number)
        case "business-day":
            day = start
            while number:
                day += timedelta(days=1)
                number -= day.weekday() < _SATURDAY
            return day
        case "month":
            return months_on(start, number)
        case "year":
            return months_on(start, number * _MONTHS_PER_YEAR)
    raise ValueError(f"the duty {held.id} has no span")


def months_on(start: date, months: int) -> date:
    """Return the same day some months on, or the first of the next when there is no such day."""
    count = start.year * _MONTHS_PER_YEAR + start.month - 1 + months
    year, month = divmod(count, _MONTHS_PER_YEAR)
    try:
        return date(year, month + 1, start.day)
    except ValueError:
        year, month = divmod(count + 1, _MONTHS_PER_YEAR)
        return date(year, month + 1, 1)


def escalation(desk: Desk) -> tuple[datetime, str]:
    """Return by when a discrepancy found now must be escalated, and the rule that says so.

    Where the law gives days for a notice of loss, the end of the last of them counts if that is
    earlier than assuage's own hours.
    """
    now = desk.local_now()
    rule = "register-escalation-default-hours"
    # In UTC, because hours added to a local time are hours of the wall clock, and a change of
    # the clocks would make them one more or one less.
    by = now.astimezone(UTC) + timedelta(hours=library.assumed(rule))
    held = duty(desk.site.place, "loss-notice", now.date())
    if held is not None:
        day = after(now.date(), held) + timedelta(days=1)
        end = datetime(day.year, day.month, day.day, tzinfo=desk.site.zone)
        if end < by:
            by, rule = end, held.id
    return by.astimezone(desk.site.zone), rule


def tolerance_ug(item: Item) -> int:
    """Return how far given and wasted may differ from one drawn unit, in whole micrograms.

    A share of the unit, and never less than a small volume of it; a device isn't measured, so
    nothing may differ.
    """
    if item.strength_ug_per_ml is None:
        return 0
    share = Fraction(str(library.assumed("register-measuring-tolerance"))) * item.unit_ug
    floor_ul = Fraction(str(library.assumed("register-measuring-floor")))
    floor = floor_ul * item.strength_ug_per_ml / 1000
    return int(share if share > floor else floor)


def keep_until(place: str, last_entry: date) -> date | None:
    """Return the day up to which an entry that names a patient is kept, or None if not known."""
    held = duty(place, "register-retention", last_entry)
    return None if held is None else after(last_entry, held)


def people(place: str, kind: str, on: date) -> int:
    """Return how many witnesses a place asks for; two where its law isn't recorded."""
    held = duty(place, kind, on)
    return 2 if held is None or held.number is None else held.number
