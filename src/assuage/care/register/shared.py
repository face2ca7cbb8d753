"""What the register's commands share: reading the book and refusing what can't be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from assuage.care.access import Desk
from assuage.care.register import book as books
from assuage.care.register.book import Book, Draw
from assuage.care.register.item import Item
from assuage.record.events import Fact
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused


def new_id(kind: str) -> str:
    """Return a short id that two people at once won't both make."""
    return f"{kind}-{uuid.uuid4().hex[:10]}"


def book_of(desk: Desk) -> Book:
    """Return the register of the desk's site. Raises Refused (SITE_UNKNOWN)."""
    desk.site  # noqa: B018  a register without a site can't be
    return books.of(desk.record, desk.site_id)


def area_of(desk: Desk, area: str) -> str:
    """Return an area that the site has. Raises Refused (AREA_UNKNOWN)."""
    if area not in desk.site.areas:
        choices = ", ".join(desk.site.areas)
        raise Refused(Refusal.AREA_UNKNOWN, area=area, choices=choices)
    return area


def not_frozen(book: Book, item: Item, area: str) -> None:
    """Raise Refused (PAGE_FROZEN) while a discrepancy is open on a page."""
    if case := book.frozen(item.id, area):
        raise Refused(Refusal.PAGE_FROZEN, item=item.id, area=area, discrepancy=case)


def in_stock(book: Book, item: Item, area: str, units: int) -> None:
    """Raise Refused (STOCK_SHORT) unless a cabinet holds so many units."""
    held = book.units(item.id, area)
    if not units <= held:
        raise Refused(Refusal.STOCK_SHORT, item=item.id, area=area, held=held, units=units)


def some(units: int) -> int:
    """Return a count of units above zero. Raises Refused (UNITS_INVALID)."""
    if not units > 0:
        raise Refused(Refusal.UNITS_INVALID, units=units)
    return units


def draw_of(book: Book, draw: str) -> Draw:
    """Return a drawn unit. Raises Refused (DRAW_UNKNOWN)."""
    held = book.draws.get(draw)
    if held is None:
        opened = ", ".join(one.id for one in book.draws.values() if one.open)
        raise Refused(Refusal.DRAW_UNKNOWN, draw=draw[:60], choices=opened or "none is open")
    return held


def open_draw(book: Book, draw: str) -> Draw:
    """Return a drawn unit not yet accounted for. Raises Refused: DRAW_UNKNOWN, DRAW_CLOSED."""
    held = draw_of(book, draw)
    if not held.open:
        raise Refused(Refusal.DRAW_CLOSED, draw=draw)
    return held


def decision(
    desk: Desk, facts: Sequence[Fact], others: Mapping[str, Sequence[Fact]] | None = None
) -> Decision:
    """Return a decision that adds facts to the register, and others to other streams."""
    return Decision({books.stream(desk.site_id): facts} | dict(others or {}))
