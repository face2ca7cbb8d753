"""Predicts what a course does over weeks: pain in CRPS, and mood, empirically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import LEVELS, curves
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations, log_sd, normals, quantiles, uniforms
from assuage.kinetics.structure import Dose, Subject, System, base_factor
from assuage.knowledge import library
from assuage.knowledge.schema.effect import MoodAmplitude, MoodEffect, PainEffect
from assuage.knowledge.schema.facts import Number
from assuage.knowledge.schema.model import Model
from assuage.planning.document import Line, Prediction
from assuage.planning.prediction.course import (
    BETWEEN_PATIENTS,
    SEED,
    Course,
    doses,
    esketamine_share,
    numbers,
    reads_of,
)
from assuage.planning.regimen import sessions

PAIN_DAYS = 84
MOOD_DAYS_AFTER = 28
DRAWN = 400
UNCERTAIN = "what patients may expect, 5 to 95 %"


@dataclass(frozen=True)
class PainPeople:
    """The patients behind a pain prediction, the same whatever the course; shapes (patients,)."""

    effect: PainEffect
    baseline: float  # points before the course
    c50_ng_per_ml: Array
    rate_per_h: Array  # of the slow effect site
    responds: Array  # 1 or 0
    responds_to_placebo: Array

    def scores(self, slow_ng_per_ml: Array) -> Array:
        """Return (patients, times) scores at levels of the slow effect site."""
        return fx.pain_score(slow_ng_per_ml, self.responds, self.c50_ng_per_ml, self.baseline)

    def under_placebo(self, slow_ng_per_ml: Array) -> Array:
        """Return (patients, times) scores as if these patients had answered to placebo."""
        return fx.pain_score(
            slow_ng_per_ml, self.responds_to_placebo, self.c50_ng_per_ml, self.baseline
        )


@dataclass(frozen=True)
class Draws:
    """One endpoint over weeks, patient by patient; patient k is the same in every course."""

    times_d: Array  # (times,)
    scores: Array  # (patients, times)
    control: Array  # mean without the drug, (times,)
    baseline: float


def pain_people(pain_nrs: float | None) -> PainPeople:
    """Draw the patients of a pain prediction, around the published numbers."""
    effect = library.effect("dahan-2011-crps-pain").pain
    assert effect is not None
    half_life = _log_normal(effect.half_life, effect.half_life_se, "pain half-life")
    chance = uniforms(SEED, "responds", DRAWN)
    return PainPeople(
        effect=effect,
        baseline=effect.baseline.value if pain_nrs is None else pain_nrs,
        c50_ng_per_ml=_log_normal(effect.c50, effect.c50_se, "pain c50"),
        rate_per_h=np.log(2.0) / (half_life * base_factor(effect.half_life.unit)),
        responds=(chance < effect.responders.value).astype(float),
        responds_to_placebo=(chance < effect.placebo_responders.value).astype(float),
    )


def pain_draws(course: Course, models: Sequence[Model]) -> Draws | str:
    """Return pain day by day over twelve weeks, patient by patient, or why it can't be."""
    if not models or course.weights_kg:
        return "No esketamine model serves this patient and route."
    people = pain_people(course.pain_nrs)
    last = max(one.start_h + (one.duration_h or 0.0) for one in course.fixed)
    times_h = np.arange(0.0, max(PAIN_DAYS * 24.0, last + 1.0), 24.0)
    given = doses(course.fixed, course.regimen.routes[0], esketamine_share(course), course=True)
    slow = slow_levels(models[0], course.subject, given, times_h, people.rate_per_h)
    control = people.under_placebo(slow).mean(axis=0)
    return Draws(times_h / 24.0, people.scores(slow), control, people.baseline)


def pain(course: Course, models: list[Model]) -> Prediction | str:
    """Predict the pain score over twelve weeks, with the chance of no effect in the band."""
    drawn = pain_draws(course, models)
    if isinstance(drawn, str):
        return drawn
    effect, model = pain_people(course.pain_nrs).effect, models[0]
    baseline, scores, control, days = drawn.baseline, drawn.scores, drawn.control, drawn.times_d
    mean = scores.mean(axis=0)
    lines = (
        _mean_line(effect.id, model.sampling, "Mean of patients like this one", scores, UNCERTAIN),
        _control_line(effect.id, model.sampling, "Mean under placebo, by the same study", control),
    )
    place = int(np.argmin(mean))
    headline = (
        f"Mean pain falls from {baseline:.3g} to about {mean[place]:.2g} by day "
        f"{days[place]:.0f} and is back at {mean[-1]:.2g} after twelve weeks; about one in "
        f"{1.0 / (1.0 - effect.responders.value):.0f} has no relief at all."
    )
    facts = [effect.half_life, effect.c50, effect.responders, effect.form]
    if course.pain_nrs is None:
        facts.append(effect.baseline)
    worth = [
        f"{effect.name}: {effect.people.text}",
        effect.form.text,
        *(one.text for one in effect.caution),
    ]
    if course.regimen.drug == "racemic-ketamine":
        worth.append("Built on esketamine; used here with the esketamine half of the racemate.")
    if course.pain_nrs is None:
        worth.append("No baseline score was given; the trial's is used, and it is unverified.")
    return Prediction(
        id="pain",
        title="Predicted pain over twelve weeks",
        endpoint=effect.endpoint,
        unit="points",
        time_unit="day",
        time=numbers(days),
        lines=lines,
        headline=headline,
        worth=tuple(worth),
        sources=(effect.source, model.source, "sigtermans-2009-pain"),
        reads=reads_of(facts),
    )


def _mean_line(model: str, sampling: str, label: str, scores: Array, band: str) -> Line:
    """Return the mean of (patients, times) scores with its band."""
    low, _, high = quantiles(scores, LEVELS)
    mean = scores.mean(axis=0)
    return Line(
        label=label,
        role="typical",
        model=model,
        sampling=sampling,
        values=numbers(mean),
        low=numbers(low, mean),
        high=numbers(high, mean),
        band=band,
    )


def _control_line(model: str, sampling: str, label: str, values: Array) -> Line:
    """Return what would have happened without the drug."""
    return Line(
        label=label, role="comparison", model=model, sampling=sampling, values=numbers(values)
    )


def slow_levels(
    model: Model, subject: Subject, given: Sequence[Dose], times_h: Array, rate_per_h: Array
) -> Array:
    """Return (patients, times) levels in ng/mL at the slow effect site of pain."""
    shifts = deviations(model, len(rate_per_h), SEED) or {"": np.zeros(len(rate_per_h))}

    def extend(system: System) -> System:
        return fx.join(system, system.analytes[0], "slow effect site", rate_per_h)

    _, values = curves(model, subject, given, times_h, shifts, extend)
    return values[:, :, -1] * fx.NG_PER_ML_PER_MG_PER_L


def _log_normal(mean: Number, se: Number, name: str) -> Array:
    """Return (patients,) values around a published number with its standard error."""
    return mean.value * np.exp(log_sd(mean.value, se.value) * normals(SEED, name, DRAWN))


def _mood_parts(course: Course) -> tuple[MoodEffect, MoodAmplitude, list[float]] | str:
    """Return the effect, its row for this drug and route, and each session's dose in its unit."""
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    route, drug = course.regimen.routes[0], course.regimen.drug
    scale = next((o for o in effect.amplitude if (o.drug, o.route) == (drug, route)), None)
    if scale is None:
        return f"Nothing was calibrated for {drug} by the route {route}."
    doses = _session_doses(course, scale)
    if doses is None:
        return "The dose is calibrated per body weight and the weight is not known."
    return effect, scale, doses


def mood_draws(course: Course) -> Draws | str:
    """Return the depression score over weeks, patient by patient, or why it can't be."""
    found = _mood_parts(course)
    if isinstance(found, str):
        return found
    effect, scale, doses = found
    starts = session_starts_d(course)
    times = np.arange(0.0, starts[-1] + MOOD_DAYS_AFTER + 0.5, 0.5)
    baseline = effect.baseline.value if course.madrs is None else course.madrs
    drug_part = fx.mood_drug_effect(effect, scale, starts, doses, times)
    control = fx.mood_control_effect(scale, times)
    scores = _mood_scores(effect, baseline, drug_part, control)
    return Draws(times, scores, np.clip(baseline - control, 0.0, None), baseline)


def session_starts_d(course: Course) -> list[float]:
    """Return when each session starts, in days."""
    return [rows[0].start_h / 24.0 for rows in sessions(course.fixed).values()]


def mood(course: Course) -> Prediction | str:
    """Predict the depression score over weeks: empirical, from sessions, never from a level."""
    found, drawn = _mood_parts(course), mood_draws(course)
    if isinstance(found, str):
        return found
    assert not isinstance(drawn, str)
    effect, scale, _ = found
    times, scores, untreated, baseline = drawn.times_d, drawn.scores, drawn.control, drawn.baseline
    mean = scores.mean(axis=0)
    lines = (
        _mean_line(effect.id, "none", "Mean of patients in such trials", scores, BETWEEN_PATIENTS),
        _control_line(effect.id, "none", "Mean under control", untreated),
    )
    day = int(np.searchsorted(times, session_starts_d(course)[-1] + 1.0))
    headline = (
        f"Empirical, group level: mean score {mean[day]:.3g} the day after the last session, from "
        f"{baseline:.3g}; the band is wide and not a forecast for one person."
    )
    facts = [scale.amplitude, scale.d50, scale.ceiling, scale.control, effect.offset, effect.onset]
    return Prediction(
        id="mood",
        title="Mood over the course, empirical",
        endpoint=effect.endpoint,
        unit="points",
        time_unit="day",
        time=numbers(times),
        lines=lines,
        headline=headline,
        worth=(effect.label, effect.form.text, *(one.text for one in effect.caution)),
        sources=tuple(sorted({effect.source, *(one.source for one in facts)})),
        reads=reads_of(facts),
    )


def _session_doses(course: Course, scale: MoodAmplitude) -> list[float] | None:
    """Return each session's dose in the unit that the amplitude was calibrated in."""
    totals = [sum(one.dose_mg for one in rows) for rows in sessions(course.fixed).values()]
    if scale.reference_dose.unit == "mg":
        return totals
    weight = course.subject.weight_kg
    return None if weight is None else [one / weight for one in totals]


def _mood_scores(effect: MoodEffect, baseline: float, drug: Array, control: Array) -> Array:
    """Return (patients, times) scores, held to the scale: each patient answers in an own way."""
    drug_size = drug[None, :] * _factors(effect.between_patient_sd.value, "mood drug")
    control_size = control[None, :] * _factors(effect.control_sd.value, "mood control")
    return np.clip(baseline - drug_size - control_size, 0.0, 60.0)


def _factors(sd: float, name: str) -> Array:
    """Return (patients, 1) normal factors with mean one."""
    return (1.0 + sd * normals(SEED, name, DRAWN))[:, None]
