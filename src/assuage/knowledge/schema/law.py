"""The shape of what the law asks of a controlled-drug register, and of knowledge/roles.toml."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Id, Sourced, Text

DutyKind = Literal[
    # How an entry is made and put right.
    "entry-deadline",
    "entry-order",
    "class-head",
    "section-by-class",
    "page-by-strength",
    "page-heading-obtained",
    "page-heading-supplied",
    "supply-includes-administration",
    "indelible-entry",
    "correction-form",
    "cancellation-form",
    "computer-register",
    "completeness",
    "who-keeps-records",
    "record-separation",
    # How long it is kept.
    "register-retention",
    "prescription-retention",
    "invoice-retention",
    "destruction-retention",
    # Counting, losing, destroying.
    "stock-check-interval",
    "stock-check-people",
    "inventory-interval",
    "discrepancy-escalation",
    "loss-notice",
    "loss-form",
    "loss-form-deadline",
    "loss-form-fields",
    "wastage-record",
    "wastage-witnesses",
    "destruction-form",
    "destruction-form-fields",
    "destruction-witnesses",
    "destruction-transfer",
    # What stands around the register.
    "register",
    "custody",
    "licence",
    "label",
    "oversight",
    "requisition-form",
    "monitoring-form-deadline",
    "not-read",
]
Unit = Literal["calendar-day", "business-day", "month", "year", "person"]

_DAYS: frozenset[Unit] = frozenset({"calendar-day", "business-day"})
_SPANS: frozenset[Unit] = frozenset({"month", "year"})
_PEOPLE: frozenset[Unit] = frozenset({"person"})
COUNTED: dict[DutyKind, frozenset[Unit]] = {
    "entry-deadline": _DAYS,
    "register-retention": _SPANS,
    "prescription-retention": _SPANS,
    "invoice-retention": _SPANS,
    "destruction-retention": _SPANS,
    "stock-check-interval": _DAYS | _SPANS,
    "stock-check-people": _PEOPLE,
    "inventory-interval": _DAYS | _SPANS,
    "loss-notice": _DAYS,
    "loss-form-deadline": _DAYS,
    "wastage-witnesses": _PEOPLE,
    "destruction-witnesses": _PEOPLE,
    "destruction-transfer": _PEOPLE,
    "monitoring-form-deadline": _DAYS,
}
LISTED: frozenset[DutyKind] = frozenset(
    {
        "page-heading-obtained",
        "page-heading-supplied",
        "loss-form-fields",
        "destruction-form-fields",
    }
)


class Dated(Sourced):
    """A fact that holds from a day to a day, both inclusive; an end left out is open."""

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from and self.valid_to and not self.valid_from <= self.valid_to:
            raise ValueError(f"it ends on {self.valid_to}, before it starts on {self.valid_from}")
        return self

    def in_force(self, on: date) -> bool:
        """Whether it holds on that day."""
        started = self.valid_from is None or self.valid_from <= on
        return started and (self.valid_to is None or on <= self.valid_to)


class Duty(Dated):
    """One thing that the law of a place asks of the register and of what stands around it.

    `text` says it to a person; what a machine needs stands beside it. `number` and `unit` are a
    time, an interval or a count of people: a kind in `COUNTED` has them, in one of its units, and
    no other kind does. `columns` are headings or fields in their order: a kind in `LISTED` has
    them, and no other kind does. `to` is whom a notice or an escalation goes to.
    """

    id: Id
    kind: DutyKind
    text: Text
    number: Annotated[int, Field(strict=True, ge=0)] | None = None
    unit: Unit | None = None
    columns: tuple[Text, ...] = ()
    to: str = ""

    @model_validator(mode="after")
    def _payload(self) -> Self:
        units = COUNTED.get(self.kind)
        if units is None and (self.number is not None or self.unit is not None):
            raise ValueError(f"a duty of the kind '{self.kind}' has no number")
        if units is not None and (self.number is None or self.unit not in units):
            raise ValueError(f"'{self.kind}' needs a number in: {', '.join(sorted(units))}")
        if (self.kind in LISTED) != bool(self.columns):
            raise ValueError(f"columns don't fit the kind '{self.kind}'")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("a column is given twice")
        return self

    @property
    def said(self) -> str:
        """The duty as one statement: its text, with its columns when it has them."""
        if not self.columns:
            return self.text
        return f"{self.text.rstrip('.')}: {'; '.join(self.columns)}."


Act = Literal[
    "receive",
    "supply",
    "draw",
    "administer",
    "waste",
    "return",
    "transfer",
    "destroy",
    "stock-check",
    "correct",
    "witness",
    "prescribe",
    "open-discrepancy",
    "recount",
    "reconstruct",
    "escalate",
    "close-discrepancy",
    "view-register",
    "view-signals",
    "enrol-people",
    "open-session",
    "end-session",
    "resolve-unknown",
    "register-patient",
    "erase-patient",
    "open-course",
    "record-outcome",
    "view-outcome",
    "answer-flag",
    "record-consent",
    "run-registry",
    "lock-study",
    "unblind-study",
    "backup",
    "restore",
]


class Role(Sourced):
    """One entry of knowledge/roles.toml: what its holders may do. What isn't listed is denied."""

    id: Id
    name: Text
    text: Text
    permissions: tuple[Act, ...]

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.permissions)) != len(self.permissions):
            raise ValueError("a permission is given twice")
        return self
