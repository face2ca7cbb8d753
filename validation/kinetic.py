"""What a kinetic model predicts for a published point. Typical values throughout."""

from __future__ import annotations

import numpy as np

from assuage.kinetics.effects import accumulate
from assuage.kinetics.engine import curves
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import System, build, parameter_values, pushes_of
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model
from validation.points import Point

STEP_H = 1.0 / 240.0  # a quarter of a minute, for peaks
AFTER_H = 8.0  # how long after the last dose a peak is looked for
# From a model's h, L and mg to the unit that a point was published in.
FROM_BASE = {
    "ng/mL": 1e3, "ng*h/mL": 1e3, "ng*min/mL": 6e4, "h": 1.0, "min": 60.0, "L/h": 1.0,
    "L/min": 1 / 60, "mL/min/kg": 1e3 / 60, "L": 1.0, "L/kg": 1.0, "%": 100.0, "1": 1.0,
}  # fmt: skip
# Areas and what follows from them are the same in arteries and veins; levels are not.
ANY_SITE = {"cl", "f", "auc-ratio", "half-life", "vbeta"}


def models_for(point: Point) -> list[Model]:
    """Return the models of the point's drug, people, route and analyte."""
    if point.why_not or point.effect:
        return []
    found = []
    for model in map(library.model, library.model_ids()):
        people = {role.people for role in model.role}
        routes = {one.route for one in model.input}
        needed = {point.route, *(one.route for one in point.doses)}
        fits = model.drug == point.drug and point.population in people and needed <= routes
        if fits and _analyte(model, point):
            found.append(model)
    return found


def _analyte(model: Model, point: Point) -> str | None:
    wanted = {point.analyte, point.analyte.replace("norketamine", "noresketamine")}
    return next((one.name for one in model.analyte if one.name in wanted), None)


def site(model: Model, point: Point) -> str:
    """Return 'matched', 'not needed' or 'not matched'; unknown matches unknown only."""
    if point.statistic in ANY_SITE:
        return "not needed"
    return "matched" if model.sampling == point.sampling else "not matched"


def predicted(model: Model, point: Point) -> float:
    """Return the model's value in the point's unit."""
    analyte = str(_analyte(model, point))
    if point.statistic in {"cmax", "tmax", "conc", "auc"}:
        value = _of_curve(model, point, analyte)
    else:
        value = _of_system(model, point, analyte)
    if point.unit.endswith("/kg"):
        value /= float(point.weight_kg)
    return value * FROM_BASE[point.unit]


def _of_curve(model: Model, point: Point, analyte: str) -> float:
    doses = point.doses
    if point.statistic in {"conc", "auc"}:
        times = np.array([point.at_h])
    else:
        last = max(one.start_h + (one.duration_h or 0.0) for one in doses)
        times = np.arange(0.0, last + AFTER_H, STEP_H)

    def extend(system: System) -> System:
        return accumulate(system, analyte, "area")

    names, found = curves(model, point.subject, doses, times, extend=extend)
    line = found[0, :, names.index(analyte)]
    if point.statistic == "auc":
        return float(found[0, 0, names.index("area")])
    if point.statistic == "tmax":
        return float(times[line.argmax()])
    return float(line.max())


def _of_system(model: Model, point: Point, analyte: str) -> float:
    system = build(model, parameter_values(model, point.subject))
    stay = -np.linalg.inv(system.matrix[0])  # hours that an amount spends in each state
    central = np.zeros(len(system.states))
    central[next(system.states.index(one.into) for one in model.input if one.route == "iv")] = 1.0
    parent = system.outputs[0, 0]
    area = float(parent @ stay @ central)
    rate = float(-np.linalg.eigvals(system.matrix[0]).real.max())
    if point.statistic == "cl":
        return 1.0 / area
    if point.statistic == "vss":
        return float(parent @ stay @ stay @ central) / area**2
    if point.statistic == "half-life":  # of the slowest state; the models asked have one analyte
        return float(np.log(2.0)) / rate
    if point.statistic == "vbeta":
        return 1.0 / area / rate
    given = _given(model, system, point)
    if point.statistic == "f":
        total = sum(one.amount_mg for one in point.doses)
        return float(parent @ stay @ given) / total / area
    if point.statistic == "auc-ratio":
        other = system.outputs[0, system.analytes.index(analyte)]
        return float(other @ stay @ given) / float(parent @ stay @ given)
    raise ValueError(point.statistic)


def _given(model: Model, system: System, point: Point) -> Array:
    amounts = np.zeros(len(system.states))
    for push in pushes_of(model, system, point.doses):
        amounts[push.state] += push.amount_mg[0]
    return amounts
