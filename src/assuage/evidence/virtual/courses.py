"""What an arm's course does to each person of the pool: levels, relief, mood, dissociation.

Kinetics are solved for all people at once, exact between doses. Only the compartments that the
drug passes on its way to the analyte are carried, with two effect sites joined: the slow one of
pain and the quick one of dissociation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.virtual.design import Arm, Design, Mood
from assuage.evidence.virtual.dosing import Dosing, Slot, planned
from assuage.evidence.virtual.people import Pool
from assuage.kinetics import effects as fx
from assuage.kinetics import exact
from assuage.kinetics.engine import check_subject, warnings_for
from assuage.kinetics.exact import Array, Push
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import Dose, System, build, parameter_values, pushes_of
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect, MoodAmplitude
from assuage.knowledge.schema.model import Model
from assuage.knowledge.schema.regimen import Regimen
from assuage.planning.individual.mood import amplitude
from assuage.planning.prediction.course import models_for
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

STAND_IN = "say in [mood.borrows] which stands in"
AFTER_H = (0.1, 0.25, 0.5, 1.0)  # looked at for dissociation, from the start and end of each dose
SLOW, QUICK = "slow effect site", "dissociation site"


@dataclass(frozen=True, eq=False)
class Kinetics:
    """The pool's own kinetics of one drug by one route.

    states (people, m, m) rates with both effect sites joined; `share` of a dose is esketamine.
    """

    model: Model
    system: System
    full: System
    kept: tuple[int, ...]
    share: float
    dissociation: Effect | None

    def solve(self, slots: Sequence[Slot], times_h: Array) -> Array:
        """Return (people, times, 2) levels in ng/mL at the slow and the quick site."""
        found = exact.solve(
            self.system.matrix, self.pushes(slots), times_h, self.system.outputs[:, -2:]
        )
        return found * fx.NG_PER_ML_PER_MG_PER_L

    def pushes(self, slots: Sequence[Slot]) -> list[Push]:
        """Return drug entering the compartments that are carried, by person."""
        begun: set[int] = set()
        found: list[Push] = []
        for one in slots:
            route = one.route
            if one.kind == "device":
                route = "nasal-repeat" if one.session in begun else "nasal"
                begun.add(one.session)
            unit = Dose(one.start_h, self.share, route, one.duration_h)
            for push in pushes_of(self.model, self.full, [unit]):
                if push.state in self.kept:
                    amount = push.amount_mg * one.dose_mg
                    place = self.kept.index(push.state)
                    found.append(Push(place, push.start_h, amount, push.end_h))
        return found

    def dissociation_percent(self, quick_ng_per_ml: Array) -> Array:
        """Return loss of external perception at levels of its site, any shape."""
        assert self.dissociation is not None
        return fx.response(self.dissociation, quick_ng_per_ml)


def kinetics_of(dosing: Dosing, pool: Pool, seed: int) -> Kinetics:
    """Return the pool's kinetics. Raises Refused when no model serves everybody."""
    regimen, cohort = dosing.regimen, pool.cohort
    route = regimen.routes[0]
    ends = cohort.ends()
    serving = [
        {one.id: one for one in models_for("esketamine", route, "adult", end)} for end in ends
    ]
    models = [one for id_, one in serving[0].items() if id_ in serving[1]]
    if not models:
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model="the library",
            why=f"no model of esketamine serves the route {route} at each weight and age here",
            choices="narrow the population, or leave out pain and dissociation",
        )
    model = models[0]
    check_subject(model, cohort)
    shifts = deviations(model, pool.size, seed) or {"": np.zeros(pool.size)}
    full = build(model, parameter_values(model, cohort, shifts))
    kept = _on_the_way(full)
    effect = library.effect("olofsen-2022-dissociation").effect
    assert effect is not None
    joined = effect if model.id in effect.joins else None
    quick = fx.ke0_per_h(joined, model) if joined else 0.0
    assert quick is not None
    system = System(
        tuple(full.states[k] for k in kept),
        full.matrix[:, kept][:, :, kept],
        full.analytes[:1],
        full.outputs[:, :1][:, :, kept],
        full.parameters,
    )
    analyte = system.analytes[0]
    system = fx.join(system, analyte, SLOW, pool.rate_per_h)
    system = fx.join(system, analyte, QUICK, np.full(pool.size, quick))
    share = 1.0 if regimen.drug == "esketamine" else library.assumed("esketamine-share")
    return Kinetics(model, system, full, kept, share, joined)


def _on_the_way(system: System) -> tuple[int, ...]:
    """Return the states from which drug can still reach the first analyte."""
    feeds: NDArray[np.bool_] = np.any(system.matrix > 0.0, axis=0)
    found = {int(one) for one in np.flatnonzero(system.outputs[:, 0].max(axis=0) > 0.0)}
    more = found
    while more:
        more = {int(one) for row in more for one in np.flatnonzero(feeds[row])} - found
        found = found | more
    return tuple(sorted(found))


@dataclass(frozen=True, eq=False)
class Course:
    """One arm over the visits, for every person of the pool.

    relief         (people, visits) share of the baseline that a responder's pain loses
    drug, control  (people, visits) points of mood that drug and control take off
    peak_percent   (people,) most dissociation; None where no model of it serves the course
    end_mg_per_h   (people,) the last rate of infusion; NaN without one
    total_mg       (people,)
    """

    relief: Array
    drug: Array
    control: Array
    peak_percent: Array | None
    end_mg_per_h: Array
    total_mg: Array
    notes: tuple[str, ...]


def course_of(design: Design, arm: Arm, pool: Pool, seed: int) -> Course:
    """Solve one arm that has a regimen. Raises Refused when a part of it can't be predicted."""
    dosing = planned(arm, pool.weight_kg)
    days = np.array(design.visits_d)
    nothing = np.zeros((pool.size, len(days)))
    relief, peak = nothing, None
    notes: list[str] = []
    if design.pain is not None or design.dissociation is not None:
        body = kinetics_of(dosing, pool, seed)
        if arm.titration is not None:
            from assuage.evidence.virtual.titration import titrated  # it needs the kinetics above

            dosing = titrated(dosing, arm.titration, body, pool)
        notes += _worth(body, dosing, pool)
        relief = relief_of(body.solve(dosing.slots, days * 24.0)[:, :, 0], pool)
        if design.dissociation is not None and body.dissociation is not None:
            looks = looks_h(dosing.slots)
            peak = body.dissociation_percent(body.solve(dosing.slots, looks)[:, :, 1]).max(axis=1)
        elif design.dissociation is not None:
            notes.append("dissociation: its curve joins no model of this route; not predicted")
    drug, control = nothing, nothing
    if design.mood is not None:
        drug, control, said = mood_of(design.mood, dosing, pool, days)
        notes.append(said)
    notes += dosing.soft
    last = max((one for one in dosing.slots if one.duration_h), key=_end, default=None)
    end = np.full(pool.size, np.nan)
    if last is not None and last.duration_h:
        end = last.dose_mg / last.duration_h
    return Course(relief, drug, control, peak, end, dosing.total_mg(), tuple(notes))


def _end(slot: Slot) -> float:
    return slot.end_h


def _worth(body: Kinetics, dosing: Dosing, pool: Pool) -> list[str]:
    """Say which model gives the levels, and where it is used beyond what it was built from."""
    doses = [
        Dose(one.start_h, float(np.median(one.dose_mg)), one.route, one.duration_h)
        for one in dosing.slots
    ]
    said = [f"Levels of esketamine: {body.model.name}; sampling: {body.model.sampling}."]
    for end in pool.cohort.ends():
        said += [f"{body.model.id}: {one}." for one in warnings_for(body.model, end, doses)]
    return list(dict.fromkeys(said))


def relief_of(slow_ng_per_ml: Array, pool: Pool) -> Array:
    """Return (people, times) the share of the baseline that a responder's pain loses."""
    return fx.hill(slow_ng_per_ml, pool.c50_ng_per_ml[:, None], 1.0)


def looks_h(slots: Sequence[Slot]) -> Array:
    """Return the times at which dissociation is looked at: from each start and end of a dose."""
    edges = {edge for one in slots for edge in (one.start_h, one.end_h)}
    looks = edges | {edge + after for edge in edges for after in AFTER_H}
    return np.array(sorted({round(one, 6) for one in looks}))


def mood_of(mood: Mood, dosing: Dosing, pool: Pool, days: Array) -> tuple[Array, Array, str]:
    """Return (people, visits) points that drug and control take off, and what that rests on.

    Raises Refused where nothing was calibrated, or what stands in has a dose in another unit.
    """
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    scale = mood_row(mood, dosing.regimen)
    starts_h = dosing.session_starts_h()
    unit = scale.reference_dose.unit
    if mood.borrows is not None:
        of = Dimension.DOSE if unit == Dimension.DOSE.unit else Dimension.DOSE_PER_WEIGHT
        dose = np.full((pool.size, len(starts_h)), parse(mood.borrows.dose, of).magnitude)
    else:
        dose = dosing.session_mg()
        if unit != Dimension.DOSE.unit:
            dose = dose / pool.weight_kg[:, None]
    starts_d = [one / 24.0 for one in starts_h]
    doses, which = np.unique(np.round(dose, 6), axis=0, return_inverse=True)
    curves = np.array(
        [fx.mood_drug_effect(effect, scale, starts_d, one.tolist(), days) for one in doses]
    )
    share = 1.0 if mood.share is None else mood.share.value
    size = share if mood.control is None else mood.control.value / scale.control.value
    control = size * fx.mood_control_effect(scale, days)
    counted = f"{len(starts_h)} session{'s' if len(starts_h) > 1 else ''}"
    low, high = (f"{end:.4g}" for end in (dose.min(), dose.max()))
    said = (
        f"Mood: {counted} of {low if low == high else f'{low} to {high}'} {unit}, from the start "
        f"of each, by the row of {scale.drug} {scale.route}, which was calibrated at "
        f"{scale.reference_dose.value:g} {unit}."
    )
    drug = share * curves[which.reshape(-1)]
    return drug, np.broadcast_to(control, (pool.size, len(days))), said


def mood_row(mood: Mood, regimen: Regimen) -> MoodAmplitude:
    """Return the row that serves a regimen, or the one that stands in. Raises Refused."""
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    if mood.borrows is not None:
        return amplitude(effect, mood.borrows.drug, mood.borrows.route, STAND_IN)
    return amplitude(effect, regimen.drug, str(regimen.routes[0]), STAND_IN)
