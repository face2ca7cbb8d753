"""What a fit says of each person and sample, and what it would have measured instead.

iwres   the residual at the person's mode over its SD
cwres   residuals of the model made linear at the mode, decorrelated (Hooker, Staatz and Karlsson,
        Pharm Res 2007;24:2187)
npde    normalised prediction distribution errors: where a sample lies among simulated ones, after
        decorrelation (Brendel et al., Pharm Res 2006;23:2036)
shrinkage of random effects: 1 - SD of the modes / omega; of residuals: 1 - SD of iwres
(Savic and Karlsson, AAPS J 2009;11:558). A sample below the limit of quantification has none of
these residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.fit import Fit
from assuage.kinetics.saem.problem import Mask, Problem, Theta
from assuage.kinetics.saem.residual import Residual, residual_of
from assuage.kinetics.saem.sampler import generator

REPLICATES = 500
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Checks:
    """(people, places) in mg/L or SDs, NaN where nothing was measured; (people, random) etas."""

    population: Array
    individual: Array
    iwres: Array
    cwres: Array
    npde: Array
    eta: Array
    eta_shrinkage: Array
    residual_shrinkage: Array  # (analytes,)
    simulated: Array  # (replicates, people, places) mg/L


def check(fit: Fit, replicates: int = REPLICATES) -> Checks:
    """Return every check of a fit."""
    problem, theta, modes = fit.problem, fit.theta, fit.modes
    rows = residual_of(problem)
    seen = rows.used & ~rows.censored
    subject = np.arange(problem.people)
    center = theta.mu[list(problem.random)]
    typical = np.tile(center, (problem.people, 1))
    population = problem.predict(problem.psi(theta.mu, typical, subject), subject)
    iwres = _masked(_standard(rows, modes.predicted, theta), seen)
    eta = modes.phi - center
    simulated = simulate(problem, theta, replicates, fit.seed)
    return Checks(
        _masked(population, rows.used),
        _masked(modes.predicted, rows.used),
        iwres,
        _conditional(rows, fit, eta, seen),
        _distribution_errors(rows, simulated, seen),
        eta,
        1.0 - eta.std(axis=0) / np.sqrt(np.diagonal(theta.omega)),
        np.array(
            [
                1.0 - float(np.sqrt(np.mean(iwres[seen & (rows.analyte == one)] ** 2)))
                if (seen & (rows.analyte == one)).any()
                else np.nan
                for one in range(len(problem.forms))
            ]
        ),
        simulated,
    )


def simulate(problem: Problem, theta: Theta, replicates: int, seed: int) -> Array:
    """Return (replicates, people, places) mg/L: the same design with new people and errors."""
    rng = generator(seed, 2)
    rows = residual_of(problem)
    subject = np.tile(np.arange(problem.people), replicates)
    root = np.linalg.cholesky(theta.omega)
    eta = rng.standard_normal((len(subject), len(root))) @ root.T
    psi, _ = problem.held_psi(theta.mu, theta.mu[list(problem.random)] + eta, subject)
    predicted = problem.predict(psi, subject).reshape(replicates, problem.people, -1)
    noise = np.sqrt(rows.variances(predicted, theta)) * rng.standard_normal(predicted.shape)
    drawn = rows.means(predicted) + noise
    return np.where(rows.log_form, np.exp(drawn), drawn) if rows.any_log else drawn


def _masked(values: Array, mask: Mask) -> Array:
    return np.where(mask, values, np.nan)


def _standard(rows: Residual, predicted: Array, theta: Theta) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        away = rows.scaled - rows.means(predicted)
        return np.asarray(away / np.sqrt(rows.variances(predicted, theta)))


def _conditional(rows: Residual, fit: Fit, eta: Array, seen: Mask) -> Array:
    modes, theta = fit.modes, fit.theta
    with np.errstate(divide="ignore", invalid="ignore"):
        means = rows.means(modes.predicted)
    variance = rows.variances(modes.predicted, theta)
    out = np.full(seen.shape, np.nan)
    for person in range(len(seen)):
        at = np.nonzero(seen[person])[0]
        if not len(at):
            continue
        slopes = modes.slopes[person][:, at]
        expected = means[person, at] - eta[person] @ slopes
        spread = slopes.T @ theta.omega @ slopes + np.diag(variance[person, at])
        values, vectors = np.linalg.eigh(spread)
        away = rows.scaled[person, at] - expected
        if np.isfinite(away).all() and values[0] > 0.0:
            out[person, at] = vectors @ ((vectors.T @ away) / np.sqrt(values))
    return out


def _distribution_errors(rows: Residual, simulated: Array, seen: Mask) -> Array:
    """Return npde (people, places). Simulations are on the residual's scale."""
    out = np.full(seen.shape, np.nan)
    draws = len(simulated)
    for person in range(len(seen)):
        at = np.nonzero(seen[person])[0]
        if not 0 < len(at) < draws - 1:
            continue
        drawn = simulated[:, person, at]
        drawn = np.where(rows.log_form[person, at], np.log(np.abs(drawn)), drawn)
        mean = drawn.mean(axis=0)
        covariance = np.atleast_2d(np.cov(drawn, rowvar=False))
        values = np.linalg.eigvalsh(covariance)
        if not values[0] > 1e-12 * values[-1]:
            continue  # samples that the model ties together exactly can't be told apart
        lower = np.linalg.cholesky(covariance)
        apart = np.linalg.solve(lower, (drawn - mean).T)
        mine = np.linalg.solve(lower, rows.scaled[person, at] - mean)
        below = (apart < mine[:, None]).sum(axis=1)
        share = (below + 0.5) / (draws + 1.0)
        out[person, at] = [_NORMAL.inv_cdf(float(one)) for one in share]
    return out
