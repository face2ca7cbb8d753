"""What a plan is asked for with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from assuage.planning.patient import Patient


@dataclass(frozen=True)
class Acceptance:
    """A named person's decision to pass a soft limit or a stop, with the reason."""

    code: str
    by: str
    reason: str


def is_said(text: str) -> bool:
    """Whether a name or a reason says something: a dot or an invisible character doesn't."""
    return any(one.isalnum() for one in text)


@dataclass(frozen=True)
class PlanRequest:
    """One request. None is unknown; nothing is assumed in its place."""

    patient: Patient
    regimen: str
    place: str
    on: date
    setting: str | None = None
    variant: str | None = None
    product: str | None = None
    concentration: str | None = None
    accepted: tuple[Acceptance, ...] = field(default=())
    field_mode: bool = False
