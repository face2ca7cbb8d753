"""The minimum data set is whole, and its bands and windows leave nobody out."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from assuage.care.consent import Purpose
from assuage.care.course import Ending, Sex
from assuage.care.outcomes import facts as f
from assuage.knowledge import library
from assuage.knowledge.schema.registry import RegistryFile

HELD = library.registry()


def test_every_fact_has_a_source_that_exists() -> None:
    facts: list[Any] = [*HELD.field, *HELD.purpose, *HELD.grade, *HELD.window, HELD.harms]
    for one in (*facts, HELD.age_bands, HELD.least_count):
        assert one.source in library.sources(), one


def test_choices_are_those_that_the_record_can_hold() -> None:
    held = {(one.table, one.id): one.choices for one in HELD.field if one.choices}
    assert held == {
        ("people", "sex"): get_args(Sex),
        ("courses", "end_reason"): get_args(Ending),
        ("outcomes", "phase"): get_args(f.Phase),
        ("outcomes", "rated_by"): get_args(f.Rater),
        ("outcomes", "missed"): get_args(f.Missed),
        ("outcomes", "guess"): get_args(f.Guess),
        ("harms", "serious"): get_args(f.Seriousness),
        ("harms", "relation"): get_args(f.Relation),
        ("harms", "action"): get_args(f.Action),
    }
    assert "registry" in get_args(Purpose)


def test_great_age_is_one_band_and_no_age_stands_alone() -> None:
    bands = [HELD.age_bands.of(years) for years in range(130)]
    assert set(bands[90:]) == {"90+"}
    assert bands[17] == "<18" != bands[18]
    assert len(set(bands)) == len(HELD.age_bands.from_years)
    assert all(bands.count(one) >= 10 for one in set(bands))
    with pytest.raises(ValueError):
        HELD.age_bands.of(-1)


def test_windows_follow_one_another_without_a_gap() -> None:
    windows = HELD.window
    assert windows[0].first_day == 1
    for one, other in itertools.pairwise(windows):
        assert other.first_day == one.last_day + 1


def test_every_table_begins_with_the_person() -> None:
    for table in ("people", "courses", "sessions", "outcomes", "harms"):
        fields = HELD.fields(table)  # type: ignore[arg-type]
        assert (fields[0].id, fields[0].of) == ("person", "pseudonym")


@pytest.mark.parametrize(
    "change",
    [
        {"grade": []},
        {"window": "twice"},
        {"field": "twice"},
        {"age_bands": [18, 30]},
        {"age_bands": [0, 30, 18]},
        {"term": "twice"},
        {"term": []},
    ],
)
def test_a_file_that_isnt_whole_is_refused(change: dict[str, Any]) -> None:
    told = HELD.model_dump()
    ((what, how),) = change.items()
    if what == "age_bands":
        told["age_bands"]["from_years"] = how
    elif what == "term":
        terms = told["harms"]["term"]
        told["harms"]["term"] = [*terms, terms[0]] if how == "twice" else how
    else:
        told[what] = [*told[what], told[what][0]] if how == "twice" else how
    with pytest.raises(ValidationError):
        RegistryFile.model_validate(told)
