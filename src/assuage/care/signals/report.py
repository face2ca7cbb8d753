"""What a reviewer is shown: every signal of every person, with how often it is raised in error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assuage.care.signals.rules import SIGNALS, Found, Status
from assuage.care.signals.seen import Seen
from assuage.knowledge import library
from assuage.knowledge.schema.signals import Measured, Rate, Signal

FOR_REVIEW = "For review; most such signals have an innocent cause."
_QUARTER = (90, 92)  # days that a quarter of the calendar has


@dataclass(frozen=True)
class Asked:
    """Who looked at what, when and why, and where the record stood. Times are ISO 8601."""

    site: str
    start: str
    end: str
    days: int
    by: str
    why: str
    at: str
    head: str


@dataclass(frozen=True)
class Finding:
    """One signal about one person.

    `count` out of `of` (`what` says of what), where `expected` would be usual. For the statistic
    "z", `count` and `expected` are means. `statistic` is a chance ("tail", a signal at or below
    the threshold) or a z (a signal at or above it). `false_alarms` says how often the signal is
    raised about an honest person in a quarter, with its 95 % interval; None was never measured.
    """

    signal: str
    name: str
    person: str
    person_name: str
    status: Status
    what: str
    count: float
    of: int
    expected: float | None
    kind: str
    statistic: float | None
    threshold: float
    detail: str
    beside: str
    beside_name: str
    false_alarms: Rate | None
    text: str
    innocent: str
    basis: str
    source: str
    words: str = FOR_REVIEW

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        rate = self.false_alarms
        told = {name: value for name, value in vars(self).items() if name != "false_alarms"}
        return told | {"false_alarms": None if rate is None else rate.model_dump()}


@dataclass(frozen=True)
class Report:
    """All that one look shows.

    `told` counts the signals about people that could be told, and `expected_false_alarms` is the
    sum of their rates: how many signals to expect when everybody is honest. It is None when a rate
    isn't known. `caution` says when the rates may not hold.
    """

    asked: Asked
    people: int
    told: int
    too_few: int
    expected_false_alarms: float | None
    caution: str
    findings: tuple[Finding, ...]

    @property
    def raised(self) -> tuple[Finding, ...]:
        """The findings that are signals."""
        return tuple(one for one in self.findings if one.status == "signal")

    def as_json(self) -> dict[str, Any]:
        """Return the report as what JSON can hold."""
        return {
            "asked": asdict(self.asked),
            "people": self.people,
            "told": self.told,
            "too_few": self.too_few,
            "raised": len(self.raised),
            "expected_false_alarms": self.expected_false_alarms,
            "caution": self.caution,
            "words": FOR_REVIEW,
            "findings": [one.as_json() for one in self.findings],
        }


def report(asked: Asked, seen: Seen, names: Mapping[str, str]) -> Report:
    """Return every signal about everybody in `seen`; `names` gives the names of people."""
    held = library.signals()
    findings: list[Finding] = []
    for signal in held.signal:
        measured = held.rate(signal.id)
        found = SIGNALS[signal.id](seen, signal.rule)
        findings += [_finding(signal, measured, one, names) for one in found]
    told = [one for one in findings if one.status != "too few to tell"]
    rates = [one.false_alarms for one in told]
    known = [rate.value for rate in rates if rate is not None]
    return Report(
        asked=asked,
        people=len(seen.people),
        told=len(told),
        too_few=len(findings) - len(told),
        expected_false_alarms=sum(known) if len(known) == len(rates) else None,
        caution=_caution(asked.days),
        findings=tuple(findings),
    )


def _caution(days: int) -> str:
    if _QUARTER[0] <= days <= _QUARTER[1]:
        return ""
    return (
        f"The rates of false alarms were measured on quarters, and this period has {days} days: "
        "they may not hold for it."
    )


def _finding(
    signal: Signal, measured: Measured | None, found: Found, names: Mapping[str, str]
) -> Finding:
    return Finding(
        signal=signal.id,
        name=signal.name,
        person=found.person,
        person_name=names.get(found.person, found.person),
        status=found.status,
        what=signal.what,
        count=found.count,
        of=found.of,
        expected=found.expected,
        kind=signal.rule.statistic,
        statistic=found.statistic,
        threshold=signal.rule.threshold,
        detail=found.detail,
        beside=found.beside,
        beside_name=names.get(found.beside, found.beside),
        false_alarms=None if measured is None else measured.per_person,
        text=signal.text,
        innocent=signal.innocent,
        basis=signal.basis,
        source=signal.source,
    )
