"""A record on its way elsewhere: told to a stranger, copied, and checked whole.

A backup is a record in one SQLite file, whichever store it was taken from. It is written beside
its place under a hidden name, checked there, and named when it is whole; it never takes the place
of another file. It holds the patients' wrapped keys and not the site key.
"""

from __future__ import annotations

import json
import os
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import apsw

from assuage.record import chain, events
from assuage.record.chain import Head, Row, Verdict
from assuage.record.events import UnreadableEvent
from assuage.record.recordfile import RecordFile
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, Store, StoreFailed
from assuage.refusals import Refusal, Refused

FORMAT = "assuage-record"
FORMAT_VERSION = 1
BESIDE = ("", "-wal", "-shm", "-journal")  # the files that one SQLite database can consist of


def export(store: Store, out: BinaryIO) -> Head:
    """Write every event as a line of JSON, after a line with the format and the head.

    `body` is the very text that is hashed; personal data in it stays locked. A broken chain is
    written as it is: the reader checks it. Raises Refused (RECORD_UNREADABLE) for bytes that
    aren't text, and OSError when `out` can't be written.
    """
    with store.snapshot():
        head = store.head()
        first = {"format": FORMAT, "version": FORMAT_VERSION}
        out.write(_line({**first, "position": head.position, "hash": head.hash.hex()}))
        for row in store.read_all():
            try:
                body = row.body.decode("utf-8")
            except UnicodeDecodeError as error:
                why = f"event {row.position} isn't text"
                raise Refused(Refusal.RECORD_UNREADABLE, where=store.name, why=why) from error
            out.write(_line({**row._asdict(), "hash": row.hash.hex(), "body": body}))
    return head


def _line(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def export_file(store: Store, path: Path) -> Head:
    """Export into a new file that only its owner can read, whole or not at all.

    Raises Refused: FILE_EXISTS, FILE_UNWRITABLE, RECORD_UNREADABLE.
    """
    with beside(path) as made:
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "wb") as file:
            head = export(store, file)
        sync(made)
        place(made, path)
    return head


def check(store: Store, against: Head | None = None) -> Verdict:
    """Check everything: the chain, an older head, the file's structure, and every event's fields.

    Raises Refused: CHAIN_BROKEN with the first bad event, RECORD_UNREADABLE for a damaged file or
    with the first event that this assuage doesn't know.
    """
    unreadable: list[UnreadableEvent] = []
    with store.snapshot():
        verdict = chain.verify(decoded(store.read_all(), unreadable), against)
    if verdict.fault:
        raise Refused(Refusal.CHAIN_BROKEN, fault=verdict.fault)
    problem: object = next(iter(unreadable), None)
    if isinstance(store, SqliteStore):
        try:
            with RecordFile(store.path) as file:
                problem = file.problem() or problem
        except apsw.Error as error:
            problem = error
    if problem:
        raise Refused(Refusal.RECORD_UNREADABLE, where=store.name, why=problem)
    return verdict


def decoded(rows: Iterable[Row], unreadable: list[UnreadableEvent]) -> Iterator[Row]:
    """Pass the rows on, and note the first that isn't an event known here."""
    for row in rows:
        if not unreadable:
            try:
                events.from_row(row)
            except UnreadableEvent as error:
                unreadable.append(error)
        yield row


def backup(store: Store, path: Path) -> Head:
    """Copy the record as it is at one moment into a new record file; others write on meanwhile.

    Returns the head of the copy. Raises Refused: FILE_EXISTS, FILE_UNWRITABLE, CHAIN_BROKEN,
    RECORD_UNREADABLE; nothing is left at `path` then.
    """
    with beside(path) as made:
        with store.snapshot():
            head = fill(made, store.read_all(), store.secrets())
        place(made, path)
    return head


def fill(made: Path, rows: Iterator[Row], secrets: Iterator[Secret]) -> Head:
    """Make a record in a new file, and check what the disk gives back.

    Raises Refused: FILE_UNWRITABLE, CHAIN_BROKEN.
    """
    try:
        store = SqliteStore(made, create=True)
        try:
            head = store.adopt(rows, secrets)
        finally:
            store.close()
        settle(made)
        sync(made)
        with RecordFile(made) as file:
            verdict = chain.verify(file.read_all())
            problem = file.problem() or verdict.fault
    except StoreFailed as error:
        raise Refused(Refusal.FILE_UNWRITABLE, path=made, why=error.why) from error
    except apsw.Error as error:
        raise Refused(Refusal.FILE_UNWRITABLE, path=made, why=error) from error
    if problem or verdict.head != head:
        why = problem or "the disk gave back something else than was written"
        raise Refused(Refusal.FILE_UNWRITABLE, path=made, why=why)
    return head


def settle(path: Path) -> None:
    """Leave one plain file without a log, which can be read from a read-only disk too."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("fullfsync", "ON")
        connection.pragma("journal_mode", "DELETE")
    finally:
        connection.close()


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a hidden name in the folder of `path`, and clear up what is left under it.

    Raises Refused: FILE_EXISTS when there is something at `path`; FILE_UNWRITABLE when the folder
    is missing, since a disk that isn't mounted must not be mistaken for one, or on any OSError.
    """
    if os.path.lexists(path):
        raise Refused(Refusal.FILE_EXISTS, path=path)
    with hidden(path) as made:
        yield made


@contextmanager
def hidden(path: Path) -> Iterator[Path]:
    """Give a hidden name beside `path`, whatever is at `path`; see `beside`."""
    if not path.parent.is_dir():
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why="its folder isn't there")
    made = path.with_name(f".{path.name[:180]}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        yield made
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=why) from error
    finally:
        for end in BESIDE:
            with suppress(OSError):
                Path(f"{made}{end}").unlink(missing_ok=True)


def place(made: Path, path: Path) -> None:
    """Name a whole file, and never put it over another. Raises Refused (FILE_EXISTS), OSError."""
    try:
        os.link(made, path)  # fails when there is something, whoever put it there just now
    except FileExistsError as error:
        raise Refused(Refusal.FILE_EXISTS, path=path) from error
    except OSError as error:  # a memory stick's file system has no links
        if os.path.lexists(path):
            raise Refused(Refusal.FILE_EXISTS, path=path) from error
        os.replace(made, path)
    made.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file or a folder on the disk before going on. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
