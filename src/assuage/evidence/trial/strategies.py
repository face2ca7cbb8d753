"""What an estimand's strategies do to the data of a study.

A row is after an event when its day is later than the event's day; a measurement on the day
itself is before it. Where several events came before a row, the first of them in the estimand's
order decides, except that a treatment policy never overrules another strategy: it only says that
its own event changes nothing.

    strategy             a row after the event                        its fate
    treatment-policy     stays as measured                            kept, or missing
    hypothetical         loses its value                              set-missing
    composite            becomes a failure, measured or not           failure
    while-on-treatment   leaves the analysis                          left-out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.trial.estimands import Assumption, Estimand, IntercurrentEvent
from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]
I = NDArray[np.int64]  # noqa: E741
B = NDArray[np.bool_]

Fate = Literal["observed", "missing", "kept", "set-missing", "failure", "left-out"]
FATES: tuple[Fate, ...] = ("observed", "missing", "kept", "set-missing", "failure", "left-out")
_OF = {name: number for number, name in enumerate(FATES)}


@dataclass(frozen=True)
class Long:
    """A study's rows, in any order. All (n,); `value` is NaN where nothing was measured.

    `person` counts from 0 to people - 1; `visit` from 0 to visits - 1; each person has each visit
    once, measured or not, or what a strategy does to a visit that was missed would depend on
    whether somebody wrote a row for it (`complete` adds such rows). `day` is the day of the row,
    planned where nothing was measured, in the unit of the events' days.
    """

    person: I
    visit: I
    day: F
    value: F
    people: int
    visits: int


@dataclass(frozen=True)
class Applied:
    """The rows as an estimand sees them. (n,) for rows, (people,) for people.

    `value`: NaN where missing; `counts`: rows of the analysis; `fate`: an index into FATES;
    `method`: what a person's missing values from visit `first` on are taken to have been
    (`first` is `visits` where nothing but chance took values away).
    """

    value: F
    counts: B
    fate: I
    method: tuple[Assumption, ...]
    first: I
    visits: int

    def tally(self) -> dict[Fate, int]:
        """Return how many rows met each fate."""
        return {name: int((self.fate == number).sum()) for name, number in _OF.items()}


def complete(rows: Long, planned_day: F) -> Long:
    """Return the rows with one for each visit that a person has none for: missing, on its day.

    `planned_day` is (visits,).
    """
    seen = np.zeros((rows.people, rows.visits), bool)
    seen[rows.person, rows.visit] = True
    person, visit = np.nonzero(~seen)
    return Long(
        np.concatenate([rows.person, person]),
        np.concatenate([rows.visit, visit]),
        np.concatenate([rows.day, planned_day[visit]]),
        np.concatenate([rows.value, np.full(len(person), np.nan)]),
        rows.people,
        rows.visits,
    )


def apply(estimand: Estimand, rows: Long, event_days: Mapping[str, F]) -> Applied:
    """Return the analysed rows.

    `event_days` has for each event of the estimand each person's day of it, (people,), infinite
    where it never came. Raises Refused: DATA_INVALID.
    """
    _check(rows)
    days = _days(estimand, event_days, rows.people)
    value = rows.value.astype(float, copy=True)
    fate = np.where(np.isnan(value), _OF["missing"], _OF["observed"])
    counts = np.ones(len(value), bool)
    after = {one.name: rows.day > days[one.name][rows.person] for one in estimand.events}
    decided = np.zeros(len(value), bool)
    assumed: list[tuple[B, IntercurrentEvent]] = []
    for event in sorted(estimand.events, key=lambda one: one.strategy == "treatment-policy"):
        mine = after[event.name] & ~decided
        decided |= after[event.name]
        if event.strategy == "treatment-policy":
            fate[mine & ~np.isnan(value)] = _OF["kept"]
        elif event.strategy == "hypothetical":
            value[mine], fate[mine] = np.nan, _OF["set-missing"]
        elif event.strategy == "composite":
            assert event.failure is not None  # the reader saw to it
            value[mine], fate[mine] = event.failure, _OF["failure"]
        else:
            counts[mine], fate[mine] = False, _OF["left-out"]
        assumed.append((mine & np.isnan(value) & counts, event))
    method, first = _assumptions(rows, assumed, after)
    return Applied(value, counts, fate, method, first, rows.visits)


def last_counting(rows: Long, applied: Applied) -> F:
    """Return each person's last value that counts, (people,), NaN where there is none.

    This is the variable of a while-on-treatment estimand.
    """
    found = np.full(rows.people, np.nan)
    usable = np.flatnonzero(applied.counts & ~np.isnan(applied.value))
    order = usable[np.lexsort((rows.visit[usable], rows.day[usable]))]
    found[rows.person[order]] = applied.value[order]  # the last one written stays
    return found


def wide(rows: Long, applied: Applied) -> F:
    """Return the values by person and visit, (people, visits), NaN where missing or left out."""
    found = np.full((rows.people, rows.visits), np.nan)
    kept = applied.counts
    found[rows.person[kept], rows.visit[kept]] = applied.value[kept]
    return found


def apply_to_times(
    estimand: Estimand, time: F, happened: B, event_days: Mapping[str, F]
) -> tuple[F, B]:
    """Return times and whether the end point happened, as the estimand sees them; both (people,).

    Treatment policy: unchanged. Composite: the event is itself the end point. Hypothetical and
    while on treatment: the person is followed until the event and no further. The event that came
    first decides; a tie with the end point leaves the end point. Raises Refused: DATA_INVALID.
    """
    days = _days(estimand, event_days, len(time))
    time, happened = np.array(time, float), happened.copy()
    if not bool((np.isfinite(time) & (time >= 0.0)).all()) or len(happened) != len(time):
        raise _wrong("times", "a time is missing, negative or not a number")
    for event in estimand.events:
        earlier = days[event.name] < time
        if event.strategy == "treatment-policy":
            continue
        time[earlier] = days[event.name][earlier]
        happened[earlier] = event.strategy == "composite"
    return time, happened


def _assumptions(
    rows: Long, assumed: list[tuple[B, IntercurrentEvent]], after: Mapping[str, B]
) -> tuple[tuple[Assumption, ...], I]:
    """Return each person's one assumption, and the first visit that it holds for.

    That visit is the first after the event, measured or not: the reference's mean holds from it.
    """
    method: list[Assumption] = ["missing-at-random"] * rows.people
    first = np.full(rows.people, rows.visits)
    for missing, event in assumed:
        if event.assume == "missing-at-random":
            continue
        begun = np.full(rows.people, rows.visits)
        np.minimum.at(begun, rows.person[after[event.name]], rows.visit[after[event.name]])
        for person in np.unique(rows.person[missing]):
            if method[person] not in ("missing-at-random", event.assume):
                why = f"missing values of one person are taken as {method[person]} and as "
                raise _wrong(f"person {person}", f"{why}{event.assume}")
            method[person] = event.assume
            first[person] = min(first[person], begun[person])
    return tuple(method), first


def _days(estimand: Estimand, event_days: Mapping[str, F], people: int) -> dict[str, F]:
    found = {}
    for event in estimand.events:
        if event.name not in event_days:
            raise _wrong(f"event {event.name}", "its days are not in the data")
        days = np.asarray(event_days[event.name], float)
        if days.shape != (people,) or bool(np.isnan(days).any()):
            why = "it needs one day for each person, infinite where the event never came"
            raise _wrong(f"event {event.name}", why)
        found[event.name] = days
    return found


def _check(rows: Long) -> None:
    size = len(rows.value)
    if not all(one.shape == (size,) for one in (rows.person, rows.visit, rows.day)):
        raise _wrong("rows", "person, visit, day and value differ in length")
    if not bool(np.isfinite(rows.day).all()) or bool(np.isinf(rows.value).any()):
        raise _wrong("rows", "a day is missing or a value is infinite")
    for name, column, many in (
        ("person", rows.person, rows.people),
        ("visit", rows.visit, rows.visits),
    ):
        if size and not (column.min() >= 0 and column.max() < many):
            raise _wrong("rows", f"a {name} lies outside 0 to {many - 1}")
    seen = np.bincount(rows.person * rows.visits + rows.visit, minlength=rows.people * rows.visits)
    if bool((seen != 1).any()):
        person, visit = divmod(int(np.flatnonzero(seen != 1)[0]), rows.visits)
        times = int(seen[person * rows.visits + visit])
        raise _wrong("rows", f"person {person} has visit {visit} {times} times and needs it once")


def _wrong(where: str, why: str) -> Refused:
    remedy = "correct the data, or the estimand that they are for"
    return Refused(Refusal.DATA_INVALID, where=where, why=why, remedy=remedy)
