"""What a registrant of the United States keeps: logs of what was given, received and wasted.

They are the entries of the register again, chosen by what an inspector asks for and set under the
law's own headings. Works for any place; where its law names no headings, assuage's own stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from assuage.care.register import facts as f
from assuage.care.register.item import SECTION, Item
from assuage.care.register.pages import entries, headings, records, words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.headings import Fields
from assuage.care.register.pages.ledger import Ledger, PageLine, ledgers
from assuage.care.register.pages.register import laws, rules, sheet
from assuage.care.register.pages.sheet import Cell, Column, Part, Row, Sheet, Statement, Table
from assuage.refusals import Refusal, Refused

_LAW = ("record-separation", "who-keeps-records", "completeness", "register-retention")
Build = Callable[[Basis, PageLine, Item], Fields | None]


@dataclass(frozen=True)
class Wanted:
    """Which entries of a log are asked for; what is left empty asks for all.

    `schedule` is a number such as "III"; `drug` an item, a product or a drug; `person` whoever
    entered, witnessed or ordered it; `first` and `last` the days on which it happened.
    """

    schedule: str = ""
    first: date | None = None
    last: date | None = None
    patient: str = ""
    drug: str = ""
    person: str = ""

    def __str__(self) -> str:
        """Say the request in words."""
        told = [
            ("schedule", self.schedule),
            ("from", words.day(self.first) if self.first else ""),
            ("to", words.day(self.last) if self.last else ""),
            ("patient", self.patient),
            ("drug", self.drug),
            ("person", self.person),
        ]
        return ", ".join(f"{name} {value}" for name, value in told if value) or "all entries"


@dataclass(frozen=True)
class _Log:
    title: str
    group: str
    kinds: tuple[type[f.Entry], ...]
    labels: tuple[str, ...]
    build: Build
    law: tuple[str, ...]
    empty: str
    total: str
    extra: tuple[Column, ...] = ()
    more: Callable[[Basis, PageLine], tuple[Cell, ...]] = lambda _basis, _line: ()


def dispensing_log(basis: Basis, wanted: Wanted | None = None) -> Sheet:
    """Return what was administered, drug by drug. Raises Refused (VALUE_NOT_ALLOWED)."""
    log = _Log(
        title="Log of what was dispensed and administered",
        group="Dispensed and administered" + headings.headings(basis).doubts[1],
        kinds=(f.DrugAdministered,),
        labels=headings.headings(basis).supplied,
        build=headings.supplied,
        law=("page-heading-supplied", *_LAW),
        empty="No such dose was entered.",
        total="Given, as it stands now",
    )
    return _sheet(basis, log, wanted or Wanted())


def receipt_log(basis: Basis, wanted: Wanted | None = None) -> Sheet:
    """Return what came from suppliers. Raises Refused (VALUE_NOT_ALLOWED)."""
    log = _Log(
        title="Log of what was received",
        group="Received" + headings.headings(basis).doubts[0],
        kinds=(f.StockReceived,),
        labels=headings.headings(basis).obtained,
        build=headings.obtained,
        law=("page-heading-obtained", *_LAW, "invoice-retention"),
        empty="No such delivery was entered.",
        total="Received, as it stands now",
    )
    return _sheet(basis, log, wanted or Wanted())


def waste_log(basis: Basis, wanted: Wanted | None = None) -> Sheet:
    """Return what was wasted, and who stood there. Raises Refused (VALUE_NOT_ALLOWED)."""
    log = _Log(
        title="Log of what was wasted",
        group="",
        kinds=(f.DrugWasted,),
        labels=(),
        build=lambda _basis, _line, _of: None,
        law=("wastage-record", "wastage-witnesses", *_LAW),
        empty="No such waste was entered.",
        total="Wasted, as it stands now",
        extra=(
            Column("Date of waste", 22),
            Column("Drawn for", 44),
            Column("Wasted", 24),
            Column("Reason", 50),
            Column("Wasted by", 38),
            Column("Witness, and how and when signed in", 52),
        ),
        more=_wasted,
    )
    return _sheet(basis, log, wanted or Wanted())


def _wasted(basis: Basis, line: PageLine) -> tuple[Cell, ...]:
    fact = line.fact
    assert isinstance(fact, f.DrugWasted)
    zone = basis.site.zone
    happened = fact.when.happened_at.astimezone(zone)
    witness = line.event.witness
    stood = words.signed_in(basis.site, witness) if witness else words.NOT_HELD
    return (
        Cell((words.day(happened), words.clock_time(happened, zone))),
        Cell(entries.patient_lines(basis, fact.treatment.patient)),
        Cell(entries.quantity(line, basis.item(line.page.item))),
        Cell((basis.opened(fact.reason),)),
        Cell((words.person(basis.site, line.event.by.person),)),
        Cell((stood,)),
    )


def _sheet(basis: Basis, log: _Log, wanted: Wanted) -> Sheet:
    _known(basis, wanted)
    chosen = [
        (held, one)
        for held in ledgers(basis.book)
        for one in held.lines
        if isinstance(one.fact, log.kinds) and _fits(basis, one, wanted)
    ]
    by_item: dict[str, list[tuple[Ledger, PageLine]]] = {}
    for held, line in sorted(chosen, key=lambda pair: pair[1].number):
        by_item.setdefault(line.page.item, []).append((held, line))
    parts = [_part(basis, log, by_item[item]) for item in sorted(by_item)]
    asked = f"Asked for: {wanted}."
    lines = [line for _, line in chosen]
    shown = parts or [_none(basis, log)]
    return sheet(basis, log.title, shown, records.of_lines(basis, lines), asked)


def _part(basis: Basis, log: _Log, chosen: Sequence[tuple[Ledger, PageLine]]) -> Part:
    lines = [line for _, line in chosen]
    of = basis.item(lines[0].page.item)
    stands = sum(
        (line.stands or 0)
        * (1 if isinstance(line.fact, f.DrugAdministered | f.DrugWasted) else line.unit_ug)
        for line in lines
    )
    numbers = {line.number for line in lines}
    held = {id(one): one for one, _ in chosen}
    notes = [note for one in held.values() for note in entries.notes(basis, one)]
    return Part(
        head=SECTION.upper(),
        title=of.name,
        pairs=(
            ("Schedule", _schedule(basis, of)),
            ("Entries", str(len(lines))),
            (log.total, words.amount(stands, of)),
        ),
        table=Table(
            log.title, _columns(log), tuple(_row(basis, log, *pair) for pair in chosen), log.empty
        ),
        notes=tuple(note for note in notes if note.entry in numbers),
        statements=_statements(basis, log, of, lines),
    )


def _none(basis: Basis, log: _Log) -> Part:
    table = Table(log.title, _columns(log), (), log.empty)
    return Part(SECTION.upper(), log.title, table=table, statements=laws(basis, log.law))


def _columns(log: _Log) -> tuple[Column, ...]:
    return (
        Column("Entry", 13),
        *headings.columns(log.labels, log.group),
        *log.extra,
        Column("Cabinet", 24),
        Column("Stands now as", 30, right=True),
    )


def _row(basis: Basis, log: _Log, held: Ledger, line: PageLine) -> Row:
    of = basis.item(line.page.item)
    fields = log.build(basis, line, of)
    return Row(
        name=str(line.number),
        cells=(
            *headings.cells(log.labels, fields),
            *log.more(basis, line),
            Cell((basis.area(line.page.area),)),
            Cell((entries.size(line.fact, line.stands or 0, of),)),
        ),
        marks=entries.marks(line),
        details=(*entries.details(basis, line, held), *_order(basis, line)),
    )


def _order(basis: Basis, line: PageLine) -> tuple[str, ...]:
    held = getattr(line.fact, "treatment", None)
    if not isinstance(held, f.Treatment):
        return ()
    by = words.person(basis.site, held.prescriber)
    return (f"Prescriber: {by}, order {held.order}.",)


def _schedule(basis: Basis, of: Item) -> str:
    held = basis.schedule(of.drug)
    return held.text if held else "not recorded for this place"


def _statements(
    basis: Basis, log: _Log, of: Item, lines: Sequence[PageLine]
) -> tuple[Statement, ...]:
    held = basis.schedule(of.drug)
    control = (
        () if held is None else (Statement(held.text, words.sourced(held), words.doubt(held.read)),)
    )
    return (*laws(basis, log.law), *control, *rules(basis, lines))


def _known(basis: Basis, wanted: Wanted) -> None:
    """Raise Refused (VALUE_NOT_ALLOWED) for a drug that the register never held."""
    names: set[str] = set()
    for item in basis.book.unit_ug:
        of = basis.item(item)
        names |= {of.id, of.product, of.drug}
    if wanted.drug and wanted.drug not in names:
        choices = ", ".join(sorted(names)) or "the register is empty"
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=wanted.drug, what="drug here", choices=choices
        )


def _fits(basis: Basis, line: PageLine, wanted: Wanted) -> bool:
    of = basis.item(line.page.item)
    happened = line.fact.when.happened_at.astimezone(basis.site.zone).date()
    treatment = getattr(line.fact, "treatment", None)
    people = {line.event.by.person}
    people |= {line.event.witness.person} if line.event.witness else set()
    people |= {treatment.prescriber} if treatment else set()
    return (
        (not wanted.schedule or _in_schedule(basis, of, wanted.schedule))
        and (wanted.first is None or wanted.first <= happened)
        and (wanted.last is None or happened <= wanted.last)
        and (not wanted.patient or getattr(treatment, "patient", "") == wanted.patient)
        and (not wanted.drug or wanted.drug in (of.id, of.product, of.drug))
        and (not wanted.person or wanted.person in people)
    )


def _in_schedule(basis: Basis, of: Item, wanted: str) -> bool:
    held = basis.schedule(of.drug)
    found = re.match(r"Schedule ([A-Z0-9]+)\b", held.text) if held else None
    return found is not None and found[1] == wanted
