"""Predictions: what is refused, what is marked and what the bands are.

source: ages and weights are set around the model files' own ranges; 48 h, 2 mg/kg/h and three
months are the house's limits on extrapolation.
"""

from __future__ import annotations

import judge
import numpy as np
import pytest
from numpy.testing import assert_allclose

from assuage.kinetics.engine import curves, is_time_varying, predict, warnings_for
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

ADULT = Subject(70.0, 40.0)
TIMES = np.array([0.25, 0.5, 1.0, 3.0, 8.0])
HALF_HOUR = [Dose(0.0, 20.0, "iv", 0.5)]


def refusal_of(model_id: str, subject: Subject) -> Refusal:
    with pytest.raises(Refused) as caught:
        predict(library.model(model_id), subject, HALF_HOUR, TIMES)
    return caught.value.refusal


def warned(model_id: str, subject: Subject, doses: list[Dose]) -> str:
    return " | ".join(warnings_for(library.model(model_id), subject, doses))


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_an_unknown_age_is_refused_everywhere(model_id: str) -> None:
    assert refusal_of(model_id, Subject(70.0, None)) is Refusal.AGE_UNKNOWN


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_an_age_outside_a_model_is_refused(model_id: str) -> None:
    applies = judge.read(model_id)["applies_age_years"]
    ages = [applies["low"] - 0.1, float("nan")]
    ages += [applies["high"] + 0.1] if "high" in applies else []
    for age in ages:
        assert refusal_of(model_id, Subject(70.0, age)) is Refusal.AGE_OUTSIDE_MODEL


def test_infants_under_three_months_are_refused_by_every_model() -> None:
    for model_id in library.model_ids():
        assert refusal_of(model_id, Subject(5.0, 0.2)) is Refusal.AGE_OUTSIDE_MODEL


@pytest.mark.parametrize("weight_kg", [19.0, 241.0, 0.0, -70.0, float("nan"), float("inf")])
def test_a_weight_far_outside_is_refused(weight_kg: float) -> None:
    assert refusal_of("kamp-2020", Subject(weight_kg, 40.0)) is Refusal.WEIGHT_OUTSIDE_MODEL


def test_an_unknown_weight_is_refused_where_it_counts() -> None:
    assert refusal_of("kamp-2020", Subject(None, 40.0)) is Refusal.WEIGHT_UNKNOWN


@pytest.mark.parametrize("weight_kg", [30.0, 130.0])
def test_a_weight_outside_the_studied_range_is_marked(weight_kg: float) -> None:
    assert "weight" in warned("kamp-2020", Subject(weight_kg, 40.0), HALF_HOUR)
    assert "weight" not in warned("kamp-2020", ADULT, HALF_HOUR)
    assert "weights studied for hijazi-2003 are not known" in warned("hijazi-2003", ADULT, [])


def test_an_age_outside_the_studied_range_is_marked() -> None:
    assert "age 50 y lies outside" in warned("simons-2022", Subject(70.0, 50.0), HALF_HOUR)
    assert "age" not in warned("simons-2022", Subject(70.0, 25.0), HALF_HOUR)
    assert "not fully known" in warned("kamp-2020", ADULT, HALF_HOUR)


@pytest.mark.parametrize(
    ("doses", "marked"),
    [
        ([Dose(0.0, 480.0, "iv", 48.0)], False),
        ([Dose(0.0, 490.0, "iv", 49.0)], True),
        ([Dose(0.0, 300.0, "iv", 30.0), Dose(30.0, 300.0, "iv", 30.0)], True),
        ([Dose(30.0, 300.0, "iv", 30.0), Dose(0.0, 300.0, "iv", 30.0)], True),
        ([Dose(0.0, 300.0, "iv", 40.0), Dose(10.0, 300.0, "iv", 39.0)], True),
        ([Dose(0.0, 300.0, "iv", 30.0), Dose(31.0, 300.0, "iv", 30.0)], False),
        ([Dose(0.0, 20.0, "iv"), Dose(100.0, 20.0, "iv")], False),
    ],
)
def test_an_infusion_beyond_48_h_is_uncertain_twofold(doses: list[Dose], marked: bool) -> None:
    assert ("uncertain twofold" in warned("kamp-2020", ADULT, doses)) is marked


def test_a_model_studied_for_longer_keeps_its_own_limit() -> None:
    child = Subject(12.0, 3.0)
    assert "twofold" not in warned("flint-2017", child, [Dose(0.0, 1400.0, "iv", 140.0)])
    assert "beyond 141 h" in warned("flint-2017", child, [Dose(0.0, 1500.0, "iv", 150.0)])


@pytest.mark.parametrize(("mg_per_kg_per_h", "marked"), [(2.0, False), (2.01, True)])
def test_a_rate_above_2_mg_per_kg_per_h_is_uncertain_twofold(
    mg_per_kg_per_h: float, marked: bool
) -> None:
    doses = [Dose(0.0, mg_per_kg_per_h * 70.0 * 4.0, "iv", 4.0)]
    assert ("uncertain twofold" in warned("kamp-2020", ADULT, doses)) is marked


@pytest.mark.parametrize(
    ("doses", "marked"),
    [
        ([Dose(0.5 * n, 105.0, "iv", 0.5) for n in range(4)], True),  # 3 mg/kg/h in pieces
        ([Dose(0.5 * n, 60.0, "iv", 0.5) for n in range(4)], False),
        ([Dose(0.0, 420.0, "iv", 4.0), Dose(1.0, 210.0, "iv", 2.0)], True),  # 1.5 and 1.5
        ([Dose(0.0, 420.0, "iv", 4.0), Dose(1.0, 52.5, "iv", 0.5)], False),
        ([Dose(0.0, 420.0, "iv", 4.0), Dose(4.0, 420.0, "iv", 4.0)], False),  # touching
        ([Dose(0.0, 140.0, "iv", 1 / 60), Dose(1 / 60, 350.0, "iv", 5.0)], False),
    ],
)
def test_infusions_count_together(doses: list[Dose], marked: bool) -> None:
    assert ("uncertain twofold" in warned("kamp-2020", ADULT, doses)) is marked


def test_a_short_induction_is_no_held_rate() -> None:
    assert "twofold" not in warned("kamp-2020", ADULT, [Dose(0.0, 140.0, "iv", 1 / 60)])


def test_kamp_has_no_band_and_says_so() -> None:
    found = predict(library.model("kamp-2020"), ADULT, HALF_HOUR, TIMES, patients=50)
    assert all(one.p5 is one.p50 is one.p95 is None for one in found.series)
    assert any("no band of its own" in one for one in found.warnings)
    alone = predict(library.model("kamp-2020"), ADULT, HALF_HOUR, TIMES)
    assert not any("no band" in one for one in alone.warnings)


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_bands_are_ordered_around_the_typical(model_id: str) -> None:
    model = library.model(model_id)
    person, _, _ = judge.random_case(model_id, 0)
    subject = Subject(person.weight_kg, person.age_years)
    found = predict(model, subject, HALF_HOUR, TIMES, patients=300, seed=4)
    assert [one.analyte for one in found.series] == [one.name for one in model.analyte]
    for one in found.series:
        assert one.unit == "ng/mL"
        assert (one.typical > 0.0).all()
        if model.variability:
            assert (one.p5 > 0.0).all()
            assert (one.p5 <= one.p50).all()
            assert (one.p50 <= one.p95).all()
            assert (one.p5 < one.typical).all()
            assert (one.typical < one.p95).all()
            assert one.p5.shape == TIMES.shape


def test_a_band_is_the_quantiles_of_its_patients() -> None:
    model = library.model("herd-2007")
    child = Subject(30.0, 8.0)
    found = predict(model, child, HALF_HOUR, TIMES, patients=200, seed=9).series[0]
    _, drawn = curves(model, child, HALF_HOUR, TIMES, deviations(model, 200, 9))
    levels = 1000.0 * np.sort(drawn[:, :, 0], axis=0)
    for band, share in ((found.p5, 0.05), (found.p50, 0.5), (found.p95, 0.95)):
        place = share * 199
        low = levels[int(place)]
        wanted = low + (levels[int(place) + 1] - low) * (place - int(place))
        assert_allclose(band, wanted, rtol=1e-9)


def test_the_same_seed_gives_the_same_band() -> None:
    model = library.model("otto-2021")
    one, same, other = (
        predict(model, ADULT, HALF_HOUR, TIMES, patients=100, seed=seed).series[0].p95
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).all()


def test_only_flint_moves_with_time() -> None:
    moving = {id_ for id_ in library.model_ids() if is_time_varying(library.model(id_))}
    assert moving == {"flint-2017"}
    still = predict(library.model("kamp-2020"), ADULT, HALF_HOUR, TIMES)
    assert still.step_error == 0
    assert not any("stepped" in one for one in still.warnings)


def test_a_moving_clearance_counts_from_the_first_dose() -> None:
    """Flint 2017: the rise is per hour since the first dose, whenever that was."""
    model, child = library.model("flint-2017"), Subject(12.0, 3.0)
    times = np.array([0.5, 6.0, 24.0, 30.0])
    _, now = curves(model, child, [Dose(0.0, 240.0, "iv", 24.0)], times)
    _, later = curves(model, child, [Dose(200.0, 240.0, "iv", 24.0)], times + 200.0)
    assert_allclose(later, now, rtol=1e-9)


def test_a_held_clearance_is_enclosed_by_its_ends() -> None:
    model, child = library.model("flint-2017"), Subject(12.0, 3.0)
    doses, times = [Dose(0.0, 240.0, "iv", 24.0)], np.array([0.1, 3.3, 12.0, 24.0, 26.0])
    below, middle, above = (
        curves(model, child, doses, times, hold=hold)[1][0] for hold in ("below", "middle", "above")
    )
    person = judge.Person(12.0, 3.0)
    given = [judge.Given(0.0, 240.0, "iv", 24.0)]
    truth = judge.judge("flint-2017", person, given, times).concentrations
    for inside in (middle, truth):
        assert (below[:, 1] < inside[:, 1]).all()
        assert (inside[:, 1] < above[:, 1]).all()


def test_a_caveat_goes_with_its_analyte() -> None:
    found = predict(library.model("otto-2021"), ADULT, HALF_HOUR, TIMES)
    assert [bool(one.caveat) for one in found.series] == [False, True]
