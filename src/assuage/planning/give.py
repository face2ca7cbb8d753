"""Reads one administration, such as '0.5 mg/kg over 40 min', and turns it into doses.

    AMOUNT [MANNER] [ROUTE] [at TIME] [every TIME x N]

AMOUNT comes first; the other clauses may stand in any order, each at most once, in lower case
and with single spaces. A rate needs 'for TIME'; a dose needs 'over TIME', 'bolus' or a route.
Without a route, it is intravenous. What isn't of this form is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from assuage.kinetics.structure import Dose
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, Quantity, parse

Kind = Literal["bolus", "infusion", "device"]

EXAMPLE = "'0.5 mg/kg over 40 min'"
MOST_REPEATS = 100
MOST_DOSES = 500  # of one simulation; far beyond any course
LONGEST_TEXT = 200

ROUTES = {
    "iv": "iv",
    "intravenous": "iv",
    "im": "im",
    "intramuscular": "im",
    "sc": "sc",
    "subcutaneous": "sc",
    "nasal": "nasal",
    "intranasal": "nasal",
    "oral": "oral",
    "oromucosal": "oromucosal",
    "sublingual": "oromucosal",
}
_RATES = (Dimension.RATE, Dimension.RATE_PER_WEIGHT)
_AMOUNTS = (Dimension.DOSE, Dimension.DOSE_PER_WEIGHT, *_RATES)
_LEADS = {"over", "for", "at", "every", "x", "by", "bolus", *ROUTES}
_WITH_BOLUS = {"iv", "im", "sc"}
_WITH_DURATION = {"iv", "sc"}
_COUNT = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ZERO = re.compile(r"0(?:\.0)? ?([a-z]+)", re.ASCII)


@dataclass(frozen=True)
class Give:
    """What was written: an amount by a route, when, how often. Times are in h."""

    amount: Quantity
    kind: Kind
    duration_h: float | None = None
    start_h: float = 0.0
    every_h: float | None = None
    times: int = 1
    route: str = "iv"


def parse_give(text: str) -> Give:
    """Read one administration. Raises Refused when any part of it can't be read for certain."""
    if not text.strip():
        raise Refused(Refusal.QUANTITY_EMPTY, what="administration", example=EXAMPLE)
    if len(text) > LONGEST_TEXT:
        raise _unreadable(text[:LONGEST_TEXT] + "...")
    amount_words, clauses = _clauses(text)
    amount = parse(amount_words, *_AMOUNTS, what="a dose or a dose rate")
    route = _route(text, clauses)
    kind, duration_h = _manner(text, clauses, amount, route)
    every_h, times = _repeat(text, clauses)
    start_h = read_time(clauses["at"], "a start") if "at" in clauses else 0.0
    return Give(amount, kind, duration_h, start_h, every_h, times, route or "iv")


def _unreadable(text: str) -> Refused:
    return Refused(Refusal.ADMINISTRATION_UNREADABLE, text=text, example=EXAMPLE)


def _clauses(text: str) -> tuple[str, dict[str, str]]:
    """Return the words of the amount, and the words after each lead, all as written."""
    words = text.split(" ")
    starts = [place for place, word in enumerate(words) if word in _LEADS]
    if "" in words or starts[:1] == [0]:
        raise _unreadable(text)
    ends = [*starts, len(words)]
    first = ends.pop(0)
    if first > 2:
        raise _unreadable(text)
    clauses: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        lead, rest = words[start], words[start + 1 : end]
        if lead == "x" and list(clauses)[-1:] != ["every"]:
            raise _unreadable(text)
        if lead in clauses or len(rest) > 2 or bool(rest) == (lead == "bolus" or lead in ROUTES):
            raise _unreadable(text)
        clauses[lead] = " ".join(rest)
    return " ".join(words[:first]), clauses


def _route(text: str, clauses: dict[str, str]) -> str | None:
    named = [ROUTES[lead] for lead in clauses if lead in ROUTES]
    if "by" in clauses:
        if clauses["by"] != "mouth":
            raise _unreadable(text)
        named.append("oral")
    if len(named) > 1:
        raise _unreadable(text)
    return named[0] if named else None


def _manner(
    text: str, clauses: dict[str, str], amount: Quantity, route: str | None
) -> tuple[Kind, float | None]:
    """Return the kind and the duration; raise Refused when they don't fit the amount or route."""
    manners = [lead for lead in ("over", "for", "bolus") if lead in clauses]
    wanted = "for" if amount.dimension in _RATES else "over"
    if len(manners) > 1 or (not manners and (route in (None, "iv") or wanted == "for")):
        raise _unreadable(text)
    if not manners:
        return ("device" if route == "nasal" else "bolus"), None
    if manners == ["bolus"]:
        if wanted == "for" or (route or "iv") not in _WITH_BOLUS:
            raise _unreadable(text)
        return "bolus", None
    if manners != [wanted] or (route or "iv") not in _WITH_DURATION:
        raise _unreadable(text)
    return "infusion", parse(clauses[wanted], Dimension.DURATION).magnitude


def _repeat(text: str, clauses: dict[str, str]) -> tuple[float | None, int]:
    if "every" not in clauses and "x" not in clauses:
        return None, 1
    if not ("every" in clauses and _COUNT.fullmatch(clauses.get("x", ""))):
        raise _unreadable(text)
    every_h = parse(clauses["every"], Dimension.DURATION, what="an interval").magnitude
    times = int(clauses["x"])
    if not times <= MOST_REPEATS:
        raise too_many(f"x {times}", MOST_REPEATS)
    return every_h, times


def too_many(text: str, most: int) -> Refused:
    """Return the refusal of a count of doses that can only be a slip."""
    return Refused(
        Refusal.QUANTITY_IMPLAUSIBLE,
        what="number of doses",
        text=text,
        low=1,
        high=most,
        unit="doses",
        example="x 5",
    )


def read_time(text: str, what: str) -> float:
    """Return a time in h. Zero is a time, unlike a zero dose. Raises Refused."""
    zero = _ZERO.fullmatch(text)
    if zero and zero[1] in Dimension.DURATION.units:
        return 0.0
    return parse(text, Dimension.DURATION, what=what).magnitude


def read_times(text: str) -> tuple[float, ...]:
    """Return the times of a comma-separated list in h, in order, each once. Raises Refused."""
    if not text.strip():
        raise Refused(Refusal.QUANTITY_EMPTY, what="time", example="'40 min, 80 min'")
    parts = [part.removeprefix(" ") for part in text.split(",")]
    return tuple(sorted({read_time(part, "a time") for part in parts}))


def doses_of(gives: Sequence[Give], weight_kg: float | None, model: Model) -> list[Dose]:
    """Return every single dose in mg, in order of time.

    A nasal amount is taken in devices, some minutes apart. Raises Refused when an amount per
    weight meets no weight, and when there are more doses than any course has.
    """
    doses = [
        dose
        for give in gives
        for k in range(give.times)
        for dose in _split(
            give, _amount_mg(give, weight_kg, model), give.start_h + k * (give.every_h or 0.0)
        )
    ]
    if not len(doses) <= MOST_DOSES:
        raise too_many(str(len(doses)), MOST_DOSES)
    return sorted(doses, key=lambda one: one.start_h)


def _amount_mg(give: Give, weight_kg: float | None, model: Model) -> float:
    value = give.amount.magnitude
    if give.amount.dimension in (Dimension.DOSE_PER_WEIGHT, Dimension.RATE_PER_WEIGHT):
        if weight_kg is None:
            raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=f"this dose for {model.id}")
        value *= weight_kg
    return value * give.duration_h if give.amount.dimension in _RATES and give.duration_h else value


@cache
def device_mg() -> float:
    """Return what one nasal device holds, in mg of base."""
    sizes = [one.unit_mg for one in library.products().values() if "nasal" in one.routes]
    held = [size for size in sizes if size is not None]
    if len(held) != 1:
        raise Refused(
            Refusal.KNOWLEDGE_DAMAGED, path="products.toml", why="it should hold one nasal device"
        )
    return held[0]


def _split(give: Give, amount_mg: float, start_h: float) -> list[Dose]:
    if give.kind != "device":
        return [Dose(start_h, amount_mg, give.route, give.duration_h)]
    size = device_mg()
    between_h = library.assumed("between-devices") / 60.0
    doses: list[Dose] = []
    left = amount_mg
    while left > size * 1e-9 and len(doses) <= MOST_DOSES:
        route = "nasal-repeat" if doses else "nasal"
        doses.append(Dose(start_h + len(doses) * between_h, min(size, left), route))
        left -= size
    return doses
