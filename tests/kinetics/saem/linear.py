"""A mixed model whose likelihood is known exactly, in the form that SAEM takes.

log y = phi_0 + x phi_1 + a e with normal phi: the levels are exp of a linear mixed model, so the
exact likelihood is a multivariate normal and any optimiser finds its maximum.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import minimize

from assuage.kinetics.saem import Observations, Problem, Theta
from assuage.kinetics.saem.problem import pack, unpack


def problem(
    *,
    people: int = 40,
    places: int = 4,
    random: tuple[int, ...] = (0,),
    blocks: tuple[tuple[int, ...], ...] = (),
    estimated: tuple[int, ...] = (0, 1),
    seed: int = 3,
) -> Problem:
    rng = np.random.default_rng(seed)
    x = np.tile(np.linspace(0.0, 1.5, places), (people, 1))
    omega = np.array([[0.16, 0.05], [0.05, 0.09]])
    eta = rng.multivariate_normal([0.0, 0.0], omega, people)
    eta[:, [one for one in (0, 1) if one not in random]] = 0.0
    phi = np.array([1.0, -0.5]) + eta
    y = np.exp(phi[:, :1] + x * phi[:, 1:] + 0.2 * rng.standard_normal(x.shape))
    used = np.ones(x.shape, dtype=bool)
    used[::5, -1] = False

    def predict(psi: np.ndarray, subject: np.ndarray) -> np.ndarray:
        return psi[:, :1] * psi[:, 1:] ** x[subject]

    return Problem(
        names=("A", "B"),
        logit=np.zeros(2, dtype=bool),
        offset=np.zeros((people, 2)),
        estimated=estimated,
        random=random,
        blocks=blocks,
        forms=("log",),
        observed=Observations(y, used, np.zeros(x.shape, dtype=np.intp), ~used & False),
        predict=predict,
        start=Theta(
            np.array([0.3, -0.2]),
            np.diag(np.full(len(random), 0.25)),
            np.array([0.5]),
            np.zeros(1),
        ),
    )


def designs(problem: Problem) -> list[np.ndarray]:
    """Return each person's (samples, 2) design: a column of ones and x."""
    two = np.array([[1.0, np.e], [1.0, np.e]])
    found = []
    for person, used in enumerate(problem.observed.used):
        level = problem.predict(two[:1], np.array([person]))[0]
        found.append(np.column_stack([np.ones(used.sum()), np.log(level[used])]))
    return found


@cache
def _groups(problem: Problem) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (design, log levels (people, samples)) of people who were sampled alike."""
    rows: dict[bytes, list[int]] = {}
    for person, used in enumerate(problem.observed.used):
        rows.setdefault(used.tobytes(), []).append(person)
    every = designs(problem)
    return [
        (
            every[people[0]],
            np.log(problem.observed.values[people][:, problem.observed.used[people[0]]]),
        )
        for people in rows.values()
    ]


def log_likelihood(problem: Problem, theta: Theta) -> float:
    total = 0.0
    for design, y in _groups(problem):
        z = design[:, list(problem.random)]
        covariance = z @ theta.omega @ z.T + theta.additive[0] ** 2 * np.eye(len(design))
        away = y - design @ theta.mu
        constant = len(design) * np.log(2.0 * np.pi) + np.linalg.slogdet(covariance)[1]
        total -= 0.5 * (len(y) * constant + (away @ np.linalg.inv(covariance) * away).sum())
        total -= y.sum()  # the density is of y, not of its logarithm
    return float(total)


def exact(problem: Problem) -> np.ndarray:
    """Return the packed maximum of the exact likelihood, by an independent optimiser."""
    done = minimize(
        lambda packed: -log_likelihood(problem, unpack(problem, packed)),
        pack(problem, problem.start),
        method="BFGS",
        options={"gtol": 1e-6},
    )
    return done.x


def exact_information(problem: Problem, packed: np.ndarray) -> np.ndarray:
    size, step = len(packed), 1e-3
    out = np.zeros((size, size))

    def at(*moves: tuple[int, float]) -> float:
        moved = packed.copy()
        for place, sign in moves:
            moved[place] += sign * step
        return log_likelihood(problem, unpack(problem, moved))

    for a in range(size):
        for b in range(size):
            signs = [(s, t) for s in (1.0, -1.0) for t in (1.0, -1.0)]
            out[a, b] = sum(s * t * at((a, s), (b, t)) for s, t in signs) / (4.0 * step**2)
    return -out
