"""Each person's most likely random effects given their data, and how sharp that is.

A damped Gauss-Newton search on -log p(y | phi) - log p(phi), every person at once; slopes by
central differences, since a prediction is any function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.problem import Index, Problem, Theta
from assuage.kinetics.saem.residual import Residual, residual_of
from assuage.kinetics.saem.sampler import log_likelihood

PROBE = 1e-4
ROUNDS = 60
STILL = 1e-6  # a step this short, in SDs of the population, is no step
HALVINGS = 12


@dataclass(frozen=True)
class Modes:
    """Conditional modes.

    phi         (people, random)  mu + eta at the mode
    curvature   (people, random, random) of the log posterior there, by Gauss-Newton
    predicted   (people, places)  mg/L
    slopes      (people, random, places) of the prediction's mean on the residual's scale
    """

    phi: Array
    curvature: Array
    predicted: Array
    slopes: Array


def find_modes(problem: Problem, theta: Theta, start: Array) -> Modes:
    """Return every person's conditional mode, searched from `start` (people, random)."""
    subject = np.arange(problem.people)
    rows = residual_of(problem)
    inverse = np.linalg.inv(theta.omega)
    center = theta.mu[list(problem.random)]
    sd = np.sqrt(np.diagonal(theta.omega))

    def value(phi: Array, who: Index) -> Array:
        away = phi - center
        level = log_likelihood(problem, rows.take(who), theta, phi, who)
        return np.asarray(level - 0.5 * ((away @ inverse) * away).sum(axis=1))

    phi = np.where(np.isfinite(value(start, subject))[:, None], start, center)
    level = value(phi, subject)
    moving = np.ones(problem.people, dtype=bool)
    for _ in range(ROUNDS):
        who = np.nonzero(moving)[0]
        score, curvature, _ = _shape(problem, rows.take(who), theta, phi[who], who)
        score = score - (phi[who] - center) @ inverse
        step = np.linalg.solve(curvature + inverse, score[..., None])[..., 0]
        share = np.ones(len(who))
        left = np.ones(len(who), dtype=bool)
        for _ in range(HALVINGS):
            at = np.nonzero(left)[0]
            new = phi[who[at]] + share[at, None] * step[at]
            found = value(new, who[at])
            better = found >= level[who[at]]
            phi[who[at[better]]], level[who[at[better]]] = new[better], found[better]
            left[at[better]] = False
            share[at[~better]] *= 0.5
            if not left.any():
                break
        moving[who] = ~left & (np.abs(share[:, None] * step / sd).max(axis=1) > STILL)
        if not moving.any():
            break
    _, curvature, slopes = _shape(problem, rows, theta, phi, subject)
    predicted = problem.predict(problem.psi(theta.mu, phi, subject), subject)
    return Modes(phi, curvature + inverse, predicted, slopes)


def _shape(
    problem: Problem, rows: Residual, theta: Theta, phi: Array, who: Index
) -> tuple[Array, Array, Array]:
    """Return the score and expected information of the data, and the slopes of the means."""
    width = phi.shape[1]
    probes = np.concatenate([np.eye(width), -np.eye(width), np.zeros((1, width))]) * PROBE
    points = (phi[None] + probes[:, None]).reshape(-1, width)
    many = np.tile(who, len(probes))
    predicted = problem.predict(problem.psi(theta.mu, points, many), many)
    predicted = predicted.reshape(len(probes), len(who), -1)
    level = rows.log_likelihood(predicted, theta)
    used = rows.used & ~rows.censored
    with np.errstate(divide="ignore", invalid="ignore"):
        means = rows.means(predicted)
        spreads = np.log(rows.variances(predicted, theta))
        variance = np.where(used, np.exp(spreads[-1]), 1.0)
        score = (level[:width] - level[width:-1]) / (2.0 * PROBE)
        slopes = np.where(used, (means[:width] - means[width:-1]) / (2.0 * PROBE), 0.0)
        widening = np.where(used, (spreads[:width] - spreads[width:-1]) / (2.0 * PROBE), 0.0)
    score, slopes, widening = (np.nan_to_num(one) for one in (score, slopes, widening))
    information = np.einsum("aip,bip,ip->iab", slopes, slopes, 1.0 / variance)
    information += 0.5 * np.einsum("aip,bip->iab", widening, widening)
    return score.T, information, slopes.transpose(1, 0, 2)
