"""Means and their differences are those of emmeans, and what the data don't tell isn't given.

source: R 4.2.2, emmeans 1.8.4.1, on examples/data/pain-trial.csv with v = factor(visit):
m = lm(pain ~ arm*v + site*baseline); emmeans(m, ~arm|v), emmeans(m, ~arm),
emmeans(m, ~arm, at=list(baseline=5)), pairs(emmeans(m, ~arm|v)); and with the rows of arm high at
visit 12 taken out lm(pain ~ arm*v + baseline), emmeans(m, ~arm|v) and emmeans(m, ~arm), where NA
is not estimable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis import phrases
from assuage.evidence.analysis.means import contrasts, ls_means
from assuage.refusals import Refused
from evidence.analysis.asking import FEW, design, effects, trial, unbalanced, without

MODEL = "pain ~ arm * visit + site * baseline"


def means(found: Any, text: str, **at: tuple[float, ...]) -> list[float | None]:
    beta = effects(found)
    asked = ls_means(found, phrases.means(text), at).means
    return [None if one.row is None else float(one.row @ beta) for one in asked]


def test_means_are_those_of_emmeans() -> None:
    found = design(trial(), MODEL, factors=("visit",))
    assert means(found, "arm | visit")[:3] == pytest.approx(
        [3.575131787, 5.691497988, 5.875113955], rel=1e-9
    )
    assert means(found, "arm") == pytest.approx([4.170914301, 5.667428493, 5.507927357], rel=1e-9)
    held = means(found, "arm", baseline=(5.0,))
    assert held == pytest.approx([3.134281553, 4.630795745, 4.471294609], rel=1e-9)


def test_where_nobody_was_nothing_is_said() -> None:
    found = design(
        without(trial(), arm="high", visit="12"),
        "pain ~ arm * visit + baseline",
        factors=("visit",),
    )
    by_visit = means(found, "arm | visit")
    assert by_visit[9] is None
    wanted = [3.597283151, 5.639500781, 5.886065088, 4.078140454, 5.781227505, 5.708287310]
    wanted += [4.222300205, 5.404127800, 5.227192578, 5.665238911, 5.324838361]
    assert [one for one in by_visit if one is not None] == pytest.approx(wanted, rel=1e-9)
    by_arm = means(found, "arm")
    assert by_arm[0] is None
    assert by_arm[1:] == pytest.approx([5.622523749, 5.536595834], rel=1e-9)


@FEW
@given(st.integers(0, 10_000))
def test_a_saturated_model_gives_the_plain_mean_of_each_cell(seed: int) -> None:
    found = design(unbalanced(seed), "y ~ a * b", factors=("b",))
    beta = effects(found)
    for one in ls_means(found, phrases.means("a | b"), {}).means:
        a, b = (found.factors[name] for name in "ab")
        here = (a.codes == a.levels.index(one.levels["a"])) & (
            b.codes == b.levels.index(one.levels["b"])
        )
        assert one.rows == here.sum()
        assert one.row is not None
        assert one.row @ beta == pytest.approx(found.y[here].mean(), rel=1e-9, abs=1e-9)


@FEW
@given(st.integers(0, 10_000))
def test_a_factor_that_is_not_asked_about_is_averaged_evenly(seed: int) -> None:
    found = design(unbalanced(seed), "y ~ a * b + b * z", factors=("b",))
    cells = np.array(means(found, "a | b")).reshape(4, 3)
    assert means(found, "a") == pytest.approx(cells.mean(axis=0), rel=1e-9)


def test_a_number_behind_the_bar_takes_each_value_that_is_given() -> None:
    found = design(trial(), "pain ~ arm * visit")
    shown = ls_means(found, phrases.means("arm | visit"), {"visit": (1.0, 12.0)}).means
    assert [one.levels["visit"] for one in shown] == ["1", "1", "1", "12", "12", "12"]
    beta = effects(found)
    first, last = (one.row @ beta for one in shown[::3] if one.row is not None)
    assert last - first == pytest.approx(11 * beta[found.columns.index("visit")])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("baseline", {}),
        ("arm | baseline", {}),
        ("nothing", {}),
        ("arm", {"baseline": (1.0, 2.0)}),
    ],
)
def test_what_is_no_factor_has_no_mean(text: str, at: dict[str, tuple[float, ...]]) -> None:
    found = design(trial(), MODEL, factors=("visit",))
    with pytest.raises(Refused) as caught:
        ls_means(found, phrases.means(text), at)
    assert caught.value.code in ("VALUE_NOT_ALLOWED", "OPTION_CONFLICT")


FOUND = design(trial(), MODEL, factors=("visit",))


def titles(text: str, kind: str, **references: str) -> list[str]:
    made = contrasts(ls_means(FOUND, phrases.means(text), {}), kind, references)
    return [one.title for one in made]


def test_pairs_are_those_of_emmeans() -> None:
    made = contrasts(ls_means(FOUND, phrases.means("arm | visit"), {}), "pairwise", {})
    assert [one.title for one in made[:3]] == ["high - low", "high - placebo", "low - placebo"]
    assert [one.at for one in made[::3]] == [{"visit": one} for one in ("1", "4", "8", "12")]
    beta = effects(FOUND)
    values = [one.row @ beta for one in made[:3] if one.row is not None]
    assert values == pytest.approx([-2.1163662009, -2.2999821680, -0.1836159671], rel=1e-9)


def test_a_reference_is_what_is_taken_away() -> None:
    assert titles("arm", "pairwise", arm="low") == ["high - low", "high - placebo", "placebo - low"]
    assert titles("arm", "reference", arm="low") == ["high - low", "placebo - low"]
    assert titles("arm", "reference", arm="placebo") == ["high - placebo", "low - placebo"]
    assert titles("arm", "reference") == ["low - high", "placebo - high"]
    assert titles("site", "reference") == ["B - A"]


def test_combinations_are_compared_with_the_combination_of_references() -> None:
    found = titles("arm:site", "reference", arm="placebo", site="B")
    assert len(found) == 5
    assert all(one.endswith(" - placebo B") for one in found)
    assert len(titles("arm:site", "pairwise")) == 15


def test_what_rests_on_a_mean_that_is_not_told_is_not_told() -> None:
    gone = design(
        without(trial(), arm="high", visit="12"), "pain ~ arm * visit", factors=("visit",)
    )
    made = contrasts(ls_means(gone, phrases.means("arm | visit"), {}), "pairwise", {})
    assert [one.row is None for one in made[-3:]] == [True, True, False]
    assert all(one.row is not None for one in made[:-3])
