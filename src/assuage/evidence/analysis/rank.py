"""Which columns of a design the data tell apart, and why the others can't be.

A combination of categories that nobody is in (an arm without a visit) leaves an interaction's
columns short; such a design goes on without them, and what rests on them is told as not estimable.
Every other shortage means that two terms say the same, and is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from assuage.evidence.mixed.fitted import F
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assuage.evidence.analysis.design import Columns, Factor

SAME = 1e-9  # of a column's length: what is left of it beside the others before it is no other
MOST_SAID = 6


@dataclass(frozen=True)
class Ranked:
    """`kept` (columns,) are told apart; the others are the kept ones times `made_of`.

    That is so once each column is divided by its `size`: one of counts in the billions would hide
    the others. `holes` names, for each interaction that is short of columns, the combinations
    without a row.
    """

    kept: NDArray[np.bool_]
    made_of: F  # (kept, dropped)
    size: F  # (columns,)
    holes: Mapping[tuple[str, ...], tuple[str, ...]]


def ranked(
    x: F, columns: Sequence[str], terms: Sequence[Columns], factors: Mapping[str, Factor]
) -> Ranked:
    """Return what the data tell apart, column by column. Raises Refused (DESIGN_SINGULAR)."""
    kept = np.zeros(x.shape[1], dtype=bool)
    basis = np.zeros((x.shape[0], 0))
    holes: dict[tuple[str, ...], tuple[str, ...]] = {}
    for term in terms:
        for place in range(term.place.start, term.place.stop):
            column = x[:, place]
            rest = column - basis @ (basis.T @ column)
            rest -= basis @ (basis.T @ rest)  # twice is enough
            length = float(np.linalg.norm(rest))
            if length > SAME * float(np.linalg.norm(column)):
                basis = np.column_stack([basis, rest / length])
                kept[place] = True
                continue
            cells = _empty(term, factors)
            if not cells:
                raise _singular(x, columns, terms, kept, place)
            holes[term.names] = cells
    size = _sizes(x)
    even = x / size
    made_of = np.linalg.lstsq(even[:, kept], even[:, ~kept], rcond=None)[0]
    return Ranked(kept, np.where(np.abs(made_of) > SAME, made_of, 0.0), size, holes)


def _sizes(x: F) -> F:
    """Return each column's length, 1 for a column of zeros."""
    size = np.linalg.norm(x, axis=0)
    return np.where(size > 0.0, size, 1.0)


def _empty(term: Columns, factors: Mapping[str, Factor]) -> tuple[str, ...]:
    """Return the combinations of a term's factors that no row is in."""
    names = [name for name in term.names if name in factors]
    if len(names) < 2:
        return ()
    there = set(zip(*(factors[name].codes.tolist() for name in names), strict=True))
    grid = product(*(range(len(factors[name].levels)) for name in names))
    return tuple(
        ", ".join(
            f"{name} {factors[name].levels[at]}" for name, at in zip(names, cell, strict=True)
        )
        for cell in grid
        if cell not in there
    )


def _singular(
    x: F, columns: Sequence[str], terms: Sequence[Columns], kept: NDArray[np.bool_], place: int
) -> Refused:
    """Return the refusal of a column that others make up, with the names of their terms."""
    column = x[:, place]
    mine = next(one.title for one in terms if one.place.start <= place < one.place.stop)
    if not column.any():
        return Refused(Refusal.DESIGN_SINGULAR, why=f"{columns[place]} is zero in every row")
    even = x / _sizes(x)
    parts = np.abs(np.linalg.lstsq(even[:, kept], even[:, place], rcond=None)[0])
    places = np.flatnonzero(kept)[parts > SAME**0.5]
    others = dict.fromkeys(
        one.title for one in terms for at in places if one.place.start <= at < one.place.stop
    )
    said = ", ".join(list(others)[:MOST_SAID])
    same = "the same in every row" if list(others) == ["(Intercept)"] else f"made up of {said}"
    return Refused(Refusal.DESIGN_SINGULAR, why=f"{columns[place]} (term {mine}) is {same}")
