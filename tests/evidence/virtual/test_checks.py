"""What a design must hold beyond its fields: each planted fault is refused where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from assuage.refusals import Refused
from evidence.virtual.designs import BOTH, DISSOCIATION, MOOD, PAIN, TITRATION, design

LEAVING = {"source": "assumed", "per_visit": 0.05}
NUMBER = {"value": 0.5, "source": "assumed"}


@pytest.mark.parametrize("tree", [PAIN, MOOD, BOTH], ids=lambda one: one["title"])
def test_the_designs_of_these_tests_are_sound(tree: dict[str, Any]) -> None:
    assert design(tree).outcomes[0] in ("pain", "mood")


@pytest.mark.parametrize(
    ("tree", "parts", "field"),
    [
        (PAIN, {"visits_d": [7, 7]}, "visits_d"),
        (PAIN, {"visits_d": [0, 7]}, "visits_d"),
        (PAIN, {"visits_d": [7, 400]}, "visits_d"),
        (PAIN, {"pain__visits_d": [7, 9]}, "pain.visits_d"),
        (PAIN, {"analysis__at_d": [8]}, "analysis.at_d"),
        (PAIN, {"analysis__reference": "sham"}, "analysis.reference"),
        (PAIN, {"pain__role": "secondary"}, "primary"),
        (BOTH, {"mood__role": "primary"}, "primary"),
        (PAIN, {"population__pain": None}, "population.pain"),
        (PAIN, {"pain__visit_sd": 1.5}, "pain.visit_sd"),
        (PAIN, {"population__pain__mean": 11.0}, "population.pain.mean"),
        (PAIN, {"population__correlation": NUMBER}, "population.correlation"),
        (BOTH, {"population__correlation": {**NUMBER, "value": 1.0}}, "correlation.value"),
        (PAIN, {"pain__placebo_share": {**NUMBER, "value": 1.2}}, "pain.placebo_share"),
        (PAIN, {"pain__c50_cv": {**NUMBER, "value": -0.1}}, "pain.c50_cv"),
        (PAIN, {"arm__1__id": "drug"}, "arm.id"),
        (PAIN, {"arm__0__control": "placebo"}, "arm drug"),
        (PAIN, {"arm__1__like": "nobody"}, "arm placebo.like"),
        (PAIN, {"arm__0__like": "placebo"}, "arm drug.like"),
        (PAIN, {"arm__1__variant": "titrated"}, "arm placebo"),
        (PAIN, {"arm__0__n": 1990}, "arm.n"),
        (PAIN, {"arm__0__titration": TITRATION}, "dissociation"),
        (MOOD, {"arm__0__titration": TITRATION, "dissociation": DISSOCIATION}, "pain"),
        (PAIN, {"dropout": {**LEAVING, "depends_on": "observed"}}, "dropout.outcome"),
        (
            PAIN,
            {"dropout": {**LEAVING, "depends_on": "observed", "outcome": "pain"}},
            "dropout.per_point",
        ),
        (PAIN, {"analysis__at_d": [7, 28, 7]}, "analysis.at_d"),
        (PAIN, {"population__pain__low": -1.0}, "population.pain"),
        (PAIN, {"population__pain__high": 12.0}, "population.pain"),
        (PAIN, {"population__mood": BOTH["population"]["mood"]}, "population.mood"),
        (MOOD, {"uncertainty": "published"}, "uncertainty"),
        (
            PAIN,
            {"dropout": {**LEAVING, "depends_on": "observed", "outcome": "mood"}},
            "dropout.outcome",
        ),
        (
            BOTH,
            {"dropout": {**LEAVING, "depends_on": "observed", "outcome": "mood"}},
            "dropout.outcome",
        ),
        (PAIN, {"dropout": {**LEAVING, "depends_on": "nothing", "per_point": 1.0}}, "dropout"),
    ],
)
def test_a_design_that_is_not_clear_is_refused(
    tree: dict[str, Any], parts: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        design(tree, **parts)
    assert refused.value.code == "FIELD_INVALID"
    assert field in str(refused.value)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"arm__0__regimen": "none"}, "VALUE_NOT_ALLOWED"),
        ({"arm__0__regimen": "crps-coma"}, "RESEARCH_LOCK"),
        ({"arm__0__variant": "none"}, "VALUE_NOT_ALLOWED"),
        ({"arm__0__give": ["35 mg"]}, "ADMINISTRATION_UNREADABLE"),
        ({"arm__0__product": "none"}, "PRODUCT_STRENGTH_UNKNOWN"),
        ({"arm__0__product": "ketamine-50"}, "PRODUCT_DRUG_MISMATCH"),
    ],
)
def test_an_arm_that_cannot_be_given_is_refused(parts: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        design(PAIN, **parts)
    assert refused.value.code == code
