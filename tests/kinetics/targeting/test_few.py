"""Schedules with few changes of rate, against every choice there is.

source: 1.05 is the ceiling that `wanted` asks for; a tenth is the claim of docs/how-to/target.md;
the rest is room for rounding.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from bodies import STEP_H, looked_at, plant
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.kinetics.targeting import LOOKS, Few, Wanted, fewest, simulate
from assuage.kinetics.targeting import few as search

LOOK_H = 1.0 / 60.0 / LOOKS
CHECK_H = 5.0 / 3600.0
QUANTUM = 0.2


def wanted(minutes: int, level: float = 0.2, most: int = 2450, **more: object) -> Wanted:
    looks = minutes * LOOKS
    targets = np.full(looks, level)
    counted = np.arange(1, looks + 1) > 5 * LOOKS
    parts: dict[str, object] = {"targets": targets, "ceiling": targets * 1.05, "counted": counted}
    return Wanted(**(parts | {"quantum_mg_per_h": QUANTUM, "most": most, "least": 1} | more))


def best(seed: int, asked: Wanted, changes: int) -> Few:
    return fewest(plant(seed, step_h=LOOK_H), plant(seed, step_h=CHECK_H), asked, changes)


def deviation(seed: int, asked: Wanted, rates: np.ndarray) -> float:
    """Return the mean squared relative deviation, looked at without the search's own tables."""
    level = simulate(plant(seed, step_h=LOOK_H), rates)[0][0, 1:]
    return float(np.mean((level / asked.targets - 1.0)[asked.counted] ** 2))


def spread(found: Few, minutes: int) -> np.ndarray:
    long = np.diff([*found.minutes, minutes])
    return np.repeat(np.array(found.rates) * QUANTUM, long * LOOKS)


def brute(seed: int, asked: Wanted, changes: int, minutes: int) -> float:
    """Return the least deviation over every choice of minutes, each solved by SciPy."""
    from scipy.optimize import minimize

    unit = simulate(plant(seed, step_h=LOOK_H), np.ones(minutes * LOOKS))[0][0, 1:]
    started = np.zeros((minutes + 1, len(unit)))
    for minute in range(minutes):
        started[minute, minute * LOOKS :] = unit[: len(unit) - minute * LOOKS]
    least = np.inf
    for times in combinations(range(1, minutes), changes):
        edges = [0, *times, minutes]
        levels = started[edges[:-1]] - started[edges[1:]]
        relative = (levels / asked.targets)[:, asked.counted]
        most = asked.most * QUANTUM
        found = minimize(
            lambda x, r=relative: float(np.mean((x @ r * 10.0 - 1.0) ** 2)),
            np.full(changes + 1, 2.0),
            jac=lambda x, r=relative: 20.0 * (r @ (x @ r * 10.0 - 1.0)) / r.shape[1],
            bounds=[(0.0, most / 10.0)] * (changes + 1),
            constraints={"type": "ineq", "fun": lambda x, v=levels: asked.ceiling - x @ v * 10.0},
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 300},
        )
        if found.success:
            least = min(least, found.fun)
    return least


@pytest.mark.parametrize(
    ("seed", "changes", "minutes"), [(0, 1, 20), (1, 1, 20), (2, 2, 12), (3, 3, 9)]
)
def test_nothing_is_better_where_every_choice_is_weighed(
    seed: int, changes: int, minutes: int
) -> None:
    asked = wanted(minutes)
    found = best(seed, asked, changes)
    assert found.all_weighed
    assert found.unrounded == pytest.approx(brute(seed, asked, changes, minutes), rel=1e-3)


@pytest.mark.parametrize("seed", [0, 3, 5, 6])
def test_three_changes_come_near_the_best_there_is(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not every choice is weighed, the search came within a tenth of the best here."""
    minutes = 14
    asked = wanted(minutes)
    weighed = best(seed, asked, 3)
    monkeypatch.setattr(search, "MOST_WEIGHED", 100)
    found = best(seed, asked, 3)
    assert weighed.all_weighed
    assert not found.all_weighed
    assert weighed.unrounded <= found.unrounded <= 1.1 * weighed.unrounded


def test_a_weighing_that_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = wanted(30)
    whole = best(0, asked, 2)
    monkeypatch.setattr(search, "MOST_SOLVED", 1)
    cut = best(0, asked, 2)
    assert whole.all_weighed
    assert not cut.all_weighed
    assert whole.unrounded <= cut.unrounded


@pytest.mark.parametrize("seed", range(3))
def test_more_changes_are_never_worse_before_rounding(seed: int) -> None:
    asked = wanted(60)
    found = [best(seed, asked, changes).unrounded for changes in range(7)]
    assert all(b <= a * (1.0 + 1e-9) for a, b in pairwise(found))


@pytest.mark.parametrize("seed", range(3))
def test_the_deviation_said_is_the_one_looked_at(seed: int) -> None:
    asked = wanted(60)
    found = best(seed, asked, 3)
    looked = deviation(seed, asked, spread(found, 60))
    assert found.deviation == pytest.approx(looked, rel=1e-6, abs=1e-12)


def test_no_step_of_one_rate_is_better_after_rounding() -> None:
    asked = wanted(40)
    found = best(1, asked, 2)
    for place in range(len(found.rates)):
        for step in (-1, 1):
            rates = list(found.rates)
            rates[place] += step
            moved = Few(found.minutes, tuple(rates), 0.0, 0.0, True)
            level = simulate(plant(1, step_h=LOOK_H), spread(moved, 40))[0][0, 1:]
            if (level <= asked.ceiling).all():
                assert deviation(1, asked, spread(moved, 40)) >= found.deviation * (1.0 - 1e-9)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    level=st.floats(0.01, 2.0),
    most=st.integers(1, 3000),
    least=st.integers(1, 30),
    changes=st.integers(0, 3),
    total=st.one_of(st.none(), st.floats(0.1, 50.0)),
)
def test_limits_are_never_passed(
    seed: int, level: float, most: int, least: int, changes: int, total: float | None
) -> None:
    minutes = 10
    asked = wanted(minutes, level, most, least=least, most_mg=total)
    found = best(seed, asked, changes)
    assert len(found.rates) <= changes + 1
    assert all(rate == 0 or least <= rate <= most for rate in found.rates)
    assert all(isinstance(rate, int) for rate in found.rates)
    each = np.repeat(spread(found, minutes), round(LOOK_H / STEP_H))
    site, _ = looked_at(seed, each, 5.0 / 3600.0)
    assert site.max() <= level * 1.05 * (1.0 + 1e-9)
    if total is not None:
        assert float(each.sum()) * STEP_H <= total * (1.0 + 1e-9)


@pytest.mark.parametrize(
    "more",
    [
        {"targets": np.zeros(20)},
        {"targets": np.full(21, 0.1), "ceiling": np.full(21, 0.1), "counted": np.full(21, True)},
        {"counted": np.zeros(20, dtype=bool)},
    ],
)
def test_what_cannot_be_sought_is_an_error(more: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        best(0, wanted(10, **more), 1)
