"""One random regimen, by the engine and by the judge, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass

import judge
import numpy as np

from assuage.kinetics import exact, fast
from assuage.kinetics.engine import HOLD_H, curves, is_time_varying, predict
from assuage.kinetics.structure import Dose, Subject, build, parameter_values, pushes_of
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model


@dataclass(frozen=True)
class Comparison:
    """`error` counts analytes that are solved exactly, by NumPy and by the kernels; `of_bound`
    those that are stepped.
    """

    error: float
    imbalance: float
    of_bound: float


def subject_of(person: judge.Person) -> Subject:
    return Subject(person.weight_kg, person.age_years, person.sex, person.ancestry)


def doses_of(given: list[judge.Given]) -> list[Dose]:
    return [Dose(one.start_h, one.amount_mg, one.route, one.duration_h) for one in given]


def compare(model_id: str, seed: int) -> Comparison:
    person, given, times = judge.random_case(model_id, seed)
    model, subject, doses = library.model(model_id), subject_of(person), doses_of(given)
    wanted = judge.judge(model_id, person, given, times)
    imbalance = worst_imbalance(model, person, given, times, wanted.entered)
    names, found = curves(model, subject, doses, times)
    assert names == wanted.analytes
    if not is_time_varying(model):
        system = build(model, parameter_values(model, subject))
        pushes = pushes_of(model, system, doses)
        quick = fast.solve(system.matrix, pushes, times, system.outputs)
        both = [judge.worst_error(one, wanted.concentrations) for one in (found[0], quick[0].T)]
        return Comparison(max(both), imbalance, 0.0)
    # The parent does not move with time, so the steps leave it exact; its metabolite does.
    parent = judge.worst_error(found[0, :, :1], wanted.concentrations[:, :1])
    shown = predict(model, subject, doses, times)
    stepped = np.array([one.typical for one in shown.series]).T / 1000.0
    share = judge.worst_error(stepped, wanted.concentrations) / shown.step_error
    return Comparison(parent, imbalance, share)


def worst_imbalance(
    model: Model,
    person: judge.Person,
    given: list[judge.Given],
    times: np.ndarray,
    entered: np.ndarray,
) -> float:
    """Return |in - (body + eliminated)| / in at its worst.

    What leaves is a state of its own, filled at the judge's rates and not the engine's.
    """
    file = judge.read(model.id)
    subject, doses = subject_of(person), doses_of(given)

    def matrix_at(time_h: float) -> np.ndarray:
        inner = build(model, parameter_values(model, subject, None, time_h)).matrix
        size = inner.shape[-1]
        matrix = np.zeros((1, size + 1, size + 1))
        matrix[:, :size, :size] = inner
        matrix[:, size, :size] = judge.elimination(file, person, time_h)
        return matrix

    system = build(model, parameter_values(model, subject))
    pushes = pushes_of(model, system, doses)
    everything = np.ones((1, 1, system.matrix.shape[-1] + 1))
    if is_time_varying(model):
        found = exact.solve(
            lambda start, end: matrix_at((start + end) / 2.0),
            pushes,
            times,
            everything,
            hold_h=HOLD_H,
        )
    else:
        found = exact.solve(matrix_at(0.0), pushes, times, everything)
    return float(np.abs(found[0, :, 0] - entered).max() / entered.max())
