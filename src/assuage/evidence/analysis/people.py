"""Whose rows they are: participants, their visits, and how many were seen when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assuage.evidence import sheet
from assuage.evidence.analysis.ask import Asked
from assuage.evidence.analysis.design import Design, Factor, Kinds, factor_of
from assuage.evidence.analysis.phrases import Repeated
from assuage.evidence.analysis.table import Table, levels_of
from assuage.evidence.mixed.fitted import I
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Groups:
    """Levels of a grouping, each used row's level (n,), and each row of the table's own text."""

    name: str
    levels: tuple[str, ...]
    codes: I
    whole: tuple[str, ...]

    def alone(self) -> int:
        """Return how many levels have one used row."""
        return int((np.bincount(self.codes) == 1).sum())

    def seen(self) -> int:
        """Return how many levels have a used row."""
        return int((np.bincount(self.codes) > 0).sum())


def groups(table: Table, names: Sequence[str], used: I) -> Groups:
    """Return who each row belongs to. Raises Refused for a row of nobody."""
    columns = [table.texts(name) for name in names]
    for name, column in zip(names, columns, strict=True):
        levels_of(table.name, name, (one for one in column if one is not None))
        if None in column:
            why = f"it has no {name}"
            raise sheet.wrong(
                table.name,
                table.rows[column.index(None)],
                why,
                f"give every row its {name}, or take the row out",
            )
    whole = tuple(" / ".join(str(one) for one in row) for row in zip(*columns, strict=True))
    levels = tuple(dict.fromkeys(whole))
    places = {one: place for place, one in enumerate(levels)}
    codes = np.array([places[whole[place]] for place in used], dtype=np.int64)
    return Groups(":".join(names), levels, codes, whole)


def rows(table: Table, used: I) -> Groups:
    """Return each row as its own, where nothing says that rows belong together."""
    whole = tuple(str(number) for number in range(len(table.rows)))
    return Groups("row", whole, used, whole)


def visits(table: Table, repeated: Repeated, design: Design, kinds: Kinds) -> Factor:
    """Return each used row's visit. Raises Refused for no visit, or one that is there twice."""
    column = table.texts(repeated.visit)
    if None in column:
        why = f"it has no {repeated.visit}"
        row = table.rows[column.index(None)]
        raise sheet.wrong(table.name, row, why, "give every row its visit, or take the row out")
    first: dict[tuple[str | None, str | None], int] = {}
    ids = table.texts(repeated.subject)
    for row, key in zip(table.rows, zip(ids, column, strict=True), strict=True):
        if key in first:
            raise Refused(
                Refusal.DATA_INVALID,
                where=f"{table.name}, rows {first[key]} and {row}",
                why=f"both are {repeated.subject} {key[0]} at {repeated.visit} {key[1]}",
                remedy="keep one row for each participant and visit",
            )
        first[key] = row
    return factor_of(table, repeated.visit, design.used, kinds)


@dataclass(frozen=True)
class Arm:
    """One arm: who is in the file, who has a row that is used, and how many at each visit."""

    name: str
    participants: int
    analysed: int
    visits: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Flow:
    """Participants by arm. `arm` is the factor, "" when no factor tells arms apart."""

    arm: str
    arms: tuple[Arm, ...]


def flow(
    table: Table, design: Design, people: Groups, compared: Sequence[str], visit: Factor | None
) -> Flow:
    """Return who was seen when: by the first compared factor that doesn't change in anybody."""
    name = next((one for one in compared if _constant(table, people, one)), "")
    arm_of: Mapping[str, str | None] = (
        dict(_arms(table, people, name)) if name else dict.fromkeys(people.levels, "all")
    )
    order = levels_of(table.name, name, (one for one in arm_of.values() if one is not None))
    if name in design.factors:
        own = design.factors[name].levels
        order = (*own, *(one for one in order if one not in own))
    there = Counter(arm_of.values())
    arms_of = [arm_of[people.levels[code]] for code in people.codes]
    seen = {(people.levels[code], one) for code, one in zip(people.codes, arms_of, strict=True)}
    analysed = Counter(one for _, one in seen)
    arms = []
    for level in order:
        counts: tuple[tuple[str, int], ...] = ()
        if visit is not None:
            pairs = {
                (int(person), int(at))
                for person, at, one in zip(people.codes, visit.codes, arms_of, strict=True)
                if one == level
            }
            at_visit = Counter(at for _, at in pairs)
            counts = tuple((label, at_visit[at]) for at, label in enumerate(visit.levels))
        arms.append(Arm(level, there[level], analysed[level], counts))
    return Flow(name, tuple(arms))


def _constant(table: Table, people: Groups, name: str) -> bool:
    pairs = set(_arms(table, people, name))
    return len(pairs) == len({person for person, _ in pairs})


def _arms(table: Table, people: Groups, name: str) -> list[tuple[str, str | None]]:
    column = table.texts(name)
    return [
        (person, arm) for person, arm in zip(people.whole, column, strict=True) if arm is not None
    ]


def whose(asked: Asked, people: Groups, many: str = "") -> str:
    """Return what one of them is called, or several."""
    if asked.repeated is not None:
        return f"participant{many}"
    return f"level{many} of {people.name}" if asked.random else f"row{many}"


def check_arms(asked: Asked, design: Design, people: Groups, compared: Sequence[str]) -> None:
    """Refuse to compare a level in which there is one participant: nothing tells its spread."""
    for name in compared:
        factor = design.factors.get(name)
        if factor is None:
            continue
        for place, level in enumerate(factor.levels):
            if len(np.unique(people.codes[factor.codes == place])) == 1:
                raise Refused(
                    Refusal.FIT_IMPOSSIBLE,
                    model=design.formula.response,
                    why=f"{name} {level} has one {whose(asked, people)}, and one can't show how "
                    "they differ",
                    remedy=f"take {level} out, join it with another level, or don't compare {name}",
                )
