"""Where a command finds the record and the site key, and how it opens them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.record.record import Record
    from assuage.record.store import Store


# Where facts are defined. The rooms beside these load printers and charts.
FACTS = (
    "assuage.care.consent",
    "assuage.care.course",
    "assuage.care.outcomes.facts",
    "assuage.care.patient",
    "assuage.care.register.facts",
    "assuage.care.session",
    "assuage.care.site",
    "assuage.evidence.study.facts",
    "assuage.record.restoring",
)


def default_record() -> str:
    """Return where the record is when nobody says: ASSUAGE_RECORD, or the user's data folder."""
    if named := os.environ.get("ASSUAGE_RECORD"):
        return named
    return str(_home("XDG_DATA_HOME", ".local/share") / "assuage" / "record.db")


def default_key() -> Path:
    """Return where the site key's file is unless the environment names a key or another file."""
    return _home("XDG_CONFIG_HOME", ".config") / "assuage" / "site.key"


def _home(variable: str, otherwise: str) -> Path:
    named = os.environ.get(variable, "")
    return Path(named) if Path(named).is_absolute() else Path.home() / otherwise


RecordOption = Annotated[
    str | None,
    typer.Option(
        "--record",
        metavar="FILE|ADDRESS",
        help="The record: a file, or a postgresql:// address. Otherwise ASSUAGE_RECORD names it,"
        " or it is assuage/record.db in the user's data folder.",
    ),
]


@contextmanager
def opened_store(record: str | None) -> Iterator[Store]:
    """Open the store that --record named, and close it. Raises what open_store raises."""
    know_facts()
    store = _standing(record or default_record())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened(record: str | None) -> Iterator[Record]:
    """Open the record that --record named with the site key, and close it.

    Raises Refused: SITE_KEY_MISSING, SITE_KEY_UNSAFE, SITE_KEY_WRONG, and what open_store raises.
    """
    from assuage.record import keyring
    from assuage.record.record import Record

    with opened_store(record) as store:
        keys = keyring.Keyring(store, keyring.site_key(os.environ, default_key()))
        keys.check()
        yield Record(store, keys)


def _standing(where: str) -> Store:
    """Open the record that is at `where` once it is open.

    A restore may exchange the file while it is being opened. Who held the old one by then would
    write to a file that nobody reads; once it is open, a restore is refused.
    """
    from assuage.record.opening import open_store

    while True:
        before = _identity(where)
        store = open_store(where)
        if _identity(where) == before:
            return store
        store.close()


def _identity(where: str) -> tuple[int, int] | None:
    """Return which file a path leads to; None for a server or nothing."""
    with suppress(OSError, ValueError):
        found = os.stat(where)
        return found.st_dev, found.st_ino
    return None


def know_facts() -> None:
    """Load every kind of fact, so that every event can be read; the test walks every module."""
    for name in FACTS:
        importlib.import_module(name)


def init(where: str, key_path: Path) -> Path | None:
    """Make the record at `where`, known by its site key from the start.

    The key is the one that the environment names; otherwise it is in the file `key_path`, which
    is made unless it is there. Returns the path of a key file that was made. An init that was cut
    off is finished. Raises Refused: RECORD_EXISTS, SITE_KEY_UNSAFE, SITE_KEY_MISSING,
    FILE_UNWRITABLE, RECORD_UNREADABLE, RECORD_UNSURE, ...
    """
    from assuage.record import keyring
    from assuage.record.store import StoreFailed

    store = _made(where)
    try:
        named = any(os.environ.get(f"ASSUAGE_SITE_KEY{end}") for end in ("", "_FILE"))
        made = None if named or key_path.exists() else _make_key(key_path)
        keys = keyring.Keyring(store, keyring.site_key(os.environ, key_path))
        store.append((), (keys.founding(),))
    except StoreFailed as error:
        told = {"where": error.where, "why": error.why, "command": "record init"}
        raise Refused(Refusal.RECORD_UNSURE, **told) from error
    finally:
        store.close()
    return made


def _made(where: str) -> Store:
    """Make a record, or open one that was made and never given its key."""
    from assuage.record.chain import Head
    from assuage.record.keyring import CHECK
    from assuage.record.opening import open_store

    try:
        return open_store(where, create=True)
    except Refused as refused:
        if refused.refusal is not Refusal.RECORD_EXISTS or Path(where).is_dir():
            raise
        store = open_store(where)
        if store.head() == Head() and store.secret(CHECK.kind, CHECK.owner) is None:
            return store
        store.close()
        raise


def _make_key(path: Path) -> Path:
    from assuage.record.keyring import new_site_key

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_site_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=why) from error
    return path
