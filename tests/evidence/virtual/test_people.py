"""The pool is what its distributions say.

source: the moments of a normal that is cut off at both ends are closed forms (Johnson, Kotz and
Balakrishnan, Continuous Univariate Distributions 1, 13.10); shares and values of the pain model
are those of its file.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from assuage.evidence.virtual.design import Spread
from assuage.evidence.virtual.people import POOL, WORLDS, between, pain_effect, pool_of
from assuage.kinetics.population import uniforms
from evidence.virtual.designs import ASSUMED, PAIN, design

UNIT = NormalDist()
MANY = 200_000


def cut_off(mean: float, sd: float, low: float, high: float) -> tuple[float, float]:
    """Return mean and SD of a normal cut off at both ends."""
    a, b = (low - mean) / sd, (high - mean) / sd
    mass = UNIT.cdf(b) - UNIT.cdf(a)
    shift = (UNIT.pdf(a) - UNIT.pdf(b)) / mass
    squared = 1.0 + (a * UNIT.pdf(a) - b * UNIT.pdf(b)) / mass - shift**2
    return mean + sd * shift, sd * squared**0.5


@pytest.mark.parametrize("ends", [(5.0, 10.0), (6.5, 7.5), (7.0 - 1e-6, 30.0)])
def test_a_cut_off_normal_has_its_moments_and_stays_inside(ends: tuple[float, float]) -> None:
    low, high = ends
    drawn = between(Spread(mean=7.0, sd=1.5, low=low, high=high, **ASSUMED), uniforms(1, "x", MANY))
    mean, sd = cut_off(7.0, 1.5, low, high)
    assert low <= drawn.min() <= drawn.max() <= high
    assert drawn.mean() == pytest.approx(mean, abs=5.0 * sd / MANY**0.5)
    assert drawn.std() == pytest.approx(sd, rel=0.01)


def test_without_ends_it_is_the_normal_itself() -> None:
    at = np.array([0.025, 0.5, 0.975])
    found = between(Spread(mean=3.0, sd=2.0, **ASSUMED), at)
    assert found == pytest.approx([NormalDist(3.0, 2.0).inv_cdf(one) for one in at])


def test_the_pool_has_the_published_shares_exactly() -> None:
    pool, effect = pool_of(design(PAIN), 1), pain_effect()
    assert pool.size == POOL
    assert pool.responds.mean() == pytest.approx(effect.responders.value, abs=1 / POOL)
    placebo = effect.placebo_responders.value
    assert pool.responds_to_placebo.mean() == pytest.approx(placebo, abs=1 / POOL)
    assert (pool.responds >= pool.responds_to_placebo).all()
    assert (pool.c50_ng_per_ml == effect.c50.value).all()
    half_life_h = np.log(2.0) / pool.rate_per_h
    assert half_life_h == pytest.approx(24.0 * effect.half_life.value)


def test_an_assumed_spread_and_a_stated_share_are_taken() -> None:
    number = {"value": 0.4, **ASSUMED}
    parts = {"pain__c50_cv": number, "pain__placebo_share": number}
    pool, effect = pool_of(design(PAIN, **parts), 1), pain_effect()
    assert pool.responds_to_placebo.mean() == pytest.approx(0.4, abs=1 / POOL)
    assert np.std(np.log(pool.c50_ng_per_ml)) == pytest.approx(np.log1p(0.16) ** 0.5, rel=0.05)
    assert np.median(pool.c50_ng_per_ml) == pytest.approx(effect.c50.value, rel=0.03)


def test_uncertainty_lies_between_worlds_and_not_within() -> None:
    pool = pool_of(design(PAIN, uncertainty="published"), 1)
    c50 = pool.c50_ng_per_ml.reshape(WORLDS, -1)
    assert (c50 == c50[:, :1]).all()
    effect = pain_effect()
    wanted = np.log1p((effect.c50_se.value / effect.c50.value) ** 2) ** 0.5
    # the SD of so few worlds is known to about one part in sqrt(2 x 31)
    assert np.std(np.log(c50[:, 0]), ddof=1) == pytest.approx(wanted, rel=0.4)
    for flags, se in (
        (pool.responds, effect.responders_se),
        (pool.responds_to_placebo, effect.placebo_responders_se),
    ):
        shares = flags.reshape(WORLDS, -1).mean(axis=1)
        assert shares.std(ddof=1) == pytest.approx(se.value, rel=0.4)
    stated = {"value": 0.4, **ASSUMED}
    held = pool_of(design(PAIN, uncertainty="published", pain__placebo_share=stated), 1)
    shares = held.responds_to_placebo.reshape(WORLDS, -1).mean(axis=1)
    assert (shares == shares[0]).all()


def test_a_pool_is_shared_out_evenly_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="shared out"):
        pool_of(design(PAIN, uncertainty="published"), 1, 100)


def test_the_same_seed_gives_the_same_people_and_another_others() -> None:
    one, same, other = (pool_of(design(PAIN), seed, 64) for seed in (1, 1, 2))
    assert (one.weight_kg == same.weight_kg).all()
    assert not (one.weight_kg == other.weight_kg).all()
