"""What only the store for several sites does: the server, its settings and losing it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from assuage.record import chain, postgres
from assuage.record.chain import Row
from assuage.record.postgres import PostgresStore
from assuage.record.store import Conflict, Secret, Store, StoreFailed
from assuage.refusals import Refusal, Refused
from postgres_server import PostgresServer, binaries
from record.helpers import Place, body, some_rows, write


def refusal(url: str, *, create: bool = False) -> Refused:
    with pytest.raises(Refused) as caught:
        PostgresStore(url, create=create)
    return caught.value


@pytest.fixture
def store(postgres_place: Place) -> PostgresStore:
    found = postgres_place.open(create=True)
    assert isinstance(found, PostgresStore)
    return found


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fifth of a second for a lock instead of ten."""
    changed = tuple(
        "SET lock_timeout = '200ms'" if "lock_timeout" in one else one for one in postgres._SESSION
    )
    assert changed != postgres._SESSION
    monkeypatch.setattr(postgres, "_SESSION", changed)


def own_process(store: PostgresStore) -> int:
    return store._connection.info.backend_pid


@pytest.fixture
def cut(server: PostgresServer) -> Callable[[PostgresStore], None]:
    """Cut a store's connection off at the server, and wait until it is."""

    def run(store: PostgresStore) -> None:
        server.sql(f"SELECT pg_terminate_backend({own_process(store)}, 5000)")

    return run


def test_every_setting_is_in_force(store: PostgresStore) -> None:
    def show(setting: str) -> str:
        return store._connection.execute(f"SHOW {setting}").fetchall()[0][0]

    assert {name: show(name) for name in postgres._NEEDED} == postgres._NEEDED
    assert show("search_path") == "public, pg_temp"
    assert show("lock_timeout") == show("idle_in_transaction_session_timeout") == "10s"
    assert show("statement_timeout") == "0"
    assert show("client_encoding") == "UTF8"


def test_a_role_that_does_not_wait_for_the_disk_waits_all_the_same(
    server: PostgresServer, url: str
) -> None:
    server.sql("ALTER DATABASE record SET synchronous_commit = off")
    try:
        store = PostgresStore(url, create=True)
        assert store._connection.execute("SHOW synchronous_commit").fetchall() == [("on",)]
        store.close()
    finally:
        server.sql("ALTER DATABASE record RESET synchronous_commit")


def test_a_database_of_stricter_isolation_does_not_age_a_writer_s_view(
    server: PostgresServer, url: str
) -> None:
    server.sql("ALTER DATABASE record SET default_transaction_isolation = serializable")
    try:
        store = PostgresStore(url, create=True)
        found = store._connection.execute("SHOW transaction_isolation").fetchall()
        assert found == [("read committed",)]
        store.close()
    finally:
        server.sql("ALTER DATABASE record RESET default_transaction_isolation")


def test_an_unknown_version_is_none_that_a_stream_has(store: PostgresStore) -> None:
    told: tuple[object, ...] = (["a/1"], [None], [1], [b"x"])
    with pytest.raises(psycopg.Error):
        store._connection.execute(postgres._ADD, told)
    assert store.head().position == 0


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_acknowledged_is_refused(setting: str) -> None:
    with PostgresServer(**{setting: "off"}) as careless:
        found = refusal(careless.url(), create=True)
    assert found.refusal is Refusal.RECORD_UNREADABLE
    assert f"the server has {setting} = off, not on" in found.sentence


def test_a_database_of_another_encoding_is_refused(server: PostgresServer) -> None:
    server.sql("CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0")
    found = refusal(server.url("latin"), create=True)
    server.drop("latin")
    assert "server_encoding = LATIN1, not UTF8" in found.sentence


def test_an_old_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "OLDEST_SERVER", 99)
    found = refusal(url, create=True)
    assert found.refusal is Refusal.RECORD_UNREADABLE
    assert "older than 99" in found.sentence


def test_the_newest_server_of_the_wheel_does_too() -> None:
    assert {(binaries(one) / "bin" / "postgres").is_file() for one in ("", "18")} == {True}
    with PostgresServer("18") as newest:
        store = PostgresStore(newest.create("record"), create=True)
        assert store._connection.info.server_version // 10_000 == 18
        rows = some_rows()
        store.adopt(iter(rows), iter(()))
        store.append([write("a/1", 4, "next")], [Secret("key", "a", b"k")])
        store.close()
        newest.stop()
        newest.start()
        again = PostgresStore(newest.url("record"))
        assert list(again.read_all())[:12] == rows
        assert chain.verify(again.read_all()).events == 13
        again.close()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://me:hush@127.0.0.1:1/x", "postgresql://me@127.0.0.1:1/x"),
        ("postgres://me:hush@127.0.0.1:1/x?sslpassword=hush", "postgresql://me@127.0.0.1:1/x"),
        ("postgresql://127.0.0.1:1/x?user=me&password=hush", "postgresql://me@127.0.0.1:1/x"),
        ("postgresql:///x?host=/nowhere&passfile=hush", "postgresql://%2Fnowhere/x"),
        ("postgresql://me:hush word@127.0.0.1/x", "postgresql://"),
        ("postgresql://me:hush%zz@127.0.0.1/x", "postgresql://"),
        ("postgresql://me:hush@[::1/x", "postgresql://"),
        ("postgresql://me:hush@127.0.0.1:1/x?hush=1", "postgresql://"),
        ("postgresql://me:hush@127.0.0.1:70000/x", "postgresql://me@127.0.0.1:70000/x"),
    ],
)
def test_a_server_that_is_not_there_is_refused_without_the_password(url: str, name: str) -> None:
    found = refusal(url)
    assert found.refusal is Refusal.RECORD_UNREADABLE
    assert f"the record at {name} can't be opened: " in found.sentence
    seen: BaseException | None = found
    while seen:
        assert "hush" not in repr(seen)
        seen = seen.__cause__


def test_the_name_of_an_open_record_has_no_password(server: PostgresServer, url: str) -> None:
    store = PostgresStore(f"{url}&password=hush", create=True)
    assert store.name.startswith("postgresql://assuage@%2F")
    assert store.name.endswith("/record")
    assert "hush" not in store.name
    store.close()


def test_a_database_that_is_not_there_is_refused(server: PostgresServer) -> None:
    for create in (True, False):
        found = refusal(server.url("nowhere"), create=create)
        assert found.refusal is Refusal.RECORD_UNREADABLE
        assert 'database "nowhere" does not exist' in found.sentence


def test_a_missing_driver_is_one_refusal(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    found = refusal(url)
    assert found.refusal is Refusal.RECORD_UNREADABLE
    assert "install 'assuage[postgres]'" in found.sentence


def test_a_database_of_another_program_is_refused(server: PostgresServer, url: str) -> None:
    server.sql("CREATE TABLE layout (step INTEGER NOT NULL)", "record")
    for create in (True, False):
        assert "isn't one that assuage made" in refusal(url, create=create).sentence


def test_of_two_that_make_a_record_at_once_one_does(url: str) -> None:
    outcomes: list[str] = []

    def make() -> None:
        try:
            PostgresStore(url, create=True).close()
        except Refused as refused:
            outcomes.append(refused.code)
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=make) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["RECORD_EXISTS"] * 4 + ["made"]


CHANGES = {
    "truncate": ("TRUNCATE event",),
    "truncate in passing": ("TRUNCATE event CASCADE",),
    "as a replica": ("SET session_replication_role = replica", "DELETE FROM event"),
    "truncate as a replica": ("SET session_replication_role = replica", "TRUNCATE event"),
    "beside a temporary table": (
        "CREATE TEMPORARY TABLE event AS SELECT * FROM public.event WHERE false",
        r"INSERT INTO public.event VALUES (1, 'b/2', 1, '\x00', decode(repeat('00', 32), 'hex'))",
    ),
    "a gap beside a temporary table": (
        "CREATE TEMPORARY TABLE event AS SELECT * FROM public.event",
        "INSERT INTO event SELECT 7, stream, 7, body, hash FROM public.event",
        "INSERT INTO public.event SELECT 8, 'c', 1, body, hash FROM public.event",
    ),
    "copy": (
        "CREATE TEMPORARY TABLE mine AS SELECT position + 1 AS position, stream,"
        " version + 2, body, hash FROM event",
        "INSERT INTO event SELECT * FROM mine",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_itself_refuses_every_change(
    store: PostgresStore, postgres_place: Place, change: str
) -> None:
    rows = store.append([write("a/1", 0, "one")])
    with pytest.raises(psycopg.Error, match="an event is "):
        postgres_place.raw(*CHANGES[change])
    assert tuple(store.read_all()) == rows


def test_a_temporary_table_hides_nothing_from_the_store(store: PostgresStore) -> None:
    rows = store.append([write("a/1", 0, "one")])
    store._connection.execute("CREATE TEMPORARY TABLE event (position INTEGER)")
    assert tuple(store.read_all()) == rows
    assert store.append([write("a/1", 1, "two")])[0].position == 2


def test_a_record_in_use_is_busy_and_then_free(
    postgres_place: Place, brief: None, url: str
) -> None:
    store = postgres_place.open(create=True)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (postgres.LOCK,))
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                store.append([write("a/1", 0, "one")])
            assert caught.value.refusal is Refusal.RECORD_BUSY
        assert refusal(url, create=True).refusal is Refusal.RECORD_BUSY
        assert postgres_place.open().head().position == 0  # who reads waits for nobody
    assert store.append([write("a/1", 0, "one")])[0].position == 1


def test_a_table_that_somebody_locked_is_busy(postgres_place: Place, brief: None, url: str) -> None:
    store = postgres_place.open(create=True)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        with pytest.raises(Refused) as caught:
            store.append([write("a/1", 0, "one")])
        assert caught.value.refusal is Refusal.RECORD_BUSY
    assert store.append([write("a/1", 0, "one")])[0].position == 1


def test_a_writer_who_falls_silent_holds_up_nobody_for_long(
    postgres_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, other = postgres_place.open(create=True), postgres_place.open()
    assert isinstance(silent, PostgresStore)
    silent._connection.execute("SET idle_in_transaction_session_timeout = '300ms'")
    added: list[Row] = []

    def slow(cursor: object, secret: Secret) -> None:
        added.extend(other.append([write("a/1", 0, "one")]))

    monkeypatch.setattr(postgres, "_change", slow)
    with pytest.raises(StoreFailed):
        silent.append([write("b/2", 0, "kept out")], [Secret("key", "a", b"k")])
    assert [row.position for row in added] == [1]
    assert tuple(other.read_all()) == tuple(added)


UNBROKEN: dict[str, Callable[[Store], object]] = {
    "append": lambda store: store.append([write("a/1", 1, "two")]),
    "adopt": lambda store: store.adopt(iter(()), iter(())),
    "read": lambda store: list(store.read("a/1")),
    "read_all": lambda store: list(store.read_all()),
    "streams": lambda store: store.streams(),
    "head": lambda store: store.head(),
    "secret": lambda store: store.secret("key", "a"),
    "secrets": lambda store: list(store.secrets()),
    "snapshot": lambda store: store.snapshot().__enter__(),
}


def broken(store: Store) -> None:
    for use in UNBROKEN.values():
        with pytest.raises(Refused) as caught:
            use(store)
        assert caught.value.refusal is Refusal.RECORD_BROKEN


@pytest.mark.parametrize("writing", ["append", "adopt"])
def test_a_connection_lost_while_writing_breaks_the_store(
    store: PostgresStore,
    postgres_place: Place,
    cut: Callable[[PostgresStore], None],
    writing: str,
) -> None:
    cut(store)
    with pytest.raises(StoreFailed) as caught:
        UNBROKEN[writing](store)
    assert caught.value.where == store.name
    assert "\n" not in str(caught.value)
    broken(store)
    assert postgres_place.open().head().position == 0


@pytest.mark.parametrize("reading", ["read", "read_all", "streams", "head", "secret", "secrets"])
def test_a_connection_lost_while_reading_breaks_the_store(
    store: PostgresStore, cut: Callable[[PostgresStore], None], reading: str
) -> None:
    cut(store)
    with pytest.raises(Refused) as caught:
        UNBROKEN[reading](store)
    assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    broken(store)


def test_a_connection_lost_in_a_snapshot_is_one_refusal(
    store: PostgresStore, cut: Callable[[PostgresStore], None]
) -> None:
    def read() -> None:
        with store.snapshot():
            cut(store)
            store.head()

    with pytest.raises(Refused) as caught:
        read()
    assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    broken(store)


def test_a_snapshot_of_a_lost_connection_is_refused(
    store: PostgresStore, cut: Callable[[PostgresStore], None]
) -> None:
    cut(store)
    with pytest.raises(Refused) as caught, store.snapshot():
        pass
    assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    broken(store)


@pytest.mark.parametrize("moment", ["inserted", "secret"])
def test_a_connection_lost_half_way_stores_nothing(
    store: PostgresStore,
    postgres_place: Place,
    cut: Callable[[PostgresStore], None],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    def failing(cursor: psycopg.Cursor, secret: Secret) -> None:
        if moment == "secret":
            change(cursor, secret)
        cut(store)

    change = postgres._change
    monkeypatch.setattr(postgres, "_change", failing)
    with pytest.raises(StoreFailed):
        store.append([write("a/1", 0, "one", "two")], [Secret("key", "a", b"k")])
    again = postgres_place.open()
    assert again.head().position == 0
    assert again.secret("key", "a") is None


def test_an_error_of_the_server_while_writing_breaks_the_store(
    store: PostgresStore, postgres_place: Place
) -> None:
    store.append([write("a/1", 0, "one")])
    postgres_place.raw("ALTER TABLE event ADD CHECK (version < 2)")
    with pytest.raises(StoreFailed):
        store.append([write("a/1", 1, "two")])
    broken(store)


def test_nothing_is_added_inside_a_snapshot(store: PostgresStore) -> None:
    with pytest.raises(RuntimeError, match="snapshot"), store.snapshot():
        store.append([write("a/1", 0, "one")])
    assert store.append([write("a/1", 0, "one")])[0].position == 1


def test_a_conflict_breaks_nothing(store: PostgresStore) -> None:
    with pytest.raises(Conflict):
        store.append([write("a/1", 3, "one")])
    assert store.append([write("a/1", 0, "one")])[0].position == 1


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


def test_what_was_acknowledged_outlives_the_server(own_server: PostgresServer) -> None:
    """The server is cut off in the middle of writing, three times, by two kinds of death."""
    url = own_server.create("record")
    PostgresStore(url, create=True).close()
    acknowledged = 0
    for kill in (own_server.stop_immediate, own_server.kill, own_server.stop_immediate):
        store = PostgresStore(url)
        death = threading.Timer(0.15, kill)
        death.start()
        at = store.streams()[0][1] if acknowledged else 0
        while True:
            try:
                acknowledged = store.append([write("a/1", at, f"event {at}")])[0].position
            except StoreFailed:
                break
            at += 1
        death.join()
        broken(store)
        own_server.start()
        again = PostgresStore(url)
        verdict = chain.verify(again.read_all())
        assert verdict.fault is None
        assert acknowledged <= verdict.events <= acknowledged + 1
        acknowledged = verdict.events
        bodies = [row.body for row in again.read_all()]
        assert bodies == [body(f"event {n}") for n in range(verdict.events)]
        again.close()
    assert acknowledged > 0


def test_a_server_leaves_nothing_behind() -> None:
    with PostgresServer() as running:
        process, folder = running.pid, running.folder
        assert running.sql("SELECT 1") == [(1,)]
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
