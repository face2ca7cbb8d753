"""The best schedule with few changes of rate: something that a person keys in.

For given times of change the level is linear in the rates, so the best rates are a least squares
problem with limits, solved exactly. Times of change are whole minutes. While the choices of times
are few enough (any two changes in 9 h), every one is weighed: the answer is the best there is on
that grid. With more, times are added one by one to the best with fewer. Then one time is moved
over all minutes, or two neighbours by some minutes each, until no such move helps: never worse
than with fewer changes, and a local optimum.

A choice of times is passed over without its least squares when even the rates that no limit
binds would leave it worse than the best so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.targeting.plant import Plant, Whole, simulate
from assuage.kinetics.targeting.quadratic import minimise

Times = tuple[int, ...]
MOST_WEIGHED = 150_000  # choices of times that are weighed one and all
MOST_SOLVED = 3000  # least squares for one weighing; what is left then counts as not weighed
NEARBY = 6  # minutes by which two neighbours are moved together
LOOKS = 2  # at the level in a minute, while rates are sought; the last check looks closer
MOST_SWEEPS = 20
MOST_TRIES = 40


@dataclass(frozen=True)
class Wanted:
    """What a schedule is to do, at every look (half a minute) from the first on.

    targets  (looks,) mg/L; ceiling (looks,) mg/L, never passed; counted (looks,) whether the
    deviation there counts. `quantum_mg_per_h` and the whole-step limits are the pump's.
    `most_mg` is the most that may be given in all, or None; `window` a time in h and the most in
    mg that any stretch so long may hold, or None.
    """

    targets: Array
    ceiling: Array
    counted: NDArray[np.bool_]
    quantum_mg_per_h: float
    most: int
    least: int
    most_mg: float | None = None
    window: tuple[float, float] | None = None


@dataclass(frozen=True)
class Few:
    """A schedule: rates in pump steps, each from its minute on.

    `deviation` is the mean squared relative deviation over the looks that count, after rounding;
    `unrounded` the same before. `all_weighed` says that no other times are better.
    """

    minutes: Times
    rates: tuple[int, ...]
    deviation: float
    unrounded: float
    all_weighed: bool


class _Problem:
    """The level at each look as a sum of what was started at each minute."""

    def __init__(self, plant: Plant, wanted: Wanted) -> None:
        looks = len(wanted.targets)
        self.wanted = wanted
        self.minutes = looks // LOOKS
        self.cut_short = False
        unit = simulate(plant, np.full(looks, wanted.quantum_mg_per_h))[0][0, 1:]
        self.started = np.zeros((self.minutes + 1, looks))
        for minute in range(self.minutes):
            self.started[minute, minute * LOOKS :] = unit[: looks - minute * LOOKS]
        share = np.where(wanted.counted, 1.0 / wanted.targets, 0.0)
        relative = self.started * share
        self.count = int(wanted.counted.sum())
        self.square = relative @ relative.T / self.count
        self.linear = relative.sum(axis=1) / self.count

    def parts(self, times: Times) -> tuple[Array, Array, Array]:
        """Return the square, the linear part and the levels (pieces, looks) of unit rates."""
        edges = [0, *times, self.minutes]
        square = self.square[np.ix_(edges, edges)]
        square = np.diff(np.diff(square, axis=0), axis=1)
        linear = -np.diff(self.linear[edges])
        levels = -np.diff(self.started[edges], axis=0)
        return square, linear, levels

    def floors(self, choices: Whole) -> Array:
        """Return for each row of times the least deviation that any rates at all could have."""
        rows = len(choices)
        ends = np.zeros((rows, 1), dtype=np.int64)
        edges = np.hstack([ends, choices, ends + self.minutes])
        square = self.square[edges[:, :, None], edges[:, None, :]]
        square = np.diff(np.diff(square, axis=1), axis=2)
        linear = -np.diff(self.linear[edges], axis=1)
        try:
            rates = np.linalg.solve(square, linear[..., None])[..., 0]
        except np.linalg.LinAlgError:
            return np.zeros(rows)  # a mean of squares is never less
        found: Array = 1.0 - (linear * rates).sum(axis=1)
        return found

    def limits(self, times: Times, levels: Array) -> tuple[Array, Array]:
        """Return limits x <= bounds: the ceiling, the pump's range and the drug in all."""
        pieces = len(levels)
        eye = np.eye(pieces)
        rows = [levels.T, eye, -eye]
        bounds = [self.wanted.ceiling, np.full(pieces, float(self.wanted.most)), np.zeros(pieces)]
        if self.wanted.most_mg is not None:
            rows.append(self.drug(times)[None, :])
            bounds.append(np.array([self.wanted.most_mg]))
        if self.wanted.window is not None:
            rows.append(self.stretches(times))
            bounds.append(np.full(len(rows[-1]), self.wanted.window[1]))
        return np.vstack(rows), np.concatenate(bounds)

    def stretches(self, times: Times) -> Array:
        """Return the mg that one pump step of each piece puts into each stretch (k, pieces).

        A stretch holds the most where it starts or ends at a change of rate.
        """
        assert self.wanted.window is not None
        edges = np.array([0, *times, self.minutes]) / 60.0
        ends = np.concatenate([edges, edges + self.wanted.window[0]])[:, None]
        starts = np.maximum(ends - self.wanted.window[0], edges[:-1])
        held: Array = np.maximum(np.minimum(ends, edges[1:]) - starts, 0.0)
        return held * self.wanted.quantum_mg_per_h

    def drug(self, times: Times) -> Array:
        """Return the mg that one pump step carries in each piece."""
        edges = np.array([0, *times, self.minutes])
        found: Array = np.diff(edges) / 60.0 * self.wanted.quantum_mg_per_h
        return found

    def best(self, times: Times) -> tuple[float, Array] | None:
        """Return the least deviation with these times and its rates; None when there are none."""
        square, linear, levels = self.parts(times)
        found = minimise(square, linear, *self.limits(times, levels))
        if found is None:
            return None
        return float(found @ square @ found - 2.0 * linear @ found + 1.0), found


def fewest(coarse: Plant, fine: Plant, wanted: Wanted, changes: int) -> Few:
    """Return the best schedule with at most `changes` changes of rate, in whole pump steps.

    `coarse` steps half a minute, `fine` a whole share of that, on which the rounded rates are
    checked against the ceiling. One patient. Raises ValueError when the looks aren't whole
    minutes, nothing counts, a target that counts isn't above zero, or no rates keep the limits.
    """
    looks = len(wanted.targets)
    fitting = looks > 0 and looks % LOOKS == 0 and bool(wanted.counted.any())
    if not (fitting and (wanted.targets > 0.0).all() and changes >= 0):
        raise ValueError("looks are whole minutes, some count, and targets are above zero")
    problem = _Problem(coarse, wanted)
    changes = min(changes, problem.minutes - 1)
    all_of = max(k for k in range(changes + 1) if comb(problem.minutes - 1, k) <= MOST_WEIGHED)
    best = _weigh(problem, _all(problem.minutes, all_of), None)
    if problem.cut_short:
        best = _moved(problem, best)
    for _ in range(changes - all_of):
        best = _moved(problem, _weigh(problem, _one_more(problem.minutes, best), best))
    if best is None:
        raise ValueError("no rates keep the limits")
    deviation, exact, times = best
    rates = _rounded(problem, fine, times, exact)
    square, linear, _ = problem.parts(times)
    after = float(rates @ square @ rates - 2.0 * linear @ rates + 1.0)
    whole = tuple(int(one) for one in rates)
    kept = [k for k in range(len(whole)) if k == 0 or whole[k] != whole[k - 1]]
    minutes = (0, *times)
    return Few(
        tuple(minutes[k] for k in kept),
        tuple(whole[k] for k in kept),
        after,
        deviation,
        all_of == changes and not problem.cut_short,
    )


def _all(minutes: int, changes: int) -> Whole:
    rows = list(combinations(range(1, minutes), changes))
    found: Whole = np.array(rows, dtype=np.int64).reshape(len(rows), changes)
    return found


def _one_more(minutes: int, best: tuple[float, Array, Times] | None) -> Whole:
    times = () if best is None else best[2]
    rows = [sorted({*times, one}) for one in range(1, minutes) if one not in times]
    found: Whole = np.array(rows, dtype=np.int64).reshape(len(rows), len(times) + 1)
    return found


def _moves(minutes: int, times: Times) -> Iterator[Whole]:
    """Yield rows of times with one of them anywhere else, or two neighbours nearby."""
    for place in range(len(times)):
        others = [one for k, one in enumerate(times) if k != place]
        free = [one for one in range(1, minutes) if one not in times]
        if free:
            yield np.array([sorted([*others, one]) for one in free], dtype=np.int64)
    for place in range(len(times) - 1):
        first, second = times[place : place + 2]
        rows = [
            (*times[:place], first + a, second + b, *times[place + 2 :])
            for a in range(-NEARBY, NEARBY + 1)
            for b in range(-NEARBY, NEARBY + 1)
        ]
        rising = [row for row in rows if all(x < y for x, y in pairwise((0, *row, minutes)))]
        yield np.array(rising, dtype=np.int64)


def _weigh(
    problem: _Problem, choices: Whole, best: tuple[float, Array, Times] | None
) -> tuple[float, Array, Times] | None:
    """Return the best of the choices and `best`, looking only where it could be better."""
    floors = problem.floors(choices)
    for solved, place in enumerate(np.argsort(floors, kind="stable")):
        if best is not None and not floors[place] < best[0] * (1.0 - 1e-9):
            break
        if solved == MOST_SOLVED:
            problem.cut_short = True
            break
        times = tuple(int(one) for one in choices[place])
        found = problem.best(times)
        if found is not None and (best is None or found[0] < best[0]):
            best = (*found, times)
    return best


def _moved(
    problem: _Problem, best: tuple[float, Array, Times] | None
) -> tuple[float, Array, Times] | None:
    """Return the best once no move of one time, or of two neighbours, is to advantage."""
    for _ in range(MOST_SWEEPS):
        before = best
        for rows in () if best is None else _moves(problem.minutes, best[2]):
            best = _weigh(problem, rows, best)
        if best is before:
            break
    return best


def _rounded(problem: _Problem, fine: Plant, times: Times, exact: Array) -> Array:
    """Return whole pump steps near `exact` that keep every limit on the fine grid too."""
    ceiling = problem.wanted.ceiling
    for attempt in range(MOST_TRIES):
        rates = _whole(problem, times, exact, ceiling)
        over = _over(problem, fine, times, rates)
        if not over > 0.0:
            return rates
        ceiling = ceiling * (1.0 - over * (1.0 + attempt))
    raise ValueError("no whole pump steps keep the limits")


def _whole(problem: _Problem, times: Times, exact: Array, ceiling: Array) -> Array:
    """Return the best whole steps that moves of one step, alone or in pairs, lead to."""
    square, linear, levels = problem.parts(times)
    drug, wanted = problem.drug(times), problem.wanted
    stretches = None if wanted.window is None else problem.stretches(times)

    def able(rates: Array) -> bool:
        running = (rates == 0) | ((rates >= wanted.least) & (rates <= wanted.most))
        in_all = wanted.most_mg is None or float(drug @ rates) <= wanted.most_mg
        if stretches is not None and wanted.window is not None:
            in_all = in_all and bool((stretches @ rates <= wanted.window[1]).all())
        return bool(running.all() and in_all and (rates @ levels <= ceiling).all())

    def cost(rates: Array) -> float:
        return float(rates @ square @ rates - 2.0 * linear @ rates)

    rates = np.floor(np.clip(exact, 0.0, wanted.most) + 1e-9)
    rates[rates < wanted.least] = 0.0
    while not able(rates):  # nothing at all is always able
        rates = np.floor(rates * 0.999)
        rates[rates < wanted.least] = 0.0
    moves = [np.array(one) for one in _steps(len(rates))]
    improved = True
    while improved:
        improved = False
        for move in moves:
            tried = rates + move
            tried[(tried > 0) & (tried < wanted.least)] = wanted.least if move.sum() > 0 else 0.0
            if cost(tried) < cost(rates) - 1e-15 and able(tried):
                rates, improved = tried, True
    return rates


def _steps(pieces: int) -> Iterator[tuple[float, ...]]:
    for one in range(pieces):
        for size in (16.0, 4.0, 1.0, -1.0, -4.0, -16.0):
            yield tuple(size if k == one else 0.0 for k in range(pieces))
    for (a, b), size in product(combinations(range(pieces), 2), (1.0, -1.0)):
        yield tuple(size if k == a else -size if k == b else 0.0 for k in range(pieces))


def _over(problem: _Problem, fine: Plant, times: Times, rates: Array) -> float:
    """Return by what share the level passes the ceiling anywhere on the fine grid, at most."""
    wanted = problem.wanted
    per_minute = round(1.0 / 60.0 / fine.step_h)
    edges = np.array([0, *times, problem.minutes])
    each = np.repeat(rates, np.diff(edges) * per_minute) * wanted.quantum_mg_per_h
    level = simulate(fine, each)[0][0, 1:]
    ceiling = np.repeat(wanted.ceiling, per_minute // LOOKS)
    return float((level / ceiling - 1.0).max(initial=0.0))
