"""Blocks of 64 outputs: rows of a table times a state, summed. The innermost loop of all.

Each loop runs over 64 neighbouring numbers in a function of its own, with offsets and no slices,
so that the compiler turns it into vector instructions (benchmarks/populations.py guards that).
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import kernel

BLOCK = 64
U = np.uint64
B = np.uint64(BLOCK)


@kernel
def _set1(t, d, r, a, x):  # type: ignore[no-untyped-def]
    for n in range(B):
        t[d + n] = r[a + n] * x


@kernel
def _set2(t, d, r, a, x, y):  # type: ignore[no-untyped-def]
    for n in range(B):
        t[d + n] = r[a + n] * x + r[a + B + n] * y


@kernel
def _set3(t, d, r, a, x, y, z):  # type: ignore[no-untyped-def]
    b, c = a + B, a + B + B
    for n in range(B):
        t[d + n] = r[a + n] * x + r[b + n] * y + r[c + n] * z


@kernel
def _set4(t, d, r, a, w, x, y, z):  # type: ignore[no-untyped-def]
    b, c, e = a + B, a + B + B, a + B + B + B
    for n in range(B):
        t[d + n] = r[a + n] * w + r[b + n] * x + r[c + n] * y + r[e + n] * z


@kernel
def _add1(t, d, r, a, x):  # type: ignore[no-untyped-def]
    for n in range(B):
        t[d + n] += r[a + n] * x


@kernel
def _add2(t, d, r, a, x, y):  # type: ignore[no-untyped-def]
    b = a + B
    for n in range(B):
        t[d + n] += r[a + n] * x + r[b + n] * y


@kernel
def _add3(t, d, r, a, x, y, z):  # type: ignore[no-untyped-def]
    b, c = a + B, a + B + B
    for n in range(B):
        t[d + n] += r[a + n] * x + r[b + n] * y + r[c + n] * z


@kernel
def block(t, d, rows, row, states, n, columns, start, count):  # type: ignore[no-untyped-def]
    """Write 64 outputs at t[d:]: row c of a table times states[n, columns[start + c]], summed."""
    w = states[n, columns[start]]
    if count >= 4:
        x, y = states[n, columns[start + 1]], states[n, columns[start + 2]]
        _set4(t, d, rows, row, w, x, y, states[n, columns[start + 3]])
        done = 4
    elif count == 3:
        x, y = states[n, columns[start + 1]], states[n, columns[start + 2]]
        _set3(t, d, rows, row, w, x, y)
        return
    elif count == 2:
        _set2(t, d, rows, row, w, states[n, columns[start + 1]])
        return
    else:
        _set1(t, d, rows, row, w)
        return
    while done + 3 <= count:
        c = start + done
        x, y, z = states[n, columns[c]], states[n, columns[c + 1]], states[n, columns[c + 2]]
        _add3(t, d, rows, row + U(done) * B, x, y, z)
        done += 3
    if done + 2 == count:
        c = start + done
        _add2(t, d, rows, row + U(done) * B, states[n, columns[c]], states[n, columns[c + 1]])
    elif done + 1 == count:
        _add1(t, d, rows, row + U(done) * B, states[n, columns[start + done]])


@kernel
def emit(  # type: ignore[no-untyped-def]
    out, begin, times, rows, stride, stops, blocks, states, columns, start, still, flowing, last
):
    """Write the blocks of one output in the order of time, out[begin:begin + times].

    stops (blocks, 4): first output, outputs, table, whether something flows; a table has
    `stride` rows. Of the columns from `start` on the first `still` count when nothing flows,
    `flowing` when something does. A block that is not full writes past its end what the next one
    overwrites, but never past the end of the row.
    """
    for n in range(blocks):
        first, count = stops[n, 0], stops[n, 1]
        width = flowing if stops[n, 3] == 1 else still
        row = U((stops[n, 2] * stride + start) * BLOCK)
        if count == 1:
            total = 0.0
            for c in range(width):
                total += rows[row + U(c) * B] * states[n, columns[start + c]]
            out[begin + first] = total
        elif first + BLOCK <= times:
            block(out, U(begin + first), rows, row, states, n, columns, start, width)
        else:
            block(last, U(0), rows, row, states, n, columns, start, width)
            for k in range(U(count)):
                out[U(begin + first) + k] = last[k]
