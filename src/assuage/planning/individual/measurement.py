"""Reads what was measured of a patient: levels and scores, in words or from a table.

    level      ANALYTE AMOUNT SITE at TIME      "esketamine 142 ng/mL venous at 2 h"
               with "<" below the assay's limit "esketamine <2 ng/mL venous at 24 h"
    score      POINTS at TIME                   "4 at 8 d"

Times count from the first dose of the course. What isn't of this form is refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from assuage.kinetics.individual.course import Site
from assuage.planning.give import read_time
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, format_quantity, parse

Score = Literal["pain", "mood", "sedation"]
ENDS: dict[str, tuple[float, float]] = {"pain": (0, 10), "mood": (0, 60), "sedation": (0, 5)}
SCALES = {"pain": "points of 10", "mood": "points of 60", "sedation": "points of 5"}
LEVEL_EXAMPLE = "'esketamine 142 ng/mL venous at 2 h'"
SCORE_EXAMPLE = "'4 at 8 d'"
COLUMNS = ("what", "value", "site", "time")
LONGEST_TEXT = 200
LARGEST_FILE_BYTES = 1_000_000
MOST_ROWS = 500
_LEVEL = re.compile(
    r"(?P<what>[a-z][a-z-]*) (?:(?P<below><) ?)?(?P<amount>[^ <]+(?: [^ ]+)??)"
    r"(?: (?P<site>arterial|venous))? at (?P<time>.+)"
)
_ZERO = re.compile(r"0(?:\.0*)? [^ ]+$")
_SCORE = re.compile(r"(?P<points>(?:0|[1-9][0-9]?)(?P<part>\.[0-9])?) at (?P<time>.+)")


@dataclass(frozen=True)
class Level:
    """A drug level as measured, in ng/mL; with `below` it lay under that limit of the assay."""

    analyte: str
    time_h: float
    ng_per_ml: float
    site: Site = "not-stated"
    below: bool = False

    @property
    def words(self) -> str:
        """The level as a person says it."""
        sign = "under " if self.below else ""
        where = "" if self.site == "not-stated" else f", {self.site}"
        return f"{self.analyte} {sign}{self.ng_per_ml:g} ng/mL{where} at {when(self.time_h)}"


@dataclass(frozen=True)
class Points:
    """A score: pain (NRS, 0 to 10), mood (MADRS, 0 to 60) or sedation (5 awake, 0 unresponsive)."""

    what: Score
    time_h: float
    points: float

    @property
    def words(self) -> str:
        """The score as a person says it."""
        return f"{self.what} {self.points:g} {SCALES[self.what]} at {when(self.time_h)}"


Measured = Level | Points


def when(hours: float) -> str:
    """Return a time after the first dose as a person says it."""
    if hours < 2.0:
        return format_quantity(round(hours * 60.0, 1), "min")
    return f"{hours:.4g} h" if hours < 48.0 else f"{hours / 24.0:.4g} d"


def _unreadable(text: str, example: str) -> Refused:
    short = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
    return Refused(Refusal.MEASUREMENT_UNREADABLE, text=short, example=example)


def read_level(text: str) -> Level:
    """Read one level. Raises Refused when any part of it can't be read for certain."""
    found = _LEVEL.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if found is None:
        raise _unreadable(text, LEVEL_EXAMPLE)
    if found["below"] is None and _ZERO.match(found["amount"]):
        raise Refused(
            Refusal.QUANTITY_NOT_POSITIVE,
            what="blood concentration",
            text=found["amount"],
            example=f"the assay's limit with '<' where nothing was found: '{found['what']} "
            f"<2 ng/mL at {found['time']}'",
        )
    amount = parse(found["amount"], Dimension.CONCENTRATION).magnitude
    site: Site = "not-stated"
    for one in get_args(Site):
        site = one if found["site"] == one else site
    time_h = read_time(found["time"], "a time")
    return Level(found["what"], time_h, amount, site, found["below"] is not None)


def once(measured: Sequence[Measured]) -> None:
    """Raise Refused when the same thing with the same value at the same time stands there twice.

    It would count as two measurements, and the band would be too narrow.
    """
    seen: dict[tuple[object, ...], str] = {}
    for one in measured:
        time = round(one.time_h, 6)
        key: tuple[object, ...] = (
            (one.analyte, time, one.ng_per_ml, one.below)
            if isinstance(one, Level)
            else (one.what, time, one.points)
        )
        if key in seen:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"'{seen[key]}' and '{one.words}'",
                remedy="leave one out: a measurement that stands there twice counts twice; of two "
                "samples drawn together give the mean",
            )
        seen[key] = one.words


def read_score(what: Score, text: str) -> Points:
    """Read one score. Raises Refused when it can't be read or lies off its scale."""
    found = _SCORE.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if found is None or (found["part"] and what != "pain"):  # the other scales are of whole points
        raise _unreadable(text, SCORE_EXAMPLE)
    low, high = ENDS[what]
    points = float(found["points"])
    if not low <= points <= high:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what=f"{what} score",
            text=found["points"],
            low=f"{low:g}",
            high=f"{high:g}",
            unit="points",
            example=SCORE_EXAMPLE,
        )
    return Points(what, read_time(found["time"], "a time"), points)


def read_row(what: str, value: str, site: str, time: str) -> Measured:
    """Read one row of a table: the same words in columns. Raises Refused as the others do."""
    for one in get_args(Score):
        if what == one:
            if site:
                raise _unreadable(f"{what} {value} {site}", "a score without a site")
            return read_score(one, f"{value} at {time}")
    return read_level(" ".join(part for part in (what, value, site, "at", time) if part))


def read_table(path: Path) -> tuple[Measured, ...]:
    """Read a CSV file with the columns what, value, site and time. Raises Refused."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8 text"
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    if len(content) > LARGEST_FILE_BYTES:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why="it is larger than 1 MB")
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=str(error)) from error
    return _rows(path, rows)


def _rows(path: Path, rows: Sequence[list[str]]) -> tuple[Measured, ...]:
    header = [one.strip() for one in rows[0]] if rows else []
    if sorted(header) != sorted(COLUMNS):
        why = f"its first line should name the columns {', '.join(COLUMNS)}"
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why)
    if not len(rows) - 1 <= MOST_ROWS:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=f"it has over {MOST_ROWS} rows")
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(one.strip() for one in row):
            continue
        if len(row) != len(header):
            why = f"line {number} has {len(row)} fields, not {len(header)}"
            raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why)
        cells = dict(zip(header, (one.strip() for one in row), strict=True))
        found.append(read_row(*(cells[name] for name in COLUMNS)))
    return tuple(found)
