"""Measures a schedule and holds it against every limit: the regimen's own and the drug's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from assuage.knowledge import library
from assuage.knowledge.schema.regimen import GuardrailFact, Regimen
from assuage.planning.document import Guard
from assuage.planning.regimen import Administration, clean, sessions
from assuage.refusals import Refusal, Refused
from assuage.safety.guardrail import from_fact
from assuage.safety.limits import Exposure, drug_wide

Given = Sequence[Administration]
DAY_H = 24.0
DUST_H = 1e-6  # a gap or an overlap as short as this is the dust of decimals in a file


def lightest_kg() -> float:
    """Return the weight that an unknown one is held against limits as: the lightest adult's."""
    return library.assumed("light-adult")


def _bolus(given: Given) -> float | None:
    return max((one.dose_mg for one in given if one.kind == "bolus"), default=None)


def _rates(given: Given) -> list[tuple[float, float, float]]:
    """Return the infused rate as (from h, to h, mg/h): infusions that run together add up."""
    runs = [
        (one.start_h, one.start_h + one.duration_h, one.rate_mg_per_h)
        for one in given
        if one.kind == "infusion" and one.duration_h and one.rate_mg_per_h is not None
    ]
    edges = sorted({edge for start, end, _ in runs for edge in (start, end)})
    return [
        (a, b, sum(rate for start, end, rate in runs if start <= a and b <= end))
        for a, b in pairwise(edges)
        if b - a > DUST_H
    ]


def _rate(given: Given) -> float | None:
    return max((rate for _, _, rate in _rates(given)), default=None)


def _held_rate(given: Given) -> float | None:
    """Return the highest rate that is held, or passed, without a break for as long as counts."""
    pieces = _rates(given)
    long_h = library.assumed("held-infusion")
    levels = {level for _, _, level in pieces if level}
    return max((level for level in levels if _is_held(pieces, level, long_h)), default=None)


def _is_held(pieces: Sequence[tuple[float, float, float]], level: float, long_h: float) -> bool:
    start = end = float("-inf")
    for a, b, rate in pieces:
        if not rate >= level:
            continue
        start = a if a > end + DUST_H else start
        end = b
        if end - start >= long_h - DUST_H:
            return True
    return False


def _session(given: Given) -> float | None:
    totals = [sum(one.dose_mg for one in rows) for rows in sessions(given).values()]
    return max(totals, default=None)


def _course(given: Given) -> float | None:
    return sum(one.dose_mg for one in given) if given else None


def _daily(given: Given) -> float | None:
    """Return the most that falls into any 24 h: the fullest begin or end with a dose."""
    starts = {one.start_h for one in given}
    for one in given:
        infused = one.kind == "infusion" and one.duration_h is not None
        starts.add(one.start_h - DAY_H + ((one.duration_h or 0.0) if infused else DUST_H))
    windows = [
        sum(one.dose_mg * _share(one, start, start + DAY_H) for one in given) for start in starts
    ]
    return max(windows, default=None)


def _share(one: Administration, start_h: float, end_h: float) -> float:
    """Return how much of a dose falls into a window; one pushed by hand falls in whole."""
    if one.kind != "infusion" or not one.duration_h:
        return 1.0 if start_h <= one.start_h < end_h else 0.0
    overlap = min(one.start_h + one.duration_h, end_h) - max(one.start_h, start_h)
    return max(overlap, 0.0) / one.duration_h


def _interval(given: Given) -> float | None:
    starts = [rows[0].start_h for rows in sessions(given).values()]
    return min((b - a for a, b in pairwise(starts)), default=None)


MEASURES: dict[str, Callable[[Given], float | None]] = {
    "bolus": _bolus,
    "infusion_rate": _rate,
    "absolute_rate": _rate,
    "session_dose": _session,
    "course_dose": _course,
    "daily_dose": _daily,
    "session_interval": _interval,
}


def measure(fact: GuardrailFact, given: Given, weight_kg: float | None) -> float | None:
    """Return what the guardrail limits, in its unit; None when the schedule has none of it.

    As-needed doses count as given: a limit holds for the most that may be given. Raises Refused
    when the limit is per body weight and the weight isn't known.
    """
    value = MEASURES[fact.quantity](given)
    if value is None or "/kg" not in fact.unit:
        return None if value is None else clean(value)
    if weight_kg is None:
        raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=f"the limit on {fact.quantity}")
    return clean(value / weight_kg)


def check(
    regimen: Regimen,
    given: Given,
    weight_kg: float | None,
    setting: str,
    accepted: frozenset[str],
) -> tuple[tuple[Guard, ...], list[Refused]]:
    """Return where the schedule stands inside each guardrail, and every refusal.

    A kind of administration that no guardrail covers is refused: a missing limit is not
    permission.
    """
    guards: list[Guard] = []
    refused = [
        Refused(Refusal.LIMIT_MISSING, quantity=f"{kind} in {regimen.id}")
        for kind in sorted(_uncovered(regimen, given))
    ]
    for fact in regimen.guardrail:
        value = measure(fact, given, weight_kg)
        if value is None:
            continue
        try:
            rail = from_fact(fact)
        except ValueError as error:
            path = f"regimens/{regimen.id}.toml"
            refused.append(Refused(Refusal.KNOWLEDGE_DAMAGED, path=path, why=error))
            continue
        found = rail.refusal(value)
        verdict = rail.classify(value)
        if found is not None:
            refused.append(found)
        if verdict == "above hard" or verdict == "below hard":
            continue
        passed = found is not None and found.code in accepted
        guards.append(
            Guard(
                quantity=fact.quantity.replace("_", " "),
                unit=fact.unit,
                value=value,
                hard=fact.hard,
                soft=fact.soft,
                typical=fact.typical,
                verdict="accepted" if passed else verdict,
                source=fact.source,
                where=fact.where,
                read=fact.read,
            )
        )
    refused += drug_wide(
        library.limits(),
        exposure(given, weight_kg),
        subanaesthetic=regimen.technique == "subanaesthetic",
        setting=setting,
    )
    return tuple(guards), refused


def _uncovered(regimen: Regimen, given: Given) -> set[str]:
    covers = {
        "bolus": {"bolus", "session_dose"},
        "infusion": {"infusion_rate", "absolute_rate"},
        "device": {"session_dose", "daily_dose"},
    }
    known = {one.quantity for one in regimen.guardrail}
    return {one.kind for one in given if not covers[one.kind] & known}


def exposure(given: Given, weight_kg: float | None) -> Exposure:
    """Return what the drug-wide limits look at, per kg; an unknown weight is the lightest."""
    weight = lightest_kg() if weight_kg is None else weight_kg

    def per_kg(value: float | None) -> float | None:
        return None if value is None else clean(value / weight)

    return Exposure(
        bolus_mg_per_kg=per_kg(_bolus(given)),
        rate_mg_per_kg_per_h=per_kg(_rate(given)),
        sustained_rate_mg_per_kg_per_h=per_kg(_held_rate(given)),
    )
