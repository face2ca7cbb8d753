"""What is believed of one person after the data: draws, their worth, and how odd the data are.

A belief may be a mixture, such as of a patient who responds and one who doesn't. Each part is
fitted on its own; its evidence, by the same importance sampling, says how probable it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.individual import sampling
from assuage.kinetics.individual.mode import Forward, Mode, find, laplace
from assuage.kinetics.individual.readings import (
    ABOVE,
    BELOW,
    EXACT,
    Readings,
    costs,
    measured,
    scatter,
)
from assuage.kinetics.population import uniforms
from assuage.kinetics.portable import normal_quantile

DRAWS = 2000
REPLICATES = 400  # data sets simulated from the prior and fitted like the real one
SIMULATED = 2000  # readings simulated for each measurement


@dataclass(frozen=True)
class Part:
    """One part of a mixture: its prior probability, and what its effects predict."""

    name: str
    prior: float
    forward: Forward


@dataclass(frozen=True)
class Belief:
    """A posterior as draws of equal weight, with what tells how good they are.

    z (draws, effects) and part (draws,) the number of the part that each belongs to; mean and
    covariance of z by all the weighted draws; size, their effective number of `drawn`; chance
    (parts,) posterior probabilities; modes, one a part; sound, whether each Hessian was positive
    definite; rounds, how often the widest search drew.
    """

    z: Array
    part: NDArray[np.intp]
    mean: Array
    covariance: Array
    size: float
    drawn: int
    chance: Array
    modes: tuple[Mode, ...]
    sound: tuple[bool, ...]
    rounds: int

    @property
    def found(self) -> bool:
        """Whether every part's mode was found."""
        return all(bool(one.found[0]) for one in self.modes)

    @property
    def sd(self) -> Array:
        """Posterior SDs of z, whose prior SDs are one."""
        return np.sqrt(np.diagonal(self.covariance))


def believe(
    parts: Sequence[Part],
    readings: Readings,
    effects: int,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    kernels: bool | None = None,
) -> Belief:
    """Return the posterior of one person. `readings` has one row."""
    modes, sound, found = [], [], []
    for part in parts:
        mode = find(part.forward, readings, effects, kernels=kernels)
        spread, definite = laplace(part.forward, readings, mode, kernels=kernels)
        modes.append(mode)
        sound.append(bool(definite[0]))
        found.append(
            sampling.draw(
                part.forward, readings, mode, spread, draws=draws, seed=seed, kernels=kernels
            )
        )
    logs = np.array([one.log_evidence[0] for one in found]) + np.log([one.prior for one in parts])
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    joined = sampling.Draws(
        np.concatenate([one.z for one in found], axis=1),
        np.concatenate([p * one.weight for p, one in zip(chance, found, strict=True)], axis=1),
        *(np.zeros(1),) * 3,
    )
    picked = joined.picked(draws, seed)[0]
    return Belief(
        joined.z[0, picked],
        picked // draws,
        joined.mean()[0],
        joined.covariance()[0],
        1.0 / float((joined.weight**2).sum()),
        draws * len(parts),
        chance,
        tuple(modes),
        tuple(sound),
        int(max(one.rounds[0] for one in found)),
    )


@dataclass(frozen=True)
class Oddness:
    """How odd the data are under the prior: before they were used.

    p is the share of data sets simulated from the prior that fit worse at their own optimum;
    misfit is this optimum's: squared standardised residuals and squared effects, summed. For each
    reading (n,): its own two-sided tail probability, and the 5, 50 and 95 % of what was to come.
    """

    p: float
    misfit: float
    of_each: Array
    low: Array
    middle: Array
    high: Array


def oddness(
    parts: Sequence[Part],
    readings: Readings,
    effects: int,
    *,
    seed: int = 1,
    kernels: bool | None = None,
) -> Oddness:
    """Return how the data look against what the prior foretold. `readings` has one row."""
    simulated = _simulated(parts, readings, effects, seed)
    low, middle, high = np.quantile(simulated, [0.05, 0.5, 0.95], axis=0)
    y = measured(readings)[0]
    below = (1.0 + (simulated <= y).sum(axis=0)) / (1.0 + len(simulated))
    above = (1.0 + (simulated >= y).sum(axis=0)) / (1.0 + len(simulated))
    kind = readings.kind[0]
    each = 2.0 * np.minimum(below, above)
    each = np.where(kind == BELOW, below, np.where(kind == ABOVE, above, each))
    misfit = _misfits(parts, readings, effects, kernels)[0]
    copies = _copies(readings, simulated[:REPLICATES])
    beaten = _misfits(parts, copies, effects, kernels)
    p = (1.0 + float((beaten >= misfit).sum())) / (1.0 + REPLICATES)
    log = readings.log[0]
    ends = [np.where(log, np.exp(np.where(log, one, 0.0)), one) for one in (low, middle, high)]
    return Oddness(p, float(misfit), np.minimum(each, 1.0), *ends)


def _simulated(parts: Sequence[Part], readings: Readings, effects: int, seed: int) -> Array:
    """Return (SIMULATED, readings) on the scale of the errors, drawn from prior and error."""
    width = readings.value.shape[1]
    flat = uniforms(seed, "prior predictive", SIMULATED * (effects + width + 1))
    u = flat.reshape(SIMULATED, -1)
    z, noise = np.split(normal_quantile(u[:, 1:]), [effects], axis=1)
    edges = np.cumsum([one.prior for one in parts])
    which = np.searchsorted(edges / edges[-1], u[:, 0])
    who = np.zeros(SIMULATED, dtype=np.intp)
    predicted = np.zeros((SIMULATED, width))
    for number, part in enumerate(parts):
        mine = which == number
        predicted[mine] = part.forward(z[mine], who[mine])
    centre, sd = scatter(readings.of(who), predicted)
    return np.asarray(centre + sd * noise)


def _copies(readings: Readings, simulated: Array) -> Readings:
    """Return data sets like this one with other values; a value inside its limit is exact."""
    copies = readings.of(np.zeros(len(simulated), dtype=np.intp))
    limit = measured(copies)
    inside = ((copies.kind == BELOW) & (simulated >= limit)) | (
        (copies.kind == ABOVE) & (simulated <= limit)
    )
    kind = np.where(inside, EXACT, copies.kind)
    value = np.where(copies.log, np.exp(np.where(copies.log, simulated, 0.0)), simulated)
    return replace(copies, kind=kind, value=np.where(kind == EXACT, value, copies.value))


def _misfits(
    parts: Sequence[Part], readings: Readings, effects: int, kernels: bool | None
) -> Array:
    """Return each data set's misfit at its own optimum, the better of the parts: (sets,)."""
    best = np.full(len(readings.value), np.inf)
    here = np.zeros(len(best), dtype=np.intp)
    for part in parts:

        def forward(z: Array, patient: NDArray[np.intp], part: Part = part) -> Array:
            return part.forward(z, here[patient])

        mode = find(forward, readings, effects, kernels=kernels)
        predicted = forward(mode.z, np.arange(len(best)))
        centre, sd = scatter(readings, predicted)
        exact = readings.kind == EXACT
        gap = np.where(exact, (measured(readings) - centre) / np.where(exact, sd, 1.0), 0.0)
        censored = np.where(readings.present & ~exact, 2.0 * costs(readings, predicted), 0.0)
        misfit = (gap**2 + censored).sum(axis=1) + (mode.z**2).sum(axis=1)
        best = np.minimum(best, np.where(np.isfinite(misfit), misfit, np.inf))
    return best
