"""Sums of products in 64 lanes, term by term or in blocks of rows and columns.

A block has its numbers at fixed distances: the compiler needs to ask only once whether what is
written overlaps with what is read, and keeps a column in registers for all rows.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.kernels.tile import LANES
from assuage.kinetics.kernels.wide import BYTES, lanes8

U = np.uint64
L = np.uint64(LANES)
SET_DRIVE, ADD_DRIVE, ADD_DRIVE_1, SET_FOUR, ADD_FOUR, ADD_FOUR_1, SET_ONE, ADD_ONE, ADD_ONE_1 = (
    range(9)
)


@kernel
def copy(t, d, s, i):  # type: ignore[no-untyped-def]
    """Write s[i:] to t[d:]."""
    for x in range(L):
        t[d + x] = s[i + x]


@kernel
def total(t, d, a, i, b, j, left, right, p, end):  # type: ignore[no-untyped-def]
    """Write the sum of a[i + left] b[j + right] over terms p .. end - 1 to t[d:]."""
    lanes8(
        U(t.ctypes.data) + d * BYTES, U(a.ctypes.data) + i * BYTES, U(left.ctypes.data) + p * BYTES,
        U(b.ctypes.data) + j * BYTES, U(right.ctypes.data) + p * BYTES, end - p,
    )  # fmt: skip


@kernel
def advance(  # type: ignore[no-untyped-def]
    state, there, here, table, base, first, columns, slots, size
):  # fmt: skip
    """Write the state at `here`, moved by the matrix at table[base:], to `there`."""
    for i in range(size):
        p, end = first[i], first[i + U(1)]
        total(state, there + i * L, table, base, state, here, slots, columns, p, end)


# Blocks of a step's table: rows times columns, entry (row, column) at (column x rows + row).


@kernel
def _set_drive(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] = (
            a[k + x] * p
            + a[k + U(3) * L + x] * q
            + a[k + U(6) * L + x] * v
            + a[k + U(9) * L + x] * w
        )
        s[d + L + x] = (
            a[k + L + x] * p
            + a[k + U(4) * L + x] * q
            + a[k + U(7) * L + x] * v
            + a[k + U(10) * L + x] * w
        )
        s[d + U(2) * L + x] = (
            a[k + U(2) * L + x] * p
            + a[k + U(5) * L + x] * q
            + a[k + U(8) * L + x] * v
            + a[k + U(11) * L + x] * w
        )


@kernel
def _add_drive(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] += (
            a[k + x] * p
            + a[k + U(3) * L + x] * q
            + a[k + U(6) * L + x] * v
            + a[k + U(9) * L + x] * w
        )
        s[d + L + x] += (
            a[k + L + x] * p
            + a[k + U(4) * L + x] * q
            + a[k + U(7) * L + x] * v
            + a[k + U(10) * L + x] * w
        )
        s[d + U(2) * L + x] += (
            a[k + U(2) * L + x] * p
            + a[k + U(5) * L + x] * q
            + a[k + U(8) * L + x] * v
            + a[k + U(11) * L + x] * w
        )


@kernel
def _add_drive_1(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p = s[i + x]
        s[d + x] += a[k + x] * p
        s[d + L + x] += a[k + L + x] * p
        s[d + U(2) * L + x] += a[k + U(2) * L + x] * p


@kernel
def _set_four(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] = (
            a[k + x] * p
            + a[k + U(4) * L + x] * q
            + a[k + U(8) * L + x] * v
            + a[k + U(12) * L + x] * w
        )
        s[d + L + x] = (
            a[k + L + x] * p
            + a[k + U(5) * L + x] * q
            + a[k + U(9) * L + x] * v
            + a[k + U(13) * L + x] * w
        )
        s[d + U(2) * L + x] = (
            a[k + U(2) * L + x] * p
            + a[k + U(6) * L + x] * q
            + a[k + U(10) * L + x] * v
            + a[k + U(14) * L + x] * w
        )
        s[d + U(3) * L + x] = (
            a[k + U(3) * L + x] * p
            + a[k + U(7) * L + x] * q
            + a[k + U(11) * L + x] * v
            + a[k + U(15) * L + x] * w
        )


@kernel
def _add_four(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] += (
            a[k + x] * p
            + a[k + U(4) * L + x] * q
            + a[k + U(8) * L + x] * v
            + a[k + U(12) * L + x] * w
        )
        s[d + L + x] += (
            a[k + L + x] * p
            + a[k + U(5) * L + x] * q
            + a[k + U(9) * L + x] * v
            + a[k + U(13) * L + x] * w
        )
        s[d + U(2) * L + x] += (
            a[k + U(2) * L + x] * p
            + a[k + U(6) * L + x] * q
            + a[k + U(10) * L + x] * v
            + a[k + U(14) * L + x] * w
        )
        s[d + U(3) * L + x] += (
            a[k + U(3) * L + x] * p
            + a[k + U(7) * L + x] * q
            + a[k + U(11) * L + x] * v
            + a[k + U(15) * L + x] * w
        )


@kernel
def _add_four_1(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p = s[i + x]
        s[d + x] += a[k + x] * p
        s[d + L + x] += a[k + L + x] * p
        s[d + U(2) * L + x] += a[k + U(2) * L + x] * p
        s[d + U(3) * L + x] += a[k + U(3) * L + x] * p


@kernel
def _set_one(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] = (
            a[k + x] * p + a[k + L + x] * q + a[k + U(2) * L + x] * v + a[k + U(3) * L + x] * w
        )


@kernel
def _add_one(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p, q = s[i + x], s[i + L + x]
        v, w = s[i + U(2) * L + x], s[i + U(3) * L + x]
        s[d + x] += (
            a[k + x] * p + a[k + L + x] * q + a[k + U(2) * L + x] * v + a[k + U(3) * L + x] * w
        )


@kernel
def _add_one_1(s, d, a, k, i):  # type: ignore[no-untyped-def]
    for x in range(L):
        p = s[i + x]
        s[d + x] += a[k + x] * p


@kernel
def move(s, there, here, table, base, program, first, last):  # type: ignore[no-untyped-def]
    """Write the drive inside a step to s, and the state after it to s[there:]."""
    for n in range(first, last):
        what, d = program[n, U(0)], program[n, U(1)]
        k, i = base + program[n, U(2)], here + program[n, U(3)]
        if what == SET_FOUR:
            _set_four(s, there + d, table, k, i)
        elif what == SET_DRIVE:
            _set_drive(s, d, table, k, i)
        elif what == ADD_FOUR_1:
            _add_four_1(s, there + d, table, k, i)
        elif what == ADD_DRIVE_1:
            _add_drive_1(s, d, table, k, i)
        elif what == SET_ONE:
            _set_one(s, there + d, table, k, i)
        elif what == ADD_ONE_1:
            _add_one_1(s, there + d, table, k, i)
        elif what == ADD_FOUR:
            _add_four(s, there + d, table, k, i)
        elif what == ADD_DRIVE:
            _add_drive(s, d, table, k, i)
        else:
            _add_one(s, there + d, table, k, i)
