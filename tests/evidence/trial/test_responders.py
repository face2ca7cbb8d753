"""Score intervals against a search over the likelihood itself, and published tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from assuage.evidence.trial.responders import (
    Count,
    Interval,
    difference,
    number_needed,
    ratio,
    share,
)
from assuage.refusals import Refusal, Refused


@st.composite
def counts(draw: st.DrawFn) -> Count:
    people = draw(st.integers(1, 60))
    return Count(draw(st.integers(0, people)), people)


# source: Newcombe, Stat Med 1998;17:873-890, Table II, method 6 (Miettinen and Nurminen), quoted
# from memory; the likelihood search below is what decides.
NEWCOMBE = [
    ((56, 70), (48, 80), 0.0528, 0.3382),
    ((9, 10), (3, 10), 0.1700, 0.8406),
    ((6, 7), (2, 7), 0.0342, 0.8534),
    ((5, 56), (0, 29), -0.0326, 0.1933),
    ((0, 10), (0, 20), -0.1658, 0.2844),
    ((10, 10), (0, 20), 0.7156, 1.0000),
    ((10, 10), (0, 10), 0.6636, 1.0000),
]


@pytest.mark.parametrize(("one", "other", "low", "high"), NEWCOMBE)
def test_the_published_table(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference([Count(*one)], [Count(*other)])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def distance_by_search(strata: list[tuple[Count, Count]], delta: float) -> float:
    """Return the squared distance of `delta`, its shares found by searching the likelihood."""
    weights, seen, spread = [], [], []
    for a, b in strata:

        def misfit(p0: float, a: Count = a, b: Count = b) -> float:
            p1 = p0 + delta
            parts = [(a.responders, p1), (a.people - a.responders, 1 - p1)]
            parts += [(b.responders, p0), (b.people - b.responders, 1 - p0)]
            return -sum(many * np.log(p) for many, p in parts if many)

        ends = (max(0.0, -delta) + 1e-12, min(1.0, 1.0 - delta) - 1e-12)
        p0 = minimize_scalar(misfit, bounds=ends, method="bounded", options={"xatol": 1e-11}).x
        p1, total = p0 + delta, a.people + b.people
        each = p1 * (1 - p1) / a.people + p0 * (1 - p0) / b.people
        spread.append(each * total / (total - 1))
        weights.append(a.people * b.people / total)
        seen.append(a.share - b.share)
    w = np.array(weights) / sum(weights)
    return float((w @ seen - delta) ** 2 / (w**2 @ spread))


@given(st.lists(st.tuples(counts(), counts()), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_limits_are_where_the_test_rejects(strata: list[tuple[Count, Count]]) -> None:
    found = difference([a for a, _ in strata], [b for _, b in strata])
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    z2 = norm.ppf(0.975) ** 2  # source: definition of a 95 % interval
    for limit in (found.low, found.high):
        if -0.999 < limit < 0.999:
            assert distance_by_search(strata, limit) == pytest.approx(z2, rel=2e-4)


@given(counts(), counts())
@settings(deadline=None)
def test_a_difference_turns_with_its_arms(a: Count, b: Count) -> None:
    one, other = difference([a], [b]), difference([b], [a])
    np.testing.assert_allclose((one.low, one.high), (-other.high, -other.low), atol=1e-9)
    assert one.p == pytest.approx(other.p)
    failed = [Count(each.people - each.responders, each.people) for each in (a, b)]
    turned = difference([failed[1]], [failed[0]])
    np.testing.assert_allclose((one.low, one.high), (turned.low, turned.high), atol=1e-9)


@given(counts(), counts(), st.integers(2, 4))
@settings(deadline=None)
def test_an_empty_stratum_says_nothing(a: Count, b: Count, people: int) -> None:
    alone = difference([a], [b])
    nobody, some = Count(0, 0), Count(1, people)
    for pair in ((nobody, nobody), (some, nobody), (nobody, some)):
        assert difference([a, pair[0]], [b, pair[1]]) == alone


@given(counts(), counts())
@settings(deadline=None)
def test_a_wider_level_has_a_wider_interval(a: Count, b: Count) -> None:
    narrow, wide = difference([a], [b], level=0.8), difference([a], [b], level=0.99)
    assert wide.low <= narrow.low + 1e-12  # source: room for rounding
    assert narrow.high <= wide.high + 1e-12


def test_the_p_value_is_the_pooled_chi_squared_with_n_minus_1() -> None:
    """source: at no difference the test is Pearson's, times (N - 1) / N (Miettinen 1985)."""
    a, b = Count(56, 70), Count(48, 80)
    pooled = 104 / 150
    chi = (a.share - b.share) ** 2 / (pooled * (1 - pooled) * (1 / 70 + 1 / 80)) * 149 / 150
    expected = 2 * norm.sf(np.sqrt(chi))
    assert difference([a], [b]).p == pytest.approx(expected, rel=1e-9)
    assert ratio(a, b).p == pytest.approx(expected, rel=1e-9)


def ratio_distance_by_search(a: Count, b: Count, times: float) -> float:
    def misfit(p0: float) -> float:
        parts = [(a.responders, times * p0), (a.people - a.responders, 1 - times * p0)]
        parts += [(b.responders, p0), (b.people - b.responders, 1 - p0)]
        return -sum(many * np.log(p) for many, p in parts if many)

    ends = (1e-13, min(1.0, 1 / times) * (1 - 1e-12))
    p0 = minimize_scalar(misfit, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    p1, total = times * p0, a.people + b.people
    spread = p1 * (1 - p1) / a.people + times**2 * p0 * (1 - p0) / b.people
    return float((a.share - times * b.share) ** 2 / (spread * total / (total - 1)))


@given(counts(), counts())
@settings(max_examples=60, deadline=None)
def test_the_limits_of_a_ratio_are_where_the_test_rejects(a: Count, b: Count) -> None:
    if a.responders + b.responders == 0:
        return
    found = ratio(a, b)
    assert found.low <= found.estimate <= found.high
    assert (found.high == np.inf) == (b.responders == 0)
    assert (found.low == 0) == (a.responders == 0)
    z2 = norm.ppf(0.975) ** 2  # source: definition of a 95 % interval
    for limit in (found.low, found.high):
        if 0 < limit < np.inf:
            assert ratio_distance_by_search(a, b, limit) == pytest.approx(z2, rel=2e-3)


def test_the_ratio_of_a_published_pair() -> None:
    """source: statsmodels 0.15.0, confint_proportions_2indep(56, 70, 48, 80, method="score",
    compare="ratio", correction=True): 1.07904712, 1.67214536.
    """
    found = ratio(Count(56, 70), Count(48, 80))
    assert (found.low, found.high) == pytest.approx((1.07904712, 1.67214536), rel=1e-8)


@given(counts())
def test_wilson_is_where_the_score_test_rejects(count: Count) -> None:
    found = share(count)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    for limit in (found.low, found.high):
        if 0 < limit < 1:
            z = (found.estimate - limit) / np.sqrt(limit * (1 - limit) / count.people)
            assert abs(z) == pytest.approx(norm.ppf(0.975))  # source: definition
    assert (found.low == 0) == (count.responders == 0)
    assert (found.high == 1) == (count.responders == count.people)


def interval(estimate: float, low: float, high: float) -> Interval:
    return Interval(estimate, low, high, 0.95, 0.5)


# source: Altman, BMJ 1998;317:1309-1312: a difference of 10 % (-5 % to 25 %) is NNTB 10 (NNTB 4 to
# infinity to NNTH 20). The other rows are arithmetic, 1 over each end.
NEEDED = [
    (
        (0.1, -0.05, 0.25),
        True,
        "10.0 to benefit (from 4.0 to benefit through infinity to 20.0 to harm)",
    ),
    ((0.25, 0.2, 0.5), True, "4.0 to benefit (from 2.0 to 5.0)"),
    ((0.25, 0.2, 0.5), False, "4.0 to harm (from 2.0 to 5.0)"),
    ((-0.25, -0.5, -0.2), True, "4.0 to harm (from 2.0 to 5.0)"),
    (
        (0.0, -0.1, 0.2),
        True,
        "none: the shares are the same (from 5.0 to benefit through infinity to 10.0 to harm)",
    ),
    ((0.2, 0.0, 0.5), True, "5.0 to benefit (from 2.0 to inf)"),
]


@pytest.mark.parametrize(("ends", "good", "said"), NEEDED)
def test_the_number_needed_says_what_it_does_not_know(
    ends: tuple[float, float, float], good: bool, said: str
) -> None:
    found = number_needed(interval(*ends), response_is_good=good)
    assert found.sentence() == said
    assert np.inf not in (found.benefit or (0,))[:1]


@given(counts(), counts())
@settings(deadline=None)
def test_the_number_needed_never_jumps_over_zero(a: Count, b: Count) -> None:
    """A number under 1 would need fewer than one person; both sides show when 0 lies inside."""
    found = number_needed(difference([a], [b]))
    for side in (found.benefit, found.harm):
        assert side is None or 1 <= side[0] <= side[1]
    found_difference = difference([a], [b])
    if found_difference.low < 0 < found_difference.high:
        assert found.benefit is not None
        assert found.harm is not None
        assert found.benefit[1] == found.harm[1] == np.inf


EMPTY = Count(0, 0)


def test_what_has_no_answer_is_refused() -> None:
    for ask in (
        lambda: share(EMPTY),
        lambda: difference([EMPTY], [Count(1, 2)]),
        lambda: difference([Count(1, 2)], [EMPTY]),
        lambda: difference([], []),
        lambda: ratio(EMPTY, Count(1, 2)),
        lambda: ratio(Count(0, 20), Count(0, 20)),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.refusal is Refusal.NOT_ESTIMABLE


@pytest.mark.parametrize("wrong", [(3, 2), (-1, 2), (1.0, 2), (float("nan"), 2), (0, -1)])
def test_a_count_that_is_none_is_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(Refused) as caught:
        Count(*wrong)
    assert caught.value.refusal is Refusal.DATA_INVALID


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan"), 95.0])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(Refused):
        share(Count(1, 2), level=level)


def test_strata_must_match() -> None:
    with pytest.raises(Refused) as caught:
        difference([Count(1, 2)], [Count(1, 2), Count(1, 2)])
    assert caught.value.refusal is Refusal.DATA_INVALID


def test_everybody_responded_in_both_arms() -> None:
    """The difference is 0 and its interval has a width, by symmetry about 0."""
    found = difference([Count(20, 20)], [Count(20, 20)])
    assert found.estimate == 0
    assert found.low == pytest.approx(-found.high)
    assert found.high > 0.1  # source: 3/20 as a rule of thumb for none in 20, rounded down
