"""Each measure against the plan's own prediction, and the same patients in every course."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from assuage.planning.comparison import measures as m
from assuage.planning.comparison.measures import Measure, Subjected
from planning.asking import PLANNABLE, default_plan
from planning.comparison.comparing import subjected

CRPS = [one for one in PLANNABLE if one.startswith("crps")]


def measure(found: Measure | str) -> Measure:
    assert isinstance(found, Measure), found
    return found


def more(made: Subjected, factor: float) -> Subjected:
    """Return the same course with so much more drug."""
    given = tuple(
        replace(one, dose_mg=one.dose_mg * factor, rate_mg_per_h=(one.rate_mg_per_h or 0) * factor)
        for one in made.course.given
    )
    return Subjected(replace(made.course, given=given))


@pytest.mark.parametrize("id_", ["crps-outpatient-10d", "crps-inpatient-esketamine-100h"])
def test_relief_is_what_the_plan_draws(id_: str) -> None:
    pain = next(one for one in default_plan(id_).predictions if one.id == "pain")
    drawn = np.array(pain.lines[0].values)
    base = drawn[0]
    mine = measure(m.relief_over_weeks(subjected(id_)))
    assert mine.value == pytest.approx(base - np.trapezoid(drawn) / (len(drawn) - 1), rel=1e-3)
    best = measure(m.greatest_relief(subjected(id_)))
    assert best.value == pytest.approx(base - drawn.min(), rel=1e-3)
    assert f"day {drawn.argmin()}" == best.text


def test_dissociation_and_pressure_are_what_the_plan_draws() -> None:
    by_id = {one.id: one for one in default_plan("crps-outpatient-10d").predictions}
    made = subjected("crps-outpatient-10d")
    for id_, mine in (
        ("dissociation", measure(m.peak_dissociation(made))),
        ("pressure", measure(m.pressure_rise(made))),
    ):
        # a little is left from the days before, which the plan's first session doesn't see
        assert mine.value == pytest.approx(max(by_id[id_].lines[0].values), rel=0.1)
        # source: the plan rounds and looks less often
        assert mine.value >= max(by_id[id_].lines[0].values) * (1.0 - 1e-3)
        assert mine.low is not None
        assert mine.high is not None
        assert mine.low <= mine.value <= mine.high


@pytest.mark.parametrize("id_", CRPS)
def test_every_endpoint_is_a_number_or_says_why_not(id_: str) -> None:
    made = subjected(id_)
    for predict in (
        *(m.relief_over_weeks, m.greatest_relief, m.days_of_relief, m.no_relief, m.mood_change),
        *(m.peak_dissociation, m.marked_dissociation, m.pressure_rise, m.lowest_sedation),
    ):
        found = predict(made)
        if isinstance(found, str):
            assert len(found) > 20
            continue
        assert np.isfinite(found.value)
        assert found.reads
        assert found.sources
        assert (found.low is None) == (found.high is None)
        assert found.low is not None or found.band.startswith("no band")


def test_the_same_patients_go_through_every_course() -> None:
    """A patient who doesn't answer to one course answers to none; more drug harms no relief.

    source: no relief at all is 0.
    """
    one = subjected("crps-outpatient-10d")
    other = subjected("crps-inpatient-esketamine-100h")
    reliefs = [measure(m.relief_over_weeks(made)) for made in (one, other, more(one, 1.5))]
    draws = [found.draws for found in reliefs]
    assert len({found.crowd for found in reliefs}) == 1
    assert draws[0] is not None
    assert draws[1] is not None
    assert draws[2] is not None
    assert ((draws[0] == 0.0) == (draws[1] == 0.0)).all()
    assert (draws[2] >= draws[0]).all()
    assert 0 < (draws[0] == 0.0).sum() < len(draws[0])
    # canary: other patients would not pair
    assert not ((draws[0] == 0.0) == (np.roll(draws[1], 1) == 0.0)).all()


@pytest.mark.parametrize("factor", [1.1, 1.5])
def test_more_drug_raises_every_risk(factor: float) -> None:
    made = subjected("crps-outpatient-10d")
    for predict in (m.peak_dissociation, m.marked_dissociation, m.pressure_rise):
        low, high = measure(predict(made)), measure(predict(more(made, factor)))
        assert high.value >= low.value
    assert measure(m.no_relief(more(made, factor))).value <= measure(m.no_relief(made)).value


def test_the_chance_of_no_relief_never_falls_below_the_published_share() -> None:
    for id_ in CRPS:
        if isinstance(found := m.no_relief(subjected(id_)), Measure):
            assert found.value >= 33.0 - 1e-9  # source: dahan-2011, 67 % answer
            assert found.low is not None
            assert found.low >= 0.0  # source: a share


def test_a_pressure_beyond_the_curve_is_not_guessed() -> None:
    found = m.pressure_rise(more(subjected("crps-outpatient-10d"), 6.0))
    assert isinstance(found, str)
    assert "may not be read above" in found


@forall(people=st.integers(5, 5000), seen=st.floats(0.0, 1.0))
def test_the_interval_of_a_share_solves_its_own_equation(people: int, seen: float) -> None:
    """Wilson's ends are where the share lies 1.645 of their own standard errors away."""
    low, high = m.share_interval(seen, people)
    assert 0.0 <= low <= seen + 1e-12  # source: a share
    assert seen - 1e-12 <= high <= 1.0  # source: a share
    for end in (low, high):
        if 1e-9 < end < 1.0 - 1e-9:
            error = np.sqrt(end * (1.0 - end) / people)
            assert abs(seen - end) == pytest.approx(m.WIDE * error, rel=1e-6)


def test_the_mean_over_days_is_the_trapezium_rule() -> None:
    values = np.random.default_rng(3).random((4, 84))
    mine = m.mean_over_days(values)
    assert mine == pytest.approx(np.trapezoid(values, axis=1) / 83)
