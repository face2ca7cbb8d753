"""What each person of the pool is given: a regimen's schedule by weight, held under its limits.

Doses are laid out as slots, the same for all people; what goes in differs by person. A schedule
that passes a hard limit at any weight of the pool is refused, as a plan would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assuage.evidence.virtual.design import Arm
from assuage.kinetics.exact import Array
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Regimen, Segment
from assuage.planning import limits
from assuage.planning.give import Give, parse_give
from assuage.planning.individual.mood import SAME_SESSION_H
from assuage.planning.regimen import Administration, clean, schedule
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension

SOFT = {Refusal.DOSE_OVER_SOFT_LIMIT, Refusal.DOSE_UNDER_SOFT_LIMIT}
_SEGMENT = Segment(  # an administration names one; the limits don't look at it
    kind="bolus",
    amount=1.0,
    unit="mg",
    source="assuage-design",
    where="written out in the design of a virtual trial",
    read="design",
)


@dataclass(frozen=True, eq=False)
class Slot:
    """One administration to everybody: `dose_mg` (people,)."""

    session: int
    start_h: float
    duration_h: float | None
    kind: str
    route: str
    dose_mg: Array

    @property
    def end_h(self) -> float:
        """When it ends."""
        return self.start_h + (self.duration_h or 0.0)


@dataclass(frozen=True, eq=False)
class Dosing:
    """What an arm is given, in order of time. `soft` says which soft limits are passed."""

    regimen: Regimen
    slots: tuple[Slot, ...]
    soft: tuple[str, ...] = ()

    def session_starts_h(self) -> tuple[float, ...]:
        """Return when each session starts."""
        first: dict[int, float] = {}
        for one in self.slots:
            first.setdefault(one.session, one.start_h)
        return tuple(first.values())

    def session_mg(self) -> Array:
        """Return (people, sessions) what each session comes to, in the order of their starts."""
        sessions = dict.fromkeys(one.session for one in self.slots)
        each = [_added(one for one in self.slots if one.session == mine) for mine in sessions]
        return np.stack(each, axis=1)

    def total_mg(self) -> Array:
        """Return (people,) what the whole course comes to."""
        return _added(self.slots)


def _added(slots: Iterable[Slot]) -> Array:
    total: Array = np.add.reduce([one.dose_mg for one in slots])
    return total


def planned(arm: Arm, weight_kg: Array) -> Dosing:
    """Return an arm's doses by weight. Raises Refused when a hard limit is passed."""
    assert arm.regimen is not None
    regimen = library.regimen(arm.regimen)
    gives = tuple(parse_give(text) for text in arm.give)

    def given(weight: float) -> list[Administration]:
        if gives:
            return _explicit(regimen, gives, weight)
        rows = schedule(regimen, arm.variant, weight)
        return [one for one in rows if not one.as_needed]

    weights, which = np.unique(weight_kg, return_inverse=True)
    ends = given(float(weights[0])), given(float(weights[-1]))
    soft = [
        line
        for rows, weight in zip(ends, (weights[0], weights[-1]), strict=True)
        for line in held(regimen, rows, float(weight))
    ]
    if _by_weight(ends):
        every = np.array([[one.dose_mg for one in given(float(one))] for one in weights])
    else:
        every = np.array([[one.dose_mg for one in ends[0]]]).repeat(len(weights), axis=0)
    slots = tuple(
        Slot(one.session, one.start_h, one.duration_h, one.kind, one.route, every[which, place])
        for place, one in enumerate(ends[0])
    )
    return Dosing(regimen, slots, tuple(dict.fromkeys(soft)))


def _by_weight(ends: tuple[list[Administration], list[Administration]]) -> bool:
    return any(a.dose_mg != b.dose_mg for a, b in zip(*ends, strict=True))


def held(regimen: Regimen, rows: Sequence[Administration], weight_kg: float) -> list[str]:
    """Return which soft limits a schedule passes. Raises Refused at a hard or missing one."""
    _, refused = limits.check(regimen, rows, weight_kg, regimen.settings[0], frozenset())
    for one in refused:
        if one.refusal not in SOFT:
            raise one
    return [f"{regimen.id}: {one.sentence}" for one in refused]


def _explicit(regimen: Regimen, gives: Sequence[Give], weight_kg: float) -> list[Administration]:
    """Return administrations written out, under a regimen's limits."""
    route = regimen.routes[0]
    found = []
    for give in gives:
        if give.route != route:
            raise Refused(Refusal.ROUTE_MISMATCH, what=regimen.id, wanted=route, given=give.route)
        dose_mg = _dose_mg(give, weight_kg)
        found += [
            row(1, give.start_h + k * (give.every_h or 0.0), give.duration_h, give.kind, route,
                dose_mg)
            for k in range(give.times)
        ]  # fmt: skip
    found.sort(key=lambda one: one.start_h)
    starts: list[float] = []
    rows = []
    for one in found:
        if not starts or one.start_h - starts[-1] > SAME_SESSION_H:
            starts.append(one.start_h)
        rows.append(replace(one, session=len(starts)))
    return rows


def _dose_mg(give: Give, weight_kg: float) -> float:
    amount = give.amount.magnitude
    if give.amount.dimension in (Dimension.DOSE_PER_WEIGHT, Dimension.RATE_PER_WEIGHT):
        amount *= weight_kg
    if give.amount.dimension in (Dimension.RATE, Dimension.RATE_PER_WEIGHT):
        amount *= give.duration_h or 0.0
    return amount


def row(
    session: int, start_h: float, duration_h: float | None, kind: str, route: str, dose_mg: float
) -> Administration:
    """Return one administration as the limits look at it."""
    dose_mg = clean(dose_mg)
    return Administration(
        session=session,
        day=int(start_h // limits.DAY_H) + 1,
        start_h=start_h,
        in_session_h=0.0,
        kind=kind,
        route=route,
        dose_mg=dose_mg,
        duration_h=duration_h,
        rate_mg_per_h=None if duration_h is None else clean(dose_mg / duration_h),
        as_needed=False,
        cap_binds=False,
        rule="written out in the design of a virtual trial",
        segment=_SEGMENT,
    )


def rows_of(slots: Sequence[Slot], person: int) -> list[Administration]:
    """Return what one person is given, as a schedule that limits can be held against."""
    return [
        row(one.session, one.start_h, one.duration_h, one.kind, one.route,
            float(one.dose_mg[person]))
        for one in sorted(slots, key=lambda slot: slot.start_h)
    ]  # fmt: skip
