"""Models and courses that the tests of one patient share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.individual.course import Batch, Course, Error, Measurement, Setting
from assuage.kinetics.individual.readings import EXACT, Readings
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model

ADULT = Subject(70.0, 40.0)
INFUSION = (Dose(0.0, 35.0, "iv", 2.0 / 3.0),)
TIMES = (0.5, 1.0, 2.0, 4.0)
CITE = {"source": "assuage-design", "where": "a test's own", "read": "design"}


@cache
def three_compartments(effects: tuple[str, ...] = ("CL", "V1", "Q2", "V2", "Q3")) -> Model:
    """The peers' three compartments: 30 % variability on each effect."""
    values = {
        "V1": (4.41, "L"),
        "CL": (115.9, "L/h"),
        "Q2": (156.6, "L/h"),
        "Q3": (156.1, "L/h"),
        "V2": (10.57, "L"),
        "V3": (178.2, "L"),
    }
    years = {"low": 18, "unit": "y", **CITE}
    return Model.model_validate(
        {
            "id": "three",
            "name": "three",
            "drug": "racemic-ketamine",
            "form": "base",
            "sampling": "arterial",
            "sampling_fact": {"text": "-", **CITE},
            "source": "assuage-design",
            "summary": "-",
            "applies_age_years": years,
            "studied": {"people": {"text": "-", **CITE}, "age_years": years},
            "compartment": [
                {"name": "central", "volume": "V1"},
                {"name": "fast", "volume": "V2"},
                {"name": "slow", "volume": "V3"},
            ],
            "flow": [
                {"between": ["central", "fast"], "clearance": "Q2"},
                {"between": ["central", "slow"], "clearance": "Q3"},
                {"from": "central", "to": "eliminated", "clearance": "CL"},
            ],
            "input": [{"route": "iv", "into": "central"}],
            "analyte": [{"name": "ketamine", "compartment": "central"}],
            "parameter": {
                name: {"value": value, "unit": unit, **CITE}
                for name, (value, unit) in values.items()
            },
            "variability": [{"parameter": name, "cv": 0.3, **CITE} for name in effects],
        }
    )


def levels_batch(
    patients: int,
    seed: int,
    error: Error | None = None,
    effects: tuple[str, ...] = ("CL", "V1", "Q2", "V2", "Q3"),
) -> tuple[Batch, Array]:
    """Patients drawn from the prior with simulated levels, and the effects they were drawn with."""
    error = error or Error(proportional=0.15)
    setting = Setting(three_compartments(effects), {"ketamine": error})
    random = np.random.default_rng(seed)
    z = random.standard_normal((patients, len(effects)))
    blank = Batch(setting, [course_of([1.0] * len(TIMES))])
    truth = blank.predicted(z, np.zeros(patients, dtype=np.intp))
    noise = random.standard_normal(truth.shape)
    if error.log:
        seen = truth * np.exp(error.additive * noise)
    else:
        seen = truth + noise * np.sqrt(error.additive**2 + (error.proportional * truth) ** 2)
    return Batch(setting, [course_of(row) for row in seen]), z


def course_of(levels: Sequence[float] | Array) -> Course:
    """The peers' infusion with these levels at TIMES."""
    rows = zip(TIMES, levels, strict=True)
    return Course(ADULT, INFUSION, tuple(Measurement(t, "ketamine", float(y)) for t, y in rows))


def exact_readings(values: Array, sd: float) -> Readings:
    """Readings (patients, n) with one additive error."""
    shape = values.shape
    return Readings(
        values,
        np.full(shape, EXACT),
        np.zeros(shape, dtype=bool),
        np.full(shape, sd),
        np.zeros(shape),
    )


def library_model(id_: str) -> Model:
    """A model of the library."""
    return library.model(id_)
