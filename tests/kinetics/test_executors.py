"""Serial = processes = Dask = either with a worker killed in the middle, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from streamed import BLOCK, CHUNK, PATIENTS, deadly, refuses, tally_or_die, task

from assuage.kinetics import executors
from assuage.kinetics.executors import Dask, Executor, Processes, Serial
from assuage.kinetics.stream import run
from assuage.kinetics.tally import Tally, empty
from assuage.refusals import Refused

BLOCKS = [(first, min(BLOCK, PATIENTS - first)) for first in range(0, PATIENTS, BLOCK)]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A cluster of two processes that somebody else started."""
    with executors._client(executors.LOCAL, 2) as client:
        yield client.scheduler_info()["address"]


@pytest.fixture(scope="module")
def expected() -> Tally:
    return run(task(), PATIENTS, Serial(), chunk=CHUNK)


def with_a_kill(executor: Executor, folder: Path) -> Tally:
    """Run the population while one worker is killed, and see that it really was."""
    found = empty(task().shape)
    for part in executor.map_blocks(partial(tally_or_die, str(folder), task()), BLOCKS):
        found = found.merged(part)
    killed = int((folder / "killed").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    lines = [line.split() for line in (folder / "workers").read_text().splitlines()]
    tries = [int(pid) for pid, first in lines if int(first) == 3 * BLOCK]
    assert tries[0] == killed
    assert len(set(tries)) >= 2  # the block ran again, in another process
    assert os.getpid() not in {int(pid) for pid, _ in lines}
    return found


def test_processes_give_the_same_bytes(expected: Tally) -> None:
    assert run(task(), PATIENTS, Processes(2), chunk=50, block=123).equals(expected)


def test_processes_survive_the_death_of_one(expected: Tally, tmp_path: Path) -> None:
    assert with_a_kill(Processes(2), tmp_path).equals(expected)


def test_a_cluster_of_this_machine_survives_the_death_of_a_worker(
    expected: Tally, tmp_path: Path
) -> None:
    assert with_a_kill(Dask(workers=2), tmp_path).equals(expected)


def test_a_cluster_elsewhere_gives_the_same_bytes(expected: Tally, scheduler: str) -> None:
    assert run(task(), PATIENTS, Dask(scheduler), chunk=50, block=123).equals(expected)


def test_a_cluster_elsewhere_survives_too(expected: Tally, scheduler: str, tmp_path: Path) -> None:
    assert with_a_kill(Dask(scheduler), tmp_path).equals(expected)


def test_a_cluster_of_this_machine_listens_to_no_other(scheduler: str) -> None:
    mine = psutil.Process()
    listening = {
        one.laddr.ip
        for process in (mine, *mine.children(recursive=True))
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert scheduler.startswith("tcp://127.0.0.1:")
    assert listening == {"127.0.0.1"}


@pytest.mark.parametrize("back_end", ["processes", "dask"])
def test_a_block_that_kills_every_worker_refuses(back_end: str, scheduler: str) -> None:
    executor = Processes(1) if back_end == "processes" else Dask(scheduler)
    with pytest.raises(Refused) as refused:
        list(executor.map_blocks(deadly, range(1)))
    assert refused.value.code == "WORKERS_LOST"


@pytest.mark.parametrize("back_end", ["serial", "processes", "dask"])
def test_what_a_block_raises_arrives(back_end: str, scheduler: str) -> None:
    executor = {"serial": Serial(), "processes": Processes(1), "dask": Dask(scheduler)}[back_end]
    found = executor.map_blocks(refuses, range(9))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ValueError, match="not a level"):
        next(found)


def test_few_blocks_are_in_flight() -> None:
    taken: list[int] = []

    def blocks() -> Iterator[int]:
        for block in range(50):
            taken.append(block)
            yield block

    found = Processes(1).map_blocks(abs, blocks())
    assert next(found) == 0
    assert len(taken) <= executors.AHEAD + 1
    assert list(found) == list(range(1, 50))


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "nonsense://", "tcp://127.0.0.1", "x", ""]
)
def test_a_cluster_that_does_not_answer_refuses(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "PATIENCE_S", 1.0)
    with pytest.raises(Refused) as refused:
        list(Dask(address).map_blocks(abs, range(3)))
    assert refused.value.code == "CLUSTER_UNREACHABLE"


def test_a_scheduler_that_goes_away_refuses() -> None:
    import distributed

    with distributed.LocalCluster(
        n_workers=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        found = Dask(cluster.scheduler_address).map_blocks(abs, iter(range(10**9)))
        assert next(found) == 0
        cluster.close()
        with pytest.raises(Refused) as refused:
            list(found)
    assert refused.value.code == "CLUSTER_UNREACHABLE"


def test_without_dask_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(Refused, match=r"assuage\[cluster\]") as refused:
        list(Dask().map_blocks(abs, range(3)))
    assert refused.value.code == "EXTRA_MISSING"


def test_there_is_a_core() -> None:
    assert executors.cores() >= 1
