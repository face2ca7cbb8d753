"""An export is an event, and its files are those that the event names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from assuage.care import consent
from assuage.evidence.registry import export
from assuage.knowledge import library
from assuage.knowledge.schema.registry import TABLES
from care.outcomes.treated import asked, ready, treated
from care.world import World, code

from .sets import made


@pytest.fixture
def w() -> World:
    world = ready()
    asked(world, 20)
    world.clock.go(hours=1)
    treated(world)
    consent.give(world.desk("nia"), "p1", ("registry",), "v1")
    return world


def test_an_export_says_who_when_how_many_and_which_bytes(w: World) -> None:
    held = export.export(w.desk("max"), "registry")
    (event,) = held.events
    ((logged, fact),) = consent.exports(w.record, "north").log
    assert (logged.hash, fact) == (event.hash, held.fact)
    assert (event.by.person, fact.purpose, fact.patients) == ("max", "registry", ("p1",))
    assert fact.rows == 4
    assert fact.digest == export.digest(held.files)
    changed = {**held.files, "people.csv": b"x"}
    assert fact.digest != export.digest(changed)
    assert fact.digest != export.digest({**held.files, "more.csv": b""})


def test_who_may_not_exports_nothing(w: World) -> None:
    head = w.record.head()
    for person in ("nia", "dia", "pia", "aud", "rev"):
        desk = w.desk(person)
        assert code(lambda desk=desk: export.export(desk, "registry")) == "ROLE_NOT_PERMITTED"
    assert code(lambda: export.export(w.desk("max"), "sale")) == "VALUE_NOT_ALLOWED"
    assert code(lambda: export.export(w.desk("max"), "research")) == "EXPORT_EMPTY"
    assert w.record.head() == head


def test_the_same_command_makes_the_same_files_while_it_can(w: World) -> None:
    desk = w.desk("max", command="once")
    first = export.export(desk, "registry")
    again = export.export(desk, "registry")
    assert (first.fact, first.files) == (again.fact, again.files)
    assert len(consent.exports(w.record, "north").log) == 1
    asked(w, 12, at=w.clock.instant)
    assert code(lambda: export.export(desk, "registry")) == "EXPORT_CHANGED"


def test_the_csv_files_say_what_the_json_says() -> None:
    held = made(5, 12)
    files = export.files(held, "e-1")
    whole = json.loads(files[export.WHOLE])
    assert set(files) == {f"{table}.csv" for table in TABLES} | {"dictionary.csv", export.WHOLE}
    for table in TABLES:
        rows = list(csv.DictReader(io.StringIO(files[f"{table}.csv"].decode())))
        assert len(rows) == len(whole["tables"][table]) == len(held.tables[table])
        for row, told in zip(rows, whole["tables"][table], strict=True):
            assert row == {name: text(value) for name, value in told.items()}


def text(value: object) -> str:
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def test_the_dictionary_names_every_field_with_its_source() -> None:
    rows = list(
        csv.DictReader(io.StringIO(export.files(made(5, 3), "e")["dictionary.csv"].decode()))
    )
    assert [(row["table"], row["field"]) for row in rows] == [
        (one.table, one.id) for one in library.registry().field
    ]
    assert {row["source"] for row in rows} <= set(library.sources())
    assert all(row["text"] and row["read"] for row in rows)


def test_a_set_that_is_written_is_read_back_whole(tmp_path: Path) -> None:
    held = made(7, 20)
    for name, body in export.files(held, "e-1").items():
        (tmp_path / name).write_bytes(body)
    assert export.read(tmp_path) == held
    assert export.read(tmp_path / export.WHOLE) == held


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"site": 1}',
        b"\xff",
        b'{"site":"a","purpose":"registry","tables":{}}',
        b'{"site":"a","purpose":"registry","tables":[]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / export.WHOLE).write_bytes(body)
    assert code(lambda: export.read(tmp_path)) == "FILE_UNREADABLE"
    assert code(lambda: export.read(tmp_path / "nothing")) == "FILE_UNREADABLE"


def test_a_set_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    whole: Any = json.loads(export.files(made(7, 6), "e")[export.WHOLE])
    whole["tables"]["people"][0]["sex"] = "Ada Example"
    (tmp_path / export.WHOLE).write_text(json.dumps(whole))
    assert code(lambda: export.read(tmp_path)) == "DATA_INVALID"
    whole["purpose"] = "sale"
    (tmp_path / export.WHOLE).write_text(json.dumps(whole))
    assert code(lambda: export.read(tmp_path)) == "FILE_UNREADABLE"


def test_two_sets_of_one_site_would_count_people_twice() -> None:
    north, south = made(1, 5), made(2, 6, site="south")
    pooled = export.pooled([north, south])
    assert len(pooled.tables["people"]) == 11
    assert pooled.site == "north south"
    assert code(lambda: export.pooled([north, south, north])) == "OPTION_CONFLICT"
