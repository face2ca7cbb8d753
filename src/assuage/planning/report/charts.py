"""A prediction as one SVG: lines, and the bands that say how far they can be trusted.

The SVG is written here, in plain text: a plotting library took half of the time a plan may
take. Lengths are in inches until they are written, and y counts upwards.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from assuage.planning.document import Line, Prediction
from assuage.planning.report.words import cleaned, number, unit_words

# The page's own style sheet replaces this family; typst carries it for the PDF.
_FONT = "Libertinus Serif, system-ui, sans-serif"
_PT = 72.0  # points in an inch
_INK, _FAINT = "#1a1a1a", "#d9d9d9"
_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 0.72, 0.34, 0.1, 0.44
_ROW_IN, _SWATCH_IN, _TEXT_PT = 0.15, 0.3, 7.5
_HALF_IN = 0.035  # half the height of a small letter, to centre a line of words
_STEPS = {
    "h": (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 72, 168),
    "day": (0.25, 0.5, 1, 2, 5, 7, 14, 28, 56, 84, 168, 364),
}
_MOST_TICKS = 10
_FAR = 1.6  # a mark further off than this times the curves' own top isn't allowed to squash them


@dataclass(frozen=True)
class _Style:
    colour: str
    dash: tuple[float, ...]  # in line widths; none for a solid line
    width: float
    alpha: float  # of the band


_TYPICAL = _Style("#0b4a8f", (), 2.0, 0.22)
_BETWEEN_MODELS = _Style("#8a5a00", (4, 2), 0.8, 0.13)
_MEMBERS = (
    _Style("#7a4f9a", (5, 1.5), 1.1, 0.08),
    _Style("#00705a", (1.2, 1.2), 1.3, 0.08),
    _Style("#a03060", (6, 1.5, 1.2, 1.5), 1.1, 0.08),
    _Style("#555555", (3, 1, 1, 1, 1, 1), 1.1, 0.08),
)
_COMPARISONS = (
    _Style("#b34700", (6, 2), 1.6, 0.16),
    _Style("#5b5b00", (2, 1.5), 1.6, 0.16),
)
_PRIOR = _Style("#6b6b6b", (4, 2), 1.2, 0.16)
_CASES = (_TYPICAL, _Style("#b34700", (6, 2, 1.5, 2), 1.8, 0.18))


@dataclass(frozen=True)
class _Key:
    """One entry of the legend."""

    text: str
    style: _Style
    kind: str  # "line", "band", "models", "measured" or a mark's letter


def chart_svg(prediction: Prediction, width_in: float = 6.9, height_in: float = 2.5) -> str:
    """Return the chart as an SVG element; the legend adds its rows below `height_in`.

    The same prediction always gives the same text. Ids start with the prediction's id, so that
    several charts can stand in one page.
    """
    return _drawn(prediction, width_in, height_in)


@lru_cache(maxsize=64)  # HTML and PDF show the same charts
def _drawn(prediction: Prediction, width_in: float, height_in: float) -> str:
    keys = list(_keys(prediction))
    rows = _legend_rows(keys, width_in)
    legend_in = sum(rows) * _ROW_IN + 0.06
    canvas = _Canvas(width_in, height_in + legend_in)
    limits = _limits(prediction)
    frame = _frame(canvas, prediction, limits, legend_in)
    _draw_frame(frame, prediction, limits)
    _draw_curves(frame, prediction)
    _draw_marks(frame, prediction, limits)
    _draw_legend(canvas, keys, rows, (width_in, legend_in))
    return canvas.svg(prediction)


@dataclass(frozen=True)
class _Canvas:
    """Collects marks; positions in inches from the lower left."""

    width: float
    height: float
    marks: list[str] = field(default_factory=list)

    def _at(self, x: float, y: float) -> str:
        return f"{_short(x * _PT)} {_short((self.height - y) * _PT)}"

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        width: float,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Add a line through points; its width in points."""
        dashes = " ".join(_short(one * width) for one in dash)
        dashed = f' stroke-dasharray="{dashes}"' if dash else ""
        path = " L".join(self._at(x, y) for x, y in points)
        self.marks.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{_short(width)}" '
            f'stroke-linejoin="round"{dashed}/>'
        )

    def area(self, points: Sequence[tuple[float, float]], colour: str, alpha: float) -> None:
        """Fill the area inside points."""
        path = " L".join(self._at(x, y) for x, y in points)
        self.marks.append(f'<path d="M{path} Z" fill="{colour}" fill-opacity="{alpha}"/>')

    def dot(self, point: tuple[float, float], colour: str) -> None:
        """Add a measured point, ringed in white so that it stands out on any band."""
        x, y = self._at(*point).split()
        self.marks.append(
            f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}" stroke="#ffffff" '
            f'stroke-width="0.8"/>'
        )

    def text(
        self,
        at: tuple[float, float],
        words: str,
        *,
        anchor: str = "start",
        size: float = 8.0,
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        """Add words whose baseline starts, ends or is centred at a point; size in points."""
        x, y = self._at(*at).split()
        weight = ' font-weight="bold"' if bold else ""
        turned = f' transform="rotate(-90 {x} {y})"' if upright else ""
        self.marks.append(
            f'<text x="{x}" y="{y}" font-size="{_short(size)}" text-anchor="{anchor}" '
            f'fill="{_INK}"{weight}{turned}>{escape(words)}</text>'
        )

    def svg(self, prediction: Prediction) -> str:
        """Return the <svg> element, named for those who can't see it."""
        name = cleaned(f"Chart: {prediction.title}. {prediction.headline}")
        box = f"0 0 {_short(self.width * _PT)} {_short(self.height * _PT)}"
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
                f'aria-label={quoteattr(name)} font-family="{_FONT}">',
                f"<title>{escape(name)}</title>",
                *self.marks,
                "</svg>",
            )
        )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class _Frame:
    """Where data fall on the canvas."""

    canvas: _Canvas
    origin: tuple[float, float]  # time and value at the lower left
    scale: tuple[float, float]  # inches for each unit of time and value
    box: tuple[float, float, float, float]  # left, bottom, right, top in inches

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Return data as inches."""
        left, bottom, _, _ = self.box
        across = left + (x - self.origin[0]) * self.scale[0]
        return across, bottom + (y - self.origin[1]) * self.scale[1]

    def spots(self, x: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
        """Return data as inches, for each point."""
        return [self.spot(*one) for one in zip(x, y, strict=True)]

    def line(
        self,
        x: Sequence[float],
        y: Sequence[float],
        colour: str,
        width: float,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Add a line through data points."""
        self.canvas.line(self.spots(x, y), colour, width, dash)

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], style: _Style
    ) -> None:
        """Fill between two lines through data points."""
        corners = [*self.spots(x, low), *self.spots(x[::-1], high[::-1])]
        self.canvas.area(corners, style.colour, style.alpha)


def _frame(
    canvas: _Canvas, prediction: Prediction, limits: tuple[float, float], legend_in: float
) -> _Frame:
    left, bottom, right, top = box = (
        *(_LEFT_IN, legend_in + _BOTTOM_IN),
        *(canvas.width - _RIGHT_IN, canvas.height - _TOP_IN),
    )
    (start, end), (low, high) = _times(prediction), limits
    scale = (right - left) / (end - start), (top - bottom) / (high - low)
    return _Frame(canvas, (start, low), scale, box)


def _times(prediction: Prediction) -> tuple[float, float]:
    start, end = prediction.time[0], prediction.time[-1]
    return (start, end) if end > start else (start, start + 1)


def _styled(lines: Sequence[Line]) -> Iterator[tuple[Line, _Style]]:
    members = comparisons = cases = 0
    for line in lines:
        match line.role:
            case "typical" | "posterior":
                style = _TYPICAL
            case "prior":
                style = _PRIOR
            case "ensemble-member":
                style = _MEMBERS[members % len(_MEMBERS)]
                members += 1
            case "comparison":
                style = _COMPARISONS[comparisons % len(_COMPARISONS)]
                comparisons += 1
            case _:
                style = _CASES[cases % len(_CASES)]
                cases += 1
        yield line, style


def _between_models(line: Line) -> bool:
    return "model" in line.band.lower()


def _is_envelope(line: Line) -> bool:
    """Whether a line stands only for the band between models; its middle says nothing."""
    return line.role == "comparison" and bool(line.low) and _between_models(line)


def _hull(prediction: Prediction) -> list[Line]:
    """Return the lines whose spread stands for the models', if no line carries such a band."""
    models = [one for one in prediction.lines if one.role in ("typical", "ensemble-member")]
    members = any(one.role == "ensemble-member" for one in models)
    carried = any(one.low and _between_models(one) for one in prediction.lines)
    return models if members and not carried else []


def _keys(prediction: Prediction) -> Iterator[_Key]:
    banded = [one for one in prediction.lines if one.low and not _between_models(one)]
    for line, style in _styled(prediction.lines):
        if not _is_envelope(line):
            yield _Key(cleaned(line.label) + ("" if line.low else " (no band)"), style, "line")
    for line, style in _styled(prediction.lines):
        if line.low:
            words = cleaned(line.band) or "band of unstated kind"
            models = _between_models(line)
            whose = f" ({cleaned(line.label)})" if len(banded) > 1 and not models else ""
            yield _Key(
                f"Band: {words}{whose}",
                _BETWEEN_MODELS if models else style,
                "models" if models else "band",
            )
    if hull := _hull(prediction):
        words = f"Band: between models, the range of the {len(hull)} lines drawn"
        yield _Key(words, _BETWEEN_MODELS, "models")
    if prediction.measured:
        yield _Key("Measured", _TYPICAL, "measured")
    low, high = _limits(prediction)
    for letter, (value, text) in zip(_letters(), prediction.marks, strict=False):
        where = "" if low <= value <= high else " (outside the chart)"
        yield _Key(f"{number(value)}: {cleaned(text)}{where}", _TYPICAL, letter)


def _letters() -> Iterator[str]:
    yield from "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _limits(prediction: Prediction) -> tuple[float, float]:
    """Return the ends of the value axis: all curves and bands, and the marks that are near."""
    ends = [one for line in prediction.lines for one in (*line.values, *line.low, *line.high)]
    ends += [value for _, value in prediction.measured]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    from_zero = low >= 0 and low < 0.4 * high
    reach = (high - (0 if from_zero else low)) * (_FAR - 1) or abs(high) or 1.0
    near = [value for value, _ in prediction.marks if low - reach <= value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    if from_zero and low >= 0:
        return 0.0, high * 1.06 or 1.0
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _draw_curves(frame: _Frame, prediction: Prediction) -> None:
    time, models = prediction.time, _BETWEEN_MODELS
    wide = [(one.low, one.high) for one in prediction.lines if one.low and _between_models(one)]
    if hull := _hull(prediction):
        columns = list(zip(*(one.values for one in hull), strict=True))
        wide.append((tuple(map(min, columns)), tuple(map(max, columns))))
    for low, high in wide:
        frame.band(time, low, high, models)
        for edge in (low, high):
            frame.line(time, edge, models.colour, models.width, models.dash)
    for line, style in _styled(prediction.lines):
        if line.low and not _between_models(line):
            frame.band(time, line.low, line.high, style)
    for line, style in sorted(_styled(prediction.lines), key=lambda one: one[0].role == "typical"):
        if _is_envelope(line):
            continue
        frame.line(time, line.values, style.colour, style.width, style.dash)
    start, end = _times(prediction)
    for at, value in prediction.measured:
        if start <= at <= end:
            frame.canvas.dot(frame.spot(at, value), _INK)


def _draw_marks(frame: _Frame, prediction: Prediction, limits: tuple[float, float]) -> None:
    """Draw the horizontal levels, lettered at the right edge; the legend says what each means."""
    low, high = limits
    drawn = [
        (value, letter)
        for letter, (value, _) in zip(_letters(), prediction.marks, strict=False)
        if low <= value <= high
    ]
    start, end = _times(prediction)
    at = float("-inf")
    for value, letter in sorted(drawn):
        frame.line((start, end), (value, value), _INK, 0.8, (1, 1.6))
        x, y = frame.spot(end, value)
        at = max(y, at + 0.13)
        frame.canvas.text((x + 0.07, at - _HALF_IN), letter, bold=True)


def _draw_frame(frame: _Frame, prediction: Prediction, limits: tuple[float, float]) -> None:
    left, bottom, right, top = frame.box
    (start, end), (low, high) = _times(prediction), limits
    canvas = frame.canvas
    for value in _value_ticks(low, high):
        frame.line((start, end), (value, value), _FAINT, 0.5)
        level = frame.spot(start, value)[1] - _HALF_IN
        canvas.text((left - 0.06, level), number(value), anchor="end")
    for value in _time_ticks(prediction):
        frame.line((value, value), (low, high), _FAINT, 0.5)
        across = frame.spot(value, low)[0]
        canvas.text((across, bottom - 0.14), number(value), anchor="middle")
    frame.line((start, start, end), (high, low, low), _INK, 0.8)
    words = "hours after the first dose" if prediction.time_unit == "h" else "days"
    canvas.text(((left + right) / 2, bottom - 0.31), words, anchor="middle")
    unit = unit_words(cleaned(prediction.unit))
    label = textwrap.shorten(cleaned(prediction.endpoint), 40, placeholder=" ...")
    for n, line in enumerate(one for one in (label, unit) if one):
        at = (0.16 + 0.13 * n, (bottom + top) / 2)
        canvas.text(at, line, anchor="middle", size=7.5, upright=True)


def _time_ticks(prediction: Prediction) -> list[float]:
    start, end = _times(prediction)
    steps = _STEPS[prediction.time_unit]
    step = next((one for one in steps if (end - start) / one < _MOST_TICKS), steps[-1])
    return _multiples(start, end, step)


def _value_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((one * power for one in (1, 2, 2.5, 5) if one * power >= rough), 10 * power)
    return _multiples(low, high, step)


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = -int(-low // step), int(high // step)
    return [round(n * step, 10) for n in range(first, last + 1)]


def _columns(width_in: float) -> int:
    return 2 if width_in >= 5 else 1


def _wrapped(key: _Key, width_in: float) -> list[str]:
    room_pt = ((width_in - 0.2) / _columns(width_in) - _SWATCH_IN - 0.25) * 72
    return textwrap.wrap(key.text, int(room_pt / (_TEXT_PT * 0.56))) or [""]


def _legend_rows(keys: Sequence[_Key], width_in: float) -> list[int]:
    """Return the height in lines of each row of the legend."""
    columns = _columns(width_in)
    tall = [len(_wrapped(key, width_in)) for key in keys]
    return [max(tall[at : at + columns]) for at in range(0, len(tall), columns)]


def _draw_legend(
    canvas: _Canvas, keys: Sequence[_Key], rows: Sequence[int], size: tuple[float, float]
) -> None:
    width, top = size
    columns = _columns(width)
    for n, key in enumerate(keys):
        row, column = divmod(n, columns)
        x = 0.1 + column * (width - 0.2) / columns
        y = top - (sum(rows[:row]) + 0.5) * _ROW_IN
        _draw_swatch(canvas, key, x, y)
        for k, words in enumerate(_wrapped(key, width)):
            at = (x + _SWATCH_IN + 0.08, y - _HALF_IN - k * _ROW_IN * 0.92)
            canvas.text(at, words, size=_TEXT_PT)


def _draw_swatch(canvas: _Canvas, key: _Key, x: float, y: float) -> None:
    right, style = x + _SWATCH_IN, key.style
    if key.kind in ("band", "models"):
        low, high = y - 0.045, y + 0.045
        corners = [(x, low), (right, low), (right, high), (x, high)]
        canvas.area(corners, style.colour, style.alpha)
        if key.kind == "models":
            canvas.line([*corners, corners[0]], style.colour, style.width, style.dash)
    elif key.kind == "measured":
        canvas.dot((x + _SWATCH_IN / 2, y), _INK)
    elif key.kind == "line":
        canvas.line([(x, y), (right, y)], style.colour, style.width, style.dash)
    else:
        canvas.line([(x, y), (right - 0.12, y)], _INK, 0.7, (1, 1.6))
        canvas.text((right, y - _HALF_IN), key.kind, anchor="end", size=_TEXT_PT, bold=True)
