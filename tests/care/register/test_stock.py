"""Whole units in and out, with refusals in the order of refusals/codes.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import pytest

from assuage.care.register import discrepancy, stock
from assuage.care.register import facts as f
from assuage.care.register.item import item
from assuage.refusals import PRECEDENCE, Refusal

from ..world import VIAL, World, code, in_memory, only, refusal
from .checker import check
from .generator import rows

COLLECTED = stock.Collection("van", True, True)

# Command, area, to, units, detail, outcome; ten are on the ward, the page of theatre is frozen.
ROWS = """
receive   ward    -       1        -         ok
receive   ward    -       0        -         UNITS_INVALID
receive   ward    -       -3       -         UNITS_INVALID
receive   ward    -       1000000  -         UNITS_INVALID
receive   ward    -       0        expired   STOCK_EXPIRED
receive   ward    -       1        expired   STOCK_EXPIRED
receive   ward    -       1        unnamed   FIELD_INVALID
receive   theatre -       1        expired   PAGE_FROZEN
receive   theatre -       1        future    TIME_IN_FUTURE
receive   cellar  -       0        future    AREA_UNKNOWN
supply    ward    main    10       -         ok
supply    ward    main    11       -         STOCK_SHORT
supply    ward    main    0        -         UNITS_INVALID
supply    ward    main    -1       -         UNITS_INVALID
supply    ward    ward    1        -         AREA_SAME
supply    ward    ward    99       future    AREA_SAME
supply    ward    theatre 99       -         PAGE_FROZEN
supply    theatre ward    99       -         PAGE_FROZEN
supply    ward    cellar  99       -         AREA_UNKNOWN
supply    cellar  cellar  99       -         AREA_UNKNOWN
supply    cellar  main    99       -         AREA_UNKNOWN
supply    main    ward    1        -         STOCK_SHORT
supply    ward    main    1        future    TIME_IN_FUTURE
transfer  ward    -       10       -         ok
transfer  ward    -       11       -         STOCK_SHORT
transfer  ward    -       0        -         UNITS_INVALID
transfer  ward    -       1        unnamed   AUTHORITY_MISSING
transfer  ward    -       11       unnamed   STOCK_SHORT
transfer  theatre -       1        -         PAGE_FROZEN
transfer  cellar  -       1        -         AREA_UNKNOWN
destroy   ward    -       10       -         ok
destroy   ward    -       11       -         STOCK_SHORT
destroy   ward    -       0        -         UNITS_INVALID
destroy   ward    -       1        unnamed   FIELD_INVALID
destroy   theatre -       1        -         PAGE_FROZEN
destroy   cellar  -       1        -         AREA_UNKNOWN
"""


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    made.stock(2, area="theatre")
    discrepancy.report(made.desk("nia"), VIAL, "theatre", 0, "the seal is broken")
    return made


@pytest.mark.parametrize("row", ROWS.strip().splitlines())
def test_stock_moves_or_is_refused(w: World, row: str) -> None:
    name, area, to_area, units, detail, told = row.split()
    page, desk = stock.Page(VIAL, area, int(units)), w.desk("pia", "pol")
    at = w.clock.utc_now() + timedelta(hours=1) if detail == "future" else None
    expires = date(2026, 3, 3) if detail == "expired" else date(2026, 3, 4)
    text = "" if detail == "unnamed" else "x"
    party = f.Party(name="T", address="B", authority=text)
    calls: dict[str, Callable[[], object]] = {
        "receive": lambda: stock.receive(
            desk, page, stock.Delivery(party, text, "lot", expires), at
        ),
        "supply": lambda: stock.supply(desk, page, to_area, COLLECTED, at),
        "transfer": lambda: stock.transfer(
            desk, page, stock.Consignment(party, "r", COLLECTED), at
        ),
        "destroy": lambda: stock.destroy(desk, page, stock.Destruction(text, "m"), at),
    }
    head = w.record.head()
    assert code(calls[name]) == told
    assert (w.record.head() == head) == (told != "ok")
    assert check(rows(w)).clean


def test_the_refusals_of_a_page_stand_in_this_order() -> None:
    order = ["AREA_UNKNOWN", "AREA_SAME", "TIME_IN_FUTURE", "PAGE_FROZEN", "ITEM_CHANGED"]
    order += ["STOCK_SHORT", "STOCK_EXPIRED", "UNITS_INVALID", "AUTHORITY_MISSING"]
    ranks = [PRECEDENCE[Refusal[name]] for name in order]
    assert ranks == sorted(ranks)


# Place, second witness, outcome of a destruction.
WITNESSES = """
gb-eng  -    ok
gb-eng  nia  ok
gb-eng  pol  WITNESS_IS_ACTOR
gb-eng  pia  WITNESS_IS_ACTOR
gb-eng  aud  ROLE_NOT_PERMITTED
us      -    WITNESS_MISSING
us      nia  ok
us      pol  WITNESS_IS_ACTOR
de      -    WITNESS_MISSING
de      nia  ok
"""


@pytest.mark.parametrize("row", WITNESSES.strip().splitlines())
def test_a_destruction_has_the_witnesses_that_the_place_asks_for(row: str) -> None:
    place, second, told = row.split()
    made = in_memory()
    made.found(place=place, zone="UTC")
    made.stock()
    other = None if second == "-" else made.sign(second)
    how = stock.Destruction("broken", "denatured", other)
    page = stock.Page(VIAL, "ward", 1)
    assert code(lambda: stock.destroy(made.desk("pia", "pol"), page, how)) == told


def test_a_stale_second_witness_is_refused(w: World) -> None:
    other = w.sign("nia", w.clock.utc_now() - timedelta(minutes=6))
    how = stock.Destruction("broken", "denatured", other)
    page = stock.Page(VIAL, "ward", 1)
    assert code(lambda: stock.destroy(w.desk("pia", "pol"), page, how)) == "WITNESS_STALE"


def test_a_page_is_of_one_item_alone(w: World) -> None:
    other = item("esketamine-25/2mL")
    page = stock.Page(other, "ward", 1)
    assert code(lambda: stock.supply(w.desk("pia"), page, "main", COLLECTED)) == "STOCK_SHORT"


PAGE = stock.Page(VIAL, "ward", 1)
STRANGER = f.Party(name="T", address="B")
DELIVERY = stock.Delivery(f.Party(name="S", address="A"), "ref", "lot", date(2026, 3, 3))

# A command, and what its refusal tells.
TOLD: dict[str, tuple[Callable[[World], object], dict[str, object]]] = {
    "expired": (
        lambda w: stock.receive(w.desk("pia"), PAGE, DELIVERY),
        {"item": VIAL.id, "expires": date(2026, 3, 3)},
    ),
    "the same area": (
        lambda w: stock.supply(w.desk("pia"), PAGE, "ward", COLLECTED),
        {"area": "ward"},
    ),
    "a stranger": (
        lambda w: stock.transfer(
            w.desk("pia", "pol"), PAGE, stock.Consignment(STRANGER, "r", COLLECTED)
        ),
        {"name": "T"},
    ),
    "no witness of a transfer": (
        lambda w: stock.transfer(w.desk("pia"), PAGE, stock.Consignment(STRANGER, "r", COLLECTED)),
        {"act": "a transfer"},
    ),
    "no witness of a destruction": (
        lambda w: stock.destroy(w.desk("pia"), PAGE, stock.Destruction("r", "m")),
        {"act": "a destruction"},
    ),
    "the same witness twice": (
        lambda w: stock.destroy(
            w.desk("pia", "pol"), PAGE, stock.Destruction("r", "m", w.sign("pol"))
        ),
        {"person": "pol"},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_refusal_tells_what_it_is_about(w: World, name: str) -> None:
    act, told = TOLD[name]
    assert refusal(lambda: act(w)).fields == told


def test_a_second_witness_is_asked_for_by_that_name() -> None:
    made = in_memory()
    made.found(place="us", zone="UTC")
    made.stock()
    how = stock.Destruction("r", "m")
    told = refusal(lambda: stock.destroy(made.desk("pia", "pol"), PAGE, how))
    assert told.fields == {"act": "a destruction, by a second person,"}


@pytest.mark.parametrize(("asked", "shown"), [(True, False), (False, True)])
def test_an_entry_says_what_was_told(w: World, asked: bool, shown: bool) -> None:
    pair, by = w.desk("pia", "pol"), stock.Collection("van", asked, shown)
    party = f.Party(name="T", address="B", authority="1")
    other = w.sign("nia")
    facts = [
        only(stock.supply(pair, PAGE, "main", by), f.StockSupplied),
        only(stock.transfer(pair, PAGE, stock.Consignment(party, "r", by)), f.StockTransferred),
        only(stock.destroy(pair, PAGE, stock.Destruction("r", "m", other)), f.StockDestroyed),
    ]
    for fact in facts[:2]:
        told = fact.model_dump()
        assert (told["id_requested"], told["id_shown"]) == (asked, shown)
        assert told["collected_by"] == "van"
    assert facts[1].model_dump()["to"] == party.model_dump()
    assert facts[2].model_dump()["other_witness"] == other.model_dump()
    assert w.book().units(VIAL.id, "ward") == 7


def test_what_a_command_is_given_doesnt_change() -> None:
    consignment = stock.Consignment(STRANGER, "r", COLLECTED)
    for given in (COLLECTED, DELIVERY, PAGE, consignment, stock.Destruction("r", "m")):
        for name in vars(given):
            with pytest.raises(FrozenInstanceError):
                setattr(given, name, None)


def test_a_unit_of_another_size_neither_comes_nor_goes(w: World) -> None:
    page, pair = replace(PAGE, item=replace(VIAL, unit_ug=1)), w.desk("pia", "pol")
    late = replace(DELIVERY, expires=date(2030, 1, 1))
    calls: tuple[Callable[[], object], ...] = (
        lambda: stock.receive(pair, page, late),
        lambda: stock.supply(pair, page, "main", COLLECTED),
        lambda: stock.transfer(pair, page, stock.Consignment(STRANGER, "r", COLLECTED)),
        lambda: stock.destroy(pair, page, stock.Destruction("r", "m")),
    )
    assert [code(call) for call in calls] == ["ITEM_CHANGED"] * 4
