"""A model file's units must fit its structure: a clearance is a volume per time, and so on.

A dimension is a map from base dimension to power, with the arithmetic that formulas need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from assuage.knowledge.formula import evaluate, names_in
from assuage.knowledge.schema.model import Model
from assuage.units import dimensionality

Powers = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Dim:
    """A dimension; adding unlike dimensions raises ValueError. A number knows its value."""

    powers: Powers
    number: float | None = None

    def _same(self, other: Dim) -> Dim:
        if self.powers != other.powers:
            raise ValueError(f"{dict(self.powers)} and {dict(other.powers)} are added")
        return Dim(self.powers)

    __add__ = _same
    __sub__ = _same

    def _times(self, other: Dim, sign: float) -> Dim:
        total = dict(self.powers)
        for name, power in other.powers:
            total[name] = total.get(name, 0.0) + sign * power
        return Dim(tuple(sorted((n, p) for n, p in total.items() if p)))

    def __mul__(self, other: Dim) -> Dim:
        return self._times(other, 1.0)

    def __truediv__(self, other: Dim) -> Dim:
        return self._times(other, -1.0)

    def __pow__(self, other: Dim) -> Dim:
        if other.number is None:
            raise ValueError("a power must be a number")
        return Dim(tuple((name, power * other.number) for name, power in self.powers))


@lru_cache(maxsize=256)
def of_unit(unit: str) -> Dim:
    """Return the dimension of a unit; "1" has none."""
    return Dim(tuple(sorted(dimensionality(unit).items())))


def _expect(dims: Mapping[str, Dim], name: str | None, unit: str, what: str) -> None:
    if name is not None and dims[name].powers != of_unit(unit).powers:
        raise ValueError(f"'{name}' is used as {what} and its unit is not one")


def check(model: Model) -> None:
    """Raise ValueError when a parameter's unit does not fit the way it is used."""
    dims = {name: of_unit(one.unit) for name, one in model.parameter.items()}
    pending = dict(model.derived)
    while pending:
        ready = [name for name, one in pending.items() if names_in(one.formula) <= dims.keys()]
        if not ready:
            raise ValueError("derived parameters form a circle")
        for name in ready:
            one = pending.pop(name)
            found = evaluate(one.formula, dims, lambda value: Dim((), value))
            if found.powers != of_unit(one.unit).powers:
                raise ValueError(f"'{name}' is not in {one.unit}")
            dims[name] = found
    for compartment in model.compartment:
        _expect(dims, compartment.volume, "L", "a volume")
    volumes = {one.name for one in model.compartment if one.volume}
    for flow in model.flow:
        _expect(dims, flow.clearance, "L/h", "a clearance")
        _expect(dims, flow.rate, "1/h", "a rate")
        starts = flow.between or (flow.source_place,)
        if flow.clearance and not set(starts) <= volumes:
            raise ValueError(f"a clearance leaves a place without a volume: {starts}")
    for entry in model.input:
        _expect(dims, entry.fraction, "1", "a fraction")
        _expect(dims, entry.duration, "h", "a duration")
    for analyte in model.analyte:
        _expect(dims, analyte.mass_ratio, "1", "a ratio")
        _expect(dims, analyte.molar_mass, "g/mol", "a molar mass")
        if analyte.compartment not in volumes:
            raise ValueError(f"'{analyte.name}' has no volume, so no concentration")
    molar = {one.name for one in model.analyte if one.molar_mass}
    for error in model.residual:
        units = ("mg/L", "mol/L") if error.analyte in molar else ("mg/L",)
        known = {of_unit(unit).powers for unit in units}
        if error.additive is not None and of_unit(error.unit).powers not in known:
            raise ValueError(
                f"the error of '{error.analyte}' is in '{error.unit}': that is no concentration, "
                "or one by amount of substance, which needs a molar_mass"
            )
    for moved in model.covariate:
        wanted = dims[moved.parameter] if moved.form == "linear-above" else of_unit("1")
        if moved.form == "linear-in-time":
            wanted = of_unit("1/h")
            if dims[moved.parameter].powers not in (of_unit("L/h").powers, of_unit("1/h").powers):
                raise ValueError(
                    f"only a clearance or a rate may move with time: {moved.parameter}"
                )
        if of_unit(moved.unit).powers != wanted.powers:
            raise ValueError(f"the covariate on '{moved.parameter}' has the wrong unit")
