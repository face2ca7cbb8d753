"""What a plan gathers: the verdict, evidence on both sides, advice, and every doubt kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assuage.knowledge import library
from assuage.planning import parts
from assuage.planning.document import Finding, Plan
from assuage.planning.patient import PastCourse
from assuage.planning.regimen import schedule
from planning.asking import ON, PLANNABLE, adult, ask, default_plan, plan

CRPS = [one for one in PLANNABLE if library.regimen(one).indication == "crps"]
FACTS = ["evidence", "cautions", "gaps", "advice", "findings", "guards"]


def test_a_total_says_what_repeats_may_add() -> None:
    """Twenty milligrams and three repeats as needed."""
    said = default_plan("field-analgesia-iv").cumulative.text
    assert said.startswith("This course gives 20 mg (up to 60 mg more as needed).")


def finding(grade: str) -> Finding:
    return Finding(
        kind="question", name="Name", grade=grade, present=None, text="Text",
        source="assuage-design", where="here", read="design",
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("other", ["absolute", "refuse", "relative", "disputed", "warn", "inform"])
def test_an_open_question_is_never_for_review(other: str) -> None:
    assert parts.verdict([finding(other)]).status == "for review"
    found = parts.verdict([finding(other), finding("open")])
    assert (found.status, found.open) == ("open questions", ("Name",))
    assert found.sentence.startswith("1 question is open")
    assert parts.verdict([]).status == "for review"


@pytest.mark.parametrize("id_", CRPS)
def test_crps_carries_the_evidence_against_it(id_: str) -> None:
    """Kiefer's negative pilot, relief lost by week 12, no gain of function, Cochrane 2025."""
    claims = default_plan(id_).evidence
    assert any(one.direction == "against" for one in claims)
    assert any(one.source == "ferraro-2025-cochrane" for one in claims) or any(
        "no effect" in one.text.lower() or "stopped" in one.text for one in claims
    )


def test_the_esketamine_trial_says_what_it_did_not_show() -> None:
    claims = default_plan("crps-inpatient-esketamine-100h").evidence
    said = " ".join(one.text.lower() for one in claims)
    assert "week 12" in said or "12 weeks" in said
    assert "function" in said
    assert any(one.direction == "against" for one in claims)
    assert any(one.direction == "harm" for one in claims)


def test_the_negative_pilot_is_told_as_negative() -> None:
    claims = default_plan("crps-esketamine-500").evidence
    own = [one for one in claims if one.source.startswith("kiefer")]
    assert own
    assert all(one.direction != "for" for one in own)
    assert any(one.direction == "against" for one in own)


def test_mood_in_crps_got_better_and_a_copied_text_that_says_worse_is_corrected() -> None:
    """source: clinical reading 0.3, finding 1: the seed reverses a finding."""
    mood = [
        one
        for id_ in CRPS
        for one in default_plan(id_).evidence
        if "depression" in one.text.lower()
    ]
    assert mood
    for one in mood:
        assert "recovered" in one.text or "relapse" in one.text or "improved" in one.text, one.text
        assert "turned this round" in one.text or "worse" not in one.text
        assert one.direction == "for"
    texts = " ".join(one.correction.lower() for one in library.safety().correction)
    assert "depress" in texts


def doubts(made: Plan) -> Iterator[tuple[str, str]]:
    for name in FACTS:
        for one in getattr(made, name):
            if one.read == "unverified":
                yield name, getattr(one, "text", "")


@pytest.mark.parametrize("id_", PLANNABLE)
def test_what_is_unverified_in_the_library_is_unverified_in_the_plan(id_: str) -> None:
    made, regimen = default_plan(id_), library.regimen(id_)
    kept = set(doubts(made))
    wanted = {("evidence", one.text) for one in regimen.claim if one.read == "unverified"}
    wanted |= {("cautions", one.text) for one in regimen.caution if one.read == "unverified"}
    wanted |= {("gaps", one.text) for one in regimen.gap if one.read == "unverified"}
    assert wanted <= kept
    given = schedule(regimen, None, made.patient.weight_kg)
    steps = [one for session in made.sessions for one in session.steps]
    assert [one.read for one in steps] == [one.segment.read for one in given]
    assert made.regimen.drug_fact.read == regimen.drug_fact.read
    assert made.law.permission.read in {"primary", "secondary", "unverified"}


def test_picked_doubts_reach_the_plan() -> None:
    """Three memories of the library: the size of the trial, its steps, and a test's interval."""
    made = default_plan("crps-outpatient-10d")
    kept = set(doubts(made))
    assert ("evidence", "19 people were randomised, of 40 planned.") in kept
    assert ("advice", "every 1 to 3 months of repeated use: Every 1 to 3 months.") in kept
    assert made.regimen.drug_fact.read == "unverified"
    stepped = plan(ask("crps-outpatient-10d", variant="stepped"))
    reads = [session.steps[0].read for session in stepped.sessions]
    assert reads == ["unverified", "unverified", *["primary"] * 8]
    steps = {one.read for one in default_plan("asthma-infusion").sessions[0].steps}
    assert steps == {"unverified"}


@pytest.mark.parametrize("id_", PLANNABLE)
def test_every_plan_says_how_to_watch_stop_rescue_and_let_go(id_: str) -> None:
    topics = {one.topic for one in default_plan(id_).advice}
    assert {"monitoring", "hold-stop", "rescue", "discharge", "driving"} <= topics
    said = " ".join(one.text for one in default_plan(id_).advice)
    assert "Nothing reverses ketamine" in said


def test_past_courses_are_added_up_and_unknown_ones_are_not_none() -> None:
    """source: the three lines of this test: 1,000 and 500 mg before, 98 mg on each of 10 days."""
    past = (PastCourse(ON.replace(month=1), 40, 1000), PastCourse(ON.replace(month=6), 40, 500))
    found = plan(ask("crps-outpatient-10d", adult(past_courses=past))).cumulative
    assert (found.past_mg, found.past_courses) == (1500, 2)
    assert found.days_since_last == (ON - past[1].ended).days
    assert found.this_course_mg == 980
    assert found.this_course_h == 4
    assert {one.text.split(":")[0] for one in found.rules} >= {"Liver", "Bladder", "Cognition"}
    unknown = plan(ask("crps-outpatient-10d", adult(past_courses=None))).cumulative
    assert (unknown.past_mg, unknown.past_courses, unknown.days_since_last) == (None, None, None)
    assert "not known" in unknown.text
    none = default_plan("crps-outpatient-10d").cumulative
    assert (none.past_mg, none.past_courses) == (0, 0)


def test_as_needed_doses_are_no_part_of_the_total_but_every_part_of_the_limit() -> None:
    made = default_plan("emergency-pain")
    assert made.sessions[0].total_mg == 14
    (rail,) = (one for one in made.guards if one.quantity == "session dose")
    assert rail.value == 28


@pytest.mark.parametrize("id_", PLANNABLE)
def test_the_liver_counter_evidence_stands_beside_the_rule(id_: str) -> None:
    rules = default_plan(id_).cumulative.rules
    assert any("101 patients" in one.text for one in rules)
    assert any("16 days" in one.text for one in rules)
