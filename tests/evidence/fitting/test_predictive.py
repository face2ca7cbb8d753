"""The visual predictive check.

source: the definitions in predictive.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assuage.evidence.fitting.predictive import _bins, predictive_check, same_design
from assuage.kinetics.saem.checks import simulate
from evidence.fitting.studies import theophylline


def test_bins_are_the_tightest_grouping() -> None:
    times = np.array([0.0, 0.1, 1.0, 1.1, 9.0, 9.0, 24.0, 24.5])
    assert _bins(times, 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert _bins(times, 1).tolist() == [0] * 8
    assert _bins(np.array([2.0, 2.0]), 5).tolist() == [0, 0]
    many = np.sort(np.random.default_rng(1).uniform(0.0, 100.0, 2000))
    found = _bins(many, 6)
    assert set(found) == set(range(6))
    assert (np.diff(found) >= 0).all()


def test_doses_that_differ_are_corrected_for() -> None:
    whole = theophylline()
    people, problem = whole.data.people, whole.fit.problem
    found = predictive_check(people, problem, whole.checks, 0)
    assert not same_design(people, problem)
    assert found.corrected
    zero = (whole.checks.population[problem.observed.used] == 0.0).sum()
    assert (found.left_out, len(found.levels)) == (zero, whole.data.samples - zero)
    alike = tuple(replace(one, doses=people[0].doses) for one in people)
    assert same_design(alike, problem)
    plain = predictive_check(alike, problem, whole.checks, 0)
    assert not plain.corrected
    assert plain.left_out == 0
    np.testing.assert_array_equal(plain.levels, problem.observed.values[problem.observed.used])


def test_a_study_of_the_model_s_own_lies_in_the_bands_and_another_does_not() -> None:
    whole = theophylline()
    people, problem = whole.data.people, whole.fit.problem
    own = simulate(problem, whole.fit.theta, 12, seed=77)
    shares = []
    for factor in (1.0, 2.0):
        inside = 0.0
        for one in own:
            observed = replace(problem.observed, values=factor * np.abs(one))
            told = predictive_check(people, replace(problem, observed=observed), whole.checks, 0)
            held = (told.measured >= told.band[0]) & (told.measured <= told.band[1])
            inside += held.mean() / len(own)
        shares.append(inside)
    # source: bands hold 90 % of studies; absolute values move a few samples near zero
    assert 0.8 < shares[0] < 0.98
    assert shares[1] < 0.4


def test_below_quantification_ranks_lowest_and_is_no_number() -> None:
    whole = theophylline()
    people, problem = whole.data.people, whole.fit.problem
    observed = problem.observed
    below = observed.used & (observed.values < 1.2)
    limited = replace(observed, censored=below, values=np.where(below, 1.2, observed.values))
    found = predictive_check(people, replace(problem, observed=limited), whole.checks, 0)
    assert np.isneginf(found.levels).any()
    assert np.isneginf(found.measured[0]).any()
    assert not np.isnan(found.band).any()
