"""What a concentration does: an effect compartment, a static curve, a slow filter.

Every ke0 comes from an effect file, which names its endpoint, its source and the kinetic models
that it may be joined to: a ke0 is a (model, endpoint, source) triple and never a bare number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.structure import System, base_factor
from assuage.knowledge.schema.effect import Effect, MoodAmplitude, MoodEffect
from assuage.knowledge.schema.facts import Number
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused
from assuage.units import convert

NG_PER_ML_PER_MG_PER_L = 1000.0


def ke0_per_h(effect: Effect, model: Model) -> float | None:
    """Return the rate of equilibration in 1/h, or None where the source found no delay.

    Raises Refused when the effect was built with another kinetic model.
    """
    if effect.joins and model.id not in effect.joins:
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why=f"the delay of {effect.id} ({effect.endpoint}) was estimated with another model",
            choices=", ".join(effect.joins),
        )
    delay = effect.equilibration
    if delay.half_life is not None:
        return float(np.log(2.0) / (delay.half_life.value * base_factor(delay.half_life.unit)))
    if delay.rate is not None:
        return delay.rate.value * base_factor(delay.rate.unit)
    return None


def join(system: System, analyte: str, name: str, rate_per_h: Array) -> System:
    """Add an effect compartment, dCe/dt = rate (C - Ce), as a state and an output.

    `rate_per_h` has shape (patients,). The state holds a concentration and takes no drug away.
    """
    return _add_state(system, analyte, name, rate_per_h, -rate_per_h)


def accumulate(system: System, analyte: str, name: str) -> System:
    """Add the area under an analyte's curve as a state and an output (mg/L x h)."""
    patients = len(system.matrix)
    return _add_state(system, analyte, name, np.ones(patients), np.zeros(patients))


def _add_state(system: System, analyte: str, name: str, gain: Array, loss: Array) -> System:
    row = system.outputs[:, system.analytes.index(analyte)]
    patients, size = row.shape
    matrix = np.zeros((patients, size + 1, size + 1))
    matrix[:, :size, :size] = system.matrix
    matrix[:, size, :size] = row * gain[:, None]
    matrix[:, size, size] = loss
    outputs = np.zeros((patients, system.outputs.shape[1] + 1, size + 1))
    outputs[:, :-1, :size] = system.outputs
    outputs[:, -1, size] = 1.0
    return System(
        (*system.states, name), matrix, (*system.analytes, name), outputs, system.parameters
    )


def hill(concentration: Array, c50: Array | float, gamma: float) -> Array:
    """Return c**gamma / (c50**gamma + c**gamma), for concentrations from zero up."""
    ratio = np.power(concentration / c50, gamma)
    return ratio / (1.0 + ratio)


def response(effect: Effect, concentration_ng_per_ml: Array) -> Array:
    """Return an effect's curve at concentrations in ng/mL, any shape.

    A threshold gives 1 where the concentration has reached it and 0 elsewhere.
    """
    curve = effect.curve
    if curve.form == "linear":
        assert curve.slope is not None
        assert curve.baseline is not None
        return curve.baseline.value + curve.slope.value * concentration_ng_per_ml
    assert curve.c50 is not None
    c50 = convert(curve.c50.value, curve.c50.unit, "ng/mL")
    if curve.form == "threshold":
        return (concentration_ng_per_ml >= c50).astype(np.float64)
    assert curve.gamma is not None
    assert curve.baseline is not None
    if curve.form == "power":
        ratio = concentration_ng_per_ml / c50
        return curve.baseline.value * (1.0 + np.power(ratio, curve.gamma.value))
    assert curve.span is not None
    share = hill(concentration_ng_per_ml, c50, curve.gamma.value)
    return curve.baseline.value + curve.span.value * share


def pain_score(
    slow_ng_per_ml: Array, responds: Array, c50_ng_per_ml: Array, baseline: float
) -> Array:
    """Return the pain score: baseline x (1 - responds x Ce / (C50 + Ce)).

    `slow_ng_per_ml` is (patients, times); `responds` (0 or 1) and `c50_ng_per_ml` (patients,).
    """
    relief = hill(slow_ng_per_ml, c50_ng_per_ml[:, None], 1.0)
    return baseline * (1.0 - responds[:, None] * relief)


def _days(number: Number) -> float:
    return number.value * base_factor(number.unit) / 24.0


def mood_drug_effect(
    mood: MoodEffect,
    scale: MoodAmplitude,
    session_d: Sequence[float],
    dose: float | Sequence[float],
    time_d: Array,
) -> Array:
    """Return the points taken off by the drug over time (days): empirical, session-driven.

    Each session adds A (exp(-t/off) - exp(-t/on)); the sum bends towards the ceiling, since
    sessions were not seen to add without end. `dose`, of every session or of each, is in the unit
    of `reference_dose`. Raises ValueError when there are not as many doses as sessions.
    """
    doses = [dose] * len(session_d) if isinstance(dose, int | float) else dose
    total = np.zeros_like(time_d)
    for start, one in zip(session_d, doses, strict=True):
        size = scale.amplitude.value * _dose_share(scale, one)
        since = np.maximum(time_d - start, 0.0)
        total += size * (np.exp(-since / _days(mood.offset)) - np.exp(-since / _days(mood.onset)))
    return scale.ceiling.value * total / (scale.ceiling.value + total)


def _dose_share(scale: MoodAmplitude, dose: float) -> float:
    def share(amount: float) -> float:
        return amount / (scale.d50.value + amount)

    return share(dose) / share(scale.reference_dose.value)


def mood_control_effect(scale: MoodAmplitude, time_d: Array) -> Array:
    """Return the points that the control arm loses over time (days) without the drug."""
    rate = np.log(2.0) / _days(scale.control_half_time)
    lost: Array = scale.control.value * (1.0 - np.exp(-rate * np.maximum(time_d, 0.0)))
    return lost
