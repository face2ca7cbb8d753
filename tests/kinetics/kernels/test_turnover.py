"""The compiled turnover: the oracle's numbers, whoever else is solved and in how many threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import turnovers as tv
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics import fast_turnover as fast
from assuage.kinetics import turnover as to
from assuage.kinetics.exact import Push
from assuage.kinetics.turnover import TurnoverRates

SAME = 1e-10  # kernels beside the oracle; both round, each in its own order
# With a gamma that isn't whole the first step is 2**-17 h or less, from which some twenty squarings
# lead on. The two were seen to differ by 1e-9 there; why was not shown. The goal against DOP853 is
# 1e-6.
SAME_ROUGH = 1e-8
Asked = tuple[np.ndarray, list[Push], np.ndarray, np.ndarray, TurnoverRates]


def some_of(asked: Asked, some: np.ndarray) -> Asked:
    matrix, pushes, times, weights, rates = asked
    mine = [replace(one, amount_mg=one.amount_mg[some]) for one in pushes]
    return matrix[some], mine, times, weights[some], rates.of(some)


def alike(patients: int, seed: int = 0, gamma: float = 1.0) -> Asked:
    """Return patients of one pattern: ten infusions, then two months without."""
    rng = np.random.default_rng([7, seed])
    spread = lambda: np.exp(0.3 * rng.standard_normal(patients))  # noqa: E731
    matrix = np.zeros((patients, 4, 4))
    for begin, end, rate in ((0, -1, 26.0), (0, 1, 35.0), (1, 0, 15.0), (0, 2, 35.0), (2, 0, 0.9)):
        flow = rate * spread()
        matrix[:, begin, begin] -= flow
        if end >= 0:
            matrix[:, end, begin] += flow
    into = 12.0 * spread()
    matrix[:, 3, 0], matrix[:, 3, 3] = into / 4.4, -into
    weights = np.zeros((patients, 4))
    weights[:, 3] = 1.0
    loss = np.full(patients, 0.00265)
    rates = TurnoverRates(
        7.2 * loss,
        np.zeros(patients),
        loss,
        np.full(patients, 12.0),
        0.0105 * spread(),
        np.full(patients, gamma),
        np.full(patients, 7.2),
    )
    pushes = [Push(0, 24.0 * day, np.full(patients, 80.0), 24.0 * day + 4.0) for day in range(3)]
    pushes.append(Push(0, 55.0, np.full(patients, 5.0)))
    return matrix, pushes, np.append(np.arange(0.0, 500.0), [510.0, 700.5]), weights, rates


@pytest.mark.parametrize("seed", range(24))
def test_random_turnovers_agree_with_the_oracle(seed: int) -> None:
    """All types: a gain or a loss, inhibited or stimulated, and both moved; any gamma."""
    asked = tv.asked(tv.random_case(seed))
    error = tv.worst_error(fast.solve(*asked), to.solve(*asked))
    whole = asked[4].gamma == np.round(asked[4].gamma)
    # source: 0.0 where no patient has a whole gamma
    assert error[whole].max(initial=0.0) <= SAME
    assert error.max() <= SAME_ROUGH


@pytest.mark.parametrize("seed", range(3))
def test_random_turnovers_agree_with_dop853(seed: int) -> None:
    case = tv.random_case(seed)
    error = tv.worst_error(fast.solve(*tv.asked(case)), tv.judge(case))
    assert error.max() <= 1e-6  # source: issue 4, slow effects and turnover against DOP853


@pytest.mark.parametrize("gamma", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
def test_many_outputs_steps_and_tails_agree_with_the_oracle(gamma: float) -> None:
    asked = alike(5, gamma=gamma)
    assert_allclose(fast.solve(*asked), to.solve(*asked), rtol=SAME)


def test_a_wrong_step_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary: an oracle that forgets how fast a dose can lift the drive is told apart."""
    asked = tv.asked(tv.random_case(5))
    found = fast.solve(*asked)
    monkeypatch.setattr(to, "RISE_FIRST", 1e6)
    assert tv.worst_error(found, to.solve(*asked)).max() > SAME_ROUGH


def test_halved_steps_are_the_oracles() -> None:
    asked = alike(2)
    assert_allclose(fast.solve(*asked, halvings=1), to.solve(*asked, halvings=1), rtol=SAME)


def test_a_patient_is_the_same_in_any_company_and_any_tile() -> None:
    asked = alike(150)
    together = fast.solve(*asked)
    order = np.random.default_rng(1).permutation(150)
    assert_array_equal(fast.solve(*some_of(asked, order)), together[order])
    for one in (0, 63, 64, 149):
        assert_array_equal(fast.solve(*some_of(asked, np.array([one])))[0], together[one])
    mixed = tv.asked(tv.random_case(3))
    together = fast.solve(*mixed)
    for one in range(tv.PATIENTS):
        assert_array_equal(fast.solve(*some_of(mixed, np.array([one])))[0], together[one])


def test_threads_and_a_buffer_change_nothing() -> None:
    asked = alike(200)
    alone = fast.solve(*asked)
    buffer = np.full(alone.shape, np.nan)
    found = fast.solve(*asked, workers=3, out=buffer)
    assert found is buffer
    assert_array_equal(found, alone)


def test_output_does_not_move_the_solution() -> None:
    matrix, pushes, times, weights, rates = alike(3)
    few = times[::17]
    found = fast.solve(matrix, pushes, np.append(few, times[-1]), weights, rates)
    whole = fast.solve(matrix, pushes, times, weights, rates)
    assert_allclose(found[:, :-1], whole[:, ::17], rtol=1e-13)
    assert_allclose(found[:, -1], whole[:, -1], rtol=1e-13)


def test_patients_whose_doses_are_nothing_stay_at_their_baseline() -> None:
    matrix, pushes, times, weights, rates = alike(70)
    given = np.arange(70) % 2.0
    some = [replace(one, amount_mg=one.amount_mg * given) for one in pushes]
    found = fast.solve(matrix, some, times, weights, rates)
    # source: the baseline that `alike` gives
    assert_allclose(found[::2], 7.2, rtol=1e-14)
    assert_allclose(found, to.solve(matrix, some, times, weights, rates), rtol=SAME)


@pytest.mark.parametrize("places", [1, 2, 6])
def test_chains_of_any_length_agree_with_the_oracle(places: int) -> None:
    matrix = np.diag(-np.linspace(1.0, 0.3, places)) + np.diag(np.full(places - 1, 0.3), -1)
    matrix = np.repeat(matrix[None], 2, axis=0)
    pushes = [Push(0, 0.5, np.array([3.0, 4.0]), 2.0), Push(places - 1, 1.0, np.array([0.0, 1.0]))]
    weights = np.ones((2, places))
    _, _, _, _, rates = alike(2)
    times = np.linspace(0.0, 300.0, 77)
    found = fast.solve(matrix, pushes, times, weights, rates)
    assert_allclose(found, to.solve(matrix, pushes, times, weights, rates), rtol=SAME)


def test_a_drug_that_never_leaves_and_a_drive_that_sees_nothing() -> None:
    matrix, weights = np.zeros((2, 1, 1)), np.array([[1.0], [0.0]])
    pushes = [Push(0, 0.0, np.array([3.0, 3.0]))]
    times = np.array([0.0, 1.0, 40.0])
    _, _, _, _, rates = alike(2)
    found = fast.solve(matrix, pushes, times, weights, rates)
    assert_allclose(found, to.solve(matrix, pushes, times, weights, rates), rtol=SAME)


def test_the_mesh_and_the_bound_are_the_oracles() -> None:
    for seed in range(20):
        matrix, pushes, _, weights, rates = tv.asked(tv.random_case(seed))
        mesh, bound = fast.fineness(matrix, pushes, weights, rates)
        assert_array_equal(mesh, to.fineness(matrix, pushes, weights, rates))
        assert_allclose(bound, to.falling_bound(matrix, weights), rtol=1e-12)


def test_without_numba_the_oracle_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = some_of(tv.asked(tv.random_case(1)), np.arange(2))
    monkeypatch.setattr(fast, "has_kernels", lambda: False)
    assert_array_equal(fast.solve(*asked), to.solve(*asked))


def test_what_cannot_be_used_is_refused() -> None:
    matrix, pushes, times, weights, rates = alike(2)
    askew = np.zeros(16 * len(times) + 8, np.uint8)[4:-4].view(float).reshape(2, -1)
    for out in (np.empty((2, 3)), np.empty((2, len(times)), dtype=np.float32), askew):
        with pytest.raises(ValueError, match="buffer"):
            fast.solve(matrix, pushes, times, weights, rates, out=out)
    with pytest.raises(ValueError, match="compartment"):
        fast.solve(-matrix, pushes, times, weights, rates)
    with pytest.raises(ValueError, match="weight"):
        fast.solve(matrix, pushes, times, -weights, rates)
    with pytest.raises(ValueError, match="rise"):
        fast.solve(matrix, pushes, times[::-1], weights, rates)


def test_no_time_is_no_answer() -> None:
    matrix, pushes, _, weights, rates = alike(2)
    assert fast.solve(matrix, pushes, np.array([]), weights, rates).shape == (2, 0)
    # source: the baseline that `alike` gives
    assert_array_equal(fast.solve(matrix, pushes, np.zeros(1), weights, rates)[:, 0], 7.2)
