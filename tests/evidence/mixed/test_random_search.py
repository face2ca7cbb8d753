"""The search steps by true derivatives, leaves saddles, and takes no edge that isn't an optimum.

source: differences of the criterion; numbers here are bounds on rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assuage.evidence.mixed import random_search
from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.random_edge import refined, start
from assuage.evidence.mixed.random_products import Grouping, products
from assuage.evidence.mixed.random_search import Block, Found, Place, Task, search
from evidence.mixed.random_designs import noise


def task() -> Task:
    """Return people with intercepts and slopes, crossed with items; all variances are large."""
    person, item = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    t = noise(1, 72)
    y = 2.0 * noise(2, 12)[person] + noise(3, 12)[person] * t + noise(4, 6)[item] + noise(5, 72)
    z = np.column_stack([np.ones(72), t])
    groupings = Grouping(z, person, 12), Grouping(np.ones((72, 1)), item, 6)
    of = products(z, y, groupings)
    blocks = Block(0, 0, 2, ((0, 0), (1, 0), (1, 1))), Block(1, 0, 1, ((0, 0),))
    return Task(of, blocks)


def there(of: Task, at: Place, monkeypatch: pytest.MonkeyPatch) -> Found:
    """Return what a search knows at its start."""
    with monkeypatch.context() as still:
        still.setattr(random_search, "MOST_ROUNDS", 0)
        found = search(of, at)
    assert found is not None
    return found


def test_its_hessian_is_that_of_the_criterion_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    of = task()
    at = start(of).moved(np.array([0.3, -0.2, 0.1, 0.4, 0.2]))
    found, h = there(of, at, monkeypatch), 1e-4

    def value(step: F) -> float:
        state = of.state(at.moved(step))
        assert state is not None
        return state.criterion

    step = h * np.eye(5)
    bend = [
        [(value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * h * h) for a in step]
        for b in step
    ]
    np.testing.assert_allclose(found.hessian, bend, rtol=1e-4, atol=1e-3)
    slope = [(value(e) - value(-e)) / (2 * h) for e in step]
    np.testing.assert_allclose(found.jacobian.T @ found.slopes.gradient, slope, rtol=1e-5)


@pytest.mark.parametrize("size", [0.0, 1e-6, 1e-3, 30.0])
def test_it_ends_at_one_optimum_from_a_saddle_and_from_afar(size: float) -> None:
    """Without any random effect every derivative but the residual's is zero: a saddle."""
    of = task()
    usual = search(of, start(of))
    begin = start(of)
    factors = tuple(size * np.eye(len(one)) for one in begin.factors)
    other = search(of, replace(begin, factors=factors))
    assert usual is not None
    assert other is not None
    assert other.slope < 1e-6
    np.testing.assert_allclose(of.theta(other.at), of.theta(usual.at), rtol=1e-6)


def test_an_edge_that_is_no_optimum_isn_t_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search cut short beside the edge: the edge is as likely, and inside is likelier."""
    of = task()
    begin = start(of)
    factors = tuple(1e-4 * np.eye(len(one)) for one in begin.factors)
    short = there(of, replace(begin, factors=factors), monkeypatch)
    found = refined(of, short)
    assert found is None or all(one.any() for one in found.at.factors)
