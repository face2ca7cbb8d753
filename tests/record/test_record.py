"""Commands count once, whoever else writes, whatever fails; views are what the events say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assuage.record.chain import Row
from assuage.record.events import Envelope, Fact, Recorded, Signature, Text, Whole
from assuage.record.keyring import PATIENT_KEY, Keyring, Sealed
from assuage.record.record import ATTEMPTS, Decision, Record, View, new_command
from assuage.record.store import Conflict, Secret, Store, StoreFailed, Write
from assuage.refusals import Refusal, Refused
from record.helpers import Place, write

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
BY = Signature(person="staff/ada", method="passphrase", at=AT)
KEY = bytes(range(32))


class TestOnlyMarbleMoved(Fact):
    __test__ = False

    marbles: Whole


class TestOnlyBagNamed(Fact):
    __test__ = False

    name: Text


class Bag(View):
    def __init__(self) -> None:
        super().__init__()
        self.marbles = 0
        self.names: list[str] = []

    def apply(self, event: Recorded) -> None:
        match event.fact:
            case TestOnlyMarbleMoved(marbles=marbles):
                self.marbles += marbles
            case TestOnlyBagNamed(name=name):
                self.names.append(name)


class Count(View):
    def apply(self, event: Recorded) -> None:
        """Count by version alone."""


def by(command: str = "") -> Envelope:
    return Envelope(at=AT, command=command or new_command(), by=BY)


def put(
    record: Record, marbles: int, bag: str = "bag/1", most: int = 100
) -> Callable[[], Decision]:
    """A command: put marbles into a bag that holds no more than 100."""

    def decide() -> Decision:
        if record.view(Bag, bag).marbles + marbles > 100:
            raise Refused(Refusal.LIMIT_MISSING, quantity="marbles")
        return Decision({bag: (TestOnlyMarbleMoved(marbles=marbles),)})

    return decide


@pytest.fixture
def record(store: Store) -> Record:
    return Record(store, Keyring(store, KEY))


@pytest.fixture
def other(place: Place, record: Record) -> Record:
    """Another program at the same record."""
    store = place.open()
    return Record(store, Keyring(store, KEY))


def test_a_command_becomes_events_and_a_view(record: Record, other: Record) -> None:
    events = record.commit(by("c1"), put(record, 3))
    assert [(one.stream, one.version, one.command, one.by, one.at) for one in events] == [
        ("bag/1", 1, "c1", BY, AT)
    ]
    assert record.view(Bag, "bag/1").marbles == other.view(Bag, "bag/1").marbles == 3
    assert record.head() == other.head() == record.store.head()
    assert record.head().position == 1
    assert tuple(other.events("bag/1")) == events


def test_a_refusal_stores_nothing(record: Record) -> None:
    with pytest.raises(Refused) as caught:
        record.commit(by(), put(record, 101))
    assert caught.value.refusal is Refusal.LIMIT_MISSING
    assert record.head().position == 0


def test_a_decision_of_nothing_stores_nothing(record: Record) -> None:
    assert record.commit(by(), lambda: Decision({})) == ()
    assert record.commit(by(), lambda: Decision({"bag/1": ()})) == ()
    assert record.head().position == 0


def test_facts_of_one_command_in_several_streams_are_stored_together(record: Record) -> None:
    def move() -> Decision:
        record.view(Bag, "bag/1")
        record.view(Bag, "bag/2")
        less, more = TestOnlyMarbleMoved(marbles=-2), TestOnlyMarbleMoved(marbles=2)
        return Decision({"bag/1": (less,), "bag/2": (more, TestOnlyBagNamed(name="new"))})

    first = record.commit(by("c1"), move)
    assert [(one.stream, one.version) for one in first] == [
        ("bag/1", 1),
        ("bag/2", 1),
        ("bag/2", 2),
    ]
    assert record.commit(by("c1"), move) == first
    assert record.head().position == 3


def test_who_wrote_first_makes_the_other_decide_again(record: Record, other: Record) -> None:
    seen: list[int] = []

    def decide() -> Decision:
        seen.append(record.view(Bag, "bag/1").marbles)
        if len(seen) < 4:
            other.commit(by(), put(other, 10))
        return Decision({"bag/1": (TestOnlyMarbleMoved(marbles=1),)})

    (event,) = record.commit(by(), decide)
    assert seen == [0, 10, 20, 30]
    assert event.version == 4
    assert record.view(Bag, "bag/1").marbles == 31


def test_what_was_looked_at_first_is_what_a_decision_rests_on(
    record: Record, other: Record
) -> None:
    """A decision sees one moment of a stream; when that has moved on, it decides again."""
    looks: list[tuple[int, int]] = []

    def decide() -> Decision:
        first = record.view(Bag, "bag/1").marbles
        if not looks:
            other.commit(by(), put(other, 10))
        looks.append((first, record.view(Bag, "bag/1").marbles))
        return Decision({"bag/1": (TestOnlyMarbleMoved(marbles=first + 1),)})

    record.commit(by(), decide)
    assert looks == [(0, 0), (10, 10)]
    assert record.view(Bag, "bag/1").marbles == 21


def test_what_was_only_looked_at_must_not_move_on_either(record: Record, other: Record) -> None:
    """One reads a and writes b while another reads b and writes a: one of them decides again."""
    looks: list[tuple[int, int]] = []

    def across() -> Decision:
        looks.append((record.view(Bag, "bag/a").marbles, record.view(Bag, "bag/b").marbles))
        if len(looks) == 1:
            other.commit(by(), put(other, 10, "bag/a"))
        return Decision({"bag/b": (TestOnlyMarbleMoved(marbles=1),)})

    record.commit(by(), across)
    assert looks == [(0, 0), (10, 0)]
    assert record.view(Bag, "bag/b").marbles == 1


def test_a_look_with_another_view_counts_too(record: Record, other: Record) -> None:
    looks: list[int] = []

    def decide() -> Decision:
        looks.append(record.view(Count, "bag/1").version)
        if len(looks) == 1:
            other.commit(by(), put(other, 10))
        record.view(Bag, "bag/1")
        return Decision({"bag/1": (TestOnlyMarbleMoved(marbles=1),)})

    record.commit(by(), decide)
    assert looks == [0, 1]


def test_a_refusal_after_a_conflict_stands(record: Record, other: Record) -> None:
    tries: list[int] = []

    def decide() -> Decision:
        decision = put(record, 60)()
        if not tries:
            other.commit(by(), put(other, 60))
        tries.append(1)
        return decision

    with pytest.raises(Refused) as caught:
        record.commit(by(), decide)
    assert caught.value.refusal is Refusal.LIMIT_MISSING
    assert len(tries) == 1
    assert record.view(Bag, "bag/1").marbles == 60


def test_a_command_counts_once(record: Record, other: Record) -> None:
    first = record.commit(by("c1"), put(record, 60))
    assert record.commit(by("c1"), put(record, 60)) == first  # though it would be refused now
    assert other.commit(by("c1"), put(other, 60)) == first
    assert other.commit(by("c1"), put(other, 1)) == first
    assert record.head().position == 1
    assert record.commit(by("c2"), put(record, 1)) != first
    with pytest.raises(Refused):
        record.commit(by("c3"), put(record, 60))


def test_a_command_that_another_stored_meanwhile_counts_once(record: Record, other: Record) -> None:
    done: list[tuple[Recorded, ...]] = []

    def decide() -> Decision:
        decision = put(record, 60)()
        if not done:
            done.append(other.commit(by("c1"), put(other, 60)))
        return decision

    assert record.commit(by("c1"), decide) == done[0]
    assert record.head().position == 1


def test_threads_at_one_record_put_no_marble_too_many(place: Place, store: Store) -> None:
    outcomes: list[str] = []

    def run(number: int) -> None:
        own = place.open()
        mine = Record(own, Keyring(own, KEY))
        for n in range(5):
            for _ in range(2):  # each command twice
                try:
                    mine.commit(by(f"{number} {n}"), put(mine, 10))
                except Refused as refused:
                    outcomes.append(refused.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Record(store, Keyring(store, KEY)).view(Bag, "bag/1").marbles == 100
    assert outcomes == ["LIMIT_MISSING"] * 20


moves = st.lists(
    st.integers(-5, 5) | st.sampled_from(["red", "blue", "again", "rebuild"]), max_size=15
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=moves)
def test_a_view_kept_is_the_view_built_anew(sqlite_place: Place, told: list[int | str]) -> None:
    store = sqlite_place.open(create=not sqlite_place.opened)
    kept = Record(store, Keyring(store, KEY))
    bag = new_command()
    for one in told:
        if one == "again":
            kept.view(Bag, bag)
        elif one == "rebuild":
            kept.rebuild(Bag, bag)
        else:
            fact = (
                TestOnlyMarbleMoved(marbles=one)
                if isinstance(one, int)
                else TestOnlyBagNamed(name=one)
            )
            kept.commit(by(), decided(kept, bag, fact))
    anew = Record(store, Keyring(store, KEY)).view(Bag, bag)
    seen = kept.view(Bag, bag)
    assert vars(seen) == vars(anew) == vars(kept.rebuild(Bag, bag))
    assert anew.marbles == sum(one for one in told if isinstance(one, int))


def decided(record: Record, bag: str, fact: Fact) -> Callable[[], Decision]:
    def decide() -> Decision:
        record.view(Bag, bag)
        return Decision({bag: (fact,)})

    return decide


class Failing:
    """A store whose appends end as they are told to."""

    name = "somewhere"

    def __init__(self, store: Store, *endings: Exception | None) -> None:
        self.store = store
        self.endings = list(endings)
        self.tries = 0

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        self.tries += 1
        ending = self.endings.pop(0)
        if isinstance(ending, Conflict | Refused):
            raise ending
        rows = self.store.append(writes, secrets)
        if ending:
            raise ending
        return rows

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


def failing(store: Store, *endings: Exception | None) -> tuple[Record, Failing]:
    fake = Failing(store, *endings)
    return Record(fake, Keyring(store, KEY)), fake  # type: ignore[arg-type]


def test_a_failed_store_leaves_it_unsure_and_once_settles_it(store: Store) -> None:
    record, fake = failing(store, StoreFailed("somewhere", "the disk is gone"), None)
    with pytest.raises(Refused) as caught:
        record.commit(by("c7"), put(record, 60))
    assert caught.value.refusal is Refusal.RECORD_UNSURE
    assert "--once c7" in caught.value.remedy
    assert "the disk is gone" in caught.value.sentence
    assert fake.tries == 1  # a failed sync is never tried again
    (event,) = record.commit(by("c7"), put(record, 60))
    assert (event.version, fake.tries) == (1, 1)


def test_a_command_gives_up_when_others_always_write_first(store: Store) -> None:
    record, fake = failing(store, *(Conflict("bag/1", 0, 1) for _ in range(ATTEMPTS)))
    with pytest.raises(Refused) as caught:
        record.commit(by(), put(record, 1))
    assert caught.value.refusal is Refusal.RECORD_CHANGED
    assert "bag/1" in caught.value.sentence
    assert fake.tries == ATTEMPTS
    assert store.head().position == 0


def test_the_last_attempt_counts(store: Store) -> None:
    endings = [Conflict("bag/1", 0, 1) for _ in range(ATTEMPTS - 1)]
    record, _ = failing(store, *endings, None)
    assert record.commit(by(), put(record, 1))[0].version == 1


def test_a_busy_record_is_said_as_it_is(store: Store) -> None:
    record, fake = failing(store, Refused(Refusal.RECORD_BUSY, where="x", seconds=10))
    with pytest.raises(Refused) as caught:
        record.commit(by(), put(record, 1))
    assert caught.value.refusal is Refusal.RECORD_BUSY
    assert fake.tries == 1


def test_an_event_that_nobody_knows_is_one_refusal(record: Record) -> None:
    record.store.append([write("bag/1", 0, "not an event")])
    for use in (lambda: record.view(Bag, "bag/1"), lambda: list(record.events("bag/1"))):
        with pytest.raises(Refused) as caught:
            use()
        assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    assert record.view(Bag, "bag/2").version == 0


def test_a_view_that_failed_half_way_is_not_kept(record: Record) -> None:
    class Fussy(Bag):
        willing = False

        def apply(self, event: Recorded) -> None:
            super().apply(event)
            if event.version == 2 and not self.willing:
                raise KeyError("half-way")

    record.commit(by(), put(record, 1))
    record.commit(by(), put(record, 2))
    with pytest.raises(KeyError):
        record.view(Fussy, "bag/1")
    Fussy.willing = True
    assert record.view(Fussy, "bag/1").marbles == 3


def test_a_view_takes_events_in_order_only(record: Record) -> None:
    record.commit(by(), put(record, 1))
    (event,) = record.events("bag/1")
    bag = Bag()
    bag.take(event)
    with pytest.raises(ValueError, match="follow"):
        bag.take(event)
    assert (bag.marbles, bag.version) == (1, 1)


def test_a_new_command_is_like_no_other() -> None:
    assert len({new_command() for _ in range(1000)}) == 1000


class TestOnlyPersonMet(Fact):
    __test__ = False

    name: Sealed


def test_a_key_made_and_destroyed_opens_nothing_in_the_program_that_made_it(
    record: Record, other: Record
) -> None:
    def meet() -> Decision:
        record.view(Count, "person/1")
        key = record.keyring.make("1")
        return Decision(
            {"person/1": (TestOnlyPersonMet(name=record.keyring.seal("1", "Ada")),)}, (key,)
        )

    (event,) = record.commit(by(), meet)
    assert isinstance(event.fact, TestOnlyPersonMet)
    assert other.keyring.open(event.fact.name) == "Ada"
    other.store.append([], [Secret(PATIENT_KEY, "1", None)])
    assert record.keyring.open(event.fact.name) is None
    with pytest.raises(Refused) as caught:
        record.keyring.seal("1", "Ada")
    assert caught.value.refusal is Refusal.PATIENT_ERASED


def test_a_key_that_was_not_stored_is_forgotten(store: Store) -> None:
    record, _ = failing(store, Refused(Refusal.RECORD_BUSY, where="x", seconds=10))
    sealed: list[Sealed] = []

    def meet() -> Decision:
        record.view(Count, "person/1")
        key = record.keyring.make("1")
        sealed.append(record.keyring.seal("1", "Ada"))
        return Decision({"person/1": (TestOnlyPersonMet(name=sealed[0]),)}, (key,))

    with pytest.raises(Refused):
        record.commit(by(), meet)
    assert record.keyring.open(sealed[0]) is None
