"""Residual error as a model file states it: what the assay and the model's misfit add.

Two forms (schema `Residual`): normal, with variance (proportional_sd x prediction)^2 + additive^2,
and log-normal. One standard normal makes each error, since the sum of a proportional and an
additive one is itself normal. Concentrations are in mg/L of the analyte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.kinetics import portable
from assuage.kinetics.exact import Array
from assuage.kinetics.population import RESIDUALS, STREAMS, normals
from assuage.kinetics.structure import base_factor
from assuage.knowledge.schema.model import Model, Residual
from assuage.refusals import Refusal, Refused
from assuage.units import convert, dimensionality

_LOG_ROOT_2_PI = float(np.log(2.0 * np.pi) / 2.0)


@dataclass(frozen=True)
class Error:
    """A residual error in mg/L: log-normal when `log_sd` is given, normal otherwise."""

    proportional_sd: float = 0.0
    additive_mg_per_l: float = 0.0
    log_sd: float | None = None


def error_of(model: Model, analyte: str) -> Error:
    """Return the residual error of an analyte.

    Raises Refused with MODEL_UNSUITABLE when none was read for it, and with KNOWLEDGE_DAMAGED
    when an additive error is by amount of substance and the analyte has no molar mass.
    """
    found = next((one for one in model.residual if one.analyte == analyte), None)
    if found is None:
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why=f"no residual error has been read for '{analyte}'",
            choices="one whose file has a [[residual]] for it",
        )
    if found.log_sd is not None:
        return Error(log_sd=found.log_sd)
    return Error(found.proportional_sd or 0.0, _additive_mg_per_l(model, found))


def _additive_mg_per_l(model: Model, residual: Residual) -> float:
    if not residual.additive:
        return 0.0
    if "[substance]" not in dimensionality(residual.unit):
        return convert(residual.additive, residual.unit, "mg/L")
    name = next(one.molar_mass for one in model.analyte if one.name == residual.analyte)
    if name is None:
        raise Refused(
            Refusal.KNOWLEDGE_DAMAGED,
            path=model.id,
            why=f"the error of '{residual.analyte}' is in {residual.unit}: it needs a molar_mass",
        )
    mass = model.parameter[name]
    g_per_mol = mass.value * base_factor(mass.unit)
    return convert(residual.additive, residual.unit, "mmol/L") * g_per_mol


def sd_of(error: Error, predicted_mg_per_l: Array) -> Array:
    """Return the SD at each prediction, any shape: in mg/L, or on the log scale if log-normal."""
    if error.log_sd is not None:
        return np.full(np.shape(predicted_mg_per_l), error.log_sd)
    proportional = error.proportional_sd * predicted_mg_per_l
    additive = error.additive_mg_per_l
    return np.sqrt(proportional * proportional + additive * additive)


def log_likelihood(error: Error, observed_mg_per_l: Array, predicted_mg_per_l: Array) -> Array:
    """Return each observation's log density in 1/(mg/L), shapes broadcast together.

    Minus infinity where the model leaves no room for the observation: an SD of zero, or a
    log-normal prediction of zero. Raises ValueError when an observation isn't a finite number, or
    isn't above zero under a log-normal error: a level below what an assay can tell is not zero.
    """
    known = np.isfinite(observed_mg_per_l)
    if error.log_sd is not None:
        known &= observed_mg_per_l > 0.0
    if not known.all():
        raise ValueError("an observation isn't a level that this error can have")
    sd = sd_of(error, predicted_mg_per_l)
    possible = sd > 0.0
    if error.log_sd is None:
        gap, size = observed_mg_per_l - predicted_mg_per_l, np.log(np.where(possible, sd, 1.0))
    else:
        possible &= predicted_mg_per_l > 0.0
        above_zero = np.where(predicted_mg_per_l > 0.0, predicted_mg_per_l, 1.0)
        gap = np.log(observed_mg_per_l) - np.log(above_zero)
        size = np.log(np.where(possible, sd, 1.0)) + np.log(observed_mg_per_l)
    scaled = gap / np.where(possible, sd, 1.0)
    return np.where(possible, -0.5 * scaled * scaled - size - _LOG_ROOT_2_PI, -np.inf)


def observe(
    model: Model, analyte: str, predicted_mg_per_l: Array, seed: int, first: int = 0
) -> Array:
    """Return (patients, times) levels as an assay would have found them, in mg/L.

    The error of patient k at the j-th time depends on the seed, the analyte, k and j alone; the
    patients are `first` and those after. A normal error can leave a level below zero, which is
    kept: what a laboratory reports below its limit is its own matter. Raises Refused as
    `error_of` does, ValueError when a prediction is negative or not finite.
    """
    if not (np.isfinite(predicted_mg_per_l).all() and (predicted_mg_per_l >= 0.0).all()):
        raise ValueError("a prediction is negative or not finite")
    error = error_of(model, analyte)
    patients, times = predicted_mg_per_l.shape
    if not times <= STREAMS:
        raise ValueError("too many times for one analyte")
    drawn = np.empty((patients, times))
    for time in range(times):
        drawn[:, time] = normals(seed, analyte, patients, first, RESIDUALS + time)
    drawn *= sd_of(error, predicted_mg_per_l)
    if error.log_sd is not None:
        return predicted_mg_per_l * portable.exp(drawn)
    return predicted_mg_per_l + drawn
