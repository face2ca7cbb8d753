"""What the kernel of `kinetics.fast` needs to know of a pattern: entries, columns and sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.pattern import Pattern

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Products:
    """Row n of a product is the sum of entry slots[p] x place columns[p] from first[n] on."""

    first: Counts
    slots: Counts
    columns: Counts


@dataclass(frozen=True)
class Shape:
    """Lists of places, entries and columns; n entries can differ from zero.

    rows_of, columns_of, slots_of (n,)  each entry of the places' rows, and its slot
    flowing, still  the products that move a state, when something flows and when nothing does
    output_first (k + 1,), output_columns  the columns that each output depends on
    term_first (k + 1,), terms  for each of them where its sum starts, among
    still_counts (k,)  how many of its columns count when nothing flows in: the first ones
    sources, slots  the output's own column, and the slot of the entry to multiply it by
    """

    rows_of: Counts
    columns_of: Counts
    slots_of: Counts
    flowing: Products
    still: Products
    output_first: Counts
    output_columns: Counts
    term_first: Counts
    terms: Counts
    still_counts: Counts
    sources: Counts
    slots: Counts


def shape_of(pattern: Pattern, seen: NDArray[np.bool_]) -> Shape:
    """Return the lists for outputs that `seen` (k, m) tells the places of."""
    slot = pattern.slot
    return _shape(slot.tobytes(), len(slot), pattern.size, seen.tobytes(), len(seen))


@lru_cache(maxsize=256)
def _shape(slot: bytes, every: int, size: int, seen: bytes, outputs: int) -> Shape:
    slots = np.frombuffer(slot, dtype=np.int64).reshape(every, every)
    rows, columns = np.nonzero(slots[:size] >= 0)
    used = slots[rows, columns]
    lists: dict[str, list[int]] = {
        "columns": [],
        "terms": [],
        "sources": [],
        "slots": [],
        "still": [],
    }
    output_first, term_first = [0], [0]
    for weigh in np.frombuffer(seen, dtype=bool).reshape(outputs, size):
        reached = (slots[:size] >= 0)[weigh].any(axis=0)
        mine = [int(one) for one in np.nonzero(reached)[0]] or [0]
        for column in mine:
            lists["terms"].append(len(lists["sources"]))
            for source, row in enumerate(mine):
                if slots[row, column] >= 0:
                    lists["sources"].append(source)
                    lists["slots"].append(int(slots[row, column]))
        lists["terms"].append(len(lists["sources"]))
        lists["columns"] += mine
        lists["still"].append(max(1, sum(column < size for column in mine)))
        output_first.append(len(lists["columns"]))
        term_first.append(len(lists["terms"]))
    return Shape(
        _counts(rows),
        _counts(columns),
        _counts(used),
        _products(rows, columns, used, size, every),
        _products(rows, columns, used, size, size),
        _counts(output_first),
        _counts(lists["columns"]),
        _counts(term_first),
        _counts(lists["terms"]),
        _counts(lists["still"]),
        _counts(lists["sources"]),
        _counts(lists["slots"]),
    )


def _counts(values: object) -> Counts:
    return np.array(values, dtype=np.int64)


def _products(rows: Counts, columns: Counts, used: Counts, size: int, below: int) -> Products:
    """Return the products of each row with the columns below a number."""
    kept = columns < below
    first = np.searchsorted(rows[kept], np.arange(size + 1))
    return Products(_counts(first), _counts(used[kept]), _counts(columns[kept]))
