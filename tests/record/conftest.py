"""A PostgreSQL server for this room, and a fresh place for a record in both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assuage.record.store import Store
from postgres_server import PostgresServer
from record.helpers import Place

EMPTY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "DROP SCHEMA IF EXISTS public CASCADE",
    "CREATE SCHEMA public",
)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        running.create("record")
        yield running


@pytest.fixture
def url(server: PostgresServer) -> str:
    """The address of an empty database; emptying one is faster than making one."""
    server.sql("; ".join(EMPTY), "record")
    return server.url("record")


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    place = Place("sqlite", str(tmp_path / "record.sqlite"))
    yield place
    place.close()


@pytest.fixture
def postgres_place(url: str) -> Iterator[Place]:
    place = Place("postgres", url)
    yield place
    place.close()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def store(place: Place) -> Store:
    return place.open(create=True)
