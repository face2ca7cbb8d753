"""Rows laid out by people and visits keep all that they say."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.mixed.patterns import Layout, lay_out
from assuage.refusals import Refused
from evidence.mixed.trials import Trial, simulated


def laid(trial: Trial) -> Layout:
    return lay_out(trial.x, trial.subject, trial.visit, 4)


def test_the_design_is_kept() -> None:
    trial = simulated(1, 20, 4, 0.3)
    layout = laid(trial)
    rows = layout.x[layout.person, layout.visit] @ layout.basis
    np.testing.assert_allclose(rows, trial.x, atol=1e-12)
    assert not layout.x[~layout.present].any()
    assert layout.rows == len(trial.y) == layout.present.sum()
    columns = layout.x.reshape(-1, 8)
    np.testing.assert_allclose(columns.T @ columns, np.eye(8), atol=1e-12)


def test_people_of_one_pattern_stand_together() -> None:
    layout = laid(simulated(2, 40, 4, 0.3))
    np.testing.assert_array_equal(layout.patterns[layout.which], layout.present)
    assert (np.diff(layout.which) >= 0).all()
    assert len(np.unique(layout.patterns, axis=0)) == len(layout.patterns)
    sums = layout.by_pattern(np.ones(len(layout.present)))
    np.testing.assert_array_equal(sums, np.bincount(layout.which))


def test_a_person_keeps_their_outcomes() -> None:
    trial = simulated(3, 15, 4, 0.3)
    layout = laid(trial)
    spread = layout.spread(trial.y)
    for subject in range(15):
        mine = trial.subject == subject
        if mine.any():
            (place,) = set(layout.person[mine].tolist())
            np.testing.assert_array_equal(spread[place, trial.visit[mine]], trial.y[mine])
            assert layout.present[place].sum() == mine.sum()


def test_pairs_are_counted() -> None:
    trial = simulated(4, 25, 4, 0.3)
    seen = [set(trial.visit[trial.subject == one].tolist()) for one in range(25)]
    both = laid(trial).both()
    for a in range(4):
        for b in range(4):
            assert both[a, b] == sum({a, b} <= one for one in seen)


@pytest.mark.parametrize("extra", ["zero", "sum", "nearly"])
def test_columns_that_depend_on_each_other_are_refused(extra: str) -> None:
    trial = simulated(5, 12, 4)
    total = trial.x[:, :4].sum(axis=1)
    column = {"zero": 0 * total, "sum": total, "nearly": total + 1e-13 * trial.y}[extra]
    x = np.column_stack([trial.x, column])
    with pytest.raises(Refused) as refused:
        lay_out(x, trial.subject, trial.visit, 4)
    assert refused.value.code == "DESIGN_SINGULAR"


def test_columns_of_very_different_size_are_not() -> None:
    trial = simulated(5, 12, 4)
    lay_out(trial.x * 10.0 ** np.arange(-8, 8, 2), trial.subject, trial.visit, 4)
