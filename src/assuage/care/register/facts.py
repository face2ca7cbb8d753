"""The facts of the register. Amounts are whole micrograms of base; stock is whole units.

Stream `register/<site>/ketamine`: one section, because a stereoisomer stands with its drug (MDR
2001, regulation 19). Every entry says when it happened and, by the law of the place on that day,
how many days too late it was written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assuage.record.events import Count, Fact, Positive, Signature, Text, Whole
from assuage.record.keyring import Sealed

# Free text that may say something of a patient is sealed for that patient; an entry of stock that
# concerns none holds it in the clear.
Told = Annotated[Text | Sealed, Field(union_mode="left_to_right")]
Outcome = Literal["found", "entry-error", "loss", "theft-suspected", "surplus"]
Opening = Literal["stock-check", "draw-gap", "reported"]


class Party(BaseModel):
    """Somebody outside the site. `authority` is a registration number or what entitles them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    address: Text
    authority: str = ""


class Treatment(BaseModel):
    """For whom and on whose order: what an administration and a waste must name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient: Text
    order: Text
    session: Text
    prescriber: Text


class When(BaseModel):
    """When something happened, and how late it was written down; 0 days for in time.

    `rule` names the duty of the place's law that decided, or assuage's own where none is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened_at: datetime
    late_days: Count
    rule: Text


class Entry(Fact):
    """Base of what stands in the register as a line."""

    when: When


class StockReceived(Entry):
    """Units came from a supplier into a cabinet."""

    item: Text
    units: Positive
    unit_ug: Positive
    area: Text
    supplier: Party
    reference: Text
    lot: Text
    expires: Text


class StockSupplied(Entry):
    """Units went from one cabinet of the site to another; from an area back is a return."""

    item: Text
    units: Positive
    unit_ug: Positive
    area: Text
    to_area: Text
    collected_by: Text
    id_requested: bool
    id_shown: bool


class VialDrawn(Entry):
    """One unit was taken out for a patient. `accepted`: who drew from a frozen page, and why."""

    draw: Text
    item: Text
    unit_ug: Positive
    area: Text
    treatment: Treatment
    accepted: Told | None


class DrugAdministered(Entry):
    """A confirmed dose, from one drawn unit. `intent` is the dose as it was intended."""

    draw: Text
    item: Text
    ug: Positive
    treatment: Treatment
    intent: Text


class DrugWasted(Entry):
    """What was left of a drawn unit was made useless, before a witness."""

    draw: Text
    item: Text
    ug: Positive
    treatment: Treatment
    reason: Sealed


class VialReturned(Entry):
    """A drawn unit went back unopened to the cabinet it came from."""

    draw: Text
    item: Text
    unit_ug: Positive
    area: Text
    reason: Told


class StockTransferred(Entry):
    """Units left the site for somebody entitled to have them."""

    item: Text
    units: Positive
    unit_ug: Positive
    area: Text
    to: Party
    reference: Text
    collected_by: Text
    id_requested: bool
    id_shown: bool


class StockDestroyed(Entry):
    """Units were destroyed before the witnesses that the law of the place asks for."""

    item: Text
    units: Positive
    unit_ug: Positive
    area: Text
    reason: Text
    method: Text
    other_witness: Signature | None


class StockChecked(Entry):
    """Two people counted a page without being told what to find."""

    item: Text
    unit_ug: Positive
    area: Text
    counted_units: Count
    expected_units: Count


class EntryCorrected(Entry):
    """A dated footnote to an entry. `right` is its amount as it should have stood, if that changes.

    `right` counts units for an entry of stock and micrograms for an entry of a drawn unit; zero
    says that the entry should not have been made. None leaves the amount as it is.
    """

    entry: Positive
    text: Told
    right: Count | None
    discrepancy: str = ""


class DrawClosed(Entry):
    """A drawn unit is accounted for: drawn = given + wasted + difference, within the tolerance."""

    draw: Text
    item: Text
    difference_ug: Whole
    tolerance_ug: Count


class DiscrepancyOpened(Entry):
    """Something doesn't add up. The page is frozen until this is closed with an outcome."""

    discrepancy: Text
    cause: Opening
    item: Text
    area: Text
    draw: str
    missing_ug: Whole
    text: Text
    escalate_by: datetime
    escalate_rule: Text


class DiscrepancyRecounted(Entry):
    """Two people who weren't part of it counted again."""

    discrepancy: Text
    unit_ug: Positive
    counted_units: Count


class DiscrepancyReconstructed(Entry):
    """What the pump's log and the chart say was given."""

    discrepancy: Text
    pump_ug: Count | None
    chart_ug: Count | None
    text: Told


class DiscrepancyEscalated(Entry):
    """The person or authority that the law of the place names was told."""

    discrepancy: Text
    to: Text
    reference: Text


class DiscrepancyClosed(Entry):
    """The outcome, and what of it is posted as lost (above zero) or as surplus (below)."""

    discrepancy: Text
    outcome: Outcome
    text: Told
    posted_ug: Whole
