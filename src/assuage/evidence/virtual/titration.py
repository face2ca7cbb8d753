"""Steps one long infusion, person by person, on relief and side effects, under the limits.

A step that would pass a limit is not taken: nothing is cut down to fit.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.virtual.courses import Kinetics, relief_of
from assuage.evidence.virtual.design import Titration
from assuage.evidence.virtual.dosing import Dosing, Slot, held, rows_of
from assuage.evidence.virtual.people import Pool
from assuage.kinetics.exact import Array
from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number
from assuage.knowledge.schema.regimen import Regimen
from assuage.planning.regimen import clean
from assuage.refusals import Refusal, Refused

MOST_STEPS = 60
DUST = 1e-9  # relative, of binary arithmetic: a step may end at a limit


def titrated(dosing: Dosing, rule: Titration, body: Kinetics, pool: Pool) -> Dosing:
    """Return the doses that come of the rule. Raises Refused where it can't be applied."""
    regimen = dosing.regimen
    if body.dissociation is None:
        raise _unfit(regimen, "no curve of dissociation joins a model of its route")
    end_h = _end_h(dosing)
    edges = np.append(np.arange(0.0, end_h, rule.every), end_h)
    if len(edges) - 1 > MOST_STEPS:
        raise _unfit(regimen, f"it would take {len(edges) - 1} steps, and {MOST_STEPS} are allowed")
    factor = pool.weight_kg / rule.per_weight if rule.per_weight else np.ones(pool.size)
    most = np.minimum(_most_mg_per_h(regimen, rule, pool.weight_kg), rule.most * factor)
    total = _most_mg(regimen, rule, pool.weight_kg)
    rate = rule.start * factor
    if not (_within(rate, most) & _within(rate * end_h, total)).all():
        raise _unfit(regimen, "its first rate passes a limit in a part of the population")
    step = rule.step * factor
    first = dosing.slots[0]
    slots: list[Slot] = []
    given = np.zeros(pool.size)
    for start, stop in pairwise(edges):
        if slots:
            relief, dissociation = _state(body, slots, start, pool)
            higher, lower = rate + step, rate - step
            allowed = _within(higher, most) & _within(given + higher * (end_h - start), total)
            bearable = dissociation < rule.intolerable_percent
            rise = bearable & (relief < rule.until_relief_percent) & allowed
            fall = ~bearable & (lower >= rule.start * factor * (1.0 - DUST))
            rate = np.where(rise, higher, np.where(fall, lower, rate))
        dose = rate * (stop - start)
        given = given + dose
        one = replace(first, start_h=float(start), duration_h=float(stop - start), dose_mg=dose)
        slots.append(one)
    found = replace(dosing, slots=tuple(slots))
    return replace(found, soft=_checked(found, pool))


def _within(value: Array, limit: Array) -> NDArray[np.bool_]:
    return value <= limit * (1.0 + DUST)


def _long(slot: Slot) -> float:
    assert slot.duration_h is not None
    return slot.duration_h


def _unfit(regimen: Regimen, why: str) -> Refused:
    return Refused(
        Refusal.FIELD_INVALID, field="arm.titration", what=f"the arm of {regimen.id}", why=why
    )


def _end_h(dosing: Dosing) -> float:
    """Return when the infusion ends. Raises Refused unless it is one, without a break."""
    ends = 0.0
    for one in dosing.slots:
        if one.duration_h is None or abs(one.start_h - ends) > 1e-6:
            raise _unfit(dosing.regimen, "the regimen is not one infusion without a break")
        ends = one.end_h
    return ends


def _most_mg_per_h(regimen: Regimen, rule: Titration, weight_kg: Array) -> Array:
    """Return (people,) the highest rate that every limit on it allows."""
    found = _guarded(regimen, rule, weight_kg, ("infusion_rate", "absolute_rate"))
    for id_ in ("rate-ever", "subanaesthetic-rate"):
        limit = library.limits()[id_].hard
        assert isinstance(limit, Number)
        assert limit.unit == "mg/kg/h"
        if id_ == "rate-ever" or regimen.technique == "subanaesthetic":
            found = np.minimum(found, limit.value * weight_kg)
    return found


def _most_mg(regimen: Regimen, rule: Titration, weight_kg: Array) -> Array:
    """Return (people,) the most that the infusion may come to."""
    return _guarded(regimen, rule, weight_kg, ("session_dose", "course_dose"))


def _guarded(
    regimen: Regimen, rule: Titration, weight_kg: Array, quantities: tuple[str, ...]
) -> Array:
    """Return (people,) the highest that the regimen's own guardrails on these allow."""
    found = np.full(weight_kg.shape, np.inf)
    for one in regimen.guardrail:
        if one.quantity in quantities:
            high = (one.soft if rule.limit == "soft" else one.hard)[1]
            found = np.minimum(found, high * weight_kg if "/kg" in one.unit else high)
    return found


def _state(body: Kinetics, slots: list[Slot], at_h: float, pool: Pool) -> tuple[Array, Array]:
    """Return (people,) relief and dissociation in percent at a time."""
    levels = body.solve(slots, np.array([at_h]))[:, 0]
    relief = 100.0 * pool.responds * relief_of(levels[:, :1], pool)[:, 0]
    return relief, body.dissociation_percent(levels[:, 1])


def _checked(dosing: Dosing, pool: Pool) -> tuple[str, ...]:
    """Hold those who got most, per weight or in all, against every limit once more.

    Returns the soft limits that somebody passes, where the rule allows it; raises Refused.
    """
    rates = np.max([one.dose_mg / _long(one) for one in dosing.slots], axis=0) / pool.weight_kg
    totals = dosing.total_mg() / pool.weight_kg
    passed: list[str] = []
    for person in sorted({int(one.argmax()) for one in (rates, totals, pool.weight_kg)}):
        rows = rows_of(dosing.slots, person)
        passed += held(dosing.regimen, rows, clean(float(pool.weight_kg[person])))
    return tuple(dict.fromkeys(passed))
