"""The pictures of a report, as SVG: means by visit, forest, survival, funnel, lines.

The participant flow is in `flow`. Arms differ by colour (Okabe and Ito's, which colour-blind
readers tell apart), by marker and by dash, so nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from assuage.evidence.report.drawing import INK, SOFT, figure

COLOURS = ("#0072b2", "#d55e00", "#00795a", "#a0528a", "#56b4e9", "#1a1a1a")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (7, 2, 1.5, 2)), "-", "-")
_WIDTH_INCH = 7.2
_AXIS_POINTS, _LETTER_POINTS = 400.0, 5.6  # of the plot's axis, and of a letter under it


@dataclass(frozen=True)
class Series:
    """One arm or site over x: y with its limits, and how many people stand behind each point.

    `low` and `high` are both empty or as long as `x`; `n` likewise. ValueError otherwise. A NaN
    in `y` is a point that isn't drawn.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    n: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        many = len(self.x)
        if len(self.y) != many or len(self.low) != len(self.high):
            raise ValueError(f"{self.name}: x, y and limits differ in length")
        if any(len(one) not in (0, many) for one in (self.low, self.n)):
            raise ValueError(f"{self.name}: limits or counts aren't as many as points")


@dataclass(frozen=True)
class Row:
    """One line of a forest plot: an estimate with its interval.

    `said` stands at the right, as in a paper's table; `open` draws a hollow marker (not
    pre-specified). A row whose estimate is NaN shows its label and `said` alone.
    """

    label: str
    estimate: float
    low: float
    high: float
    said: str = ""
    open: bool = False


@dataclass(frozen=True)
class Course:
    """One arm's survival: steps from (0, 1) on, censoring times, and numbers at risk.

    `at_risk` is (time, number) at the times that stand under the axis.
    """

    name: str
    times: tuple[float, ...]
    surviving: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    censored: tuple[float, ...] = ()
    at_risk: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True)
class Site:
    """One site of a funnel plot: how many people, and its share or mean."""

    name: str
    n: int
    value: float


def means_plot(
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    ticks: Sequence[tuple[float, str]] = (),
    zero: bool = False,
) -> bytes:
    """Return means with intervals by visit, and n under each visit.

    Arms stand a little apart so that intervals don't cover one another. `zero` draws a line at 0
    (change from baseline). `ticks` are (x, words) of the visits.
    """
    at = sorted({x for one in series for x in one.x})
    closest = min((b - a for a, b in pairwise(at)), default=1.0)
    step = min(closest * 0.16, (at[-1] - at[0]) * 0.02) if len(at) > 1 else closest * 0.1
    counted = [one for one in series if one.n]
    with figure("svg", (_WIDTH_INCH, 3.4 + 0.2 * len(counted))) as (drawn, done):
        axes = drawn.subplots()
        for place, one in enumerate(series):
            x = np.array(one.x) + step * (place - (len(series) - 1) / 2)
            y = np.array(one.y)
            if one.low:
                reach = np.vstack([y - np.array(one.low), np.array(one.high) - y])
                _whiskers(axes, x, y, reach, COLOURS[place % len(COLOURS)])
            axes.plot(x, y, label=one.name, **_style(place))
        if zero:
            axes.axhline(0.0, color=SOFT, lw=0.8)
        shown = _staggered(list(ticks) or [(x, f"{x:g}") for x in at])
        axes.set_xticks([x for x, _ in shown], [words for _, words in shown])
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        _head(axes, title, len(series))
        if counted:
            rows = [(one.name, dict(zip(one.x, one.n, strict=True))) for one in counted]
            below = max(words.count("\n") for _, words in shown)
            _counts(axes, rows, [x for x, _ in shown], "n", below)
    return done()


def lines(
    series: Sequence[Series], *, x_label: str, y_label: str, title: str = "", level: float = np.nan
) -> bytes:
    """Return lines with bands. `level` draws a dashed line across, when it is a number."""
    with figure("svg", (_WIDTH_INCH, 3.4)) as (drawn, done):
        axes = drawn.subplots()
        for place, one in enumerate(series):
            if one.low:
                colour = COLOURS[place % len(COLOURS)]
                axes.fill_between(one.x, one.low, one.high, color=colour, alpha=0.15, lw=0)
            style = _style(place) | ({"marker": ""} if len(one.x) > 25 else {})
            axes.plot(one.x, one.y, label=one.name, **style)
        if np.isfinite(level):
            axes.axhline(level, color=SOFT, lw=0.9, ls=(0, (4, 2)))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        _head(axes, title, len(series))
    return done()


def forest(
    rows: Sequence[Row], *, x_label: str, favours: tuple[str, str] = ("", ""), null: float = 0.0
) -> bytes:
    """Return estimates with intervals, one line each, and what they say beside them.

    `favours` are words for the left and the right of `null`. Hollow markers are outcomes that
    weren't pre-specified.
    """
    with figure("svg", (_WIDTH_INCH + 0.6, 1.15 + 0.3 * len(rows))) as (drawn, done):
        axes, beside = drawn.subplots(1, 2, sharey=True, width_ratios=(3, 1.7))
        heights = -np.arange(len(rows), dtype=float)
        for height, one in zip(heights, rows, strict=True):
            if np.isfinite(one.estimate):
                axes.plot([one.low, one.high], [height, height], color=COLOURS[0], lw=1.6)
                face = "white" if one.open else COLOURS[0]
                axes.plot([one.estimate], [height], "s", color=COLOURS[0], mfc=face, ms=6, mew=1.4)
            beside.text(0.0, height, one.said, va="center", ha="left", fontsize=8.5, color=INK)
        axes.axvline(null, color=SOFT, lw=0.9)
        axes.set_yticks(heights, [one.label for one in rows], color=INK)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(heights[-1] - 0.7, 0.7)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        finite = [x - null for one in rows for x in (one.low, one.high) if np.isfinite(x)]
        reach = max((abs(x) for x in finite), default=1.0) * 1.08
        axes.set_xlim(null - reach, null + reach)
        axes.set_xlabel(x_label, labelpad=16 if any(favours) else 4)
        _favours(axes, favours)
        beside.set_axis_off()
    return done()


def survival(
    courses: Sequence[Course], *, x_label: str, y_label: str, title: str = "", until: float = np.nan
) -> bytes:
    """Return Kaplan-Meier steps with bands, ticks where people were censored, numbers at risk.

    `until` marks the horizon of a restricted mean, when it is a number.
    """
    with figure("svg", (_WIDTH_INCH, 3.4 + 0.2 * len(courses))) as (drawn, done):
        axes = drawn.subplots()
        for place, one in enumerate(courses):
            style = _style(place) | {"marker": ""}
            colour = style["color"]
            if one.low:
                band = {"step": "post", "color": colour, "alpha": 0.15, "lw": 0}
                axes.fill_between(one.times, one.low, one.high, **band)
            axes.plot(one.times, one.surviving, drawstyle="steps-post", label=one.name, **style)
            if one.censored:
                place_at = np.searchsorted(one.times, one.censored, side="right") - 1
                heights = np.array(one.surviving)[place_at]
                axes.plot(one.censored, heights, "|", color=colour, ms=7, mew=1.2)
        if np.isfinite(until):
            axes.axvline(until, color=SOFT, lw=0.9, ls=(0, (4, 2)))
        axes.set_ylim(0.0, 1.03)
        axes.set_xlim(left=0.0)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        _head(axes, title, len(courses))
        counted = [one for one in courses if one.at_risk]
        if counted:
            at = sorted({time for one in counted for time, _ in one.at_risk})
            axes.set_xticks(at)
            _counts(axes, [(one.name, dict(one.at_risk)) for one in counted], at, "at risk")
    return done()


def funnel(
    sites: Sequence[Site],
    *,
    centre: float,
    limits: Sequence[tuple[str, Series]],
    x_label: str,
    y_label: str,
    title: str = "",
) -> bytes:
    """Return sites against their size, with control limits around the centre.

    `limits` are (words, limits as a Series whose low and high are drawn) from narrow to wide.
    """
    with figure("svg", (_WIDTH_INCH, 3.6)) as (drawn, done):
        axes = drawn.subplots()
        axes.axhline(centre, color=SOFT, lw=1.0, label="all sites")
        for place, (words, one) in enumerate(limits):
            style: dict[str, Any] = {"color": COLOURS[0], "lw": 1.0, "ls": DASHES[1 - place % 2]}
            axes.plot(one.x, one.low, label=words, **style)
            axes.plot(one.x, one.high, **style)
        axes.plot([one.n for one in sites], [one.value for one in sites], "o", color=INK, ms=5)
        for site in sites:
            axes.annotate(
                site.name,
                (site.n, site.value),
                xytext=(5, 4),
                textcoords="offset points",
                fontsize=8,
                color=INK,
            )
        axes.margins(x=0.08)
        axes.set_xlim(left=0.0)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        _head(axes, title, len(limits) + 1)
    return done()


def _staggered(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Move the words of a tick that would run into its neighbour's to a line below."""
    span = (ticks[-1][0] - ticks[0][0]) or 1.0
    ends: list[float] = []  # where the last words of each line end, in points
    found = []
    for x, words in ticks:
        middle = (x - ticks[0][0]) / span * _AXIS_POINTS
        half = len(words) * _LETTER_POINTS / 2
        line = next((n for n, end in enumerate(ends) if middle - half > end), len(ends))
        ends[line : line + 1] = [middle + half + _LETTER_POINTS]
        found.append((x, "\n" * line + words))
    return found


def _favours(axes: Any, favours: tuple[str, str]) -> None:
    """Say under the axis which side is better for whom."""
    from matplotlib.transforms import offset_copy

    # From the middle outwards: a narrow axis would let two words from its ends run together.
    told = ((-6.0, f"← {favours[0]}", "right"), (6.0, f"{favours[1]} →", "left"))
    for aside, words, side in told:
        if any(favours):
            here = offset_copy(axes.transAxes, axes.figure, x=aside, y=-19.0, units="points")
            style = {"fontsize": 8.5, "va": "top", "color": INK}
            axes.text(0.5, 0.0, words, ha=side, transform=here, **style)


def _style(place: int) -> dict[str, Any]:
    return {
        "color": COLOURS[place % len(COLOURS)],
        "marker": MARKERS[place % len(MARKERS)],
        "ls": DASHES[place % len(DASHES)],
        "lw": 1.6,
        "ms": 5.5,
    }


def _whiskers(axes: Any, x: Any, y: Any, reach: Any, colour: str) -> None:
    axes.errorbar(x, y, yerr=reach, fmt="none", ecolor=colour, elinewidth=1.2, capsize=3)


def _head(axes: Any, title: str, many: int) -> None:
    """Put the title, and below it the names, above the axes where no line passes."""
    columns = min(many, 4)
    rows = -(-many // columns)
    if title:
        axes.set_title(title, pad=6.0 + (15.0 * rows if many > 1 else 0.0))
    if many > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 0.99), ncols=columns, handlelength=3.4)


def _counts(
    axes: Any,
    rows: Sequence[tuple[str, dict[float, int]]],
    at: Sequence[float],
    what: str,
    below: int = 0,
) -> None:
    """Write a number under each tick for each row, in a table below the axis label.

    `below` is how many lines more than one the tick labels take.
    """
    from matplotlib.transforms import blended_transform_factory, offset_copy

    drawn = axes.figure
    under = blended_transform_factory(axes.transData, axes.transAxes)
    edge = axes.transAxes
    for place, (name, counts) in enumerate([(what, {}), *rows]):
        down = -34.0 - 12.0 * place - 11.0 * below
        left = offset_copy(edge, drawn, x=-14.0, y=down, units="points")
        words = {"fontsize": 8, "va": "top", "color": INK}
        axes.text(0.0, 0.0, name, ha="right", transform=left, **words)
        for x in at:
            if x in counts:
                here = offset_copy(under, drawn, y=down, units="points")
                axes.text(x, 0.0, str(counts[x]), ha="center", transform=here, **words)
