"""What the law asks of a register is data, says how it was read, and roles deny by default."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.law import COUNTED, LISTED, Act, Dated, Duty, DutyKind, Role

ON = date(2026, 11, 23)
TAGS: dict[str, Any] = {"source": "mdr-2001", "where": "regulation 20", "read": "primary"}
PLACES = [found for code in library.place_codes() if (found := library.place(code)) is not None]
EVERY = [duty for place in PLACES for duty in place.duty]
# source: clinical reading 4.1 to 4.3; the witnesses of destruction and the form's 45 days are in
# Form 41 and in a note on 88 FR 40707.
NUMBERS = [
    ("GB", "entry-deadline", 1, "calendar-day", "primary"),
    ("GB", "register-retention", 2, "year", "secondary"),
    ("GB", "invoice-retention", 6, "year", "secondary"),
    ("GB", "destruction-retention", 7, "year", "secondary"),
    ("GB", "stock-check-interval", 7, "calendar-day", "secondary"),
    ("GB", "stock-check-people", 2, "person", "secondary"),
    ("GB", "destruction-witnesses", 1, "person", "unverified"),
    ("US", "register-retention", 2, "year", "primary"),
    ("US", "inventory-interval", 24, "month", "secondary"),
    ("US", "loss-notice", 1, "business-day", "primary"),
    ("US", "loss-form-deadline", 45, "calendar-day", "secondary"),
    ("US", "destruction-witnesses", 2, "person", "primary"),
    ("US", "wastage-witnesses", 1, "person", "unverified"),
    ("US", "monitoring-form-deadline", 7, "calendar-day", "secondary"),
    ("IN", "prescription-retention", 2, "year", "primary"),
    ("IN", "register-retention", 2, "year", "primary"),
]
# source: clinical reading 4.2, what stands under each heading, in its order
HEADINGS = {
    "page-heading-obtained": ("date", "name and address", "quantity"),
    "page-heading-supplied": (
        *("date", "name/address", "authority to possess", "quantity", "person collecting"),
        *("identity requested", "identity of person collecting provided"),
    ),
}


def one_of(code: str, kind: str) -> Duty:
    (found,) = library.duties(code, kind, ON)
    return found


@pytest.mark.parametrize(("code", "kind", "number", "unit", "read"), NUMBERS)
def test_a_number_of_the_law_is_what_was_read_of_it(
    code: str, kind: str, number: int, unit: str, read: str
) -> None:
    duty = one_of(code, kind)
    assert (duty.number, duty.unit, duty.read) == (number, unit, read)


def test_every_number_that_is_held_is_one_of_those() -> None:
    held = {(duty.id[:2].upper(), duty.kind) for duty in EVERY if duty.number is not None}
    held -= {("US", "destruction-transfer")}  # two employees, read in 21 CFR 1317.95(a)
    assert held == {(code, kind) for code, kind, *_ in NUMBERS}


@pytest.mark.parametrize("kind", HEADINGS)
def test_the_pages_of_great_britain_have_their_headings_in_order(kind: str) -> None:
    columns = one_of("GB", kind).columns
    assert len(columns) == len(HEADINGS[kind])
    for column, said in zip(columns, HEADINGS[kind], strict=True):
        assert said in column.lower()


def test_what_was_not_read_of_the_united_states_dispensing_record_says_so() -> None:
    for kind in ("page-heading-obtained", "page-heading-supplied"):
        assert one_of("US", kind).read == "unverified"


def test_the_forms_list_their_fields() -> None:
    assert "National Drug Code" in {
        column for duty in library.duties("US", "loss-form-fields", ON) for column in duty.columns
    }
    fields = one_of("US", "destruction-form-fields").columns
    assert (
        sum("witness" in field for field in fields) == one_of("US", "destruction-witnesses").number
    )


def test_a_duty_has_one_id_everywhere_and_a_source_that_is_known() -> None:
    ids = [duty.id for duty in EVERY]
    assert len(ids) == len(set(ids))
    for place in PLACES:
        for duty in place.duty:
            assert duty.id.startswith(f"{place.code}-")
            assert duty.source in library.sources()
            if duty.source == "no-source-named" or "not read" in duty.where:
                assert duty.read != "primary"
            assert (duty.source == "assuage-design") == (duty.read == "design")


def test_nothing_is_said_twice() -> None:
    for place in PLACES:
        said = [one.text for one in place.record]
        assert len(said) == len(set(said))


def test_the_register_of_great_britain_begins_with_schedule_2() -> None:
    place = library.place("GB")
    assert place is not None
    start = next(one.valid_from for one in place.control if one.text == "Schedule 2.")
    assert {duty.valid_from for duty in place.duty} == {start, None}


def test_a_statement_carries_its_columns_and_its_doubt() -> None:
    place = library.place("GB")
    assert place is not None
    by_text = {one.text: one for one in place.record}
    heading = one_of("GB", "page-heading-obtained")
    shown = by_text[heading.said]
    assert all(column in shown.text for column in heading.columns)
    assert shown.text.startswith("Headings of what is obtained: Date supply received; ")
    for one, duty in zip(place.record, place.duty, strict=True):
        assert (one.source, one.where, one.read, one.note) == (
            *(duty.source, duty.where, duty.read, duty.note),
        )


def test_a_fact_holds_from_its_first_day_to_its_last() -> None:
    dated = Dated(valid_from=date(2026, 1, 2), valid_to=date(2026, 1, 3), **TAGS)
    days = [date(2026, 1, day) for day in (1, 2, 3, 4)]
    assert [dated.in_force(day) for day in days] == [False, True, True, False]
    assert Dated(**TAGS).in_force(date.min)
    assert Dated(valid_from=days[0], **TAGS).in_force(date.max)
    with pytest.raises(ValidationError, match="before it starts"):
        Dated(valid_from=days[1], valid_to=days[0], **TAGS)


def duty(kind: str, **payload: Any) -> Duty:
    return Duty.model_validate({"id": "x", "kind": kind, "text": "It is so."} | TAGS | payload)


@pytest.mark.parametrize("kind", get_args(DutyKind))
def test_a_kind_has_the_payload_it_is_for_and_no_other(kind: Any) -> None:
    units = sorted(COUNTED.get(kind, ()))
    good: dict[str, Any] = {"number": 1, "unit": units[0]} if units else {}
    good |= {"columns": ("Date",)} if kind in LISTED else {}
    assert duty(kind, **good)
    wrong = good | {"number": 1, "unit": "person" if "person" not in units else "year"}
    doubled = good | ({"columns": ("Date", "Date")} if kind in LISTED else {"columns": ("Date",)})
    for bad in (wrong, doubled):
        with pytest.raises(ValidationError):
            duty(kind, **bad)
    for name in good:
        with pytest.raises(ValidationError):
            duty(kind, **{key: value for key, value in good.items() if key != name})


@pytest.mark.parametrize("number", [1.5, "1", True, -1, float("nan")])
def test_a_number_that_is_no_count_is_refused(number: object) -> None:
    with pytest.raises(ValidationError):
        duty("entry-deadline", number=number, unit="calendar-day")


# Roles.


def holders(act: str) -> set[str]:
    return {role for role, acts in library.roles().items() if act in acts}


def test_the_roles_are_these() -> None:
    assert set(library.roles()) == {
        *("nurse", "physician", "pharmacist", "pharmacy-technician", "controlled-drugs-officer"),
        *("site-manager", "diversion-reviewer", "auditor", "investigator"),
    }


def test_every_act_is_somebodys_and_no_role_has_them_all() -> None:
    acts = set(get_args(Act))
    assert set().union(*library.roles().values()) == acts
    assert all(held < acts for held in library.roles().values())


@pytest.mark.parametrize(
    ("act", "roles"),
    [
        ("view-signals", {"diversion-reviewer"}),
        ("close-discrepancy", {"controlled-drugs-officer"}),
        ("prescribe", {"physician"}),
        ("resolve-unknown", {"nurse", "physician"}),
        ("administer", {"nurse", "physician"}),
        ("destroy", {"pharmacist"}),
        ("enrol-people", {"site-manager"}),
    ],
)
def test_what_is_guarded_is_held_by_few(act: str, roles: set[str]) -> None:
    assert holders(act) == roles


def test_who_closes_or_reviews_or_audits_handles_no_drug() -> None:
    handling = {
        *("receive", "supply", "draw", "administer", "waste", "return", "transfer", "destroy"),
        *("correct", "witness"),
    }
    for role in ("controlled-drugs-officer", "site-manager", "diversion-reviewer", "auditor"):
        assert not library.roles()[role] & handling
    assert library.roles()["auditor"] == {"view-register"}


def test_an_unknown_permission_is_refused_and_one_given_twice() -> None:
    given = {"id": "x", "name": "X", "text": "It is so."} | TAGS
    assert Role.model_validate(given | {"permissions": ()}).permissions == ()
    for bad in (("everything",), ("View-signals",), ("",), ("draw", "draw")):
        with pytest.raises(ValidationError):
            Role.model_validate(given | {"permissions": bad})


def test_the_roles_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(TypeError):
        library.roles()["auditor"] = frozenset({"view-signals"})  # type: ignore[index]


# The numbers that the register rests on where the law gives none.


def test_the_registers_assumptions_are_held_with_their_units() -> None:
    """source: assumptions.toml's own rules; 5 % and 1.5 % of 1 mL are ISO 7886-1 by SMTL 2016."""
    expected = {
        "register-entry-deadline-default": (1, "d", "design"),
        "register-measuring-tolerance": (0.05, "1", "secondary"),
        "register-measuring-floor": (15, "uL", "secondary"),
        "register-escalation-default-hours": (24, "h", "design"),
        "register-lockout": (5, "1", "design"),
        "register-lockout-minutes": (15, "min", "design"),
        "register-witness-fresh-minutes": (5, "min", "design"),
    }
    held = library.assumptions()
    for id_, fields in expected.items():
        assert (held[id_].value, held[id_].unit, held[id_].read) == fields
