"""SAEM: population values of greatest likelihood, by simulation and stochastic approximation.

Delyon, Lavielle and Moulines, Ann Stat 1999;27:94; Kuhn and Lavielle, Comput Stat Data Anal
2005;49:1020. Each round draws every person's random effects given the values so far, mixes the
sufficient statistics with those of earlier rounds, and takes the values that are best for the
mixture. While burning in, the mixture is the last draw alone and variances may fall only slowly
(simulated annealing). Then the mixture's step falls as a power of the round and the values
themselves are averaged (Polyak and Juditsky, SIAM J Control Optim 1992;30:838), which reaches the
best rate without tuning.

Typical values and variances of what varies between people have sufficient statistics. What
doesn't (typical values without variability, residual SDs) moves by a stochastic Newton step: the
score of the complete data at the present draws, over their expected information, mixed in the
same way. Its rest point is the same maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.problem import (
    ADDITIVE_FORMS,
    PROPORTIONAL_FORMS,
    Problem,
    Theta,
    coordinates,
    pack,
    unpack,
)
from assuage.kinetics.saem.residual import Residual
from assuage.kinetics.saem.sampler import Chains, generator

Progress = Callable[[int, int], None]


def unseen(_done: int, _of: int) -> None:
    """Show no progress."""


ANNEALING = 0.95  # a variance keeps at least this share of itself in a round of annealing
ANNEALED_SHARE = 0.5  # of the burn-in
STEP_POWER = 0.7  # between 1/2 and 1, as averaging asks
LONGEST_STEP = 0.3  # on the log or logit scale, for the Newton steps
SMALLEST_VARIANCE = 1e-8
PROBE = 1e-4  # on the log or logit scale, for derivatives


@dataclass(frozen=True)
class Settings:
    """How long, how many chains, and which draws."""

    burn_in: int = 300
    smoothing: int = 200
    fewest_sets: int = 120  # chains are added for few people until there are this many sets
    seed: int = 1

    def chains(self, people: int) -> int:
        """Return how many chains each person has."""
        return -(-self.fewest_sets // people)


@dataclass(frozen=True)
class Path:
    """The values round by round, (rounds, coordinates), and the share accepted by each kernel."""

    theta: Theta
    names: tuple[str, ...]
    rounds: Array
    began: int  # the round at which the last burn-in began
    burn_in: int
    chains: int
    accepted: dict[str, float]
    phi: Array  # (people, random), the mean of the last draws


class Search:
    """One run of SAEM, which can be continued."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.problem = problem
        self.settings = settings
        chains = settings.chains(problem.people)
        self.chains = Chains(problem, chains, generator(settings.seed, 0))
        self.theta = problem.start
        self._first = np.zeros(len(problem.random))
        self._second = np.eye(len(problem.random))
        self._information: Array | None = None
        self._rounds: list[Array] = []
        self._origin = 0

    def run(self, rounds: int, progress: Progress = unseen) -> Path:
        """Burn in if that is still to come, then go on for `rounds` rounds and average those."""
        begun = len(self._rounds) - self._origin
        ahead = max(self.settings.burn_in - begun, 0)
        for done in range(ahead + rounds):
            past = len(self._rounds) - self._origin - self.settings.burn_in
            gain = 1.0 if past < 0 else float(past + 1) ** -STEP_POWER
            self.chains.sweep(self.theta)
            annealing = past < (ANNEALED_SHARE - 1.0) * self.settings.burn_in
            self.theta = self._maximise(gain, annealing=annealing)
            self._rounds.append(pack(self.problem, self.theta))
            progress(done + 1, ahead + rounds)
        return self._path(np.mean(self._rounds[-rounds:], axis=0))

    def start_over(self) -> None:
        """Burn in once more from where the search stands, with the variances wide again.

        A variance that chance has brought near zero grows only slowly, since the draws then lie
        close together; from above the search comes down fast.
        """
        self._origin = len(self._rounds)
        self.theta = self.theta.moved(omega=self.problem.start.omega)
        self._information = None

    def _path(self, mean: Array) -> Path:
        people, random = self.problem.people, len(self.problem.random)
        return Path(
            unpack(self.problem, mean),
            coordinates(self.problem),
            np.array(self._rounds),
            self._origin,
            self.settings.burn_in,
            self.chains.chains,
            dict(self.chains.accepted),
            self.chains.phi.reshape(people, -1, random).mean(axis=1),
        )

    def _maximise(self, gain: float, *, annealing: bool) -> Theta:
        problem, phi = self.problem, self.chains.phi
        self._first += gain * (phi.mean(axis=0) - self._first)
        self._second += gain * (phi.T @ phi / len(phi) - self._second)
        mu = self.theta.mu.copy()
        center = self._center()
        mu[list(problem.random)] = center
        cross = np.outer(self._first, center)
        raw = self._second - cross - cross.T + np.outer(center, center)
        omega = self._allowed(raw, annealing=annealing)
        moved = self.theta.moved(mu=mu, omega=omega)
        return self._newton(moved, gain, annealing=annealing)

    def _center(self) -> Array:
        """Return the typical values (random,): the mean, given those that are held."""
        problem = self.problem
        center = self.theta.mu[list(problem.random)].copy()
        free = np.array([one in problem.estimated for one in problem.random])
        center[free] = self._first[free]
        if free.any() and not free.all():
            inverse = np.linalg.inv(self.theta.omega)
            pull = inverse[np.ix_(free, ~free)] @ (self._first[~free] - center[~free])
            center[free] += np.linalg.solve(inverse[np.ix_(free, free)], pull)
        return center

    def _allowed(self, raw: Array, *, annealing: bool) -> Array:
        """Return a covariance with the wanted zeros, which while annealing falls slowly."""
        variance = np.maximum(np.diagonal(raw), SMALLEST_VARIANCE)
        root = np.sqrt(variance)
        correlation = np.where(self.problem.kept, raw / np.outer(root, root), 0.0)
        np.fill_diagonal(correlation, 1.0)
        if annealing:
            variance = np.maximum(variance, ANNEALING * np.diagonal(self.theta.omega))
        wide = np.sqrt(variance)
        return np.asarray(correlation * np.outer(wide, wide))

    def _newton(self, theta: Theta, gain: float, *, annealing: bool) -> Theta:
        """Move what has no sufficient statistic: steady typical values, log residual SDs."""
        problem = self.problem
        moves = _residual_moves(problem)
        score, information = self._score(theta, moves)
        if self._information is None:
            self._information = information
        self._information = self._information + gain * (information - self._information)
        diagonal = np.diagonal(self._information)
        ridge = np.diag(np.where(diagonal > 0.0, 1e-9 * diagonal, 1.0))
        step = gain * np.linalg.solve(self._information + ridge, score)
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        steady = list(problem.steady)
        mu = theta.mu.copy()
        mu[steady] += step[: len(steady)]
        additive, proportional = theta.additive.copy(), theta.proportional.copy()
        for (kind, place), change in zip(moves, step[len(steady) :], strict=True):
            floor = 0.5 * np.log(ANNEALING) if annealing else -np.inf
            kind_of = additive if kind == "additive" else proportional
            kind_of[place] *= np.exp(max(change, floor))
        return theta.moved(mu=mu, additive=additive, proportional=proportional)

    def _score(self, theta: Theta, moves: list[tuple[str, int]]) -> tuple[Array, Array]:
        """Return the score and the expected information of the complete data, a set's mean."""
        problem, rows = self.problem, self.chains.rows
        phi, subject = self.chains.phi, self.chains.subject
        base = problem.predict(problem.psi(theta.mu, phi, subject), subject)
        mean_slopes, variance_slopes, score = [], [], []
        used = rows.used & ~rows.censored
        variance = np.where(used, rows.variances(base, theta), 1.0)
        for one in problem.steady:
            ends = []
            for sign in (1.0, -1.0):
                mu = theta.mu.copy()
                mu[one] += sign * PROBE
                f = problem.predict(problem.psi(mu, phi, subject), subject)
                ends.append((rows.means(f), rows.variances(f, theta), _total(rows, f, theta)))
            (m1, v1, l1), (m0, v0, l0) = ends
            score.append((l1 - l0) / (2.0 * PROBE))
            mean_slopes.append(np.where(used, (m1 - m0) / (2.0 * PROBE), 0.0))
            variance_slopes.append(np.where(used, (v1 - v0) / (2.0 * PROBE) / variance, 0.0))
        for kind, place in moves:
            ends = []
            for sign in (1.0, -1.0):
                values = getattr(theta, kind).copy()
                values[place] *= np.exp(sign * PROBE)
                there = theta.moved(**{kind: values})
                ends.append((base, rows.variances(base, there), _total(rows, base, there)))
            (_, v1, l1), (_, v0, l0) = ends
            score.append((l1 - l0) / (2.0 * PROBE))
            mean_slopes.append(np.zeros_like(variance))
            variance_slopes.append(np.where(used, (v1 - v0) / (2.0 * PROBE) / variance, 0.0))
        flat = [np.nan_to_num(np.array(one)) for one in (mean_slopes, variance_slopes)]
        information = np.einsum("asp,bsp,sp->ab", flat[0], flat[0], 1.0 / variance)
        information += 0.5 * np.einsum("asp,bsp->ab", flat[1], flat[1])
        return np.array(score) / len(phi), information / len(phi)


def _total(rows: Residual, predicted: Array, theta: Theta) -> float:
    each = rows.log_likelihood(predicted, theta)
    return float(each[np.isfinite(each)].sum())


def _residual_moves(problem: Problem) -> list[tuple[str, int]]:
    found = []
    for place, form in enumerate(problem.forms):
        if form in ADDITIVE_FORMS:
            found.append(("additive", place))
        if form in PROPORTIONAL_FORMS:
            found.append(("proportional", place))
    return found
