"""Type III tests are those of sum-to-zero coding, whatever the coding, and those of SAS and R.

source: R 4.2.2 on examples/data/pain-trial.csv with v = factor(visit),
drop1(lm(pain ~ arm*v + site*baseline, contrasts = contr.sum for each factor), .~., test = "F").
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis import ordinary
from assuage.evidence.analysis.design import Design
from assuage.evidence.analysis.hypotheses import coefficients, type_three
from assuage.evidence.mixed.fitted import F
from evidence.analysis.asking import FEW, design, trial, unbalanced, without

MODELS = ("y ~ a * b + z", "y ~ a + b * z", "y ~ a * b * z", "y ~ b + a:b", "y ~ z + a:z + b")


def sum_coded(found: Design) -> F:
    """Return the design with each level's column less the last level's, built row by row."""
    columns = []
    for term in found.terms:
        pieces = [np.ones((len(found.y), 1))]
        for name in term.names:
            if name in found.covariates:
                pieces.append(found.covariates[name][:, None])
                continue
            own = np.eye(len(found.factors[name].levels))
            coding = own if name in term.full else own[:, :-1] - own[:, -1:]
            pieces.append(coding[found.factors[name].codes])
        made = pieces[0]
        for piece in pieces[1:]:
            made = np.column_stack([made[:, [i]] * piece for i in range(made.shape[1])])
        columns.append(made)
    return np.hstack(columns)


@pytest.mark.parametrize("model", MODELS)
@FEW
@given(seed=st.integers(0, 10_000))
def test_sum_coefficients_are_those_of_a_design_that_is_coded_so(model: str, seed: int) -> None:
    found = design(unbalanced(seed), model, factors=("b",))
    other = sum_coded(found)
    wanted = np.linalg.lstsq(other, found.y, rcond=None)[0]
    beta = np.linalg.lstsq(found.x, found.y, rcond=None)[0]
    rows = np.array([one.row for one in coefficients(found, "sum")])
    assert rows @ beta == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
@FEW
@given(seed=st.integers(0, 10_000))
def test_tests_are_those_of_leaving_out_the_columns_of_a_sum_coded_design(
    model: str, seed: int
) -> None:
    found = design(unbalanced(seed), model, factors=("b",))
    other, fit = sum_coded(found), ordinary.fit(found.x, found.y)
    whole = _left_over(other, found.y)
    df = len(found.y) - other.shape[1]
    for term, hypothesis in zip(found.terms[1:], type_three(found), strict=True):
        rest = np.delete(other, np.r_[term.place], axis=1)
        width = term.place.stop - term.place.start
        wanted = (_left_over(rest, found.y) - whole) / width / (whole / df)
        assert hypothesis.rows is not None
        found_f = ordinary.joint(fit, hypothesis.rows).F
        assert found_f == pytest.approx(wanted, rel=1e-6, abs=1e-7)


def _left_over(x: F, y: F) -> float:
    return float(np.sum((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2))


def test_tests_are_those_of_r() -> None:
    found = design(trial(), "pain ~ arm * visit + site * baseline", factors=("visit",))
    fit = ordinary.fit(found.x, found.y)
    wanted = {
        "arm": (2, 29.76773),
        "visit": (3, 0.70957),
        "site": (1, 3.51962),
        "baseline": (1, 62.04024),
        "arm:visit": (6, 1.98845),
        "site:baseline": (1, 4.67928),
    }
    tests = {
        one.term: ordinary.joint(fit, one.rows) for one in type_three(found) if one.rows is not None
    }
    assert {term: (one.df1, round(one.F, 5)) for term, one in tests.items()} == wanted


@FEW
@given(st.integers(0, 10_000), st.sampled_from("pqr"))
def test_the_reference_level_does_not_move_a_test(seed: int, level: str) -> None:
    values = []
    for reference in ("a=p", f"a={level}"):
        found = design(
            unbalanced(seed), "y ~ a * b + a * z", factors=("b",), reference=(reference,)
        )
        fit = ordinary.fit(found.x, found.y)
        values.append(
            [ordinary.joint(fit, one.rows).F for one in type_three(found) if one.rows is not None]
        )
    assert values[0] == pytest.approx(values[1], rel=1e-7)
    assert len(values[0]) == 5


def test_with_an_empty_cell_the_tests_that_rest_on_it_are_not_given() -> None:
    gone = without(trial(), arm="high", visit="12")
    found = design(gone, "pain ~ arm * visit + baseline", factors=("visit",))
    told = {one.term: one.rows is not None for one in type_three(found)}
    assert told == {"arm": False, "visit": False, "baseline": True, "arm:visit": True}
    sums = {one.term: one.row is not None for one in coefficients(found, "sum")}
    assert sums["baseline"]
    assert not sums["arm[high]"]
    assert all(one.row is not None for one in coefficients(found, "treatment"))


def test_an_interaction_with_an_empty_cell_is_tested_by_what_it_adds() -> None:
    """source: drop1(lm(pain ~ arm*v + site*v + baseline), ~., "F") without arm high at visit 12."""
    gone = without(trial(), arm="high", visit="12")
    found = design(gone, "pain ~ arm * visit + site * visit + baseline", factors=("visit",))
    fit = ordinary.fit(found.x, found.y)
    rows = {one.term: one.rows for one in type_three(found)}
    shown = {
        term: (one.df1, round(one.F, 5))
        for term, given in rows.items()
        if given is not None
        for one in [ordinary.joint(fit, given)]
    }
    assert shown["arm:visit"] == (5, 1.16643)
    assert shown["visit:site"] == (3, 1.29148)
    assert shown["site"][0] == 1
    assert rows["arm"] is rows["visit"] is None


def test_a_term_within_a_larger_one_with_an_empty_cell_has_no_test() -> None:
    gone = without(unbalanced(3), a="q", b="2")
    found = design(gone, "y ~ a * b + a:b:z", factors=("b",))
    assert {one.term: one.rows is not None for one in type_three(found)}["a:b"]
    parted = without(without(unbalanced(4), a="q", b="2"), a="p", b="1")
    told = {
        one.term: one.rows is not None
        for one in type_three(design(parted, "y ~ a * b * z", factors=("b",)))
    }
    assert told == {
        "a": False,
        "b": False,
        "z": False,
        "a:b": True,
        "a:z": False,
        "b:z": False,
        "a:b:z": True,
    }
