"""Cross products of a model with random effects, and what REML needs of V^-1.

V = sum_f Z_f (I kron G_f) Z_f' + s I, with one block G_f for each grouping f. Rows enter once,
as cross products. The grouping with most columns has a block diagonal Z'Z and is taken out
first, level by level; the others ("rest") make one dense matrix. So a model with one grouping
costs little whatever its levels, and a crossed or nested one as much as its smaller groupings.

Nothing is divided by a variance of a random effect: G may be singular.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.mixed.fitted import F, I


@dataclass(frozen=True)
class Grouping:
    """One grouping of the rows and all columns that vary by it."""

    z: F  # (n, q)
    level: I  # (n,), 0..levels-1
    levels: int

    @property
    def width(self) -> int:
        """Number of columns q."""
        return int(self.z.shape[1])

    @property
    def size(self) -> int:
        """Number of random effects: levels by columns."""
        return self.levels * self.width


@dataclass(frozen=True)
class Products:
    """Cross products of the design: w columns of [x y], m levels, q columns, R rest effects."""

    rows: int
    fixed: int
    groupings: tuple[Grouping, ...]  # the first is taken out level by level
    own: F  # (m, q, q) Z0'Z0
    across: F  # (m, q, R) Z0'Zr
    rest: F  # (R, R) Zr'Zr
    own_w: F  # (m, q, w) Z0'[x y]
    rest_w: F  # (R, w)
    w: F  # (w, w)


@dataclass(frozen=True)
class State:
    """V^-1 at one set of variances, through its products with Z and [x r].

    r is the generalised least squares residual, so that x'V^-1 r is zero.
    """

    criterion: float  # -2 res log L
    beta: F  # (p,)
    phi: F  # (p, p)
    w: F  # (w, w) [x r]'V^-1[x r]
    residual: float
    own: F  # (m, q, q) the blocks D of Z0'V^-1 Z0 = D - C H C'
    across: F  # (m q, R) C
    shrink: F  # (R, R) H
    left: F  # (R, R) J: Zr'V^-1 = J Zr'V0^-1
    rest: F  # (R, R) Zr'V^-1 Zr
    own_w: F  # (m, q, w) Z0'V^-1[x r]
    rest_w: F  # (R, w)


def products(x: F, y: F, groupings: tuple[Grouping, ...]) -> Products:
    """Return the cross products; the grouping with most effects comes first."""
    ordered = tuple(sorted(groupings, key=lambda one: -one.size))
    first, others = ordered[0], ordered[1:]
    w = np.column_stack([x, y])
    across = [_pairs(first, one) for one in others]
    rest = [[_pairs(one, two) for two in others] for one in others]
    sizes = sum(one.size for one in others)
    return Products(
        rows=len(y),
        fixed=x.shape[1],
        groupings=ordered,
        own=_sums(first, first.z[:, :, None] * first.z[:, None, :]),
        across=np.concatenate([np.zeros((first.size, 0)), *across], axis=1).reshape(
            first.levels, first.width, sizes
        ),
        rest=np.block(rest) if others else np.zeros((0, 0)),
        own_w=_sums(first, first.z[:, :, None] * w[:, None, :]),
        rest_w=np.concatenate(
            [
                np.zeros((0, w.shape[1])),
                *(
                    _sums(one, one.z[:, :, None] * w[:, None, :]).reshape(one.size, -1)
                    for one in others
                ),
            ]
        ),
        w=w.T @ w,
    )


def _sums(by: Grouping, values: F) -> F:
    """Return (levels, ...) sums of the rows of `values` in each level."""
    order = np.argsort(by.level, kind="stable")
    starts = np.searchsorted(by.level[order], np.arange(by.levels))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0), dtype=float)


def _pairs(one: Grouping, two: Grouping) -> F:
    """Return (one.size, two.size), Z1'Z2."""
    out = np.zeros((one.levels, one.width, two.levels, two.width))
    place = one.level * two.levels + two.level
    for a in range(one.width):
        for b in range(two.width):
            found = np.bincount(place, one.z[:, a] * two.z[:, b], one.levels * two.levels)
            out[:, a, :, b] = found.reshape(one.levels, two.levels)
    return out.reshape(one.size, two.size)


def _by_blocks(matrix: F, blocks: list[F], groupings: tuple[Grouping, ...]) -> F:
    """Return `matrix` (a, R) times the block diagonal matrix of I kron G."""
    out = np.empty_like(matrix)
    start = 0
    for one, block in zip(groupings, blocks, strict=True):
        part = slice(start, start + one.size)
        shaped = matrix[:, part].reshape(-1, one.levels, one.width) @ block
        out[:, part] = shaped.reshape(-1, one.size)
        start += one.size
    return out


def state(of: Products, blocks: list[F], residual: float) -> State | None:
    """Return V^-1's products at G blocks (one for each grouping) and the residual variance.

    None when a matrix isn't positive definite there, which is so only for numbers at the end of
    what a float can hold.
    """
    p, first, others = of.fixed, of.groupings[0], of.groupings[1:]
    relative = blocks[0] / residual
    inner = np.eye(first.width) + of.own @ relative
    signs, logs = np.linalg.slogdet(inner)
    if not ((signs > 0).all() and np.isfinite(logs).all()):
        return None
    left = np.linalg.inv(inner)
    own = _even(left @ of.own) / residual
    away = _even(relative @ left)
    own_w = left @ of.own_w / residual
    w = (of.w - np.einsum("gaw,gab,gbv->wv", of.own_w, away, of.own_w, optimize=True)) / residual
    flat = (first.size, -1)
    across = (left @ of.across / residual).reshape(first.size, of.rest.shape[0])
    lowered = (away @ of.across).reshape(across.shape)
    raw = of.across.reshape(across.shape)
    rest = _even(of.rest - raw.T @ lowered) / residual
    rest_w = (of.rest_w - lowered.T @ of.own_w.reshape(flat)) / residual
    log_det = of.rows * np.log(residual) + logs.sum()
    turned = np.eye(len(rest)) + _by_blocks(rest, blocks[1:], others)
    if others:
        sign, log = np.linalg.slogdet(turned)
        if not (sign > 0 and np.isfinite(log)):
            return None
        log_det += log
    back = np.asarray(np.linalg.inv(turned), dtype=float)
    shrink = _even(_by_blocks(back.T, blocks[1:], others).T)
    lost = shrink @ rest_w
    w = w - rest_w.T @ lost
    own_w = own_w - (across @ lost).reshape(own_w.shape)
    rest_w = back @ rest_w
    phi_inverse = _even(w[:p, :p])
    sign, log = np.linalg.slogdet(phi_inverse)
    if not (sign > 0 and np.isfinite(log)):
        return None
    phi = _even(np.linalg.inv(phi_inverse))
    beta = phi @ w[:p, p]
    turn = np.eye(p + 1)
    turn[:p, p] = -beta
    w = turn.T @ w @ turn
    return State(
        criterion=float((of.rows - p) * np.log(2 * np.pi) + log_det + log + w[p, p]),
        beta=beta,
        phi=phi,
        w=w,
        residual=residual,
        own=own,
        across=across,
        shrink=shrink,
        left=back,
        rest=_even(back @ rest),
        own_w=own_w @ turn,
        rest_w=rest_w @ turn,
    )


def _even(matrix: NDArray[np.floating[Any]]) -> F:
    return np.asarray((matrix + np.swapaxes(matrix, -1, -2)) / 2.0, dtype=float)


@dataclass(frozen=True)
class Slopes:
    """Derivatives in theta: the entries of each G, then the residual variance; k in all."""

    gradient: F  # (k,) of -2 res log L
    hessian: F  # (k, k)
    spread: F  # (k, k) trace of P V_i P V_j
    first: F  # (k, p, p) -x'V^-1 V_i V^-1 x
    second: F  # (k, k, p, p) x'V^-1 V_i V^-1 V_j V^-1 x


def slopes(of: Products, at: State, entries: list[tuple[int, F]], theta: F) -> Slopes:
    """Return the derivatives; `entries` gives each entry's grouping and dG / d theta (q, q).

    Those of the residual variance follow from V = sum theta_i V_i.
    """
    p, s = of.fixed, at.residual
    first, second = _products_of_w(of, at, entries)
    single, double = _traces(of, at, entries)
    inner = theta[:-1]
    first_e = (-at.w - np.einsum("i,ixy->xy", inner, first)) / s
    cross = (-first - np.einsum("i,ijxy->jxy", inner, second)) / s
    corner = (-first_e - np.einsum("i,ixy->xy", inner, np.swapaxes(cross, 1, 2))) / s
    single_e = (of.rows - inner @ single) / s
    double_e = (single - inner @ double) / s
    double_c = (single_e - inner @ double_e) / s
    k = len(theta)
    wide = np.empty((k, k, *corner.shape))
    wide[:-1, :-1], wide[-1, :-1], wide[-1, -1] = second, cross, corner
    wide[:-1, -1] = np.swapaxes(cross, 1, 2)
    firsts = np.concatenate([first, first_e[None]])
    trace = np.append(single, single_e)
    traces = np.block([[double, double_e[:, None]], [double_e[None, :], np.full((1, 1), double_c)]])
    pi = firsts[:, :p, :p]
    turned = at.phi @ pi
    spread = traces - 2.0 * np.einsum("ab,ijba->ij", at.phi, wide[:, :, :p, :p])
    spread += np.einsum("iab,jba->ij", turned, turned)
    toward = firsts[:, :p, p]
    around = wide[:, :, p, p] - toward @ at.phi @ toward.T
    return Slopes(
        gradient=trace + np.einsum("iaa->i", turned) + firsts[:, p, p],
        hessian=_even(2.0 * around - spread),
        spread=_even(spread),
        first=pi,
        second=wide[:, :, :p, :p],
    )


def _places(of: Products) -> list[slice]:
    """Return where each grouping's effects stand among the rest; the first stands nowhere."""
    ends = np.cumsum([0, *(one.size for one in of.groupings[1:])])
    return [slice(0, 0), *(slice(a, b) for a, b in pairwise(ends))]


def _products_of_w(of: Products, at: State, entries: list[tuple[int, F]]) -> tuple[F, F]:
    """Return -W'V^-1 V_i V^-1 W (k, w, w) and W'V^-1 V_i V^-1 V_j V^-1 W (k, k, w, w)."""
    width, places = at.w.shape[0], _places(of)
    own = np.zeros((of.groupings[0].size, len(entries), width))
    rest = np.zeros((len(at.rest), len(entries), width))
    for i, (grouping, entry) in enumerate(entries):
        one = of.groupings[grouping]
        if grouping == 0:
            own[:, i] = (entry @ at.own_w).reshape(one.size, width)
        else:
            part = at.rest_w[places[grouping]].reshape(one.levels, one.width, width)
            rest[places[grouping], i] = (entry @ part).reshape(one.size, width)
    wide = len(entries) * width
    a, b = own.reshape(len(own), wide), rest.reshape(len(rest), wide)
    single = a.T @ at.own_w.reshape(len(a), width) + b.T @ at.rest_w
    blocks = own.reshape(*at.own.shape[:2], -1)
    down = at.across.T @ a
    joint = a.T @ (at.own @ blocks).reshape(a.shape) - down.T @ at.shrink @ down
    mixed = down.T @ at.left.T @ b
    joint += mixed + mixed.T + b.T @ at.rest @ b
    k = len(entries)
    pairs = joint.reshape(k, width, k, width).transpose(0, 2, 1, 3)
    return -single.reshape(k, width, width), pairs


def _traces(of: Products, at: State, entries: list[tuple[int, F]]) -> tuple[F, F]:
    """Return the traces of V^-1 V_i (k,) and of V^-1 V_i V^-1 V_j (k, k)."""
    k, places = len(entries), _places(of)
    shape = at.own.shape
    low = (at.across @ at.shrink).reshape(*shape[:2], -1)
    less = np.einsum("gar,gbr->gab", low, at.across.reshape(low.shape))
    single, double = np.zeros(k), np.zeros((k, k))
    turned: list[F] = []  # what each entry makes of the matrix of its own grouping
    shrunk: dict[int, F] = {}
    for i, (grouping, entry) in enumerate(entries):
        one = of.groupings[grouping]
        if grouping == 0:
            moved = (entry @ at.across.reshape(low.shape)).reshape(at.across.shape)
            shrunk[i] = at.across.T @ moved
            turned.append(at.own @ entry)
            single[i] = np.einsum("gaa->", turned[i] - less @ entry)
        else:
            part = at.rest[:, places[grouping]].reshape(-1, one.levels, one.width)
            turned.append((part @ entry).reshape(-1, one.size))
            single[i] = np.trace(turned[i][places[grouping]])
    for i, (f, _) in enumerate(entries):
        for j, (h, entry) in enumerate(entries[: i + 1]):
            if f == 0 and h == 0:
                both = np.einsum("gab,gba->", turned[i], turned[j] - less @ entry)
                both -= np.einsum("gab,gba->", less @ entries[i][1], turned[j])
                both += np.sum((shrunk[i] @ at.shrink).T * (shrunk[j] @ at.shrink))
            elif f and h:
                both = np.sum(turned[i][places[h]] * turned[j][places[f]].T)
            else:
                inside, outside = (i, j) if f == 0 else (j, i)
                other, block = entries[outside]
                one, place = of.groupings[other], places[other]
                seen = at.left[place] @ shrunk[inside] @ at.left[place].T
                shaped = seen.reshape(one.levels, one.width, one.levels, one.width)
                both = np.einsum("gagb,ba->", shaped, block)
            double[i, j] = double[j, i] = both
    return single, double
