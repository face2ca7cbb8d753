"""A record file that is looked at and not used: a backup, or a record about to be replaced.

The store in sqlite.py makes a file ready for writing when it opens it. A backup must not be
changed by being read, may lie on a read-only disk, and may be damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import apsw

from assuage.record import migrations
from assuage.record.chain import GENESIS, Head, Row
from assuage.record.sqlite import APPLICATION_ID
from assuage.record.store import Secret
from assuage.refusals import Refusal, Refused

_STRAY = """SELECT 'a row that no record holds' WHERE EXISTS (
  SELECT 1 FROM event WHERE (typeof(position), typeof(stream), typeof(version), typeof(body),
    typeof(hash)) IS NOT ('integer', 'text', 'integer', 'blob', 'blob')
) OR EXISTS (
  SELECT 1 FROM secret
  WHERE (typeof(kind), typeof(owner), typeof(body)) IS NOT ('text', 'text', 'blob')
)"""


class RecordFile:
    """One file, only read. Raises apsw.Error from any method when the file is damaged."""

    def __init__(self, path: Path, connection: apsw.Connection | None = None) -> None:
        self.path = path
        self._connection = connection or _reading(path)

    def __enter__(self) -> RecordFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close(force=True)

    def refuse_other(self) -> None:
        """Refuse (RECORD_UNREADABLE, RECORD_TOO_NEW) what isn't a record that is known here."""
        if self._connection.pragma("application_id") != APPLICATION_ID:
            why = "it isn't a record of assuage"
            raise Refused(Refusal.RECORD_UNREADABLE, where=self.path, why=why)
        found, known = self._connection.pragma("user_version"), len(migrations.steps("sqlite"))
        if found > known:
            raise Refused(Refusal.RECORD_TOO_NEW, where=self.path, found=found, known=known)

    def problem(self) -> str | None:
        """Return what is wrong with the file's structure or the types in it, or None."""
        (found,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone() or ("",)
        if found != "ok":
            return f"its structure is damaged: {found}"
        stray = self._connection.execute(_STRAY).fetchone()
        return f"it holds {stray[0]}" if stray else None

    def read_all(self, after: int = 0) -> Iterator[Row]:
        """Yield every event after a position, in order."""
        sql = "SELECT position, stream, version, body, hash FROM event WHERE position > ?"
        yield from map(Row._make, self._connection.execute(sql + " ORDER BY position", (after,)))

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret, sorted by kind and owner."""
        sql = "SELECT kind, owner, body FROM secret ORDER BY kind, owner"
        for kind, owner, body in self._connection.execute(sql):
            yield Secret(kind, owner, bytes(body))

    def head(self) -> Head:
        """Return where the record stands."""
        sql = "SELECT position, hash FROM event ORDER BY position DESC LIMIT 1"
        return Head(*(self._connection.execute(sql).fetchone() or (0, GENESIS)))

    def holds(self, head: Head) -> bool:
        """Say whether the event that a head names is here; the chain must have been checked."""
        sql = "SELECT hash FROM event WHERE position = ?"
        found = self._connection.execute(sql, (head.position,)).fetchone()
        return head.position == 0 or (found is not None and found[0] == head.hash)


def _reading(path: Path) -> apsw.Connection:
    """Open without a trace: a file with no log beside it is nobody's, so no lock is needed."""
    alone = "&immutable=1" if not Path(f"{path}-wal").exists() else ""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro{alone}", flags=flags)
    connection.set_busy_timeout(10_000)
    connection.pragma("trusted_schema", "OFF")
    return connection
