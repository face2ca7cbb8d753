"""Prices come from the user and from nowhere else; what can be read two ways is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from assuage.planning.comparison.prices import chair_cost_in, prices_in
from assuage.refusals import Refused


def code(texts: list[str]) -> str:
    with pytest.raises(Refused) as caught:
        prices_in(texts)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 4,50 EUR per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: -4.50 EUR per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: nan EUR per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 1e3 EUR per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 4.50 per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 4.50 eur per container", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 4.50 EUR per mg", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 4.50 EUR", "QUANTITY_AMBIGUOUS"),
        ("ketamine-10: 0 EUR per container", "QUANTITY_NOT_POSITIVE"),
        ("ketamine-10: 0.00 EUR per container", "QUANTITY_NOT_POSITIVE"),
        ("ketamine-11: 4.50 EUR per container", "PRODUCT_STRENGTH_UNKNOWN"),
        ("esketamine-5: 9 EUR per container", "OPTION_MISSING"),
        ("esketamine-5 10 mL: 9 EUR per container", "VALUE_NOT_ALLOWED"),
    ],
)
def test_what_is_refused(text: str, refusal: str) -> None:
    assert code([text]) == refusal


def test_two_prices_for_one_container_are_refused() -> None:
    text = "ketamine-10: 4.50 EUR per container"
    assert code([text, text]) == "OPTION_CONFLICT"
    assert code([text, "ketamine-10 20 mL: 5 EUR per container"]) == "OPTION_CONFLICT"


def test_sizes_of_one_product_have_their_own_prices() -> None:
    found = prices_in([f"esketamine-5 {size} mL: 9 EUR per container" for size in (5, 20)])
    assert [one.size_ml for one in found] == [5.0, 20.0]  # source: products.toml


@forall(cents=st.integers(1, 10**9), count=st.integers(0, 500))
def test_money_is_exact(cents: int, count: int) -> None:
    text = f"{cents // 100}.{cents % 100:02d}"
    (one,) = prices_in([f"ketamine-10: {text} EUR per container"])
    assert one.each.times(count).amount == Decimal(cents * count) / 100


@pytest.mark.parametrize("text", ["", "60", "60 EUR", "60 EUR/min", "60,5 EUR/h", "-60 EUR/h"])
def test_a_chair_costs_so_much_an_hour(text: str) -> None:
    with pytest.raises(Refused):
        chair_cost_in(text)
    assert str(chair_cost_in("60.5 EUR/h")) == "60.50 EUR"
