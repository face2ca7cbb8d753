"""A patient's own depression scores, and nothing else, move the empirical curve.

source: orders and identities.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.kinetics.structure import Dose
from assuage.planning.individual.measurement import Points
from assuage.planning.individual.mood import MoodAnswer, mood, session_days
from assuage.refusals import Refusal, Refused

DOSES = tuple(Dose(72.0 * n, 35.0, "iv", 2.0 / 3.0) for n in range(4))
DAYS = np.array([0.0, 1.0, 5.0, 10.0, 30.0])


def fitted(*scores: tuple[float, float], drug: str = "racemic-ketamine") -> MoodAnswer:
    rows = [Points("mood", 24.0 * day, points) for day, points in scores]
    return mood(drug, DOSES, 70.0, rows, DAYS)


def test_a_patient_who_does_better_than_most_is_foretold_better() -> None:
    good, poor = fitted((0, 36), (1, 8), (5, 6)), fitted((0, 36), (1, 35), (5, 36))
    assert (good.band.posterior[1, 1:] < poor.band.posterior[1, 1:]).all()
    for one in (good, poor):
        assert (
            one.band.posterior[2] - one.band.posterior[0] < one.band.prior[2] - one.band.prior[0]
        )[1:3].all()
        assert any("Not for predicting an individual" in text for text in one.warnings)


def test_every_score_stays_on_its_scale() -> None:
    found = fitted((0, 60), (1, 0), (5, 0))
    for ends in (found.band.prior, found.band.posterior):
        assert (ends >= 0).all()
        assert (ends <= 60).all()


def test_a_score_that_cannot_be_is_named() -> None:
    found = fitted((0.0, 2), (0.2, 60))
    assert found.warnings[0].startswith("DATA_CONTRADICT_MODEL")


def test_doses_of_one_session_count_together() -> None:
    split = [Dose(0.0, 20.0, "iv", 0.3), Dose(0.4, 15.0, "iv", 0.3)]
    rows = [Points("mood", 24.0, 20.0)]
    whole = mood("racemic-ketamine", [Dose(0.0, 35.0, "iv", 0.7)], 70.0, rows, DAYS)
    parts = mood("racemic-ketamine", split, 70.0, rows, DAYS)
    assert (whole.band.prior == parts.band.prior).all()
    assert session_days(DOSES) == 9


def test_each_session_counts_by_its_own_dose() -> None:
    """A small first dose isn't every session's."""
    rows = [Points("mood", 24.0 * 5, 20.0)]
    rising = [Dose(0.0, 7.0, "iv", 0.7), Dose(72.0, 70.0, "iv", 0.7)]
    small = [Dose(0.0, 7.0, "iv", 0.7), Dose(72.0, 7.0, "iv", 0.7)]
    high, low = (mood("racemic-ketamine", one, 70.0, rows, DAYS) for one in (rising, small))
    day = DAYS > 3.0
    assert (high.band.prior[:, ~day] == low.band.prior[:, ~day]).all()
    assert (high.band.prior[1, day] < low.band.prior[1, day]).all()


@pytest.mark.parametrize(
    ("drug", "weight", "refusal"),
    [
        ("esketamine", 70.0, Refusal.FIT_IMPOSSIBLE),
        ("racemic-ketamine", None, Refusal.WEIGHT_UNKNOWN),
    ],
)
def test_what_was_not_calibrated_is_refused(
    drug: str, weight: float | None, refusal: Refusal
) -> None:
    with pytest.raises(Refused) as caught:
        mood(drug, DOSES, weight, [Points("mood", 24.0, 20.0)], DAYS)
    assert caught.value.refusal is refusal
