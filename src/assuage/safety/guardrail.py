"""A limit with two tiers: a hard range, a soft range inside it, a typical value inside that.

Comparisons are written so that a value that is not a number falls outside every range. Nothing
is ever moved into range: a value passes, needs a named person, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf, isnan
from typing import Literal

from assuage.knowledge.schema.regimen import GuardrailFact
from assuage.refusals import Refusal, Refused
from assuage.units import format_quantity

Verdict = Literal["within", "above soft", "below soft", "above hard", "below hard"]


@dataclass(frozen=True)
class Guardrail:
    """hard ⊇ soft ∋ typical, checked when built. Raises ValueError when they don't nest."""

    quantity: str
    unit: str
    hard: tuple[float, float]
    soft: tuple[float, float]
    typical: float
    fact: GuardrailFact | None = None

    def __post_init__(self) -> None:
        nested = (
            self.hard[0] <= self.soft[0] <= self.typical <= self.soft[1] <= self.hard[1]
            and self.hard[0] >= 0.0
            and self.hard[1] < float("inf")
        )
        if not nested:
            raise ValueError(f"the ranges of {self.quantity} don't nest: {self}")

    def classify(self, value: float) -> Verdict:
        """Return where a value lies. NaN is above hard: it is never inside."""
        if not value <= self.hard[1]:
            return "above hard"
        if not value >= self.hard[0]:
            return "below hard"
        if not value <= self.soft[1]:
            return "above soft"
        if not value >= self.soft[0]:
            return "below soft"
        return "within"

    def refusal(self, value: float) -> Refused | None:
        """Return the refusal that a value earns, or None when it passes unasked."""
        verdict = self.classify(value)
        if verdict == "within":
            return None
        kind = {
            "above hard": Refusal.DOSE_OVER_HARD_LIMIT,
            "below hard": Refusal.DOSE_UNDER_HARD_LIMIT,
            "above soft": Refusal.DOSE_OVER_SOFT_LIMIT,
            "below soft": Refusal.DOSE_UNDER_SOFT_LIMIT,
        }[verdict]
        tier = self.hard if "hard" in verdict else self.soft
        limit = tier[1] if "above" in verdict else tier[0]
        return Refused(
            kind,
            quantity=self.quantity.replace("_", " "),
            value=shown(value, self.unit),
            limit=format_quantity(limit, self.unit),
        )


def shown(value: float, unit: str) -> str:
    """Return a value for a sentence, also one that is no finite number."""
    if isnan(value):
        return "not a number"
    return "without end" if isinf(value) else format_quantity(value, unit)


def from_fact(fact: GuardrailFact) -> Guardrail:
    """Build a guardrail from a regimen's file. Raises ValueError when it doesn't nest."""
    return Guardrail(fact.quantity, fact.unit, fact.hard, fact.soft, fact.typical, fact)
