"""How the report writes numbers, times and lists. Every face of a plan uses these words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from assuage.units import format_quantity

NOTHING = "–"  # stands where a number doesn't apply, and the table says so
NOT_GIVEN = "not given"


def number(value: float | None) -> str:
    """Return `value` without a unit, for a cell whose heading carries the unit."""
    return NOTHING if value is None else format_quantity(value, "")


def quantity(value: float | None, unit: str) -> str:
    """Return `value` with its unit, or "not given"."""
    return NOT_GIVEN if value is None else format_quantity(value, unit)


def unit_words(unit: str) -> str:
    """Return a unit as the heading of an axis or a column."""
    if unit in ("", "1"):
        return ""
    return "per minute" if unit == "1/min" else format_quantity(1, unit).removeprefix("1 ")


def span(low: float, high: float, unit: str = "") -> str:
    """Return "low to high unit"."""
    return f"{format_quantity(low, '')} to {format_quantity(high, unit)}"


def in_hours(hours: float | None) -> str:
    """Return a time in hours; short ones that are whole minutes are written in minutes."""
    if hours is None:
        return NOTHING
    minutes = hours * 60
    whole = math.isclose(minutes, round(minutes), abs_tol=1e-6)
    if 0 < hours < 2 and whole and round(minutes) % 60:
        return f"{round(minutes)} min"
    return format_quantity(hours, "h")


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def numbers_listed(numbers: Sequence[int]) -> str:
    """Return [1, 2, 3, 8, 9] as "1 to 3, 8 and 9": no number is lost."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(one) for one in run]
    return listed(parts)


def tall_man(name: str) -> str:
    """Return the name with ketamine as ketAMINE; esketamine keeps its own full name."""
    return re.sub(r"\bketamine\b", "ketAMINE", name, flags=re.IGNORECASE)


def capital(text: str) -> str:
    """Return `text` with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """Return `text` on one line, with what a terminal or a browser would obey made visible."""
    shown = (
        one
        if one.isspace() or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        else f"<U+{ord(one):04X}>"
        for one in text
    )
    return " ".join("".join(shown).split())


def cleaned(tree: Any) -> Any:
    """Return a tree of dicts, lists and strings with every string made plain."""
    match tree:
        case str():
            return tree if tree.isascii() and tree.isprintable() else _plain(tree)
        case dict():
            return {key: cleaned(value) for key, value in tree.items()}
        case list() | tuple():
            return [cleaned(value) for value in tree]
    return tree
