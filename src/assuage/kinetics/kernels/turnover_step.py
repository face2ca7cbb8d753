"""One step of `kinetics.turnover` in 64 lanes: from the drive at its nodes to R at its end."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.tile import LANES
from assuage.kinetics.kernels.wide import BYTES, lanes8
from assuage.kinetics.turnover import LARGEST_LOSS, W

U = np.uint64
L = np.uint64(LANES)
FULL = 1e50  # a ratio above which the effect is full; its fifth power is still finite
SHORT = 8.0  # steps this much shorter than the longest lose so little that degree 5 will do
SLACK = 0.08  # how far a loss may come out beyond its bounds, as a share of the largest
ENDS = tuple(float(one) for one in W[4])
INNER = tuple(tuple(float(one) for one in row) for row in W[1:4])
LEFT = tuple(tuple(float(one) for one in W[4] - row) for row in W[:4])


def _exponential_of(sign: float, largest: float, degree: int) -> tuple[float, ...]:
    """Return e**(sign m) as a polynomial for m up to `largest`."""
    domain = [-SLACK * largest, (1.0 + SLACK) * largest]
    found = Chebyshev.interpolate(lambda m: np.exp(sign * m), degree, domain=domain)
    return tuple(float(one) for one in found.convert(kind=Polynomial).coef)


FALL, RISE = (_exponential_of(sign, LARGEST_LOSS, 7) for sign in (-1.0, 1.0))
FALL_SHORT = _exponential_of(-1.0, LARGEST_LOSS / SHORT, 5)
# Where a tile's numbers stand in its array, each 64 long; the state follows, then the state next.
REST, LEVEL, LOSS, LOSS_CHANGE, GAIN, GAIN_CHANGE, TOTAL, NODE, STATE = (
    U(n) * L for n in (4, 5, 6, 7, 8, 9, 10, 11, 21)
)


@inner
def look(s, d, weights, base, here, theirs, places):  # type: ignore[no-untyped-def]
    """Write weights times the state to s[d:]: the drive over c50.

    theirs[n] and places[n] say where the n-th place's weights and state stand.
    """
    to = U(s.ctypes.data)
    lanes8(
        to + d * BYTES, U(weights.ctypes.data) + base * BYTES, U(theirs.ctypes.data),
        to + here * BYTES, U(places.ctypes.data), U(places.shape[0]),
    )  # fmt: skip


@inner
def raise_to_gamma(s, d, kind, gamma, base):  # type: ignore[no-untyped-def]
    """Raise c / c50 to gamma."""
    if kind == 0:
        for x in range(L):
            s[d + x] = min(s[d + x] ** gamma[base + x], FULL)
    elif kind > 1:
        for x in range(L):
            one = min(s[d + x], FULL)
            square = one * one
            other = one if kind == 3 or kind == 5 else 1.0
            s[d + x] = (square if kind < 4 else square * square) * other


@inner
def rest_of(s):  # type: ignore[no-untyped-def]
    """Keep the rest, 1 less the share of effect, at the ratio in s[0:], where a stretch begins."""
    for x in range(L):
        s[REST + x] = 1.0 / (1.0 + s[x])


# One step. s[0:] holds the ratios (c / c50)**gamma at nodes 1 .. 4.


@inner
def _fall(m, is_short):  # type: ignore[no-untyped-def]
    """Return e^-m; `is_short` where m is small."""
    if is_short:
        p = FALL_SHORT[4] + m * FALL_SHORT[5]
        p = FALL_SHORT[3] + m * p
        p = FALL_SHORT[2] + m * p
        p = FALL_SHORT[1] + m * p
        return FALL_SHORT[0] + m * p
    p = FALL[6] + m * FALL[7]
    p = FALL[5] + m * p
    p = FALL[4] + m * p
    p = FALL[3] + m * p
    p = FALL[2] + m * p
    p = FALL[1] + m * p
    return FALL[0] + m * p


@inner
def _rise(m):  # type: ignore[no-untyped-def]
    p = RISE[6] + m * RISE[7]
    p = RISE[5] + m * p
    p = RISE[4] + m * p
    p = RISE[3] + m * p
    p = RISE[2] + m * p
    p = RISE[1] + m * p
    return RISE[0] + m * p


@inner
def _dot(row, a, b, c, d, e):  # type: ignore[no-untyped-def]
    return row[0] * a + row[1] * b + row[2] * c + row[3] * d + row[4] * e


@inner
def _rests(s, x):  # type: ignore[no-untyped-def]
    """Return 1 / (1 + ratio), what the effect leaves, at the five nodes."""
    # One division for four: it takes as long as ten multiplications. FULL keeps the product of
    # four finite.
    d1, d2 = 1.0 + s[x], 1.0 + s[L + x]
    d3, d4 = 1.0 + s[U(2) * L + x], 1.0 + s[U(3) * L + x]
    d12, d34 = d1 * d2, d3 * d4
    one = 1.0 / (d12 * d34)
    r12, r34 = one * d34, one * d12
    return s[REST + x], r12 * d2, r12 * d1, r34 * d4, r34 * d3


@inner
def _rates(s, x, least, change, step_h, e0, e1, e2, e3, e4):  # type: ignore[no-untyped-def]
    """Return a rate times the step at the five nodes: from full effect back by the rest."""
    rate = step_h * s[least + x]
    more = rate * s[change + x]
    full = rate + more
    return full - more * e0, full - more * e1, full - more * e2, full - more * e3, full - more * e4


@inner
def _losses(a, b, c, d, e):  # type: ignore[no-untyped-def]
    """Return what is lost from each of the first four nodes to the step's end."""
    return (
        _dot(LEFT[0], a, b, c, d, e),
        _dot(LEFT[1], a, b, c, d, e),
        _dot(LEFT[2], a, b, c, d, e),
        _dot(LEFT[3], a, b, c, d, e),
    )


@inner
def step(s, step_h, is_short, steady):  # type: ignore[no-untyped-def]
    """Take R over a step: little is lost in a short one, nothing moves the gain in a steady one.

    Both are constants where it is called, so that each loop is compiled without a question.
    """
    for x in range(L):
        e0, e1, e2, e3, e4 = _rests(s, x)
        b0, b1, b2, b3, b4 = _rates(s, x, LOSS, LOSS_CHANGE, step_h, e0, e1, e2, e3, e4)
        m0, m1, m2, m3 = _losses(b0, b1, b2, b3, b4)
        f0, f1 = _fall(m0, is_short), _fall(m1, is_short)
        f2, f3 = _fall(m2, is_short), _fall(m3, is_short)
        if steady:
            made = step_h * s[GAIN + x] * _dot(ENDS, f0, f1, f2, f3, 1.0)
        else:
            a0, a1, a2, a3, a4 = _rates(s, x, GAIN, GAIN_CHANGE, step_h, e0, e1, e2, e3, e4)
            made = _dot(ENDS, a0 * f0, a1 * f1, a2 * f2, a3 * f3, a4)
        s[LEVEL + x] = f0 * s[LEVEL + x] + made
        s[REST + x] = e4


@inner
def nodes(s, step_h):  # type: ignore[no-untyped-def]
    """Take R over a step, and write R and h R' at its five nodes."""
    for x in range(L):
        e0, e1, e2, e3, e4 = _rests(s, x)
        b0, b1, b2, b3, b4 = _rates(s, x, LOSS, LOSS_CHANGE, step_h, e0, e1, e2, e3, e4)
        a0, a1, a2, a3, a4 = _rates(s, x, GAIN, GAIN_CHANGE, step_h, e0, e1, e2, e3, e4)
        m0, m1, m2, m3 = _losses(b0, b1, b2, b3, b4)
        f0 = _fall(m0, False)
        g0, g1 = a0 * f0, a1 * _fall(m1, False)
        g2, g3 = a2 * _fall(m2, False), a3 * _fall(m3, False)
        r0 = s[LEVEL + x]
        r1 = (f0 * r0 + _dot(INNER[0], g0, g1, g2, g3, a4)) * _rise(m1)
        r2 = (f0 * r0 + _dot(INNER[1], g0, g1, g2, g3, a4)) * _rise(m2)
        r3 = (f0 * r0 + _dot(INNER[2], g0, g1, g2, g3, a4)) * _rise(m3)
        r4 = f0 * r0 + _dot(ENDS, g0, g1, g2, g3, a4)
        s[LEVEL + x], s[REST + x] = r4, e4
        k = NODE + x
        s[k], s[k + L], s[k + U(2) * L], s[k + U(3) * L], s[k + U(4) * L] = r0, r1, r2, r3, r4
        k = NODE + U(5) * L + x
        s[k], s[k + L], s[k + U(2) * L] = a0 - b0 * r0, a1 - b1 * r1, a2 - b2 * r2
        s[k + U(3) * L], s[k + U(4) * L] = a3 - b3 * r3, a4 - b4 * r4


@inner
def interpolate(t, d, s, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9):  # type: ignore[no-untyped-def]
    """Write R at a place inside a step to t[d:]; the weights are those of `between`."""
    for x in range(L):
        k = NODE + x
        values = w0 * s[k] + w1 * s[k + L] + w2 * s[k + U(2) * L] + w3 * s[k + U(3) * L]
        values += w4 * s[k + U(4) * L] + w5 * s[k + U(5) * L] + w6 * s[k + U(6) * L]
        values += w7 * s[k + U(7) * L] + w8 * s[k + U(8) * L] + w9 * s[k + U(9) * L]
        t[d + x] = values
