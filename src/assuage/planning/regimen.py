"""A regimen and a weight become a schedule: what is given when, and which rule set the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assuage.knowledge.schema.regimen import Regimen, Segment, Variant
from assuage.refusals import Refusal, Refused
from assuage.units import convert, format_quantity

SIGNIFICANT = 12  # a float's dust beyond this is not a dose


@dataclass(frozen=True)
class Administration:
    """One thing to give. `start_h` counts from the start of the course's first day."""

    session: int
    day: int
    start_h: float
    in_session_h: float
    kind: str
    route: str
    dose_mg: float
    duration_h: float | None
    rate_mg_per_h: float | None
    as_needed: bool
    cap_binds: bool
    rule: str
    segment: Segment


def clean(value: float) -> float:
    """Drop the dust of binary arithmetic, so that 0.8 x 70 / 70 is 0.8 at a limit of 0.8."""
    return float(f"{value:.{SIGNIFICANT}g}")


def variant_of(regimen: Regimen, variant_id: str | None) -> Variant:
    """Return the variant asked for, or the default. Raises Refused when there is none."""
    if not regimen.variant:
        why = regimen.gap[0].text.rstrip(".") if regimen.gap else "no dose was read"
        raise Refused(Refusal.NOT_PLANNABLE, regimen=regimen.id, why=why)
    if variant_id is None:
        return next(one for one in regimen.variant if one.default)
    for one in regimen.variant:
        if one.id == variant_id:
            return one
    raise Refused(
        Refusal.VALUE_NOT_ALLOWED,
        text=variant_id,
        what=f"variant of {regimen.id}",
        choices=", ".join(one.id for one in regimen.variant),
    )


def is_weight_based(regimen: Regimen, variant: Variant) -> bool:
    """Whether a dose or a limit of this variant needs the weight."""
    by_dose = any("kg" in s.unit or s.per_weight_kg for s in variant.segment)
    return by_dose or any("/kg" in one.unit for one in regimen.guardrail)


def schedule(
    regimen: Regimen, variant_id: str | None, weight_kg: float | None
) -> tuple[Administration, ...]:
    """Return everything the variant gives, in order of time.

    Raises Refused when the regimen has no doses, the variant isn't one of its own, or a dose
    needs a weight that isn't known.
    """
    variant = variant_of(regimen, variant_id)
    found: list[Administration] = []
    for number, day in enumerate(variant.days, start=1):
        for segment in variant.segment:
            if not segment.sessions or number in segment.sessions:
                found += _of_segment(regimen, segment, number, day, weight_kg)
    return tuple(sorted(found, key=lambda one: (one.start_h, one.session)))


def _of_segment(
    regimen: Regimen, segment: Segment, number: int, day: int, weight_kg: float | None
) -> list[Administration]:
    dose_mg, rate, rule, binds = _amount(regimen, segment, weight_kg)
    first_h = (day - 1) * 24.0
    return [
        Administration(
            session=number,
            day=day,
            start_h=first_h + segment.start_h + k * (segment.every_h or 0.0),
            in_session_h=segment.start_h + k * (segment.every_h or 0.0),
            kind=segment.kind,
            route=regimen.routes[0],
            dose_mg=dose_mg,
            duration_h=segment.duration_h,
            rate_mg_per_h=rate,
            as_needed=segment.as_needed,
            cap_binds=binds,
            rule=rule,
            segment=segment,
        )
        for k in range(segment.times)
    ]


def _amount(
    regimen: Regimen, segment: Segment, weight_kg: float | None
) -> tuple[float, float | None, str, bool]:
    """Return (dose in mg, rate in mg/h or None, the rule in words, whether a cap binds)."""
    needs_weight = "/kg" in segment.unit or segment.per_weight_kg is not None
    if needs_weight and weight_kg is None:
        raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=regimen.id)
    value, unit = segment.amount, str(segment.unit)
    said = format_quantity(value, unit)
    if segment.unit == "ug/kg/min":
        value, unit = convert(value, unit, "mg/kg/h"), "mg/kg/h"
    rule = said
    if segment.per_weight_kg is not None and weight_kg is not None:
        value = value * weight_kg / segment.per_weight_kg
        per = format_quantity(segment.per_weight_kg, "kg")
        rule = f"{said} per {per} at {format_quantity(weight_kg, 'kg')}"
    elif "/kg" in unit and weight_kg is not None:
        value, unit = value * weight_kg, unit.replace("/kg", "")
        rule = f"{said} at {format_quantity(weight_kg, 'kg')}"
    value = clean(value)
    value, rule, binds = _capped(segment, value, unit, rule)
    if unit == "mg/h":
        assert segment.duration_h is not None
        return clean(value * segment.duration_h), value, rule, binds
    if segment.kind != "infusion" or segment.duration_h is None:
        return value, None, rule, binds  # pushed by hand: no pump runs at its rate
    return value, clean(value / segment.duration_h), rule, binds


def _capped(segment: Segment, value: float, unit: str, rule: str) -> tuple[float, str, bool]:
    """Apply the regimen's own published cap, and say which rule binds."""
    cap = segment.cap
    if cap is None:
        return value, rule, False
    most = convert(cap.value, cap.unit, unit)
    shown, limit = format_quantity(value, unit), format_quantity(most, unit)
    if not value <= most:
        return most, f"{rule} would be {shown}; the regimen's cap of {limit} binds", True
    return value, f"{rule} = {shown}, under the regimen's cap of {limit}", False


def sessions(given: Sequence[Administration]) -> dict[int, list[Administration]]:
    """Group a schedule by session, in order."""
    found: dict[int, list[Administration]] = {}
    for one in given:
        found.setdefault(one.session, []).append(one)
    return found


def span_h(given: Sequence[Administration]) -> float:
    """Return the longest unbroken infusion in h, touching pieces joined."""
    longest = start = end = 0.0
    for one in sorted(given, key=lambda a: a.start_h):
        if one.kind != "infusion" or one.duration_h is None:
            continue
        if one.start_h > end + 1e-9:
            start = one.start_h
        end = max(end, one.start_h + one.duration_h)
        longest = max(longest, end - start)
    return longest
