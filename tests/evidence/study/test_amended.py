"""Once the arms are known an amendment adds, marked, and changes nothing.

source: the protocol of made.py.
"""

from __future__ import annotations

import pytest

from assuage.evidence.report.blocks import Heading, Note, Table
from assuage.evidence.study import amended, report
from assuage.evidence.study.tree import tree_of
from assuage.refusals import Refused
from evidence.study import made
from evidence.study.test_methods import drawn
from evidence.study.test_protocol import GRAPH, TWO

HOW = 'how = { method = "mmrm", model = "value ~ arm * visit + baseline * visit" }'
ANCOVA = 'how = { method = "ancova", model = "value ~ arm + baseline" }\n'
BESIDE = '[[analysis]]\nid = "beside"\nestimand = "pain-v1"\nkind = "supplementary"\n' + ANCOVA


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("alpha = 0.05", "alpha = 0.10", "alpha"),
        ("day = 14", "day = 15", "visit"),
        ('events = { rescue = "rescue_day" }', 'events = { rescue = "id_day" }', "columns.events"),
        ('covariates = ["sex"]', "covariates = []", "columns.covariates"),
        ('covariates = ["sex"]', 'covariates = ["sex"], day = "seen"', "columns.day"),
        ('role = "primary"\nbetter = "lower"', 'role = "primary"\nbetter = "higher"', "outcome"),
        ('better = "lower"', 'better = "lower"\nhigh = 9', "outcome.pain"),
        ('"treatment-policy"', '"while-on-treatment"', "estimand.pain-v1"),
        ('measure = "value", visit = "v1"', 'measure = "value", visit = "v2"', "estimand.pain-v1"),
        (" + baseline * visit", "", "analysis.main"),
        ('{ method = "mmrm"', '{ df = "satterthwaite", method = "mmrm"', "analysis.main"),
        ('dissociation = "not collected"', 'dissociation = "pain"', "dissociation"),
    ],
)
def test_what_decides_a_result_stays(old: str, new: str, field: str) -> None:
    text = made.TEXT.replace(old, new)
    if "while-on-treatment" in new:
        text = text.replace(HOW, ANCOVA)
    assert text != made.TEXT
    with pytest.raises(Refused, match="only be added to") as refused:
        amended.check(made.study(), made.study(text))
    assert refused.value.fields["field"].startswith(field)


def test_a_collected_outcome_is_not_made_an_end_point() -> None:
    then = made.study(made.text({"mood": "collected"}))
    with pytest.raises(Refused, match=r"outcome\.mood"):
        amended.check(then, made.study(made.text({"mood": "safety"})))
    with pytest.raises(Refused, match="has the role collected"):
        amended.check(made.study(), made.study(made.text({"mood": "safety"})))
    amended.check(made.study(), made.study(made.text({"mood": "collected"})))


def test_words_may_be_mended_and_analyses_added() -> None:
    mended = made.TEXT.replace("A small study", "A study").replace('"Pain"', '"Pain now"')
    amended.check(made.study(), made.study(mended))
    more = made.study(made.TEXT + BESIDE)
    amended.check(made.study(), more)
    assert amended.added(made.study(), more) == {"beside"}
    assert amended.added(more, more) == set()
    with pytest.raises(Refused):
        amended.check(more, made.study())  # nor may one be taken away


def test_alpha_goes_nowhere_new() -> None:
    then = made.study(TWO + GRAPH)
    amended.check(then, then)
    moved = (TWO + GRAPH).replace("main = 0.5, other = 0.5", "main = 0.9, other = 0.1")
    assert moved != TWO + GRAPH
    with pytest.raises(Refused, match=r"multiplicity\.weights"):
        amended.check(then, made.study(moved))
    passed = TWO + GRAPH + "passes = { main = { other = 1 } }\n"
    with pytest.raises(Refused, match=r"multiplicity\.passes"):
        amended.check(then, made.study(passed))


def test_what_was_added_late_is_marked_and_not_tested() -> None:
    whole = made.TEXT + BESIDE
    before = made.results(made.locked(made.TEXT, whole), drawn())
    after = made.results(made.locked(made.TEXT, whole, unblinded=1), drawn())
    assert [one.id for one in before.answers if one.late] == []
    assert [one.id for one in after.answers if one.late] == ["beside"]
    assert after.decisions == before.decisions
    heads = [one.text for one in report.blocks(after) if isinstance(one, Heading)]
    assert "Asked after the arms were known" in heads
    assert any("AFTER unblinding" in one.text for one in report.blocks(after) if type(one) is Note)
    tables = {one.name: one for one in report.blocks(after) if isinstance(one, Table)}
    assert [row[-1] for row in tables["late"].rows] == ["–"]
    assert len(tables["efficacy"].rows) == 1
    (late,) = [row for row in tables["sensitivity"].rows if "AFTER" in row[1]]
    assert late[-1] == "–"
    told = tree_of(after)["outcomes"][0]["analyses"]
    assert [one["added_after_unblinding"] for one in told] == [False, True]
    assert told[0]["differences"][0]["p"] is not None
    assert told[1]["differences"][0]["p"] is None


def test_a_late_question_does_not_put_the_standard_answer_aside() -> None:
    sleep = made.TEXT + made.outcome("sleep", "safety").replace(
        '"safety"', '"safety"\nbetter = "lower"'
    )
    asked = made.ESTIMAND.replace("pain-v1", "sleep-v1").replace('"pain"', '"sleep"')
    late = (
        sleep + asked + BESIDE.replace("pain-v1", "sleep-v1").replace('"supplementary"', '"main"')
    )
    found = made.results(made.locked(sleep, late, unblinded=1), drawn())
    told = {(one.id, one.late) for one in found.answers if one.outcome == "sleep"}
    assert told == {("standard-sleep", False), ("beside", True)}
    early = made.results(made.locked(sleep, late), drawn())
    assert [(one.id, one.late) for one in early.answers_of("sleep")] == [("beside", False)]
