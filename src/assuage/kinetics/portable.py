"""Exponential, logarithm, power and inverse normal that give the same bits on every machine.

The mathematical functions of C libraries and of NumPy's vector loops differ in their last bits
from machine to machine. IEEE 754 fixes + - * / and the square root exactly, so whatever is made
of these alone, in a fixed order, is the same everywhere, whatever the width of the vectors. Here
an argument is reduced (exactly, or by a two-part ln 2) and a polynomial or a ratio of two is
evaluated by Horner's rule, one operation at a time, so that nothing is fused.

Errors against exact values, as the tests hold them: exp and log 2 units in the last place, the
power 2 units and as many again as its logarithm is large, the inverse normal 2e-15 relative.

Arrays of any shape go in and come out; they're worked on in pieces that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

PIECE = 8192  # numbers worked on at once: 64 KiB an array
EXP_LIMIT = 700.0  # beyond it results near the ends of what a float holds

_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 32 bits, so whole multiples are exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")  # the rest of ln 2
_PER_LN2 = float.fromhex("0x1.71547652b82fep+0")
_ROOT_2 = float.fromhex("0x1.6a09e667f3bcdp+0")
_MANTISSA_BITS = 52
_BIAS = 1023
_MANTISSA = np.int64(2**_MANTISSA_BITS - 1)
_ONE_BITS = np.int64(_BIAS << _MANTISSA_BITS)
_SMALLEST = 2.0**-1022


def _taylor_exp(terms: int) -> tuple[float, ...]:
    found, factorial = [1.0], 1
    for term in range(1, terms + 1):
        factorial *= term
        found.append(1.0 / factorial)
    return tuple(reversed(found))


_EXP = _taylor_exp(14)  # |x| <= ln(2)/2: the next term is under 1e-19
_LOG = tuple(1.0 / odd for odd in range(23, 1, -2))  # 2 atanh(s) - 2 s, |s| <= 0.172

Ratio = tuple[tuple[float, ...], tuple[float, ...]]


def _ratio_of(top: str, bottom: str) -> Ratio:
    return tuple(map(float, top.split())), tuple(map(float, bottom.split()))


# Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution (PPND16), Applied
# Statistics 1988;37:477-484. Highest power first: numerator, denominator.
_CENTRE_REACH, _CENTRE_SHIFT = 0.425, 0.180625
_TAIL_END, _TAIL_SHIFT = 5.0, 1.6
_CENTRE = _ratio_of(
    """2509.0809287301226727 33430.575583588128105 67265.770927008700853 45921.953931549871457
    13731.693765509461125 1971.5909503065514427 133.14166789178437745 3.3871328727963666080""",
    """5226.4952788528545610 28729.085735721942674 39307.895800092710610 21213.794301586595867
    5394.1960214247511077 687.18700749205790830 42.313330701600911252 1""",
)
_TAIL = _ratio_of(
    """7.74545014278341407640e-4 .0227238449892691845833 .241780725177450611770
    1.27045825245236838258 3.64784832476320460504 5.76949722146069140550
    4.63033784615654529590 1.42343711074968357734""",
    """1.05075007164441684324e-9 5.47593808499534494600e-4 .0151986665636164571966
    .148103976427480074590 .689767334985100004550 1.67638483018380384940
    2.05319162663775882187 1""",
)
_FAR = _ratio_of(
    """2.01033439929228813265e-7 2.71155556874348757815e-5 1.24266094738807843860e-3
    .0265321895265761230930 .296560571828504891230 1.78482653991729133580
    5.46378491116411436990 6.65790464350110377720""",
    """2.04426310338993978564e-15 1.42151175831644588870e-7 1.84631831751005468180e-5
    7.86869131145613259100e-4 .0148753612908506148525 .136929880922735805310
    .599832206555887937690 1""",
)


def exp(values: ArrayLike) -> Array:
    """Return e to the power of each value. Raises ValueError beyond +-700, and for NaN."""
    found = np.asarray(values, dtype=np.float64)
    if not (np.abs(found) <= EXP_LIMIT).all():
        raise ValueError(f"an exponent isn't between {-EXP_LIMIT:g} and {EXP_LIMIT:g}")
    return _in_pieces(_exp, found)


def log(values: ArrayLike) -> Array:
    """Return the natural logarithm. Raises ValueError unless each value is positive."""
    found = np.asarray(values, dtype=np.float64)
    if not ((found >= _SMALLEST) & np.isfinite(found)).all():
        raise ValueError("a logarithm needs finite numbers above zero")
    return _in_pieces(_log, found)


def power(values: ArrayLike, exponent: float) -> Array:
    """Return each positive value to a fixed power; a power of 1 leaves the very same number.

    Raises ValueError when a value isn't positive or the result is beyond e to the +-700.
    """
    found = log(values)
    return np.array(values, dtype=np.float64) if exponent == 1.0 else exp(exponent * found)


@lru_cache(maxsize=4096)
def power_of(value: float, exponent: float) -> float:
    """Return `power` of one number, remembered: a plan asks for few, many times."""
    return float(power(value, exponent))


def normal_quantile(probabilities: ArrayLike) -> Array:
    """Return the standard normal's quantiles. Raises ValueError unless 0 < p < 1."""
    found = np.asarray(probabilities, dtype=np.float64)
    if not ((found >= _SMALLEST) & (found < 1.0)).all():
        raise ValueError("a probability isn't inside (0, 1)")
    return _in_pieces(_normal, found - 0.5, np.where(found < 0.5, found, 1.0 - found))


def normal_of_centre(centre: Array) -> Array:
    """Return the quantiles of p = 0.5 + centre, for centres where 0.5 - |centre| is exact.

    Every odd multiple of 2**-54 inside (-0.5, 0.5) is such a centre. Raises ValueError outside.
    """
    tail = 0.5 - np.abs(centre)
    if not (tail > 0.0).all():
        raise ValueError("a centre isn't inside (-0.5, 0.5)")
    return _in_pieces(_normal, centre, tail)


def _in_pieces(work: Callable[..., Array], *values: Array) -> Array:
    flat = [np.ascontiguousarray(one).reshape(-1) for one in values]
    out = np.empty(flat[0].shape)
    for start in range(0, len(out), PIECE):
        piece = slice(start, start + PIECE)
        out[piece] = work(*(one[piece] for one in flat))
    return out.reshape(np.shape(values[0]))


def _horner(coefficients: Sequence[float], x: Array) -> Array:
    total = np.full(x.shape, coefficients[0])
    for one in coefficients[1:]:
        total *= x
        total += one
    return total


def _exp(x: Array) -> Array:
    halvings = np.rint(x * _PER_LN2)
    rest = (x - halvings * _LN2_HIGH) - halvings * _LN2_LOW
    scale = (halvings.astype(np.int64) + _BIAS) << _MANTISSA_BITS
    return _horner(_EXP, rest) * scale.view(np.float64)


def _log(x: Array) -> Array:
    bits = x.view(np.int64)
    mantissa = ((bits & _MANTISSA) | _ONE_BITS).view(np.float64)
    large = mantissa > _ROOT_2
    mantissa = np.where(large, mantissa * 0.5, mantissa)
    twos = ((bits >> _MANTISSA_BITS) - _BIAS + large).astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    double = s + s
    small = double * (square * _horner(_LOG, square)) + twos * _LN2_LOW
    return twos * _LN2_HIGH + (double + small)


def _normal(centre: Array, tail: Array) -> Array:
    inner = _CENTRE_SHIFT - centre * centre
    found = centre * _horner(_CENTRE[0], inner) / _horner(_CENTRE[1], inner)
    outside = np.flatnonzero(~(np.abs(centre) <= _CENTRE_REACH))
    if len(outside):
        far = np.sqrt(-_log(tail[outside]))
        size = _ratio(_TAIL, far - _TAIL_SHIFT)
        beyond = far > _TAIL_END
        if beyond.any():
            size[beyond] = _ratio(_FAR, far[beyond] - _TAIL_END)
        found[outside] = np.copysign(size, centre[outside])
    return found


def _ratio(pair: Ratio, x: Array) -> Array:
    return _horner(pair[0], x) / _horner(pair[1], x)
