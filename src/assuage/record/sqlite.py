"""The embedded store: one SQLite file, in write-ahead mode, synced at every commit.

SQLite comes with APSW, not with Python: Debian 12's 3.40.1 can corrupt a write-ahead log that two
connections use (sqlite.org/wal.html, "WAL-reset bug"; fixed in 3.51.3), and APSW's virtual file
system lets the tests cut the power under this very code.

What a failed sync means. The pages are marked clean and may not be on the disk, so the next sync
can succeed without having written them. Nothing is retried on that handle: the store is broken
from then on. Opening it again finds that log in memory and takes it for good, so its bytes are
first written over themselves and synced; otherwise a power cut while the log is copied into the
file would leave half a copy and no log.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from assuage.record import chain, migrations
from assuage.record.chain import GENESIS, Head, Row, nameable
from assuage.record.store import Conflict, Secret, StoreFailed, Write
from assuage.refusals import Refusal, Refused

APPLICATION_ID = 0x61737375  # "assu", so that `file` can tell what this is
OLDEST_SQLITE = 3_051_003
BUSY_S = 10
_MAGIC = b"SQLite format 3\0"
BRIEF_S = 0.05  # how long emptying the log, which can be done later, waits for readers
WAIT_S = 0.001  # SQLite's own waits grow to 100 ms, and an unlucky writer waits for many
CHUNK = 1 << 16  # SQLite writes no more than 128 KiB at once
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
_LAST = "SELECT position, hash FROM event ORDER BY position DESC LIMIT 1"
_TIP = "SELECT version, hash FROM event WHERE stream = ? ORDER BY version DESC LIMIT 1"
_ROWS = "SELECT position, stream, version, body, hash FROM event"
_ROW = (int, str, int, bytes, bytes)


class _Log:
    """How long the log is, as SQLite tells at each commit. Its file doesn't get shorter."""

    pages = 0

    def __call__(self, _: apsw.Connection, name: str, pages: int) -> int:  # noqa: ARG002
        self.pages = pages
        return apsw.SQLITE_OK


class SqliteStore:
    """One record in one file. `create` makes it; otherwise a missing file is refused.

    Raises Refused: RECORD_MISSING, RECORD_EXISTS, RECORD_UNREADABLE, RECORD_TOO_NEW,
    FILE_UNWRITABLE. `vfs` names an APSW file system, for tests that break the disk.
    """

    def __init__(self, path: Path, *, create: bool = False, vfs: str | None = None) -> None:
        self.path = path
        self._broken = False
        self._owed = True  # the log may hold what was destroyed, and wasn't emptied since
        self._lock = threading.RLock()
        self._log = _Log()
        self._vfs = vfs or ""
        try:
            _look(path, create)
        except (OSError, ValueError) as error:
            raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=error) from error
        if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
            why = f"SQLite {apsw.sqlite_lib_version()} can corrupt its log; install a newer apsw"
            raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=why)
        held = create and path.exists() and path.stat().st_size > 0
        if create:
            _make_private(path)
        try:
            # The whole path, because SQLite takes ":memory:" and "" for no file at all.
            self._connection = apsw.Connection(str(path.absolute()), vfs=vfs)
        except apsw.Error as error:
            raise self._unreadable(error) from error
        try:
            self._set_up(create)
        except apsw.BusyError as error:
            self._fail(error)
            raise Refused(Refusal.RECORD_BUSY, where=path, seconds=BUSY_S) from error
        except (apsw.Error, StoreFailed) as error:
            self._fail(error)
            if create and held:
                raise Refused(Refusal.RECORD_EXISTS, where=path) from error
            raise self._unreadable(error) from error
        except Refused as refused:
            self._fail(refused)
            raise
        if create:
            _sync_folder(path.parent)

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self.path)

    def _set_up(self, create: bool) -> None:
        connection = self._connection
        connection.set_busy_handler(_wait)
        # A log that failed to reach the disk must not be thrown away by the act of closing.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        of = connection.pragma("application_id")
        held = connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
        if create and held:
            raise Refused(Refusal.RECORD_EXISTS, where=self.path)
        if of != APPLICATION_ID and held:
            raise self._unreadable("it is a file of another program")
        if not (create or held):  # never taken for a new one: events may have stood here
            raise self._unreadable("it is empty; its making was cut off, or it was emptied")
        for pragma in PRAGMAS:
            connection.pragma(*(part.strip() for part in pragma.split("=")))
        if connection.pragma("journal_mode") != "wal":
            raise self._unreadable("its file system can't keep a write-ahead log")
        connection.set_wal_hook(self._log)
        self._renew_log()
        self._migrate(create)
        self._empty_log()  # whoever destroyed a key last may have died before emptying it

    def _renew_log(self) -> None:
        """Write the log's bytes over themselves and sync them, while nobody else can add to it."""
        path = _log_of(self.path)
        if not (path.exists() and path.stat().st_size):
            return
        with self._writing():
            flags = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE
            log = apsw.VFSFile(self._vfs, str(path), [flags, 0])
            try:
                size = log.xFileSize()
                for place in range(0, size, CHUNK):
                    log.xWrite(log.xRead(min(CHUNK, size - place), place), place)
                log.xSync(apsw.SQLITE_SYNC_FULL)
            finally:
                log.xClose()

    def _unreadable(self, why: object) -> Refused:
        return Refused(Refusal.RECORD_UNREADABLE, where=self.path, why=why)

    def _migrate(self, create: bool) -> None:
        steps = migrations.steps("sqlite")
        if self._layout() == len(steps):
            return
        with self._writing() as connection:  # another program may be at it; one gets the lock
            found = self._layout()
            if create and found:
                raise Refused(Refusal.RECORD_EXISTS, where=self.path)
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
        if self._connection.in_transaction:
            raise RuntimeError("nothing can be added while a snapshot is held")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise Refused(Refusal.RECORD_BUSY, where=self.path, seconds=BUSY_S) from error
        except apsw.Error as error:
            raise self._fail(error) from error
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            raise self._fail(error) from error
        finally:
            if not self._broken and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _fail(self, error: Exception) -> StoreFailed:
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
            self._owed |= any(secret.body is None for secret in secrets)
            self._shorten_log()
        return tuple(rows)

    def _shorten_log(self) -> None:
        """Copy a long log into the file. What is in the log is safe already if this fails.

        After a secret was destroyed the log is also emptied, because older pages stand in it.
        """
        try:
            if self._owed:
                self._empty_log()
            elif self._log.pages > LOG_PAGES_MAX:
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except (apsw.BusyError, apsw.LockedError):
            return
        except apsw.Error as error:
            self._fail(error)

    def _empty_log(self) -> None:
        """Copy the log into the file and cut it to nothing. While somebody reads, it stays owed."""
        self._connection.set_busy_handler(_wait_briefly)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._owed = False
        except (apsw.BusyError, apsw.LockedError):
            return
        finally:
            self._connection.set_busy_handler(_wait)

    def _ask(
        self, sql: str, kinds: tuple[type, ...], *values: str | int
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what a query finds, of these kinds, which a damaged file may not hold.

        A name that can't be one is asked of nobody: nothing is.
        """
        if any(isinstance(one, str) and one and not nameable(one) for one in values):
            return
        try:
            for found in self._reader().execute(sql, values):
                if tuple(map(type, found)) != kinds:
                    raise self._unreadable("it holds a row of kinds that no row can have")
                yield found
        except (apsw.Error, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def _reader(self) -> apsw.Connection:
        if self._broken:
            raise Refused(Refusal.RECORD_BROKEN, where=self.path)
        return self._connection

    def read(self, stream: str, after: int = 0) -> Iterator[Row]:
        """Yield the events of one stream after a version, in order."""
        where = " WHERE stream = ? AND version > ? ORDER BY version"
        return map(Row._make, self._ask(_ROWS + where, _ROW, stream, after))

    def read_all(self, after: int = 0) -> Iterator[Row]:
        """Yield every event after a position, in order; one statement is one view."""
        where = " WHERE position > ? ORDER BY position"
        return map(Row._make, self._ask(_ROWS + where, _ROW, after))

    def streams(self, prefix: str = "") -> tuple[tuple[str, int], ...]:
        """Return (stream, last version) of all streams whose name starts so, sorted by name."""
        sql = "SELECT stream, max(version) FROM event WHERE substr(stream, 1, ?) = ? GROUP BY 1"
        return tuple(self._ask(sql + " ORDER BY 1", (str, int), len(prefix), prefix))

    def head(self) -> Head:
        """Return where the record stands."""
        return next((Head(*found) for found in self._ask(_LAST, (int, bytes))), Head())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read events and secrets as they are at one moment; see Store.snapshot."""
        connection = self._reader()
        try:
            connection.execute("BEGIN")
            connection.execute(_LAST).fetchall()  # the moment is that of the first query
        except apsw.Error as error:
            raise self._unreadable(error) from error
        try:
            yield
        finally:
            if not self._broken:
                connection.execute("ROLLBACK")

    def secret(self, kind: str, owner: str) -> bytes | None:
        """Return one secret, or None when there is none or it was destroyed."""
        sql = "SELECT body FROM secret WHERE kind = ? AND owner = ?"
        return next((body for (body,) in self._ask(sql, (bytes,), kind, owner)), None)

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret, sorted by kind and owner."""
        sql = "SELECT kind, owner, body FROM secret ORDER BY kind, owner"
        for found in self._ask(sql, (str, str, bytes)):
            yield Secret(*found)

    def adopt(self, rows: Iterator[Row], secrets: Iterator[Secret]) -> Head:
        """Fill an empty record with checked rows; see Store.adopt."""
        with self._lock, self._writing() as connection:
            held = connection.execute(_LAST).fetchone()
            if held:
                raise Refused(Refusal.RECORD_NOT_EMPTY, where=self.path, events=held[0])
            add = "INSERT INTO event VALUES (?, ?, ?, ?, ?)"
            verdict = chain.verify(chain.passing(rows, lambda row: connection.execute(add, row)))
            if verdict.fault:
                raise Refused(Refusal.CHAIN_BROKEN, fault=verdict.fault)
            for secret in secrets:
                _change(connection, secret)
        return verdict.head

    def close(self) -> None:
        """Let go of the file; whoever is last copies the log in, so that one file is the whole."""
        if self._owed and not self._broken:
            self._shorten_log()
        if not self._broken:
            with suppress(apsw.Error):
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
                self._connection.close()


def _wait(tried: int) -> bool:
    """Wait a moment for the lock; give up after BUSY_S."""
    return _waited(tried, BUSY_S)


def _wait_briefly(tried: int) -> bool:
    return _waited(tried, BRIEF_S)


def _waited(tried: int, limit_s: float) -> bool:
    if not tried * WAIT_S < limit_s:
        return False
    time.sleep(WAIT_S)
    return True


def _change(connection: apsw.Connection, secret: Secret) -> None:
    if secret.body is None:
        sql = "DELETE FROM secret WHERE kind = ? AND owner = ?"
        connection.execute(sql, (secret.kind, secret.owner))
    else:
        sql = "INSERT INTO secret VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = ?3"
        connection.execute(sql, (secret.kind, secret.owner, secret.body))


def _look(path: Path, create: bool) -> None:
    if create and path.exists() and (path.is_dir() or not _may_be_unfinished(path)):
        raise Refused(Refusal.RECORD_EXISTS, where=path)
    if not create and not path.is_file():
        raise Refused(Refusal.RECORD_MISSING, where=path)
    if path.exists() and path.stat().st_size:
        return
    # SQLite deletes the log of an empty or missing file, and the log may be all that is left.
    log = _log_of(path)
    if log.exists() and log.stat().st_size:
        why = f"it is empty or gone, and '{log}' may still hold its events; move both away first"
        raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=why)
    if not create:
        why = "it is empty; its making was cut off, or it was emptied"
        raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=why)


def _log_of(path: Path) -> Path:
    """Return where SQLite keeps the log: beside the file itself, not beside a link to it."""
    return Path(f"{os.path.realpath(path)}-wal")


def _may_be_unfinished(path: Path) -> bool:
    """Whether a file is empty or SQLite's, as one is whose making was cut off."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in (b"", _MAGIC)


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, and the folders for it."""
    private = stat.S_IRUSR | stat.S_IWUSR
    try:
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            _sync_folder(folder.parent)
        path.touch(mode=private)
        path.chmod(private)  # an empty file that was there already keeps its mode otherwise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=why) from error


def _sync_folder(folder: Path) -> None:
    """SQLite syncs the folder for its log but not for the file itself or the folders above."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise Refused(Refusal.FILE_UNWRITABLE, path=folder, why=error.strerror) from error
