"""What every store does. Each test runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assuage.record import chain
from assuage.record.chain import GENESIS, Head, Row
from assuage.record.store import Conflict, Secret, Store, Write
from assuage.refusals import Refusal, Refused
from record.helpers import RAW_ERRORS, Place, body, chained, some_rows, write


def test_a_new_record_is_empty(store: Store) -> None:
    assert store.head() == Head() == Head(0, GENESIS)
    assert list(store.read_all()) == list(store.read("a/1")) == list(store.secrets()) == []
    assert store.streams() == ()
    assert store.secret("key", "a") is None


def test_what_is_appended_is_read_back(store: Store) -> None:
    first = store.append([write("a/1", 0, "one", "two"), write("b/2", 0, "three")])
    second = store.append([write("a/1", 2, "four")])
    expected = chained(
        ("a/1", body("one")), ("a/1", body("two")), ("b/2", body("three")), ("a/1", body("four"))
    )
    assert [*first, *second] == expected == list(store.read_all())
    assert store.head() == Head(4, expected[-1].hash)
    assert list(store.read("a/1")) == [expected[0], expected[1], expected[3]]
    assert list(store.read("a/1", 2)) == [expected[3]]
    assert list(store.read("a/1", 3)) == list(store.read("a", 0)) == []
    assert list(store.read_all(3)) == [expected[3]]
    assert list(store.read_all(4)) == []
    assert store.streams() == (("a/1", 3), ("b/2", 1))
    assert all(isinstance(row, Row) and type(row.body) is type(row.hash) is bytes for row in first)


def test_a_write_without_bodies_only_holds_a_stream_to_its_version(store: Store) -> None:
    store.append([Write("a", 0, (b"one",))])
    guarded = [Write("b", 0, ()), Write("a", 1, ()), Write("c", 0, (b"two",))]
    assert [(row.position, row.stream) for row in store.append(guarded)] == [(2, "c")]
    with pytest.raises(Conflict):
        store.append([Write("a", 0, ()), Write("c", 1, (b"three",))])
    assert store.streams() == (("a", 1), ("c", 1))


def test_bodies_come_back_byte_for_byte(store: Store) -> None:
    bodies = (bytes(range(256)), b"\0", "żółć \U0001f9ea".encode(), b"x" * 300_000)
    store.append([Write("a/1", 0, bodies)])
    assert tuple(row.body for row in store.read("a/1")) == bodies


def test_a_long_record_is_read_whole(store: Store) -> None:
    """More than two of the pages in which PostgreSQL's rows are fetched."""
    store.append([Write("a/1", 0, (b"x",) * 1201), write("b/2", 0, "last")])
    assert [row.position for row in store.read_all()] == list(range(1, 1203))
    assert [row.version for row in store.read("a/1", 1)] == list(range(2, 1202))
    assert chain.verify(store.read_all()).fault is None


def test_streams_are_found_by_prefix_and_sorted_by_bytes(store: Store) -> None:
    names = ["Z", "a%b", "a/1", "a/10", "a/2", "ab", "a_b", "é", "\ue000", "\U00010000"]
    store.append([write(name, 0, "x") for name in reversed(names)])
    assert [name for name, _ in store.streams()] == sorted(names, key=str.encode)
    assert [name for name, _ in store.streams("a/")] == ["a/1", "a/10", "a/2"]
    assert [name for name, _ in store.streams("a%")] == ["a%b"]
    assert [name for name, _ in store.streams("a_")] == ["a_b"]
    assert [name for name, _ in store.streams("é")] == ["é"]
    assert store.streams("A/") == ()


def test_names_are_told_apart_to_the_letter(store: Store) -> None:
    """No database may fold case, trim spaces or join two ways of writing one accent."""
    names = ["a", "A", "a ", " a", "e\u0301", "é", "a'b", 'a"b', "a\\b", "a;--"]
    store.append([write(name, 0, name) for name in names])
    assert [next(store.read(name)).body for name in names] == [body(name) for name in names]


@pytest.mark.parametrize(("after", "found"), [(0, 2), (1, 2), (3, 2)])
def test_a_stream_that_moved_on_is_a_conflict(store: Store, after: int, found: int) -> None:
    store.append([write("a/1", 0, "one", "two")])
    with pytest.raises(Conflict) as caught:
        store.append([write("b/2", 0, "kept out"), write("a/1", after, "x")])
    assert caught.value.stream == "a/1"
    assert str(caught.value) == f"a/1 is at version {found}, not {after}"
    assert store.head().position == 2
    store.append([write("a/1", 2, "three")])


def test_an_append_is_whole_or_nothing(store: Store, place: Place) -> None:
    store.append([write("a/1", 0, "one")], [Secret("key", "a", b"old"), Secret("key", "b", b"b")])
    before = list(store.read_all()), list(store.secrets())
    with pytest.raises(Conflict):
        store.append(
            [write("b/2", 0, "x"), write("c/3", 0, "y"), write("a/1", 0, "z")],
            [Secret("key", "a", b"new"), Secret("key", "b", None)],
        )
    assert (list(store.read_all()), list(store.secrets())) == before
    assert (list(place.open().read_all()), list(place.open().secrets())) == before


def test_one_append_may_write_to_one_stream_twice(store: Store) -> None:
    rows = store.append([write("a/1", 0, "one"), write("b/2", 0, "two"), write("a/1", 1, "three")])
    assert [row.version for row in rows] == [1, 1, 2]
    assert chain.verify(store.read_all()).fault is None
    with pytest.raises(Conflict):
        store.append([write("a/1", 2, "x"), write("a/1", 2, "y")])
    assert store.head().position == 3


def test_a_write_without_bodies_holds_a_stream_to_its_version(store: Store) -> None:
    store.append([write("a/1", 0, "one")])
    assert store.append([Write("a/1", 1, ())]) == store.append([]) == ()
    with pytest.raises(Conflict):
        store.append([Write("a/1", 0, ()), write("b/2", 0, "x")])
    assert store.head().position == 1


def test_secrets_are_kept_replaced_and_destroyed(store: Store) -> None:
    store.append([], [Secret("key", "b", b"1"), Secret("key", "a", b"2"), Secret("door", "z", b"")])
    assert store.secret("key", "b") == b"1"
    assert store.secret("door", "z") == b""
    assert [(one.kind, one.owner) for one in store.secrets()] == [
        ("door", "z"),
        ("key", "a"),
        ("key", "b"),
    ]
    store.append([], [Secret("key", "b", bytes(range(256))), Secret("key", "a", None)])
    assert store.secret("key", "b") == bytes(range(256))
    assert store.secret("key", "a") is None
    store.append([], [Secret("key", "a", None)])  # what is gone can be destroyed again
    assert store.head() == Head()


def test_opening_again_gives_the_same(store: Store, place: Place) -> None:
    store.append([write("a/1", 0, "one", "two")], [Secret("key", "a", b"k")])
    rows, head = list(store.read_all()), store.head()
    store.close()
    again = place.open()
    assert (list(again.read_all()), again.head()) == (rows, head)
    assert again.secret("key", "a") == b"k"
    assert again.append([write("a/1", 2, "three")])[0].position == 3


def test_a_record_is_made_once(store: Store, place: Place) -> None:
    store.append([write("a/1", 0, "one")])
    with pytest.raises(Refused) as caught:
        place.open(create=True)
    assert caught.value.refusal is Refusal.RECORD_EXISTS
    assert store.head().position == 1


def test_a_record_that_was_never_made_is_missing(place: Place) -> None:
    with pytest.raises(Refused) as caught:
        place.open()
    assert caught.value.refusal is Refusal.RECORD_MISSING


@pytest.mark.parametrize("name", ["", "a\0b", "\0", "a\ud800", "x" * 256])
def test_a_name_that_no_stream_can_have_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused) as caught:
        store.append([write(name, 0, "x")])
    assert caught.value.refusal is Refusal.FIELD_INVALID
    for kind, owner in ((name, "a"), ("key", name)):
        with pytest.raises(Refused) as caught:
            Secret(kind, owner, b"x")
        assert caught.value.refusal is Refusal.FIELD_INVALID
    assert list(store.read(name)) == []
    assert store.secret(name, "a") is store.secret("key", name) is None
    assert name == "" or store.streams(name) == ()
    store.append([write("x" * 255, 0, "x")])
    assert store.streams("x" * 255) == (("x" * 255, 1),)


def test_an_event_without_a_body_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="body"):
        Write("a/1", 0, (b"x", b""))


CHANGES = {
    "update": "UPDATE event SET body = {x} WHERE position = 1",
    "update of nothing": "UPDATE event SET position = position WHERE position = 2",
    "delete": "DELETE FROM event WHERE position = 2",
    "delete all": "DELETE FROM event",
    "a gap": "INSERT INTO event VALUES (4, 'a/1', 3, {x}, {hash})",
    "a gap in a stream": "INSERT INTO event VALUES (3, 'a/1', 4, {x}, {hash})",
    "a position twice": "INSERT INTO event VALUES (2, 'b/2', 1, {x}, {hash})",
    "a version twice": "INSERT INTO event VALUES (3, 'a/1', 2, {x}, {hash})",
    "position 0": "INSERT INTO event VALUES (0, 'b/2', 1, {x}, {hash})",
    "a short hash": "INSERT INTO event VALUES (3, 'b/2', 1, {x}, {x})",
    "no body": "INSERT INTO event VALUES (3, 'b/2', 1, {empty}, {hash})",
    "no stream": "INSERT INTO event VALUES (3, '', 1, {x}, {hash})",
    "upsert": "INSERT INTO event VALUES (2, 'a/1', 2, {x}, {hash})"
    " ON CONFLICT (position) DO UPDATE SET body = excluded.body",
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_itself_refuses_every_change(store: Store, place: Place, change: str) -> None:
    store.append([write("a/1", 0, "one", "two")])
    rows = list(store.read_all())
    told = {"x": place.blob(b"x"), "hash": place.blob(bytes(32)), "empty": place.blob(b"")}
    with pytest.raises(RAW_ERRORS):
        place.raw(CHANGES[change].format(**told))
    assert list(store.read_all()) == rows


def test_the_database_takes_the_next_event(store: Store, place: Place) -> None:
    """The canary of the changes above: they fail for what they do, not for how they're written."""
    told = f"VALUES (1, 'a/1', 1, {place.blob(b'x')}, {place.blob(bytes(32))})"
    place.raw(f"INSERT INTO event {told}")
    assert store.head() == Head(1, bytes(32))


def test_eight_writers_lose_nothing_and_leave_no_gap(store: Store, place: Place) -> None:
    writers, each = 8, 12
    problems: list[BaseException] = []
    conflicts: list[int] = []

    def run(number: int) -> None:
        own = place.open()
        streams = ("shared", f"own/{number}")
        for n in range(each):
            while True:
                at = {name: version for name, version in own.streams() if name in streams}
                writes = [write(one, at.get(one, 0), f"{number} {n}") for one in streams]
                try:
                    own.append(writes)
                except Conflict:
                    conflicts.append(number)
                else:
                    break

    def guarded(number: int) -> None:
        try:
            run(number)
        except (Refused, *RAW_ERRORS) as error:
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    rows = list(store.read_all())
    assert [row.position for row in rows] == list(range(1, writers * each * 2 + 1))
    assert chain.verify(rows).fault is None
    expected = sorted(body(f"{number} {n}") for number in range(writers) for n in range(each))
    assert sorted(row.body for row in store.read("shared")) == expected
    for number in range(writers):
        own = [row.body for row in store.read(f"own/{number}")]
        assert own == [body(f"{number} {n}") for n in range(each)]


def test_a_snapshot_sees_one_moment(store: Store, place: Place) -> None:
    store.append([write("a/1", 0, "one")], [Secret("key", "a", b"old")])
    other = place.open()
    with store.snapshot():
        other.append([write("a/1", 1, "two"), write("b/2", 0, "x")], [Secret("key", "a", b"new")])
        assert len(list(store.read_all())) == store.head().position == 1
        assert store.streams() == (("a/1", 1),)
        assert len(list(store.read("a/1"))) == 1
        assert store.secret("key", "a") == b"old"
        assert list(store.secrets()) == [Secret("key", "a", b"old")]
        assert other.head().position == 3
    assert len(list(store.read_all())) == store.head().position == 3
    assert store.secret("key", "a") == b"new"
    store.append([write("a/1", 2, "three")])


def test_a_snapshot_that_fails_lets_go(store: Store) -> None:
    with pytest.raises(KeyError), store.snapshot():
        raise KeyError("x")
    store.append([write("a/1", 0, "one")])
    with store.snapshot():
        assert store.head().position == 1


def test_reading_all_sees_the_moment_it_began(store: Store, place: Place) -> None:
    store.append([Write("a/1", 0, (b"x",) * 700)])
    reading = store.read_all()
    assert next(reading).position == 1
    place.open().append([Write("a/1", 700, (b"y",) * 700)])
    assert [row.position for row in reading] == list(range(2, 701))


def test_adopted_rows_keep_their_places_and_hashes(store: Store, place: Place) -> None:
    rows, secrets = some_rows(), [Secret("key", "a", b"1"), Secret("key", "b", b"2")]
    head = store.adopt(iter(rows), iter(secrets))
    assert head == store.head() == Head(12, rows[-1].hash)
    again = place.open()
    assert list(again.read_all()) == rows
    assert list(again.secrets()) == secrets
    assert again.append([write("a/1", 4, "next")])[0].position == 13


def test_nothing_can_be_adopted_too(store: Store) -> None:
    assert store.adopt(iter(()), iter(())) == Head() == store.head()


def test_only_an_empty_record_adopts(store: Store) -> None:
    store.append([write("a/1", 0, "one", "two")])
    with pytest.raises(Refused) as caught:
        store.adopt(iter(some_rows()), iter(()))
    assert caught.value.refusal is Refusal.RECORD_NOT_EMPTY
    assert store.head().position == 2


ROWS = some_rows()
NAMELESS = chained(("a\0b", b"x"))
BROKEN = {
    "a changed body": ([*ROWS[:4], ROWS[4]._replace(body=b"other"), *ROWS[5:]], 5),
    "a gap": ([*ROWS[:4], *ROWS[5:]], 5),
    "a wrong start": (ROWS[1:], 1),
    "two events exchanged": ([*ROWS[:4], ROWS[5], ROWS[4], *ROWS[6:]], 5),
    "an event twice": ([*ROWS[:4], *ROWS[3:]], 5),
    "the last hash changed": ([*ROWS[:-1], ROWS[-1]._replace(hash=bytes(32))], 12),
    "a name with a zero byte": (NAMELESS, 1),
    "a name that isn't text": ([ROWS[0]._replace(stream="\ud800")], 1),
    "an empty body": (chained(("a", b"")), 1),
    "another version": ([ROWS[0]._replace(version=2)], 1),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_chain_is_not_adopted(store: Store, how: str) -> None:
    rows, first = BROKEN[how]
    with pytest.raises(Refused) as caught:
        store.adopt(iter(rows), iter([Secret("key", "a", b"1")]))
    assert caught.value.refusal is Refusal.CHAIN_BROKEN
    assert f"event {first} " in caught.value.sentence
    assert store.head() == Head()
    assert list(store.secrets()) == []
    assert store.adopt(iter(some_rows()), iter(())).position == 12


def test_a_source_that_fails_leaves_the_record_empty(store: Store) -> None:
    def failing() -> Iterator[Row]:
        yield from some_rows()[:5]
        raise KeyError("the file ended")

    with pytest.raises(KeyError):
        store.adopt(failing(), iter(()))
    assert store.head() == Head()
    assert store.append([write("a/1", 0, "one")])[0].position == 1


names = st.sampled_from(["a/1", "b/2", "ü/3"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)
batches = st.lists(
    st.dictionaries(names, st.lists(st.binary(min_size=1, max_size=80), max_size=4), max_size=4),
    max_size=4,
)


@pytest.fixture
def both(sqlite_place: Place, postgres_place: Place) -> tuple[Store, Store]:
    return sqlite_place.open(create=True), postgres_place.open(create=True)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches)
def test_both_stores_give_the_same_bytes_the_same_hashes(
    both: tuple[Store, Store], appends: list[dict[str, list[bytes]]]
) -> None:
    """The stores go on from one example to the next, so what they hold grows."""
    one, other = both
    for told in appends:
        at = dict(one.streams())
        writes = [Write(name, at.get(name, 0), tuple(bodies)) for name, bodies in told.items()]
        assert one.append(writes) == other.append(writes)
    assert one.head() == other.head()
    assert one.streams() == other.streams()
    assert list(one.read_all()) == list(other.read_all())
    assert chain.verify(other.read_all(), one.head()).fault is None
