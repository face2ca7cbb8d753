"""Reads the grid and the risk limits of a search. What can be read two ways is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

from assuage.planning.comparison.measures import share_interval
from assuage.planning.prediction.course import PATIENTS
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

NONE = "none"
POINTS = 7  # along a range that names no step
_RANGE = re.compile(r"(?P<low>[0-9.]+)\.\.(?P<high>[0-9.]+) (?P<unit>\S+)(?: by (?P<step>.+))?")
_DAYS = re.compile(r"([1-9][0-9]?)(?:\.\.([1-9][0-9]?))?(?: by ([1-9][0-9]?))?")
_CHANCE = re.compile(r"(100|[1-9]?[0-9](?:\.[0-9]+)?) ?%(?: above (100|[1-9]?[0-9]))?")
_DAY = re.compile(r"day ([1-9][0-9]?)")
AREA = "area"


def rates_in(text: str, weight_kg: float) -> tuple[float, ...]:
    """Return rates in mg/h, rising, from '10..25 mg/h', '10..25 mg/h by 5 mg/h' or '20 mg/h'.

    mg/kg/h is read too. Raises Refused.
    """
    both = (Dimension.RATE, Dimension.RATE_PER_WEIGHT)
    return _spread(text, both, "a rate", weight_kg, POINTS)


def hours_in(text: str) -> tuple[float, ...]:
    """Return hours a day, rising, from '2..5 h' or '4 h'. Raises Refused."""
    found = _spread(text, (Dimension.DURATION,), "a duration a day", None, None)
    if not found[-1] < 24.0:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="duration a day",
            text=text[:60],
            low="0",
            high="under 24",
            unit="h",
            example="4 h",
        )
    return found


def days_in(text: str) -> tuple[float, ...]:
    """Return numbers of days, rising, from '3..10', '2..10 by 2' or '5'. Raises Refused."""
    match = _DAYS.fullmatch(text)
    if match is None:
        raise _unreadable(text, "a number of days", "3..10")
    low, high = int(match[1]), int(match[2] or match[1])
    step = int(match[3] or 1)
    if not low <= high:
        raise _unreadable(text, "a number of days", "3..10")
    return tuple(float(one) for one in sorted({*range(low, high + 1, step), high}))


def _spread(
    text: str,
    dimensions: tuple[Dimension, ...],
    what: str,
    weight_kg: float | None,
    points: int | None,
) -> tuple[float, ...]:
    def value(words: str) -> float:
        found = parse(words, *dimensions, what=what)
        if found.dimension is Dimension.RATE_PER_WEIGHT:
            assert weight_kg is not None
            return found.magnitude * weight_kg
        return found.magnitude

    if ".." not in text:
        return (value(text),)
    match = _RANGE.fullmatch(text)
    example = f"{dimensions[0].example.split(' ')[0]}..{dimensions[0].example}"
    if match is None:
        raise _unreadable(text, what, example)
    low, high = (value(f"{match[end]} {match['unit']}") for end in ("low", "high"))
    if not low <= high:
        raise _unreadable(text, what, example)
    if match["step"] is not None:
        step = value(match["step"])
    elif points is not None:
        step = (high - low) / (points - 1)
    else:
        step = 1.0 if high - low >= 2.0 else 0.5
    if not step > 0.0:
        return (low,)
    count = int((high - low) / step + 1e-9)
    if not count <= 1000:
        raise _unreadable(text, what, example)
    found = [_clean(low + k * step) for k in range(count + 1)]
    return tuple(sorted({*found, _clean(high)}))


def _clean(value: float) -> float:
    return float(f"{value:.10g}")


def _unreadable(text: str, what: str, example: str) -> Refused:
    return Refused(Refusal.QUANTITY_AMBIGUOUS, text=text[:60], what=what, example=f"'{example}'")


@dataclass(frozen=True)
class Limits:
    """What a course may not pass. None is the statement that there is no limit."""

    dissociation_percent: float | None
    dissociation_above: float | None  # of 100; None for the library's own
    pressure_mmhg: float | None
    total_mg: float | None = None
    chair_h: float | None = None


def limits_in(
    dissociation: str | None,
    pressure: str | None,
    total: str | None = None,
    hours: str | None = None,
) -> Limits:
    """Read the risk limits. Raises Refused where one is neither given nor waived by name.

    assuage holds no limit on dissociation or pressure that a source supports, so it asks for
    them: a search without one would take silence for consent.
    """
    missing = [
        name
        for name, text in (("--max-dissociation", dissociation), ("--max-pressure", pressure))
        if text is None
    ]
    if missing:
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"a risk limit ({' and '.join(missing)})",
            remedy="state it, such as --max-dissociation '10 %' and --max-pressure '20 mmHg'; "
            "'none' waives one of them, and the result says so",
        )
    if dissociation == NONE and pressure == NONE:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="no limit on dissociation and none on pressure",
            remedy="state one of them; the search would give the most drug it may",
        )
    percent, above = _chance(str(dissociation))
    rise = None if pressure == NONE else parse(str(pressure), Dimension.PRESSURE).magnitude
    return Limits(
        percent,
        above,
        rise,
        None if total is None else parse(total, Dimension.DOSE).magnitude,
        None if hours is None else parse(hours, Dimension.DURATION).magnitude,
    )


def _chance(text: str) -> tuple[float | None, float | None]:
    if text == NONE:
        return None, None
    match = _CHANCE.fullmatch(text)
    if match is None:
        raise _unreadable(text, "a chance", "10 %")
    percent = float(match[1])
    least = least_percent()
    if not percent >= least:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="limit on the chance of dissociation",
            text=text,
            low=f"{least:g}, the least that {PATIENTS} virtual patients can show,",
            high="100",
            unit="%",
            example=f"{least:g} %",
        )
    return percent, None if match[2] is None else float(match[2])


def least_percent() -> float:
    """Return the chance in percent that no event at all in the virtual patients still allows."""
    return ceil(share_interval(0.0, PATIENTS)[1] * 1000.0) / 10.0


def goal_in(text: str) -> int | None:
    """Return the day whose relief counts, or None for the mean over the weeks. Raises Refused."""
    if text == AREA:
        return None
    match = _DAY.fullmatch(text)
    if match is None:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=text[:60], what="goal", choices="area, day 28"
        )
    return int(match[1])
