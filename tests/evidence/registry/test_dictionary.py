"""A data set holds its fields and nothing else, whoever made it."""

from __future__ import annotations

from typing import Any

import pytest

from assuage.evidence.registry.dictionary import Dataset, checked
from assuage.knowledge import library
from assuage.knowledge.schema.registry import TABLES
from care.world import code, refusal

from .sets import made

CANARY = "Ada Example"
HELD = made(3, 6)


def changed(table: Any, field: str, value: object) -> Dataset:
    tables: dict[Any, Any] = dict(HELD.tables)
    first, *others = tables[table]
    tables[table] = (first | {field: value}, *others)
    return Dataset(HELD.site, HELD.purpose, tables)


def test_a_whole_set_passes_with_its_columns_in_order() -> None:
    held = made(3, 8)
    for table in TABLES:
        wanted = [one.id for one in library.registry().fields(table)]
        assert held.tables[table]
        assert all(list(row) == wanted for row in held.tables[table])


FIELDS = [(one.table, one.id) for one in library.registry().field]


@pytest.mark.parametrize(("table", "field"), FIELDS)
@pytest.mark.parametrize(
    "value", [CANARY, "1979-03-04", "x y", float("nan"), float("inf"), [], {}, 1e12, "ada"]
)
def test_no_field_holds_what_somebody_typed(table: str, field: str, value: object) -> None:
    """A site's id is the one word that a site chooses, once, when it is opened."""
    leaky = changed(table, field, value)
    told = refusal(lambda: checked(leaky, "a set"))
    assert told.code == "DATA_INVALID"
    assert CANARY not in str(told)


def test_a_field_of_its_own_is_refused() -> None:
    assert code(lambda: checked(changed("people", "name", "x"), "a set")) == "DATA_INVALID"


def test_a_field_that_may_be_empty_may_and_another_may_not() -> None:
    for one in library.registry().field:
        told = code(lambda one=one: checked(changed(one.table, one.id, None), "a set"))
        assert told == ("ok" if one.optional else "DATA_INVALID"), one.id


@pytest.mark.parametrize(
    ("table", "field", "value", "told"),
    [
        ("outcomes", "value", 3, "ok"),
        ("outcomes", "baseline", 1, "DATA_INVALID"),
        ("people", "courses", True, "DATA_INVALID"),
        ("people", "courses", 1.0, "DATA_INVALID"),
        ("people", "age_band", "41", "DATA_INVALID"),
        ("people", "age_band", "<18", "ok"),
        ("people", "sex", "intersex", "ok"),
        ("people", "site", "south", "DATA_INVALID"),
        ("courses", "outcomes", "phq-9", "ok"),
        ("courses", "outcomes", "phq-9  nrs-pain", "DATA_INVALID"),
        ("courses", "regimen", "crps-outpatient-10d", "ok"),
        ("sessions", "drug", "esketamine racemic-ketamine", "ok"),
        ("outcomes", "total", "somatic", "DATA_INVALID"),
        ("people", "person", "0" * 24, "DATA_INVALID"),  # nobody else speaks of them
    ],
)
def test_what_stands_where(table: str, field: str, value: object, told: str) -> None:
    assert code(lambda: checked(changed(table, field, value), "a set")) == told


def test_a_person_stands_there_once() -> None:
    held = made(3, 8)
    twice = {**held.tables, "people": (*held.tables["people"], held.tables["people"][0])}
    assert code(lambda: checked(Dataset(held.site, held.purpose, twice), "a set")) == "DATA_INVALID"
