"""Has every kernel compiled, on work too small to notice, so that no first user waits for it.

The machine code is kept in the user's cache (or under NUMBA_CACHE_DIR) by a digest of its source:
it holds until Numba, the processor or a kernel changes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assuage.kinetics import fast, fast_turnover, points, stream, targeting
from assuage.kinetics.compiled import compile_model, values_of
from assuage.kinetics.executors import Serial
from assuage.kinetics.individual.belief import Part, believe
from assuage.kinetics.individual.course import Batch, Course, Measurement, Setting, level_error
from assuage.kinetics.structure import Dose, Subject, build, parameter_values, pushes_of
from assuage.kinetics.turnover import TurnoverRates
from assuage.knowledge import library

SUBJECT = Subject(70.0, 40.0)
DOSES = (Dose(0.0, 35.0, "iv", 2.0 / 3.0), Dose(3.0, 10.0, "iv"))
TIMES_H = np.arange(0.0, 6.0, 0.1)
PATIENTS = 64


def _populations() -> None:
    model = library.model("otto-2021")
    system = build(model, parameter_values(model, SUBJECT))
    fast.solve(system.matrix, pushes_of(model, system, DOSES), TIMES_H, system.outputs)


def _streams() -> None:
    task = stream.task_of(library.model("otto-2021"), SUBJECT, DOSES, TIMES_H, 1, (0.1,))
    stream.run(task, PATIENTS, Serial())


def _one_patient() -> None:
    model = library.model("otto-2021")
    compiled = compile_model(model)
    layout = points.lay_out(compiled, [points.Visit(DOSES, [1.0, 4.0], [0, 1])])
    points.predict(compiled, layout, values_of(compiled, SUBJECT))
    errors = {one.name: level_error(model, one.name) for one in model.analyte}
    for analyte in (model.analyte[0].name, model.analyte[1].name):
        setting = Setting(model, errors)
        batch = Batch(setting, [Course(SUBJECT, DOSES, (Measurement(1.0, analyte, 0.05),))])
        believe([Part("", 1.0, batch.predicted)], batch.readings, len(setting.effects), draws=64)


def _targets() -> None:
    model = library.model("kamp-2020")
    system = build(model, parameter_values(model, SUBJECT))
    matrix, output = system.matrix.repeat(PATIENTS, 0), system.outputs[:, 0].repeat(PATIENTS, 0)
    entry = np.zeros(output.shape)
    entry[:, 0] = 1.0
    plant = targeting.plant_of(matrix, entry, output, output, 10.0 / 3600.0)
    pump = targeting.Pump(1.0, np.full(PATIENTS, 1000), 0)
    targeting.run_many(plant, np.full(6, 0.1), pump)


def _turnovers() -> None:
    model = library.model("otto-2021")
    system = build(model, parameter_values(model, SUBJECT))
    pushes, weights = pushes_of(model, system, DOSES), system.outputs[:, 0]
    for gamma in (1.0, 2.0, 1.5):  # each kind of curve has loops of its own
        one, none = np.ones(1), np.zeros(1)
        rates = TurnoverRates(one, none, one, one, one, np.full(1, gamma), one)
        fast_turnover.solve(system.matrix, pushes, TIMES_H, weights, rates)


WORK: tuple[tuple[str, Callable[[], None]], ...] = (
    ("populations", _populations),
    ("streams of patients", _streams),
    ("one patient's levels", _one_patient),
    ("targets", _targets),
    ("turnover", _turnovers),
)


def warm(told: Callable[[str], None] = lambda _: None) -> None:
    """Run each kernel once; `told` hears what comes next."""
    for name, work in WORK:
        told(name)
        work()
