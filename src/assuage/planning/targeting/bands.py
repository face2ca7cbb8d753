"""Levels of a schedule over time, and how far people and models differ from them.

A pump that runs a schedule sees no level, so a line alone would say more than is known: beside
it stands the spread between patients, where the model publishes one, or between models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import LEVELS, is_time_varying
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations, quantiles
from assuage.kinetics.structure import build, parameter_values
from assuage.kinetics.targeting import Plant, plant_of, simulate
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.model import Model
from assuage.planning.prediction.course import (
    BETWEEN_MODELS,
    BETWEEN_PATIENTS,
    models_for,
    people_of,
)
from assuage.planning.targeting.request import Request
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Level:
    """One level over time in ng/mL, each (times,); the middle of a band may not exist."""

    name: str
    typical: Array
    low: Array | None
    middle: Array | None
    high: Array | None
    band: str  # what the band says, or why there is none


def plant_for(
    request: Request,
    step_h: float,
    model: Model | None = None,
    shifts: dict[str, Array] | None = None,
) -> Plant:
    """Return what the pump acts on: the drug given, into the model, with its effect site.

    Without an effect, or with one that follows plasma at once, the site is plasma itself. Raises
    Refused when the effect wasn't built with the model, or the model has no plain way in by vein.
    """
    model = request.model if model is None else model
    system = build(model, parameter_values(model, request.subject, shifts))
    rate = None if request.effect is None else fx.ke0_per_h(request.effect, model)
    if rate is not None:
        constant = np.full(len(system.matrix), rate)
        system = fx.join(system, system.analytes[0], "effect site", constant)
    entry = np.zeros(system.matrix.shape[:2])
    ways = [one for one in model.input if one.route == "iv"]
    if not ways or any(one.duration is not None for one in ways):
        routes = " or ".join(sorted({one.route for one in model.input}))
        raise Refused(Refusal.ROUTE_MISMATCH, what=f"model {model.id}", wanted=routes, given="iv")
    for way in ways:
        fraction = system.parameters[way.fraction] if way.fraction else 1.0
        entry[:, system.states.index(way.into)] += request.share * fraction
    site = system.outputs[:, 0 if rate is None else -1]
    return plant_of(system.matrix, entry, site, system.outputs[:, 0], step_h)


def has_site(request: Request) -> bool:
    """Whether the level aimed at is another one than plasma's."""
    return request.effect is not None and fx.ke0_per_h(request.effect, request.model) is not None


def levels_of(request: Request, rates_mg_per_h: Array) -> tuple[Level, ...]:
    """Return plasma and, where there is one, the effect site at every step, with bands."""
    plant = plant_for(request, request.step_h)
    site, plasma = (one[0] * fx.NG_PER_ML_PER_MG_PER_L for one in simulate(plant, rates_mg_per_h))
    shifts = deviations(request.model, request.population, request.seed)
    if shifts and request.population:
        drawn = plant_for(request, request.step_h, shifts=shifts)
        bands = [quantiles(one, LEVELS) for one in simulate(drawn, rates_mg_per_h)]
        site_band, plasma_band = (one * fx.NG_PER_ML_PER_MG_PER_L for one in bands)
        lines = [
            Level(name, typical, band[0], band[1], band[2], BETWEEN_PATIENTS)
            for name, typical, band in (
                ("plasma", plasma, plasma_band),
                ("effect site", site, site_band),
            )
        ]
    else:
        lines = _between_models(request, rates_mg_per_h, (plasma, site))
    return tuple(lines if has_site(request) else lines[:1])


def _between_models(
    request: Request, rates_mg_per_h: Array, own: tuple[Array, Array]
) -> list[Level]:
    """Return the lines with the span over every model that serves the person, or why none."""
    drug, subject = request.model.drug, request.subject
    people = people_of(subject, drug, request.setting)
    plasmas, sites = [own[0]], [own[1]]
    for model in models_for(drug, "iv", people, subject):
        if model.id == request.model.id or is_time_varying(model):
            continue
        joined = _joins(request.effect, model)
        asked = request if joined else _at_plasma(request)
        plant = plant_for(asked, request.step_h, model)
        site, plasma = simulate(plant, rates_mg_per_h)
        plasmas.append(plasma[0] * fx.NG_PER_ML_PER_MG_PER_L)
        if joined:
            sites.append(site[0] * fx.NG_PER_ML_PER_MG_PER_L)
    return [_spanned("plasma", plasmas), _spanned("effect site", sites)]


def _at_plasma(request: Request) -> Request:
    return replace(request, effect=None)


def _joins(effect: Effect | None, model: Model) -> bool:
    return effect is None or not effect.joins or model.id in effect.joins


def _spanned(name: str, lines: list[Array]) -> Level:
    if len(lines) == 1:
        why = "none: no variability is published, and no other model may be set beside it"
        return Level(name, lines[0], None, None, None, why)
    stacked = np.array(lines)
    band = f"{BETWEEN_MODELS} of {len(lines)}"
    return Level(name, lines[0], stacked.min(axis=0), None, stacked.max(axis=0), band)
