"""One figure for each model: the percentage error of every point. The same bytes every time."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from validation.score import FAR_PERCENT, Row

INCHES_PER_ROW = 0.19
MARKS = {"built-on": ("o", "#4c72b0"), "external": ("^", "#c44e52")}
NO_METADATA = ("Creator", "Date", "Format", "Type")
SETTINGS: dict[Any, str] = {"svg.hashsalt": "assuage", "svg.fonttype": "none"}


def svg(model: str, rows: list[Row]) -> str:
    """Return a model's figure as SVG. What isn't counted in the totals is drawn hollow."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(8.0, 1.5 + INCHES_PER_ROW * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvspan(-FAR_PERCENT, FAR_PERCENT, color="#eeeeee", zorder=0)
        axes.axvline(0.0, color="#888888", linewidth=0.8)
        for use, (marker, colour) in MARKS.items():
            for counted in (True, False):
                places = [
                    place
                    for place, row in enumerate(rows)
                    if row.use == use and row.counted == counted
                ]
                if places:
                    axes.plot(
                        [rows[place].error for place in places],
                        places,
                        marker,
                        color=colour,
                        markerfacecolor=colour if counted else "white",
                        label=use if counted else f"{use}, not counted",
                    )
        names = [f"{row.point.id} ({row.via})" if row.via else row.point.id for row in rows]
        axes.set_yticks(range(len(rows)), names, fontsize=7)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel("percentage error, (observed - predicted) / predicted, %")
        axes.set_title(model, fontsize=10)
        figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata=dict.fromkeys(NO_METADATA))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
