"""The pictures of a fit, by matplotlib: the same fit gives the same bytes.

Measured levels are dots, predictions lines, simulations bands; one hue each throughout. Nothing is
told by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from assuage.evidence.fitting.curves import curves
from assuage.evidence.fitting.predictive import predictive_check
from assuage.evidence.fitting.run import Outcome
from assuage.evidence.report.drawing import BAND, DEEP, INK, LINE, SOFT, WARM, figure
from assuage.kinetics.exact import Array
from assuage.units import convert

MOST_PEOPLE = 24  # in the picture of single courses; the report says so
COLUMNS = 4


def pictures(outcome: Outcome, kind: str = "svg") -> dict[str, bytes]:
    """Return every picture by name, as SVG or PNG."""
    found: dict[str, bytes] = {}
    for place, name in enumerate(_measured(outcome)):
        tail = f"-{name}" if len(outcome.plan.forms) > 1 else ""
        with figure(kind, (7.2, 4.2)) as (drawn, done):
            _predictive(drawn, outcome, place, name)
        found[f"predictive-check{tail}"] = done()
        people = min(len(outcome.data.people), MOST_PEOPLE)
        rows = -(-people // COLUMNS)
        with figure(kind, (9.0, 1.2 + 1.75 * rows)) as (drawn, done):
            _people(drawn, outcome, place, name, rows)
        found[f"people{tail}"] = done()
    with figure(kind, (9.0, 5.6)) as (drawn, done):
        _fit(drawn, outcome)
    found["goodness-of-fit"] = done()
    width = -(-len(outcome.fit.names) // COLUMNS)
    with figure(kind, (9.0, 0.8 + 1.5 * width)) as (drawn, done):
        _path(drawn, outcome, width)
    found["path"] = done()
    return found


def _measured(outcome: Outcome) -> list[str]:
    return [one.name for one in outcome.model.analyte if one.name in outcome.plan.forms]


def _units(outcome: Outcome) -> tuple[float, float, str, str]:
    """Return what h and mg/L are in the data's units, and those units."""
    time, level = outcome.meaning.time_unit, outcome.meaning.concentration_unit
    return convert(1.0, "h", time), convert(1.0, "mg/L", level), time, level


def _predictive(figure: Any, outcome: Outcome, place: int, name: str) -> None:
    per_h, per_mg_l, time, level = _units(outcome)
    found = predictive_check(outcome.data.people, outcome.fit.problem, outcome.checks, place)
    axes = figure.subplots()
    x = found.middle_h * per_h
    for row in (0, 2, 1):
        low, high = (_shown(found.band[side, row]) * per_mg_l for side in (0, 1))
        known = np.isfinite(high)
        floor = np.where(np.isfinite(low), low, 0.0)
        color, label = (DEEP, "simulated median") if row == 1 else (BAND, "simulated 5th, 95th")
        axes.fill_between(
            x[known],
            floor[known],
            high[known],
            color=color,
            alpha=0.55,
            lw=0,
            label=label if row < 2 else None,
        )
    for row in (1, 0, 2):
        style, label = ("-", "measured median") if row == 1 else ((0, (4, 2)), "measured 5th, 95th")
        axes.plot(
            x,
            _shown(found.measured[row]) * per_mg_l,
            color=INK,
            lw=1.6,
            ls=style,
            marker="o",
            ms=3,
            label=label if row < 2 else None,
        )
    finite = np.isfinite(found.levels)
    axes.scatter(
        found.times_h[finite] * per_h,
        found.levels[finite] * per_mg_l,
        s=9,
        color=SOFT,
        alpha=0.55,
        lw=0,
        label="samples",
        zorder=1.5,
    )
    note = f"; {found.left_out} samples predicted as zero are left out" if found.left_out else ""
    axes.set_xlabel(f"time ({time}){note}")
    corrected = "prediction-corrected " if found.corrected else ""
    axes.set_ylabel(f"{corrected}{name} ({level})")
    axes.set_title("Visual predictive check: bands hold 90 % of simulated studies")
    axes.set_ylim(bottom=0.0 if (found.levels[finite] >= 0.0).all() else None)
    axes.legend(loc="upper right", fontsize=8, handlelength=3.2)


def _shown(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)


def _people(figure: Any, outcome: Outcome, place: int, name: str, rows: int) -> None:
    per_h, per_mg_l, time, level = _units(outcome)
    lines = curves(outcome, name)
    observed = outcome.fit.problem.observed
    grid = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True)
    for number, axes in enumerate(grid.ravel()):
        if number >= min(len(outcome.data.people), MOST_PEOPLE):
            axes.set_axis_off()
            continue
        person = outcome.data.people[number]
        x = lines.times_h[number] * per_h
        axes.plot(x, lines.typical[number] * per_mg_l, color=SOFT, lw=1.0, ls=(0, (4, 2)))
        axes.plot(x, lines.individual[number] * per_mg_l, color=LINE, lw=1.5)
        width = len(person.times_h)
        mine = observed.used[number, :width] & (observed.analyte[number, :width] == place)
        below = observed.censored[number, :width] & mine
        times = np.array(person.times_h) * per_h
        values = observed.values[number, :width] * per_mg_l
        axes.scatter(times[mine & ~below], values[mine & ~below], s=14, color=INK, zorder=3)
        axes.scatter(times[below], values[below], s=22, color=WARM, marker="v", zorder=3)
        axes.set_title(f"ID {person.id}", fontsize=8.5)
        axes.tick_params(labelsize=7.5)
    grid[0, 0].set_ylim(bottom=0.0)
    figure.supxlabel(f"time ({time})", fontsize=9)
    figure.supylabel(f"{name} ({level})", fontsize=9)
    below_words = "; triangles: below quantification" if observed.censored.any() else ""
    many = len(outcome.data.people)
    first = f"the first {MOST_PEOPLE} of {many} people" if many > MOST_PEOPLE else "every person"
    figure.suptitle(
        f"Single courses, {first}\nLine: fitted to the person; dashes: typical; dots: measured"
        + below_words,
        x=0.01,
        ha="left",
        fontsize=9.5,
        fontweight="bold",
    )


def _fit(figure: Any, outcome: Outcome) -> None:
    per_h, per_mg_l, time, level = _units(outcome)
    checks, observed = outcome.checks, outcome.fit.problem.observed
    seen = observed.used & ~observed.censored
    times = np.full(seen.shape, np.nan)
    for row, one in enumerate(outcome.data.people):
        times[row, : len(one.times_h)] = np.array(one.times_h) * per_h
    values = observed.values[seen] * per_mg_l
    population, individual = (
        one[seen] * per_mg_l for one in (checks.population, checks.individual)
    )
    grid = figure.subplots(2, 3).ravel()
    for axes, predicted, title in (
        (grid[0], population, "typical prediction"),
        (grid[1], individual, "own prediction"),
    ):
        top = float(max(values.max(), predicted.max())) * 1.04
        axes.plot([0.0, top], [0.0, top], color=WARM, lw=1.0)
        axes.scatter(predicted, values, s=10, color=LINE, alpha=0.6, lw=0)
        axes.set_xlabel(f"{title} ({level})")
        axes.set_ylabel(f"measured ({level})")
        axes.set_title(f"Measured against {title}", fontsize=8.5)
    panels = (
        (grid[2], individual, checks.iwres[seen], f"own prediction ({level})", "IWRES"),
        (grid[3], times[seen], checks.cwres[seen], f"time ({time})", "CWRES"),
        (grid[4], population, checks.cwres[seen], f"typical prediction ({level})", "CWRES"),
    )
    for axes, x, y, label, kind in panels:
        axes.axhline(0.0, color=WARM, lw=1.0)
        for edge in (-2.0, 2.0):
            axes.axhline(edge, color=SOFT, lw=0.7, ls=(0, (4, 2)))
        axes.scatter(x, y, s=10, color=LINE, alpha=0.6, lw=0)
        reach = max(3.2, float(np.nanmax(np.abs(y))) * 1.08) if np.isfinite(y).any() else 3.2
        axes.set_ylim(-reach, reach)
        axes.set_xlabel(label)
        axes.set_ylabel(f"{kind} (SD)")
        axes.set_title(f"{kind} against {label.split(' (')[0]}", fontsize=8.5)
    _normal(grid[5], checks.npde[seen])


def _normal(axes: Any, values: Array) -> None:
    found = np.sort(values[np.isfinite(values)])
    normal = NormalDist()
    wanted = [normal.inv_cdf((n + 0.5) / len(found)) for n in range(len(found))]
    axes.plot([-3.2, 3.2], [-3.2, 3.2], color=WARM, lw=1.0)
    axes.scatter(wanted, found, s=10, color=LINE, alpha=0.6, lw=0)
    axes.set_xlabel("standard normal (SD)")
    axes.set_ylabel("npde (SD)")
    axes.set_title("npde against the normal", fontsize=8.5)


def _path(figure: Any, outcome: Outcome, rows: int) -> None:
    fit = outcome.fit
    grid = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True).ravel()
    for place, axes in enumerate(grid):
        if place >= len(fit.names):
            axes.set_axis_off()
            continue
        name = fit.names[place]
        value: Callable[[Any], Any] = np.tanh if name.startswith("correlation") else np.exp
        if name in fit.problem.names and fit.problem.logit[fit.problem.names.index(name)]:
            value = _share
        axes.axvspan(fit.path.began, fit.path.began + fit.path.burn_in, color="#efefec", lw=0)
        axes.plot(value(fit.path.rounds[:, place]), color=LINE, lw=0.8)
        axes.axhline(value(fit.packed[place]), color=WARM, lw=1.0)
        axes.set_title(name, fontsize=8)
        axes.tick_params(labelsize=7)
    figure.supxlabel("round of SAEM (shaded: burn-in)", fontsize=9)
    figure.suptitle(
        "The search, round by round (h, L, mg); the level line is the estimate",
        x=0.01,
        ha="left",
        fontsize=9.5,
        fontweight="bold",
    )


def _share(value: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))
