"""What no fact can hold can't be stored, and what it holds comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from assuage.care.register import facts as f
from assuage.record.keyring import Sealed

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
WHEN = f.When(happened_at=NOW, late_days=0, rule="r")
TREATMENT = f.Treatment(patient="p", order="o", session="s", prescriber="d")
STOCK: dict[str, Any] = {"item": "i", "units": 1, "unit_ug": 1, "area": "a", "when": WHEN}
COLLECTED = {"collected_by": "x", "id_requested": True, "id_shown": False}
PARTY = f.Party(name="n", address="a")
CASE: dict[str, Any] = {"discrepancy": "x", "when": WHEN}
UNIT: dict[str, Any] = {"draw": "d", "item": "i", "when": WHEN}
FACTS: list[f.Entry] = [
    f.StockReceived(**STOCK, supplier=PARTY, reference="r", lot="l", expires="2030-01-01"),
    f.StockSupplied(**STOCK, **COLLECTED, to_area="b"),
    f.StockTransferred(**STOCK, **COLLECTED, to=PARTY, reference="r"),
    f.StockDestroyed(**STOCK, reason="r", method="m", other_witness=None),
    f.StockChecked(item="i", unit_ug=1, area="a", counted_units=0, expected_units=0, when=WHEN),
    f.VialDrawn(**UNIT, unit_ug=1, area="a", treatment=TREATMENT, accepted=None),
    f.DrugAdministered(**UNIT, ug=1, treatment=TREATMENT, intent="i"),
    f.DrugWasted(**UNIT, ug=1, treatment=TREATMENT, reason=Sealed(owner="p", box="")),
    f.VialReturned(**UNIT, unit_ug=1, area="a", reason="r"),
    f.DrawClosed(**UNIT, difference_ug=-1, tolerance_ug=0),
    f.EntryCorrected(entry=1, text="t", right=None, when=WHEN),
    f.DiscrepancyRecounted(**CASE, unit_ug=1, counted_units=0),
    f.DiscrepancyReconstructed(**CASE, pump_ug=None, chart_ug=0, text="t"),
    f.DiscrepancyEscalated(**CASE, to="t", reference="r"),
    f.DiscrepancyClosed(**CASE, outcome="loss", text="t", posted_ug=1),
]
BAD_NUMBERS = (1.0, 1.5, "1", True, None)


@pytest.mark.parametrize("fact", FACTS, ids=lambda one: one.kind)
def test_a_fact_comes_back_as_it_was(fact: f.Entry) -> None:
    assert type(fact).model_validate(fact.model_dump(mode="json")) == fact


@pytest.mark.parametrize("fact", FACTS, ids=lambda one: one.kind)
def test_an_amount_is_a_whole_number(fact: f.Entry) -> None:
    told = fact.model_dump(mode="json")
    amounts = [name for name in told if name.endswith(("ug", "units")) or name == "entry"]
    for name in amounts:
        optional = name in ("pump_ug", "chart_ug")
        for bad in BAD_NUMBERS:
            if bad is None and optional:
                continue
            with pytest.raises(ValidationError):
                type(fact).model_validate(told | {name: bad})


@pytest.mark.parametrize("fact", FACTS, ids=lambda one: one.kind)
def test_a_fact_takes_no_other_field_and_doesnt_change(fact: f.Entry) -> None:
    with pytest.raises(ValidationError):
        type(fact).model_validate(fact.model_dump(mode="json") | {"other": 1})
    with pytest.raises(ValidationError):
        fact.when = WHEN


@pytest.mark.parametrize("name", ["patient", "order", "session", "prescriber"])
def test_a_treatment_is_named_in_full(name: str) -> None:
    with pytest.raises(ValidationError):
        f.Treatment.model_validate(TREATMENT.model_dump() | {name: ""})
