"""Rows laid out as people by visits, with what the linear algebra of one visit pattern shares.

A visit that a person lacks has a zero row in the design and the identity in the covariance, so
its weight is nothing, its log determinant nought, and people who were seen at different visits
pass through the same arrays. People seen at the same visits share one inverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.mixed.fitted import F, I
from assuage.refusals import Refusal, Refused

INDEPENDENT = 1e-9  # of the largest: below this a column of the design says nothing of its own


@dataclass(frozen=True)
class Layout:
    """n rows of N people at m visits, people of one pattern next to each other.

    x (N, m, p)       the design in an orthonormal basis, zero where nobody was seen
    basis (p, p)      upper triangular; x @ basis is the design as it was given
    person, visit (n,)  where each row as it was given stands
    present (N, m)    who was seen when
    patterns (G, m)   the different rows of `present`; `which` (N,) is a person's one, `begin`
                      (G,) its first person
    """

    x: F
    basis: F
    person: I
    visit: I
    present: NDArray[np.bool_]
    patterns: NDArray[np.bool_]
    which: I
    begin: I

    @property
    def rows(self) -> int:
        """How many rows were seen."""
        return len(self.person)

    def spread(self, y: F) -> F:
        """Return the rows' values as (N, m), zero where nobody was seen."""
        laid = np.zeros(self.present.shape)
        laid[self.person, self.visit] = y
        return laid

    def by_pattern(self, each: F) -> F:
        """Return the sums of (N, ...) over the people of a pattern, (G, ...)."""
        return np.asarray(np.add.reduceat(each, self.begin, axis=0))

    def both(self) -> I:
        """Return how many people were seen at both of two visits, (m, m)."""
        seen = self.present.astype(np.int64)
        return seen.T @ seen


def lay_out(x: F, subject: I, visit: I, visits: int) -> Layout:
    """Return the rows (n, p) of people at visits, laid out.

    Raises Refused: DESIGN_SINGULAR when columns of x depend on each other.
    """
    orthonormal, basis = _orthonormal(x)
    people, index = np.unique(subject, return_inverse=True)
    present = np.zeros((len(people), visits), dtype=np.bool_)
    present[index, visit] = True
    patterns, which = np.unique(present, axis=0, return_inverse=True)
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    person = place[index]
    laid = np.zeros((len(people), visits, x.shape[1]))
    laid[person, visit] = orthonormal
    sorted_which = which[order]
    begin = np.searchsorted(sorted_which, np.arange(len(patterns)))
    return Layout(laid, basis, person, visit, present[order], patterns, sorted_which, begin)


def _orthonormal(x: F) -> tuple[F, F]:
    """Return an orthonormal basis (n, p) of the columns of x and the triangle that leads back."""
    scale = np.sqrt(np.einsum("np,np->p", x, x))
    if not scale.all():
        raise Refused(Refusal.DESIGN_SINGULAR, why="a column of the design is zero throughout")
    q, r = np.linalg.qr(x / scale)
    size = np.abs(np.diagonal(r))
    if not size.min() > INDEPENDENT * size.max():
        column = int(size.argmin()) + 1
        why = f"column {column} of the design follows from those before it"
        raise Refused(Refusal.DESIGN_SINGULAR, why=why)
    return q, r * scale
