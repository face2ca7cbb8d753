"""The inventory: what is on hand, sealed and opened, when it was last counted, and when it is due.

An inventory is a stock check of every page that holds something. Its day is that of the oldest of
those checks, so that no page is ever older than the inventory says.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.item import SECTION
from assuage.care.register.pages import entries, words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.ledger import Ledger, PageLine, ledgers
from assuage.care.register.pages.register import laws, sheet
from assuage.care.register.pages.sheet import (
    Cell,
    Column,
    Mark,
    Part,
    Records,
    Row,
    Sheet,
    Statement,
    Table,
)

TITLE = "Inventory"
_LAW = ("inventory-interval", "stock-check-interval", "stock-check-people", "register-retention")
_COLUMNS = (
    *("site", "item", "item_name", "area", "register_units", "register_ug", "opened_units"),
    *("opened_left_ug", "last_check_entry", "last_check_at", "counted_units", "expected_units"),
    *("by", "witness", "inventory_on", "due_on", "overdue", "business", "record_head"),
)
Business = Literal["opening", "close"]


def inventory(basis: Basis, business: Business | None = None) -> Sheet:
    """Return the inventory; `business` says whether it was taken at opening or close of business.

    The record doesn't hold that, so None leaves it to be filled in by hand.
    """
    held = ledgers(basis.book)
    taken = taken_on(basis, held)
    table = Table(
        "What is on hand, by item and cabinet",
        (
            Column("Page", 12),
            Column("Drug and pack", 52),
            Column("Cabinet", 34),
            Column("On hand by the register", 38),
            Column("Opened or drawn, not accounted for", 52),
            Column("Last count", 40),
            Column("Counted in units", 22, right=True),
        ),
        tuple(_row(basis, one, number) for number, one in enumerate(held, start=1)),
        "The register holds nothing.",
    )
    part = Part(
        head=SECTION.upper(),
        title=TITLE,
        pairs=(
            ("Taken at", f"{business} of business" if business else words.BY_HAND),
            ("Last inventory", words.day(taken) if taken else "none is complete yet"),
            ("Next inventory", _due_words(basis, held, taken)),
            ("Taken by, signature", words.BY_HAND),
        ),
        alarms=tuple(_alarms(basis, held, taken)),
        table=table,
        statements=(_own(), *laws(basis, _LAW)),
    )
    return sheet(basis, TITLE, (part,), _records(basis, held, taken, business))


def taken_on(basis: Basis, held: tuple[Ledger, ...]) -> date | None:
    """Return the day of the last inventory; None while a page that holds something has no count."""
    days = []
    for one in held:
        last = last_check(one)
        if last is not None:
            days.append(last.fact.when.happened_at.astimezone(basis.site.zone).date())
        elif holds(one):
            return None
    return min(days, default=None)


def due_on(basis: Basis, held: tuple[Ledger, ...], taken: date | None) -> date | None:
    """Return when the next is due by the law of the place; the first is due with the first stock.

    None when the law recorded here asks for none, or while there is nothing to count.
    """
    asked = basis.duty("inventory-interval")
    lines = [line for one in held for line in one.lines]
    if asked is None or not lines:
        return None
    if taken is None:
        first = min(lines, key=lambda one: one.number)
        return first.fact.when.happened_at.astimezone(basis.site.zone).date()
    return duties.after(taken, asked)


def last_check(held: Ledger) -> PageLine | None:
    """Return the last count of a page."""
    checks = [one for one in held.lines if isinstance(one.fact, f.StockChecked)]
    return checks[-1] if checks else None


def holds(held: Ledger) -> bool:
    """Whether a page holds whole units, or units drawn and not accounted for."""
    return bool(held.balance_units) or any(one.open for one in held.draws.values())


def _due_words(basis: Basis, held: tuple[Ledger, ...], taken: date | None) -> str:
    due = due_on(basis, held, taken)
    if due is None:
        return "the law recorded here for this place sets no interval"
    return f"by {words.day(due)}" + (" – OVERDUE" if due < basis.today else "")


def _alarms(basis: Basis, held: tuple[Ledger, ...], taken: date | None) -> list[str]:
    due = due_on(basis, held, taken)
    if due is None or not due < basis.today:
        return []
    return [f"OVERDUE: an inventory was due by {words.day(due)}."]


def _own() -> Statement:
    return Statement(
        "An inventory is taken here to be one stock check of every page that holds something; its "
        "day is that of the oldest check.",
        marks=(Mark("assuage's own rule", "doubt"),),
    )


def _row(basis: Basis, held: Ledger, number: int) -> Row:
    of = basis.item(held.page.item)
    unit_ug = held.unit_ug or of.unit_ug
    opened = [one for one in held.draws.values() if one.open]
    last = last_check(held)
    counted = when = words.NOT_HELD
    details: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    if last is not None and isinstance(last.fact, f.StockChecked):
        counted = str(last.fact.counted_units)
        when = words.moment(last.fact.when.happened_at, basis.site.zone)
        told = entries.details(basis, last, held)
        details = tuple(f"Count, entry {last.number}: {one}" for one in told)
        marks = entries.marks(last)
    elif holds(held):
        marks = (Mark("NEVER COUNTED", "alarm"),)
    left = tuple(f"{one.id}: {words.amount(one.left_ug, of)}" for one in opened)
    return Row(
        name=str(number),
        cells=(
            Cell((of.name,)),
            Cell((basis.area(held.page.area),)),
            Cell((words.units(held.balance_units), words.amount(held.balance_units * unit_ug, of))),
            Cell(left or ("none",)),
            Cell((when,)),
            Cell((counted,)),
        ),
        marks=marks,
        details=details,
    )


def _records(
    basis: Basis, held: tuple[Ledger, ...], taken: date | None, business: Business | None
) -> Records:
    due = due_on(basis, held, taken)
    rows = []
    for one in held:
        last = last_check(one)
        count = last.fact if last and isinstance(last.fact, f.StockChecked) else None
        opened = [draw for draw in one.draws.values() if draw.open]
        witness = last.event.witness if last else None
        rows.append(
            (
                *(basis.site_id, one.page.item, basis.item(one.page.item).name, one.page.area),
                *(one.balance_units, one.balance_units * one.unit_ug, len(opened)),
                sum(draw.left_ug for draw in opened),
                last.number if last else None,
                count.when.happened_at.astimezone(basis.site.zone).isoformat() if count else None,
                *((count.counted_units, count.expected_units) if count else (None, None)),
                last.event.by.person if last else None,
                witness.person if witness else None,
                *(taken.isoformat() if taken else None, due.isoformat() if due else None),
                "yes" if due is not None and due < basis.today else "no",
                *(business, str(basis.head)),
            )
        )
    return Records(_COLUMNS, tuple(rows))
