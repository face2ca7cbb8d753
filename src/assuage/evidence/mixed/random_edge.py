"""Where a search begins, and what becomes of one that ends near the edge.

At the edge a covariance matrix is singular: a variance is zero or a correlation 1. A search comes
as near as it likes and never arrives, so a matrix close to the edge is tried on it: with its rank
lowered, the criterion must be no greater and must not fall on the way back inside.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.random_search import (
    FLAT,
    Block,
    Found,
    Mask,
    Place,
    Task,
    search,
)

CLOSE = (1e-5, 1e-7, 1e-9)  # a variance below such a share of the residual's is tried as zero
SAME = 1e-6  # of -2 res log L: no difference


def start(task: Task) -> Place:
    """Return where a search begins: half the variance residual, half shared by the terms."""
    share = 0.5 / sum(block.width for block in task.blocks)
    factors = tuple(np.sqrt(share) * np.eye(block.width) for block in task.blocks)
    free = tuple(_triangle(block) for block in task.blocks)
    return Place(factors, free, float(np.log(0.5)))


def _triangle(block: Block) -> Mask:
    free = np.zeros((block.width, block.width), dtype=bool)
    for entry in block.entries:
        free[entry] = True
    return free


def refined(task: Task, found: Found) -> Found | None:
    """Return what the search found, put on the edge where that is as likely.

    None when neither the inside nor the edge is an optimum.
    """
    for close in CLOSE:
        edge = _edge(task, found, close)
        if edge is None:
            break
        tried = search(task, edge)
        if (
            tried is not None
            and tried.state.criterion <= found.state.criterion + SAME
            and _held(task, tried)
            and _sharp(tried)
        ):
            return replace(tried, rounds=found.rounds + tried.rounds)
    return found if _sharp(found) else None


def _edge(task: Task, found: Found, close: float) -> Place | None:
    """Return the place with each nearly singular matrix lowered in rank; None when there is none.

    A matrix of rank r gets r columns, triangular in the order of its pivots: every matrix of that
    rank nearby is reached, and each in one way.
    """
    factors, free, lowered = [], [], False
    for block, factor in zip(task.blocks, found.at.factors, strict=True):
        matrix = factor @ factor.T / found.at.residual
        if len(block.entries) == block.width:  # uncorrelated, or a single column
            kept = np.diag(matrix) > close
            new, mask = np.diag(np.where(kept, np.abs(np.diag(factor)), 0.0)), np.diag(kept)
            lowered |= not kept.all()
        else:
            values, vectors = np.linalg.eigh(matrix)
            kept = values > close
            lowered |= not kept.all()
            new, mask = _pivoted((vectors[:, kept] * values[kept]) @ vectors[:, kept].T, kept.sum())
            new = new * np.sqrt(found.at.residual)
        factors.append(new)
        free.append(mask)
    if not lowered:
        return None
    return Place(tuple(factors), tuple(free), found.at.log_residual)


def _pivoted(matrix: F, rank: int) -> tuple[F, Mask]:
    """Return L (q, rank) with L L' = matrix, and which of its entries are free."""
    left, width = matrix.copy(), len(matrix)
    out, free = np.zeros((width, rank)), np.ones((width, rank), dtype=bool)
    used: list[int] = []
    for column in range(rank):
        free[used, column] = False
        size = np.diag(left).copy()
        size[used] = -1.0
        pivot = int(np.argmax(size))
        out[:, column] = left[:, pivot] / np.sqrt(left[pivot, pivot])
        out[used, column] = 0.0
        left = left - np.outer(out[:, column], out[:, column])
        used.append(pivot)
    return out, free


def _held(task: Task, found: Found) -> bool:
    """Return whether the criterion rises on every way from the edge back inside."""
    row = 0
    gradient, spread = found.slopes.gradient, np.diag(found.slopes.spread)
    for block, factor in zip(task.blocks, found.at.factors, strict=True):
        part = slice(row, row + len(block.entries))
        rise = np.zeros((block.width, block.width))
        for (a, b), value in zip(block.entries, gradient[part], strict=True):
            rise[a, b] = rise[b, a] = value if a == b else value / 2.0
        least = -1e-6 * float(np.sqrt(spread[part].max()))
        if len(block.entries) == block.width:
            inside = np.diag(rise)[np.diag(factor @ factor.T) == 0.0]
        else:
            vectors = np.linalg.eigh(factor @ factor.T)[1]
            void = vectors[:, : block.width - factor.shape[1]]
            inside = np.linalg.eigvalsh(void.T @ rise @ void)
        if not (inside >= least).all():
            return False
        row += len(block.entries)
    return True


def _sharp(found: Found) -> bool:
    """Return whether the criterion rises along every free direction."""
    size = np.sqrt(np.abs(np.diag(found.hessian)))
    if not (size > 0.0).all():
        return False
    values = np.linalg.eigvalsh(found.hessian / np.outer(size, size))
    return bool(values[0] > FLAT)
