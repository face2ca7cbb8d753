"""What a design must hold beyond the shape of its fields."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from assuage.evidence.virtual.design import (
    MOOD_SCALE,
    MOST_PEOPLE,
    PAIN_SCALE,
    Arm,
    Design,
    OutcomeName,
)
from assuage.knowledge import library
from assuage.planning.give import parse_give
from assuage.planning.regimen import variant_of
from assuage.refusals import Refusal, Refused

SCALES = {"pain": PAIN_SCALE, "mood": MOOD_SCALE}
MOST_DAYS = 366.0


def check(design: Design, what: str) -> None:
    """Raise Refused for the first thing in a design that isn't clear or can't be done."""

    def wrong(field: str, why: str) -> Refused:
        return Refused(Refusal.FIELD_INVALID, field=field, what=what, why=why)

    problems = (
        _days(design) or _outcomes(design) or _arms(design) or _dropout(design) or _asked(design)
    )
    if problems is not None:
        raise wrong(*problems)
    for one in design.arm:
        check_arm(one)


Problem = tuple[str, str] | None


def _days(design: Design) -> Problem:
    days = design.visits_d
    rising = all(a < b for a, b in pairwise(days))
    if not (rising and days[0] > 0.0 and days[-1] <= MOST_DAYS):
        return "visits_d", f"days after the first dose rise from above 0 to at most {MOST_DAYS:g}"
    for name in design.outcomes:
        mine = design.days(name)
        if not (set(mine) <= set(days) and all(a < b for a, b in pairwise(mine))):
            return f"{name}.visits_d", "they rise and are among the visits of the trial"
        if not set(design.analysis.at_d) <= set(mine):
            return "analysis.at_d", f"it names a day on which {name} is not measured"
    if len(set(design.analysis.at_d)) < len(design.analysis.at_d):
        return "analysis.at_d", "it names a day twice"
    return None


def _outcomes(design: Design) -> Problem:
    roles = [design.outcome(name).role for name in design.outcomes]
    if roles.count("primary") != 1:
        return "the whole", "exactly one of [pain] and [mood] has role = 'primary'"
    for name in design.outcomes:
        spread = getattr(design.population, name)
        if spread is None:
            return f"population.{name}", "an outcome needs its scores before the course"
        if not design.outcome(name).visit_sd < spread.sd:
            return f"{name}.visit_sd", "it is part of the baseline's SD and must be below it"
        low, high = SCALES[name]
        if not low < spread.mean < high:
            return f"population.{name}.mean", f"it must lie inside {low:g} to {high:g}"
        if not all(low <= end <= high for end in (spread.low, spread.high) if end is not None):
            return f"population.{name}", f"its ends must lie within {low:g} to {high:g}"
    for name in get_args(OutcomeName):
        if getattr(design.population, name) is not None and name not in design.outcomes:
            return f"population.{name}", f"the design has no [{name}] that would use it"
    if design.uncertainty == "published" and design.pain is None:
        return "uncertainty", "only the pain model has published standard errors"
    if correlation := design.population.correlation:
        if len(design.outcomes) < 2:
            return "population.correlation", "it needs both pain and mood"
        if not -1.0 < correlation.value < 1.0:
            return "population.correlation.value", "it must lie inside -1 to 1"
    shares = {
        "pain.placebo_share": design.pain and design.pain.placebo_share,
        "mood.share": design.mood and design.mood.share,
    }
    for field, one in shares.items():
        if one and not 0.0 <= one.value <= 1.0:
            return field, "a share lies between 0 and 1"
    spreads = {
        "pain.c50_cv": design.pain and design.pain.c50_cv,
        "pain.half_life_cv": design.pain and design.pain.half_life_cv,
        "mood.control": design.mood and design.mood.control,
    }
    for field, one in spreads.items():
        if one and not one.value >= 0.0:
            return field, "it can't be below zero"
    return None


def _arms(design: Design) -> Problem:
    ids = [one.id for one in design.arm]
    if len(set(ids)) != len(ids):
        return "arm.id", "two arms have one id"
    if not design.people <= MOST_PEOPLE:
        return "arm.n", f"a trial has at most {MOST_PEOPLE} people"
    active = [one.id for one in design.arm if one.regimen is not None]
    if not active:
        return "arm.regimen", "no arm is given a regimen"
    for one in design.arm:
        if (one.regimen is None) == (one.control is None):
            return f"arm {one.id}", "give it either a regimen or a control"
        given = (one.variant, one.product, one.titration, one.give or None)
        if one.control is not None and given != (None,) * 4:
            return f"arm {one.id}", "a control has no variant, product, doses or titration"
        if one.regimen is not None and one.like is not None:
            return f"arm {one.id}.like", "only a control is like another arm"
        if one.control is not None and one.like not in active:
            return f"arm {one.id}.like", f"name the arm whose course it stands beside: {active}"
        if one.give and (one.variant is not None or one.titration is not None):
            return f"arm {one.id}.give", "doses of its own exclude a variant and a titration"
    return None


def check_arm(arm: Arm) -> None:
    """Raise Refused for a regimen, variant, product or dose that isn't one."""
    if arm.regimen is None:
        return
    regimen = library.regimen(arm.regimen)
    if regimen.lock is not None:
        needs = "its research lock in 'assuage simulate'"
        raise Refused(Refusal.RESEARCH_LOCK, regimen=regimen.id, needs=needs)
    if not arm.give:
        variant_of(regimen, arm.variant)
    for text in arm.give:
        parse_give(text)
    if arm.product is None:
        return
    products = library.products()
    if arm.product not in products:
        choices = ", ".join(products)
        raise Refused(Refusal.PRODUCT_STRENGTH_UNKNOWN, text=arm.product, choices=choices)
    product = products[arm.product]
    if product.drug != regimen.drug:
        raise Refused(
            Refusal.PRODUCT_DRUG_MISMATCH,
            regimen=regimen.id,
            wanted=regimen.drug,
            product=product.id,
            given=product.drug,
        )
    if regimen.routes[0] not in product.routes:
        raise Refused(
            Refusal.ROUTE_MISMATCH,
            what=f"product {product.id}",
            wanted=" or ".join(product.routes),
            given=regimen.routes[0],
        )


def _dropout(design: Design) -> Problem:
    leaving = design.dropout
    if leaving is None:
        return None
    if leaving.depends_on == "nothing":
        if leaving.outcome is not None or leaving.per_point != 0.0:
            return "dropout", "what depends on nothing has neither an outcome nor per_point"
        return None
    name: OutcomeName | None = leaving.outcome
    if name is None or name not in design.outcomes:
        return "dropout.outcome", "name the outcome that leaving depends on"
    if design.days(name) != design.visits_d:
        return "dropout.outcome", f"{name} must then be measured at every visit"
    if leaving.per_point == 0.0:
        return "dropout.per_point", "at 0 a point leaving depends on nothing"
    return None


def _asked(design: Design) -> Problem:
    ids = [one.id for one in design.arm]
    if design.analysis.reference not in ids:
        return "analysis.reference", f"it is none of the arms {', '.join(ids)}"
    if design.dissociation is None and any(one.titration for one in design.arm):
        return "dissociation", "a titration needs it to know what is tolerable"
    if design.pain is None and any(one.titration for one in design.arm):
        return "pain", "a titration needs it to know the relief"
    return None
