"""The picture that only virtual trials have: shares with their intervals, from 0 to 100 %."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assuage.evidence.report.charts import COLOURS, Row
from assuage.evidence.report.drawing import INK, SOFT, figure


def shares(rows: Sequence[Row], *, x_label: str, level: float) -> bytes:
    """Return shares in per cent, one line each, with what they say beside them.

    `level` draws a dashed line, such as where type I error should lie. Hollow markers (`open`)
    are trials without any effect.
    """
    with figure("svg", (7.8, 1.15 + 0.3 * len(rows))) as (drawn, done):
        axes, beside = drawn.subplots(1, 2, sharey=True, width_ratios=(3, 1.2))
        heights = -np.arange(len(rows), dtype=float)
        for height, one in zip(heights, rows, strict=True):
            colour = COLOURS[1 if one.open else 0]
            axes.plot([one.low, one.high], [height, height], color=colour, lw=1.6)
            face = "white" if one.open else colour
            axes.plot([one.estimate], [height], "s", color=colour, mfc=face, ms=6, mew=1.4)
            beside.text(0.0, height, one.said, va="center", ha="left", fontsize=8.5, color=INK)
        axes.axvline(level, color=SOFT, lw=0.9, ls=(0, (4, 2)))
        axes.set_yticks(heights, [one.label for one in rows], color=INK)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(heights[-1] - 0.7, 0.7)
        axes.set_xlim(-2.0, 102.0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(x_label)
        beside.set_axis_off()
    return done()
