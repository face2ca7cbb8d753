"""What a random service asks for, and a model of plain dictionaries of what it should hold.

The model is worked out from what was asked, and never from the book.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from assuage.care.access import Desk
from assuage.care.register.book import Book, Case, Draw
from assuage.care.register.item import Item, item
from assuage.record.events import Recorded, Signature

from ..world import STAFF, World

ITEMS = (item("ketamine-50"), item("esketamine-25/2mL"), item("esketamine-nasal-28"))
AREAS = ("main", "ward", "theatre")
HOSTILE = 0.08
ROLES = {
    "nurses": ("nia", "noa", "ned", "nyx"),
    "physicians": ("dia", "dov"),
    "pharmacy": ("pia", "pol"),
    "officers": ("ola", "oto"),
}
GIVERS = ROLES["nurses"] + ROLES["physicians"]
WITNESSES = GIVERS + ROLES["pharmacy"] + ("tec",)
BAD_COUNTS = (0, -1, -(10**6), 10**20, 1_000_000)
TEXTS = ("", " ", "\ud800", "x" * 5000, "Robert'); DROP TABLE event;--", "\x00", "ünï")


@dataclass
class Unit:
    """The model of a drawn unit, in micrograms."""

    item: Item
    area: str
    session: str
    given: int = 0
    wasted: int = 0
    difference: int = 0
    posted: int = 0
    back: bool = False

    @property
    def left(self) -> int:
        out = self.given + self.wasted + self.difference + self.posted
        return 0 if self.back else self.item.unit_ug - out

    @property
    def tolerance(self) -> int:
        share = self.item.unit_ug // 20
        floor = 15 * (self.item.strength_ug_per_ml or 0) // 1000
        return 0 if self.item.strength_ug_per_ml is None else share if share > floor else floor


@dataclass
class Model:
    """What the register should hold, as dictionaries."""

    shelf: Counter[tuple[str, str]] = field(default_factory=Counter)  # (item, area): units
    units: dict[str, Unit] = field(default_factory=dict)
    entries: dict[int, tuple[str, Any, int]] = field(default_factory=dict)  # kind, about, amount
    lost: Counter[str] = field(default_factory=Counter)
    surplus: Counter[str] = field(default_factory=Counter)

    def settle(self, unit: Unit) -> None:
        if abs(unit.left + unit.difference) <= unit.tolerance:
            unit.difference += unit.left

    def faults(self, book: Book) -> list[str]:
        """Return where the book says something else."""
        wrong = []
        for (name, area), units in self.shelf.items():
            held = book.balance_ug[name, f"stock:{area}"]
            if held != units * item(name).unit_ug or units < 0:
                wrong.append(f"{name} in {area}: {units} units, and the book has {held} ug")
        for name, unit in self.units.items():
            held = book.balance_ug[unit.item.id, f"draw:{name}"]
            told = book.draws[name]
            mine = (unit.given, unit.wasted, unit.left)
            if held != unit.left or mine != (told.given_ug, told.wasted_ug, told.left_ug):
                wrong.append(f"{name}: {unit}, and the book has {held} ug and {told}")
        for name in {one.id for one in ITEMS}:
            mine = (self.lost[name], self.surplus[name])
            held = (book.balance_ug[name, "loss"], -book.balance_ug[name, "surplus"])
            if mine != held:
                wrong.append(f"{name}: lost and over {mine}, and the book has {held}")
        return wrong


class Chooser:
    """Chooses arguments, mostly sensible ones. `alone`: nobody else writes, so the model counts."""

    def __init__(self, world: World, seed: int, tag: str = "", *, alone: bool = True) -> None:
        self.world, self.rng, self.tag, self.alone = world, Random(seed), tag, alone
        self.model = Model()
        self.tally: Counter[tuple[str, str]] = Counter()
        self.patients: list[str] = []
        self.erased: list[str] = []
        self.running: dict[str, str] = {}  # session: its open intent, or ""
        self.ended: list[str] = []
        self.count = 0

    def bad(self) -> bool:
        return self.rng.random() < HOSTILE

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.tag}-{self.count}"

    @property
    def book(self) -> Book:
        return self.world.book()

    def text(self) -> str:
        return self.rng.choice(TEXTS) if self.bad() else "as it was"

    def units(self, most: int = 5) -> int:
        return self.rng.choice(BAD_COUNTS) if self.bad() else self.rng.randint(1, most)

    def area(self) -> str:
        return "cellar" if self.bad() else self.rng.choice(AREAS)

    def at(self) -> datetime | None:
        now, roll = self.world.clock.utc_now(), self.rng.random()
        if roll < 0.9:
            return None
        return now + timedelta(days=1) if roll < 0.92 else now - timedelta(hours=roll * 100)

    def desk(
        self, able: tuple[str, ...], *beside: str, never: frozenset[str] = frozenset()
    ) -> Desk:
        """A desk with somebody who may and, if asked for, a witness; sometimes a wrong one."""
        rng = self.rng
        by = rng.choice(sorted(STAFF)) if self.bad() else self.one_of(able, never)
        told = self.world.desk(by)
        if not beside:
            return told
        person = self.one_of(beside, never | {by})
        roll = rng.random()
        if roll < HOSTILE:
            now = self.world.clock.utc_now()
            wrong = (
                None,
                self.world.sign(by),
                self.world.sign(rng.choice(("aud", "rev", "gone", "nobody"))),
                self.world.sign(person, now - timedelta(minutes=6)),
                self.world.sign(person, now + timedelta(minutes=1)),
                Signature(person="aud", roles=("nurse",), method="test", at=now),
            )
            return told.beside(rng.choice(wrong))
        return told.beside(self.world.sign(person))

    def one_of(self, people: tuple[str, ...], never: frozenset[str] = frozenset()) -> str:
        return self.rng.choice([one for one in people if one not in never] or list(people))

    def draw_id(self) -> str:
        draws = self.book.draws
        if not draws or self.bad():
            return self.rng.choice(("", "d-0", *list(draws)[-20:]))
        opened = [one.id for one in list(draws.values())[-60:] if one.open]
        return self.rng.choice(opened or list(draws)[-20:])

    def session_id(self) -> str:
        if self.bad() or not self.running:
            return self.rng.choice(("", "s-0", "../north", *self.ended[-5:]))
        return self.rng.choice(list(self.running))

    def amount(self, draw: Draw | None) -> int:
        rng = self.rng
        if draw is None or self.bad():
            return rng.choice((0, -1, 1, 10**7, 10**20, 250_000))
        left, size = draw.left_ug, draw.unit_ug
        more = (left + 1, left + size // 20, left + size // 20 + 1, left - size // 50)
        return rng.choice((left, left, left, left // 2, rng.randint(1, size), *more))

    def open_case(self) -> Case | None:
        found = [one for one in self.book.cases.values() if one.closed is None]
        return self.rng.choice(found) if found else None

    def entered(self, told: tuple[Recorded, ...], kind: str, about: Any, amount: int) -> None:
        """Keep what the first new line of the register is about."""
        if self.alone:
            new = sum(one.stream.startswith("register/") for one in told)
            self.model.entries[len(self.book.lines) - new + 1] = (kind, about, amount)
