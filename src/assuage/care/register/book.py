"""The book: every entry of the register, and where each microgram is.

It is kept double-entry. Each entry moves micrograms of one item from one account to another, so
the sum over all accounts is zero whatever happens. Accounts:

    supplier            where stock comes from          stock:<area>     a cabinet
    draw:<id>           a unit taken out                 patient          administered
    waste  destroyed  transferred                        where stock ends
    measuring           differences within the tolerance of a graduated syringe
    loss  surplus       the outcome of a discrepancy, always visible, never netted
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from assuage.care.register import facts as f
from assuage.care.register.item import SECTION
from assuage.record.events import Recorded
from assuage.record.record import Record, View

SUPPLIER, PATIENT, WASTE = "supplier", "patient", "waste"
DESTROYED, TRANSFERRED, MEASURING = "destroyed", "transferred", "measuring"
LOSS, SURPLUS = "loss", "surplus"

E = TypeVar("E", bound=f.Entry)


@dataclass(frozen=True)
class Move:
    """Micrograms of an item that go from one account to another; never below zero."""

    item: str
    source: str
    target: str
    ug: int


@dataclass
class Line:
    """One entry as it stands: its number in the register, what it moved, and its footnotes.

    `amount` is what the entry says now, after its corrections, in units or micrograms.
    """

    number: int
    event: Recorded
    moves: tuple[Move, ...]
    amount: int = 0
    footnotes: list[int] = field(default_factory=list)


@dataclass
class Draw:
    """One unit taken out, and what became of it, in micrograms.

    `people` are those who drew, gave or wasted of it, and who stood beside.
    """

    id: str
    item: str
    area: str
    unit_ug: int
    treatment: f.Treatment
    by: str
    number: int
    given_ug: int = 0
    wasted_ug: int = 0
    measured_ug: int = 0
    posted_ug: int = 0
    returned: bool = False
    open: bool = True
    people: set[str] = field(default_factory=set)

    @property
    def left_ug(self) -> int:
        """What isn't accounted for yet; below zero when more came out than the label says."""
        if self.returned:
            return 0
        ended = self.given_ug + self.wasted_ug + self.measured_ug + self.posted_ug
        return self.unit_ug - ended


@dataclass
class Case:
    """A discrepancy and how far it has got."""

    id: str
    opened: Recorded
    fact: f.DiscrepancyOpened
    involved: frozenset[str]
    recounted_units: int | None = None
    reconstructed: bool = False
    escalated: Recorded | None = None
    closed: Recorded | None = None
    outcome: str = ""


def stock(area: str) -> str:
    """Return the name of a cabinet's account."""
    return f"stock:{area}"


def drawn(draw: str) -> str:
    """Return the name of a drawn unit's account."""
    return f"draw:{draw}"


def stream(site: str) -> str:
    """Return the name of a site's register."""
    return f"register/{site}/{SECTION}"


def of(record: Record, site: str) -> Book:
    """Return the register of a site as it is now."""
    return record.view(Book, stream(site))


class Book(View):
    """The register of one site. Built from its events alone."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.balance_ug: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.unit_ug: dict[str, int] = {}
        self.draws: dict[str, Draw] = {}
        self.cases: dict[str, Case] = {}
        self._open_draws: dict[str, Draw] = {}
        self._open_cases: dict[str, Case] = {}
        self.last_of_patient: dict[str, str] = {}

    # What may be asked.

    def line(self, number: int) -> Line | None:
        """Return the entry of that number, or None."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else None

    def units(self, item: str, area: str) -> int:
        """Return how many whole units of an item a cabinet holds."""
        return self.balance_ug[item, stock(area)] // self.unit_ug.get(item, 1)

    def frozen(self, item: str, area: str) -> str:
        """Return the discrepancy that freezes a page in a cabinet, or "" when none does."""
        return next((case.id for case in self.freezing(item, area)), "")

    def freezing(self, item: str, area: str) -> tuple[Case, ...]:
        """Return every open discrepancy of a page in a cabinet."""
        return tuple(
            case
            for case in self._open_cases.values()
            if (case.fact.item, case.fact.area) == (item, area)
        )

    def open_draws(self, session: str) -> tuple[Draw, ...]:
        """Return what was drawn in a session and isn't accounted for yet."""
        return tuple(one for one in self._open_draws.values() if one.treatment.session == session)

    def sum_ug(self, item: str) -> int:
        """Return the sum over all accounts of an item, which is zero or the book is wrong."""
        return sum(ug for (of_item, _), ug in self.balance_ug.items() if of_item == item)

    def as_json(self) -> dict[str, Any]:
        """Return all that this view says, in a form with one canonical encoding."""
        return {
            "version": self.version,
            "lines": [
                {
                    "number": line.number,
                    "version": line.event.version,
                    "amount": line.amount,
                    "footnotes": line.footnotes,
                    "moves": [[m.item, m.source, m.target, m.ug] for m in line.moves],
                }
                for line in self.lines
            ],
            "balance_ug": {f"{i} {a}": ug for (i, a), ug in sorted(self.balance_ug.items()) if ug},
            "draws": {
                one.id: [one.left_ug, one.given_ug, one.wasted_ug, one.open]
                for one in self.draws.values()
            },
            "cases": {one.id: [one.outcome, one.closed is not None] for one in self.cases.values()},
            "last_of_patient": self.last_of_patient,
        }

    # How an event changes it.

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        fact = event.fact
        if not isinstance(fact, f.Entry):
            return
        line = Line(len(self.lines) + 1, event, ())
        self.lines.append(line)
        post = _POSTINGS[type(fact)]
        line.moves = tuple(post(self, line, fact))
        for move in line.moves:
            self._move(move)

    def _move(self, move: Move) -> None:
        self.balance_ug[move.item, move.source] -= move.ug
        self.balance_ug[move.item, move.target] += move.ug

    def mark(self, draw: Draw, is_open: bool) -> None:
        """Keep whether a drawn unit is still to be accounted for."""
        draw.open = is_open
        if is_open:
            self._open_draws[draw.id] = draw
        else:
            self._open_draws.pop(draw.id, None)

    def handled(self, draw: Draw, line: Line) -> None:
        """Keep who had a part in a drawn unit, and the day of the last entry for its patient."""
        event = line.event
        draw.people |= {event.by.person} | ({event.witness.person} if event.witness else set())
        self.seen(line, draw.treatment)

    def moved(self, item: str, area: str) -> None:
        """Forget what was recounted on a page: units moved since, so it has to be done again."""
        for case in self.freezing(item, area):
            case.recounted_units = None

    def seen(self, line: Line, treatment: f.Treatment) -> None:
        """Keep the day of the last entry that names a patient."""
        day = line.event.at.date().isoformat()
        known = self.last_of_patient.get(treatment.patient, "")
        self.last_of_patient[treatment.patient] = day if day > known else known


Posting = Callable[[Book, Line, Any], Iterator[Move]]
_POSTINGS: dict[type[f.Entry], Posting] = {}


def _posts(kind: type[E]) -> Callable[[Callable[[Book, Line, E], Iterator[Move]]], Posting]:
    def keep(post: Callable[[Book, Line, E], Iterator[Move]]) -> Posting:
        _POSTINGS[kind] = post
        return post

    return keep


@_posts(f.StockReceived)
def _received(book: Book, line: Line, fact: f.StockReceived) -> Iterator[Move]:
    line.amount = fact.units
    book.unit_ug[fact.item] = fact.unit_ug
    yield Move(fact.item, SUPPLIER, stock(fact.area), fact.units * fact.unit_ug)


@_posts(f.StockSupplied)
def _supplied(_book: Book, line: Line, fact: f.StockSupplied) -> Iterator[Move]:
    line.amount = fact.units
    ug = fact.units * fact.unit_ug
    yield Move(fact.item, stock(fact.area), stock(fact.to_area), ug)


@_posts(f.StockTransferred)
def _transferred(_book: Book, line: Line, fact: f.StockTransferred) -> Iterator[Move]:
    line.amount = fact.units
    yield Move(fact.item, stock(fact.area), TRANSFERRED, fact.units * fact.unit_ug)


@_posts(f.StockDestroyed)
def _destroyed(_book: Book, line: Line, fact: f.StockDestroyed) -> Iterator[Move]:
    line.amount = fact.units
    yield Move(fact.item, stock(fact.area), DESTROYED, fact.units * fact.unit_ug)


@_posts(f.VialDrawn)
def _drawn(book: Book, line: Line, fact: f.VialDrawn) -> Iterator[Move]:
    line.amount = 1
    by = line.event.by.person
    draw = Draw(fact.draw, fact.item, fact.area, fact.unit_ug, fact.treatment, by, line.number)
    book.draws[fact.draw] = draw
    book.mark(draw, True)
    book.handled(draw, line)
    book.moved(fact.item, fact.area)
    yield Move(fact.item, stock(fact.area), drawn(fact.draw), fact.unit_ug)


@_posts(f.DrugAdministered)
def _administered(book: Book, line: Line, fact: f.DrugAdministered) -> Iterator[Move]:
    line.amount = fact.ug
    draw = book.draws[fact.draw]
    draw.given_ug += fact.ug
    # A correction can close a unit of which a dose is still open; its entry opens it again.
    book.mark(draw, draw.open or draw.left_ug != 0)
    book.handled(draw, line)
    yield Move(fact.item, drawn(fact.draw), PATIENT, fact.ug)


@_posts(f.DrugWasted)
def _wasted(book: Book, line: Line, fact: f.DrugWasted) -> Iterator[Move]:
    line.amount = fact.ug
    draw = book.draws[fact.draw]
    draw.wasted_ug += fact.ug
    book.handled(draw, line)
    yield Move(fact.item, drawn(fact.draw), WASTE, fact.ug)


@_posts(f.VialReturned)
def _returned(book: Book, line: Line, fact: f.VialReturned) -> Iterator[Move]:
    line.amount = 1
    draw = book.draws[fact.draw]
    draw.returned = True
    book.mark(draw, False)
    book.moved(fact.item, fact.area)
    yield Move(fact.item, drawn(fact.draw), stock(fact.area), fact.unit_ug)


@_posts(f.DrawClosed)
def _closed(book: Book, _line: Line, fact: f.DrawClosed) -> Iterator[Move]:
    draw = book.draws[fact.draw]
    draw.measured_ug += fact.difference_ug
    book.mark(draw, False)
    yield from signed(fact.item, drawn(fact.draw), MEASURING, fact.difference_ug)


@_posts(f.StockChecked)
def _checked(book: Book, line: Line, fact: f.StockChecked) -> Iterator[Move]:
    line.amount = fact.counted_units
    book.unit_ug.setdefault(fact.item, fact.unit_ug)
    for case in book.freezing(fact.item, fact.area):
        if case.recounted_units != fact.counted_units:  # what was recounted holds no more
            case.recounted_units = None
    yield from ()


@_posts(f.EntryCorrected)
def _corrected(book: Book, line: Line, fact: f.EntryCorrected) -> Iterator[Move]:
    wrong = book.lines[fact.entry - 1]
    wrong.footnotes.append(line.number)
    if fact.right is None:
        return
    yield from correction(wrong, fact.right)
    change = fact.right - wrong.amount
    wrong.amount = fact.right
    entry = wrong.event.fact
    if isinstance(entry, f.DrugAdministered):
        draw = book.draws[entry.draw]
        draw.given_ug += change
        book.mark(draw, draw.left_ug != 0)
    elif isinstance(entry, f.DrugWasted):
        draw = book.draws[entry.draw]
        draw.wasted_ug += change
        book.mark(draw, draw.left_ug != 0)
    elif isinstance(entry, f.VialDrawn):
        draw = book.draws[entry.draw]
        draw.returned = True
        book.mark(draw, False)


@_posts(f.DiscrepancyOpened)
def _opened(book: Book, line: Line, fact: f.DiscrepancyOpened) -> Iterator[Move]:
    event = line.event
    involved = {event.by.person} | ({event.witness.person} if event.witness else set())
    if fact.draw:
        involved |= book.draws[fact.draw].people
    case = Case(fact.discrepancy, event, fact, frozenset(involved))
    book.cases[fact.discrepancy] = book._open_cases[fact.discrepancy] = case
    yield from ()


@_posts(f.DiscrepancyRecounted)
def _recounted(book: Book, _line: Line, fact: f.DiscrepancyRecounted) -> Iterator[Move]:
    case = book.cases[fact.discrepancy]
    case.recounted_units = fact.counted_units
    book.unit_ug.setdefault(case.fact.item, fact.unit_ug)
    yield from ()


@_posts(f.DiscrepancyReconstructed)
def _reconstructed(book: Book, _line: Line, fact: f.DiscrepancyReconstructed) -> Iterator[Move]:
    book.cases[fact.discrepancy].reconstructed = True
    yield from ()


@_posts(f.DiscrepancyEscalated)
def _escalated(book: Book, line: Line, fact: f.DiscrepancyEscalated) -> Iterator[Move]:
    book.cases[fact.discrepancy].escalated = line.event
    yield from ()


@_posts(f.DiscrepancyClosed)
def _case_closed(book: Book, line: Line, fact: f.DiscrepancyClosed) -> Iterator[Move]:
    case = book.cases[fact.discrepancy]
    case.closed, case.outcome = line.event, fact.outcome
    book._open_cases.pop(case.id)
    account = stock(case.fact.area)
    if case.fact.draw:
        account = drawn(case.fact.draw)
        draw = book.draws[case.fact.draw]
        draw.posted_ug += fact.posted_ug
        book.mark(draw, draw.left_ug != 0)
    ug = fact.posted_ug
    item = case.fact.item
    yield from signed(item, account, LOSS if ug > 0 else SURPLUS, ug)


def signed(item: str, source: str, target: str, ug: int) -> Iterator[Move]:
    """Yield the move of an amount, the other way round when it is below zero."""
    if ug > 0:
        yield Move(item, source, target, ug)
    elif ug < 0:
        yield Move(item, target, source, -ug)


def correction(wrong: Line, right: int) -> Iterator[Move]:
    """Yield the moves that bring an entry's amount to `right`: only the difference moves."""
    entry = wrong.event.fact
    measured = isinstance(entry, f.DrugAdministered | f.DrugWasted)
    per = 1 if measured else getattr(entry, "unit_ug", 0)
    for move in wrong.moves:
        yield from signed(move.item, move.source, move.target, (right - wrong.amount) * per)
