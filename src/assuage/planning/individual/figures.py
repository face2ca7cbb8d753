"""Bands before and after the data, drawn together: one chart for each endpoint."""

from __future__ import annotations

import re

from assuage.kinetics.exact import Array
from assuage.planning.document import Line, Prediction
from assuage.planning.individual.answer import Answer
from assuage.planning.individual.fit import Band
from assuage.planning.individual.words import CONTRADICT, contradicted
from assuage.planning.prediction.course import numbers
from assuage.planning.report.charts import chart_svg
from assuage.units import format_quantity

PRIOR = "Before the data"
POSTERIOR = "With the data"
PRIOR_BAND = "patients like this one, 5 to 95 %"
POSTERIOR_BAND = "this patient, 5 to 95 %"
LONG_H = 96.0  # a longer chart counts in days
_SIZE = re.compile(r'viewBox="0 0 (?P<width>[0-9.]+) (?P<height>[0-9.]+)"')


def pair_of_lines(band: Band, model: str, sampling: str) -> tuple[Line, Line]:
    """Return the line before the data and the line with it, each with its band."""
    return (
        _line(band.prior, "prior", (PRIOR, PRIOR_BAND), (model, sampling)),
        _line(band.posterior, "posterior", (POSTERIOR, POSTERIOR_BAND), (model, sampling)),
    )


def _line(ends: Array, role: str, words: tuple[str, str], of: tuple[str, str]) -> Line:
    low, middle, high = ends
    return Line.model_validate(
        {
            "label": words[0],
            "role": role,
            "model": of[0],
            "sampling": of[1],
            "values": numbers(middle, high),
            "low": numbers(low, high),
            "high": numbers(high),
            "band": words[1],
        }
    )


def figure_of(band: Band, model: str, sampling: str, *, odd: bool = False) -> Prediction:
    """Return one endpoint as a plan holds it, its measurements included.

    `odd` says that the data contradict the model: then only the band before them is drawn, and
    the headline withholds what they would give.
    """
    long = float(band.times_h[-1]) > LONG_H
    per = 24.0 if long else 1.0
    place = int(band.posterior[1].argmax() if band.unit == "ng/mL" else band.posterior[1].argmin())
    was, now = (
        f"{_short(one[0][place])} to {_short(one[2][place])}"
        for one in (band.prior, band.posterior)
    )
    at = band.times_h[place] / per
    said = f"At {at:.3g} {'d' if long else 'h'}: {was} {band.unit} before the data, {now} with it."
    if odd:
        said = (
            "The data contradict the model, so what they would give is withheld; the misfit stands "
            f"among the warnings ({CONTRADICT}). At {at:.3g} {'d' if long else 'h'}: {was} "
            f"{band.unit} before the data."
        )
    lines = pair_of_lines(band, model, sampling)
    return Prediction(
        id=f"{band.name}-individual",
        title=f"{band.name.capitalize()}, before and with this patient's data",
        endpoint=band.endpoint,
        unit=band.unit,
        time_unit="day" if long else "h",
        time=tuple(float(one) / per for one in band.times_h),
        lines=lines[:1] if odd else lines,
        measured=tuple((time / per, value) for time, value in band.measured),
        headline=said,
        worth=(),
        sources=band.sources,
        reads=(),
    )


def _short(value: float) -> str:
    return format_quantity(float(f"{value:.3g}"), "")


def chart(found: Answer) -> bytes:
    """Return one SVG file with a chart for each endpoint, one under the other."""
    odd, model = contradicted(found.warnings), found.model
    drawn = [chart_svg(figure_of(one, model.id, model.sampling, odd=odd)) for one in found.bands]
    sizes = [_SIZE.search(one) for one in drawn]
    boxes = [(float(one["width"]), float(one["height"])) for one in sizes if one is not None]
    width, height = max(one[0] for one in boxes), sum(one[1] for one in boxes)
    parts, top = [], 0.0
    for one, (wide, high) in zip(drawn, boxes, strict=True):
        placed = f'<svg y="{top:g}" width="{wide:g}" height="{high:g}" '
        parts.append(one.replace("<svg ", placed, 1))
        top += high
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width:g} {height:g}" style="background:white">'
    )
    return "\n".join([head, *parts, "</svg>"]).encode()
