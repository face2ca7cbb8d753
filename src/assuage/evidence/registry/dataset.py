"""The minimum data set of consenting people, collected from the record.

No name, birth date, address or free text is in it: every field stands in knowledge/registry.toml,
is a number or comes from a closed list, and `dictionary.checked` refuses anything else. People are
pseudonyms, dates are days from the person's first dose, ages are bands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from assuage.care import consent
from assuage.care import course as courses
from assuage.care import patient as patients
from assuage.care import site as sites
from assuage.care.course import Course, Dosed
from assuage.care.outcomes import trajectory
from assuage.care.outcomes.trajectory import Point, Trajectory, days_between
from assuage.care.register.item import item
from assuage.care.session import Session
from assuage.evidence.registry.dictionary import Dataset, Row, checked
from assuage.knowledge import library
from assuage.knowledge.schema.registry import TABLES, TableId
from assuage.record.record import Record

_UG_PER_MG = 1000
NO_CONSENT, ERASED, NOT_TREATED = "no consent", "erased", "no dose was given"


@dataclass(frozen=True)
class Collected:
    """A data set, whose it is (patients' numbers, which are not in it), and who was left out."""

    dataset: Dataset
    patients: tuple[str, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class _Of:
    """Of whom rows are being made: record, place, pseudonym and the day of the first dose."""

    record: Record
    zone: tzinfo
    today: date
    person: str
    patient: str
    first_at: datetime

    def day(self, at: datetime) -> int:
        """Return the day counted from the person's first dose."""
        return days_between(self.first_at, at, self.zone)


def collect(record: Record, site: str, purpose: str, today: date) -> Collected:
    """Return the data set of everybody at a site who agreed to the purpose and was treated.

    People stand in the order of their pseudonyms, which says nothing of when they came. `today`
    is the site's date: what isn't due yet isn't missing. Raises Refused: SITE_UNKNOWN,
    SITE_KEY_MISSING, SITE_KEY_WRONG, DATA_INVALID for a value that no field may hold.
    """
    zone = sites.of(record, site).zone
    by_patient: dict[str, list[str]] = {}
    for course in courses.of_site(record, site):
        whose = courses.opening(courses.of(record, course), course).patient
        by_patient.setdefault(whose, []).append(course)
    left_out: Counter[str] = Counter()
    found: list[tuple[str, str, Mapping[TableId, tuple[Row, ...]]]] = []
    for patient, ids in by_patient.items():
        held = [(one, courses.of(record, one)) for one in ids]
        dosed = {one: courses.dosed(record, view) for one, view in held}
        first = min((d.first_at for d in dosed.values() if d.first_at), default=None)
        why = _out(record, patient, purpose, first)
        person = record.keyring.pseudonym(patient, f"{purpose}:{site}")
        if why or first is None or person is None:
            left_out[why or ERASED] += 1
            continue
        of = _Of(record, zone, today, person, patient, first)
        found.append((person, patient, _tables(of, site, held, dosed)))
    found.sort(key=lambda row: row[0])
    tables: dict[TableId, tuple[Row, ...]] = {
        table: tuple(row for *_, made in found for row in made[table]) for table in TABLES
    }
    whole = checked(Dataset(site, purpose, tables), site)
    return Collected(whole, tuple(sorted(one for _, one, _ in found)), left_out)


def _out(record: Record, patient: str, purpose: str, first: datetime | None) -> str:
    """Return why a person isn't in the set, "" for one who is. Unknown is never consent."""
    if patients.of(record, patient).erased or record.keyring.missing(patient):
        return ERASED
    if purpose not in consent.of(record, patient).purposes:
        return NO_CONSENT
    return "" if first is not None else NOT_TREATED


def _tables(
    of: _Of, site: str, held: Sequence[tuple[str, Course]], dosed: Mapping[str, Dosed]
) -> Mapping[TableId, tuple[Row, ...]]:
    """Return the rows of one person. Courses count in the order of their first dose."""
    given = [(one, view) for one, view in held if dosed[one].first_at is not None]
    given.sort(key=lambda row: (dosed[row[0]].first_at or of.first_at, row[0]))
    about = [courses.described(of.record, view) for _, view in given]
    sex = next((one.sex for one in reversed(about) if one.sex), None)
    person: Row = {
        "person": of.person,
        "site": site,
        "age_band": _age_band(of),
        "sex": sex,
        "courses": len(given),
    }
    found: dict[TableId, list[Row]] = {table: [] for table in TABLES}
    found["people"].append(person)
    for number, ((course, view), told) in enumerate(zip(given, about, strict=True), start=1):
        key: Row = {"person": of.person, "course": number}
        found["courses"].append(key | _course(of, course, view, dosed[course]))
        places = {name: n for n, (name, _) in enumerate(dosed[course].sessions, start=1)}
        for name, session in dosed[course].sessions:
            row: Row = {"session": places[name], **_session(of, session, told.weight_g)}
            found["sessions"].append(key | row)
        for one in trajectory.trajectories(of.record, course):
            found["outcomes"] += [key | row for row in _outcomes(of, one, places)]
        found["harms"] += [key | row for row in _harms(of, view, places)]
    return {table: tuple(rows) for table, rows in found.items()}


def _age_band(of: _Of) -> str | None:
    registered = patients.of(of.record, of.patient).registered
    text = of.record.keyring.open(registered.born) if registered else None
    if text is None:
        return None
    born, then = date.fromisoformat(text), of.first_at.astimezone(of.zone).date()
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return None if years < 0 else library.registry().age_bands.of(years)


def _course(of: _Of, course: str, view: Course, dosed: Dosed) -> Row:
    opened = courses.opening(view, course)
    assert dosed.first_at is not None  # a course without a dose isn't in the set
    elapsed = (of.today - dosed.first_at.astimezone(of.zone).date()).days
    passed = [one.id for one in library.registry().window if one.last_day < elapsed]
    return {
        "indication": opened.indication,
        "regimen": opened.regimen,
        "planned_sessions": opened.sessions_planned,
        "sessions": len(dosed.sessions),
        "start_day": of.day(dosed.first_at),
        "end_day": of.day(view.ended.happened_at) if view.ended else None,
        "end_reason": view.ended.why if view.ended else None,
        "followed": passed[-1] if passed else None,
        "primary_outcome": opened.primary,
        "outcomes": " ".join(opened.outcomes),
    }


def _session(of: _Of, view: Session, weight_g: int | None) -> Row:
    given = [one for one in view.doses.values() if one.given_at and one.given_ug]
    first = courses.given_at(view)
    assert first is not None  # only sessions with a dose are in the set
    ug = sum(one.given_ug for one in given)
    return {
        "day": of.day(first),
        "drug": " ".join(sorted({item(one.intended.item).drug for one in given})),
        "route": " ".join(sorted({one.intended.route for one in given})),
        "doses": len(given),
        "given_mg": ug / _UG_PER_MG,
        # ug/g is mg/kg. Two digits keep the weight itself from being exact, and no more than that.
        "given_mg_per_kg": float(f"{ug / weight_g:.2g}") if weight_g else None,
    }


def _outcomes(of: _Of, one: Trajectory, places: Mapping[str, int]) -> Iterator[Row]:
    for point in one.points:
        yield from _point(of, one, point, places)
    for missed in one.missed:
        at = (missed.due_on - of.first_at.astimezone(of.zone).date()).days
        empty: Row = dict.fromkeys(one.id for one in library.registry().fields("outcomes")[2:])
        yield empty | {
            "instrument": one.instrument,
            "day": at,
            "baseline": False,
            "prespecified": one.prespecified,
            "missed": missed.why,
        }


def _point(of: _Of, one: Trajectory, point: Point, places: Mapping[str, int]) -> Iterator[Row]:
    score = point.score
    if score is None:  # a box that no key opens: the person isn't in the set, see `_out`
        return
    row: Row = {
        "instrument": one.instrument,
        "day": of.day(point.at),
        "course_day": point.course_day,
        "acute": point.acute,
        "session": places.get(point.session),
        "phase": point.phase,
        "rated_by": point.rated_by,
        "baseline": point.baseline,
        "prespecified": one.prespecified,
        "missing_items": score.missing,
        "missed": None,
        "guess": point.guess,
    }
    told: list[tuple[str | None, float | None, str | None]] = [
        *((total, value, None) for total, value in score.totals.items()),
        *((verdict, None, level) for verdict, level in score.verdicts.items()),
    ]
    for total, value, level in told or [(None, None, None)]:
        yield row | {"total": total, "value": value, "level": level}


def _harms(of: _Of, view: Course, places: Mapping[str, int]) -> Iterator[Row]:
    told = [one.told for one in view.harms.values() if one.told is not None]
    for one in sorted(told, key=lambda harm: (harm.onset_at, harm.term)):
        yield {
            "session": places.get(one.session),
            "day": of.day(one.onset_at),
            "term": one.term,
            "grade": one.grade,
            "serious": one.serious,
            "relation": one.relation,
            "action": one.action,
        }
