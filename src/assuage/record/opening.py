"""Opens a record by where it is: a PostgreSQL address or the path of a file."""

from __future__ import annotations

from pathlib import Path

from assuage.record.postgres import PostgresStore
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Store

ADDRESSES = ("postgresql://", "postgres://")


def open_store(where: str, *, create: bool = False) -> Store:
    """Return the record at `where`, or make it there with `create`.

    Raises Refused: RECORD_MISSING, RECORD_EXISTS, RECORD_UNREADABLE, RECORD_TOO_NEW, RECORD_BUSY,
    FILE_UNWRITABLE.
    """
    if where.casefold().startswith(ADDRESSES):
        return PostgresStore(where, create=create)
    return SqliteStore(Path(where), create=create)
