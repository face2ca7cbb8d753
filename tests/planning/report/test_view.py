import json

from fixture_plan import outpatient_plan, plan

from assuage.planning.report.view import view


def test_the_arrangement_is_json_and_holds_no_none() -> None:
    assert "null" not in json.dumps(view(plan()))


def test_alike_sessions_are_grouped_and_every_day_is_kept() -> None:
    first, last = view(outpatient_plan())["schedule"]
    assert first["heading"].startswith("Days 1 to 5 and 8 to 12")
    assert [int(one["day"]) for one in first["calendar"]] == [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]
    assert last["heading"] == "Day 15"
    assert last["calendar"][0]["date"] == "date not set"


def test_what_may_be_repeated_stands_beside_every_total() -> None:
    made = plan()
    first = made.sessions[0]
    more = first.steps[0].model_copy(update={"as_needed": True, "dose_mg": 60.0})
    shown = view(
        made.model_copy(
            update={"sessions": (first.model_copy(update={"steps": (*first.steps, more)}),)}
        )
    )
    assert shown["course"].endswith("mg (up to 60 mg more as needed)")
    assert shown["schedule"][0]["total"].endswith("mg (up to 60 mg more as needed)")
    assert "as needed" not in view(made)["course"]


def test_open_findings_come_first_and_none_is_lost() -> None:
    groups = view(plan())["findings"]
    assert groups[0]["open"]
    assert sum(len(group["rows"]) for group in groups) == len(plan().findings)
    assert groups[0]["rows"][0]["answer"] == "not answered"


def test_nothing_that_the_plan_lists_is_lost() -> None:
    shown, made = view(plan()), plan()
    assert sum(len(group["rows"]) for group in shown["advice"]) == len(made.advice)
    assert sum(len(group["rows"]) for group in shown["evidence"]) == len(made.evidence)
    assert len(shown["references"]) == len(made.references)
    assert len(shown["guards"]) == len(made.guards)


def test_only_the_racemate_gets_tall_man_letters() -> None:
    assert view(plan())["drug"]["name"] == "esketamine"
    assert view(outpatient_plan())["drug"]["name"] == "racemic ketAMINE"
