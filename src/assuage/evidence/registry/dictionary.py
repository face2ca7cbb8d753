"""What a data set may hold: the fields of knowledge/registry.toml, and not one word besides.

Every cell is checked before a set leaves a site and when one is read. Words are ids and names that
assuage itself holds, so that nothing that somebody typed can be in a set.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias, get_args

from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Instrument
from assuage.knowledge.schema.regimen import Drug, Indication, Route
from assuage.knowledge.schema.registry import TABLES, FieldFact, Of, TableId
from assuage.refusals import Refusal, Refused

Cell: TypeAlias = "str | int | float | bool | None"
Row: TypeAlias = "dict[str, Cell]"
_PSEUDONYM = re.compile(r"[0-9a-f]{24}")
_SITE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_LARGEST = 1e9  # no day, dose or score is larger


@dataclass(frozen=True)
class Dataset:
    """The tables of one site. Each row has the fields of its table, in their order."""

    site: str
    purpose: str
    tables: Mapping[TableId, tuple[Row, ...]]

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(len(rows) for rows in self.tables.values())


def checked(dataset: Dataset, name: str) -> Dataset:
    """Return a data set with its columns in order, once every cell is what its field may hold.

    Raises Refused (DATA_INVALID) for the first that isn't. The value itself isn't repeated, since
    it may be what must not be seen.
    """
    tables: dict[TableId, tuple[Row, ...]] = {}
    words = _Words({of: frozenset(_ids(of)) for of in get_args(Of)}, {})
    for table in TABLES:
        fields = library.registry().fields(table)
        rows: list[Row] = []
        for number, row in enumerate(dataset.tables.get(table, ()), start=1):
            where = f"{name}, {table}, row {number}"
            if set(row) != {one.id for one in fields}:
                raise _unfit(where, "it has other columns than the minimum data set")
            for one in fields:
                if not _fits(one, row, words):
                    raise _unfit(where, f"{one.id} holds what can't stand there")
            rows.append({one.id: row[one.id] for one in fields})
        tables[table] = tuple(rows)
    people = [row["person"] for row in tables["people"]]
    named = {row["person"] for rows in tables.values() for row in rows}
    if len(set(people)) != len(people) or named != set(people):
        raise _unfit(name, "its tables don't speak of the same people, each once")
    if any(row["site"] != dataset.site for row in tables["people"]):
        raise _unfit(name, "a person is of another site")
    return Dataset(dataset.site, dataset.purpose, tables)


def _unfit(where: str, why: str) -> Refused:
    remedy = "nothing besides the minimum data set is exported or read; export it again"
    return Refused(Refusal.DATA_INVALID, where=where, why=why, remedy=remedy)


@dataclass(frozen=True)
class _Words:
    """The ids that assuage holds, read once for a whole set; `of_instrument` as they are asked."""

    ids: Mapping[Of, frozenset[str]]
    of_instrument: dict[tuple[Of, str], frozenset[str]]

    def told_by(self, of: Of, instrument: object) -> frozenset[str]:
        """Return the totals or the levels of an instrument; nothing for what isn't one."""
        if not isinstance(instrument, str) or instrument not in self.ids["instrument"]:
            return frozenset()
        if (of, instrument) not in self.of_instrument:
            held = _of_instrument(of, library.instrument(instrument))
            self.of_instrument[of, instrument] = frozenset(held)
        return self.of_instrument[of, instrument]


def _fits(field: FieldFact, row: Row, words: _Words) -> bool:
    value = row[field.id]
    if value is None:
        return field.optional
    match field.type:
        case "yes-no":
            return isinstance(value, bool)
        case "whole":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and -_LARGEST < float(value) < _LARGEST
        case "number":
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            return plain and -_LARGEST < float(value) < _LARGEST
        case "choice":
            return value in field.choices
        case "words":
            return isinstance(value, str) and _known(field.of, value, row, words)
    return False


def _known(of: Of | None, value: str, row: Row, words: _Words) -> bool:
    match of:
        case None:
            return False
        case "pseudonym":
            return bool(_PSEUDONYM.fullmatch(value))
        case "site":
            return bool(_SITE.fullmatch(value))
        case "level" | "total":
            return value in words.told_by(of, row.get("instrument"))
        case _:
            # A field of several words holds them one blank apart; none of them holds a blank.
            return bool(value) and all(word in words.ids[of] for word in value.split(" "))


def _of_instrument(of: Of, held: Instrument) -> Collection[str]:
    if of == "total":
        return {one.id for one in held.total} | {one.id for one in held.verdict}
    return {level.name for one in held.verdict for level in one.level}


def _ids(of: Of) -> Collection[str]:
    match of:
        case "age-band":
            bands = library.registry().age_bands
            return {bands.of(years) for years in bands.from_years}
        case "indication":
            return get_args(Indication)
        case "regimen":
            return library.regimen_ids()
        case "instrument":
            return library.instrument_ids()
        case "drug":
            return get_args(Drug)
        case "route":
            return get_args(Route)
        case "harm":
            return {one.id for one in library.registry().harms.term}
        case "window":
            return {one.id for one in library.registry().window}
    return ()
