"""What the comparison's tests share: a wish that is granted, and one comparison made once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from assuage.planning.comparison import Comparison, Wish, compare
from assuage.planning.comparison.measures import Subjected
from assuage.planning.comparison.prices import chair_cost_in, prices_in
from assuage.planning.plan import check
from planning.asking import CLOCK, ask

CRPS = ("crps-outpatient-10d", "crps-inpatient-esketamine-100h", "crps-coma")


def wish(*regimens: str, **changes: object) -> Wish:
    """Return a wish for the well adult, in a place that permits both drugs."""
    good = Wish(
        request=ask("crps-outpatient-10d", place="NL"),
        regimens=regimens or CRPS,
        products=("ketamine-10", "esketamine-5"),
        settings=("monitored-clinic", "inpatient"),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


@cache
def made() -> Comparison:
    """Return the comparison of an outpatient, an inpatient and a locked regimen."""
    priced = {
        "prices": prices_in(["ketamine-10: 4.50 EUR per container"]),
        "chair_cost": chair_cost_in("60 EUR/h"),
    }
    return compare(wish(**priced), CLOCK)


@cache
def subjected(regimen: str, variant: str | None = None) -> Subjected:
    """Return a regimen's course for the well adult with its models."""
    return Subjected(check(ask(regimen, variant=variant), CLOCK).course)
