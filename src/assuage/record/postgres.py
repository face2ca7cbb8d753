"""The store for several sites: one PostgreSQL database.

Writers take turns: each holds one advisory lock from before the head is read until its commit is
on the server's disk, so positions have no gaps and become visible in their order. All of that is
one call of a function in the server, so that nobody waits for another client's line. Readers hold
no lock and no long transaction: what lies below a head that was seen is never changed.

A writer that falls silent while it holds the lock (a suspended laptop, a cut cable) is cut off by
the server, and its transaction with it, so that it can't stop the other sites.

What erasure means here. A destroyed key's row is dead at once and overwritten by the server's
vacuum; write-ahead logs and backups keep it, wrapped by the site key, until they are gone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from assuage.record import chain, migrations
from assuage.record.chain import Head, Row, nameable
from assuage.record.store import Conflict, Secret, StoreFailed, Write
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    import psycopg

LOCK = 0x61737375  # "assu"; writers and migrations take it
MOVED_ON = "AS001"  # how add_events says that a stream isn't where its writer read it
OLDEST_SERVER = 15
BUSY_S = 10
PAGE = 500  # events fetched at once

# What a connection is made with unless its address says otherwise. A server that can't be
# reached is given up after these times instead of the quarter of an hour that TCP takes.
_CONNECTION = {
    "application_name": "assuage",
    "connect_timeout": BUSY_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SESSION = (
    "SET synchronous_commit = on",
    "SET search_path = public, pg_temp",
    # Otherwise a writer's view would be as old as its wait for the lock.
    "SET default_transaction_isolation = 'read committed'",
    "SET statement_timeout = 0",
    f"SET lock_timeout = '{BUSY_S}s'",
    f"SET idle_in_transaction_session_timeout = '{BUSY_S}s'",
    "SET client_min_messages = warning",
)
# A server set otherwise may lose what it acknowledged.
_NEEDED = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
}
_LAST = "SELECT position, hash FROM event ORDER BY position DESC LIMIT 1"
_ROWS = "SELECT position, stream, version, body, hash FROM event"
_ADD = (
    "SELECT place, nth, link"
    " FROM public.add_events(%s::text[], %s::bigint[], %s::integer[], %s::bytea[])"
)
_LAYOUT_TABLE = "CREATE TABLE layout (step INTEGER NOT NULL)"


class PostgresStore:
    """One record in one database. `create` makes it there; otherwise a missing one is refused.

    The database itself must exist, be empty of anything else and belong to the user in the
    address. Raises Refused: RECORD_MISSING, RECORD_EXISTS, RECORD_UNREADABLE, RECORD_TOO_NEW,
    RECORD_BUSY.
    """

    def __init__(self, url: str, *, create: bool = False) -> None:
        self._lock = threading.RLock()
        self._broken = False
        self._pg = _driver()
        told = self._address(url)
        self.name = _without_password(told)
        try:
            self._connection = self._connect(told)
        except self._pg.Error as error:
            raise self._unreadable(_told(error)) from error
        try:
            self._set_up(create)
        except self._pg.errors.LockNotAvailable as error:
            self.close()
            raise Refused(Refusal.RECORD_BUSY, where=self.name, seconds=BUSY_S) from error
        except self._pg.Error as error:
            self.close()
            raise self._unreadable(_told(error)) from error
        except Refused:
            self.close()
            raise

    def _address(self, url: str) -> dict[str, Any]:
        try:
            told: dict[str, Any] = self._pg.conninfo.conninfo_to_dict(url)
        except self._pg.Error:
            why = "its address isn't one that PostgreSQL's programs can read"
            where = "postgresql://"  # what is wrong with it may stand beside the password, or be it
            raise Refused(Refusal.RECORD_UNREADABLE, where=where, why=why) from None
        return told

    def _connect(self, told: dict[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
        whole = _CONNECTION | told | {"client_encoding": "UTF8"}
        connection: psycopg.Connection[tuple[Any, ...]]
        connection = self._pg.connect(**whole, autocommit=True)
        return connection

    def _unreadable(self, why: object) -> Refused:
        return Refused(Refusal.RECORD_UNREADABLE, where=self.name, why=why)

    def _set_up(self, create: bool) -> None:
        connection = self._connection
        version = connection.info.server_version // 10_000
        if not (version >= OLDEST_SERVER):
            why = f"the server is PostgreSQL {version}, older than {OLDEST_SERVER}"
            raise self._unreadable(why)
        for statement in _SESSION:
            connection.execute(statement)
        for setting, needed in _NEEDED.items():
            ((found,),) = connection.execute(f"SHOW {setting}").fetchall()
            if found != needed:
                raise self._unreadable(f"the server has {setting} = {found}, not {needed}")
        self._migrate(create)

    def _migrate(self, create: bool) -> None:
        steps = migrations.steps("postgres")
        found = self._layout()
        if create or found != len(steps):
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                found = self._layout()
                if create and found:
                    raise Refused(Refusal.RECORD_EXISTS, where=self.name)
                if not (create or found):
                    raise Refused(Refusal.RECORD_MISSING, where=self.name)
                if found > len(steps):
                    told = {"where": self.name, "found": found, "known": len(steps)}
                    raise Refused(Refusal.RECORD_TOO_NEW, **told)
                if create:
                    self._connection.execute(_LAYOUT_TABLE)
                    self._connection.execute("INSERT INTO layout VALUES (0)")
                for step in steps[found:]:
                    self._connection.execute(step.encode())
                self._connection.execute("UPDATE layout SET step = %s", (len(steps),))

    def _layout(self) -> int:
        """Return the number of the last step taken, or 0 where there is no record."""
        # Asked of the table of tables, not of to_regclass, whose memory may be older than the lock.
        sql = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'layout'"
        if not self._connection.execute(sql).fetchall():
            return 0
        found = self._connection.execute("SELECT step FROM public.layout").fetchall()
        if len(found) != 1:
            raise self._unreadable("its table 'layout' isn't one that assuage made")
        return int(found[0][0])

    def _held(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._broken:
            raise Refused(Refusal.RECORD_BROKEN, where=self.name)
        return self._connection

    def _break(self) -> None:
        self._broken = True
        with suppress(self._pg.Error):
            self._connection.close()

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        """Add events and change secrets; see Store.append."""
        told = (
            [one.stream for one in writes],
            [one.after for one in writes],
            [len(one.bodies) for one in writes],
            [body for one in writes for body in one.bodies],
        )
        # Without secrets the one call is the whole transaction, and the lock is held for no more
        # than the server's own work.
        with (
            self._lock,
            self._adding(alone=not secrets) as connection,
            connection.cursor(binary=True) as cursor,
        ):
            found = cursor.execute(_ADD, told).fetchall()
            for secret in secrets:
                _change(cursor, secret)
        each = [(one.stream, body) for one in writes for body in one.bodies]
        return tuple(
            Row(place, stream, version, body, link)
            for (place, version, link), (stream, body) in zip(found, each, strict=True)
        )

    @contextmanager
    def _adding(self, *, alone: bool) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Let events be added; commit at the end; on any failure but a conflict break the store."""
        connection = self._held()
        if connection.info.transaction_status == self._pg.pq.TransactionStatus.INTRANS:
            raise RuntimeError("nothing can be added while a snapshot is held")
        try:
            with nullcontext() if alone else connection.transaction():
                yield connection
        except self._pg.errors.LockNotAvailable as error:
            raise Refused(Refusal.RECORD_BUSY, where=self.name, seconds=BUSY_S) from error
        except self._pg.Error as error:
            said = error.diag
            if said.sqlstate == MOVED_ON:
                after, found = map(int, (said.message_detail or "0 0").split())
                raise Conflict(said.message_hint or "", after, found) from None
            self._break()
            raise StoreFailed(self.name, _told(error)) from error

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query finds. A name that can't be one is asked of nobody: nothing is."""
        if any(isinstance(one, str) and one and not nameable(one) for one in values):
            return []
        connection = self._held()
        try:
            with connection.cursor(binary=True) as cursor:
                return cursor.execute(sql.encode(), values).fetchall()
        except self._pg.Error as error:
            if connection.closed:
                self._broken = True
            raise self._unreadable(_told(error)) from error

    def read(self, stream: str, after: int = 0) -> Iterator[Row]:
        """Yield the events of one stream after a version, in order."""
        sql = _ROWS + " WHERE stream = %s AND version > %s ORDER BY version LIMIT %s"
        rows = self._ask(sql, stream, after, PAGE)
        while rows:
            yield from map(Row._make, rows)
            rows = self._ask(sql, stream, rows[-1][2], PAGE) if len(rows) == PAGE else []

    def read_all(self, after: int = 0) -> Iterator[Row]:
        """Yield every event after a position, in order, up to the head of the first moment."""
        sql = _ROWS + " WHERE position > %s AND position <= %s ORDER BY position LIMIT %s"
        head = self.head().position
        rows = self._ask(sql, after, head, PAGE)
        while rows:
            yield from map(Row._make, rows)
            rows = self._ask(sql, rows[-1][0], head, PAGE) if len(rows) == PAGE else []

    def streams(self, prefix: str = "") -> tuple[tuple[str, int], ...]:
        """Return (stream, last version) of all streams whose name starts so, sorted by name."""
        sql = "SELECT stream, max(version) FROM event WHERE starts_with(stream, %s) GROUP BY 1"
        return tuple(self._ask(sql + " ORDER BY 1", prefix))

    def head(self) -> Head:
        """Return where the record stands."""
        return next((Head(*found) for found in self._ask(_LAST)), Head())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read events and secrets as they are at one moment; see Store.snapshot."""
        connection = self._held()
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # It blocks nobody, so its reader may take its time.
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute(_LAST)  # the moment is that of the first query, not of BEGIN
        except self._pg.Error as error:
            self._break()
            raise self._unreadable(_told(error)) from error
        try:
            yield
        finally:
            with suppress(self._pg.Error):
                connection.execute("ROLLBACK")

    def secret(self, kind: str, owner: str) -> bytes | None:
        """Return one secret, or None when there is none or it was destroyed."""
        sql = "SELECT body FROM secret WHERE kind = %s AND owner = %s"
        return next((body for (body,) in self._ask(sql, kind, owner)), None)

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret, sorted by kind and owner."""
        sql = "SELECT kind, owner, body FROM secret ORDER BY kind, owner"
        for found in self._ask(sql):
            yield Secret(*found)

    def adopt(self, rows: Iterator[Row], secrets: Iterator[Secret]) -> Head:
        """Fill an empty record with rows as they are; see Store.adopt."""
        with (
            self._lock,
            self._adding(alone=False) as connection,
            connection.cursor(binary=True) as cursor,
        ):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            held = cursor.execute(_LAST).fetchone()
            if held:
                raise Refused(Refusal.RECORD_NOT_EMPTY, where=self.name, events=held[0])
            with cursor.copy("COPY event FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "text", "int8", "bytea", "bytea"])
                verdict = chain.verify(chain.passing(rows, copy.write_row))
            if verdict.fault:
                raise Refused(Refusal.CHAIN_BROKEN, fault=verdict.fault)
            with connection.pipeline():
                for secret in secrets:
                    _change(cursor, secret)
        return verdict.head

    def close(self) -> None:
        """Let go of the connection."""
        with suppress(self._pg.Error):
            self._connection.close()


def _change(cursor: psycopg.Cursor[tuple[Any, ...]], secret: Secret) -> None:
    if secret.body is None:
        sql = "DELETE FROM secret WHERE kind = %s AND owner = %s"
        cursor.execute(sql, (secret.kind, secret.owner))
    else:
        sql = (
            "INSERT INTO secret VALUES (%s, %s, %s)"
            " ON CONFLICT (kind, owner) DO UPDATE SET body = excluded.body"
        )
        cursor.execute(sql, (secret.kind, secret.owner, secret.body))


def _without_password(told: dict[str, Any]) -> str:
    user = f"{quote(told['user'], safe='')}@" if "user" in told else ""
    place = quote(told.get("host", ""), safe=",:")
    port = f":{told['port']}" if "port" in told else ""
    return f"postgresql://{user}{place}{port}/{quote(told.get('dbname', ''), safe='')}"


def _driver() -> Any:
    """Return psycopg, which comes with an extra of its own."""
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        why = "psycopg isn't installed; install 'assuage[postgres]'"
        raise Refused(Refusal.RECORD_UNREADABLE, where="postgresql://", why=why) from error
    return psycopg


def _told(error: Exception) -> str:
    """Return the first line of what the server said; the rest may quote what was stored."""
    return (str(error).splitlines() or [type(error).__name__])[0]
