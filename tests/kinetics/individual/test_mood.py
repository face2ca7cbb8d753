"""Depression scores: linear in their factors, so the posterior is known in closed form.

source: the closed form of a normal linear model, computed beside.
"""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from assuage.kinetics.individual.belief import Part, believe
from assuage.kinetics.individual.mood import MOOD_EFFECTS, MoodCourse, mood_fit
from assuage.kinetics.individual.readings import ABOVE, BELOW, EXACT
from assuage.knowledge import library

MOOD = library.effect("depression-mood-empirical").mood
assert MOOD is not None
COURSE = MoodCourse(MOOD, MOOD.amplitude[0], (0.0, 3.0, 6.0), 0.5)
SCORES = [(0.0, 36.0), (1.0, 22.0), (7.0, 15.0)]


def test_the_posterior_is_the_closed_form() -> None:
    fit = mood_fit(COURSE, SCORES, 4.0)
    found = believe([Part("", 1.0, fit.predicted)], fit.readings, 3, draws=20_000)
    drug, control = COURSE.curves(fit.time_d)
    assert MOOD is not None
    slope = np.column_stack([
        -MOOD.between_patient_sd.value * drug,
        -MOOD.control_sd.value * control,
        np.full(3, MOOD.baseline_sd.value),
    ])  # fmt: skip
    gap = fit.readings.value[0] - (MOOD.baseline.value - drug - control)
    cov = np.linalg.inv(np.eye(3) + slope.T @ slope / 16.0)
    assert_allclose(found.modes[0].z[0], cov @ slope.T @ gap / 16.0, atol=1e-5)
    assert_allclose(found.mean, cov @ slope.T @ gap / 16.0, atol=0.03)
    assert_allclose(found.covariance, cov, rtol=0.08, atol=0.01)


def test_no_level_can_enter() -> None:
    """Doses count by session and size alone: the course knows no concentration and no patient."""
    assert set(MoodCourse.__dataclass_fields__) == {"mood", "scale", "session_d", "dose"}
    assert MOOD_EFFECTS == ("drug factor", "control factor", "baseline")


def test_scores_at_the_ends_say_or_beyond() -> None:
    fit = mood_fit(COURSE, [(3.0, 0.0), (1.0, 60.0), (2.0, 30.0)], 4.0)
    assert fit.time_d.tolist() == [1, 2, 3]
    assert fit.readings.kind.tolist() == [[ABOVE, EXACT, BELOW]]
