"""Commands on a study: lock its protocol, amend it, and say that the arms are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assuage.care.access import Desk, holdable
from assuage.evidence import extra
from assuage.evidence.study import amended, facts, recorded
from assuage.evidence.study.data import Data
from assuage.evidence.study.data import read as read_data
from assuage.evidence.study.facts import ProtocolLocked, StudyUnblinded
from assuage.evidence.study.protocol import Study, parse
from assuage.record.events import Fact, Recorded
from assuage.record.record import Decision, Record
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.evidence.study.results import Results

LOCK, UNBLIND = "lock-study", "unblind-study"


def lock(desk: Desk, study: Study, *, amends: str = "", reason: str = "") -> tuple[Recorded, ...]:
    """Freeze a protocol; `amends` is the digest, or its first letters, of the one it replaces.

    Raises Refused: ROLE_NOT_PERMITTED, STUDY_LOCKED, STUDY_UNKNOWN, STUDY_AMENDS_OTHER,
    OPTION_MISSING (a reason), FIELD_INVALID (it changes what was locked when the arms were known).
    """
    desk.allow(LOCK)
    id_ = study.protocol.id
    stream = facts.stream(id_)
    if amends and not reason.strip():
        remedy = "say why the protocol changes with --reason"
        raise Refused(Refusal.OPTION_MISSING, what="a reason for the amendment", remedy=remedy)

    def decide() -> Decision:
        view = desk.record.view(facts.Study, stream)
        replaces = _replaced(view, study, amends)
        if view.unblinded is not None:
            amended.check(parse(view.then.protocol, "a lock"), study)
        with holdable():
            locked = ProtocolLocked(
                digest=study.digest,
                protocol=study.text,
                collected=tuple(column for one in study.protocol.outcome for column in one.held_in),
                replaces=replaces,
                reason=reason if replaces else "",
            )
        return Decision({stream: (locked,)})

    return desk.commit(decide)


def _replaced(view: facts.Study, study: Study, amends: str) -> str:
    """Return the digest that a lock replaces, "" for the first."""
    id_ = study.protocol.id
    if not view.locks:
        if amends:
            raise Refused(Refusal.STUDY_UNKNOWN, study=id_, choices="a lock without --amends")
        return ""
    standing = view.in_force.digest
    if study.digest == standing:
        raise Refused(Refusal.STUDY_UNCHANGED, study=id_, digest=standing[:12])
    if not amends:
        raise Refused(Refusal.STUDY_LOCKED, study=id_, digest=standing[:12])
    if len(amends) < 8 or not standing.startswith(amends.lower()):
        raise Refused(Refusal.STUDY_AMENDS_OTHER, study=id_, digest=standing[:12], text=amends[:64])
    return standing


def unblind(desk: Desk, study: str, path: Path) -> tuple[Recorded, ...]:
    """Say that the arms are known now, and which data were complete by then.

    The data must be fit for the report: what it would refuse is refused here, while it can still
    be put right without knowing who was given what. Raises Refused: ROLE_NOT_PERMITTED,
    STUDY_UNKNOWN, STUDY_UNBLINDED, and what `data.read` raises.
    """
    desk.allow(UNBLIND)

    def decide() -> Decision:
        view = facts.of(desk.record, study)
        if view.unblinded is not None:
            raise Refused(Refusal.STUDY_UNBLINDED, study=study)
        data = read_for(desk.record, view, path, blinded=False)
        return Decision({facts.stream(study): (_unblinded(view, data),)})

    return desk.commit(decide)


def report(record: Record, study: str, path: Path) -> Results:
    """Return a study's results on some data; pooled while it is blinded.

    Raises Refused: EXTRA_MISSING, STUDY_UNKNOWN, and what `read_for` raises.
    """
    from assuage.evidence.study.results import work_out

    extra.need("the report of a study", "the report")
    view = facts.of(record, study)
    data = read_for(record, view, path, blinded=view.unblinded is None)
    earlier = facts.earlier(record, view, data.people_digest)
    return work_out(in_force(view), view, data, earlier)


def read_for(record: Record, view: facts.Study, path: Path, *, blinded: bool) -> Data:
    """Read a study's data by its protocol in force, refusing what leaves an outcome out.

    Raises Refused: STUDY_OUTCOME_MISSING, DATA_INVALID, FILE_UNREADABLE, COURSE_UNKNOWN.
    """
    study = in_force(view)
    due = [column for one in view.locks for column in one.collected]
    if view.unblinded is not None:
        due += view.unblinded.columns
    data = read_data(path, study, tuple(dict.fromkeys(due)), blinded=blinded)
    recorded.check(record, [parse(one.protocol, "a lock").protocol for one in view.locks], data)
    return data


def in_force(view: facts.Study) -> Study:
    """Return the protocol that a study's report rests on."""
    locked = view.in_force
    study = parse(locked.protocol, f"the locked protocol {locked.digest[:12]}")
    if study.digest != locked.digest:
        why = f"its text has the digest {study.digest[:12]} and the event says otherwise"
        raise Refused(Refusal.RECORD_UNREADABLE, where="the record", why=why)
    return study


def _unblinded(view: facts.Study, data: Data) -> Fact:
    return StudyUnblinded(
        digest=data.digest,
        file=data.name,
        columns=data.columns,
        rows=data.rows,
        protocol=view.in_force.digest,
        values=tuple(data.values(one) for one in data.columns),
        people=data.people_digest,
    )
