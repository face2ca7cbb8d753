"""Not one microgram is lost, whoever does what in whatever order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assuage.care import chair
from assuage.care.register import checks, discrepancy, vial
from assuage.care.register.book import Book
from assuage.care.register.book import stream as register_stream
from assuage.record import canonical
from assuage.record.record import Record

from ..world import MG, NORTH, World, in_memory, world
from .checker import Row, check
from .generator import ITEMS, KINDS, Service, balances, rows

REGISTERS, EACH = 16, 2500
PLACES = (("gb-eng", "Europe/London"), ("us", "America/New_York"))
ACCEPTED_OF_EACH = 50


def judge(made: World) -> None:
    """Hold a record against the second checker and against a book built anew."""
    found = check(rows(made))
    assert found.violations == []
    assert found.total_ug == 0
    book = made.book()
    assert found.balances.get(NORTH, {}) == balances(book)
    assert found.entries == len(book.lines)
    anew = Record(made.record.store, made.record.keyring).view(Book, register_stream(NORTH))
    assert canonical.encode(anew.as_json()) == canonical.encode(book.as_json())


class Register(RuleBasedStateMachine):
    """Any command after any other. What a command does depends on its seed alone."""

    def __init__(self) -> None:
        super().__init__()
        self.world = in_memory()
        self.world.found()
        self.service = Service(self.world, 0)

    @initialize(seed=st.integers(0, 2**16), before=st.integers(0, 120))
    def begin(self, seed: int, before: int) -> None:
        self.service.rng = Random(seed)
        self.service.run(before)

    @rule(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**16))
    def give(self, kind: str, seed: int) -> None:
        self.service.rng = Random(seed)
        self.service.step(kind)

    @invariant()
    def nothing_is_lost(self) -> None:
        book = self.world.book()
        assert all(book.sum_ug(item.id) == 0 for item in ITEMS)
        assert self.service.model.faults(book) == []

    def teardown(self) -> None:
        judge(self.world)


TestRegister = Register.TestCase
TestRegister.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_40000_commands_lose_nothing_and_leave_no_command_out() -> None:
    tally: Counter[tuple[str, str]] = Counter()
    for seed in range(REGISTERS):
        made = in_memory()
        place, zone = PLACES[seed % len(PLACES)]
        made.found(place=place, zone=zone)
        service = Service(made, seed)
        service.run(EACH)
        assert service.model.faults(made.book()) == [], seed
        judge(made)
        tally += service.tally
    accepted = {kind: tally[kind, "ok"] for kind in KINDS}
    refused = Counter(code for kind, code in tally.elements() if code != "ok")
    print(accepted, refused)
    assert tally.total() == REGISTERS * EACH
    assert {kind: n for kind, n in accepted.items() if n < ACCEPTED_OF_EACH} == {}
    assert len(refused) > 30, "hostile arguments are refused in many ways"


def test_the_same_on_a_file() -> None:
    with world() as made:
        made.found()
        service = Service(made, 99)
        service.run(500)
        assert service.model.faults(made.book()) == []
        judge(made)


# Canaries: the second checker has to find each of these.


@pytest.fixture(scope="module")
def history() -> list[Row]:
    """A history in which everything is accounted for at the end, and counted."""
    made = in_memory()
    made.ready(units=6)
    made.stock(4, area="main")
    draw = made.draw()
    made.give(draw, 100)
    wasted = made.waste(draw, 400)
    checks.correct(made.desk("nia", "noa"), wasted, "it was 390", 390 * MG)  # within the tolerance
    other = made.draw()
    made.give(other, 200)
    vial.settle(made.desk("nia"), other)  # 300 mg are missing
    case = next(iter(made.book().cases))
    discrepancy.reconstruct(made.desk("pia"), case, None, 200 * MG, "the chart says 200 mg")
    discrepancy.escalate(made.desk("ola"), case, "the officer", "1")
    discrepancy.close(made.desk("ola", "ned"), case, discrepancy.Conclusion("loss", "gone"))
    back = made.draw()
    vial.put_back(made.desk("nia", "noa"), back, "not needed")
    chair.end_session(made.desk("nia"), "s1")
    checks.check(made.desk("nia", "noa"), ITEMS[0], "ward", 3)
    case = list(made.book().cases)[-1]
    discrepancy.recount(made.desk("ned", "nyx"), case, 3)
    discrepancy.reconstruct(made.desk("pia"), case, None, None, "nothing")
    discrepancy.escalate(made.desk("ola"), case, "the officer", "2")
    discrepancy.close(made.desk("ola", "ned"), case, discrepancy.Conclusion("loss", "gone"))
    for area, units in (("ward", 3), ("main", 4)):
        checks.check(made.desk("nia", "noa"), ITEMS[0], area, units)
    judge(made)
    return list(rows(made))


def renumbered(changed: list[Row]) -> list[Row]:
    """Give rows the positions and versions that a careful forger would."""
    versions: Counter[str] = Counter()
    made = []
    for position, (_, stream, _, body) in enumerate(changed, start=1):
        versions[stream] += 1
        made.append((position, stream, versions[stream], body))
    return made


def kinds(history: list[Row]) -> list[str]:
    return [json.loads(body)["kind"] for *_, body in history]


def test_the_checker_finds_any_dropped_event(history: list[Row]) -> None:
    for n in range(len(history) - 1):  # a cut tail shows against an older head, and only there
        rest = history[:n] + history[n + 1 :]
        assert seen(lambda rest=rest: check(rest).clean), history[n]


def test_the_checker_finds_a_dropped_entry_of_a_forger(history: list[Row]) -> None:
    moving = {"StockReceived", "VialDrawn", "DrugAdministered", "DrugWasted", "VialReturned"}
    moving |= {"DiscrepancyClosed", "AdministrationConfirmed"}
    dropped = 0
    for n, kind in enumerate(kinds(history)):
        if kind in moving:
            dropped += 1
            rest = renumbered(history[:n] + history[n + 1 :])
            assert seen(lambda rest=rest: check(rest).clean), (n, kind)
    assert dropped > 10


def seen(clean: Callable[[], bool]) -> bool:
    """Say whether a fault shows: as a finding, or as an entry that names what isn't there."""
    try:
        return not clean()
    except KeyError:
        return True


AMOUNTS = {"ug", "unit_ug", "posted_ug", "difference_ug", "right"}


def amounts(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every amount of micrograms in a body."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from amounts(value, (*path, key))
        elif key in AMOUNTS and value is not None:
            yield (*path, key)


def test_the_checker_finds_any_amount_changed_by_a_microgram(history: list[Row]) -> None:
    changed = 0
    for n, (position, stream, version, body) in enumerate(history):
        for path in amounts(json.loads(body)["data"]):
            event = json.loads(body)
            if event["kind"] in ("AdministrationIntended",):  # what is intended isn't what is given
                continue
            inner = event["data"]
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] += 1
            row = (position, stream, version, json.dumps(event).encode())
            assert not check([*history[:n], row, *history[n + 1 :]]).clean, (event["kind"], path)
            changed += 1
    assert changed > 15


@pytest.mark.parametrize(
    "kind",
    ["EntryCorrected", "AdministrationConfirmed", "DrugAdministered", "DrugWasted", "DrawClosed"],
)
def test_the_checker_finds_an_event_applied_twice(history: list[Row], kind: str) -> None:
    n = kinds(history).index(kind)
    assert not check(renumbered([*history[: n + 1], *history[n:]])).clean


def test_the_checker_finds_a_confirmation_doubled_in_both_streams(history: list[Row]) -> None:
    found = kinds(history)
    both = [found.index("DrugAdministered"), found.index("AdministrationConfirmed")]
    doubled = [*history, *(history[n] for n in both)]
    assert not check(renumbered(doubled)).clean


def test_the_checker_finds_a_missing_or_false_witness(history: list[Row]) -> None:
    n = kinds(history).index("DrugWasted")
    for forged in (None, "by", "aud"):
        event = json.loads(history[n][3])
        actor = event["by"]
        gone = {**actor, "person": "gone", "roles": ["nurse"]}
        event["witness"] = {None: None, "by": actor, "aud": gone}[forged]
        row = (*history[n][:3], json.dumps(event).encode())
        assert not check([*history[:n], row, *history[n + 1 :]]).clean, forged
