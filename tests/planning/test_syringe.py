"""Millilitres are for the product in the hand, and they always carry the milligrams planned."""

from __future__ import annotations

import pytest

from assuage.knowledge import library
from assuage.planning import syringe
from assuage.planning.regimen import schedule
from assuage.refusals import Refusal, Refused
from planning.asking import PLANNABLE, fitting, segments

PRODUCTS = library.products()
PAIRS = [
    (id_, variant.id, product)
    for id_ in PLANNABLE
    for variant in library.regimen(id_).variant
    for product in fitting(library.regimen(id_))
]


def refused(action: object, *args: object) -> Refusal:
    with pytest.raises(Refused) as caught:
        action(*args)  # type: ignore[operator]
    return caught.value.refusal


CHOICES = [
    ("racemic-ketamine", "iv", None, Refusal.PRODUCT_MISSING),
    ("racemic-ketamine", "iv", "ketamine-20", Refusal.PRODUCT_STRENGTH_UNKNOWN),
    ("racemic-ketamine", "iv", "Ketamine-50", Refusal.PRODUCT_STRENGTH_UNKNOWN),
    ("racemic-ketamine", "iv", "", Refusal.PRODUCT_STRENGTH_UNKNOWN),
    ("esketamine", "iv", "ketamine-50", Refusal.PRODUCT_DRUG_MISMATCH),
    ("racemic-ketamine", "iv", "esketamine-25", Refusal.PRODUCT_DRUG_MISMATCH),
    ("esketamine", "iv", "esketamine-nasal-28", Refusal.ROUTE_MISMATCH),
    ("esketamine", "nasal", "esketamine-25", Refusal.ROUTE_MISMATCH),
    ("racemic-ketamine", "sc", "ketamine-10", Refusal.ROUTE_MISMATCH),
]


@pytest.mark.parametrize(("drug", "route", "product", "code"), CHOICES)
def test_a_product_that_does_not_fit_is_refused(
    drug: str, route: str, product: str | None, code: Refusal
) -> None:
    assert refused(syringe.choose, "a-regimen", drug, route, product) is code


@pytest.mark.parametrize(("id_", "variant", "product_id"), PAIRS)
def test_every_preparation_carries_its_milligrams(id_: str, variant: str, product_id: str) -> None:
    regimen, product = library.regimen(id_), PRODUCTS[product_id]
    given = schedule(regimen, variant, 70)
    infusion_at = syringe.infusion_concentration(product, given, None)
    bolus_at = syringe.bolus_concentration(product, regimen.routes[0])
    made = syringe.prepare(product, given, infusion_at, bolus_at)
    strength = product.strength_mg_per_ml
    for one in made:
        assert one.containers_per_session >= 1
        if one.drug_ml_each is None:
            assert one.drug_mg_each == product.unit_mg
            continue
        assert strength is not None
        assert one.diluent_ml_each is not None
        assert one.concentration_mg_per_ml is not None
        whole = one.drug_ml_each + one.diluent_ml_each
        assert one.drug_ml_each * strength == pytest.approx(one.drug_mg_each, rel=1e-9)
        assert whole * one.concentration_mg_per_ml == pytest.approx(one.drug_mg_each, rel=1e-9)
        assert one.concentration_mg_per_ml <= strength
        assert one.diluent_ml_each >= 0
        if regimen.routes[0] == "iv" and "bolus" in one.container:
            assert one.concentration_mg_per_ml <= 50  # half of what the label forbids undiluted
    bolus_doses = {one.dose_mg for one in given if one.kind == "bolus"}
    drawn = [one.drug_mg_each for one in made if "bolus" in one.container]
    assert sorted(drawn) == sorted(bolus_doses)


def test_a_syringe_never_holds_more_than_the_dose_it_is_for() -> None:
    """source: KADS steps, 0.5 to 0.9 mg/kg (Loo 2023): 35, 42, 52.5 and 63 mg at 70 kg."""
    given = schedule(library.regimen("depression-sc"), "response-guided", 70)
    made = syringe.prepare(PRODUCTS["ketamine-50"], given, None, 50)
    assert [one.drug_mg_each for one in made] == [35, 42, 52.5, 63]
    assert [one.sessions for one in made] == ["2"] * 4


def test_a_repeat_as_needed_is_drawn_on_its_own() -> None:
    given = schedule(library.regimen("procedural-sedation-child-im"), "low-4", 20)
    fixed, needed = syringe.prepare(PRODUCTS["ketamine-50"], given, None, 50)
    assert (fixed.drug_mg_each, needed.drug_mg_each) == (80, 40)
    assert "only if needed" in needed.container
    assert "only if needed" not in fixed.container
    (same,) = syringe.prepare(
        PRODUCTS["ketamine-50"], schedule(library.regimen("field-analgesia-iv"), None, 70), None, 50
    )
    assert same.containers_per_session == 1
    assert any("as needed" in check for check in same.checks)


def test_a_push_too_small_to_give_evenly_is_said() -> None:
    """0.42 mL can't be pushed over ten minutes; 2.1 mL of the weaker product can."""
    given = schedule(library.regimen("fibromyalgia-iv"), "sorensen", 70)

    def warned(product: str, at: float) -> bool:
        (one,) = syringe.prepare(PRODUCTS[product], given, None, at)
        return any("too little to push" in check for check in one.checks)

    assert warned("ketamine-50", 50)
    assert not warned("ketamine-10", 10)


def test_the_strongest_product_is_never_pushed_undiluted_into_a_vein() -> None:
    """source: Ketalar label: 100 mg/mL is diluted with an equal volume first."""
    product = PRODUCTS["ketamine-100"]
    given = schedule(library.regimen("anaesthesia-induction-iv"), None, 70)
    (one,) = syringe.prepare(product, given, None, syringe.bolus_concentration(product, "iv"))
    assert one.drug_ml_each == one.diluent_ml_each == 1.4
    assert any("before it goes into a vein" in check for check in one.checks)
    assert "undiluted" in one.facts[0].text
    assert syringe.bolus_concentration(product, "im") == 100


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("60 mg/mL", Refusal.OPTION_CONFLICT), ("5", Refusal.QUANTITY_UNIT_MISSING),
        ("1,5 mg/mL", Refusal.QUANTITY_AMBIGUOUS), ("5 mg", Refusal.QUANTITY_UNIT_WRONG),
        ("", Refusal.QUANTITY_EMPTY), ("NaN mg/mL", Refusal.QUANTITY_AMBIGUOUS),
        ("-5 mg/mL", Refusal.QUANTITY_NOT_POSITIVE),
    ],
)  # fmt: skip
def test_a_concentration_is_read_or_refused(asked: str, code: Refusal) -> None:
    given = schedule(library.regimen("crps-outpatient-10d"), None, 70)
    product = PRODUCTS["ketamine-50"]
    assert refused(syringe.infusion_concentration, product, given, asked) is code
    assert syringe.infusion_concentration(product, given, "5 mg/mL") == 5


@pytest.mark.parametrize(
    ("at", "passes"), [(0.0245, False), (0.025, True), (245, True), (246, False)]
)
def test_a_pump_runs_from_0_1_to_999_ml_an_hour(at: float, passes: bool) -> None:
    """24.5 mg/h at 0.0245 mg/mL is 1,000 mL/h; at 246 mg/mL it is 0.0996 mL/h."""
    given = schedule(library.regimen("crps-outpatient-10d"), None, 70)
    found = syringe.check_pump(given, at)
    assert (found is None) == passes
    assert found is None or found.refusal is Refusal.PUMP_RANGE


@pytest.mark.parametrize("gone", ["pump-rate", "volume-one-vial"])
def test_a_limit_that_is_gone_refuses(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {key: one for key, one in library.limits().items() if key != gone}
    monkeypatch.setattr(library, "limits", lambda: left)
    infused = schedule(library.regimen("crps-outpatient-10d"), None, 70)
    pushed = schedule(library.regimen("depression-sc"), None, 70)
    product = PRODUCTS["ketamine-50"]
    found = [syringe.check_pump(infused, 5), syringe.second_check(product, pushed)]
    assert [one.refusal for one in found if one] == [Refusal.LIMIT_MISSING]


@pytest.mark.parametrize(("kg", "passes"), [(125, True), (125.1, False)])
def test_a_dose_of_more_than_one_vial_waits_for_a_second_person(kg: float, passes: bool) -> None:
    """4 mg/kg of 10 mg/mL from a 50 mL vial of 500 mg: one vial serves 125 kg."""
    product = PRODUCTS["ketamine-10"].model_copy(update={"vial_ml": (50.0,)})
    regimen = library.regimen("procedural-sedation-child-im")
    found = syringe.second_check(product, schedule(regimen, "low-4", kg))
    assert (found is None) == passes
    assert found is None or found.refusal is Refusal.SECOND_CHECK


def test_a_product_of_unknown_vial_is_no_permission() -> None:
    product = PRODUCTS["ketamine-50"].model_copy(update={"vial_ml": ()})
    found = syringe.second_check(product, schedule(library.regimen("depression-sc"), None, 70))
    assert found is not None
    assert found.refusal is Refusal.LIMIT_MISSING


def test_a_device_holds_what_every_regimen_takes_from_it() -> None:
    units = {one.unit_mg for one in PRODUCTS.values() if one.unit_mg is not None}
    assert {one.amount for _, one in segments() if one.kind == "device"} == units
    given = schedule(library.regimen("depression-nasal-esketamine"), "suicidality-84", None)
    (one,) = syringe.prepare(PRODUCTS["esketamine-nasal-28"], given, None, None)
    assert (one.drug_mg_each * one.containers_per_session, one.container) == (84, "device")


def test_no_session_is_handed_more_devices_than_it_takes() -> None:
    given = schedule(library.regimen("depression-nasal-esketamine"), "day1-56-then-84", None)
    made = syringe.prepare(PRODUCTS["esketamine-nasal-28"], given, None, None)
    assert [(one.containers_per_session, one.sessions) for one in made] == [(2, "1"), (3, "7")]


def test_the_label_names_drug_strength_and_content() -> None:
    given = schedule(library.regimen("crps-outpatient-10d"), None, 70)
    (one,) = syringe.prepare(PRODUCTS["ketamine-50"], given, 2, 50)
    # 0.35 mg/kg/h for 4 h at 70 kg: a syringe that is not refilled holds its session, no more
    assert one.label == ("ketAMINE", "2 mg/mL", "98 mg in 49 mL")
    assert one.drug_ml_each * 50 == one.drug_mg_each == 98


def test_an_infusion_syringe_holds_its_session_or_is_full_and_cut_short() -> None:
    """Drug left in a pump's syringe can still be given by mistake."""
    for name, product, at in (("crps-outpatient-10d", "ketamine-10", 2),
                              ("crps-inpatient-esketamine-100h", "esketamine-5", 5)):  # fmt: skip
        given = schedule(library.regimen(name), None, 64)
        total = sum(one.dose_mg for one in given if one.session == 1)
        (one,) = syringe.prepare(PRODUCTS[product], given, at, None)
        full = 50 * at
        if total <= full:
            assert one.containers_per_session == 1
            assert one.drug_mg_each == pytest.approx(total, rel=1e-9)
        else:
            left = total - (one.containers_per_session - 1) * one.drug_mg_each
            assert one.drug_mg_each == full
            assert 0 < left <= full
            assert any("is stopped" in check for check in one.checks)


def test_a_session_dose_that_changes_gets_its_own_syringe() -> None:
    given = schedule(library.regimen("crps-outpatient-10d"), "stepped", 70)
    made = syringe.prepare(PRODUCTS["ketamine-10"], given, 2, None)
    by_session = {sum(o.dose_mg for o in given if o.session == n) for n in range(1, 11)}
    assert len(made) == len(by_session) > 1
    assert sum(int(one.sessions) for one in made) == 10
