"""Commands on stock: receive, supply, transfer, destroy. They move whole units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from assuage.care.access import Desk
from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.book import Book
from assuage.care.register.item import Item
from assuage.care.register.shared import (
    area_of,
    book_of,
    decision,
    in_stock,
    not_frozen,
    same_unit,
    some,
)
from assuage.record.events import Recorded, Signature
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Collection:
    """Who collected, and whether proof of identity was asked for and shown."""

    by: str
    id_requested: bool
    id_shown: bool


@dataclass(frozen=True)
class Delivery:
    """Where a delivery came from, and what stands on it. Expired stock isn't received."""

    supplier: f.Party
    reference: str
    lot: str
    expires: date


@dataclass(frozen=True)
class Page:
    """An item in a cabinet, and a count of its units."""

    item: Item
    area: str
    units: int


def receive(
    desk: Desk, page: Page, delivery: Delivery, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter a delivery.

    Raises Refused: ROLE_NOT_PERMITTED, AREA_UNKNOWN, TIME_IN_FUTURE, PAGE_FROZEN, ITEM_CHANGED,
    STOCK_EXPIRED, UNITS_INVALID.
    """
    desk.allow("receive")

    def decide() -> Decision:
        area_of(desk, page.area)
        timing = duties.timing(desk, at)
        book = book_of(desk)
        not_frozen(book, page.item, page.area)
        same_unit(book, page.item)
        if not delivery.expires >= timing.happened_at.date():
            raise Refused(Refusal.STOCK_EXPIRED, item=page.item.id, expires=delivery.expires)
        some(page.units)
        fact = f.StockReceived(
            item=page.item.id,
            units=page.units,
            unit_ug=page.item.unit_ug,
            area=page.area,
            supplier=delivery.supplier,
            reference=delivery.reference,
            lot=delivery.lot,
            expires=delivery.expires.isoformat(),
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def supply(
    desk: Desk, page: Page, to_area: str, collected: Collection, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Move units to another cabinet of the site; from an area to the main cabinet is a return.

    Raises Refused: ROLE_NOT_PERMITTED, AREA_UNKNOWN, AREA_SAME, TIME_IN_FUTURE, PAGE_FROZEN,
    ITEM_CHANGED, STOCK_SHORT, UNITS_INVALID.
    """
    desk.allow("supply")

    def decide() -> Decision:
        area_of(desk, page.area)
        if area_of(desk, to_area) == page.area:
            raise Refused(Refusal.AREA_SAME, area=to_area)
        timing = duties.timing(desk, at)
        book = book_of(desk)
        not_frozen(book, page.item, to_area)
        _out_of(book, page)
        fact = f.StockSupplied(
            item=page.item.id,
            units=page.units,
            unit_ug=page.item.unit_ug,
            area=page.area,
            to_area=to_area,
            collected_by=collected.by,
            id_requested=collected.id_requested,
            id_shown=collected.id_shown,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def _out_of(book: Book, page: Page) -> None:
    """Raise Refused unless the units can leave the page."""
    not_frozen(book, page.item, page.area)
    same_unit(book, page.item)
    in_stock(book, page.item, page.area, page.units)
    some(page.units)


@dataclass(frozen=True)
class Consignment:
    """To whom units leave the site, under which reference, and who collected them."""

    to: f.Party
    reference: str
    collected: Collection


def transfer(
    desk: Desk, page: Page, consignment: Consignment, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Let units leave the site for somebody entitled to have them, before a witness.

    A return to the supplier is a transfer. Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING,
    AREA_UNKNOWN, TIME_IN_FUTURE, PAGE_FROZEN, ITEM_CHANGED, STOCK_SHORT, UNITS_INVALID,
    AUTHORITY_MISSING.
    """
    desk.allow("transfer")
    desk.witnessed("a transfer")

    def decide() -> Decision:
        area_of(desk, page.area)
        timing = duties.timing(desk, at)
        _out_of(book_of(desk), page)
        if not consignment.to.authority:
            raise Refused(Refusal.AUTHORITY_MISSING, name=consignment.to.name)
        fact = f.StockTransferred(
            item=page.item.id,
            units=page.units,
            unit_ug=page.item.unit_ug,
            area=page.area,
            to=consignment.to,
            reference=consignment.reference,
            collected_by=consignment.collected.by,
            id_requested=consignment.collected.id_requested,
            id_shown=consignment.collected.id_shown,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


@dataclass(frozen=True)
class Destruction:
    """Why and how units are destroyed, and the second witness where the place asks for two."""

    reason: str
    method: str
    other_witness: Signature | None = None


def destroy(
    desk: Desk, page: Page, how: Destruction, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter that units were destroyed, before as many witnesses as the law of the place asks for.

    Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, WITNESS_IS_ACTOR, WITNESS_STALE,
    AREA_UNKNOWN, TIME_IN_FUTURE, PAGE_FROZEN, ITEM_CHANGED, STOCK_SHORT, UNITS_INVALID.
    """
    desk.allow("destroy")
    first = desk.witnessed("a destruction")
    second = how.other_witness
    if second is not None:
        desk.beside(second).check_witness()
        if second.person == first.person:
            raise Refused(Refusal.WITNESS_IS_ACTOR, person=second.person)

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        day = timing.happened_at.date()
        if second is None and duties.people(desk.site.place, "destruction-witnesses", day) > 1:
            raise Refused(Refusal.WITNESS_MISSING, act="a destruction, by a second person,")
        area_of(desk, page.area)
        _out_of(book_of(desk), page)
        fact = f.StockDestroyed(
            item=page.item.id,
            units=page.units,
            unit_ug=page.item.unit_ug,
            area=page.area,
            reason=how.reason,
            method=how.method,
            other_witness=second,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)
