"""The shorter phrases of a question: `visit | id`, `1 + session | id`, `arm | visit`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assuage.evidence import sheet
from assuage.evidence.analysis.formula import Term, in_order, parse_right
from assuage.evidence.analysis.words import Words
from assuage.refusals import Refusal, Refused

_LEVELS = """arm=placebo, "1 mg/kg, slow", 2 mg/kg"""


@dataclass(frozen=True)
class Repeated:
    """Which visit of whom a row is."""

    visit: str
    subject: str


@dataclass(frozen=True)
class Random:
    """What varies (terms, () the intercept) between the groups; several groups are nested."""

    text: str
    terms: tuple[Term, ...]
    group: tuple[str, ...]
    correlated: bool
    forced: Mapping[str, str]


@dataclass(frozen=True)
class Means:
    """The factors that are compared, and those within whose levels that happens."""

    text: str
    compared: tuple[str, ...]
    within: tuple[str, ...]


def repeated(text: str) -> Repeated:
    """Read `visit | id`. Raises Refused (FORMULA_UNREADABLE) with the character."""
    words = Words(text, "repeated measure", "visit | id")
    visit = words.name()
    words.need("|")
    found = Repeated(visit, words.name())
    words.end()
    return found


def random(text: str) -> tuple[Random, ...]:
    """Read `1 + session | id`, `0 + session || id` or `1 | site/id`. Raises Refused.

    As in lme4 there is an intercept unless a 0 takes it away, `||` leaves effects uncorrelated,
    and `site/id` is `site` and `site:id`.
    """
    words = Words(text, "random effect", "1 + session | id")
    forced: dict[str, str] = {}
    terms: tuple[Term, ...] = ((),)
    if words.next.kind == "number" and words.next.text == "0":
        words.place += 1
        words.need("+")
        terms = ()
    terms = in_order([*terms, *parse_right(words, forced)])
    correlated = not words.take("||")
    if correlated:
        words.need("|")
    group = [words.name()]
    groups: list[tuple[str, ...]] = []
    while words.next.text in ("/", ":") and words.next.kind == "sign":
        if words.take("/"):
            groups.append(tuple(group))
        else:
            words.need(":")
        group.append(words.name())
    words.end()
    return tuple(Random(text, terms, one, correlated, forced) for one in (*groups, tuple(group)))


def means(text: str) -> Means:
    """Read `arm | visit`, or several names on either side. Raises Refused."""
    words = Words(text, "means", "arm | visit")
    compared = _names(words)
    within = _names(words) if words.take("|") else ()
    words.end()
    twice = [one for one in (*compared, *within) if (*compared, *within).count(one) > 1]
    if twice:
        raise words.refused(1, f"{twice[0]} is there twice")
    return Means(text, compared, within)


def _names(words: Words) -> tuple[str, ...]:
    found = [words.name()]
    while any(words.take(sign) for sign in (":", "*", "+", ",")):
        found.append(words.name())
    return tuple(found)


def levels(wishes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read `visit=screening, week 1, week 2` for each name, as a row of CSV. Raises Refused."""
    found = {}
    for name, value in _pairs(wishes, "--levels", _LEVELS).items():
        try:
            (row,) = csv.reader([value], skipinitialspace=True, strict=True)
        except (csv.Error, ValueError) as error:
            raise _unreadable(f"{name}={value}", "--levels", _LEVELS) from error
        found[name] = tuple(one.strip() for one in row)
    return found


def reference(wishes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read `arm=placebo`, or `placebo` with "" for its factor. Raises Refused."""
    bare = [("", one.strip()) for one in wishes if "=" not in one and one.strip()]
    named = [one for one in wishes if "=" in one or not one.strip()]
    return (*_pairs(named, "--reference", "arm=placebo").items(), *bare)


def held(wishes: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Read `baseline=30` or `session=1, 6`. Raises Refused."""
    found = {}
    for name, value in _pairs(wishes, "--at", "session=1, 6").items():
        numbers = [sheet.number(one.strip()) for one in value.split(",")]
        known = [one for one in numbers if one is not None]
        if len(known) < len(numbers) or len(set(known)) < len(known):
            raise _unreadable(f"{name}={value}", "--at", "session=1, 6")
        found[name] = tuple(known)
    return found


def _pairs(wishes: Sequence[str], option: str, example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in wishes:
        name, _, value = (part.strip() for part in one.partition("="))
        if not name or not value:
            raise _unreadable(one, option, example)
        if name in found:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"two of {option} for {name}",
                remedy=f"say it once, such as {option} '{example}'",
            )
        found[name] = value
    return found


def _unreadable(text: str, option: str, example: str) -> Refused:
    return Refused(
        Refusal.VALUE_NOT_ALLOWED,
        text=text[:80],
        what=f"value for {option}",
        choices=f"the form '{example}'",
    )
