"""Faults between a writer and PostgreSQL: the server dies, the session dies, the line is cut.

A cut line is a proxy that passes whole messages of the protocol and closes both sides when the
n-th from one side comes, before or after passing it on. A sync that fails inside PostgreSQL is its
own affair: it stops, and replays its log when started again.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from assuage.record import chain
from assuage.record.chain import Row
from assuage.record.postgres import PostgresStore
from assuage.record.store import StoreFailed, Write
from assuage.refusals import AssuageError, Refusal, Refused

SOCKET = ".s.PGSQL.5432"


@dataclass
class Attempt:
    """What one writer was told about the appends to its two streams."""

    name: str
    bodies: list[tuple[bytes, bytes]] = field(default_factory=list)
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)
    ended: str = ""

    @property
    def streams(self) -> tuple[str, str]:
        return f"session/{self.name}", f"patient/{self.name}"

    def write(self, url: str, appends: int, at: threading.Event | None = None) -> None:
        """Append so often, or until told that it failed; `at` is set once the first is stored."""
        rng = random.Random(self.name)
        try:
            store = PostgresStore(url)
        except Refused as error:
            self.ended = error.code
            return
        for n in range(appends):
            bodies = rng.randbytes(40), rng.randbytes(rng.choice((10, 300, 9000)))
            self.bodies.append(bodies)
            try:
                store.append(
                    [Write(one, n, (body,)) for one, body in zip(self.streams, bodies, strict=True)]
                )
            except StoreFailed:
                self.ended = "StoreFailed"
                self._see_it_refuse(store)
                return
            except AssuageError as error:
                self.ended = type(error).__name__
                self.wrong.append(f"a broken line was told as {error}")
                return
            self.acknowledged += 1
            if at:
                at.set()
        store.close()

    def _see_it_refuse(self, store: PostgresStore) -> None:
        try:
            store.append([Write("patient/late", 0, (b"too late",))])
        except Refused as error:
            if error.refusal is Refusal.RECORD_BROKEN:
                return
        self.wrong.append("an append isn't refused after a failure")

    def judge(self, store: PostgresStore) -> list[str]:
        """Return what is wrong with what is stored, once nothing is on its way any more."""
        sql = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'assuage' AND pid <> pg_backend_pid()"
        )
        for _ in range(500):  # a cut line's last message may still be worked on
            if not store._connection.execute(sql).fetchall():
                break
            time.sleep(0.01)
        store.append([Write(f"site/{self.name}", 0, (b"after",))])
        found = [[row.body for row in store.read(stream)] for stream in self.streams]
        wrong = list(self.wrong)
        stored = len(found[0])
        if stored < self.acknowledged:
            wrong.append(f"lost {self.acknowledged - stored} of {self.acknowledged}")
        if stored > self.acknowledged + 1 or len(found[1]) != stored:
            wrong.append(f"half an append: {stored} and {len(found[1])}")
        if self.bodies[:stored] != list(zip(*found, strict=False)):
            wrong.append("other bytes are stored")
        return [f"{self.name}: {one}" for one in wrong]


def broken_chain(store: PostgresStore) -> list[str]:
    """Return the fault of the whole chain, if any."""
    rows: list[Row] = list(store.read_all())
    fault = chain.verify(rows).fault
    return [str(fault)] if fault else []


class Proxy:
    """Stands between a client and the server's socket, for one connection.

    `side` is "client" or "server", whose n-th message is the last thing that happens; it is
    passed on when `passed`. `n` 0 never cuts.
    """

    def __init__(self, server: Path, folder: Path, side: str, n: int, passed: bool) -> None:
        self.cut = False
        self._side, self._left, self._passed = side, n, passed
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._path = folder / SOCKET
        self._path.unlink(missing_ok=True)
        self._listener.bind(str(self._path))
        self._listener.listen(1)
        self._server = server / SOCKET
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(str(self._server))
        self._ends = client, upstream
        back = threading.Thread(target=self._pump, args=(upstream, client, "server"), daemon=True)
        back.start()
        self._pump(client, upstream, "client")
        back.join()
        client.close()
        upstream.close()

    def _pump(self, source: socket.socket, sink: socket.socket, side: str) -> None:
        first = side == "client"  # a client's first message has no letter before its length
        try:
            while True:
                head = _exactly(source, 4 if first else 5)
                (length,) = struct.unpack("!i", head[-4:])
                message = head + _exactly(source, length - 4)
                first = False
                if not self._pass(message, sink, side):
                    return
        except OSError:
            return
        finally:
            for end in self._ends:
                _shut(end)

    def _pass(self, message: bytes, sink: socket.socket, side: str) -> bool:
        with self._lock:
            if self.cut:
                return False
            if side == self._side:
                self._left -= 1
                self.cut = self._left == 0
            if not self.cut or self._passed:
                sink.sendall(message)
            return not self.cut

    def close(self) -> None:
        self._listener.close()
        self._path.unlink(missing_ok=True)
        self._threads[0].join(5)


def _exactly(source: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = source.recv(count - len(got))
        if not part:
            raise ConnectionResetError
        got += part
    return got


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@dataclass
class Tally:
    """Every cut and what it showed."""

    cuts: int = 0
    unsure: int = 0
    on_opening: int = 0
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, attempt: Attempt, wrong: list[str]) -> None:
        self.cuts += 1
        self.unsure += attempt.ended == "StoreFailed"
        self.on_opening += attempt.ended.startswith("RECORD_")
        self.acknowledged += attempt.acknowledged
        self.wrong += wrong


def cut_every_message(server: Any, database: str, folder: Path, appends: int) -> Tally:
    """Cut the line at each message of each side, before and after passing it on."""
    tally = Tally()
    judge = PostgresStore(server.url(database))
    url = server.url(database).partition("?")[0] + f"?host={quote(str(folder), safe='')}"
    for side in ("client", "server"):
        for passed in (False, True):
            n, cut = 0, True
            while cut:
                n += 1
                proxy = Proxy(server.folder, folder, side, n, passed)
                attempt = Attempt(f"{side}-{n}-{'after' if passed else 'before'}")
                attempt.write(url, appends)
                proxy.close()
                cut = proxy.cut
                tally.add(attempt, attempt.judge(judge))
    tally.wrong += broken_chain(judge)
    judge.close()
    return tally


def kill_often(server: Any, database: str, kills: int, seed: int, whole: bool) -> Tally:
    """Kill the server, or only the writer's session, at moments drawn from a seed."""
    rng = random.Random(seed)
    tally = Tally()
    for n in range(kills):
        attempt = Attempt(f"{'server' if whole else 'session'}-{seed}-{n}")
        begun = threading.Event()
        told = (server.url(database), 100_000, begun)
        writer = threading.Thread(target=attempt.write, args=told, daemon=True)
        writer.start()
        assert begun.wait(30)
        threading.Event().wait(rng.uniform(0, 0.05))
        if whole:
            server.stop_immediate()
            server.start()
        else:
            _terminate(server.url(database))
        writer.join(30)
        judge = PostgresStore(server.url(database))
        tally.add(attempt, attempt.judge(judge) + broken_chain(judge))
        judge.close()
    return tally


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'assuage' AND pid <> pg_backend_pid()"
        )
