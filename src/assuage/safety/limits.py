"""The limits of the drug as a whole, over and above what a regimen says.

They come from knowledge/limits.toml. A limit that is missing there refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from assuage.knowledge.schema.facts import Number, Range
from assuage.knowledge.schema.safety import LimitFact
from assuage.refusals import Refusal, Refused
from assuage.safety.guardrail import shown

CHILD_WEIGHTS = (
    (1.0, "weight-under-1-y"),
    (5.0, "weight-under-5-y"),
    (10.0, "weight-under-10-y"),
    (18.0, "weight-under-18-y"),
)


@dataclass(frozen=True)
class Exposure:
    """The largest of each thing in a schedule; None where the schedule has none of it."""

    bolus_mg_per_kg: float | None
    rate_mg_per_kg_per_h: float | None  # the highest
    sustained_rate_mg_per_kg_per_h: float | None  # the highest that is held


def _over(
    limits: Mapping[str, LimitFact], id_: str, value: float | None, unit: str
) -> Refused | None:
    """Hold one value against one limit; a limit that is gone or in another unit refuses."""
    if value is None:
        return None
    limit = limits.get(id_)
    if limit is None or not isinstance(limit.hard, Number) or limit.hard.unit != unit:
        return Refused(Refusal.LIMIT_MISSING, quantity=id_)
    if value <= limit.hard.value:
        return None
    return Refused(
        Refusal.DOSE_OVER_HARD_LIMIT,
        quantity=limit.quantity.replace("_", " "),
        value=shown(value, unit),
        limit=shown(limit.hard.value, unit),
    )


def drug_wide(
    limits: Mapping[str, LimitFact], exposure: Exposure, *, subanaesthetic: bool, setting: str
) -> list[Refused]:
    """Return every drug-wide limit that a schedule breaks."""
    found = [
        _over(limits, "bolus-any-route", exposure.bolus_mg_per_kg, "mg/kg"),
        _over(limits, "rate-ever", exposure.rate_mg_per_kg_per_h, "mg/kg/h"),
    ]
    if subanaesthetic and setting != "intensive-care":
        sustained = exposure.sustained_rate_mg_per_kg_per_h
        found.append(_over(limits, "subanaesthetic-rate", sustained, "mg/kg/h"))
    return [one for one in found if one is not None]


def weight_change(
    limits: Mapping[str, LimitFact], weight_kg: float, last_kg: float
) -> Refused | None:
    """Return the refusal of a weight that differs too much from the last one."""
    limit = limits.get("weight-change")
    if limit is None or not isinstance(limit.hard, Number):
        return Refused(Refusal.LIMIT_MISSING, quantity="weight-change")
    percent = abs(weight_kg - last_kg) / last_kg * 100.0 if last_kg > 0.0 else inf
    percent = float(f"{percent:.12g}")  # 84.7 kg is 10 % above 77 kg, not a little more
    if percent <= limit.hard.value:
        return None
    return Refused(
        Refusal.WEIGHT_DISAGREES,
        weight=shown(weight_kg, "kg"),
        last=shown(last_kg, "kg"),
        percent=f"{percent:.3g}",
    )


def weight_for_age(
    limits: Mapping[str, LimitFact], weight_kg: float, age_years: float
) -> Refused | None:
    """Return the refusal of a weight that nobody of this age has; None for an adult.

    A child's weight that is wrong by a factor is a dose that is wrong by the same factor.
    """
    id_ = next((name for under, name in CHILD_WEIGHTS if age_years < under), None)
    if id_ is None:
        return None
    limit = limits.get(id_)
    if limit is None or not isinstance(limit.hard, Range):
        return Refused(Refusal.LIMIT_MISSING, quantity=id_)
    low, high = limit.hard.low, limit.hard.high
    if low is None or high is None:
        return Refused(Refusal.LIMIT_MISSING, quantity=id_)
    if low <= weight_kg <= high:
        return None
    return Refused(
        Refusal.QUANTITY_IMPLAUSIBLE,
        what=f"body weight at age {age_years:.3g} y",
        text=shown(weight_kg, "kg"),
        low=f"{low:g}",
        high=f"{high:g}",
        unit="kg",
        example="14 kg",
    )
