"""What a course uses up: drug by whole containers, hours of a chair, days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from assuage.knowledge.schema.regimen import Product, Regimen
from assuage.planning import syringe
from assuage.planning.comparison.prices import Money, Price
from assuage.planning.regimen import Administration, clean, sessions


@dataclass(frozen=True)
class DrugUsed:
    """Drug by whole containers. `size_ml` is None for devices."""

    product: str
    size_ml: float | None
    each_mg: float
    by_session: tuple[int, ...]  # containers opened in each session
    given_mg: float
    cost: Money | None

    @property
    def containers(self) -> int:
        """Return how many containers the course opens."""
        return sum(self.by_session)

    @property
    def drawn_mg(self) -> float:
        """Return what all opened containers hold."""
        return clean(self.containers * self.each_mg)

    @property
    def wasted_mg(self) -> float:
        """Return what is opened and not given."""
        return clean(self.drawn_mg - self.given_mg)


def drug_used(
    product: Product,
    given: Sequence[Administration],
    infusion_at: float | None,
    bolus_at: float | None,
    prices: Sequence[Price] = (),
) -> DrugUsed | str:
    """Return what a course opens, or why that can't be counted. As-needed doses are left out.

    Containers are never shared between sessions. Boluses of one session share theirs; each
    infusion syringe opens its own, since it may be made up hours after the one before. Of several
    sizes, the cheapest of those priced is taken, or else the one that wastes least.
    """
    rows = [one for one in given if not one.as_needed]
    given_mg = clean(sum(one.dose_mg for one in rows))
    groups = list(sessions(rows).values())
    priced = {one.size_ml: one.each for one in prices if one.product == product.id}
    if product.strength_mg_per_ml is None:
        if product.unit_mg is None:
            return f"Neither a strength nor a unit is known of {product.id}"
        count = tuple(len(group) for group in groups)
        each = priced.get(None)
        cost = None if each is None else each.times(sum(count))
        return DrugUsed(product.id, None, product.unit_mg, count, given_mg, cost)
    sizes = [one for one in product.vial_ml if one in priced] or list(product.vial_ml)
    if not sizes:
        return f"The container size of {product.id} isn't known"
    found = []
    for size in sizes:
        count = tuple(_opened(product, group, infusion_at, bolus_at, size) for group in groups)
        each_mg = clean(size * product.strength_mg_per_ml)
        cost = priced[size].times(sum(count)) if size in priced else None
        found.append(DrugUsed(product.id, size, each_mg, count, given_mg, cost))
    return min(
        found, key=lambda one: (one.cost.amount if one.cost else 0, one.drawn_mg, one.containers)
    )


def _opened(
    product: Product,
    rows: Sequence[Administration],
    infusion_at: float | None,
    bolus_at: float | None,
    size_ml: float,
) -> int:
    """Return how many containers of a size one session opens."""
    pushed_ml, opened = 0.0, 0
    for one in syringe.prepare(product, rows, infusion_at, bolus_at):
        assert one.drug_ml_each is not None
        if one.container.startswith("bolus"):
            pushed_ml += one.drug_ml_each * one.containers_per_session
        else:
            opened += ceil(clean(one.drug_ml_each / size_ml)) * one.containers_per_session
    return opened + ceil(clean(pushed_ml / size_ml))


@dataclass(frozen=True)
class ChairTime:
    """Hours in a chair or a bed, session by session."""

    by_session_h: tuple[float, ...]
    watched: str  # where the observation afterwards comes from, in words

    @property
    def total_h(self) -> float:
        """Return the hours of the whole course."""
        return clean(sum(self.by_session_h))

    def cost(self, per_h: Money) -> Money:
        """Return what these hours cost."""
        return per_h.times(Decimal(repr(self.total_h)))


def chair_time(
    regimen: Regimen, given: Sequence[Administration], observe_h: float | None = None
) -> ChairTime:
    """Return the hours from the first dose of a session to the end of watching after the last.

    Watching is the regimen's own published schedule. `observe_h` is what the site adds where the
    regimen publishes none; where neither is known, nothing is added and `watched` says so.
    """
    groups = sessions([one for one in given if not one.as_needed]).values()
    ends = [max(one.in_session_h + (one.duration_h or 0.0) for one in rows) for rows in groups]
    until = max((one.to_h for one in regimen.monitor if one.to_h is not None), default=0.0)
    if ends and until > max(ends):
        source = next(one.source for one in regimen.monitor if one.to_h == until)
        return ChairTime(tuple(clean(until) for _ in ends), f"Watched as published ({source})")
    if observe_h is not None:
        hours = tuple(clean(one + observe_h) for one in ends)
        return ChairTime(hours, "Watching afterwards as the site says")
    return ChairTime(
        tuple(clean(one) for one in ends),
        "No time of watching afterwards was read, so none is counted",
    )
