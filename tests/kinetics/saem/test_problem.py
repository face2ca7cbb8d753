"""What a population fit is asked to find.

source: arithmetic of the definitions in problem.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assuage.kinetics.saem.problem import Observations, Theta, coordinates, pack, unpack
from saem import linear

BOTH = linear.problem(random=(0, 1), blocks=((0, 1),))


def test_packing_and_unpacking_undo_each_other() -> None:
    theta = Theta(
        np.array([0.7, -1.2]),
        np.array([[0.2, 0.05], [0.05, 0.3]]),
        np.array([0.4]),
        np.zeros(1),
    )
    packed = pack(BOTH, theta)
    again = unpack(BOTH, packed)
    for name in ("mu", "omega", "additive", "proportional"):
        np.testing.assert_allclose(getattr(again, name), getattr(theta, name), rtol=1e-12)
    assert coordinates(BOTH) == ("A", "B", "omega A", "omega B", "correlation A B", "log error")
    assert packed[2] == pytest.approx(np.log(np.sqrt(0.2)))
    assert np.tanh(packed[4]) == pytest.approx(0.05 / np.sqrt(0.2 * 0.3))


def test_two_analytes_and_every_form_have_coordinates_of_their_own() -> None:
    one = replace(BOTH, forms=("combined", "additive"), blocks=())
    names = coordinates(one)
    tail = ("additive error 1", "proportional error 1", "additive error 2")
    assert names == ("A", "B", "omega A", "omega B", *tail)
    theta = Theta(np.zeros(2), np.eye(2), np.array([0.1, 0.3]), np.array([0.2, 0.0]))
    again = unpack(one, pack(one, theta))
    np.testing.assert_allclose(again.additive, theta.additive)
    np.testing.assert_allclose(again.proportional, theta.proportional)


def test_offsets_and_scales_make_a_person_s_parameters() -> None:
    offset = BOTH.offset.copy()
    offset[1] = [np.log(2.0), 1.0]
    one = replace(BOTH, logit=np.array([False, True]), offset=offset)
    psi = one.psi(np.zeros(2), np.array([[0.0, 0.5], [0.0, 0.5]]), np.array([0, 1]))
    share = np.exp([0.5, 1.5])
    np.testing.assert_allclose(psi, np.column_stack([[1.0, 2.0], share / (1.0 + share)]))


def test_a_walk_gone_astray_is_marked_and_put_back() -> None:
    wild = np.array([[800.0, 0.0], [0.0, 0.0], [-800.0, 0.0]])
    psi, held = BOTH.held_psi(np.zeros(2), wild, np.array([0, 1, 2]))
    assert held.tolist() == [False, True, False]
    np.testing.assert_allclose(psi, 1.0)


def test_what_is_no_problem_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="nothing varies"):
        replace(BOTH, random=(), blocks=())
    with pytest.raises(ValueError, match="positive definite"):
        replace(BOTH, start=BOTH.start.moved(omega=np.zeros((2, 2))))
    with pytest.raises(ValueError, match="shape"):
        replace(BOTH, offset=np.zeros((3, 2)))
    values, used = np.full((2, 2), np.nan), np.ones((2, 2), dtype=bool)
    places = np.zeros((2, 2), dtype=np.intp)
    with pytest.raises(ValueError, match="not finite"):
        Observations(values, used, places, ~used)
    with pytest.raises(ValueError, match="without an observation"):
        Observations(values, ~used, places, ~used)
    with pytest.raises(ValueError, match="one shape"):
        Observations(values[:1], used, places, ~used)
