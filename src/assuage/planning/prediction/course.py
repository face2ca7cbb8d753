"""A planned course as the engine needs it, and the lines and bands that every chart is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import LEVELS, check_subject, curves
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations, quantiles
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.facts import READ_IN_WORDS, Read, Sourced
from assuage.knowledge.schema.model import Model
from assuage.knowledge.schema.regimen import Regimen
from assuage.planning.document import Line
from assuage.planning.patient import Earlier
from assuage.planning.regimen import Administration
from assuage.refusals import Refused
from assuage.units import convert, format_quantity

PATIENTS = 300
SEED = 20090  # fixed, so that the same request gives the same bands
POINTS = 160
BETWEEN_PATIENTS = "between patients, 5 to 95 %"
BETWEEN_MODELS = "between models, lowest to highest"


@dataclass(frozen=True)
class Course:
    """What is given to whom, as the engine needs it."""

    regimen: Regimen
    subject: Subject
    given: tuple[Administration, ...]
    setting: str
    pain_nrs: float | None = None
    madrs: float | None = None
    opioid: bool = False
    weights_kg: tuple[float, ...] = field(default=())  # field mode: the weights to span
    earlier: Earlier | None = None  # what was measured of this patient before

    @property
    def fixed(self) -> list[Administration]:
        """What is given for certain: as-needed doses are left out."""
        return [one for one in self.given if not one.as_needed]

    @cached_property
    def window(self) -> list[Administration]:
        """The first session, or the whole course when it is one long infusion."""
        first = self.fixed[0].session
        return [one for one in self.fixed if one.session == first]

    @cached_property
    def hours(self) -> Array:
        """Return times in h over the window and the hours after it, dose edges included."""
        edges = {one.in_session_h for one in self.window}
        edges |= {one.in_session_h + (one.duration_h or 0.0) for one in self.window}
        last = max(edges)
        end = last + (24.0 if last > 24.0 else 6.0 if last > 2.0 else 4.0)
        grid = set(np.round(np.linspace(0.0, end, POINTS), 6).tolist()) | edges
        if self.window[0].kind != "infusion":
            grid |= set(np.round(np.linspace(0.0, 0.5, 31), 6).tolist())
        grid.add(self.readable_from_h)
        return np.array([time for time in sorted(grid) if time >= self.readable_from_h])

    @cached_property
    def readable_from_h(self) -> float:
        """Return when levels may first be read: mixing after a bolus is in no model here."""
        bolus = any(one.kind == "bolus" and one.route == "iv" for one in self.window)
        return library.assumed("mixing") / 60.0 if bolus else 0.0


def field_weights_kg() -> tuple[float, ...]:
    """Return the weights that an unknown adult weight spans: light, middle, heavy."""
    return tuple(library.assumed(f"{size}-adult") for size in ("light", "middle", "heavy"))


def people_of(subject: Subject, drug: str, setting: str) -> str:
    """Return which people's models serve this patient."""
    adult = subject.age_years is not None and subject.age_years >= 18.0
    if setting == "intensive-care" and not adult and drug == "esketamine":
        return "paediatric-intensive-care"
    return "adult" if adult else "child"


def models_for(drug: str, route: str, people: str, subject: Subject) -> list[Model]:
    """Return the models that serve a patient: the default first, then the rest of the ensemble."""
    found: list[tuple[int, Model]] = []
    for id_ in library.model_ids():
        model = library.model(id_)
        for role in model.role:
            if (role.drug, role.route, role.people) != (drug, route, people):
                continue
            if role.role == "scenario":
                continue
            try:
                check_subject(model, subject)
            except Refused:
                continue
            found.append((0 if role.role == "default" else 1, model))
    return [model for _, model in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def doses(given: Sequence[Administration], route: str, share: float, *, course: bool) -> list[Dose]:
    """Turn a schedule into doses of one analyte's drug; `share` halves the racemate."""
    found: list[Dose] = []
    begun: set[int] = set()  # sessions that have had their first device
    for one in given:
        start = one.start_h if course else one.in_session_h
        name = route
        if one.kind == "device":
            name = "nasal-repeat" if one.session in begun else "nasal"
            begun.add(one.session)
        found.append(Dose(start, one.dose_mg * share, name, one.duration_h))
    return found


def subjects(course: Course) -> list[Subject]:
    """Return the patient, or one for each weight that an unknown weight may be."""
    if not course.weights_kg:
        return [course.subject]
    return [
        Subject(weight, course.subject.age_years, course.subject.sex, course.subject.ancestry)
        for weight in course.weights_kg
    ]


def typical_levels(course: Course, model: Model, given: list[Dose], row: int) -> Array:
    """Return (weights, times) typical concentrations in ng/mL."""
    lines = []
    for subject in subjects(course):
        _, values = curves(model, subject, given, course.hours)
        lines.append(values[0, :, row])
    return np.array(lines) * fx.NG_PER_ML_PER_MG_PER_L


def band_levels(course: Course, model: Model, given: list[Dose]) -> Array | None:
    """Return (levels, times, outputs) between patients in ng/mL, or None when unpublished."""
    shifts = deviations(model, PATIENTS, SEED)
    if not shifts or course.weights_kg:
        return None
    _, drawn = curves(model, course.subject, given, course.hours, shifts)
    return quantiles(drawn, LEVELS) * fx.NG_PER_ML_PER_MG_PER_L


def middle(values: Array) -> Array:
    """Return the middle weight's line: the only one when the weight is known."""
    found: Array = values[len(values) // 2]
    return found


def main_line(course: Course, model: Model, typical: Array, band: Array | None) -> Line:
    """Return the default model's line with its band between patients, or between weights."""
    low: Array | None = None
    high: Array | None = None
    name = ""
    label = model.name
    if band is not None:
        low, high, name = band[0], band[2], BETWEEN_PATIENTS
    elif course.weights_kg:
        low, high = typical.min(axis=0), typical.max(axis=0)
        name = f"weight unknown: {course.weights_kg[0]:g} to {course.weights_kg[-1]:g} kg"
        label = f"{model.name}, drawn at {course.weights_kg[1]:g} kg"
    return Line(
        label=label,
        role="typical",
        model=model.id,
        sampling=model.sampling,
        values=numbers(middle(typical)),
        low=numbers(low, middle(typical)),
        high=numbers(high, middle(typical)),
        band=name,
    )


def member_line(model: Model, values: Array) -> Line:
    """Return another model's line."""
    return Line(
        label=model.name,
        role="ensemble-member",
        model=model.id,
        sampling=model.sampling,
        values=numbers(middle(values)),
    )


def envelope_line(all_values: list[Array]) -> Line:
    """Return the band between models: from the lowest to the highest of them."""
    stacked = np.concatenate(all_values)
    return Line(
        label="Between models",
        role="comparison",
        model="ensemble",
        sampling="mixed",
        values=numbers(np.median([middle(one) for one in all_values], axis=0), stacked),
        low=numbers(stacked.min(axis=0), stacked),
        high=numbers(stacked.max(axis=0), stacked),
        band=BETWEEN_MODELS,
    )


def numbers(values: Array | None, beside: Array | None = None) -> tuple[float, ...]:
    """Return values for a plan, to five digits of the largest; nothing for None.

    The tail of a curve is then zero where no reader and no assay could tell it from zero. A
    band's ends take as many decimals as the curve `beside` them, so that they never cross.
    """
    if values is None or not len(values):
        return ()
    largest = float(np.abs(values if beside is None else beside).max())
    decimals = 4 - int(np.floor(np.log10(largest))) if largest > 0.0 else 0
    return tuple(round(float(value), decimals) + 0.0 for value in values)


def peak_of(times: Array, values: Sequence[float]) -> tuple[float, float]:
    """Return when the curve first comes within half a percent of its highest, and the highest."""
    highest = max(values)
    place = next(k for k, value in enumerate(values) if value >= 0.995 * highest)
    return float(times[place]), float(values[place])


def rounded(value: float) -> str:
    """Return a number with three significant digits and no exponent."""
    return format_quantity(float(f"{value:.3g}"), "").strip()


def clock_words(hours: float) -> str:
    """Return a time after the start in words."""
    return format_quantity(round(hours * 60), "min") if hours < 2 else f"{hours:.3g} h"


def reads_of(facts: Sequence[Sourced]) -> tuple[Read, ...]:
    """Return how the facts were read, best first."""
    used = {one.read for one in facts}
    return tuple(read for read in READ_IN_WORDS if read in used)


def effect_named(id_: str) -> Effect:
    """Return an effect by id."""
    found = library.effect(id_).effect
    assert found is not None
    return found


def c50_ng_per_ml(effect: Effect) -> float:
    """Return the level of half effect, or the threshold."""
    assert effect.curve.c50 is not None
    return convert(effect.curve.c50.value, effect.curve.c50.unit, "ng/mL")


def esketamine_share(course: Course) -> float:
    """Return how much of the drug given is esketamine."""
    return 1.0 if course.regimen.drug == "esketamine" else library.assumed("esketamine-share")
