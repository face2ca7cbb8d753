"""Commands on a site and its people."""

from __future__ import annotations

from dataclasses import dataclass

from assuage.care import access
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.site import AreaAdded, PersonEnrolled, RolesChanged, SiteOpened
from assuage.clock import Clock
from assuage.record.events import Envelope, Fact, Recorded, Signature
from assuage.record.record import Decision, Record, new_command
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class NewSite:
    """What a site is told to be."""

    id: str
    name: str
    address: str
    place: str
    zone: str
    registration: str = ""


@dataclass(frozen=True)
class NewPerson:
    """A member of staff to enrol, with the first passphrase."""

    id: str
    name: str
    roles: tuple[str, ...]
    passphrase: str


def open_site(record: Record, clock: Clock, new: NewSite, manager: NewPerson) -> Signature:
    """Open a site with its first person, who enrols the others; return that person's signature.

    Raises Refused: ID_INVALID, SITE_EXISTS, PLACE_UNKNOWN, VALUE_NOT_ALLOWED, PASSPHRASE_WEAK.
    """
    sites.checked_id(new.id, "a site")
    person = sites.checked_id(manager.id, "a person")
    with access.holdable():
        opened = SiteOpened(
            name=new.name,
            address=new.address,
            place=sites.checked_place(new.place),
            zone=sites.checked_zone(new.zone),
            registration=new.registration,
        )
    roles = sites.checked_roles(manager.roles)
    with access.holdable():
        enrolled = PersonEnrolled(person=person, name=manager.name, roles=roles)
    known, secret = access.new_passphrase(person, new.id, manager.passphrase)
    stream = sites.stream(new.id)

    def decide() -> Decision:
        if record.view(sites.Site, stream).version:
            raise Refused(Refusal.SITE_EXISTS, site=new.id)
        return Decision({stream: (opened, enrolled, known)}, (secret,))

    now = clock.utc_now()
    by = Signature(person=person, roles=roles, method="first", at=now)
    record.commit(Envelope(now, new_command(), by), decide)
    return by


def add_area(desk: Desk, area: str, name: str) -> tuple[Recorded, ...]:
    """Give an area of the site a cabinet. Raises Refused: ROLE_NOT_PERMITTED, AREA_EXISTS."""
    desk.allow("enrol-people")
    sites.checked_id(area, "an area")

    def decide() -> Decision:
        if area in desk.site.areas:
            raise Refused(Refusal.AREA_EXISTS, area=area)
        return _one(desk, AreaAdded(area=area, name=name))

    return desk.commit(decide)


def enrol(desk: Desk, new: NewPerson) -> tuple[Recorded, ...]:
    """Enrol a person. Raises Refused: ROLE_NOT_PERMITTED, PERSON_EXISTS, PASSPHRASE_WEAK, ..."""
    desk.allow("enrol-people")
    person = sites.checked_id(new.id, "a person")
    roles = sites.checked_roles(new.roles)
    with access.holdable():
        enrolled = PersonEnrolled(person=person, name=new.name, roles=roles)
    known, secret = access.new_passphrase(person, desk.site_id, new.passphrase)

    def decide() -> Decision:
        if person in desk.site.people:
            raise Refused(Refusal.PERSON_EXISTS, person=person)
        return Decision({sites.stream(desk.site_id): (enrolled, known)}, (secret,))

    return desk.commit(decide)


def change_roles(desk: Desk, person: str, roles: tuple[str, ...]) -> tuple[Recorded, ...]:
    """Change what a person may do; no roles at all ends that person's access.

    Nobody changes their own. Raises Refused: ROLE_NOT_PERMITTED, ROLES_OWN, PERSON_UNKNOWN,
    VALUE_NOT_ALLOWED.
    """
    desk.allow("enrol-people")
    if person == desk.by.person:
        raise Refused(Refusal.ROLES_OWN, person=person)
    fact = RolesChanged(person=person, roles=sites.checked_roles(roles))

    def decide() -> Decision:
        _known(desk, person)
        return _one(desk, fact)

    return desk.commit(decide)


def set_passphrase(desk: Desk, person: str, passphrase: str) -> tuple[Recorded, ...]:
    """Set one's own passphrase, or another's with the right to enrol people.

    Raises Refused: ROLE_NOT_PERMITTED, PERSON_UNKNOWN, PASSPHRASE_WEAK.
    """
    if person != desk.by.person:
        desk.allow("enrol-people")
    known, secret = access.new_passphrase(person, desk.site_id, passphrase)

    def decide() -> Decision:
        _known(desk, person)
        return Decision({sites.stream(desk.site_id): (known,)}, (secret,))

    return desk.commit(decide)


def _known(desk: Desk, person: str) -> None:
    if person not in desk.site.people:
        choices = ", ".join(sorted(desk.site.people))
        raise Refused(Refusal.PERSON_UNKNOWN, person=person, choices=choices)


def _one(desk: Desk, fact: Fact) -> Decision:
    return Decision({sites.stream(desk.site_id): (fact,)})
