"""A change of any column of any event is found, and the first bad event is named."""

from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assuage.record import chain
from assuage.record.chain import GENESIS, Fault, Head, Row, Verdict
from assuage.refusals import Refusal, Refused
from record.helpers import body, chained, some_rows

streams = st.sampled_from(["a", "b/1", "b/2", "ü", "a\n1", "1\na"])
records = st.lists(st.tuples(streams, st.binary(min_size=1, max_size=20)), min_size=1, max_size=12)
COLUMNS = st.sampled_from(Row._fields)


def test_a_link_covers_what_the_module_says() -> None:
    """The hash worked out by hand from the sentence in the module's docstring."""
    first = hashlib.sha256(bytes(32) + bytes(32) + b"1\n1\na/1\0" + b"one").digest()
    assert chain.link(GENESIS, GENESIS, (1, "a/1", 1), b"one") == first
    other = hashlib.sha256(first + bytes(32) + "2\n1\nü\0two".encode()).digest()
    assert chain.link(first, GENESIS, (2, "ü", 1), b"two") == other
    third = hashlib.sha256(other + first + b"3\n2\na/1\0three").digest()
    rows = chained(("a/1", b"one"), ("ü", b"two"), ("a/1", b"three"))
    assert [row.hash for row in rows] == [first, other, third]


@given(records)
def test_a_whole_record_holds(events: list[tuple[str, bytes]]) -> None:
    rows = chained(*events)
    head = Head(len(rows), rows[-1].hash)
    assert chain.verify(rows) == Verdict(len(rows), len({one for one, _ in events}), head)
    for row in rows:
        assert chain.verify(rows, Head(row.position, row.hash)).fault is None
    assert chain.verify(rows, Head()).fault is None


def test_an_empty_record_holds() -> None:
    assert chain.verify([]) == Verdict(0, 0, Head())
    assert chain.verify([], Head()).fault is None


@given(records, st.data())
def test_any_single_change_is_found_at_its_event(
    events: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    rows = chained(*events)
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(COLUMNS)
    old = getattr(rows[at], column)
    new = data.draw(another(column))
    assume(new != old)
    changed = [*rows[:at], rows[at]._replace(**{column: new}), *rows[at + 1 :]]
    verdict = chain.verify(changed)
    assert verdict.fault is not None
    assert verdict.fault.position == at + 1
    assert verdict.events == at
    assert verdict.head == (Head(at, rows[at - 1].hash) if at else Head())


def another(column: str) -> st.SearchStrategy[object]:
    return {
        "position": st.integers(-3, 20),
        "stream": streams | st.text(max_size=5),
        "version": st.integers(-3, 20),
        "body": st.binary(max_size=20),
        "hash": st.binary(min_size=32, max_size=32) | st.just(GENESIS) | st.binary(max_size=33),
    }[column]


@given(records, st.data())
def test_any_single_bit_is_found(events: list[tuple[str, bytes]], data: st.DataObject) -> None:
    rows = chained(*events)
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(["body", "hash"]))
    flipped = bytearray(getattr(rows[at], column))
    bit = data.draw(st.integers(0, len(flipped) * 8 - 1))
    flipped[bit // 8] ^= 1 << bit % 8
    rows[at] = rows[at]._replace(**{column: bytes(flipped)})
    fault = chain.verify(rows).fault
    assert fault is not None
    assert fault.position == at + 1


@given(records, st.data())
def test_a_lost_event_is_found(events: list[tuple[str, bytes]], data: st.DataObject) -> None:
    rows = chained(*events)
    at = data.draw(st.integers(0, len(rows) - 1))
    left = rows[:at] + rows[at + 1 :]
    alone, against = chain.verify(left).fault, chain.verify(left, head(rows)).fault
    assert (alone is None) == (at == len(rows) - 1)  # without a head nobody misses the last
    assert against is not None
    assert against.position == at + 1


def head(rows: list[Row]) -> Head:
    return Head(rows[-1].position, rows[-1].hash)


@given(records, st.data())
def test_a_cut_off_end_is_found_by_a_head_alone(
    events: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    rows = chained(*events)
    left = rows[: data.draw(st.integers(0, len(rows) - 1))]
    assert chain.verify(left).fault is None
    fault = chain.verify(left, head(rows)).fault
    ends = f"the record ends at {len(left)}, and the head names an event at {len(rows)}"
    assert fault == Fault(len(left) + 1, "record", 0, ends)


@given(records, st.data())
def test_another_order_is_found(events: list[tuple[str, bytes]], data: st.DataObject) -> None:
    rows = chained(*events)
    mixed = data.draw(st.permutations(rows))
    first = next((n for n, row in enumerate(mixed) if row != rows[n]), None)
    assume(first is not None)
    fault = chain.verify(mixed).fault
    assert fault is not None
    assert fault.position == (first or 0) + 1


@given(records, st.data())
def test_a_record_written_anew_is_found_by_an_older_head(
    events: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    rows = chained(*events)
    at = data.draw(st.integers(0, len(rows) - 1))
    forged = chained(*events[:at], (events[at][0], events[at][1] + b"!"), *events[at + 1 :])
    assert chain.verify(forged).fault is None  # whole in itself: only a head outside can tell
    verdict = chain.verify(forged, head(rows))
    assert verdict.fault is not None
    why = "it isn't the event that the head names"
    assert (verdict.fault.position, verdict.fault.why) == (len(rows), why)
    assert (verdict.events, verdict.head) == (
        len(rows) - 1,
        head(forged[:-1]) if forged[1:] else Head(),
    )
    if at:
        assert chain.verify(forged, Head(at, rows[at - 1].hash)).fault is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"position": 5}, "position 4 is missing; the next one stored is 5"),
        ({"version": 7}, "it should be version 2 of its stream"),
        ({"body": b"x"}, "its bytes, its place or an event before it were changed"),
        ({"hash": GENESIS}, "its bytes, its place or an event before it were changed"),
        ({"body": b""}, "it has no body, or its stream a name that no stream can have"),
    ],
)
def test_a_fault_says_where_and_how(change: dict[str, object], why: str) -> None:
    rows = some_rows(6)
    rows[3] = rows[3]._replace(**change)
    fault = chain.verify(rows).fault
    assert fault is not None
    version = change.get("version", 2)
    assert str(fault).replace("'", "") == f"event 4 (a/1, version {version}): {why}"


def test_a_zero_byte_can_move_no_bytes_between_name_and_body() -> None:
    """Both say the same bytes to the hash, so one of them must not be an event."""
    one, other = chained(("a", b"b\0c")), chained(("a\0b", b"c"))
    assert one[0].hash == other[0].hash
    assert chain.verify(one).fault is None
    assert chain.verify(other).fault is not None


@pytest.mark.parametrize("name", ["", "\0", "a\0", "a\ud800b", "\udfff", "x" * 256])
def test_a_name_that_no_stream_can_have_is_a_fault(name: str) -> None:
    assert not chain.nameable(name)
    rows = some_rows(6)
    verdict = chain.verify([*rows, Row(7, name, 1, b"x", GENESIS)])
    assert verdict.fault is not None
    assert str(verdict.fault).isprintable()
    assert (verdict.events, verdict.streams, verdict.head) == (6, 3, head(rows))


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ((8, "a/1", 3), "position 7 is missing; the next one stored is 8"),
        ((6, "a/1", 3), "position 7 is missing; the next one stored is 6"),
        ((7, "a/1", 4), "it should be version 3 of its stream"),
        ((7, "a/1", 1), "it should be version 3 of its stream"),
        ((7, "d/4", 2), "it should be version 1 of its stream"),
    ],
)
def test_a_gap_is_found_though_every_hash_fits(place: tuple[int, str, int], why: str) -> None:
    rows = some_rows(6)
    previous = rows[3].hash if place[1] == "a/1" else GENESIS
    forged = Row(*place, b"x", chain.link(rows[-1].hash, previous, place, b"x"))
    assert chain.verify([*rows, forged]) == Verdict(6, 3, head(rows), Fault(7, *place[1:], why))


def test_what_was_found_doesnt_change() -> None:
    fault = Fault(1, "a", 1, "why")
    for found in (Head(), fault, Verdict(1, 1, Head(), fault)):
        for name in vars(found):
            with pytest.raises(FrozenInstanceError):
                setattr(found, name, None)


@pytest.mark.parametrize("name", ["a", " ", "\n", "ü" * 255, "\ud7ff", "\ue000", "\U0010ffff"])
def test_any_other_name_is_one(name: str) -> None:
    assert chain.nameable(name)
    assert chain.verify(chained((name, b"x"))).fault is None


def test_rows_pass_only_while_they_are_good() -> None:
    rows, kept = some_rows(6), list[Row]()
    assert chain.verify(chain.passing(rows, kept.append)).fault is None
    assert kept == rows
    kept.clear()
    hurt = [*rows[:3], rows[3]._replace(body=body("other")), *rows[4:]]
    assert chain.verify(chain.passing(hurt, kept.append)).fault is not None
    assert kept == rows[:3]


@given(st.integers(1, 10**15 - 1), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_back_as_it_is_printed(position: int, told: bytes) -> None:
    assume(told != GENESIS)
    found = Head(position, told)
    assert Head.parse(str(found)) == found
    assert Head.parse(f"  {str(found).upper()}\n") == found
    assert Head.parse(str(Head())) == Head()


HEX = "ab" * 32


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "1", HEX, f":{HEX}", f"1:{HEX[1:]}", f"1:{HEX}0", f"1:{'g' * 64}", f"1;{HEX}"),
        *(f"-1:{HEX}", f"+1:{HEX}", f"1.0:{HEX}", f"1e3:{HEX}", f"1 :{HEX}", f"1: {HEX}"),
        *(f"0:{HEX}", f"1:{'0' * 64}", f"00:{'0' * 64}", f"01:{HEX}", f"{'9' * 16}:{HEX}"),
        *(f"1:{HEX}\n1:{HEX}", f"\u0661:{HEX}", f"\uff11:{HEX}", "1:" + "\uff41" * 64, f"x1:{HEX}"),
        *(f"1:0x{HEX[2:]}", f"1:{HEX}\0", "x" * 100_000, "1" * 100_000),
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_a_head_is_never_guessed(text: str) -> None:
    with pytest.raises(Refused) as caught:
        Head.parse(text)
    assert caught.value.refusal is Refusal.HEAD_UNREADABLE
    assert len(caught.value.sentence) < 200
    assert caught.value.fields["text"] == text.strip()[:100]
