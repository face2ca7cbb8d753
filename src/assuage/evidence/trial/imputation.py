"""Longitudinal outcomes with values missing after intercurrent events, imputed by what they mean.

The model is a multivariate normal: each visit has its own coefficients of the arm and of the
covariates, and one covariance of the visits serves all arms. A missing value is drawn given all
that the person showed, from a distribution whose mean is, from the first visit after the event on,

    missing at random               the own arm's
    jump to reference               the reference's
    copy reference                  the reference's, before the event too
    copy increments in reference    the own arm's at the last visit before the event, plus what the
                                    reference changes by from there on

Values missing before the event or without one are missing at random. Values seen after an event
that has a reference-based assumption don't inform the model, which describes people without the
event; they stay in the analysis and inform the person's other values. A person whose event comes
before every visit has nothing to copy increments from but the baseline, so all is the reference's.

The analysis is an analysis of covariance at one visit. `multiple` draws from the posterior
and pools by Rubin's rules; `conditional_mean` imputes means at the REML fit, once, and takes its
standard error from a jackknife over people, so that nothing in it is random.

Source: Carpenter, Roger and Kenward, J Biopharm Stat 2013;23:1352-1371; Wolbers, Noci, Delmar,
Gower-Page, Yiu and Bartlett, Pharm Stat 2022;21:1246-1257 (conditional mean, jackknife).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.trial.estimands import Assumption
from assuage.evidence.trial.normal import Normal, check, fit, left_out, patterns
from assuage.evidence.trial.pooling import Degrees, Pooled, judged, pool
from assuage.evidence.trial.posterior import draw, generator, prepare
from assuage.evidence.trial.refused import undefined
from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]
I = NDArray[np.int64]  # noqa: E741
B = NDArray[np.bool_]

AT_ONCE = 500  # draws
MOST_DRAWS = 100_000
METHODS: tuple[Assumption, ...] = get_args(Assumption)


@dataclass(frozen=True)
class Outcomes:
    """A trial's outcomes by person and visit.

    `y` (n, m) is NaN where nothing was seen; `covariates` (n, q) have no gaps; `arm` (n,) indexes
    `arms`, `reference` one of them; `method` has each person's assumption, which holds from visit
    `first` (n,) on, m where it never does. `strategies.Applied` has the last two.
    """

    y: F
    covariates: F
    arm: I
    arms: tuple[str, ...]
    reference: int
    method: tuple[Assumption, ...]
    first: I


@dataclass(frozen=True)
class Compared:
    """Arms at one visit: each arm's mean at the mean covariates, and each less the reference."""

    visit: int
    differences: tuple[Pooled, ...]
    means: tuple[Pooled, ...]


def multiple(
    outcomes: Outcomes,
    draws: int,
    seed: int,
    *,
    visit: int = -1,
    degrees: Degrees = "barnard-rubin",
    prior_df: float = 0.0,
    level: float = 0.95,
) -> Compared:
    """Impute `draws` times from the posterior, analyse each, and pool by Rubin's rules.

    `prior_df` 0 is Jeffreys' prior for the covariance; the number of visits gives the standard
    errors that SAS's macros print for the antidepressant data (see `posterior`).

    Raises Refused: DATA_INVALID, VALUE_NOT_ALLOWED, NOT_ESTIMABLE, FIT_NOT_CONVERGED.
    """
    completed = impute(outcomes, draws, seed, visit=visit, prior_df=prior_df)
    x = design(outcomes)
    rows = _rows(outcomes, x)
    estimates, variances = ancova(completed, x, rows)
    left = len(x) - x.shape[1]
    names = _names(outcomes)
    found = [
        pool(name, estimates[:, k], variances[:, k], left, degrees=degrees, level=level)
        for k, name in enumerate(names)
    ]
    many = len(outcomes.arms)
    return Compared(visit % outcomes.y.shape[1], tuple(found[many:]), tuple(found[:many]))


def conditional_mean(outcomes: Outcomes, *, visit: int = -1, level: float = 0.95) -> Compared:
    """Impute conditional means at the REML fit; standard errors by jackknife, normal test.

    Raises Refused: DATA_INVALID, NOT_ESTIMABLE, FIT_NOT_CONVERGED.
    """
    known = _known(outcomes)
    _asked(outcomes, 1, 0, visit, 0, 0.0)
    x = design(outcomes)
    check(known, x)
    rows = _rows(outcomes, x)
    n = len(x)
    weights = np.vstack([np.ones((1, n)), left_out(x, known)])
    estimates = np.empty((n + 1, len(rows)))
    for start in range(0, n + 1, AT_ONCE):
        part = weights[start : start + AT_ONCE]
        completed = _completed(outcomes, visit, fit(known, x, part), None)
        estimates[start : start + AT_ONCE], _ = ancova(completed, x, rows, part)
    whole, folds = estimates[0], estimates[1:]
    variance = (n - 1.0) / n * ((folds - folds.mean(0)) ** 2).sum(0)
    nothing = (np.nan, np.nan, 0, 0.0)
    found = []
    for k, name in enumerate(_names(outcomes)):
        if not variance[k] > 0.0:
            raise undefined(name, "it doesn't vary", "look for an outcome that is the same in all")
        found.append(judged(name, float(whole[k]), float(variance[k]), np.inf, level, nothing))
    many = len(outcomes.arms)
    return Compared(visit % outcomes.y.shape[1], tuple(found[many:]), tuple(found[:many]))


def impute(
    outcomes: Outcomes,
    draws: int,
    seed: int,
    *,
    visit: int = -1,
    first: int = 0,
    prior_df: float = 0.0,
) -> F:
    """Return the values at a visit, seen or imputed, (draws, n), of draws `first` and after.

    A draw's numbers depend on the seed and its own number alone. Raises as `multiple` does.
    """
    known = _known(outcomes)
    _asked(outcomes, draws, seed, visit, first, prior_df)
    x = design(outcomes)
    check(known, x)
    posterior = prepare(known, x, prior_df)
    holes = int(np.isnan(outcomes.y[:, visit]).sum())
    found = np.empty((draws, len(x)))
    for start in range(0, draws, AT_ONCE):
        numbers = range(first + start, first + min(start + AT_ONCE, draws))
        generators = [generator(seed, one) for one in numbers]
        drawn = draw(posterior, generators)
        noise = np.array([one.standard_normal(holes) for one in generators])
        found[start : start + len(generators)] = _completed(outcomes, visit, drawn, noise)
    return found


def _asked(
    outcomes: Outcomes, draws: int, seed: int, visit: int, first: int, prior_df: float
) -> None:
    m = outcomes.y.shape[1]
    allowed = (
        ("number of draws", draws, 1, MOST_DRAWS),
        ("first draw", first, 0, 2**63),
        ("seed", seed, 0, 2**64 - 1),
        ("visit", visit, -m, m - 1),
    )
    for what, value, low, high in allowed:
        if not (isinstance(value, int) and low <= value <= high):
            choices = f"whole numbers from {low} to {high}"
            raise Refused(Refusal.VALUE_NOT_ALLOWED, text=value, what=what, choices=choices)
    if not 0.0 <= prior_df < np.inf:
        choices = "numbers from 0"
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=prior_df, what="prior df", choices=choices)


def design(outcomes: Outcomes) -> F:
    """Return the columns 1, each arm but the reference, and the covariates: (n, p)."""
    arms = [k for k in range(len(outcomes.arms)) if k != outcomes.reference]
    dummies = [(outcomes.arm == k).astype(float) for k in arms]
    return np.column_stack([np.ones(len(outcomes.arm)), *dummies, outcomes.covariates])


def ancova(y: F, x: F, rows: F, weights: F | None = None) -> tuple[F, F]:
    """Return estimates and variances, (d, k), of `rows` (k, p) of coefficients of y on x.

    y is (d, n), x (n, p); `weights` (d, n) are 0 or 1. Raises Refused: NOT_ESTIMABLE.
    """
    if weights is None:
        inverse = np.linalg.inv(x.T @ x)[None]
        people = np.full(len(y), float(len(x)))
        weighted = y
    else:
        inverse = np.linalg.inv(np.einsum("dn,np,nq->dpq", weights, x, x, optimize=True))
        people = weights.sum(1)
        weighted = weights * y
    right = np.einsum("dn,np->dp", weighted, x)
    coefficients = np.squeeze(inverse @ right[:, :, None], axis=2)
    residual = y - np.einsum("dp,np->dn", coefficients, x)
    squares = np.einsum("dn,dn->d", residual**2, np.ones_like(y) if weights is None else weights)
    left = people - x.shape[1]
    if not bool((left > 0.0).all()):
        raise undefined("the comparison", "too few people", "join small arms or drop covariates")
    spread = np.einsum("kp,dpq,kq->dk", rows, inverse, rows)
    return coefficients @ rows.T, spread * (squares / left)[:, None]


def _rows(outcomes: Outcomes, x: F) -> F:
    """Return what gives the arms' means and differences from the coefficients."""
    arms = [k for k in range(len(outcomes.arms)) if k != outcomes.reference]
    means = np.zeros((len(outcomes.arms), x.shape[1]))
    means[:, 0] = 1.0
    means[:, len(arms) + 1 :] = x[:, len(arms) + 1 :].mean(0)
    for column, k in enumerate(arms):
        means[k, 1 + column] = 1.0
    return np.vstack([means, means[arms] - means[outcomes.reference]])


def _names(outcomes: Outcomes) -> list[str]:
    control = outcomes.arms[outcomes.reference]
    others = [f"{one} - {control}" for one in outcomes.arms if one != control]
    return [*outcomes.arms, *others]


def _known(outcomes: Outcomes) -> F:
    """Return the values that the model may learn from, after checking all that was given."""
    one = outcomes
    n = len(one.y)
    wrong = None
    if one.y.ndim != 2 or one.covariates.ndim != 2 or len(one.covariates) != n:
        wrong = "values and covariates differ in their people"
    elif not (len(one.arm) == len(one.method) == len(one.first) == n):
        wrong = "arms, assumptions and values differ in their people"
    elif len(set(one.arms)) != len(one.arms) or not 0 <= one.reference < len(one.arms):
        wrong = "an arm is named twice, or the reference is none of them"
    elif set(one.arm.tolist()) != set(range(len(one.arms))):
        wrong = "an arm has nobody, or somebody has no arm"
    elif not set(one.method) <= set(METHODS):
        wrong = f"an assumption is none of {', '.join(METHODS)}"
    elif not bool(((one.first >= 0) & (one.first <= one.y.shape[1])).all()):
        wrong = "an event comes before the first visit or after the end"
    if wrong:
        remedy = "correct the data that the imputation is given"
        raise Refused(Refusal.DATA_INVALID, where="outcomes", why=wrong, remedy=remedy)
    based = np.array([each != "missing-at-random" for each in one.method])
    after = np.arange(one.y.shape[1]) >= one.first[:, None]
    return np.where(based[:, None] & after, np.nan, one.y)


def _completed(outcomes: Outcomes, visit: int, normal: Normal, noise: F | None) -> F:
    """Return the values at a visit with means, and noise of (d, holes), where none was seen."""
    y = outcomes.y
    visit %= y.shape[1]
    found = np.repeat(y[None, :, visit], len(normal.coefficients), axis=0)
    used = 0
    for people, seen in _lacking(y, visit):
        mean = _means(outcomes, people, normal, visit)
        new = mean[:, :, visit]
        variance = normal.covariance[:, visit, visit]
        if len(seen):
            across = normal.covariance[:, visit, seen]
            here = normal.covariance[:, seen[:, None], seen]
            onto = np.linalg.solve(here, across[:, :, None])
            rest = y[people[:, None], seen] - mean[:, :, seen]
            new = new + np.squeeze(rest @ onto, axis=2)
            variance = variance - np.squeeze(across[:, None] @ onto, axis=(1, 2))
        if noise is not None:
            part = noise[:, used : used + len(people)]
            used += len(people)
            new = new + np.sqrt(variance)[:, None] * part
        found[:, people] = new
    return found


def _lacking(y: F, visit: int) -> Iterator[tuple[I, I]]:
    """Yield people with no value at a visit, with the visits that they do have, by pattern."""
    seen = ~np.isnan(y)
    for kind, people in patterns(seen):
        if not kind[visit]:
            yield people, np.flatnonzero(kind)


def _means(outcomes: Outcomes, people: I, normal: Normal, visit: int) -> F:
    """Return the means, (d, k, m), that the assumptions give some people who miss a visit."""
    x = design(outcomes)[people]
    m = outcomes.y.shape[1]
    as_reference = x.copy()
    as_reference[:, 1 : len(outcomes.arms)] = 0.0
    own, reference = x @ normal.coefficients, as_reference @ normal.coefficients
    method = np.array(outcomes.method)[people]
    first = outcomes.first[people]
    after = np.arange(m) >= first[:, None]
    takes = after & (method != "missing-at-random")[:, None]
    # A visit missed before the event is missing at random, so the copy begins with the event.
    takes |= ((method == "copy-reference") & (first <= visit))[:, None]
    mean = np.where(takes, reference, own)
    copies = np.flatnonzero((method == "copy-increments-in-reference") & (first > 0) & (first < m))
    gained = (own - reference)[:, copies, first[copies] - 1]
    mean[:, copies] += after[copies] * gained[:, :, None]
    return mean
