"""Whole containers: nothing is given that was not opened, and nothing is opened for nothing."""

from __future__ import annotations

import pytest

from assuage.knowledge import library
from assuage.planning.comparison.prices import prices_in
from assuage.planning.comparison.supply import DrugUsed, chair_time, drug_used
from assuage.planning.plan import check
from assuage.planning.regimen import sessions
from planning.asking import CLOCK, PLANNABLE, accept, ask, fitting

PAIRS = [(one, name) for one in PLANNABLE for name in fitting(library.regimen(one))]


def used(regimen: str, product: str, *prices: str, **changes: object) -> DrugUsed:
    request = ask(regimen, product=product, accepted=accept("SECOND_CHECK"), **changes)
    held = check(request, CLOCK)
    found = drug_used(held.product, held.given, held.infusion_at, held.bolus_at, prices_in(prices))
    assert isinstance(found, DrugUsed)
    return found


@pytest.mark.parametrize(("regimen", "product"), PAIRS)
def test_what_is_opened_is_given_or_wasted(regimen: str, product: str) -> None:
    found = used(regimen, product)
    held = check(ask(regimen, product=product, accepted=accept("SECOND_CHECK")), CLOCK)
    fixed = [one for one in held.given if not one.as_needed]
    assert found.given_mg == pytest.approx(sum(one.dose_mg for one in fixed))
    assert found.drawn_mg == pytest.approx(found.given_mg + found.wasted_mg)
    assert found.wasted_mg >= 0.0  # source: conservation
    assert len(found.by_session) == len(sessions(fixed))
    for count, rows in zip(found.by_session, sessions(fixed).values(), strict=True):
        assert count * found.each_mg >= sum(one.dose_mg for one in rows) - 1e-9


def test_each_session_opens_its_own_vial() -> None:
    """98 mg a session from vials of 20 mL at 10 mg/mL: ten vials, half of each wasted."""
    found = used("crps-outpatient-10d", "ketamine-10")
    assert found.by_session == (1,) * 10
    # source: 70 kg x 0.35 mg/kg/h x 4 h x 10, and 10 x 200 mg
    assert (found.given_mg, found.drawn_mg, found.wasted_mg) == (980.0, 2000.0, 1020.0)


def test_devices_are_counted_and_leave_nothing() -> None:
    found = used("depression-nasal-esketamine", "esketamine-nasal-28")
    assert found.size_ml is None
    assert found.wasted_mg == 0.0  # source: whole devices are given


def test_without_a_price_the_size_that_wastes_least_is_taken() -> None:
    found = used("crps-inpatient-esketamine-100h", "esketamine-5")
    assert found.cost is None
    dearer = used(
        "crps-inpatient-esketamine-100h",
        "esketamine-5",
        "esketamine-5 20 mL: 9 EUR per container",
    )
    assert dearer.size_ml == 20.0  # source: the one that is priced
    assert dearer.drawn_mg >= found.drawn_mg


def test_of_two_priced_sizes_the_cheaper_course_is_taken() -> None:
    def size(small: str, large: str) -> float | None:
        prices = (
            f"esketamine-5 5 mL: {small} EUR per container",
            f"esketamine-5 20 mL: {large} EUR per container",
        )
        return used("crps-inpatient-esketamine-100h", "esketamine-5", *prices).size_ml

    assert size("9", "9") == 20.0  # source: products.toml
    assert size("1", "9") == 5.0  # source: products.toml


def test_a_price_of_another_product_says_nothing() -> None:
    found = used("crps-outpatient-10d", "ketamine-10", "ketamine-50: 4.50 EUR per container")
    assert found.cost is None


def test_watching_is_published_or_the_sites_own_or_not_counted() -> None:
    nasal = check(ask("depression-nasal-esketamine"), CLOCK)
    found = chair_time(nasal.regimen, nasal.given, observe_h=9.0)
    assert set(found.by_session_h) == {2.0}  # source: spravato-label-us, at least 2 h
    assert "spravato-label-us" in found.watched
    crps = check(ask("crps-outpatient-10d"), CLOCK)
    assert chair_time(crps.regimen, crps.given).total_h == 40.0  # source: 10 sessions of 4 h
    assert "none is counted" in chair_time(crps.regimen, crps.given).watched
    watched = chair_time(crps.regimen, crps.given, observe_h=0.5)
    assert watched.total_h == 45.0  # source: half an hour more in each of 10
