"""A comparison as one SVG: a panel for each endpoint, and pain over weeks below.

Written in plain text, so the same comparison gives the same bytes. Letters, marker shapes and
dashes tell the regimens apart; colour only helps. Lengths are in pixels and y counts downwards.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from assuage.planning.comparison.document import Cell, Column, Comparison, Row, Weeks
from assuage.planning.comparison.words import bands_of, figure, reads_words, value_words
from assuage.planning.report.words import cleaned

_FONT = "system-ui, 'DejaVu Sans', Arial, sans-serif"
_INK, _GREY, _FAINT = "#1a1a1a", "#5f5f5f", "#d9d9d9"
_COLOURS = ("#0b4a8f", "#b34700", "#00705a", "#7a4f9a", "#a03060", "#4d4d4d")
_DASHES = ("", "9 3", "2 3", "9 3 2 3", "14 4", "5 2 1 2")
_WIDTH, _MARGIN, _GUTTER = 980.0, 20.0, 30.0
_PANEL = (_WIDTH - 2 * _MARGIN - _GUTTER) / 2
_PLOT_LEFT, _PLOT = 22.0, 240.0
_SLOT, _HEAD, _AXIS = 20.0, 44.0, 26.0
_WEEKS_TALL = 260.0
_EVERY = 14.0  # days between the shapes on a line
_TEXT, _RADIUS = 11.0, 4.5
_HALO = ' font-weight="bold" paint-order="stroke" stroke="#ffffff" stroke-width="3"'


Spot = Callable[[float, float], tuple[float, float]]


class _Drawing:
    """Collects marks."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        width: float = 1.0,
        dash: str = "",
        alpha: float = 1.0,
    ) -> None:
        """Add a line through points."""
        path = " L".join(f"{_short(x)} {_short(y)}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        faint = "" if alpha == 1.0 else f' stroke-opacity="{_short(alpha)}"'
        self.marks.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{_short(width)}" '
            f'stroke-linejoin="round"{dashed}{faint}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = _TEXT,
        anchor: str = "start",
        colour: str = _INK,
        style: str = "",
    ) -> None:
        """Add one line of words on a baseline; `style` is bold, italic or halo."""
        kind = {"bold": ' font-weight="bold"', "italic": ' font-style="italic"', "halo": _HALO}.get(
            style, ""
        )
        self.marks.append(
            f'<text x="{_short(x)}" y="{_short(y)}" font-size="{_short(size)}" '
            f'text-anchor="{anchor}" fill="{colour}"{kind}>{escape(cleaned(words))}</text>'
        )

    def marker(self, at: tuple[float, float], place: int) -> None:
        """Add the shape of one regimen."""
        (x, y), colour, r = at, _COLOURS[place], _RADIUS
        if place == 0:
            self.marks.append(
                f'<circle cx="{_short(x)}" cy="{_short(y)}" r="{_short(r)}" fill="{colour}" '
                'stroke="#ffffff" stroke-width="1"/>'
            )
            return
        corners: tuple[tuple[float, float], ...] = (
            ((-1, -1), (1, -1), (1, 1), (-1, 1)),
            ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
            ((0, -1.2), (1.2, 1), (-1.2, 1)),
            ((0, 1.2), (1.2, -1), (-1.2, -1)),
            ((-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4),
             (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)),
        )[place - 1]  # fmt: skip
        path = " L".join(f"{_short(x + a * r)} {_short(y + b * r)}" for a, b in corners)
        self.marks.append(
            f'<path d="M{path} Z" fill="{colour}" stroke="#ffffff" stroke-width="1"/>'
        )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def picture_svg(made: Comparison) -> str:
    """Return the picture as an SVG document."""
    drawing = _Drawing()
    y = _legend(drawing, made)
    rows = [row for row in made.rows if _has_axis(row)]
    tall = _HEAD + _SLOT * len(made.columns) + _AXIS
    for number, row in enumerate(rows):
        x = _MARGIN + (number % 2) * (_PANEL + _GUTTER)
        _panel(drawing, made.columns, row, (x, y + (number // 2) * tall))
    y += tall * math.ceil(len(rows) / 2)
    if made.weeks:
        y = _weeks(drawing, made, y)
    y = _foot(drawing, made, y)
    name = cleaned(f"Comparison of {', '.join(one.regimen for one in made.columns)}")
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(_WIDTH)}" '
            f'height="{_short(y)}" viewBox="0 0 {_short(_WIDTH)} {_short(y)}" role="img" '
            f'font-family="{_FONT}">',
            f"<title>{escape(name)}</title>",
            f'<rect width="{_short(_WIDTH)}" height="{_short(y)}" fill="#ffffff"/>',
            *drawing.marks,
            "</svg>",
            "",
        )
    )


def _has_axis(row: Row) -> bool:
    """Whether a row has a number, and no two currencies that one axis would mix."""
    currencies = {cell.currency for cell in row.cells if cell.currency}
    return len(currencies) <= 1 and any(cell.value is not None for cell in row.cells)


def _legend(drawing: _Drawing, made: Comparison) -> float:
    """Draw which letter, shape and dash is which regimen; return where the panels start."""
    drawing.text(
        _MARGIN, 28, f"Regimens for {made.patient.id}, {made.place}, {made.date}", size=16,
        style="bold",
    )  # fmt: skip
    y = 54.0
    for place, column in enumerate(made.columns):
        drawing.line([(_MARGIN, y - 4), (_MARGIN + 44, y - 4)], _COLOURS[place], 2, _DASHES[place])
        drawing.marker((_MARGIN + 22, y - 4), place)
        variant = f" ({column.variant})" if column.variant else ""
        words = f"{column.letter}  {column.regimen}{variant}"
        drawing.text(_MARGIN + 54, y, words, size=12, style="bold")
        y += 16
        if column.refusal is not None:
            said = f"Refused, {column.refusal.code}: {column.refusal.sentence}."
        else:
            rest = ", ".join(one for one in (column.product, column.setting) if one)
            said = f"{column.name}; {rest}; {column.status}"
            said += f": {'; '.join(column.open)}" if column.open else ""
        for line in textwrap.wrap(said, 150):
            drawing.text(_MARGIN + 54, y, line, colour=_GREY)
            y += 14
        y += 6
    return y + 8


def _panel(
    drawing: _Drawing, columns: Sequence[Column], row: Row, corner: tuple[float, float]
) -> None:
    x, y = corner
    unit = f", {row.unit}" if row.unit else ""
    drawing.text(x, y + 12, f"{row.title}{unit}", size=12, style="bold")
    better = {"higher": "more is better", "lower": "less is better"}.get(row.better, "")
    bands = bands_of(row)
    band = bands[0] if len(bands) == 1 else "bands of several kinds" if bands else ""
    reads = reads_words(row)
    parts = (band, f"read: {reads}" if reads else "")
    said = "; ".join(one for one in parts if one)
    drawing.text(x, y + 27, said, size=9.5, colour=_GREY)
    drawing.text(x + _PANEL, y + 27, better, size=9.5, anchor="end", colour=_GREY)
    low, high = _limits(row.cells)
    left, top = x + _PLOT_LEFT, y + _HEAD - 8
    bottom = top + _SLOT * len(columns)

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * _PLOT

    for tick in _ticks(low, high):
        drawing.line([(across(tick), top), (across(tick), bottom)], _FAINT)
        drawing.text(across(tick), bottom + 13, figure(tick), size=9.5, anchor="middle")
    drawing.line([(left, bottom), (left + _PLOT, bottom)], _INK, 0.8)
    if low < 0.0:
        drawing.line([(across(0.0), top), (across(0.0), bottom)], _INK, 0.8)
    for place, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        level = top + _SLOT * (place + 0.5)
        drawing.text(x, level + 4, column.letter, style="bold")
        if cell.value is None:
            at = across(0.0) + 6
            drawing.text(at, level + 4, cell.status, colour=_GREY, style="italic")
            continue
        if cell.low is not None and cell.high is not None:
            ends = across(cell.low), across(cell.high)
            drawing.line([(end, level) for end in ends], _COLOURS[place], 5, alpha=0.35)
            for end in ends:
                drawing.line([(end, level - 4), (end, level + 4)], _COLOURS[place], 1.2)
        drawing.marker((across(cell.value), level), place)
        drawing.text(left + _PLOT + 12, level + 4, value_words(cell))


def _limits(cells: Sequence[Cell]) -> tuple[float, float]:
    """Return the ends of the value axis; zero always lies on it."""
    ends = [0.0]
    for cell in cells:
        ends += [one for one in (cell.value, cell.low, cell.high) if one is not None]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.04 or 1.0
    return (low - room if low < 0.0 else 0.0), high + room


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((one * power for one in (1, 2, 2.5, 5) if one * power >= rough), 10 * power)
    return [round(k * step, 10) for k in range(-int(-low // step), int(high // step) + 1)]


def _weeks(drawing: _Drawing, made: Comparison, y: float) -> float:
    """Draw mean pain over weeks of every regimen on one axis; return where it ends."""
    left, right = _MARGIN + 34, _WIDTH - _MARGIN - 20
    top, bottom = y + 44, y + 44 + _WEEKS_TALL
    drawing.text(_MARGIN, y + 14, "Pain over weeks, mean of the virtual patients", size=12,
                 style="bold")  # fmt: skip
    drawing.text(
        _MARGIN, y + 29, "0 to 10; no band is drawn here, since each mean hides patients without "
        "any relief (see the panels)", size=9.5, colour=_GREY,
    )  # fmt: skip
    last = max(one.day[-1] for one in made.weeks)

    def spot(day: float, score: float) -> tuple[float, float]:
        return left + day / last * (right - left), bottom - score / 10.0 * (bottom - top)

    for score in range(0, 11, 2):
        drawing.line([spot(0, score), spot(last, score)], _FAINT)
        at = spot(0, score)
        drawing.text(at[0] - 6, at[1] + 4, f"{score}", size=9.5, anchor="end")
    for day in range(0, int(last) + 1, 14):
        drawing.line([spot(day, 0), spot(day, 10)], _FAINT)
        at = spot(day, 0)
        drawing.text(at[0], at[1] + 14, f"{day}", size=9.5, anchor="middle")
    drawing.line([spot(0, 10), spot(0, 0), spot(last, 0)], _INK, 0.8)
    drawing.text((left + right) / 2, bottom + 29, "days", size=9.5, anchor="middle")
    letters = [one.letter for one in made.columns]
    for number, one in enumerate(made.weeks):
        _curve(drawing, one, letters.index(one.letter), number / len(made.weeks), spot)
    return bottom + 40


def _curve(drawing: _Drawing, one: Weeks, place: int, shift: float, spot: Spot) -> None:
    points = [spot(day, score) for day, score in zip(one.day, one.mean, strict=True)]
    drawing.line(points, _COLOURS[place], 2, _DASHES[place])
    first = _EVERY * (0.5 + shift)  # the shapes of different lines never fall on one day
    day = first
    while day <= one.day[-1]:
        at = min(range(len(one.day)), key=lambda k: abs(one.day[k] - day))
        drawing.marker(points[at], place)
        if day == first:
            x, y = points[at]
            drawing.text(x, y - 8, one.letter, anchor="middle", style="halo")
        day += 2 * _EVERY


def _foot(drawing: _Drawing, made: Comparison, y: float) -> float:
    """Write what must be known to read the picture; return where it ends."""
    y += 14
    for text in (made.scope, *_remarks(made), *made.notes):
        for line in textwrap.wrap(text, 168):
            drawing.text(_MARGIN, y, line, size=9.5, colour=_GREY)
            y += 13
    return y + 10


def _remarks(made: Comparison) -> list[str]:
    """Return what holds of rows and cells, each sentence once with the rows that it is about."""
    about: dict[str, list[str]] = {}
    for row in made.rows:
        cells = list(zip(made.columns, row.cells, strict=True))
        if row.crosses:
            about.setdefault(row.crosses, []).append(row.title)
        if len(bands_of(row)) > 1:
            kinds = "; ".join(f"{one.letter} {cell.band}" for one, cell in cells if cell.band)
            about.setdefault(f"bands are {kinds}", []).append(row.title)
        for column, cell in cells:
            if cell.status in ("not predicted", "unknown"):
                why = f"{cell.status}. {cell.why}"
                about.setdefault(why, []).append(f"{column.letter} {row.title}")
    return [f"{', '.join(titles)}: {why.rstrip('.')}." for why, titles in about.items()]
