"""Simulated clinics in which everybody is honest, and the people who are then planted in them.

A clinic is made for one quarter, straight as the rows that the signals look at. Every number here
is an assumption of this project (`read` would say design); `ASSUMED` lists them with what they
mean, and the page prints that list. Doses and vials are the library's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import ceil, exp, log, sqrt
from random import Random
from typing import Any, TypeVar

from assuage.care.register.duties import tolerance_ug
from assuage.care.register.item import Item, item
from assuage.care.signals.seen import Drawn, Given, Period, Seen, Wasted
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Segment

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEKS = 13
DAYS = 7 * WEEKS
PERIOD = Period(START, START + timedelta(days=DAYS))

# What is assumed of honest clinics: value and what it means. "Per person" shares differ between
# people: each is drawn from a beta distribution with that mean, worth `habit_worth` events.
ASSUMED: dict[str, tuple[float, str]] = {
    "staff_from": (2, "fewest people who draw, give and witness"),
    "staff_to": (12, "most people"),
    "week_from": (5, "fewest sessions a week; their logarithm is spread evenly"),
    "week_to": (60, "most sessions a week"),
    "works": (0.65, "share of days that a person works; the rota has two teams"),
    "team": (0.7, "chance that a person works with their own team on a day"),
    "weight_mean": (78, "patients' mean weight, kg"),
    "weight_sd": (17, "its standard deviation, kg"),
    "weight_from": (45, "least weight treated, kg"),
    "weight_to": (140, "greatest weight treated, kg"),
    "continuity": (0.4, "share of sessions in which the patient's usual person gives"),
    "busy": (0.4, "SD of the log of how much a person takes on of a day's sessions"),
    "case_mix": (0.5, "SD of the log of how often a person takes each kind of session"),
    "friend": (0.5, "SD of the log of how often one person asks another to witness"),
    "habit_worth": (40, "events that a person's habit is worth: fewer means people differ more"),
    "site_sd": (0.4, "SD of the log odds of a whole site's habits"),
    "wrong_area": (0.02, "per person: the session's area is set wrongly, or a far cabinet is used"),
    "empty_day": (0.02, "days on which an area's cabinet is empty and the next one is used"),
    "wrong_end": (0.015, "per person: the session's end is put in before its last dose"),
    "stopped": (0.05, "per person: a session is stopped early"),
    "extra_unit": (0.02, "per person: a unit is broken or spilled and another one opened"),
    "whole": (0.3, "per person: a dose is rounded to whole units where that is near"),
    "near": (0.1, "how near, as a share of the dose"),
    "last_drop": (0.85, "per person: a rest within the tolerance is entered as a waste"),
    "exact": (0.75, "per site: units whose waste is entered as the rest, so that nothing differs"),
    "reading_bias": (0.1, "SD between people of the mean measuring difference, in tolerances"),
    "dead_space": (0.08, "SD between sites of the same"),
    "reading_sd": (0.35, "SD of one measuring difference, in tolerances; none is beyond it"),
    "site_worth": (4, "events that a site's own share of these is worth"),
    "waste_min": (20, "median minutes from the last dose to the waste"),
    "waste_site": (0.4, "SD of its log between sites"),
    "waste_person": (0.25, "SD of its log between people"),
    "waste_sd": (0.6, "SD of its log within a person"),
    "end_of_shift": (0.04, "per person: the waste waits for the end of the shift, 2 to 5 h"),
    "late_entry": (0.02, "per person: an entry is made too late, the day after next"),
    "no_pump": (0.15, "per person: nobody enters the pump's volume"),
    "pump_sd": (0.02, "SD of the pump's volume around the dose, as a share of it"),
    "pump_wrong": (0.015, "per person: the volume entered is far off, 20 to 60 % either way"),
    "noted": (0.7, "per site: share of doses of which an effect is noted, or noted as absent"),
    "no_effect": (0.05, "mean share of a patient's doses without any effect"),
    "patient_worth": (5, "events that a patient's own share of these is worth"),
    "patients": (0.35, "patients, as a share of a quarter's sessions"),
    "frozen": (0.02, "share of days on which one cabinet's page is frozen, and draws are accepted"),
    "undone": (0.04, "per person: a draw is returned, undone or corrected"),
}
Assumed = Mapping[str, float]
BASE: Assumed = {name: value for name, (value, _) in ASSUMED.items()}

# Kinds of session: the regimen, its product's choices, and how common clinics have them.
KINDS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("depression-iv", ("ketamine-10/20mL", "ketamine-50/10mL"), 0.5),
    ("crps-outpatient-10d", ("ketamine-10/20mL", "ketamine-50/10mL"), 0.2),
    ("fibromyalgia-esketamine", ("esketamine-5/5mL", "esketamine-25/2mL"), 0.2),
    ("chronic-pain-iv", ("ketamine-10/20mL", "ketamine-50/10mL", "ketamine-100/5mL"), 0.1),
)


@cache
def _product(id_: str) -> tuple[Item, int]:
    found = item(id_)
    return found, tolerance_ug(found)


@cache
def _segments(regimen: str) -> tuple[tuple[Segment, ...], float]:
    variant = next(one for one in library.regimen(regimen).variant if one.default)
    return variant.segment, sum(one.duration_h or 0.0 for one in variant.segment)


def session_mg(regimen: str, weight_kg: float) -> float:
    """Return the dose of a session by the regimen's default variant."""
    total = 0.0
    for one in _segments(regimen)[0]:
        amount = one.amount * (weight_kg if "kg" in one.unit else 1.0)
        if one.cap is not None and amount > one.cap.value:
            amount = one.cap.value
        total += amount * ((one.duration_h or 0.0) if one.unit.endswith("/h") else 1.0)
    return total


@dataclass(frozen=True)
class Clinic:
    """Who works where, and how. Every habit has one share for each person."""

    rng: Random
    a: Assumed
    staff: list[str]
    busy: list[float]
    case_mix: list[list[float]]
    friend: list[list[float]]
    areas: list[str]
    habits: dict[str, list[float]]
    kinds: list[float]
    items: list[str]
    waste_min: list[float]
    bias: list[float]
    exact: float
    noted: float
    patients: list[tuple[float, float, int]]  # weight, chance of no effect, usual person
    sessions: int


PER_PERSON = (
    *("wrong_area", "wrong_end", "stopped", "extra_unit", "whole", "last_drop", "end_of_shift"),
    *("late_entry", "no_pump", "pump_wrong", "undone"),
)


def _beta(rng: Random, mean: float, worth: float) -> float:
    return rng.betavariate(worth * mean, worth * (1.0 - mean))


def _habits(rng: Random, a: Assumed, people: int) -> dict[str, list[float]]:
    found = {}
    for name in PER_PERSON:
        odds = a[name] / (1.0 - a[name]) * exp(rng.gauss(0.0, a["site_sd"]))
        mean = odds / (1.0 + odds)
        found[name] = [_beta(rng, mean, a["habit_worth"]) for _ in range(people)]
    return found


def _clinic(rng: Random, a: Assumed) -> Clinic:
    people = rng.randint(int(a["staff_from"]), int(a["staff_to"]))
    weekly = exp(rng.uniform(log(a["week_from"]), log(a["week_to"])))
    sessions = round(rng.gauss(weekly, sqrt(weekly / WEEKS)) * WEEKS)
    everybody = range(people)
    kinds = [rng.gammavariate(2.0 * common, 1.0) for _, _, common in KINDS]
    waste_min = a["waste_min"] * exp(rng.gauss(0.0, a["waste_site"]))
    dead_space = rng.gauss(0.0, a["dead_space"])
    return Clinic(
        rng=rng,
        a=a,
        staff=[f"p{n:02}" for n in everybody],
        busy=[exp(rng.gauss(0.0, a["busy"])) for _ in everybody],
        case_mix=[[exp(rng.gauss(0.0, a["case_mix"])) for _ in KINDS] for _ in everybody],
        friend=[[exp(rng.gauss(0.0, a["friend"])) for _ in everybody] for _ in everybody],
        areas=[f"area-{n}" for n in range(rng.randint(1, 2 + people // 4))],
        habits=_habits(rng, a, people),
        kinds=kinds,
        items=[rng.choice(items) for _, items, _ in KINDS],
        waste_min=[waste_min * exp(rng.gauss(0.0, a["waste_person"])) for _ in everybody],
        bias=[dead_space + rng.gauss(0.0, a["reading_bias"]) for _ in everybody],
        exact=_beta(rng, a["exact"], a["site_worth"]),
        noted=_beta(rng, a["noted"], a["site_worth"]),
        patients=[
            (
                _weight(rng, a),
                _beta(rng, a["no_effect"], a["patient_worth"]),
                rng.randrange(people),
            )
            for _ in range(1 + int(a["patients"] * sessions))
        ],
        sessions=sessions,
    )


def _weight(rng: Random, a: Assumed) -> float:
    while True:
        found = rng.gauss(a["weight_mean"], a["weight_sd"])
        if a["weight_from"] <= found <= a["weight_to"]:
            return found


@dataclass(frozen=True)
class _Rows:
    drawn: list[Drawn]
    given: list[Given]
    wasted: list[Wasted]


@dataclass(frozen=True)
class _Day:
    """A day: who works, whether cabinets are swapped, and which area's page is frozen."""

    at: datetime
    present: list[int]
    swapped: bool
    frozen: str


def honest(seed: int, number: int, assumed: Assumed = BASE) -> Seen:
    """Return one clinic's quarter: the same for the same seed and number, whatever else is made."""
    clinic = _clinic(Random(f"{seed}/{number}"), assumed)  # noqa: S311 - a simulation, no secret
    rng = clinic.rng
    rows = _Rows([], [], [])
    at_work: dict[date, frozenset[str]] = {}
    days = Counter(rng.randrange(WEEKS * 5) for _ in range(clinic.sessions))
    for place, sessions in sorted(days.items()):
        week, weekday = divmod(place, 5)
        at = START + timedelta(days=week * 7 + weekday)
        swapped = rng.random() < clinic.a["empty_day"]
        frozen = rng.choice(clinic.areas) if rng.random() < clinic.a["frozen"] else ""
        day = _Day(at, _present(clinic), swapped, frozen)
        for _ in range(sessions):
            _session(clinic, rows, day)
        at_work[at.date()] = frozenset(clinic.staff[one] for one in day.present)
    return Seen(tuple(rows.drawn), tuple(rows.given), tuple(rows.wasted), at_work)


def _present(clinic: Clinic) -> list[int]:
    """Return who works on a day: mostly one of two teams, never fewer than two people."""
    rng = clinic.rng
    everybody = range(len(clinic.staff))
    team = rng.randrange(2)
    odds = [
        clinic.a["works"] * 2.0 * (clinic.a["team"] if n % 2 == team else 1.0 - clinic.a["team"])
        for n in everybody
    ]
    present = {n for n in everybody if rng.random() < odds[n]}
    absent = sorted(set(everybody) - present)
    rng.shuffle(absent)
    while len(present) < 2:
        present.add(absent.pop())
    return sorted(present)


def _session(clinic: Clinic, rows: _Rows, day: _Day) -> None:
    """Add the rows of one session: its units, its dose and its waste."""
    rng = clinic.rng
    (kind,) = rng.choices(range(len(KINDS)), clinic.kinds)
    weight_kg, none, who = rng.choice(clinic.patients)
    if who not in day.present or rng.random() >= clinic.a["continuity"]:
        odds = [clinic.busy[one] * clinic.case_mix[one][kind] for one in day.present]
        (who,) = rng.choices(day.present, odds)
    tell = {name: rng.random() < odds[who] for name, odds in clinic.habits.items()}
    of, tolerance = _product(clinic.items[kind])
    near = clinic.a["near"] if tell["whole"] else 0.0
    intended = _intended(KINDS[kind][0], weight_kg, of.unit_ug, near)
    share = rng.uniform(0.3, 0.95) if tell["stopped"] else 1.0
    begin = day.at + timedelta(minutes=rng.uniform(480, 900))
    given_at = begin + timedelta(hours=_segments(KINDS[kind][0])[1] * share)
    off = -rng.uniform(31, 120) if tell["wrong_end"] else rng.uniform(20, 90)
    home = rng.choice(clinic.areas)
    other = clinic.areas[(clinic.areas.index(home) + 1) % len(clinic.areas)]
    area = other if tell["wrong_area"] or day.swapped else home
    late = 2 if tell["late_entry"] else 0
    draw = Drawn(
        by=clinic.staff[who],
        at=begin,
        recorded_at=begin + timedelta(days=late),
        session=f"s{len(rows.given)}",
        ended_at=given_at + timedelta(minutes=off, days=late),
        area=area,
        session_area=home,
        item=of.id,
        unit_ug=of.unit_ug,
        given_ug=0,
        wasted_ug=0,
        settled=True,
        undone=False,
        accepted=area == day.frozen,
        missing_ug=0,
        tolerance_ug=tolerance,
        late_days=late,
    )
    dose = int(intended * share)
    units = ceil(intended / of.unit_ug) + tell["extra_unit"]
    left = dose
    for place in range(units):
        given = left if left < of.unit_ug else of.unit_ug
        left -= given
        unit = replace(draw, given_ug=given, undone=tell["undone"] and place == 0)
        _unit(clinic, rows, unit, (who, day, given_at, tell["last_drop"], tell["end_of_shift"]))
    _dose(clinic, rows, draw, (dose, given_at, none, tell["pump_wrong"], tell["no_pump"]))


def _intended(regimen: str, weight_kg: float, unit_ug: int, near: float) -> int:
    """Return a dose in micrograms: whole milligrams, or whole units within the share `near`."""
    ug = round(session_mg(regimen, weight_kg)) * 1000
    whole = (round(ug / unit_ug) or 1) * unit_ug
    return whole if abs(whole - ug) <= near * ug else ug


def _unit(
    clinic: Clinic, rows: _Rows, draw: Drawn, how: tuple[int, _Day, datetime, bool, bool]
) -> None:
    """Add one unit, what was wasted of it, and how it was closed."""
    rng = clinic.rng
    who, day, given_at, last_drop, end_of_shift = how
    rest = draw.unit_ug - draw.given_ug
    missing = 0
    if rest > draw.tolerance_ug and rng.random() >= clinic.exact:
        shift = rng.gauss(clinic.bias[who], clinic.a["reading_sd"])
        missing = int(draw.tolerance_ug * shift) if -1.0 <= shift <= 1.0 else 0
    elif rest <= draw.tolerance_ug and not last_drop:
        missing = rest
    wasted = rest - missing
    rows.drawn.append(replace(draw, wasted_ug=wasted, missing_ug=missing))
    if wasted == 0:
        return
    minutes = clinic.waste_min[who] * exp(rng.gauss(0.0, clinic.a["waste_sd"]))
    if end_of_shift:
        minutes = rng.uniform(120, 300)
    beside = [one for one in day.present if one != who]
    (witness,) = rng.choices(beside, [clinic.friend[who][one] for one in beside])
    late = draw.late_days
    rows.wasted.append(
        Wasted(draw.by, clinic.staff[witness], given_at, draw.session, minutes, late)
    )


def _dose(
    clinic: Clinic, rows: _Rows, draw: Drawn, how: tuple[int, datetime, float, bool, bool]
) -> None:
    rng = clinic.rng
    ug, at, none, pump_wrong, no_pump = how
    pump = int(ug * (1.0 + rng.gauss(0.0, clinic.a["pump_sd"])))
    if pump_wrong:
        pump = int(ug * (1.0 + rng.uniform(0.2, 0.6) * rng.choice((-1, 1))))
    effect = rng.random() >= none if rng.random() < clinic.noted else None
    rows.given.append(
        Given(
            by=draw.by,
            at=at,
            recorded_at=at + timedelta(days=draw.late_days),
            session=draw.session,
            ended_at=draw.ended_at,
            route="iv",
            ug=ug,
            pump_ug=None if no_pump else pump,
            effect=effect,
            late_days=draw.late_days,
        )
    )


# Whom to find: each leaves the trace that one signal looks for, at a stated rate.

R = TypeVar("R", Drawn, Given, Wasted)
Plant = Callable[[Seen, str, Random], Seen]
HOUR = timedelta(hours=1)


def _some(rows: tuple[R, ...], who: str, odds: float, rng: Random, **change: Any) -> tuple[R, ...]:
    """Change a share of a person's rows; a change that is called is given the row."""
    found = []
    for one in rows:
        if one.by == who and rng.random() < odds:
            told = {name: new(one) if callable(new) else new for name, new in change.items()}
            found.append(replace(one, **told))
        else:
            found.append(one)
    return tuple(found)


def _drawn(odds: float, **change: Any) -> Plant:
    return lambda seen, who, rng: replace(seen, drawn=_some(seen.drawn, who, odds, rng, **change))


def _given(odds: float, **change: Any) -> Plant:
    return lambda seen, who, rng: replace(seen, given=_some(seen.given, who, odds, rng, **change))


def _wasted(odds: float, **change: Any) -> Plant:
    return lambda seen, who, rng: replace(seen, wasted=_some(seen.wasted, who, odds, rng, **change))


def _extra(seen: Seen, who: str, rng: Random) -> Seen:
    """Open a unit too many in some sessions, and enter all of it as waste."""
    extra = [
        replace(one, given_ug=0, wasted_ug=one.unit_ug, missing_ug=0)
        for one in seen.drawn
        if one.by == who and rng.random() < 0.2
    ]
    return replace(seen, drawn=(*seen.drawn, *extra))


def _partner(seen: Seen, who: str, rng: Random) -> Seen:
    """Have one person witness most wastes on the days when that person works too."""
    names = sorted({one.witness for one in seen.wasted} - {who})
    partner = rng.choice(names) if names else who
    rows = tuple(
        replace(one, witness=partner)
        if one.by == who and partner in seen.at_work[one.at.date()] and rng.random() < 0.8
        else one
        for one in seen.wasted
    )
    return replace(seen, wasted=rows)


def _skimmed(one: Drawn) -> int | None:
    return one.tolerance_ug * 4 // 5 if one.wasted_ug > one.tolerance_ug else one.missing_ug


DIVERTERS: dict[str, tuple[str, Plant]] = {
    "after-session": (
        "draws once more for a patient who has gone, in 1 of 5 sessions",
        _drawn(0.2, recorded_at=lambda one: (one.ended_at or one.at) + HOUR),
    ),
    "elsewhere": (
        "draws in another area than the patient's, in 1 of 5 sessions",
        _drawn(0.2, area="another"),
    ),
    "waste-frequency": (
        "enters a waste for every unit, also for those that were used up",
        _drawn(1.0, wasted_ug=lambda one: one.wasted_ug or one.unit_ug // 5),
    ),
    "waste-size": (
        "keeps a third of each dose, and enters it as wasted",
        _drawn(1.0, wasted_ug=lambda one: one.wasted_ug + one.given_ug // 3),
    ),
    "waste-beyond": ("opens a unit too many in 1 of 5 sessions, and enters it as waste", _extra),
    "waste-late": (
        "keeps what is left for 4 h before it is wasted, in 1 of 5 wastes",
        _wasted(0.2, after_min=lambda one: one.after_min + 240.0),
    ),
    "entry-late": ("enters 1 of 5 draws after days", _drawn(0.2, late_days=2)),
    "same-witness": (
        "has the same person witness 4 of 5 wastes on days when both work",
        _partner,
    ),
    "pump-missing": (
        "leaves out the pump's volume of half of the doses",
        _given(0.5, pump_ug=None),
    ),
    "pump-differs": (
        "keeps a fifth of the dose, in 1 of 5 sessions",
        _given(0.2, pump_ug=lambda one: None if one.pump_ug is None else one.ug * 4 // 5),
    ),
    "no-effect": (
        "gives saline in 1 of 4 doses, and what the patient says is noted",
        _given(0.25, effect=lambda one: None if one.effect is None else False),
    ),
    "measuring": (
        "keeps four fifths of the tolerance of every unit that has a rest",
        _drawn(1.0, missing_ug=_skimmed),
    ),
    "frozen-page": ("draws from frozen pages in 1 of 5 sessions", _drawn(0.2, accepted=True)),
    "undone": ("undoes or corrects 1 of 5 draws", _drawn(0.2, undone=True)),
}
# Takes a fifth of every waste away and changes nothing that is written down.
UNSEEN = "takes a fifth of what is wasted, and every entry is right"

# Honest clinics that are less alike than was assumed: what a rate may be elsewhere.
HARDER: dict[str, tuple[str, dict[str, float]]] = {
    "habits": ("people's habits differ more: each is worth 15 events", {"habit_worth": 15.0}),
    "company": (
        "people prefer some witnesses and some kinds of session twice as strongly",
        {"friend": 1.0, "case_mix": 1.0},
    ),
}
