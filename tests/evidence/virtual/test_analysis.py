"""A trial is laid out as its model says, and what can't be fitted is told and not replaced.

source: with every patient seen, the model's difference at a visit is that of an analysis of
covariance with the same slope, worked out here by least squares.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.virtual.analysis import ENDS, FITTED, Rows, rows_of
from assuage.evidence.virtual.analysis import tested as analysed
from assuage.evidence.virtual.design import Design
from assuage.evidence.virtual.scores import Trials, World, draw, world_of
from evidence.virtual.designs import ASSUMED, BOTH, PAIN, design

LEAVING = {"depends_on": "observed", "per_visit": 0.1, "outcome": "pain", "per_point": 0.1,
           "at_score": 5.0, **ASSUMED}  # fmt: skip


def drawn(made: Design) -> tuple[World, Trials]:
    world = world_of(made, 8, 128)
    return world, draw(world, 0, 3)


def laid(world: World, trials: Trials, trial: int = 0, name: str = "pain") -> Rows:
    return rows_of(
        world.design,
        name,  # type: ignore[arg-type]
        world.arm_of(),
        trials.baseline[name][trial],  # type: ignore[index]
        trials.scores[name][trial],  # type: ignore[index]
        trials.seen[trial],
    )


def test_only_what_was_seen_is_laid_out_at_an_outcome_s_own_visits() -> None:
    world, trials = drawn(design(BOTH, dropout=LEAVING))
    pain, mood = laid(world, trials), laid(world, trials, name="mood")
    assert len(pain.y) == trials.seen[0].sum()
    assert len(mood.y) == trials.seen[0][:, [0, 2]].sum()
    assert (mood.visits, pain.visits) == (2, 3)
    assert (pain.y == trials.scores["pain"][0][trials.seen[0]]).all()
    assert np.unique(pain.subject).tolist() == list(range(pain.subject.max() + 1))


def test_a_difference_is_that_of_an_analysis_of_covariance_when_nobody_is_missing() -> None:
    made = design(PAIN, analysis__baseline="by-visit", analysis__at_d=[7, 28, 84])
    world, trials = drawn(made)
    figures, end = analysed(made, "pain", laid(world, trials))
    assert ENDS[end] == FITTED
    before = trials.baseline["pain"][0]
    x = np.column_stack([np.ones(30), world.arm_of() == 0, before - before.mean()])
    for place in range(3):
        y = trials.scores["pain"][0, :, place]
        effects, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
        se = np.sqrt(residual[0] / 27.0 * np.linalg.inv(x.T @ x)[1, 1])
        estimate, mine, df, p, low, high = figures[0, place]
        assert estimate == pytest.approx(effects[1], rel=1e-6)
        assert (mine, df) == pytest.approx((se, 27.0), rel=1e-4)
        assert low < estimate < high
        assert 0.0 < p < 1.0


def test_each_other_arm_has_its_own_difference() -> None:
    arms = [*PAIN["arm"], {**PAIN["arm"][0], "id": "again"}]  # type: ignore[misc,dict-item]
    made = design(PAIN, arm=arms)
    world, trials = drawn(made)
    figures, end = analysed(made, "pain", laid(world, trials))
    assert ENDS[end] == FITTED
    assert figures.shape == (2, 1, 6)
    means = [trials.scores["pain"][0, world.arm_of() == k, 0].mean() for k in (0, 2)]
    assert (figures[0, 0, 0] < figures[1, 0, 0]) == (means[0] < means[1])


def test_what_cannot_be_fitted_is_told() -> None:
    made = design(PAIN)
    world, trials = drawn(made)
    trials.seen[0, :15, 2] = False
    figures, end = analysed(made, "pain", laid(world, trials))
    assert ENDS[end] == "DESIGN_SINGULAR"
    assert np.isnan(figures).all()
    trials.seen[1, :, 1] = False
    trials.seen[1, :2, 1] = True
    trials.seen[1, -2:, 1] = True
    figures, end = analysed(made, "pain", laid(world, trials, 1))
    assert ENDS[end] not in (FITTED, "DESIGN_SINGULAR")
    assert np.isnan(figures).all()
