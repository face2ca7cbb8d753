"""Sums of products in 64 lanes, term by term or in blocks of rows and columns.

A block has its numbers at fixed distances, and keeps a column in registers for all rows.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.tile import LANES
from assuage.kinetics.kernels.wide import (
    BYTES,
    add_1x1,
    add_1x4,
    add_3x1,
    add_3x4,
    add_4x1,
    add_4x4,
    lanes8,
    set_1x4,
    set_3x4,
    set_4x4,
)

U = np.uint64
L = np.uint64(LANES)
SET_DRIVE, ADD_DRIVE, ADD_DRIVE_1, SET_FOUR, ADD_FOUR, ADD_FOUR_1, SET_ONE, ADD_ONE, ADD_ONE_1 = (
    range(9)
)


@inner
def copy(t, d, s, i):  # type: ignore[no-untyped-def]
    """Write s[i:] to t[d:]."""
    for x in range(L):
        t[d + x] = s[i + x]


@inner
def total(t, d, a, i, b, j, left, right, p, end):  # type: ignore[no-untyped-def]
    """Write the sum of a[i + left] b[j + right] over terms p .. end - 1 to t[d:]."""
    lanes8(
        U(t.ctypes.data) + d * BYTES, U(a.ctypes.data) + i * BYTES, U(left.ctypes.data) + p * BYTES,
        U(b.ctypes.data) + j * BYTES, U(right.ctypes.data) + p * BYTES, end - p,
    )  # fmt: skip


@inner
def advance(  # type: ignore[no-untyped-def]
    state, there, here, table, base, first, columns, slots, size
):  # fmt: skip
    """Write the state at `here`, moved by the matrix at table[base:], to `there`."""
    for i in range(size):
        p, end = first[i], first[i + U(1)]
        total(state, there + i * L, table, base, state, here, slots, columns, p, end)


@inner
def move(s, there, here, table, base, program, first, last):  # type: ignore[no-untyped-def]
    """Write the drive inside a step to s, and the state after it to s[there:].

    By blocks of the step's table: rows times columns, entry (row, column) at (column x rows + row).
    """
    to, entries = U(s.ctypes.data), U(table.ctypes.data)
    for n in range(first, last):
        what, d = program[n, U(0)], to + program[n, U(1)] * BYTES
        k = entries + (base + program[n, U(2)]) * BYTES
        i = to + (here + program[n, U(3)]) * BYTES
        after = d + there * BYTES
        if what == SET_FOUR:
            set_4x4(after, k, i)
        elif what == SET_DRIVE:
            set_3x4(d, k, i)
        elif what == ADD_FOUR_1:
            add_4x1(after, k, i)
        elif what == ADD_DRIVE_1:
            add_3x1(d, k, i)
        elif what == SET_ONE:
            set_1x4(after, k, i)
        elif what == ADD_ONE_1:
            add_1x1(after, k, i)
        elif what == ADD_FOUR:
            add_4x4(after, k, i)
        elif what == ADD_DRIVE:
            add_3x4(d, k, i)
        else:
            add_1x4(after, k, i)
