"""The power is cut anywhere; what was acknowledged is there, and nothing is half there."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from assuage.record.sqlite import SqliteStore
from faults import power
from faults.workload import scratch, settings


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_loses_nothing_that_was_acknowledged(folder: Path, seed: int) -> None:
    of = power.run(folder, seed)
    assert {op.kind for op in of.ops} >= {"create", "write", "truncate", "sync", "delete", "folder"}
    tally = power.cut_often(of, 300, seed, folder)
    assert tally.found == []
    assert (tally.cuts, tally.lost, tally.corrupt) == (300, 0, 0)


def test_every_place_of_a_short_run_is_cut(folder: Path) -> None:
    of = power.run(folder, 50, appends=8)
    tally = power.cut_often(of, len(of.ops) + 1, 50, folder)
    assert tally.found == []


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_after_recovering_from_a_cut_loses_nothing(folder: Path, seed: int) -> None:
    second = power.again(power.run(folder, seed, 25), seed + 100, folder)
    assert second.start
    assert power.cut_often(second, 60, seed, folder).found == []


def test_a_cut_after_a_failed_sync_loses_nothing(folder: Path) -> None:
    tally = power.after_failed_syncs(folder, 3, appends=14, cuts=20)
    assert tally.cuts > 500
    assert tally.found == []


# Canaries: settings and code that are known to lose events must be found to.


def test_the_harness_sees_what_weaker_syncing_loses(folder: Path) -> None:
    normal = power.run(folder, 1, pragmas=settings("NORMAL"))
    tally = power.cut_often(normal, 100, 1, folder)
    assert tally.lost > 0
    off = power.run(folder, 1, pragmas=settings("OFF"))
    tally = power.cut_often(off, 100, 1, folder)
    assert tally.lost > 0
    assert tally.corrupt > 0


def test_the_harness_sees_what_an_unrenewed_log_loses(folder: Path) -> None:
    with patch.object(SqliteStore, "_renew_log", lambda _: None):
        tally = power.after_failed_syncs(folder, 3, appends=14, cuts=20)
    assert tally.corrupt > 0


def test_a_folder_that_is_never_synced_loses_the_record(folder: Path) -> None:
    of = power.run(folder, 2, appends=3)
    unsynced = [op for op in of.ops if op.kind != "folder"]
    cut = power.Run(2, {}, unsynced, of.rows, of.boundaries, of.made_at)
    assert any("gone" in one for one in power.cut_often(cut, 100, 2, folder).found)
