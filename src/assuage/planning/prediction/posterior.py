"""Predicts a planned course with this patient's own numbers, learned from an earlier one.

The band before the data and the band with it stand in one chart. The other charts stay what
they are: models of other people.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.structure import Dose
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model
from assuage.planning.document import Prediction
from assuage.planning.give import doses_of, parse_give
from assuage.planning.individual.figures import figure_of
from assuage.planning.individual.fit import Band, Individual, Wish, bands, individual, score_band
from assuage.planning.individual.measurement import Measured, Points, once, read_level, read_score
from assuage.planning.individual.words import chance, contradicted
from assuage.planning.patient import Earlier
from assuage.planning.prediction.course import SEED, Course, doses, esketamine_share, reads_of
from assuage.planning.prediction.weeks import PAIN_DAYS
from assuage.refusals import Refusal, Refused

DRAWS = 1000


def own(course: Course, earlier: Earlier) -> tuple[Prediction | str, ...]:
    """Return this patient's own bands, or in words why they don't fit this course.

    Raises Refused when the earlier course can't be read or contradicts what a fit needs.
    """
    found = _fit(course, earlier)
    planned = _planned(course, found.wish.model, whole=False)
    if isinstance(planned, str):
        return (planned,)
    made = [_prediction(found, bands(found, course.hours, planned)[0])]
    if found.setting.pain is not None and "crps-pain" in course.regimen.predicts:
        whole = _planned(course, found.wish.model, whole=True)
        assert not isinstance(whole, str)
        days = np.arange(0.0, PAIN_DAYS + 1.0)
        made.append(_prediction(found, score_band(found, "pain", days * 24.0, whole)))
    return tuple(made)


def _fit(course: Course, earlier: Earlier) -> Individual:
    if not earlier.gives:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="'give' in [earlier]",
            remedy="say what was given, such as give = ['10 mg over 30 min']",
        )
    model = library.model(earlier.model)
    given = doses_of([parse_give(one) for one in earlier.gives], course.subject.weight_kg, model)
    measured: list[Measured] = [read_level(one) for one in earlier.levels]
    measured += [read_score("pain", one) for one in earlier.pain]
    measured += [read_score("sedation", one) for one in earlier.sedation]
    if not measured:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="a measurement in [earlier]",
            remedy="add level, pain or sedation, or leave [earlier] out",
        )
    once(measured)
    return individual(Wish(model, course.subject, tuple(given), tuple(measured), DRAWS, SEED))


def _planned(course: Course, model: Model, *, whole: bool) -> list[Dose] | str:
    """Return the planned doses as the model takes them, or why it can't."""
    route, drug = course.regimen.routes[0], course.regimen.drug
    if route not in {one.route for one in model.input}:
        return f"{model.id} has no route {route}, so the earlier measurements tell nothing of it."
    if model.drug != drug and model.drug != "esketamine":
        return f"{model.id} is a model of {model.drug} and this course gives {drug}."
    share = esketamine_share(course) if model.drug == "esketamine" else 1.0
    return doses(course.fixed if whole else course.window, route, share, course=whole)


def _prediction(found: Individual, band: Band) -> Prediction:
    model = found.wish.model
    odd = contradicted(found.warnings)
    made = figure_of(band, model.id, model.sampling, odd=odd)
    rows = ", ".join(one.words for one in found.readings)
    worth = [
        f"Learned from: {rows}.",
        f"{found.belief.size:.0f} effective draws. Today's weight is taken for the earlier course "
        "too, and nothing is taken to be left of its drug.",
        *found.warnings,
    ]
    scored = any(isinstance(one, Points) for one in found.wish.measured)
    if scored and found.responding is not None and not odd:
        worth.append(f"Pain responds with a probability {chance(found.responding)}.")
    return made.model_copy(
        update={
            "worth": tuple(worth),
            "reads": reads_of([*model.parameter.values(), *model.variability]),
        }
    )
