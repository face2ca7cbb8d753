"""What only the embedded store does: the file, its mode, its settings and its refusals."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from assuage.record import migrations, sqlite
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, StoreFailed, Write
from assuage.refusals import Refusal, Refused
from record.helpers import body, write

# What SQLite calls the values that PRAGMAS asks for. source: sqlite.org/pragma.html
IN_FORCE = {
    "journal_mode": "wal",
    "synchronous": 2,
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "wal_autocheckpoint": 0,
    "secure_delete": 1,
    "cell_size_check": 1,
    "trusted_schema": 0,
    "foreign_keys": 1,
    "application_id": sqlite.APPLICATION_ID,
    "user_version": len(migrations.steps("sqlite")),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


def refusal(path: Path, *, create: bool = False) -> Refused:
    with pytest.raises(Refused) as caught:
        SqliteStore(path, create=create)
    return caught.value


def held(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


@pytest.mark.parametrize("create", [True, False])
def test_every_setting_is_in_force(path: Path, create: bool) -> None:
    SqliteStore(path, create=True).close()
    store = SqliteStore(path if not create else path.with_name("new"), create=create)
    found = {name: store._connection.pragma(name) for name in IN_FORCE}
    assert found == IN_FORCE
    assert {one.split(" ")[0] for one in sqlite.PRAGMAS} <= set(IN_FORCE)
    store.close()


def test_only_its_owner_may_read_any_of_its_files(path: Path) -> None:
    before = os.umask(0)
    try:
        store = SqliteStore(path, create=True)
        store.append([write("a/1", 0, "one")])
        files = list(path.parent.iterdir())
    finally:
        os.umask(before)
    assert {one.name for one in files} == {path.name, f"{path.name}-wal", f"{path.name}-shm"}
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    store.close()


def test_an_empty_file_that_was_there_becomes_private(path: Path) -> None:
    path.touch()
    path.chmod(0o666)
    SqliteStore(path, create=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_closed_record_is_one_file(path: Path) -> None:
    one, other = SqliteStore(path, create=True), SqliteStore(path)
    one.append([write("a/1", 0, "one")])
    other.append([write("a/1", 1, "two")])
    one.close()
    assert len(list(path.parent.iterdir())) == 3
    other.close()
    assert list(path.parent.iterdir()) == [path]
    moved = path.rename(path.with_name("elsewhere"))
    again = SqliteStore(moved)
    assert [row.body for row in again.read("a/1")] == [body("one"), body("two")]
    again.close()


def test_a_destroyed_secret_is_nowhere_in_the_files(path: Path) -> None:
    store, keys = SqliteStore(path, create=True), [os.urandom(48) for _ in range(40)]
    for n, key in enumerate(keys):
        store.append([write("a/1", n, "x" * 500)], [Secret("key", f"p/{n}", key)])
    assert all(key in held(path.parent) for key in keys)
    for n in range(0, 40, 2):
        store.append([], [Secret("key", f"p/{n}", None)])
        assert keys[n] not in held(path.parent)  # at once, not only when it is closed
    store.close()
    assert [key in held(path.parent) for key in keys] == [n % 2 == 1 for n in range(40)]


def test_a_replaced_secret_is_gone_after_closing(path: Path) -> None:
    store, old, new = SqliteStore(path, create=True), os.urandom(48), os.urandom(48)
    store.append([], [Secret("key", "a", old)])
    store.append([], [Secret("key", "a", new)])
    store.close()
    assert old not in held(path.parent)
    assert new in held(path.parent)


def test_a_destroyed_secret_waits_for_nobody_who_reads(path: Path, quick: None) -> None:
    """A reader's moment keeps the log; destroying goes on and the log is emptied later."""
    store, other, key = SqliteStore(path, create=True), SqliteStore(path), os.urandom(48)
    store.append([], [Secret("key", "a", key)])
    with other.snapshot():
        store.append([], [Secret("key", "a", None)])
        assert other.secret("key", "a") == key
    assert other.secret("key", "a") is None
    other.close()
    store.close()
    assert key not in held(path.parent)


@pytest.mark.parametrize("then", ["append", "close"])
def test_a_key_destroyed_under_a_reader_goes_once_the_reader_has(path: Path, then: str) -> None:
    store, other, key = SqliteStore(path, create=True), SqliteStore(path), os.urandom(48)
    store.append([], [Secret("key", "a", key)])
    with other.snapshot():
        store.append([], [Secret("key", "a", None)])
        store.append([write("a/1", 0, "one")])
        assert key in held(path.parent)
    if then == "append":
        store.append([write("a/1", 1, "two")])
    else:
        store.close()
    assert key not in held(path.parent)
    other.close()
    store.close()


def test_a_destroyed_key_costs_a_reader_s_wait_no_longer_than_a_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(sqlite.time, "sleep", waited.append)
    store, other = SqliteStore(path, create=True), SqliteStore(path)
    store.append([], [Secret("key", "a", b"x")])
    with other.snapshot():
        store.append([], [Secret("key", "a", None)])
        store.append([write("a/1", 0, "one")])
    assert 0 < sum(waited) <= 2 * sqlite.BRIEF_S + sqlite.WAIT_S
    other.close()
    store.close()


def test_a_key_being_read_while_another_is_destroyed_breaks_nothing(path: Path) -> None:
    store, key = SqliteStore(path, create=True), os.urandom(48)
    store.append([write("a/1", 0, "one", "two")], [Secret("key", "a", key)])
    reading = store.read_all()
    next(reading)
    store.append([], [Secret("key", "a", None)])
    assert len(list(reading)) == 1
    store.append([write("a/1", 2, "three")])
    assert key not in held(path.parent)
    store.close()


CUT_OFF = """
import os, sys
from pathlib import Path
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret
store = SqliteStore(Path(sys.argv[1]))
store._shorten_log = lambda: os._exit(9)
store.append([], [Secret("key", "a", None)])
"""


def test_a_key_whose_destroyer_was_killed_goes_on_opening(path: Path) -> None:
    """Killed after the commit, before the log was emptied."""
    store, key = SqliteStore(path, create=True), os.urandom(48)
    store.append([], [Secret("key", "a", key)])
    reader = apsw.Connection(str(path))  # so that closing doesn't copy the log in
    reader.execute("SELECT 1 FROM event").fetchall()
    store.close()
    ended = subprocess.run([sys.executable, "-c", CUT_OFF, str(path)], check=False, timeout=60)
    assert ended.returncode == 9
    assert key in held(path.parent)
    again = SqliteStore(path)
    assert again.secret("key", "a") is None
    assert key not in held(path.parent)
    again.close()
    reader.close()


def test_the_log_stays_short(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "LOG_PAGES_MAX", 20)
    store = SqliteStore(path, create=True)
    for n in range(60):
        store.append([write("a/1", n, "x" * 3000)])
    assert path.with_name(f"{path.name}-wal").stat().st_size < 40 * 4096
    store.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 1)


def test_a_record_in_use_is_busy_and_then_free(path: Path, quick: None) -> None:
    store, other = SqliteStore(path, create=True), apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Refused) as caught:
        store.append([write("a/1", 0, "one")])
    assert caught.value.refusal is Refusal.RECORD_BUSY
    other.execute("ROLLBACK")
    assert store.append([write("a/1", 0, "one")])[0].position == 1
    other.close()
    store.close()


def test_a_record_is_opened_while_another_writes(path: Path) -> None:
    SqliteStore(path, create=True).close()
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    store = SqliteStore(path)
    assert store.head().position == 0
    other.close()
    store.close()


def test_a_locked_file_is_busy_not_unreadable(path: Path, quick: None) -> None:
    SqliteStore(path, create=True).close()
    other = apsw.Connection(str(path))
    other.pragma("locking_mode", "EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    assert refusal(path).refusal is Refusal.RECORD_BUSY
    other.close()
    SqliteStore(path).close()


def test_insert_or_replace_removes_nothing(path: Path) -> None:
    store = SqliteStore(path, create=True)
    row = store.append([write("a/1", 0, "one")])[0]
    for place in ((1, "a/1", 1), (1, "b/2", 1), (2, "a/1", 1)):
        told = (*place, b"x", bytes(32))
        with pytest.raises(apsw.ConstraintError):
            store._connection.execute("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?)", told)
    assert list(store.read_all()) == [row]
    store.close()


def garbage(path: Path) -> None:
    path.write_bytes(b"this is not a record\n" * 500)


def anothers(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE bookmark (url TEXT)")
    connection.close()


def damaged(path: Path) -> None:
    SqliteStore(path, create=True).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def cut_short(path: Path) -> None:
    SqliteStore(path, create=True).close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("make", [garbage, anothers, damaged, cut_short])
def test_a_file_that_is_no_record_is_refused_and_left_alone(
    path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    before = path.read_bytes()
    found = refusal(path)
    assert found.refusal is Refusal.RECORD_UNREADABLE
    assert str(path) in found.sentence
    assert refusal(path, create=True).refusal is Refusal.RECORD_EXISTS
    assert path.read_bytes() == before


def test_a_missing_record_is_not_made_by_looking(path: Path) -> None:
    assert refusal(path).refusal is Refusal.RECORD_MISSING
    assert refusal(path / "deeper").refusal is Refusal.RECORD_MISSING
    assert list(path.parent.iterdir()) == []


def test_a_folder_is_no_record(path: Path) -> None:
    path.mkdir()
    assert refusal(path).refusal is Refusal.RECORD_MISSING
    assert refusal(path, create=True).refusal is Refusal.RECORD_EXISTS


def test_a_path_through_a_file_is_refused(path: Path) -> None:
    path.touch()
    assert refusal(path / "inside", create=True).refusal is Refusal.FILE_UNWRITABLE


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_path_that_no_file_can_have_is_refused(path: Path, name: str) -> None:
    for create in (True, False):
        found = refusal(path.with_name(name), create=create).refusal
        wanted = {Refusal.RECORD_UNREADABLE, Refusal.FILE_UNWRITABLE, Refusal.RECORD_MISSING}
        assert found in wanted


def test_folders_are_made_for_a_new_record(path: Path) -> None:
    SqliteStore(path / "deep" / "down", create=True).close()
    assert (path / "deep" / "down").is_file()


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory"])
def test_no_name_means_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(Path(name), create=True)
    store.append([write("a/1", 0, "one")])
    store.close()
    again = SqliteStore(tmp_path / name)
    assert again.head().position == 1
    again.close()


AS_ANYBODY = """
import os, sys
from pathlib import Path
from assuage.record.sqlite import SqliteStore
from assuage.refusals import Refused
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    SqliteStore(Path(sys.argv[1]), create=bool(sys.argv[2]))
except Refused as refused:
    print(refused.code)
"""


@pytest.mark.parametrize(
    ("file", "create", "code"),
    [
        ("closed/new", "yes", "FILE_UNWRITABLE"),
        ("closed/folder/new", "yes", "FILE_UNWRITABLE"),
        ("hidden/record", "", "RECORD_UNREADABLE"),
        ("closed/record", "", "RECORD_UNREADABLE"),
    ],
)
def test_what_may_not_be_written_or_read_is_refused(
    tmp_path: Path, file: str, create: str, code: str
) -> None:
    """Root may do anything, so this asks in a process of a user who may not."""
    for name in ("closed", "hidden"):
        SqliteStore(tmp_path / name / "record", create=True).close()
        (tmp_path / name / "record").chmod(0o400)
    (tmp_path / "closed").chmod(0o555)
    (tmp_path / "hidden").chmod(0o000)
    ways = [one for one in (tmp_path, *tmp_path.parents) if one.stat().st_uid == os.geteuid()]
    modes = [(one, stat.S_IMODE(one.stat().st_mode)) for one in ways]
    try:
        for one, mode in modes:
            one.chmod(mode | stat.S_IXOTH)
        done = subprocess.run(
            [sys.executable, "-c", AS_ANYBODY, str(tmp_path / file), create],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    finally:
        for one, mode in modes:
            one.chmod(mode)
        for name in ("closed", "hidden"):
            (tmp_path / name).chmod(0o700)
    assert done.stdout.strip() == code, done.stderr


def test_a_store_that_failed_takes_and_gives_nothing_more(path: Path) -> None:
    store = SqliteStore(path, create=True)
    store.append([write("a/1", 0, "one")])
    with pytest.raises(StoreFailed) as caught, store._writing():
        raise apsw.FullError("FullError: database or disk is full")
    assert caught.value.where == store.name == str(path)
    for use in (
        lambda: store.append([write("a/1", 1, "two")]),
        lambda: list(store.read("a/1")),
        lambda: list(store.read_all()),
        store.head,
        store.streams,
        lambda: store.secret("key", "a"),
        lambda: list(store.secrets()),
        lambda: store.snapshot().__enter__(),
        lambda: store.adopt(iter(()), iter(())),
    ):
        with pytest.raises(Refused) as refused:
            use()
        assert refused.value.refusal is Refusal.RECORD_BROKEN
    store.close()
    again = SqliteStore(path)
    assert again.head().position == 1
    again.close()


def test_damage_inside_the_file_is_one_refusal(path: Path) -> None:
    store = SqliteStore(path, create=True)
    store.append([Write("a/1", 0, (b"x" * 3000,) * 50)])
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: 10 * 4096] + bytes(20 * 4096) + whole[30 * 4096 :])
    hurt = SqliteStore(path)
    with pytest.raises(Refused) as caught:
        list(hurt.read_all())
    assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    hurt.close()


def test_a_file_system_without_a_log_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PRAGMAS", ("journal_mode = DELETE",))
    assert "log" in refusal(path, create=True).sentence


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "OLDEST_SQLITE", 9_999_999)
    assert "newer apsw" in refusal(path, create=True).sentence
    assert not path.exists()


def test_an_emptied_record_is_never_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    store = SqliteStore(path, create=True)
    store.append([Write("a", 0, (b"one",))])
    store.close()
    path.write_bytes(b"")
    assert refusal(path).refusal is Refusal.RECORD_UNREADABLE
    assert "emptied" in refusal(path).sentence
    assert path.read_bytes() == b""


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("gone", ["emptied", "missing"])
def test_the_log_of_a_record_that_is_gone_is_kept(path: Path, gone: str, linked: bool) -> None:
    """SQLite would delete it, and with it events that stand nowhere else."""
    store = SqliteStore(path, create=True)
    store.append([write("a/1", 0, "one")])
    log = path.with_name(f"{path.name}-wal")
    whole = log.read_bytes()
    assert body("one") in whole
    store._fail(StoreFailed("here", "pulled out"))  # lets go without copying the log in
    path.write_bytes(b"")
    if gone == "missing":
        path.unlink()
    log.write_bytes(whole)
    asked = path.with_name("link") if linked else path
    if linked:
        asked.symlink_to(path)
    for create in (True, False) if gone == "emptied" else (True,):
        found = refusal(asked, create=create)
        assert found.refusal is Refusal.RECORD_UNREADABLE
        assert str(log) in found.sentence
        assert log.read_bytes() == whole
    if gone == "missing":
        assert refusal(asked).refusal is Refusal.RECORD_MISSING
        assert not path.exists()
    assert log.read_bytes() == whole


def test_an_empty_database_of_sqlite_is_no_record(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE x (y); DROP TABLE x; VACUUM")
    connection.close()
    assert path.stat().st_size
    assert "emptied" in refusal(path).sentence
