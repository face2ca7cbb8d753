"""What the law of a place says of a regimen on a date. What isn't listed is not permitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Sourced
from assuage.knowledge.schema.regimen import Drug, Regimen
from assuage.knowledge.schema.safety import Permission, Place
from assuage.planning.document import Cited, Law
from assuage.refusals import Refusal, Refused


def cited(fact: Sourced, text: str) -> Cited:
    """Return a statement of a plan from a fact of the library."""
    return Cited(text=text, source=fact.source, where=fact.where, read=fact.read, note=fact.note)


def _permission(
    regimen: Regimen, places: Sequence[Place], on: date
) -> tuple[Permission | None, bool]:
    """Return the nearest permission in force, and whether one exists on another date."""
    ever = False
    for place in places:
        for one in place.permission:
            if one.drug != regimen.drug or regimen.technique not in one.techniques:
                continue
            if regimen.routes[0] not in one.routes:
                continue
            ever = True
            if one.in_force(on):
                return one, True
    return None, ever


def law_of(regimen: Regimen, code: str, on: date) -> Law:
    """Return what the law says. Raises Refused when the place or date isn't known or forbids it."""
    places = library.places(code)
    what = f"{regimen.drug} by the route {regimen.routes[0]}, {regimen.technique} use"
    earliest = _earliest(places, regimen.drug)
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
        if one.in_force(on) and (not one.drugs or regimen.drug in one.drugs)
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


def _earliest(places: Sequence[Place], drug: Drug) -> date | None:
    """Return the first date that a dated control of the drug covers; None when none is dated.

    A control whose date was not read says nothing of the time before the dated ones. An approval
    is no control: it says when a medicine came, not since when the law is known.
    """
    dated = [
        one.valid_from
        for place in places
        for one in place.control
        if one.valid_from and one.kind != "approval" and (not one.drugs or drug in one.drugs)
    ]
    return min(dated, default=None)


def driving_of(code: str) -> list[tuple[str, Sourced]]:
    """Return what the law of the place says of driving."""
    return [(one.text, one) for place in library.places(code) for one in place.driving]
