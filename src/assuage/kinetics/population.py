"""Patients drawn from a model's published between-patient variability.

Patient k is the same patient whatever the size of the population: each random effect has its
own counter-based generator, keyed by the seed and the parameter's name, and patient k takes its
k-th number. Adding a parameter to a model never moves another's draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from zlib import crc32

import numpy as np

from assuage.kinetics.exact import Array
from assuage.knowledge.schema.model import Model, Variability

_NORMAL = NormalDist()


def uniforms(seed: int, name: str, patients: int) -> Array:
    """Return (patients,) uniforms inside (0, 1), patient k's from its own counter."""
    generator = np.random.Philox(key=np.array([seed, crc32(name.encode())], dtype=np.uint64))
    raw = generator.random_raw(patients)
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def normals(seed: int, name: str, patients: int) -> Array:
    """Return (patients,) standard normals by the inverse distribution function."""
    return np.array([_NORMAL.inv_cdf(u) for u in uniforms(seed, name, patients)])


def log_sd(mean: float, sd: float) -> float:
    """Return the log-scale SD of a log-normal with this coefficient of variation."""
    return float(np.sqrt(np.log1p((sd / mean) ** 2)))


def _sd(one: Variability) -> float:
    if one.sd is not None:
        return one.sd
    if one.omega2 is not None:
        return float(np.sqrt(one.omega2))
    assert one.cv is not None
    return log_sd(1.0, one.cv)


def covariance(model: Model) -> tuple[tuple[str, ...], Array]:
    """Return the names of the random effects and their covariance matrix.

    Raises ValueError when the published correlations don't make a covariance.
    """
    names = tuple(one.parameter for one in model.variability)
    sds = np.array([_sd(one) for one in model.variability])
    matrix = np.diag(sds**2)
    for one in model.correlation:
        a, b = (names.index(name) for name in one.between)
        value = one.covariance
        if value is None:
            assert one.correlation is not None
            value = one.correlation * float(sds[a] * sds[b])
        matrix[a, b] = matrix[b, a] = value
    if len(names) and not np.linalg.eigvalsh(matrix).min() >= 0.0:
        raise ValueError(f"{model.id}: the correlations do not make a covariance")
    return names, matrix


def deviations(model: Model, patients: int, seed: int) -> dict[str, Array]:
    """Draw each random effect for each patient: {parameter: (patients,)} on its own scale."""
    names, matrix = covariance(model)
    if not names:
        return {}
    draws = np.array([normals(seed, name, patients) for name in names])
    correlated = np.linalg.cholesky(matrix) @ draws
    return dict(zip(names, correlated, strict=True))


def quantiles(values: Array, levels: Sequence[float]) -> Array:
    """Return (levels, ...) quantiles over the first axis, patients."""
    return np.quantile(values, levels, axis=0)
