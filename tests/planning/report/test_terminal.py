import io
import re

import pytest
from fixture_plan import HOSTILE, hostile_plan, outpatient_plan, plan
from rich.console import Console

from assuage.planning.document import Plan
from assuage.planning.report import render_terminal
from assuage.units import format_quantity


def shown(made: Plan, width: int, *, full: bool = True) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    render_terminal(made, console, full=full)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("made", [plan(), outpatient_plan()], ids=["inpatient", "outpatient"])
def test_no_number_is_cut(made: Plan, width: int) -> None:
    text = shown(made, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    numbers = set(re.findall(r"[0-9][0-9.]*[0-9]|[0-9]", text))
    for session in made.sessions:
        for step in session.steps:
            for value in (
                step.dose_mg,
                step.rate_mg_per_h,
                step.rate_mg_per_kg_per_h,
                step.rate_ug_per_kg_per_min,
                step.rate_ml_per_h,
                step.volume_ml,
            ):
                assert value is None or format_quantity(value, "") in numbers


@pytest.mark.parametrize("width", [80, 120])
def test_no_day_is_lost(width: int) -> None:
    text = " ".join(shown(outpatient_plan(), width).split())
    assert "Days 1 to 5 and 8 to 12" in text
    for day in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12):
        assert f"2026-03-{day + 1:02}" in text


@pytest.mark.parametrize("full", [True, False])
def test_the_verdict_and_what_is_open_come_first(*, full: bool) -> None:
    text = shown(plan(), 80, full=full)
    assert text.index("Open questions remain") < text.index("Schedule")
    assert "raised intracranial pressure was not answered" in text


def test_what_is_not_given_says_what_it_is() -> None:
    made = plan()
    nameless = made.model_copy(update={"patient": made.patient.model_copy(update={"sex": None})})
    assert "sex not given" in " ".join(shown(nameless, 80).split())


@pytest.mark.parametrize("full", [True, False])
def test_when_to_stop_is_shown_at_the_chair(*, full: bool) -> None:
    text = " ".join(shown(plan(), 80, full=full).split())
    rules = [one for one in plan().advice if one.topic == "hold-stop"]
    assert rules
    assert all(" ".join(one.text.split()) in text for one in rules)


def test_a_push_has_no_empty_duration() -> None:
    made = plan()
    first = made.sessions[0]
    push = first.steps[0].model_copy(update={"kind": "bolus", "duration_h": None})
    pushed = made.model_copy(update={"sessions": (first.model_copy(update={"steps": (push,)}),)})
    assert "bolus for" not in shown(pushed, 80)


def test_unverified_statements_are_marked() -> None:
    text = shown(plan(), 120)
    assert text.count("unverified") >= str(plan().model_dump()).count("'read': 'unverified'")


def test_hostile_words_stay_words() -> None:
    text = re.sub(r"\s", "", shown(hostile_plan(), 120))
    assert [one for one in HOSTILE if re.sub(r"\s", "", one) not in text] == []
