"""Data sets made up from a seed, in the shape that a site exports."""

from __future__ import annotations

import random
from typing import Any

from assuage.evidence.registry.dictionary import Dataset, Row, checked
from assuage.knowledge import library

BANDS = ("18-29", "30-39", "40-49", "90+")
DAYS = {"day-1": 1, "week-1": 7, "week-4": 28, "week-12": 84}


def made(seed: int, people: int, *, site: str = "north", few: bool = False) -> Dataset:
    """People with one or two courses, PHQ-9 over time, doses and harms; `few` makes all rare."""
    rng = random.Random(seed)
    tables: dict[Any, list[Row]] = {
        name: [] for name in ("people", "courses", "sessions", "outcomes", "harms")
    }
    for _ in range(people):
        _person(rng, tables, site, few=few)
    rows = {name: tuple(held) for name, held in tables.items()}
    return checked(Dataset(site, "registry", rows), site)


def _person(rng: random.Random, tables: dict[Any, list[Row]], site: str, *, few: bool) -> None:
    person = f"{rng.getrandbits(96):024x}"
    courses = rng.choice((1, 1, 1, 2))
    tables["people"].append(
        {
            "person": person,
            "site": site,
            "age_band": rng.choice(BANDS),
            "sex": rng.choice(("female", "female", "male", None)),
            "courses": courses,
        }
    )
    for course in range(1, courses + 1):
        key: Row = {"person": person, "course": course}
        sessions = rng.randint(1, 6)
        tables["courses"].append(_course(rng, key, course, sessions))
        tables["sessions"] += [_session(rng, key, n) for n in range(1, sessions + 1)]
        tables["outcomes"] += _outcomes(rng, key)
        for _ in range(rng.choice((0, 0, 0, 1) if few else (0, 1, 1, 3))):
            tables["harms"].append(_harm(rng, key, sessions))


def _course(rng: random.Random, key: Row, course: int, sessions: int) -> Row:
    return key | {
        "indication": rng.choice(("depression", "crps")),
        "regimen": "depression-iv",
        "planned_sessions": 6,
        "sessions": sessions,
        "start_day": (course - 1) * 200,
        "end_day": None,
        "end_reason": rng.choice((None, "completed", "harm")),
        "followed": rng.choice((None, "week-1", "week-4", "week-24")),
        "primary_outcome": "phq-9",
        "outcomes": "phq-9 nrs-pain",
    }


def _session(rng: random.Random, key: Row, number: int) -> Row:
    return key | {
        "session": number,
        "day": number,
        "drug": rng.choice(("racemic-ketamine", "esketamine")),
        "route": "iv",
        "doses": 1,
        "given_mg": float(rng.randint(20, 60)),
        "given_mg_per_kg": rng.choice((None, 0.5, 0.75)),
    }


def _outcomes(rng: random.Random, key: Row) -> list[Row]:
    rows = []
    if rng.random() < 0.9:
        rows.append(_outcome(key, 0, rng.randint(10, 27), baseline=True))
    for day in DAYS.values():
        if rng.random() < 0.8:
            rows.append(_outcome(key, day, rng.randint(0, 27)))
        if rng.random() < 0.1:
            rows.append(_outcome(key, day, rng.randint(0, 27), acute=True))
    if rng.random() < 0.2:
        empty: Row = dict.fromkeys(one.id for one in library.registry().fields("outcomes"))
        missed: Row = {"instrument": "phq-9", "day": 30, "missed": "declined"}
        rows.append(empty | key | missed | {"baseline": False, "prespecified": True})
    return rows


def _outcome(key: Row, day: int, value: int, *, baseline: bool = False, acute: bool = False) -> Row:
    return key | {
        "instrument": "phq-9",
        "total": "total",
        "value": float(value),
        "level": None,
        "day": day,
        "course_day": day,
        "acute": acute,
        "session": None,
        "phase": None,
        "rated_by": "self",
        "baseline": baseline,
        "prespecified": True,
        "missing_items": 0,
        "missed": None,
        "guess": None,
    }


def _harm(rng: random.Random, key: Row, sessions: int) -> Row:
    return key | {
        "session": rng.choice((None, rng.randint(1, sessions))),
        "day": 1,
        "term": rng.choice(("nausea", "liver", "fall")),
        "grade": rng.randint(1, 5),
        "serious": rng.choice(("no", "no", "hospitalisation")),
        "relation": "possible",
        "action": "none",
    }
