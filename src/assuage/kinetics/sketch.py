"""Quantiles of many values without keeping them: counts over bins of the float's own bits.

A row is one thing that is watched: an output at a time, or a property of a patient. For each row
there is a histogram whose bins are the numbers that share a float's exponent and the first 9
bits of its fraction: 512 bins an octave, on a grid fixed beforehand. Counts are whole numbers, so
merging is exact: any grouping of the same values, in any order, gives the same bytes.

    bin 0                exactly zero
    bin 1                above zero and below 2**-40
    bins 2 to LAST - 1   2**-40 up to 2**18; each is at most 1/512 of its lower end wide
    bin LAST             2**18 and above; no quantile is told from there

A quantile lies in the bin of the value that has its rank, so its relative error is below 1/512
(0.2 %), whatever the values. Below 2**-40 it is told as 0, which is less than 2**-40 off.

A row keeps the bins from its first to its last that isn't empty, 4 bytes each, and never more
than LAST + 1 of them (119 kB). What a power of two of spread costs is 2 kB a row; a W1 population
(1,441 times, 30 % on clearance and volume) takes 19 to 25 MB.

Measured on W1, one core: with 8 bits a count took 1.9 ns and with 9 bits 2.7; each further bit
halves the error and doubles the memory. At 9 the error is below that of any assay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.points import has_kernels

BITS = 9  # of the fraction, so 512 bins an octave
SHIFT = 52 - BITS
LEAST, MOST = -40, 18  # powers of two that the range runs between
BEFORE = ((1023 + LEAST) << BITS) - 2  # the number of bin 2, less 2
LAST = ((MOST - LEAST) << BITS) + 2
ERROR = 2.0**-BITS  # bound on a quantile's relative error
FLOOR = 2.0**LEAST  # what is less is told as 0
MOST_VALUES = 2**32 - 1  # in a row: what one count holds
SLACK = 1 << (BITS - 3)  # bins that a growing row takes beyond what it needs, at least
_INFINITE = np.uint64(0x7FF0000000000000)

Places = NDArray[np.int64]
Counts = NDArray[np.uint32]
Bits = NDArray[np.uint64]


def bins(bits: Bits) -> Places:
    """Return the bin of each float, given as its bits, any shape."""
    place = (bits >> np.uint64(SHIFT)).astype(np.int64) - BEFORE
    found: Places = np.minimum(np.maximum(place, (bits != 0).astype(np.int64)), LAST)
    return found


def lower_end(place: Places) -> Array:
    """Return the least value of each bin, any shape."""
    bits = (np.maximum(place, 2) + BEFORE).astype(np.uint64) << np.uint64(SHIFT)
    return np.where(place < 2, 0.0, bits.view(np.float64))


@dataclass(frozen=True)
class Sketch:
    """How often each bin of each row was met. Equal values give equal sketches, byte for byte.

    total        values in each row
    low, width   (rows,) first bin kept and how many; both 0 for a row without values
    counts       (sum of widths,) the rows one after another; first and last of each aren't 0
    """

    total: int
    low: Places
    width: Places
    counts: Counts

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.low)

    @property
    def starts(self) -> Places:
        """Where each row starts in `counts`, and after them where the last ends: (rows + 1,)."""
        return _starts(self.width)

    def merged(self, other: Sketch) -> Sketch:
        """Return the sketch of both, exactly.

        Raises ValueError when the rows differ in number or a row would hold 2**32 values.
        """
        if self.rows != other.rows:
            raise ValueError("two sketches have different rows")
        if not self.total + other.total <= MOST_VALUES:
            raise ValueError("a row of a sketch would hold too many values")
        if not (self.total and other.total):
            return self if self.total else other
        low = np.minimum(self.low, other.low)
        high = np.maximum(self.low + self.width, other.low + other.width)
        starts = _starts(high - low)
        counts = np.zeros(starts[-1], dtype=np.uint32)
        for one in (self, other):
            _place(one.counts, one.starts, counts, starts[:-1] + one.low - low)
        return Sketch(self.total + other.total, low, high - low, counts)

    def quantiles(self, levels: Sequence[float]) -> tuple[Array, Array]:
        """Return quantiles (levels, rows) and a bound on the relative error of each, same shape.

        A quantile is the value of rank ceil(level x total), as np.quantile's `inverted_cdf` has
        it; it is placed in its bin by that rank. The bound is at most ERROR; it is 0 for a
        quantile told as 0, which is less than FLOOR off. Raises ValueError without values, for a
        level outside 0 to 1, and for a quantile at 2**18 or above.
        """
        if not self.total or not all(0.0 <= level <= 1.0 for level in levels):
            raise ValueError("no values, or a level outside 0 to 1")
        ranks = np.array([max(int(np.ceil(self.total * one)), 1) for one in levels])
        places = np.empty((len(ranks), self.rows), dtype=np.int64)
        share = np.empty((len(ranks), self.rows))
        starts = self.starts
        for row in range(self.rows):
            mine = self.counts[starts[row] : starts[row + 1]]
            passed = np.cumsum(mine, dtype=np.int64)
            at = np.searchsorted(passed, ranks)
            places[:, row] = self.low[row] + at
            share[:, row] = (ranks - (passed[at] - mine[at]) - 0.5) / mine[at]
        if not (places < LAST).all():
            raise ValueError("a quantile lies above the range of the sketch")
        below, above = lower_end(places), lower_end(places + 1)
        told = np.where(places < 2, 0.0, below + (above - below) * share)
        off = np.maximum(told - below, above - told)
        return told, np.divide(off, below, out=np.zeros_like(off), where=places >= 2)


def empty(rows: int) -> Sketch:
    """Return a sketch without values."""
    none = np.zeros(rows, dtype=np.int64)
    return Sketch(0, none, none, np.zeros(0, dtype=np.uint32))


class Filling:
    """A sketch while it is filled."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._total = 0
        self._low = np.zeros(rows, dtype=np.int64)
        self._width = np.zeros(rows, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.uint32)
        self._least = np.full(rows, _INFINITE, dtype=np.uint64)  # bits of the least so far
        self._largest = np.zeros(rows, dtype=np.uint64)

    def add(self, values: Array) -> None:
        """Count values (patients, rows).

        Raises ValueError, and counts none of them, when one is negative, infinite or not a
        number, or a row would hold 2**32 values.
        """
        if values.shape[1:] != (self._rows,):
            raise ValueError("the values don't have the rows of the sketch")
        if not self._total + len(values) <= MOST_VALUES:
            raise ValueError("a row of a sketch would hold too many values")
        if not len(values):
            return
        bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
        least, largest = self._least.copy(), self._largest.copy()
        _ends(bits, least, largest)
        # Not a number, infinity, minus zero and all that is negative come after the finite bits.
        if not (largest < _INFINITE).all():
            if not (np.isfinite(values).all() and (values >= 0.0).all()):
                raise ValueError("a value is negative, infinite or not a number")
            self.add(values + 0.0)  # makes zeros of minus zeros
            return
        self._least, self._largest = least, largest
        first, last = bins(least), bins(largest)
        if (first < self._low).any() or (last >= self._low + self._width).any():
            self._grow(first, last)
        base = _starts(self._width)[:-1] - self._low
        inside = (first >= 2) & (last < LAST)
        for plain, rows in groupby(range(self._rows), key=lambda row: bool(inside[row])):
            run = list(rows)
            _count(bits, run[0], run[-1] + 1, self._counts, base, plain=plain)
        self._total += len(values)

    def done(self) -> Sketch:
        """Return what was counted, without the bins that stayed empty at the ends."""
        if not self._total:
            return empty(self._rows)
        low = bins(self._least)
        width = bins(self._largest) - low + 1
        starts, at = _starts(width), _starts(self._width)[:-1] + low - self._low
        counts = np.empty(starts[-1], dtype=np.uint32)
        for row in range(self._rows):
            counts[starts[row] : starts[row + 1]] = self._counts[at[row] : at[row] + width[row]]
        return Sketch(self._total, low, width, counts)

    def _grow(self, first: Places, last: Places) -> None:
        """Make room from `first` to `last`, and some more on a side that had too little."""
        old = self._low + self._width
        fresh = self._width == 0
        # In proportion to the spread, so that the tails of more patients seldom need more room.
        slack = np.maximum((last - first) // 2, SLACK)
        low = np.where((first < self._low) | fresh, np.maximum(first - slack, 0), self._low)
        high = np.where(last >= old, np.minimum(last + slack, LAST) + 1, old)
        starts = _starts(high - low)
        counts = np.zeros(starts[-1], dtype=np.uint32)
        _place(self._counts, _starts(self._width), counts, starts[:-1] + self._low - low)
        self._low, self._width, self._counts = low, high - low, counts


def _starts(width: Places) -> Places:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(width)])


def _place(counts: Counts, starts: Places, into: Counts, at: Places) -> None:
    """Add each row of counts to `into`, from `at` on."""
    for row, to in enumerate(at):
        mine = counts[starts[row] : starts[row + 1]]
        into[to : to + len(mine)] += mine


def _ends(bits: Bits, least: Bits, largest: Bits) -> None:
    if has_kernels():
        from assuage.kinetics.kernels import binning

        binning.ends(bits, least, largest)
        return
    np.minimum(least, bits.min(axis=0), out=least)
    np.maximum(largest, bits.max(axis=0), out=largest)


def _count(bits: Bits, start: int, end: int, counts: Counts, base: Places, *, plain: bool) -> None:
    """Count rows start to end; `plain` when all their values lie within range."""
    if not has_kernels():
        at = bins(bits[:, start:end]) + base[start:end]
        first = int(at.min())
        found = np.bincount(at.ravel() - first)
        counts[first : first + len(found)] += found.astype(np.uint32)
        return
    from assuage.kinetics.kernels import binning

    if plain:
        whole = (base - BEFORE).view(np.uint64)
        binning.count(bits, start, end, counts, whole, SHIFT)
    else:
        binning.count_clipped(bits, start, end, counts, base.view(np.uint64), SHIFT, BEFORE, LAST)
