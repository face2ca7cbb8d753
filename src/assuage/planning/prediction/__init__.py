"""Predicts a planned course: levels, dissociation, pressure, sedation, pain or mood, with bands.

Two bands are kept apart: between patients, where the model publishes its variability, and
between models, where several serve the same patient.
"""

from __future__ import annotations

from assuage.planning.document import Prediction
from assuage.planning.prediction.course import Course, models_for, people_of
from assuage.planning.prediction.effects import dissociation, pressure, sedation
from assuage.planning.prediction.levels import concentrations, metabolites
from assuage.planning.prediction.weeks import mood, pain

__all__ = ["Course", "predict_course"]


def predict_course(course: Course) -> tuple[tuple[Prediction, ...], tuple[str, ...]]:
    """Return every prediction that can be made, and what can't be, in words."""
    drug, route = course.regimen.drug, course.regimen.routes[0]
    people = people_of(course.subject, drug, course.setting)
    wanted = course.regimen.predicts
    missing: list[str] = []
    found: list[Prediction] = []
    models = models_for(drug, route, people, course.subject)
    if not models:
        why = f"No model here was built from {drug} by the route {route} in this patient's age."
        missing.append(f"Concentrations are not predicted. {why}")
    else:
        found += concentrations(course, models)
    esk_models = models_for("esketamine", route, people, course.subject)
    if drug == "racemic-ketamine" and esk_models and "concentration" in wanted:
        found += metabolites(course, esk_models)
    if "dissociation" in wanted:
        _add(found, missing, "Dissociation", dissociation(course, esk_models))
    if "pressure" in wanted:
        _add(found, missing, "Pressure", pressure(course, models))
    if "sedation" in wanted and people == "child":
        _add(found, missing, "Sedation", sedation(course, models))
    if "crps-pain" in wanted:
        _add(found, missing, "Pain over weeks", pain(course, esk_models))
    if "mood" in wanted:
        _add(found, missing, "Mood over weeks", mood(course))
    if course.earlier is not None:
        from assuage.planning.prediction.posterior import own  # late: few plans need a fit

        for made in own(course, course.earlier):
            _add(found, missing, "This patient's own band", made)
    return tuple(found), tuple(missing)


def _add(found: list[Prediction], missing: list[str], what: str, made: Prediction | str) -> None:
    if isinstance(made, str):
        missing.append(f"{what} is not predicted. {made}")
    else:
        found.append(made)
