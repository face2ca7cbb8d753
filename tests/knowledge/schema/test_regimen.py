"""Every regimen and product file says what was published, once, with limits that can hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number
from assuage.knowledge.schema.regimen import Regimen, Segment
from assuage.safety.guardrail import from_fact

EVERY = [library.regimen(one) for one in library.regimen_ids()]
WITH_DOSES = [one for one in EVERY if one.variant]
EACH = pytest.mark.parametrize("regimen", EVERY, ids=lambda one: one.id)
DOSED = pytest.mark.parametrize("regimen", WITH_DOSES, ids=lambda one: one.id)
UNITS = {
    "bolus": {"mg", "mg/kg"}, "session_dose": {"mg", "mg/kg"}, "course_dose": {"mg", "mg/kg"},
    "daily_dose": {"mg/day", "mg/kg/day"}, "infusion_rate": {"mg/kg/h", "mg/h"},
    "absolute_rate": {"mg/h"}, "session_interval": {"h"},
}  # fmt: skip

# What the clinical reading (section 1) prints: regimen, variant, segment, amount, unit.
PUBLISHED = [
    ("crps-outpatient-10d", "ceiling", 0, 0.35, "mg/kg/h"),
    ("crps-inpatient-esketamine-100h", "mean-end-rate", 0, 22.2, "mg/h"),
    ("crps-outpatient-goldberg-2005", "forty", 0, 40, "mg"),
    ("crps-outpatient-goldberg-2005", "eighty", 0, 80, "mg"),
    ("crps-esketamine-500", "ten-days", 0, 50, "mg"),
    ("crps-esketamine-500", "ten-days", -1, 500, "mg"),
    ("crps-inpatient-5d", "titrated-to-40", -1, 40, "mg/h"),
    ("crps-inpatient-5d-booster", "inpatient", 0, 20, "mg/h"),
    ("crps-coma", "kiefer-2002", 2, 5, "mg/kg/h"),
    ("depression-iv", "single", 0, 0.5, "mg/kg"),
    ("depression-sc", "response-guided", -1, 0.9, "mg/kg"),
    ("depression-nasal-esketamine", "standard-56", 0, 28, "mg"),
    ("fibromyalgia-iv", "graven-nielsen", 0, 0.3, "mg/kg"),
    ("fibromyalgia-esketamine", "single", 0, 0.5, "mg/kg"),
    ("acute-subanaesthetic", "bolus", 0, 0.35, "mg/kg"),
    ("emergency-pain", "high-0-3", 0, 0.3, "mg/kg"),
    ("emergency-agitation-im", "single", 0, 4, "mg/kg"),
    ("opioid-tolerant-loftus", "four-hours", 1, 10, "ug/kg/min"),
    ("opioid-tolerant-esketamine", "four-hours", 1, 0.25, "mg/kg/h"),
    ("opioid-tolerant-infusion", "to-24-h", 0, 0.2, "mg/kg/h"),
    ("anaesthesia-induction-iv", "high-4-5", 0, 4.5, "mg/kg"),
    ("anaesthesia-induction-im", "high-13", 0, 13, "mg/kg"),
    ("anaesthesia-esketamine-induction", "high-1", 0, 1, "mg/kg"),
    ("procedural-sedation-child-im", "high-5", 0, 5, "mg/kg"),
    ("procedural-sedation-child-iv", "low-1-5", 0, 1.5, "mg/kg"),
    ("procedural-sedation-adult-iv", "one", 0, 1, "mg/kg"),
    ("field-analgesia-iv", "every-30", 0, 20, "mg"),
    ("field-analgesia-im", "single", 0, 80, "mg"),
    ("field-pj-unstable", "every-15", 0, 25, "mg"),
    ("field-pj-unstable-im", "every-30", 0, 50, "mg"),
    ("alcohol-kare", "weekly-3", 0, 0.8, "mg/kg"),
    ("alcohol-more-kare", "control", 0, 0.05, "mg/kg"),
]
CAPS = [
    ("crps-outpatient-10d", 25, "mg/h"),
    ("emergency-pain", 25, "mg"),
    ("emergency-agitation-im", 500, "mg"),
    ("opioid-tolerant-infusion", 20, "mg/h"),
]


def segments(regimen: Regimen, variant: str) -> tuple[Segment, ...]:
    return next(one.segment for one in regimen.variant if one.id == variant)


@pytest.mark.parametrize(("id_", "variant", "at", "amount", "unit"), PUBLISHED)
def test_a_dose_is_the_published_one(
    id_: str, variant: str, at: int, amount: float, unit: str
) -> None:
    one = segments(library.regimen(id_), variant)[at]
    assert (one.amount, one.unit) == (amount, unit)


@pytest.mark.parametrize(("id_", "most", "unit"), CAPS)
def test_a_cap_is_the_published_one(id_: str, most: float, unit: str) -> None:
    default = next(one for one in library.regimen(id_).variant if one.default)
    caps = [one.cap for one in default.segment]
    assert {(one.value, one.unit) for one in caps if one} == {(most, unit)}


def test_the_repeats_in_the_field_are_the_published_ones() -> None:
    """source: clinical reading 1.9: every 10 to 30 min; every 15 min; every 30 min IM."""

    def gap(id_: str, variant: str) -> float:
        return round(60 * (segments(library.regimen(id_), variant)[1].every_h or 0), 3)

    assert gap("field-analgesia-iv", "every-10") == 10
    assert gap("field-analgesia-iv", "every-30") == 30
    assert gap("field-pj-unstable", "every-15") == 15
    assert gap("field-pj-unstable-im", "every-30") == 30


@EACH
def test_every_source_is_known_and_an_unread_one_is_unverified(regimen: Regimen) -> None:
    facts = [
        regimen.status_fact, regimen.drug_fact, regimen.people.age_years, regimen.people.who,
        *regimen.people.eligible, *regimen.people.excluded, *regimen.variant, *regimen.guardrail,
        *regimen.claim, *regimen.monitor, *regimen.staff, *regimen.stop, *regimen.discharge,
        *regimen.adjunct, *regimen.gap, *regimen.caution,
        *(one for variant in regimen.variant for one in variant.segment),
    ]  # fmt: skip
    for one in facts:
        assert one.source in library.sources()
        if "from memory" in one.where or one.source == "no-source-named":
            assert one.read == "unverified", one


@EACH
def test_a_limit_nests_fits_its_unit_and_holds_its_typical_value(regimen: Regimen) -> None:
    for one in regimen.guardrail:
        assert one.unit in UNITS[one.quantity]
        assert from_fact(one).classify(one.typical) == "within"
        assert one.hard[1] > 0
    keys = [(one.quantity, one.unit) for one in regimen.guardrail]
    assert len(keys) == len(set(keys))


@EACH
def test_no_regimen_is_looser_than_the_drug(regimen: Regimen) -> None:
    for one in regimen.guardrail:
        if (one.quantity, one.unit) == ("bolus", "mg/kg"):
            assert one.hard[1] <= hard("bolus-any-route")
        if (one.quantity, one.unit) == ("infusion_rate", "mg/kg/h"):
            assert one.hard[1] <= hard("rate-ever")


def hard(id_: str) -> float:
    limit = library.limits()[id_].hard
    assert isinstance(limit, Number)
    return limit.value


@DOSED
def test_every_session_gives_something_for_certain(regimen: Regimen) -> None:
    for variant in regimen.variant:
        for number in range(1, len(variant.days) + 1):
            given = [s for s in variant.segment if not s.sessions or number in s.sessions]
            assert any(not one.as_needed for one in given), (variant.id, number)


@DOSED
def test_an_infusion_ends_before_the_next_session_begins(regimen: Regimen) -> None:
    for variant in regimen.variant:
        last = max(s.start_h + (s.duration_h or 0) for s in variant.segment)
        gaps = [b - a for a, b in zip(variant.days, variant.days[1:], strict=False)]
        assert not gaps or last <= 24 * min(gaps), variant.id


@EACH
def test_a_research_technique_is_locked_and_the_coma_needs_it_all(regimen: Regimen) -> None:
    assert (regimen.status == "research") == (regimen.lock is not None)
    assert regimen.technique != "coma" or regimen.lock is not None
    assert regimen.drug != "esketamine" or "esketamine" in regimen.context
    assert set(regimen.related) <= set(library.regimen_ids())
    if regimen.lock is None:
        return
    assert "ethics-approval" in regimen.lock.needs
    if regimen.technique != "coma":
        return
    assert set(regimen.lock.needs) >= {"intensive-care", "jurisdiction", "named-intensivist"}
    with pytest.raises(ValidationError):
        Regimen.model_validate(regimen.model_dump(exclude={"lock"}))


def test_a_regimen_is_one_drug_by_one_route() -> None:
    """Doses of two routes, or of racemate and esketamine, are never under one name."""
    assert {len(one.routes) for one in EVERY} == {1}


@pytest.mark.parametrize(
    "bad",
    [
        {"amount": 0}, {"amount": -1}, {"amount": float("nan")}, {"amount": float("inf")},
        {"unit": "mg/hr"}, {"kind": "bolus", "unit": "mg/h"}, {"duration_h": None},
        {"per_weight_kg": 70}, {"times": 2}, {"rate": 1},
    ],
)  # fmt: skip
def test_a_segment_that_could_be_misread_is_refused(bad: dict[str, object]) -> None:
    good = {
        "kind": "infusion", "duration_h": 4, "amount": 0.35, "unit": "mg/kg/h",
        "source": "x", "where": "x", "read": "primary",
    }  # fmt: skip
    assert Segment.model_validate(good)
    with pytest.raises(ValidationError):
        Segment.model_validate(good | bad)


def test_a_product_is_a_liquid_of_one_strength_or_a_device() -> None:
    for one in library.products().values():
        assert (one.strength_mg_per_ml is None) != (one.unit_mg is None)
        assert bool(one.vial_ml) == (one.strength_mg_per_ml is not None)
        assert ("nasal" in one.routes) == (one.unit_mg is not None)
        assert one.source in library.sources()


@pytest.mark.parametrize(
    ("product", "base", "salt"),
    [
        ("ketamine-10", 10, "11.53"), ("ketamine-50", 50, "57.67"), ("ketamine-100", 100, "115.33"),
        ("esketamine-5", 5, "5.77"), ("esketamine-25", 25, "28.83"),
        ("esketamine-nasal-28", 28, "32.3"),
    ],
)  # fmt: skip
def test_a_strength_is_of_the_base_and_its_salt_is_1_153_times_that(
    product: str, base: float, salt: str
) -> None:
    """source: Ketalar label: 57.67 mg hydrochloride per 50 mg base, so x1.153 for each."""
    one = library.products()[product]
    assert base in (one.strength_mg_per_ml, one.unit_mg)
    assert salt in one.note
    assert float(salt) / base == pytest.approx(57.67 / 50, rel=2e-3)


def test_a_course_for_pain_that_leaves_out_mood_is_refused() -> None:
    """Mood in pain patients once went unreported, because pain was the primary outcome."""
    good = library.regimen("crps-outpatient-10d").model_dump()
    assert Regimen.model_validate(good).follows
    for left_out in ("mood", "function"):
        rest = tuple(one for one in good["follows"] if one != left_out)
        with pytest.raises(ValueError, match="mood and function"):
            Regimen.model_validate({**good, "follows": rest})
