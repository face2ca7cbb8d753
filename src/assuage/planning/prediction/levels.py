"""Predicts concentrations, metabolites included, with the ensemble beside the parent drug."""

from __future__ import annotations

from collections.abc import Sequence

from assuage.kinetics.engine import warnings_for
from assuage.kinetics.exact import Array
from assuage.knowledge.schema.model import Model
from assuage.planning.document import Line, Prediction
from assuage.planning.prediction.course import (
    Course,
    band_levels,
    c50_ng_per_ml,
    clock_words,
    doses,
    effect_named,
    envelope_line,
    esketamine_share,
    main_line,
    member_line,
    numbers,
    peak_of,
    people_of,
    reads_of,
    rounded,
    typical_levels,
)


def concentrations(course: Course, models: list[Model]) -> list[Prediction]:
    """Predict each analyte of the default model, with the ensemble beside the parent drug."""
    return _analytes(course, models, 1.0)


def metabolites(course: Course, models: list[Model]) -> list[Prediction]:
    """Predict esketamine and norketamine from the esketamine half of a racemic dose."""
    note = (
        "From the esketamine half of the racemic dose; that the other half leaves it alone is "
        "disputed and assumed here (assuage's own rule)."
    )
    return [
        made.model_copy(
            update={
                "title": f"Predicted {made.id} from the esketamine half",
                "worth": (note, *made.worth),
            }
        )
        for made in _analytes(course, models, esketamine_share(course))[:2]
    ]


def _analytes(course: Course, models: list[Model], share: float) -> list[Prediction]:
    """Predict what the default model measures, from this share of what is given."""
    given = doses(course.window, course.regimen.routes[0], share, course=False)
    default = models[0]
    band = band_levels(course, default, given)
    found = []
    for row, analyte in enumerate(default.analyte):
        others = models[1:] if row == 0 else _also(models[1:], row, analyte.name)
        typical = typical_levels(course, default, given, row)
        lines = [main_line(course, default, typical, None if band is None else band[:, :, row])]
        members = [(one, typical_levels(course, one, given, row)) for one in others]
        lines += [member_line(one, values) for one, values in members]
        if members:
            lines.append(envelope_line([typical, *(values for _, values in members)]))
        found.append(_concentration(course, default, analyte.name, lines, analyte.caveat, members))
    return found


def _also(models: list[Model], row: int, name: str) -> list[Model]:
    """Return the models that hold the same analyte in the same row."""
    return [one for one in models if len(one.analyte) > row and one.analyte[row].name == name]


def _concentration(
    course: Course,
    model: Model,
    analyte: str,
    lines: list[Line],
    caveat: str,
    members: Sequence[tuple[Model, Array]],
) -> Prediction:
    when, peak = peak_of(course.hours, lines[0].values)
    verb = "is" if when <= course.readable_from_h else "peaks"
    said = f"{analyte} {verb} near {rounded(peak)} ng/mL at {clock_words(when)}"
    spread = [one for one in lines if one.low]
    for one in spread:
        place = lines[0].values.index(peak)
        ends = f"{rounded(one.low[place])} to {rounded(one.high[place])}"
        said += f"; {ends} {one.band.split(',')[0]}"
    route = course.regimen.routes[0]
    given = doses(course.window, route, 1.0, course=False)
    worth = warnings_for(model, course.subject, given)
    worth.insert(0, f"{model.name}: {model.studied.people.text} Sampling: {model.sampling}.")
    if course.readable_from_h:
        worth.append("Read from 5 min after the bolus on; mixing before that is in no model here.")
    if caveat:
        worth.append(f"{analyte}: {caveat}.")
    if not spread:
        worth.append("No band: no between-patient variability is published for this model.")
    elif model.no_variability:
        worth.append(model.no_variability)
    marks = _thresholds(course) if analyte in {"ketamine", "esketamine"} else ()
    used = [model, *(one for one, _ in members)]
    return Prediction(
        id=analyte,
        title=f"Predicted {analyte} in plasma",
        endpoint=f"{analyte} concentration",
        unit="ng/mL",
        time_unit="h",
        time=numbers(course.hours),
        lines=tuple(lines),
        marks=marks,
        headline=said + ".",
        worth=tuple(worth),
        sources=tuple(one.source for one in used),
        reads=reads_of([p for one in used for p in one.parameter.values()]),
    )


def _thresholds(course: Course) -> tuple[tuple[float, str], ...]:
    """Return levels worth a line on the chart: response lost and regained, opioid interplay."""
    found: list[tuple[float, str]] = []
    if course.regimen.technique in {"anaesthetic", "dissociative", "coma"}:
        adult = people_of(course.subject, "racemic-ketamine", "") == "adult"
        names = ("sleigh-2019-loss-of-response", "sleigh-2019-return-of-response")
        for id_ in names if adult else ():
            effect = effect_named(id_)
            found.append((c50_ng_per_ml(effect), f"{effect.endpoint} ({effect.source})"))
    if course.opioid and course.regimen.drug == "esketamine":
        effect = effect_named("jonkman-2018-ventilation")
        found.append(
            (c50_ng_per_ml(effect), f"opioids double their effect on breathing ({effect.source})")
        )
    return tuple(found)
