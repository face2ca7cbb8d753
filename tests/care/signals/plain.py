"""A small clinic in which nothing is odd, and ways to make one person's rows odd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assuage.care.signals.seen import Drawn, Given, Seen, Wasted

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PEOPLE = ("ada", "ben", "cid", "dot")
THIEF = "ada"
HOUR = timedelta(hours=1)
UNIT_UG, DOSE_UG, TOLERANCE_UG = 200_000, 150_000, 10_000


def drawn(by: str, number: int) -> Drawn:
    at = START + timedelta(days=number)
    whole = number % 2  # every other dose uses the unit up
    given = UNIT_UG if whole else DOSE_UG
    return Drawn(
        by=by,
        at=at,
        recorded_at=at,
        session=f"{by}-{number}",
        ended_at=at + 2 * HOUR,
        area="ward",
        session_area="ward",
        item="ketamine-10/20mL",
        unit_ug=UNIT_UG,
        given_ug=given,
        wasted_ug=UNIT_UG - given,
        settled=True,
        undone=False,
        accepted=False,
        missing_ug=0,
        tolerance_ug=TOLERANCE_UG,
    )


def given(one: Drawn) -> Given:
    return Given(
        by=one.by,
        at=one.at + HOUR,
        recorded_at=one.at + HOUR,
        session=one.session,
        ended_at=one.ended_at,
        route="iv",
        ug=one.given_ug,
        pump_ug=one.given_ug,
        effect=True,
    )


def wasted(one: Drawn, number: int, people: tuple[str, ...]) -> Wasted:
    others = [person for person in people if person != one.by]
    witness = others[number // 2 % len(others)] if others else "eve"
    return Wasted(one.by, witness, one.at + HOUR, one.session, 20.0 + number % 5)


def plain(people: tuple[str, ...] = PEOPLE, sessions: int = 40) -> Seen:
    """Everybody alike: the same sessions, witnesses by turns, and nothing odd."""
    rows = [(drawn(by, number), number) for by in people for number in range(sessions)]
    days = {(START + timedelta(days=number)).date() for number in range(sessions)}
    return Seen(
        drawn=tuple(one for one, _ in rows),
        given=tuple(given(one) for one, _ in rows),
        wasted=tuple(wasted(one, n, people) for one, n in rows if one.wasted_ug),
        at_work=dict.fromkeys(days, frozenset(people)),
    )


def odd(rows: tuple[Any, ...], every: int, **change: Any) -> tuple[Any, ...]:
    """Change every so manyeth row of THIEF; a change that can be called is given the row."""
    found = []
    own = 0
    for one in rows:
        mine = one.by == THIEF
        own += mine
        if mine and own % every == 0:
            told = {name: new(one) if callable(new) else new for name, new in change.items()}
            found.append(replace(one, **told))
        else:
            found.append(one)
    return tuple(found)


def _extra(seen: Seen) -> Seen:
    extra = [
        replace(one, given_ug=0, wasted_ug=one.unit_ug)
        for number, one in enumerate(seen.drawn)
        if one.by == THIEF and number % 4 == 0
    ]
    return replace(seen, drawn=(*seen.drawn, *extra))


def _of(name: str, every: int, **change: Any) -> Callable[[Seen], Seen]:
    return lambda seen: replace(seen, **{name: odd(getattr(seen, name), every, **change)})


# By the signal that has to see it.
PLANTED: dict[str, Callable[[Seen], Seen]] = {
    "after-session": _of("drawn", 3, recorded_at=lambda one: one.ended_at + HOUR),
    "elsewhere": _of("drawn", 3, area="theatre"),
    "waste-frequency": _of("drawn", 1, wasted_ug=lambda one: one.wasted_ug or UNIT_UG // 5),
    "waste-size": _of("drawn", 1, wasted_ug=lambda one: one.wasted_ug + one.given_ug // 3),
    "waste-beyond": _extra,
    "waste-late": _of("wasted", 2, after_min=300.0),
    "entry-late": _of("drawn", 3, late_days=2),
    "same-witness": _of("wasted", 1, witness="ben"),
    "pump-missing": _of("given", 2, pump_ug=None),
    "pump-differs": _of("given", 3, pump_ug=lambda one: one.ug * 4 // 5),
    "no-effect": _of("given", 3, effect=False),
    "measuring": _of("drawn", 1, missing_ug=TOLERANCE_UG * 4 // 5),
    "frozen-page": _of("drawn", 3, accepted=True),
    "undone": _of("drawn", 3, undone=True),
}
