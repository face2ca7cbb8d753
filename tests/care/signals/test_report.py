"""A report says beside each signal how often it is raised in error, and how many to expect."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from assuage.care.signals.report import FOR_REVIEW, Asked, Finding, report
from assuage.care.signals.seen import Seen
from assuage.knowledge import library

from .plain import PEOPLE, PLANTED, THIEF, plain

NAMES = {one: one.title() for one in PEOPLE}
ASKED = Asked("north", "2026-01-01", "2026-04-02", 91, "rev", "why", "2026-04-03", "0:00")


@pytest.mark.parametrize("id_", list(PLANTED))
def test_each_signal_carries_its_error_rate_and_its_words(id_: str) -> None:
    told = report(ASKED, PLANTED[id_](plain()), NAMES)
    (one,) = [found for found in told.raised if found.signal == id_]
    held = library.signals()
    measured = held.rate(id_)
    assert measured is not None
    assert one.false_alarms == measured.per_person
    assert one.words == FOR_REVIEW == "For review; most such signals have an innocent cause."
    assert (one.person, one.person_name) == (THIEF, "Ada")
    signal = next(signal for signal in held.signal if signal.id == id_)
    assert (one.innocent, one.text, one.source) == (signal.innocent, signal.text, signal.source)
    assert one.threshold == signal.rule.threshold


def test_how_many_false_alarms_to_expect_is_the_sum_over_what_could_be_told() -> None:
    told = report(ASKED, plain(), NAMES)
    held = library.signals()
    rates = [found.per_person.value for one in held.signal if (found := held.rate(one.id))]
    assert len(rates) == len(held.signal)
    assert told.people == len(PEOPLE)
    assert told.told == len(PEOPLE) * len(held.signal)
    assert told.too_few == 0
    assert told.expected_false_alarms == pytest.approx(len(PEOPLE) * sum(rates))


def test_what_could_not_be_told_is_counted_apart() -> None:
    told = report(ASKED, plain(sessions=4), NAMES)
    assert told.told == 0
    assert told.too_few == len(told.findings) > 0
    assert told.expected_false_alarms == 0


def test_a_rate_that_was_never_measured_is_not_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    held = library.signals()
    unmeasured = held.model_copy(update={"measured": held.measured[1:]})
    monkeypatch.setattr(library, "signals", lambda: unmeasured)
    told = report(ASKED, plain(), NAMES)
    assert told.expected_false_alarms is None
    assert told.findings[0].false_alarms is None


@pytest.mark.parametrize(("days", "holds"), [(7, False), (90, True), (92, True), (365, False)])
def test_a_period_that_is_no_quarter_is_cautioned(days: int, holds: bool) -> None:
    asked = Asked(**(vars(ASKED) | {"days": days}))
    caution = report(asked, plain(), NAMES).caution
    assert bool(caution) != holds
    assert holds or f"{days} days" in caution


def test_it_can_be_written_as_json_with_everything_in_it() -> None:
    told = report(ASKED, PLANTED["same-witness"](plain()), NAMES)
    read = json.loads(json.dumps(told.as_json(), allow_nan=False))
    assert read["words"] == FOR_REVIEW
    assert read["raised"] == len(told.raised) > 0
    assert read["asked"]["head"] == "0:00"
    for one in read["findings"]:
        assert set(one) == {field.name for field in fields(Finding)}
        assert set(one["false_alarms"]) == {"value", "low", "high"}
    raised = [one for one in read["findings"] if one["status"] == "signal"]
    assert {one["beside_name"] for one in raised if one["signal"] == "same-witness"} == {"Ben"}


def test_nobody_at_work_gives_an_empty_report() -> None:
    told = report(ASKED, Seen((), (), (), {}), NAMES)
    assert (told.people, told.findings, told.expected_false_alarms) == (0, (), 0)
