"""`kinetics.individual.reversible`, compiled: 16 eigenproblems at once, then each set's course."""

from __future__ import annotations

import math

import numpy as np

from assuage.kinetics.kernels.compile import kernel

LANES = 16
L = np.uint64(LANES)
U = np.uint64
SWEEPS = 12  # of Jacobi's rotations at most; five do for three places
CONVERGED = 1e-30  # squares off the diagonal, of those on it
PIECE = 64
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
PER_LN2 = float.fromhex("0x1.71547652b82fep+0")
SMALLEST_EXPONENT = -700.0  # a mode that has decayed so far is nothing
NEAR_ZERO = 0.02  # below it (e**x - 1) / x is a sum: the difference would lose digits


@kernel
def _rotation(s, pp, qq, pq, moving, t, c):  # type: ignore[no-untyped-def]
    """Write tangent and cosine of the turn that clears entry pq, lane by lane; none at rest."""
    for x in range(L):
        a, d = s[pq + x], s[qq + x] - s[pp + x]
        root = math.sqrt(d * d + 4.0 * a * a)
        below = d + root if d >= 0.0 else d - root
        safe = below if below != 0.0 else 1.0
        t[x] = moving[x] * 2.0 * a / safe
        c[x] = 1.0 / math.sqrt(1.0 + t[x] * t[x])


@kernel
def _clear(s, pp, qq, pq, t):  # type: ignore[no-untyped-def]
    for x in range(L):
        a = s[pq + x]
        s[pp + x] -= t[x] * a
        s[qq + x] += t[x] * a
        s[pq + x] = 0.0


@kernel
def _turn(s, first, second, t, c):  # type: ignore[no-untyped-def]
    for x in range(L):
        a, b = s[first + x], s[second + x]
        s[first + x] = c[x] * (a - t[x] * b)
        s[second + x] = c[x] * (b + t[x] * a)


@kernel
def _sum_squares(total, s, entry):  # type: ignore[no-untyped-def]
    for x in range(L):
        total[x] += s[entry + x] * s[entry + x]


@kernel
def _measure(s, n, moving, off, on):  # type: ignore[no-untyped-def]
    """Write 1 where a lane still turns and 0 where it has come to rest; return whether any turns.

    Each lane by itself, so that its modes are the same whatever the others hold.
    """
    off[:] = 0.0
    on[:] = 0.0
    for i in range(n):
        _sum_squares(on, s, (i * n + i) * L)
        for j in range(i + U(1), n):
            _sum_squares(off, s, (i * n + j) * L)
    left = 0.0
    for x in range(L):
        moving[x] = 1.0 if off[x] > CONVERGED * on[x] else 0.0
        left += moving[x]
    return left > 0.0


@kernel
def eigen(s, q, size, t, c):  # type: ignore[no-untyped-def]
    """Turn 16 symmetric matrices s into their eigenvalues on the diagonal, and q into the vectors.

    Entry (i, j) of lane x stands at [(i size + j) 16 + x]; of s only j >= i is read.
    """
    n = U(size)
    q[:] = 0.0
    for i in range(n):
        for x in range(L):
            q[(i * n + i) * L + x] = 1.0
    moving = np.zeros(LANES)
    for _ in range(SWEEPS):
        if not _measure(s, n, moving, t, c):
            break
        for i in range(n):
            for j in range(i + U(1), n):
                pp, qq, pq = (i * n + i) * L, (j * n + j) * L, (i * n + j) * L
                _rotation(s, pp, qq, pq, moving, t, c)
                _clear(s, pp, qq, pq, t)
                for k in range(n):
                    if k != i and k != j:
                        first = (k * n + i) * L if k < i else (i * n + k) * L
                        second = (k * n + j) * L if k < j else (j * n + k) * L
                        _turn(s, first, second, t, c)
                    _turn(q, (k * n + i) * L, (k * n + j) * L, t, c)


@kernel
def exponentials(x, power, share, first, halvings, scale):  # type: ignore[no-untyped-def]
    """Write e**x and (e**x - 1) / x for PIECE numbers from x[first] on; none is positive."""
    for n in range(U(PIECE)):
        one = x[first + n] if x[first + n] > SMALLEST_EXPONENT else SMALLEST_EXPONENT
        whole = np.rint(one * PER_LN2)
        halvings[n] = (np.int64(whole) + 1023) << 52
        r = (one - whole * LN2_HIGH) - whole * LN2_LOW
        p = 1.6059043836821613e-10 + r * 1.1470745597729725e-11
        p = 2.08767569878681e-09 + r * p
        p = 2.505210838544172e-08 + r * p
        p = 2.755731922398589e-07 + r * p
        p = 2.7557319223985893e-06 + r * p
        p = 2.48015873015873e-05 + r * p
        p = 1.984126984126984e-04 + r * p
        p = 1.388888888888889e-03 + r * p
        p = 8.333333333333333e-03 + r * p
        p = 4.1666666666666664e-02 + r * p
        p = 0.16666666666666666 + r * p
        p = 0.5 + r * p
        p = 1.0 + r * p
        power[first + n] = 1.0 + r * p
    for n in range(U(PIECE)):
        power[first + n] *= scale[n]
        one = x[first + n]
        series = 1.0 + one * (0.5 + one * (1.0 / 6.0 + one * (1.0 / 24.0 + one * (
            1.0 / 120.0 + one * (1.0 / 720.0 + one / 5040.0)))))  # fmt: skip
        safe = one if one < -NEAR_ZERO else -1.0
        share[first + n] = series if one >= -NEAR_ZERO else (power[first + n] - 1.0) / safe


@kernel
def _fill(s, here, some, exchange, loss, ends, size):  # type: ignore[no-untyped-def]
    """Write 16 symmetric matrices: -loss on the diagonal, what is exchanged beside it."""
    s[:] = 0.0
    for x in range(some):
        for place in range(size):
            s[(place * size + place) * LANES + x] = -loss[here + x, place]
        for n in range(ends.shape[0]):
            i, j = ends[n, 0], ends[n, 1]
            i, j = (i, j) if i < j else (j, i)
            s[(i * size + j) * LANES + x] = exchange[here + x, n]


@kernel
def _course(  # type: ignore[no-untyped-def]
    mine, x, size, one, q, roots, into, fractions, factors, power, share, base, rate, bolus,
    step_first, span, span_first, span_h, look_first, look_step, look_after, seen, analyte, y, out,
):  # fmt: skip
    """Take one set through its subject's steps in its own modes."""
    for k in range(size):
        y[k] = 0.0
    look = look_first[one]
    for step in range(step_first[one], step_first[one + 1]):
        for after in range(2):
            if after == 1:
                for e in range(into.shape[0]):
                    amount = bolus[step, e]
                    if amount != 0.0:
                        amount *= fractions[mine, e] / roots[mine, into[e]]
                        for k in range(size):
                            y[k] += amount * q[(into[e] * size + k) * LANES + x]
            while (
                look < look_first[one + 1]
                and look_step[look] == step - step_first[one]
                and look_after[look] == after
            ):
                place, total = seen[look], 0.0
                for k in range(size):
                    total += y[k] * q[(place * size + k) * LANES + x]
                total *= roots[mine, place] * factors[mine, analyte[look]]
                out[mine, look - look_first[one]] = total
                look += 1
        number = span[step]
        if number < 0:
            break
        for k in range(size):
            y[k] *= power[base + number * size + k]
        for e in range(into.shape[0]):
            flowing = rate[step, e]
            if flowing != 0.0:
                flowing *= fractions[mine, e] / roots[mine, into[e]]
                flowing *= span_h[span_first[one] + number]
                for k in range(size):
                    turned = q[(into[e] * size + k) * LANES + x]
                    y[k] += flowing * turned * share[base + number * size + k]


@kernel
def predict(  # type: ignore[no-untyped-def]
    exchange, loss, roots, factors, fractions, which, ends, into, rate, bolus, step_first, span,
    span_first, span_h, look_first, look_step, look_after, seen, analyte, out,
):  # fmt: skip
    """Write (sets, most looks) amounts times factors; see `kinetics.individual.reversible`."""
    size = loss.shape[1]
    most = 1
    for one in range(span_first.shape[0] - 1):
        most = max(most, span_first[one + 1] - span_first[one])
    s, q = np.zeros(size * size * LANES), np.zeros(size * size * LANES)
    t, c, y = np.zeros(LANES), np.zeros(LANES), np.zeros(size)
    room = (LANES * most * size + PIECE - 1) // PIECE * PIECE
    x, power, share = np.zeros(room), np.zeros(room), np.zeros(room)
    halvings = np.zeros(PIECE, dtype=np.int64)
    scale = halvings.view(np.float64)
    for here in range(0, which.shape[0], LANES):
        some = min(LANES, which.shape[0] - here)
        _fill(s, here, some, exchange, loss, ends, size)
        eigen(s, q, size, t, c)
        used = 0
        for lane in range(some):
            one = which[here + lane]
            for number in range(span_first[one], span_first[one + 1]):
                for k in range(size):
                    x[used] = s[(k * size + k) * LANES + lane] * span_h[number]
                    used += 1
        for piece in range(0, used, PIECE):
            exponentials(x, power, share, U(piece), halvings, scale)
        base = 0
        for lane in range(some):
            one = which[here + lane]
            _course(
                here + lane, lane, size, one, q, roots, into, fractions, factors, power, share,
                base, rate, bolus, step_first, span, span_first, span_h, look_first, look_step,
                look_after, seen, analyte, y, out,
            )  # fmt: skip
            base += (span_first[one + 1] - span_first[one]) * size
