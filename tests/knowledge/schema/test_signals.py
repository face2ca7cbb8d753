"""The signals say where they come from, and what they cost honest people.

source: the project's clinical reading, 5.3, for which signal stands on what.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.signals import Rate, Rule, Signal, SignalFile

HELD = library.signals()
IDS = [one.id for one in HELD.signal]
TAGS: dict[str, Any] = {"source": "assuage-design", "where": "a test", "read": "design"}
RULE: dict[str, Any] = TAGS | {
    "statistic": "tail",
    "threshold": 0.01,
    "own_least": 10,
    "peers_least": 10,
    "peers_worth": 20.0,
}
SIGNAL: dict[str, Any] = TAGS | {
    "id": "one",
    "name": "One",
    "text": "What is counted.",
    "innocent": "Something else.",
    "basis": "design",
    "what": "draws",
    "rule": RULE,
}


def test_the_signals_are_those_of_the_reading() -> None:
    published = {one.id for one in HELD.signal if one.basis == "published"}
    assert published == {"after-session", "elsewhere"}
    assert {one.source for one in HELD.signal if one.id in published} == {"epstein-2007"}
    assert len(IDS) == 14


def test_every_source_is_known_and_every_number_is_tagged() -> None:
    known = library.sources()
    for one in (*HELD.signal, *HELD.measured, HELD.together):
        assert one is not None
        assert one.source in known
        assert one.where
    assert all(one.rule.read == "design" for one in HELD.signal)
    assert all(one.read == "design" for one in HELD.measured)


def test_every_signal_was_measured_on_the_same_clinics() -> None:
    assert [one.id for one in HELD.measured] == IDS
    assert len({(one.seed, one.days, one.clinics) for one in HELD.measured}) == 1
    assert HELD.together is not None
    for id_ in IDS:
        found = HELD.rate(id_)
        assert found is not None
        assert found.id == id_
    assert HELD.rate("nothing") is None


def test_no_signal_accuses() -> None:
    for one in HELD.signal:
        words = f"{one.name} {one.text} {one.innocent}".lower()
        assert one.innocent
        assert not any(word in words for word in ("thief", "steal", "theft", "guilty", "culprit"))


def test_a_usual_file_is_read() -> None:
    assert SignalFile.model_validate({"signal": [SIGNAL]}).rate("one") is None


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 1.5},
        {"threshold": -0.1},
        {"threshold": float("nan")},
        {"peers_worth": 0.0},
        {"own_least": 0},
        {"own_least": True},
        {"peers_least": 0},
        {"honest_share": 1.1},
        {"margin": 2.0},
        {"margin_unit": "min"},
        {"statistic": "z"},
        {"statistic": "p"},
        {"read": "rumour"},
        {"source": ""},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    Rule.model_validate(RULE)
    with pytest.raises(ValidationError):
        Rule.model_validate(RULE | change)


@pytest.mark.parametrize(
    "change", [{"basis": "published"}, {"basis": "secondary"}, {"innocent": ""}, {"id": "One"}]
)
def test_a_signal_is_read_as_its_basis_says(change: dict[str, Any]) -> None:
    Signal.model_validate(SIGNAL)
    with pytest.raises(ValidationError):
        Signal.model_validate(SIGNAL | change)


def test_a_rate_lies_in_its_interval() -> None:
    Rate(value=0.1, low=0.0, high=0.2)
    for bad in ((0.3, 0.0, 0.2), (0.1, 0.2, 0.3), (1.1, 0.0, 1.2), (0.1, -0.1, 0.2)):
        with pytest.raises(ValidationError):
            Rate(value=bad[0], low=bad[1], high=bad[2])


def test_ids_stand_once_and_nothing_unknown_is_measured() -> None:
    measured = HELD.measured[0].model_dump()
    for bad in (
        {"signal": []},
        {"signal": [SIGNAL, SIGNAL]},
        {"signal": [SIGNAL], "measured": [measured]},
        {"signal": [SIGNAL], "measured": [measured | {"id": "one"}] * 2},
    ):
        with pytest.raises(ValidationError):
            SignalFile.model_validate(bad)
    SignalFile.model_validate({"signal": [SIGNAL], "measured": [measured | {"id": "one"}]})
