"""From a wish to a search's result, with all that says what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assuage import __version__
from assuage.clock import Clock
from assuage.knowledge import library
from assuage.knowledge.schema.effect import PainEffect
from assuage.knowledge.schema.facts import Fact, Sourced
from assuage.planning import parts
from assuage.planning.comparison.measures import share_interval
from assuage.planning.document import Cited
from assuage.planning.optimisation import search as s
from assuage.planning.optimisation.document import (
    Candidate,
    Refusals,
    RiskLimit,
    Search,
    Standing,
    Studied,
)
from assuage.planning.optimisation.family import (
    Family,
    Member,
    default_days,
    default_hours,
    default_rates,
    family_of,
    members,
)
from assuage.planning.optimisation.ranges import Limits, days_in, hours_in, rates_in
from assuage.planning.plan import check, check_lock, patient_summary
from assuage.planning.prediction.course import PATIENTS, reads_of
from assuage.planning.prediction.weeks import PAIN_DAYS
from assuage.planning.regimen import schedule
from assuage.planning.request import PlanRequest
from assuage.refusals import PRECEDENCE, Refusal, Refused
from assuage.units import format_quantity

SCOPE = (
    "A hypothesis for a physician to examine, and no recommendation: the best of a grid by a model "
    "whose form is assumed. It is not a plan and orders nothing."
)
MOST_SHOWN = 500


@dataclass(frozen=True)
class Wish:
    """What is searched. Texts are ranges as a person writes them; None takes the defaults."""

    request: PlanRequest  # its regimen and variant name the family
    limits: Limits
    goal_day: int | None = None
    rate: str | None = None
    hours: str | None = None
    days: str | None = None
    observe_h: float | None = None


@dataclass(frozen=True)
class _Grid:
    rates: tuple[float, ...]
    hours: tuple[float, ...]
    days: tuple[float, ...]
    members: tuple[Member, ...]


def optimise(wish: Wish, clock: Clock, *, tell: s.Tell | None = None, prune: bool = True) -> Search:
    """Search a family. Raises Refused when it can't be searched or every candidate is refused."""
    request = wish.request
    if wish.goal_day is not None and not wish.goal_day < PAIN_DAYS:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=f"day {wish.goal_day}",
            what="goal",
            choices=f"area, or a day up to day {PAIN_DAYS - 1}",
        )
    regimen = library.regimen(request.regimen)
    check_lock(regimen)
    family = family_of(regimen, request.variant, request.patient.weight_kg)
    grid = _grid(wish, family)
    request = replace(request, variant=family.variant.id)
    held, refused, open_ = held_members(request, clock, family, grid.members)
    base = check(request, clock, family.regimen_of(held[0].member))
    evaluator = s.Evaluator(
        base.course, family, wish.limits, wish.goal_day, wish.observe_h, max(grid.days)
    )
    found = s.search(evaluator, held, prune=prune, tell=tell)
    tied = s.ties(found.within)
    front = s.frontier(found.within)
    best = tied[0] if tied else None
    pain = evaluator.people.effect

    def shown(one: s.Scored, standing: Standing) -> Candidate:
        return _candidate(one, standing, family, request.patient.weight_kg)

    published = [one for one in found.within if _same(one.checked.member, family.published)]
    return Search(
        assuage_version=__version__,
        knowledge_sha256=library.digest(),
        scope=SCOPE,
        place=request.place,
        date=request.on.isoformat(),
        patient=patient_summary(request.patient),
        family=regimen.id,
        variant=family.variant.id,
        family_name=regimen.name,
        goal=_goal(wish.goal_day),
        limits=_limits(wish.limits, evaluator),
        rates_mg_per_h=grid.rates,
        hours_a_day=grid.hours,
        days=grid.days,
        grid=len(grid.members),
        refused=refused,
        over_a_limit=found.over,
        pruned=found.pruned,
        best=None if best is None else shown(best, "best"),
        ties=tuple(shown(one, "tie") for one in tied[1 : MOST_SHOWN + 1]),
        frontier=tuple(shown(one, "frontier") for one in front[:MOST_SHOWN]),
        beyond=tuple(shown(one, "over a limit") for one in found.beyond[:MOST_SHOWN]),
        published=shown(published[0], "within limits") if published else None,
        why=_why(found, tied),
        pressure_is=_pressure_is(evaluator),
        relief_is=_relief_is(wish.goal_day, evaluator),
        reads=reads_of(_facts(pain, evaluator)),
        models=(pain.id, evaluator.pain_model.id),
        evidence=parts.evidence(regimen),
        model_evidence=tuple(_cited(one) for one in (pain.form, *pain.caution)),
        open=open_,
        warnings=_warnings(family, best, evaluator),
        **_command(wish, family, best),
    )


def _grid(wish: Wish, family: Family) -> _Grid:
    weight = wish.request.patient.weight_kg
    if weight is None:
        raise Refused(Refusal.WEIGHT_UNKNOWN, regimen=family.regimen.id)
    if wish.hours is not None and family.without_break:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"hours a day and {family.regimen.id}, which runs without a break,",
            remedy="leave --hours out and vary --rate and --days",
        )
    rates = default_rates(family, weight) if wish.rate is None else rates_in(wish.rate, weight)
    hours = default_hours(family) if wish.hours is None else hours_in(wish.hours)
    days = default_days(family) if wish.days is None else days_in(wish.days)
    return _Grid(rates, hours, days, members(rates, hours, days))


def held_members(
    request: PlanRequest, clock: Clock, family: Family, grid: Sequence[Member]
) -> tuple[list[s.Checked], tuple[Refusals, ...], tuple[str, ...]]:
    """Hold every member against what a plan is held against; count what is refused, and why.

    Raises Refused, by precedence, when nothing is left.
    """
    held: list[s.Checked] = []
    turned: dict[str, list[Refused]] = {}
    open_: tuple[str, ...] = ()
    for one in grid:
        try:
            found = check(request, clock, family.regimen_of(one))
        except Refused as refused:
            turned.setdefault(refused.code, []).append(refused)
            continue
        codes = tuple(dict.fromkeys(who.code for who in found.accepted))
        held.append(s.Checked(one, found.given, codes))
        open_ = tuple(dict.fromkeys((*open_, *parts.verdict(found.findings).open)))
    if not held:
        worst = [group[0] for group in turned.values()]
        raise min(worst, key=lambda one: PRECEDENCE[one.refusal])
    refusals = tuple(
        Refusals(code=code, sentence=group[0].sentence, candidates=len(group))
        for code, group in turned.items()
    )
    return held, refusals, open_


def _candidate(
    one: s.Scored, standing: Standing, family: Family, weight_kg: float | None
) -> Candidate:
    member, risks = one.checked.member, one.risks
    low, high = np.quantile(one.relief, (0.05, 0.95))
    assert weight_kg is not None
    studied, distance = _studied(family, member)
    return Candidate(
        rate_mg_per_h=member.rate_mg_per_h,
        rate_mg_per_kg_per_h=_short(member.rate_mg_per_h / weight_kg),
        hours_a_day=member.hours,
        days=member.days,
        relief=_short(one.expected),
        relief_low=_short(float(low)),
        relief_high=_short(float(high)),
        relief_error=_short(one.error),
        marked_dissociation_percent=_maybe(risks.dissociation_percent),
        pressure_mmhg=_maybe(risks.pressure_mmhg),
        chair_h=risks.chair_h,
        total_mg=risks.total_mg,
        standing=standing,
        breaks=risks.breaks,
        studied=studied,
        distance=distance,
        accepted=one.checked.accepted,
    )


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _maybe(value: float | None) -> float | None:
    return None if value is None else _short(value)


def _studied(family: Family, member: Member) -> tuple[Studied, str]:
    """Say whether a member was studied, and how far it lies from what was."""
    base, apart = family.published, family.distance(member)
    if not apart:
        return "as published", "this schedule was published"
    if base.holds(member):
        return "less than published", f"not studied itself: {apart} of the published"
    return "beyond what was published", f"not studied, an extrapolation: {apart} of the published"


def _same(one: Member, other: Member) -> bool:
    close = np.isclose(
        [one.rate_mg_per_h, one.hours or 0.0, one.days],
        [other.rate_mg_per_h, other.hours or 0.0, other.days],
        rtol=1e-6,
        atol=0.0,
    )
    return bool(close.all())


def _goal(day: int | None) -> str:
    if day is None:
        return "expected pain relief, mean over twelve weeks"
    return f"expected pain relief on day {day}"


def _limits(limits: Limits, evaluator: s.Evaluator) -> tuple[RiskLimit, ...]:
    rows = (
        (f"chance of dissociation over {evaluator.marked:g} of 100",
         limits.dissociation_percent, "%"),
        ("rise of mean pressure at the 95th centile", limits.pressure_mmhg, "mmHg"),
        ("drug in the whole course", limits.total_mg, "mg"),
        ("chair or bed time in the whole course", limits.chair_h, "h"),
    )  # fmt: skip
    return tuple(
        RiskLimit(
            quantity=name,
            most=most,
            unit=unit,
            said="not limited" if most is None else "stated with the search",
        )
        for name, most, unit in rows
    )


def _why(found: s.Found, tied: Sequence[s.Scored]) -> tuple[str, ...]:
    """Say why the next best lost, within the limits and beyond them."""
    if not tied:
        said = ["No candidate keeps the limits."]
        if found.beyond:
            least = min(found.beyond, key=lambda one: one.checked.member)
            said.append(f"The smallest, {_named(least)}, breaks: {'; '.join(least.risks.breaks)}.")
        return tuple(said)
    best, top = tied[0], max(tied, key=lambda one: one.expected)
    said = []
    if len(tied) > 1:
        said.append(
            f"{len(tied)} candidates lie within the Monte-Carlo error of the highest expected "
            f"relief ({top.expected:.3g} +/- {top.error:.2g} points); of these, the one that gives "
            f"least drug is named ({_less(best, top)} less than the highest)."
        )
    names = {one.checked.member for one in tied}
    rest = [one for one in found.within if one.checked.member not in names]
    if rest:
        second = max(rest, key=lambda one: one.expected)
        said.append(
            f"Next, {_named(second)}, is expected to give {_apart(top, second)} than the highest: "
            "more than the Monte-Carlo error."
        )
    if found.beyond:
        over = max(found.beyond, key=lambda one: one.expected)
        said.append(
            f"Just over the limits, {_named(over)}, expected {over.expected:.3g} points, breaks: "
            f"{'; '.join(over.risks.breaks)}."
        )
    return tuple(said)


def _less(best: s.Scored, top: s.Scored) -> str:
    drug = format_quantity(top.risks.total_mg - best.risks.total_mg, "mg")
    return f"{drug}, {top.expected - best.expected:.2g} points"


def _apart(top: s.Scored, other: s.Scored) -> str:
    each = top.relief - other.relief
    error = s.NORMAL_95 * float(each.std(ddof=1)) / len(each) ** 0.5
    return f"{float(each.mean()):.2g} points (+/- {error:.1g}, same patients) less"


def _named(one: s.Scored) -> str:
    return in_words(one.checked.member)


def in_words(member: Member) -> str:
    """Return a schedule in words."""
    rate = format_quantity(member.rate_mg_per_h, "mg/h")
    days = "1 day" if member.days == 1.0 else f"{member.days:.4g} days"
    if member.hours is None:
        return f"{rate} at most for {days} without a break"
    return f"{rate} for {member.hours:g} h on {days}"


def _pressure_is(evaluator: s.Evaluator) -> str:
    if evaluator.pressure is None:
        return "Pressure is not predicted for this family."
    spread = [name for name, crowd in evaluator.plasma if crowd]
    models = ", ".join(one.id for one in evaluator.pressure[1])
    if spread:
        return f"The highest 95th centile between patients of {', '.join(spread)} (of {models})."
    return (
        "No model here publishes a spread between patients, so in place of the 95th centile stands "
        f"the highest typical rise of {models}. The true 95th centile is higher."
    )


def _relief_is(day: int | None, evaluator: s.Evaluator) -> str:
    when = "day by day over twelve weeks" if day is None else f"on day {day}"
    base = evaluator.people.baseline
    return (
        f"Points of 10 below the baseline of {base:g}, {when}, mean of "
        f"{len(evaluator.people.responds)} virtual patients, those without any relief included."
    )


def _facts(pain: PainEffect, evaluator: s.Evaluator) -> list[Sourced]:
    found: list[Sourced] = [pain.half_life, pain.c50, pain.responders, pain.form]
    if evaluator.course.pain_nrs is None:
        found.append(pain.baseline)
    return found


def _cited(fact: Fact | Sourced) -> Cited:
    text = getattr(fact, "text", "")
    return Cited(text=text, source=fact.source, where=fact.where, read=fact.read, note=fact.note)


def _warnings(family: Family, best: s.Scored | None, evaluator: s.Evaluator) -> tuple[str, ...]:
    found = []
    if best is not None:
        _, distance = _studied(family, best.checked.member)
        found.append(f"The schedule named here: {distance}.")
        if best.checked.accepted:
            found.append(f"It passes soft limits by name: {', '.join(best.checked.accepted)}.")
    found.append(
        "The objective rests on one trial of esketamine over 100 h and on an assumed form. In "
        "that form more drug never does worse, so the answer lies where a limit stops it."
    )
    if evaluator.course.regimen.drug == "racemic-ketamine":
        found.append("Built on esketamine; used here with the esketamine half of the racemate.")
    if evaluator.pressure is not None:
        effect, models = evaluator.pressure
        if any(one.drug != effect.driver for one in models):
            found.append(
                f"Pressure crosses drugs: the curve was built on {effect.driver}, and levels of "
                f"{models[0].drug} are read off it, ng/mL for ng/mL, nothing converted."
            )
    if evaluator.dissociation is not None:
        low, high = share_interval(0.1, PATIENTS)
        none = share_interval(0.0, PATIENTS)[1]
        found.append(
            "The chance of dissociation holds the spread of levels only, not of how people react. "
            f"It comes from {PATIENTS} virtual patients: 10 % stands for {100.0 * low:.2g} to "
            f"{100.0 * high:.2g} %, and 0 for up to {100.0 * none:.2g} %."
        )
    if evaluator.course.pain_nrs is None:
        found.append("No baseline score was given; the trial's is used, and it is unverified.")
    return tuple(found)


def _command(wish: Wish, family: Family, best: s.Scored | None) -> dict[str, str]:
    """Return the plan command of the best, where plan can express it, and why where it can't."""
    if best is None:
        return {"command": "", "command_why": "there is nothing to plan"}
    given = [(one.start_h, one.duration_h, one.rate_mg_per_h) for one in best.checked.given]
    for variant in family.regimen.variant:
        own = schedule(family.regimen, variant.id, wish.request.patient.weight_kg)
        plain = [(one.start_h, one.duration_h, one.rate_mg_per_h) for one in own]
        if plain == given:
            return {
                "command": f"assuage plan --regimen {family.regimen.id} --variant {variant.id} "
                f"--product {wish.request.product} --place {wish.request.place}",
                "command_why": "this is a published schedule; add the patient",
            }
    return {
        "command": "",
        "command_why": "assuage plan plans published regimens and can't express this course; "
        "a physician would write it as a regimen of their own, with its source",
    }
