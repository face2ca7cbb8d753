"""Populations by kernels, beside DOP853. source: tolerances are issue 4's or rounding."""

import numpy as np
import pytest
import systems
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.kinetics import exact, fast, points
from assuage.kinetics.exact import Push

GOAL = 1e-9  # source: issue 4, populations: relative error against DOP853
SAME = 1e-11  # kernels beside the oracle; both round, each in its own order


def pushes(case: systems.Case, some: slice = slice(None)) -> list[Push]:
    return [Push(place, start, amount[some], end) for place, start, amount, end in case.pushes]


def solved(case: systems.Case, some: slice = slice(None), **more: object) -> np.ndarray:
    return fast.solve(case.matrix[some], pushes(case, some), case.times, case.weights[some], **more)


@pytest.mark.parametrize("seed", range(120))
def test_random_systems_agree_with_dop853(seed: int) -> None:
    case = systems.random_case(seed)
    error = systems.worst_error(solved(case), systems.judge(case), systems.trace(case))
    assert error <= GOAL


@given(seed=st.integers(1000, 10**6))
@settings(max_examples=60, deadline=None)
def test_kernels_agree_with_the_oracle(seed: int) -> None:
    case = systems.random_case(seed)
    oracle = exact.solve(case.matrix, pushes(case), case.times, case.weights)
    error = systems.worst_error(solved(case), oracle.transpose(0, 2, 1), systems.trace(case))
    assert error <= SAME


def walked(gap: float) -> systems.Case:
    """A chain of four with the second, then the third and fourth rate walked to the first."""
    rates = np.array([[1.3, 1.3 * (1.0 + gap), 0.7, 0.2]] * 3)
    rates[1, 2] = 1.3 * (1.0 - gap)
    rates[2, 2:] = [1.3 * (1.0 - gap), 1.3 * (1.0 + 2.0 * gap)]
    matrix = systems.chain(rates, np.full((3, 4), 0.8))
    times = np.arange(0.0, 12.0, 0.1)
    given_at = [(0, 0.0, np.full(3, 50.0), 0.7), (0, 3.0, np.full(3, 20.0), None)]
    return systems.Case(matrix, given_at, times, np.eye(4)[None].repeat(3, axis=0))


@pytest.mark.parametrize("gap", [0.0, *(10.0**-n for n in range(1, 17)), 2.0**-52])
def test_poles_may_walk_through_one_another(gap: float) -> None:
    case = walked(gap)
    assert systems.worst_error(solved(case), systems.judge(case)) <= GOAL


@pytest.mark.parametrize("gap", [0.0, 1e-15, 1e-12, 1e-8, 1e-4])
def test_two_alike_peripheral_places_keep_their_accuracy(gap: float) -> None:
    """Two places that exchange alike with the central one: their poles meet there."""
    matrix = np.zeros((1, 3, 3))
    for place, rate in ((1, 0.5), (2, 0.5 * (1.0 + gap))):
        systems.flow(matrix, 0, place, np.array([1.0]))
        systems.flow(matrix, place, 0, np.array([rate]))
    systems.flow(matrix, 0, -1, np.array([0.9]))
    case = systems.Case(
        matrix, [(0, 0.0, np.array([35.0]), 2.0 / 3.0)], np.arange(0.0, 24.0, 0.1), np.eye(3)[None]
    )
    assert systems.worst_error(solved(case), systems.judge(case)) <= GOAL


def test_partial_fractions_would_fail_where_poles_meet() -> None:
    """The canary: the textbook's sum of exponentials loses this case, so the walk can fail."""
    case = walked(1e-8)
    rates, hand = -np.diagonal(case.matrix[0]), 0.8
    time = case.times[1:]
    bateman = sum(
        np.exp(-rates[j] * time)
        * rates[0] * rates[1] * rates[2] * hand**3
        / np.prod([rates[k] - rates[j] for k in range(4) if k != j])
        for j in range(4)
    )  # fmt: skip
    bolus = systems.Case(case.matrix, [(0, 0.0, np.ones(3), None)], case.times, case.weights)
    error = systems.worst_error(bateman, solved(bolus)[0, 3, 1:])
    assert error > 1e-7  # source: far above the goal of 1e-9


def many(patients: int = 200) -> systems.Case:
    rng = np.random.default_rng(5)
    one = systems.random_case(11, patients)
    rates = np.exp(0.3 * rng.standard_normal((patients, 1, 1)))
    return systems.Case(one.matrix * rates, one.pushes, one.times, one.weights)


@pytest.mark.parametrize("seed", [11, 3, 4, 17])
def test_a_patient_is_the_same_whoever_is_beside_them(seed: int) -> None:
    case = systems.random_case(seed, 200)
    whole = solved(case)
    for some in (slice(0, 1), slice(63, 65), slice(100, 200), slice(7, 150)):
        assert (solved(case, some) == whole[some]).all()


@pytest.mark.parametrize("workers", [2, 3, 7, 500])
def test_threads_change_nothing(workers: int) -> None:
    case = many()
    assert (solved(case, workers=workers) == solved(case)).all()


def test_a_buffer_is_written_and_returned() -> None:
    case = many()
    room = fast.buffer(len(case.matrix), case.weights.shape[1], len(case.times))
    assert solved(case, out=room) is room
    assert (room == solved(case)).all()


def test_a_buffer_between_numbers_or_only_to_read_is_refused() -> None:
    """Numbers that begin between two addresses of numbers can't go past the cache."""
    case = systems.random_case(2)
    shape = (len(case.matrix), case.weights.shape[1], len(case.times))
    askew = np.zeros(8 * int(np.prod(shape)) + 8, np.uint8)[4:-4].view(float).reshape(shape)
    fixed = np.zeros(shape)
    fixed.flags.writeable = False
    for out in (askew, fixed):
        with pytest.raises(ValueError, match="buffer"):
            solved(case, out=out)


def test_a_start_is_carried_on() -> None:
    """A course cut in two is the same course: the state at the cut starts the second half."""
    case = systems.random_case(21)
    size = case.matrix.shape[1]
    eye = np.eye(size)[None].repeat(len(case.matrix), axis=0)
    bolus = [Push(0, 0.0, np.full(len(case.matrix), 10.0))]
    times = np.array([0.0, 2.0, 5.0])
    whole = fast.solve(case.matrix, bolus, times, eye)
    later = fast.solve(case.matrix, [], times[1:] - 2.0, eye, initial=whole[:, :, 1])
    np.testing.assert_allclose(later[:, :, 1], whole[:, :, 2], rtol=1e-12)


def test_superposition_and_linearity() -> None:
    case = systems.random_case(8)
    parts = [fast.solve(case.matrix, [one], case.times, case.weights) for one in pushes(case)]
    np.testing.assert_allclose(sum(parts), solved(case), rtol=1e-10, atol=1e-15)


def test_without_numba_the_oracle_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    case = systems.random_case(30)
    compiled = solved(case)
    monkeypatch.setattr(points, "has_kernels", lambda: False)
    monkeypatch.setattr(fast, "has_kernels", lambda: False)
    oracle = exact.solve(case.matrix, pushes(case), case.times, case.weights)
    assert (solved(case) == oracle.transpose(0, 2, 1)).all()
    np.testing.assert_allclose(compiled, solved(case), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    case = systems.random_case(2)
    for name in ("matrix", "weights"):
        broken = {"matrix": case.matrix.copy(), "weights": case.weights.copy()}
        broken[name][-1, 0, 0] = bad
        with pytest.raises(ValueError, match=r"finite|matrix"):
            fast.solve(broken["matrix"], pushes(case), case.times, broken["weights"])
    with pytest.raises(ValueError, match="initial"):
        solved(case, initial=np.full(case.matrix.shape[:2], bad))


def test_a_negative_rate_and_a_wrong_buffer_are_refused() -> None:
    case = systems.random_case(2)
    broken = case.matrix.copy()
    broken[0, 0, -1] = -1.0
    with pytest.raises(ValueError, match="compartment"):
        fast.solve(broken, pushes(case), case.times, case.weights)
    with pytest.raises(ValueError, match="buffer"):
        solved(case, out=np.empty((1, 2, 3)))
    with pytest.raises(ValueError, match="agree"):
        fast.solve(case.matrix, pushes(case), case.times, case.weights[:1])


def test_nobody_and_no_time() -> None:
    case = systems.random_case(2)
    none = fast.solve(case.matrix, pushes(case), np.array([]), case.weights)
    assert none.shape == (3, case.weights.shape[1], 0)
    assert solved(case, slice(0, 0)).shape[0] == 0


@pytest.mark.parametrize("state", [-1, 2, 3, 10**6])
@pytest.mark.parametrize("end", [None, 1.0])
def test_drug_into_a_state_that_is_not_there_is_refused(state: int, end: float | None) -> None:
    """The kernels check no bounds: a push past the last state would land in other memory."""
    matrix, weights = np.array([[[-1.0, 0.5], [0.5, -0.5]]]), np.ones((1, 1, 2))
    given_at = [Push(0, 0.0, np.ones(1), 0.5), Push(state, 0.25, np.ones(1), end)]
    for solve in (fast.solve, exact.solve):
        with pytest.raises(ValueError, match="there are 2"):
            solve(matrix, given_at, np.array([0.0, 2.0]), weights)


@pytest.mark.parametrize("states", [1, 3])
def test_weights_for_other_states_are_refused(states: int) -> None:
    matrix = np.array([[[-1.0, 0.5], [0.5, -0.5]]])
    with pytest.raises(ValueError, match="states don't agree"):
        fast.solve(matrix, [], np.array([1.0]), np.ones((1, 1, states)))


@pytest.mark.parametrize("step_h", [1.0 / 3600.0, 1.0 / 36000.0])
def test_a_few_fine_times_long_before_the_next_dose(step_h: float) -> None:
    """Millions of such steps would add up their roundings on the way to the dose."""
    matrix = np.array([[[-2.0, 0.01], [2.0, -0.01 - 1e-3]]])
    times = np.concatenate([np.arange(20) * step_h, [2160.0, 2161.0]])
    given_at = [Push(0, 0.0, np.full(1, 50.0)), Push(0, 2160.0, np.zeros(1))]
    weights = np.eye(2)[None]
    wanted = exact.solve(matrix, given_at, times, weights).transpose(0, 2, 1)
    found = fast.solve(matrix, given_at, times, weights)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)
