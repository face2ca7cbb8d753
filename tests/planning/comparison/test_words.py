"""How numbers are written."""

from __future__ import annotations

import pytest

from assuage.planning.comparison.document import Cell, Difference
from assuage.planning.comparison.words import difference_words, ends, figure, value_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.90581, "0.906"),
        (33.637, "33.6"),
        (96.452, "96.5"),
        (2000.0, "2000"),
        (4690.4, "4690"),
    ],
)
def test_three_digits_and_every_one_before_the_point(value: float, text: str) -> None:
    assert figure(value) == text


def test_a_missing_number_is_a_word_and_not_a_gap() -> None:
    """source: any number."""
    assert value_words(Cell(status="unknown", why="No price")) == "unknown"
    assert ends(None, 3.0) == ""
    assert difference_words(Difference(value=None, why="refused")) == ["-"]


def test_a_difference_carries_its_sign_and_currency() -> None:
    """source: any numbers."""
    assert difference_words(Difference(value=1.5, low=0.0, high=2.0)) == ["+1.5", "0 to 2"]
    assert difference_words(Difference(value=-9.0), "EUR") == ["-9 EUR"]
    cell = Cell(status="counted", value=45.0, currency="EUR", text="45.00 EUR")
    assert value_words(cell) == "45.00 EUR"
