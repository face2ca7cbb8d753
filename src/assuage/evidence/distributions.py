"""The normal, Student's t and Fisher's F, from SciPy, imported late."""

from __future__ import annotations

import math

from assuage.refusals import Refusal, Refused

NEAR = 1e-6  # of the chance


def check_level(level: float) -> None:
    """Raise Refused (VALUE_NOT_ALLOWED) unless a level of confidence lies between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=level, what="level", choices="numbers between 0 and 1"
        )


def z_two_sided(z: float) -> float:
    """Return the chance that |Z| is above |z|."""
    from scipy.special import ndtr

    return 2.0 * float(ndtr(-abs(z)))


def z_within(level: float) -> float:
    """Return the z that |Z| is below with a chance of `level`. Raises as `check_level` does."""
    from scipy.special import ndtri

    check_level(level)
    return float(ndtri(0.5 + level / 2.0))


def t_two_sided(t: float, df: float) -> float:
    """Return the chance that |T| is above |t|."""
    from scipy.special import stdtr

    return 2.0 * float(stdtr(df, -abs(t)))


def t_beyond(chance: float, df: float) -> float:
    """Return the t that |T| is above with a chance between 0 and 1.

    Raises Refused (FIT_IMPOSSIBLE) where degrees of freedom near nought put it beyond all numbers.
    """
    from scipy.special import stdtrit

    found = -float(stdtrit(df, chance / 2.0))
    # Below about a hundredth of a degree SciPy's inverse stops short without a word.
    if not (math.isfinite(found) and abs(t_two_sided(found, df) / chance - 1.0) < NEAR):
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model="an interval",
            why=f"with {df:.2g} degrees of freedom it has no end",
            remedy="analyse more people, or estimate fewer variances",
        )
    return found


def f_above(f: float, df1: float, df2: float) -> float:
    """Return the chance that F is above f."""
    from scipy.special import fdtrc

    return float(fdtrc(df1, df2, f))
