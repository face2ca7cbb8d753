"""Predicts what the level does within hours: dissociation, pressure, sedation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import LEVELS, curves
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations, quantiles
from assuage.kinetics.structure import Dose, Subject, System
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.facts import READ_IN_WORDS, Sourced
from assuage.knowledge.schema.model import Model
from assuage.planning.document import Line, Prediction
from assuage.planning.prediction.course import (
    PATIENTS,
    SEED,
    Course,
    band_levels,
    clock_words,
    doses,
    effect_named,
    envelope_line,
    esketamine_share,
    main_line,
    member_line,
    numbers,
    peak_of,
    reads_of,
    subjects,
    typical_levels,
)
from assuage.units import format_quantity


def dissociation_models(models: Sequence[Model]) -> tuple[Effect, list[Model]] | str:
    """Return the curve with the models that it joins, or why there are none."""
    effect = effect_named("olofsen-2022-dissociation")
    usable = [one for one in models if one.id in effect.joins]
    return (effect, usable) if usable else _unjoined(effect)


def dissociation(course: Course, models: list[Model]) -> Prediction | str:
    """Predict loss of external perception from the esketamine effect site."""
    joined = dissociation_models(models)
    if isinstance(joined, str):
        return joined
    effect, usable = joined
    share = esketamine_share(course)
    lines = []
    for number, model in enumerate(usable):
        site = [_at_site(course, effect, model, one, share, None) for one in subjects(course)]
        typical = np.array([one[0] for one in site])
        shifts = deviations(model, PATIENTS, SEED) if not course.weights_kg else {}
        if number:
            lines.append(member_line(model, typical))
        else:
            band = None
            if shifts:
                drawn = _at_site(course, effect, model, course.subject, share, shifts)
                band = quantiles(drawn, LEVELS)
            lines.append(main_line(course, model, typical, band))
    when, peak = peak_of(course.hours, lines[0].values)
    return _effect_prediction(
        course,
        effect,
        lines,
        "dissociation",
        "Predicted dissociation",
        f"Loss of external perception reaches about {peak:.0f} of 100 in a typical patient, at "
        f"{clock_words(when)}; people differ widely.",
        usable,
    )


def _unjoined(effect: Effect) -> str:
    """Say why an effect is not predicted: no model that it joins serves the patient and route."""
    return f"No model that this curve joins serves this patient and route. {effect.joins_fact.text}"


def _at_site(
    course: Course,
    effect: Effect,
    model: Model,
    subject: Subject,
    share: float,
    shifts: dict[str, Array] | None,
) -> Array:
    """Return (patients, times) of an effect, read off its effect compartment."""
    given = doses(course.window, course.regimen.routes[0], share, course=False)
    return fx.response(effect, site_levels(effect, model, subject, given, course.hours, shifts))


def site_levels(
    effect: Effect,
    model: Model,
    subject: Subject,
    given: Sequence[Dose],
    times_h: Array,
    shifts: dict[str, Array] | None,
) -> Array:
    """Return (patients, times) levels in ng/mL at the effect's own site."""
    rate = fx.ke0_per_h(effect, model)
    assert rate is not None

    def extend(system: System) -> System:
        constant = np.full(len(system.matrix), rate)
        return fx.join(system, system.analytes[0], "effect site", constant)

    _, values = curves(model, subject, given, times_h, shifts, extend)
    return values[:, :, -1] * fx.NG_PER_ML_PER_MG_PER_L


def _effect_prediction(
    course: Course,
    effect: Effect,
    lines: list[Line],
    id_: str,
    title: str,
    headline: str,
    models: Sequence[Model],
) -> Prediction:
    curve = effect.curve
    used_numbers = [
        n for n in (curve.c50, curve.gamma, curve.span, curve.baseline) if n is not None
    ]
    delay = effect.equilibration
    worth = [f"{effect.name}: {effect.people.text}", effect.joins_fact.text]
    delays = [delay.half_life, delay.rate]
    for one in delays:
        if one is not None:
            worth.append(
                f"Delay to effect: {format_quantity(one.value, one.unit)} for {effect.endpoint} "
                f"({one.source}, {READ_IN_WORDS[one.read]})."
            )
    worth += [one.text for one in effect.caution]
    if not any(one.low for one in lines):
        worth.append("No band: the source publishes no variability between patients.")
    used: list[Sourced] = [*used_numbers, *(one for one in delays if one is not None)]
    return Prediction(
        id=id_,
        title=title,
        endpoint=effect.endpoint,
        unit=effect.unit,
        time_unit="h",
        time=numbers(course.hours),
        lines=tuple(lines),
        headline=headline,
        worth=tuple(worth),
        sources=tuple(dict.fromkeys((effect.source, *(one.source for one in models)))),
        reads=reads_of(used),
    )


def pressure_models(course: Course, models: Sequence[Model]) -> tuple[Effect, list[Model]] | str:
    """Return the curve with the models that it joins, or why there are none."""
    effect = effect_named("abuhelwa-2022-pressure")
    usable = [one for one in models if one.id in effect.joins]
    if not usable or not course.subject.age_years or course.subject.age_years < 18.0:
        return _unjoined(effect)
    return effect, usable


def too_high_to_read(effect: Effect, level_ng_per_ml: float) -> str:
    """Say why a curve isn't read at a level, or nothing where it may be."""
    assert effect.valid is not None
    if effect.valid.holds(level_ng_per_ml):
        return ""
    return (
        f"Levels reach {level_ng_per_ml:.3g} ng/mL and the pressure curve may not be read above "
        f"{effect.valid.high:g} ng/mL ({effect.valid.where})."
    )


def pressure(course: Course, models: Sequence[Model]) -> Prediction | str:
    """Predict the rise of arterial pressure, within the levels the curve was built from."""
    joined = pressure_models(course, models)
    if isinstance(joined, str):
        return joined
    effect, usable = joined
    route = course.regimen.routes[0]
    given = doses(course.window, route, 1.0, course=False)
    levels = [typical_levels(course, one, given, 0) for one in usable]
    highest = max(float(one.max()) for one in levels)
    if why := too_high_to_read(effect, highest):
        return why
    assert effect.curve.baseline is not None
    base = effect.curve.baseline.value
    rises = [fx.response(effect, one) - base for one in levels]
    band = band_levels(course, usable[0], given)
    rise_band = None
    if band is not None and not too_high_to_read(effect, float(band[2, :, 0].max())):
        rise_band = fx.response(effect, band[:, :, 0]) - base
    lines = [main_line(course, usable[0], rises[0], rise_band)]
    lines += [member_line(m, r) for m, r in zip(usable[1:], rises[1:], strict=True)]
    if len(rises) > 1:
        lines.append(envelope_line(rises))
    when, peak = peak_of(course.hours, lines[0].values)
    made = _effect_prediction(
        course,
        effect,
        lines,
        "pressure",
        "Predicted rise of mean arterial pressure",
        f"Mean pressure rises by about {peak:.0f} mmHg in a typical patient, most at "
        f"{clock_words(when)}.",
        usable,
    )
    return made.model_copy(update={"unit": "mmHg above baseline"})


def sedation(course: Course, models: Sequence[Model]) -> Prediction | str:
    """Predict the sedation score of a child, with the model it was built on."""
    effect = effect_named("herd-2008-sedation")
    usable = [one for one in models if one.id in effect.joins]
    if not usable:
        return _unjoined(effect)
    model = usable[0]
    typical, drawn = (
        _at_site(course, effect, model, course.subject, 1.0, shifts)
        for shifts in (None, deviations(model, PATIENTS, SEED))
    )
    lines = [main_line(course, model, typical, quantiles(drawn, LEVELS))]
    place = int(np.argmin(lines[0].values))
    return _effect_prediction(
        course,
        effect,
        lines,
        "sedation",
        "Predicted sedation",
        f"The score falls to about {lines[0].values[place]:.2g} of 5 at "
        f"{clock_words(float(course.hours[place]))}; children differ widely.",
        usable,
    )
