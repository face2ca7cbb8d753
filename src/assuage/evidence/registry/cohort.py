"""What a data set shows across people: doses, outcomes over time, responders, harms, sites.

It reads the tables of a data set and nothing else, so that a site's own report and one over
several sites' exports are the same program. Everything is people's: outcomes are those of each
person's first course here, so that nobody counts twice. A count of people under the least count
is None, with whatever would give it away; see `suppression`. How many were not
assessed is told as it is: a form that isn't there says nothing of how somebody fared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, quantiles, stdev

from assuage.care.outcomes import change, harms
from assuage.care.outcomes.shares import Share, share
from assuage.care.outcomes.trajectory import at_windows
from assuage.evidence.registry import suppression
from assuage.evidence.registry.dictionary import Dataset, Row
from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Instrument

UNKNOWN = "not known"
Parts = Mapping[str, int | None]


@dataclass(frozen=True)
class Mid:
    """A middle and what lies around it, of so many people."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Quarters:
    """Lower quartile, median and upper quartile."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Doses:
    """The doses of one drug. Racemate and esketamine are never added up. None where hidden."""

    drug: str
    sessions: int | None
    people: int | None
    session_mg: Quarters | None
    session_mg_per_kg: Quarters | None
    weighed: int | None  # people whose weight is known
    person_mg: Quarters | None  # over all sessions


@dataclass(frozen=True)
class At:
    """One instrument at one time.

    `followed` counts those for whom it was pre-specified and whose time had passed when the set
    was made, `not_assessed` those of them without a score. No schedule of visits is known, so
    that an assessment was wanted at just that time isn't said.
    `change` is now - baseline of those who have both; `responders` of those for whom it can be
    said. `score` is None also where it, the baseline and the change would give a few away.
    """

    window: str
    name: str
    followed: int | None
    not_assessed: int | None
    assessed: int | None
    score: Mid | None
    change: Mid | None
    responders: Share | None
    remitted: Share | None


@dataclass(frozen=True)
class Measured:
    """One instrument over time, in people's first courses."""

    instrument: str
    primary_of: int | None
    prespecified_of: int | None
    baseline: Mid | None
    at: tuple[At, ...]
    missed: Parts  # why assessments were missed, as far as it was said


@dataclass(frozen=True)
class Harmed:
    """One harm with both denominators; None where hidden. See harms.Told.

    `uneven` says that more than half of the events are one person's. How many is that person's
    own affair.
    """

    term: str
    people: Share | None
    sessions: Share | None
    events: int | None
    serious: int | None
    uneven: bool | None


@dataclass(frozen=True)
class BySite:
    """A share of each site's people, None where hidden, and of all of them together."""

    what: str
    sites: Mapping[str, tuple[int, int] | None]
    whole: tuple[int, int] | None


@dataclass(frozen=True)
class Cohort:
    """Everything that a report of a data set says."""

    site: str
    purpose: str
    least: int
    people: int | None
    by: Mapping[str, Parts]
    courses: int | None
    regimens: Parts
    endings: Parts
    sessions: int | None
    doses: tuple[Doses, ...]
    measured: tuple[Measured, ...]
    harms: tuple[Harmed, ...]
    funnels: tuple[BySite, ...]
    window: str  # the time at which sites are compared, in words


@dataclass
class _Point:
    """One total of one person's first course."""

    course_day: int | None
    acute: bool
    value: float


@dataclass
class _Person:
    """One person's rows."""

    row: Row
    courses: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    harms: list[Row] = field(default_factory=list)

    @property
    def first(self) -> Row:
        return self.courses[0]

    def prespecified(self, instrument: str) -> bool:
        return instrument in str(self.first["outcomes"]).split()

    def points(self, instrument: Instrument) -> list[_Point]:
        return [
            _Point(_whole(row["course_day"]), bool(row["acute"]), value)
            for row in self._of(instrument)
            if (value := _number(row["value"])) is not None
        ]

    def baseline(self, instrument: Instrument) -> float | None:
        held = (_number(row["value"]) for row in self._of(instrument) if row["baseline"])
        return next((one for one in held if one is not None), None)

    def _of(self, instrument: Instrument) -> list[Row]:
        wanted = measure(instrument)
        rows = [
            row
            for row in self.outcomes
            if (row["course"], row["instrument"], row["total"]) == (1, instrument.id, wanted)
        ]
        return sorted(rows, key=lambda row: _whole(row["day"]) or 0)


def measure(instrument: Instrument) -> str:
    """Return the total by which change is told: that of the rule of response, or the main one."""
    return instrument.response.of if instrument.response else instrument.main


def cohort(dataset: Dataset, least: int, window: str) -> Cohort:
    """Return what a checked data set shows. `window` is the time at which sites are compared."""
    people = _people(dataset)
    harmed = _harms(people, least)
    every = [one for person in people for one in person.courses]
    first = [person.first for person in people]
    return Cohort(
        site=dataset.site,
        purpose=dataset.purpose,
        least=least,
        people=suppression.count(len(people), least),
        by={
            "site": _parts((one.row["site"] for one in people), least),
            "age": _parts((one.row["age_band"] for one in people), least, _bands()),
            "sex": _parts((one.row["sex"] for one in people), least),
            "indication": _parts((one["indication"] for one in first), least),
        },
        courses=suppression.count(len(every), least),
        regimens=_parts((one["regimen"] for one in every), least),
        endings=_parts((one["end_reason"] or "not ended" for one in every), least),
        sessions=suppression.count(sum(len(one.sessions) for one in people), least),
        doses=_doses(people, least),
        measured=tuple(_measured(people, one, least) for one in _instruments(people)),
        harms=harmed,
        funnels=_funnels(people, least, window, hide_harm=harmed[0].people is None),
        window=_named(window),
    )


def _people(dataset: Dataset) -> list[_Person]:
    found = {str(row["person"]): _Person(row) for row in dataset.tables["people"]}
    for row in dataset.tables["courses"]:
        found[str(row["person"])].courses.append(row)
    for row in dataset.tables["sessions"]:
        found[str(row["person"])].sessions.append(row)
    for row in dataset.tables["outcomes"]:
        found[str(row["person"])].outcomes.append(row)
    for row in dataset.tables["harms"]:
        found[str(row["person"])].harms.append(row)
    for one in found.values():
        one.courses.sort(key=lambda row: _whole(row["course"]) or 0)
    return [one for one in found.values() if one.courses]


def _parts(values: Iterable[object], least: int, order: Sequence[str] = ()) -> Parts:
    """Return how many people have each value, hidden where it must be, in a fixed order."""
    counts = Counter(UNKNOWN if one is None else str(one) for one in values)
    names = [*order, *sorted(one for one in counts if one not in order)]
    return suppression.parts({one: counts[one] for one in names if counts[one]}, least)


def _bands() -> list[str]:
    held = library.registry().age_bands
    return [held.of(years) for years in held.from_years]


def _doses(people: Sequence[_Person], least: int) -> tuple[Doses, ...]:
    by_drug: dict[str, dict[str, list[Row]]] = {}
    for person in people:
        for row in person.sessions:
            mine = by_drug.setdefault(str(row["drug"]), {})
            mine.setdefault(str(person.row["person"]), []).append(row)
    totals = {drug: sum(map(len, by.values())) for drug, by in by_drug.items()}
    sessions = suppression.parts(dict(sorted(totals.items())), least)
    given = {drug: len(by_drug[drug]) for drug in sessions}
    shown = suppression.covering(given, len(people), len(people), least) or dict.fromkeys(given)
    # Where a count is hidden, its quartiles would say that it is large: enough to tell it exactly
    # where there are few people.
    open_ = {drug for drug in given if shown[drug] is not None or len(people) >= 2 * least}
    return tuple(
        _of_drug(drug, by_drug[drug], (many, shown[drug]), least, told=drug in open_)
        for drug, many in sessions.items()
    )


def _of_drug(
    drug: str,
    by: Mapping[str, list[Row]],
    shown: tuple[int | None, int | None],
    least: int,
    *,
    told: bool,
) -> Doses:
    """Return one drug's doses. `shown` are sessions and people, `told` whether quartiles may be."""
    rows = [row for mine in by.values() for row in mine]
    mg = [_number(row["given_mg"]) or 0.0 for row in rows]
    per_kg = [one for row in rows if (one := _number(row["given_mg_per_kg"])) is not None]
    weighed = sum(any(row["given_mg_per_kg"] is not None for row in one) for one in by.values())
    sums = [sum(_number(row["given_mg"]) or 0.0 for row in mine) for mine in by.values()]
    enough = told and len(by) >= least
    known = suppression.within(weighed, len(by), len(by), least)
    return Doses(
        drug=drug,
        sessions=shown[0],
        people=shown[1],
        session_mg=_quarters(mg) if enough else None,
        session_mg_per_kg=_quarters(per_kg) if told and weighed >= least else None,
        weighed=None if shown[1] is None else known,
        person_mg=_quarters(sums) if enough else None,
    )


def _quarters(values: Sequence[float]) -> Quarters:
    return Quarters(*quantiles(values, n=4, method="inclusive"))


def _instruments(people: Sequence[_Person]) -> list[Instrument]:
    """Return every instrument that was pre-specified or recorded; none is left out."""
    primary = Counter(str(one.first["primary_outcome"]) for one in people)
    named = {one for person in people for one in str(person.first["outcomes"]).split()}
    named |= {str(row["instrument"]) for one in people for row in one.outcomes}
    ordered = sorted(named, key=lambda one: (-primary[one], one))
    return [library.instrument(one) for one in ordered]


def _measured(people: Sequence[_Person], instrument: Instrument, least: int) -> Measured:
    points = [at_windows(one.points(instrument)) for one in people]
    values = [one.baseline(instrument) for one in people]
    primary = sum(one.first["primary_outcome"] == instrument.id for one in people)
    named = sum(one.prespecified(instrument.id) for one in people)
    missed = [
        row["missed"]
        for one in people
        for row in one.outcomes
        if row["instrument"] == instrument.id and row["missed"] is not None
    ]
    return Measured(
        instrument=instrument.id,
        primary_of=suppression.within(primary, named, len(people), least),
        prespecified_of=suppression.within(named, named, len(people), least),
        baseline=_mid([one for one in values if one is not None], least),
        at=tuple(
            _at(instrument, window.id, (people, values, points), least)
            for window in library.registry().window
        ),
        missed=_parts(missed, least),
    )


def _at(
    instrument: Instrument,
    window: str,
    held: tuple[Sequence[_Person], Sequence[float | None], Sequence[Mapping[str, _Point]]],
    least: int,
) -> At:
    people, values, points = held
    found = [one.get(window) for one in points]
    due = [_due(one, instrument.id, window) for one in people]
    without = sum(late and one is None for late, one in zip(due, found, strict=True))
    scores = [one.value for one in found if one is not None]
    both = [
        (before, one.value)
        for before, one in zip(values, found, strict=True)
        if before is not None and one is not None
    ]
    responses = [change.responded(instrument, before, now) for before, now in both]
    remitted = [_remitted(instrument, now) for now in scores]
    enough = not suppression.small(sum(due), least)
    bases = sum(one is not None for one in values)
    return At(
        window=window,
        name=_named(window),
        followed=sum(due) if enough else None,
        not_assessed=without if enough else None,
        assessed=suppression.count(len(scores), least),
        score=_mid(scores, least)
        if suppression.means(len(scores), bases, len(both), least)
        else None,
        change=_mid([now - before for before, now in both], least),
        responders=_shown(responses, least),
        remitted=_shown(remitted, least),
    )


def _due(person: _Person, instrument: str, window: str) -> bool:
    """Whether it was pre-specified, and the time had passed when the set was made."""
    order = [one.id for one in library.registry().window]
    followed = person.first["followed"]
    passed = followed is not None and order.index(window) <= order.index(str(followed))
    return passed and person.prespecified(instrument)


def _remitted(instrument: Instrument, value: float) -> bool | None:
    rule = instrument.remission
    return (
        None
        if rule is None or rule.of != measure(instrument)
        else change.remitted(instrument, value)
    )


def _shown(answers: Sequence[bool | None], least: int) -> Share | None:
    said = [one for one in answers if one is not None]
    pair = suppression.share(sum(said), len(said), least)
    return share(*pair) if pair and pair[1] else None


def _mid(values: Sequence[float], least: int) -> Mid | None:
    """Return the mean of enough people's values; a mean of few would give theirs away."""
    many = len(values)
    return Mid(many, fmean(values), stdev(values)) if many >= least else None


def _harms(people: Sequence[_Person], least: int) -> tuple[Harmed, ...]:
    """Return "any" first, then each harm; what the terms leave of "any" gives no term away."""
    whole, *terms = harms.told([_exposed(person) for person in people])
    counts = {one.term: one.people.count for one in terms}
    count, of = whole.people.count, whole.people.of
    if suppression.share(count, of, least) is None:  # no whole is shown to subtract from
        shown = {
            name: number if suppression.share(number, of, least) else None
            for name, number in counts.items()
        }
        return (_hidden(whole.term), *(_harmed(one, shown, least) for one in terms))
    covered = suppression.covering(counts, count, of, least)
    if covered is None:
        return tuple(_hidden(one.term) for one in (whole, *terms))
    found = [_harmed(one, covered, least) for one in terms]
    first = _harmed(whole, {whole.term: count}, least)
    if None in covered.values():
        first = replace(first, events=None)  # events add up: the rest would be the hidden term's
    unknown = sum(one.serious is None for one in found)
    if unknown and whole.serious.count - sum(one.serious or 0 for one in found) > unknown:
        first = replace(first, serious=None)  # the rest would be theirs
    return (first, *found)


def _harmed(one: harms.Told, shown: Parts, least: int) -> Harmed:
    if shown[one.term] is None:
        return _hidden(one.term)
    serious = suppression.within(one.serious.count, one.people.count, one.people.of, least)
    uneven = 2 * one.most_of_one > one.events > 0
    return Harmed(one.term, one.people, one.sessions, one.events, serious, uneven)


def _hidden(term: str) -> Harmed:
    return Harmed(term, None, None, None, None, None)


def _exposed(person: _Person) -> harms.Exposed:
    told = tuple(
        (str(row["term"]), f"{row['course']}.{row['session']}" if row["session"] else "")
        for row in person.harms
    )
    serious = frozenset(str(row["term"]) for row in person.harms if row["serious"] != "no")
    return harms.Exposed(str(person.row["person"]), len(person.sessions), told, serious)


def _funnels(
    people: Sequence[_Person], least: int, window: str, *, hide_harm: bool
) -> tuple[BySite, ...]:
    """Return the shares by which sites are compared: response at a time, and any harm.

    `hide_harm` says that the count of people with any harm is hidden where harms are told.
    """
    responded: list[tuple[str, bool]] = []
    harmed: list[tuple[str, bool]] = []
    for one in people:
        site = str(one.row["site"])
        harmed.append((site, bool(one.harms)))
        instrument = library.instrument(str(one.first["primary_outcome"]))
        before, now = one.baseline(instrument), at_windows(one.points(instrument)).get(window)
        if before is not None and now is not None:
            met = change.responded(instrument, before, now.value)
            if met is not None:
                responded.append((site, met))
    harm = _by_site("harm", harmed, least)
    if hide_harm:
        harm = BySite(harm.what, dict.fromkeys(harm.sites), None)
    return (_by_site("response", responded, least), harm)


def _by_site(what: str, answers: Sequence[tuple[str, bool]], least: int) -> BySite:
    names = sorted({site for site, _ in answers})
    pairs = {
        name: (
            sum(met for site, met in answers if site == name),
            sum(site == name for site, _ in answers),
        )
        for name in names
    }
    whole = suppression.share(sum(met for _, met in answers), len(answers), least)
    return BySite(what, suppression.sites(pairs, least), whole)


def _named(window: str) -> str:
    return next(one.name for one in library.registry().window if one.id == window)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
