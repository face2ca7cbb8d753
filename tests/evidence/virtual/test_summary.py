"""What trials come to is worked out from them by hand, and nothing that failed is left out.

source: shares, means and Wilson's interval are arithmetic on the planted results below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assuage.evidence.virtual.analysis import ENDS
from assuage.evidence.virtual.scores import World, world_of
from assuage.evidence.virtual.summary import WAYS, Summary, mean_of, shares_of, summary_of
from assuage.evidence.virtual.trials import Results
from assuage.evidence.virtual.truth import Truth, truth_of
from assuage.kinetics.tally import share_of
from evidence.virtual.designs import BOTH, PAIN, design

# estimate, se, df, p, low, high of five trials, the fourth without an estimate
NOTHING = [np.nan] * 6
PLANTED = np.array(
    [
        [-2.0, 1.0, 20.0, 0.04, -4.0, -0.1],
        [-1.0, 1.0, 20.0, 0.30, -3.0, 1.0],
        [2.5, 1.0, 20.0, 0.02, 0.5, 4.5],
        NOTHING,
        [-3.0, 1.0, 20.0, 0.01, -5.0, -1.0],
    ]
)
ENDED = np.array([0.0, 0.0, 0.0, float(ENDS.index("FIT_NOT_CONVERGED")), 0.0])


def planted(names: tuple[str, ...], days: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = {"n": np.full((5, 2, 3), 12.0)}
    for name in names:
        found |= {
            f"{name}.sum": np.full((5, 2, 3), 60.0),
            f"{name}.before": np.full((5, 2), 105.0),
            f"{name}.responders": np.full((5, 2, 3), 6.0),
            f"{name}.tests": np.repeat(PLANTED[:, None, None, :], days, axis=2),
            f"{name}.end": ENDED,
        }
    return found


def truth(world: World, difference: float) -> Truth:
    found = truth_of(world, 512)
    for name in world.design.outcomes:
        found.differences[name][:] = difference
        found.errors[name][:] = 0.0
    return found


@pytest.fixture(scope="module")
def found() -> Summary:
    world = world_of(design(PAIN), 1, 64)
    results = Results(planted(("pain",)), planted(("pain",)))
    return summary_of(world, truth(world, -1.5), results)


def test_power_counts_trials_without_an_estimate_as_not_rejecting(found: Summary) -> None:
    one = next(one for one in found.worth if not one.null)
    assert (one.trials, one.fitted) == (5, 4)
    assert one.rejected == share_of(3, 5)
    assert one.for_drug == share_of(2, 5)
    assert ("pain", False, "FIT_NOT_CONVERGED", 1) in found.ends
    assert ("pain", False, "fitted", 4) in found.ends


def test_bias_is_the_mean_estimate_less_the_truth(found: Summary) -> None:
    with_effect, without = (
        next(one for one in found.worth if one.null == null) for null in (False, True)
    )
    mean = (-2.0 - 1.0 + 2.5 - 3.0) / 4.0
    for one, true in ((with_effect, -1.5), (without, 0.0)):
        assert one.truth == true
        assert one.estimate is not None
        assert one.bias is not None
        assert one.estimate.value == pytest.approx(mean)
        assert one.bias.value == pytest.approx(mean - true)
        sd = np.std([-2.0, -1.0, 2.5, -3.0], ddof=1)
        assert one.sd == pytest.approx(sd)
        assert one.bias.error == pytest.approx(sd / 2.0)
        assert one.bias.low < one.bias.value < one.bias.high
    assert with_effect.coverage == share_of(3, 4)
    assert without.coverage == share_of(1, 4)


def test_what_is_reported_is_what_a_reader_would_see() -> None:
    world = world_of(design(BOTH), 1, 64)
    results = Results(planted(("pain", "mood")), {})
    found = summary_of(world, truth(world, -1.5), results)
    assert {one.outcome for one in found.reported} == {"mood"}
    always, significant, for_drug = (
        next(one for one in found.reported if one.way == way) for way in WAYS
    )
    assert [one.trials for one in (always, significant, for_drug)] == [4, 3, 2]
    assert always.of == 5
    for one, wanted in ((always, -0.875), (significant, -2.5 / 3.0), (for_drug, -2.5)):
        assert one.mean is not None
        assert one.bias is not None
        assert one.mean.value == pytest.approx(wanted)
        assert one.bias.value == pytest.approx(wanted + 1.5)


def test_each_world_is_held_against_its_own_truth() -> None:
    world = world_of(design(PAIN, uncertainty="published"), 1, 1024)
    own = truth(world, 0.0)
    own.differences["pain"][:, 0, 0] = np.arange(world.pool.worlds)
    found = summary_of(world, own, Results(planted(("pain",)), {}))
    one = found.worth[0]
    assert one.truth == 2.0  # worlds 0 to 4
    assert one.bias is not None
    # trial 3, in world 3, has no estimate
    assert one.bias.value == pytest.approx(-3.5 / 4.0 - (0 + 1 + 2 + 4) / 4.0)


def test_trials_of_one_world_count_as_less_than_as_many_of_their_own() -> None:
    """source: trials that are all alike within a world are worth one each."""
    worlds, each = 40, 25
    world = np.arange(worlds * each) % worlds
    alike = world < 10
    one, alone = shares_of(alike, world), share_of(10, worlds)
    assert one.share == alone.share
    # a sample's variance has one less below the line
    assert one.error == pytest.approx(alone.error, rel=1.1 / worlds)
    assert (one.low, one.high) == pytest.approx((alone.low, alone.high), abs=0.01)
    mean = mean_of(alike.astype(float), world)
    assert mean is not None
    assert mean.error == pytest.approx(one.error)
    # the canary: in one world, or each in a world of its own, they are as many as they are
    for other in (np.zeros_like(world), np.arange(worlds * each)):
        plain = shares_of(alike, other)
        assert plain.error == pytest.approx(share_of(250, 1000).error, rel=1e-3)


def test_arms_are_told_by_visit_with_those_who_left_as_no_responders(found: Summary) -> None:
    drug = next(one for one in found.visits if one.arm == "drug" and one.day == 7.0)
    assert drug.mean == (5.0, 5.0, 5.0)
    assert drug.responders == pytest.approx((0.4, 0.4, 0.4))  # 6 of 15
    facts = found.arms[0]
    assert facts.left == pytest.approx((0.2, 0.2, 0.2))
    assert facts.dissociated is None
    assert facts.end_mg_per_h is not None
    assert facts.end_mg_per_h[0] == pytest.approx(20.0)  # the regimen's last rate, per 70 kg
    assert found.arms[1].total_mg_per_kg is None


def test_a_mean_of_none_or_one_is_told_as_such() -> None:
    assert mean_of(np.array([]), np.array([], dtype=np.int64)) is None
    one = mean_of(np.array([2.0]), np.array([3]))
    assert one is not None
    assert one.value == 2.0
    assert np.isnan(one.error)


def test_no_trial_with_an_estimate_is_told_too() -> None:
    world = world_of(design(PAIN), 1, 64)
    results = planted(("pain",))
    results["pain.tests"] = np.full_like(results["pain.tests"], np.nan)
    results["pain.end"] = np.full(5, ENDED[3])
    found = summary_of(world, truth(world, -1.5), Results(results, {}))
    one = found.worth[0]
    assert (one.fitted, one.estimate, one.bias, one.coverage) == (0, None, None, None)
    assert one.rejected == share_of(0, 5)
