"""Locking, amending and unblinding, as commands on a record.

source: the protocol of made.py.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assuage.care.access import Desk
from assuage.care.site import PersonEnrolled
from assuage.evidence import extra
from assuage.evidence.study import commands, facts
from assuage.record.events import Signature
from assuage.refusals import Refused
from care.outcomes import treated
from care.world import NORTH, World, code, in_memory
from evidence.study import made

SECOND = made.TEXT.replace("A small study", "A smaller study")


@pytest.fixture
def w() -> World:
    found = in_memory()
    found.found()
    enrolled = PersonEnrolled(person="ines", name="Ines", roles=("investigator",))
    treated.told(found, f"site/{NORTH}", enrolled)
    return found


def desk(w: World, command: str = "") -> Desk:
    now = w.clock.utc_now()
    by = Signature(person="ines", roles=("investigator",), method="test", at=now)
    return Desk(w.record, w.clock, NORTH, by, None, command)


def written(folder: Path) -> Path:
    path = folder / "data.csv"
    with path.open("w", newline="") as file:
        told = made.rows(8)
        writer = csv.DictWriter(file, list(told[0]))
        writer.writeheader()
        writer.writerows(told)
    return path


def test_a_lock_keeps_the_whole_protocol(w: World) -> None:
    commands.lock(desk(w), made.study())
    view = facts.of(w.record, "small")
    assert view.in_force.protocol == made.TEXT
    assert view.in_force.collected == ("pain",)
    assert commands.in_force(view).digest == made.study().digest
    assert view.head == str(w.record.head())


@pytest.mark.parametrize("person", ["nia", "max", "pia"])
def test_only_an_investigator_locks(w: World, person: str) -> None:
    assert code(lambda: commands.lock(w.desk(person), made.study())) == "ROLE_NOT_PERMITTED"


def test_a_command_given_twice_counts_once(w: World) -> None:
    first = commands.lock(desk(w, "lock:1"), made.study())
    again = commands.lock(desk(w, "lock:1"), made.study())
    assert [one.position for one in first] == [one.position for one in again]
    assert len(facts.of(w.record, "small").locks) == 1


def test_of_two_amendments_of_one_protocol_the_second_is_refused(w: World) -> None:
    commands.lock(desk(w), made.study())
    digest = made.study().digest
    commands.lock(desk(w), made.study(SECOND), amends=digest, reason="first")
    third = made.study(made.TEXT.replace("A small study", "A third study"))
    told = code(lambda: commands.lock(desk(w), third, amends=digest, reason="second"))
    assert told == "STUDY_AMENDS_OTHER"
    back = made.study()
    commands.lock(desk(w), back, amends=made.study(SECOND).digest, reason="as it was")
    assert len(facts.of(w.record, "small").locks) == 3


def test_unblinding_names_the_data(w: World, tmp_path: Path) -> None:
    commands.lock(desk(w), made.study())
    path = written(tmp_path)
    assert commands.report(w.record, "small", path).blinded
    commands.unblind(desk(w), "small", path)
    known = facts.of(w.record, "small").unblinded
    assert known is not None
    assert known.columns == tuple(made.rows(1)[0])
    assert known.rows == 24
    assert code(lambda: commands.unblind(desk(w), "small", path)) == "STUDY_UNBLINDED"
    found = commands.report(w.record, "small", path)
    assert (found.blinded, found.deviations) == (False, ())
    lines = [",".join([*one.split(",")[:-1], ""]) for one in path.read_text().splitlines()[1:]]
    path.write_text("\n".join([path.read_text().splitlines()[0], *lines, ""]))
    _, fewer = commands.report(w.record, "small", path).deviations
    assert fewer == "note has 0 values, and had 24 at unblinding."


def test_the_same_people_under_another_protocol_are_known_again(w: World, tmp_path: Path) -> None:
    """Who has seen the arms can't lock a new protocol as if nobody had."""
    path = written(tmp_path)
    again = made.study(made.TEXT.replace('id = "small"', 'id = "again"', 1))
    early = made.study(made.TEXT.replace('id = "small"', 'id = "early"', 1))
    commands.lock(desk(w), made.study())
    commands.lock(desk(w), early)
    commands.unblind(desk(w), "small", path)
    commands.lock(desk(w), again)
    path.write_text(path.read_text() + "\n")  # another digest, the same people
    for study, warned in (("again", True), ("early", False), ("small", False)):
        found = commands.report(w.record, study, path).deviations
        assert any("BEFORE this protocol was locked" in one for one in found) == warned


def test_a_locked_analysis_stays_once_the_arms_are_known(w: World, tmp_path: Path) -> None:
    other = made.study(made.TEXT.replace(" + baseline * visit", ""))
    words = {"amends": made.study().digest, "reason": "it looks better"}
    commands.lock(desk(w), made.study())
    commands.unblind(desk(w), "small", written(tmp_path))
    assert code(lambda: commands.lock(desk(w), other, **words)) == "FIELD_INVALID"
    mended = made.study(SECOND)
    commands.lock(desk(w), mended, **words)
    words["amends"] = mended.digest
    # What counts is what was locked at unblinding, not the last amendment.
    assert code(lambda: commands.lock(desk(w), other, **words)) == "FIELD_INVALID"


def test_data_that_a_report_would_refuse_do_not_unblind(w: World, tmp_path: Path) -> None:
    commands.lock(desk(w), made.study())
    path = written(tmp_path)
    whole = path.read_text()
    for old, new in (("p0,placebo,v1", "p0,drug,v1"), ("\np0,", "\np0")):
        path.write_text(whole.replace(old, new, 1))
        assert code(lambda: commands.unblind(desk(w), "small", path)) == "DATA_INVALID"
    lines = whole.splitlines()
    path.write_text("\n".join([f"{lines[0]},odd", f"{lines[1]},5", f"{lines[2]},five", ""]))
    assert code(lambda: commands.unblind(desk(w), "small", path)) == "DATA_INVALID"
    assert facts.of(w.record, "small").unblinded is None


def test_a_text_that_is_not_the_digests_is_refused(w: World) -> None:
    """The canary: the event of a lock says another digest than its protocol has."""
    wrong = facts.ProtocolLocked(digest="0" * 64, protocol=made.TEXT, collected=("pain",))
    treated.told(w, "study/small", wrong)
    with pytest.raises(Refused, match="RECORD_UNREADABLE"):
        commands.in_force(facts.of(w.record, "small"))


@pytest.mark.parametrize("package", ["scipy", "matplotlib"])
def test_a_missing_package_is_named(
    w: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == package else name)
    with pytest.raises(Refused, match=f"EXTRA_MISSING.*{package}"):
        commands.report(w.record, "small", tmp_path / "none.csv")
