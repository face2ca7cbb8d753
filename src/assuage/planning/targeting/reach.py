"""Whether targets are reached and held within the limits, and which one could be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor, log10

import numpy as np

from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L
from assuage.kinetics.exact import Array
from assuage.kinetics.targeting import Course, Plant, Pump, run, simulate
from assuage.knowledge import library
from assuage.planning.targeting.bounds import Bound, Bounds, Pieces, over_limits
from assuage.planning.targeting.request import Request, at_level, end_h
from assuage.refusals import Refusal, Refused
from assuage.units import format_quantity

HALVINGS = 20
DIGITS = 4
FINER = 1000  # times: a pump whose step can't be what is missing
OVER = {Refusal.DOSE_OVER_HARD_LIMIT.name, Refusal.DOSE_OVER_SOFT_LIMIT.name}
SETTLED = 30  # steps at the end of a hold whose mean rate the pump has to be able to run at


@dataclass(frozen=True)
class Missed:
    """The first target that isn't met: which, how, and by how much."""

    place: int
    how: str  # "slow", "high", "lost", "dose", "trickle" or "limit"
    value: float  # ng/mL; mg for "dose", mg/h for "trickle", nothing for "limit"
    words: str = ""  # of the guardrail that a "limit" is


@dataclass(frozen=True)
class Followed:
    """A course with its level (steps + 1,) in ng/mL and when each target was reached, in h."""

    course: Course
    level: Array
    reached_h: tuple[float, ...]


def targets_at_steps(request: Request) -> Array:
    """Return the target over each step of the pump (steps,) in mg/L."""
    steps = round(request.hold_h / request.step_h)
    found = np.zeros(steps)
    for one in request.targets:
        found[round(one.start_h / request.step_h) :] = one.level_ng_per_ml
    return found / NG_PER_ML_PER_MG_PER_L


def follow(request: Request, plant: Plant, bounds: Bounds) -> Followed | Missed:
    """Run the pump towards the targets; return its course, or the first target that is missed."""
    quantum = request.pump.quantum_mg_per_h
    pump = Pump(quantum, np.array([bounds.most]), bounds.least)
    course = run(plant, targets_at_steps(request), pump)
    rates = course.rates.astype(np.float64) * quantum
    level = simulate(plant, rates)[0][0] * NG_PER_ML_PER_MG_PER_L
    given = np.cumsum(course.rates[0]) * quantum * request.step_h
    reached: list[float] = []
    for place, target in enumerate(request.targets):
        start = round(target.start_h / request.step_h)
        end = round(end_h(request, place) / request.step_h)
        found = _met(request, place, level[start : end + 1])
        if isinstance(found, Missed):
            return found
        reached.append(target.start_h + found * request.step_h)
        if bounds.most_mg is not None and not given[end - 1] <= bounds.most_mg * (1.0 + 1e-12):
            return Missed(place, "dose", float(given[end - 1]))
        last = slice(max(start + found, end - SETTLED), end)
        mean = float(course.rates[0, last].mean()) if last.start < end else 0.0
        if course.holds[0, last].all() and 0.0 < mean < bounds.least:
            return Missed(place, "trickle", mean * quantum)
    return Followed(course, level, tuple(reached))


def _met(request: Request, place: int, level: Array) -> int | Missed:
    """Return after how many steps a target was reached, or how it was missed."""
    target = request.targets[place].level_ng_per_ml
    near, held = library.assumed("target-reached"), library.assumed("target-held")
    if level[0] > target * (1.0 + near):
        there = np.flatnonzero(level <= target * (1.0 + near))
        if not len(there):
            return Missed(place, "high", float(level.min()))
    else:
        there = np.flatnonzero(level >= target * (1.0 - near))
        window = level[: floor(request.within_h / request.step_h + 1e-6) + 1]
        if not len(there) or not there[0] < len(window):
            return Missed(place, "slow", float(window.max()))
    lowest = float(level[there[0] :].min())
    if not lowest >= target * (1.0 - held):
        return Missed(place, "lost", lowest)
    return int(there[0])


def pieces_of(request: Request, rates_mg_per_h: Array) -> Pieces:
    """Return the schedule as (from h, to h, mg/h), neighbours of one rate joined."""
    edges = [0, *(np.flatnonzero(np.diff(rates_mg_per_h)) + 1).tolist(), len(rates_mg_per_h)]
    step_h = request.step_h
    return [(a * step_h, b * step_h, float(rates_mg_per_h[a])) for a, b in pairwise(edges)]


def passes(request: Request, bounds: Bounds, followed: Followed) -> Missed | None:
    """Return the first target up to which the schedule passes a guardrail, None if it doesn't.

    Raises Refused where the guardrail itself is missing or can't be held against.
    """
    rates = followed.course.rates[0] * request.pump.quantum_mg_per_h
    if over_limits(request, bounds, pieces_of(request, rates)) is None:
        return None
    for place in range(len(request.targets)):
        end = round(end_h(request, place) / request.step_h)
        worst = over_limits(request, bounds, pieces_of(request, rates[:end]))
        if worst is not None and worst.code in OVER:
            return Missed(place, "limit", 0.0, worst.sentence)
        if worst is not None:
            raise worst
    raise AssertionError("the whole schedule is the last target's")


def reached(request: Request, level: Array) -> tuple[float | None, ...]:
    """Return when a course first reaches each target, in h; None where it never does.

    `level` (steps + 1,) in ng/mL. For a course that wasn't made to reach them.
    """
    found: list[float | None] = []
    for place, target in enumerate(request.targets):
        start = round(target.start_h / request.step_h)
        part = level[start : round(end_h(request, place) / request.step_h) + 1]
        near = library.assumed("target-reached")
        if part[0] > target.level_ng_per_ml * (1.0 + near):
            there = np.flatnonzero(part <= target.level_ng_per_ml * (1.0 + near))
        else:
            there = np.flatnonzero(part >= target.level_ng_per_ml * (1.0 - near))
        first = float(there[0]) * request.step_h if len(there) else None
        found.append(None if first is None else target.start_h + first)
    return tuple(found)


def late(request: Request, level: Array) -> list[str]:
    """Say which rising target a course doesn't reach within what was asked, and how near it comes.

    A level that falls takes the time it takes. `level` as in `reached`.
    """
    said = []
    within = request.within_h + 1e-6 * request.step_h
    for place, at_h in enumerate(reached(request, level)):
        target = request.targets[place]
        start = round(target.start_h / request.step_h)
        if level[start] > target.level_ng_per_ml:
            continue
        if at_h is not None and at_h - target.start_h <= within:
            continue
        part = level[start : round(end_h(request, place) / request.step_h) + 1]
        highest, then = float(part.max()), int(part.argmax()) * request.step_h
        words = f"{_level(target.level_ng_per_ml)} set at {_minutes(target.start_h)}"
        nearest = _level(float(f"{highest:.4g}"))
        if at_h is None:
            said.append(f"{words} is never reached: highest {nearest}, {_minutes(then)} later")
        else:
            took = _minutes(at_h - target.start_h)
            said.append(f"{words} is reached after {took}, not within {_minutes(request.within_h)}")
    return said


def readable(request: Request) -> bool:
    """Whether the effect's curve may be read at every target."""
    effect = request.effect
    if effect is None or effect.valid is None:
        return True
    return all(effect.valid.holds(one.level_ng_per_ml) for one in request.targets)


def refusal(request: Request, plant: Plant, bounds: Bounds, missed: Missed) -> Refused:
    """Return the refusal of a target that is missed, with the best one that isn't."""
    target = request.targets[missed.place]
    at = f" from {_minutes(target.start_h)} on" if target.start_h else ""
    words = f"a target of {_level(target.level_ng_per_ml)}{at}"
    needed = _needed(request, plant, bounds) if missed.how in ("lost", "slow", "trickle") else None
    step = request.pump.step_ml_per_h
    if needed is not None and needed < bounds.least * request.pump.quantum_mg_per_h:
        return Refused(
            Refusal.PUMP_RANGE,
            rate=format_quantity(
                float(f"{needed / request.pump.concentration_mg_per_ml:.3g}"), "mL/h"
            ),
            low=format_quantity(bounds.least * step, "mL/h"),
            high=format_quantity(bounds.most * step, "mL/h"),
        )
    end = _minutes(end_h(request, missed.place))
    rate, total = _tightest(bounds.rates), _tightest(bounds.totals)
    why = {
        "slow": f"the level comes to {_level(missed.value)} within "
        f"{_minutes(request.within_h)} at the highest rate allowed "
        f"({_bound(rate)})",
        "high": f"with the pump stopped the level is {_level(missed.value)} at {end}",
        "lost": f"the level falls to {_level(missed.value)} while it is held "
        f"(the pump's step: {format_quantity(step, 'mL/h')})",
        "trickle": "the rates that hold it lie below the pump's lowest",
        "limit": missed.words,
        "dose": f"by {end} it takes {format_quantity(missed.value, 'mg')} ({_bound(total)})",
    }[missed.how]
    if missed.how == "high":
        best = f"the lowest that can is {_level(_up(missed.value))}"
    else:
        level = best_level(request, plant, bounds, missed.place)
        best = "no level can" if level is None else f"the best that can is {_level(level)}"
        if level is None and missed.how == "slow":
            why = f"no level is reached there within {_minutes(request.within_h)} and not passed"
    if needed is not None:
        best = f"a finer --pump-step or a weaker --concentration holds it; else {best}"
    return Refused(Refusal.TARGET_UNREACHABLE, target=words, why=why, best=best)


def _needed(request: Request, plant: Plant, bounds: Bounds) -> float | None:
    """Return the lowest rate in mg/h that holding takes, from a pump with a far finer step.

    None when such a pump can't hold the targets either: then the step isn't what is missing.
    """
    finer = replace(request.pump, step_ml_per_h=request.pump.step_ml_per_h / FINER)
    asked = replace(request, pump=finer)
    freely = follow(asked, plant, replace(bounds, most=bounds.most * FINER, least=1))
    if not isinstance(freely, Followed):
        return None
    holding = freely.course.rates[freely.course.holds & (freely.course.rates > 0)]
    return float(holding.min(initial=bounds.most * FINER)) * finer.quantum_mg_per_h


def _tightest(bounds: tuple[Bound, ...]) -> Bound | None:
    return min(bounds, key=lambda one: one.value, default=None)


def _bound(one: Bound | None) -> str:
    return "no limit" if one is None else f"{one.name}: {one.shown}"


def _level(value: float) -> str:
    return format_quantity(value, "ng/mL")


def _minutes(hours: float) -> str:
    return format_quantity(round(hours * 60.0, 2), "min")


def _up(value: float) -> float:
    unit = 10.0 ** (floor(log10(value)) - DIGITS + 1)
    return float(f"{(floor(value / unit) + 1) * unit:.12g}")


def _keeps(request: Request, bounds: Bounds, followed: Followed) -> bool:
    rates = followed.course.rates[0] * request.pump.quantum_mg_per_h
    return readable(request) and over_limits(request, bounds, pieces_of(request, rates)) is None


def best_level(request: Request, plant: Plant, bounds: Bounds, place: int) -> float | None:
    """Return the highest level of a target in ng/mL that every limit allows; None if there is none.

    The targets before it stay, those after it are left out.
    """

    def reachable(level: float) -> bool:
        asked = at_level(request, place, level)
        found = follow(asked, plant, bounds)
        return isinstance(found, Followed) and _keeps(asked, bounds, found)

    high = request.targets[place].level_ng_per_ml
    low = request.targets[place - 1].level_ng_per_ml if place else high
    tries = 0
    while not reachable(low):
        low, tries = low / 2.0, tries + 1
        if tries > HALVINGS:
            return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if reachable(middle) else (low, middle)
    unit = 10.0 ** (floor(log10(low)) - DIGITS + 1)
    for down in range(DIGITS):
        rounded = float(f"{(floor(low / unit) - down) * unit:.12g}")
        if rounded > 0.0 and reachable(rounded):
            return rounded
    return None
