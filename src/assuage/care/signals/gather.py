"""From a site's register and its sessions to the rows that signals look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from assuage.care import session as sessions
from assuage.care.register import book as books
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Line
from assuage.care.register.duties import tolerance_ug
from assuage.care.register.item import item
from assuage.care.session import Dose, Session
from assuage.care.signals.seen import Drawn, Given, Period, Seen, Wasted
from assuage.record.events import Recorded
from assuage.record.record import Record

_MINUTE = timedelta(minutes=1)
E = TypeVar("E", bound=f.Entry)


def gather(record: Record, site: str, period: Period) -> Seen:
    """Return what happened in the period, as the register has it now, corrections included.

    What was drawn, given or wasted belongs to the period by when it happened. A dose or a waste
    that was corrected to nothing is left out. Someone counts as at work on a day when they signed
    anything that day, in the register or in the sessions concerned.
    """
    book = books.of(record, site)
    units = _units(book)
    drawn = list(_within(book, period, f.VialDrawn))
    given = list(_within(book, period, f.DrugAdministered))
    wasted = list(_within(book, period, f.DrugWasted))
    named = {fact.treatment.session for _, fact in drawn}
    named |= {fact.treatment.session for _, fact in given}
    at_work: defaultdict[date, set[str]] = defaultdict(set)
    held: dict[str, Session] = {}
    for name in sorted(named):
        held[name] = Session()
        for event in record.events(sessions.stream(name)):
            held[name].take(event)
            _signed(at_work, event)
    for line in book.lines:
        _signed(at_work, line.event)
    return Seen(
        drawn=tuple(_drawn(book, line, fact, (held, units)) for line, fact in drawn),
        given=tuple(_given(line, fact, held) for line, fact in given if line.amount),
        wasted=tuple(_wasted(units, line, fact) for line, fact in wasted if line.amount),
        at_work={day: frozenset(people) for day, people in at_work.items()},
    )


def _within(book: Book, period: Period, kind: type[E]) -> Iterator[tuple[Line, E]]:
    for line in book.lines:
        fact = line.event.fact
        if isinstance(fact, kind) and period.holds(fact.when.happened_at):
            yield line, fact


def _signed(at_work: defaultdict[date, set[str]], event: Recorded) -> None:
    """Note who signed. An event's time has the offset of its site, so its date is the site's."""
    day = at_work[event.at.date()]
    day.add(event.by.person)
    if event.witness is not None:
        day.add(event.witness.person)


@dataclass
class _Unit:
    """What the rows need of a drawn unit's entries besides their sums."""

    drawn_at: datetime
    given_at: list[datetime] = field(default_factory=list)
    corrected: bool = False


def _units(book: Book) -> dict[str, _Unit]:
    found: dict[str, _Unit] = {}
    for line in book.lines:
        fact = line.event.fact
        if isinstance(fact, f.VialDrawn):
            found[fact.draw] = _Unit(fact.when.happened_at)
        elif isinstance(fact, f.DrugAdministered) and line.amount:
            found[fact.draw].given_at.append(fact.when.happened_at)
        elif isinstance(fact, f.EntryCorrected) and fact.right is not None:
            wrong = book.lines[fact.entry - 1].event.fact
            if isinstance(wrong, f.VialDrawn | f.DrugAdministered | f.DrugWasted):
                found[wrong.draw].corrected = True
    return found


def _drawn(
    book: Book, line: Line, fact: f.VialDrawn, known: tuple[dict[str, Session], dict[str, _Unit]]
) -> Drawn:
    held, units = known
    draw = book.draws[fact.draw]
    session = held[fact.treatment.session]
    return Drawn(
        by=line.event.by.person,
        at=fact.when.happened_at,
        recorded_at=line.event.at,
        session=fact.treatment.session,
        ended_at=session.ended_at,
        area=fact.area,
        session_area=session.opened.area if session.opened else "",
        item=fact.item,
        unit_ug=fact.unit_ug,
        given_ug=draw.given_ug,
        wasted_ug=draw.wasted_ug,
        settled=not draw.open and not draw.returned,
        undone=draw.returned or units[draw.id].corrected,
        accepted=bool(fact.accepted),
        missing_ug=None if draw.open or draw.returned else draw.measured_ug,
        tolerance_ug=tolerance_ug(item(fact.item)),
        late_days=fact.when.late_days,
    )


def _given(line: Line, fact: f.DrugAdministered, held: dict[str, Session]) -> Given:
    """Return a dose. Who gave it is who intended it; another person may have settled it later."""
    session = held[fact.treatment.session]
    dose: Dose | None = session.doses.get(fact.intent)
    return Given(
        by=dose.by if dose else line.event.by.person,
        at=fact.when.happened_at,
        recorded_at=line.event.at,
        session=fact.treatment.session,
        ended_at=session.ended_at,
        route=dose.intended.route if dose else "",
        ug=line.amount,
        pump_ug=dose.pump_ug if dose else None,
        effect=dose.effect if dose else None,
        late_days=fact.when.late_days,
    )


def _wasted(units: dict[str, _Unit], line: Line, fact: f.DrugWasted) -> Wasted:
    at = fact.when.happened_at
    witness = line.event.witness
    return Wasted(
        by=line.event.by.person,
        witness=witness.person if witness else "",
        at=at,
        session=fact.treatment.session,
        after_min=(at - _before(units[fact.draw], at)) / _MINUTE,
        late_days=fact.when.late_days,
    )


def _before(unit: _Unit, at: datetime) -> datetime:
    """Return when the unit last gave a dose before then, or else when it was drawn."""
    earlier = [one for one in (*unit.given_at, unit.drawn_at) if one <= at]
    return max(earlier, default=at)
