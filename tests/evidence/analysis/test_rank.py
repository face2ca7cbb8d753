"""Columns that others make up are named; combinations that nobody is in are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis import phrases
from assuage.evidence.analysis.means import ls_means
from assuage.evidence.analysis.table import Table
from assuage.refusals import Refused
from evidence.analysis.asking import FEW, design, table, trial, unbalanced, without


@FEW
@given(st.integers(0, 1000))
def test_columns_that_are_kept_make_up_the_others(seed: int) -> None:
    found = design(without(unbalanced(seed), a="q", b="2"), "y ~ a * b + z", factors=("b",))
    assert int(found.told.kept.sum()) == np.linalg.matrix_rank(found.x) == 12
    assert found.told.made_of.shape == (12, 1)
    assert found.told.holes == {("a", "b"): ("a q, b 2",)}


def singular(text: str, model: str) -> str:
    with pytest.raises(Refused) as caught:
        design(table(text), model)
    assert caught.value.code == "DESIGN_SINGULAR"
    return caught.value.sentence


ROWS = "".join(f"{n},{n * n % 7},{n % 5}\n" for n in range(12))


def test_two_terms_that_say_the_same_are_both_named() -> None:
    text = "y,x,z\n" + ROWS.replace(",", ",")
    twice = "\n".join(
        f"{line},{'w' if not n else 3 * float(line.split(',')[1]) + 1}"
        for n, line in enumerate(text.splitlines())
    )
    said = singular(twice, "y ~ x + z + w")
    assert "w (term w)" in said
    assert "(Intercept), x" in said
    assert "z," not in said.partition("made up of")[2]


def test_a_constant_a_single_level_and_a_nested_factor_are_named() -> None:
    text = "y,x,a,b\n" + "".join(f"{n % 7},3,k,{'uv'[n % 2]}\n" for n in range(9))
    assert "x (term x) is the same in every row" in singular(text, "y ~ x")
    assert "a is 'k' in every row" in singular(text, "y ~ a")
    nested = "y,arm,site\n" + "".join(
        f"{n * n % 5},{'pq'[n % 2]},{'su'[n % 2]}{n % 2}\n" for n in range(9)
    )
    assert "site[u1] (term site) is made up of arm" in singular(nested, "y ~ arm + site")


def test_an_interaction_without_its_margins_is_one_too_many() -> None:
    with pytest.raises(Refused, match="term arm:visit") as caught:
        design(trial(), "pain ~ arm:visit", factors=("visit",))
    assert caught.value.code == "DESIGN_SINGULAR"


@pytest.mark.parametrize("far", [0.0, 2.5e11])
def test_a_covariate_of_any_size_hides_no_combination_without_a_row(far: float) -> None:
    """Platelets are counted in 1e11 a litre, and a tolerance must not grow with them."""
    gone = without(trial(), arm="high", visit="12")
    z = tuple(repr(far + 1e9 * float(one)) for one in gone.cells["baseline"] if one)
    gone = Table(gone.name, gone.cells | {"z": z}, gone.rows)
    found = design(gone, "pain ~ arm * visit + z", factors=("visit",))
    told = [one.row is not None for one in ls_means(found, phrases.means("arm | visit"), {}).means]
    assert told == [True] * 9 + [False, True, True]


def test_the_size_of_a_covariate_does_not_make_it_singular() -> None:
    text = "y,x,z\n" + "".join(f"{n * n % 7},{1e9 + n},{1e-9 * (n * n % 11)}\n" for n in range(30))
    assert design(table(text), "y ~ x + z").x.shape == (30, 3)
