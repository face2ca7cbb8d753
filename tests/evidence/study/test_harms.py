"""Harms, events and times are counted with denominators.

source: the rows below, counted by hand; R 4.2.2 where it is named.
"""

from __future__ import annotations

import pytest

from assuage.evidence.report.blocks import Note
from assuage.evidence.study import harms, report
from assuage.evidence.study.results import Results
from assuage.evidence.trial.responders import Count, difference
from evidence.study import made
from evidence.study.test_methods import drawn
from evidence.study.test_report import example

SICK = made.outcome("sick", "safety") + 'harm = "yes-no"\n'
FALLS = made.outcome("falls", "collected") + 'harm = "count"\n'
# By person: what was told at the start, visit 1 and visit 2. Odd people had the drug.
TOLD_SICK = {
    "p0": "yes no no",
    "p1": "no yes yes",
    "p2": "no . .",
    "p3": "no no yes",
    "p4": "no yes no",
}
TOLD_FALLS = {"p0": "9 0 1", "p1": "0 2 3", "p3": "0 . 0"}


def study(*, unblinded: bool = True) -> Results:
    told = drawn()
    for row in told:
        place = ("start", "v1", "v2").index(row["visit"])
        for column, held in (("sick", TOLD_SICK), ("falls", TOLD_FALLS)):
            row[column] = held.get(row["id"], ". . .").split()[place]
    columns = 'covariates = ["sex"], drop_out = "why"'
    text = (made.TEXT + SICK + FALLS).replace('covariates = ["sex"]', columns)
    told = [row | {"why": "sick" if row["id"] == "p2" else ""} for row in told]
    return made.results(made.locked(text, unblinded=unblinded), told)


def test_people_are_counted_once_out_of_those_who_were_asked() -> None:
    rows = {(row[0], row[1]): row[2:] for row in harms.harms(study()).rows}
    assert rows["The sick", "Placebo"][:2] == ("1/2 (50 %)", "1 / 4")
    assert rows["The sick", "Drug"][:2] == ("2/2 (100 %)", "3 / 4")
    assert rows["The falls", "Placebo"][:2] == ("1/1 (100 %)", "1 / 2")
    assert rows["The falls", "Drug"][:2] == ("1/2 (50 %)", "5 / 3")
    assert rows["Left: sick", "Placebo"][0] == "1/15 (7 %)"
    assert rows["Left: sick", "Drug"][0] == "0/15 (0 %)"


def test_the_difference_is_treated_less_control() -> None:
    rows = {(row[0], row[1]): row[4] for row in harms.harms(study()).rows}
    found = difference([Count(2, 2)], [Count(1, 2)])
    assert rows["The sick", "Placebo"] == "–"
    assert rows["The sick", "Drug"].startswith("50.0 (")
    assert rows["The sick", "Drug"].endswith(f" to {100 * found.high:.1f})")


def test_blinded_counts_know_no_arm() -> None:
    rows = harms.harms(study(unblinded=False)).rows
    assert {row[1] for row in rows} == {"all arms together"}
    assert rows[0][2:] == ("3/4 (75 %)", "4 / 8", "–")


def test_a_study_without_harms_says_so() -> None:
    found = made.results(made.locked(made.TEXT), drawn())
    said = [one.text for one in report.blocks(found) if isinstance(one, Note) and one.loud]
    assert any("HARMS WERE NOT COLLECTED" in one for one in said)
    said = [one.text for one in report.blocks(study()) if isinstance(one, Note) and one.loud]
    assert not any("HARMS WERE NOT COLLECTED" in one for one in said)


def test_every_event_column_is_in_the_report() -> None:
    """A day of anything can stand there; it isn't hidden because no estimand asks for it."""
    column = 'events = { rescue = "rescue_day", "left the ward" = "ward_day" }'
    text = made.TEXT.replace('events = { rescue = "rescue_day" }', column)
    told = [row | {"ward_day": "3" if row["id"] in ("p1", "p2") else ""} for row in drawn()]
    table = harms.events(made.results(made.locked(text), told))
    rows = {(row[0], row[1]): row[2:] for row in table.rows}
    assert rows["left the ward", "Drug"] == ("1/15 (7 %)", "3 (3 to 3)", "NO estimand")
    assert rows["rescue", "Drug"] == ("0/15 (0 %)", "–", "pain-v1")


def test_visits_were_held_on_days() -> None:
    text = made.TEXT.replace('covariates = ["sex"]', 'covariates = ["sex"], day = "seen"')
    told = [row | {"seen": str(place % 3 * 8 + place // 80)} for place, row in enumerate(drawn())]
    rows = harms.timing(made.results(made.locked(text), told)).rows
    assert rows[1] == ("Visit 1", "7", "30", "8 (8 to 9)")
    assert harms.timing(made.results(made.locked(made.TEXT), drawn())).rows == ()


@pytest.mark.parametrize(
    ("arm", "events", "median"),
    [("Placebo", "26/30 (87 %)", "14 (11 to 22)"), ("Ketamine", "28/30 (93 %)", "30 (16 to 54)")],
)
def test_a_time_is_described_by_its_events(arm: str, events: str, median: str) -> None:
    """source: R 4.2.2, survival::survfit(Surv(relapse_day, relapsed) ~ arm, conf.type = "log-log")
    on examples/studies/crps-mood.csv."""
    outcome = example().study.protocol.outcome_of("relapse")
    rows = {row[0]: row[1:] for row in harms.times(example(), outcome, "x").rows}
    assert rows[arm][0] == events
    assert rows[arm][-1] == median
