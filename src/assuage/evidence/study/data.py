"""Reads a study's data: a row for each person and visit, an outcome in each other column.

Nothing is left out silently. Every column is an identifier, a covariate, something the protocol
names, or an outcome; an outcome that was to be collected and isn't there is refused. What is
known before unblinding never depends on the arm: it isn't even read then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assuage.evidence import sheet
from assuage.evidence.analysis import table
from assuage.evidence.analysis.table import Table
from assuage.evidence.mixed.fitted import F, I
from assuage.evidence.study.protocol import Study
from assuage.evidence.study.schema import Blinding, Outcome, Protocol
from assuage.refusals import Refusal, Refused

POOLED = "all arms together"
YES_OR_NO = {"yes": True, "1": True, "no": False, "0": False}


@dataclass(frozen=True)
class Data:
    """A study's data: N people in the order of the file, m visits in the protocol's order.

    `arms` are the names of the groups: the protocol's arms, or one for everybody while it is
    blinded. `texts` holds each column but the identifiers, (N, m), None where nothing stands.
    """

    name: str
    digest: str
    columns: tuple[str, ...]
    rows: int
    people: tuple[str, ...]
    arms: tuple[str, ...]
    arm: I  # (N,) index into arms
    here: I  # (N, m) the row's number in the file, 0 where there is none
    texts: dict[str, tuple[tuple[str | None, ...], ...]]

    @property
    def blinded(self) -> bool:
        """Whether the arms weren't read."""
        return self.arms == (POOLED,)

    @property
    def people_digest(self) -> str:
        """The SHA-256 of everybody's name in order, the same whatever the order of the rows."""
        return hashlib.sha256("\n".join(sorted(self.people)).encode()).hexdigest()

    def values(self, column: str) -> int:
        """Return how many rows have a value in a column; identifiers have one in each."""
        rows = self.texts.get(column)
        return self.rows if rows is None else sum(one is not None for row in rows for one in row)

    def empty(self, column: str) -> bool:
        """Whether nobody has a value in a column."""
        return all(one is None for row in self.texts[column] for one in row)

    def numeric(self, column: str) -> bool:
        """Whether every value of a column is a number. Raises Refused (DATA_INVALID) for a mix."""
        told = [
            (place, visit, text)
            for place, row in enumerate(self.texts[column])
            for visit, text in enumerate(row)
            if text is not None
        ]
        odd = [one for one in told if sheet.number(one[2]) is None]
        if odd and len(odd) < len(told):
            place, visit, text = odd[0]
            why = f"{column} is '{text}', and a number in {len(told) - len(odd)} other rows"
            raise sheet.wrong(
                self.name, int(self.here[place, visit]), why, sheet.number_remedy(text)
            )
        return not odd

    def numbers(self, column: str) -> F:
        """Return a column as numbers, (N, m), NaN where missing. Raises Refused."""
        found = np.full(self.here.shape, np.nan)
        for place, row in enumerate(self.texts[column]):
            for visit, text in enumerate(row):
                if text is not None:
                    found[place, visit] = self._number(column, place, visit, text)
        return found

    def _number(self, column: str, place: int, visit: int, text: str) -> float:
        value = sheet.number(text)
        if value is None:
            why = f"{column} is '{text}', which isn't a number"
            row = int(self.here[place, visit])
            raise sheet.wrong(self.name, row, why, sheet.number_remedy(text))
        return value

    def of_person(self, column: str) -> tuple[str | None, ...]:
        """Return the one value that each person has in a column, (N,). Raises Refused for two."""
        found: list[str | None] = []
        for place, row in enumerate(self.texts[column]):
            told = list(dict.fromkeys(one for one in row if one is not None))
            if len(told) > 1:
                why = f"{column} is '{told[0]}' and '{told[1]}' for {self.people[place]}"
                remedy = f"{column} is one value a person; leave it empty in the other rows"
                row_number = int(self.here[place].max())
                raise sheet.wrong(self.name, row_number, why, remedy)
            found.append(told[0] if told else None)
        return tuple(found)

    def days_of_person(self, column: str) -> F:
        """Return the one day that each person has in a column, NaN where none. Raises Refused."""
        found = np.full(len(self.people), np.nan)
        for place, text in enumerate(self.of_person(column)):
            if text is not None:
                visit = next(v for v, one in enumerate(self.texts[column][place]) if one == text)
                found[place] = self._number(column, place, visit, text)
        return found


def read(path: Path, study: Study, due: Sequence[str], *, blinded: bool) -> Data:
    """Read the data of a study. `due` are columns that must be there.

    Raises Refused: FILE_UNREADABLE, DATA_INVALID, STUDY_OUTCOME_MISSING.
    """
    content = sheet.read_bytes(path)
    found = table.of_sheet(sheet.sheet_of(content, path))
    p = study.protocol
    needed = [one for one in (*p.columns.named(), *p.data_columns) if one != p.columns.arm]
    needed += [] if blinded else [p.columns.arm]
    missing = [one for one in dict.fromkeys((*due, *needed)) if one not in found.columns]
    if blinded:
        missing = [one for one in missing if one != p.columns.arm]
    if missing:
        raise Refused(
            Refusal.STUDY_OUTCOME_MISSING,
            study=p.id,
            columns=", ".join(missing),
            path=path.name,
        )
    data = _arranged(found, p, hashlib.sha256(content).hexdigest(), blinded=blinded)
    for outcome in p.outcome:
        _check_times(data, outcome) if outcome.timed else _check_range(data, outcome)
        _check_harm(data, outcome)
    if p.baseline is not None:
        for column in p.columns.covariates:
            _check_before(data, column)
    if p.columns.day is not None:
        _check_days(data, p.columns.day)
    guess = {p.blinding.guess} if isinstance(p.blinding, Blinding) else set()
    words = {p.columns.drop_out, p.columns.course, *p.columns.events.values(), *guess}
    for column in sorted(data.texts.keys() - words):
        data.numeric(column)  # the report would refuse a mix, when the arms are known
    for one in (*p.columns.covariates, p.columns.drop_out, p.columns.course):
        if one is not None:
            data.of_person(one)
    for column in p.columns.events.values():
        data.days_of_person(column)
    if isinstance(p.blinding, Blinding):
        _check_guesses(data, p, p.blinding)
    return data


def _check_times(data: Data, outcome: Outcome) -> None:
    """Refuse a day before the first one, or a day without the word whether the event came."""
    day, came = outcome.held_in
    days = data.days_of_person(day)
    for place, text in enumerate(data.of_person(came)):
        why = ""
        if not np.isnan(days[place]) and text not in ("0", "1"):
            why = f"{came} of {data.people[place]} is {f'{text!r}' if text else 'missing'}"
        elif np.isnan(days[place]) and text is not None:
            why = f"{day} of {data.people[place]} is missing, and {came} is '{text}'"
        elif days[place] < 0.0:
            why = f"{day} of {data.people[place]} is {days[place]:g}, before the first day"
        if why:
            remedy = "write 1 when the event came on that day, 0 when the person was followed to it"
            raise sheet.wrong(data.name, int(data.here[place].max()), why, remedy)


def _check_guesses(data: Data, p: Protocol, blinding: Blinding) -> None:
    known = [*(one.id for one in p.arm), blinding.unknown]
    for place, text in enumerate(data.of_person(blinding.guess)):
        if text is not None and text not in known:
            why = f"the guess of {data.people[place]} is '{text}'"
            remedy = f"use one of: {', '.join(known)}; leave it empty for who wasn't asked"
            raise sheet.wrong(data.name, int(data.here[place].max()), why, remedy)


def _check_range(data: Data, outcome: Outcome) -> None:
    """Refuse (DATA_INVALID) values of an outcome that it can't have."""
    low, high, column = outcome.low, outcome.high, outcome.held_in[0]
    if low is None and high is None and outcome.better == "unstated":
        return  # it may be words
    values = data.numbers(column)
    least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
    bad = np.argwhere(~np.isnan(values) & ~((values >= least) & (values <= most)))
    if len(bad):
        place, visit = (int(one) for one in bad[0])
        why = f"{column} is {values[place, visit]:g}, outside {least:g} to {most:g}"
        remedy = "correct the value, or leave it empty if it isn't known"
        raise sheet.wrong(data.name, int(data.here[place, visit]), why, remedy)


def _check_harm(data: Data, outcome: Outcome) -> None:
    """Refuse what is neither yes nor no, or no count."""
    column = outcome.held_in[0]
    for place, row in enumerate(data.texts[column]):
        for visit, text in enumerate(row):
            if outcome.harm is None or text is None:
                continue
            value = sheet.number(text)
            if outcome.harm == "count":
                fits = value is not None and value >= 0.0 and value == int(value)
                remedy = "write how often it came since the visit before, 0 for never"
            else:
                fits, remedy = text in YES_OR_NO, "write yes or no, or 1 or 0"
            if not fits:
                why = f"{column} is '{text}', and tells of a harm"
                raise sheet.wrong(data.name, int(data.here[place, visit]), why, remedy)


def _check_before(data: Data, column: str) -> None:
    """Refuse a covariate that only a later visit tells: an outcome asked once could pass for it."""
    for place, row in enumerate(data.texts[column]):
        later = [visit for visit, text in enumerate(row) if text is not None]
        if later and row[0] is None and data.here[place, 0]:
            why = f"{data.people[place]} has the covariate {column} here and none at the start"
            remedy = "a covariate is known at the first visit; what is measured later is an outcome"
            raise sheet.wrong(data.name, int(data.here[place, later[0]]), why, remedy)


def _check_days(data: Data, column: str) -> None:
    """Refuse a row without the day of its visit, or a visit held no later than the one before."""
    days = data.numbers(column)
    for place, here in enumerate(data.here):
        last = -np.inf
        for visit in np.flatnonzero(here):
            day = days[place, visit]
            if not day > last:
                told = "missing" if np.isnan(day) else f"{day:g}, not after the visit before"
                why = f"{column} of {data.people[place]} is {told}"
                remedy = "give the day on which each visit was held, counted as the protocol does"
                raise sheet.wrong(data.name, int(here[visit]), why, remedy)
            last = day


def _arranged(found: Table, p: Protocol, digest: str, *, blinded: bool) -> Data:
    """Return the rows by person and visit. Raises Refused (DATA_INVALID) with the row."""
    visits = {one.id: place for place, one in enumerate(p.visit)}
    arms = {POOLED: 0} if blinded else {one.id: place for place, one in enumerate(p.arm)}
    people: dict[str, int] = {}
    arm_of: list[int] = []
    here: list[list[int]] = []
    sources: list[list[int]] = []  # which line of the table
    groups = found.texts(p.columns.arm) if not blinded else (POOLED,) * len(found.rows)
    columns = zip(
        found.texts(p.columns.participant), groups, found.texts(p.columns.visit), strict=True
    )
    for line, (person, arm, visit) in enumerate(columns):
        row = found.rows[line]
        if person is None or arm is None or visit is None:
            raise sheet.wrong(found.name, row, "its person, arm or visit is missing", "fill it in")
        if arm not in arms:
            raise sheet.wrong(
                found.name, row, f"'{arm}' is no arm", f"use one of: {', '.join(arms)}"
            )
        if visit not in visits:
            remedy = f"use one of: {', '.join(visits)}; an unplanned visit needs an amendment"
            raise sheet.wrong(found.name, row, f"'{visit}' is no visit", remedy)
        place = people.setdefault(person, len(people))
        if place == len(here):
            arm_of.append(arms[arm])
            here.append([0] * len(visits))
            sources.append([-1] * len(visits))
        if arm_of[place] != arms[arm]:
            raise sheet.wrong(
                found.name,
                row,
                f"{person} is in two arms",
                "give each person one arm, as randomised",
            )
        if here[place][visits[visit]]:
            first = here[place][visits[visit]]
            why = f"{person} has the visit {visit} in row {first} already"
            raise sheet.wrong(found.name, row, why, "keep one of the two rows")
        here[place][visits[visit]] = row
        sources[place][visits[visit]] = line
    skipped = set(p.columns.identifiers)
    texts = {
        name: tuple(
            tuple(column[line] if line >= 0 else None for line in lines) for lines in sources
        )
        for name, column in found.cells.items()
        if name not in skipped
    }
    return Data(
        found.name,
        digest,
        found.columns,
        len(found.rows),
        tuple(people),
        tuple(arms),
        np.array(arm_of, np.int64),
        np.array(here, np.int64),
        texts,
    )
