"""The search ends at the optimum whatever its start, or says how it failed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from assuage.evidence.mixed import climb, criterion
from assuage.evidence.mixed.covariance import STRUCTURES, structure
from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.patterns import Layout, lay_out
from evidence.mixed.trials import Trial, regenerated, simulated


def laid(trial: Trial) -> tuple[Layout, F]:
    """Return the layout and outcomes in units near their standard deviation."""
    layout = lay_out(trial.x, trial.subject, trial.visit, int(trial.visit.max()) + 1)
    return layout, layout.spread(trial.y / 10.0)


@pytest.mark.parametrize("name", STRUCTURES)
def test_it_finds_what_another_optimiser_finds(name: str) -> None:
    layout, y = laid(regenerated())
    chosen = structure(name, 4)
    start = chosen.start(np.eye(4))  # source: the tolerances are the other optimiser's

    def value(free: F) -> float:
        point = criterion.at(layout, y, chosen.covariance(free))
        return 1e6 if point is None else point.value

    found = climb.least(layout, y, chosen, start)
    other = minimize(value, start, method="BFGS", options={"gtol": 1e-6})
    assert found.outcome == "optimum"
    assert found.slope <= climb.LEVEL
    assert found.point.value <= other.fun + 1e-9
    np.testing.assert_allclose(found.free, other.x, atol=1e-3)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_it_needs_no_good_start(name: str, size: float) -> None:
    layout, y = laid(regenerated())
    chosen = structure(name, 4)
    near = climb.least(layout, y, chosen, chosen.start(np.eye(4)))
    far = climb.least(layout, y, chosen, chosen.start(size * (np.eye(4) + 0.8)))
    assert far.outcome == "optimum"
    np.testing.assert_allclose(far.free, near.free, atol=1e-6)


def test_the_slope_says_how_far_the_optimum_is() -> None:
    """A parameter moved by a hundredth of a standard error, the others following, has 0.01."""
    layout, y = laid(simulated(3, 200, 2))
    chosen = structure("compound-symmetry", 2)
    found = climb.least(layout, y, chosen, chosen.start(np.eye(2)))
    _, observed, _ = climb.derivatives(layout, chosen, found.free, found.point)
    information = observed / 2.0
    along = np.linalg.inv(information)[:, 0]
    moved = found.free + 0.01 * along / np.sqrt(along[0])
    point = criterion.at(layout, y, chosen.covariance(moved))
    assert point is not None
    _, slope, weak, _ = climb.guarded(*climb.derivatives(layout, chosen, moved, point))
    assert weak is None
    assert np.isclose(slope, 1e-2, rtol=0.05)  # source: the definition


def test_a_runaway_likelihood_is_seen() -> None:
    """The fourth visit is the first and half of the second: no variance is left there.

    source: a visit that takes no part has no weight but rounding's.
    """
    trial = simulated(11, 12, 4)
    layout = lay_out(np.eye(4)[trial.visit], trial.subject, trial.visit, 4)
    y = layout.spread(trial.y / 10.0)
    y[:, 3] = y[:, 0] + y[:, 1] / 2.0
    chosen = structure("unstructured", 4)
    found = climb.least(layout, y, chosen, chosen.start(np.eye(4)))
    assert found.outcome == "singular"
    assert found.weak is not None
    np.testing.assert_array_equal(found.weak > 1e-3, [True, True, False, True])


def test_a_parameter_that_nothing_tells_is_seen() -> None:
    """Nobody is seen at both of two visits, so the criterion is level in their covariance."""
    trial = simulated(12, 30, 3)
    trial = trial.kept(trial.visit != 1 + (trial.subject // 2) % 2)
    layout, y = laid(trial)
    chosen = structure("unstructured", 3)
    found = climb.least(layout, y, chosen, chosen.start(np.eye(3)))
    assert found.outcome == "flat"
    assert found.weak is not None
    labels = np.array(chosen.names(("1", "2", "3")))
    assert "covariance of 2 and 3" in labels[found.weak > 0.1]  # source: the gap in the data


def test_few_steps_are_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    layout, y = laid(regenerated())
    chosen = structure("unstructured", 4)
    monkeypatch.setattr(climb, "MOST", 2)
    found = climb.least(layout, y, chosen, chosen.start(np.eye(4)))
    assert found.outcome == "slow"
    assert found.iterations == 2
    assert found.slope > climb.LEVEL
