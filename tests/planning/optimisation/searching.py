"""What the search's tests share: a wish that is granted, and a small grid worked out once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from assuage.planning.optimisation import Search, Wish, optimise
from assuage.planning.optimisation.family import Family, family_of, members
from assuage.planning.optimisation.optimise import held_members
from assuage.planning.optimisation.ranges import Limits, limits_in
from assuage.planning.optimisation.search import Checked, Evaluator
from assuage.planning.plan import check
from planning.asking import CLOCK, ask, library

OUTPATIENT, INPATIENT = "crps-outpatient-10d", "crps-inpatient-esketamine-100h"
FAMILIES = (
    OUTPATIENT,
    INPATIENT,
    "crps-inpatient-5d",
    "crps-inpatient-5d-booster:boosters-weekly",
    "crps-outpatient-10d:stepped",
    "crps-outpatient-goldberg-2005",
    "crps-esketamine-500",
)
RATES, HOURS, DAYS = (10.0, 20.0, 24.5), (1.0, 2.0, 4.0), (2.0, 6.0, 10.0)


def family(text: str) -> Family:
    """Return a family for the well adult of 70 kg."""
    id_, _, variant = text.partition(":")
    return family_of(library.regimen(id_), variant or None, 70.0)


def wish(regimen: str = OUTPATIENT, **changes: object) -> Wish:
    """Return a wish over a small grid."""
    small = Wish(ask(regimen), limits_in("10 %", "20 mmHg"), rate="12..24 mg/h by 6 mg/h")
    if regimen == OUTPATIENT:
        small = replace(small, hours="2..4 h by 2 h", days="2..10 by 4")
    return replace(small, **changes)  # type: ignore[arg-type]


@cache
def held() -> tuple[Checked, ...]:
    """Return the small grid's members, each checked as a plan is."""
    one = family(OUTPATIENT)
    return tuple(held_members(ask(OUTPATIENT), CLOCK, one, members(RATES, HOURS, DAYS))[0])


@cache
def worked_out() -> Evaluator:
    """Return an evaluator that keeps what it worked out, whatever the limits."""
    one = family(OUTPATIENT)
    course = check(ask(OUTPATIENT), CLOCK, one.regimen_of(held()[0].member)).course
    return Evaluator(course, one, Limits(100.0, None, 200.0), None, None, max(DAYS))


def limited(limits: Limits) -> Evaluator:
    """Return the same evaluator under other limits, with what is known already."""
    known = worked_out()
    return replace(known, limits=limits, _profiles=known._profiles)


@cache
def made() -> Search:
    """Return the search of the small grid."""
    return optimise(wish(), CLOCK)
