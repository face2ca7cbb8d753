"""What was measured, and what a prediction costs against it.

The cost of a prediction f is minus the log of the measurement's density, up to a constant:

    exact   (log V + (y - f)**2 / V) / 2       V = additive**2 + (proportional f)**2
    below   -log Phi((limit - f) / sqrt(V))    a level below the assay's limit (M3, Beal 2001)
    above   -log Phi((f - limit) / sqrt(V))    a score at the upper end of its scale

On a log scale, f and y are replaced by their logarithms and V is additive**2. V moves with the
prediction and its log stays in the cost, so the optimum is the posterior's and not that of a
weighted sum of squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array

ABSENT, EXACT, BELOW, ABOVE = range(4)
Kinds = NDArray[np.int64]
LEAST = 0.3  # of Fisher's information; a smaller curvature is not trusted
_TAIL = -25.0  # below it, Phi is taken from its asymptotic series, which is then exact to 1e-8
_ROOT_2PI = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Readings:
    """Measurements of many patients; every array is (patients, most measurements of one).

    `value` is what was read, or the limit; `kind` one of ABSENT, EXACT, BELOW and ABOVE. Absent
    cells pad a patient who has fewer and cost nothing.
    """

    value: Array
    kind: Kinds
    log: NDArray[np.bool_]
    additive: Array
    proportional: Array

    def of(self, patients: NDArray[np.intp]) -> Readings:
        """Return the rows of some patients, in that order, repeats included."""
        return Readings(*(getattr(self, one.name)[patients] for one in fields(self)))

    def columns(self) -> tuple[Array, Kinds, NDArray[np.bool_], Array, Array]:
        """Return the arrays in the order that the kernels take them."""
        return self.value, self.kind, self.log, self.additive, self.proportional

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which cells hold a measurement."""
        return np.asarray(self.kind != ABSENT)


def costs(readings: Readings, predicted: Array) -> Array:
    """Return the cost of each measurement, (rows, measurements); infinite where f can't be.

    `predicted` is on the scale of what was read, (rows, measurements).
    """
    return _evaluated(readings, predicted)[0]


def slopes(readings: Readings, predicted: Array) -> tuple[Array, Array, Array]:
    """Return each measurement's cost, its derivative by f, and a curvature by f above zero.

    For an exact reading it is the second derivative as log f moves, in so far as the error grows
    with f: log f is nearly linear in log-normal parameters, so this is close to Newton's own.
    Where that is under LEAST of Fisher's information, Fisher's stands in. For a censored reading
    it is the Gauss-Newton part.
    """
    return _evaluated(readings, predicted)


def scatter(readings: Readings, predicted: Array) -> tuple[Array, Array]:
    """Return the mean and SD of a reading on the scale that its error is normal on."""
    f, _ = _scaled(readings, predicted)
    return f, np.sqrt(readings.additive**2 + (readings.proportional * f) ** 2)


def _scaled(readings: Readings, predicted: Array) -> tuple[Array, Array]:
    """Return the prediction on the error's scale, and its derivative by the prediction."""
    safe = np.where(readings.present & (predicted > 0.0), predicted, 1.0)
    f = np.where(readings.log, np.log(safe), predicted)
    return f, np.where(readings.log, 1.0 / safe, 1.0)


def measured(readings: Readings) -> Array:
    """Return what was read on the scale that its error is normal on."""
    safe = np.where(readings.log, readings.value, 1.0)
    return np.where(readings.log, np.log(safe), readings.value)


def _evaluated(readings: Readings, predicted: Array) -> tuple[Array, Array, Array]:
    f, stretch = _scaled(readings, predicted)
    y = measured(readings)
    share = np.where(readings.log, 0.0, readings.proportional**2)
    variance = np.where(readings.present, readings.additive**2 + share * f * f, 1.0)
    impossible = readings.present & (
        (readings.log & ~(predicted > 0.0)) | ~(variance > 0.0) | ~np.isfinite(predicted)
    )
    variance = np.where(variance > 0.0, variance, 1.0)
    by_f = 2.0 * share * f / variance  # V' / V
    gap = y - f
    cost = 0.5 * (np.log(variance) + gap * gap / variance)
    slope = 0.5 * by_f - gap / variance - 0.5 * gap * gap * by_f / variance
    expected = 1.0 / variance + 0.5 * by_f * by_f
    bend = share / variance - 0.5 * by_f * by_f + (1.0 + 2.0 * gap * by_f) / variance
    bend += gap * gap * (by_f * by_f - share / variance) / variance + 0.5 * by_f * slope
    weight = np.where(bend > LEAST * expected, bend, expected)
    for kind, sign in ((BELOW, 1.0), (ABOVE, -1.0)):
        at = readings.kind == kind
        if at.any():
            sd = np.sqrt(variance[at])
            u = sign * gap[at] / sd
            u_by_f = -sign / sd - 0.5 * u * by_f[at]
            logs, ratio = _tail(u)
            cost[at] = -logs
            slope[at] = -ratio * u_by_f
            weight[at] = ratio * (ratio + u) * u_by_f**2
    cost = np.where(readings.present, cost, 0.0)
    cost[impossible] = np.inf
    inside = readings.present & ~impossible
    slope = np.where(inside, slope * stretch, 0.0)
    return cost, slope, np.where(inside, weight * stretch**2, 0.0)


def _tail(u: Array) -> tuple[Array, Array]:
    """Return log Phi(u) and phi(u) / Phi(u), without underflow for any u."""
    pairs = [log_phi(float(one)) for one in u]
    return np.array([one[0] for one in pairs]), np.array([one[1] for one in pairs])


def log_phi(u: float) -> tuple[float, float]:
    """Return the log of the normal distribution function at u, and its derivative."""
    if u < _TAIL:
        inverse = 1.0 / (u * u)
        series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse))
        logs = -0.5 * u * u - math.log(-u * _ROOT_2PI) + math.log(series)
    elif u > 0.0:
        logs = math.log1p(-0.5 * math.erfc(u / math.sqrt(2.0)))
    else:
        logs = math.log(0.5 * math.erfc(-u / math.sqrt(2.0)))
    return logs, math.exp(-0.5 * u * u - logs) / _ROOT_2PI
