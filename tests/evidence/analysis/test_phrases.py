"""The shorter phrases are read as lme4 reads them, or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assuage.evidence.analysis import phrases
from assuage.refusals import Refused


def test_random_effects_have_an_intercept_unless_a_zero_takes_it() -> None:
    for text, terms in (
        ("1 | id", ((),)),
        ("session | id", ((), ("session",))),
        ("1 + session | id", ((), ("session",))),
        ("0 + session | id", (("session",),)),
    ):
        (found,) = phrases.random(text)
        assert (found.terms, found.group, found.correlated) == (terms, ("id",), True)
    assert not phrases.random("1 + session || id")[0].correlated


def test_nested_groups_become_each_group_within_the_others() -> None:
    assert [one.group for one in phrases.random("1 | site/id")] == [("site",), ("site", "id")]
    assert [one.group for one in phrases.random("1 | site:id")] == [("site", "id")]
    assert phrases.random("factor(v) | id")[0].forced == {"v": "factor"}


def test_means_compare_what_stands_before_the_bar() -> None:
    found = phrases.means("arm:sex | visit, site")
    assert (found.compared, found.within) == (("arm", "sex"), ("visit", "site"))
    assert phrases.means("arm").within == ()


def test_pairs_are_read() -> None:
    assert phrases.levels(["visit=base line, week 1"]) == {"visit": ("base line", "week 1")}
    assert phrases.levels(['arm=0, "1 mg, slow"']) == {"arm": ("0", "1 mg, slow")}
    assert phrases.reference(["A", "arm=placebo"]) == (("arm", "placebo"), ("", "A"))
    assert phrases.held(["x=1, 2", "z=-3"]) == {"x": (1, 2), "z": (-3,)}


UNREADABLE: list[tuple[Callable[[str], object], str, str]] = [
    (phrases.repeated, "visit id", "FORMULA_UNREADABLE"),
    (phrases.repeated, "visit | id | x", "FORMULA_UNREADABLE"),
    (phrases.repeated, "", "FORMULA_UNREADABLE"),
    (phrases.random, "1", "FORMULA_UNREADABLE"),
    (phrases.random, "1 |", "FORMULA_UNREADABLE"),
    (phrases.random, "0 | id", "FORMULA_UNREADABLE"),
    (phrases.random, "2 | id", "FORMULA_UNREADABLE"),
    (phrases.random, "1 | id)", "FORMULA_UNREADABLE"),
    (phrases.random, "1 ||| id", "FORMULA_UNREADABLE"),
    (phrases.means, "arm | arm", "FORMULA_UNREADABLE"),
    (phrases.means, "arm |", "FORMULA_UNREADABLE"),
    (phrases.means, "arm visit", "FORMULA_UNREADABLE"),
    (lambda text: phrases.levels([text]), "visit", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.levels([text]), 'visit="a, b', "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.held([text]), "x=a", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.held([text]), "x=nan", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.held([text]), "x=1,1", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.held([text]), "x=", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.reference([text]), "=a", "VALUE_NOT_ALLOWED"),
    (lambda text: phrases.reference([text, text]), "arm=a", "OPTION_CONFLICT"),
]


@pytest.mark.parametrize(("read", "text", "code"), UNREADABLE)
def test_what_cannot_be_read_is_refused(
    read: Callable[[str], object], text: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.code == code
