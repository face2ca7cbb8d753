"""What a group loses on the MADRS, from the empirical mood file.

Patients vary by normal factors on the drug and control effects and by a normal baseline, so
a group's SD and share of responders (at least half of the baseline lost) are closed forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from statistics import NormalDist

import numpy as np

from assuage.kinetics.effects import mood_control_effect, mood_drug_effect
from assuage.knowledge import library
from assuage.knowledge.schema.effect import MoodAmplitude, MoodEffect

MOOD_ID = "depression-mood-empirical"
NASAL_COURSE_D = (0.0, 3.5, 7.0, 10.5, 14.0, 17.5, 21.0, 24.5)  # twice a week for four weeks


@dataclass(frozen=True)
class Outcome:
    """One arm on one day: points lost, their SD, and the share who lost half or more."""

    change: float
    sd: float
    responders: float


def mood() -> MoodEffect:
    """Return the mood effect."""
    found = library.effect(MOOD_ID).mood
    if found is None:
        raise ValueError(MOOD_ID)
    return found


def scale_of(effect: MoodEffect, drug: str, route: str) -> MoodAmplitude:
    """Return the row of a drug and route. Raises StopIteration when there is none."""
    return next(one for one in effect.amplitude if (one.drug, one.route) == (drug, route))


def outcome(
    effect: MoodEffect, scale: MoodAmplitude, sessions_d: Sequence[float], dose: float, day: float
) -> Outcome:
    """Return an arm's outcome on a day; without sessions it is the control arm's."""
    at = np.array([float(day)])
    drug = float(mood_drug_effect(effect, scale, sessions_d, dose, at)[0])
    control = float(mood_control_effect(scale, at)[0])
    sd = hypot(drug * effect.between_patient_sd.value, control * effect.control_sd.value)
    margin = drug + control - effect.baseline.value / 2.0
    spread = hypot(sd, effect.baseline_sd.value / 2.0)
    return Outcome(drug + control, sd, NormalDist().cdf(margin / spread))
