"""PostgreSQL, or the line to it, dies; nothing is called stored that isn't, and nothing is lost."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from assuage.record.chain import Row
from assuage.record.postgres import PostgresStore
from assuage.record.store import Secret, StoreFailed, Write
from faults import server as drill
from faults.workload import scratch
from postgres_server import PostgresServer


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture
def database(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    name = request.node.name
    PostgresStore(server.create(name), create=True).close()
    return name


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made


def test_a_line_cut_at_any_message(server: PostgresServer, database: str, folder: Path) -> None:
    tally = drill.cut_every_message(server, database, folder, appends=2)
    assert tally.wrong == []
    assert tally.unsure > 20
    assert tally.on_opening > 20


def test_a_server_killed_at_any_moment(server: PostgresServer, database: str) -> None:
    tally = drill.kill_often(server, database, 6, 1, whole=True)
    assert tally.wrong == []
    assert tally.unsure == tally.cuts


def test_a_session_killed_at_any_moment(server: PostgresServer, database: str) -> None:
    tally = drill.kill_often(server, database, 12, 1, whole=False)
    assert tally.wrong == []
    assert tally.unsure == tally.cuts


class Swallows(PostgresStore):
    """Says that it stored what it failed to store."""

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        try:
            return super().append(writes, secrets)
        except StoreFailed:
            return ()


def test_the_drill_sees_a_false_acknowledgement(
    server: PostgresServer, database: str, folder: Path
) -> None:
    with patch.object(drill, "PostgresStore", Swallows):
        assert drill.cut_every_message(server, database, folder, appends=1).wrong
