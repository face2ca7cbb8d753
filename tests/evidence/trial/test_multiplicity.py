"""Graphical procedures against the closed test they are a short cut of, and published ones."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.trial.multiplicity import (
    Decision,
    Graph,
    decide,
    fallback,
    fixed_sequence,
    holm,
)
from assuage.refusals import Refused

ALPHA = 0.025
ON_GRID = st.integers(0, 60).map(lambda one: one / 1000)  # ties and zeros included


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    m = draw(st.integers(1, 5))
    parts = st.lists(st.integers(0, 4), min_size=m, max_size=m)

    def shared(loses: int | None) -> tuple[float, ...]:
        found = draw(parts)
        if loses is not None:
            found[loses] = 0
        total = sum(found) + draw(st.integers(0, 2))
        return tuple(one / total if total else 0.0 for one in found)

    names = tuple(f"H{k + 1}" for k in range(m))
    return Graph(names, shared(None), tuple(shared(k) for k in range(m)))


@st.composite
def graphs_and_p(draw: st.DrawFn) -> tuple[Graph, list[float]]:
    graph = draw(graphs())
    m = len(graph.names)
    return graph, draw(st.lists(ON_GRID, min_size=m, max_size=m))


def share_of(graph: Graph, kept: set[int], one: int) -> float:
    """Return one's weight in the intersection of `kept`: start there, and follow all flow.

    The mass of those left out walks along the arrows until it reaches a kept hypothesis or is
    lost: the absorption probabilities of a Markov chain, by linear equations.
    """
    m = len(graph.names)
    out = [k for k in range(m) if k not in kept]
    passes = np.array(graph.transitions)
    start = np.array(graph.weights)
    if not out:
        return float(start[one])
    inside = passes[np.ix_(out, out)]
    # A closed loop outside `kept` keeps its mass: least squares gives the absorbed part.
    visits = np.linalg.lstsq(np.eye(len(out)) - inside.T, start[out], rcond=None)[0]
    return float(start[one] + visits @ passes[out, one])


def closed_test(graph: Graph, p: list[float]) -> list[bool]:
    """Reject what every intersection that holds it rejects by its weighted Bonferroni test."""
    m = len(graph.names)
    rejects = [True] * m
    for chosen in product([False, True], repeat=m):
        kept = {k for k in range(m) if chosen[k]}
        weights = {k: share_of(graph, kept, k) for k in kept}
        hit = any(p[k] <= weights[k] * ALPHA * (1 + 1e-9) and weights[k] > 1e-12 for k in kept)
        for k in kept if not hit else ():
            rejects[k] = False
    return rejects


def leaks(graph: Graph) -> bool:
    """Whether no closed loop traps mass, so that the Markov chain's equations have one answer."""
    passes = np.array(graph.transitions)
    m = len(passes)
    for chosen in product([False, True], repeat=m):
        out = np.flatnonzero(chosen)
        if len(out) and abs(np.linalg.det(np.eye(len(out)) - passes[np.ix_(out, out)])) < 1e-9:
            return False
    return True


@given(graphs_and_p())
@settings(max_examples=150, deadline=None)
def test_the_short_cut_is_the_closed_test(case: tuple[Graph, list[float]]) -> None:
    """Consonance: the sequential procedure and the closure of Bonferroni tests agree."""
    graph, p = case
    if leaks(graph):
        assert list(decide(graph, p, ALPHA).rejected) == closed_test(graph, p)


@given(graphs_and_p())
@settings(deadline=None)
def test_what_holds_of_every_graph(case: tuple[Graph, list[float]]) -> None:
    """source: 1e-9 and 1e-11 leave room for rounding and say nothing else."""
    graph, p = case
    found = decide(graph, p, ALPHA)
    for rejected, adjusted, one in zip(found.rejected, found.adjusted, p, strict=True):
        assert not rejected or one <= ALPHA * (1 + 1e-11)
        assert one * (1 - 1e-9) <= adjusted <= 1
        assert rejected == (adjusted <= ALPHA * (1 + 1e-11))
    for step in found.steps:
        assert sum(share for _, share in step.weights) <= 1 + 1e-9
        assert step.p <= step.level * (1 + 1e-11)
        for name in graph.names:
            assert sum(part for start, _, part in step.transitions if start == name) <= 1 + 1e-9
    done = [step.rejected for step in found.steps]
    assert len(set(done)) == len(done) == sum(found.rejected)


@given(st.lists(ON_GRID, min_size=1, max_size=6))
def test_holm_is_a_graph(p: list[float]) -> None:
    """source: Holm 1979: the k-th smallest of m times m - k + 1, made monotone."""
    m = len(p)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate([p[k] * (m - rank) for rank, k in enumerate(order)])
    expected = np.empty(m)
    expected[order] = np.minimum(steps, 1)
    found = decide(holm([f"H{k}" for k in range(m)]), p, ALPHA)
    np.testing.assert_allclose(found.adjusted, expected, rtol=1e-12)


@given(st.lists(ON_GRID, min_size=1, max_size=6))
def test_a_fixed_sequence_stops_at_the_first_failure(p: list[float]) -> None:
    found = decide(fixed_sequence([f"H{k}" for k in range(len(p))]), p, ALPHA)
    np.testing.assert_allclose(found.adjusted, np.maximum.accumulate(p))
    assert list(found.rejected) == [max(p[: k + 1]) <= ALPHA for k in range(len(p))]


@given(st.lists(ON_GRID, min_size=3, max_size=3))
def test_a_fallback_hands_on_what_was_won(p: list[float]) -> None:
    """source: Wiens 2003: each is tested at its own share and that of the run rejected before."""
    weights = [0.5, 0.25, 0.25]
    held, expected = 0.0, []
    for one, weight in zip(p, weights, strict=True):
        held += weight
        expected.append(one <= held * ALPHA * (1 + 1e-11))
        held = held if expected[-1] else 0.0
    found = decide(fallback(["a", "b", "c"], weights), p, ALPHA)
    assert list(found.rejected) == expected


def gatekeeping() -> tuple[Graph, list[float]]:
    """Two doses, a primary and two secondary outcomes each.

    source: graphicalMCP (f39d02c), tests of graph_test_shortcut: "adjusted p that exceeds alpha
    by floating point diff is rejected"; alpha 0.025, H1, H2 and H4 rejected.
    """
    rows = (
        (0, 0.5, 0.25, 0, 0.25, 0),
        (0.5, 0, 0, 0.25, 0, 0.25),
        (0, 0, 0, 0, 1, 0),
        (0.0001, 0, 0, 0, 0, 0.9999),
        (0, 0.0001, 0.9999, 0, 0, 0),
        (0, 0, 0, 1, 0, 0),
    )
    names = tuple(f"H{k}" for k in range(1, 7))
    return Graph(names, (0.5, 0.5, 0, 0, 0, 0), rows), [0.001, 0.01875, 0.013, 0.0002, 0.03, 0.04]


def test_the_published_gatekeeping_graph() -> None:
    graph, p = gatekeeping()
    found = decide(graph, p, ALPHA)
    assert [step.rejected for step in found.steps] == ["H1", "H2", "H4"]
    assert found.rejected == (True, True, False, True, False, False)
    # H2 is tested at the very level that equals its p value: (1/2 + 1/2 * 1/2) * 0.025.
    assert found.steps[1].level == pytest.approx(p[1])


def test_a_p_value_at_its_very_level_is_rejected() -> None:
    """On paper 0.00875 = (0.1 + 0.5 / 2) * 0.025; in binary their quotient is over 0.025."""
    p = [0.0, 0.00875]
    assert p[1] / (0.1 + 0.5 * 0.5) > ALPHA  # source: arithmetic; else this tests nothing
    graph = Graph(("a", "b"), (0.5, 0.1), ((0, 0.5), (0, 0)))
    assert decide(graph, p, ALPHA).rejected == (True, True)
    assert decide(graph, [0.0, 0.00876], ALPHA).rejected == (True, False)


def test_two_primaries_and_two_secondaries() -> None:
    """source: graphicalMCP, vignette "shortcut testing": H1, H2 and H4 rejected, H3 kept."""
    rows = ((0, 0.5, 0.5, 0), (0.5, 0, 0, 0.5), (0, 1, 0, 0), (1, 0, 0, 0))
    graph = Graph(("H1", "H2", "H3", "H4"), (0.5, 0.5, 0, 0), rows)
    found = decide(graph, [0.018, 0.01, 0.105, 0.006], ALPHA)
    assert found.rejected == (True, True, False, True)


def test_a_loop_of_two_passes_all_on() -> None:
    """A pair that hands everything to each other: after one, the other holds all."""
    found = decide(Graph(("a", "b"), (0.5, 0.5), ((0, 1), (1, 0))), [0.012, 0.025], ALPHA)
    assert found.rejected == (True, True)
    assert found.steps[0].weights == (("b", 1),)


def test_without_a_share_nothing_is_rejected() -> None:
    graph = Graph(("a", "b"), (0, 0), ((0, 0), (0, 0)))
    found = decide(graph, [0, 0], ALPHA)
    assert found == Decision(ALPHA, ("a", "b"), (False, False), (1, 1), ())


ROW = ((0, 1), (1, 0))
NAN = float("nan")


@pytest.mark.parametrize(
    ("names", "weights", "rows"),
    [
        ((), (), ()),
        (("a", "a"), (0.5, 0.5), ROW),
        (("a", "b"), (0.5,), ROW),
        (("a", "b"), (0.5, 0.5), ((0, 1),)),
        (("a", "b"), (0.5, 0.5), ((0, 1), (1,))),
        (("a", "b"), (0.6, 0.5), ROW),
        (("a", "b"), (-0.1, 0.5), ROW),
        (("a", "b"), (NAN, 0.5), ROW),
        (("a", "b"), (0.5, 0.5), ((0, 1.1), (1, 0))),
        (("a", "b"), (0.5, 0.5), ((0, NAN), (1, 0))),
        (("a", "b"), (0.5, 0.5), ((0.5, 0.5), (1, 0))),
        (("a", "b", "c"), (0.5, 0.5, 0), ((0, 0.6, 0.6), (1, 0, 0), (0, 0, 0))),
    ],
)
def test_a_graph_that_spends_too_much_is_refused(
    names: tuple[str, ...], weights: tuple[float, ...], rows: tuple[tuple[float, ...], ...]
) -> None:
    with pytest.raises(Refused):
        Graph(names, weights, rows)


@pytest.mark.parametrize("p", [[0.1], [0.1, NAN], [0.1, 1.1], [-0.1, 0.5], [0.1, 0.2, 0.3]])
def test_p_values_that_are_none_are_refused(p: list[float]) -> None:
    with pytest.raises(Refused):
        decide(holm(["a", "b"]), p, ALPHA)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, NAN])
def test_an_alpha_that_is_none_is_refused(alpha: float) -> None:
    with pytest.raises(Refused):
        decide(holm(["a", "b"]), [0.1, 0.1], alpha)
