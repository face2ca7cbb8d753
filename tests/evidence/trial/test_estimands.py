"""Estimands are read strictly."""

from __future__ import annotations

import copy
import tomllib

import pytest

from assuage.evidence.trial.estimands import read_estimand
from assuage.refusals import Refusal, Refused

WRITTEN = """
id = "main"
population = "Adults with CRPS who were randomised"
reference = "placebo"
summary = "difference-in-means"
[variable]
outcome = "pain-nrs"
measure = "change"
visit = "week 12"
[[treatments]]
arm = "ketamine"
text = "infusion over 4.2 days"
[[treatments]]
arm = "placebo"
text = "saline, titrated alike"
[[events]]
name = "stopped treatment"
strategy = "treatment-policy"
[[events]]
name = "rescue"
text = "took an opioid"
strategy = "hypothetical"
assume = "jump-to-reference"
[[events]]
name = "death"
strategy = "composite"
failure = 10
"""
CONTENT = tomllib.loads(WRITTEN)


def changed(path: str, value: object) -> dict[str, object]:
    content = copy.deepcopy(CONTENT)
    *rooms, name = path.split(".")
    place: object = content
    for room in rooms:
        place = place[int(room)] if isinstance(place, list) else place[room]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return content


def test_all_five_attributes_are_read_and_said() -> None:
    found = read_estimand(CONTENT)
    said = dict(found.sentences())
    assert said["Population"] == "Adults with CRPS who were randomised"
    assert said["Variable"] == "pain-nrs, change at week 12"
    assert said["Treatments"] == (
        "ketamine (infusion over 4.2 days) against placebo (saline, titrated alike)"
    )
    assert said["Event: stopped treatment"].startswith("treatment policy")
    assert said["Event: rescue"] == (
        "took an opioid: hypothetical; missing values after it: jump to reference"
    )
    assert said["Event: death"] == "composite; failure counts as 10"
    assert said["Summary"] == "difference in means"


@pytest.mark.parametrize("measure", ["response", "remission"])
def test_a_failed_response_is_no_response(measure: str) -> None:
    content = changed("variable.measure", measure)
    content["summary"] = "risk-difference"
    content["events"] = [{"name": "death", "strategy": "composite"}]
    assert read_estimand(content).events[0].failure == 0


def test_the_end_point_of_a_time_needs_no_value() -> None:
    content = changed("variable.measure", "time-to-event")
    content["summary"] = "difference-in-restricted-mean-time"
    content["events"] = [{"name": "death", "strategy": "composite"}]
    assert read_estimand(content).events[0].failure is None


# What is changed, into what, and what the refusal must name.
WRONG = [
    ("population", " ", "population"),
    ("population", None, "population"),
    ("summary", "risk-ratio", "a change is summarised by difference-in-means"),
    ("summary", "mean", "summary"),
    ("reference", "sham", "sham is not among the arms"),
    ("treatments.1.arm", "ketamine", "an arm is given twice"),
    ("treatments", [{"arm": "ketamine", "text": "alone"}], "treatments"),
    ("variable.measure", "area", "variable.measure"),
    ("variable.visit", "", "variable.visit"),
    ("events", None, "events"),
    ("events.1.name", "death", "an event is given twice"),
    ("events.1.strategy", "ignore", "events.1.strategy"),
    ("events.1.assume", None, "needs assume"),
    ("events.1.assume", "worst", "events.1.assume"),
    ("events.1.failure", 3, "failure has no meaning under hypothetical"),
    ("events.2.failure", None, "needs failure"),
    ("events.2.failure", float("nan"), "events.2.failure"),
    ("events.2.failure", True, "events.2.failure"),
    ("events.2.failure", "10", "events.2.failure"),
    ("events.2.assume", "missing-at-random", "assume has no meaning"),
    ("events.0.strategy", "while-on-treatment", None),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG)
def test_what_is_wrong_is_named(path: str, value: object, said: str | None) -> None:
    content = changed(path, value)
    if said is None:
        read_estimand(content)
        return
    with pytest.raises(Refused) as caught:
        read_estimand(content, where="study.toml")
    assert caught.value.refusal is Refusal.FIELD_INVALID
    assert said in str(caught.value)
    assert "study.toml" in str(caught.value)


@pytest.mark.parametrize("path", ["endpoint", "variable.day", "events.0.stratgey"])
def test_a_misspelt_field_is_named_with_the_choices(path: str) -> None:
    with pytest.raises(Refused) as caught:
        read_estimand(changed(path, "x"))
    assert caught.value.refusal is Refusal.FIELD_UNKNOWN
    assert path in caught.value.sentence


BINARY = {"summary": "risk-difference"}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"strategy": "composite", "failure": 1}, "fails as 0"),
        ({"strategy": "hypothetical", "assume": "copy-reference"}, "from the reference"),
    ],
)
def test_a_yes_or_no_has_rules_of_its_own(event: dict[str, object], said: str) -> None:
    content = changed("variable.measure", "response") | BINARY
    content["events"] = [{"name": "stop", **event}]
    with pytest.raises(Refused, match=said):
        read_estimand(content)


def test_a_principal_stratum_can_be_named_and_not_computed() -> None:
    content = changed("events.0.strategy", "principal-stratum")
    with pytest.raises(Refused) as caught:
        read_estimand(content)
    assert caught.value.refusal is Refusal.ESTIMAND_NOT_COMPUTABLE
    assert "stopped treatment" in caught.value.sentence
