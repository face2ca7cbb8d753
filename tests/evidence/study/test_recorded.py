"""Whatever the record holds of the participants' courses must be among the outcomes.

source: the courses of care/outcomes/treated.py, whose outcomes are PHQ-9 and pain.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assuage.care.outcomes import recording
from assuage.evidence.study.commands import read_for
from assuage.refusals import Refused
from care.outcomes import treated
from care.world import World
from evidence.study import made

COURSE = made.TEXT.replace('participant = "id",', 'participant = "id", course = "course",')
PAIN = COURSE.replace('better = "lower"', 'better = "lower"\ninstrument = "nrs-pain"')
MOOD = made.outcome("mood", "collected") + 'instrument = "phq-9"\n'


def read(w: World, folder: Path, *texts: str, course: str = "c1") -> None:
    told = [row | {"pain": "5", "course": ""} for row in made.rows(4)]
    told[0]["course"] = course
    path = folder / "data.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(told[0]))
        writer.writeheader()
        writer.writerows(told)
    for unblinded in (False, True):
        read_for(w.record, made.locked(*texts, unblinded=unblinded), path, blinded=not unblinded)


def test_an_instrument_of_a_course_is_no_outcome_to_leave_out(tmp_path: Path) -> None:
    w = treated.ready()
    read(w, tmp_path, PAIN + MOOD)
    with pytest.raises(Refused, match=r"STUDY_OUTCOME_MISSING.*phq-9 \(recorded or planned in 1"):
        read(w, tmp_path, PAIN)


def test_what_was_filled_in_counts_though_nobody_planned_it(tmp_path: Path) -> None:
    w = treated.ready()
    answers = {f"q{number}": 1 for number in range(1, 8)}
    new = recording.NewOutcome("gad-7", answers)
    recording.record(w.desk("nia"), "c1", new)
    with pytest.raises(Refused, match=r"STUDY_OUTCOME_MISSING.*gad-7"):
        read(w, tmp_path, PAIN + MOOD)


def test_a_course_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="COURSE_UNKNOWN"):
        read(treated.ready(), tmp_path, PAIN + MOOD, course="c9")


def test_an_amendment_cannot_make_courses_unseen(tmp_path: Path) -> None:
    w = treated.ready()
    later = PAIN.replace(' course = "course",', "")
    with pytest.raises(Refused, match=r"STUDY_OUTCOME_MISSING.*phq-9"):
        read(w, tmp_path, PAIN, later)


def test_without_courses_the_record_is_not_asked(tmp_path: Path) -> None:
    read(treated.ready(), tmp_path, made.TEXT)
