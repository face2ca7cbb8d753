"""A model file becomes rate matrices: one for each patient, in h, L and mg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assuage.kinetics.exact import Array, Push
from assuage.knowledge.formula import evaluate, names_in
from assuage.knowledge.schema.model import Covariate, Model, Parameter
from assuage.refusals import Refusal, Refused
from assuage.units import convert

BASE_UNIT = {"volume": "L", "clearance": "L/h", "rate": "1/h", "time": "h"}


@dataclass(frozen=True)
class Subject:
    """What a model may know about a person. None is unknown, never typical."""

    weight_kg: float | None
    age_years: float | None
    sex: str | None = None
    ancestry: str | None = None


@dataclass(frozen=True)
class Dose:
    """A dose by a route; `duration_h` makes it an infusion."""

    start_h: float
    amount_mg: float
    route: str
    duration_h: float | None = None


@dataclass(frozen=True)
class System:
    """Rate matrices with names: `matrix` (patients, m, m) in 1/h, `outputs` (patients, k, m)."""

    states: tuple[str, ...]
    matrix: Array
    analytes: tuple[str, ...]
    outputs: Array
    parameters: Mapping[str, Array]


@lru_cache(maxsize=512)
def base_factor(unit: str) -> float:
    """Return the factor from a parameter's unit to h, L and mg. Raises Refused if unreadable."""
    if unit == "1":
        return 1.0
    for base in (*BASE_UNIT.values(), "g/mol", "kg", "mg", "mg/L"):
        try:
            return convert(1.0, unit, base)
        except Refused as refused:
            if refused.refusal is not Refusal.QUANTITY_UNIT_WRONG:
                raise
    raise Refused(
        Refusal.KNOWLEDGE_DAMAGED, path="models", why=f"'{unit}' is not a unit of a parameter"
    )


def parameter_values(
    model: Model, subject: Subject, deviations: Mapping[str, Array] | None = None, time_h: float = 0
) -> dict[str, Array]:
    """Return every parameter, derived ones included, as (patients,) in h, L and mg.

    `deviations` holds each random effect as (patients,) on its parameter's scale. Raises Refused
    when the model scales by a weight that is not known.
    """
    patients = len(next(iter(deviations.values()))) if deviations else 1
    values: dict[str, Array] = {}
    for name, parameter in model.parameter.items():
        typical = _typical(model, name, parameter, subject, time_h)
        shift = deviations.get(name) if deviations else None
        if shift is None:
            values[name] = np.full(patients, typical)
        elif parameter.scale == "logit":
            odds = typical / (1.0 - typical) * np.exp(shift)
            values[name] = odds / (1.0 + odds)
        else:
            values[name] = typical * np.exp(shift)
    pending = dict(model.derived)
    while pending:
        ready = [name for name, one in pending.items() if names_in(one.formula) <= values.keys()]
        if not ready:
            raise Refused(
                Refusal.KNOWLEDGE_DAMAGED, path=model.id, why="derived parameters form a circle"
            )
        for name in ready:
            formula = pending.pop(name).formula
            values[name] = np.broadcast_to(evaluate(formula, values, float), (patients,))
    return values


def _typical(
    model: Model, name: str, parameter: Parameter, subject: Subject, time_h: float
) -> float:
    value = parameter.value * base_factor(parameter.unit)
    if parameter.scaled_by is not None:
        if subject.weight_kg is None:
            raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=model.id)
        ratio = subject.weight_kg / parameter.scaled_by.weight_kg
        value *= ratio**parameter.scaled_by.exponent
    for covariate in model.covariate:
        if covariate.parameter == name:
            value = _moved(value, covariate, subject, time_h)
    return value


def _moved(value: float, covariate: Covariate, subject: Subject, time_h: float) -> float:
    if covariate.form == "linear-in-time":
        return value * (1.0 + covariate.value * time_h)
    if covariate.form == "factor":
        property_ = getattr(subject, covariate.covariate)
        return value * covariate.value if property_ in covariate.when else value
    if subject.age_years is None:
        raise Refused(Refusal.AGE_UNKNOWN)
    assert covariate.reference is not None
    above = subject.age_years - covariate.reference
    return value + covariate.value * base_factor(covariate.unit) * above if above > 0 else value


def build(model: Model, values: Mapping[str, Array]) -> System:
    """Build the rate matrices from parameter values. Amounts are parent-mg throughout."""
    states = tuple(one.name for one in model.compartment)
    index = {name: place for place, name in enumerate(states)}
    volume = {one.name: one.volume for one in model.compartment}
    patients = len(next(iter(values.values())))
    matrix = np.zeros((patients, len(states), len(states)))
    for flow in model.flow:
        if flow.between is not None:
            directions = [flow.between, flow.between[::-1]]
        else:
            directions = [(str(flow.source_place), str(flow.to))]
        for start, end in directions:
            if flow.rate is not None:
                rate = values[flow.rate]
            else:
                rate = values[str(flow.clearance)] / values[_volume(model, volume, start)]
            matrix[:, index[start], index[start]] -= rate
            if end in index:
                matrix[:, index[end], index[start]] += rate
    outputs = np.zeros((patients, len(model.analyte), len(states)))
    for row, analyte in enumerate(model.analyte):
        ratio = values[analyte.mass_ratio] if analyte.mass_ratio else 1.0
        name = _volume(model, volume, analyte.compartment)
        outputs[:, row, index[analyte.compartment]] = ratio / values[name]
    names = tuple(one.name for one in model.analyte)
    return System(states, matrix, names, outputs, values)


def _volume(model: Model, volume: Mapping[str, str | None], place: str) -> str:
    name = volume[place]
    if name is None:
        raise Refused(
            Refusal.KNOWLEDGE_DAMAGED,
            path=model.id,
            why=f"'{place}' has no volume, so no clearance or concentration",
        )
    return name


def pushes_of(model: Model, system: System, doses: Sequence[Dose]) -> list[Push]:
    """Turn doses into drug entering states, split by the bioavailability of each route.

    Raises Refused when the model has no such route, or when an infusion meets a route that
    sets its own input time.
    """
    pushes: list[Push] = []
    for dose in doses:
        entries = [one for one in model.input if one.route == dose.route]
        if not entries:
            raise Refused(
                Refusal.ROUTE_MISMATCH,
                what=f"model {model.id}",
                wanted=" or ".join(sorted({one.route for one in model.input})),
                given=dose.route,
            )
        for entry in entries:
            fraction = system.parameters[entry.fraction] if entry.fraction else 1.0
            amount = np.broadcast_to(dose.amount_mg * fraction, system.matrix.shape[:1])
            end = dose.start_h + dose.duration_h if dose.duration_h else None
            if entry.duration is not None:
                spread = system.parameters[entry.duration]
                if dose.duration_h or not np.ptp(spread) == 0.0:
                    raise Refused(
                        Refusal.MODEL_UNSUITABLE,
                        model=model.id,
                        why=f"its {dose.route} route sets its own input time",
                        choices="one with a plain first-order route",
                    )
                end = dose.start_h + float(spread[0])
            state = system.states.index(entry.into)
            pushes.append(Push(state, dose.start_h, np.array(amount, dtype=float), end))
    return pushes
