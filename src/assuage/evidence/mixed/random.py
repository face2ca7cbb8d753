"""Linear mixed models with random effects, by REML: y = X b + sum_t Z_t u_t + e.

Each term has one covariance matrix, shared by the levels of its grouping, and the residuals one
variance. Terms may be nested, crossed or share a grouping. V is linear in the variance
parameters, which are the entries of those matrices and the residual variance, so a fit has no
curvature (Kenward and Roger 1997, Biometrics 53:983). Where a term's columns are nearly alike,
such as 1 and a calendar year, `theta` holds the entries for orthogonal combinations of them, as
its names say: tests are the same, and rounding doesn't spoil them. `variance` keeps the columns.

At the edge of what a covariance matrix may be, a variance of zero or a correlation of 1, the
information is that of the model with this rank: a variance estimated as zero doesn't move, and
degrees of freedom are those of the model without it. lmerTest's Satterthwaite comes to the same,
since its derivatives vanish there; pbkrtest keeps the variance among its parameters and finds
fewer degrees of freedom. `notes` says so each time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed.fitted import F, Fit, I
from assuage.evidence.mixed.random_edge import refined, start
from assuage.evidence.mixed.random_products import Grouping, products, slopes, state
from assuage.evidence.mixed.random_search import Block, Found, Task, search
from assuage.refusals import Refusal, Refused

NEAR_ENOUGH = 1e-5  # standard errors away from the optimum
DEPENDENT = 1e-9  # an eigenvalue of a correlation matrix that counts as zero
EXACT = 1e-10  # residuals this small beside the outcome are rounding
ALIKE = 1e-8  # what is left of a column of size 1 beside others that make up all of it
MOST_ALIKE = 20.0  # condition of a term's columns: its fourth power times 1e-16 is lost
MOST_REST = 4000  # random effects outside the largest grouping: they make a dense matrix
MOST_CELLS = 60_000_000  # of the matrix between those and the largest grouping's


@dataclass(frozen=True)
class RandomTerm:
    """Columns that vary by a grouping, as in `1 + session | id`.

    `correlated` estimates the whole covariance matrix of the q columns, otherwise its diagonal.
    """

    name: str  # names the term in the answer
    z: F  # (n, q)
    columns: tuple[str, ...]  # q names
    group: I  # (n,), any integers, one for each level
    correlated: bool = True


@dataclass(frozen=True)
class _Scaled:
    """The problem with an orthonormal X, an outcome of variance 1 and columns of size 1.

    The columns of a correlated term are made orthogonal too, so that a shift of time does nothing.
    """

    task: Task
    turn: F  # (p, p) upper triangle R of X = Q R
    base: F  # (p,) ordinary least squares estimate
    unit: float  # standard deviation of its residuals
    raw_turn: F  # (k, k) gives the data's variance parameters from the scaled ones
    theta_turn: F  # (k, k) gives those in which inference is done
    names: tuple[str, ...]


def fit(x: F, y: F, terms: tuple[RandomTerm, ...]) -> Fit:
    """Return the REML fit.

    x (n, p), y (n,), each term n rows; only observed rows. `people` of the answer counts the
    levels of the largest grouping. Raises Refused: DATA_INVALID for numbers that aren't finite,
    DESIGN_SINGULAR when the rows can't tell the parameters apart, FIT_IMPOSSIBLE when no variance
    is left or there are too many random effects, FIT_NOT_CONVERGED.
    """
    _check(x, y, terms)
    scaled = _scale(x, y, terms)
    _check_apart(scaled)
    first = search(scaled.task, start(scaled.task))
    found = None if first is None else refined(scaled.task, first)
    if found is None or not found.slope <= NEAR_ENOUGH:
        raise _not_converged(first)
    return _fit(scaled, found, terms)


def _check(x: F, y: F, terms: tuple[RandomTerm, ...]) -> None:
    """Refuse numbers that aren't finite and groupings that can't have a variance."""
    for name, values in [("the outcome", y), ("the fixed effects", x)] + [
        (one.name, one.z) for one in terms
    ]:
        if not np.isfinite(values).all():
            raise Refused(
                Refusal.DATA_INVALID,
                where=name,
                why="a value is missing or infinite",
                remedy="leave out rows without a value",
            )
    if len({one.name for one in terms}) < len(terms):
        raise ValueError("two terms have one name")
    if not terms:
        raise _singular("no random effect is named")
    if not len(y) > x.shape[1]:
        raise _singular(f"there are {len(y)} rows for {x.shape[1]} fixed effects")
    for one in terms:
        levels = len(np.unique(one.group))
        if levels < 2:
            raise _singular(f"the grouping of {one.name} has one level, and a variance needs two")


def _scale(x: F, y: F, terms: tuple[RandomTerm, ...]) -> _Scaled:
    q, turn = np.linalg.qr(x)
    across = np.abs(np.diag(turn))
    size = np.linalg.norm(x, axis=0)
    if not (across > 1e-10 * size).all():
        raise _singular("a fixed effect is a sum of others")
    base = np.linalg.solve(turn, q.T @ y)
    left = y - x @ base
    unit = float(np.sqrt(left @ left / (len(y) - x.shape[1])))
    if not unit > EXACT * float(np.abs(y).max()):
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model="a model with random effects",
            why="the fixed effects explain the outcome exactly, and no variance is left",
            remedy="check that the outcome isn't among the fixed effects",
        )
    turns = [_turn(one) for one in terms]
    task = _task(q, left / unit, terms, turns)
    raw = [_entry_turn(turn, _entries(one)) for one, turn in zip(terms, turns, strict=True)]
    alike = [_alike(turn) for turn in turns]
    kept = [np.eye(len(one)) if bad else one for one, bad in zip(raw, alike, strict=True)]
    names = [
        f"{_entry_name(one, a, b)}{' (orthogonal columns)' * bad}"
        for one, bad in zip(terms, alike, strict=True)
        for a, b in _entries(one)
    ]
    return _Scaled(
        task=task,
        turn=turn,
        base=base,
        unit=unit,
        raw_turn=unit**2 * _diagonal([*raw, np.eye(1)]),
        theta_turn=unit**2 * _diagonal([*kept, np.eye(1)]),
        names=(*names, "residual variance"),
    )


def _alike(turn: F) -> bool:
    """Return whether columns are so alike that rounding spoils inference in their own entries."""
    size = np.linalg.norm(turn, axis=1, keepdims=True)
    return bool(np.linalg.cond(turn / size) > MOST_ALIKE)


def _diagonal(parts: list[F]) -> F:
    """Return the block diagonal matrix of square parts."""
    k = sum(len(part) for part in parts)
    out, start = np.zeros((k, k)), 0
    for part in parts:
        end = start + len(part)
        out[start:end, start:end] = part
        start = end
    return out


def _task(q: F, y: F, terms: tuple[RandomTerm, ...], turns: list[F]) -> Task:
    """Return the task of scaled data; terms with the same grouping are put together."""
    columns: dict[bytes, list[F]] = {}
    levels: dict[bytes, I] = {}
    placed: list[tuple[bytes, int]] = []
    for one, turn in zip(terms, turns, strict=True):
        level = _in_order(one.group)
        key = level.tobytes()
        levels[key] = level
        stack = columns.setdefault(key, [])
        placed.append((key, sum(part.shape[1] for part in stack)))
        stack.append(one.z @ turn)
    groupings = {
        key: Grouping(np.column_stack(stack), levels[key], int(levels[key].max()) + 1)
        for key, stack in columns.items()
    }
    sizes = [one.size for one in groupings.values()]
    rest = sum(sizes) - max(sizes)
    if not (rest <= MOST_REST and rest * max(sizes) <= MOST_CELLS):
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model="a model with random effects",
            why=f"{rest} random effects beside the {max(sizes)} of the largest grouping are too "
            "many for the memory of a computer",
            remedy="drop a crossed term, or join its levels",
        )
    of = products(q, y, tuple(groupings.values()))
    order = [id(one) for one in of.groupings]
    blocks = tuple(
        Block(order.index(id(groupings[key])), begin, one.z.shape[1], _entries(one))
        for (key, begin), one in zip(placed, terms, strict=True)
    )
    return Task(of, blocks)


def _turn(term: RandomTerm) -> F:
    """Return (q, q) A: the columns of z A have size 1 and, in a correlated term, are orthogonal."""
    sizes = np.sqrt(np.mean(term.z**2, axis=0))
    if not (sizes > 0.0).all():
        none = term.columns[int(np.argmin(sizes))]
        raise _singular(f"in {term.name}, {none} is zero in every row")
    if not term.correlated:
        return np.asarray(np.diag(1.0 / sizes))
    right = np.linalg.qr(term.z / sizes)[1] / np.sqrt(len(term.z))
    if not (np.abs(np.diag(right)) > ALIKE).all():
        raise _singular(f"in {term.name}, a column is a sum of others")
    return np.asarray(np.linalg.inv(right) / sizes[:, None])


def _entry_turn(turn: F, entries: tuple[tuple[int, int], ...]) -> F:
    """Return the matrix that gives the entries of A G A' from those of G."""
    out = np.empty((len(entries), len(entries)))
    for j, (c, d) in enumerate(entries):
        one = np.zeros_like(turn)
        one[c, d] = one[d, c] = 1.0
        seen = turn @ one @ turn.T
        out[:, j] = [seen[entry] for entry in entries]
    return out


def _in_order(group: I) -> I:
    """Return levels 0, 1, ... in the order of their first rows: equal partitions come out equal."""
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.reshape(-1)], dtype=np.int64)


def _entries(term: RandomTerm) -> tuple[tuple[int, int], ...]:
    width = term.z.shape[1]
    if not term.correlated:
        return tuple((a, a) for a in range(width))
    return tuple((a, b) for a in range(width) for b in range(a + 1))


def _entry_name(term: RandomTerm, a: int, b: int) -> str:
    if a == b:
        return f"{term.name}: variance of {term.columns[a]}"
    return f"{term.name}: covariance of {term.columns[b]} and {term.columns[a]}"


def _check_apart(scaled: _Scaled) -> None:
    """Refuse when REML can't tell variance parameters apart, whatever the outcome.

    V's derivatives, taken within what the fixed effects leave, must be linearly independent:
    otherwise V stays the same there along a line of parameters.
    """
    of = scaled.task.of
    zero = [np.zeros((one.width, one.width)) for one in of.groupings]
    at = state(of, zero, 1.0)
    if at is None:
        raise _singular("a fixed effect is a sum of others")
    k = len(scaled.names)
    plain = np.zeros(k)
    plain[-1] = 1.0
    gram = slopes(of, at, scaled.task.entries, plain).spread
    size = np.diag(gram)
    scale = np.sqrt(np.where(size > DEPENDENT * size[-1], size, 1.0))
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    if values[0] > DEPENDENT:
        return
    turn = scaled.raw_turn
    along = turn @ (vectors[:, 0] / scale) / np.linalg.norm(turn / scale, axis=1)
    alike = [scaled.names[i] for i in range(k) if abs(along[i]) > 1e-4]
    if len(alike) == 1:
        raise _singular(f"the fixed effects take up all of the {alike[0]}")
    raise _singular(f"these can't be separated: {'; '.join(alike)}")


def _singular(why: str) -> Refused:
    return Refused(Refusal.DESIGN_SINGULAR, why=why)


def _not_converged(found: Found | None) -> Refused:
    why, remedy = "the criterion can't be evaluated", "check the outcome for values far apart"
    if found is not None:
        far = f"{found.slope:.1g} standard errors away" if found.slope < np.inf else "at a saddle"
        why = f"after {found.rounds} steps it is {far}"
        remedy = "drop a random effect, or make the random effects of a term uncorrelated with ||"
        if found.at.residual < 1e-8:
            why = "the residual variance goes to zero: the random effects explain every row"
    return Refused(Refusal.FIT_NOT_CONVERGED, why=why, remedy=remedy)


def _fit(scaled: _Scaled, found: Found, terms: tuple[RandomTerm, ...]) -> Fit:
    """Return the answer in the data's own units."""
    of, unit, turn, ours = scaled.task.of, scaled.unit, scaled.turn, scaled.theta_turn
    own = scaled.raw_turn @ scaled.task.theta(found.at)
    back, rows = np.linalg.inv(turn), np.linalg.inv(ours)
    moves = ours @ found.jacobian
    first = np.einsum("ji,jab->iab", rows, turn.T @ found.slopes.first @ turn)
    second = np.einsum(
        "ki,lj,klab->ijab", rows, rows, turn.T @ found.slopes.second @ turn, optimize=True
    )
    variance: dict[str, object] = {}
    row = 0
    for one in terms:
        matrix = np.zeros((len(one.columns), len(one.columns)))
        for a, b in _entries(one):
            matrix[a, b] = matrix[b, a] = own[row]
            row += 1
        variance[one.name] = matrix
    variance["residual"] = float(own[-1])
    logs = (of.rows - of.fixed) * np.log(unit**2)
    logs += 2.0 * np.log(np.abs(np.diag(scaled.turn))).sum()
    return Fit(
        estimate=scaled.base + unit * (back @ found.state.beta),
        covariance=unit**2 * back @ found.state.phi @ back.T,
        theta=ours @ scaled.task.theta(found.at),
        theta_names=scaled.names,
        theta_covariance=moves @ np.linalg.inv(found.hessian / 2.0) @ moves.T,
        first=first / unit**2,
        second=second / unit**2,
        curvature=None,
        reml_criterion=found.state.criterion + float(logs),
        rows=of.rows,
        people=max(one.levels for one in of.groupings),
        rank=of.fixed,
        variance=variance,
        iterations=found.rounds,
        slope=found.slope,
        notes=_notes(found, terms),
    )


def _notes(found: Found, terms: tuple[RandomTerm, ...]) -> tuple[str, ...]:
    """Say what lies at the edge, and what degrees of freedom then mean."""
    out = []
    for one, factor in zip(terms, found.at.factors, strict=True):
        rank, names = factor.shape[1], ", ".join(one.columns)
        if one.correlated and 0 < rank < len(one.columns):
            what = "their correlation is 1 or -1" if rank == 1 else "one follows from the others"
            out.append(
                f"{one.name}: the covariance matrix of {names} is estimated as singular, of rank "
                f"{rank}: {what}; degrees of freedom take this rank as known"
            )
            continue
        out += [
            f"{one.name}: the variance of {name} is estimated as zero; standard errors and degrees "
            "of freedom are those of the model without it"
            for name, row in zip(one.columns, factor, strict=True)
            if not row.any()
        ]
    return tuple(out)
