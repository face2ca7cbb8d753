"""Wide tables made long: `pain: pain_w{visit}` turns pain_w1, pain_w2, ... into rows.

What stands in the braces names the new column, and what stands there in a column's name is its
value. A column that the model names by itself stays as it is, so that `pain_{visit}` doesn't take
a covariate `pain_baseline` for a visit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assuage.evidence.analysis.table import Table, levels_of, near
from assuage.refusals import Refusal, Refused

_WISH = re.compile(r"\s*([^:{}]+?)\s*:\s*(\S(?:.*\S)?)\s*")
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Pattern:
    """The new column of values, the new column of places, and where both are found."""

    name: str
    place: str
    pattern: str
    columns: dict[str, str]  # place -> column


def lengthen(table: Table, wishes: Sequence[str], kept: Collection[str] = ()) -> Table:
    """Return the long table: one row for each row and place. Raises Refused.

    `kept` are columns that no pattern may take. Several patterns share their places; a value
    whose column isn't there is missing.
    """
    if not wishes:
        return table
    patterns = [_read(table, wish, kept) for wish in wishes]
    first = patterns[0]
    for one in patterns[1:]:
        if one.place != first.place:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--long with {{{first.place}}} and with {{{one.place}}}",
                remedy="use one name in the braces of every --long",
            )
    made = [first.place, *(one.name for one in patterns)]
    taken = [column for one in patterns for column in one.columns.values()]
    rest = [one for one in table.columns if one not in taken]
    for name in made:
        if name in rest or made.count(name) > 1:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--long and a column named {name} that is there already",
                remedy="give the new column another name",
            )
    places = levels_of(table.name, first.place, (one for p in patterns for one in p.columns))
    cells: dict[str, tuple[str | None, ...]] = {
        name: tuple(text for text in table.cells[name] for _ in places) for name in rest
    }
    cells[first.place] = places * len(table.rows)
    empty = (None,) * len(table.rows)
    for one in patterns:
        found = [table.cells[one.columns[at]] if at in one.columns else empty for at in places]
        cells[one.name] = tuple(text for row in zip(*found, strict=True) for text in row)
    rows = tuple(number for number in table.rows for _ in places)
    return Table(table.name, cells, rows, (*table.notes, *(_told(one, places) for one in patterns)))


def _told(one: Pattern, places: Sequence[str]) -> str:
    words = ", ".join(f"{one.columns.get(at, 'nothing')} as {one.place} {at}" for at in places)
    return f"{one.name} is taken from {words}"


def _read(table: Table, wish: str, kept: Collection[str]) -> Pattern:
    match = _WISH.fullmatch(wish)
    places = _PLACE.findall(match[2]) if match else []
    if match is None or len(places) != 1 or re.sub(_PLACE, "", match[2]).count("{"):
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=wish[:80],
            what="pattern for --long",
            choices="a name, a colon and a column's name with one place in braces, such as "
            "'pain: pain_w{visit}'",
        )
    before, after = _PLACE.split(match[2])[::2]
    pattern = re.compile(re.escape(before) + "(.+)" + re.escape(after), re.DOTALL)
    columns = {}
    for column in table.columns:
        found = pattern.fullmatch(column)
        if found and column not in kept:
            columns[found[1]] = column
    if not columns:
        raise Refused(
            Refusal.FIELD_UNKNOWN,
            field=match[2],
            what=table.name,
            choices=near(match[2], [one for one in table.columns if one not in kept]),
        )
    return Pattern(match[1], places[0].strip(), match[2], columns)
