"""A store in memory with a true chain, for a million commands where no disk is under test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from assuage.record import chain
from assuage.record.chain import GENESIS, Head, Row
from assuage.record.store import Conflict, Secret, Write


class MemoryStore:
    """See assuage.record.store.Store."""

    name = "memory"

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.by_stream: defaultdict[str, list[Row]] = defaultdict(list)
        self.held: dict[tuple[str, str], bytes] = {}

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        for write in writes:
            found = len(self.by_stream[write.stream])
            if found != write.after:
                raise Conflict(write.stream, write.after, found)
        added = [self._add(write.stream, body) for write in writes for body in write.bodies]
        for one in secrets:
            if one.body is None:
                self.held.pop((one.kind, one.owner), None)
            else:
                self.held[one.kind, one.owner] = one.body
        return tuple(added)

    def _add(self, stream: str, body: bytes) -> Row:
        rows = self.by_stream[stream]
        place = (len(self.rows) + 1, stream, len(rows) + 1)
        before = self.rows[-1].hash if self.rows else GENESIS
        previous = rows[-1].hash if rows else GENESIS
        row = Row(*place, body, chain.link(before, previous, place, body))
        self.rows.append(row)
        rows.append(row)
        return row

    def read(self, stream: str, after: int = 0) -> Iterator[Row]:
        rows = self.by_stream.get(stream, [])
        return iter(rows[after:] if after < len(rows) else ())

    def read_all(self, after: int = 0) -> Iterator[Row]:
        return iter(self.rows[after:])

    def streams(self, prefix: str = "") -> tuple[tuple[str, int], ...]:
        found = ((name, len(rows)) for name, rows in self.by_stream.items() if rows)
        return tuple(sorted(one for one in found if one[0].startswith(prefix)))

    def head(self) -> Head:
        return Head(self.rows[-1].position, self.rows[-1].hash) if self.rows else Head()

    def secret(self, kind: str, owner: str) -> bytes | None:
        return self.held.get((kind, owner))

    def secrets(self) -> Iterator[Secret]:
        return (Secret(*key, body) for key, body in sorted(self.held.items()))

    def snapshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def adopt(self, _rows: Iterator[Row], _secrets: Iterator[Secret]) -> Head:
        raise AssertionError("nothing is restored here")

    def close(self) -> None:
        return None
