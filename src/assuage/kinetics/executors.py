"""Where blocks of work run: here, in processes of this machine, or on a Dask cluster.

What only one back-end needs is imported by that one: most commands need none of them.

A back-end gives the results in the order of the blocks and keeps few of them in flight, so that
memory doesn't grow with their number. A block is a pure function of its arguments: one that is
run again, since its worker died, gives the same bytes.
"""

from __future__ import annotations

import os
import re
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from concurrent.futures import Future

In = TypeVar("In")
Out = TypeVar("Out")

AHEAD = 2  # blocks in flight for each worker: one that runs, and the next
MOST_DEATHS = 3  # times that the block which is waited for may lose its worker
LOCAL = "local"
PATIENCE_S = 10.0  # how long a cluster may take to answer
_ADDRESS = re.compile(r"(?:(?:tcp|tls|wss?)://)?(?:[^\s/:]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}")
_LOUD = ("client", "core", "nanny", "scheduler", "worker")


class Executor(Protocol):
    """Runs a function on blocks."""

    def map_blocks(self, fn: Callable[[In], Out], blocks: Iterable[In]) -> Iterator[Out]:
        """Yield fn(block) for each block, in their order. Raises what fn raises, or Refused."""


@dataclass(frozen=True)
class Serial:
    """One block after another, here."""

    def map_blocks(self, fn: Callable[[In], Out], blocks: Iterable[In]) -> Iterator[Out]:
        """Yield fn(block) for each block, in their order."""
        return map(fn, blocks)


@dataclass(frozen=True)
class Processes:
    """Processes of this machine, started fresh, so that nothing is inherited by chance.

    A pool breaks as a whole when one of its processes dies. It is then made anew and what was in
    flight runs again; a block that loses its worker MOST_DEATHS times refuses.
    """

    workers: int

    def map_blocks(self, fn: Callable[[In], Out], blocks: Iterable[In]) -> Iterator[Out]:
        """Yield fn(block) for each block, in their order."""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        waiting = iter(blocks)
        flying: deque[In] = deque()
        deaths = 0
        done = False
        while not done:
            pool = ProcessPoolExecutor(
                self.workers, multiprocessing.get_context("spawn"), initializer=_deaf
            )
            try:
                futures = deque(pool.submit(fn, block) for block in flying)
                while _fill(pool.submit, fn, waiting, flying, futures, AHEAD * self.workers):
                    found = futures[0].result()
                    futures.popleft()
                    flying.popleft()
                    deaths = 0
                    yield found
                done = True
            except BrokenProcessPool as error:
                deaths += 1
                if not deaths < MOST_DEATHS:
                    raise _lost(deaths) from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _fill(
    submit: Callable[[Callable[[In], Out], In], Future[Out]],
    fn: Callable[[In], Out],
    waiting: Iterator[In],
    flying: deque[In],
    futures: deque[Future[Out]],
    most: int,
) -> bool:
    """Submit further blocks until `most` are in flight; return whether any is."""
    for block in islice(waiting, most - len(flying)):
        flying.append(block)
        futures.append(submit(fn, block))
    return bool(flying)


def _deaf() -> None:
    """Leave an interrupt to the process that waits; it stops the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _lost(deaths: int) -> Refused:
    return Refused(Refusal.WORKERS_LOST, deaths=deaths)


@dataclass(frozen=True)
class Dask:
    """A Dask cluster: one of this machine with `workers` processes, or a scheduler's address.

    A block whose worker dies runs again on another; one that loses MOST_DEATHS workers refuses.
    """

    address: str = LOCAL
    workers: int = 1

    def map_blocks(self, fn: Callable[[In], Out], blocks: Iterable[In]) -> Iterator[Out]:
        """Yield fn(block) for each block, in their order."""
        with _client(self.address, self.workers) as client:
            from concurrent.futures import CancelledError

            from distributed import KilledWorker

            def submit(fn: Callable[[In], Out], block: In) -> Any:
                return client.submit(fn, block, pure=False)

            threads = sum(client.nthreads().values()) or self.workers
            waiting = iter(blocks)
            flying: deque[In] = deque()
            futures: deque[Any] = deque()
            try:
                while _fill(submit, fn, waiting, flying, futures, AHEAD * threads):
                    found: Out = futures[0].result()
                    futures.popleft().release()
                    flying.popleft()
                    yield found
            except KilledWorker as error:
                raise _lost(error.allowed_failures + 1) from error
            except (CancelledError, OSError) as error:  # the scheduler went away
                raise Refused(Refusal.CLUSTER_UNREACHABLE, address=self.address) from error


@contextmanager
def _client(address: str, workers: int) -> Iterator[Any]:
    """Connect to a cluster, after starting it if it is to be local. Raises Refused."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise Refused(
            Refusal.EXTRA_MISSING,
            what="a cluster",
            package="dask",
            extra="cluster",
            option="--cluster",
        ) from error
    import logging

    for name in _LOUD:  # a lost worker is dealt with here and told once
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    with dask.config.set({"distributed.scheduler.allowed-failures": MOST_DEATHS - 1}):
        if address != LOCAL:
            unreachable = Refused(Refusal.CLUSTER_UNREACHABLE, address=address)
            if not _ADDRESS.fullmatch(address):  # a client that can't read it hangs as it leaves
                raise unreachable
            try:
                client = distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
            except (OSError, ValueError) as error:
                raise unreachable from error
            with client:
                yield client
            return
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # without one, it takes the port that others look at
            scheduler_kwargs={"dashboard": False},
            memory_limit=None,
            silence_logs=logging.CRITICAL,
        )
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
