"""What the record itself holds of a study's people, against what the study reports.

A protocol may name a column with each person's course in this record. Every instrument that was
planned or filled in for those courses is then an outcome that was collected, whether or not
anybody carried it into the data. Only the names of instruments are read; answers stay locked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assuage.care import course as courses
from assuage.evidence.study.data import Data
from assuage.evidence.study.schema import Protocol
from assuage.record.record import Record
from assuage.refusals import Refusal, Refused


def check(record: Record, protocols: Sequence[Protocol], data: Data) -> None:
    """Refuse data that leave out an instrument of somebody's course.

    `protocols` are all that were locked, the one in force last. Raises Refused: COURSE_UNKNOWN,
    STUDY_OUTCOME_MISSING.
    """
    # A later protocol that no longer names the column doesn't make anybody's course unseen.
    columns = {one.columns.course for one in protocols if one.columns.course is not None}
    reported = {one.instrument for each in protocols for one in each.outcome}
    found: Counter[str] = Counter()
    for column in sorted(columns):
        _there(protocols[-1], data, column)
        for course in sorted({one for one in data.of_person(column) if one is not None}):
            found.update(instruments(courses.of(record, course)))
    missing = sorted(one for one in found if one not in reported)
    if missing:
        told = ", ".join(f"{one} (recorded or planned in {found[one]} courses)" for one in missing)
        raise _missing(protocols[-1], told, "the protocol")


def _there(p: Protocol, data: Data, column: str) -> None:
    if column not in data.texts:
        raise _missing(p, column, data.name)


def _missing(p: Protocol, columns: str, path: str) -> Refused:
    return Refused(Refusal.STUDY_OUTCOME_MISSING, study=p.id, columns=columns, path=path)


def instruments(view: courses.Course) -> set[str]:
    """Return the ids of the instruments that were planned or filled in during a course."""
    planned = view.opened.outcomes if view.opened else ()
    held = (one.told for one in view.outcomes.values())
    return {*planned, *(one.instrument for one in held if one is not None)}
