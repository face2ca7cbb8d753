"""Many processes add to one record at once, and each waits its turn or decides anew."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apsw

from assuage.record import chain, sqlite
from assuage.record.chain import Verdict
from assuage.record.opening import ADDRESSES, open_store
from assuage.record.store import Conflict, Store, Write

SHARED = ("register/x/ketamine", "site/1")
BODY_BYTES = 300
BARE = "CREATE TABLE bare (id INTEGER PRIMARY KEY, body {kind} NOT NULL)"


@dataclass(frozen=True)
class Outcome:
    """What the writers did. `lost` and `twice` count events; times are in seconds, sorted."""

    appends: int
    conflicts: int
    lost: int
    twice: int
    verdict: Verdict
    times_s: list[float]


def at_once(work: Callable[..., list[Any]], processes: int, *arguments: object) -> list[list[Any]]:
    """Run `work(k, *arguments)` in so many processes that begin together."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        barrier = manager.Barrier(processes)
        with context.Pool(processes) as pool:
            waiting = [
                pool.apply_async(_together, (barrier, work, k, arguments)) for k in range(processes)
            ]
            return [one.get(600) for one in waiting]


def _together(
    barrier: Any, work: Callable[..., list[Any]], k: int, arguments: tuple[object, ...]
) -> list[Any]:
    barrier.wait(60)
    return work(k, *arguments)


def race(where: str, processes: int, appends: int, per_s: float = 0) -> Outcome:
    """Make a record and let the processes append to it; half go to streams that all write to.

    All together they do `per_s` in a second, at random moments, or as many as they can.
    """
    open_store(where, create=True).close()
    told = [
        one for part in at_once(write, processes, where, appends, per_s / processes) for one in part
    ]
    store = open_store(where)
    try:
        verdict = chain.verify(store.read_all())
        held = Counter(row.body[:20].split(b" ")[0] for row in store.read_all())
    finally:
        store.close()
    due = {b"%d:%d" % (k, n) for k in range(processes) for n in range(appends)}
    return Outcome(
        len(told),
        sum(conflicts for _, conflicts in told),
        len(due - set(held)),
        sum(held.values()) - len(held),
        verdict,
        sorted(seconds for seconds, _ in told),
    )


def write(k: int, where: str, appends: int, per_s: float) -> list[tuple[float, int]]:
    """Append; return for each its time and how often somebody else was first."""
    rng = random.Random(k)
    store = open_store(where)
    known: Counter[str] = Counter()
    told = []
    for n in paced(k, appends, per_s):
        stream = rng.choice((f"session/{k}", f"patient/{k}", *SHARED))
        body = (b"%d:%d " % (k, n)).ljust(BODY_BYTES, b".")
        conflicts = 0
        while (seconds := _tried(store, stream, known, body)) is None:
            conflicts += 1
        told.append((seconds, conflicts))
    store.close()
    return told


def paced(k: int, appends: int, per_s: float) -> Iterator[int]:
    """Count the appends, each when it is due; those that are late aren't waited for."""
    rng = random.Random(-k - 1)
    due = time.perf_counter()
    for n in range(appends):
        if per_s:
            due += rng.expovariate(per_s)
            early = due - time.perf_counter()
            if early > 0:
                time.sleep(early)
        yield n


def _tried(store: Store, stream: str, known: Counter[str], body: bytes) -> float | None:
    for row in store.read(stream, known[stream]):
        known[stream] = row.version
    begun = time.perf_counter()
    try:
        store.append([Write(stream, known[stream], (body,))])
    except Conflict:
        return None
    known[stream] += 1
    return time.perf_counter() - begun


def bare_race(where: str, processes: int, appends: int, per_s: float = 0) -> list[float]:
    """Return the sorted times of as many plain inserts of the same size, as safe as the store's."""
    if where.startswith(ADDRESSES):
        import psycopg

        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(BARE.format(kind="BYTEA").replace("INTEGER", "BIGSERIAL").encode())
        work: Callable[..., list[float]] = bare_postgres
    else:
        bare_connection(where).execute(BARE.format(kind="BLOB"))
        work = bare_sqlite
    parts = at_once(work, processes, where, appends, per_s / processes)
    return sorted(one for part in parts for one in part)


def bare_connection(where: str) -> apsw.Connection:
    connection = apsw.Connection(where)
    connection.set_busy_timeout(sqlite.BUSY_S * 1000)
    for pragma in sqlite.PRAGMAS:
        connection.pragma(*(part.strip() for part in pragma.split("=")))
    connection.pragma("wal_autocheckpoint", sqlite.LOG_PAGES_MAX)
    return connection


def bare_sqlite(k: int, where: str, appends: int, per_s: float) -> list[float]:
    connection = bare_connection(where)
    times = []
    for _ in paced(k, appends, per_s):
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare (body) VALUES (?)", (bytes(BODY_BYTES),))
        connection.execute("COMMIT")
        times.append(time.perf_counter() - begun)
    connection.close()
    return times


def bare_postgres(k: int, where: str, appends: int, per_s: float) -> list[float]:
    import psycopg

    times = []
    with psycopg.connect(where, autocommit=True) as connection:
        for _ in paced(k, appends, per_s):
            begun = time.perf_counter()
            connection.execute("INSERT INTO bare (body) VALUES (%s)", (bytes(BODY_BYTES),))
            times.append(time.perf_counter() - begun)
    return times
