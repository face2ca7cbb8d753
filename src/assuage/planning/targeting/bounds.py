"""What no rate and no total may pass: the pump's, the drug's and the regimen's own limits.

The algorithm runs inside these, and the finished schedule is held against the same guardrails
as any plan. A limit that is missing refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from assuage.kinetics.exact import Array
from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number, Range
from assuage.knowledge.schema.regimen import Regimen, Segment
from assuage.planning.limits import check, exposure
from assuage.planning.regimen import Administration
from assuage.planning.simulation import LOCK_OPTIONS
from assuage.planning.targeting.request import Request
from assuage.refusals import Refusal, Refused, first
from assuage.safety.guardrail import shown
from assuage.safety.limits import drug_wide
from assuage.units import format_quantity

DUST = 1e-9  # of a pump step
Pieces = list[tuple[float, float, float]]  # one after the other: from h, to h, mg/h
_RATES = {"infusion_rate", "absolute_rate"}
_TOTALS = {"session_dose", "course_dose", "daily_dose"}


@dataclass(frozen=True)
class Bound:
    """One limit, in words and in numbers: a rate in mg/h or a total in mg."""

    name: str
    value: float
    shown: str


@dataclass(frozen=True)
class Bounds:
    """All of them. `most` and `least` are whole pump steps; `most_mg` None without a total."""

    most: int
    least: int
    most_mg: float | None
    rates: tuple[Bound, ...]
    totals: tuple[Bound, ...]
    regimen: Regimen | None
    window: Window | None = None


@dataclass(frozen=True)
class Window:
    """The most in mg that any stretch of so many hours may hold."""

    span_h: float
    most_mg: float
    shown: str


def bounds_of(request: Request) -> Bounds:
    """Return what binds this request. Raises Refused when a limit is missing or none is left."""
    regimen = _regimen(request)
    pump = request.pump
    low, high = _pump_range()
    least_ml = low if pump.least_ml_per_h is None else max(pump.least_ml_per_h, low)
    at = pump.concentration_mg_per_ml
    rates = [
        Bound("the pump", pump.most_ml_per_h * at, format_quantity(pump.most_ml_per_h, "mL/h")),
        Bound("any syringe pump here", high * at, format_quantity(high, "mL/h")),
        _rate_ever(request),
    ]
    totals: list[Bound] = []
    if request.minute_max_mg is not None:
        shown = f"{format_quantity(request.minute_max_mg, 'mg')} in any minute"
        rates.append(Bound("what a minute may give", request.minute_max_mg * 60.0, shown))
    if request.dose_max_mg is not None:
        shown = format_quantity(request.dose_max_mg, "mg")
        totals.append(Bound("the most in all", request.dose_max_mg, shown))
    for fact in () if regimen is None else regimen.guardrail:
        assert regimen is not None
        per = request.weight_kg if "/kg" in fact.unit else 1.0
        name = f"{regimen.id}, {fact.quantity.replace('_', ' ')}"
        bound = Bound(name, fact.soft[1] * per, format_quantity(fact.soft[1], fact.unit))
        if fact.quantity in _RATES:
            rates.append(bound)
        elif fact.quantity in _TOTALS:
            totals.append(bound)
    tightest = min(one.value for one in rates)
    most = floor(tightest / pump.quantum_mg_per_h + DUST)
    least = ceil(least_ml / pump.step_ml_per_h - DUST)
    if not (1 <= least <= most):
        raise Refused(
            Refusal.PUMP_RANGE,
            rate=f"no more than {format_quantity(tightest / at, 'mL/h')}",
            low=format_quantity(least * pump.step_ml_per_h, "mL/h"),
            high=format_quantity(pump.most_ml_per_h, "mL/h"),
        )
    most_mg = min((one.value for one in totals), default=None)
    window = _window(request, regimen)
    return Bounds(most, least, most_mg, tuple(rates), tuple(totals), regimen, window)


def _window(request: Request, regimen: Regimen | None) -> Window | None:
    """Return what binds where nothing says that more than a subanaesthetic dose is meant.

    A limit on a rate that is held would let the same drug through in a shorter time, so the dose
    in any stretch as long as counts is what may not pass it. A hold that is shorter than that is
    held to it in all.
    """
    if regimen is not None or request.setting == "intensive-care":
        return None
    span_h, per_kg = library.assumed("held-infusion"), _subanaesthetic_mg_per_kg_per_h()
    per_kg_in_all = format_quantity(span_h * per_kg, "mg/kg")
    shown = f"{per_kg_in_all} in any {format_quantity(span_h, 'h')}, without a regimen"
    return Window(span_h, span_h * per_kg * request.weight_kg, shown)


def _subanaesthetic_mg_per_kg_per_h() -> float:
    limit = library.limits().get("subanaesthetic-rate")
    if limit is None or not isinstance(limit.hard, Number) or limit.hard.unit != "mg/kg/h":
        raise Refused(Refusal.LIMIT_MISSING, quantity="subanaesthetic-rate")
    return limit.hard.value


def fullest(pieces: Pieces, span_h: float) -> float:
    """Return the most mg that any stretch of `span_h` holds: it starts or ends at a change."""
    edges: Array = np.array([pieces[0][0], *(end for _, end, _ in pieces)])
    doses = [(end - start) * rate for start, end, rate in pieces]
    given = np.concatenate([[0.0], np.cumsum(doses)])
    ends = np.concatenate([edges, edges + span_h])
    held = np.interp(ends, edges, given) - np.interp(ends - span_h, edges, given)
    return float(held.max())


def _pump_range() -> tuple[float, float]:
    limit = library.limits().get("pump-rate")
    held = limit.hard if limit is not None else None
    if not isinstance(held, Range) or held.unit != "mL/h":
        raise Refused(Refusal.LIMIT_MISSING, quantity="pump-rate")
    if held.low is None or held.high is None:
        raise Refused(Refusal.LIMIT_MISSING, quantity="pump-rate")
    return held.low, held.high


def _rate_ever(request: Request) -> Bound:
    limit = library.limits().get("rate-ever")
    if limit is None or not isinstance(limit.hard, Number) or limit.hard.unit != "mg/kg/h":
        raise Refused(Refusal.LIMIT_MISSING, quantity="rate-ever")
    shown = format_quantity(limit.hard.value, "mg/kg/h")
    return Bound("any rate of the drug", limit.hard.value * request.weight_kg, shown)


def _regimen(request: Request) -> Regimen | None:
    if request.regimen is None:
        return None
    regimen = library.regimen(request.regimen)
    if regimen.lock is not None:
        needs = ", ".join(LOCK_OPTIONS[one] for one in regimen.lock.needs)
        raise Refused(Refusal.RESEARCH_LOCK, regimen=regimen.id, needs=needs)
    if regimen.drug != request.drug:
        raise Refused(
            Refusal.PRODUCT_DRUG_MISMATCH,
            regimen=regimen.id,
            wanted=regimen.drug,
            product="in the syringe",
            given=request.drug,
        )
    if "iv" not in regimen.routes:
        wanted = " or ".join(regimen.routes)
        raise Refused(Refusal.ROUTE_MISMATCH, what=regimen.id, wanted=wanted, given="iv")
    if request.setting and request.setting not in regimen.settings:
        raise Refused(
            Refusal.SETTING_NOT_PERMITTED,
            regimen=regimen.id,
            setting=request.setting,
            choices=", ".join(regimen.settings),
        )
    ages, age = regimen.people.age_years, request.subject.age_years
    if age is None or not ages.holds(age):
        raise Refused(
            Refusal.AGE_OUTSIDE_REGIMEN,
            age="unknown" if age is None else f"{age:g} y",
            low="no lower end" if ages.low is None else f"{ages.low:g} y",
            high="no upper end" if ages.high is None else f"{ages.high:g} y",
            regimen=regimen.id,
        )
    return regimen


def over_limits(request: Request, bounds: Bounds, pieces: Pieces) -> Refused | None:
    """Return the worst refusal that the schedule earns from the guardrails, None when it has none.

    Without a regimen the technique isn't known, so the limit on a subanaesthetic infusion counts,
    by what any stretch of time holds: unknown is not permission.
    """
    given = [_administration(*one) for one in pieces if one[2] != 0.0]
    if bounds.regimen is not None:
        _, refused = check(bounds.regimen, given, request.weight_kg, request.setting, frozenset())
        return first(refused)
    window = bounds.window
    held = 0.0 if window is None else fullest(pieces, window.span_h)
    if window is not None and not held <= window.most_mg * (1.0 + DUST):
        return Refused(
            Refusal.DOSE_OVER_HARD_LIMIT,
            quantity=f"dose in any {format_quantity(window.span_h, 'h')} without a regimen",
            value=shown(float(f"{held / request.weight_kg:.4g}"), "mg/kg"),
            limit=shown(window.most_mg / request.weight_kg, "mg/kg"),
        )
    return first(
        drug_wide(
            library.limits(),
            exposure(given, request.weight_kg),
            subanaesthetic=True,
            setting=request.setting,
        )
    )


def hold_against_limits(request: Request, bounds: Bounds, pieces: Pieces) -> None:
    """Raise Refused when the schedule passes a guardrail; pieces are (from h, to h, mg/h)."""
    worst = over_limits(request, bounds, pieces)
    if worst is not None:
        raise worst


def fast(request: Request, bounds: Bounds, pieces: Pieces) -> list[str]:
    """Say when an hour gives more than a subanaesthetic infusion may hold for longer.

    Such a rate isn't refused until it is held for as long as counts; a target that is ten times
    too high shows here.
    """
    if bounds.regimen is not None and bounds.regimen.technique != "subanaesthetic":
        return []
    limit = _subanaesthetic_mg_per_kg_per_h()
    per_kg = fullest(pieces, 1.0) / request.weight_kg
    if per_kg <= limit * (1.0 + DUST):
        return []
    return [
        f"gives {format_quantity(float(f'{per_kg:.3g}'), 'mg/kg')} within one hour; a "
        f"subanaesthetic infusion may hold {format_quantity(limit, 'mg/kg/h')} outside "
        "intensive care. This is no subanaesthetic dose: check the target for a slip of ten, and "
        "who is there to keep the airway"
    ]


def _administration(start_h: float, end_h: float, rate_mg_per_h: float) -> Administration:
    segment = Segment(
        kind="infusion",
        amount=rate_mg_per_h,
        unit="mg/h",
        start_h=start_h,
        duration_h=end_h - start_h,
        source="assuage-design",
        where="worked out for a target",
        read="design",
    )
    return Administration(
        session=1,
        day=1,
        start_h=start_h,
        in_session_h=start_h,
        kind="infusion",
        route="iv",
        dose_mg=rate_mg_per_h * (end_h - start_h),
        duration_h=end_h - start_h,
        rate_mg_per_h=rate_mg_per_h,
        as_needed=False,
        cap_binds=False,
        rule="worked out for a target",
        segment=segment,
    )
