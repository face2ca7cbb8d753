"""What things cost, as the user says it: assuage knows no price and makes none up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from assuage.knowledge import library
from assuage.refusals import Refusal, Refused
from assuage.units import format_quantity

_AMOUNT = r"(?P<amount>0|[1-9][0-9]{0,8})(?P<cents>\.[0-9]{1,4})? (?P<currency>[A-Z]{3})"
_PRICE = re.compile(
    r"(?P<product>[a-z0-9-]+)(?: (?P<size>[1-9][0-9]{0,3}(?:\.[0-9])?) mL)?: "
    + _AMOUNT
    + r" per container"
)
_CHAIR = re.compile(_AMOUNT + r"/h")
PRICE_FORM = "ketamine-10: 4.50 EUR per container"
CHAIR_FORM = "60 EUR/h"


@dataclass(frozen=True)
class Money:
    """An amount, exact to the last digit that was written."""

    amount: Decimal
    currency: str

    def times(self, count: Decimal | int) -> Money:
        """Return so many of it."""
        return Money(self.amount * count, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"


@dataclass(frozen=True)
class Price:
    """What one container of a product costs; `size_ml` None for a device."""

    product: str
    size_ml: float | None
    each: Money


def _money(match: re.Match[str], text: str, what: str, form: str) -> Money:
    amount = Decimal(match["amount"] + (match["cents"] or ""))
    if not amount > 0:
        raise Refused(Refusal.QUANTITY_NOT_POSITIVE, what=what, text=text[:60], example=f"'{form}'")
    return Money(amount, match["currency"])


def chair_cost_in(text: str) -> Money:
    """Return what an hour of a chair costs, from '60 EUR/h'. Raises Refused."""
    match = _CHAIR.fullmatch(text)
    if match is None:
        raise Refused(
            Refusal.QUANTITY_AMBIGUOUS, text=text[:60], what="a cost", example=f"'{CHAIR_FORM}'"
        )
    return _money(match, text, "cost", CHAIR_FORM)


def prices_in(texts: Sequence[str]) -> tuple[Price, ...]:
    """Return the prices, one for each container. Raises Refused for what can't be read.

    A product that comes in several sizes needs its size, since a price is for one container.
    """
    found: dict[tuple[str, float | None], Price] = {}
    for text in texts:
        one = _price(text)
        if (one.product, one.size_ml) in found:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"two prices for one container of {one.product}",
                remedy="give one price for each container",
            )
        found[one.product, one.size_ml] = one
    return tuple(found.values())


def _price(text: str) -> Price:
    match = _PRICE.fullmatch(text)
    if match is None:
        raise Refused(
            Refusal.QUANTITY_AMBIGUOUS, text=text[:60], what="a price", example=f"'{PRICE_FORM}'"
        )
    product = library.products().get(match["product"])
    if product is None:
        choices = ", ".join(library.products())
        raise Refused(Refusal.PRODUCT_STRENGTH_UNKNOWN, text=match["product"], choices=choices)
    money = _money(match, text, "price", PRICE_FORM)
    size = None if match["size"] is None else float(match["size"])
    sizes = ", ".join(format_quantity(one, "mL") for one in product.vial_ml) or "none, a device"
    if size is None and len(product.vial_ml) > 1:
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"the size of the container of {product.id}",
            remedy=f"write it before the colon, such as '{product.id} "
            f"{format_quantity(product.vial_ml[0], 'mL')}: ...'; it comes in {sizes}",
        )
    if size is not None and size not in product.vial_ml:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=f"{size:g} mL",
            what=f"container of {product.id}",
            choices=sizes,
        )
    if size is None and product.vial_ml:
        size = product.vial_ml[0]
    return Price(product.id, size, money)
