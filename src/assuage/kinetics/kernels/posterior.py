"""The arithmetic of a fit, compiled: what a prediction costs, a round's step, a reversible block.

`kinetics.individual.readings`, `mode` and `reversible` hold the same in NumPy; the tests compare.
"""

from __future__ import annotations

import math

import numpy as np

from assuage.kinetics.kernels.compile import kernel

ABSENT, EXACT, BELOW, ABOVE = range(4)
TAIL = -25.0  # below it, Phi is taken from its asymptotic series
ROOT_2 = math.sqrt(2.0)
ROOT_2PI = math.sqrt(2.0 * math.pi)
LEAST = 0.3  # of the expected curvature; less is not trusted


@kernel
def _log_phi(u):  # type: ignore[no-untyped-def]
    if u < TAIL:
        inverse = 1.0 / (u * u)
        series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse))
        return -0.5 * u * u - math.log(-u * ROOT_2PI) + math.log(series)
    if u > 0.0:
        return math.log1p(-0.5 * math.erfc(u / ROOT_2))
    return math.log(0.5 * math.erfc(-u / ROOT_2))


@kernel
def _one(predicted, value, kind, log, additive, proportional):  # type: ignore[no-untyped-def]
    """Return the cost, slope and curvature of one reading; an infinite cost if f can't."""
    stretch, f, y, share = 1.0, predicted, value, proportional * proportional
    if log:
        if not predicted > 0.0:
            return np.inf, 0.0, 0.0
        stretch, f, y, share = 1.0 / predicted, math.log(predicted), math.log(value), 0.0
    variance = additive * additive + share * f * f
    if not (variance > 0.0 and math.isfinite(f)):
        return np.inf, 0.0, 0.0
    by_f = 2.0 * share * f / variance
    gap = y - f
    if kind == EXACT:
        cost = 0.5 * (math.log(variance) + gap * gap / variance)
        slope = 0.5 * by_f - gap / variance - 0.5 * gap * gap * by_f / variance
        expected = 1.0 / variance + 0.5 * by_f * by_f
        bend = share / variance - 0.5 * by_f * by_f + (1.0 + 2.0 * gap * by_f) / variance
        bend += gap * gap * (by_f * by_f - share / variance) / variance + 0.5 * by_f * slope
        weight = bend if bend > LEAST * expected else expected
        return cost, slope * stretch, weight * stretch * stretch
    sign = 1.0 if kind == BELOW else -1.0
    sd = math.sqrt(variance)
    u = sign * gap / sd
    u_by_f = -sign / sd - 0.5 * u * by_f
    logs = _log_phi(u)
    ratio = math.exp(-0.5 * u * u - logs) / ROOT_2PI
    slope = -ratio * u_by_f
    return -logs, slope * stretch, ratio * (ratio + u) * u_by_f * u_by_f * stretch * stretch


@kernel
def cost_sums(  # type: ignore[no-untyped-def]
    predicted, patient, value, kind, log, additive, proportional, out
):
    """Write the cost of each set's readings, summed, into out (sets,)."""
    for s in range(predicted.shape[0]):
        p, total = patient[s], 0.0
        for n in range(predicted.shape[1]):
            if kind[p, n] != ABSENT:
                total += _one(
                    predicted[s, n], value[p, n], kind[p, n], log[p, n], additive[p, n],
                    proportional[p, n],
                )[0]  # fmt: skip
        out[s] = total


@kernel
def score(  # type: ignore[no-untyped-def]
    predicted, nudge, z, active, value, kind, log, additive, proportional, best, gradient,
    information,
):  # fmt: skip
    """Write the objective, half its gradient and half its curvature of each active patient.

    predicted (patients, 1 + effects, readings): at z, then with each effect nudged.
    """
    effects = z.shape[1]
    by_z = np.zeros(effects)
    for a in range(active.shape[0]):
        p, total = active[a], 0.0
        for i in range(effects):
            total += 0.5 * z[a, i] * z[a, i]
            gradient[a, i] = z[a, i]
            for j in range(effects):
                information[a, i, j] = 1.0 if i == j else 0.0
        for n in range(predicted.shape[2]):
            if kind[p, n] == ABSENT:
                continue
            cost, slope, weight = _one(
                predicted[a, 0, n], value[p, n], kind[p, n], log[p, n], additive[p, n],
                proportional[p, n],
            )  # fmt: skip
            total += cost
            for i in range(effects):
                by_z[i] = (predicted[a, 1 + i, n] - predicted[a, 0, n]) / nudge
                gradient[a, i] += by_z[i] * slope
                for j in range(i + 1):
                    information[a, i, j] += by_z[i] * by_z[j] * weight
        sound = math.isfinite(total)
        for i in range(effects):
            sound = sound and math.isfinite(gradient[a, i]) and math.isfinite(information[a, i, i])
        best[a] = 2.0 * total if sound else np.inf
        for i in range(effects):
            if not sound:
                gradient[a, i] = 0.0
            for j in range(i + 1):
                if not sound:
                    information[a, i, j] = 1.0 if i == j else 0.0
                information[a, j, i] = information[a, i, j]


@kernel
def _solve(matrix, damping, right, lower, out):  # type: ignore[no-untyped-def]
    """Solve (matrix + damping I) out = right by Cholesky's factor; matrix is positive definite."""
    size = right.shape[0]
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j] + (damping if i == j else 0.0)
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            lower[i, j] = math.sqrt(total) if i == j else total / lower[j, j]
    for i in range(size):
        total = right[i]
        for k in range(i):
            total -= lower[i, k] * out[k]
        out[i] = total / lower[i, i]
    for i in range(size - 1, -1, -1):
        total = out[i]
        for k in range(i + 1, size):
            total -= lower[k, i] * out[k]
        out[i] = total / lower[i, i]


@kernel
def steps(gradient, information, damping, longest, step, gain):  # type: ignore[no-untyped-def]
    """Write each patient's damped step and what an undamped one should gain."""
    size = gradient.shape[1]
    lower, newton = np.zeros((size, size)), np.zeros(size)
    for p in range(gradient.shape[0]):
        _solve(information[p], 0.0, gradient[p], lower, newton)
        gain[p] = 0.0
        for i in range(size):
            gain[p] += gradient[p, i] * newton[i]
        if damping[p] > 0.0:
            _solve(information[p], damping[p], gradient[p], lower, newton)
        length = 0.0
        for i in range(size):
            length += newton[i] * newton[i]
        length = math.sqrt(length)
        shorter = longest / length if length > longest else 1.0
        for i in range(size):
            step[p, i] = -newton[i] * shorter
