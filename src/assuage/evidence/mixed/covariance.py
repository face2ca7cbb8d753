"""Covariance structures of repeated measures: V of m visits from a few free numbers.

The free numbers can take any value (a Toeplitz matrix may still come out indefinite, and then
has no criterion). Inference is done in `theta`: the entries of V for the unstructured matrix, in
which V is linear, as Kenward-Roger is done for it by SAS and as agrees with the paired t test;
the free numbers themselves for the others, in the forms that agree with the published numbers
(R package mmrm, "Covariance structures"): log standard deviations, and a correlation r as
r / sqrt(1 - r^2), or for compound symmetry as the logit of r scaled to (-1 / (m - 1), 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np

from assuage.evidence.mixed.fitted import F, I
from assuage.refusals import Refusal, Refused

HETEROGENEOUS = "heterogeneous-"
MOST_AT_START = 0.9  # correlation; a start at the edge climbs slowly
LEAST_AT_START = 0.05  # smallest eigenvalue of the correlations; 1 when there are none


class Structure(Protocol):
    """k free numbers and what V (m, m) and its derivatives are there."""

    @property
    def visits(self) -> int:
        """Return m."""

    @property
    def heterogeneous(self) -> bool:
        """Whether each visit has a variance of its own."""

    @property
    def count(self) -> int:
        """Return k."""

    def names(self, visits: tuple[str, ...]) -> tuple[str, ...]:
        """Return what each theta is."""

    def start(self, moments: F) -> F:
        """Return free numbers (k,) near a rough covariance (m, m)."""

    def scaled(self, free: F, factor: float) -> F:
        """Return the free numbers (k,) whose V is factor^2 times as large."""

    def covariance(self, free: F) -> F:
        """Return V (m, m)."""

    def first(self, free: F) -> F:
        """Return dV / dfree (k, m^2)."""

    def bent(self, free: F, weights: F) -> F:
        """Return the sum of weights (m, m) times d2V / dfree_i dfree_j over the entries, (k, k)."""

    def theta(self, free: F) -> tuple[F, F, F | None]:
        """Return theta (k,), dV / dtheta (k, m^2), d2V / dtheta_i dtheta_j (k, k, m^2) or None."""

    def moved(self, free: F, factor: float) -> F:
        """Return dtheta / dfree (k, k), theta being that of V factor^2 times as large."""

    def untold(self, both: I) -> tuple[tuple[int, int], ...]:
        """Return the pairs of visits that someone must be seen at both of, and nobody was."""


@dataclass(frozen=True)
class Unstructured:
    """Every variance and covariance free; the free numbers are V's Cholesky factor.

    Its diagonal is kept as logarithms. Entries run through the lower triangle by rows.
    """

    visits: int
    heterogeneous: bool = True

    @property
    def count(self) -> int:
        """Return k."""
        return self.visits * (self.visits + 1) // 2

    @cached_property
    def _entries(self) -> tuple[I, I]:
        rows, columns = np.tril_indices(self.visits)
        return rows.astype(np.int64), columns.astype(np.int64)

    @cached_property
    def _basis(self) -> F:
        rows, columns = self._entries
        basis = np.zeros((self.count, self.visits, self.visits))
        number = np.arange(self.count)
        basis[number, rows, columns] = 1.0
        basis[number, columns, rows] = 1.0
        return basis.reshape(self.count, -1)

    def names(self, visits: tuple[str, ...]) -> tuple[str, ...]:
        """Return what each theta is."""
        return tuple(
            f"variance at {visits[row]}"
            if row == column
            else f"covariance of {visits[column]} and {visits[row]}"
            for row, column in zip(*self._entries, strict=True)
        )

    def start(self, moments: F) -> F:
        """Return free numbers (k,) near a rough covariance (m, m)."""
        spread, correlation = _parts(moments)
        return self._free(np.asarray(np.linalg.cholesky(correlation * spread[:, None] * spread)))

    def _free(self, lower: F) -> F:
        rows, columns = self._entries
        free = lower[rows, columns]
        free[rows == columns] = np.log(free[rows == columns])
        return free

    def _lower(self, free: F) -> F:
        rows, columns = self._entries
        lower = np.zeros((self.visits, self.visits))
        lower[rows, columns] = free
        np.fill_diagonal(lower, np.exp(np.diagonal(lower)))
        return lower

    def _sizes(self, lower: F) -> F:
        """Return by how much each entry of the factor grows with its free number, (k,)."""
        rows, columns = self._entries
        return np.where(rows == columns, lower[rows, columns], 1.0)

    def scaled(self, free: F, factor: float) -> F:
        """Return the free numbers (k,) whose V is factor^2 times as large."""
        return self._free(self._lower(free) * factor)

    def covariance(self, free: F) -> F:
        """Return V (m, m)."""
        lower = self._lower(free)
        return lower @ lower.T

    def first(self, free: F) -> F:
        """Return dV / dfree (k, m^2)."""
        rows, columns = self._entries
        lower = self._lower(free)
        column = lower[:, columns].T * self._sizes(lower)[:, None]
        first = np.zeros((self.count, self.visits, self.visits))
        number = np.arange(self.count)
        first[number, rows, :] = column
        first[number, :, rows] += column
        return first.reshape(self.count, -1)

    def bent(self, free: F, weights: F) -> F:
        """Return the sum of weights (m, m) times d2V / dfree_i dfree_j over the entries, (k, k)."""
        rows, columns = self._entries
        size = self._sizes(self._lower(free))
        bent = 2.0 * weights[np.ix_(rows, rows)] * (columns[:, None] == columns)
        bent *= size[:, None] * size
        own = (self.first(free) @ weights.reshape(-1)) * (rows == columns)
        return np.asarray(bent + np.diag(own))

    def theta(self, free: F) -> tuple[F, F, F | None]:
        """Return theta (k,), dV / dtheta (k, m^2), and None: V is linear in it."""
        return self.covariance(free)[self._entries], self._basis, None

    def moved(self, free: F, factor: float) -> F:
        """Return dtheta / dfree (k, k), theta being that of V factor^2 times as large."""
        rows, columns = self._entries
        return factor**2 * self.first(free)[:, rows * self.visits + columns].T

    def untold(self, both: I) -> tuple[tuple[int, int], ...]:
        """Return the pairs of visits that nobody was seen at both of."""
        rows, columns = self._entries
        return tuple(
            (int(column), int(row))
            for row, column in zip(rows, columns, strict=True)
            if row != column and both[row, column] == 0
        )


@dataclass(frozen=True)
class Correlations:
    """Correlations of m visits as a function of some r, each from a free number.

    matrix   R (m, m) at r (c,)
    first    dR/dr (c, m, m);  second  d2R/dr dr (c, c, m, m)
    guess    a plausible r (c,) at rough correlations (m, m)
    """

    count: int
    labels: Callable[[tuple[str, ...]], tuple[str, ...]]
    matrix: Callable[[F], F]
    first: Callable[[F], F]
    second: Callable[[F], F]
    guess: Callable[[F], F]
    needed: Callable[[I], tuple[tuple[int, int], ...]]
    least: float | None = None  # r is kept above it by a logit; None: by r / sqrt(1 - r^2)

    def bounded(self, free: F) -> tuple[F, F, F]:
        """Return r, dr/dfree and d2r/dfree2, each (c,)."""
        if self.least is None:
            more = 1.0 + free * free
            return free / np.sqrt(more), more**-1.5, -3.0 * free * more**-2.5
        width = 1.0 - self.least
        share = 1.0 / (1.0 + np.exp(-free))
        slope = width * share * (1.0 - share)
        return width * share + self.least, slope, slope * (1.0 - 2.0 * share)

    def freed(self, r: F) -> F:
        """Return the free numbers (c,) of r."""
        if self.least is None:
            return r / np.sqrt(1.0 - r * r)
        return np.log((r - self.least) / (1.0 - r))


@dataclass(frozen=True)
class Patterned:
    """One standard deviation, or one per visit, times correlations of a pattern."""

    visits: int
    heterogeneous: bool
    correlations: Correlations

    @property
    def count(self) -> int:
        """Return k."""
        return self._spreads + self.correlations.count

    @property
    def _spreads(self) -> int:
        return self.visits if self.heterogeneous else 1

    @cached_property
    def _powers(self) -> F:
        """How often each standard deviation stands in each entry of V, (spreads, m, m)."""
        if not self.heterogeneous:
            return np.full((1, self.visits, self.visits), 2.0)
        one = np.eye(self.visits)
        return np.asarray(one[:, :, None] + one[:, None, :])

    def names(self, visits: tuple[str, ...]) -> tuple[str, ...]:
        """Return what each theta is."""
        spreads = (
            tuple(f"log sd at {visit}" for visit in visits) if self.heterogeneous else ("log sd",)
        )
        return spreads + self.correlations.labels(visits)

    def start(self, moments: F) -> F:
        """Return free numbers (k,) near a rough covariance (m, m)."""
        spread, correlation = _parts(moments)
        if not self.heterogeneous:
            spread = np.sqrt(np.mean(spread**2, keepdims=True))
        r = self.correlations.guess(correlation)
        return np.concatenate([np.log(spread), self.correlations.freed(r)])

    def scaled(self, free: F, factor: float) -> F:
        """Return the free numbers (k,) whose V is factor^2 times as large."""
        moved = free.copy()
        moved[: self._spreads] += np.log(factor)
        return moved

    def _scale(self, free: F) -> F:
        spread = np.exp(free[: self._spreads]) * np.ones(self.visits)
        return np.asarray(spread[:, None] * spread)

    def covariance(self, free: F) -> F:
        """Return V (m, m)."""
        r, _, _ = self.correlations.bounded(free[self._spreads :])
        return self._scale(free) * self.correlations.matrix(r)

    def first(self, free: F) -> F:
        """Return dV / dfree (k, m^2)."""
        r, slope, _ = self.correlations.bounded(free[self._spreads :])
        scale = self._scale(free)
        by_spread = self._powers * (scale * self.correlations.matrix(r))
        by_r = slope[:, None, None] * scale * self.correlations.first(r)
        return np.concatenate([by_spread, by_r]).reshape(self.count, -1)

    def second(self, free: F) -> F:
        """Return d2V / dfree_i dfree_j (k, k, m^2)."""
        r, slope, turn = self.correlations.bounded(free[self._spreads :])
        scale, some = self._scale(free), self._spreads
        second = np.zeros((self.count, self.count, self.visits, self.visits))
        powers = self._powers
        second[:some, :some] = powers[:, None] * powers * (scale * self.correlations.matrix(r))
        by_r = scale * self.correlations.first(r)
        mixed = powers[:, None] * (slope[:, None, None] * by_r)
        second[:some, some:] = mixed
        second[some:, :some] = mixed.transpose(1, 0, 2, 3)
        both = (slope[:, None] * slope)[:, :, None, None] * scale * self.correlations.second(r)
        number = np.arange(len(r))
        both[number, number] += turn[:, None, None] * by_r
        second[some:, some:] = both
        return second.reshape(self.count, self.count, -1)

    def bent(self, free: F, weights: F) -> F:
        """Return the sum of weights (m, m) times d2V / dfree_i dfree_j over the entries, (k, k)."""
        return np.asarray(self.second(free) @ weights.reshape(-1))

    def theta(self, free: F) -> tuple[F, F, F | None]:
        """Return theta (k,), dV / dtheta (k, m^2), d2V / dtheta_i dtheta_j (k, k, m^2)."""
        return free, self.first(free), self.second(free)

    def moved(self, free: F, _: float) -> F:
        """Return dtheta / dfree (k, k): theta is what is free, but for a shift."""
        return np.eye(len(free))

    def untold(self, both: I) -> tuple[tuple[int, int], ...]:
        """Return the pairs of visits that someone must be seen at both of, and nobody was."""
        return self.correlations.needed(both)


def _parts(moments: F) -> tuple[F, F]:
    """Return standard deviations (m,) and correlations (m, m) fit to start from.

    Moments by pairs need not make a definite matrix, so correlations shrink until they do.
    """
    variance = np.diagonal(moments)
    spread = np.sqrt(np.maximum(variance, 1e-4 * variance.max()))
    correlation = moments / (spread[:, None] * spread)
    np.fill_diagonal(correlation, 1.0)
    correlation = np.where(
        np.eye(len(spread)) > 0.0, 1.0, np.clip(correlation, -MOST_AT_START, MOST_AT_START)
    )
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least < LEAST_AT_START:
        keep = (1.0 - LEAST_AT_START) / (1.0 - least)
        correlation = keep * correlation + (1.0 - keep) * np.eye(len(spread))
    return spread, correlation


def _lag(visits: int) -> I:
    return np.abs(np.subtract.outer(np.arange(visits), np.arange(visits))).astype(np.int64)


def _mean_at(correlation: F, lag: I, apart: int) -> float:
    return float(correlation[lag == apart].mean())


def _compound_symmetry(visits: int) -> Correlations:
    off = 1.0 - np.eye(visits)
    least = -1.0 / (visits - 1)

    def guess(correlation: F) -> F:
        mean = (correlation.sum() - visits) / (visits * (visits - 1))
        return np.array([max(mean, least / 2.0)])

    return Correlations(
        1,
        lambda _: ("logit of the correlation",),
        lambda r: off * r[0] + np.eye(visits),
        lambda _: off[None],
        lambda _: np.zeros((1, 1, visits, visits)),
        guess,
        lambda both: () if both[off > 0.0].any() else ((0, 1),),
        least,
    )


def _autoregressive(visits: int) -> Correlations:
    lag = _lag(visits)

    def first(r: F) -> F:
        return np.asarray(lag * r[0] ** np.maximum(lag - 1, 0))[None]

    def second(r: F) -> F:
        return np.asarray(lag * (lag - 1) * r[0] ** np.maximum(lag - 2, 0))[None, None]

    return Correlations(
        1,
        lambda _: ("correlation of neighbours, freed",),
        lambda r: r[0] ** lag,
        first,
        second,
        lambda correlation: np.array([_mean_at(correlation, lag, 1)]),
        lambda both: () if both[lag % 2 == 1].any() else ((0, 1),),
    )


def _toeplitz(visits: int) -> Correlations:
    lag = _lag(visits)
    bands = np.array([lag == apart for apart in range(1, visits)], dtype=np.float64)

    def guess(correlation: F) -> F:
        near = _mean_at(correlation, lag, 1)
        return np.asarray(near ** np.arange(1, visits, dtype=np.float64))

    def needed(both: I) -> tuple[tuple[int, int], ...]:
        bare = [apart for apart in range(1, visits) if not both[lag == apart].any()]
        return tuple((0, apart) for apart in bare)

    return Correlations(
        visits - 1,
        lambda _: tuple(f"correlation at lag {apart}, freed" for apart in range(1, visits)),
        lambda r: np.eye(visits) + np.tensordot(r, bands, 1),
        lambda _: bands,
        lambda _: np.zeros((visits - 1, visits - 1, visits, visits)),
        guess,
        needed,
    )


def _ante_dependence(visits: int) -> Correlations:
    low = np.minimum.outer(np.arange(visits), np.arange(visits))
    high = np.maximum.outer(np.arange(visits), np.arange(visits))
    step = np.arange(visits - 1)[:, None, None]
    used = (step >= low) & (step < high)  # (c, m, m): which steps lie between two visits

    def without(r: F, left_out: F) -> F:
        return np.asarray(np.where(used & (left_out < 1.0), r[:, None, None], 1.0).prod(axis=-3))

    def first(r: F) -> F:
        one = np.eye(visits - 1)[:, :, None, None]
        return used * without(r, one)

    def second(r: F) -> F:
        one = np.eye(visits - 1)
        either = (one[:, None, :] + one[None, :, :])[..., None, None]
        pair = used[:, None] & used[None] & (one < 1.0)[:, :, None, None]
        return pair * without(r, either)

    def labels(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"correlation of {a} and {b}, freed" for a, b in pairwise(names))

    return Correlations(
        visits - 1,
        labels,
        lambda r: without(r, np.zeros((visits - 1, 1, 1))),
        first,
        second,
        lambda correlation: np.diagonal(correlation, 1).copy(),
        lambda both: tuple(
            (visit, visit + 1) for visit in range(visits - 1) if both[visit, visit + 1] == 0
        ),
    )


_CORRELATIONS: dict[str, Callable[[int], Correlations]] = {
    "toeplitz": _toeplitz,
    "ar1": _autoregressive,
    "compound-symmetry": _compound_symmetry,
    "ante-dependence": _ante_dependence,
}
STRUCTURES = (
    "unstructured",
    *(before + name for name in _CORRELATIONS for before in ("", HETEROGENEOUS)),
)


def structure(name: str, visits: int) -> Structure:
    """Return the structure of that name for two visits or more.

    Raises Refused: VALUE_NOT_ALLOWED for a name that isn't in STRUCTURES.
    """
    if name not in STRUCTURES:
        choices = ", ".join(STRUCTURES)
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=name, what="covariance structure", choices=choices
        )
    if name == "unstructured":
        return Unstructured(visits)
    plain = name.removeprefix(HETEROGENEOUS)
    return Patterned(visits, plain != name, _CORRELATIONS[plain](visits))
