"""Curves, medians, restricted means and log-rank against SciPy, R and plain sums."""

from __future__ import annotations

from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from assuage.evidence.trial.survival import (
    Times,
    kaplan_meier,
    log_rank,
    restricted_mean,
    restricted_mean_difference,
)
from assuage.refusals import Refusal, Refused

NAN = float("nan")


def followed(*pairs: tuple[float, bool]) -> Times:
    return Times(np.array([time for time, _ in pairs], float), np.array([one for _, one in pairs]))


def marked(text: str) -> Times:
    """Read times as tables print them: a plus marks the end of follow-up."""
    return followed(*[(float(one.strip("+")), not one.endswith("+")) for one in text.split()])


# Acute myelogenous leukaemia, weeks of remission with and without maintenance chemotherapy.
# source: Miller, Survival analysis, 1997, page 49; `aml` of R's package survival.
MAINTAINED = marked("9 13 13+ 18 23 28+ 31 34 45+ 48 161+")
NOT_MAINTAINED = marked("5 5 8 8 12 16+ 23 27 30 33 43 45")

many = st.lists(st.tuples(st.integers(0, 12).map(float), st.booleans()), min_size=1, max_size=25)


def censored(times: Times) -> stats.CensoredData:
    return stats.CensoredData.right_censored(times.time, ~times.happened)


@given(many)
@settings(max_examples=60, deadline=None)
def test_the_curve_and_its_band_are_scipys(pairs: list[tuple[float, bool]]) -> None:
    times = followed(*pairs)
    found = kaplan_meier(times)
    judge = stats.ecdf(censored(times)).sf
    np.testing.assert_allclose(found.survival, judge.evaluate(found.time), atol=1e-12)
    with np.errstate(all="ignore"), catch_warnings():
        simplefilter("ignore")  # the judge warns where a band isn't defined
        band = judge.confidence_interval(method="log-log")
    inside = (found.survival > 0) & (found.survival < 1)
    for ours, theirs in ((found.low, band.low), (found.high, band.high)):
        expected = theirs.evaluate(found.time)[inside]
        np.testing.assert_allclose(ours[inside], expected, atol=1e-10)
    assert (found.events + found.censored).sum() == len(pairs)


def test_the_leukaemia_curves_are_rs() -> None:
    """source: R 4.2.2, survival 3.5.3: survfit(Surv(time, status) ~ x, aml, conf.type="log-log"),
    medians with their limits, and the band of the maintained arm at weeks 9 and 48.
    """
    one, other = kaplan_meier(MAINTAINED), kaplan_meier(NOT_MAINTAINED)
    assert (one.median, one.median_low) == (31, 13)
    assert np.isnan(one.median_high)
    ends = [np.flatnonzero(one.time == week)[0] for week in (9, 48)]
    assert one.low[ends] == pytest.approx([0.5080802058, 0.0117384801], rel=1e-8)
    assert one.high[ends] == pytest.approx([0.986673823, 0.525014843], rel=1e-8)
    assert (other.median, other.median_low, other.median_high) == (23, 5, 33)


def test_the_log_rank_of_the_leukaemia_data_is_rs() -> None:
    """source: R 4.2.2, survival 3.5.3: survdiff(Surv(time, status) ~ x, aml)$chisq."""
    found = log_rank([MAINTAINED, NOT_MAINTAINED])
    assert found.observed == (7, 11)
    assert found.chi_squared == pytest.approx(3.39638869898, rel=1e-9)
    assert found.df == 1


@given(many, many)
@settings(max_examples=60, deadline=None)
def test_two_arms_are_compared_as_scipy_does(
    first: list[tuple[float, bool]], second: list[tuple[float, bool]]
) -> None:
    one, other = followed(*first), followed(*second)
    try:
        found = log_rank([one, other])
    except Refused:
        assume(False)
    judge = stats.logrank(censored(one), censored(other))
    assert found.chi_squared == pytest.approx(judge.statistic**2, rel=1e-8, abs=1e-10)
    assert found.p == pytest.approx(judge.pvalue, rel=1e-6)


@given(many, many, many)
@settings(max_examples=40, deadline=None)
def test_arms_may_come_in_any_order(
    first: list[tuple[float, bool]],
    second: list[tuple[float, bool]],
    third: list[tuple[float, bool]],
) -> None:
    arms = [followed(*one) for one in (first, second, third)]
    try:
        one, other = log_rank(arms), log_rank(arms[::-1])
    except Refused:
        assume(False)
    assert one.chi_squared == pytest.approx(other.chi_squared, rel=1e-6, abs=1e-9)
    assert one.df == other.df
    assert sum(one.observed) == pytest.approx(sum(one.expected))


@given(st.lists(st.integers(1, 30).map(float), min_size=2, max_size=30), st.integers(1, 35))
def test_without_censoring_the_restricted_mean_is_a_mean(days: list[float], horizon: int) -> None:
    """source: definition; its Greenwood variance is then the population variance over n."""
    times = followed(*[(day, True) for day in days])
    found = restricted_mean(times, horizon)
    cut = np.minimum(days, horizon)
    assert found.estimate == pytest.approx(cut.mean())
    assert found.se == pytest.approx(np.sqrt(cut.var() / len(cut)), abs=1e-7)


def test_restricted_means_of_the_leukaemia_data_are_rs() -> None:
    """source: R 4.2.2, survival 3.5.3: summary(survfit(...), rmean = 40)$table."""
    one, other = restricted_mean(MAINTAINED, 40), restricted_mean(NOT_MAINTAINED, 40)
    assert (one.estimate, one.se) == pytest.approx((28.89772727, 3.467577679), rel=1e-8)
    assert (other.estimate, other.se) == pytest.approx((21.93055556, 3.835641163), rel=1e-8)
    both = restricted_mean_difference(MAINTAINED, NOT_MAINTAINED, 40)
    assert both.estimate == pytest.approx(one.estimate - other.estimate)
    assert both.se == pytest.approx(np.hypot(one.se, other.se))
    z = both.estimate / both.se
    assert both.p == pytest.approx(2 * stats.norm.sf(abs(z)))
    reach = stats.norm.ppf(0.975) * both.se  # source: a 95 % normal interval
    assert (both.low, both.high) == pytest.approx((both.estimate - reach, both.estimate + reach))


def test_a_median_on_a_flat_half_is_its_middle() -> None:
    """source: R 4.2.2, survival 3.5.3: survfit of times 1 2 3 4, all events, has median 2.5."""
    assert kaplan_meier(marked("1 2 3 4")).median == 2.5
    # Nothing comes after the flat part, so it has no middle: R says 2.
    assert kaplan_meier(marked("1 2 3+ 4+")).median == 2


def test_a_curve_that_stays_high_has_no_median() -> None:
    found = kaplan_meier(marked("5 6+ 7+ 8+"))
    assert np.isnan(found.median)
    assert found.survival[-1] == pytest.approx(3 / 4)


def test_who_leaves_on_the_day_of_an_event_was_at_risk() -> None:
    """source: 1 of 2 had the event on day 3, by the definition in the module."""
    found = kaplan_meier(marked("3 3+"))
    assert found.at_risk.tolist() == [2]
    assert found.survival.tolist() == [0.5]


def test_a_band_is_unknown_where_nobody_is_left() -> None:
    found = kaplan_meier(marked("1 2"))
    assert found.survival[-1] == 0
    assert np.isnan(found.low[-1])
    assert np.isnan(found.high[-1])
    untouched = kaplan_meier(marked("1+ 2+"))
    assert untouched.low.tolist() == untouched.high.tolist() == [1, 1]


def test_a_horizon_past_the_follow_up_is_refused() -> None:
    assert restricted_mean(marked("1 2 3+"), 3).estimate == pytest.approx(2)
    with pytest.raises(Refused) as caught:
        restricted_mean(marked("1 2 3+"), 4)
    assert caught.value.refusal is Refusal.NOT_ESTIMABLE
    # Everybody had the event, so the curve is known to stay at 0.
    assert restricted_mean(marked("1 2 3"), 9).estimate == pytest.approx(2)


@pytest.mark.parametrize("horizon", [0.0, -1.0, NAN, float("inf")])
def test_a_horizon_that_is_none_is_refused(horizon: float) -> None:
    with pytest.raises(Refused) as caught:
        restricted_mean(MAINTAINED, horizon)
    assert caught.value.refusal is Refusal.VALUE_NOT_ALLOWED


@pytest.mark.parametrize("level", [0.0, 1.0, NAN])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(Refused):
        kaplan_meier(MAINTAINED, level=level)


@pytest.mark.parametrize(
    ("time", "happened"),
    [([1.0, NAN], [True, True]), ([-1.0], [True]), ([np.inf], [False]), ([1.0, 2.0], [True])],
)
def test_times_that_do_not_hold_are_refused(time: list[float], happened: list[bool]) -> None:
    with pytest.raises(Refused) as caught:
        Times(np.array(time), np.array(happened))
    assert caught.value.refusal is Refusal.DATA_INVALID


def test_numbers_for_yes_and_no_are_refused() -> None:
    with pytest.raises(Refused):
        Times(np.array([1.0]), np.array([1]))


def test_what_has_no_answer_is_refused() -> None:
    nobody, one = np.array([]), followed((1, True), (2, True))
    with pytest.raises(Refused):
        Times(nobody, nobody.astype(bool))
    for arms in ([one], [marked("1+ 2+"), marked("3+")], [marked("1+"), marked("5 6")]):
        with pytest.raises(Refused) as caught:
            log_rank(arms)
        assert caught.value.refusal is Refusal.NOT_ESTIMABLE
    with pytest.raises(Refused):
        restricted_mean_difference(marked("5 9+"), marked("6 9+"), 4)
