"""One patient's own numbers: what moves, what is refused, and what adds up.

source: orders and identities; the doses and levels are this test's own.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from assuage.kinetics.engine import predict
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.planning.individual.fit import Wish, bands, individual, score_band, update
from assuage.planning.individual.measurement import Level, Measured, Points
from assuage.planning.individual.words import chance, left
from assuage.refusals import Refusal, Refused

OTTO = library.model("otto-2021")
SIMONS = library.model("simons-2022")
HERD = library.model("herd-2007")
KAMP = library.model("kamp-2020")
ADULT, CHILD = Subject(70.0, 30.0), Subject(30.0, 8.0)
HALF_HOUR = (Dose(0.0, 10.0, "iv", 0.5),)
DAYS = (Dose(0.0, 1000.0, "iv", 100.0),)
LEVELS = (
    Level("esketamine", 0.5, 62.0, "venous"),
    Level("esketamine", 3.0, 9.0, "venous"),
    Level("norketamine", 3.0, 20.0, "venous"),
)
PAIN = (Points("pain", 0.0, 7.0), Points("pain", 192.0, 2.0), Points("pain", 480.0, 3.0))
TIMES = np.array([0.25, 0.5, 1.0, 3.0, 6.0])


def wish(*measured: Measured, model: str = "otto-2021", draws: int = 1000) -> Wish:
    doses = DAYS if model == "simons-2022" else HALF_HOUR
    return Wish(library.model(model), ADULT, doses, measured, draws)


def refusal_of(of: Wish) -> Refused:
    with pytest.raises(Refused) as caught:
        individual(of)
    return caught.value


def test_levels_narrow_the_band_and_draw_it_to_themselves() -> None:
    found = individual(wish(*LEVELS))
    (parent, metabolite) = bands(found, TIMES)
    for band in (parent, metabolite):
        before, after = (one[2] - one[0] for one in (band.prior, band.posterior))
        assert (after < before).all()
    assert parent.measured == ((0.5, 62.0), (3.0, 9.0))
    assert abs(parent.posterior[1, 1] - 62.0) < abs(parent.prior[1, 1] - 62.0)
    assert not any("CONTRADICT" in one or "LITTLE" in one for one in found.warnings)


def test_the_band_before_the_data_is_that_of_a_simulation() -> None:
    found = individual(wish(*LEVELS, draws=20_000))
    judge = predict(OTTO, ADULT, HALF_HOUR, TIMES, patients=4000).series
    for band, series in zip(bands(found, TIMES), judge, strict=True):
        for mine, theirs in zip(band.prior, (series.p5, series.p50, series.p95), strict=True):
            assert theirs is not None
            assert_allclose(mine, theirs, rtol=0.04)


def test_a_level_that_nothing_can_be_learned_from_says_so() -> None:
    found = individual(wish(Level("esketamine", 48.0, 10.0, "venous", below=True)))
    assert any(one.startswith("DATA_SAY_LITTLE") for one in found.warnings)
    for band in bands(found, TIMES):
        assert_allclose(band.posterior, band.prior, rtol=0.05)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_tenfold_slip_is_named_with_its_misfit(factor: float) -> None:
    slip = Level("esketamine", 0.5, 50.0 * factor, "venous")
    first = individual(wish(slip, LEVELS[1])).warnings[0]
    assert first.startswith("DATA_CONTRADICT_MODEL")
    assert slip.words in first
    assert "tenfold" in first
    assert "Nothing was changed" in first


def test_updates_add_up_to_one_fit_in_any_order() -> None:
    whole = individual(wish(*LEVELS))
    stepwise = update(update(individual(wish(LEVELS[2])), [LEVELS[0]]), [LEVELS[1]])
    assert (whole.belief.modes[0].z == stepwise.belief.modes[0].z).all()
    assert (whole.belief.z == stepwise.belief.z).all()
    assert whole.numbers == stepwise.numbers


def test_an_update_brings_later_doses_with_it() -> None:
    again = Dose(24.0, 10.0, "iv", 0.5)
    later = Level("esketamine", 24.5, 70.0, "venous")
    grown = update(individual(wish(*LEVELS)), [later], [again])
    once = individual(Wish(OTTO, ADULT, (*HALF_HOUR, again), (*LEVELS, later), 1000))
    assert (grown.belief.z == once.belief.z).all()


def test_pain_tells_who_responds_and_moves_its_own_numbers() -> None:
    relieved = individual(wish(*PAIN, model="simons-2022"))
    same = [Points("pain", one.time_h, 7.0) for one in PAIN]
    unmoved = individual(wish(*same, model="simons-2022"))
    assert relieved.responding is not None
    assert unmoved.responding is not None
    effect = library.effect("dahan-2011-crps-pain").pain
    assert effect is not None
    assert unmoved.responding < effect.responders.value < relieved.responding
    days = np.array([0.0, 8.0, 20.0, 60.0]) * 24.0
    band = score_band(relieved, "pain", days)
    assert (band.posterior[2] - band.posterior[0] < band.prior[2] - band.prior[0]).all()
    assert band.posterior[1, 1] < score_band(unmoved, "pain", days).posterior[1, 1]


def test_levels_and_pain_are_learned_from_together() -> None:
    level = Level("esketamine", 50.0, 160.0, "arterial")
    both = individual(wish(level, *PAIN, model="simons-2022"))
    kept = {one.name: one.kept for one in both.numbers}
    assert kept["CLK1"] < 0.7  # source: one level at steady state tells clearance
    assert kept["pain baseline"] < 0.8  # source: three scores of one patient
    assert kept["VH1"] > 0.9  # source: nothing measured depends on it


def test_sedation_of_a_child_moves_its_c50() -> None:
    rows = (Points("sedation", 0.2, 4.0), Points("sedation", 0.5, 5.0))
    found = individual(Wish(HERD, CHILD, (Dose(0.0, 45.0, "iv"),), rows, 1000))
    number = found.numbers[-1]
    assert number.name == "sedation C50"
    assert number.posterior[1] > number.prior[1]  # less sedated than most
    band = score_band(found, "sedation", np.array([0.2, 1.0]))
    assert band.posterior[1, 0] > band.prior[1, 0]


def test_a_level_of_another_site_is_refused_with_the_model_that_fits() -> None:
    refused = refusal_of(wish(Level("esketamine", 0.5, 62.0, "arterial")))
    assert refused.refusal is Refusal.LEVEL_SITE_MISMATCH
    assert "simons-2022" in refused.remedy
    assert "otto" not in refused.remedy
    other = refusal_of(wish(Level("esketamine", 0.5, 62.0, "venous"), model="simons-2022"))
    assert "otto-2021" in other.remedy


def test_a_level_of_unknown_site_is_refused_where_the_site_is_known() -> None:
    refused = refusal_of(wish(Level("esketamine", 0.5, 62.0)))
    assert refused.refusal is Refusal.LEVEL_SITE_MISMATCH
    assert "arterial or venous" in refused.remedy


def test_a_model_of_unknown_site_takes_any_and_says_so() -> None:
    level = Level("ketamine", 1.0, 200.0, "venous")
    found = individual(Wish(HERD, CHILD, (Dose(0.0, 45.0, "iv"),), (level,), 1000))
    assert any("doesn't say where its samples" in one for one in found.warnings)
    assert any("publishes no error" in one for one in found.warnings)


def test_what_the_model_cannot_do_is_refused() -> None:
    flint = library.model("flint-2017")
    level = Level("esketamine", 1.0, 62.0, "venous")
    for refused, refusal in (
        (refusal_of(wish(Level("ketamine", 1.0, 62.0, "venous"))), Refusal.VALUE_NOT_ALLOWED),
        (refusal_of(wish(Level("esketamine", 0.0, 62.0, "venous"))), Refusal.DATA_INVALID),
        (refusal_of(wish(*PAIN, model="kamp-2020")), Refusal.FIT_IMPOSSIBLE),
        (refusal_of(wish(Points("sedation", 1.0, 3.0))), Refusal.MODEL_UNSUITABLE),
        (refusal_of(Wish(HERD, CHILD, HALF_HOUR, PAIN)), Refusal.FIT_IMPOSSIBLE),
        (refusal_of(Wish(flint, CHILD, HALF_HOUR, (level,))), Refusal.FIT_IMPOSSIBLE),
        (refusal_of(Wish(OTTO, Subject(70.0, None), HALF_HOUR, LEVELS)), Refusal.AGE_UNKNOWN),
        (refusal_of(Wish(OTTO, Subject(None, 30.0), HALF_HOUR, LEVELS)), Refusal.WEIGHT_UNKNOWN),
        (refusal_of(wish(*LEVELS[:1] * 201)), Refusal.DATA_INVALID),
    ):
        assert refused.refusal is refusal, refused


def test_mood_scores_never_touch_the_levels_numbers() -> None:
    with_mood = individual(wish(*LEVELS, Points("mood", 24.0, 2.0)))
    assert (with_mood.belief.z == individual(wish(*LEVELS)).belief.z).all()


def test_where_no_model_would_do_none_is_named() -> None:
    """No adult's model of the racemate publishes variability, and the remedy says so."""
    refused = refusal_of(wish(Level("ketamine", 1.0, 62.0, "arterial"), model="kamp-2020"))
    assert "choose another model" not in refused.remedy
    assert "publishes variability" in refused.remedy


@pytest.mark.parametrize(("kept", "said"), [(1.02, "all"), (0.996, "all"), (0.5, "50 %")])
def test_uncertainty_never_grows_by_being_looked_at(kept: float, said: str) -> None:
    assert left(kept) == said


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "over 99 %"), (0.0, "under 1 %"), (0.67, "of 67 %")]
)
def test_draws_never_make_a_chance_certain(value: float, said: str) -> None:
    assert chance(value) == said
