"""A realistic fortnight of one clinic, entered by the commands themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from assuage.care import chair, patient
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.register.item import Item, item
from assuage.care.register.pages import Basis, gather
from assuage.care.site import AreaAdded, PersonEnrolled, SiteOpened
from assuage.record.events import Envelope, Recorded, Signature
from assuage.record.record import Decision, new_command

from ...world import STAFF, World

FIRST = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)  # a Monday
VIAL = item("ketamine-50/10mL")
AMPOULE = item("esketamine-25/2mL")
MG = 1000
NAMES = {
    "nia": "Nia Okonkwo",
    "noa": "Noa Lindqvist",
    "ned": "Ned Farrell",
    "nyx": "Nyx Moreau",
    "dia": "Dr Diana Achterberg",
    "dov": "Dr Dov Rosenthal",
    "pia": "Pia Castellanos",
    "pol": "Pol Whitcombe",
    "tec": "Tec Adeyemi",
    "ola": "Ola Brandt",
    "oto": "Oto Brandt",
    "max": "Max Sheridan",
}
SITES = {
    "gb-eng": ("Wharf Lane Pain and Mood Clinic", "14 Wharf Lane, Leeds LS1 4AP", "Europe/London"),
    "us": ("Harbor Street Clinic", "220 Harbor Street, Portland, ME 04101", "America/New_York"),
}
PEOPLE = {
    "p-0147": ("Margaret Elphinstone", "3 Quarry Terrace, Leeds LS6 2QP"),
    "p-0152": ("Tomasz Wiśniewski-Hargreaves", "Flat 12, Albion House, 88 Kirkgate, Leeds LS2 7DJ"),
    "p-0160": ("Aoife Ní Bhriain", "Rose Cottage, Back Lane, Otley LS21 1AA"),
}


@dataclass
class Clinic:
    """A world with one clinic, and desks whose people sign in as they would."""

    world: World
    place: str = "gb-eng"
    site: str = "wharf"

    def open(self) -> Clinic:
        name, address, zone = SITES[self.place]
        self.world.clock.instant = FIRST
        registration = "FW1234563" if self.place == "us" else ""
        facts = [
            SiteOpened(
                name=name, address=address, place=self.place, zone=zone, registration=registration
            ),
            AreaAdded(area="suite-1", name="Infusion suite 1"),
            *(
                PersonEnrolled(person=one, name=NAMES.get(one, one.title()), roles=roles)
                for one, roles in STAFF.items()
            ),
        ]

        def decide() -> Decision:
            self.world.record.view(sites.Site, sites.stream(self.site))
            return Decision({sites.stream(self.site): facts})

        by = Signature(person="max", roles=("site-manager",), method="first", at=FIRST)
        self.world.record.commit(Envelope(FIRST, new_command(), by), decide)
        return self

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        self.world.clock.instant = FIRST.replace(hour=hour, minute=minute) + timedelta(days=day)

    def now(self) -> datetime:
        return self.world.clock.instant

    def sign(self, who: str, minutes: int = 0) -> Signature:
        at = self.now() - timedelta(minutes=minutes)
        return Signature(person=who, roles=STAFF[who], method="passphrase", at=at)

    def desk(self, by: str, witness: str = "") -> Desk:
        beside = self.sign(witness, 1) if witness else None
        return Desk(self.world.record, self.world.clock, self.site, self.sign(by, 12), beside)

    def patients(self) -> None:
        for number, (name, address) in PEOPLE.items():
            patient.register(self.desk("nia"), number, name, date(1971, 5, 9), address)

    def receive(self, of: Item, units: int, area: str, reference: str, lot: str) -> None:
        supplier = f.Party(
            name="Northern Medical Wholesale Ltd",
            address="Unit 7, Canal Park, Bradford BD3 8QX",
            authority="CD-WL-20418",
        )
        told = stock.Delivery(supplier, reference, lot, date(2028, 1, 31))
        stock.receive(self.desk("pia"), stock.Page(of, area, units), told)

    def session(self, name: str, who: str, by: str = "nia", area: str = "suite-1") -> str:
        order = f"rx-{who[2:]}-{name}"
        chair.open_session(self.desk(by), chair.NewSession(name, who, order, "dia", area))
        return name

    def treat(self, name: str, who: str, mg: float, of: Item = VIAL, by: str = "nia") -> str:
        """Draw one unit, give a part, waste the rest before a witness, end the session."""
        self.session(name, who, by)
        draw = self.draw(name, of, by)
        self.give(name, draw, mg, by)
        left = self.world.book(self.site).draws[draw].left_ug
        if left:
            vial.waste(self.desk(by, "noa"), draw, left, "Left in the vial after the session.")
        self.world.clock.go(minutes=50)
        chair.end_session(self.desk(by), name)
        return draw

    def draw(self, session: str, of: Item = VIAL, by: str = "nia", area: str = "suite-1") -> str:
        return drawn(vial.draw(self.desk(by), session, of, area))

    def give(self, session: str, draw: str, mg: float, by: str = "nia") -> int:
        dosing = vial.Dosing(draw, round(mg * MG), "iv")
        (intended,) = vial.intend(self.desk(by), session, dosing)
        intent = intended.fact.intent  # type: ignore[attr-defined]
        self.world.clock.go(minutes=4)
        vial.confirm(self.desk(by), session, intent, round(mg * MG))
        lines = self.world.book(self.site).lines
        return next(one.number for one in lines if getattr(one.event.fact, "intent", "") == intent)

    def check(self, of: Item, area: str, counted: int) -> None:
        checks.check(self.desk("pia", "ned"), of, area, counted)

    def basis(self, day: int = 15) -> Basis:
        self.at(day, 9, 0)
        return gather(self.world.record, self.site, self.now())

    @property
    def units(self) -> int:
        return self.world.book(self.site).units(VIAL.id, "suite-1")


def drawn(told: tuple[Recorded, ...]) -> str:
    return str(next(one.fact.draw for one in told if isinstance(one.fact, f.VialDrawn)))


def fortnight(world: World, place: str = "gb-eng") -> Clinic:
    """Return a clinic after two weeks in which everything happened that a register can hold."""
    clinic = Clinic(world, place).open()
    clinic.patients()
    first_week(clinic)
    second_week(clinic)
    return clinic


def first_week(clinic: Clinic) -> None:
    clinic.at(0, 9, 5)
    clinic.receive(VIAL, 40, sites.MAIN, "INV-88213", "KT2406A")
    clinic.receive(AMPOULE, 25, sites.MAIN, "INV-88213", "ES1107")
    clinic.at(0, 9, 40)
    collected = stock.Collection("nia", True, True)
    stock.supply(clinic.desk("pia"), stock.Page(VIAL, sites.MAIN, 12), "suite-1", collected)
    clinic.at(0, 10, 15)
    clinic.treat("s-001", "p-0147", 35)
    clinic.at(1, 11, 0)
    clinic.treat("s-002", "p-0152", 62.5, by="ned")
    clinic.at(2, 9, 30)
    clinic.session("s-003", "p-0160")
    draw = clinic.draw("s-003")
    clinic.world.clock.go(minutes=9)
    vial.put_back(clinic.desk("nia", "noa"), draw, "Session put off: blood pressure too high.")
    chair.end_session(clinic.desk("nia"), "s-003")
    clinic.at(3, 14, 0)
    late = clinic.now() - timedelta(days=3, hours=2)
    told = stock.Delivery(
        f.Party(name="Northern Medical Wholesale Ltd", address="Unit 7, Canal Park, Bradford"),
        *("INV-88190", "KT2405F", date(2027, 11, 30)),
    )
    stock.receive(clinic.desk("tec"), stock.Page(VIAL, sites.MAIN, 5), told, late)
    number = len(clinic.world.book(clinic.site).lines)
    clinic.at(3, 14, 30)
    text = "The delivery note says 6 vials; one box was overlooked when it was entered."
    checks.correct(clinic.desk("pia", "pol"), number, text, 6)
    clinic.at(4, 16, 0)
    clinic.check(VIAL, sites.MAIN, 34)
    clinic.check(VIAL, "suite-1", 10)
    clinic.check(AMPOULE, sites.MAIN, 25)


def second_week(clinic: Clinic) -> None:
    clinic.at(7, 10, 0)
    clinic.session("s-004", "p-0147")
    draw = clinic.draw("s-004")
    number = clinic.give("s-004", draw, 40)
    vial.waste(clinic.desk("nia", "noa"), draw, 455 * MG, "Left in the vial after the session.")
    checks.correct(clinic.desk("nia", "noa"), number, "The pump's log says 45 mg.", 45 * MG)
    clinic.world.clock.go(minutes=30)
    chair.end_session(clinic.desk("nia"), "s-004")
    clinic.at(8, 9, 0)
    clinic.check(VIAL, "suite-1", 8)
    case = next(iter(clinic.world.book(clinic.site).cases))
    clinic.at(8, 9, 20)
    discrepancy.recount(clinic.desk("pol", "nyx"), case, 8)
    clinic.at(8, 10, 0)
    clinic.session("s-005", "p-0152")
    accepted = "Dr Achterberg: the patient is in severe pain and can't wait."
    told = vial.draw(clinic.desk("nia", "noa"), "s-005", VIAL, "suite-1", accepted=accepted)
    clinic.give("s-005", drawn(told), 500)
    chair.end_session(clinic.desk("nia"), "s-005")
    clinic.at(8, 12, 30)
    text = "No dose is missing in the pumps' logs or the charts of the week."
    discrepancy.reconstruct(clinic.desk("pia"), case, None, 125 * MG, text)
    discrepancy.escalate(clinic.desk("pia"), case, "the accountable officer", "CDAO-2026-031")
    clinic.at(9, 9, 0)
    discrepancy.recount(clinic.desk("pol", "nyx"), case, 7)
    clinic.at(9, 15, 0)
    told_ = discrepancy.Conclusion("loss", "One vial wasn't found. Reported to the police.")
    discrepancy.close(clinic.desk("ola", "pol"), case, told_)
    clinic.at(10, 11, 0)
    how = stock.Destruction("Box crushed in delivery.", "Denatured in a kit.", clinic.sign("pol"))
    stock.destroy(clinic.desk("pia", "ned"), stock.Page(VIAL, sites.MAIN, 2), how)
    clinic.at(11, 13, 0)
    to = f.Party(
        name="St Anne's Hospital", address="2 Abbey Road, York YO1 9TA", authority="CD-889"
    )
    by = stock.Collection("R. Osei, courier of Medlog", True, True)
    consignment = stock.Consignment(to, "TR-1009", by)
    stock.transfer(clinic.desk("pia", "ned"), stock.Page(AMPOULE, sites.MAIN, 10), consignment)
    clinic.at(11, 15, 0)
    clinic.session("s-006", "p-0160", area=sites.MAIN)
    clinic.draw("s-006", AMPOULE, area=sites.MAIN)
    patient.erase(
        clinic.desk("max", "pia"),
        "p-0152",
        "The patient asked for it.",
        accepted="Max Sheridan: court order 77/2026.",
    )
