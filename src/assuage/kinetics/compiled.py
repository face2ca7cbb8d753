"""A model file as tables of numbers, for the kernels that run every model alike.

A rate is a parameter over another, times a third where there is one: a clearance over a volume,
a rate constant, an effect site's ke0 over a volume. A table of such rates and a matrix of
parameters, one row a patient, is all that a kernel needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.pattern import Pattern, pattern_of
from assuage.kinetics.structure import People, parameter_values, volume_of
from assuage.knowledge.schema.model import Model

Columns = NDArray[np.int64]
NONE = -1  # no such column, or outside the body


@dataclass(frozen=True)
class Join:
    """An effect compartment on an analyte: its own name, and the column of its ke0 (1/h)."""

    analyte: str
    name: str
    rate: str


@dataclass(frozen=True)
class Compiled:
    """A model with its effect sites as tables.

    names    columns of a parameter matrix: parameters, derived ones, then ke0 of each join
    rates    (r, 5) row, column, sign, then the columns to multiply by and to divide by
    rates_by (r, 3) parameter columns: numerator, divisor or -1, factor or -1
    outputs  (k, 3) place, divisor or -1, factor or -1: an output is amount / divisor x factor
    entries  (e,) the places that drug can enter, and `fractions` (e,) their column or -1
    """

    model: Model
    joins: tuple[Join, ...]
    names: tuple[str, ...]
    places: tuple[str, ...]
    analytes: tuple[str, ...]
    rates: Columns
    rates_by: Columns
    outputs: Columns
    entries: Columns
    fractions: Columns
    pattern: Pattern


def compile_model(model: Model, joins: Sequence[Join] = ()) -> Compiled:
    """Lay a model out as tables. Raises ValueError when a join names no analyte of the model."""
    names = [*model.parameter, *model.derived]
    column = {name: place for place, name in enumerate(names)}
    for join in joins:
        if join.rate not in column:
            column[join.rate] = len(names)
            names.append(join.rate)
    places = [one.name for one in model.compartment]
    index = {name: place for place, name in enumerate(places)}
    rates, rates_by = _flows(model, index, column)
    outputs = [
        [
            index[one.compartment],
            column[volume_of(model, one.compartment)],
            column[one.mass_ratio] if one.mass_ratio else NONE,
        ]
        for one in model.analyte
    ]
    analytes = [one.name for one in model.analyte]
    for join in joins:
        if join.analyte not in analytes:
            raise ValueError(f"{model.id} has no analyte '{join.analyte}'")
        place, divisor, factor = outputs[analytes.index(join.analyte)]
        if divisor == NONE and factor != NONE:
            raise ValueError("an effect site joins a measured concentration")
        site, rate = len(places), column[join.rate]
        rates += [[site, place, 1], [site, site, -1]]
        rates_by += [[rate, divisor, factor], [rate, NONE, NONE]]
        outputs.append([site, NONE, NONE])
        places.append(join.name)
        analytes.append(join.name)
    entries = list(dict.fromkeys((one.into, one.fraction) for one in model.input))
    filled = np.zeros((len(places), len(places)), dtype=bool)
    table = np.array(rates, dtype=np.int64)
    filled[table[:, 0], table[:, 1]] = True
    into = [index[name] for name, _ in entries]
    return Compiled(
        model,
        tuple(joins),
        tuple(names),
        tuple(places),
        tuple(analytes),
        table,
        np.array(rates_by, dtype=np.int64),
        np.array(outputs, dtype=np.int64),
        np.array(into, dtype=np.int64),
        np.array([column[f] if f else NONE for _, f in entries], dtype=np.int64),
        pattern_of(filled, into),
    )


def _flows(
    model: Model, index: Mapping[str, int], column: Mapping[str, int]
) -> tuple[list[list[int]], list[list[int]]]:
    rates: list[list[int]] = []
    by: list[list[int]] = []
    for flow in model.flow:
        ends = [flow.between, flow.between[::-1]] if flow.between is not None else None
        for start, end in ends or [(str(flow.source_place), str(flow.to))]:
            if flow.rate is not None:
                one = [column[flow.rate], NONE, NONE]
            else:
                divisor = column[volume_of(model, start)]
                one = [column[str(flow.clearance)], divisor, NONE]
            rates.append([index[start], index[start], -1])
            by.append(one)
            if end in index:
                rates.append([index[end], index[start], 1])
                by.append(one)
    return rates, by


def values_of(
    compiled: Compiled,
    subject: People,
    shifts: Mapping[str, Array] | None = None,
    extra: Mapping[str, Array] | None = None,
) -> Array:
    """Return (sets, columns) parameters in h, L and mg, for `points.predict`.

    `shifts` are random effects by parameter, `extra` the ke0 of each join, (sets,) each. Raises
    Refused as `structure.parameter_values` does, and KeyError when a join's ke0 is missing.
    """
    found = dict(parameter_values(compiled.model, subject, dict(shifts) if shifts else None))
    found |= extra or {}
    sets = max(len(np.atleast_1d(one)) for one in found.values())
    out = np.empty((sets, len(compiled.names)))
    for column, name in enumerate(compiled.names):
        out[:, column] = found[name]
    return out
