"""Nothing that names anybody is in a data set, and it says what the record says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assuage.care import consent, course, patient
from assuage.care.outcomes import recording
from assuage.evidence.registry import dataset, export
from assuage.evidence.registry.dictionary import Dataset
from assuage.knowledge.schema.registry import TABLES
from assuage.record.keyring import PATIENT_KEY
from assuage.record.store import Secret
from care.outcomes.treated import (
    PHQ,
    asked,
    dose,
    ended,
    erase,
    harmed,
    nrs,
    opened,
    ready,
    session,
    treated,
)
from care.world import World, in_memory

# What must never leave: planted wherever a person can type.
NAME, ADDRESS, TEXT = "Zebedee Quagmire", "77 Canary Wharf Lane", "canaryword"
BORN = date(1931, 7, 13)
CANARIES = ("Zebedee", "Quagmire", "77 Canary", "canaryword", "1931", "07-13", "p-zeb", "2026-")


def agreed(w: World, *who: str, purposes: tuple[str, ...] = ("registry",)) -> None:
    for one in who:
        consent.give(w.desk("nia"), one, purposes, TEXT)


def collected(w: World, purpose: str = "registry") -> dataset.Collected:
    zone = w.desk("max").site.zone
    return dataset.collect(w.record, "north", purpose, w.clock.today(zone))


def rows(w: World, table: Any) -> tuple[dict[str, Any], ...]:
    return collected(w).dataset.tables[table]


@pytest.fixture
def w() -> World:
    """A person with a name, a history, and words wherever words can be typed."""
    made = in_memory()
    made.found()
    patient.register(made.desk("max"), "p-zeb", NAME, BORN, ADDRESS)
    opened(made, "c-1", "p-zeb")
    asked(made, 20, of="c-1", guess="active")
    base = nrs(made, 8, of="c-1")
    recording.declare_baseline(made.desk("nia"), "c-1", base)
    made.clock.go(hours=1)
    treated(made, "s-1", of="c-1", who="p-zeb")
    harmed(made, "other", of="c-1", where="s-1", note=TEXT, serious="hospitalisation", grade=3)
    made.clock.go(days=7)
    told = asked(made, 9, of="c-1")
    recording.correct(made.desk("nia"), "c-1", told, {"q1": 1, "q2": 2}, TEXT)
    recording.miss(made.desk("nia"), "c-1", PHQ, date(2026, 3, 10), "declined", TEXT)
    course.end(made.desk("nia"), "c-1", "harm", TEXT)
    agreed(made, "p-zeb")
    return made


def test_no_name_date_or_word_is_in_an_export(w: World) -> None:
    made = export.export(w.desk("max"), "registry")
    assert made.fact.patients == ("p-zeb",)
    for name, body in made.files.items():
        for canary in CANARIES:
            assert canary.encode() not in body, (name, canary)


def test_the_canaries_are_planted_and_the_search_finds_them(w: World) -> None:
    """Each is in the record, under the key, and would be found if it were written."""
    keyring, view = w.record.keyring, course.of(w.record, "c-1")
    held = patient.told(w.desk("max"), "p-zeb")
    assert (held["name"], held["address"], held["born"]) == (NAME, ADDRESS, BORN.isoformat())
    note = view.ended.note if view.ended else None
    assert note is not None
    assert keyring.open(note) == TEXT
    found = collected(w).dataset
    leaky = Dataset(found.site, found.purpose, dict(found.tables))
    leaky.tables["people"][0]["site"] = TEXT
    assert TEXT.encode() in export.files(leaky, "e-1")["people.csv"]


def test_what_the_tables_say(w: World) -> None:
    """source: what the fixture did, by hand: 35 mg for 70 kg; born 1931, so 94 years old"""
    (person,) = rows(w, "people")
    assert (person["age_band"], person["sex"], person["courses"]) == ("90+", "female", 1)
    (held,) = rows(w, "courses")
    assert (held["sessions"], held["start_day"], held["end_day"], held["end_reason"]) == (
        *(1, 0, 7),
        "harm",
    )
    assert held["followed"] == "day-3"
    (given,) = rows(w, "sessions")
    assert (given["given_mg"], given["given_mg_per_kg"], given["drug"]) == (
        *(35, 0.5),
        "racemic-ketamine",
    )
    (harm,) = rows(w, "harms")
    assert (harm["term"], harm["session"], harm["serious"], harm["day"]) == (
        *("other", 1),
        *("hospitalisation", 0),
    )
    told = [(row["instrument"], row["value"], row["day"]) for row in rows(w, "outcomes")]
    assert told == [("phq-9", 20, 0), ("phq-9", None, 7), ("phq-9", None, 6), ("nrs-pain", 8, 0)]
    by = {(row["instrument"], row["day"]): row for row in rows(w, "outcomes")}
    assert by["phq-9", 6]["missed"] == "declined"
    assert by["phq-9", 7]["missing_items"] == 7
    assert by["phq-9", 0]["guess"] == "active"
    assert [row["baseline"] for row in rows(w, "outcomes")] == [False, False, False, True]


def test_only_who_agreed_to_this_and_was_treated_is_in_it() -> None:
    w = ready()
    for one in ("p2", "p3", "p4", "p5"):
        w.patient(one)
        opened(w, f"c-{one}", one)
    for one in ("p2", "p3", "p4"):
        treated(w, f"s-{one}", of=f"c-{one}", who=one)
    treated(w)
    agreed(w, "p1", "p4", "p5")
    agreed(w, "p2", purposes=("research",))
    erase(w, "p4")
    found = collected(w)
    assert found.patients == ("p1",)
    assert found.left_out == {"no consent": 2, "erased": 1, "no dose was given": 1}
    assert collected(w, "research").patients == ("p2",)


def test_a_key_put_back_by_hand_brings_nobody_back() -> None:
    w = ready()
    treated(w)
    agreed(w, "p1")
    key = w.record.store.secret(PATIENT_KEY, "p1")
    erase(w)
    w.record.store.append((), (Secret(PATIENT_KEY, "p1", key),))
    assert collected(w).left_out == {"erased": 1}
    assert collected(w).patients == ()


def test_a_pseudonym_leads_back_by_the_key_alone() -> None:
    """Another purpose has another one, and an erasure cuts the way back."""
    w = ready()
    treated(w)
    agreed(w, "p1", purposes=("registry", "research"))
    names = {purpose: collected(w, purpose).dataset for purpose in ("registry", "research")}
    first, second = (one.tables["people"][0]["person"] for one in names.values())
    assert first != second
    keyring = w.record.keyring
    assert keyring.pseudonym("p1", "registry:north") == first
    assert keyring.pseudonym("p1", "registry:south") not in (first, second)
    other = in_memory()
    other.found()
    other.patient()
    assert other.record.keyring.pseudonym("p1", "registry:north") != first
    erase(w)
    assert keyring.pseudonym("p1", "registry:north") is None


def test_days_count_from_the_persons_first_dose_whatever_the_course() -> None:
    w = ready()
    treated(w)
    w.clock.go(days=100)
    opened(w, "c2", weight_g=None, sex=None)
    asked(w, 18, of="c2")
    w.clock.go(days=1)
    treated(w, "s2", of="c2")
    session(w, "s3")
    course.join(w.desk("nia"), "c2", "s3")  # without a dose
    w.clock.go(hours=2)
    dose(w, "s2", 15, "esketamine-25/10mL")
    ended(w, "s3")
    agreed(w, "p1")
    assert [row["start_day"] for row in rows(w, "courses")] == [0, 101]
    last = rows(w, "sessions")[-1]
    assert (last["day"], last["doses"], last["given_mg"], last["given_mg_per_kg"]) == (
        *(101, 2),
        *(50, None),
    )
    assert last["drug"] == "esketamine racemic-ketamine"
    (score,) = rows(w, "outcomes")
    assert (score["day"], score["course_day"]) == (100, -1)
    assert [row["sex"] for row in rows(w, "people")] == ["female"]


def test_a_birth_after_the_treatment_is_no_age() -> None:
    w = in_memory()
    w.found()
    patient.register(w.desk("max"), "p1", "N", date(2030, 1, 1), "A")
    opened(w)
    treated(w)
    agreed(w, "p1")
    assert rows(w, "people")[0]["age_band"] is None


def test_people_stand_in_the_order_of_their_pseudonyms() -> None:
    w = ready()
    names = ["p1"]
    treated(w)
    for number in range(2, 9):
        names.append(w.patient(f"p{number}"))
        opened(w, f"c{number}", names[-1])
        w.clock.go(hours=1)
        treated(w, f"s{number}", of=f"c{number}", who=names[-1])
    agreed(w, *names)
    told = [row["person"] for row in rows(w, "people")]
    assert told == sorted(told)
    assert len(set(told)) == 8


def test_the_same_record_gives_the_same_set_on_the_same_day(w: World) -> None:
    first, second = collected(w).dataset, collected(w).dataset
    assert first == second
    assert all(first.tables[table] for table in TABLES)
    w.clock.go(days=40)
    (later,) = rows(w, "courses")
    assert later["followed"] == "week-4"
