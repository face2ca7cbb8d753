"""Copies of a record: told to a stranger, backed up, checked."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from assuage.record import chain, transfer
from assuage.record.chain import Head
from assuage.record.recordfile import RecordFile
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, Store
from assuage.refusals import Refusal, Refused
from record.helpers import Place, body, some_rows, write

DOC = Path(__file__).parents[2] / "docs" / "how-to" / "record.md"
SECRETS = (Secret("patient-key", "7", b"wrapped"), Secret("site-key", "check", b"sealed"))


@pytest.fixture
def filled(store: Store) -> Store:
    store.adopt(iter(some_rows()), iter(SECRETS))
    return store


def exported(store: Store) -> bytes:
    out = io.BytesIO()
    transfer.export(store, out)
    return out.getvalue()


def recipe() -> str:
    """Return the program that the how-to page gives to a stranger."""
    (code,) = (
        part.removeprefix("python\n")
        for part in DOC.read_text(encoding="utf-8").split("```")
        if part.startswith("python\n")
    )
    return code


def stranger(export: Path) -> subprocess.CompletedProcess[str]:
    """Run the recipe as it stands, with Python alone: none of assuage can be imported."""
    command = [sys.executable, "-I", "-S", "-c", recipe(), str(export)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# An export.


def test_an_export_tells_every_byte(filled: Store) -> None:
    first, *lines = map(json.loads, exported(filled).splitlines())
    head = filled.head()
    assert first == {
        "format": "assuage-record",
        "version": 1,
        "position": head.position,
        "hash": head.hash.hex(),
    }
    told = [
        chain.Row(*(line[name] for name in ("position", "stream", "version")), text, of)
        for line in lines
        for text, of in [(line["body"].encode(), bytes.fromhex(line["hash"]))]
    ]
    assert told == list(filled.read_all())
    assert chain.verify(told, head).fault is None


def test_an_empty_record_can_be_exported(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert transfer.export_file(store, path) == Head()
    assert stranger(path).stdout == f"holds up to {Head()}\n"


def test_a_stranger_can_check_an_export_with_the_recipe(filled: Store, tmp_path: Path) -> None:
    filled.append([write("ünï/1", 0, 'line\nbreak "quoted" \u2028 €')])
    path = tmp_path / "out.jsonl"
    head = transfer.export_file(filled, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ran = stranger(path)
    assert (ran.returncode, ran.stdout) == (0, f"holds up to {head}\n")
    assert len(recipe().splitlines()) <= 20


@pytest.mark.parametrize("change", ["body", "order", "cut", "version", "stream", "hash"])
def test_the_recipe_finds_every_change(change: str, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "r.db", create=True)
    store.adopt(iter(some_rows()), iter(()))
    path = tmp_path / "out.jsonl"
    lines = exported(store).splitlines(keepends=True)
    one = json.loads(lines[5])
    if change == "order":
        lines[5], lines[6] = lines[6], lines[5]
    elif change == "cut":
        lines.pop()
    else:
        changed = {"body": '{"text":"y"}', "version": 9, "stream": "z/1", "hash": "00" * 32}
        lines[5] = json.dumps(one | {change: changed[change]}).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    assert stranger(path).returncode != 0
    store.close()


# A backup.


def test_a_backup_holds_everything(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    assert transfer.backup(filled, path) == filled.head()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with RecordFile(path) as copy:
        assert list(copy.read_all()) == list(filled.read_all())
        assert list(copy.secrets()) == list(filled.secrets()) == sorted(SECRETS, key=_by_name)
        assert copy.head() == filled.head()
    copied = SqliteStore(path)
    copied.append([write("a/1", 4, "it is a record that can be used")])
    copied.close()


def _by_name(secret: Secret) -> tuple[str, str]:
    return secret.kind, secret.owner


def test_a_backup_is_one_file_that_a_read_only_disk_can_hold(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "r.db", create=True)
    store.adopt(iter(some_rows()), iter(SECRETS))
    folder = tmp_path / "stick"
    folder.mkdir()
    transfer.backup(store, folder / "copy.db")
    store.close()
    before = (folder / "copy.db").read_bytes()
    with RecordFile(folder / "copy.db") as copy:
        assert copy.problem() is None
    assert [one.name for one in folder.iterdir()] == ["copy.db"]
    assert (folder / "copy.db").read_bytes() == before


def test_others_write_on_during_a_backup(place: Place, tmp_path: Path) -> None:
    store = place.open(create=True)
    other = place.open()
    store.adopt(iter(some_rows(600)), iter(SECRETS))
    stop, wrote = threading.Event(), []

    def add() -> None:
        while not stop.is_set():
            wrote.extend(other.append([write("w/1", len(wrote), "more")]))

    writer = threading.Thread(target=add)
    writer.start()
    heads = [transfer.backup(store, tmp_path / f"{n}.db") for n in range(5)]
    stop.set()
    writer.join()
    assert len(wrote) > 5
    assert heads[-1].position > heads[0].position >= 600
    for n, head in enumerate(heads):
        with RecordFile(tmp_path / f"{n}.db") as copy:
            assert chain.verify(copy.read_all()).head == head
            assert chain.verify(store.read_all(), against=head).fault is None


def test_nothing_is_ever_overwritten(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("mine")
    for make in (transfer.backup, transfer.export_file):
        with pytest.raises(Refused) as refused:
            make(filled, path)
        assert refused.value.refusal is Refusal.FILE_EXISTS
    assert path.read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "copy.db"
    settle = transfer.settle
    monkeypatch.setattr(transfer, "settle", lambda made: (settle(made), path.write_text("mine")))
    with pytest.raises(Refused) as refused:
        transfer.backup(filled, path)
    assert refused.value.refusal is Refusal.FILE_EXISTS
    assert path.read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


def test_a_disk_that_is_not_mounted_is_no_place_for_a_backup(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        transfer.backup(filled, tmp_path / "stick" / "copy.db")
    assert refused.value.refusal is Refusal.FILE_UNWRITABLE
    assert not (tmp_path / "stick").exists()


def test_a_file_system_without_links_is_served(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert transfer.backup(filled, tmp_path / "copy.db") == filled.head()
    with pytest.raises(Refused):
        transfer.backup(filled, tmp_path / "copy.db")


def failing(monkeypatch: pytest.MonkeyPatch, module: object, name: str, at: int) -> None:
    """Let the call number `at` (from 0) of a function fail, as a bad disk does."""
    real = getattr(module, name)
    calls = iter(range(1000))

    def fails(*given: object, **named: object) -> object:
        if next(calls) == at:
            raise OSError(5, "Input/output error")
        return real(*given, **named)

    monkeypatch.setattr(module, name, fails)


@pytest.mark.parametrize(("name", "at"), [("link", 0), ("fsync", 0), ("fsync", 1), ("fsync", 2)])
def test_a_failing_disk_leaves_no_backup_or_a_whole_one(
    name: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "r.db", create=True)
    store.adopt(iter(some_rows()), iter(SECRETS))
    path = tmp_path / "copy.db"
    failing(monkeypatch, os, name, at)
    if name == "link":
        failing(monkeypatch, os, "replace", 0)
    try:
        transfer.backup(store, path)
    except Refused as refused:
        assert refused.refusal is Refusal.FILE_UNWRITABLE  # noqa: PT017
    else:
        assert name == "fsync"
        assert path.exists()
    if path.exists():
        with RecordFile(path) as copy:
            assert chain.verify(copy.read_all()).head == store.head()
    assert not list(tmp_path.glob(".*"))


def test_a_broken_record_makes_no_backup(place: Place, tmp_path: Path) -> None:
    store = place.open(create=True)
    store.adopt(iter(some_rows()), iter(SECRETS))
    tamper(place)
    with pytest.raises(Refused) as refused:
        transfer.backup(store, tmp_path / "copy.db")
    assert refused.value.refusal is Refusal.CHAIN_BROKEN
    assert "event 4 " in refused.value.sentence
    assert not [one for one in tmp_path.iterdir() if "copy" in one.name]


def tamper(place: Place) -> None:
    forged = place.blob(body("forged"))
    change = f"UPDATE event SET body = {forged} WHERE position = 4"  # noqa: S608
    if place.kind == "sqlite":
        place.raw("DROP TRIGGER event_is_never_changed", change)
    else:
        place.raw("ALTER TABLE event DISABLE TRIGGER event_is_never_changed", change)


# A check.


def test_a_check_names_the_first_bad_event(place: Place) -> None:
    store = place.open(create=True)
    store.adopt(iter(some_rows()), iter(()))
    tamper(place)
    with pytest.raises(Refused) as refused:
        transfer.check(store)
    assert refused.value.refusal is Refusal.CHAIN_BROKEN
    assert "event 4 " in refused.value.sentence


def test_a_check_names_the_first_event_that_it_cannot_read(filled: Store) -> None:
    with pytest.raises(Refused) as refused:
        transfer.check(filled)
    assert refused.value.refusal is Refusal.RECORD_UNREADABLE
    assert "event 1 " in refused.value.sentence


def test_an_empty_record_holds(store: Store) -> None:
    assert transfer.check(store).head == Head()
    with pytest.raises(Refused) as refused:
        transfer.check(store, Head(1, bytes(range(32))))
    assert refused.value.refusal is Refusal.CHAIN_BROKEN


def test_a_damaged_index_is_found(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store = SqliteStore(path, create=True)
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute("UPDATE sqlite_schema SET sql = replace(sql, 'version  INTEGER', 'version  TEXT')")
    raw.close()
    store.append([write("a/1", 0, "x")])
    store.close()
    with RecordFile(path) as file:
        assert file.problem() is not None


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_page_of_rubbish_is_refused_in_one_line(at: float, tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store = SqliteStore(path, create=True)
    store.adopt(iter(some_rows(2000)), iter(SECRETS))
    store.close()
    content = bytearray(path.read_bytes())
    start = int(len(content) * at) // 4096 * 4096
    content[start : start + 4096] = bytes(n % 251 for n in range(4096))
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        transfer.check(SqliteStore(path))
    assert refused.value.refusal in (Refusal.RECORD_UNREADABLE, Refusal.CHAIN_BROKEN)
