"""One patient's own numbers from levels, pain and sedation.

The model's published variability is the prior. Levels, pain and sedation move it together, since
pain and sedation follow the level; mood is fitted on its own, from sessions and its own scores,
and never from a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L
from assuage.kinetics.engine import LEVELS, check_subject, is_time_varying, warnings_for
from assuage.kinetics.exact import Array
from assuage.kinetics.individual import belief as beliefs
from assuage.kinetics.individual import course as fits
from assuage.kinetics.individual.belief import Belief, Oddness, Part
from assuage.kinetics.individual.sampling import prior_draws
from assuage.kinetics.population import quantiles, uniforms
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.knowledge.library import assumed
from assuage.knowledge.schema.model import Model
from assuage.planning.individual.measurement import Level, Measured, Points
from assuage.planning.individual.words import Reading, Said, fit_warnings
from assuage.refusals import Refusal, Refused

PAIN, SEDATION = "dahan-2011-crps-pain", "herd-2008-sedation"
RESPONDS, DOES_NOT = "responds", "does not respond"
MOST_MEASUREMENTS = 200


@dataclass(frozen=True)
class Wish:
    """Who, what was given, what was measured, and how many draws tell it."""

    model: Model
    subject: Subject
    doses: tuple[Dose, ...]
    measured: tuple[Measured, ...]
    draws: int = beliefs.DRAWS
    seed: int = 1


@dataclass(frozen=True)
class Number:
    """One number of the patient: median and 90 % before and after the data.

    `kept` is the share of its prior SD that is left, on the scale that it varies on.
    """

    name: str
    unit: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    kept: float


@dataclass(frozen=True)
class Band:
    """One endpoint over time, before and after the data: (3, times) at 5, 50 and 95 %."""

    name: str
    endpoint: str
    unit: str
    times_h: Array
    prior: Array
    posterior: Array
    measured: tuple[tuple[float, float], ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Individual:
    """A patient's posterior from levels, pain and sedation; `wish` says from what."""

    wish: Wish
    setting: fits.Setting
    course: fits.Course
    belief: Belief
    odd: Oddness
    numbers: tuple[Number, ...]
    readings: tuple[Reading, ...]
    warnings: tuple[str, ...]

    @property
    def responding(self) -> float | None:
        """The probability that pain responds, or None when no pain score was given."""
        return float(self.belief.chance[0]) if self.setting.pain is not None else None


def individual(wish: Wish) -> Individual:
    """Fit one patient. Mood scores are no part of it: see `mood`.

    Raises Refused when data and model don't belong together, and when no fit is found.
    """
    rows = tuple(
        one for one in wish.measured if not (isinstance(one, Points) and one.what == "mood")
    )
    _check(wish, rows)
    setting = _setting(wish, rows)
    course = fits.Course(wish.subject, wish.doses, tuple(_measurement(one) for one in rows))
    parts, batch = _parts(setting, course)
    effects = len(setting.effects)
    found = beliefs.believe(parts, batch.readings, effects, draws=wish.draws, seed=wish.seed)
    if not found.found:
        raise Refused(
            Refusal.FIT_NOT_CONVERGED,
            why=f"no parameters of {wish.model.id} make these measurements likely",
            remedy="check doses, times and units; leave out one measurement at a time",
        )
    odd = beliefs.oddness(parts, batch.readings, effects, seed=wish.seed)
    by_time = sorted(zip(course.measurements, rows, strict=True), key=lambda pair: pair[0])
    readings = tuple(_reading(one, odd, place) for place, (_, one) in enumerate(by_time))
    numbers = _numbers(setting, course, found, wish)
    said = Said(wish.model, readings, odd, found, tuple(one.kept for one in numbers))
    warnings = [*fit_warnings(said), *_about(wish, rows)]
    return Individual(wish, setting, course, found, odd, numbers, readings, tuple(warnings))


def update(
    found: Individual, measured: Sequence[Measured], doses: Sequence[Dose] = ()
) -> Individual:
    """Return the fit with more measurements and doses: the same as one fit of all of them.

    Everything known is fitted anew from the published prior, so the order of updates can't matter
    and no approximation is built on another.
    """
    wish = found.wish
    given = tuple(sorted((*wish.doses, *doses), key=lambda one: one.start_h))
    return individual(replace(wish, doses=given, measured=(*wish.measured, *measured)))


def _check(wish: Wish, rows: Sequence[Measured]) -> None:
    model = wish.model
    check_subject(model, wish.subject)
    if not model.variability:
        why = f"it has no variability to start from: {model.no_variability.rstrip('.')}"
        raise _unsuitable(model, wish, why, model.drug)
    if is_time_varying(model):
        why = "its clearance moves with time, which no fit here follows"
        raise _unsuitable(model, wish, why, model.drug)
    if not len(rows) <= MOST_MEASUREMENTS:
        raise Refused(
            Refusal.DATA_INVALID,
            where="the measurements",
            why=f"there are {len(rows)}, more than {MOST_MEASUREMENTS}",
            remedy="leave out what is far from the course that matters",
        )
    begun = min((one.start_h for one in wish.doses), default=float("inf"))
    for one in rows:
        if isinstance(one, Level):
            _check_level(model, wish, one, begun)


def _unsuitable(model: Model, wish: Wish, why: str, drug: str) -> Refused:
    usable = _usable(drug, wish)
    if usable:
        choices = ", ".join(usable)
        return Refused(Refusal.MODEL_UNSUITABLE, model=model.id, why=why, choices=choices)
    return Refused(
        Refusal.FIT_IMPOSSIBLE,
        model=model.id,
        why=why,
        remedy=f"no model of {drug} that serves this patient publishes variability to start a fit "
        "from; 'assuage simulate' shows a typical patient",
    )


def _usable(drug: str, wish: Wish) -> list[str]:
    """Return the models of a drug that this patient's data, after these doses, can move."""
    found, routes = [], {one.route for one in wish.doses}
    for model in (library.model(id_) for id_ in library.model_ids()):
        try:
            check_subject(model, wish.subject)
        except Refused:
            continue
        served = model.drug == drug and routes <= {one.route for one in model.input}
        if served and model.variability and not is_time_varying(model):
            found.append(model.id)
    return found


def _check_level(model: Model, wish: Wish, level: Level, begun_h: float) -> None:
    """Refuse a level that the model doesn't predict: another analyte, site, or before any dose."""
    names = [one.name for one in model.analyte]
    if level.analyte not in names:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=level.analyte,
            what=f"analyte of {model.id}",
            choices=", ".join(names),
        )
    if not level.time_h > begun_h:
        raise Refused(
            Refusal.DATA_INVALID,
            where=f"'{level.words}'",
            why="nothing had been given by then, so no model says anything of it",
            remedy="check the time, which counts from the first dose, or leave the level out",
        )
    if model.sampling == "not-stated" or level.site == model.sampling:
        return
    usable = _usable(model.drug, wish)
    same = [one for one in usable if library.model(one).sampling == level.site]
    other = f"use a model of {level.site} levels: {', '.join(same) or 'none is held here'}"
    remedy = "say where it was drawn, arterial or venous" if level.site == "not-stated" else other
    raise Refused(
        Refusal.LEVEL_SITE_MISMATCH,
        level=level.words,
        model=model.id,
        sampling=model.sampling,
        remedy=f"{remedy}; the two sites differ about twofold while an infusion runs",
    )


def _setting(wish: Wish, rows: Sequence[Measured]) -> fits.Setting:
    model = wish.model
    errors = {}
    for analyte in {one.analyte for one in rows if isinstance(one, Level)}:
        if any(one.analyte == analyte for one in model.residual):
            errors[analyte] = fits.level_error(model, analyte)
        else:
            errors[analyte] = fits.Error(proportional=assumed("level-error"))
    kinds = {one.what for one in rows if isinstance(one, Points)}
    pain = library.effect(PAIN).pain if "pain" in kinds else None
    sedation = library.effect(SEDATION).effect if "sedation" in kinds else None
    if pain is not None and pain.driver != model.drug:
        why = f"pain follows {pain.driver} and this is a model of {model.drug}"
        raise _unsuitable(model, wish, why, pain.driver)
    if sedation is not None:
        fx.ke0_per_h(sedation, model)
    for kind in kinds & {"pain", "sedation"}:
        errors[kind] = fits.Error(additive=assumed(f"{kind}-score-error"))
    return fits.Setting(model, errors, pain, assumed("pain-baseline-sd"), sedation)


def _measurement(one: Measured) -> fits.Measurement:
    if isinstance(one, Points):
        return fits.Measurement(one.time_h, one.what, one.points)
    value = one.ng_per_ml / NG_PER_ML_PER_MG_PER_L
    return fits.Measurement(one.time_h, one.analyte, value, one.below)


def _parts(setting: fits.Setting, course: fits.Course) -> tuple[list[Part], fits.Batch]:
    batch = fits.Batch(setting, [course])
    if setting.pain is None:
        return [Part("", 1.0, batch.predicted)], batch
    chance = setting.pain.responders.value
    other = fits.Batch(replace(setting, responds=False), [course])
    return [
        Part(RESPONDS, chance, batch.predicted),
        Part(DOES_NOT, 1.0 - chance, other.predicted),
    ], batch


def _reading(one: Measured, odd: Oddness, place: int) -> Reading:
    scale = NG_PER_ML_PER_MG_PER_L if isinstance(one, Level) else 1.0
    low, middle, high = (float(x[place]) * scale for x in (odd.low, odd.middle, odd.high))
    value = one.ng_per_ml if isinstance(one, Level) else one.points
    return Reading(one.words, value, (low, middle, high), float(odd.of_each[place]))


def _numbers(
    setting: fits.Setting, course: fits.Course, found: Belief, wish: Wish
) -> tuple[Number, ...]:
    """Return each number that varies, before and after, in the unit of its model file."""
    batch = fits.Batch(setting, [fits.Course(course.subject, course.doses)])
    prior = prior_draws(wish.seed, wish.draws, len(setting.effects)) @ setting.factor.T
    after = found.z @ setting.factor.T
    here = np.zeros(wish.draws, dtype=np.intp)
    names = setting.compiled.names
    before_values, after_values = batch.values(prior, here), batch.values(after, here)
    spread = setting.factor @ found.covariance @ setting.factor.T
    was = np.diagonal(setting.factor @ setting.factor.T)
    kept = np.sqrt(np.diagonal(spread) / was)
    numbers = []
    for place, name in enumerate(setting.effects):
        if name in setting.kinetics:
            at = names.index(name)
            unit = wish.model.parameter[name].unit
            factor = _from_base(unit)
            ends = [ends_of(values[:, at] * factor) for values in (before_values, after_values)]
        else:
            unit, ends = _of_effect(setting, name, (prior[:, place], after[:, place]))
        numbers.append(Number(name, unit, ends[0], ends[1], float(kept[place])))
    return tuple(numbers)


def _from_base(unit: str) -> float:
    from assuage.kinetics.structure import base_factor

    return 1.0 / base_factor(unit)


def ends_of(values: Array) -> tuple[float, float, float]:
    """Return the 5, 50 and 95 % of (draws,) values."""
    low, middle, high = quantiles(values, LEVELS)
    return float(low), float(middle), float(high)


def _of_effect(
    setting: fits.Setting, name: str, shifts: tuple[Array, Array]
) -> tuple[str, list[tuple[float, float, float]]]:
    """Return a number of pain or sedation in the unit of its file, before and after."""
    if name == "pain baseline":
        assert setting.pain is not None
        middle = setting.pain.baseline
        return middle.unit, [ends_of(middle.value + one) for one in shifts]
    if name == "sedation C50":
        assert setting.sedation is not None
        assert setting.sedation.curve.c50 is not None
        middle = setting.sedation.curve.c50
    else:
        assert setting.pain is not None
        middle = setting.pain.c50 if name == "pain C50" else setting.pain.half_life
    return middle.unit, [ends_of(middle.value * np.exp(one)) for one in shifts]


def bands(
    found: Individual, times_h: Array, doses: Sequence[Dose] | None = None
) -> tuple[Band, ...]:
    """Return every analyte of the model over time, before and after the data.

    `doses` are those to predict: the course's own, or another one of the same patient. Raises
    Refused as a simulation of them does.
    """
    course = found.course if doses is None else fits.Course(found.course.subject, tuple(doses))
    names = [one.name for one in found.wish.model.analyte]
    before, after = _shifts(found)
    levels = [
        quantiles(fits.foretold(found.setting, course, shifts, times_h, names), LEVELS)
        * NG_PER_ML_PER_MG_PER_L
        for shifts in (before, after)
    ]
    return tuple(
        Band(
            name,
            f"{name} concentration",
            "ng/mL",
            times_h,
            levels[0][:, :, place],
            levels[1][:, :, place],
            _points(found, name) if doses is None else (),
            (found.wish.model.source,),
        )
        for place, name in enumerate(names)
    )


def score_band(
    found: Individual, what: str, times_h: Array, doses: Sequence[Dose] | None = None
) -> Band:
    """Return pain or sedation over time, before and after the data. `what` was measured."""
    setting, wish = found.setting, found.wish
    course = found.course if doses is None else fits.Course(found.course.subject, tuple(doses))
    site = fits.SLOW_SITE if what == "pain" else fits.QUICK_SITE
    scores = []
    chances = uniforms(wish.seed, "responds", wish.draws)
    prior_responds = chances < (setting.pain.responders.value if setting.pain else 0.0)
    for shifts, responds in zip(
        _shifts(found), (prior_responds, found.belief.part == 0), strict=True
    ):
        levels = fits.foretold(setting, course, shifts, times_h, [site])[:, :, 0]
        ng = levels * NG_PER_ML_PER_MG_PER_L
        if what == "pain":
            c50, baseline = fits.pain_numbers(setting, shifts)
            relief = responds[:, None] * fx.hill(ng, c50[:, None], 1.0)
            found_scores = np.clip(baseline[:, None] * (1.0 - relief), *fits.PAIN_ENDS)
        else:
            assert setting.sedation is not None
            shift = shifts[:, setting.effects.index("sedation C50")]
            found_scores = fits.sedation_scores(setting.sedation, ng, shift[:, None])
        scores.append(quantiles(found_scores, LEVELS))
    effect = setting.pain if what == "pain" else setting.sedation
    assert effect is not None
    sources = (effect.source, wish.model.source)
    before, after = scores
    points = _points(found, what)
    return Band(what, effect.endpoint, "points", times_h, before, after, points, sources)


def _shifts(found: Individual) -> tuple[Array, Array]:
    """Return (draws, effects) shifts before and after the data."""
    setting, wish = found.setting, found.wish
    prior = prior_draws(wish.seed, wish.draws, len(setting.effects))
    return prior @ setting.factor.T, found.belief.z @ setting.factor.T


def _points(found: Individual, what: str) -> tuple[tuple[float, float], ...]:
    """Return (time, value) of what was measured of one endpoint, limits of an assay left out."""
    rows = [one for one in found.wish.measured if isinstance(one, Level) and not one.below]
    levels = [(one.time_h, one.ng_per_ml) for one in rows if one.analyte == what]
    scores = [
        (one.time_h, one.points)
        for one in found.wish.measured
        if isinstance(one, Points) and one.what == what
    ]
    return tuple(sorted(levels + scores))


def _about(wish: Wish, rows: Sequence[Measured]) -> list[str]:
    """Say what of the data and the model weakens the answer before any of it is worked out."""
    model = wish.model
    found = list(warnings_for(model, wish.subject, wish.doses))
    levels = [one for one in rows if isinstance(one, Level)]
    if levels and model.sampling == "not-stated":
        found.append(
            f"{model.id} doesn't say where its samples were drawn: arterial and venous levels "
            "differ about twofold while an infusion runs, and either was taken as they come"
        )
    unread = sorted({one.analyte for one in levels} - {one.analyte for one in model.residual})
    if unread:
        found.append(
            f"{model.id} publishes no error for {', '.join(unread)}: "
            f"{assumed('level-error'):.0%} is assumed (assuage's own)"
        )
    kinds = sorted({one.what for one in rows if isinstance(one, Points)})
    found += [
        f"{kind} scores are taken to scatter by {assumed(f'{kind}-score-error'):g} points "
        "(assuage's own)"
        for kind in kinds
    ]
    if "pain" in kinds:
        found += _about_pain()
    if model.occasion and len({one.time_h for one in levels}) > 1:
        found.append(
            f"{model.id} publishes variability between occasions; here a patient has one set of "
            "numbers throughout"
        )
    return found


def _about_pain() -> list[str]:
    """Say what the pain model was built on, and what its response doesn't show."""
    effect = library.effect(PAIN).pain
    assert effect is not None
    return [
        f"{effect.id} was built from: {effect.people.text} Other pain was never fitted with it",
        f"a response isn't proof that the drug did it: {effect.placebo_responders.value:.0%} "
        "responded to placebo, and pain that falls by itself counts as a response here",
        effect.form.text,
        *(one.text for one in effect.caution),
    ]
