"""Draws trials from the pool: who takes part, their scores at each visit, and who leaves.

Every number comes from a counter-based generator keyed by the seed and its purpose, and patient
`place` of trial t takes number t x people + place: a trial is the same in whatever block, worker
or machine it is made.

    score = baseline x (1 - responds x relief) + error                      pain
    score = baseline - drug factor x drug - control factor x control + error  mood

held to the ends of the scale. The baseline as measured is drawn first, so that its spread and its
ends are those of the people who were let in; their true score follows from it, nearer the mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.virtual.checks import SCALES
from assuage.evidence.virtual.courses import Course, course_of
from assuage.evidence.virtual.design import Design, DropOut, OutcomeName, Spread
from assuage.evidence.virtual.people import Pool, between, pool_of
from assuage.kinetics import portable
from assuage.kinetics.exact import Array
from assuage.kinetics.population import normals, uniforms
from assuage.knowledge import library
from assuage.knowledge.schema.effect import MoodEffect

Flags = NDArray[np.bool_]
NULL = "null "  # before the purpose of every draw of a trial without any effect


@dataclass(frozen=True, eq=False)
class World:
    """A design with its pool solved: all that a trial draws from. One course for each arm."""

    design: Design
    seed: int
    pool: Pool
    courses: tuple[Course, ...]

    def arm_of(self) -> NDArray[np.int64]:
        """Return (people,) the arm of each place in a trial."""
        return np.repeat(np.arange(len(self.design.arm)), [one.n for one in self.design.arm])


@dataclass(frozen=True, eq=False)
class Trials:
    """Drawn trials, patient after patient; shapes (trials, people, ...).

    baseline   as measured before the course, by outcome
    scores     (trials, people, visits) by outcome, what is or would have been measured
    seen       (trials, people, visits) whether the patient was still there
    dissociated (trials, people) whether the most dissociation passed the design's share
    person     (trials, people) places in the pool
    """

    baseline: dict[OutcomeName, Array]
    scores: dict[OutcomeName, Array]
    seen: Flags
    dissociated: Flags | None
    person: NDArray[np.int64]


def world_of(design: Design, seed: int, size: int | None = None) -> World:
    """Draw and solve the pool of a design. Raises Refused for what can't be predicted."""
    pool = pool_of(design, seed) if size is None else pool_of(design, seed, size)
    solved = {one.id: course_of(design, one, pool, seed) for one in design.arm if one.regimen}
    courses = tuple(solved[one.id if one.regimen else str(one.like)] for one in design.arm)
    return World(design, seed, pool, courses)


def mood_effect() -> MoodEffect:
    """Return the effect on mood that this library has."""
    found = library.effect("depression-mood-empirical").mood
    assert found is not None
    return found


@dataclass(frozen=True, eq=False)
class People:
    """Patients drawn from the pool, in any shape: what is theirs whatever arm they are in."""

    person: NDArray[np.int64]
    measured: dict[OutcomeName, Array]  # before the course
    true: dict[OutcomeName, Array]
    drug_factor: Array
    control_factor: Array


def people(
    world: World, purpose: str, shape: tuple[int, int], first: int, in_world: NDArray[np.int64]
) -> People:
    """Draw people; `shape` is (rows, people) and `in_world` (rows,) says where a row happens."""
    design, seed = world.design, world.seed
    count = shape[0] * shape[1]

    def numbers(name: str) -> Array:
        return uniforms(seed, purpose + name, count, first * shape[1]).reshape(shape)

    def errors(name: str) -> Array:
        return normals(seed, purpose + name, count, first * shape[1]).reshape(shape)

    of = world.pool.of_a_world
    person = in_world[:, None] * of + (numbers("person") * of).astype(np.int64)
    measured, true = {}, {}
    ranks = _ranks(design, numbers)
    for name in design.outcomes:
        spread, outcome = design.baseline(name), design.outcome(name)
        measured[name] = between(spread, ranks[name])
        share = (outcome.visit_sd / spread.sd) ** 2  # of the variance that is error
        rest = spread.sd * np.sqrt(share * (1.0 - share))
        nearer = spread.mean + (1.0 - share) * (measured[name] - spread.mean)
        true[name] = nearer + rest * errors(f"true {name}")
        measured[name] = np.clip(measured[name], *SCALES[name])
    effect = mood_effect()
    return People(
        person,
        measured,
        true,
        1.0 + effect.between_patient_sd.value * errors("drug factor"),
        1.0 + effect.control_sd.value * errors("control factor"),
    )


def _ranks(design: Design, numbers: Callable[[str], Array]) -> dict[OutcomeName, Array]:
    """Return uniforms for the baselines, with the correlation that the design assumes."""
    found = {name: numbers(f"baseline {name}") for name in design.outcomes}
    if design.population.correlation is not None:
        from scipy.special import ndtr, ndtri

        r = design.population.correlation.value
        both = r * ndtri(found["pain"]) + np.sqrt(1.0 - r * r) * ndtri(found["mood"])
        tiny = np.finfo(float).tiny
        found["mood"] = np.clip(ndtr(both), tiny, 1.0 - 2.0**-53)
    return found


def scores_in(
    world: World, name: OutcomeName, who: People, arm: NDArray[np.int64], *, null: bool
) -> Array:
    """Return (..., visits) scores without error, before they are held to the scale.

    `arm` (people,) says which course each place has. With `null` no drug has an effect, and all
    respond to placebo over the course of the reference: else arms would differ without a drug.
    """
    reference = world.design.place(world.design.analysis.reference)
    visits = len(world.design.visits_d)
    found = np.empty((*who.person.shape, visits))
    for place, one in enumerate(world.design.arm):
        mine = arm == place
        course, person = world.courses[reference if null else place], who.person[:, mine]
        works = one.regimen is not None and one.effect == "model" and not null
        before = who.true[name][:, mine, None]
        if name == "pain":
            flags = world.pool.responds if works else world.pool.responds_to_placebo
            found[:, mine] = before * (1.0 - flags[person][..., None] * course.relief[person])
        else:
            found[:, mine] = before - who.control_factor[:, mine, None] * course.control[person]
            if works:
                found[:, mine] -= who.drug_factor[:, mine, None] * course.drug[person]
    return found


def draw(world: World, first: int, trials: int, *, null: bool = False) -> Trials:
    """Draw trials `first` to `first + trials - 1`; with `null`, others in which no drug works."""
    design, seed = world.design, world.seed
    purpose = NULL if null else ""
    shape = (trials, design.people)
    in_world = np.arange(first, first + trials) % world.pool.worlds
    who = people(world, purpose, shape, first, in_world)
    arm = world.arm_of()
    count, start = shape[0] * shape[1], first * shape[1]
    scores = {}
    for name in design.outcomes:
        exact = scores_in(world, name, who, arm, null=null)
        for visit in range(len(design.visits_d)):
            error = normals(seed, f"{purpose}error {name}", count, start, 1 + visit)
            exact[..., visit] += design.outcome(name).visit_sd * error.reshape(shape)
        scores[name] = np.clip(exact, *SCALES[name], out=exact)
    chance = np.stack(
        [
            uniforms(seed, f"{purpose}leaves", count, start, 1 + visit).reshape(shape)
            for visit in range(len(design.visits_d))
        ],
        axis=-1,
    )
    seen = stays(design.dropout, who.measured, scores, chance)
    return Trials(who.measured, scores, seen, _dissociated(world, who.person, arm), who.person)


def stays(
    leaving: DropOut | None,
    baseline: dict[OutcomeName, Array],
    scores: dict[OutcomeName, Array],
    chance: Array,
) -> Flags:
    """Return (..., visits) whether a patient is still there; who leaves doesn't come back.

    `chance` (..., visits) are uniforms. A patient who leaves before visit v has seen visits up to
    v - 1: at random, leaving looks at the score of v - 1 (or the baseline) and at nothing later.
    """
    if leaving is None:
        return np.ones(chance.shape, dtype=bool)
    log_odds = np.full(chance.shape, math.log(leaving.per_visit / (1.0 - leaving.per_visit)))
    if leaving.outcome is not None:
        own = scores[leaving.outcome]
        if leaving.depends_on == "observed":
            own = np.concatenate([baseline[leaving.outcome][..., None], own[..., :-1]], axis=-1)
        log_odds += leaving.per_point * (own - leaving.at_score)
    leaves = portable.log(chance / (1.0 - chance)) < log_odds
    return ~np.logical_or.accumulate(leaves, axis=-1)


def responded(design: Design, name: OutcomeName, baseline: Array, scores: Array) -> Flags:
    """Return (..., visits) who lost the design's share of a baseline (...); of 0 there is none."""
    before = baseline[..., None]
    share = 1.0 - design.outcome(name).response_percent / 100.0
    return (scores <= share * before) & (before > 0.0)


def _dissociated(world: World, person: NDArray[np.int64], arm: NDArray[np.int64]) -> Flags | None:
    counted = world.design.dissociation
    if counted is None:
        return None
    found = np.zeros(person.shape, dtype=bool)
    for place, one in enumerate(world.design.arm):
        peak = world.courses[place].peak_percent
        if one.regimen is not None and peak is not None:
            mine = arm == place
            found[:, mine] = peak[person[:, mine]] > counted.over_percent
    return found


def spread_of(spread: Spread) -> str:
    """Return a spread in words."""
    low = "" if spread.low is None else f" from {spread.low:g}"
    high = "" if spread.high is None else f" to {spread.high:g}"
    return f"mean {spread.mean:g}, SD {spread.sd:g}{',' if low or high else ''}{low}{high}"
