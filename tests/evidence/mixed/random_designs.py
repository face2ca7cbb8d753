"""Data that R makes too, and a dense judge of models with random effects.

The same in R, where doubles hold each product exactly:

    noise <- function(seed, n) {
      out <- numeric(n); s <- seed
      for (i in 1:n) {
        u <- numeric(4)
        for (j in 1:4) { s <- (16807 * s) %% 2147483647; u[j] <- s / 2147483647 }
        out[i] <- sqrt(3) * (sum(u) - 2)
      }
      out
    }
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assuage.evidence.mixed.fitted import F, Fit, I
from assuage.evidence.mixed.random import RandomTerm


def noise(seed: int, n: int) -> F:
    """Return n numbers of mean 0 and variance 1: sums of four from Park and Miller's generator."""
    out = np.empty(n)
    for i in range(n):
        total = 0.0
        for _ in range(4):
            seed = 16807 * seed % 2147483647
            total += seed / 2147483647
        out[i] = np.sqrt(3.0) * (total - 2.0)
    return out


@dataclass(frozen=True)
class Data:
    """A design and its outcome."""

    x: F
    y: F
    terms: tuple[RandomTerm, ...]


def column(n: int) -> F:
    return np.ones((n, 1))


def term(name: str, group: I, *columns: F, correlated: bool = True) -> RandomTerm:
    """Return 1 + columns by group."""
    z = np.column_stack([np.ones(len(group)), *columns])
    names = ("1", *(f"t{k}" if k else "t" for k in range(len(columns))))
    return RandomTerm(name, z, names, group, correlated)


def growth(a: float, b: float, c: float, *, correlated: bool = True) -> Data:
    """Return 20 people at up to 8 times: intercepts a u, slopes b u + c v, a fifth missing.

    In R:

        id <- rep(1:20, each = 8); t <- rep(0:7, 20); arm <- id %% 2
        u <- noise(11, 20); v <- noise(12, 20)
        y <- round(20 - t + 0.4*arm*t + a*u[id] + (b*u[id] + c*v[id])*t + noise(13, 160), 3)
        d <- data.frame(y, id, t, arm)[(7*id + 3*t) %% 10 > 1, ]
    """
    person, t = np.repeat(np.arange(1, 21), 8), np.tile(np.arange(8.0), 20)
    arm = (person % 2).astype(float)
    u, v = noise(11, 20)[person - 1], noise(12, 20)[person - 1]
    y = 20.0 - t + 0.4 * arm * t + a * u + (b * u + c * v) * t + noise(13, 160)
    kept = (7 * person + 3 * t) % 10 > 1
    x = np.column_stack([np.ones(160), t, arm, t * arm])[kept]
    by = term("1 + t | id", person[kept], t[kept], correlated=correlated)
    return Data(x, y.round(3)[kept], (by,))


def crossed() -> Data:
    """Return 30 people by 12 items, with a covariate whose effect varies by item; holes.

    In R:

        s <- rep(1:30, each = 12); i <- rep(1:12, 30); c <- round(noise(21, 360), 2)
        y <- round(5 + 0.3*c + 1.5*noise(22, 30)[s] + 0.8*noise(23, 12)[i] +
                   0.5*noise(24, 12)[i]*c + noise(25, 360), 3)
        d <- data.frame(y, s, i, c)[(5*s + 3*i) %% 7 > 1, ]
    """
    s, i, c = np.repeat(np.arange(1, 31), 12), np.tile(np.arange(1, 13), 30), noise(21, 360)
    c = c.round(2)
    y = 5.0 + 0.3 * c + 1.5 * noise(22, 30)[s - 1] + 0.8 * noise(23, 12)[i - 1]
    y = (y + 0.5 * noise(24, 12)[i - 1] * c + noise(25, 360)).round(3)
    kept = (5 * s + 3 * i) % 7 > 1
    x = np.column_stack([np.ones(360), c])[kept]
    terms = (term("1 | s", s[kept]), term("1 + c | i", i[kept], c[kept]))
    return Data(x, y[kept], terms)


def nested() -> Data:
    """Return 8 sites of 5 people with 4 rows each, an effect between people; holes.

    In R:

        site <- rep(1:8, each = 20); p <- rep(1:40, each = 4); arm <- p %% 2
        y <- round(3 + 0.7*arm + noise(31, 8)[site] + 1.2*noise(32, 40)[p] + noise(33, 160), 3)
        d <- data.frame(y, site, p, arm)[(3*site + 7*p + 5*(1:160)) %% 9 > 1, ]
    """
    site, p = np.repeat(np.arange(1, 9), 20), np.repeat(np.arange(1, 41), 4)
    arm = (p % 2).astype(float)
    y = 3.0 + 0.7 * arm + noise(31, 8)[site - 1] + 1.2 * noise(32, 40)[p - 1] + noise(33, 160)
    kept = (3 * site + 7 * p + 5 * np.arange(1, 161)) % 9 > 1
    x = np.column_stack([np.ones(160), arm])[kept]
    return Data(x, y.round(3)[kept], (term("1 | site", site[kept]), term("1 | p", p[kept])))


def derivatives(terms: tuple[RandomTerm, ...]) -> F:
    """Return (k, n, n), dV / d theta in the order of a fit's theta."""
    out = []
    n = len(terms[0].group)
    for one in terms:
        same = (one.group[:, None] == one.group[None, :]).astype(float)
        for a in range(one.z.shape[1]):
            for b in range(a + 1):
                if a == b or one.correlated:
                    both = np.outer(one.z[:, a], one.z[:, b])
                    out.append(same * (both if a == b else both + both.T))
    return np.array([*out, np.eye(n)])


def criterion(data: Data, v: F) -> float:
    """Return -2 res log L by its definition (Harville 1977), V as a whole."""
    n, p = data.x.shape
    information = data.x.T @ np.linalg.solve(v, data.x)
    beta = np.linalg.solve(information, data.x.T @ np.linalg.solve(v, data.y))
    left = data.y - data.x @ beta
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float((n - p) * np.log(2.0 * np.pi) + logs + left @ np.linalg.solve(v, left))


@dataclass(frozen=True)
class Judged:
    """What a fit must say, from whole matrices at its theta."""

    beta: F
    phi: F
    first: F
    second: F
    gradient: F  # of -2 res log L
    observed: F  # its Hessian, halved
    expected: F


def judged(data: Data, theta: F) -> Judged:
    """Return the quantities of Kenward and Roger (1997), section 3, from whole matrices."""
    x, y, parts = data.x, data.y, derivatives(data.terms)
    inverse = np.linalg.inv(np.einsum("k,kij->ij", theta, parts))
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = inverse - inverse @ x @ phi @ x.T @ inverse
    moved = [p @ one for one in parts]
    py = p @ y
    expected = np.array([[np.sum(a * b.T) / 2.0 for b in moved] for a in moved])
    around = np.array([[py @ a @ p @ b @ py for b in parts] for a in parts])
    ix = inverse @ x
    return Judged(
        beta=phi @ ix.T @ y,
        phi=phi,
        first=np.array([-ix.T @ one @ ix for one in parts]),
        second=np.array([[ix.T @ a @ inverse @ b @ ix for b in parts] for a in parts]),
        gradient=np.array([np.trace(m) - py @ v @ py for m, v in zip(moved, parts, strict=True)]),
        observed=around - expected,
        expected=expected,
    )


def as_expected(data: Data, fit: Fit) -> Fit:
    """Return the fit with W the inverse expected information, as pbkrtest takes it."""
    return replace(fit, theta_covariance=np.linalg.inv(judged(data, fit.theta).expected))
