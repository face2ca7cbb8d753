"""What the law of a place says of a regimen on a date. What isn't listed is not permitted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Sourced
from assuage.knowledge.schema.regimen import Regimen
from assuage.knowledge.schema.safety import Control, Permission, Place
from assuage.planning.document import Cited, Law
from assuage.refusals import Refusal, Refused


def cited(fact: Sourced, text: str) -> Cited:
    """Return a statement of a plan from a fact of the library."""
    return Cited(text=text, source=fact.source, where=fact.where, read=fact.read, note=fact.note)


def _place(code: str) -> Place:
    found = library.place(code)
    if found is None:
        raise Refused(Refusal.PLACE_UNKNOWN, place=code, choices=", ".join(library.place_codes()))
    return found


def _chain(code: str) -> Iterator[Place]:
    """Yield the place and the places it belongs to, nearest first."""
    seen: set[str] = set()
    while code and code not in seen:
        seen.add(code)
        place = _place(code)
        yield place
        code = place.parent


def _in_force(fact: Control | Permission, on: date) -> bool:
    started = fact.valid_from is None or fact.valid_from <= on
    return started and (fact.valid_to is None or on <= fact.valid_to)


def _permission(regimen: Regimen, places: list[Place], on: date) -> tuple[Permission | None, bool]:
    """Return the nearest permission in force, and whether one exists on another date."""
    ever = False
    for place in places:
        for one in place.permission:
            if one.drug != regimen.drug or regimen.technique not in one.techniques:
                continue
            if not set(regimen.routes) & set(one.routes):
                continue
            ever = True
            if _in_force(one, on):
                return one, True
    return None, ever


def law_of(regimen: Regimen, code: str, on: date) -> Law:
    """Return what the law says. Raises Refused when the place or date isn't known or forbids it."""
    places = list(_chain(code))
    what = f"{regimen.drug} by the route {' or '.join(regimen.routes)}, {regimen.technique} use"
    earliest = _earliest(places)
    if earliest is not None and on < earliest:
        raise Refused(
            Refusal.PLACE_DATE_UNKNOWN, place=places[0].code.upper(), date=on, earliest=earliest
        )
    permission, ever = _permission(regimen, places, on)
    if permission is None:
        why = f"{what} is listed for other dates only" if ever else f"no permission lists {what}"
        raise Refused(
            Refusal.PLACE_NOT_PERMITTED,
            regimen=regimen.id,
            place=places[0].code.upper(),
            date=on,
            why=why,
        )
    if permission.status == "research-only":
        raise Refused(
            Refusal.PLACE_NOT_PERMITTED,
            regimen=regimen.id,
            place=places[0].code.upper(),
            date=on,
            why=permission.text.rstrip("."),
        )
    controls = [
        cited(one, one.text)
        for place in places
        for one in place.control
        if _in_force(one, on) and (not one.drugs or regimen.drug in one.drugs)
    ]
    records = [cited(one, one.text) for place in places for one in place.record]
    text = permission.text
    if permission.status == "restricted":
        text = f"Restricted: {text}"
    return Law(
        place=places[0].code.upper(),
        place_name=places[0].name,
        date=on.isoformat(),
        permission=cited(permission, text),
        controls=tuple(controls),
        records=tuple(records),
    )


def _earliest(places: list[Place]) -> date | None:
    """Return the first date that any dated control covers, or None when nothing is dated."""
    dated = [one.valid_from for place in places for one in place.control if one.valid_from]
    open_ = any(one.valid_from is None for place in places for one in place.control)
    return None if open_ or not dated else min(dated)


def driving_of(code: str) -> list[tuple[str, Sourced]]:
    """Return what the law of the place says of driving."""
    return [(one.text, one) for place in _chain(code) for one in place.driving]
