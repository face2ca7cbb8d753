"""Levels where the drug goes in, by modes. source: tolerances are rounding."""

import numpy as np
import systems

from assuage.kinetics import central as central_module
from assuage.kinetics import exact, fast
from assuage.kinetics.central import central_of
from assuage.kinetics.exact import Push


def mammillary(places: int, downstream: int = 0) -> np.ndarray:
    matrix = np.zeros((1, places + downstream, places + downstream))
    one = np.ones(1)
    for place in range(1, places):
        systems.flow(matrix, 0, place, one * place)
        systems.flow(matrix, place, 0, one / place)
    for place in range(downstream):
        start = 0 if place == 0 else places + place - 1
        systems.flow(matrix, start, places + place, one * 2.0)
    systems.flow(matrix, places + downstream - 1 if downstream else 0, -1, one)
    return matrix


def found(matrix: np.ndarray, shown: list[int], entered: set[int]) -> list[int] | None:
    seen = np.zeros((len(shown), len(matrix[0])), dtype=bool)
    for output, place in enumerate(shown):
        seen[output, place] = True
    block = central_of((matrix != 0.0).any(axis=0), seen, entered)
    return None if block is None else block.places.tolist()


def test_the_block_around_the_place_that_drug_enters() -> None:
    assert found(mammillary(3), [0], {0}) == [0, 1, 2]
    assert found(mammillary(3, 2), [0], {0}) == [0, 1, 2]
    assert found(mammillary(1), [0], {0}) == [0]
    assert found(mammillary(3, 2), [0], {0, 4}) == [0, 1, 2]  # what enters downstream is not seen


def test_other_outputs_and_entries_have_none() -> None:
    assert found(mammillary(3), [1], {0}) is None
    assert found(mammillary(3), [0], {1}) is None
    assert found(mammillary(3), [0], {0, 1}) is None
    assert found(mammillary(3), [0, 1], {0}) is None
    assert found(mammillary(3, 2), [3], {0}) is None
    assert found(mammillary(3), [0], set()) is None


def test_a_ring_or_a_one_way_flow_has_none() -> None:
    ring = mammillary(3)
    systems.flow(ring, 1, 2, np.ones(1))
    assert found(ring, [0], {0}) is None
    systems.flow(ring, 2, 1, np.ones(1))
    assert found(ring, [0], {0}) is None
    depot = np.array([[[-1.0, 0.0], [1.0, -2.0]]])
    assert found(depot, [1], {0}) is None


def test_a_patient_without_such_modes_is_solved_all_the_same() -> None:
    """No exchange in one direction, no exchange at all, no elimination: all in one population."""
    matrix = np.repeat(mammillary(3), 4, axis=0)
    matrix[1, 1, 0], matrix[1, 0, 0] = 0.0, matrix[1, 0, 0] + matrix[1, 1, 0]
    matrix[2, 0, 1], matrix[2, 1, 1] = 0.0, 0.0
    matrix[3, 0, 0] += 1.0
    weights = np.zeros((4, 1, 3))
    weights[:, 0, 0] = 0.3
    pushes = [Push(0, 0.0, np.full(4, 10.0), 0.5), Push(0, 2.0, np.full(4, 5.0))]
    times = np.arange(0.0, 10.0, 0.05)
    got = fast.solve(matrix, pushes, times, weights)
    wanted = exact.solve(matrix, pushes, times, weights).transpose(0, 2, 1)
    np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-14)


def test_modes_and_the_exponential_agree(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Two ways to the same answer; the first would be taken here."""
    rng = np.random.default_rng(4)
    matrix = mammillary(3) * rng.uniform(0.5, 2.0, (100, 1, 1))
    weights = np.zeros((100, 1, 3))
    weights[:, 0, 0] = rng.uniform(0.1, 1.0, 100)
    pushes = [Push(0, 0.25, np.full(100, 10.0), 0.75)]
    times = np.arange(0.0, 24.0, 0.05)
    by_modes = fast.solve(matrix, pushes, times, weights)
    monkeypatch.setattr(fast, "central_of", lambda *_: None)
    by_exponential = fast.solve(matrix, pushes, times, weights)
    assert central_module.central_of is not fast.central_of
    np.testing.assert_allclose(by_modes, by_exponential, rtol=1e-11)
