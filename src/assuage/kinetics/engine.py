"""Predicts concentrations: a model, a subject and doses become series with bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from assuage.kinetics import exact
from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L
from assuage.kinetics.exact import Array
from assuage.kinetics.occasions import Matrix, Occasions
from assuage.kinetics.occasions import solve as solve_by_occasion
from assuage.kinetics.population import added, deviations, quantiles
from assuage.kinetics.structure import (
    Cohort,
    Dose,
    People,
    Subject,
    System,
    build,
    parameter_values,
    pushes_of,
)
from assuage.knowledge.library import assumed
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused

LEVELS = (0.05, 0.5, 0.95)
HOLD_H = 0.25  # how long a time-varying clearance is held at one value
TOUCHING_H = 1e-9  # infusions this close run on as one
Extend = Callable[[System], System]
Hold = Literal["middle", "above", "below"]


@dataclass(frozen=True)
class Series:
    """One analyte over time: shapes (times,), in `unit`. Bands are None when none exist."""

    analyte: str
    unit: str
    typical: Array
    p5: Array | None = None
    p50: Array | None = None
    p95: Array | None = None
    caveat: str = ""


@dataclass(frozen=True)
class Prediction:
    """What one model says of one subject, with what it is worth."""

    model: Model
    times_h: Array
    series: tuple[Series, ...]
    warnings: tuple[str, ...]
    step_error: float = 0.0  # bound on the relative error of a stepped clearance


def is_time_varying(model: Model) -> bool:
    """Whether a parameter moves with time, so that the solution is stepped."""
    return any(one.form == "linear-in-time" for one in model.covariate)


def curves(
    model: Model,
    subject: People,
    doses: Sequence[Dose],
    times_h: Array,
    shifts: dict[str, Array] | None = None,
    extend: Extend = lambda system: system,
    hold_h: float = HOLD_H,
    hold: Hold = "middle",
    occasions: Occasions | None = None,
) -> tuple[tuple[str, ...], Array]:
    """Return output names and (patients, times, outputs) in mg/L, exact between events.

    `shifts` are random effects by parameter; `extend` joins effect compartments or areas to
    the system. A rate that moves with time is held over steps of at most `hold_h`, at its middle
    value or, for a bound, at whichever end of the step gives more (`above`) or less (`below`).
    With `occasions` the parameters change as each begins (see `kinetics.occasions`).
    """
    first_h = min((one.start_h for one in doses), default=0.0)

    def system_at(time_h: float, moved: Mapping[str, Array] | None) -> System:
        since_h = max(time_h - first_h, 0.0)  # a moving rate counts from the first dose
        return extend(build(model, parameter_values(model, subject, moved, since_h)))

    def matrix_of(system: System, moved: Mapping[str, Array] | None) -> Matrix:
        if is_time_varying(model):
            return _held(lambda time_h: system_at(time_h, moved).matrix, hold)
        return system.matrix

    if occasions is None:
        system = system_at(first_h, shifts)
        pushes = pushes_of(model, system, doses)
        matrix = matrix_of(system, shifts)
        found = exact.solve(matrix, pushes, times_h, system.outputs, hold_h=hold_h)
        return system.analytes, found
    moved = [added(shifts, one) for one in occasions.shifts]
    systems = [system_at(first_h, one) for one in moved]
    matrices = [matrix_of(system, one) for system, one in zip(systems, moved, strict=True)]
    found = solve_by_occasion(model, occasions, systems, matrices, doses, times_h, hold_h=hold_h)
    return systems[0].analytes, found


def _held(matrix_at: Callable[[float], Array], hold: Hold) -> Callable[[float, float], Array]:
    if hold == "middle":
        return lambda start_h, end_h: matrix_at((start_h + end_h) / 2.0)
    pick = np.maximum if hold == "above" else np.minimum
    return lambda start_h, end_h: pick(matrix_at(start_h), matrix_at(end_h))


def predict(
    model: Model,
    subject: Subject,
    doses: Sequence[Dose],
    times_h: Array,
    *,
    patients: int = 0,
    seed: int = 1,
) -> Prediction:
    """Predict every analyte in ng/mL, with bands where the model publishes variability.

    Raises Refused when the subject lies outside what the model applies to.
    """
    check_subject(model, subject)
    names, typical = curves(model, subject, doses, times_h, hold_h=HOLD_H / 2.0)
    step_error = _step_error(model, subject, doses, times_h, typical)
    shifts = deviations(model, patients, seed) if patients else {}
    bands = None
    if shifts:
        _, drawn = curves(model, subject, doses, times_h, shifts)
        bands = quantiles(drawn, LEVELS) * NG_PER_ML_PER_MG_PER_L
    caveats = {one.name: one.caveat for one in model.analyte}
    series = []
    for place, name in enumerate(names):
        low, middle, high = (None,) * 3 if bands is None else [b[:, place] for b in bands]
        line = typical[0, :, place] * NG_PER_ML_PER_MG_PER_L
        series.append(Series(name, "ng/mL", line, low, middle, high, caveats.get(name, "")))
    warnings = warnings_for(model, subject, doses)
    if patients and not shifts:
        warnings.append(f"{model.id} has no band of its own: {model.no_variability}")
    if step_error:
        warnings.append(
            f"clearance changes with time and was stepped: relative error at most {step_error:.1e}"
        )
    return Prediction(model, times_h, tuple(series), tuple(warnings), step_error)


def _step_error(
    model: Model, subject: Subject, doses: Sequence[Dose], times_h: Array, typical: Array
) -> float:
    """Return a bound on the relative error of a stepped solution; 0 when nothing is stepped.

    A compartment matrix has no negative entry off its diagonal, so the larger matrix, entry by
    entry, holds more drug everywhere. With rates that rise or fall throughout a step, its ends
    therefore enclose the truth. Relative to a value, or to a millionth of its analyte's peak.
    """
    if not is_time_varying(model):
        return 0.0
    above, below = (
        curves(model, subject, doses, times_h, hold_h=HOLD_H / 2.0, hold=hold)[1]
        for hold in ("above", "below")
    )
    scale = np.maximum(below, 1e-6 * below.max(axis=1, keepdims=True, initial=0.0))
    gap = np.maximum(above - typical, typical - below)
    share = np.divide(gap, scale, out=np.zeros_like(gap), where=scale > 0.0)
    return float(share.max(initial=0.0))


def check_subject(model: Model, subject: People) -> None:
    """Raise Refused when the model can't be used for these people. Unknown age refuses."""
    if isinstance(subject, Cohort):
        for one in subject.ends():
            check_subject(model, one)
        return
    if subject.age_years is None:
        raise Refused(Refusal.AGE_UNKNOWN)
    applies = model.applies_age_years
    if not applies.holds(subject.age_years):
        raise Refused(
            Refusal.AGE_OUTSIDE_MODEL,
            age=f"{subject.age_years:g} y",
            model=model.id,
            low=_end(applies.low, "y", "no lower end"),
            high=_end(applies.high, "y", "no upper end"),
            choices="see 'assuage models'",
        )
    studied = model.studied.weight_kg
    if studied is None or subject.weight_kg is None:
        return
    beyond = assumed("weight-beyond")
    low = (studied.low or 0.0) / beyond
    high = float("inf") if studied.high is None else studied.high * beyond
    if not low <= subject.weight_kg <= high:
        raise Refused(
            Refusal.WEIGHT_OUTSIDE_MODEL,
            weight=f"{subject.weight_kg:g} kg",
            model=model.id,
            low=_end(studied.low, "kg", "no lower end"),
            high=_end(studied.high, "kg", "no upper end"),
            choices="see 'assuage models'",
        )


def _end(value: float | None, unit: str, none: str) -> str:
    return none if value is None else f"{value:g} {unit}"


def warnings_for(model: Model, subject: Subject, doses: Sequence[Dose]) -> list[str]:
    """Return where this use of the model lies outside what it was built from."""
    found: list[str] = []
    ages = model.studied.age_years
    if subject.age_years is not None and not ages.holds(subject.age_years):
        found.append(
            f"age {subject.age_years:g} y lies outside the ages studied for {model.id} "
            f"({_end(ages.low, 'y', 'unknown')} to {_end(ages.high, 'y', 'unknown')})"
        )
    elif ages.low is None or ages.high is None:
        found.append(f"the ages studied for {model.id} are not fully known ({ages.where})")
    weights = model.studied.weight_kg
    if weights is None:
        found.append(f"the weights studied for {model.id} are not known")
    elif subject.weight_kg is not None and not weights.holds(subject.weight_kg):
        found.append(
            f"weight {subject.weight_kg:g} kg lies outside {_end(weights.low, 'kg', 'unknown')} "
            f"to {_end(weights.high, 'kg', 'unknown')}, the range known for {model.id}"
        )
    known = {"ancestry": subject.ancestry, "sex": subject.sex}
    for name in sorted({one.covariate for one in model.covariate} & known.keys()):
        if known[name] is None:
            found.append(f"{name} isn't known; {model.id} then applies no effect of it")
    found += _exposure_warnings(model, subject, doses)
    return found


def _exposure_warnings(model: Model, subject: Subject, doses: Sequence[Dose]) -> list[str]:
    found = []
    limit = model.studied.duration_h_max
    longest = max(_unbroken(doses), default=0.0)
    long_limit = assumed("long-prediction") if limit is None else limit.value
    if longest > long_limit:
        found.append(
            f"infusion runs {longest:g} h; beyond {long_limit:g} h levels are uncertain twofold "
            "(x2 either way)"
        )
    rate = _held_mg_per_h(doses) / subject.weight_kg if subject.weight_kg else 0.0
    high_rate = assumed("high-rate-prediction")
    if rate > high_rate:
        found.append(
            f"rate {rate:.3g} mg/kg/h; above {high_rate:g} mg/kg/h levels "
            "are uncertain twofold (x2 either way)"
        )
    return found


def _held_mg_per_h(doses: Sequence[Dose]) -> float:
    """Return the highest rate that all infusions together keep up for an hour or more."""
    runs = [
        (one.start_h, one.start_h + one.duration_h, one.amount_mg / one.duration_h)
        for one in doses
        if one.duration_h
    ]
    edges = sorted({edge for start, end, _ in runs for edge in (start, end)})
    pieces = [
        (end - start, sum(rate for a, b, rate in runs if a <= (start + end) / 2.0 < b))
        for start, end in pairwise(edges)
        if end - start > TOUCHING_H
    ]
    highest = 0.0
    for level in {rate for _, rate in pieces}:
        held = 0.0
        for long, rate in pieces:
            held = held + long if rate >= level * (1.0 - 1e-9) else 0.0
            if held >= 1.0 - TOUCHING_H:
                highest = max(highest, level)
    return highest


def _unbroken(doses: Sequence[Dose]) -> list[float]:
    """Return how long each run of touching infusions lasts."""
    runs: list[list[float]] = []
    for one in sorted((d for d in doses if d.duration_h), key=lambda d: d.start_h):
        end = one.start_h + (one.duration_h or 0.0)
        if runs and one.start_h <= runs[-1][1] + TOUCHING_H:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([one.start_h, end])
    return [end - start for start, end in runs]
