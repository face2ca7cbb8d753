"""The embedded store: one SQLite file, in write-ahead mode, synced at every commit.

SQLite comes with APSW, not with Python: Debian 12's 3.40.1 can corrupt a write-ahead log that two
connections use (sqlite.org/wal.html, "WAL-reset bug"; fixed in 3.51.3), and APSW's virtual file
system lets the tests cut the power under this very code.

What a failed sync means. The pages are marked clean and may not be on the disk, so the next sync
can succeed without having written them. Nothing is retried on that handle: the store is broken
from then on. Opening it again copies the log into the file, which writes every page anew.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from assuage.record import chain, migrations
from assuage.record.chain import GENESIS, Head, Row
from assuage.record.store import Conflict, Secret, StoreFailed, Write
from assuage.refusals import Refusal, Refused

APPLICATION_ID = 0x61737375  # "assu", so that `file` can tell what this is
OLDEST_SQLITE = 3_051_003
BUSY_S = 10
LOG_PAGES_MAX = 1000  # the log is copied into the file once it is this long

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 0",  # done below, where a failure is seen
    "secure_delete = ON",  # a destroyed key leaves no copy in a free page
    "cell_size_check = ON",
    "trusted_schema = OFF",
    "foreign_keys = ON",
)
_STORAGE = (apsw.IOError, apsw.FullError, apsw.CorruptError, apsw.NotADBError, apsw.ReadOnlyError)
_LAST = "SELECT position, hash FROM event ORDER BY position DESC LIMIT 1"
_TIP = "SELECT version, hash FROM event WHERE stream = ? ORDER BY version DESC LIMIT 1"
_ROWS = "SELECT position, stream, version, body, hash FROM event"


class SqliteStore:
    """One record in one file. `create` makes it; otherwise a missing file is refused.

    Raises Refused: RECORD_MISSING, RECORD_EXISTS, RECORD_UNREADABLE, RECORD_TOO_NEW,
    FILE_UNWRITABLE. `vfs` names an APSW file system, for tests that break the disk.
    """

    def __init__(self, path: Path, *, create: bool = False, vfs: str | None = None) -> None:
        self.path = path
        self._broken = False
        self._lock = threading.RLock()
        if create and path.exists() and path.stat().st_size:
            raise Refused(Refusal.RECORD_EXISTS, where=path)
        if not create and not path.is_file():
            raise Refused(Refusal.RECORD_MISSING, where=path)
        if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
            why = f"SQLite {apsw.sqlite_lib_version()} can corrupt its log; install a newer apsw"
            raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=why)
        if create:
            _make_private(path)
        try:
            self._connection = apsw.Connection(str(path), vfs=vfs)
            self._set_up()
        except (apsw.Error, StoreFailed) as error:
            raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=error) from error
        if create:
            _sync_folder(path.parent)

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self.path)

    def _set_up(self) -> None:
        connection = self._connection
        connection.set_busy_timeout(BUSY_S * 1000)
        # A log that failed to reach the disk must not be thrown away by the act of closing.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        for pragma in PRAGMAS:
            connection.pragma(*(part.strip() for part in pragma.split("=")))
        self._migrate()
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _migrate(self) -> None:
        steps = migrations.steps("sqlite")
        if self._layout() == len(steps):
            return
        with self._writing() as connection:  # another program may be at it; one gets the lock
            found = self._layout()
            if found > len(steps):
                known = len(steps)
                raise Refused(Refusal.RECORD_TOO_NEW, where=self.path, found=found, known=known)
            for number in range(found, len(steps)):
                connection.execute(steps[number])
                connection.pragma("user_version", number + 1)
            connection.pragma("application_id", APPLICATION_ID)

    def _layout(self) -> int:
        found: int = self._connection.pragma("user_version")
        return found

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """Hold the write lock; commit at the end; on any failure of storage break the store."""
        if self._broken:
            raise Refused(Refusal.RECORD_BROKEN, where=self.path)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise Refused(Refusal.RECORD_BUSY, where=self.path, seconds=BUSY_S) from error
        except _STORAGE as error:
            raise self._fail(error) from error
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except _STORAGE as error:
            raise self._fail(error) from error
        finally:
            if not self._broken and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _fail(self, error: apsw.Error) -> StoreFailed:
        self._broken = True
        with suppress(apsw.Error):
            self._connection.close(force=True)
        return StoreFailed(self.name, error)

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        """Add events and change secrets; see Store.append."""
        with self._lock:
            with self._writing() as connection:
                position, before = connection.execute(_LAST).fetchone() or (0, GENESIS)
                rows: list[Row] = []
                for write in writes:
                    version, previous = connection.execute(_TIP, (write.stream,)).fetchone() or (
                        0,
                        GENESIS,
                    )
                    if version != write.after:
                        raise Conflict(write.stream, write.after, version)
                    for body in write.bodies:
                        position, version = position + 1, version + 1
                        place = (position, write.stream, version)
                        before = previous = chain.link(before, previous, place, body)
                        rows.append(Row(*place, body, before))
                        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows[-1])
                for secret in secrets:
                    _change(connection, secret)
            self._shorten_log()
        return tuple(rows)

    def _shorten_log(self) -> None:
        """Copy a long log into the file. What is in the log is safe already if this fails."""
        try:
            if _size(Path(f"{self.path}-wal")) > LOG_PAGES_MAX * 4096:
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            return
        except apsw.Error as error:
            self._fail(error)

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[Row]:
        try:
            yield from map(Row._make, self._reader().execute(sql, values))
        except apsw.Error as error:
            raise Refused(Refusal.RECORD_UNREADABLE, where=self.path, why=error) from error

    def _reader(self) -> apsw.Connection:
        if self._broken:
            raise Refused(Refusal.RECORD_BROKEN, where=self.path)
        return self._connection

    def read(self, stream: str, after: int = 0) -> Iterator[Row]:
        """Yield the events of one stream after a version, in order."""
        where = " WHERE stream = ? AND version > ? ORDER BY version"
        return self._rows(_ROWS + where, (stream, after))

    def read_all(self, after: int = 0) -> Iterator[Row]:
        """Yield every event after a position, in order; one statement is one view."""
        return self._rows(_ROWS + " WHERE position > ? ORDER BY position", (after,))

    def streams(self, prefix: str = "") -> tuple[tuple[str, int], ...]:
        """Return (stream, last version) of all streams whose name starts so, sorted by name."""
        sql = "SELECT stream, max(version) FROM event WHERE substr(stream, 1, ?) = ? GROUP BY 1"
        found = self._reader().execute(sql + " ORDER BY 1", (len(prefix), prefix))
        return tuple((str(stream), int(version)) for stream, version in found)

    def head(self) -> Head:
        """Return where the record stands."""
        return Head(*(self._reader().execute(_LAST).fetchone() or (0, GENESIS)))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read events and secrets as they are at one moment; see Store.snapshot."""
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")

    def secret(self, kind: str, owner: str) -> bytes | None:
        """Return one secret, or None when there is none or it was destroyed."""
        sql = "SELECT body FROM secret WHERE kind = ? AND owner = ?"
        found = self._reader().execute(sql, (kind, owner)).fetchone()
        return bytes(found[0]) if found else None

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret, sorted by kind and owner."""
        sql = "SELECT kind, owner, body FROM secret ORDER BY kind, owner"
        for kind, owner, body in self._reader().execute(sql):
            yield Secret(kind, owner, bytes(body))

    def adopt(self, rows: Iterator[Row], secrets: Iterator[Secret]) -> Head:
        """Fill an empty record with checked rows; see Store.adopt."""
        with self._lock, self._writing() as connection:
            held = connection.execute(_LAST).fetchone()
            if held:
                raise Refused(Refusal.RECORD_NOT_EMPTY, where=self.path, events=held[0])
            connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows)
            for secret in secrets:
                _change(connection, secret)
            verdict = chain.verify(map(Row._make, connection.execute(_ROWS + " ORDER BY 1")))
            if verdict.fault:
                raise Refused(Refusal.CHAIN_BROKEN, fault=verdict.fault)
        return verdict.head

    def close(self) -> None:
        """Let go of the file; whoever is last copies the log in, so that one file is the whole."""
        if not self._broken:
            with suppress(apsw.Error):
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
                self._connection.close()


def _change(connection: apsw.Connection, secret: Secret) -> None:
    if secret.body is None:
        sql = "DELETE FROM secret WHERE kind = ? AND owner = ?"
        connection.execute(sql, (secret.kind, secret.owner))
    else:
        sql = "INSERT INTO secret VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = ?3"
        connection.execute(sql, (secret.kind, secret.owner, secret.body))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, and the folder for it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=error.strerror) from error


def _sync_folder(folder: Path) -> None:
    """SQLite syncs the folder for its log but not for the file itself."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
