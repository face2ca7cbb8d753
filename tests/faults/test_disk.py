"""Each sync, write, truncate and opening fails in turn; none is ever taken for a success."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import apsw
import pytest

from assuage.record import sqlite
from assuage.record.chain import Row
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, StoreFailed, Write
from faults import disk
from faults.workload import scratch


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fault", disk.FAULTS)
def test_every_single_fault_is_told_and_loses_nothing(folder: Path, fault: str, seed: int) -> None:
    found = disk.sweep(folder, fault, seed, appends=14)
    assert found.wrong == []
    assert found.places > 0


class Swallows(SqliteStore):
    """Says that it stored what it failed to store."""

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        built: list[Row] = []

        def row(*values: object) -> Row:
            built.append(Row(*values))
            return built[-1]

        with patch.object(sqlite, "Row", row):
            try:
                return super().append(writes, secrets)
            except StoreFailed:
                return tuple(built)


class Retries(SqliteStore):
    """Tries a failed sync again on the same handle."""

    def _fail(self, error: Exception) -> StoreFailed:
        return StoreFailed(self.name, error)

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        try:
            return super().append(writes, secrets)
        except StoreFailed:
            return super().append(writes, secrets)


class Forgets(SqliteStore):
    """Goes on after a failure."""

    def _fail(self, error: Exception) -> StoreFailed:
        return StoreFailed(self.name, error)


@pytest.mark.parametrize("kind", [Swallows, Retries, Forgets])
def test_the_harness_sees_a_naive_store(folder: Path, kind: type[SqliteStore]) -> None:
    assert disk.sweep(folder, "sync", 1, 8, kind).wrong


def test_the_harness_sees_a_false_acknowledgement(folder: Path) -> None:
    wrong = disk.sweep(folder, "full until let go", 1, 8, Swallows).wrong
    assert any("lost" in one for one in wrong)


def test_the_harness_sees_a_sync_tried_again(folder: Path) -> None:
    wrong = disk.sweep(folder, "sync", 1, 8, Retries).wrong
    assert any("tried again" in one for one in wrong)


def test_a_log_longer_than_one_write_is_renewed(folder: Path) -> None:
    store = SqliteStore(folder / "record.db", create=True)
    store.append([Write("patient/a", 0, tuple(bytes([n]) * 5000 for n in range(1, 100)))])
    store._connection.close(force=True)
    log = folder / "record.db-wal"
    before = log.read_bytes()
    assert len(before) > 4 * sqlite.CHUNK
    written = []
    real = apsw.VFSFile.xWrite

    class Seen(apsw.VFSFile):
        def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
            written.append((offset, data))
            real(self, data, offset)

    with patch.object(apsw, "VFSFile", Seen):
        store = SqliteStore(folder / "record.db")
    assert b"".join(data for _, data in written) == before
    assert len(list(store.read_all())) == 99
    store.close()


def test_the_log_is_copied_in_when_it_is_long_and_not_at_every_append(folder: Path) -> None:
    store = SqliteStore(folder / "record.db", create=True)
    longest = []
    with patch.object(sqlite, "LOG_PAGES_MAX", 20):
        for n in range(60):
            store.append([Write("patient/a", n, (b"x" * 300,))])
            longest.append(store._log.pages)
    assert max(longest) < 40
    assert sum(one <= 20 for one in longest) > 40
    store.close()
