"""What a cohort shows, as tables; the terminal and the report show the same ones.

What was hidden is shown as a mark, and the first lines say by which rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from assuage.care.outcomes.shares import Share
from assuage.evidence.registry import funnel
from assuage.evidence.registry.cohort import (
    At,
    BySite,
    Cohort,
    Doses,
    Harmed,
    Measured,
    Mid,
    Quarters,
)
from assuage.evidence.report.blocks import Block, Note, Paragraph, Table
from assuage.evidence.report.numbers import DASH, fixed, interval, percent, share
from assuage.knowledge import library

HIDDEN = "*"
_ALL = "all"
_TITLES = {"site": "Site", "age": "Age, years", "sex": "Sex", "indication": "Indication"}
_SHARES = {
    "response": "responded on their own primary outcome",
    "harm": "with at least one harm recorded",
}


def start(cohort: Cohort) -> list[Block]:
    """Return what must be read first."""
    least = cohort.least
    return [
        Paragraph(
            f"People who agreed that their data are used for: {cohort.purpose}. "
            f"Site: {', '.join(cohort.site.split())}."
        ),
        Note(
            f"{HIDDEN}: a count of 1 to {least - 1} people, or one that would give such a count "
            f"away. Means and quartiles of fewer than {least} people are not shown, nor a mean "
            "that would give theirs away beside the baseline and the change. How many were not "
            "assessed is told as it is."
        ),
        Note(
            "There is no comparison group: a change here has many causes. People who agreed to be "
            "in a registry may differ from those who did not.",
            loud=True,
        ),
    ]


def shown(cohort: Cohort) -> list[Table]:
    """Return every table, in order."""
    return [
        people(cohort),
        courses(cohort),
        doses(cohort.doses),
        *(measured(one) for one in cohort.measured),
        harms(cohort.harms),
        *(by_site(one, cohort.window) for one in cohort.funnels),
    ]


def _count(number: int | None) -> str:
    return HIDDEN if number is None else str(number)


def people(cohort: Cohort) -> Table:
    """Return who is in it."""
    rows: list[tuple[str, str]] = [("All", _count(cohort.people))]
    for name, held in cohort.by.items():
        rows += [(f"{_TITLES[name]}: {one}", _count(number)) for one, number in held.items()]
    return Table(("", "people"), tuple(rows), caption="Who is in it.", name="people")


def courses(cohort: Cohort) -> Table:
    """Return the courses by regimen and end."""
    rows = [("Courses", _count(cohort.courses)), ("Sessions", _count(cohort.sessions))]
    rows += [(f"Regimen: {one}", _count(number)) for one, number in cohort.regimens.items()]
    rows += [(f"Ended: {one}", _count(number)) for one, number in cohort.endings.items()]
    return Table(("", "number"), tuple(rows), caption="Courses of treatment.", name="courses")


def doses(found: Sequence[Doses]) -> Table:
    """Return the doses by drug."""
    columns = ("drug", "people", "sessions", "mg a session", "mg/kg a session", "mg a person")
    rows = tuple(
        (
            ", ".join(one.drug.split()),
            _count(one.people),
            _count(one.sessions),
            _quarters(one.session_mg),
            _quarters(one.session_mg_per_kg),
            _quarters(one.person_mg),
        )
        for one in found
    )
    weighed = "; ".join(f"{one.drug}: {_count(one.weighed)}" for one in found)
    notes = (
        "Median (quartiles) of confirmed doses, as base. Racemate and esketamine are not added up.",
        f"People with a known weight: {weighed or DASH}.",
    )
    return Table(columns, rows, caption="Doses given.", notes=notes, name="doses")


def _quarters(held: Quarters | None) -> str:
    if held is None:
        return HIDDEN
    return f"{held.median:.3g} ({held.low:.3g} to {held.high:.3g})"


def measured(one: Measured) -> Table:
    """Return one instrument over time."""
    instrument = library.instrument(one.instrument)
    columns = (
        "time",
        "followed",
        "not assessed",
        "n",
        "mean (SD)",
        "change (SD)",
        "responded",
        "remitted",
    )
    before = ("Baseline", "", "", _n(one.baseline), _mid(one.baseline), "", "", "")
    rows = (before, *(_at_row(at) for at in one.at))
    named = (
        f"Named primary for {_count(one.primary_of)} people, "
        f"pre-specified for {_count(one.prespecified_of)}."
    )
    why = ", ".join(f"{name} {_count(number)}" for name, number in one.missed.items())
    notes = [named, f"Why assessments were missed, as far as it was said: {why or 'not said'}."]
    if instrument.response is None:
        notes.append("No rule of response is held for this instrument.")
    return Table(
        columns,
        rows,
        f"{instrument.name}. Shares with exact 95 % intervals.",
        tuple(notes),
        name=f"outcome-{one.instrument}",
    )


def _at_row(at: At) -> tuple[str, ...]:
    assessed = _count(at.assessed)
    return (
        at.name,
        _count(at.followed),
        _count(at.not_assessed),
        assessed,
        _mid(at.score, assessed),
        _mid(at.change, assessed),
        _share(at.responders, assessed),
        _share(at.remitted, assessed),
    )


def _n(held: Mid | None) -> str:
    return HIDDEN if held is None else str(held.n)


def _mid(held: Mid | None, assessed: str = "") -> str:
    if held is None:
        return DASH if assessed == "0" else HIDDEN
    return f"{fixed(held.mean, 1)} ({fixed(held.sd, 1)})"


def _share(held: Share | None, assessed: str = "") -> str:
    if held is None or held.low is None or held.high is None:
        return DASH if assessed == "0" else HIDDEN
    return f"{share(held.count, held.of)}, {interval(100 * held.low, 100 * held.high, 0)}"


def harms(found: Sequence[Harmed]) -> Table:
    """Return the harms with both denominators."""
    names = {one.id: one.name for one in library.registry().harms.term} | {"any": "Any harm"}
    columns = ("harm", "people", "sessions", "events", "serious, people", "mostly one person")
    rows = tuple(
        (
            names[one.term],
            _share(one.people),
            _share(one.sessions),
            _count(one.events),
            _count(one.serious),
            {None: HIDDEN, True: "yes", False: "no"}[one.uneven],
        )
        for one in found
    )
    notes = (
        "Shares of all people and of all sessions with a dose, with exact 95 % intervals. Sessions "
        "of one person are not independent: where more than half of the events are one person's, "
        "the interval over sessions is too narrow.",
        "Harms are what somebody recorded. Where nobody asks, fewer are found.",
    )
    return Table(columns, rows, "Harms with both denominators.", notes, name="harms")


def about(one: BySite, window: str) -> str:
    """Return what sites are compared by, in words. `window` is the time in words."""
    when = f" at {window.lower()}" if one.what == "response" else ""
    return f"People {_SHARES[one.what]}{when}"


def centre(one: BySite) -> float | None:
    """Return the share of all sites together; None where it isn't shown."""
    return one.whole[0] / one.whole[1] if one.whole and one.whole[1] else None


def by_site(one: BySite, window: str) -> Table:
    """Return a share by site, and which sites lie outside the limits."""
    middle = centre(one)
    rows = [(name, *_site_cells(pair, middle)) for name, pair in one.sites.items()]
    rows.append((_ALL, share(*one.whole) if one.whole else HIDDEN, ""))
    notes = (
        "Limits: exact binomial, interpolated, around the share of all sites. Who a site treats "
        "is not taken into account: outside the limits is a question, not a verdict.",
    )
    columns = ("site", "share", "outside")
    caption = f"{about(one, window)}, by site."
    return Table(columns, tuple(rows), caption, notes, name=f"sites-{one.what}")


def _site_cells(pair: tuple[int, int] | None, centre: float | None) -> tuple[str, str]:
    if pair is None:
        return HIDDEN, HIDDEN
    if not pair[1]:
        return DASH, ""
    level = None if centre is None else funnel.outside(*pair, centre)
    return share(*pair), "" if level is None else percent(level, 1)
