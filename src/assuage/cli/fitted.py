"""A patient's fit as JSON, as CSV and as tables."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from assuage.cli.series import doses_in_words, in_time, site_of
from assuage.kinetics.exact import Array
from assuage.planning.individual import Answer
from assuage.planning.individual.fit import Band
from assuage.planning.individual.words import CONTRADICT, WITHHELD, chance, left
from assuage.units import format_quantity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COLUMNS = (
    *("endpoint", "unit", "time_h", "prior_p5", "prior_p50", "prior_p95"),
    *("posterior_p5", "posterior_p50", "posterior_p95"),
)
ENDS = ("p5", "p50", "p95")
MOST_ROWS = 12


def as_dict(found: Answer) -> dict[str, object]:
    """Return the published shape of `--json`."""
    return {
        "model": found.model.id,
        "sampling": found.model.sampling,
        "contradicted": found.contradicted,
        "draws": _draws(found),
        "chance_that_pain_responds": found.fit.responding if found.fit else None,
        "numbers": [
            {
                "name": one.name,
                "unit": one.unit,
                "prior": dict(zip(ENDS, one.prior, strict=True)),
                "posterior": dict(zip(ENDS, one.posterior, strict=True)),
                "uncertainty_left": one.kept,
            }
            for one in found.numbers
        ],
        "readings": [
            {
                "reading": one.words,
                "value": one.value,
                "foretold": dict(zip(ENDS, one.foretold, strict=True)),
                "p": one.p,
            }
            for one in found.readings
        ],
        "bands": [
            {
                "endpoint": one.name,
                "unit": one.unit,
                "time_h": _floats(one.times_h),
                "prior": dict(zip(ENDS, map(_floats, one.prior), strict=True)),
                "posterior": dict(zip(ENDS, map(_floats, one.posterior), strict=True)),
            }
            for one in found.bands
        ],
        "warnings": list(found.warnings),
        "citations": list(found.citations),
    }


def _draws(found: Answer) -> list[dict[str, object]]:
    fits = (("levels, pain and sedation", found.fit), ("mood", found.mood))
    return [
        {
            "of": name,
            "draws": one.belief.drawn,
            "effective": one.belief.size,
            "p_of_data": one.odd.p,
            "misfit": one.odd.misfit,
        }
        for name, one in fits
        if one is not None
    ]


def _floats(values: Array) -> list[float]:
    return [float(one) for one in values]


def as_csv(found: Answer) -> str:
    """Return one row for each endpoint and time; what contradicts the model leaves cells empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found.bands:
        for place, time in enumerate(_floats(one.times_h)):
            before, after = (
                [float(end) for end in ends[:, place]] for ends in (one.prior, one.posterior)
            )
            if found.contradicted:
                writer.writerow((one.name, one.unit, time, *before, *([""] * len(after))))
            else:
                writer.writerow((one.name, one.unit, time, *before, *after))
    return out.getvalue()


def show(found: Answer, console: Console) -> None:
    """Print numbers, readings and bands, then what they are worth."""
    console.print(f"{found.model.name} ({found.model.id}), {site_of(found.model.sampling)}")
    for line in doses_in_words(found.doses):
        console.print(line)
    if found.contradicted:
        console.print(
            f"{CONTRADICT}: numbers with the data are {WITHHELD}. The misfit stands under "
            "Warnings; --json holds the numbers, marked contradicted"
        )
    for one in _draws(found):
        console.print(
            f"Fit of {one['of']}: {one['draws']} draws worth {one['effective']:.0f}; "
            f"data this odd or odder in {one['p_of_data']:.1%} of such patients"
        )
    responding = None if found.fit is None else found.fit.responding
    if responding is not None and not found.contradicted:
        console.print(f"Pain responds with a probability {chance(responding)}")
    console.print()
    console.print(_numbers(found))
    console.print(_readings(found))
    for band in found.bands:
        console.print(_band(band, odd=found.contradicted))
    for title, lines in (("Warnings", found.warnings), ("Citations", found.citations)):
        if lines:
            console.print(f"{title}")
            for line in lines:
                console.print(f"- {line}")


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        table.add_column(name, overflow="fold", justify="right" if place else "left")
    return table


def _numbers(found: Answer) -> Table:
    table = _table("number", "before, 90 %", "with the data, 90 %", "uncertainty left")
    for one in found.numbers:
        unit = "" if one.unit == "1" else f" {one.unit}"
        after = (_ends(one.posterior), left(one.kept))
        cells = (WITHHELD, WITHHELD) if found.contradicted else after
        table.add_row(f"{one.name}{unit}", _ends(one.prior), *cells)
    return table


def _readings(found: Answer) -> Table:
    table = _table("measured", "foretold, 90 %", "as far out or further")
    for one in found.readings:
        table.add_row(one.words, _ends(one.foretold), f"{one.p:.1%}")
    return table


def _band(band: Band, *, odd: bool) -> Table:
    table = _table(f"{band.name}, {band.unit}", "before, 90 %", "with the data, 90 %")
    last = len(band.times_h) - 1
    for place in sorted({round(k * last / (MOST_ROWS - 1)) for k in range(MOST_ROWS)}):
        time = in_time(float(band.times_h[place]))
        before, after = (_ends(one[:, place]) for one in (band.prior, band.posterior))
        table.add_row(time, before, WITHHELD if odd else after)
    return table


def _ends(values: tuple[float, float, float] | Array) -> str:
    low, middle, high = (_number(float(one)) for one in values)
    return f"{middle} ({low} to {high})"


def _number(value: float) -> str:
    return format_quantity(float(f"{value:.3g}"), "")
