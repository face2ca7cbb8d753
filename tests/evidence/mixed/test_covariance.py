"""Structures of repeated measures: their entries, derivatives, starts and what they need."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.mixed.covariance import HETEROGENEOUS, STRUCTURES, structure
from assuage.evidence.mixed.fitted import F
from assuage.refusals import Refused
from evidence.mixed.trials import bent, sloped

# source: SAS/STAT User's Guide, PROC MIXED, REPEATED statement, table of TYPE=, for m visits
COUNTS = {
    "unstructured": lambda m: m * (m + 1) // 2,
    "toeplitz": lambda m: m,
    "heterogeneous-toeplitz": lambda m: 2 * m - 1,
    "ar1": lambda _: 2,
    "heterogeneous-ar1": lambda m: m + 1,
    "compound-symmetry": lambda _: 2,
    "heterogeneous-compound-symmetry": lambda m: m + 1,
    "ante-dependence": lambda m: m,
    "heterogeneous-ante-dependence": lambda m: 2 * m - 1,
}


def somewhere(name: str, visits: int, seed: int = 3) -> F:
    chosen = structure(name, visits)
    return np.random.default_rng(seed).normal(0.1, 0.4, chosen.count)


def test_every_structure_is_counted() -> None:
    assert set(COUNTS) == set(STRUCTURES)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("visits", [2, 3, 5, 12])
def test_as_many_parameters_as_defined(name: str, visits: int) -> None:
    chosen = structure(name, visits)
    labels = chosen.names(tuple(f"week {n}" for n in range(visits)))
    assert chosen.count == COUNTS[name](visits) == len(labels) == len(set(labels))


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("visits", [2, 4])
def test_derivatives_are_those_of_the_matrix(name: str, visits: int) -> None:
    chosen, free = structure(name, visits), somewhere(name, visits)
    first, second = sloped(chosen.covariance, free, 1e-4), bent(chosen.covariance, free, 1e-4)
    np.testing.assert_allclose(chosen.first(free), first.reshape(len(free), -1), atol=1e-7)
    weights = np.random.default_rng(1).normal(size=(visits, visits))
    weights += weights.T
    wanted = np.einsum("ijab,ab->ij", second, weights)
    np.testing.assert_allclose(chosen.bent(free, weights), wanted, atol=1e-5)


@pytest.mark.parametrize("name", STRUCTURES[1:])
def test_inference_is_done_in_the_free_numbers(name: str) -> None:
    chosen, free = structure(name, 4), somewhere(name, 4)
    theta, first, second = chosen.theta(free)
    by, twice = sloped(chosen.covariance, theta, 1e-4), bent(chosen.covariance, theta, 1e-4)
    assert second is not None
    np.testing.assert_allclose(first, by.reshape(len(theta), -1), atol=1e-7)
    np.testing.assert_allclose(second, twice.reshape(len(theta), len(theta), -1), atol=1e-5)


def test_the_unstructured_matrix_is_linear_in_theta() -> None:
    chosen = structure("unstructured", 4)
    free = somewhere("unstructured", 4)
    theta, first, second = chosen.theta(free)
    assert second is None
    np.testing.assert_allclose((theta @ first).reshape(4, 4), chosen.covariance(free), atol=1e-14)


@pytest.mark.parametrize("name", STRUCTURES)
def test_theta_moves_as_it_says(name: str) -> None:
    chosen, free = structure(name, 3), somewhere(name, 3)
    # source: the tolerance is that of a numerical derivative
    by = sloped(lambda at: chosen.theta(chosen.scaled(at, 7.0))[0], free, 1e-4)
    np.testing.assert_allclose(chosen.moved(free, 7.0), by.T, atol=1e-5)


@pytest.mark.parametrize("name", STRUCTURES[1:])
def test_correlations_follow_their_pattern(name: str) -> None:
    """By the definition of each structure, entry by entry."""
    V = structure(name, 5).covariance(somewhere(name, 5))
    sd = np.sqrt(np.diagonal(V))
    R = V / (sd[:, None] * sd)
    same_sd = np.ptp(sd) < 1e-12
    assert same_sd is np.bool_(not name.startswith(HETEROGENEOUS))
    for a in range(5):
        for b in range(a + 1, 5):
            steps = [R[n, m] for n, m in pairwise(range(a, b + 1))]
            wanted = {
                "toeplitz": R[0, b - a],
                "ar1": R[0, 1] ** (b - a),
                "compound-symmetry": R[0, 1],
                "ante-dependence": float(np.prod(steps)),
            }[name.removeprefix(HETEROGENEOUS)]
            assert np.isclose(R[a, b], wanted, rtol=1e-12)
            assert np.isclose(V[a, b], V[b, a], rtol=1e-15)


@pytest.mark.parametrize("name", [name for name in STRUCTURES if "toeplitz" not in name])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), visits=st.integers(2, 7))
def test_any_free_numbers_make_a_definite_matrix(name: str, seed: int, visits: int) -> None:
    chosen = structure(name, visits)
    free = np.random.default_rng(seed).normal(0.0, 1.0, chosen.count)
    np.linalg.cholesky(chosen.covariance(free))


@pytest.mark.parametrize("name", STRUCTURES)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), visits=st.integers(2, 7), factor=st.floats(1e-6, 1e6))
def test_a_start_is_definite_and_scales(name: str, seed: int, visits: int, factor: float) -> None:
    rough = np.random.default_rng(seed).normal(size=(visits, visits))
    rough = rough + rough.T
    np.fill_diagonal(rough, np.abs(np.diagonal(rough)) + 0.01)
    chosen = structure(name, visits)
    free = chosen.start(rough)
    V = chosen.covariance(free)
    np.linalg.cholesky(V)
    larger = chosen.covariance(chosen.scaled(free, factor))
    np.testing.assert_allclose(larger / factor**2, V, atol=1e-12 * V.max())


def test_an_unknown_structure_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        structure("banded", 4)
    assert refused.value.code == "VALUE_NOT_ALLOWED"
    assert "heterogeneous-ar1" in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "seen", "untold"),
    [
        ("unstructured", [(0, 1), (1, 2)], ((0, 2),)),
        ("ante-dependence", [(0, 1), (0, 2)], ((1, 2),)),
        ("heterogeneous-ante-dependence", [(0, 1), (1, 2)], ()),
        ("toeplitz", [(0, 1), (1, 2)], ((0, 2),)),
        ("toeplitz", [(0, 2), (1, 2)], ()),
        ("ar1", [(0, 2)], ((0, 1),)),
        ("ar1", [(1, 2)], ()),
        ("compound-symmetry", [(0, 2)], ()),
        ("compound-symmetry", [], ((0, 1),)),
    ],
)
def test_which_pairs_a_structure_needs(
    name: str, seen: list[tuple[int, int]], untold: tuple[tuple[int, int], ...]
) -> None:
    both = np.diag([9, 9, 9])
    for a, b in seen:
        both[a, b] = both[b, a] = 5
    assert structure(name, 3).untold(both) == untold
