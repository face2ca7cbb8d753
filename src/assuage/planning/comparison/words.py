"""How a comparison writes its numbers: the same in the table and in the picture."""

from __future__ import annotations

from collections.abc import Sequence

from assuage.planning.comparison.document import Cell, Difference, Row
from assuage.units import format_quantity

DIGITS = 3


def figure(value: float) -> str:
    """Return a number with three significant digits; those before the point are all kept."""
    return format_quantity(value if abs(value) >= 1000 else float(f"{value:.{DIGITS}g}"), "")


def ends(low: float | None, high: float | None) -> str:
    """Return a band, or nothing where there is none."""
    return "" if low is None or high is None else f"{figure(low)} to {figure(high)}"


def value_words(cell: Cell) -> str:
    """Return what stands for a cell on one line."""
    if cell.value is None:
        return cell.status
    if cell.currency:
        return cell.text
    band = ends(cell.low, cell.high)
    return f"{figure(cell.value)} ({band})" if band else figure(cell.value)


def difference_words(one: Difference, currency: str = "") -> list[str]:
    """Return a difference with its sign, and its band below it."""
    if one.value is None:
        return ["-"]
    sign = "+" if one.value > 0 else ""
    band = ends(one.low, one.high)
    return [f"{sign}{figure(one.value)} {currency}".rstrip(), *([band] if band else [])]


def reads_words(row: Row) -> str:
    """Return how the numbers behind a row were read, worst last; nothing for what is counted."""
    found = dict.fromkeys(read for cell in row.cells for read in cell.reads)
    return ", ".join(found)


def bands_of(row: Row) -> Sequence[str]:
    """Return what the bands of a row are."""
    return tuple(dict.fromkeys(cell.band for cell in row.cells if cell.band))
