"""A plan draws this patient's own band beside everybody's, once something was measured before.

source: orders; the doses and levels are this test's own.
"""

from __future__ import annotations

from functools import cache

import pytest

from assuage.planning.document import Plan, Prediction
from assuage.planning.patient import Earlier
from assuage.planning.report.charts import chart_svg
from assuage.refusals import Refusal
from planning.asking import adult, ask, plan, refusal

REGIMEN = "crps-inpatient-esketamine-100h"
LEVELS = Earlier("otto-2021", ("10 mg over 30 min",), ("esketamine 62 ng/mL venous at 30 min",))
PAIN = Earlier("simons-2022", ("10 mg/h for 100 h",), pain=("7 at 0 h", "3 at 9 d"))


@cache
def made(earlier: Earlier | None) -> Plan:
    return plan(ask(REGIMEN, adult(age_years=30.0, earlier=earlier)))


def own(of: Plan) -> list[Prediction]:
    return [one for one in of.predictions if one.id.endswith("-individual")]


def test_nothing_measured_draws_nothing_more() -> None:
    assert own(made(None)) == []


def test_both_bands_stand_in_one_chart() -> None:
    (level,) = own(made(LEVELS))
    before, after = level.lines
    assert (before.role, after.role) == ("prior", "posterior")
    place = len(level.time) // 2
    assert after.high[place] - after.low[place] < before.high[place] - before.low[place]
    assert (before.sampling, before.model) == ("venous", "otto-2021")
    assert any("esketamine 62 ng/mL" in one for one in level.worth)
    assert "With the data" in chart_svg(level)


def test_pain_of_an_earlier_course_tells_of_the_next() -> None:
    level, pain = own(made(PAIN))
    assert (level.id, pain.id) == ("esketamine-individual", "pain-individual")
    before, after = pain.lines
    assert max(after.high[5:30]) < max(before.high[5:30])
    assert any("responds with a probability" in one for one in pain.worth)


def test_everything_else_stays_as_it_was() -> None:
    plain = list(made(None).predictions)
    assert [one for one in made(LEVELS).predictions if one not in own(made(LEVELS))] == plain


def test_a_slip_is_seen_in_the_headline() -> None:
    slip = Earlier(LEVELS.model, LEVELS.gives, ("esketamine 620 ng/mL venous at 30 min",))
    (level,) = own(made(slip))
    assert level.headline.startswith("The data contradict the model")
    assert "withheld" in level.headline
    assert "with it" not in level.headline
    assert [one.role for one in level.lines] == ["prior"]
    assert any(one.startswith("DATA_CONTRADICT_MODEL") for one in level.worth)


def test_a_route_that_the_model_lacks_is_named() -> None:
    of = plan(ask("depression-nasal-esketamine", adult(age_years=30.0, earlier=LEVELS)))
    assert own(of) == []
    assert any("no route nasal" in one for one in of.not_predicted)


@pytest.mark.parametrize(
    ("earlier", "code"),
    [
        (Earlier("otto-2021", ()), Refusal.OPTION_MISSING),
        (Earlier("otto-2021", ("10 mg over 30 min",)), Refusal.OPTION_MISSING),
        (Earlier("otto", LEVELS.gives, LEVELS.levels), Refusal.VALUE_NOT_ALLOWED),
        (
            Earlier("simons-2022", LEVELS.gives, LEVELS.levels),
            Refusal.LEVEL_SITE_MISMATCH,
        ),
    ],
)
def test_what_cannot_be_read_stops_the_plan(earlier: Earlier, code: Refusal) -> None:
    assert refusal(ask(REGIMEN, adult(age_years=30.0, earlier=earlier))).refusal is code
