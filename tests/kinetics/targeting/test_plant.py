"""One step of the pump, against the exact engine."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import STEP_H, body, looked_at, plant

from assuage.kinetics.targeting import FINE, plant_of, simulate


def test_steps_of_rate_lead_where_the_engine_says() -> None:
    rates = np.array([400.0, 400.0, 0.0, 20.0, 19.0, 19.0] * 20)
    site, plasma = simulate(plant(7), rates)
    judged_site, judged_plasma = looked_at(7, rates, STEP_H)
    assert site[0, 1:] == pytest.approx(judged_site, rel=1e-9)
    assert plasma[0, 1:] == pytest.approx(judged_plasma, rel=1e-9)
    assert site[0, 0] == plasma[0, 0] == 0


def test_a_step_is_ten_fine_ones() -> None:
    one = plant(7)
    fine = np.linalg.matrix_power(one.fine_phi[0], FINE)
    assert fine == pytest.approx(one.phi[0], rel=1e-12)


def test_each_patient_may_have_rates_of_their_own() -> None:
    both = plant(8, 2)
    rates = np.array([[10.0, 0.0, 5.0], [1.0, 2.0, 3.0]])
    together, _ = simulate(both, rates)
    for patient in range(2):
        alone, _ = simulate(both, rates[patient])
        assert (together[patient] == alone[patient]).all()


@pytest.mark.parametrize("step_h", [0.0, -1.0, float("nan"), float("inf")])
def test_a_step_is_a_time(step_h: float) -> None:
    with pytest.raises(ValueError, match="step"):
        plant_of(*body(0), step_h)


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("bad", [-0.1, float("nan")])
def test_shares_and_weights_are_amounts(place: int, bad: float) -> None:
    parts = list(body(0))
    parts[place][0, 0] = bad
    with pytest.raises(ValueError, match="negative or not finite"):
        plant_of(*parts, STEP_H)


def test_a_matrix_that_is_no_body_is_an_error() -> None:
    matrix, *rest = body(0)
    matrix[0, 1, 0] = -1.0
    with pytest.raises(ValueError, match="compartment"):
        plant_of(matrix, *rest, STEP_H)
