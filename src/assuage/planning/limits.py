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
from assuage.safety.limits import SUSTAINED_H, Exposure, drug_wide

Given = Sequence[Administration]
FIELD_LOW_KG = 40.0  # an unknown weight is held against limits as the lightest adult


def _bolus(given: Given) -> float | None:
    return max((one.dose_mg for one in given if one.kind == "bolus"), default=None)


def _rate(given: Given) -> float | None:
    rates = [one.rate_mg_per_h for one in given if one.kind == "infusion" and one.rate_mg_per_h]
    return max(rates, default=None)


def _session(given: Given) -> float | None:
    totals = [sum(one.dose_mg for one in rows) for rows in sessions(given).values()]
    return max(totals, default=None)


def _course(given: Given) -> float | None:
    return sum(one.dose_mg for one in given) if given else None


def _daily(given: Given) -> float | None:
    """Return the most that falls into any 24 h that begin with a dose."""
    most = None
    for first in given:
        window = 0.0
        for one in given:
            window += one.dose_mg * _share(one, first.start_h, first.start_h + 24.0)
        most = window if most is None else max(most, window)
    return most


def _share(one: Administration, start_h: float, end_h: float) -> float:
    if not one.duration_h:
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
        rail = from_fact(fact)
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
    weight = weight_kg or FIELD_LOW_KG
    bolus = _bolus(given)
    rates = [
        (one.rate_mg_per_h / weight, one.duration_h)
        for one in given
        if one.kind == "infusion" and one.rate_mg_per_h and one.duration_h
    ]
    held = [rate for rate, hours in rates if hours >= SUSTAINED_H]
    return Exposure(
        bolus_mg_per_kg=None if bolus is None else clean(bolus / weight),
        rate_mg_per_kg_per_h=max((clean(rate) for rate, _ in rates), default=None),
        sustained_rate_mg_per_kg_per_h=max((clean(rate) for rate in held), default=None),
    )
