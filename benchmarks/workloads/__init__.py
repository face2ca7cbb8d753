"""The workloads of issue 4: models and effects from TOML, patients, schedules and outputs.

    W1  three compartments, 35 mg over 40 min, 1,441 points in 24 h, one output
    W2  parent, two transit steps, norketamine and an effect site; 20 mg/h x 4 h on ten weekdays,
        2,017 points at 10 min in 14 days, three outputs
    W3  W2 and a turnover of pain over 90 days, 2,161 hourly points, one output

`parameters` draws patients once; the engine is timed from there: `system` builds matrices from
the arrays by the general reading of the model file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.exact import Array, Push
from assuage.kinetics.population import deviations, log_sd, normals
from assuage.kinetics.structure import (
    Dose,
    Subject,
    System,
    base_factor,
    build,
    parameter_values,
    pushes_of,
)
from assuage.kinetics.turnover import TurnoverRates, rates_of
from assuage.knowledge.dimensions import check
from assuage.knowledge.schema.effect import EffectFile, TurnoverEffect
from assuage.knowledge.schema.model import Model

HERE = Path(__file__).parent
WEEKDAYS = (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)
SEED = 4


@dataclass(frozen=True)
class Workload:
    """One workload: `site` joins the effect site, `turnover` adds the slow response."""

    name: str
    model: Model
    doses: tuple[Dose, ...]
    times_h: Array
    site: bool = False
    turnover: bool = False


@cache
def model(name: str) -> Model:
    """Return a workload's model, checked as the library's are."""
    found = Model.model_validate(tomllib.loads((HERE / f"{name}.toml").read_text("utf-8")))
    check(found)
    return found


@cache
def pain() -> TurnoverEffect:
    """Return the workloads' turnover effect; its delay is W2's effect site."""
    text = (HERE / "pain.toml").read_text("utf-8")
    found = EffectFile.model_validate(tomllib.loads(text)).turnover
    assert found is not None
    return found


def workload(name: str) -> Workload:
    """Return W1, W2 or W3."""
    if name == "W1":
        once = (Dose(0.0, 35.0, "iv", 40.0 / 60.0),)
        return Workload(name, model("w1"), once, np.arange(1441) / 60.0)
    daily = tuple(Dose(24.0 * day, 80.0, "iv", 4.0) for day in WEEKDAYS)
    if name == "W2":
        return Workload(name, model("w2"), daily, np.arange(2017) / 6.0, site=True)
    hours = np.arange(2161.0)
    return Workload(name, model("w2"), daily, hours, site=True, turnover=True)


def parameters(work: Workload, patients: int, seed: int = SEED) -> dict[str, Array]:
    """Return each parameter as (patients,) in h, L and mg; ke0 (1/h) and c50 (mg/L) with them."""
    subject = Subject(70.0, 40.0)
    found = parameter_values(work.model, subject, deviations(work.model, patients, seed))
    if work.site:
        effect = pain()
        rate = effect.equilibration.rate
        assert rate is not None
        sd = log_sd(1.0, effect.spread[0].value)
        found["ke0"] = (
            rate.value * base_factor(rate.unit) * np.exp(sd * normals(seed, "ke0", patients))
        )
        c50 = rates_of(effect).c50
        found["c50"] = c50 * np.exp(sd * normals(seed, "c50", patients))
    return found


def system(work: Workload, values: Mapping[str, Array]) -> System:
    """Return the matrices, the effect site joined."""
    found = build(work.model, values)
    return fx.join(found, "ketamine", "effect site", values["ke0"]) if work.site else found


def pushes(work: Workload, found: System) -> list[Push]:
    """Return the drug that enters, by the model's routes."""
    return pushes_of(work.model, found, work.doses)


def rates(values: Mapping[str, Array]) -> TurnoverRates:
    """Return the turnover of every patient of W3."""
    return replace(rates_of(pain(), len(values["c50"])), c50=values["c50"])
