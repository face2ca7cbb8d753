"""What a fitted mixed model hands on: to tests of its effects, tables and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

F: TypeAlias = NDArray[np.float64]
I: TypeAlias = NDArray[np.int64]  # noqa: E741  (integers beside F, as the shapes are written)


@dataclass(frozen=True)
class Fit:
    """A linear mixed model y ~ N(X beta, V(theta)) at its REML optimum.

    p fixed effects, k variance parameters. The derivatives of V are taken in
    `theta`, the parametrisation in which inference is done; it needn't be the one
    in which the criterion was minimised. The arrays are those of Kenward and Roger
    (1997, Biometrics 53:983), section 3. All that inference needs of `second` is one
    weighted sum, `spread`: with 78 variance parameters the array itself would hold
    millions of numbers, so a fit gives either.
    """

    estimate: F  # (p,) fixed effects, in the columns of x
    covariance: F  # (p, p) Phi = (X' V^-1 X)^-1
    theta: F  # (k,) variance parameters in which V is differentiated below
    theta_names: tuple[str, ...]
    theta_covariance: F  # (k, k) W, inverse of the observed information
    first: F  # (k, p, p) P_i = -X' V^-1 V_i V^-1 X
    second: F | None  # (k, k, p, p) Q_ij = X' V^-1 V_i V^-1 V_j V^-1 X
    curvature: F | None  # (k, k, p, p) R_ij = X' V^-1 V_ij V^-1 X; None when V is linear in theta
    reml_criterion: float  # -2 res log L
    rows: int
    people: int
    rank: int
    variance: Mapping[str, object]  # what a report prints
    iterations: int
    slope: float  # largest scaled gradient left
    spread: F | None = None  # (p, p) sum_ij W_ij Q_ij, in place of second
    notes: tuple[str, ...] = ()  # what a reader must know: a variance estimated as zero

    @cached_property
    def grown(self) -> F:
        """Kenward and Roger's covariance (p, p) of the effects: larger, as V is an estimate."""
        if self.curvature is None:
            return self.grown_linearly
        bend = np.tensordot(self.theta_covariance, self.curvature, 2) / 4.0
        less = 2.0 * self.covariance @ bend @ self.covariance
        return np.asarray(self.grown_linearly - (less + less.T) / 2.0)

    @cached_property
    def grown_linearly(self) -> F:
        """The same without the term R_ij, as if V were linear in theta."""
        weights, phi = self.theta_covariance, self.covariance
        if self.spread is not None:
            quadratic = self.spread
        elif self.second is not None:
            quadratic = np.tensordot(weights, self.second, 2)
        else:
            raise ValueError("a fit holds either second or spread")
        count = len(phi)
        weighed = np.tensordot(weights, self.first, 1).reshape(-1, count)
        products = (self.first @ phi).transpose(1, 0, 2).reshape(count, -1) @ weighed
        more = 2.0 * phi @ (quadratic - products) @ phi
        return np.asarray(phi + (more + more.T) / 2.0)
