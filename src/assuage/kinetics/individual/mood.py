"""Depression scores of one person: session-driven and empirical, never from a level.

    score = baseline - drug factor x drug(t) - control factor x control(t)

with normal factors around one and a normal baseline, as the group-level model has them. It is
linear in them, so its posterior is known in closed form where no score stands at an end of its
scale; the tests hold the sampling to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.exact import Array
from assuage.kinetics.individual.mode import Places
from assuage.kinetics.individual.readings import ABOVE, BELOW, EXACT, Readings
from assuage.knowledge.schema.effect import MoodAmplitude, MoodEffect

MOOD_EFFECTS = ("drug factor", "control factor", "baseline")
ENDS = (0.0, 60.0)


@dataclass(frozen=True)
class MoodCourse:
    """Sessions (days), and their dose or doses in the unit that the amplitude was calibrated in."""

    mood: MoodEffect
    scale: MoodAmplitude
    session_d: tuple[float, ...]
    dose: float | tuple[float, ...]

    def curves(self, time_d: Array) -> tuple[Array, Array]:
        """Return the points taken off by drug and by control with both factors one."""
        drug = fx.mood_drug_effect(self.mood, self.scale, self.session_d, self.dose, time_d)
        return drug, fx.mood_control_effect(self.scale, time_d)

    def factors(self, z: Array) -> tuple[Array, Array, Array]:
        """Return drug factor, control factor and baseline of standardised effects (sets, 3)."""
        mood = self.mood
        return (
            1.0 + mood.between_patient_sd.value * z[:, 0],
            1.0 + mood.control_sd.value * z[:, 1],
            mood.baseline.value + mood.baseline_sd.value * z[:, 2],
        )

    def scores(self, z: Array, time_d: Array) -> Array:
        """Return (sets, times) scores on the unbounded line that the scale is a window on."""
        drug, control = self.curves(time_d)
        by_drug, by_control, baseline = self.factors(z)
        return baseline[:, None] - np.outer(by_drug, drug) - np.outer(by_control, control)


@dataclass(frozen=True)
class MoodFit:
    """A course with scores: what `believe` needs. `patient` is always the one there is."""

    course: MoodCourse
    time_d: Array
    readings: Readings

    def predicted(self, z: Array, patient: Places) -> Array:
        """Return (sets, scores)."""
        assert not patient.any()
        return self.course.scores(z, self.time_d)


def mood_fit(course: MoodCourse, scores: Sequence[tuple[float, float]], sd: float) -> MoodFit:
    """Lay out (day, score) pairs read with an error of `sd` points.

    A score at an end of the scale says only that the truth lies there or beyond.
    """
    rows = np.array(sorted(scores), dtype=float).reshape(-1, 2)
    time_d, value = rows.T
    kind = np.where(value <= ENDS[0], BELOW, np.where(value >= ENDS[1], ABOVE, EXACT))
    shape = (1, len(value))
    readings = Readings(
        value.reshape(shape).copy(),
        kind.reshape(shape),
        np.zeros(shape, dtype=bool),
        np.full(shape, sd),
        np.zeros(shape),
    )
    return MoodFit(course, time_d, readings)
