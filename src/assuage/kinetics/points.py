"""Predictions at few, irregular times, for many parameter sets and many subjects.

What a fit, a posterior or a search asks: the same doses and times again and again with other
parameters. Each subject's doses and times are laid out once, as steps between events; a set of
parameters is then carried through them by exp(A h), one for each different step.

Numba runs it when it's there, 64 exponentials at a time; NumPy otherwise, and as its judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.compiled import NONE, Compiled
from assuage.kinetics.exact import TIME_DECIMALS, Array, transition
from assuage.kinetics.structure import Dose
from assuage.refusals import Refusal, Refused

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Visit:
    """One subject's doses, and what was looked at when.

    times_h (n,) not falling; analytes (n,) places in `Compiled.analytes`. With `after_dose` a
    look at the very time of a bolus sees it; without, it comes just before: a trough.
    """

    doses: tuple[Dose, ...]
    times_h: Sequence[float] | Array
    analytes: Sequence[int]
    after_dose: bool = True


@dataclass(frozen=True)
class Layout:
    """Subjects' courses as steps, laid end to end; `*_first` (subjects + 1,) tells where.

    A step starts with its boluses and then runs `span`, an index into the subject's own spans,
    with its rates. Looks stand at the start of a step, after its boluses or before.
    """

    subjects: int
    counts: Counts  # looks of each subject
    step_first: Counts
    span: Counts  # (steps,) -1 for the last, which nothing follows
    rate_mg_per_h: Array  # (steps, entries)
    bolus_mg: Array  # (steps, entries)
    span_first: Counts
    span_h: Array  # (spans,)
    look_first: Counts
    look_step: Counts  # (looks,) step of the subject, rising
    look_after: Counts  # (looks,) 1 after the step's boluses
    look_analyte: Counts  # (looks,)


def lay_out(compiled: Compiled, visits: Sequence[Visit]) -> Layout:
    """Lay subjects out as steps.

    Raises ValueError when a time is not finite, falls or lies before zero, or an analyte is not
    the model's; Refused when the model has no such route or sets its own input time by patient.
    """
    firsts = [[0], [0], [0]]
    spans: list[int] = []
    rates: list[Array] = []
    boluses: list[Array] = []
    span_h: list[float] = []
    looks: list[tuple[int, int, int]] = []
    for visit in visits:
        inputs = _inputs(compiled, visit.doses)
        steps = _steps(visit, inputs, len(compiled.entries))
        numbers: dict[float, int] = {}
        for length in steps.lengths_h:
            number = numbers.setdefault(round(length, TIME_DECIMALS), len(numbers))
            spans.append(number)
        spans.append(NONE)
        rates += steps.rates
        boluses += steps.boluses
        span_h += list(numbers)
        looks += _looks(compiled, visit, steps.starts_h)
        for first, count in zip(firsts, (len(spans), len(span_h), len(looks)), strict=True):
            first.append(count)
    entries = len(compiled.entries)
    step_first, span_first, look_first = (np.array(one, dtype=np.int64) for one in firsts)
    table = np.array(looks, dtype=np.int64).reshape(-1, 3)
    return Layout(
        len(visits),
        np.diff(look_first),
        step_first,
        np.array(spans, dtype=np.int64),
        np.array(rates, dtype=float).reshape(-1, entries),
        np.array(boluses, dtype=float).reshape(-1, entries),
        span_first,
        np.array(span_h, dtype=float),
        look_first,
        *(np.ascontiguousarray(column) for column in table.T),
    )


@dataclass(frozen=True)
class _Steps:
    starts_h: list[float]
    lengths_h: list[float]  # one fewer than starts
    rates: list[Array]
    boluses: list[Array]


def _inputs(compiled: Compiled, doses: Sequence[Dose]) -> list[tuple[int, float, float, float]]:
    """Return (entry, start, end, mg) of everything that enters; a bolus ends as it starts."""
    model, found = compiled.model, []
    into = [(compiled.places[place], f) for place, f in _pairs(compiled)]
    for dose in doses:
        ways = [one for one in model.input if one.route == dose.route]
        if not ways:
            raise Refused(
                Refusal.ROUTE_MISMATCH,
                what=f"model {model.id}",
                wanted=" or ".join(sorted({one.route for one in model.input})),
                given=dose.route,
            )
        for one in ways:
            lasts = dose.duration_h or 0.0
            if one.duration is not None:
                if lasts or any(v.parameter == one.duration for v in model.variability):
                    raise Refused(
                        Refusal.MODEL_UNSUITABLE,
                        model=model.id,
                        why=f"its {dose.route} route sets its own input time",
                        choices="one with a plain first-order route",
                    )
                lasts = _fixed_h(compiled, one.duration)
            fraction = compiled.names.index(one.fraction) if one.fraction else NONE
            entry = into.index((one.into, fraction))
            found.append((entry, dose.start_h, dose.start_h + lasts, dose.amount_mg))
    return found


def _pairs(compiled: Compiled) -> list[tuple[int, int]]:
    return [(int(e), int(f)) for e, f in zip(compiled.entries, compiled.fractions, strict=True)]


def _fixed_h(compiled: Compiled, name: str) -> float:
    from assuage.kinetics.structure import base_factor

    parameter = compiled.model.parameter[name]
    return parameter.value * base_factor(parameter.unit)


def _steps(visit: Visit, inputs: list[tuple[int, float, float, float]], entries: int) -> _Steps:
    times = [float(time) for time in visit.times_h]
    edges = [edge for _, start, end, _ in inputs for edge in (start, end)]
    amounts = [amount for *_, amount in inputs]
    if not (np.isfinite([*times, *edges, *amounts]).all() and min(amounts, default=0.0) >= 0.0):
        raise ValueError("a time or an amount is not finite, or an amount is negative")
    if any(b < a for a, b in pairwise(times)) or min([*times, *edges], default=0.0) < 0.0:
        raise ValueError("times must rise from zero or later")
    last = max(times, default=0.0)
    starts = sorted({0.0, *times, *(edge for edge in edges if edge <= last)})
    lengths = [b - a for a, b in pairwise(starts)]
    rates, boluses = [], []
    for start, length in zip(starts, [*lengths, 0.0], strict=True):
        rate, bolus = np.zeros(entries), np.zeros(entries)
        for entry, begin, end, amount in inputs:
            if end > begin and begin <= start + length / 2.0 < end:
                rate[entry] += amount / (end - begin)
            if end == begin == start:
                bolus[entry] += amount
        rates.append(rate)
        boluses.append(bolus)
    return _Steps(starts, lengths, rates, boluses)


def _looks(
    compiled: Compiled, visit: Visit, starts_h: Sequence[float]
) -> list[tuple[int, int, int]]:
    place = {start: number for number, start in enumerate(starts_h)}
    after = int(visit.after_dose)
    found = []
    for time, analyte in zip(visit.times_h, visit.analytes, strict=True):
        if not 0 <= int(analyte) < len(compiled.analytes):
            raise ValueError(f"{compiled.model.id} has no analyte number {analyte}")
        found.append((place[float(time)], after, int(analyte)))
    return found


def has_kernels() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


def predict(
    compiled: Compiled,
    layout: Layout,
    values: Array,
    subject: Counts | int | None = None,
    *,
    kernels: bool | None = None,
) -> Array:
    """Return (sets, most looks) in mg/L; columns past a subject's own looks are zero.

    values (sets, columns) as `compiled.names` tells; set i goes through the course of
    subject[i], of subject i when left out. Raises ValueError when a rate is negative or not
    finite, or shapes don't fit.
    """
    rates, outputs, fractions = _rows(compiled, values)
    sets = len(values)
    which = _which(layout, subject, sets)
    width = int(layout.counts.max(initial=0))
    if kernels is None:
        kernels = has_kernels()
    if not kernels:
        return _by_numpy(compiled, layout, (rates, outputs, fractions), which, width)
    from assuage.kinetics.kernels import points

    return points.predict(compiled, layout, (rates, outputs, fractions), which, width)


def _which(layout: Layout, subject: Counts | int | None, sets: int) -> Counts:
    if subject is None and layout.subjects == 1:
        subject = 0
    which = np.arange(sets) if subject is None else np.broadcast_to(subject, (sets,))
    which = np.ascontiguousarray(which, dtype=np.int64)
    if len(which) and not (which.min() >= 0 and which.max() < layout.subjects):
        raise ValueError(f"{sets} parameter sets, and subjects only up to {layout.subjects - 1}")
    return which


def _rows(compiled: Compiled, values: Array) -> tuple[Array, Array, Array]:
    """Return (sets, rates), (sets, outputs) and (sets, entries) from parameters."""
    if values.ndim != 2 or values.shape[1] != len(compiled.names):
        raise ValueError(f"values are {values.shape}, not (sets, {len(compiled.names)})")

    def quotient(table: Counts) -> Array:
        found = np.empty((len(values), len(table)))
        for row, (top, divisor, factor) in enumerate(table):
            one = values[:, top] if top != NONE else 1.0
            if divisor != NONE:
                one = one / values[:, divisor]
            found[:, row] = one * values[:, factor] if factor != NONE else one
        return found

    rates = quotient(compiled.rates_by)
    blank = np.full(len(compiled.outputs), NONE)
    outputs = quotient(np.column_stack([blank, compiled.outputs[:, 1:]]))
    blank = np.full(len(compiled.fractions), NONE)
    fractions = quotient(np.column_stack([compiled.fractions, blank, blank]))
    sound = np.isfinite(rates).all() and (rates >= 0.0).all()
    if not (sound and np.isfinite(outputs).all() and np.isfinite(fractions).all()):
        raise ValueError("a parameter makes a rate negative or not finite")
    return rates, outputs, fractions


def _by_numpy(
    compiled: Compiled,
    layout: Layout,
    rows: tuple[Array, Array, Array],
    which: Counts,
    width: int,
) -> Array:
    """Carry each subject's sets through its steps, all sets of a subject at once."""
    out = np.zeros((len(which), width))
    for one in np.unique(which):
        mine = np.nonzero(which == one)[0]
        out[mine] = _one_subject(compiled, layout, [row[mine] for row in rows], int(one), width)
    return out


def _one_subject(
    compiled: Compiled, layout: Layout, rows: list[Array], one: int, width: int
) -> Array:
    rates, outputs, fractions = rows
    sets, size, entries = len(rates), len(compiled.places), len(compiled.entries)
    joined = np.zeros((sets, size + entries, size + entries))
    for number, (row, column, sign) in enumerate(compiled.rates):
        joined[:, row, column] += sign * rates[:, number]
    for column, place in enumerate(compiled.entries):
        joined[:, place, size + column] = 1.0
    spans = layout.span_h[layout.span_first[one] : layout.span_first[one + 1]]
    steps = [transition(joined, float(span)) for span in spans]
    state = np.zeros((sets, size))
    out = np.zeros((sets, width))
    look, last_look = layout.look_first[one], layout.look_first[one + 1]
    first, last = layout.step_first[one], layout.step_first[one + 1]
    for step in range(first, last):
        for after in (0, 1):
            if after:
                for column, place in enumerate(compiled.entries):
                    state[:, place] += layout.bolus_mg[step, column] * fractions[:, column]
            while (
                look < last_look
                and layout.look_step[look] == step - first
                and layout.look_after[look] == after
            ):
                analyte = layout.look_analyte[look]
                amount = state[:, compiled.outputs[analyte, 0]]
                out[:, look - layout.look_first[one]] = amount * outputs[:, analyte]
                look += 1
        if layout.span[step] == NONE:
            break
        flowing = layout.rate_mg_per_h[step] * fractions
        full = np.concatenate([state, flowing], axis=1)[..., None]
        state = (steps[layout.span[step]] @ full)[:, :size, 0]
    return out
