"""exp(A h) of 64 matrices at once, entry by entry, and never a subtraction.

The same method as `kinetics.exact.transition`: shifted by its largest rate a rate matrix has no
negative entry, so a Taylor sum and squarings keep the relative accuracy of every entry, however
close its poles lie. Here 64 matrices lie side by side, entry d of lane l at [64 d + l], so that
each multiplication is a run over neighbouring numbers, which the compiler turns into vector
instructions. Each lane has its own scaling: a lane's answer is the same whatever the others hold.

Indices are unsigned: a signed one could count from the end, and that check hides the loop from
the vectoriser (three times slower; benchmarks/populations.py guards it).

Degree 16 by Paterson and Stockmeyer (SIAM J Comput 1973;2:60) takes six products.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import inner, kernel
from assuage.kinetics.kernels.wide import BYTES, lanes8

LANES = 64
LARGEST = 0.7  # norm that the Taylor sum is used up to: 0.7**17 / 17! is 7e-18
NOTES = 4  # rows of numbers that its pieces hand on
FINISHED = -1  # in place of a next piece
WORKS = 5  # arrays of a pattern's slots that `exponential` works in
L = np.uint64(LANES)
U = np.uint64
FACTORIAL = np.cumprod(np.array([1.0, *range(1, 17)]))
TAYLOR = 1.0 / FACTORIAL


@inner
def most(values):  # type: ignore[no-untyped-def]
    """Return the largest of 64 numbers."""
    found = values[0]
    for x in range(L):
        found = max(found, values[x])
    return found


@inner
def multiply(t, a, b, first, left, right):  # type: ignore[no-untyped-def]
    """Write a @ b into t, for all lanes; `left` and `right` count in numbers (slot x 64)."""
    to, one, other = U(t.ctypes.data), U(a.ctypes.data), U(b.ctypes.data)
    lefts, rights = U(left.ctypes.data), U(right.ctypes.data)
    for slot in range(U(first.shape[0] - 1)):
        p = first[slot]
        lanes8(
            to + slot * L * BYTES, one, lefts + p * BYTES, other, rights + p * BYTES,
            first[slot + U(1)] - p,
        )  # fmt: skip


@inner
def _combine(t, b, b2, b3, b4, diagonal, high, c4):  # type: ignore[no-untyped-def]
    """Write c[high] I + c[high+1] b + c[high+2] b2 + c[high+3] b3 + c4 b4 into t."""
    c0, c1, c2, c3 = TAYLOR[high], TAYLOR[high + 1], TAYLOR[high + 2], TAYLOR[high + 3]
    for n in range(U(t.shape[0])):
        t[n] = c1 * b[n] + c2 * b2[n] + c3 * b3[n] + c4 * b4[n]
    for place in range(diagonal.shape[0]):
        d = diagonal[place]
        for x in range(L):
            t[d + x] += c0


@inner
def _gain(t, d, n, s):  # type: ignore[no-untyped-def]
    """Add s to t over n numbers."""
    for x in range(n):
        t[d + x] += s[d + x]


@inner
def _keep_squared(t, s, squarings, done):  # type: ignore[no-untyped-def]
    """Take the square t in the lanes that still need it; the others keep what they have."""
    for slot in range(U(s.shape[0]) // L):
        d = slot * L
        for x in range(L):
            s[d + x] = t[d + x] if squarings[x] > done else s[d + x]


@kernel
def exponential(s, span_h, work, first, left, right, diagonal):  # type: ignore[no-untyped-def]
    """Turn the rates in s (slots x 64, per h) into exp(A span) in place, lane by lane.

    span_h (64,). `work` is (5, slots x 64). Rates off the diagonal are not negative.
    """
    notes = np.zeros((NOTES, LANES))
    notes[0, :] = span_h
    exponential_of(s, notes, work, first, left, right, diagonal)


@inner
def exponential_of(s, notes, work, first, left, right, diagonal):  # type: ignore[no-untyped-def]
    """Do as `exponential` does; notes (4, 64) are worked in, the spans are their first row."""
    stage = 0
    while stage != FINISHED:
        stage = exponential_piece(stage, s, notes, work, first, left, right, diagonal)


@inner
def exponential_piece(  # type: ignore[no-untyped-def]
    stage, s, notes, work, first, left, right, diagonal
):
    """Do one piece of `exponential`, about one product each; return the next stage.

    notes (4, 64): in its first row the spans, then what later pieces need.
    """
    b, b2, b3, b4, t = work[0], work[1], work[2], work[3], work[4]
    if stage == 0:
        _begin(s, notes, b, diagonal)
    elif stage == 1:
        multiply(b2, b, b, first, left, right)
    elif stage == 2:
        multiply(b3, b2, b, first, left, right)
    elif stage == 3:
        multiply(b4, b2, b2, first, left, right)
        _combine(s, b, b2, b3, b4, diagonal, 12, TAYLOR[16])
    elif stage < 7:
        multiply(t, s, b4, first, left, right)
        _combine(s, b, b2, b3, b4, diagonal, 24 - 4 * stage, 0.0)
        _gain(s, U(0), U(s.shape[0]), t)
        if stage == 6:
            _damp(s, notes)
    else:
        squarings, done = notes[1], float(stage - 7)
        if most(squarings) <= done:
            return FINISHED
        multiply(t, s, s, first, left, right)
        _keep_squared(t, s, squarings, done)
    return stage + 1


@inner
def _begin(s, notes, b, diagonal):  # type: ignore[no-untyped-def]
    """Shift the rates to where none is negative, and scale them to below LARGEST in b."""
    scale, squarings, shift = notes[0], notes[1], notes[2]
    squarings[:] = 0.0
    shift[:] = 0.0
    for place in range(diagonal.shape[0]):
        d = diagonal[place]
        for x in range(L):
            shift[x] = max(shift[x], -s[d + x])
    for x in range(LANES):
        while shift[x] * scale[x] > LARGEST:
            scale[x] *= 0.5
            squarings[x] += 1.0
    for place in range(diagonal.shape[0]):
        d = diagonal[place]
        for x in range(L):
            s[d + x] += shift[x]
    for slot in range(U(s.shape[0]) // L):
        d = slot * L
        for x in range(L):
            b[d + x] = s[d + x] * scale[x]


@inner
def _damp(s, notes):  # type: ignore[no-untyped-def]
    """Take the shift out again."""
    scale, shift, damping = notes[0], notes[2], notes[3]
    for x in range(LANES):
        damping[x] = np.exp(-shift[x] * scale[x])
    for slot in range(U(s.shape[0]) // L):
        d = slot * L
        for x in range(L):
            s[d + x] *= damping[x]
