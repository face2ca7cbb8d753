"""What an effect predicts for a published point, through a named kinetic model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L, join, pain_score, response
from assuage.kinetics.engine import curves
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Dose, Subject, System
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect, PainEffect
from assuage.knowledge.schema.model import Model
from assuage.units import convert
from validation.mood import mood, outcome, scale_of
from validation.points import Point

PAIN_ID = "dahan-2011-crps-pain"
STEP_H = 1.0 / 240.0


def plain(id_: str) -> Effect:
    """Return an effect with a static curve. Raises ValueError for pain and mood."""
    found = library.effect(id_).effect
    if found is None:
        raise ValueError(id_)
    return found


def pain() -> PainEffect:
    """Return the pain effect."""
    found = library.effect(PAIN_ID).pain
    if found is None:
        raise ValueError(PAIN_ID)
    return found


def effect_site(
    model: Model, subject: Subject, doses: Sequence[Dose], times_h: Array, half_life_h: float
) -> Array:
    """Return the delayed concentration of the model's first analyte, in ng/mL."""
    analyte = model.analyte[0].name
    rate = np.array([np.log(2.0) / half_life_h])

    def extend(system: System) -> System:
        return join(system, analyte, "effect site", rate)

    names, found = curves(model, subject, doses, times_h, extend=extend)
    return found[0, :, names.index("effect site")] * NG_PER_ML_PER_MG_PER_L


def pain_mean(
    model: Model, subject: Subject, doses: Sequence[Dose], days: Sequence[float], responders: float
) -> Array:
    """Return a group's mean score over days: responders and the rest at the baseline."""
    effect = pain()
    half_life_h = convert(effect.half_life.value, effect.half_life.unit, "h")
    slow = effect_site(model, subject, doses, np.array(days, dtype=float) * 24.0, half_life_h)
    c50 = np.array([effect.c50.value])
    relieved: Array = pain_score(slow[None, :], np.ones(1), c50, effect.baseline.value)[0]
    return responders * relieved + (1.0 - responders) * effect.baseline.value


def rise(effect: Effect, model: Model, subject: Subject, doses: Sequence[Dose]) -> Array:
    """Return the change from baseline over time, each quarter of a minute, to the last end."""
    last = max(one.start_h + (one.duration_h or 0.0) for one in doses)
    times = np.append(np.arange(0.0, last, STEP_H), last)
    _, found = curves(model, subject, doses, times)
    line = response(effect, found[0, :, 0] * NG_PER_ML_PER_MG_PER_L)
    return line - float(response(effect, np.zeros(1))[0])


def predicted(point: Point, via: str) -> float:
    """Return the effect's value in the point's unit."""
    if point.steps and not via:
        return _mood(point)
    if point.statistic == "threshold":
        curve = plain(point.effect).curve
        if curve.c50 is None:
            raise ValueError(point.effect)
        return convert(curve.c50.value, curve.c50.unit, point.unit)
    model = library.model(via)
    if point.statistic == "rise":
        return float(rise(plain(point.effect), model, point.subject, point.doses).max())
    effect = pain()
    placebo = point.statistic == "pain-placebo"
    share = effect.placebo_responders if placebo else effect.responders
    day = [point.at_h / 24.0]
    mean = float(pain_mean(model, point.subject, point.doses, day, share.value)[0])
    return effect.baseline.value - mean if point.statistic == "relief" else mean


def _mood(point: Point) -> float:
    effect = mood()
    scale = scale_of(effect, point.drug, point.route)
    day = point.at_h / 24.0
    control = outcome(effect, scale, (), 0.0, day)
    drug = outcome(effect, scale, point.sessions_d, float(point.dose), day)
    return {
        "change": -drug.change,
        "change-control": -control.change,
        "difference": control.change - drug.change,
        "responders": 100.0 * drug.responders,
        "responders-control": 100.0 * control.responders,
    }[point.statistic]
