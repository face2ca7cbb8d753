"""Several hypotheses, one error rate: graphical procedures of weighted Bonferroni tests.

Each hypothesis holds a share of alpha. Once one is rejected, its share passes on along its
arrows, and the graph is redrawn without it. Holm's procedure, the fixed sequence and the fallback
procedure are graphs too.

Source: Bretz, Maurer, Brannath and Posch, Stat Med 2009;28:586-604, algorithms 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]

# Shares are sums and products of decimal fractions, so a p value that equals its level on paper
# may lie this far above it.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Graph:
    """Hypotheses with their shares of alpha, (m,), and what each passes on to whom, (m, m).

    Shares and each row of `transitions` lie in 0 to 1 and add to 1 at most; nothing is passed to
    itself. Raises Refused: DATA_INVALID.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        m = len(self.names)
        if m == 0 or len(set(self.names)) != m:
            raise _wrong("it has no hypotheses, or two of one name")
        if len(self.weights) != m or [len(row) for row in self.transitions] != [m] * m:
            raise _wrong(f"{m} hypotheses need {m} weights and {m} rows of {m} transitions")
        rows = [("the weights", self.weights)]
        rows += [
            (f"the row of {name}", row)
            for name, row in zip(self.names, self.transitions, strict=True)
        ]
        for name, row in rows:
            if not all(0.0 <= one <= 1.0 for one in row):
                raise _wrong(f"{name} lie outside 0 to 1 or are not numbers")
            if not sum(row) <= 1.0 + ROUNDING:
                raise _wrong(f"{name} add to {sum(row):.6g}, more than 1")
        for number, name in enumerate(self.names):
            if self.transitions[number][number] != 0.0:
                raise _wrong(f"{name} passes something on to itself")


@dataclass(frozen=True)
class Step:
    """A rejection: of which hypothesis, at which level, and the shares and arrows it left."""

    rejected: str
    p: float
    level: float
    weights: tuple[tuple[str, float], ...]
    transitions: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Decision:
    """What was rejected at `alpha`, in the graph's order, with adjusted p values and the steps.

    An adjusted p value is the least alpha at which the hypothesis would be rejected, 1 at most.
    """

    alpha: float
    names: tuple[str, ...]
    rejected: tuple[bool, ...]
    adjusted: tuple[float, ...]
    steps: tuple[Step, ...]


def decide(graph: Graph, p_values: Sequence[float], alpha: float) -> Decision:
    """Test the hypotheses of a graph. Raises Refused: DATA_INVALID, VALUE_NOT_ALLOWED."""
    if not 0.0 < alpha < 1.0:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=alpha, what="alpha", choices="numbers between 0 and 1"
        )
    p = np.array(p_values, float)
    m = len(graph.names)
    if p.shape != (m,) or not bool(((p >= 0.0) & (p <= 1.0)).all()):
        raise _wrong(f"it needs {m} p values from 0 to 1")
    weights, passes = np.array(graph.weights, float), np.array(graph.transitions, float)
    left = np.ones(m, bool)
    adjusted = np.ones(m)
    steps: list[Step] = []
    so_far = 0.0
    while bool((left & (weights > 0.0)).any()):
        ratio = np.full(m, np.inf)
        open_ = left & (weights > 0.0)
        ratio[open_] = p[open_] / weights[open_]
        chosen = int(ratio.argmin())
        so_far = max(so_far, float(ratio[chosen]))
        adjusted[chosen] = min(1.0, so_far)
        level = alpha * float(weights[chosen])
        left[chosen] = False
        weights, passes = _without(chosen, weights, passes)
        if so_far <= alpha * (1.0 + ROUNDING):
            steps.append(_step(graph.names, chosen, float(p[chosen]), level, weights, passes))
    rejected = {one.rejected for one in steps}
    return Decision(
        alpha,
        graph.names,
        tuple(name in rejected for name in graph.names),
        tuple(map(float, adjusted)),
        tuple(steps),
    )


def holm(names: Sequence[str]) -> Graph:
    """Return Holm's procedure: equal shares, each passed on evenly."""
    m = len(names)
    each = 1.0 / (m - 1) if m > 1 else 0.0
    rows = [[0.0 if k == j else each for k in range(m)] for j in range(m)]
    return Graph(tuple(names), tuple([1.0 / m] * m), tuple(map(tuple, rows)))


def fixed_sequence(names: Sequence[str]) -> Graph:
    """Return the procedure that tests each at the whole alpha while all before are rejected."""
    return fallback(names, [1.0, *[0.0] * (len(names) - 1)])


def fallback(names: Sequence[str], weights: Sequence[float]) -> Graph:
    """Return the procedure in which each passes its share on to the next.

    Source: Wiens, Pharm Stat 2003;2:211-215.
    """
    m = len(names)
    rows = [[1.0 if k == j + 1 else 0.0 for k in range(m)] for j in range(m)]
    return Graph(tuple(names), tuple(weights), tuple(map(tuple, rows)))


def _without(gone: int, weights: F, passes: F) -> tuple[F, F]:
    """Return the shares and arrows after a hypothesis has been taken out."""
    new_weights = weights + weights[gone] * passes[gone]
    new_weights[gone] = 0.0
    to, out = passes[:, gone], passes[gone]
    back = to * out  # what comes back to each through the one taken out
    room = 1.0 - back
    through = passes + to[:, None] * out
    shut = room <= ROUNDING  # all comes back: nothing is left to pass on
    new = np.where(shut[:, None], 0.0, through / np.where(shut, 1.0, room)[:, None])
    np.fill_diagonal(new, 0.0)
    new[gone], new[:, gone] = 0.0, 0.0
    return new_weights, new


def _step(
    names: tuple[str, ...], chosen: int, p: float, level: float, weights: F, passes: F
) -> Step:
    shares = tuple((names[k], float(weights[k])) for k in range(len(names)) if weights[k] > 0.0)
    arrows = tuple(
        (names[j], names[k], float(passes[j, k])) for j, k in zip(*np.nonzero(passes), strict=True)
    )
    return Step(names[chosen], p, level, shares, arrows)


def _wrong(why: str) -> Refused:
    remedy = "correct the graph or its p values"
    return Refused(Refusal.DATA_INVALID, where="the multiplicity graph", why=why, remedy=remedy)
