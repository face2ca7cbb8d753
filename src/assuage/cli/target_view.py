"""A schedule for a target as a table to key in, as JSON, as CSV and as a chart."""

from __future__ import annotations

import csv
import io

import numpy as np

from assuage.cli import output
from assuage.cli.series import in_time, site_of
from assuage.cli.tables import show_table
from assuage.kinetics.exact import Array
from assuage.planning.targeting import Level, Row, Targeted
from assuage.units import format_quantity

MOST_ROWS = 30
POINTS = 300  # of a chart
DRUG_NAMES = {"racemic-ketamine": "total ketamine", "esketamine": "esketamine"}


def as_dict(found: Targeted) -> dict[str, object]:
    """Return the published shape of `--json`."""
    request, few = found.request, found.few
    return {
        "drives_a_pump": False,
        "model": request.model.id,
        "sampling": request.model.sampling,
        "effect": None if request.effect is None else request.effect.id,
        "level_of": DRUG_NAMES[request.model.drug],
        "syringe_holds": request.drug,
        "weight_kg": request.weight_kg,
        "age_years": request.subject.age_years,
        "target": [
            {"start_h": one.start_h, "level_ng_per_ml": one.level_ng_per_ml}
            for one in request.targets
        ],
        "hold_h": request.hold_h,
        "step_h": request.step_h,
        "concentration_mg_per_ml": request.pump.concentration_mg_per_ml,
        "pump_step_ml_per_h": request.pump.step_ml_per_h,
        "limits": [
            {"name": one.name, "limit": one.shown}
            for one in (*found.bounds.rates, *found.bounds.totals)
        ],
        "rows": [_row(found, one) for one in found.rows],
        "reached_h": list(found.reached_h),
        "largest_above_percent": found.over * 100.0,
        "largest_below_percent": found.under * 100.0,
        "few_changes": None
        if few is None
        else {
            "asked": request.changes,
            "used": len(few.rates) - 1,
            "root_mean_square_percent": float(np.sqrt(max(few.deviation, 0.0))) * 100.0,
            "every_choice_of_minutes_weighed": few.all_weighed,
            "counted_from_h": request.induction_h,
            "may_pass_target_by_percent": request.overshoot * 100.0,
        },
        "total_mg": found.total_mg,
        "total_ml": found.total_ml,
        "syringe_changes_h": list(found.syringe_ends_h),
        "series": [
            {
                "analyte": one.name,
                "unit": "ng/mL",
                "band": one.band,
                "time_h": _floats(found.times_h),
                "typical": _floats(one.typical),
                "low": _floats(one.low),
                "middle": _floats(one.middle),
                "high": _floats(one.high),
            }
            for one in found.levels
        ],
        "at_target": list(found.at_target),
        "warnings": list(found.warnings),
        "citations": list(found.citations),
    }


def _floats(values: Array | None) -> list[float]:
    return [] if values is None else [float(one) for one in values]


def _row(found: Targeted, row: Row) -> dict[str, object]:
    at = found.request.pump.concentration_mg_per_ml
    shown: dict[str, object] = {
        "time_h": row.start_h,
        "rate_ml_per_h": row.rate_ml_per_h,
        "rate_mg_per_h": row.rate_mg_per_h,
        "given_ml": row.given_ml,
        "given_mg": float(f"{row.given_ml * at:.12g}"),
    }
    for one in found.levels:
        name = one.name.replace(" ", "_")
        for part, values in (("", one.typical), ("_low", one.low), ("_high", one.high)):
            value = None if values is None else float(f"{values[row.place]:.6g}")
            shown[f"{name}{part}_ng_per_ml"] = value
    return shown


def as_csv(found: Targeted) -> str:
    """Return one row for each change of rate and the stop; a band that doesn't exist is empty.

    Every row names what the syringe holds: a rate in mL/h means nothing without it.
    """
    request = found.request
    syringe = {
        "drug": request.drug,
        "concentration_mg_per_ml": request.pump.concentration_mg_per_ml,
    }
    rows = [_row(found, one) | syringe for one in found.rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def show(found: Targeted) -> None:
    """Print what was asked, the table to key in, how close it comes, warnings and citations."""
    request = found.request
    console = output.console()
    level = DRUG_NAMES[request.model.drug]
    console.print(f"{request.model.name} ({request.model.id}); levels of {level}")
    console.print(f"For {_person(found)}; {site_of(request.model.sampling)}")
    if request.effect is not None:
        console.print(f"At the site of: {request.effect.name} ({request.effect.id})")
    at = format_quantity(request.pump.concentration_mg_per_ml, "mg/mL")
    console.print(f"Syringe: {request.drug}, {at}")
    for one in request.targets:
        shown = format_quantity(one.level_ng_per_ml, "ng/mL")
        console.print(f"Target: {shown} of {level} from {in_time(one.start_h)} on")
    _show_rows(found)
    for line in _summary(found):
        console.print(line)
    limits = (*found.bounds.rates, *found.bounds.totals)
    limited = [f"{one.name}: {one.shown}" for one in limits]
    for title, lines in (
        ("Limits held", limited),
        ("Warnings", found.warnings),
        ("Citations", found.citations),
    ):
        console.print(f"\n{title}")
        for line in lines:
            console.print(f"- {line}")


def _person(found: Targeted) -> str:
    age = found.request.subject.age_years
    weight = format_quantity(found.request.weight_kg, "kg")
    return weight if age is None else f"{weight}, {format_quantity(float(f'{age:.3g}'), 'y')}"


def _show_rows(found: Targeted) -> None:
    numbers = ["h:min:s", "mL/h", "mg/h", "mL so far"]
    heads = [*numbers, *(f"{one.name} ({_banded(one)})" for one in found.levels)]
    rows = []
    for row in _shown(found.rows):
        cells = [
            clock(row.start_h),
            exact(row.rate_ml_per_h),
            exact(row.rate_mg_per_h),
            format_quantity(float(f"{row.given_ml:.4g}"), ""),
        ]
        rows.append([*cells, *(_cell(one, row.place) for one in found.levels)])
    show_table("Key in at each time; levels in ng/mL", heads, rows, right=numbers)
    if len(found.rows) > len(rows):
        output.say(f"{len(rows)} of {len(found.rows)} rows; --csv holds all, --max-changes fewer.")


def clock(hours: float) -> str:
    """Return a time as h:min:s, to the second: control steps are whole seconds."""
    minutes, seconds = divmod(round(hours * 3600.0), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def exact(rate: float) -> str:
    """Return a rate with every digit that is keyed in: it is never rounded to be shown."""
    return np.format_float_positional(float(f"{rate:.10g}"), trim="-")


def _shown(rows: tuple[Row, ...]) -> list[Row]:
    if len(rows) <= MOST_ROWS:
        return list(rows)
    return [*rows[: MOST_ROWS - 1], rows[-1]]


def _banded(level: Level) -> str:
    return "no band" if level.low is None else "band"


def _cell(level: Level, place: int) -> str:
    shown = _number(float(level.typical[place]))
    if level.low is None or level.high is None:
        return shown
    low, high = _number(float(level.low[place])), _number(float(level.high[place]))
    return f"{shown} ({low} to {high})"


def _number(value: float) -> str:
    return format_quantity(float(f"{value:.3g}"), "")


def _summary(found: Targeted) -> list[str]:
    request, few = found.request, found.few
    lines = [f"{one.name}: band {one.band}" for one in found.levels]
    for time_h, one in zip(found.reached_h, request.targets, strict=True):
        if time_h is not None:
            level = format_quantity(one.level_ng_per_ml, "ng/mL")
            lines.append(f"{level} is reached {in_time(time_h - one.start_h)} after it is set.")
    if few is not None:
        spread = f"{100.0 * float(np.sqrt(max(few.deviation, 0.0))):.2g} %"
        lines.append(
            f"{len(few.rates) - 1} changes of rate: off the target by {spread} (root mean square) "
            f"from {in_time(request.induction_h)} on."
        )
        lines.append(
            "No other whole minutes are better."
            if few.all_weighed
            else "No single change moved to another minute is better."
        )
    once = "once at the target" if few is None else "from then on, falling levels apart"
    lines.append(
        f"In a typical person at most {found.over * 100:.2g} % above and "
        f"{found.under * 100:.2g} % below, {once}."
    )
    lines += [f"{one[0].upper()}{one[1:]}." for one in found.at_target]
    total = f"{format_quantity(found.total_mg, 'mg')} in {format_quantity(found.total_ml, 'mL')}"
    lines.append(f"In all: {total}.")
    size = format_quantity(request.pump.syringe_ml, "mL")
    times = ", ".join(in_time(one) for one in found.syringe_ends_h)
    if times:
        lines.append(f"A {size} syringe runs out at {times}: have the next one ready.")
    return lines


def as_svg(found: Targeted) -> bytes:
    """Return a chart of the levels with their bands."""
    from assuage.planning.document import Line, Prediction
    from assuage.planning.report.charts import chart_svg

    last = len(found.times_h) - 1
    places = sorted(
        {round(k * last / POINTS) for k in range(POINTS + 1)}
        | {one.place for one in found.rows if len(found.rows) <= POINTS}
    )
    request = found.request
    lines = tuple(
        Line(
            label=f"{one.name}, {request.model.id}, {site_of(request.model.sampling)}",
            role="comparison" if number else "typical",
            model=request.model.id,
            sampling=request.model.sampling,
            values=_at(one.typical, places),
            low=_at(one.low, places),
            high=_at(one.high, places),
            band=one.band if one.low is not None else "",
        )
        for number, one in enumerate(reversed(found.levels))
    )
    chart = Prediction(
        id="target",
        title=_title(found),
        endpoint=f"level of {DRUG_NAMES[request.model.drug]}",
        unit="ng/mL",
        time_unit="h",
        time=_at(found.times_h, places),
        lines=lines,
        headline=" ".join(_summary(found)),
        worth=found.warnings,
        sources=(request.model.source,),
        reads=(),
    )
    svg = chart_svg(chart).replace("<svg ", '<svg style="background:white" ', 1)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + svg).encode()


def _title(found: Targeted) -> str:
    """Return the chart's title: what is given, to which level, and to whom."""
    request = found.request
    levels = ", ".join(format_quantity(one.level_ng_per_ml, "ng/mL") for one in request.targets)
    return f"{request.drug}, target {levels}, {_person(found)}"


def _at(values: Array | None, places: list[int]) -> tuple[float, ...]:
    return () if values is None else tuple(float(values[place]) for place in places)
