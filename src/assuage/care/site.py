"""A site: where it is, its areas and its people.

Stream `site/<site>`. The place decides which law counts and the zone which day it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assuage.knowledge import library
from assuage.record.events import Fact, Recorded, Text
from assuage.record.record import Record, View
from assuage.refusals import Refusal, Refused

MAIN = "main"  # the site's own cabinet; areas are supplied from it
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


class SiteOpened(Fact):
    """A site began to keep its record here."""

    name: Text
    address: Text
    place: Text
    zone: Text
    registration: str = ""


class AreaAdded(Fact):
    """An area of the site got a cabinet of its own."""

    area: Text
    name: Text


class PersonEnrolled(Fact):
    """A member of staff may sign in. The name is kept in the clear: a register must show it."""

    person: Text
    name: Text
    roles: tuple[Text, ...]


class RolesChanged(Fact):
    """What a person may do was changed; no roles means that the person has left."""

    person: Text
    roles: tuple[Text, ...]


class PassphraseSet(Fact):
    """A passphrase was set. `digest` is the SHA-256 of the salted verifier kept as a secret."""

    person: Text
    digest: Text


class SignInFailed(Fact):
    """Somebody tried to sign in as a person and failed."""

    person: Text


class RecordLookedAt(Fact):
    """Somebody looked at something that only a named role may see."""

    what: Text
    why: Text


@dataclass(frozen=True)
class Person:
    """A member of staff. `digest` is empty until a passphrase is set, by whom says `set_by`."""

    id: str
    name: str
    roles: tuple[str, ...]
    digest: str = ""
    set_by: str = ""


class Site(View):
    """What is known of one site."""

    def __init__(self) -> None:
        super().__init__()
        self.name = self.address = self.place = self.zone_name = self.registration = ""
        self.areas: dict[str, str] = {}
        self.people: dict[str, Person] = {}
        self.failures: dict[str, list[datetime]] = {}

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        fact = event.fact
        if isinstance(fact, SiteOpened):
            self.name, self.address, self.place = fact.name, fact.address, fact.place
            self.zone_name, self.registration = fact.zone, fact.registration
            self.areas[MAIN] = "main cabinet"
        elif isinstance(fact, AreaAdded):
            self.areas[fact.area] = fact.name
        elif isinstance(fact, PersonEnrolled):
            self.people[fact.person] = Person(fact.person, fact.name, fact.roles)
        elif isinstance(fact, RolesChanged | PassphraseSet):
            held = self.people[fact.person]
            roles = fact.roles if isinstance(fact, RolesChanged) else held.roles
            self.people[fact.person] = replace(held, roles=roles)
            if isinstance(fact, PassphraseSet):
                self.people[fact.person] = replace(held, digest=fact.digest, set_by=event.by.person)
        elif isinstance(fact, SignInFailed):
            self.failures.setdefault(fact.person, []).append(event.at)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site."""
        return ZoneInfo(self.zone_name)


def stream(site: str) -> str:
    """Return the name of a site's stream."""
    return f"site/{site}"


def of(record: Record, site: str) -> Site:
    """Return the site. Raises Refused (SITE_UNKNOWN)."""
    view = record.view(Site, stream(site))
    if not view.version:
        known = ", ".join(name.removeprefix("site/") for name, _ in record.store.streams("site/"))
        raise Refused(Refusal.SITE_UNKNOWN, site=site, choices=known or "none yet")
    return view


def checked_id(text: str, what: str) -> str:
    """Return an id that is safe in a stream's name. Raises Refused (ID_INVALID)."""
    if not _ID.fullmatch(text):
        raise Refused(Refusal.ID_INVALID, text=text[:60], what=what)
    return text


def checked_zone(text: str) -> str:
    """Return the name of a time zone that exists. Raises Refused (VALUE_NOT_ALLOWED)."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        choices = "names such as Europe/London or America/New_York"
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=text, what="time zone", choices=choices
        ) from error
    return text


def checked_place(code: str) -> str:
    """Return the code of a place whose law is recorded. Raises Refused (PLACE_UNKNOWN)."""
    held = library.place(code)
    if held is None:
        choices = ", ".join(library.place_codes())
        raise Refused(Refusal.PLACE_UNKNOWN, place=code, choices=choices)
    return held.code


def checked_prescriber(site: Site, person: str) -> str:
    """Return a person of the site who may prescribe. Raises Refused: PERSON_UNKNOWN, ..."""
    held = site.people.get(person)
    if held is None:
        choices = ", ".join(sorted(site.people))
        raise Refused(Refusal.PERSON_UNKNOWN, person=person[:60], choices=choices)
    if not any("prescribe" in library.roles().get(role, ()) for role in held.roles):
        raise Refused(Refusal.PRESCRIBER_NOT_PERMITTED, person=person)
    return person


def checked_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return roles that exist, each once. Raises Refused (VALUE_NOT_ALLOWED)."""
    known = library.roles()
    for role in roles:
        if role not in known:
            choices = ", ".join(sorted(known))
            raise Refused(Refusal.VALUE_NOT_ALLOWED, text=role, what="role", choices=choices)
    return tuple(dict.fromkeys(roles))
