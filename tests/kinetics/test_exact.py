"""The exact solver against an independent judge, closed forms and its own invariances.

Errors are |x - ref| / max(|ref|, 1e-6 max|ref| of that analyte); mass is drug in less what is in
the body and what has been eliminated, over the drug in. `benchmarks/exactness.py` runs the same
comparison over 10,000 regimens.

source: the bound of 1e-9 is the house's figure for kinetics (docs: "exact to 1e-9").
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import judge
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm
from verdicts import compare, doses_of, subject_of

from assuage.kinetics.engine import curves, predict
from assuage.kinetics.exact import Push, solve, transition
from assuage.kinetics.structure import Dose, Subject, build, parameter_values
from assuage.knowledge import library

EXACT = 1e-9
REGIMENS_PER_MODEL = 25
SMALLEST = float(np.finfo(np.float64).tiny) * 2.0**20
ADULT = Subject(70.0, 40.0)
hours = st.floats(0.0, 24.0).map(lambda value: round(value, 4))


def curve(model_id: str, doses: list[Dose], times: Any) -> np.ndarray:
    """Return (times, analytes) in mg/L for a 70 kg adult."""
    return curves(library.model(model_id), ADULT, doses, np.asarray(times, dtype=float))[1][0]


# The judge.


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_random_regimens_are_exact_and_balance(model_id: str) -> None:
    for seed in range(REGIMENS_PER_MODEL):
        found = compare(model_id, seed)
        assert found.error <= EXACT, f"seed {seed}"
        assert found.imbalance <= EXACT, f"seed {seed}"
        assert found.of_bound <= 1.0, f"seed {seed}"


def test_random_regimens_reach_every_route_and_shape() -> None:
    for model_id in judge.model_ids():
        drawn = [judge.random_case(model_id, seed) for seed in range(REGIMENS_PER_MODEL)]
        doses = [dose for _, given, _ in drawn for dose in given]
        routes = {one["route"] for one in judge.read(model_id)["input"]}
        assert {one.route for one in doses} == routes
        if "iv" in routes:
            assert {one.duration_h is None for one in doses} == {True, False}
        assert any(len(given) > 3 for _, given, _ in drawn)


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_the_judge_sees_a_change_of_a_millionth(model_id: str) -> None:
    person, given, times = judge.random_case(model_id, 0)
    wanted = judge.judge(model_id, person, given, times)
    model = library.model(model_id)
    parameter = next(one.volume for one in model.compartment if one.volume in model.parameter)
    shift = {str(parameter): np.array([1e-6])}
    _, found = curves(model, subject_of(person), doses_of(given), times, shift)
    first = found[0, :, :1], wanted.concentrations[:, :1]
    assert judge.worst_error(*first) > EXACT


# The exponential.


def decimal_expm(matrix: np.ndarray, step_h: float) -> list[list[Decimal]]:
    """Return exp(matrix * step) by Taylor and squaring in 120 digits: no shift, no float."""
    size, halvings, terms = len(matrix), 30, 40
    with localcontext() as context:
        context.prec = 120
        scale = Decimal(step_h) / Decimal(2) ** halvings
        a = [[Decimal(float(x)) * scale for x in row] for row in matrix]
        eye = [[Decimal(int(i == j)) for j in range(size)] for i in range(size)]

        def times(x: list[list[Decimal]], y: list[list[Decimal]]) -> list[list[Decimal]]:
            columns = list(zip(*y, strict=True))
            return [
                [sum((p * q for p, q in zip(row, col, strict=True)), Decimal(0)) for col in columns]
                for row in x
            ]

        total, term = eye, eye
        for n in range(1, terms):
            term = [[x / n for x in row] for row in times(term, a)]
            total = [
                [x + y for x, y in zip(*rows, strict=True)]
                for rows in zip(total, term, strict=True)
            ]
        for _ in range(halvings):
            total = times(total, total)
        return total


def worst_entry(matrix: np.ndarray, step_h: float) -> float:
    """Return the largest relative error of any entry, however small."""
    found = transition(matrix[None], step_h)[0]
    wanted = decimal_expm(matrix, step_h)
    worst = 0.0
    for i, row in enumerate(wanted):
        for j, exact in enumerate(row):
            if exact < Decimal(SMALLEST):  # zero, or out of a double's reach
                assert found[i, j] <= SMALLEST
            else:
                worst = max(worst, float(abs(Decimal(float(found[i, j])) - exact) / abs(exact)))
    return worst


def chain(rates: list[float]) -> np.ndarray:
    matrix = np.diag([-rate for rate in rates])
    for n, rate in enumerate(rates[:-1]):
        matrix[n + 1, n] = rate
    return matrix


@pytest.mark.parametrize("step_h", [1e-6, 1e-3, 0.1, 1.0, 24.0, 141.0])
def test_every_entry_of_a_chain_keeps_its_relative_accuracy(step_h: float) -> None:
    assert worst_entry(chain([100.0, 3.0, 3.0, 0.5, 40.0, 0.01]), step_h) <= EXACT


@pytest.mark.parametrize("model_id", judge.model_ids())
@pytest.mark.parametrize("step_h", [1e-5, 0.25, 24.0])
def test_every_entry_of_a_model_keeps_its_relative_accuracy(model_id: str, step_h: float) -> None:
    model = library.model(model_id)
    matrix = build(model, parameter_values(model, ADULT)).matrix[0]
    assert worst_entry(matrix, step_h) <= EXACT


def test_the_tiny_entries_are_tiny() -> None:
    """The far corner of the chain after a microhour; source: any bound far below rounding."""
    assert 0.0 < transition(chain([100.0, 3.0, 3.0, 0.5, 40.0, 0.01])[None], 1e-6)[0, -1, 0] < 1e-27


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 0.0])
@pytest.mark.parametrize("rate", [0.03, 1.0, 50.0])
def test_poles_walk_through_each_other(rate: float, gap: float) -> None:
    """What is in the second of two places, in a closed form that is smooth at equal rates."""
    second = rate * (1.0 + gap)
    real_gap, time = second - rate, 2.0 / rate
    z = real_gap * time
    wanted = rate * time * np.exp(-rate * time) * (-np.expm1(-z) / z if z else 1.0)
    matrix = chain([rate, second])
    found = transition(matrix[None], time)[0]
    assert_allclose(found[1, 0], wanted, rtol=EXACT)
    assert_allclose(found, expm(matrix * time), rtol=EXACT)


def test_equal_rates_in_a_row_give_the_erlang_curve() -> None:
    rate, times = 3.0, np.array([0.01, 0.5, 2.0, 10.0])
    push = [Push(0, 0.0, np.ones(1))]
    weights = np.eye(4)[None]
    found = solve(chain([rate] * 4)[None], push, times, weights)[0]
    for n, factorial in enumerate([1, 1, 2, 6]):
        assert_allclose(
            found[:, n], (rate * times) ** n / factorial * np.exp(-rate * times), rtol=EXACT
        )


@pytest.mark.parametrize(
    ("matrix", "step_h"),
    [
        ([[-1.0, -0.5], [1.0, -1.0]], 1.0),
        ([[float("nan"), 0.0], [1.0, -1.0]], 1.0),
        ([[-1.0, 0.0], [float("inf"), -1.0]], 1.0),
        ([[-1.0, 0.0], [1.0, -1.0]], -1.0),
        ([[-1.0, 0.0], [1.0, -1.0]], float("nan")),
    ],
)
def test_what_is_not_a_compartment_matrix_is_refused(matrix: Any, step_h: float) -> None:
    with pytest.raises(ValueError):
        transition(np.array([matrix]), step_h)


# What any linear system must do.


@given(st.sets(hours, min_size=1, max_size=20), st.sampled_from(["kamp-2020", "simons-2022"]))
@settings(max_examples=30, deadline=None)
def test_the_output_grid_changes_nothing(others: set[float], model_id: str) -> None:
    doses = [Dose(0.0, 20.0, "iv", 0.4), Dose(2.1, 30.0, "iv"), Dose(3.0, 90.0, "iv", 5.0)]
    alone = [0.25, 0.4, 2.1, 7.7, 23.0]
    both = sorted({*alone, *others})
    found = curve(model_id, doses, both)[[both.index(time) for time in alone]]
    assert_allclose(found, curve(model_id, doses, alone), rtol=EXACT)


def test_steps_that_nearly_agree_are_not_taken_for_one() -> None:
    times = np.cumsum([0.01, *[0.01 + 2e-10] * 1000])
    doses = [Dose(0.0, 20.0, "iv")]
    found = curve("simons-2022", doses, times)[-1]
    assert_allclose(found, curve("simons-2022", doses, times[-1:])[0], rtol=EXACT)


@given(hours, hours, st.floats(0.1, 200.0), st.floats(0.01, 6.0))
@settings(max_examples=30, deadline=None)
def test_doses_superpose(first: float, second: float, amount: float, long: float) -> None:
    one, other = Dose(first, amount, "iv", long), Dose(second, 20.0, "iv")
    times = np.linspace(0.0, 30.0, 31)
    apart = curve("simons-2022", [one], times) + curve("simons-2022", [other], times)
    assert_allclose(curve("simons-2022", [one, other], times), apart, rtol=EXACT, atol=1e-15)


@given(st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_levels_go_with_the_dose(factor: float) -> None:
    times = np.linspace(0.0, 12.0, 25)
    once = curve("perez-ruixo-2021", [Dose(0.0, 28.0, "nasal")], times)
    more = curve("perez-ruixo-2021", [Dose(0.0, 28.0 * factor, "nasal")], times)
    assert_allclose(more, once * factor, rtol=EXACT)


@given(hours)
@settings(max_examples=30, deadline=None)
def test_a_later_dose_is_the_same_dose_later(delay: float) -> None:
    times = np.array([0.1, 0.5, 3.0, 9.0])
    now = curve("simons-2022", [Dose(0.0, 50.0, "oromucosal")], times)
    later = curve("simons-2022", [Dose(delay, 50.0, "oromucosal")], times + delay)
    assert_allclose(later, now, rtol=EXACT)


def test_a_bolus_counts_at_its_own_time_and_not_before() -> None:
    volume = library.model("kamp-2020").parameter["V1"].value
    found = curve("kamp-2020", [Dose(1.0, 50.0, "iv")], [np.nextafter(1.0, 0.0), 1.0])[:, 0]
    assert found[0] == 0
    assert found[1] == pytest.approx(50.0 / volume, rel=EXACT)


@pytest.mark.parametrize("times", [[0.0, 0.5, 1.0, 1.5, 2.0], [0.3, 1.0, 1.7, 2.0], [2.0]])
def test_the_edges_of_an_infusion_may_fall_anywhere(times: list[float]) -> None:
    whole = curve("domino-1984", [Dose(0.3, 35.0, "iv", 1.4)], times)
    parts = [Dose(0.3, 10.0, "iv", 0.4), Dose(0.7, 25.0, "iv", 1.0)]
    assert_allclose(curve("domino-1984", parts, times), whole, rtol=EXACT)


def test_two_boluses_at_one_time_add() -> None:
    twice = curve("kamp-2020", [Dose(1.0, 20.0, "iv"), Dose(1.0, 30.0, "iv")], [1.0, 2.0])
    assert_allclose(twice, curve("kamp-2020", [Dose(1.0, 50.0, "iv")], [1.0, 2.0]), rtol=EXACT)


def test_a_very_short_infusion_is_a_bolus() -> None:
    quick = curve("simons-2022", [Dose(0.0, 20.0, "iv", 1e-9)], [1.0, 6.0])
    assert_allclose(quick, curve("simons-2022", [Dose(0.0, 20.0, "iv")], [1.0, 6.0]), rtol=1e-6)


def test_an_endless_infusion_settles_at_rate_over_clearance() -> None:
    clearance = library.model("kamp-2020").parameter["CL"].value
    found = curve("kamp-2020", [Dose(0.0, 2000.0, "iv", 200.0)], [199.0])[0, 0]
    assert found == pytest.approx(10.0 / clearance, rel=EXACT)


def test_before_any_dose_and_without_one_there_is_nothing() -> None:
    assert not curve("simons-2022", [Dose(5.0, 20.0, "iv")], [0.0, 1.0, 4.999]).any()
    assert not curve("simons-2022", [], [0.0, 1.0]).any()


def test_patients_do_not_touch_each_other() -> None:
    model = library.model("simons-2022")
    shifts = {"CLK1": np.array([-0.5, 0.0, 0.7])}
    doses, times = [Dose(0.0, 20.0, "iv", 0.3)], np.array([0.3, 2.0, 8.0])
    _, together = curves(model, ADULT, doses, times, shifts)
    for k in range(3):
        _, alone = curves(model, ADULT, doses, times, {"CLK1": shifts["CLK1"][k : k + 1]})
        assert_allclose(together[k], alone[0], rtol=EXACT)


# Refusals.


def _bolus(amount: float = 1.0, start: float = 0.0, end: float | None = None) -> list[Push]:
    return [Push(0, start, np.array([amount]), end)]


@pytest.mark.parametrize(
    ("times", "pushes"),
    [
        ([1.0, float("nan")], _bolus()),
        ([1.0, float("inf")], _bolus()),
        ([2.0, 1.0], _bolus()),
        ([1.0, 1.0], _bolus()),
        ([-1.0, 1.0], _bolus()),
        ([1.0], _bolus(start=-1.0)),
        ([1.0], _bolus(start=float("nan"))),
        ([1.0], _bolus(end=0.0)),
        ([1.0], _bolus(start=2.0, end=1.0)),
        ([1.0], _bolus(end=float("inf"))),
        ([1.0], _bolus(end=float("nan"))),
        ([1.0], _bolus(amount=-1.0)),
        ([1.0], _bolus(amount=float("nan"))),
        ([1.0], _bolus(amount=float("inf"))),
    ],
)
def test_times_and_doses_that_make_no_sense_are_refused(
    times: list[float], pushes: list[Push]
) -> None:
    with pytest.raises(ValueError):
        solve(np.array([[[-1.0]]]), pushes, np.array(times), np.ones((1, 1, 1)))


# A clearance that moves with time.

Grid = Callable[[float], list[float]]
GRIDS: dict[str, Grid] = {
    "hours": lambda end: list(np.arange(1.0, end + 12.0, 1.0)),
    "five minutes": lambda end: list(np.arange(end - 1.0, end + 1.0, 1.0 / 12.0)),
    "one odd time": lambda end: [end + 0.0625],
    "one time": lambda end: [end],
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    ("hours_long", "weight_kg"), [(24.0, 3.4), (24.0, 35.0), (72.0, 3.4), (141.0, 35.0)]
)
def test_a_moving_clearance_stays_inside_its_stated_bound(
    grid: str, hours_long: float, weight_kg: float
) -> None:
    times = np.array(GRIDS[grid](hours_long))
    person = judge.Person(weight_kg, 3.0)
    given = [judge.Given(0.0, weight_kg * hours_long, "iv", hours_long)]
    wanted = judge.judge("flint-2017", person, given, times).concentrations
    shown = predict(library.model("flint-2017"), subject_of(person), doses_of(given), times)
    found = np.array([one.typical for one in shown.series]).T / 1000.0
    assert judge.worst_error(found[:, :1], wanted[:, :1]) <= EXACT
    assert 0.0 < judge.worst_error(found, wanted) <= shown.step_error
    assert shown.step_error < 1e-3  # a thousandth is far below the assay's own error
    assert any(f"at most {shown.step_error:.1e}" in one for one in shown.warnings)
