"""A family: one published schedule with its rate, its hours a day and its days varied.

Rates keep the published proportions, so `rate` is the highest of the course. Fewer days are the
first ones of the published calendar; more days go on as it ends. A longer or larger member
therefore gives at every moment at least what a smaller one gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from assuage.knowledge.schema.regimen import Regimen, Segment, Variant
from assuage.planning.regimen import Administration, clean, schedule, sessions, variant_of
from assuage.refusals import Refusal, Refused

MOST_CANDIDATES = 2000
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, order=True)
class Member:
    """One schedule of a family. `hours` is None where the infusion runs without a break."""

    rate_mg_per_h: float
    hours: float | None
    days: float

    def holds(self, other: Member) -> bool:
        """Whether this gives at least as much as another at every moment."""
        longer = self.hours is None or other.hours is None or self.hours >= other.hours
        return self.rate_mg_per_h >= other.rate_mg_per_h and longer and self.days >= other.days


@dataclass(frozen=True)
class Family:
    """A published schedule, for one weight."""

    regimen: Regimen
    variant: Variant
    given: tuple[Administration, ...]

    @cached_property
    def without_break(self) -> bool:
        """Whether the course is one long infusion."""
        return len(sessions(self.given)) == 1 and len(self.variant.days) == 1

    @cached_property
    def published(self) -> Member:
        """Return the published schedule as a member."""
        top = max(one.rate_mg_per_h or 0.0 for one in self.given)
        if self.without_break:
            end = max(one.start_h + (one.duration_h or 0.0) for one in self.given)
            return Member(top, None, clean(end / 24.0))
        return Member(top, self.given[0].duration_h, float(len(self.variant.days)))

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """Return each piece's rate as a share of the highest."""
        top = self.published.rate_mg_per_h
        return tuple(clean((one.rate_mg_per_h or 0.0) / top) for one in self.given)

    def calendar(self, number: int) -> tuple[int, ...]:
        """Return the course days of so many sessions, going on as the published ones end."""
        days = list(self.variant.days)
        gaps = [b - a for a, b in pairwise(days)] or [1]
        period = next(p for p in range(1, len(gaps) + 1) if gaps[p:] == gaps[: len(gaps) - p])
        while len(days) < number:
            days.append(days[-1] + gaps[(len(days) - 1) % period])
        return tuple(days[:number])

    def pieces(self, hours: float | None, days: float) -> tuple[tuple[float, float, float], ...]:
        """Return (start h, duration h, share of the highest rate) of every piece, in order."""
        if not self.without_break:
            assert hours is not None
            last = self.shares[-1]
            return tuple(
                ((day - 1) * 24.0, hours, self.shares[k] if k < len(self.shares) else last)
                for k, day in enumerate(self.calendar(int(days)))
            )
        end_h = days * 24.0
        found = []
        for k, (one, share) in enumerate(zip(self.given, self.shares, strict=True)):
            assert one.duration_h is not None
            is_last = k + 1 == len(self.given)
            until = end_h if is_last else min(one.start_h + one.duration_h, end_h)
            if until - one.start_h > 1e-9:
                found.append((one.start_h, clean(until - one.start_h), share))
        return tuple(found)

    def regimen_of(self, member: Member) -> Regimen:
        """Return a copy of the regimen whose one variant is this member."""
        pieces = self.pieces(member.hours, member.days)
        first = self.variant.segment[0]
        segments = tuple(
            first.model_copy(
                update={
                    "start_h": start if self.without_break else 0.0,
                    "duration_h": duration,
                    "amount": clean(member.rate_mg_per_h * share),
                    "unit": "mg/h",
                    "per_weight_kg": None,
                    "cap": None,
                    "sessions": () if self.without_break else (number,),
                }
            )
            for number, (start, duration, share) in enumerate(pieces, start=1)
        )
        days = self.variant.days if self.without_break else self.calendar(int(member.days))
        variant = self.variant.model_copy(
            update={"default": True, "days": days, "segment": _joined(segments)}
        )
        return self.regimen.model_copy(update={"variant": (variant,)})

    def distance(self, member: Member) -> str:
        """Return how far a member lies from what was published, in words."""
        base = self.published
        parts = [_times("rate", member.rate_mg_per_h, base.rate_mg_per_h)]
        if member.hours is not None and base.hours is not None:
            parts.append(_times("hours a day", member.hours, base.hours))
        parts.append(_times("days", member.days, base.days))
        return ", ".join(one for one in parts if one)


def _times(what: str, value: float, base: float) -> str:
    ratio = value / base
    return "" if abs(ratio - 1.0) < 1e-6 else f"{what} x{ratio:.2g}"


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Join the sessions that get the same into one segment."""
    found: dict[tuple[float, float | None, float], list[Segment]] = {}
    for one in segments:
        found.setdefault((one.start_h, one.duration_h, one.amount), []).append(one)
    return tuple(
        same[0].model_copy(update={"sessions": tuple(n for one in same for n in one.sessions)})
        for same in found.values()
    )


def family_of(regimen: Regimen, variant_id: str | None, weight_kg: float | None) -> Family:
    """Return the family of a regimen's variant.

    Raises Refused where relief isn't predicted for it, or where it is not one infusion a session
    or one long infusion.
    """
    variant = variant_of(regimen, variant_id)

    def unfit(why: str) -> Refused:
        return Refused(
            Refusal.MODEL_UNSUITABLE,
            model="the search",
            why=f"{regimen.id} ({variant.id}) {why}",
            choices="a family of infusions for CRPS, such as crps-outpatient-10d",
        )

    if "crps-pain" not in regimen.predicts:
        raise unfit("has no prediction of relief to search by")
    given = schedule(regimen, variant.id, weight_kg)
    if any(one.kind != "infusion" or one.as_needed for one in given):
        raise unfit("is not made of infusions alone")
    groups = list(sessions(given).values())
    touching = all(
        abs(a.start_h + (a.duration_h or 0.0) - b.start_h) < 1e-9 for a, b in pairwise(given)
    )
    alike = len({rows[0].duration_h for rows in groups}) == 1 and all(
        len(rows) == 1 and rows[0].in_session_h == 0.0 for rows in groups
    )
    if not ((len(groups) == 1 and touching) or alike):
        raise unfit("is neither one infusion a session nor one long infusion")
    return Family(regimen, variant, given)


def default_rates(family: Family, weight_kg: float | None) -> tuple[float, ...]:
    """Return rates in mg/h up to the soft limits of the regimen's own guardrails, rising."""
    ends = [family.published.rate_mg_per_h]
    for rail in family.regimen.guardrail:
        if rail.quantity == "absolute_rate" and rail.unit == "mg/h":
            ends.append(rail.soft[1])
        if rail.quantity == "infusion_rate" and rail.unit == "mg/kg/h" and weight_kg is not None:
            ends.append(rail.soft[1] * weight_kg)
    top = min(ends[1:], default=ends[0])
    scale = 10.0 ** (len(str(int(top / 8.0))) - 1)
    step = next(one * scale for one in _STEPS if one * scale >= top / 8.0)
    found = [k * step for k in range(1, int(top / step) + 1) if k * step >= top / 4.0]
    known = {*found, top, *(one for one in ends[:1] if one <= top)}
    return tuple(sorted({clean(one) for one in known}))


def default_hours(family: Family) -> tuple[float, ...]:
    """Return whole hours a day up to the published ones; none where nothing interrupts."""
    longest = family.published.hours
    if longest is None:
        return ()
    return tuple(sorted({*(float(k) for k in range(1, int(longest) + 1)), longest}))


def default_days(family: Family) -> tuple[float, ...]:
    """Return numbers of days up to the published one."""
    longest = family.published.days
    return tuple(sorted({*(float(k) for k in range(1, int(longest) + 1)), longest}))


def members(
    rates: Sequence[float], hours: Sequence[float], days: Sequence[float]
) -> tuple[Member, ...]:
    """Return every member of a grid, smallest first. Raises Refused for too large a grid."""
    lengths: Sequence[float | None] = hours or (None,)
    count = len(rates) * len(lengths) * len(days)
    if not count <= MOST_CANDIDATES:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"these rates, hours and days ({count} candidates, at most {MOST_CANDIDATES})",
            remedy="name narrower ranges or wider steps, such as '10..25 mg/h by 5 mg/h'",
        )
    return tuple(Member(*one) for one in product(rates, lengths, days))
