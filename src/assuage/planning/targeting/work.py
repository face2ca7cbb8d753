"""A target becomes a schedule of rates that a person can key in, with what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import warnings_for
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Dose
from assuage.kinetics.targeting import LOOKS, Few, Wanted, fewest
from assuage.knowledge import library
from assuage.knowledge.schema.facts import Read, Sourced
from assuage.planning.regimen import clean
from assuage.planning.simulation import citations, cited
from assuage.planning.targeting.bands import Level, has_site, levels_of, plant_for
from assuage.planning.targeting.bounds import Bounds, bounds_of, fast, hold_against_limits
from assuage.planning.targeting.reach import (
    Followed,
    follow,
    late,
    passes,
    pieces_of,
    reached,
    refusal,
    targets_at_steps,
)
from assuage.planning.targeting.request import Request, Wish, read
from assuage.refusals import Refusal, Refused
from assuage.units import format_quantity

LOOK_H = 1.0 / 60.0 / LOOKS
CHECK_H = 5.0 / 3600.0  # on which few rates are checked against what they may not pass
KEYED = "Drives no pump: every rate is checked and keyed in by a person."


@dataclass(frozen=True)
class Row:
    """What to key in at a time, what was given up to it, and the place of its levels."""

    start_h: float
    rate_ml_per_h: float
    rate_mg_per_h: float
    given_ml: float
    place: int


@dataclass(frozen=True)
class Targeted:
    """The schedule and its worth. `levels` are at every step, from zero on.

    `reached_h` is when each target is first reached, None where few changes never reach it.
    `over` and `under` are the largest relative deviations above and below the target while it
    counts: above from when a level first reaches it, below from then on to its end.
    """

    request: Request
    bounds: Bounds
    rows: tuple[Row, ...]
    times_h: Array
    levels: tuple[Level, ...]
    reached_h: tuple[float | None, ...]
    over: float
    under: float
    few: Few | None
    total_mg: float
    total_ml: float
    syringe_ends_h: tuple[float, ...]
    at_target: tuple[str, ...]
    warnings: tuple[str, ...]
    citations: tuple[str, ...]


def target(wish: Wish) -> Targeted:
    """Work out the wish. Raises Refused for what in it can't be done within every limit."""
    request = read(wish)
    _check_valid(request)
    bounds = bounds_of(request)
    plant = plant_for(request, request.step_h)
    followed = follow(request, plant, bounds)
    if not isinstance(followed, Followed):
        raise refusal(request, plant, bounds, followed)
    passed = passes(request, bounds, followed)
    if passed is not None:
        raise refusal(request, plant, bounds, passed)
    few = None if request.changes is None else _few(request, bounds, followed)
    steps = followed.course.rates[0] if few is None else _at_steps(request, few)
    rates = steps * request.pump.quantum_mg_per_h
    pieces = pieces_of(request, rates)
    hold_against_limits(request, bounds, pieces)
    levels = levels_of(request, rates)
    slow = [] if few is None else _late(request, levels[-1].typical)
    over, under = _deviations(request, levels[-1].typical, followed.reached_h, few is not None)
    rows = _rows(request, steps)
    times = np.arange(len(rates) + 1).astype(np.float64) * request.step_h
    return Targeted(
        request=request,
        bounds=bounds,
        rows=rows,
        times_h=times,
        levels=levels,
        reached_h=reached(request, levels[-1].typical) if few else followed.reached_h,
        over=over,
        under=under,
        few=few,
        total_mg=clean(float(rates.sum()) * request.step_h),
        total_ml=rows[-1].given_ml,
        syringe_ends_h=_syringe_ends(request, rates),
        at_target=_at_target(request),
        warnings=(*_warnings(request, bounds, pieces, levels), *slow),
        citations=_citations(request, bounds),
    )


def _check_valid(request: Request) -> None:
    """Raise Refused for a target at which the effect's curve may not be read."""
    effect = request.effect
    for one in request.targets if effect is not None else ():
        assert effect is not None
        if effect.valid is not None and not effect.valid.holds(one.level_ng_per_ml):
            raise Refused(
                Refusal.MODEL_UNSUITABLE,
                model=effect.id,
                why=f"it may not be read at {format_quantity(one.level_ng_per_ml, 'ng/mL')} "
                f"({effect.valid.where})",
                choices=f"a target up to {effect.valid.high:g} ng/mL, or another effect",
            )


def _few(request: Request, bounds: Bounds, followed: Followed) -> Few:
    """Return the best schedule with few changes; a falling level may take the time it takes."""
    per_look = round(LOOK_H / request.step_h)
    looks = round(request.hold_h / LOOK_H)
    wanted = targets_at_steps(request).reshape(looks, per_look)[:, -1]
    ran = followed.level / fx.NG_PER_ML_PER_MG_PER_L
    above = np.array([ran[k * per_look : (k + 1) * per_look + 1].max() for k in range(looks)])
    window = bounds.window
    asked = Wanted(
        targets=wanted,
        ceiling=np.maximum(wanted, above) * (1.0 + request.overshoot),
        counted=(np.arange(looks) + 1) * LOOK_H > request.induction_h - 1e-9,
        quantum_mg_per_h=request.pump.quantum_mg_per_h,
        most=bounds.most,
        least=bounds.least,
        most_mg=bounds.most_mg,
        window=None if window is None else (window.span_h, window.most_mg),
    )
    if not asked.counted.any():
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="an induction longer than the hold",
            remedy="shorten --induction or lengthen --hold",
        )
    assert request.changes is not None
    return fewest(plant_for(request, LOOK_H), plant_for(request, CHECK_H), asked, request.changes)


def _late(request: Request, level: Array) -> list[str]:
    """Return what few changes don't reach in time. Raises Refused if that time was asked for."""
    said = late(request, level)
    if said and request.within_asked:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"--max-changes {request.changes} and --within: {said[0]}",
            remedy="allow more changes, more time or more --overshoot",
        )
    return said


def _at_steps(request: Request, few: Few) -> Array:
    """Return the rate in pump steps over each control step (steps,)."""
    per_minute = round(1.0 / 60.0 / request.step_h)
    minutes = round(request.hold_h * 60.0)
    long = np.diff([*few.minutes, minutes])
    return np.repeat(np.array(few.rates, dtype=np.int64), long * per_minute)


def _rows(request: Request, steps: Array) -> tuple[Row, ...]:
    """Return one row for each change of rate, and the stop."""
    pump = request.pump
    edges = [0, *(np.flatnonzero(np.diff(steps)) + 1).tolist(), len(steps)]
    given = np.concatenate([[0.0], np.cumsum(steps) * pump.step_ml_per_h * request.step_h])
    rates = [*(float(steps[edge]) for edge in edges[:-1]), 0.0]
    return tuple(
        Row(
            clean(edge * request.step_h),
            clean(rate * pump.step_ml_per_h),
            clean(rate * pump.quantum_mg_per_h),
            clean(float(given[edge])),
            edge,
        )
        for edge, rate in zip(edges, rates, strict=True)
    )


def _deviations(
    request: Request, level: Array, reached_h: tuple[float, ...], few: bool
) -> tuple[float, float]:
    """Return the largest share above and below the targets, each from when it is reached on.

    A schedule of few changes is measured from its induction on.
    """
    targets = targets_at_steps(request) * fx.NG_PER_ML_PER_MG_PER_L
    counts = np.zeros(len(targets), dtype=np.bool_)
    for place, start_h in enumerate(reached_h):
        later = request.targets[place + 1 :]
        end_h = later[0].start_h if later else request.hold_h
        from_h = max(start_h, request.induction_h) if few else start_h
        counts[round(from_h / request.step_h) : round(end_h / request.step_h)] = True
    share = (level[1:] / targets - 1.0)[counts]
    return float(share.max(initial=0.0)), abs(float(share.min(initial=0.0)))


def _syringe_ends(request: Request, rates: Array) -> tuple[float, ...]:
    """Return when each syringe but the last runs out, in h."""
    size, at = request.pump.syringe_ml, request.pump.concentration_mg_per_ml
    volume = np.concatenate([[0.0], np.cumsum(rates / at) * request.step_h])
    changes = floor(clean(volume[-1] / size))
    if changes and clean(changes * size) == clean(float(volume[-1])):
        changes -= 1  # the last one ends with the schedule
    times = np.arange(len(volume)) * request.step_h
    return tuple(float(np.interp(k * size, volume, times)) for k in range(1, changes + 1))


def _at_target(request: Request) -> tuple[str, ...]:
    """Say what the effect's curve gives at each target in a typical person."""
    effect = request.effect
    if effect is None or effect.curve.form == "threshold":
        return ()
    levels = np.array([one.level_ng_per_ml for one in request.targets])
    values = fx.response(effect, levels)
    return tuple(
        f"at {format_quantity(float(level), 'ng/mL')} a typical person's {effect.endpoint} is "
        f"{format_quantity(float(f'{value:.3g}'), effect.unit)}"
        for level, value in zip(levels, values, strict=True)
    )


def _warnings(
    request: Request,
    bounds: Bounds,
    pieces: list[tuple[float, float, float]],
    levels: tuple[Level, ...],
) -> list[str]:
    model, effect = request.model, request.effect
    doses = [Dose(a, rate * (b - a) * request.share, "iv", b - a) for a, b, rate in pieces if rate]
    found = [KEYED, *fast(request, bounds, pieces)]
    found += warnings_for(model, request.subject, doses)
    mixing = format_quantity(library.assumed("mixing"), "min")
    found.append(
        f"levels in the first {mixing} after a fast rate are not to be read: no model mixes"
    )
    found += [f"{one.name}: band {one.band}" for one in levels if one.low is None]
    if effect is not None:
        age = request.subject.age_years
        if age is None or not effect.age_years.holds(age):
            found.append(f"age lies outside what {effect.id} was built from")
        found.append(f"{effect.id}: {effect.joins_fact.text}")
        found += [one.text for one in effect.caution]
        if has_site(request) and any(one.low is not None for one in levels):
            found.append("the band leaves out how people differ in the delay to the effect")
    found += [one.text for one in model.caution]
    if request.share < 1.0:
        found.append(library.assumptions()["esketamine-share"].text)
    if bounds.regimen is None:
        found.append("no regimen was named: only the limits of the drug and the pump were held")
    if request.population == 0:
        found.append("no population was asked for, so there is no band between patients")
    return found


def _citations(request: Request, bounds: Bounds) -> tuple[str, ...]:
    found = list(citations(request.model, bounds.regimen))
    effect = request.effect
    if effect is not None:
        delay, curve = effect.equilibration, effect.curve
        parts: list[Sourced | None] = [delay.half_life, delay.rate, delay.none]
        parts += [curve.c50, curve.gamma, curve.baseline, curve.span, curve.slope]
        reads: dict[str, set[Read]] = {effect.source: set()}
        for one in parts:
            if one is not None:
                reads.setdefault(one.source, set()).add(one.read)
        found += [cited(id_, used) for id_, used in reads.items()]
    return tuple(dict.fromkeys(found))
