"""From a wish to a result that says what it is worth, or to a refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assuage.planning.optimisation import Wish, optimise
from assuage.planning.optimisation.document import Candidate, Search
from assuage.planning.optimisation.family import Member
from assuage.planning.optimisation.optimise import in_words
from assuage.planning.optimisation.ranges import limits_in
from assuage.planning.plan import make_plan
from assuage.refusals import Refused
from planning.asking import CLOCK, accept, adult, ask
from planning.optimisation.searching import INPATIENT, OUTPATIENT, made, wish

FREE = limits_in("100 %", "none")


def code(asked: Wish) -> str:
    with pytest.raises(Refused) as caught:
        optimise(asked, CLOCK)
    return caught.value.code


def candidates(found: Search) -> list[Candidate]:
    best = [] if found.best is None else [found.best]
    return [*best, *found.ties, *found.frontier]


def test_every_candidate_says_whether_it_was_studied() -> None:
    found = made()
    assert found.best is not None
    assert candidates(found)
    for one in (*candidates(found), *found.beyond):
        assert one.studied != "as published"  # 24 mg/h is not 24.5
        assert "not studied" in one.distance
        assert one.relief_low <= one.relief <= one.relief_high
    assert any(one.distance in text for one in [found.best] for text in found.warnings)


def test_the_result_says_what_it_is_worth() -> None:
    found = made()
    assert "hypothesis" in found.scope
    assert "no recommendation" in found.scope
    assert "design" in found.reads
    assert {one.read for one in found.model_evidence} >= {"design", "primary"}
    assert {one.direction for one in found.evidence} >= {"for", "against"}
    assert any("assumed form" in text for text in found.warnings)
    assert "95th centile is higher" in found.pressure_is
    limits = {one.quantity.split()[0]: one.said for one in found.limits}
    assert limits == {
        "chance": "stated with the search",
        "rise": "stated with the search",
        "drug": "not limited",
        "chair": "not limited",
    }


def test_no_plan_is_offered_for_what_plan_cannot_express() -> None:
    found = made()
    assert found.command == ""
    assert "can't express" in found.command_why


def test_a_published_schedule_gets_its_plan_command() -> None:
    asked = wish(limits=FREE, rate="24.5 mg/h", hours="4 h", days="10")
    found = optimise(asked, CLOCK)
    assert found.best is not None
    assert found.best.studied == "as published"
    assert found.published is not None
    assert "--variant ceiling" in found.command
    again = make_plan(replace(ask(OUTPATIENT), variant="ceiling"), CLOCK)
    assert again.cumulative.this_course_mg == found.best.total_mg


def test_beyond_what_was_published_is_marked() -> None:
    found = optimise(wish(limits=FREE, days="12", hours="4 h"), CLOCK)
    assert found.best is not None
    assert found.best.studied == "beyond what was published"
    assert "extrapolation" in found.best.distance


def test_the_pruned_search_is_the_whole_search() -> None:
    limits = limits_in("10 %", "8 mmHg", "400 mg")
    short, whole = (
        optimise(wish(limits=limits), CLOCK, prune=prune).model_copy(update={"pruned": 0})
        for prune in (True, False)
    )
    assert short == whole
    assert short.over_a_limit > 0


def test_a_hard_limit_is_never_left_and_a_soft_one_only_by_name() -> None:
    """source: crps-outpatient-10d.toml, soft 25 mg/h and 100 mg, hard 40 mg/h and 200 mg."""
    assert code(wish(rate="45..60 mg/h")) == "DOSE_OVER_HARD_LIMIT"
    assert code(wish(rate="26..30 mg/h", hours="4 h")) == "DOSE_OVER_SOFT_LIMIT"
    wide = optimise(wish(limits=FREE, rate="20..50 mg/h by 10 mg/h", hours="2 h"), CLOCK)
    assert {one.code for one in wide.refused} == {"DOSE_OVER_SOFT_LIMIT", "DOSE_OVER_HARD_LIMIT"}
    assert sum(one.candidates for one in wide.refused) == 9
    assert max(one.rate_mg_per_h for one in candidates(wide)) <= 25.0
    request = ask(OUTPATIENT, accepted=accept("DOSE_OVER_SOFT_LIMIT"))
    passed = optimise(
        wish(limits=FREE, request=request, rate="20..50 mg/h by 10 mg/h", hours="2 h"), CLOCK
    )
    assert max(one.rate_mg_per_h for one in candidates(passed)) == 40.0
    assert passed.best is not None
    assert passed.best.accepted == ("DOSE_OVER_SOFT_LIMIT",)
    assert any("by name" in text for text in passed.warnings)


def test_a_default_grid_needs_no_acceptance() -> None:
    found = optimise(Wish(ask(INPATIENT), limits_in("50 %", "none")), CLOCK)
    assert found.refused == ()
    assert found.hours_a_day == ()
    assert found.best is not None
    assert found.best.hours_a_day is None


def test_when_nothing_keeps_the_limits_that_is_the_answer() -> None:
    found = optimise(wish(limits=limits_in("10 %", "1 mmHg")), CLOCK)
    assert found.best is None
    assert found.frontier == found.ties == ()
    assert "No candidate keeps the limits" in found.why[0]
    assert "pressure" in found.why[1]
    assert found.command == ""


def test_a_pressure_that_cannot_be_read_is_over_its_limit() -> None:
    asked = Wish(ask("crps-inpatient-5d"), limits_in("none", "50 mmHg"), rate="40 mg/h", days="5")
    found = optimise(asked, CLOCK)
    assert found.best is None
    assert "can't be held against its limit" in found.beyond[0].breaks[0]


def test_a_day_may_be_the_goal() -> None:
    early, late = (optimise(wish(goal_day=day), CLOCK) for day in (12, 60))
    assert early.best is not None
    assert late.best is not None
    assert early.best.relief > late.best.relief
    assert "day 12" in early.goal


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (wish("crps-coma", rate=None), "RESEARCH_LOCK"),
        (wish("depression-iv", rate=None), "MODEL_UNSUITABLE"),
        (wish(INPATIENT, hours="4 h"), "OPTION_CONFLICT"),
        (wish(goal_day=84), "VALUE_NOT_ALLOWED"),
        (wish(rate="1..40 mg/h by 0.1 mg/h"), "OPTION_CONFLICT"),
        (wish(request=ask(OUTPATIENT, adult(weight_kg=None))), "WEIGHT_UNKNOWN"),
        (wish(request=ask(OUTPATIENT, adult(age_years=None))), "AGE_UNKNOWN"),
        (wish(request=ask(OUTPATIENT, adult(age_years=12.0))), "AGE_OUTSIDE_REGIMEN"),
        (wish(request=ask(OUTPATIENT, adult(pain_nrs=0.0))), "MODEL_UNSUITABLE"),
        (wish(request=ask(OUTPATIENT, place="XX")), "PLACE_UNKNOWN"),
        (wish(request=ask(OUTPATIENT, variant="nothing")), "VALUE_NOT_ALLOWED"),
    ],
)
def test_what_is_refused(asked: Wish, refusal: str) -> None:
    assert code(asked) == refusal


def test_the_same_wish_gives_the_same_answer() -> None:
    assert optimise(wish(), CLOCK) == made()


def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    optimise(wish(), CLOCK, tell=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == list(range(len(told)))
    assert {of for _, of in told} == {len(told)}


def test_a_schedule_in_words() -> None:
    """source: any numbers."""
    assert in_words(Member(20.0, 4.0, 1.0)) == "20 mg/h for 4 h on 1 day"
    assert in_words(Member(20.0, None, 4.0)) == "20 mg/h at most for 4 days without a break"
