"""What the register counts: one strength in one pack, in whole units and whole micrograms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Product
from assuage.refusals import Refusal, Refused
from assuage.units import MICROGRAM_PER_MG, Dimension, parse

SECTION = "ketamine"  # esketamine and racemate stand in one section of the register
_UL_PER_ML = 1000


@dataclass(frozen=True)
class Item:
    """One page of the register. `strength_ug_per_ml` is None for a device that isn't measured."""

    id: str
    product: str
    name: str
    drug: str
    unit_ug: int
    strength_ug_per_ml: int | None


@cache
def items() -> Mapping[str, Item]:
    """Return every item that the product list makes possible, by id."""
    found = {}
    for product in library.products().values():
        for item in _of(product):
            found[item.id] = item
    return MappingProxyType(found)


def item(text: str) -> Item:
    """Return the item of that id, such as "esketamine-25/10mL".

    A product with one pack may be named without it. Raises Refused (VALUE_NOT_ALLOWED).
    """
    known = items()
    if text in known:
        return known[text]
    packs = [one for one in known.values() if one.product == text]
    if len(packs) == 1:
        return packs[0]
    choices = ", ".join(one.id for one in packs) or ", ".join(known)
    raise Refused(Refusal.VALUE_NOT_ALLOWED, text=text, what="drug and pack", choices=choices)


def amount_ug(text: str, of: Item) -> int:
    """Return an amount of an item in micrograms, from "12.5 mg" or, by its strength, "0.5 mL".

    Raises Refused: what `units.parse` raises (a device isn't measured in millilitres), and
    AMOUNT_NOT_WHOLE for a part of a microgram.
    """
    if of.strength_ug_per_ml is None:
        given = parse(text, Dimension.DOSE, what="an amount of drug")
    else:
        given = parse(text, Dimension.DOSE, Dimension.VOLUME, what="an amount of drug")
    per_unit = of.strength_ug_per_ml if given.dimension is Dimension.VOLUME else MICROGRAM_PER_MG
    # The shortest text of a double is the decimal that was written, so nothing is rounded here.
    micrograms = Fraction(str(given.magnitude)) * int(per_unit or 0)
    if micrograms.denominator != 1:
        raise Refused(Refusal.AMOUNT_NOT_WHOLE, text=text)
    return int(micrograms)


def volume_ul(ug: int, of: Item) -> Fraction | None:
    """Return the volume of an amount in microlitres, or None for a device."""
    if of.strength_ug_per_ml is None:
        return None
    return Fraction(ug * _UL_PER_ML, of.strength_ug_per_ml)


def _of(product: Product) -> list[Item]:
    if product.unit_mg is not None:
        ug = _whole(product.unit_mg * MICROGRAM_PER_MG)
        return [Item(product.id, product.id, product.name, product.drug, ug, None)]
    if product.strength_mg_per_ml is None:
        return []
    strength = Fraction(str(product.strength_mg_per_ml)) * MICROGRAM_PER_MG
    found = []
    for vial_ml in product.vial_ml:
        ug = _whole(strength * Fraction(str(vial_ml)))
        name = f"{product.name}, {vial_ml:g} mL"
        key = f"{product.id}/{vial_ml:g}mL"
        found.append(Item(key, product.id, name, product.drug, ug, _whole(strength)))
    return found


def _whole(value: Fraction | float) -> int:
    exact = Fraction(str(value)) if isinstance(value, float) else value
    if exact.denominator != 1:
        raise ValueError(f"{value} is no whole number of micrograms")
    return int(exact)
