"""A simulation as JSON, as CSV, as a table and as a chart."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING

from assuage.kinetics.engine import Series
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Dose
from assuage.planning.population import Bands, Population
from assuage.planning.simulation import Simulation
from assuage.units import format_quantity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COLUMNS = ("analyte", "unit", "time_h", "typical", "p5", "p50", "p95")
MOST_ROWS = 25
MOST_DOSES_SHOWN = 6
ANALYTES_ACROSS = 2
SMALLEST = 0.01  # ng/mL; less is written as less


def as_dict(found: Simulation) -> dict[str, object]:
    """Return the published shape of `--json`; a streamed population has a part of its own."""
    times = _floats(found.prediction.times_h)
    content: dict[str, object] = {
        "model": found.model.id,
        "sampling": found.model.sampling,
        "series": [
            {
                "analyte": one.analyte,
                "unit": one.unit,
                "time_h": times,
                "typical": _floats(one.typical),
                "p5": _floats(one.p5),
                "p50": _floats(one.p50),
                "p95": _floats(one.p95),
            }
            for one in found.prediction.series
        ],
        "warnings": list(found.warnings),
        "citations": list(found.citations),
    }
    if found.population is not None:
        content["population"] = _population(found.population)
    return content


def _population(one: Population) -> dict[str, object]:
    return {
        "patients": one.patients,
        "quantile_error": one.quantile_error,
        "longest_step_h": one.step_h,
        "courses": [
            {
                "analyte": course.analyte,
                "peak": _bands(course.peak_ng_per_ml, "ng/mL"),
                "time_of_peak": _bands(course.time_of_peak_h, "h"),
                "area": _bands(course.area_ng_h_per_ml, "ng h/mL"),
            }
            for course in one.courses
        ],
        "over": [
            {
                "analyte": over.analyte,
                "threshold": over.threshold,
                "threshold_ng_per_ml": over.threshold_ng_per_ml,
                "peak_over": asdict(over.peak_over),
                "hours_over": _bands(over.hours_over, "h"),
                "share": [share.share for share in over.over],
                "error": [share.error for share in over.over],
                "low": [share.low for share in over.over],
                "high": [share.high for share in over.over],
            }
            for over in one.exceeding
        ],
    }


def _bands(values: Bands, unit: str) -> dict[str, object]:
    return {"unit": unit, **dict(zip(("p5", "p50", "p95"), values, strict=True))}


def _floats(values: Array | None) -> list[float]:
    return [] if values is None else [float(one) for one in values]


def as_csv(found: Simulation) -> str:
    """Return one row for each analyte and time; a band that doesn't exist is left empty.

    A streamed population adds the error of its quantiles, and seven columns for each threshold.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    times = _floats(found.prediction.times_h)
    writer.writerow((*COLUMNS, *_more_columns(found.population)))
    for one in found.prediction.series:
        none: list[float | None] = [None] * len(times)
        bands = [_floats(band) or none for band in (one.p5, one.p50, one.p95)]
        rows = zip(times, _floats(one.typical), *bands, strict=True)
        for place, row in enumerate(rows):
            more = _more_cells(found.population, one.analyte, place)
            writer.writerow((one.analyte, one.unit, *row, *more))
    return out.getvalue()


def _more_columns(population: Population | None) -> list[str]:
    if population is None:
        return []
    texts = dict.fromkeys(one.threshold for one in population.exceeding)
    return ["quantile_error"] + [
        f"{name} {text}{part}"
        for text in texts
        for name, parts in (
            ("over", ("", " low", " high")),
            ("peak over", ("",)),
            ("hours over", (" p5", " p50", " p95")),
        )
        for part in parts
    ]


def _more_cells(population: Population | None, analyte: str, place: int) -> list[float]:
    if population is None:
        return []
    cells = [population.quantile_error]
    for one in population.exceeding:
        if one.analyte == analyte:
            share = one.over[place]
            cells += [share.share, share.low, share.high, one.peak_over.share, *one.hours_over]
    return cells


def show(found: Simulation, console: Console) -> None:
    """Print what was given, tables, peaks, warnings and citations."""
    console.print(f"{found.model.name} ({found.model.id}), {site_of(found.model.sampling)}")
    console.print(f"Built from: {found.model.studied.people.text}")
    if found.regimen is not None and found.variant is not None:
        console.print(f"Regimen: {found.regimen.name}; {found.variant.name}")
    for text in doses_in_words(found.doses):
        console.print(text)
    console.print()
    series = found.prediction.series
    for start in range(0, len(series), ANALYTES_ACROSS):
        console.print(_table(found, series[start : start + ANALYTES_ACROSS]))
    asked, shown = len(found.prediction.times_h), len(_rows(found))
    if shown < asked:
        console.print(f"{shown} of {asked} times; --json and --csv hold all of them.")
    for one in series:
        console.print(_peak(one, found.prediction.times_h))
    if found.population is not None:
        _show_population(found.population, console)
    for title, lines in (("Warnings", found.warnings), ("Citations", found.citations)):
        if lines:
            console.print(f"\n{title}")
            for line in lines:
                console.print(f"- {line}")


def _show_population(population: Population, console: Console) -> None:
    """Print what only a streamed population tells: shares over thresholds, courses, errors."""
    console.print(f"\nOf {population.patients:,} patients")
    for one in population.courses:
        console.print(
            f"{one.analyte}: peak {_spread(one.peak_ng_per_ml)} ng/mL, "
            f"area {_spread(one.area_ng_h_per_ml)} ng h/mL"
        )
    for over in population.exceeding:
        peak = over.peak_over
        console.print(
            f"{over.analyte} over {over.threshold}: {_percent(peak.share)} of patients at some "
            f"time ({_percent(peak.low)} to {_percent(peak.high)}), "
            f"for {_spread(over.hours_over)} h"
        )
    console.print(
        f"Medians with 5 to 95 %. A quantile is within {_percent(population.quantile_error)} of "
        "this population's own; intervals of shares are 95 %. " + _seen_at(population.step_h)
    )


def _seen_at(step_h: float) -> str:
    if not step_h:
        return "A peak is the level at the one time predicted."
    return f"Peaks and crossings are those of times at most {in_time(step_h)} apart."


def _spread(bands: Bands) -> str:
    low, middle, high = bands
    return f"{_number(middle, 3)} ({_number(low, 3)} to {_number(high, 3)})"


def _percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")


def site_of(sampling: str) -> str:
    """Return where a model's levels are drawn, in words."""
    return "sampling site not stated" if sampling == "not-stated" else f"{sampling} levels"


def doses_in_words(doses: tuple[Dose, ...]) -> list[str]:
    """Return a line for each dose, and the total where there are too many."""
    lines = []
    for one in doses[:MOST_DOSES_SHOWN]:
        over = f" over {in_time(one.duration_h)}" if one.duration_h else ""
        amount = format_quantity(one.amount_mg, "mg")
        route = one.route.removesuffix("-repeat")
        lines.append(f"Gives {amount} {route}{over} at {in_time(one.start_h)}")
    if len(doses) > MOST_DOSES_SHOWN:
        total = format_quantity(sum(one.amount_mg for one in doses), "mg")
        lines.append(f"and so on: {len(doses)} doses, {total} in all")
    return lines


def _table(found: Simulation, series: tuple[Series, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("time", overflow="fold", justify="right")
    for one in series:
        table.add_column(f"{one.analyte}\n{one.unit}", overflow="fold", justify="right")
        if one.p5 is not None:
            table.add_column("90 % of patients\np5 to p95", overflow="fold", justify="right")
    for place in _rows(found):
        cells = [in_time(float(found.prediction.times_h[place]))]
        for one in series:
            cells.append(_number(float(one.typical[place])))
            if one.p5 is not None and one.p95 is not None:
                low, high = float(one.p5[place]), float(one.p95[place])
                cells.append(f"{_number(low, 3)} to {_number(high, 3)}")
        table.add_row(*cells)
    return table


def _rows(found: Simulation) -> list[int]:
    """Return the places of the times that are shown, at most MOST_ROWS, the last one included."""
    times = found.prediction.times_h
    wanted = set(found.shown_h)
    places = [place for place, time in enumerate(times) if float(time) in wanted]
    peaks = {int(one.typical.argmax()) for one in found.prediction.series}
    most = MOST_ROWS - len(peaks)
    if len(places) > most:
        last = len(places) - 1
        places = [places[round(k * last / (most - 1))] for k in range(most)]
    return sorted(peaks.union(places))


def _peak(one: Series, times: Array) -> str:
    place = int(one.typical.argmax())
    line = f"Peak of {one.analyte}: {_number(float(one.typical[place]))} {one.unit}"
    if one.p5 is not None and one.p95 is not None:
        low, high = _number(float(one.p5[place]), 3), _number(float(one.p95[place]), 3)
        line += f" (90 % of patients {low} to {high} then)"
    return f"{line} at {in_time(float(times[place]))}, of the times predicted."


def _number(value: float, digits: int = 4) -> str:
    if 0.0 < value < SMALLEST:
        return f"<{SMALLEST}"
    return format_quantity(float(f"{value:.{digits}g}"), "")


def in_time(hours: float) -> str:
    """Return a time as a person says it: minutes, hours, or days and the rest."""
    if hours < 2.0:
        return format_quantity(round(hours * 60.0, 1), "min")
    if hours < 48.0:
        return format_quantity(round(hours, 2), "h")
    days, rest = divmod(round(hours, 6), 24.0)
    return f"{days:.0f} d" + (f" {in_time(rest)}" if rest else "")


def as_svg(found: Simulation) -> bytes:
    """Return a chart of every analyte with its band."""
    from assuage.planning.document import Line, Prediction
    from assuage.planning.report.charts import chart_svg

    series = found.prediction.series
    lines = tuple(
        Line(
            label=f"{one.analyte}, {found.model.id}, {site_of(found.model.sampling)}",
            role="comparison" if place else "typical",
            model=found.model.id,
            sampling=found.model.sampling,
            values=tuple(_floats(one.typical)),
            low=tuple(_floats(one.p5)),
            high=tuple(_floats(one.p95)),
            band="" if one.p5 is None else "90 % of patients",
        )
        for place, one in enumerate(series)
    )
    chart = Prediction(
        id="simulate",
        title="Concentration",
        endpoint="concentration",
        unit=series[0].unit,
        time_unit="h",
        time=tuple(_floats(found.prediction.times_h)),
        lines=lines,
        headline=" ".join(_peak(one, found.prediction.times_h) for one in series),
        worth=found.warnings,
        sources=(found.model.source,),
        reads=(),
    )
    svg = chart_svg(chart).replace("<svg ", '<svg style="background:white" ', 1)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + svg).encode()
