"""The second checker: what the facts say, added up by an arithmetic of its own.

It reads the stored bodies as plain JSON and knows nothing of the book: no accounts, no moves. What
it holds against them is written in the docstrings of the facts and in the rules of registers:

    received + surplus = administered + wasted + transferred + destroyed + loss + measuring
                         + on hand + drawn and not accounted for yet
    drawn = given + wasted + returned + difference + posted, for every unit accounted for
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
Row = tuple[int, str, int, bytes]
_FRESH = timedelta(minutes=5)
_PAIRED = {
    *("DrugWasted", "VialReturned", "StockTransferred", "StockDestroyed", "StockChecked"),
    *("DiscrepancyRecounted", "DiscrepancyClosed", "PatientErased"),
}
_STOCK = {"StockReceived", "StockSupplied", "StockTransferred", "StockDestroyed"}


@dataclass
class Found:
    """What the checker found: per item what doesn't add up, and every rule that was broken."""

    imbalance_ug: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    balances: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    entries: int = 0

    @property
    def total_ug(self) -> int:
        return sum(abs(ug) for ug in self.imbalance_ug.values())

    @property
    def clean(self) -> bool:
        return not self.violations and self.total_ug == 0


@dataclass
class _Unit:
    """A drawn unit. `ended` when something says that it is accounted for."""

    item: str
    area: str
    ug: int
    session: str
    people: set[str]
    undone: bool = False
    back: bool = False
    ended: bool = False
    difference: int = 0
    posted: int = 0


@dataclass
class _Case:
    item: str
    area: str
    unit: str
    people: set[str]
    closed: bool = False
    recounted: int | None = None
    escalated: bool = False
    reconstructed: bool = False


@dataclass
class _Entry:
    """A line: what it is about, and its amount as it stands after its corrections."""

    kind: str
    data: Event
    amount: int


def tolerance_ug(item: str, unit_ug: int) -> int:
    """5 % of the unit or 15 microlitres of it, whichever is more; a device has none."""
    strength = re.search(r"-(\d+)/[\d.]+mL$", item)
    if strength is None:
        return 0
    share, floor = unit_ug // 20, 15 * int(strength[1])  # mg/mL is ug/uL
    return share if share > floor else floor


class _Register:
    """One site's register, from its bodies alone."""

    def __init__(self, checker: Checker, site: str) -> None:
        self.all, self.site = checker, site
        self.entries: list[_Entry] = []
        self.shelf: Counter[tuple[str, str]] = Counter()  # units
        self.unit_ug: dict[str, int] = {}
        self.units: dict[str, _Unit] = {}
        self.cases: dict[str, _Case] = {}
        self.of_unit: defaultdict[str, list[_Entry]] = defaultdict(list)
        self.posted: Counter[tuple[str, str]] = Counter()  # (item, loss or surplus)

    def wrong(self, why: str) -> None:
        self.all.found.violations.append(f"{self.site} entry {len(self.entries)}: {why}")

    def frozen(self, item: str, area: str) -> set[str]:
        return {
            name
            for name, one in self.cases.items()
            if not one.closed and (one.item, one.area) == (item, area)
        }

    def take(self, kind: str, data: Event, event: Event) -> None:
        amount = data.get("units", data.get("ug", data.get("counted_units", 1)))
        entry = _Entry(kind, data, amount)
        self.entries.append(entry)
        if kind in ("DrugAdministered", "DrugWasted"):
            self.of_unit[data["draw"]].append(entry)
        if (handle := getattr(self, f"on_{kind}", None)) is None:
            self.wrong(f"an entry of an unknown kind {kind}")
            return
        if kind in _STOCK and self.frozen(data["item"], data["area"]):
            self.wrong("stock moved on a frozen page")
        if "unit_ug" in data:
            item = data.get("item") or self.cases[data["discrepancy"]].item
            if self.unit_ug.setdefault(item, data["unit_ug"]) != data["unit_ug"]:
                self.wrong(f"a unit of {item} is {data['unit_ug']} ug now")
        handle(data, event)

    def put(self, item: str, area: str, units: int) -> None:
        self.shelf[item, area] += units
        if self.shelf[item, area] < 0:
            self.wrong(f"{area} holds {self.shelf[item, area]} of {item}")

    def on_StockReceived(self, data: Event, _event: Event) -> None:  # noqa: N802
        self.put(data["item"], data["area"], data["units"])

    def on_StockSupplied(self, data: Event, _event: Event) -> None:  # noqa: N802
        if data["area"] == data["to_area"]:
            self.wrong("supplied to the area it came from")
        if self.frozen(data["item"], data["to_area"]):
            self.wrong("stock moved to a frozen page")
        self.put(data["item"], data["area"], -data["units"])
        self.put(data["item"], data["to_area"], data["units"])

    def on_StockTransferred(self, data: Event, _event: Event) -> None:  # noqa: N802
        if not data["to"]["authority"]:
            self.wrong("transferred to somebody without an authority")
        self.put(data["item"], data["area"], -data["units"])

    def on_StockDestroyed(self, data: Event, event: Event) -> None:  # noqa: N802
        other = data["other_witness"]
        if other and other["person"] in (event["by"]["person"], event["witness"]["person"]):
            self.wrong("the second witness is one of the other two")
        if self.all.places.get(self.site) == "us" and not other:
            self.wrong("destroyed before one witness where two are asked for")
        self.put(data["item"], data["area"], -data["units"])

    def on_StockChecked(self, data: Event, _event: Event) -> None:  # noqa: N802
        if data["expected_units"] != self.shelf[data["item"], data["area"]]:
            self.wrong("the count was compared with another number than the register's")

    def on_VialDrawn(self, data: Event, event: Event) -> None:  # noqa: N802
        about = data["treatment"]["session"]
        frozen = bool(self.frozen(data["item"], data["area"]))
        if frozen != bool(data["accepted"]):
            self.wrong("drawn from a frozen page, or accepted without one")
        if frozen and not event["witness"]:
            self.wrong("drawn from a frozen page without a witness")
        if data["draw"] in self.units:
            self.wrong("a unit was drawn twice")
        self.units[data["draw"]] = _Unit(
            data["item"], data["area"], data["unit_ug"], about, _people(event)
        )
        self.all.drawn_in(self, about, data["treatment"])
        self.moved(data)
        self.put(data["item"], data["area"], -1)

    def moved(self, data: Event) -> None:
        for name in self.frozen(data["item"], data["area"]):
            self.cases[name].recounted = None

    def used(self, data: Event, event: Event) -> None:
        unit = self.units[data["draw"]]
        if unit.ended:
            self.wrong(f"{data['draw']} was accounted for already")
        if (unit.item, unit.session) != (data["item"], data["treatment"]["session"]):
            self.wrong("another item or session than the unit was drawn for")
        unit.people |= _people(event)
        self.not_over(data["draw"])

    def on_DrugAdministered(self, data: Event, event: Event) -> None:  # noqa: N802
        self.used(data, event)
        self.all.administered(data)

    def on_DrugWasted(self, data: Event, event: Event) -> None:  # noqa: N802
        self.used(data, event)

    def on_VialReturned(self, data: Event, _event: Event) -> None:  # noqa: N802
        unit = self.units[data["draw"]]
        if unit.ended or self.out_of(data["draw"]) or unit.difference or unit.posted:
            self.wrong(f"{data['draw']} went back though something was done with it")
        unit.back = unit.ended = True
        self.moved(data)
        self.put(unit.item, unit.area, 1)

    def out_of(self, draw: str) -> int:
        """What was given and wasted of a unit, as its entries stand now."""
        return sum(one.amount for one in self.of_unit[draw])

    def left(self, draw: str) -> int:
        unit = self.units[draw]
        if unit.back or unit.undone:
            return -self.out_of(draw)
        return unit.ug - self.out_of(draw) - unit.difference - unit.posted

    def not_over(self, draw: str) -> None:
        unit = self.units[draw]
        if self.out_of(draw) + unit.posted > unit.ug + tolerance_ug(unit.item, unit.ug):
            self.wrong(f"more came out of {draw} than it holds and the tolerance")

    def on_DrawClosed(self, data: Event, _event: Event) -> None:  # noqa: N802
        unit = self.units[data["draw"]]
        tolerance = tolerance_ug(unit.item, unit.ug)
        unit.difference += data["difference_ug"]
        if unit.ended or data["tolerance_ug"] != tolerance:
            self.wrong(f"{data['draw']} closed twice, or by another tolerance than {tolerance}")
        if abs(unit.difference) > tolerance:
            self.wrong(f"{data['draw']} closed with a difference over its tolerance")
        if self.left(data["draw"]):
            self.wrong(f"{data['draw']} closed with {self.left(data['draw'])} ug unaccounted for")
        unit.ended = True

    def on_EntryCorrected(self, data: Event, event: Event) -> None:  # noqa: N802
        if not 0 < data["entry"] < len(self.entries):
            self.wrong("a correction of an entry that isn't earlier")
            return
        wrong, right = self.entries[data["entry"] - 1], data["right"]
        if right is None:
            return
        if not event["witness"]:
            self.wrong("an amount corrected without a witness")
        change, wrong.amount = right - wrong.amount, right
        if change == 0:
            self.wrong("a correction that changes nothing was applied again")
        item = wrong.data["item"]
        unit = self.units.get(wrong.data.get("draw", ""))
        areas = {unit.area} if unit else {wrong.data["area"], wrong.data.get("to_area")}
        for area in areas - {None}:
            frozen = self.frozen(item, area)
            if frozen and data["discrepancy"] not in frozen:
                self.wrong("an amount corrected on a frozen page")
        if wrong.kind in _STOCK:
            sign = 1 if wrong.kind == "StockReceived" else -1
            self.put(item, wrong.data["area"], sign * change)
            if wrong.kind == "StockSupplied":
                self.put(item, wrong.data["to_area"], change)
        elif wrong.kind == "VialDrawn" and right == 0 and unit and not unit.ended:
            unit.undone = unit.ended = True
            self.put(item, unit.area, 1)
        elif wrong.kind in ("DrugAdministered", "DrugWasted") and unit:
            unit.ended = False
            self.not_over(wrong.data["draw"])
            if wrong.kind == "DrugAdministered":
                self.all.corrected[wrong.data["intent"]] = right
        else:
            self.wrong(f"an amount of {wrong.kind} can't be corrected so")

    def on_DiscrepancyOpened(self, data: Event, event: Event) -> None:  # noqa: N802
        people = _people(event)
        if data["draw"]:
            people |= self.units[data["draw"]].people
            if data["missing_ug"] != self.left(data["draw"]):
                self.wrong("another gap than the unit has")
        case = _Case(data["item"], data["area"], data["draw"], people)
        self.cases[data["discrepancy"]] = case

    def step(self, data: Event) -> _Case:
        case = self.cases[data["discrepancy"]]
        if case.closed:
            self.wrong("a step of a discrepancy that was closed")
        return case

    def on_DiscrepancyRecounted(self, data: Event, event: Event) -> None:  # noqa: N802
        case = self.step(data)
        case.recounted = data["counted_units"]
        if _people(event) & case.people:
            self.wrong("recounted by somebody who had a part in it")

    def on_DiscrepancyReconstructed(self, data: Event, _event: Event) -> None:  # noqa: N802
        self.step(data).reconstructed = True

    def on_DiscrepancyEscalated(self, data: Event, _event: Event) -> None:  # noqa: N802
        self.step(data).escalated = True

    def on_DiscrepancyClosed(self, data: Event, event: Event) -> None:  # noqa: N802
        case, posted = self.step(data), data["posted_ug"]
        case.closed = True
        self.posted[case.item, "loss" if posted > 0 else "surplus"] += posted
        if _people(event) & case.people:
            self.wrong("closed by somebody who had a part in it")
        fits = {"found": posted == 0, "entry-error": posted == 0, "surplus": posted < 0}
        if not fits.get(data["outcome"], posted > 0):
            self.wrong(f"{posted} ug posted as {data['outcome']}")
        if not case.reconstructed or (posted and not case.escalated):
            self.wrong("a discrepancy closed with a step missing")
        if case.unit:
            unit = self.units[case.unit]
            unit.posted += posted
            unit.ended = True
            if self.left(case.unit):
                self.wrong(f"{case.unit} closed with {self.left(case.unit)} ug unaccounted for")
            return
        if case.recounted is None:
            self.wrong("a discrepancy of stock closed without a recount that still counts")
            return
        units = self.shelf[case.item, case.area] - case.recounted
        if posted != units * self.unit_ug[case.item]:
            self.wrong(f"{posted} ug posted and {units} units missing")
        self.put(case.item, case.area, -units)

    def finish(self) -> None:
        """Add up every item from its entries as they stand, and compare with what is left."""
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self.entries:
            sums[one.data.get("item", "")][one.kind] += one.amount * one.data.get("unit_ug", 1)
        table: Counter[tuple[str, str]] = Counter()
        for item in self.unit_ug:
            told = sums[item]
            table[item, "supplier"] = -told["StockReceived"]
            table[item, "patient"] = told["DrugAdministered"]
            table[item, "waste"] = told["DrugWasted"]
            table[item, "transferred"] = told["StockTransferred"]
            table[item, "destroyed"] = told["StockDestroyed"]
        for (item, area), units in self.shelf.items():
            table[item, f"stock:{area}"] = units * self.unit_ug.get(item, 0)
        table.update(self.posted)
        for name, unit in self.units.items():
            table[unit.item, "measuring"] += unit.difference
            left = self.left(name)
            if unit.ended and left:
                self.wrong(f"{name} is accounted for, and {left} ug of it aren't")
            elif not unit.ended:
                table[unit.item, f"draw:{name}"] = left
        for (item, _), ug in table.items():
            self.all.found.imbalance_ug[item] += ug
        self.all.found.balances[self.site] = {key: ug for key, ug in table.items() if ug}
        self.all.found.entries += len(self.entries)


def _people(event: Event) -> set[str]:
    return {one["person"] for one in (event["by"], event["witness"]) if one}


@dataclass
class _Session:
    opened: Event
    ended: bool = False
    doses: dict[str, Event] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    told_ug: dict[str, int] = field(default_factory=dict)


class Checker:
    """Reads every row of a record, in order."""

    def __init__(self) -> None:
        self.found = Found()
        self.registers: dict[str, _Register] = {}
        self.sessions: dict[str, _Session] = {}
        self.places: dict[str, str] = {}
        self.staff: dict[tuple[str, str], set[str]] = {}
        self.corrected: dict[str, int] = {}  # intent: the register's amount now
        self.given: Counter[str] = Counter()  # intent: entries in a register
        self.confirmed: Counter[str] = Counter()
        self.position = 0
        self.versions: Counter[str] = Counter()

    def wrong(self, why: str) -> None:
        self.found.violations.append(f"event {self.position}: {why}")

    def drawn_in(self, register: _Register, name: str, treatment: Event) -> None:
        session = self.sessions.get(name)
        if session is None or session.ended:
            self.wrong("drawn for a session that isn't running")
        elif session.opened["site"] != register.site:
            self.wrong("drawn at another site than the session's")
        elif any(session.opened[one] != treatment[one] for one in ("patient", "order")):
            self.wrong("drawn for another patient or order than the session's")

    def administered(self, data: Event) -> None:
        session = self.sessions[data["treatment"]["session"]]
        dose = session.doses.get(data["intent"], {})
        if (dose.get("draw"), dose.get("item")) != (data["draw"], data["item"]):
            self.wrong("given from another unit than intended")
        self.given[data["intent"]] += 1
        self.corrected[data["intent"]] = data["ug"]

    def take(self, row: Row) -> None:
        position, stream, version, body = row
        self.position += 1
        self.versions[stream] += 1
        if (position, version) != (self.position, self.versions[stream]):
            self.wrong(f"{stream} {version} at {position} isn't the next")
        event = json.loads(body)
        kind, data = event["kind"], event["data"]
        room, _, rest = stream.partition("/")
        self.signed(kind, event, rest if room == "site" else rest.partition("/")[0], room)
        if room == "register":
            site = rest.partition("/")[0]
            register = self.registers.setdefault(site, _Register(self, site))
            register.take(kind, data, event)
        elif room == "session":
            self.in_session(rest, kind, data, event)
        elif room == "site" and kind == "SiteOpened":
            self.places[rest] = data["place"]
        elif room == "site" and kind in ("PersonEnrolled", "RolesChanged"):
            self.staff[rest, data["person"]] = set(data["roles"])

    def signed(self, kind: str, event: Event, site: str, room: str) -> None:
        witness, at = event["witness"], datetime.fromisoformat(event["at"])
        if witness is None:
            if kind in _PAIRED:
                self.wrong(f"{kind} without a witness")
            return
        if witness["person"] == event["by"]["person"]:
            self.wrong("a person stood beside themselves")
        if not timedelta(0) <= at - datetime.fromisoformat(witness["at"]) <= _FRESH:
            self.wrong("the witness signed in too early, or later")
        if room == "register":
            for one in (witness, event["by"]):
                if not set(one["roles"]) & self.staff.get((site, one["person"]), set()):
                    self.wrong(f"{one['person']} has no role at {site}")

    def in_session(self, name: str, kind: str, data: Event, event: Event) -> None:
        if kind == "SessionOpened":
            if name in self.sessions:
                self.wrong("a session opened twice")
            self.sessions[name] = _Session(data)
            return
        session = self.sessions[name]
        intent = data.get("intent", "")
        state = session.state.get(intent)
        waiting = [one for one, now in session.state.items() if now in ("intended", "unknown")]
        match kind:
            case "AdministrationIntended":
                if waiting or session.ended or state:
                    self.wrong("intended while another dose is open, after the end, or twice")
                register = self.registers.get(session.opened["site"])
                unit = register.units.get(data["draw"]) if register else None
                if unit is None or unit.ended or unit.session != name:
                    self.wrong("intended from a unit that isn't there to give from")
                session.doses[intent], session.state[intent] = data, "intended"
            case "AdministrationConfirmed" | "AdministrationNotGiven":
                if state not in ("intended", "unknown"):
                    self.wrong(f"{kind} of a dose that is {state}")
                if state == "unknown" and not event["witness"]:
                    self.wrong("an unknown dose resolved without a witness")
                session.state[intent] = kind.removeprefix("Administration").lower()
                if kind == "AdministrationConfirmed":
                    self.confirmed[intent] += 1
                    session.told_ug[intent] = data["ug"]
            case "AdministrationUnknown":
                if state != "intended":
                    self.wrong(f"{kind} of a dose that is {state}")
                session.state[intent] = "unknown"
            case "AdministrationCorrected":
                session.told_ug[intent] = data["ug"]
            case "SessionEnded":
                if waiting or session.ended:
                    self.wrong("ended twice, or with a dose open")
                session.ended = True

    def finish(self) -> Found:
        for register in self.registers.values():
            register.finish()
        for intent in self.given.keys() | self.confirmed.keys():
            if (self.given[intent], self.confirmed[intent]) != (1, 1):
                self.wrong(
                    f"dose {intent}: {self.given[intent]} entries of {self.confirmed[intent]} doses"
                )
        for session in self.sessions.values():
            for intent, ug in session.told_ug.items():
                if self.corrected.get(intent) != ug:
                    self.wrong(f"dose {intent}: the session says {ug} ug, the register otherwise")
        return self.found


def check(rows: Iterable[Row]) -> Found:
    """Return what a record's rows (position, stream, version, body) add up to."""
    checker = Checker()
    for row in rows:
        checker.take(row)
    return checker.finish()
