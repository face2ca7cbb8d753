"""Mixed models for repeated measures: one covariance matrix of visits for every person, by REML.

    plan = prepare(x, subject, visit, covariance)   # checks; once per design
    fit = plan.fit(y)                               # often, as virtual trials do
    fit = repeated.fit(x, y, subject, visit, covariance)

x (n, p) holds observed rows only; subject and visit (n,) say whose and when, visit from 0. An
outcome that isn't there has no row, which is right when it is missing at random. Where the data
can't tell the asked structure nothing else is fitted in its stead: the call is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed import climb, criterion
from assuage.evidence.mixed.climb import Climb
from assuage.evidence.mixed.covariance import Structure, structure
from assuage.evidence.mixed.criterion import Point
from assuage.evidence.mixed.fitted import F, Fit, I
from assuage.evidence.mixed.patterns import Layout, lay_out
from assuage.refusals import Refusal, Refused

SIMPLER = "choose a covariance with fewer parameters, or leave the visit out"
NOTICED = 0.1  # share of a visit or parameter in a direction, above which it is named
EXACT = 1e-10  # residual standard deviation over that of y, below which nothing is left over
NAMED = 6  # visits, or pairs of them, in one sentence


@dataclass(frozen=True)
class Plan:
    """A design and a covariance structure, checked against each other; any y can be fitted."""

    layout: Layout
    structure: Structure
    covariance: str
    names: tuple[str, ...]

    def fit(self, y: F) -> Fit:
        """Return the fit of y (n,).

        Raises Refused: FIT_IMPOSSIBLE when y leaves a parameter open, FIT_NOT_CONVERGED.
        """
        if y.shape != self.layout.person.shape:
            raise ValueError(f"{len(self.layout.person)} rows need as many values, not {y.shape}")
        if not np.isfinite(y).all():
            raise _impossible(self.covariance, "an outcome isn't a number", "correct its row")
        rough, left = _least_squares(self.layout, self.layout.spread(y))
        moments, unit = _moments(self.layout, left)
        if not unit > EXACT * np.sqrt(np.mean(y**2)):
            why = "the effects alone reproduce every outcome, so nothing varies"
            raise _impossible(self.covariance, why, "check that the outcome isn't in the model")
        still = np.sqrt(np.diagonal(moments)) <= EXACT * unit
        if self.structure.heterogeneous and still.any():
            those = _listed(self.names[n] for n in np.flatnonzero(still))
            why = f"the effects alone reproduce every outcome at {those}"
            raise _impossible(self.covariance, why, SIMPLER)
        start = self.structure.start(moments / unit**2)
        found = climb.least(self.layout, left / unit, self.structure, start)
        if found.inverse is None:
            raise self._refused(found)
        return self._fitted(rough, left, unit, found, found.inverse)

    def _refused(self, found: Climb) -> Refused:
        weak = np.zeros(1) if found.weak is None else found.weak
        most = np.flatnonzero(weak > NOTICED)
        if found.outcome == "singular":
            those = _listed(self.names[n] for n in most)
            why = (
                f"its likelihood has no optimum short of the outcomes at {those} following from "
                "each other, as when too few people were seen at all of these visits"
            )
            return _impossible(self.covariance, why, SIMPLER)
        if found.outcome == "flat":
            labels = self.structure.names(self.names)
            those = _listed(labels[n] for n in most)
            return _impossible(self.covariance, f"the data leave open: {those}", SIMPLER)
        why = (
            f"a slope of {found.slope:.1e} standard errors was left after {found.iterations} steps"
        )
        return Refused(Refusal.FIT_NOT_CONVERGED, why=why, remedy=SIMPLER)

    def _fitted(self, rough: F, left: F, unit: float, found: Climb, freed: F) -> Fit:
        free = self.structure.scaled(found.free, unit)
        covariance = self.structure.covariance(free)
        point = criterion.at(self.layout, left, covariance)
        if point is None:
            raise ArithmeticError("a matrix was definite only until it was scaled")
        slopes = criterion.slopes(self.layout, point)
        theta, first, second = self.structure.theta(free)
        moved = self.structure.moved(found.free, unit)
        inverse = moved @ freed @ moved.T
        back = np.linalg.inv(self.layout.basis)
        half = back @ point.root
        turn = np.asarray(np.linalg.solve(point.root, self.layout.basis))
        rank = len(turn)
        outer = slopes.outer.reshape(-1, rank, rank)
        return Fit(
            estimate=back @ (rough + point.effects),
            covariance=half @ half.T,
            theta=theta,
            theta_names=self.structure.names(self.names),
            theta_covariance=inverse,
            first=-_turned(first, outer, turn),
            second=None,
            curvature=None if second is None else _turned(second, outer, turn),
            reml_criterion=point.value,
            rows=self.layout.rows,
            people=len(self.layout.present),
            rank=rank,
            variance={"visits": covariance},
            iterations=found.iterations,
            slope=found.slope,
            spread=_spread(self.layout, point, first.T @ inverse @ first, turn),
        )


def prepare(
    x: F,
    subject: I,
    visit: I,
    covariance: str,
    *,
    visits: int | None = None,
    names: tuple[str, ...] | None = None,
) -> Plan:
    """Return a plan for the rows x (n, p) of `subject` (n,) at `visit` (n,), 0 to visits - 1.

    `names` (visits,) are used in refusals and for the parameters; by default "1", "2", ...
    Raises Refused: VALUE_NOT_ALLOWED, DESIGN_SINGULAR, FIT_IMPOSSIBLE.
    """
    number = int(visit.max()) + 1 if visits is None else visits
    labels = tuple(str(n + 1) for n in range(number)) if names is None else names
    if not np.isfinite(x).all():
        raise _impossible(covariance, "the design holds what isn't a number", "correct its rows")
    if number < 2:
        why = "there is one visit, so nothing is repeated"
        raise _impossible(covariance, why, "fit an ordinary linear model")
    chosen = structure(covariance, number)
    _check_rows(covariance, subject, visit, labels)
    layout = lay_out(x, subject, visit, number)
    _check_pairs(covariance, layout, chosen, labels)
    _check_amount(covariance, layout, chosen, labels)
    return Plan(layout, chosen, covariance, labels)


def fit(
    x: F,
    y: F,
    subject: I,
    visit: I,
    covariance: str,
    *,
    visits: int | None = None,
    names: tuple[str, ...] | None = None,
) -> Fit:
    """Return the fit of y (n,); see `prepare` and `Plan.fit` for shapes and refusals."""
    return prepare(x, subject, visit, covariance, visits=visits, names=names).fit(y)


def _impossible(covariance: str, why: str, remedy: str) -> Refused:
    model = f"repeated measures with {covariance} covariance"
    return Refused(Refusal.FIT_IMPOSSIBLE, model=model, why=why, remedy=remedy)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _check_rows(covariance: str, subject: I, visit: I, names: tuple[str, ...]) -> None:
    """Refuse visits that nobody has, and two rows of one person at one visit."""
    if not (visit.min() >= 0 and visit.max() < len(names)):
        raise ValueError(f"visits run from 0 to {len(names) - 1}")
    seen = np.bincount(visit, minlength=len(names))
    if not seen.all():
        bare = _listed(names[n] for n in np.flatnonzero(seen == 0))
        raise _impossible(covariance, f"nobody was seen at {bare}", "leave that visit out")
    _, first, times = np.unique(
        np.stack([subject, visit]), axis=1, return_index=True, return_counts=True
    )
    if (times > 1).any():
        at = names[int(visit[first[times > 1][0]])]
        why = f"someone has two rows at {at}"
        raise _impossible(covariance, why, "keep one row per person and visit")


def _check_pairs(
    covariance: str, layout: Layout, chosen: Structure, names: tuple[str, ...]
) -> None:
    """Refuse correlations that nobody can tell."""
    both = layout.both()
    if not (both - np.diag(np.diagonal(both))).any():
        why = "nobody was seen at two visits"
        raise _impossible(covariance, why, "fit an ordinary linear model")
    untold = chosen.untold(both)
    if untold:
        pairs = _listed(f"{names[a]} and {names[b]}" for a, b in untold)
        raise _impossible(covariance, f"nobody was seen both at {pairs}", SIMPLER)


def _check_amount(
    covariance: str, layout: Layout, chosen: Structure, names: tuple[str, ...]
) -> None:
    """Refuse more parameters than rows, and visits whose rows the effects use up."""
    rank = layout.x.shape[2]
    if not layout.rows >= rank + chosen.count:
        why = (
            f"{layout.rows} rows can't tell {rank} effects and {chosen.count} covariance parameters"
        )
        raise _impossible(covariance, why, SIMPLER)
    if not chosen.heterogeneous:
        return
    seen = layout.present.sum(axis=0)
    bare = []
    for visit in np.flatnonzero(seen <= rank):
        rows = layout.x[layout.present[:, visit], visit]
        alone = int((np.linalg.eigvalsh(rows @ rows.T) > 1.0 - 1e-9).sum())
        if seen[visit] <= alone:
            bare.append(names[visit])
    if bare:
        why = f"too few people were seen at {_listed(bare)} to tell a variance there"
        raise _impossible(covariance, why, SIMPLER)


def _least_squares(layout: Layout, laid: F) -> tuple[F, F]:
    """Return effects (p,) and residuals (N, m) of outcomes (N, m).

    The residuals are fitted in place of the outcomes: V is the same, and outcomes far from nought
    lose no digits. Taken twice, they hold none of the rounding of the first time.
    """
    flat = layout.x.reshape(-1, layout.x.shape[2])
    left = laid.reshape(-1)
    rough = np.zeros(flat.shape[1])
    for _ in range(2):
        step = flat.T @ left
        rough, left = rough + step, left - flat @ step
    return rough, left.reshape(laid.shape) * layout.present


def _moments(layout: Layout, left: F) -> tuple[F, float]:
    """Return a rough covariance (m, m) of residuals (N, m), and their common sd."""
    rows, rank = layout.rows, layout.x.shape[2]
    moments = left.T @ left / np.maximum(layout.both(), 1) * (rows / (rows - rank))
    return moments, float(np.sqrt(np.vdot(left, left) / (rows - rank)))


def _turned(first: F, outer: F, turn: F) -> F:
    """Return X' V^-1 V_i V^-1 X for matrices V_i (..., m^2): (..., p, p)."""
    return np.asarray(turn.T @ np.tensordot(first, outer, 1) @ turn)


def _spread(layout: Layout, point: Point, pairs: F, turn: F) -> F:
    """Return the weighed sum of X' V^-1 V_i V^-1 V_j V^-1 X.

    pairs (m^2, m^2)  sum_ij W_ij V_i[a, b] V_j[c, d] in row ab, column cd
    """
    visits = layout.present.shape[1]
    inner = pairs.reshape(visits, visits, visits, visits).transpose(1, 2, 0, 3)
    square = visits * visits
    between = point.inverse.reshape(-1, square) @ inner.reshape(square, square)
    middle = between.reshape(-1, visits, visits)[layout.which]
    flat = point.weighed.reshape(-1, len(turn))
    total = flat.T @ (middle @ point.weighed).reshape(-1, len(turn))
    return np.asarray(turn.T @ ((total + total.T) / 2.0) @ turn)
