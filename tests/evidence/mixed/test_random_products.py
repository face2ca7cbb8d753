"""Cross products give what whole matrices give, at any variances and on any grouping.

source: whole matrices, in random_designs; numbers here are bounds on rounding.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.random import RandomTerm
from assuage.evidence.mixed.random_products import Grouping, products, slopes, state
from assuage.evidence.mixed.random_search import Block, Task
from evidence.mixed.random_designs import Data, criterion, derivatives, judged


def drawn(seed: int, levels: list[int], widths: list[int]) -> Data:
    """Return a design with crossed groupings, every level used and no shape of its own."""
    random = np.random.default_rng(seed)
    n = 30
    x = np.column_stack([np.ones(n), random.normal(size=n)])
    terms = []
    for k, (count, width) in enumerate(zip(levels, widths, strict=True)):
        group = random.permutation(np.arange(n) % count)
        names = tuple(f"c{j}" for j in range(width))
        terms.append(RandomTerm(str(k), random.normal(size=(n, width)), names, group))
    return Data(x, random.normal(size=n), tuple(terms))


def laid_out(data: Data) -> Task:
    made = [Grouping(t.z, t.group, int(t.group.max()) + 1) for t in data.terms]
    of = products(data.x, data.y, tuple(made))
    places = [next(i for i, one in enumerate(of.groupings) if one is made_one) for made_one in made]
    blocks = [
        Block(place, 0, one.width, tuple((a, b) for a in range(one.width) for b in range(a + 1)))
        for place, one in zip(places, made, strict=True)
    ]
    return Task(of, tuple(blocks))


def variances(seed: int, widths: list[int], rank: int) -> F:
    """Return theta with matrices of at most this rank, the residual's last."""
    random = np.random.default_rng(seed)
    out: list[float] = []
    for width in widths:
        left = random.normal(size=(width, min(rank, width)))
        matrix = left @ left.T
        out += [matrix[a, b] for a in range(width) for b in range(a + 1)]
    return np.array([*out, random.uniform(0.2, 2.0)])


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(2, 9), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_they_are_those_of_whole_matrices(
    seed: int, levels: list[int], width: int, rank: int
) -> None:
    """With singular matrices (rank below the width, or zero) as well as with regular ones."""
    widths = [1 + (width + k) % 3 for k in range(len(levels))]
    data = drawn(seed, levels, widths)
    task, theta = laid_out(data), variances(seed, widths, rank)
    at = state(task.of, task.covariances(theta), float(theta[-1]))
    assert at is not None
    found = slopes(task.of, at, task.entries, theta)
    must = judged(data, theta)
    v = np.einsum("k,kij->ij", theta, derivatives(data.terms))
    np.testing.assert_allclose(at.criterion, criterion(data, v), rtol=1e-9)
    np.testing.assert_allclose(at.beta, must.beta, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(at.phi, must.phi, rtol=1e-8, atol=1e-9)
    for mine, theirs in (
        (found.gradient, must.gradient),
        (found.hessian, 2.0 * must.observed),
        (found.spread, 2.0 * must.expected),
        (found.first, must.first),
        (found.second, must.second),
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-8 * np.abs(theirs).max())


def test_the_judge_sees_a_wrong_variance() -> None:
    """A canary: derivatives taken at another theta differ."""
    data = drawn(1, [6, 4], [2, 1])
    task, theta = laid_out(data), variances(1, [2, 1], 2)
    at = state(task.of, task.covariances(theta), float(theta[-1]))
    assert at is not None
    found = slopes(task.of, at, task.entries, theta)
    away = judged(data, theta * np.array([1.001, 1.0, 1.0, 1.0, 1.0]))
    assert np.abs(found.gradient / away.gradient - 1.0).max() > 1e-5
    assert np.abs(found.hessian / (2.0 * away.observed) - 1.0).max() > 1e-5


def test_the_judge_s_derivatives_are_those_of_its_criterion() -> None:
    """Central differences of the criterion, which knows nothing of derivatives."""
    data = drawn(2, [6, 4], [2, 1])
    theta, parts = variances(2, [2, 1], 2), derivatives(data.terms)

    def value(move: F) -> float:
        return criterion(data, np.einsum("k,kij->ij", theta + move, parts))

    must, h = judged(data, theta), 1e-4
    step = h * np.eye(len(theta))
    slope = [(value(e) - value(-e)) / (2.0 * h) for e in step]
    np.testing.assert_allclose(must.gradient, slope, rtol=1e-5)
    bend = [
        [(value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * h * h) for a in step]
        for b in step
    ]
    np.testing.assert_allclose(2.0 * must.observed, bend, rtol=1e-3, atol=1e-3)


def test_rows_in_any_order_give_the_same_products() -> None:
    data = drawn(3, [5, 4], [2, 2])
    order = np.random.default_rng(0).permutation(len(data.y))
    moved = Data(
        data.x[order],
        data.y[order],
        tuple(RandomTerm(t.name, t.z[order], t.columns, t.group[order]) for t in data.terms),
    )
    one, two = laid_out(data).of, laid_out(moved).of
    for name in ("own", "across", "rest", "own_w", "rest_w", "w"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-12, atol=1e-12)
