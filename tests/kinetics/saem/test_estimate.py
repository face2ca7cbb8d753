"""SAEM against the exact maximum of linear mixed models.

source: linear.exact, an independent optimiser on the exact likelihood.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assuage.kinetics.saem.estimate import ANNEALING, Search, Settings
from assuage.kinetics.saem.fit import NEAR
from assuage.kinetics.saem.problem import Problem, pack
from saem import linear

SHORT = Settings(burn_in=150, smoothing=150, seed=2)


def errors(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Return the packed maximum and its standard errors, without SAEM."""
    best = linear.exact(problem)
    return best, np.sqrt(np.diagonal(np.linalg.inv(linear.exact_information(problem, best))))


@pytest.mark.parametrize(
    "problem",
    [
        linear.problem(),
        linear.problem(random=(0, 1)),
        linear.problem(random=(0, 1), blocks=((0, 1),)),
    ],
    ids=["slope without variability", "diagonal", "block"],
)
def test_the_search_ends_at_the_exact_maximum(problem: Problem) -> None:
    best, error = errors(problem)
    path = Search(problem, SHORT).run(SHORT.smoothing)
    away = (pack(problem, path.theta) - best) / error
    assert np.abs(away).max() < NEAR


def test_one_way_random_effects_have_a_closed_form() -> None:
    """source: Searle, Casella and McCulloch, Variance Components (1992), 3.7: ML, balanced."""
    problem = linear.problem(estimated=(0,), people=30)
    values = problem.observed.values
    whole = replace(problem.observed, used=np.ones(values.shape, dtype=bool))
    problem = replace(problem, observed=whole)
    x = np.array([one[:, 1] for one in linear.designs(problem)])
    y = np.log(values) - x * problem.start.mu[1]
    people, places = y.shape
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / (people * (places - 1))
    between = places * ((y.mean(axis=1) - y.mean()) ** 2).sum() / people
    wanted = [y.mean(), 0.5 * np.log((between - within) / places), 0.5 * np.log(within)]
    path = Search(problem, SHORT).run(SHORT.smoothing)
    np.testing.assert_allclose(pack(problem, path.theta), wanted, atol=0.02)


def test_a_typical_value_that_is_held_moves_its_neighbour_as_it_should() -> None:
    problem = linear.problem(random=(0, 1), blocks=((0, 1),), estimated=(0,))
    best, error = errors(problem)
    path = Search(problem, SHORT).run(SHORT.smoothing)
    assert np.abs((pack(problem, path.theta) - best) / error).max() < NEAR
    assert path.theta.mu[1] == problem.start.mu[1]


def test_variances_fall_slowly_while_annealing() -> None:
    problem = linear.problem()
    path = Search(problem, Settings(burn_in=60, smoothing=10, seed=1)).run(10)
    omega = path.rounds[:30, path.names.index("omega A")]
    assert (np.diff(omega) >= 0.5 * np.log(ANNEALING) - 1e-12).all()


def test_a_run_can_be_continued_and_repeats_itself() -> None:
    problem = linear.problem()
    settings = Settings(burn_in=20, smoothing=20, seed=9)
    first, second = Search(problem, settings), Search(problem, settings)
    assert first.run(20).rounds.tobytes() == second.run(20).rounds.tobytes()
    longer = first.run(15)
    assert len(longer.rounds) == 55
    np.testing.assert_allclose(pack(problem, longer.theta), longer.rounds[-15:].mean(axis=0))


def test_starting_over_leaves_a_variance_near_zero_from_above() -> None:
    problem = linear.problem()
    best, error = errors(problem)
    settings = Settings(burn_in=60, smoothing=60, seed=2)
    stuck = Search(problem, settings)
    path = stuck.run(5)
    place = path.names.index("omega A")
    stuck.theta = path.theta.moved(omega=np.eye(1) * 1e-6)
    stuck.chains.phi[:] = path.theta.mu[0]
    stuck.start_over()
    over = stuck.run(60)
    wide = np.log(np.sqrt(problem.start.omega[0, 0]))
    assert over.rounds[65, place] > wide - 0.1  # source: the start, less one round of annealing
    assert len(over.rounds) == 60 + 5 + 60 + 60
    assert abs(pack(problem, over.theta)[place] - best[place]) < 2.0 * NEAR * error[place]


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    settings = Settings(burn_in=3, smoothing=2)
    Search(linear.problem(), settings).run(2, lambda done, of: told.append((done, of)))
    assert told == [(n, 5) for n in range(1, 6)]


def test_few_people_get_more_chains() -> None:
    settings = Settings(fewest_sets=100)
    assert [settings.chains(people) for people in (1, 30, 100, 500)] == [100, 4, 1, 1]
