"""What replicate trials come to: power, type I error, bias, coverage, and what goes unreported.

A trial whose analysis was refused stays in the count: for power and type I error it is one that
didn't reject, and how many there were is told beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.virtual.analysis import ENDS, FIGURES
from assuage.evidence.virtual.design import Design, OutcomeName
from assuage.evidence.virtual.scores import World
from assuage.evidence.virtual.trials import Arrays, Results, count
from assuage.evidence.virtual.truth import Truth
from assuage.kinetics.exact import Array
from assuage.kinetics.tally import CONFIDENCE, Share, share_of

Places = NDArray[np.int64]
Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2.0)
RANGE = (2.5, 50.0, 97.5)  # what 95 % of trials lie within, and their middle
WAYS = ("always", "when significant", "when significant for the drug")


@dataclass(frozen=True)
class Mean:
    """A mean over trials with its Monte Carlo standard error and 95 % interval."""

    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Worth:
    """One difference at one day, over trials with the effect or, with `null`, without any.

    rejected, for_drug  shares of all trials, those without an estimate included
    estimate, bias      over the trials that have one; None where none has
    se, sd              the mean standard error, and the SD of the estimates it should match
    """

    outcome: OutcomeName
    arm: str
    day: float
    null: bool
    trials: int
    fitted: int
    rejected: Share
    for_drug: Share
    truth: float
    estimate: Mean | None
    bias: Mean | None
    se: float
    sd: float
    coverage: Share | None
    p: tuple[float, float, float]  # at RANGE


@dataclass(frozen=True)
class Reported:
    """What readers see of an outcome that is reported only in some trials."""

    outcome: OutcomeName
    arm: str
    day: float
    null: bool
    way: str
    trials: int  # that report it
    of: int
    mean: Mean | None
    truth: float
    bias: Mean | None


@dataclass(frozen=True)
class Visit:
    """One arm at one visit: means over trials with where 95 % of trials lie."""

    outcome: OutcomeName
    arm: str
    day: float
    n: float
    mean: tuple[float, float, float]  # low, middle, high of the trials' means among those seen
    truth: float  # without drop-out
    responders: tuple[float, float, float]  # of all who began; who left is no responder
    true_responders: float


@dataclass(frozen=True)
class ArmFacts:
    """What an arm was given, and how many left or dissociated."""

    arm: str
    n: int
    left: tuple[float, float, float]
    dissociated: tuple[float, float, float] | None
    total_mg_per_kg: tuple[float, float] | None  # mean and SD over people
    end_mg_per_h: tuple[float, float] | None  # per 70 kg


@dataclass(frozen=True)
class Summary:
    """Everything that a report of trials tells. `ends` counts how analyses ended."""

    trials: int
    null_trials: int
    worth: tuple[Worth, ...]
    reported: tuple[Reported, ...]
    visits: tuple[Visit, ...]
    arms: tuple[ArmFacts, ...]
    ends: tuple[tuple[str, bool, str, int], ...]  # outcome, null, how, trials


def mean_of(values: Array, world: Places, more: float = 0.0) -> Mean | None:
    """Return a mean over trials, None of none; `more` is a further standard error to take in.

    `world` (trials,) says in which each happened.
    """
    if not len(values):
        return None
    value = float(values.mean())
    error = float(np.hypot(_error(values, world), more))
    return Mean(value, error, value - Z * error, value + Z * error)


def _error(values: Array, world: Places) -> float:
    """Return the standard error of a mean over trials, NaN where there is only one.

    Where trials happen in several worlds, those of one are alike, so that worlds are what is
    drawn: residuals are added up by world. Source: Cochran, Sampling Techniques (1977), 9A.
    """
    if (world == world[0]).all():
        return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else math.nan
    apart = np.bincount(world, values - values.mean())
    worlds = len(np.unique(world))
    return float(np.sqrt(worlds / (worlds - 1) * (apart @ apart)) / len(values))


def shares_of(flags: NDArray[np.bool_], world: Places) -> Share:
    """Return a share of trials; its interval is for as many as if all happened in other worlds."""
    count, many = int(flags.sum()), len(flags)
    plain = share_of(count, many)
    if (world == world[0]).all() or not 0 < count < many:
        return plain
    alike = max(1.0, (_error(flags.astype(float), world) / plain.error) ** 2)
    return share_of(count / alike, many / alike)


def summary_of(world: World, truth: Truth, results: Results) -> Summary:
    """Sum up the results of trials of a world."""
    design = world.design
    kinds = [(False, results.main)] + ([(True, results.null)] if results.null else [])
    worth, reported, ends = [], [], []
    for null, found in kinds:
        for name in design.outcomes:
            how = found[f"{name}.end"].astype(int)
            ends += [(name, null, ENDS[k], int((how == k).sum())) for k in np.unique(how)]
            for place, day, tests in _tests(design, name, found):
                own = _Own(design, name, place, day, truth, world.pool.worlds, null=null)
                worth.append(_worth(own, tests))
                if design.outcome(name).role == "secondary":
                    reported += _reported(own, tests)
    visits = [
        _visit(design, name, place, column, truth, results.main)
        for name in design.outcomes
        for place in range(len(design.arm))
        for column in range(len(design.visits_d))
        if design.visits_d[column] in design.days(name)
    ]
    arms = [_facts(world, place, results.main) for place in range(len(design.arm))]
    return Summary(
        count(results.main),
        count(results.null),
        tuple(worth),
        tuple(reported),
        tuple(visits),
        tuple(arms),
        tuple(ends),
    )


def _tests(design: Design, name: OutcomeName, found: Arrays) -> Iterator[tuple[int, float, Array]]:
    """Yield the place of each other arm, a day, and its (trials, figures)."""
    reference = design.place(design.analysis.reference)
    others = [place for place in range(len(design.arm)) if place != reference]
    for row, place in enumerate(others):
        for column, day in enumerate(design.analysis.at_d):
            yield place, day, found[f"{name}.tests"][:, row, column]


@dataclass(frozen=True, eq=False)
class _Own:
    """One difference with its truth."""

    design: Design
    name: OutcomeName
    place: int
    day: float
    truth: Truth
    worlds: int
    null: bool

    def true(self, trials: int) -> Array:
        """Return (trials,) the true difference in the world of each."""
        if self.null:
            return np.zeros(trials)
        column = self.design.visits_d.index(self.day)
        mine = self.truth.differences[self.name][:, self.place, column]
        return mine[self.world(trials)]

    def world(self, trials: int) -> Places:
        """Return (trials,) the world that each happened in."""
        return np.arange(trials) % self.worlds

    def error(self) -> float:
        """Return the standard error of the truth itself."""
        if self.null:
            return 0.0
        column = self.design.visits_d.index(self.day)
        return float(self.truth.errors[self.name][self.place, column])

    @property
    def arm(self) -> str:
        """The arm's id."""
        return self.design.arm[self.place].id


def _figures(tests: Array) -> dict[str, Array]:
    return {name: tests[:, place] for place, name in enumerate(FIGURES)}


def _worth(own: _Own, tests: Array) -> Worth:
    one = _figures(tests)
    fitted = np.isfinite(one["estimate"])
    rejects = fitted & (one["p"] < own.design.analysis.alpha)
    true, world = own.true(len(tests)), own.world(len(tests))
    inside = (one["low"] <= true) & (true <= one["high"])
    estimates, many = one["estimate"][fitted], int(fitted.sum())
    p = np.percentile(one["p"][fitted], RANGE) if many else np.full(3, np.nan)
    return Worth(
        own.name,
        own.arm,
        own.day,
        own.null,
        len(tests),
        many,
        shares_of(rejects, world),
        shares_of(rejects & (one["estimate"] < 0.0), world),
        float(true.mean()),
        mean_of(estimates, world[fitted]),
        mean_of(estimates - true[fitted], world[fitted], own.error()),
        float(one["se"][fitted].mean()) if many else float("nan"),
        float(estimates.std(ddof=1)) if many > 1 else float("nan"),
        shares_of(inside[fitted], world[fitted]) if many else None,
        (float(p[0]), float(p[1]), float(p[2])),
    )


def _reported(own: _Own, tests: Array) -> list[Reported]:
    one = _figures(tests)
    fitted = np.isfinite(one["estimate"])
    rejects = fitted & (one["p"] < own.design.analysis.alpha)
    kept = (fitted, rejects, rejects & (one["estimate"] < 0.0))
    true, world = own.true(len(tests)), own.world(len(tests))
    return [
        Reported(
            own.name,
            own.arm,
            own.day,
            own.null,
            way,
            int(mine.sum()),
            len(tests),
            mean_of(one["estimate"][mine], world[mine]),
            float(true.mean()),
            mean_of((one["estimate"] - true)[mine], world[mine], own.error()),
        )
        for way, mine in zip(WAYS, kept, strict=True)
    ]


def _range(values: Array) -> tuple[float, float, float]:
    """Return where 95 % of trials lie and their mean between, NaN where there is none."""
    held = values[np.isfinite(values)]
    if not len(held):
        return (float("nan"),) * 3
    low, high = np.percentile(held, (RANGE[0], RANGE[2]))
    return float(low), float(held.mean()), float(high)


def _visit(
    design: Design, name: OutcomeName, place: int, column: int, truth: Truth, found: Arrays
) -> Visit:
    n: NDArray[np.float64] = found["n"][:, place, column]
    total = found[f"{name}.sum"][:, place, column]
    means = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    answered = found[f"{name}.responders"][:, place, column] / design.arm[place].n
    return Visit(
        name,
        design.arm[place].id,
        design.visits_d[column],
        float(n.mean()),
        _range(means),
        float(truth.means[name][:, place, column].mean()),
        _range(answered),
        float(truth.responders[name][:, place, column].mean()),
    )


def _facts(world: World, place: int, found: Arrays) -> ArmFacts:
    arm, course = world.design.arm[place], world.courses[place]
    left = 1.0 - found["n"][:, place, -1] / arm.n
    dissociated = None
    if "dissociated" in found and course.peak_percent is not None:
        dissociated = _range(found["dissociated"][:, place] / arm.n)
    total = end = None
    if arm.regimen is not None:
        weight = world.pool.weight_kg
        total = _spread(course.total_mg / weight)
        if np.isfinite(course.end_mg_per_h).all():
            end = _spread(course.end_mg_per_h / weight * 70.0)
    return ArmFacts(arm.id, arm.n, _range(left), dissociated, total, end)


def _spread(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
