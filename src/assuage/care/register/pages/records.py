"""Entries as records for a machine: one line for each entry on each page, units in the names.

The columns that end in `_ug` from `cabinet_ug` on say what the entry moved, signed; each line's
sum is zero, and the sum of a column over a page is what its account holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assuage.care.register import book as books
from assuage.care.register import facts as f
from assuage.care.register.pages import words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.ledger import PARTS, PageLine, change_of
from assuage.care.register.pages.sheet import Records, Value
from assuage.record.events import Signature

ACCOUNTS = {
    "supplier_ug": books.SUPPLIER,
    "patient_ug": books.PATIENT,
    "waste_ug": books.WASTE,
    "destroyed_ug": books.DESTROYED,
    "transferred_ug": books.TRANSFERRED,
    "measuring_ug": books.MEASURING,
    "loss_ug": books.LOSS,
    "surplus_ug": books.SURPLUS,
}
_PLACE = ("site", "item", "item_name", "area")
_WHEN = ("entry", "kind", "entered_at", "happened_at", "late_days", "late_rule")
_AMOUNT = ("units", "amount_ug", "volume_ml", "stands_units", "stands_ug")
_BALANCE = ("change_units", "balance_units", "balance_ug", "unit_ug")
_MOVED = ("cabinet_ug", "other_cabinet_ug", "unit_in_hand_ug", *ACCOUNTS)
_FACT = (
    *("draw", "intent", "patient", "patient_name", "patient_address", "order", "session"),
    *("prescriber", "prescriber_name", "from_area", "to_area", "party_name", "party_address"),
    *("party_authority", "reference", "lot", "expires", "collected_by", "id_requested"),
    *("id_shown", "reason", "method", "accepted", "text", "footnotes", "corrects_entry"),
    *("right_units", "right_ug"),
    *("discrepancy", "cause", "outcome", "escalated_to", "escalate_by", "escalate_rule"),
    *("expected_units", "counted_units", "missing_ug", "posted_ug", "pump_ug", "chart_ug"),
    *("difference_ug", "tolerance_ug"),
)
_PEOPLE = (
    *("by", "by_name", "by_method", "by_signed_in_at"),
    *("witness", "witness_name", "witness_method", "witness_signed_in_at"),
    *("other_witness", "other_witness_name", "other_witness_method", "other_witness_signed_in_at"),
)
_RECORD = ("command", "event_position", "event_hash", "record_head", "printed_at")
COLUMNS = (*_PLACE, *_WHEN, *_AMOUNT, *_BALANCE, *_MOVED, *_FACT, *_PEOPLE, *_RECORD)
# Fields of facts that are named otherwise in the records.
_RENAMED = {"to": "escalated_to", "entry": "corrects_entry"}
_SKIPPED = {"when", "item", "area", "units", "unit_ug", "ug", "treatment", "supplier", "right"}


def of_lines(basis: Basis, lines: Iterable[PageLine]) -> Records:
    """Return the records of entries."""
    return Records(COLUMNS, tuple(_row(basis, one) for one in lines))


def _row(basis: Basis, line: PageLine) -> tuple[Value, ...]:
    event = line.event
    told: dict[str, Value] = {
        "site": basis.site_id,
        "item": line.page.item,
        "item_name": basis.item(line.page.item).name,
        "area": line.page.area,
        "entry": line.number,
        "kind": line.fact.kind,
        "entered_at": event.at.astimezone(basis.site.zone).isoformat(),
        "happened_at": line.fact.when.happened_at.astimezone(basis.site.zone).isoformat(),
        "late_days": line.fact.when.late_days,
        "late_rule": line.fact.when.rule,
        "change_units": line.change_units,
        "balance_units": line.balance_units,
        "balance_ug": line.balance_ug,
        "unit_ug": line.unit_ug,
        "footnotes": " ".join(map(str, line.footnotes)),
        "command": event.command,
        "event_position": event.position,
        "event_hash": event.hash.hex(),
        "record_head": str(basis.head),
        "printed_at": basis.printed_at.astimezone(basis.site.zone).isoformat(),
    }
    told |= _amounts(basis, line)
    told |= moved(line)
    told |= _of_fact(basis, line.fact)
    told |= _signed(basis, "by", event.by)
    told |= _signed(basis, "witness", event.witness)
    return tuple(told.get(name) for name in COLUMNS)


def _amounts(basis: Basis, line: PageLine) -> dict[str, Value]:
    if line.written is None or line.stands is None:
        return {}
    part = isinstance(line.fact, PARTS)
    per = 1 if part else line.unit_ug
    ug = line.written * per
    told: dict[str, Value] = {"amount_ug": ug, "stands_ug": line.stands * per}
    if volume := words.ml(ug, basis.item(line.page.item)):
        told["volume_ml"] = volume.removesuffix(" mL").removeprefix("about ")
    if not part:
        told |= {"units": line.written, "stands_units": line.stands}
    return told


def moved(line: PageLine) -> dict[str, Value]:
    """Return what an entry moved in each account, in micrograms; the sum is zero."""
    here = books.stock(line.page.area)
    names = {name for move in line.moves for name in (move.source, move.target)}
    cabinets = [name for name in names if name.startswith("stock:") and name != here]
    in_hand = [name for name in names if name.startswith("draw:")]

    def change(*accounts: str) -> int:
        return sum(sum(change_of(line.moves, line.page.item, one)) for one in accounts)

    told: dict[str, Value] = {
        "cabinet_ug": line.change_ug,
        "other_cabinet_ug": change(*cabinets),
        "unit_in_hand_ug": change(*in_hand),
    }
    return told | {name: change(account) for name, account in ACCOUNTS.items()}


def _of_fact(basis: Basis, fact: f.Entry) -> dict[str, Value]:
    told: dict[str, Value] = {}
    treatment = getattr(fact, "treatment", None)
    if treatment is not None:
        named = basis.patient(treatment.patient)
        told |= dict(treatment.model_dump())
        told |= {"patient_name": named.name, "patient_address": named.address}
        told["prescriber_name"] = _name(basis, treatment.prescriber)
    for name in type(fact).model_fields:
        if name not in _SKIPPED:
            told |= _field(basis, _RENAMED.get(name, name), getattr(fact, name))
    if isinstance(fact, f.StockReceived):
        told |= _party(fact.supplier)
    elif isinstance(fact, f.StockSupplied):
        told["from_area"] = fact.area
    elif isinstance(fact, f.EntryCorrected):
        wrong = basis.book.lines[fact.entry - 1].event.fact
        told["right_ug" if isinstance(wrong, PARTS) else "right_units"] = fact.right
    return told


def _field(basis: Basis, name: str, value: Any) -> dict[str, Value]:
    if isinstance(value, f.Party):
        return _party(value)
    if isinstance(value, Signature) or name == "other_witness":
        return _signed(basis, "other_witness", value)
    if isinstance(value, bool):
        return {name: "yes" if value else "no"}
    if isinstance(value, int | str) or value is None:
        return {name: value}
    if hasattr(value, "box"):
        return {name: basis.opened(value)}
    return {name: value.astimezone(basis.site.zone).isoformat()}


def _party(party: f.Party) -> dict[str, Value]:
    return {
        "party_name": party.name,
        "party_address": party.address,
        "party_authority": party.authority,
    }


def _signed(basis: Basis, role: str, who: Signature | None) -> dict[str, Value]:
    if who is None:
        return {}
    return {
        role: who.person,
        f"{role}_name": _name(basis, who.person),
        f"{role}_method": who.method,
        f"{role}_signed_in_at": who.at.astimezone(basis.site.zone).isoformat(),
    }


def _name(basis: Basis, who: str) -> str:
    held = basis.site.people.get(who)
    return held.name if held else ""
