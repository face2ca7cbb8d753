"""Peaks of a whole course, against a dense grid of the engine's own curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from assuage.kinetics.engine import curves
from assuage.kinetics.population import deviations
from assuage.planning.comparison.exposure import (
    course_times,
    peak_at_site,
    peak_in_plasma,
    session_times,
)
from assuage.planning.prediction.course import doses, effect_named, esketamine_share
from assuage.planning.prediction.effects import site_levels
from planning.comparison.comparing import subjected

DISSOCIATION = effect_named("olofsen-2022-dissociation")
FEW = 20


@pytest.mark.parametrize(
    ("regimen", "variant"),
    [
        ("crps-outpatient-10d", "ceiling"),
        ("crps-outpatient-10d", "stepped"),
        ("crps-inpatient-esketamine-100h", "titrated"),
        ("depression-iv", None),
    ],
)
def test_the_peak_is_that_of_a_fine_grid(regimen: str, variant: str | None) -> None:
    made = subjected(regimen, variant)
    course, model = made.course, made.esketamine_models[0]
    shifts = deviations(model, FEW, 1)
    share = esketamine_share(course)
    last = max(one.start_h + (one.duration_h or 0.0) for one in course.fixed)
    ends = {one.start_h + (one.duration_h or 0.0) for one in course.fixed}
    fine = [end + np.arange(-0.05, 0.35, 1.0 / 480.0) for end in ends]
    fine_h = np.unique(np.round([*np.arange(0.0, last + 2.0, 0.1), *np.concatenate(fine)], 9))
    dense = site_levels(
        DISSOCIATION,
        model,
        course.subject,
        doses(course.fixed, "iv", share, course=True),
        fine_h,
        shifts,
    )
    found = peak_at_site(course, DISSOCIATION, model, course.subject, share, shifts)
    assert found == pytest.approx(dense.max(axis=1), rel=2e-4)


def test_a_course_that_steps_up_peaks_where_the_steps_end() -> None:
    peaks = []
    for variant in ("ceiling", "stepped"):
        made = subjected("crps-outpatient-10d", variant)
        peaks.append(peak_in_plasma(made.course, made.models[0], made.course.subject, None)[0])
        first = replace(made.course, given=tuple(made.course.window))
        peaks.append(peak_in_plasma(first, made.models[0], first.subject, None)[0])
    assert peaks[0] == pytest.approx(peaks[2], rel=1e-3)
    assert peaks[3] < 0.6 * peaks[2]  # source: the first step is half of the ceiling


def test_mixing_after_a_bolus_is_not_read() -> None:
    course = subjected("acute-subanaesthetic", "bolus").course
    times = session_times(course.window)
    assert times[0] == pytest.approx(5.0 / 60.0)  # source: assumptions.toml, mixing
    assert (np.diff(course_times(course.fixed)) > 0.0).all()


@settings(max_examples=15, deadline=None)
@forall(factor=st.floats(1.0, 3.0), sessions=st.integers(1, 9))
def test_more_drug_never_lowers_a_level(factor: float, sessions: int) -> None:
    made = subjected("crps-outpatient-10d")
    course, model = made.course, made.models[0]
    less = replace(course, given=course.given[:sessions])
    more = replace(
        course,
        given=tuple(
            replace(one, dose_mg=one.dose_mg * factor) for one in course.given[: sessions + 1]
        ),
    )
    times = course_times(more.fixed)
    low, high = (
        curves(model, course.subject, doses(one.fixed, "iv", 1.0, course=True), times)[1]
        for one in (less, more)
    )
    assert (high >= low * (1.0 - 1e-12)).all()  # source: rounding
