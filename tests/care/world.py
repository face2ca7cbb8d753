"""A service to try things on: a record in a folder, a site, its people, and a clock to set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from assuage.care import chair, patient
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.register import facts as f
from assuage.care.register import stock, vial
from assuage.care.register.book import Book
from assuage.care.register.book import stream as register_stream
from assuage.care.register.item import Item, item
from assuage.care.site import AreaAdded, PersonEnrolled, SiteOpened
from assuage.record.events import Envelope, Recorded, Signature
from assuage.record.keyring import Keyring
from assuage.record.record import Decision, Record, new_command
from assuage.record.sqlite import SqliteStore
from assuage.refusals import Refused

from .memory import MemoryStore

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday, far from any change of the clocks
SITE_KEY = bytes(range(32))
NORTH, SOUTH = "north", "south"
VIAL = item("ketamine-50")  # 500 mg in 10 mL, so 25 mg of tolerance
DEVICE = item("esketamine-nasal-28")  # 28 mg, not measured
MG = 1000

# Two of everybody who has to be there twice.
STAFF = {
    **dict.fromkeys(("nia", "noa", "ned", "nyx"), ("nurse",)),
    **dict.fromkeys(("dia", "dov"), ("physician",)),
    **dict.fromkeys(("pia", "pol"), ("pharmacist",)),
    "tec": ("pharmacy-technician",),
    **dict.fromkeys(("ola", "oto"), ("controlled-drugs-officer",)),
    "max": ("site-manager",),
    "rev": ("diversion-reviewer",),
    "aud": ("auditor",),
    "ivy": ("investigator",),
    "gone": (),
}


@dataclass
class SetClock:
    """A clock that a test sets."""

    instant: datetime = START

    def utc_now(self) -> datetime:
        return self.instant.astimezone(UTC)

    def monotonic_s(self) -> float:
        return self.instant.timestamp()

    def today(self, zone: tzinfo) -> date:
        return self.instant.astimezone(zone).date()

    def go(self, **span: float) -> None:
        self.instant += timedelta(**span)


@dataclass
class World:
    """One record and its sites. `command` of a desk is new each time."""

    record: Record
    clock: SetClock = field(default_factory=SetClock)

    def found(
        self,
        site: str = NORTH,
        place: str = "gb-eng",
        zone: str = "Europe/London",
        areas: tuple[str, ...] = ("ward", "theatre"),
    ) -> None:
        """Open a site with everybody in STAFF, without the cost of passphrases."""
        facts = [
            SiteOpened(name=f"The {site}", address="1 Road", place=place, zone=zone),
            *(AreaAdded(area=area, name=area) for area in areas),
            *(PersonEnrolled(person=p, name=p.title(), roles=r) for p, r in STAFF.items()),
        ]

        def decide() -> Decision:
            self.record.view(sites.Site, sites.stream(site))
            return Decision({sites.stream(site): facts})

        by = Signature(person="max", roles=("site-manager",), method="first", at=START)
        self.record.commit(Envelope(self.clock.utc_now(), new_command(), by), decide)

    def sign(self, person: str, at: datetime | None = None, method: str = "test") -> Signature:
        roles = STAFF.get(person, ())
        return Signature(person=person, roles=roles, method=method, at=at or self.clock.utc_now())

    def desk(self, by: str, witness: str = "", site: str = NORTH, command: str = "") -> Desk:
        beside = self.sign(witness) if witness else None
        return Desk(self.record, self.clock, site, self.sign(by), beside, command)

    def book(self, site: str = NORTH) -> Book:
        return self.record.view(Book, register_stream(site))

    # Short ways to a state, each by the commands themselves.

    def patient(self, name: str = "p1", site: str = NORTH) -> str:
        desk = self.desk("max", site=site)
        patient.register(desk, name, f"Name of {name}", date(1980, 2, 29), "2 Lane")
        return name

    def session(self, name: str = "s1", who: str = "p1", area: str = "ward", **at: str) -> str:
        new = chair.NewSession(name, who, "order-1", "dia", area)
        chair.open_session(self.desk("nia", **at), new)
        return name

    def stock(self, units: int = 10, area: str = "ward", of: Item = VIAL, site: str = NORTH) -> int:
        delivery = stock.Delivery(f.Party(name="S", address="A"), "ref", "lot", date(2030, 1, 1))
        stock.receive(self.desk("pia", site=site), stock.Page(of, area, units), delivery)
        return len(self.book(site).lines)

    def ready(self, units: int = 10) -> None:
        """A site with a patient, stock on the ward and a session."""
        self.found()
        self.patient()
        self.stock(units)
        self.session()

    def draw(
        self, session: str = "s1", of: Item = VIAL, area: str = "ward", by: str = "nia"
    ) -> str:
        told = vial.draw(self.desk(by), session, of, area)
        return str(only(told, f.VialDrawn).draw)

    def intend(self, draw: str, mg: float = 100, session: str = "s1", by: str = "nia") -> str:
        route = "nasal" if self.book().draws[draw].item == DEVICE.id else "iv"
        dosing = vial.Dosing(draw, round(mg * MG), route)
        told = vial.intend(self.desk(by), session, dosing)
        return str(told[0].fact.intent)  # type: ignore[attr-defined]

    def give(self, draw: str, mg: float = 100, session: str = "s1", by: str = "nia") -> int:
        """Intend and confirm a dose; return the number of its entry."""
        intent = self.intend(draw, mg, session, by)
        vial.confirm(self.desk(by), session, intent, round(mg * MG))
        return next(
            line.number
            for line in reversed(self.book().lines)
            if getattr(line.event.fact, "intent", "") == intent
        )

    def waste(self, draw: str, mg: float, by: str = "nia", witness: str = "noa") -> int:
        told = vial.waste(self.desk(by, witness), draw, round(mg * MG), "left over")
        return self.number(told, f.DrugWasted)

    def number(self, told: tuple[Recorded, ...], kind: type[f.Entry]) -> int:
        wanted = next(one.version for one in told if isinstance(one.fact, kind))
        return next(one.number for one in self.book().lines if one.event.version == wanted)


def only(told: tuple[Recorded, ...], kind: type[f.Entry]) -> f.Entry:
    found = [one.fact for one in told if isinstance(one.fact, kind)]
    assert len(found) == 1, [one.fact.kind for one in told]
    return found[0]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where the machine has one: a test of care isn't a test of disks."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as path:
        yield Path(path)


@contextmanager
def world(path: Path | None = None) -> Iterator[World]:
    """A record in a file that is gone afterwards, or in the file of that path."""
    with folder() as made:
        store = SqliteStore(path or made / "record.sqlite", create=path is None)
        try:
            yield World(Record(store, Keyring(store, SITE_KEY)))
        finally:
            store.close()


def in_memory() -> World:
    """A record on no disk at all, for what only the commands decide."""
    store = MemoryStore()
    return World(Record(store, Keyring(store, SITE_KEY)))


def code(call: object) -> str:
    """Return "ok", or the code by which a call without arguments is refused."""
    assert callable(call)
    try:
        call()
    except Refused as refused:
        return refused.code
    return "ok"


def refusal(call: object) -> Refused:
    """Return the refusal of a call without arguments, for what it tells."""
    assert callable(call)
    try:
        call()
    except Refused as refused:
        return refused
    raise AssertionError("nothing was refused")
