"""One patient's depression scores: the empirical, session-driven curve moved by that patient's own.

No level enters, and none of this tells who will improve: it says how this patient's scores have
gone so far, against what groups did, and with how wide a band they may go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assuage.kinetics.engine import LEVELS
from assuage.kinetics.exact import Array
from assuage.kinetics.individual import belief as beliefs
from assuage.kinetics.individual import mood as fits
from assuage.kinetics.individual.belief import Belief, Oddness, Part
from assuage.kinetics.individual.sampling import prior_draws
from assuage.kinetics.population import quantiles
from assuage.kinetics.structure import Dose
from assuage.knowledge import library
from assuage.knowledge.library import assumed
from assuage.knowledge.schema.effect import MoodAmplitude, MoodEffect
from assuage.planning.individual.fit import Band, Number, ends_of
from assuage.planning.individual.measurement import Points
from assuage.planning.individual.words import Reading, contradictions, little, quality
from assuage.refusals import Refusal, Refused

MOOD = "depression-mood-empirical"
SAME_SESSION_H = 12.0  # doses that start this soon after a session's first belong to it


@dataclass(frozen=True)
class MoodAnswer:
    """What a patient's own scores say, before and after."""

    effect: MoodEffect
    scale: MoodAmplitude
    belief: Belief
    odd: Oddness
    numbers: tuple[Number, ...]
    readings: tuple[Reading, ...]
    band: Band
    warnings: tuple[str, ...]


def mood(
    drug: str,
    doses: Sequence[Dose],
    weight_kg: float | None,
    scores: Sequence[Points],
    times_d: Array,
    *,
    draws: int = beliefs.DRAWS,
    seed: int = 1,
) -> MoodAnswer:
    """Fit one patient's depression scores and foretell them at `times_d`.

    Raises Refused when nothing was calibrated for the drug and route, or the weight is needed.
    """
    effect = library.effect(MOOD).mood
    assert effect is not None
    course, scale = _course(effect, drug, doses, weight_kg)
    error = assumed("mood-score-error")
    rows = sorted(scores, key=lambda one: (one.time_h, one.points))
    fit = fits.mood_fit(course, [(one.time_h / 24.0, one.points) for one in rows], error)
    parts = [Part("", 1.0, fit.predicted)]
    effects = len(fits.MOOD_EFFECTS)
    found = beliefs.believe(parts, fit.readings, effects, draws=draws, seed=seed)
    odd = beliefs.oddness(parts, fit.readings, effects, seed=seed)
    before = prior_draws(seed, draws, effects)
    readings = tuple(
        Reading(
            one.words,
            one.points,
            (float(odd.low[n]), float(odd.middle[n]), float(odd.high[n])),
            float(odd.of_each[n]),
        )
        for n, one in enumerate(rows)
    )
    ends = _scores(course, before, times_d), _scores(course, found.z, times_d)
    numbers = _numbers(course, before, found)
    warnings = [
        *contradictions(readings, odd, effect.id),
        *little([one.kept for one in numbers]),
        *quality(found),
        effect.label,
        *(one.text for one in effect.caution),
        "the fall without the drug is that of the trials' control arms, which goes on after the "
        f"last session ({scale.control.where})",
        f"mood scores are taken to scatter by {error:g} points (assuage's own)",
    ]
    points = tuple((one.time_h, one.points) for one in rows)
    hours = times_d * 24.0
    band = Band("mood", effect.endpoint, "points", hours, *ends, points, (effect.source,))
    return MoodAnswer(effect, scale, found, odd, numbers, readings, band, tuple(warnings))


def _course(
    effect: MoodEffect, drug: str, doses: Sequence[Dose], weight_kg: float | None
) -> tuple[fits.MoodCourse, MoodAmplitude]:
    route = doses[0].route.removesuffix("-repeat") if doses else "iv"
    scale = amplitude(effect, drug, route, "leave the mood scores out")
    starts: list[float] = []
    doses_mg: list[float] = []
    for one in sorted(doses, key=lambda dose: dose.start_h):
        if not starts or one.start_h - starts[-1] > SAME_SESSION_H:
            starts.append(one.start_h)
            doses_mg.append(0.0)
        doses_mg[-1] += one.amount_mg
    if scale.reference_dose.unit != "mg":
        if weight_kg is None:
            raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=effect.id)
        doses_mg = [one / weight_kg for one in doses_mg]
    days = tuple(one / 24.0 for one in starts)
    return fits.MoodCourse(effect, scale, days, tuple(doses_mg)), scale


def amplitude(effect: MoodEffect, drug: str, route: str, otherwise: str) -> MoodAmplitude:
    """Return the row of a drug and route, or refuse and say what to do otherwise."""
    for one in effect.amplitude:
        if (one.drug, one.route) == (drug, route):
            return one
    known = ", ".join(f"{one.drug} {one.route}" for one in effect.amplitude)
    raise Refused(
        Refusal.FIT_IMPOSSIBLE,
        model=effect.id,
        why=f"nothing was calibrated for {drug} by the route {route}",
        remedy=f"{otherwise}; what was calibrated is {known}",
    )


def _scores(course: fits.MoodCourse, z: Array, times_d: Array) -> Array:
    """Return (3, times) quantiles of scores, held to the scale as the plan's are."""
    return quantiles(np.clip(course.scores(z, times_d), *fits.ENDS), LEVELS)


def session_days(doses: Sequence[Dose]) -> float:
    """Return the day on which the last dose starts."""
    return max((one.start_h for one in doses), default=0.0) / 24.0


def _numbers(
    course: fits.MoodCourse,
    before: Array,
    found: Belief,
) -> tuple[Number, ...]:
    numbers = []
    pairs = zip(course.factors(before), course.factors(found.z), strict=True)
    for place, (was, now) in enumerate(pairs):
        unit = "point" if fits.MOOD_EFFECTS[place] == "baseline" else "1"
        ends = [ends_of(values) for values in (was, now)]
        name = f"mood {fits.MOOD_EFFECTS[place]}"
        numbers.append(Number(name, unit, ends[0], ends[1], float(found.sd[place])))
    return tuple(numbers)
