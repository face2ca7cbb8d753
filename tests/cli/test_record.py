"""What `assuage record` shows, and how it finds the record and the key."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import apsw
import pytest
from command import module, run

from assuage.cli import opened
from assuage.record import keyring
from assuage.record.chain import Head
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, Write
from assuage.refusals import Refusal, Refused

EVENT = (
    b'{"at":"2026-05-01T09:30:00+00:00","by":{"at":"2026-05-01T09:30:00Z","method":"stated",'
    b'"person":"a","roles":[]},"command":"c","data":{"backup":"0","reason":"r","replaced":"0",'
    b'"set_aside":"","still_erased":[]},"kind":"RecordRestored","kind_version":1,"witness":null}'
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ASSUAGE_RECORD", "ASSUAGE_SITE_KEY", "ASSUAGE_SITE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def path(home: Path) -> Path:
    """Make a record of three events at the place where it is looked for."""
    path = Path(opened.default_record())
    assert opened.init(str(path), opened.default_key()) == home / "config" / "assuage" / "site.key"
    store = SqliteStore(path)
    store.append([Write("record/restores", 0, (EVENT, EVENT, EVENT))])
    store.close()
    return path


def head_of(path: Path) -> Head:
    store = SqliteStore(path)
    head = store.head()
    store.close()
    return head


def tamper(path: Path) -> None:
    raw = apsw.Connection(str(path))
    raw.execute("DROP TRIGGER event_is_never_changed")
    raw.execute("UPDATE event SET body = ? WHERE position = 2", (EVENT.replace(b'"a"', b'"b"'),))
    raw.close()


def test_the_head_alone_is_printed(path: Path) -> None:
    ran = run("record", "head")
    assert (ran.status, ran.out, ran.err) == (0, f"{head_of(path)}\n", "")
    told = {"record": str(path), "head": str(head_of(path))}
    assert run("record", "head", "--json", "--record", str(path)).json == told


def test_a_record_that_holds_is_summed_up(path: Path) -> None:
    ran = run("record", "verify")
    assert ran.status == 0
    assert "3 events in 1 streams" in ran.out
    assert str(head_of(path)) in ran.out
    told = run("record", "verify", "--against", str(head_of(path)), "--json").json
    assert (told["events"], told["streams"], told["against"]) == (3, 1, str(head_of(path)))


def test_a_broken_chain_names_its_first_bad_event(path: Path) -> None:
    tamper(path)
    ran = run("record", "verify")
    assert ran.code == "CHAIN_BROKEN"
    assert "event 2 " in ran.err
    assert run("record", "verify", "--json").json["refusal"]["code"] == "CHAIN_BROKEN"


def test_an_older_head_that_no_longer_holds_is_told(path: Path) -> None:
    other = Head(2, bytes(range(32)))
    assert run("record", "verify", "--against", str(other)).code == "CHAIN_BROKEN"
    assert run("record", "verify", "--against", "9:xyz").code == "HEAD_UNREADABLE"


def test_an_unknown_kind_of_event_is_named(path: Path) -> None:
    store = SqliteStore(path)
    store.append([Write("a/1", 0, (EVENT.replace(b"RecordRestored", b"RecordUnheardOf"),))])
    store.close()
    ran = run("record", "verify")
    assert ran.code == "RECORD_UNREADABLE"
    assert "event 4 " in ran.err


def test_copies_are_made_and_restored(path: Path, home: Path) -> None:
    backup, lines = home / "backup.db", home / "record.jsonl"
    told = {"file": str(backup), "head": str(head_of(path))}
    assert run("record", "backup", str(backup), "--json").json == told
    assert "Wrote" in run("record", "export", "--out", str(lines)).out
    assert len(lines.read_text().splitlines()) == 4
    assert run("record", "backup", str(backup)).code == "FILE_EXISTS"
    assert run("record", "export", "--out", str(lines)).code == "FILE_EXISTS"
    new = str(home / "new.db")
    assert run("record", "restore", str(backup), "--record", new).status == 0
    assert run("record", "verify", "--record", new).status == 0
    assert run("record", "restore", str(backup), "--record", new).code == "RECORD_NOT_EMPTY"


def test_a_loss_is_accepted_by_name(path: Path, home: Path) -> None:
    backup = str(home / "backup.db")
    run("record", "backup", backup)
    store = SqliteStore(path)
    store.append([Write("record/restores", 3, (EVENT,))])
    store.close()
    restore = ("record", "restore", backup, "--replace")
    assert run(*restore).code == "RESTORE_LOSES_EVENTS"
    assert run(*restore, "--accept-loss", "nobody").code == "FIELD_INVALID"
    ran = run(*restore, "--accept-loss", "Dr A: the disk failed", "--json")
    assert ran.json["head"] == str(head_of(path))
    assert Path(ran.json["set_aside"]).is_file()
    ran = run(*restore, "--accept-loss", "Dr A: again")
    assert ran.out.splitlines()[0].startswith("The record that was here is kept as")


def test_a_record_that_is_not_there_says_so(home: Path) -> None:
    for command in ("head", "verify", "backup x.db", "export --out x"):
        assert run("record", *command.split()).code == "RECORD_MISSING"
    assert run("record", "restore", str(home / "none.db")).code == "BACKUP_UNUSABLE"
    assert not (home / "data").exists()


def test_an_address_without_a_server_says_so_without_its_password() -> None:
    address = "postgresql://user:hunter2@/none?host=/nowhere"
    ran = run("record", "head", "--record", address)
    assert ran.code == "RECORD_UNREADABLE"
    assert "hunter2" not in ran.err


def test_the_group_alone_shows_its_help() -> None:
    assert run("record").out == run("record", "--help").out
    assert run("record", "frob").code == "COMMAND_UNREADABLE"


def test_it_runs_as_a_program(path: Path) -> None:
    ran = subprocess.run(module("record", "head"), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, f"{head_of(path)}\n")


# Where the record and the key are.


def test_the_record_is_where_the_environment_says(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert path == home / "data" / "assuage" / "record.db"
    monkeypatch.setenv("ASSUAGE_RECORD", "elsewhere.db")
    assert opened.default_record() == "elsewhere.db"
    monkeypatch.delenv("ASSUAGE_RECORD")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert opened.default_record() == str(Path.home() / ".local/share/assuage/record.db")


def test_a_record_opens_with_its_own_key_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened.opened(None) as record:
        assert record.head() == head_of(path)
    monkeypatch.setenv("ASSUAGE_SITE_KEY", keyring.new_site_key())
    assert refusal_of_opening() is Refusal.SITE_KEY_WRONG
    monkeypatch.delenv("ASSUAGE_SITE_KEY")
    opened.default_key().chmod(0o644)
    assert refusal_of_opening() is Refusal.SITE_KEY_UNSAFE
    opened.default_key().unlink()
    assert refusal_of_opening() is Refusal.SITE_KEY_MISSING


def refusal_of_opening() -> Refusal:
    with pytest.raises(Refused) as refused, opened.opened(None):
        raise AssertionError
    return refused.value.refusal


def test_a_record_is_begun_once(path: Path) -> None:
    key = opened.default_key()
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    before = key.read_bytes()
    with pytest.raises(Refused) as refused:
        opened.init(str(path), key)
    assert refused.value.refusal is Refusal.RECORD_EXISTS
    assert key.read_bytes() == before


def test_a_beginning_that_was_cut_off_is_finished(home: Path) -> None:
    where, key = str(home / "r.db"), home / "keys" / "site.key"
    SqliteStore(Path(where), create=True).close()
    assert opened.init(where, key) == key
    store = SqliteStore(Path(where))
    keyring.Keyring(store, keyring.site_key({}, key)).check()
    assert isinstance(store.secret(keyring.CHECK.kind, keyring.CHECK.owner), bytes)
    store.close()


def test_no_key_file_is_made_when_there_is_a_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = home / "site.key"
    monkeypatch.setenv("ASSUAGE_SITE_KEY", keyring.new_site_key())
    assert opened.init(str(home / "r.db"), key) is None
    assert not key.exists()


def test_a_record_that_was_exchanged_while_it_was_opened_is_opened_anew(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened the old file would write to what nobody reads."""
    other = home / "other.db"
    store = SqliteStore(other, create=True)
    store.append((), (Secret("k", "o", b"the new one"),))
    store.close()
    from assuage.record import opening

    real = opening.open_store

    def slowly(where: str, *, create: bool = False) -> object:
        store = real(where, create=create)
        if other.exists():
            os.replace(other, path)
        return store

    monkeypatch.setattr(opening, "open_store", slowly)
    with opened.opened_store(None) as found:
        assert found.secret("k", "o") == b"the new one"
