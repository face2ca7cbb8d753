"""What a population fit is asked to find, and where it stands.

Person i has parameters psi_i, one for each structural parameter of the model, and

    scale(psi_i) = mu + offset_i + eta_i,    eta_i ~ N(0, omega) on the random ones, else 0

where scale is the logarithm or the logit, mu the typical value on it, and offset_i what is known
of the person (allometry, a factor). The first axis is always people, or (person, chain) sets.
Concentrations are in mg/L, times in h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array

Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
Form = Literal["additive", "proportional", "combined", "log"]
Predict = Callable[[Array, Index], Array]
"""psi (sets, parameters) in the model's units and whose design (sets,) -> mg/L (sets, places)."""

SMALLEST, LARGEST = 1e-30, 1e30  # a parameter beyond these is a walk gone astray
FORMS: tuple[Form, ...] = ("additive", "proportional", "combined", "log")
ADDITIVE_FORMS = ("additive", "combined", "log")
PROPORTIONAL_FORMS = ("proportional", "combined")


@dataclass(frozen=True)
class Observations:
    """Measured levels, each (people, places); a place beyond a person's own is not `used`.

    values    mg/L; the limit of quantification where `censored`
    analyte   which analyte was measured
    """

    values: Array
    used: Mask
    analyte: Index
    censored: Mask

    def __post_init__(self) -> None:
        shapes = {one.shape for one in (self.values, self.used, self.analyte, self.censored)}
        if len(shapes) != 1 or self.values.ndim != 2:
            raise ValueError("observations must be arrays of one shape (people, places)")
        if not np.isfinite(self.values[self.used]).all():
            raise ValueError("an observation is not finite")
        if not self.used.any(axis=1).all():
            raise ValueError("a person without an observation")


@dataclass(frozen=True)
class Theta:
    """Population values: mu (parameters,), omega (random, random), a and b (analytes,).

    `additive` is an SD in mg/L, or on the log scale for the form "log"; `proportional` is a
    fraction. What a form doesn't have is zero.
    """

    mu: Array
    omega: Array
    additive: Array
    proportional: Array

    def moved(self, **changed: Array) -> Theta:
        """Return these values with some replaced."""
        return replace(self, **changed)


@dataclass(frozen=True, eq=False)
class Problem:
    """Names, scales and start values, people's known offsets, and what is free to move.

    names       (parameters)      structural parameters, as `predict` takes them
    logit       (parameters,)     on the logit scale; the others are on the log scale
    offset      (people, parameters) on those scales
    estimated   parameters whose typical value is estimated; the others stay at their start
    random      parameters that vary between people
    blocks      groups of positions in `random` whose random effects may be correlated
    forms       (analytes)        what the residual error is like
    """

    names: tuple[str, ...]
    logit: Mask
    offset: Array
    estimated: tuple[int, ...]
    random: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    forms: tuple[Form, ...]
    observed: Observations
    predict: Predict
    start: Theta

    def __post_init__(self) -> None:
        people, width = self.offset.shape
        if people != len(self.observed.values) or width != len(self.names):
            raise ValueError("offsets, names and observations don't have the same shape")
        if not self.random:
            raise ValueError("nothing varies between people, so there is no population to fit")
        if not np.linalg.eigvalsh(self.start.omega).min() > 0.0:
            raise ValueError("the start covariance isn't positive definite")

    @property
    def people(self) -> int:
        """How many people."""
        return len(self.offset)

    @cached_property
    def steady(self) -> tuple[int, ...]:
        """The parameters that are estimated and don't vary between people."""
        return tuple(one for one in self.estimated if one not in self.random)

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Positions in `random` whose correlation is estimated."""
        return tuple(
            (a, b) for block in self.blocks for n, a in enumerate(block) for b in block[n + 1 :]
        )

    @cached_property
    def kept(self) -> Mask:
        """Which entries (random, random) of omega are free."""
        mask = np.eye(len(self.random), dtype=bool)
        for a, b in self.pairs:
            mask[a, b] = mask[b, a] = True
        return mask

    def natural(self, scaled: Array) -> Array:
        """Return values (..., parameters) from their log or logit."""
        out = np.exp(scaled)
        if self.logit.any():
            share = out[..., self.logit]
            out[..., self.logit] = share / (1.0 + share)
        return out

    def psi(self, mu: Array, phi: Array, subject: Index) -> Array:
        """Return (sets, parameters) from phi = mu + eta (sets, random) and whose they are."""
        scaled = mu + self.offset[subject]
        random = list(self.random)
        scaled[:, random] = phi + self.offset[subject][:, random]
        return self.natural(scaled)

    def held_psi(self, mu: Array, phi: Array, subject: Index) -> tuple[Array, Mask]:
        """Return psi, and which sets (sets,) lie where numbers hold; the others are typical."""
        with np.errstate(over="ignore", invalid="ignore"):
            psi = self.psi(mu, phi, subject)
            held: Mask = np.asarray(((psi > SMALLEST) & (psi < LARGEST)).all(axis=1))
        if not held.all():
            psi[~held] = self.natural(mu + self.offset[subject[~held]])
        return psi, held


def coordinates(problem: Problem) -> tuple[str, ...]:
    """Return the names of the estimated quantities, in the order of `pack`."""
    names = [problem.names[one] for one in problem.estimated]
    names += [f"omega {problem.names[one]}" for one in problem.random]
    names += [
        f"correlation {problem.names[problem.random[a]]} {problem.names[problem.random[b]]}"
        for a, b in problem.pairs
    ]
    many = len(problem.forms) > 1
    for place, form in enumerate(problem.forms):
        tail = f" {place + 1}" if many else ""
        if form in ADDITIVE_FORMS:
            names.append(("log error" if form == "log" else "additive error") + tail)
        if form in PROPORTIONAL_FORMS:
            names.append("proportional error" + tail)
    return tuple(names)


def pack(problem: Problem, theta: Theta) -> Array:
    """Return the estimated quantities as (coordinates,), each free to take any number.

    Typical values on their scale, log SDs, inverse hyperbolic tangents of correlations, and logs
    of the residual SDs.
    """
    sd = np.sqrt(np.diagonal(theta.omega))
    parts = [theta.mu[list(problem.estimated)], np.log(sd)]
    parts.append(
        np.array([np.arctanh(theta.omega[a, b] / (sd[a] * sd[b])) for a, b in problem.pairs])
    )
    for place, form in enumerate(problem.forms):
        if form in ADDITIVE_FORMS:
            parts.append(np.log(theta.additive[place : place + 1]))
        if form in PROPORTIONAL_FORMS:
            parts.append(np.log(theta.proportional[place : place + 1]))
    return np.concatenate(parts)


def unpack(problem: Problem, packed: Array) -> Theta:
    """Return the population values that `packed` (coordinates,) stands for."""
    mu = problem.start.mu.copy()
    mu[list(problem.estimated)] = packed[: len(problem.estimated)]
    place = len(problem.estimated)
    sd = np.exp(packed[place : place + len(problem.random)])
    place += len(problem.random)
    omega = np.diag(sd**2)
    for a, b in problem.pairs:
        omega[a, b] = omega[b, a] = np.tanh(packed[place]) * sd[a] * sd[b]
        place += 1
    additive, proportional = np.zeros(len(problem.forms)), np.zeros(len(problem.forms))
    for one, form in enumerate(problem.forms):
        if form in ADDITIVE_FORMS:
            additive[one] = np.exp(packed[place])
            place += 1
        if form in PROPORTIONAL_FORMS:
            proportional[one] = np.exp(packed[place])
            place += 1
    return Theta(mu, omega, additive, proportional)
