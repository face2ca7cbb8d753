"""A model in words is read as R reads it, or refused at the character where it can't be.

source: the terms beside each formula are those of R 4.2.2, `attr(terms(f), "term.labels")`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis.formula import parse
from assuage.refusals import Refused

READ = {
    "y ~ 1": [],
    "y ~ a": ["a"],
    "y ~ a + b + a": ["a", "b"],
    "y ~ a * b": ["a", "b", "a:b"],
    "y ~ a:b + b:a + a": ["a", "a:b"],
    "y ~ a * b * c": ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"],
    "y ~ (a + b) * c": ["a", "b", "c", "a:c", "b:c"],
    "y ~ a:(b + c)": ["a:b", "a:c"],
    "y ~ a * b + b * c": ["a", "b", "c", "a:b", "b:c"],
    "y ~ (a + b) * (a + b)": ["a", "b", "a:b"],
    "y ~ z + a:b + a": ["z", "a", "a:b"],
}
# The formula, the character, and a word of the complaint.
UNREADABLE = [
    ("log(y) ~ a", 1, "log() isn't read; give the outcome"),
    ("", 1, "column's name"),
    ("y", 2, "'~'"),
    ("y ~", 4, "the end"),
    ("~ a", 1, "column's name"),
    ("y ~ a +", 8, "the end"),
    ("y ~ a b", 7, "'b' isn't expected"),
    ("y ~ a ** b", 8, "'*'"),
    ("y ~ a - 1", 7, "every model has an intercept"),
    ("y ~ -1 + a", 5, "every model has an intercept"),
    ("y ~ 0 + a", 5, "every model has an intercept"),
    ("y ~ a ^ 2", 7, "powers"),
    ("y ~ a / b", 7, "nesting"),
    ("y ~ a + (1 | id)", 12, "--random"),
    ("y ~ a | id", 7, "--random"),
    ("y ~ (a", 7, "')'"),
    ("y ~ log(a)", 5, "log()"),
    ("y ~ factor(a) + number(a)", 17, "both"),
    ("y ~ a + y", 9, "explain itself"),
    ("y ~ a ~ b", 7, "'~' isn't expected"),
    ("1 ~ a", 1, "column's name"),
    ("y ~ " + "(" * 20 + "a" + ")" * 20, 18, "deep"),
]


@pytest.mark.parametrize("text", READ)
def test_terms_are_those_of_r(text: str) -> None:
    found = parse(text)
    assert found.response == "y"
    assert found.terms[0] == ()
    assert [":".join(term) for term in found.terms[1:]] == READ[text]


@pytest.mark.parametrize(("text", "at", "why"), UNREADABLE)
def test_what_cannot_be_read_is_refused_at_its_character(text: str, at: int, why: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.code == "FORMULA_UNREADABLE"
    assert f"character {at}:" in caught.value.sentence
    assert why in caught.value.sentence


def test_odd_names_and_forced_kinds_are_kept() -> None:
    found = parse("`pain (0-10)` ~ factor(`week no`) * number(x.1) + été")
    assert found.response == "pain (0-10)"
    assert found.names == ("week no", "x.1", "été")
    assert found.forced == {"week no": "factor", "x.1": "number"}


def test_a_model_of_thousands_of_terms_is_refused_before_it_is_made() -> None:
    with pytest.raises(Refused, match="more than 200 terms"):
        parse("y ~ " + " * ".join(f"x{n}" for n in range(60)))


SUMS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)


@given(st.lists(SUMS, min_size=1, max_size=4))
def test_the_order_in_which_terms_are_written_does_not_matter(groups: list[list[str]]) -> None:
    def terms(parts: list[list[str]]) -> set[frozenset[str]]:
        return set(map(frozenset, parse("y ~ " + " + ".join(map("*".join, parts))).terms))

    assert terms(groups) == terms([one[::-1] for one in groups[::-1]])


@given(st.text("y~ab+*:()`|1-0 factor", max_size=30))
def test_no_text_gives_anything_but_a_model_or_a_refusal(text: str) -> None:
    try:
        found = parse(text)
    except Refused as refused:
        assert refused.code == "FORMULA_UNREADABLE"  # noqa: PT017
        return
    assert found.terms[0] == ()
    assert found.response not in found.names
