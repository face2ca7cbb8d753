"""Data for the forms of the United States: a loss (Form 106) and a destruction (Form 41).

The fields are those that the law's record lists, in its order. What the record knows is filled
in; the rest is left to a pen. A sheet of these is data for a form and isn't the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Case
from assuage.care.register.discrepancy import missing_ug
from assuage.care.register.item import SECTION, Item
from assuage.care.register.pages import entries, headings, words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.ledger import PageLine, ledgers
from assuage.care.register.pages.register import laws, sheet
from assuage.care.register.pages.sheet import Cell, Column, Part, Records, Row, Sheet, Table, Value
from assuage.knowledge import library
from assuage.knowledge.schema.law import Duty
from assuage.refusals import Refusal, Refused

LOST = ("loss", "theft-suspected")
_NOT_THE_FORM = "This is data for the form. It is not the form."
_DRUG_CODE = re.compile(r"Drug code ([0-9]{4})")
_LOSS_LAW = ("loss-notice", "loss-form", "loss-form-deadline")
_DESTRUCTION_LAW = ("destruction-form", "destruction-witnesses", "destruction-transfer")
_WITNESSES = (
    "First authorized employee witness: printed name, signature, date",
    "Second authorized employee witness: printed name, signature, date",
)
_COUNTED_MONTHS = 24  # the form's own words
Answers = Mapping[str, tuple[str, ...]]


def losses(book: Book) -> tuple[Case, ...]:
    """Return the discrepancies that are open or were closed as a loss or a suspected theft."""
    return tuple(one for one in book.cases.values() if one.closed is None or one.outcome in LOST)


def loss_form(basis: Basis, discrepancy: str) -> Sheet:
    """Return the data for the notice and the form of a loss. Raises Refused (DISCREPANCY_UNKNOWN).

    A discrepancy closed in another way gives a sheet that says so and asks nothing.
    """
    case = basis.book.cases.get(discrepancy)
    if case is None:
        choices = ", ".join(one.id for one in losses(basis.book)) or "none is open"
        raise Refused(Refusal.DISCREPANCY_UNKNOWN, discrepancy=discrepancy[:60], choices=choices)
    asked = _fields(basis, "loss-form-fields", _day(basis, case))
    answers = _loss_answers(basis, case)
    due = case.closed is None or case.outcome in LOST
    part = Part(
        head=SECTION.upper(),
        title=f"Theft or loss: discrepancy {case.id}",
        pairs=tuple(_loss_pairs(basis, case)),
        alarms=tuple(_loss_alarms(basis, case, due)),
        table=_table("What the form asks", asked if due else (), answers),
        statements=(
            *(words.law(one) for one in _listed(basis, "loss-form-fields", _day(basis, case))),
            *laws(basis, _LOSS_LAW),
        ),
    )
    title = "Data for a report of theft or loss (Form 106)"
    return sheet(basis, title, (part,), _records(asked, answers, case.id), _NOT_THE_FORM)


def destruction_form(basis: Basis, numbers: Sequence[int] | None = None) -> Sheet:
    """Return the data for the record of destructions: all of them, or the entries numbered."""
    lines = [
        one
        for held in ledgers(basis.book)
        for one in held.lines
        if isinstance(one.fact, f.StockDestroyed) and (numbers is None or one.number in numbers)
    ]
    lines.sort(key=lambda one: one.number)
    parts: list[Part] = []
    rows: list[tuple[Value, ...]] = []
    for line in lines:
        asked = _fields(basis, "destruction-form-fields", line.fact.when.happened_at.date())
        answers = _destruction_answers(basis, line)
        parts.append(_destruction_part(basis, line, asked, answers))
        rows += _records(asked, answers, f"entry {line.number}").rows
    none = Part(SECTION.upper(), "Nothing was destroyed.", statements=laws(basis, _DESTRUCTION_LAW))
    title = "Data for a record of destruction (Form 41)"
    held = Records(_records((), {}, "").columns, tuple(rows))
    return sheet(basis, title, parts or [none], held, _NOT_THE_FORM)


def _listed(basis: Basis, kind: str, on: date) -> tuple[Duty, ...]:
    return library.duties(basis.site.place, kind, on)


def _fields(basis: Basis, kind: str, on: date) -> tuple[str, ...]:
    return tuple(name for one in _listed(basis, kind, on) for name in headings.asked(one))


def _table(caption: str, asked: Sequence[str], answers: Answers) -> Table:
    rows = tuple(
        Row(str(number), (Cell((name,)), Cell(answers.get(name, (words.BY_HAND,)))))
        for number, name in enumerate(asked, start=1)
    )
    columns = (Column("No.", 12), Column("Field", 95), Column("What the record knows", 150))
    return Table(caption, columns, rows, "The law recorded here lists no field for this.")


def _records(asked: Sequence[str], answers: Answers, about: str) -> Records:
    rows = tuple(
        (about, name, " / ".join(answers.get(name, ())), "no" if name in answers else "yes")
        for name in asked
    )
    return Records(("about", "field", "value", "by_hand"), rows)


def _day(basis: Basis, case: Case) -> date:
    return case.opened.at.astimezone(basis.site.zone).date()


def _registrant(basis: Basis) -> dict[str, tuple[str, ...]]:
    site = basis.site
    told: dict[str, tuple[str, ...]] = {
        "Name and address of registrant": (site.name, site.address),
        "Registered name": (site.name,),
        "Registered address": (site.address,),
    }
    if site.registration:
        told["DEA registration number"] = (site.registration,)
    return told


def _product(of: Item) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {
        "Name of the product": (of.name,),
        "Dosage form": (of.name,),
        "Form": (of.name,),
        "Name of substance": (headings.substance(of),),
        "Quantity per container": (words.amount(of.unit_ug, of),),
        "Package quantity": (words.amount(of.unit_ug, of),),
    }
    if of.strength_ug_per_ml is not None:
        strength = f"{words.mg(of.strength_ug_per_ml)}/mL, as the base"
        told |= {"Dosage strength": (strength,), "Strength": (strength,)}
    return told


def _loss_answers(basis: Basis, case: Case) -> Answers:
    of = basis.item(case.fact.item)
    told = _registrant(basis) | _product(of)
    told["Date of theft or loss"] = (
        f"discovered {words.moment(case.opened.at, basis.site.zone)}",
        f"when it happened: {words.BY_HAND}",
    )
    ug = lost_ug(basis, case)
    if ug > 0:
        size = words.amount(ug, of)
        if not case.fact.draw and of.unit_ug and ug % of.unit_ug == 0:
            size = words.whole(ug // of.unit_ug, of, of.unit_ug)
        state = "" if case.closed else "by the register now; the discrepancy is still open"
        told["Quantity lost"] = tuple(filter(None, (size, state)))
    told["Number of thefts or losses in the past 24 months"] = (
        f"{_others(basis, case)} others were closed as such in this register",
    )
    if case.outcome:
        told["Type of theft or loss"] = (f"closed as: {case.outcome}", words.BY_HAND)
    return told


def lost_ug(basis: Basis, case: Case) -> int:
    """Return what a discrepancy posted as lost, or what is missing while it is open."""
    if case.closed is not None and isinstance(case.closed.fact, f.DiscrepancyClosed):
        return case.closed.fact.posted_ug
    return missing_ug(basis.book, case)


def _others(basis: Basis, case: Case) -> int:
    day = _day(basis, case)
    first = duties.months_on(day, -_COUNTED_MONTHS)
    return sum(
        one.id != case.id and one.outcome in LOST and first <= _day(basis, one) <= day
        for one in basis.book.cases.values()
    )


def _loss_pairs(basis: Basis, case: Case) -> Iterator[tuple[str, str]]:
    zone = basis.site.zone
    day = _day(basis, case)
    yield "Discovered", words.moment(case.opened.at, zone)
    yield "Found by", f"{case.fact.cause}; {case.fact.text}"
    yield "State", f"closed as: {case.outcome}" if case.closed else "open"
    for name, kind in (("Written notice by", "loss-notice"), ("Form by", "loss-form-deadline")):
        held = basis.duty(kind, day)
        if held is None:
            yield name, "the law recorded here for this place names no day"
            continue
        last = duties.after(day, held)
        to = f", to the {held.to}" if held.to else ""
        holidays = "; public holidays aren't known here" if held.unit == "business-day" else ""
        yield name, f"{words.day(last)}{to} ({_span(held)}{holidays})"
    escalated = case.escalated
    if escalated is None or not isinstance(escalated.fact, f.DiscrepancyEscalated):
        yield "Escalated so far", "nobody, by this record"
    else:
        fact = escalated.fact
        when = words.moment(escalated.at, zone)
        yield "Escalated so far", f"{fact.to}, {when}, reference {fact.reference}"


def _span(held: Duty) -> str:
    unit = (held.unit or "").replace("-", " ")
    return f"{held.number} {unit}{'' if held.number == 1 else 's'}"


def _loss_alarms(basis: Basis, case: Case, due: bool) -> Iterator[str]:
    if not due:
        yield f"Closed as: {case.outcome}. Nothing was lost, so no form is due."
        return
    if case.closed is None:
        yield "The discrepancy is still open. What is missing may change."
    held = basis.duty("loss-notice", _day(basis, case))
    if held is not None and case.escalated is None:
        last = duties.after(_day(basis, case), held)
        if last < basis.today:
            yield f"OVERDUE: the written notice was due by {words.day(last)}."


def _destruction_part(basis: Basis, line: PageLine, asked: Sequence[str], answers: Answers) -> Part:
    of = basis.item(line.page.item)
    return Part(
        head=SECTION.upper(),
        title=f"Destruction, entry {line.number}: {of.name}",
        pairs=(("Entry", " ".join(entries.sentence(basis, line, of))),),
        table=_table("What the form asks", asked, answers),
        statements=(
            *(
                words.law(one)
                for one in _listed(
                    basis, "destruction-form-fields", line.fact.when.happened_at.date()
                )
            ),
            *laws(basis, _DESTRUCTION_LAW),
        ),
    )


def _destruction_answers(basis: Basis, line: PageLine) -> Answers:
    fact = line.fact
    assert isinstance(fact, f.StockDestroyed)
    of = basis.item(line.page.item)
    stands = line.stands or 0
    told = _registrant(basis) | _product(of)
    told["Number of full packages"] = (str(stands),)
    told["Partial package count"] = ("0; the register destroys whole units",)
    told["Total destroyed"] = (words.whole(stands, of, fact.unit_ug),)
    told["Date of destruction"] = (words.moment(fact.when.happened_at, basis.site.zone),)
    told["Method of destruction"] = (fact.method,)
    if lots := _lots(basis, line):
        told["Batch number"] = (f"received: {', '.join(lots)}", f"which of them: {words.BY_HAND}")
    held = basis.schedule(of.drug)
    if held is not None and (code := _DRUG_CODE.search(held.text)):
        told["National Drug Code or DEA controlled substances code number"] = (code[1],)
    witnesses = (line.event.witness, fact.other_witness)
    for name, who in zip(_WITNESSES, witnesses, strict=True):
        if who is not None:
            told[name] = (words.signed_in(basis.site, who), f"signature: {words.BY_HAND}")
    return told


def _lots(basis: Basis, line: PageLine) -> list[str]:
    """Return the batches of the item that had come by then; the entry doesn't say which it was."""
    before = basis.book.lines[: line.number]
    facts = [one.event.fact for one in before]
    held = [
        one.lot for one in facts if isinstance(one, f.StockReceived) and one.item == line.page.item
    ]
    return list(dict.fromkeys(held))
