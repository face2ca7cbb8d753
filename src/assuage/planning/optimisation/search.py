"""Searches a family for the best expected relief that keeps the stated limits.

Every candidate of the grid passes the checks of a plan first: law, patient, guardrails, pump.
What is left is exhausted. Only one shortcut is taken: a course that gives at least as much at
every moment has, patient by patient, at least the level, and every risk here rises with the
level. So once a course is over a limit, no larger one is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.model import Model
from assuage.planning.comparison.measures import (
    NOTHING_TO_RELIEVE,
    Subjected,
    mean_over_days,
    pressure_of,
)
from assuage.planning.comparison.supply import chair_time
from assuage.planning.optimisation.family import Family, Member
from assuage.planning.optimisation.ranges import Limits
from assuage.planning.optimisation.response import Levels, SlowLevels
from assuage.planning.prediction.course import PATIENTS, SEED, Course, esketamine_share
from assuage.planning.prediction.effects import dissociation_models, pressure_models
from assuage.planning.prediction.weeks import PAIN_DAYS, pain_people
from assuage.planning.regimen import Administration, clean
from assuage.refusals import Refusal, Refused

NORMAL_95 = 1.959963984540054
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Checked:
    """A member that no limit of the regimen and nothing about the patient refuses."""

    member: Member
    given: tuple[Administration, ...]
    accepted: tuple[str, ...]

    @property
    def total_mg(self) -> float:
        """Return what the course gives."""
        return clean(sum(one.dose_mg for one in self.given))


@dataclass(frozen=True)
class Risks:
    """What a course may not pass too much of. None is not predicted."""

    dissociation_percent: float | None
    pressure_mmhg: float | None
    total_mg: float
    chair_h: float
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """A course with its risks and each virtual patient's relief."""

    checked: Checked
    risks: Risks
    relief: Array  # (patients,) points

    @property
    def expected(self) -> float:
        """Return the mean relief."""
        return float(self.relief.mean())

    @property
    def error(self) -> float:
        """Return half of the 95 % Monte-Carlo interval of the mean."""
        return NORMAL_95 * float(self.relief.std(ddof=1)) / float(np.sqrt(len(self.relief)))


@dataclass
class Profile:
    """What a unit rate does: scaled by a rate, it serves every member of the same length."""

    site: Array | None  # (patients,) highest at the site of dissociation
    plasma: dict[tuple[str, bool], Array]  # by model, and whether patients or the typical one
    slow: Array  # (patients, days)


@dataclass
class Evaluator:
    """Works out the risks and the relief of a family's members for one patient."""

    course: Course
    family: Family
    limits: Limits
    goal_day: int | None  # None: the mean over the weeks
    observe_h: float | None = None
    most_days: float = 1.0  # of the members that will be asked for
    _profiles: dict[tuple[float | None, float], Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = Subjected(self.course)
        self.lags_h: tuple[float, ...] = ()
        if not self.family.without_break:
            days = self.family.calendar(int(self.most_days))
            self.lags_h = tuple(sorted({24.0 * (b - a) for b in days for a in days if b >= a}))
        models = made.esketamine_models
        if not models or self.course.weights_kg:
            raise _unpredicted("pain relief", "no esketamine model serves this patient and route")
        self.people = pain_people(self.course.pain_nrs)
        if not self.people.baseline > 0.0:
            raise _unpredicted("pain relief", NOTHING_TO_RELIEVE)
        self.pain_model = models[0]
        share, subject = esketamine_share(self.course), self.course.subject
        route = self.course.regimen.routes[0]
        self.slow = SlowLevels(models[0], subject, route, share, self.people.rate_per_h, PAIN_DAYS)
        self.dissociation = self._dissociation(models, share)
        joined = pressure_models(self.course, made.models)
        if isinstance(joined, str) and self.limits.pressure_mmhg is not None:
            raise _unpredicted("pressure", joined)
        self.pressure: tuple[Effect, list[Model]] | None = None
        self.plasma: dict[tuple[str, bool], Levels] = {}
        if not isinstance(joined, str):
            self.pressure = joined
            for one in joined[1]:
                self.plasma[one.id, False] = Levels(
                    one, subject, route, 1.0, None, None, self.lags_h
                )
                if shifts := deviations(one, PATIENTS, SEED):
                    self.plasma[one.id, True] = Levels(
                        one, subject, route, 1.0, None, shifts, self.lags_h
                    )

    def _dissociation(self, models: list[Model], share: float) -> tuple[Effect, Levels] | None:
        joined = dissociation_models(models)
        why = joined if isinstance(joined, str) else ""
        if not isinstance(joined, str):
            effect, (model, *_) = joined
            if shifts := deviations(model, PATIENTS, SEED):
                route, subject = self.course.regimen.routes[0], self.course.subject
                return effect, Levels(model, subject, route, share, effect, shifts, self.lags_h)
            why = f"{model.name} publishes no spread between patients"
        if self.limits.dissociation_percent is not None:
            raise _unpredicted("dissociation", why)
        return None

    @property
    def marked(self) -> float:
        """Return above what dissociation counts, of 100."""
        if self.limits.dissociation_above is not None:
            return self.limits.dissociation_above
        return library.assumed("marked-dissociation")

    def profile(self, member: Member) -> Profile:
        """Return what a unit rate does over this member's hours and days."""
        key = (member.hours, member.days)
        if key not in self._profiles:
            pieces = self.family.pieces(member.hours, member.days)
            whole = self.family.without_break

            def peak(one: Levels) -> Array:
                return one.peak_without_break(pieces) if whole else one.peak(pieces)

            self._profiles[key] = Profile(
                site=None if self.dissociation is None else peak(self.dissociation[1]),
                plasma={name: peak(one) for name, one in self.plasma.items()},
                slow=self.slow.without_break(pieces) if whole else self.slow.course(pieces),
            )
        return self._profiles[key]

    def risks(self, checked: Checked) -> Risks:
        """Return a course's risks, and which limits it breaks."""
        member, limits = checked.member, self.limits
        chair_h = chair_time(self.family.regimen, checked.given, self.observe_h).total_h
        chance = self._chance(member)
        rise = self._rise(member)
        breaks = [
            f"{name} {value:.4g} {unit} over {most:g} {unit}"
            for name, value, most, unit in (
                ("dissociation", chance, limits.dissociation_percent, "%"),
                ("pressure", rise, limits.pressure_mmhg, "mmHg"),
                ("drug", checked.total_mg, limits.total_mg, "mg"),
                ("chair time", chair_h, limits.chair_h, "h"),
            )
            if isinstance(value, float) and most is not None and not value <= most
        ]
        if limits.pressure_mmhg is not None and isinstance(rise, str):
            breaks.append(f"pressure can't be held against its limit: {rise}")
        return Risks(
            chance,
            None if isinstance(rise, str) else rise,
            checked.total_mg,
            chair_h,
            tuple(breaks),
        )

    def _chance(self, member: Member) -> float | None:
        if self.dissociation is None:
            return None
        site = self.profile(member).site
        assert site is not None
        response = fx.response(self.dissociation[0], member.rate_mg_per_h * site)
        return 100.0 * float((response > self.marked).mean())

    def _rise(self, member: Member) -> float | str | None:
        """Return the rise at the 95th centile, or why it can't be read."""
        if self.pressure is None:
            return None
        held = self.profile(member).plasma
        found = pressure_of(
            self.pressure,
            lambda model, shifts: member.rate_mg_per_h * held[model.id, shifts is not None],
        )
        if isinstance(found, str):
            return found
        return found.beyond or found.at_95

    def relief(self, member: Member) -> Array:
        """Return (patients,) points of relief, by the goal."""
        scores = self.people.scores(member.rate_mg_per_h * self.profile(member).slow)
        relief: Array = self.people.baseline - scores
        return mean_over_days(relief) if self.goal_day is None else relief[:, self.goal_day]


def _unpredicted(what: str, why: str) -> Refused:
    return Refused(
        Refusal.MODEL_UNSUITABLE,
        model="the search",
        why=f"{what} is not predicted here: {why.rstrip('.')}",
        choices="another family, or 'none' for a limit that can't be checked",
    )


@dataclass(frozen=True)
class Found:
    """What was worked out: within the limits, and the least that is over them."""

    within: tuple[Scored, ...]
    beyond: tuple[Scored, ...]
    over: int
    pruned: int


def search(
    evaluator: Evaluator,
    candidates: Sequence[Checked],
    *,
    prune: bool = True,
    tell: Tell | None = None,
) -> Found:
    """Work out every candidate that may keep the limits. Candidates come smallest first."""
    within: list[Scored] = []
    least: list[tuple[Checked, Risks]] = []  # over a limit, and holding no other that is
    over = pruned = 0
    for number, one in enumerate(candidates):
        if tell is not None:
            tell(number, len(candidates))
        above = any(one.member.holds(worse.member) for worse, _ in least)
        if prune and above:
            over, pruned = over + 1, pruned + 1
            continue
        risks = evaluator.risks(one)
        if not risks.breaks:
            within.append(Scored(one, risks, evaluator.relief(one.member)))
            continue
        over += 1
        if not above:
            least.append((one, risks))
    beyond = tuple(Scored(one, risks, evaluator.relief(one.member)) for one, risks in least)
    return Found(tuple(within), beyond, over, pruned)


def ties(within: Sequence[Scored]) -> list[Scored]:
    """Return what can't be told from the highest, the one that gives least drug first.

    A tie is a mean within the Monte-Carlo error of the highest mean.
    """
    if not within:
        return []
    top = max(within, key=lambda one: one.expected)
    found = [one for one in within if one.expected >= top.expected - top.error]
    return sorted(
        found, key=lambda one: (one.risks.total_mg, one.risks.chair_h, one.checked.member)
    )


def frontier(within: Sequence[Scored]) -> list[Scored]:
    """Return what nothing else beats in relief, dissociation, pressure and chair time at once."""
    if not within:
        return []
    costs = np.array(
        [
            (
                -one.expected,
                one.risks.dissociation_percent or 0.0,
                one.risks.pressure_mmhg or 0.0,
                one.risks.chair_h,
            )
            for one in within
        ]
    )
    kept = []
    for one, row in zip(within, costs, strict=True):
        beaten = (costs <= row).all(axis=1) & (costs < row).any(axis=1)
        if not beaten.any():
            kept.append(one)
    return sorted(kept, key=lambda one: -one.expected)
