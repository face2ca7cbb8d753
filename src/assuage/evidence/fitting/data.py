"""A study's rows become people: what each was given, and what was measured when.

NONMEM's conventions, read strictly. EVID 0 is a sample, 1 a dose, 2 anything else; without an
EVID column a row with an amount is a dose. Units aren't in such a file, so they are asked for.
Inside, times are h, amounts mg, levels mg/L. A row that isn't used is counted with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from assuage.evidence.fitting.table import Row, Table
from assuage.kinetics.structure import Dose, Subject
from assuage.refusals import Refusal, Refused
from assuage.units import convert

MOST_DOSES = 2000  # of one person, repeats included
SKIP = "skip"
READ = {
    *("ID", "TIME", "AMT", "RATE", "DV", "MDV", "EVID", "CMT", "DVID", "ADDL", "II", "SS"),
    *("BLQ", "CENS"),
}
COVARIATES = frozenset({"WT", "AGE", "SEX"})


@dataclass(frozen=True)
class Meaning:
    """What a file's numbers mean: units, routes by CMT, analytes by DVID, codes of sex.

    `routes` and `analytes` map a code, or None for every row, to a route or to an analyte of the
    model; an analyte `skip` leaves its rows out. `lloq` is in the unit of the concentrations.
    """

    time_unit: str
    amount_unit: str
    concentration_unit: str
    routes: Mapping[str | None, str]
    analytes: Mapping[str | None, str]
    sexes: Mapping[str, str] = field(default_factory=dict)
    lloq: float | None = None
    covariates: frozenset[str] = COVARIATES  # the columns that the model needs

    def factors(self) -> tuple[float, float, float]:
        """Return what takes times to h, amounts to mg, levels to mg/L. Raises Refused."""
        wanted = (
            (self.time_unit, "h", "--time-unit"),
            (self.amount_unit, "mg", "--amount-unit"),
            (self.concentration_unit, "mg/L", "--concentration-unit"),
        )
        found = []
        for unit, base, option in wanted:
            try:
                found.append(convert(1.0, unit, base))
            except Refused as refused:
                raise Refused(
                    Refusal.VALUE_NOT_ALLOWED,
                    text=unit,
                    what=f"unit for {option}",
                    choices=f"a unit such as {base}",
                ) from refused
        return found[0], found[1], found[2]


@dataclass(frozen=True)
class Person:
    """One person. times_h rise; levels are mg/L, the limit where `censored`."""

    id: str
    subject: Subject
    doses: tuple[Dose, ...]
    times_h: tuple[float, ...]
    levels: tuple[float, ...]
    analytes: tuple[str, ...]
    censored: tuple[bool, ...]
    rows: tuple[int, ...]
    after_dose: bool


@dataclass(frozen=True)
class Data:
    """People in the order of their ids, and what became of every row."""

    name: str
    people: tuple[Person, ...]
    rows: int
    dose_rows: int
    left_out: Mapping[str, int]
    unread: tuple[str, ...]

    @property
    def samples(self) -> int:
        """How many levels are used."""
        return sum(len(one.levels) for one in self.people)

    @property
    def censored(self) -> int:
        """How many of them lie below the limit of quantification."""
        return sum(sum(one.censored) for one in self.people)


def read_data(table: Table, meaning: Meaning) -> Data:
    """Return the people of a table. Raises Refused at the first row that doesn't hold."""
    factors = meaning.factors()
    groups = _people(table)
    left: Counter[str] = Counter()
    doses = 0
    found = []
    for id_, rows in groups.items():
        reader = _Reader(table, meaning, factors, left)
        person = reader.person(id_, rows)
        doses += reader.dose_rows
        if person.levels:
            found.append(person)
        else:
            left["rows of people with no sample to use"] += reader.dose_rows
            doses -= reader.dose_rows
    if not found:
        raise table.wrong(1, "nobody has a sample to use", "check EVID, MDV and DV")
    numeric = all(one.id.isascii() and one.id.isdigit() for one in found)
    found.sort(key=lambda one: (int(one.id), one.id) if numeric else (0, one.id))
    unread = tuple(one for one in table.columns if one not in READ | meaning.covariates)
    return Data(
        table.name, tuple(found), len(table.rows), doses, dict(sorted(left.items())), unread
    )


def _people(table: Table) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    last = None
    for row in table.rows:
        id_ = row.text("ID")
        if id_ is None:
            raise table.wrong(row, "it has no ID", "give every row the ID of its person")
        if id_ != last and id_ in groups:
            why = f"ID {id_} comes again after others"
            raise table.wrong(row, why, "keep a person's rows together, or give a new ID")
        groups.setdefault(id_, []).append(row)
        last = id_
    return groups


class _Reader:
    """Reads the rows of one person."""

    def __init__(
        self,
        table: Table,
        meaning: Meaning,
        factors: tuple[float, float, float],
        left: Counter[str],
    ) -> None:
        self.table, self.meaning, self.left = table, meaning, left
        self.hours, self.mg, self.mg_per_l = factors
        self.doses: list[Dose] = []
        self.samples: list[tuple[float, float, str, bool, int, bool]] = []
        self.dose_rows = 0

    def person(self, id_: str, rows: list[Row]) -> Person:
        last_h = 0.0
        for row in rows:
            time_h = self._time(row, last_h)
            last_h = time_h
            kind = self._kind(row)
            if kind == "dose":
                self._dose(row, time_h)
            elif kind == "sample":
                self._sample(row, time_h)
        if self.samples and not self.doses:
            why = f"ID {id_} has samples and no dose"
            raise self.table.wrong(rows[0], why, "add the dose rows, or take the person out")
        times, levels, analytes, censored, numbers, after = (
            tuple(zip(*self.samples, strict=True)) if self.samples else ((),) * 6
        )
        return Person(
            id_,
            self._subject(rows),
            tuple(self.doses),
            times,
            levels,
            analytes,
            censored,
            numbers,
            self._after(rows[0], after),
        )

    def _time(self, row: Row, last_h: float) -> float:
        time = self.table.number(row, "TIME")
        if time is None:
            raise self.table.wrong(row, "it has no TIME", "give the time since the first row")
        if not time >= 0.0:
            why = f"TIME {time:g} is negative"
            raise self.table.wrong(row, why, "count time from the first dose or before it")
        if not time * self.hours >= last_h:
            why = f"TIME {time:g} is before the row above"
            raise self.table.wrong(row, why, "sort each person's rows by time")
        return time * self.hours

    def _kind(self, row: Row) -> str:
        table = self.table
        evid, amount = table.number(row, "EVID"), table.number(row, "AMT")
        missing = table.number(row, "MDV")
        if table.number(row, "SS"):
            why = "SS (steady state) isn't supported"
            raise table.wrong(row, why, "write out the doses before, with ADDL and II")
        if missing not in (None, 0.0, 1.0):
            raise table.wrong(row, f"MDV {missing:g} isn't 0 or 1", "correct MDV")
        if evid is None:
            evid = 1.0 if amount else 0.0
        if evid not in (0.0, 1.0, 2.0):
            why = f"EVID {evid:g} isn't supported"
            raise table.wrong(row, why, "use 0 for a sample, 1 for a dose, 2 for anything else")
        if evid == 2.0:
            self.left["EVID 2"] += 1
            return "other"
        if evid == 1.0:
            return "dose"
        if amount:
            why = f"a sample (EVID 0) has an AMT of {amount:g}"
            raise table.wrong(row, why, "give dose and sample a row each")
        if missing == 1.0:
            self.left["MDV 1"] += 1
            return "other"
        return "sample"

    def _dose(self, row: Row, time_h: float) -> None:
        table = self.table
        amount, level = table.number(row, "AMT"), table.number(row, "DV")
        if amount is None or not amount > 0.0:
            raise table.wrong(row, "a dose has no AMT above zero", "give the amount")
        if level:
            why = f"a dose row has a DV of {level:g}"
            raise table.wrong(row, why, "give dose and sample a row each, with '.' as the other")
        rate = table.number(row, "RATE") or 0.0
        if not rate >= 0.0:
            why = f"RATE {rate:g} asks for an estimated rate or duration, which isn't supported"
            raise table.wrong(row, why, "give the rate in amount per time")
        duration_h = amount / rate * self.hours if rate else None
        starts = [time_h + n * step for n, step in self._repeats(row)]
        if len(self.doses) + len(starts) > MOST_DOSES:
            why = f"a person with over {MOST_DOSES} doses"
            raise table.wrong(row, why, "check ADDL")
        route = self._coded(row, "CMT", self.meaning.routes, "route")
        self.doses += [Dose(start, amount * self.mg, route, duration_h) for start in starts]
        self.dose_rows += 1

    def _repeats(self, row: Row) -> list[tuple[int, float]]:
        more, interval = self.table.number(row, "ADDL"), self.table.number(row, "II")
        if not more:
            return [(0, 0.0)]
        if not (more > 0.0 and more == int(more) and more <= MOST_DOSES):
            raise self.table.wrong(row, f"ADDL {more:g} isn't a count", "give a whole number")
        if interval is None or not interval > 0.0:
            raise self.table.wrong(row, "ADDL without an II above zero", "give the interval II")
        return [(n, interval * self.hours) for n in range(int(more) + 1)]

    def _sample(self, row: Row, time_h: float) -> None:
        table, lloq = self.table, self.meaning.lloq
        level = table.number(row, "DV")
        column = "DVID" if "DVID" in row.fields else "CMT"
        analyte = self._coded(row, column, self.meaning.analytes, "analyte")
        if analyte == SKIP:
            self.left[f"{column} {row.text(column)} skipped"] += 1
            return
        flagged = any(table.number(row, one) not in (None, 0.0) for one in ("BLQ", "CENS"))
        if flagged and lloq is None:
            why = "a level below the limit of quantification, and no limit was given"
            raise table.wrong(row, why, "add --lloq, such as --lloq 0.5")
        if level is None and not flagged:
            why = "a sample has no DV"
            raise table.wrong(row, why, "set MDV to 1 if it wasn't measured, or BLQ to 1")
        if level is not None and not level >= 0.0:
            raise table.wrong(row, f"DV {level:g} is negative", "correct it, or set MDV to 1")
        below = flagged or (lloq is not None and level is not None and level < lloq)
        value = lloq if below else level
        assert value is not None
        # A sample written above a dose of the same time was taken before it.
        after = any(one.start_h == time_h for one in self.doses)
        entry = (time_h, value * self.mg_per_l, analyte, below, row.number, after)
        self.samples.append(entry)

    def _coded(self, row: Row, column: str, codes: Mapping[str | None, str], what: str) -> str:
        """Return what a row's code stands for; one meaning for every row needs no code."""
        if None in codes:
            return codes[None]
        code = row.text(column)
        if code not in codes:
            why = f"{column} '{code or '.'}' has no {what}"
            remedy = f"say what it is, such as --{what} {code or '1'}={next(iter(codes.values()))}"
            if what == "analyte":
                remedy += f", or leave it out with --analyte {code or '1'}={SKIP}"
            raise self.table.wrong(row, why, remedy)
        return codes[code]

    def _after(self, row: Row, after: tuple[bool, ...]) -> bool:
        """Return whether samples at the time of a bolus follow it; both in one person can't be."""
        bolus = {one.start_h for one in self.doses if one.duration_h is None}
        told = {late for (time, *_), late in zip(self.samples, after, strict=True) if time in bolus}
        if len(told) > 1:
            why = "samples at the time of a dose come both before and after it"
            raise self.table.wrong(row, why, "move one of them by a minute")
        return told != {False}

    def _subject(self, rows: list[Row]) -> Subject:
        weight, age = self._steady(rows, "WT"), self._steady(rows, "AGE")
        return Subject(weight, age, self._sex(rows))

    def _steady(self, rows: list[Row], column: str) -> float | None:
        """Return a covariate that must be the same in all rows of a person, and above zero."""
        found: float | None = None
        for row in rows if column in self.meaning.covariates else ():
            value = self.table.number(row, column)
            if value is None:
                continue
            if not value > 0.0:
                raise self.table.wrong(row, f"{column} {value:g} isn't above zero", "correct it")
            if found is not None and value != found:
                why = f"{column} changes from {found:g} to {value:g} within a person"
                raise self.table.wrong(row, why, "give one value; it is read once for each person")
            found = value
        return found

    def _sex(self, rows: list[Row]) -> str | None:
        if "SEX" not in self.meaning.covariates:
            return None
        codes = {row.text("SEX") for row in rows} - {None}
        if len(codes) > 1:
            raise self.table.wrong(rows[0], "SEX changes within a person", "give one value")
        if not codes or not self.meaning.sexes:
            return None
        code = codes.pop()
        assert code is not None
        if code not in self.meaning.sexes:
            why = f"SEX '{code}' has no meaning"
            raise self.table.wrong(rows[0], why, "say it, such as --sex 0=female --sex 1=male")
        return self.meaning.sexes[code]
