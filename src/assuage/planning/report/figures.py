"""What each chart says in words and numbers, for readers who can't see or don't trust a curve."""

from __future__ import annotations

from typing import Any

from assuage.planning.document import Line, Prediction
from assuage.planning.report.citations import Citations
from assuage.planning.report.words import capital, number, span, unit_words
from assuage.units import format_quantity

NO_BAND = "no band: this line alone says nothing about spread"
ROLES = {
    "typical": "typical patient",
    "ensemble-member": "another model",
    "comparison": "comparison",
    "both-cases": "both cases",
    "prior": "before this patient's data",
    "posterior": "with this patient's data",
}


def figure(prediction: Prediction, cite: Citations) -> dict[str, Any]:
    """Return a chart's words: caption, a table of its lines, its marks and its worth."""
    unit = prediction.unit
    return {
        "id": prediction.id,
        "title": prediction.title,
        "endpoint": prediction.endpoint,
        "unit": unit_words(unit),
        "headline": capital(prediction.headline),
        "marks": cite.several(prediction.sources, prediction.reads),
        "lines": [_line(one, prediction) for one in prediction.lines],
        "levels": [
            {"value": format_quantity(value, unit), "text": text}
            for value, text in prediction.marks
        ],
        "worth": list(prediction.worth),
    }


def _line(line: Line, prediction: Prediction) -> dict[str, Any]:
    values = line.values
    ends = (0, len(values) - 1)
    lowest = min(range(len(values)), key=values.__getitem__)
    highest = max(range(len(values)), key=values.__getitem__)
    return {
        "label": line.label,
        "role": ROLES[line.role],
        "model": line.model,
        "sampling": line.sampling,
        "band": (line.band or "a band of unstated kind") if line.low else NO_BAND,
        "first": _at(line, prediction, ends[0]),
        "lowest": _at(line, prediction, lowest),
        "highest": _at(line, prediction, highest),
        "last": _at(line, prediction, ends[1]),
    }


def _at(line: Line, prediction: Prediction, index: int) -> dict[str, str]:
    band = span(line.low[index], line.high[index]) if line.low else ""
    return {
        "value": number(line.values[index]),
        "band": band,
        "when": format_quantity(prediction.time[index], prediction.time_unit),
    }
