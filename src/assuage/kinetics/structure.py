"""A model file becomes rate matrices: one for each patient, in h, L and mg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assuage.kinetics import portable
from assuage.kinetics.exact import Array, Push
from assuage.knowledge.formula import evaluate, names_in
from assuage.knowledge.schema.model import Covariate, Model, Parameter, Scale
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


@dataclass(frozen=True, eq=False)
class Cohort:
    """Many people, one entry each. A property that is None is unknown for all of them.

    `weight_kg` and `age_years` have shape (patients,) and know every patient's: one that isn't
    known is a ValueError, as is a weight that isn't above zero, an age below it, or properties
    that differ in length. In `sex` and `ancestry` None is unknown for that patient.
    """

    weight_kg: Array | None
    age_years: Array | None
    sex: tuple[str | None, ...] | None = None
    ancestry: tuple[str | None, ...] | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(one) for name, one in vars(self).items() if one is not None}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"a cohort's properties must agree in length and are {lengths}")
        _check_known("weight", self.weight_kg, np.nextafter(0.0, 1.0))
        _check_known("age", self.age_years, 0.0)

    def __len__(self) -> int:
        return next(len(one) for one in vars(self).values() if one is not None)

    def chunk(self, first: int, patients: int) -> Cohort:
        """Return patients `first` to `first + patients - 1`."""
        part = slice(first, first + patients)
        return Cohort(
            None if self.weight_kg is None else self.weight_kg[part],
            None if self.age_years is None else self.age_years[part],
            None if self.sex is None else self.sex[part],
            None if self.ancestry is None else self.ancestry[part],
        )

    def ends(self) -> tuple[Subject, Subject]:
        """Return two people who bound the cohort: least weight and age, then the greatest."""
        weight, age = self.weight_kg, self.age_years
        return (
            Subject(
                None if weight is None else float(weight.min()),
                None if age is None else float(age.min()),
            ),
            Subject(
                None if weight is None else float(weight.max()),
                None if age is None else float(age.max()),
            ),
        )


People = Subject | Cohort


def _check_known(name: str, values: Array | None, low: float) -> None:
    if values is not None:
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= low)))
        if len(wrong):
            raise ValueError(f"patient {wrong[0]}: {values[wrong[0]]:g} is not a known {name}")


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

    def patient(self, place: int) -> System:
        """Return the system of one patient alone."""
        one = slice(place, place + 1)
        parameters = {name: values[one] for name, values in self.parameters.items()}
        return System(self.states, self.matrix[one], self.analytes, self.outputs[one], parameters)


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
    model: Model, people: People, deviations: Mapping[str, Array] | None = None, time_h: float = 0
) -> dict[str, Array]:
    """Return every parameter, derived ones included, as (patients,) in h, L and mg.

    `deviations` holds each random effect as (patients,) on its parameter's scale; a cohort's
    patients are theirs, in order. The same bits on every machine and in every chunk, as long as
    formulas use + - * / alone. Raises Refused when the model scales by a weight or moves with an
    age that is not known, ValueError when covariates and deviations differ in length.
    """
    patients = _count(people, deviations or {})
    values: dict[str, Array] = {}
    for name, parameter in model.parameter.items():
        typical = _typical(model, name, parameter, people, time_h)
        shift = deviations.get(name) if deviations else None
        if shift is None:
            values[name] = np.full(patients, typical)
        elif parameter.scale == "logit":
            odds = typical / (1.0 - typical) * portable.exp(shift)
            values[name] = odds / (1.0 + odds)
        else:
            values[name] = typical * portable.exp(shift)
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


def _count(people: People, deviations: Mapping[str, Array]) -> int:
    counts = {len(one) for one in deviations.values()}
    if isinstance(people, Cohort):
        counts.add(len(people))
    if len(counts) > 1:
        numbers = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"covariates and deviations are for {numbers} patients, not for as many")
    return next(iter(counts), 1)


def _typical(
    model: Model, name: str, parameter: Parameter, people: People, time_h: float
) -> float | Array:
    value: float | Array = parameter.value * base_factor(parameter.unit)
    if parameter.scaled_by is not None:
        if people.weight_kg is None:
            raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=model.id)
        value = value * _allometric(people.weight_kg, parameter.scaled_by)
    for covariate in model.covariate:
        if covariate.parameter == name:
            value = _moved(value, covariate, people, time_h)
    return value


def _allometric(weight_kg: float | Array, scale: Scale) -> float | Array:
    ratio = weight_kg / scale.weight_kg
    if isinstance(ratio, float):
        return portable.power_of(ratio, scale.exponent)
    return portable.power(ratio, scale.exponent)


def _moved(
    value: float | Array, covariate: Covariate, people: People, time_h: float
) -> float | Array:
    if covariate.form == "linear-in-time":
        return value * (1.0 + covariate.value * time_h)
    if covariate.form == "factor":
        held = getattr(people, covariate.covariate)
        if isinstance(held, tuple):
            factors = [covariate.value if one in covariate.when else 1.0 for one in held]
            return value * np.array(factors)
        return value * covariate.value if held in covariate.when else value
    if people.age_years is None:
        raise Refused(Refusal.AGE_UNKNOWN)
    assert covariate.reference is not None
    above = people.age_years - covariate.reference
    moved = value + covariate.value * base_factor(covariate.unit) * above
    if isinstance(above, float | int):
        return moved if above > 0 else value
    return np.where(above > 0.0, moved, value)


def build(model: Model, values: Mapping[str, Array]) -> System:
    """Build the rate matrices from parameter values. Amounts are parent-mg throughout."""
    states = tuple(one.name for one in model.compartment)
    index = {name: place for place, name in enumerate(states)}
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
                rate = values[str(flow.clearance)] / values[volume_of(model, start)]
            matrix[:, index[start], index[start]] -= rate
            if end in index:
                matrix[:, index[end], index[start]] += rate
    outputs = np.zeros((patients, len(model.analyte), len(states)))
    for row, analyte in enumerate(model.analyte):
        ratio = values[analyte.mass_ratio] if analyte.mass_ratio else 1.0
        name = volume_of(model, analyte.compartment)
        outputs[:, row, index[analyte.compartment]] = ratio / values[name]
    names = tuple(one.name for one in model.analyte)
    return System(states, matrix, names, outputs, values)


def volume_of(model: Model, place: str) -> str:
    """Return the name of a compartment's volume. Raises Refused when it has none."""
    name = next(one.volume for one in model.compartment if one.name == place)
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
