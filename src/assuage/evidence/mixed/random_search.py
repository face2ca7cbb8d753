"""The greatest REML likelihood of a model with random effects, by Newton steps.

Each term's covariance matrix is L L', so the criterion is smooth everywhere, also where a
variance is zero or a correlation 1: there columns of L vanish. A trust region bounds each step
and leaves saddles along the direction that falls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.random_products import Products, Slopes, State, slopes, state

Mask: TypeAlias = NDArray[np.bool_]

MOST_ROUNDS = 200
NEAR = 1e-10  # distance to the optimum in standard errors at which steps end
FLAT = 1e-10  # an eigenvalue of the Hessian below this share of the largest is no curvature
WIDEST = 4.0  # steps are in units of the residual's standard deviation
LEAST_RESIDUAL = 1e-12  # of the outcome's variance


@dataclass(frozen=True)
class Block:
    """One random term: where it stands in its grouping, and the entries of G it estimates."""

    grouping: int
    start: int
    width: int
    entries: tuple[tuple[int, int], ...]  # (row, column), row >= column

    @property
    def columns(self) -> slice:
        """Where the term's columns stand among its grouping's."""
        return slice(self.start, self.start + self.width)


@dataclass(frozen=True)
class Place:
    """A point of the search: the factors L (q, r), which of their entries move, log of s."""

    factors: tuple[F, ...]
    free: tuple[Mask, ...]
    log_residual: float

    def moved(self, step: F) -> Place:
        """Return the place after `step`: entries of L, term by term, then log of s."""
        out, start = [], 0
        for factor, free in zip(self.factors, self.free, strict=True):
            size = int(free.sum())
            new = factor.copy()
            new[free] += step[start : start + size]
            out.append(new)
            start += size
        return replace(
            self, factors=tuple(out), log_residual=self.log_residual + float(step[start])
        )

    @property
    def residual(self) -> float:
        """The residual variance."""
        return float(np.exp(self.log_residual))


@dataclass(frozen=True)
class Task:
    """What is searched: the cross products and the terms."""

    of: Products
    blocks: tuple[Block, ...]

    @property
    def entries(self) -> list[tuple[int, F]]:
        """Each variance parameter's grouping and dG / d theta; without the residual's."""
        out = []
        for block in self.blocks:
            width = self.of.groupings[block.grouping].width
            for row, column in block.entries:
                one = np.zeros((width, width))
                one[block.start + row, block.start + column] = 1.0
                one[block.start + column, block.start + row] = 1.0
                out.append((block.grouping, one))
        return out

    def theta(self, at: Place) -> F:
        """Return the entries of each G, then the residual variance."""
        found = []
        for block, factor in zip(self.blocks, at.factors, strict=True):
            matrix = factor @ factor.T
            found += [matrix[entry] for entry in block.entries]
        return np.array([*found, at.residual])

    def covariances(self, theta: F) -> list[F]:
        """Return each grouping's G from the variance parameters."""
        out = [np.zeros((one.width, one.width)) for one in self.of.groupings]
        for (grouping, entry), value in zip(self.entries, theta[:-1], strict=True):
            out[grouping] += value * entry
        return out

    def state(self, at: Place) -> State | None:
        """Return V^-1's products there; None outside what a float can hold."""
        if not at.residual > LEAST_RESIDUAL:
            return None
        return state(self.of, self.covariances(self.theta(at)), at.residual)

    def slopes(self, at: Place, there: State) -> Slopes:
        """Return the derivatives in theta there."""
        return slopes(self.of, there, self.entries, self.theta(at))


@dataclass(frozen=True)
class Found:
    """Where the search ended."""

    at: Place
    state: State
    slopes: Slopes
    jacobian: F  # (k, f) d theta / d free
    hessian: F  # (f, f) of -2 res log L in the free entries
    slope: float  # distance to the optimum in standard errors
    rounds: int


def _chain(task: Task, at: Place, found: Slopes) -> tuple[F, F, F]:
    """Return the gradient (f,), Hessian (f, f) and Jacobian (k, f) in the free entries."""
    jacobian, bend = [], []
    row = 0
    for block, factor, free in zip(task.blocks, at.factors, at.free, strict=True):
        places = np.argwhere(free)
        part = np.zeros((len(found.gradient), len(places)))
        curved = np.zeros((len(places), len(places)))
        slope_of: dict[tuple[int, int], float] = {}
        for k, (a, b) in enumerate(block.entries, start=row):
            slope_of[a, b] = slope_of[b, a] = found.gradient[k] * (2.0 if a == b else 1.0)
            for f, (r, c) in enumerate(places):
                part[k, f] = (r == a) * factor[b, c] + (r == b) * factor[a, c]
        for f, (r, c) in enumerate(places):
            for g, (s, d) in enumerate(places):
                if c == d:
                    curved[f, g] = slope_of.get((int(r), int(s)), 0.0)
        jacobian.append(part)
        bend.append(curved)
        row += len(block.entries)
    last = np.zeros((len(found.gradient), 1))
    last[-1, 0] = at.residual
    whole = np.concatenate([*jacobian, last], axis=1)
    hessian = whole.T @ found.hessian @ whole
    start = 0
    for curved in bend:
        part_of = slice(start, start + len(curved))
        hessian[part_of, part_of] += curved
        start += len(curved)
    hessian[-1, -1] += found.gradient[-1] * at.residual
    return whole.T @ found.gradient, hessian, whole


def _step(gradient: F, hessian: F, radius: float) -> tuple[F, float]:
    """Return the best step within `radius` for the quadratic model, and what it promises."""
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ gradient
    tiny = FLAT * max(abs(values[0]), abs(values[-1]))
    still = (np.abs(values) <= tiny) & (np.abs(along) <= 1e-6)
    values, along = np.where(still, 1.0, values), np.where(still, 0.0, along)

    def length(shift: float) -> float:
        return float(np.linalg.norm(along / (values + shift)))

    least = float(values.min())
    if least > 0.0 and length(0.0) <= radius:
        step = -along / values
    else:
        low = max(0.0, -least) + tiny
        if length(low) <= radius:  # at a saddle: go down along the direction that bends down
            step = -along / (values + low)
            first = int(values.argmin())
            step[first] += np.copysign(np.sqrt(radius**2 - length(low) ** 2), -along[first])
        else:
            high = low + float(np.linalg.norm(along)) / radius
            for _ in range(60):
                shift = (low + high) / 2.0
                low, high = (shift, high) if length(shift) > radius else (low, shift)
            step = -along / (values + high)
    promised = -float(along @ step + step @ (values * step) / 2.0)
    return vectors @ step, promised


def _distance(gradient: F, hessian: F) -> float:
    """Return how many standard errors a Newton step is long; infinite at a saddle."""
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ gradient
    tiny = FLAT * float(np.abs(values).max())
    if values[0] < -tiny:
        return float("inf")
    some = values > tiny
    if not some.all() and np.abs(along[~some]).max() > 1e-6:
        return float("inf")
    return float(np.sqrt(np.sum(along[some] ** 2 / (2.0 * values[some]))))


def search(task: Task, start: Place) -> Found | None:
    """Return where -2 res log L is least, starting at `start`; None when it can't be evaluated.

    The caller judges `slope`: the search itself ends after MOST_ROUNDS at most.
    """
    at, there, radius = start, task.state(start), 1.0
    if there is None:
        return None
    found = task.slopes(at, there)
    gradient, hessian, jacobian = _chain(task, at, found)
    distance, rounds = _distance(gradient, hessian), 0
    while rounds < MOST_ROUNDS and distance > NEAR:
        rounds += 1
        step, promised = _step(gradient, hessian, radius)
        tried = at.moved(step)
        new = task.state(tried)
        noise = 1e-12 * (1.0 + abs(there.criterion))
        gained = -np.inf if new is None else there.criterion - new.criterion
        if new is None or gained < 0.1 * promised - noise:
            radius = 0.25 * float(np.linalg.norm(step))
            if radius < 1e-12:
                break
            continue
        if gained > 0.7 * promised:
            radius = min(WIDEST, max(radius, 2.0 * float(np.linalg.norm(step))))
        slopes_new = task.slopes(tried, new)
        chained = _chain(task, tried, slopes_new)
        away = _distance(chained[0], chained[1])
        if promised < noise and away >= distance:  # rounding is all that's left
            break
        at, there, found, distance = tried, new, slopes_new, away
        gradient, hessian, jacobian = chained
    return Found(at, there, found, jacobian, hessian, distance, rounds)
