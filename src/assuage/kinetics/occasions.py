"""A course in which parameters differ from one occasion to the next.

An occasion runs from its start up to, and not including, the next one's. Within it nothing
changes, so the solution stays exact: solved occasion by occasion, each from the amounts that the
last one left. What happens at a boundary is a convention:

- amounts carry over, so a concentration jumps where a volume differs;
- an output at the very time that an occasion begins is that occasion's;
- a dose belongs to the occasion in which it starts, which sets the fraction that enters and, for
  a route with an input time of its own, how long that takes, even past the occasion's end. An
  infusion keeps its rate across a boundary.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assuage.kinetics import exact
from assuage.kinetics.exact import Array, Push
from assuage.kinetics.structure import Dose, System, pushes_of
from assuage.knowledge.schema.model import Model

Matrix = Array | Callable[[float, float], Array]


@dataclass(frozen=True, eq=False)
class Occasions:
    """When each occasion starts, and what it adds to the patients' deviations.

    starts_h  (occasions,), rising from zero
    shifts    for each occasion {parameter: (patients,)}, as `population.occasion_deviations`
              draws them

    Raises ValueError when these don't fit together.
    """

    starts_h: tuple[float, ...]
    shifts: tuple[Mapping[str, Array], ...]

    def __post_init__(self) -> None:
        if not self.starts_h or self.starts_h[0] != 0.0 or not np.isfinite(self.starts_h).all():
            raise ValueError("the first occasion starts at 0 h, and each at a known time")
        if not all(one < other for one, other in pairwise(self.starts_h)):
            raise ValueError("an occasion must start after the one before")
        if len(self.starts_h) != len(self.shifts):
            raise ValueError(
                f"{len(self.starts_h)} occasions start and {len(self.shifts)} have deviations"
            )

    def at(self, time_h: float) -> int:
        """Return the occasion that a time falls in; a boundary belongs to what begins there."""
        return bisect_right(self.starts_h, time_h) - 1


def solve(
    model: Model,
    occasions: Occasions,
    systems: Sequence[System],
    matrices: Sequence[Matrix],
    doses: Sequence[Dose],
    times_h: Array,
    *,
    hold_h: float | None = None,
) -> Array:
    """Return (patients, times, outputs) in mg/L; see the module for what a boundary does.

    systems   one for each occasion; `matrices` what `exact.solve` takes for each, with times
              counted from zero and not from the occasion's start

    Raises Refused when the model has no such route, ValueError on times that `exact.solve`
    doesn't take.
    """
    exact.check((), times_h, 0)
    given = [[one for one in doses if occasions.at(one.start_h) == o] for o in range(len(systems))]
    if _all_alike(model, systems, doses):
        pushes = _pushes(model, systems, given)
        return _piecewise(occasions.starts_h, systems, matrices, pushes, times_h, hold_h)
    parts = []
    for patient in range(len(systems[0].matrix)):  # each has input times of its own
        alone = [one.patient(patient) for one in systems]
        pushes = _pushes(model, alone, given)
        own = [_of_patient(one, patient) for one in matrices]
        parts.append(_piecewise(occasions.starts_h, alone, own, pushes, times_h, hold_h))
    return np.concatenate(parts)


def _all_alike(model: Model, systems: Sequence[System], doses: Sequence[Dose]) -> bool:
    """Whether every patient's drug enters at the same times."""
    routes = {one.route for one in doses}
    names = {one.duration for one in model.input if one.route in routes and one.duration}
    return all(np.ptp(system.parameters[name]) == 0.0 for system in systems for name in names)


def _pushes(model: Model, systems: Sequence[System], given: Sequence[Sequence[Dose]]) -> list[Push]:
    return [
        push
        for system, doses in zip(systems, given, strict=True)
        for push in pushes_of(model, system, doses)
    ]


def _of_patient(matrix: Matrix, patient: int) -> Matrix:
    if callable(matrix):
        return lambda start_h, end_h: matrix(start_h, end_h)[patient : patient + 1]
    return matrix[patient : patient + 1]


def _piecewise(
    starts_h: Sequence[float],
    systems: Sequence[System],
    matrices: Sequence[Matrix],
    pushes: Sequence[Push],
    times_h: Array,
    hold_h: float | None,
) -> Array:
    patients, size, _ = systems[0].matrix.shape
    out = np.zeros((patients, len(times_h), systems[0].outputs.shape[1]))
    whole = np.broadcast_to(np.eye(size), (patients, size, size))
    state = np.zeros((patients, size))
    for place, (start, end) in enumerate(pairwise([*starts_h, np.inf])):
        entering = _within(pushes, start, end)
        matrix = _from(matrices[place], start)
        rows = (times_h >= start) & (times_h < end)
        if rows.any():
            out[:, rows] = exact.solve(
                matrix,
                entering,
                times_h[rows] - start,
                systems[place].outputs,
                hold_h=hold_h,
                initial=state,
            )
        if not (times_h >= end).any():
            break
        last = np.array([end - start])
        left = exact.solve(matrix, entering, last, whole, hold_h=hold_h, initial=state)
        state = left[:, 0]
    return out


def _from(matrix: Matrix, start_h: float) -> Matrix:
    if callable(matrix):
        return lambda one, other: matrix(start_h + one, start_h + other)
    return matrix


def _within(pushes: Sequence[Push], start_h: float, end_h: float) -> list[Push]:
    """Return what enters within an occasion, in its own time."""
    found = []
    for one in pushes:
        if one.end_h is None:
            if start_h <= one.start_h < end_h:
                found.append(Push(one.state, one.start_h - start_h, one.amount_mg))
            continue
        first, last = max(one.start_h, start_h), min(one.end_h, end_h)
        if first < last:
            share = (last - first) / (one.end_h - one.start_h)
            found.append(Push(one.state, first - start_h, one.amount_mg * share, last - start_h))
    return found
