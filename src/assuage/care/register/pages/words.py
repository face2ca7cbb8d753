"""How a page writes amounts, times, people and law. No number is rounded without saying so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from assuage.care.register.item import Item, volume_ul
from assuage.care.register.pages.sheet import Mark, Statement
from assuage.care.site import Site
from assuage.knowledge import library
from assuage.knowledge.schema.facts import READ_IN_WORDS, Read, Sourced
from assuage.knowledge.schema.law import Duty
from assuage.record.events import Signature
from assuage.units import MICROGRAM_PER_MG

NOT_HELD = "–"
BY_HAND = "to be filled in by hand"
_NUMBER_AND_UNIT = re.compile(r"(?<=[0-9]) (?=(?:mg|mL|units?)\b)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UL_PER_ML = 1000
_DECIMALS = 4  # of a volume that no decimal number can write


def decimal(value: Fraction) -> str:
    """Return a number exactly, without an exponent; "about" stands before one that can't be."""
    sign = "−" if value < 0 else ""
    left, places = abs(value), 0
    rest = left.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = count if count > places else places
    exact = rest == 1
    places = places if exact else _DECIMALS
    digits = Decimal(round(left * 10**places)).scaleb(-places)
    return f"{'' if exact else 'about '}{sign}{digits:f}"


def mg(ug: int) -> str:
    """Return micrograms as milligrams with their unit; the digits are exact."""
    return f"{decimal(Fraction(ug, round(MICROGRAM_PER_MG)))} mg"


def ml(ug: int, of: Item) -> str:
    """Return the volume of an amount, or "" for a device."""
    volume = volume_ul(ug, of)
    return "" if volume is None else f"{decimal(volume / _UL_PER_ML)} mL"


def amount(ug: int, of: Item) -> str:
    """Return an amount in mg and, where the item is measured, mL."""
    volume = ml(ug, of)
    return f"{mg(ug)} ({volume})" if volume else mg(ug)


def units(count: int) -> str:
    """Return a count of units in words."""
    sign = "−" if count < 0 else ""
    return f"{sign}{abs(count)} unit{'' if abs(count) == 1 else 's'}"


def whole(count: int, of: Item, unit_ug: int) -> str:
    """Return whole units with what they hold."""
    return f"{units(count)} = {amount(count * unit_ug, of)}"


def day(when: date) -> str:
    """Return a date that reads the same everywhere, such as 3 Mar 2026."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def clock_time(when: datetime, zone: ZoneInfo) -> str:
    """Return the time of day in the zone; with its offset where the hour comes twice."""
    local = when.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.strftime("%H:%M") + (local.strftime(" (UTC%z)") if twice else "")


def moment(when: datetime, zone: ZoneInfo) -> str:
    """Return a day and a time of day in the zone of the site."""
    return f"{day(when.astimezone(zone))} {clock_time(when, zone)}"


def person(site: Site, who: str) -> str:
    """Return the name of a member of staff with the id, or what was written for anybody else."""
    held = site.people.get(who)
    return who if held is None else f"{held.name} ({held.id})"


def signed_in(site: Site, who: Signature) -> str:
    """Return who stood there, and how and when that person signed in."""
    by = person(site, who.person)
    return f"{by}, signed in by {who.method} on {moment(who.at, site.zone)}"


def signer(site: Site, who: Signature) -> str:
    """Return who signed; another way than a passphrase typed by the person is said."""
    by = person(site, who.person)
    return by if who.method == "passphrase" else f"{by}, signed in by {who.method}"


def doubt(read: Read) -> tuple[Mark, ...]:
    """Return the mark of what wasn't read in its source."""
    return () if read == "primary" else (Mark(READ_IN_WORDS[read], "doubt"),)


def law(duty: Duty, *, text: str = "") -> Statement:
    """Return what the law asks, with its source and what is doubtful about it."""
    note = f" {duty.note}" if duty.note else ""
    return Statement(f"{text or duty.text}{note}", sourced(duty), doubt(duty.read))


def sourced(fact: Sourced) -> str:
    """Return where a fact is from: the source's title and the place in it."""
    held = library.sources().get(fact.source)
    title = held.citation.rstrip(".") if held else fact.source
    return f"{title}; {fact.where}"


def rule(place: str, id_: str) -> Statement:
    """Return the rule that an entry names: a duty of the place, or assuage's own."""
    for one in library.places(place):
        for duty in one.duty:
            if duty.id == id_:
                return law(duty, text=f"{id_}: {duty.text}")
    held = library.assumptions().get(id_)
    if held is None:
        return Statement(f"{id_}: this version of assuage doesn't know the rule.")
    return Statement(f"{id_}: {held.text}", sourced(held), doubt(held.read))


def unbroken(text: str) -> str:
    """Return text in which no line ends between a number and its unit."""
    return _NUMBER_AND_UNIT.sub("\u00a0", text)


def mapped(tree: Any, change: Callable[[str], str]) -> Any:
    """Return a tree of dicts and lists with every text in it changed."""
    match tree:
        case str():
            return change(tree)
        case dict():
            return {key: mapped(value, change) for key, value in tree.items()}
        case list() | tuple():
            return [mapped(value, change) for value in tree]
    return tree
