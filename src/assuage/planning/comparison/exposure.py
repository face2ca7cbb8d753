"""The highest level of a whole course, patient by patient.

A plan draws its first session. Doses may step up over a course and little of a session is left
for the next, so peaks are looked for in all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import curves
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Subject
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.model import Model
from assuage.planning.prediction.course import Course, doses
from assuage.planning.prediction.effects import site_levels
from assuage.planning.regimen import Administration, sessions

# An effect site follows its plasma by minutes: its peak comes soon after a rate falls.
SOON_MIN = (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
LATE_MIN = (40, 50, 60, 75, 90, 105, 120)  # drug that is absorbed peaks later
ALONG = 8  # points along a session, for decreasing rates and devices by the nose


def session_times(rows: Sequence[Administration]) -> Array:
    """Return times in h after a session's first dose at which its peak can lie, rising."""
    edges = {one.in_session_h for one in rows}
    edges |= {one.in_session_h + (one.duration_h or 0.0) for one in rows}
    pushed = any(one.kind != "infusion" for one in rows)
    after = np.array([*SOON_MIN, *(LATE_MIN if pushed else ())]) / 60.0
    found = np.concatenate([*(edge + after for edge in edges), np.linspace(0, max(edges), ALONG)])
    times: Array = np.unique(np.round(found, 9))
    boluses = [one.in_session_h for one in rows if one.kind == "bolus" and one.route == "iv"]
    mixing_h = library.assumed("mixing") / 60.0
    for start in boluses:  # mixing after a bolus is in no model here
        times = times[(times < start) | (times >= start + mixing_h - 1e-9)]
    return times


def course_times(given: Sequence[Administration]) -> Array:
    """Return times in h after the course's first at which its peak can lie, rising."""
    groups = sessions(given).values()
    starts = [rows[0].start_h - rows[0].in_session_h for rows in groups]
    found = [start + session_times(rows) for start, rows in zip(starts, groups, strict=True)]
    times: Array = np.unique(np.round(np.concatenate(found), 9))
    return times


def peak_at_site(
    course: Course,
    effect: Effect,
    model: Model,
    subject: Subject,
    share: float,
    shifts: dict[str, Array] | None,
) -> Array:
    """Return (patients,) the highest level in ng/mL at an effect's site over the course."""
    given = doses(course.fixed, course.regimen.routes[0], share, course=True)
    times_h = course_times(course.fixed)
    highest: Array = site_levels(effect, model, subject, given, times_h, shifts).max(axis=1)
    return highest


def peak_in_plasma(
    course: Course, model: Model, subject: Subject, shifts: dict[str, Array] | None
) -> Array:
    """Return (patients,) the highest level in ng/mL of the drug given over the course."""
    given = doses(course.fixed, course.regimen.routes[0], 1.0, course=True)
    _, values = curves(model, subject, given, course_times(course.fixed), shifts)
    highest: Array = values[:, :, 0].max(axis=1) * fx.NG_PER_ML_PER_MG_PER_L
    return highest
