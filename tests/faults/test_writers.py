"""Eight processes write at once; nothing is lost and nothing is there twice, on both stores."""

from pathlib import Path

import pytest

from faults import writers
from postgres_server import PostgresServer


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_eight_processes_lose_and_repeat_nothing(tmp_path: Path, kind: str) -> None:
    if kind == "sqlite":
        found = writers.race(str(tmp_path / "record.db"), 8, 25)
    else:
        with PostgresServer() as server:
            found = writers.race(server.create("race"), 8, 25)
    assert (found.appends, found.lost, found.twice) == (200, 0, 0)
    assert found.verdict.fault is None
    assert found.verdict.events == 200
