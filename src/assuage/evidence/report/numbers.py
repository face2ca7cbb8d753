"""How numbers are written in a report, as a paper writes them.

The same value gives the same text everywhere. NaN and infinity are no results: what can't be
estimated is written as a dash by who knows why, never here. ValueError for them.
"""

from __future__ import annotations

import math

DASH = "–"
MINUS = "\N{MINUS SIGN}"


def fixed(value: float, digits: int = 2) -> str:
    """Return a number with so many decimals; a true minus, and no minus before zero."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no result")
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def with_se(value: float, se: float, digits: int = 2) -> str:
    """Return an estimate with its standard error: `−1.20 (0.45)`."""
    return f"{fixed(value, digits)} ({fixed(se, digits)})"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Return an interval: `−2.10 to −0.30`."""
    return f"{fixed(low, digits)} to {fixed(high, digits)}"


def with_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """Return an estimate with its interval: `−1.20 (−2.10 to −0.30)`."""
    return f"{fixed(value, digits)} ({interval(low, high, digits)})"


def degrees(df: float) -> str:
    """Return degrees of freedom: one decimal, whole ones without, infinite ones as ∞."""
    if df == math.inf:
        return "∞"
    return fixed(df, 0) if df == int(df) else fixed(df, 1)


def p_value(p: float) -> str:
    """Return a p value by the usual rules: `< 0.001`, three decimals below 0.1, else two.

    A value is never rounded to 0.05 nor up to 1: there it keeps the decimals that it needs.
    ValueError outside 0 to 1.
    """
    if not (0.0 <= p <= 1.0):
        raise ValueError(f"{p} is no p value")
    if p < 0.001:
        return "< 0.001"
    if p > 0.99:
        return "> 0.99"
    digits = 3 if p < 0.0995 else 2
    while p != 0.05 and float(f"{p:.{digits}f}") == 0.05:
        digits += 1
    return f"{p:.{digits}f}"


def p_told(p: float) -> str:
    """Return a p value within a sentence: `p = 0.013`, `p < 0.001`."""
    text = p_value(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def share(count: int, of: int) -> str:
    """Return a count with its share: `12/20 (60 %)`; a dash for nobody."""
    if not (0 <= count <= of):
        raise ValueError(f"{count} of {of}")
    return f"{count}/{of} ({100 * count / of:.0f} %)" if of else DASH


def percent(value: float, digits: int = 0) -> str:
    """Return a share as per cent."""
    return f"{fixed(100.0 * value, digits)} %"
