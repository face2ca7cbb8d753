"""Places that a record can be in, the same for both stores, and small things to put in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import psycopg

from assuage.record import chain
from assuage.record.chain import GENESIS, Row
from assuage.record.postgres import PostgresStore
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Store, Write

RAW_ERRORS = (apsw.Error, psycopg.Error)


@dataclass
class Place:
    """Where one record is. Every store opened through it is closed when the test ends."""

    kind: str
    where: str
    opened: list[Store] = field(default_factory=list)

    def open(self, *, create: bool = False) -> Store:
        """Open the record, or make it."""
        store: Store
        if self.kind == "sqlite":
            store = SqliteStore(Path(self.where), create=create)
        else:
            store = PostgresStore(self.where, create=create)
        self.opened.append(store)
        return store

    def raw(self, *statements: str) -> list[tuple[Any, ...]]:
        """Do what assuage never would, in one transaction, past the store."""
        found: list[tuple[Any, ...]] = []
        if self.kind == "sqlite":
            connection = apsw.Connection(self.where)
            try:
                with connection:
                    for statement in statements:
                        found = list(connection.execute(statement))
            finally:
                connection.close()
            return found
        with psycopg.connect(self.where) as server:
            for statement in statements:
                cursor = server.execute(statement.encode())
                found = cursor.fetchall() if cursor.description else []
        return found

    def blob(self, value: bytes) -> str:
        """Write bytes as this database's SQL has them."""
        return f"X'{value.hex()}'" if self.kind == "sqlite" else rf"'\x{value.hex()}'"

    def close(self) -> None:
        """Close every store."""
        for store in self.opened:
            store.close()


def body(text: str = "x") -> bytes:
    return json.dumps({"text": text}).encode()


def write(stream: str, after: int, *texts: str) -> Write:
    return Write(stream, after, tuple(map(body, texts)))


def chained(*events: tuple[str, bytes]) -> list[Row]:
    """Return the rows of a record made of (stream, body), worked out apart from any store."""
    rows: list[Row] = []
    tips: dict[str, tuple[int, bytes]] = {}
    before = GENESIS
    for position, (stream, told) in enumerate(events, start=1):
        version, previous = tips.get(stream, (0, GENESIS))
        before = chain.link(before, previous, (position, stream, version + 1), told)
        tips[stream] = (version + 1, before)
        rows.append(Row(position, stream, version + 1, told, before))
    return rows


def some_rows(count: int = 12, streams: Sequence[str] = ("a/1", "b/2", "c/3")) -> list[Row]:
    return chained(*((streams[n % len(streams)], body(str(n))) for n in range(count)))
