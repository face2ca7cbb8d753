"""The signals: each a function of a site's rows and the numbers of its rule, and of nothing else.

A signal compares one person with the others of the same site in the same period. It says "too few
to tell" rather than "nothing" when either side has too few events. Nobody is accused: a signal
asks a person to look.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean, pstdev
from typing import Literal

from assuage.care.signals.chance import excess, slow, tail
from assuage.care.signals.seen import Drawn, Given, Seen, Wasted
from assuage.knowledge.schema.signals import Rule

Status = Literal["signal", "nothing", "too few to tell"]
IV = "iv"  # the only route that a pump drives


@dataclass(frozen=True)
class Found:
    """What a signal says of one person.

    `count` out of `of` events, where `expected` would be usual; for a mean, `count` is the mean,
    in the unit of `expected`. `statistic` is a chance or a z, None where there is too little to
    work it out. `detail` says what a reviewer needs beside it, and `beside` names the other person
    that the signal is about.
    """

    person: str
    status: Status
    count: float
    of: int
    expected: float | None
    statistic: float | None
    detail: str = ""
    beside: str = ""


Signal = Callable[[Seen, Rule], list[Found]]


def _shares(marks: Iterable[tuple[str, bool]], rule: Rule) -> list[Found]:
    """Compare each person's share of marked events with that of all others."""
    of: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for person, marked in marks:
        of[person] += 1
        counts[person] += marked
    total, marked_total = of.total(), counts.total()
    return [
        _share(person, (counts[person], of[person]), (marked_total, total), rule)
        for person in sorted(of)
    ]


def _share(person: str, own: tuple[int, int], everybody: tuple[int, int], rule: Rule) -> Found:
    count, of = own
    others = (everybody[0] - count, everybody[1] - of)
    if of < rule.own_least or others[1] < rule.peers_least:
        return Found(person, "too few to tell", count, of, None, None)
    worth = others[1] + rule.honest_worth
    share = (others[0] + rule.honest_worth * rule.honest_share) / worth
    believed = worth if worth < rule.peers_worth else rule.peers_worth
    chance = tail(count, of, believed * share, believed * (1.0 - share))
    fires = count >= rule.count_least and chance <= rule.threshold
    return Found(person, "signal" if fires else "nothing", count, of, of * share, chance)


def _sessions(marks: Iterable[tuple[str, str, bool]], rule: Rule) -> list[Found]:
    """Compare shares of sessions: what is done once in a session must not count three times."""
    marked: dict[tuple[str, str], bool] = {}
    for person, session, mark in marks:
        marked[person, session] = marked.get((person, session), False) or mark
    return _shares(((person, mark) for (person, _), mark in marked.items()), rule)


def after_session(seen: Seen, rule: Rule) -> list[Found]:
    """Look for draws and doses after the session's end, or entered when it had ended."""
    grace = timedelta(minutes=rule.margin)
    return _sessions(
        (
            (one.by, one.session, _later(one.at, one.recorded_at) > one.ended_at + grace)
            for one in _taken(seen)
            if one.ended_at is not None
        ),
        rule,
    )


def _taken(seen: Seen) -> tuple[Drawn | Given, ...]:
    return (*seen.drawn, *seen.given)


def _later(one: datetime, other: datetime) -> datetime:
    return one if one > other else other


def elsewhere(seen: Seen, rule: Rule) -> list[Found]:
    """Look for units drawn in another area than that of the patient's session."""
    return _sessions(
        (
            (one.by, one.session, one.area != one.session_area)
            for one in seen.drawn
            if one.session_area
        ),
        rule,
    )


def waste_frequency(seen: Seen, rule: Rule) -> list[Found]:
    """Look at the share of opened units of which some was wasted."""
    return _shares(((one.by, one.wasted_ug > 0) for one in seen.drawn if one.settled), rule)


def waste_beyond(seen: Seen, rule: Rule) -> list[Found]:
    """Look for sessions in which more units were opened than their doses needed."""
    sums: defaultdict[tuple[str, str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for one in seen.drawn:
        if one.settled:
            held = sums[one.by, one.session, one.item, one.unit_ug]
            held[0] += 1
            held[1] += one.given_ug
    return _shares(
        (
            (person, units > (-(-given // unit_ug) or 1))
            for (person, _, _, unit_ug), (units, given) in sums.items()
        ),
        rule,
    )


def entry_late(seen: Seen, rule: Rule) -> list[Found]:
    """Look for entries that were made later than the law of the place allows."""
    rows: tuple[Drawn | Given | Wasted, ...] = (*seen.drawn, *seen.given, *seen.wasted)
    return _sessions(((one.by, one.session, one.late_days > 0) for one in rows), rule)


def pump_missing(seen: Seen, rule: Rule) -> list[Found]:
    """Look for intravenous doses of which nobody entered the pump's volume."""
    return _shares(
        ((one.by, one.pump_ug is None) for one in seen.given if one.route == IV),
        rule,
    )


def pump_differs(seen: Seen, rule: Rule) -> list[Found]:
    """Look for doses whose pump volume differs from the charted dose, either way."""
    return _shares(
        (
            (one.by, abs(one.pump_ug - one.ug) > rule.margin * one.ug)
            for one in seen.given
            if one.pump_ug is not None
        ),
        rule,
    )


def no_effect(seen: Seen, rule: Rule) -> list[Found]:
    """Look for doses of which the patient showed no effect."""
    return _shares(((one.by, not one.effect) for one in seen.given if one.effect is not None), rule)


def frozen_page(seen: Seen, rule: Rule) -> list[Found]:
    """Look for draws that were accepted from a frozen page."""
    return _sessions(((one.by, one.session, one.accepted) for one in seen.drawn), rule)


def undone(seen: Seen, rule: Rule) -> list[Found]:
    """Look at the share of draws that were returned, undone or corrected in an amount."""
    return _shares(((one.by, one.undone) for one in seen.drawn), rule)


def waste_late(seen: Seen, rule: Rule) -> list[Found]:
    """Look for wastes that came much later after the dose than is usual with the others."""
    minutes: defaultdict[str, list[float]] = defaultdict(list)
    for one in seen.wasted:
        minutes[one.by].append(one.after_min)
    found = []
    for person in sorted(minutes):
        own = minutes[person]
        others = [x for other, theirs in minutes.items() if other != person for x in theirs]
        if len(own) < rule.own_least or len(others) < rule.peers_least:
            found.append(Found(person, "too few to tell", 0, len(own), None, None))
            continue
        limit = slow(others, rule.margin, rule.spread)
        count = sum(one > limit for one in own)
        theirs_late = sum(one > limit for one in others)
        everybody = (count + theirs_late, len(own) + len(others))
        share = _share(person, (count, len(own)), everybody, rule)
        found.append(replace(share, detail=f"later than {limit:.0f} min after the dose"))
    return found


def waste_size(seen: Seen, rule: Rule) -> list[Found]:
    """Look at the wasted share of what was drawn, session by session and item by item."""
    drawn: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in seen.drawn:
        if one.settled:
            sums = drawn[one.by, one.session, one.item]
            sums[0] += one.wasted_ug
            sums[1] += one.unit_ug
    shares: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (person, _, item), (wasted, out) in drawn.items():
        shares[person][item].append(wasted / out)
    return [_size(person, shares, rule) for person in sorted(shares)]


def _size(
    person: str, shares: defaultdict[str, defaultdict[str, list[float]]], rule: Rule
) -> Found:
    """Compare a person's wasted shares with the mean of the others' for the same item."""
    beyond: list[float] = []
    usual = variance = 0.0
    everything = sum(map(len, shares[person].values()))
    for item, own in sorted(shares[person].items()):
        others = [x for other in sorted(shares) if other != person for x in shares[other][item]]
        if len(others) < rule.peers_least:
            continue
        middle = fmean(others)
        beyond += [one - middle for one in own]
        usual += middle * len(own)
        variance += pstdev(others) ** 2 / len(others) * len(own) ** 2
    n = len(beyond)
    if n < rule.own_least:
        return Found(person, "too few to tell", 0.0, everything, None, None)
    z = excess(beyond, 0.0, sqrt(variance) / n, rule.spread)
    status: Status = "signal" if z >= rule.threshold else "nothing"
    return Found(person, status, fmean(beyond) + usual / n, n, usual / n, z)


def measuring(seen: Seen, rule: Rule) -> list[Found]:
    """Look for units that close with drug missing again and again, each within the tolerance.

    Zero is usual, and so is what the others' units show: dead space in a site's syringes is
    nobody's doing.
    """
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for one in seen.drawn:
        if one.missing_ug is not None and one.tolerance_ug > 0:
            shares[one.by].append(one.missing_ug / one.tolerance_ug)
    found = []
    for person, own in sorted(shares.items()):
        others = [x for other in sorted(shares) if other != person for x in shares[other]]
        if len(own) < rule.own_least:
            found.append(Found(person, "too few to tell", fmean(own), len(own), None, None))
            continue
        usual = fmean(others) if len(others) >= rule.peers_least else 0.0
        expected = usual if usual > 0.0 else 0.0
        z = excess(own, expected, 0.0, rule.spread)
        status: Status = "signal" if z >= rule.threshold else "nothing"
        found.append(Found(person, status, fmean(own), len(own), expected, z))
    return found


def same_witness(seen: Seen, rule: Rule) -> list[Found]:
    """Look for a witness who stands beside one person more often than chance at work gives.

    Chance: among the people who signed anything that day and who witness at all, each as often as
    for the others. A day on which there was no choice says nothing and is left out.
    """
    stood = Counter((one.by, one.witness) for one in seen.wasted if one.witness)
    by_witness = Counter(one.witness for one in seen.wasted if one.witness)
    wastes: defaultdict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for one in seen.wasted:
        if one.witness:
            beside = seen.at_work.get(one.at.date(), frozenset()) & by_witness.keys()
            pool = tuple(sorted((beside | {one.witness}) - {one.by}))
            wastes[one.by].append((one.witness, pool))
    found = []
    for person in sorted(wastes):
        chosen = [row for row in wastes[person] if len(row[1]) > 1]
        others = sum(map(len, wastes.values())) - len(wastes[person])
        if len(chosen) < rule.own_least or others < rule.peers_least:
            found.append(Found(person, "too few to tell", 0.0, len(chosen), None, None))
            continue
        weight = {one: by_witness[one] - stood[person, one] + 1 for one in by_witness}
        found.append(_closest(person, chosen, weight, rule))
    return found


def _closest(
    person: str, rows: list[tuple[str, tuple[str, ...]]], weight: dict[str, int], rule: Rule
) -> Found:
    """Return the witness who is least by chance, counting that all of them were looked at."""
    expected: defaultdict[str, float] = defaultdict(float)
    for _, pool in rows:
        total = sum(weight[one] for one in pool)
        for one in pool:
            expected[one] += weight[one] / total
    counts = Counter(witness for witness, _ in rows)
    n = len(rows)
    best = ""
    least = 2.0  # above any chance
    for one in counts:  # in the order of the wastes, so that no name decides between equals
        share = expected[one] / n
        chance = tail(counts[one], n, rule.peers_worth * share, rule.peers_worth * (1.0 - share))
        if chance < least:
            best, least = one, chance
    all_looked_at = least * len(expected)
    chance = all_looked_at if all_looked_at < 1.0 else 1.0
    fires = counts[best] >= rule.count_least and chance <= rule.threshold
    status: Status = "signal" if fires else "nothing"
    return Found(person, status, counts[best], n, expected[best], chance, beside=best)


SIGNALS: dict[str, Signal] = {
    "after-session": after_session,
    "elsewhere": elsewhere,
    "waste-frequency": waste_frequency,
    "waste-size": waste_size,
    "waste-beyond": waste_beyond,
    "waste-late": waste_late,
    "entry-late": entry_late,
    "same-witness": same_witness,
    "pump-missing": pump_missing,
    "pump-differs": pump_differs,
    "no-effect": no_effect,
    "measuring": measuring,
    "frozen-page": frozen_page,
    "undone": undone,
}
