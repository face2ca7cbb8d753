"""Ordinary least squares has the numbers of R's lm, and its tests are exact.

source: R 4.2.2 on examples/data/pain-trial.csv, m = lm(pain ~ arm*v + site*baseline):
summary(m)$coefficients, emmeans(m, ~arm|v), emmeans(m, ~arm, at=list(baseline=5)).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assuage.evidence.analysis import ordinary
from assuage.refusals import Refused
from evidence.analysis.asking import FEW, asked, design, table, trial


def test_estimates_errors_and_intervals_are_those_of_r() -> None:
    model = "pain ~ arm * visit + site * baseline"
    found = asked(trial(), model, factors=("visit",), means=("arm | visit",), contrasts="pairwise")
    tree = found.tree()
    intercept, low = tree["fixed"][:2]
    assert intercept["estimate"] == pytest.approx(0.701074981, rel=1e-8)
    assert intercept["se"] == pytest.approx(0.730817562, rel=1e-8)
    assert intercept["p"] == pytest.approx(0.338645143, rel=1e-8)
    assert (low["t"], low["df"]) == (pytest.approx(5.307386635, rel=1e-9), 187)
    assert tree["means"][0]["se"] == pytest.approx(0.2803773106, rel=1e-9)
    assert tree["contrasts"][2]["p"] == pytest.approx(0.6450153834, rel=1e-9)
    held = asked(trial(), model, factors=("visit",), means=("arm",), at=("baseline=5",)).tree()
    assert held["means"][0]["low"] == pytest.approx(2.767715392, rel=1e-9)


@FEW
@given(st.integers(0, 10_000))
def test_two_groups_are_the_t_test(seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, two = draw.normal(0.0, 1.0, 7), draw.normal(0.4, 1.0, 11)
    x = np.column_stack([np.ones(18), np.repeat([0.0, 1.0], [7, 11])])
    fit = ordinary.fit(x, np.concatenate([one, two]))
    wanted = stats.ttest_ind(two, one)
    found = ordinary.estimate(fit, np.array([0.0, 1.0]), level=0.9)
    assert (found.t, found.p) == pytest.approx((wanted.statistic, wanted.pvalue))
    limits = wanted.confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))
    joint = ordinary.joint(fit, np.array([[0.0, 1.0]]))
    assert (joint.F, joint.p) == pytest.approx((found.t**2, found.p))


def test_the_criterion_is_the_residual_likelihood() -> None:
    """The residual likelihood is that of n - p contrasts that are free of the effects, and of X."""
    found = design(trial(), "pain ~ arm + baseline")
    fit = ordinary.fit(found.x, found.y)
    free = np.linalg.svd(found.x)[0][:, found.x.shape[1] :]
    contrasts = free.T @ found.y
    level = stats.norm.logpdf(contrasts, scale=np.sqrt(fit.variance)).sum()
    own = np.linalg.slogdet(found.x.T @ found.x)[1]
    assert fit.reml_criterion == pytest.approx(-2.0 * level + own, rel=1e-12)


def test_an_outcome_that_is_explained_exactly_is_refused() -> None:
    text = "y,x\n" + "".join(f"{2 * n + 1},{n}\n" for n in range(9))
    with pytest.raises(Refused) as caught:
        asked(table(text), "y ~ x")
    assert caught.value.code == "FIT_IMPOSSIBLE"
