"""The words of one entry: who made it, what it was part of, its marks and its footnotes."""

from __future__ import annotations

from assuage.care.register import facts as f
from assuage.care.register.book import Draw
from assuage.care.register.item import Item
from assuage.care.register.pages import words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.ledger import IN_UNITS, PARTS, Ledger, PageLine
from assuage.care.register.pages.sheet import Mark, Note

KINDS = {
    "StockReceived": "Received",
    "StockSupplied": "Supplied to another cabinet",
    "VialDrawn": "Drawn for a patient",
    "DrugAdministered": "Administered",
    "DrugWasted": "Wasted",
    "VialReturned": "Put back unopened",
    "StockTransferred": "Left the site",
    "StockDestroyed": "Destroyed",
    "StockChecked": "Stock check",
    "EntryCorrected": "Footnote",
    "DrawClosed": "Unit accounted for",
    "DiscrepancyOpened": "Discrepancy opened",
    "DiscrepancyRecounted": "Discrepancy: recount",
    "DiscrepancyReconstructed": "Discrepancy: pump and chart",
    "DiscrepancyEscalated": "Discrepancy escalated",
    "DiscrepancyClosed": "Discrepancy closed",
}


def marks(line: PageLine) -> tuple[Mark, ...]:
    """Return what must be seen beside an entry: late, corrected, freezing or frozen."""
    found = []
    fact = line.fact
    if late := fact.when.late_days:
        days = f"{late} day{'' if late == 1 else 's'}"
        found.append(Mark(f"LATE by {days} ({fact.when.rule})", "alarm"))
    found += [Mark(f"see footnote {number}", "note") for number in line.footnotes]
    match fact:
        case f.DiscrepancyOpened():
            found.append(Mark("PAGE FROZEN from here", "alarm"))
        case f.DiscrepancyClosed():
            found.append(Mark("DISCREPANCY CLOSED", "note"))
        case f.VialDrawn() if fact.accepted:
            found.append(Mark("drawn from a frozen page", "alarm"))
        case f.StockChecked() if fact.counted_units != fact.expected_units:
            found.append(Mark("COUNT DIFFERS", "alarm"))
    return tuple(found)


def patient_lines(basis: Basis, patient: str) -> tuple[str, ...]:
    """Return the name and address of a patient, and always the number."""
    named = basis.patient(patient)
    return (*filter(None, (named.name, named.address)), f"patient {patient}")


def treatment_lines(basis: Basis, held: f.Treatment) -> tuple[str, ...]:
    """Return on whose order a drug was drawn or given."""
    by = words.person(basis.site, held.prescriber)
    return (f"prescriber {by}", f"order {held.order}")


def party_lines(party: f.Party) -> tuple[str, ...]:
    """Return somebody outside the site."""
    return (party.name, party.address)


def quantity(line: PageLine, of: Item) -> tuple[str, ...]:
    """Return the amount as it was written: whole units with their content, or a part of one."""
    if line.written is None:
        return ()
    if isinstance(line.fact, PARTS):
        return tuple(filter(None, (words.mg(line.written), words.ml(line.written, of))))
    ug = line.written * line.unit_ug
    return tuple(filter(None, (words.units(line.written), words.mg(ug), words.ml(ug, of))))


def details(basis: Basis, line: PageLine, held: Ledger) -> tuple[str, ...]:
    """Return who entered it and beside whom, and how the drawn unit stands now."""
    zone = basis.site.zone
    event, fact = line.event, line.fact
    entered = words.moment(event.at, zone)
    happened = words.moment(fact.when.happened_at, zone)
    when = "" if happened == entered else f"Happened {happened}. "
    told = [f"{when}Entered {entered} by {words.signer(basis.site, event.by)}."]
    if event.witness:
        told.append(f"Witness: {words.signed_in(basis.site, event.witness)}.")
    told += _more(basis, fact)
    if isinstance(fact, f.VialDrawn) and fact.draw in held.draws:
        return " ".join(told), account(held.draws[fact.draw], basis.item(fact.item))
    return (" ".join(told),)


def _more(basis: Basis, fact: f.Entry) -> list[str]:
    """Return what an entry holds beside its amount, its time and its people."""
    match fact:
        case f.StockReceived():
            return [f"Reference {fact.reference}, lot {fact.lot}, expires {fact.expires}."]
        case f.StockTransferred():
            return [f"Reference {fact.reference}."]
        case f.StockDestroyed() if fact.other_witness:
            return [f"Second witness: {words.signed_in(basis.site, fact.other_witness)}."]
        case f.VialDrawn():
            accepted = f" Accepted: {basis.opened(fact.accepted)}" if fact.accepted else ""
            return [f"Unit {fact.draw}, session {fact.treatment.session}.{accepted}"]
        case f.DrugAdministered() | f.DrugWasted():
            return [f"Of unit {fact.draw}, session {fact.treatment.session}."]
        case f.VialReturned():
            return [f"Unit {fact.draw}. Reason: {basis.opened(fact.reason)}"]
    return []


def account(draw: Draw, of: Item) -> str:
    """Return how a drawn unit stands at printing: every part of it, and what is left."""
    drawn = words.amount(draw.unit_ug, of)
    if draw.returned:
        return f"As it stands now: {draw.id}, {drawn}, is back in the cabinet."
    parts = [f"given {words.mg(draw.given_ug)}", f"wasted {words.mg(draw.wasted_ug)}"]
    if draw.measured_ug:
        parts.append(f"measuring difference {words.mg(draw.measured_ug)}")
    if draw.posted_ug:
        kind = "lost" if draw.posted_ug > 0 else "surplus"
        parts.append(f"{kind} {words.mg(draw.posted_ug)}")
    left = f"{words.mg(draw.left_ug)} NOT ACCOUNTED FOR YET" if draw.open else "nothing left over"
    return f"As it stands now: {draw.id}, {drawn}: {', '.join(parts)}; {left}."


def notes(basis: Basis, held: Ledger) -> tuple[Note, ...]:
    """Return the footnotes of a page, each dated and naming its entry."""
    of = basis.item(held.page.item)
    by_number = {line.number: line for line in held.lines}
    return tuple(
        _note(basis, line, by_number[line.fact.entry], of)
        for line in held.lines
        if isinstance(line.fact, f.EntryCorrected) and line.fact.entry in by_number
    )


def _note(basis: Basis, line: PageLine, wrong: PageLine, of: Item) -> Note:
    fact = line.fact
    assert isinstance(fact, f.EntryCorrected)
    kind = KINDS[wrong.fact.kind]
    lines = [f"To entry {wrong.number} ({kind}): {basis.opened(fact.text)}"]
    if fact.right is not None:
        lines.append(
            f"Entry {wrong.number} says {size(wrong.fact, wrong.written or 0, of)}; "
            f"it should say {size(wrong.fact, fact.right, of)}."
        )
    if fact.discrepancy:
        lines.append(f"Part of discrepancy {fact.discrepancy}.")
    by = f"Entered by {words.signer(basis.site, line.event.by)}."
    if line.event.witness:
        by += f" Witness: {words.signed_in(basis.site, line.event.witness)}."
    lines.append(by)
    dated = words.moment(line.event.at, basis.site.zone)
    return Note(line.number, dated, wrong.number, tuple(lines))


def size(fact: f.Entry, count: int, of: Item) -> str:
    """Return an amount of an entry in the unit that this kind of entry counts in."""
    if isinstance(fact, PARTS):
        return words.amount(count, of)
    if isinstance(fact, IN_UNITS):
        return words.whole(count, of, fact.unit_ug)
    return words.units(count)


def sentence(basis: Basis, line: PageLine, of: Item) -> tuple[str, ...]:
    """Return an entry that has no place under the law's headings, in words."""
    fact = line.fact
    match fact:
        case f.DrugWasted():
            size_ = words.amount(fact.ug, of)
            patient = ", ".join(patient_lines(basis, fact.treatment.patient))
            return (
                f"Wasted, of unit {fact.draw}: {size_}. Drawn for {patient}.",
                f"Reason: {basis.opened(fact.reason)}",
            )
        case f.DrawClosed():
            difference = words.amount(fact.difference_ug, of)
            within = words.amount(fact.tolerance_ug, of)
            return (
                f"Unit {fact.draw} accounted for. Difference {difference}; "
                f"up to {within} is within measuring.",
            )
        case f.StockDestroyed():
            told = words.whole(fact.units, of, fact.unit_ug)
            return (f"Destroyed: {told}.", f"Reason: {fact.reason} Method: {fact.method}")
        case f.StockChecked():
            agree = (
                "as the register expected"
                if fact.counted_units == fact.expected_units
                else (f"where the register expected {words.units(fact.expected_units)}")
            )
            return (
                f"Stock check by two people: {words.units(fact.counted_units)} counted, {agree}.",
            )
        case f.EntryCorrected():
            return _footnote_line(line, fact)
    return case_sentence(basis, line, of)


def _footnote_line(line: PageLine, fact: f.EntryCorrected) -> tuple[str, ...]:
    told = f"Footnote {line.number} to entry {fact.entry}; its words stand at the foot."
    if fact.right is None:
        return (f"{told} No amount changes.",)
    if line.change_ug:
        change = line.change_units
        sign = "+" if change > 0 else "−"
        return (f"{told} The balance changes from here on: {sign}{words.units(abs(change))}.",)
    return (f"{told} The balance of whole units doesn't change.",)


def case_sentence(basis: Basis, line: PageLine, of: Item) -> tuple[str, ...]:
    """Return a step of a discrepancy in words."""
    fact = line.fact
    match fact:
        case f.DiscrepancyOpened():
            by = words.moment(fact.escalate_by, basis.site.zone)
            unit = f" of unit {fact.draw}" if fact.draw else ""
            gap = f"{_gap(fact.missing_ug, of, line.unit_ug, bool(fact.draw))}{unit}"
            return (
                f"Discrepancy {fact.discrepancy} opened ({fact.cause}): {gap}. {fact.text}",
                f"To be escalated by {by} ({fact.escalate_rule}).",
            )
        case f.DiscrepancyRecounted():
            counted = words.units(fact.counted_units)
            told = f"Discrepancy {fact.discrepancy}: independent recount, {counted}."
        case f.DiscrepancyReconstructed():
            pump = "no log" if fact.pump_ug is None else words.amount(fact.pump_ug, of)
            chart = "no chart" if fact.chart_ug is None else words.amount(fact.chart_ug, of)
            found = f"pump says {pump}, chart says {chart}. {basis.opened(fact.text)}"
            told = f"Discrepancy {fact.discrepancy}: {found}"
        case f.DiscrepancyEscalated():
            told = f"Discrepancy {fact.discrepancy}: told to {fact.to}, reference {fact.reference}."
        case f.DiscrepancyClosed():
            draw = basis.book.cases[fact.discrepancy].fact.draw
            posted = _posted(fact.posted_ug, of, line.unit_ug, bool(draw))
            told = (
                f"Discrepancy {fact.discrepancy} closed with the outcome: {fact.outcome}. "
                f"{posted} {basis.opened(fact.text)}"
            )
        case _:
            told = KINDS.get(fact.kind, fact.kind)
    return (told,)


def _sized(ug: int, of: Item, unit_ug: int, in_parts: bool) -> str:
    if in_parts or not unit_ug or ug % unit_ug:
        return words.amount(ug, of)
    return words.whole(ug // unit_ug, of, unit_ug)


def _gap(ug: int, of: Item, unit_ug: int, in_parts: bool) -> str:
    if ug == 0:
        return "how much isn't known yet"
    return f"{_sized(abs(ug), of, unit_ug, in_parts)} {'missing' if ug > 0 else 'over'}"


def _posted(ug: int, of: Item, unit_ug: int, in_parts: bool) -> str:
    if ug == 0:
        return "Nothing is posted."
    kind = "lost" if ug > 0 else "surplus"
    return f"Posted as {kind}: {_sized(abs(ug), of, unit_ug, in_parts)}."
