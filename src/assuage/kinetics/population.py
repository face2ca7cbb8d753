"""Patients drawn from a model's published variability, between patients and between occasions.

Patient k is the same patient whatever the size of the population or of the chunk it's drawn in:
each random effect has its own counter-based generator (Philox), keyed by the seed and the
parameter's name, and patient k takes its k-th number, four to a count. Adding a parameter to a
model never moves another's draws; occasions have generators of their own.

What is the same bit for bit, and where:

    on any machine, in any chunk    the draws here, and from them the parameters of
                                    `structure.parameter_values`: made of + - * / and square roots
                                    alone, in one order (see `portable`), with no BLAS in them
    on one machine, in any thread   solutions, where a kernel treats each patient by itself; they
                                    use products of matrices, which machines may round otherwise
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import portable
from assuage.kinetics.exact import Array
from assuage.knowledge.schema.model import Model, Variability

STREAMS = 2**31  # what can be told apart under one name: 0 is the patient, then its occasions
RESIDUALS = STREAMS  # streams from here on are for residual error
PIECE = portable.PIECE
_PER_COUNT = 4  # numbers that Philox makes of one count
_BELOW_ONE = 1.0 - 2.0**-53
_ROUNDING = 1e-12  # how far below zero rounding may leave a pivot, relative to its variance


def _generator(seed: int, name: str, stream: int, first: int) -> np.random.Philox:
    """Return the generator of a name's stream, standing before patient `first`'s number."""
    if not (0 <= seed < 2**64 and first >= 0 and 0 <= stream < 2 * STREAMS):
        raise ValueError("a seed, a stream or a first patient is negative or too large")
    key = np.array([seed, (stream << 32) | crc32(name.encode())], dtype=np.uint64)
    generator = np.random.Philox(key=key)
    if first >= _PER_COUNT:
        generator.advance(first // _PER_COUNT)
    generator.random_raw(first % _PER_COUNT, output=False)
    return generator


def _numbers(generator: np.random.Philox, count: int) -> Array:
    """Return (count,) whole numbers below 2**53 as floats."""
    raw: NDArray[np.uint64] = generator.random_raw(count)
    return (raw >> np.uint64(11)).astype(np.float64)


def uniforms(seed: int, name: str, patients: int, first: int = 0, stream: int = 0) -> Array:
    """Return (patients,) uniforms inside (0, 1), patient k's from its own counter.

    Raises ValueError for a seed that isn't below 2**64, or a negative first patient.
    """
    found = (_numbers(_generator(seed, name, stream, first), patients) + 0.5) / 2.0**53
    return np.minimum(found, _BELOW_ONE)  # the largest of 2**53 would round to 1


def normals(seed: int, name: str, patients: int, first: int = 0, stream: int = 0) -> Array:
    """Return (patients,) standard normals: the quantiles of `uniforms` before their rounding.

    Raises ValueError as `uniforms` does.
    """
    generator = _generator(seed, name, stream, first)
    out = np.empty(patients)
    for start in range(0, patients, PIECE):
        piece = out[start : start + PIECE]
        centre = (_numbers(generator, len(piece)) - 2.0**52 + 0.5) / 2.0**53  # exact
        piece[:] = portable.normal_of_centre(centre)
    return out


def log_sd(mean: float, sd: float) -> float:
    """Return the log-scale SD of a log-normal with this coefficient of variation."""
    squared = (sd / mean) * (sd / mean)
    above = 1.0 + squared
    if above == 1.0:
        return math.sqrt(squared)
    # log(1 + x), with the rounding of 1 + x taken out again (Kahan)
    return math.sqrt(float(portable.log(above)) * (squared / (above - 1.0)))


def sd_of(one: Variability) -> float:
    """Return the SD of a random effect on its parameter's scale."""
    if one.sd is not None:
        return one.sd
    if one.omega2 is not None:
        return math.sqrt(one.omega2)
    assert one.cv is not None
    return log_sd(1.0, one.cv)


def covariance(model: Model) -> tuple[tuple[str, ...], Array]:
    """Return the names of the random effects and their covariance matrix.

    Raises ValueError when the published correlations don't make a covariance.
    """
    names = tuple(one.parameter for one in model.variability)
    sds = [sd_of(one) for one in model.variability]
    matrix = np.diag([sd * sd for sd in sds])
    for one in model.correlation:
        a, b = (names.index(name) for name in one.between)
        value = one.covariance
        if value is None:
            assert one.correlation is not None
            value = one.correlation * (sds[a] * sds[b])
        matrix[a, b] = matrix[b, a] = value
    try:
        cholesky(matrix)
    except ValueError as error:
        raise ValueError(f"{model.id}: the correlations do not make a covariance") from error
    return names, matrix


def cholesky(matrix: Array) -> Array:
    """Return the lower triangle L with L L' = matrix (n, n), in one fixed order of operations.

    A variance of zero is allowed and leaves a column of zeros. Raises ValueError when the matrix
    isn't a covariance.
    """
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for column in range(size):
        for row in range(column, size):
            rest = float(matrix[row, column])
            for k in range(column):
                rest -= lower[row][k] * lower[column][k]
            scale = math.sqrt(abs(float(matrix[row, row] * matrix[column, column])))
            if row == column:
                if not rest >= -_ROUNDING * scale:
                    raise ValueError("the matrix isn't a covariance")
                singular = rest <= _ROUNDING * scale
                lower[row][row] = 0.0 if singular else math.sqrt(rest)
            elif not singular:
                lower[row][column] = rest / lower[column][column]
            elif not abs(rest) <= math.sqrt(_ROUNDING) * scale:
                raise ValueError("the matrix isn't a covariance")
    return np.array(lower).reshape(size, size)


def deviations(model: Model, patients: int, seed: int, first: int = 0) -> dict[str, Array]:
    """Draw patients `first` to `first + patients - 1`: {parameter: (patients,)}, on its scale.

    The same, bit for bit, as that slice of a larger draw. Raises ValueError for a seed that
    isn't below 2**64, or correlations that don't make a covariance.
    """
    names, matrix = covariance(model)
    lower = cholesky(matrix)
    found = {name: normals(seed, name, patients, first) for name in names}
    for row in reversed(range(len(names))):  # from below, so that those above are still raw
        mine = found[names[row]]
        mine *= lower[row, row]
        for column in range(row):
            if lower[row, column] != 0.0:
                mine += lower[row, column] * found[names[column]]
    return found


def occasion_deviations(
    model: Model, patients: int, seed: int, occasions: int, first: int = 0
) -> tuple[dict[str, Array], ...]:
    """Draw what each occasion adds to the patients' deviations: {parameter: (patients,)} each.

    Keyed by the seed, the parameter and the occasion: one more occasion, patient or parameter
    moves nobody's draws. Empty mappings where the model publishes none. Raises ValueError for a
    seed or a number of occasions that is out of range.
    """
    if not 0 <= occasions < STREAMS:
        raise ValueError("the number of occasions is negative or too large")
    return tuple(
        {
            one.parameter: sd_of(one) * normals(seed, one.parameter, patients, first, 1 + place)
            for one in model.occasion
        }
        for place in range(occasions)
    )


def added(shifts: Mapping[str, Array] | None, more: Mapping[str, Array]) -> dict[str, Array]:
    """Return deviations with an occasion's added to them, on each parameter's own scale.

    Raises ValueError when they are for different numbers of patients.
    """
    found = dict(shifts or {})
    counts = {len(one) for one in (*found.values(), *more.values())}
    if len(counts) > 1:
        numbers = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"patients and their occasions are {numbers}, not as many")
    for name, one in more.items():
        found[name] = found[name] + one if name in found else one
    return found


def quantiles(values: Array, levels: Sequence[float]) -> Array:
    """Return (levels, ...) quantiles over the first axis, patients."""
    return np.quantile(values, levels, axis=0)
