"""Quantities: a number and a unit, read at the edge and refused when in doubt.

`parse` reads what a person wrote. Its grammar is small on purpose: plain digits, at most one
decimal point, at most one space, one unit. Whatever else was meant is refused, never guessed
and never clamped. `convert` and `dimensionality` read the units of the knowledge files.

What is read, and what isn't:

- `5.0 mg` is 5 mg exactly; the trailing zero that is risky on a label is harmless here.
- `1.500 mg` is refused: one to three digits and three decimals that end in zero are how much of
  the world writes one thousand five hundred. `1.5 mg` and `1.125 mg` are read.
- `ug`, `mcg`, `µg` and `microgram` are one unit, and displays spell it `microgram`.
- Units are case-sensitive: `Mg`, `MG` and `KG` are unknown; `mL` and `ml` are both read.
- A plausible range is a check of the input for slips, wide on purpose. It is no clinical limit;
  those are guardrails and stand with their sources in the knowledge files.
"""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from pint import UnitRegistry

MICROGRAM_PER_MG = 1000

_MICRO = ("ug", "mcg", "µg", "μg", "microgram", "micrograms")  # micro sign, Greek mu
_ALIAS = re.compile("mcg|µg|μg|microgram|ml")  # read, but not offered in a remedy
_DAY = ("d", "day", "days")
_WEEK = ("wk", "week", "weeks")
_YEAR_D = Fraction(1461, 4)
_ONE = Fraction(1)

Units = dict[str, Fraction]  # spelling -> exact factor to the canonical unit


def _same(factor: int | Fraction, *spellings: str) -> Units:
    return dict.fromkeys(spellings, Fraction(factor))


def _per(top: Units, bottom: Units) -> Units:
    """Return every `top/bottom` spelling with its factor."""
    return {f"{t}/{b}": x / y for t, x in top.items() for b, y in bottom.items()}


_MG = _same(1, "mg") | _same(Fraction(1, 1000), *_MICRO)
_MG_PER_KG = _per(_MG, _same(1, "kg"))
_ML = _same(1, "mL", "ml")
_ML_OR_L = _ML | _same(1000, "L")
_AGE = _same(1, "y", "year", "years") | _same(Fraction(1, 12), "month", "months")
_AGE |= _same(7 / _YEAR_D, *_WEEK) | _same(1 / _YEAR_D, *_DAY)
_HOUR = _same(1, "h", "hour", "hours") | _same(Fraction(1, 60), "min", "minute", "minutes")
_HOUR |= _same(Fraction(1, 3600), "s", "second", "seconds") | _same(24, *_DAY) | _same(168, *_WEEK)
_PER_TIME = _same(1, "h") | _same(Fraction(1, 60), "min") | _same(24, "d", "day")
_NG = _same(1, "ng") | _same(1000, *_MICRO) | _same(10**6, "mg")


class Dimension(Enum):
    """What a number may be about.

    A member holds: its name with an article, its canonical unit, an example, every spelling of
    a unit that is read for it with the exact factor to the canonical unit, and the lowest and
    highest plausible value in the canonical unit.
    """

    WEIGHT = ("a body weight", "kg", "70 kg", _same(1, "kg") | _same(_ONE / 1000, "g"), 0.3, 400)
    HEIGHT = ("a body height", "cm", "172 cm", _same(1, "cm") | _same(100, "m"), 20, 260)
    AGE = ("an age", "y", "46 y", _AGE, 0, 120)
    DOSE = ("a dose", "mg", "35 mg", _MG | _same(1000, "g"), 0.01, 10_000)
    DOSE_PER_WEIGHT = ("a dose per body weight", "mg/kg", "0.5 mg/kg", _MG_PER_KG, 0.0005, 50)
    RATE = ("a dose rate", "mg/h", "10 mg/h", _per(_MG, _PER_TIME), 0.01, 20_000)
    RATE_PER_WEIGHT = (
        *("a dose rate per body weight", "mg/kg/h", "0.15 mg/kg/h"),
        *(_per(_MG_PER_KG, _PER_TIME), 0.0005, 300),
    )
    DURATION = ("a duration", "h", "40 min", _HOUR, 0.0002, 20_000)
    STRENGTH = ("a product strength", "mg/mL", "50 mg/mL", _per(_MG, _ML), 0.001, 500)
    CONCENTRATION = (
        *("a blood concentration", "ng/mL", "150 ng/mL"),
        *(_per(_NG, _ML_OR_L), 0.001, 100_000),
    )
    VOLUME = ("a volume", "mL", "50 mL", _ML_OR_L, 0.01, 5000)
    FLOW = ("a pump rate", "mL/h", "4.2 mL/h", _per(_ML, _PER_TIME), 0.01, 6000)
    PRESSURE = ("a pressure", "mmHg", "120 mmHg", _same(1, "mmHg"), 1, 400)
    FREQUENCY = ("a rate per minute", "1/min", "72 bpm", _same(1, "1/min", "/min", "bpm"), 1, 400)

    def __init__(
        self, words: str, unit: str, example: str, units: Units, low: float, high: float
    ) -> None:
        self.words = words
        self.unit = unit
        self.example = example
        self.units = units
        self.low = low
        self.high = high

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Quantity:
    """A number with its dimension, and the text it was read from."""

    magnitude: float  # in the dimension's canonical unit
    dimension: Dimension
    text: str  # as written

    @property
    def unit(self) -> str:
        """The canonical unit that `magnitude` is in."""
        return self.dimension.unit


_NUMBER = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_PARSED = re.compile(rf"({_NUMBER})( ?)(.*)")
_NEGATIVE = re.compile(rf"-{_NUMBER} ?[A-Za-zµμ/%]*")
_UNIT_SHAPED = re.compile(r"[A-Za-zµμ/%]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{2}0")
_LONGEST_TEXT = 60
_MOST_DIGITS = 15  # what a double carries exactly both ways


def parse(text: str, *dimensions: Dimension, what: str | None = None) -> Quantity:
    """Read `text` as a quantity of one of `dimensions`, exactly or not at all.

    `what` names the thing with an article ("a bolus") where the dimension's own name says too
    little. Raises Refused with one of the QUANTITY_ members; raises ValueError when no
    dimension is asked for.
    """
    if not dimensions:
        raise ValueError("parse needs at least one dimension")
    asked = what or " or ".join(one.words for one in dimensions)
    fields = {"text": _shown(text), "what": asked, "example": dimensions[0].example}
    bare = fields | {"what": re.sub(r"^an? ", "", asked)}
    if not text.strip():
        raise Refused(Refusal.QUANTITY_EMPTY, **bare)
    number, unit = _split(text, fields, bare)
    found = [one for one in dimensions if unit in one.units]
    if len(found) > 1:
        raise Refused(Refusal.QUANTITY_AMBIGUOUS, **fields)
    if not found:
        if any(unit in one.units for one in Dimension):
            raise Refused(Refusal.QUANTITY_UNIT_WRONG, **fields)
        units = ", ".join(u for one in dimensions for u in one.units if not _ALIAS.search(u))
        raise Refused(Refusal.QUANTITY_UNIT_UNKNOWN, unit=_shown(unit), units=units, what=asked)
    dimension = found[0]
    magnitude = float(Fraction(number) * dimension.units[unit])
    if not (dimension.low <= magnitude <= dimension.high):
        low, high = f"{dimension.low:g}", f"{dimension.high:g}"
        limits = {"low": low, "high": high, "unit": dimension.unit}
        raise Refused(Refusal.QUANTITY_IMPLAUSIBLE, **(bare | limits))
    return Quantity(magnitude, dimension, text)


def _split(text: str, fields: dict[str, str], bare: dict[str, str]) -> tuple[str, str]:
    """Return the number and the unit of `text`, both as written; raise Refused otherwise."""
    if len(text) <= _LONGEST_TEXT and _NEGATIVE.fullmatch(text):
        raise Refused(Refusal.QUANTITY_NOT_POSITIVE, **bare)
    match = _PARSED.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise Refused(Refusal.QUANTITY_AMBIGUOUS, **fields)
    number, space, unit = match.groups()
    digits = number.replace(".", "").lstrip("0")
    known = any(unit in one.units for one in Dimension)
    if (
        len(digits) > _MOST_DIGITS
        or _GROUPED.fullmatch(number)
        or not (known or unit == "" or _UNIT_SHAPED.fullmatch(unit))
        or (unit == "" and space)
    ):
        raise Refused(Refusal.QUANTITY_AMBIGUOUS, **fields)
    if not digits:
        raise Refused(Refusal.QUANTITY_NOT_POSITIVE, **bare)
    if unit == "":
        raise Refused(Refusal.QUANTITY_UNIT_MISSING, **fields)
    return number, unit


def _shown(text: str) -> str:
    """Return `text` so that a person sees every character that was in it, shortened."""
    short = text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."
    return "".join(one if one in "µμ" else ascii(one)[1:-1] for one in short)


# Only what the knowledge files need: a registry that knows little can be misread less. Mega is
# left out, so Mg is unknown; so is U, and so are pint's one-letter units a, b and c.
_DEFINITIONS = (
    *("nano- = 1/1000000000 = n-", "micro- = 1/1000000 = µ- = μ- = u- = mc-"),
    *("milli- = 1/1000 = m-", "centi- = 1/100 = c-", "deci- = 1/10 = d-", "kilo- = 1000 = k-"),
    *("meter = [length] = m", "second = [time] = s", "gram = [mass] = g"),
    *("mole = [substance] = mol", "international_unit = [activity] = IU"),
    *("liter = meter ** 3 / 1000 = L = l", "minute = 60 * second = min", "hour = 60 * minute = h"),
    *("day = 24 * hour = d", "week = 7 * day = wk", "year = 1461 / 4 * day = y"),
    *("month = year / 12", "newton = kilogram * meter / second ** 2 = N"),
    *("pascal = newton / meter ** 2 = Pa", "mmHg = 133322387415 / 1000000000 * pascal"),
    *("bpm = 1 / minute", "fraction = []", "percent = fraction / 100", "point = []"),
)
_WORD = r"[A-Za-zµμ_]+(?:(?:\^|\*\*)-?[0-9]+(?:\.[0-9]+)?)?"
_UNIT_TEXT = re.compile(rf"|1|(?:1/)?{_WORD}(?:[/*]{_WORD})*")


def _without_dask() -> None:
    """Import pint as if Dask weren't there: pint would load it, a third of its own time, unused."""
    hidden = "dask" not in sys.modules
    if hidden:
        sys.modules["dask"] = cast(Any, None)  # what find_spec takes for "not installed"
    try:
        importlib.import_module("pint")
    finally:
        if hidden:
            del sys.modules["dask"]


@cache
def _registry() -> UnitRegistry[Any]:
    """Return the one registry, built on first use since pint is slow to import."""
    _without_dask()
    import pint

    registry: UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Fraction)
    registry.load_definitions(_DEFINITIONS)
    return registry


@cache
def _known(unit: str) -> str:
    """Return `unit` as the registry can read it; raise Refused when it can't."""
    registry = _registry()
    import pint

    known = unit.replace("%", "percent")
    if _UNIT_TEXT.fullmatch(known):
        try:
            registry.get_dimensionality(known)
        except pint.UndefinedUnitError:
            pass
        else:
            return known
    units = "products and quotients of mg, ug, kg, mL, L, min, h, day, week, y, mmHg, bpm, point"
    raise Refused(Refusal.QUANTITY_UNIT_UNKNOWN, unit=_shown(unit), what="a quantity", units=units)


@cache
def _factor(unit: str, to: str) -> Any:
    """Return what one `unit` is in `to`; None when they measure different things.

    To pint, mg/kg and a score point are pure numbers. Here neither turns into anything else.
    """
    one, other = _known(unit), _known(to)
    alike = all((mark in one) == (mark in other) for mark in ("/kg", "point"))
    if not alike or dimensionality(one) != dimensionality(other):
        return None
    return _registry().convert(Fraction(1), one, other)


def convert(value: float, unit: str, to: str) -> float:
    """Return `value`, given in `unit`, in the unit `to`.

    Raises Refused: QUANTITY_UNIT_UNKNOWN for a unit that can't be read, QUANTITY_UNIT_WRONG
    when the two measure different things, QUANTITY_AMBIGUOUS for NaN and infinity.
    """
    factor = _factor(unit, to)
    fields = {"text": f"{value} {unit}", "what": f"a quantity in '{to}'", "example": f"1 {to}"}
    if factor is None:
        raise Refused(Refusal.QUANTITY_UNIT_WRONG, **fields)
    if not (float("-inf") < value < float("inf")):
        raise Refused(Refusal.QUANTITY_AMBIGUOUS, **fields)
    return float(Fraction(value) * factor)


def dimensionality(unit: str) -> dict[str, float]:
    """Return the powers of the base dimensions, such as {'[mass]': 1.0, '[time]': -1.0}.

    "", "1", "fraction" and "point" are dimensionless, and so is "mg/kg". Raises Refused with
    QUANTITY_UNIT_UNKNOWN.
    """
    powers: Any = _registry().get_dimensionality(_known(unit))
    return {str(name): float(power) for name, power in powers.items()}


_SIGNIFICANT = 4


def format_quantity(value: float, unit: str) -> str:
    """Return `value` and `unit` for a person to read.

    At most four significant digits, but the digits before the point are never rounded away; a
    leading zero, no trailing zero, no exponent. Raises ValueError for NaN and infinity.
    """
    if not (float("-inf") < value < float("inf")):
        raise ValueError(f"{value} can't be shown as a quantity")
    exact = Decimal(repr(float(value)))
    decimals = max(0, _SIGNIFICANT - 1 - exact.adjusted())
    wide = Context(prec=400, rounding=ROUND_HALF_UP)
    digits = f"{exact.quantize(Decimal(1).scaleb(-decimals), context=wide):f}"
    number = digits.rstrip("0").rstrip(".") if "." in digits else digits
    number = "0" if number == "-0" else number
    if unit in ("", "1"):
        return number
    if unit == "1/min":
        return f"{number}/min"
    return f"{number} {re.sub(r'(?<![A-Za-z])(?:ug|mcg|µg|μg)(?![A-Za-z])', 'microgram', unit)}"
