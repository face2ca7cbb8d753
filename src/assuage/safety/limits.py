"""The limits of the drug as a whole, over and above what a regimen says.

They come from knowledge/limits.toml. A limit that is missing there refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assuage.knowledge.schema.facts import Number
from assuage.knowledge.schema.safety import LimitFact
from assuage.refusals import Refusal, Refused
from assuage.units import format_quantity

SUSTAINED_H = 2.0  # a rate held this long counts as an infusion that is held


@dataclass(frozen=True)
class Exposure:
    """The largest of each thing in a schedule; None where the schedule has none of it."""

    bolus_mg_per_kg: float | None
    rate_mg_per_kg_per_h: float | None  # the highest
    sustained_rate_mg_per_kg_per_h: float | None  # the highest that is held SUSTAINED_H or longer


def _over(limits: Mapping[str, LimitFact], id_: str, value: float | None) -> Refused | None:
    if value is None:
        return None
    limit = limits.get(id_)
    if limit is None or not isinstance(limit.hard, Number):
        return Refused(Refusal.LIMIT_MISSING, quantity=id_)
    if value <= limit.hard.value:
        return None
    return Refused(
        Refusal.DOSE_OVER_HARD_LIMIT,
        quantity=limit.quantity.replace("_", " "),
        value=format_quantity(value, limit.unit) if value == value else "not a number",
        limit=format_quantity(limit.hard.value, limit.unit),
    )


def drug_wide(
    limits: Mapping[str, LimitFact], exposure: Exposure, *, subanaesthetic: bool, setting: str
) -> list[Refused]:
    """Return every drug-wide limit that a schedule breaks."""
    found = [
        _over(limits, "bolus-any-route", exposure.bolus_mg_per_kg),
        _over(limits, "rate-ever", exposure.rate_mg_per_kg_per_h),
    ]
    if subanaesthetic and setting != "intensive-care":
        sustained = exposure.sustained_rate_mg_per_kg_per_h
        found.append(_over(limits, "subanaesthetic-rate", sustained))
    return [one for one in found if one is not None]


def weight_change(
    limits: Mapping[str, LimitFact], weight_kg: float, last_kg: float
) -> Refused | None:
    """Return the refusal of a weight that differs too much from the last one."""
    limit = limits.get("weight-change")
    if limit is None or not isinstance(limit.hard, Number):
        return Refused(Refusal.LIMIT_MISSING, quantity="weight-change")
    percent = abs(weight_kg - last_kg) / last_kg * 100.0
    if percent <= limit.hard.value:
        return None
    return Refused(
        Refusal.WEIGHT_DISAGREES,
        weight=format_quantity(weight_kg, "kg"),
        last=format_quantity(last_kg, "kg"),
        percent=f"{percent:.0f}",
    )
