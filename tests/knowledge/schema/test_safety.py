"""The safety facts say what was read, by whom it was read, and never more."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number, Range
from assuage.knowledge.schema.safety import Bound, LimitFact

SAFETY = library.safety()
ROWS = [
    *SAFETY.precaution, *SAFETY.interaction, *SAFETY.threshold, *SAFETY.cumulative,
    *SAFETY.advice, *SAFETY.correction, *library.limits().values(),
]  # fmt: skip
# Section 2.1 of the clinical reading: what its named source calls absolute, and in which context.
ABSOLUTE = [
    ("hypersensitivity", "all", "ketalar-label"),
    ("blood-pressure-rise-hazard", "anaesthesia", "ketalar-label"),
    ("aneurysmal-vascular-disease", "esketamine", "spravato-label-us"),
    ("arteriovenous-malformation", "esketamine", "spravato-label-us"),
    ("intracerebral-haemorrhage", "esketamine", "spravato-label-us"),
    ("age-under-3-months", "dissociative", "green-2011-acep"),
    ("schizophrenia", "dissociative", "green-2011-acep"),
    ("poorly-controlled-cardiovascular-disease", "chronic-pain", "cohen-2018-asra-chronic"),
    ("severe-hepatic-impairment", "chronic-pain", "cohen-2018-asra-chronic"),
    ("pregnancy", "acute-pain", "schwenk-2018-asra-acute"),
]
# The reject rules of appendix A, with their units.
LIMITS = {
    "bolus-any-route": (13, "mg/kg"), "subanaesthetic-rate": (1, "mg/kg/h"),
    "rate-ever": (7, "mg/kg/h"), "weight-change": (10, "%"), "volume-one-vial": (1, "vial"),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda one: f"{type(one).__name__}-{one.id}")
def test_a_fact_has_a_source_that_is_known(row) -> None:
    assert row.source in library.sources()
    assert row.where
    if row.source == "no-source-named" or "from memory" in row.where:
        assert row.read == "unverified"
    if row.source == "assuage-design":
        assert row.read == "design"


def test_ids_are_given_once() -> None:
    for rows in (SAFETY.precaution, SAFETY.interaction, SAFETY.threshold, SAFETY.advice):
        ids = [one.id for one in rows]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("condition", "context", "source"), ABSOLUTE)
def test_what_the_source_calls_absolute_is_absolute(
    condition: str, context: str, source: str
) -> None:
    found = [
        one for one in SAFETY.precaution
        if one.condition == condition and context in one.contexts and one.source == source
    ]  # fmt: skip
    assert [one.grade for one in found] == ["absolute"]
    assert found[0].read in {"primary", "secondary"}


@pytest.mark.parametrize("condition", ["ketamine-uropathy", "porphyria"])
def test_what_nobody_read_is_unverified_and_no_bar(condition: str) -> None:
    for one in SAFETY.precaution:
        if one.condition == condition:
            assert (one.read, one.grade) == ("unverified", "relative")


def test_sources_that_differ_are_called_disputed() -> None:
    for condition in ("cardiovascular-event-6-weeks", "uncontrolled-hypertension"):
        grades = {one.grade for one in SAFETY.precaution if one.condition == condition}
        assert grades == {"disputed"}


@pytest.mark.parametrize(("id_", "most", "unit"), [(k, *v) for k, v in LIMITS.items()])
def test_a_drug_wide_limit_is_the_reject_rule(id_: str, most: float, unit: str) -> None:
    limit = library.limits()[id_]
    assert isinstance(limit.hard, Number)
    assert (limit.hard.value, limit.hard.unit, limit.unit) == (most, unit, unit)
    assert limit.read == "design"


def test_a_pump_and_a_child_have_both_ends() -> None:
    spans = [one for one in library.limits().values() if isinstance(one.hard, Range)]
    assert {one.id for one in spans} >= {"pump-rate", "weight-under-1-y", "weight-under-18-y"}
    for one in spans:
        assert isinstance(one.hard, Range)
        assert one.hard.low is not None
        assert one.hard.high is not None
        assert 0 < one.hard.low < one.hard.high
        assert one.hard.unit == one.unit


def test_only_theophylline_is_refused_and_on_the_label_alone() -> None:
    refused = [one for one in SAFETY.interaction if one.action == "refuse"]
    assert [(one.id, one.source, one.read) for one in refused] == [
        ("theophylline", "ketalar-label", "primary")
    ]
    assert {"theophylline", "aminophylline"} <= set(refused[0].medicines)
    # its other spellings and brands are from memory, and the file says so
    assert refused[0].medicines_fact.read == "unverified"


def test_the_liver_rule_is_noppers_with_its_counter_evidence() -> None:
    liver = next(one for one in SAFETY.cumulative if one.id == "liver")
    assert liver.interval_d is not None
    assert (liver.interval_d.value, liver.interval_d.unit) == (16, "d")
    assert liver.source == "noppers-2011-liver"
    assert any("101 patients" in one.text for one in liver.counter)
    assert "3 of 6" in liver.text


def test_the_reversed_finding_on_mood_is_kept_corrected() -> None:
    found = [one for one in SAFETY.correction if "depress" in one.claim.lower()]
    assert found
    assert any("recover" in one.correction.lower() for one in found)


def test_no_antidote_is_named() -> None:
    text = " ".join(one.text for one in SAFETY.advice if one.topic == "rescue")
    assert "Nothing reverses ketamine; benzodiazepines do not" in text
    assert not any("reversal agent" in one.text for one in SAFETY.advice)


def test_a_bound_and_a_limit_without_an_end_are_refused() -> None:
    with pytest.raises(ValidationError):
        Bound(measure="systolic", unit="mmHg")
    row = library.limits()["rate-ever"].model_dump()
    for bad in (float("nan"), float("inf"), None):
        with pytest.raises(ValidationError):
            LimitFact.model_validate(row | {"hard": row["hard"] | {"value": bad}})
