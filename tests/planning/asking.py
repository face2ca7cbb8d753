"""What the planning tests share: an adult about whom all is known, and how a plan is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import pytest

from assuage.clock import FixedClock
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Regimen, Segment
from assuage.planning.document import Plan
from assuage.planning.patient import Patient
from assuage.planning.plan import make_plan
from assuage.planning.request import Acceptance, PlanRequest
from assuage.refusals import Refused
from assuage.safety.eligibility import conditions_asked

ON = date(2026, 11, 23)
CLOCK = FixedClock(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
WELL = dict.fromkeys(conditions_asked(library.safety()), False)
PLANNABLE = tuple(
    one for one in library.regimen_ids()
    if library.regimen(one).variant and library.regimen(one).lock is None
)  # fmt: skip


def adult(**changes: object) -> Patient:
    """Return a man of 70 kg and 46 y about whom every question is answered."""
    known = Patient(
        id="adult-1", weight_kg=70.0, age_years=46.0, sex="male", conditions=WELL, medicines=(),
        systolic_mmhg=120.0, diastolic_mmhg=80.0, heart_rate_per_min=70.0, past_courses=(),
    )  # fmt: skip
    return replace(known, **changes)  # type: ignore[arg-type]


def well(regimen: Regimen) -> Patient:
    """Return a well patient of an age that the regimen was written for."""
    oldest = regimen.people.age_years.high
    if oldest is None or oldest > 18:
        return adult()
    return adult(id="child-1", weight_kg=24.0, age_years=7.0)


def fitting(regimen: Regimen) -> list[str]:
    """Return the products that a regimen can be made up from."""
    route = regimen.routes[0]
    products = library.products().values()
    return [one.id for one in products if one.drug == regimen.drug and route in one.routes]


def place_for(regimen: Regimen) -> str:
    """Return a place whose law permits the regimen."""
    if regimen.drug == "racemic-ketamine":
        return "GB"
    return "US" if regimen.routes[0] == "nasal" else "NL"


def ask(regimen_id: str, patient: Patient | None = None, **changes: object) -> PlanRequest:
    """Return a request that is granted, with what the test changes about it."""
    regimen = library.regimen(regimen_id)
    products = fitting(regimen)
    good = PlanRequest(
        patient=well(regimen) if patient is None else patient,
        regimen=regimen_id,
        place=place_for(regimen),
        on=ON,
        setting=regimen.settings[0],
        product=products[1] if len(products) > 1 else products[0],
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def plan(request: PlanRequest) -> Plan:
    """Make the plan."""
    return make_plan(request, CLOCK)


def refusal(request: PlanRequest) -> Refused:
    """Return the refusal of a request; a plan instead fails the test."""
    with pytest.raises(Refused) as caught:
        make_plan(request, CLOCK)
    return caught.value


def accept(*codes: str) -> tuple[Acceptance, ...]:
    """Return acceptances by a named person."""
    return tuple(Acceptance(one, "Dr Ada Tester", "Weighed up with the patient") for one in codes)


@cache
def default_plan(regimen_id: str) -> Plan:
    """Return the plan of a regimen's default variant for the well adult."""
    return plan(ask(regimen_id))


def changed(regimen_id: str, **changes: object) -> Regimen:
    """Return a copy of a regimen with one segment of its default variant changed."""
    regimen = library.regimen(regimen_id)
    variants = tuple(
        one.model_copy(update={"segment": (one.segment[0].model_copy(update=changes),)})
        if one.default else one
        for one in regimen.variant
    )  # fmt: skip
    return regimen.model_copy(update={"variant": variants})


def use(patch: pytest.MonkeyPatch, regimen: Regimen) -> None:
    """Let the library hold this copy in place of its own."""
    real = library.regimen
    patch.setattr(library, "regimen", lambda id_: regimen if id_ == regimen.id else real(id_))


def segments() -> Iterator[tuple[str, Segment]]:
    """Yield every segment of the library with its regimen's id."""
    for id_ in library.regimen_ids():
        for variant in library.regimen(id_).variant:
            for one in variant.segment:
                yield id_, one
