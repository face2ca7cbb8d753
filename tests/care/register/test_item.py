"""An amount is the same number of micrograms however it is written.

source: the strengths are those in the names of the products (mg/mL); the rest is arithmetic.
"""

from __future__ import annotations

import csv
from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.care.register import item as items
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

HOSTILE = Path(__file__).parents[2] / "hostile_quantities.csv"
VIAL = items.item("ketamine-50")
STRONG = items.item("esketamine-25/10mL")
DEVICE = items.item("esketamine-nasal-28")

# text      item                    micrograms, or the code
AMOUNTS = """
12.5 mg    | ketamine-50            | 12500
0.5 mL     | ketamine-50            | 25000
0.01 mL    | esketamine-25/2mL      | 250
250 ug     | ketamine-50            | 250
28 mg      | esketamine-nasal-28    | 28000
0.1 mL     | esketamine-5/5mL       | 500
1.234 mg   | ketamine-50            | 1234
1.2345 mg  | ketamine-50            | AMOUNT_NOT_WHOLE
0.00001 mL | ketamine-50            | QUANTITY_IMPLAUSIBLE
0.0123456 mL | ketamine-50          | AMOUNT_NOT_WHOLE
0.5 mL     | esketamine-nasal-28    | QUANTITY_UNIT_WRONG
5          | ketamine-50            | QUANTITY_UNIT_MISSING
1,5 mg     | ketamine-50            | QUANTITY_AMBIGUOUS
-5 mg      | ketamine-50            | QUANTITY_NOT_POSITIVE
0 mg       | ketamine-50            | QUANTITY_NOT_POSITIVE
"""


@pytest.mark.parametrize("row", AMOUNTS.strip().splitlines())
def test_an_amount_in_micrograms(row: str) -> None:
    text, of, told = (part.strip() for part in row.split("|"))
    if told.isdecimal():
        assert items.amount_ug(text, items.item(of)) == int(told)
        return
    with pytest.raises(Refused) as refused:
        items.amount_ug(text, items.item(of))
    assert refused.value.code == told


@given(ug=st.integers(10, 500_000), of=st.sampled_from([VIAL, STRONG]))
def test_a_whole_microgram_comes_back_from_milligrams_and_micrograms(
    ug: int, of: items.Item
) -> None:
    assert items.amount_ug(f"{Decimal(ug) / 1000:f} mg", of) == ug
    assert items.amount_ug(f"{ug} ug", of) == ug


@given(ul=st.integers(10, 10_000), of=st.sampled_from([VIAL, STRONG]))
def test_a_volume_in_microlitres_is_exact(ul: int, of: items.Item) -> None:
    assert of.strength_ug_per_ml is not None
    ug = items.amount_ug(f"{Decimal(ul) / 1000:f} mL", of)
    assert ug == ul * of.strength_ug_per_ml // 1000
    assert items.volume_ul(ug, of) == Fraction(ul)


def test_a_device_has_no_volume() -> None:
    assert items.volume_ul(28_000, DEVICE) is None


def test_every_hostile_quantity_is_refused() -> None:
    with HOSTILE.open(encoding="utf-8", newline="") as file:
        texts = [
            row["text"]
            for row in csv.DictReader(file)
            if row["dimension"] == "DOSE" and row["expect"] in Refusal.__members__
        ]
    assert len(texts) > 50
    taken = []
    for text in texts:
        try:
            items.amount_ug(text, DEVICE)
        except Refused:
            continue
        taken.append(text)
    assert taken == []


def test_an_item_is_a_pack_of_a_product() -> None:
    assert items.item("ketamine-50").id == "ketamine-50/10mL"
    assert (VIAL.unit_ug, VIAL.strength_ug_per_ml) == (500_000, 50_000)
    assert (DEVICE.unit_ug, DEVICE.strength_ug_per_ml) == (28_000, None)
    assert {one.product for one in items.items().values()} == set(library.products())


@pytest.mark.parametrize(
    "text", ["", "ketamine", "esketamine-25", "ketamine-50/1mL", "KETAMINE-50"]
)
def test_an_unknown_item_or_one_of_several_packs_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        items.item(text)
    assert refused.value.refusal is Refusal.VALUE_NOT_ALLOWED


def test_the_section_keeps_its_name() -> None:
    assert items.SECTION == "ketamine"  # a part of what streams that are stored are called


def test_a_pack_is_named_by_its_product_and_size() -> None:
    assert (
        items.Item(
            *("ketamine-50/10mL", "ketamine-50", "Ketamine 50 mg/mL injection, 10 mL"),
            *("racemic-ketamine", 500_000, 50_000),
        )
        == VIAL
    )
    assert (
        items.Item(
            *("esketamine-nasal-28", "esketamine-nasal-28", "Esketamine nasal spray, 28 mg device"),
            *("esketamine", 28_000, None),
        )
        == DEVICE
    )
    with pytest.raises(FrozenInstanceError):
        VIAL.unit_ug = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("esketamine-5", "esketamine-5/5mL, esketamine-5/20mL"),
        ("x", ", ".join(items.items())),
    ],
)
def test_an_item_that_isnt_one_is_answered_by_those_that_are(text: str, choices: str) -> None:
    with pytest.raises(Refused) as refused:
        items.item(text)
    assert refused.value.fields == {"text": text, "what": "drug and pack", "choices": choices}


@pytest.mark.parametrize("of", [VIAL, DEVICE])
def test_a_refused_amount_tells_what_it_was_for(of: items.Item) -> None:
    with pytest.raises(Refused) as refused:
        items.amount_ug("5", of)
    assert refused.value.fields["what"] == "an amount of drug"
    with pytest.raises(Refused) as refused:
        items.amount_ug("1.2345 mg", of)
    assert refused.value.fields == {"text": "1.2345 mg"}


def test_a_product_without_strength_or_unit_has_no_pack_and_none_is_rounded() -> None:
    product = library.products()["ketamine-50"]
    bare = product.model_copy(update={"strength_mg_per_ml": None})
    assert items._of(bare) == []
    odd = product.model_copy(update={"vial_ml": (0.00001,)})
    with pytest.raises(ValueError, match=r"^1/2 is no whole number of micrograms$"):
        items._of(odd)
