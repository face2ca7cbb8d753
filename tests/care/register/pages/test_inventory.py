from __future__ import annotations

from datetime import date, timedelta

from assuage.care.register import checks
from assuage.care.register.pages import gather, inventory
from assuage.care.register.pages.inventory import taken_on
from assuage.care.register.pages.ledger import ledgers

from ...world import VIAL, World
from .fortnight import Clinic


def test_an_inventory_shows_what_is_on_hand_sealed_and_opened(portland: Clinic) -> None:
    basis = portland.basis()
    sheet = inventory(basis, "close")
    table = sheet.parts[0].table
    assert table is not None
    on_hand = [one.cells[2].lines[0] for one in table.rows]
    assert on_hand == ["14 units", "32 units", "7 units"]
    assert table.rows[0].cells[3].lines[0].endswith(": 50 mg (2 mL)")
    pairs = dict(sheet.parts[0].pairs)
    assert pairs["Taken at"] == "close of business"
    assert pairs["Last inventory"] == "6 Mar 2026"
    assert pairs["Next inventory"] == "by 6 Mar 2028"
    assert dict(inventory(basis).parts[0].pairs)["Taken at"] == "to be filled in by hand"
    assert taken_on(basis, ledgers(basis.book)) == date(2026, 3, 6)


def test_what_is_overdue_says_so(ready: World) -> None:
    def alarms(days: int) -> tuple[str, ...]:
        when = ready.clock.instant + timedelta(days=days)
        return inventory(gather(ready.record, "north", when)).parts[0].alarms

    assert alarms(900) == ()  # no interval in the law of England
    with_us = World(ready.record, ready.clock)
    with_us.found("south", "us", "America/New_York")
    with_us.stock(site="south")
    basis = gather(ready.record, "south", ready.clock.instant + timedelta(days=1))
    assert inventory(basis).parts[0].alarms == ("OVERDUE: an inventory was due by 4 Mar 2026.",)
    table = inventory(basis).parts[0].table
    assert table is not None
    assert [one.text for one in table.rows[0].marks] == ["NEVER COUNTED"]
    checks.check(with_us.desk("pia", "pol", "south"), VIAL, "ward", 10)
    for days, told in ((731, ()), (732, ("OVERDUE: an inventory was due by 4 Mar 2028.",))):
        when = ready.clock.instant + timedelta(days=days)
        assert inventory(gather(ready.record, "south", when)).parts[0].alarms == told


def test_an_empty_register_has_an_inventory_that_says_so(empty: World) -> None:
    empty.found()
    sheet = inventory(gather(empty.record, "north", empty.clock.instant))
    assert sheet.parts[0].table is not None
    assert sheet.parts[0].table.rows == ()
    assert sheet.records.rows == ()
