"""What stands under the headings of a law: each heading's own field of an entry, or a pen's room.

A heading is known by its exact words. One that isn't known here stays empty, to be filled in by
hand, so that nothing is ever shown under a heading that asks for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assuage.care.register import facts as f
from assuage.care.register.item import Item
from assuage.care.register.pages import entries, words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.ledger import PageLine
from assuage.care.register.pages.sheet import Cell, Column
from assuage.knowledge.schema.law import Duty

Lines = tuple[str, ...]
Fields = dict[str, Lines]

FIELDS: Mapping[str, str] = {
    # Great Britain.
    "Date supply received": "date",
    "Name and address from whom received": "whom",
    "Quantity received": "quantity",
    "Date supplied": "date",
    "Name/Address of person or firm supplied": "whom",
    "Details of authority to possess - prescriber or licence holder's details": "authority",
    "Quantity supplied": "quantity",
    "Person collecting Schedule 2 controlled drug (patient/patient's rep/healthcare professional)"
    " and if healthcare professional, name and address": "collecting",
    "Was proof of identity requested of patient/patient's rep (Yes/No)": "requested",
    "Was proof of identity of person collecting provided (Yes/No)": "provided",
    # United States.
    "Name of the substance": "substance",
    "Finished form": "form",
    "Number of units or volume in each container": "container",
    "Number of containers received": "containers",
    "Date of receipt": "date",
    "Name, address and registration number of the person from whom received": "registered",
    "Number of units or volume dispensed": "quantity",
    "Date of dispensing": "date",
    "Name and address of the person to whom it was dispensed": "whom",
    "Name or initials of who dispensed or administered it": "giver",
}
WIDTHS: Mapping[str, int] = {
    "date": 20,
    "whom": 40,
    "registered": 44,
    "quantity": 23,
    "authority": 33,
    "collecting": 33,
    "requested": 19,
    "provided": 19,
    "substance": 26,
    "form": 34,
    "container": 24,
    "containers": 20,
    "giver": 30,
}
_OWN_OBTAINED = ("Date supply received", "Name and address from whom received", "Quantity received")
_OWN_SUPPLIED = ("Date supplied", "Name/Address of person or firm supplied", "Quantity supplied")
_OWN_WIDTH = 26
_SUBSTANCES = {"racemic-ketamine": "ketamine (racemate)"}


@dataclass(frozen=True)
class Headings:
    """The columns of one law: its headings of what is obtained and of what is supplied."""

    obtained: tuple[str, ...]
    supplied: tuple[str, ...]
    recorded: bool
    doubts: tuple[str, str]

    @property
    def span(self) -> int:
        """How many columns the two have together."""
        return len(self.obtained) + len(self.supplied)


def headings(basis: Basis) -> Headings:
    """Return the law's headings, or assuage's own where the law recorded here names none."""
    obtained = basis.duty("page-heading-obtained")
    supplied = basis.duty("page-heading-supplied")
    return Headings(
        asked(obtained) if obtained else _OWN_OBTAINED,
        asked(supplied) if supplied else _OWN_SUPPLIED,
        obtained is not None and supplied is not None,
        (_doubt(obtained), _doubt(supplied)),
    )


def asked(duty: Duty) -> tuple[str, ...]:
    """Return the columns of a duty, each on one line."""
    return tuple(" ".join(one.split()) for one in duty.columns)


def _doubt(duty: Duty | None) -> str:
    """Return what stands beside headings that weren't read in their source."""
    if duty is None:
        return " (headings: assuage's own)"
    doubts = ", ".join(one.text for one in words.doubt(duty.read))
    return f" (headings: {doubts})" if doubts else ""


def columns(labels: tuple[str, ...], group: str) -> tuple[Column, ...]:
    """Return headings as columns, in their order."""
    return tuple(
        Column(label, WIDTHS.get(FIELDS.get(label, ""), _OWN_WIDTH), group) for label in labels
    )


def cells(labels: tuple[str, ...], fields: Fields | None) -> tuple[Cell, ...]:
    """Return what stands under each heading; empty cells where nothing was obtained or supplied."""
    if fields is None:
        return tuple(Cell() for _ in labels)
    missing = (words.NOT_HELD,)
    return tuple(Cell(fields.get(FIELDS.get(label, ""), missing)) for label in labels)


def substance(of: Item) -> str:
    """Return what the drug is."""
    return _SUBSTANCES.get(of.drug, of.drug)


def obtained(basis: Basis, line: PageLine, of: Item) -> Fields | None:
    """Return what an entry says was obtained for its page, or None."""
    fact = line.fact
    fields = _of_item(basis, line, of)
    match fact:
        case f.StockReceived():
            supplier = fact.supplier
            fields["whom"] = entries.party_lines(supplier)
            fields["registered"] = (*fields["whom"], supplier.authority or words.NOT_HELD)
        case f.StockSupplied() if fact.to_area == line.page.area:
            fields["whom"] = (basis.area(fact.area), "of these premises")
        case f.VialReturned():
            by = words.person(basis.site, line.event.by.person)
            fields["whom"] = (f"put back unopened by {by}",)
        case _:
            return None
    fields.setdefault("registered", fields["whom"])
    return fields


def supplied(basis: Basis, line: PageLine, of: Item) -> Fields | None:
    """Return what an entry says was supplied, which includes administered, or None."""
    fact = line.fact
    fields = _of_item(basis, line, of)
    by = words.person(basis.site, line.event.by.person)
    match fact:
        case f.StockSupplied() if fact.area == line.page.area:
            fields["whom"] = (basis.area(fact.to_area), "of these premises")
            fields |= _collected(basis, fact)
        case f.StockTransferred():
            fields["whom"] = entries.party_lines(fact.to)
            fields["authority"] = (fact.to.authority,)
            fields |= _collected(basis, fact)
        case f.VialDrawn():
            fields |= _treated(basis, fact.treatment)
            fields["collecting"] = (f"drawn by {by}", "of these premises")
        case f.DrugAdministered():
            fields |= _treated(basis, fact.treatment)
            fields["quantity"] = ("of the unit:", *fields["quantity"])
            fields["collecting"] = (f"given by {by}", "of these premises")
        case _:
            return None
    fields["giver"] = (by,)
    return fields


def _of_item(basis: Basis, line: PageLine, of: Item) -> Fields:
    happened = line.fact.when.happened_at.astimezone(basis.site.zone)
    content = words.amount(line.unit_ug, of)
    return {
        "date": (words.day(happened), words.clock_time(happened, basis.site.zone)),
        "quantity": entries.quantity(line, of),
        "substance": (substance(of),),
        "form": (of.name,),
        "container": (content,),
        "containers": (str(line.written or 0),),
    }


def _treated(basis: Basis, held: f.Treatment) -> Fields:
    return {
        "whom": entries.patient_lines(basis, held.patient),
        "authority": entries.treatment_lines(basis, held),
    }


def _collected(basis: Basis, fact: f.StockSupplied | f.StockTransferred) -> Fields:
    return {
        "collecting": (words.person(basis.site, fact.collected_by),),
        "requested": ("Yes" if fact.id_requested else "No",),
        "provided": ("Yes" if fact.id_shown else "No",),
    }
