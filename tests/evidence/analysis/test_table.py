"""What a column holds is decided by rule, and what could mean two things is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis.table import levels_of, near
from assuage.refusals import Refused
from evidence.analysis.asking import table

MIXED = "id,x,arm\n1,2,a\n2,.,b\n3,NA,\n4,-1e2,a\n"


def test_missing_cells_are_missing_and_numbers_numbers() -> None:
    found = table(MIXED)
    assert found.texts("x") == ("2", None, None, "-1e2")
    assert found.texts("arm") == ("a", "b", None, "a")
    assert found.is_numeric("x")
    assert not found.is_numeric("arm")
    assert [str(one) for one in found.numbers("x")] == ["2.0", "nan", "nan", "-100.0"]


@pytest.mark.parametrize("odd", ["1,5", "NaN", "inf", "twelve", "12 mg", "<1", "na", "1e999"])
def test_a_slip_in_a_column_of_numbers_is_refused_with_its_row(odd: str) -> None:
    found = table(f'x\n1\n2\n"{odd}"\n')
    with pytest.raises(Refused, match="row 4") as caught:
        found.is_numeric("x")
    assert f"'{odd}'" in caught.value.sentence
    assert "--factor x" in caught.value.remedy
    with pytest.raises(Refused, match="row 4"):
        found.numbers("x")


def test_decimal_commas_throughout_are_no_category() -> None:
    found = table('x,dose\n"7,5","0,5"\n"8,1",none\n')
    with pytest.raises(Refused, match="x is '7,5', and a number in 0 of 2 rows") as caught:
        found.is_numeric("x")
    assert "decimals with a point" in caught.value.remedy
    assert not found.is_numeric("dose")


def test_a_column_that_is_not_there_is_refused_with_those_like_it() -> None:
    found = table("pain_week1,Arm\n1,a\n")
    for name, like in (("arm", "Arm"), ("pain_weak1", "pain_week1"), ("zzz", "pain_week1, Arm")):
        with pytest.raises(Refused) as caught:
            found.texts(name)
        assert caught.value.code == "FIELD_UNKNOWN"
        assert caught.value.remedy == f"use one of: {like}"
    assert near("x", [f"column {n}" for n in range(50)]).endswith("and 20 more")


def test_an_empty_column_is_refused() -> None:
    with pytest.raises(Refused, match="holds nothing"):
        table("x,y\n,1\nNA,1\n").is_numeric("x")


def test_levels_stand_as_people_count() -> None:
    assert levels_of("a", "v", ["10", "9", "-1", "9"]) == ("-1", "9", "10")
    assert levels_of("a", "v", ["week 10", "week 2", "Baseline"]) == (
        "Baseline",
        "week 2",
        "week 10",
    )


@pytest.mark.parametrize(
    "two", [("4", "4.0"), ("Placebo", "placebo"), ("a  b", "A b"), ("1", "01")]
)
def test_two_spellings_of_one_value_are_refused(two: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="two spellings"):
        levels_of("a.csv", "v", two)


@pytest.mark.parametrize("odd", ["a\x1b[2Jb", "a\nb", "a\u200bb", "a\x00b", "a\u202eb"])
def test_what_cannot_be_seen_is_no_name(odd: str) -> None:
    with pytest.raises(Refused, match="can't be seen"):
        levels_of("a.csv", "arm", ["a", odd])
    with pytest.raises(Refused, match="can't be seen") as caught:
        table(f'"{odd}",b\n1,2\n').texts(odd)
    assert caught.value.sentence.isprintable()


@given(st.lists(st.text("aAb1 02", min_size=1, max_size=4).map(str.strip), max_size=8))
def test_levels_do_not_hang_on_the_order_of_rows(texts: list[str]) -> None:
    def found(of: list[str]) -> tuple[str, ...] | str:
        try:
            return levels_of("a", "v", of)
        except Refused as refused:
            return refused.code

    assert found(texts) == found(texts[::-1])
