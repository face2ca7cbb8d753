"""A prediction as one SVG: lines, and the bands that say how far they can be trusted.

matplotlib is imported with this module, so import it late. Text is drawn as outlines: the chart
looks the same in a browser and in the PDF, whatever fonts a machine has.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import Affine2D, Transform

from assuage.planning.document import Line, Prediction
from assuage.planning.report.words import cleaned, number, unit_words

# Set per drawing, so that no other user of matplotlib is changed. The salt makes ids repeatable.
_RC: dict[str, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "assuage",
    "font.family": ["DejaVu Sans"],  # matplotlib carries it
    "font.size": 8,
    "text.usetex": False,
    "text.parse_math": False,
    "hatch.linewidth": 0.6,
    "axes.unicode_minus": False,
    "path.simplify": True,
}
_INK, _FAINT = "#1a1a1a", "#d9d9d9"
_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 0.72, 0.34, 0.1, 0.44
_ROW_IN, _SWATCH_IN, _TEXT_PT = 0.15, 0.3, 7.5
_STEPS = {
    "h": (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 72, 168),
    "day": (0.25, 0.5, 1, 2, 5, 7, 14, 28, 56, 84, 168, 364),
}
_MOST_TICKS = 10
_FAR = 1.6  # a mark further off than this times the curves' own top isn't allowed to squash them


@dataclass(frozen=True)
class _Style:
    colour: str
    dash: Any
    width: float
    alpha: float  # of the band


_TYPICAL = _Style("#0b4a8f", "solid", 2.0, 0.22)
_BETWEEN_MODELS = _Style("#8a5a00", (0, (4, 2)), 0.8, 0.13)
_MEMBERS = (
    _Style("#7a4f9a", (0, (5, 1.5)), 1.1, 0.08),
    _Style("#00705a", (0, (1.2, 1.2)), 1.3, 0.08),
    _Style("#a03060", (0, (6, 1.5, 1.2, 1.5)), 1.1, 0.08),
    _Style("#555555", (0, (3, 1, 1, 1, 1, 1)), 1.1, 0.08),
)
_COMPARISONS = (
    _Style("#b34700", (0, (6, 2)), 1.6, 0.16),
    _Style("#5b5b00", (0, (2, 1.5)), 1.6, 0.16),
)
_CASES = (_TYPICAL, _Style("#b34700", (0, (6, 2, 1.5, 2)), 1.8, 0.18))


@dataclass(frozen=True)
class _Key:
    """One entry of the legend."""

    text: str
    style: _Style
    kind: str  # "line", "band", "models" or a mark's letter


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
    total_in = height_in + legend_in
    with mpl.rc_context(_RC):
        figure = Figure(figsize=(width_in, total_in))
        FigureCanvasSVG(figure)
        limits = _limits(prediction)
        frame = _frame(figure, prediction, limits, legend_in)
        _draw_frame(frame, prediction, limits)
        _draw_curves(frame, prediction)
        _draw_marks(frame, prediction, limits)
        _draw_legend(figure, keys, rows, (width_in, total_in, legend_in))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    return _inlined(out.getvalue(), prediction)


@dataclass(frozen=True)
class _Frame:
    """Where data fall on the figure. matplotlib's own axes take four times as long to draw."""

    figure: Figure
    data: Transform  # from time and value
    inches: Transform  # from inches, counted from the lower left
    box: tuple[float, float, float, float]  # left, bottom, right, top in inches

    def line(self, x: Sequence[float], y: Sequence[float], **look: Any) -> None:
        """Add a line through data points."""
        self.figure.add_artist(Line2D(x, y, transform=self.data, **look))

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float],
             style: _Style) -> None:
        """Fill between two lines through data points."""
        corners = [*zip(x, low, strict=True), *zip(x[::-1], high[::-1], strict=True)]
        self.figure.add_artist(
            Polygon(corners, transform=self.data, facecolor=style.colour, alpha=style.alpha, lw=0)
        )

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Return data as inches."""
        at = self.inches.inverted().transform(self.data.transform((x, y)))
        return float(at[0]), float(at[1])

    def text(self, x: float, y: float, text: str, **look: Any) -> None:
        """Add words at a place in inches."""
        look = {"fontsize": 8, "color": _INK, **look}
        self.figure.text(x, y, text, transform=self.inches, **look)


def _frame(
    figure: Figure, prediction: Prediction, limits: tuple[float, float], legend_in: float
) -> _Frame:
    width, height = figure.get_size_inches()
    left, bottom, right, top = box = (
        *(_LEFT_IN, legend_in + _BOTTOM_IN),
        *(float(width) - _RIGHT_IN, float(height) - _TOP_IN),
    )
    (start, end), (low, high) = _times(prediction), limits
    inches = figure.dpi_scale_trans
    scale = Affine2D().translate(-start, -low)
    scale.scale((right - left) / (end - start), (top - bottom) / (high - low))
    return _Frame(figure, scale.translate(left, bottom) + inches, inches, box)


def _times(prediction: Prediction) -> tuple[float, float]:
    start, end = prediction.time[0], prediction.time[-1]
    return (start, end) if end > start else (start, start + 1)


def _styled(lines: Sequence[Line]) -> Iterator[tuple[Line, _Style]]:
    members = comparisons = cases = 0
    for line in lines:
        match line.role:
            case "typical":
                style = _TYPICAL
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


def _hull(prediction: Prediction) -> list[Line]:
    """Return the lines whose spread stands for the models', if no line carries such a band."""
    models = [one for one in prediction.lines if one.role in ("typical", "ensemble-member")]
    members = any(one.role == "ensemble-member" for one in models)
    carried = any(one.low and _between_models(one) for one in prediction.lines)
    return models if members and not carried else []


def _keys(prediction: Prediction) -> Iterator[_Key]:
    banded = [one for one in prediction.lines if one.low]
    for line, style in _styled(prediction.lines):
        yield _Key(cleaned(line.label) + ("" if line.low else " (no band)"), style, "line")
    for line, style in _styled(prediction.lines):
        if line.low:
            words = cleaned(line.band) or "band of unstated kind"
            whose = f" ({cleaned(line.label)})" if len(banded) > 1 else ""
            models = _between_models(line)
            yield _Key(
                f"Band: {words}{whose}",
                _BETWEEN_MODELS if models else style,
                "models" if models else "band",
            )
    if hull := _hull(prediction):
        words = f"Band: between models, the range of the {len(hull)} lines drawn"
        yield _Key(words, _BETWEEN_MODELS, "models")
    low, high = _limits(prediction)
    for letter, (value, text) in zip(_letters(), prediction.marks, strict=False):
        where = "" if low <= value <= high else " (outside the chart)"
        yield _Key(f"{number(value)}: {cleaned(text)}{where}", _TYPICAL, letter)


def _letters() -> Iterator[str]:
    yield from "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _limits(prediction: Prediction) -> tuple[float, float]:
    """Return the ends of the value axis: all curves and bands, and the marks that are near."""
    ends = [one for line in prediction.lines for one in (*line.values, *line.low, *line.high)]
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
            frame.line(time, edge, color=models.colour, ls=models.dash, lw=models.width)
    for line, style in _styled(prediction.lines):
        if line.low and not _between_models(line):
            frame.band(time, line.low, line.high, style)
    for line, style in sorted(_styled(prediction.lines), key=lambda one: one[0].role == "typical"):
        frame.line(time, line.values, color=style.colour, ls=style.dash, lw=style.width)


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
        frame.line((start, end), (value, value), color=_INK, lw=0.8, ls=(0, (1, 1.6)))
        x, y = frame.spot(end, value)
        at = max(y, at + 0.13)
        frame.text(x + 0.07, at, letter, va="center", fontweight="bold")


def _draw_frame(frame: _Frame, prediction: Prediction, limits: tuple[float, float]) -> None:
    left, bottom, right, top = frame.box
    (start, end), (low, high) = _times(prediction), limits
    for value in _value_ticks(low, high):
        frame.line((start, end), (value, value), color=_FAINT, lw=0.5)
        frame.text(left - 0.06, frame.spot(start, value)[1], number(value), ha="right",
                   va="center_baseline")
    for value in _time_ticks(prediction):
        frame.line((value, value), (low, high), color=_FAINT, lw=0.5)
        frame.text(frame.spot(value, low)[0], bottom - 0.05, number(value), ha="center", va="top")
    frame.line((start, start, end), (high, low, low), color=_INK, lw=0.8)
    words = "hours after the first dose" if prediction.time_unit == "h" else "days"
    frame.text((left + right) / 2, bottom - 0.22, words, ha="center", va="top")
    unit = unit_words(cleaned(prediction.unit))
    label = textwrap.shorten(cleaned(prediction.title), 34, placeholder=" ...")
    frame.text(0.08, (bottom + top) / 2, f"{label}\n{unit}" if unit else label, rotation=90,
               fontsize=7.5, va="center", ha="left", multialignment="center")


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
    figure: Figure, keys: Sequence[_Key], rows: Sequence[int], size: tuple[float, float, float]
) -> None:
    width, height, top = size
    columns = _columns(width)
    for n, key in enumerate(keys):
        row, column = divmod(n, columns)
        x = 0.1 + column * (width - 0.2) / columns
        y = top - (sum(rows[:row]) + 0.5) * _ROW_IN
        _draw_swatch(figure, key, (x, y), (width, height))
        figure.text(
            (x + _SWATCH_IN + 0.08) / width, (y + 0.5 * _ROW_IN) / height,
            "\n".join(_wrapped(key, width)),
            fontsize=_TEXT_PT, va="top", color=_INK, linespacing=1.2,
        )


def _draw_swatch(
    figure: Figure, key: _Key, at: tuple[float, float], size: tuple[float, float]
) -> None:
    (x, y), (width, height), style = at, size, key.style
    right = x + _SWATCH_IN
    ends = [x / width, right / width]
    if key.kind in ("band", "models"):
        models = key.kind == "models"
        figure.add_artist(
            Rectangle(
                (x / width, (y - 0.045) / height), _SWATCH_IN / width, 0.09 / height,
                facecolor=mpl.colors.to_rgba(style.colour, style.alpha),
                edgecolor=style.colour if models else "none",
                linestyle=style.dash if models else "solid", linewidth=style.width * models,
                transform=figure.transFigure,
            )
        )
        return
    middle = [y / height] * 2
    if key.kind == "line":
        dash: Any = style.dash
        figure.add_artist(Line2D(ends, middle, color=style.colour, ls=dash, lw=style.width))
        return
    dots: Any = (0, (1, 1.6))
    ends[1] = (right - 0.12) / width
    figure.add_artist(Line2D(ends, middle, color=_INK, ls=dots, lw=0.7))
    figure.text(
        right / width, middle[0], key.kind, fontsize=_TEXT_PT, fontweight="bold", va="center",
        ha="right", color=_INK,
    )


def _inlined(svg: str, prediction: Prediction) -> str:
    """Return the <svg> element alone: named, sized to its place, with ids of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?|<metadata>.*?</metadata>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r' d="[^"]*"', _rounded, svg)
    prefix = re.sub(r"[^a-z0-9-]", "-", prediction.id.lower())
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{prefix}-", svg)
    box = re.search(r'viewBox="[^"]*"', svg)
    name = cleaned(f"Chart: {prediction.title}. {prediction.headline}")
    opening = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box.group() if box else ""} role="img" aria-label={quoteattr(name)}>\n'
        f" <title>{escape(name)}</title>"
    )
    return re.sub(r"<svg[^>]*>", lambda _: opening, svg, count=1)


def _rounded(match: re.Match[str]) -> str:
    return re.sub(r"(\.\d\d)\d+", r"\1", match.group())
