"""The drug-wide limits hold at the limit, refuse past it, and refuse when they are gone."""

from __future__ import annotations

from dataclasses import fields, replace
from math import inf, nan, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number, Range
from assuage.knowledge.schema.safety import LimitFact
from assuage.refusals import Refusal, Refused
from assuage.safety.limits import (
    CHILD_WEIGHTS,
    Exposure,
    drug_wide,
    weight_change,
    weight_for_age,
)

NONE = Exposure(None, None, None)
# The reject rules of the clinical reading, appendix A: bolus over 13 mg/kg; a subanaesthetic
# rate over 1 mg/kg/h outside intensive care; over 7 mg/kg/h ever.
RULES = [
    ("bolus_mg_per_kg", 13.0, "bolus-any-route"),
    ("sustained_rate_mg_per_kg_per_h", 1.0, "subanaesthetic-rate"),
    ("rate_mg_per_kg_per_h", 7.0, "rate-ever"),
]
RULE = pytest.mark.parametrize(("name", "most", "id_"), RULES, ids=[one[2] for one in RULES])


def judge(
    exposure: Exposure, limits: dict[str, LimitFact] | None = None, setting: str = "ward"
) -> list[Refused]:
    held = library.limits() if limits is None else limits
    return drug_wide(held, exposure, subanaesthetic=True, setting=setting)


@RULE
def test_a_dose_at_the_limit_passes_and_the_next_number_does_not(
    name: str, most: float, id_: str
) -> None:
    assert judge(replace(NONE, **{name: most})) == []
    for over in (nextafter(most, inf), 10 * most, inf, nan):
        codes = [one.refusal for one in judge(replace(NONE, **{name: over}))]
        assert codes == [Refusal.DOSE_OVER_HARD_LIMIT]


@RULE
@given(value=st.floats(allow_nan=True, allow_infinity=True, min_value=None))
def test_a_limit_that_is_gone_refuses_every_dose(
    value: float, name: str, most: float, id_: str
) -> None:
    exposure = replace(NONE, **{name: value})
    without = {key: one for key, one in library.limits().items() if key != id_}
    assert [one.refusal for one in judge(exposure, without)] == [Refusal.LIMIT_MISSING]


@RULE
def test_a_limit_of_another_kind_or_unit_refuses(name: str, most: float, id_: str) -> None:
    exposure = replace(NONE, **{name: most / 2})
    limit = library.limits()[id_]
    assert isinstance(limit.hard, Number)
    span = Range(low=0, high=99, unit=limit.unit, source="x", where="x", read="design")
    other = limit.hard.model_copy(update={"unit": "ug/kg/min"})
    for hard in (span, other):
        changed = library.limits() | {id_: limit.model_copy(update={"hard": hard})}
        assert [one.refusal for one in judge(exposure, changed)] == [Refusal.LIMIT_MISSING]


def test_nothing_given_is_held_against_nothing() -> None:
    assert judge(NONE, {}) == []
    assert len(fields(Exposure)) == len(RULES)


def test_the_held_rate_is_free_in_intensive_care_and_for_anaesthesia_only() -> None:
    """source: appendix A of the clinical reading; 2 and 8 mg/kg/h lie over its 1 and its 7."""
    held = replace(NONE, sustained_rate_mg_per_kg_per_h=2.0, rate_mg_per_kg_per_h=2.0)
    assert judge(held)
    assert judge(held, setting="intensive-care") == []
    assert drug_wide(library.limits(), held, subanaesthetic=False, setting="theatre") == []
    ever = replace(NONE, rate_mg_per_kg_per_h=8.0)
    assert judge(ever, setting="intensive-care")


@pytest.mark.parametrize(
    ("now", "last", "passes"),
    [
        (70, 70, True), (77, 70, True), (63, 70, True), (84.7, 77, True), (0.99, 0.9, True),
        (77.1, 70, False), (62.9, 70, False), (700, 70, False), (7, 70, False),
        (nan, 70, False), (70, nan, False), (70, 0, False), (70, -70, False), (inf, 70, False),
    ],
)  # fmt: skip
def test_a_weight_may_move_by_a_tenth(now: float, last: float, passes: bool) -> None:
    refused = weight_change(library.limits(), now, last)
    assert (refused is None) == passes
    assert refused is None or refused.refusal is Refusal.WEIGHT_DISAGREES


def test_a_weight_without_its_limit_is_refused() -> None:
    refused = weight_change({}, 70, 70)
    assert refused is not None
    assert refused.refusal is Refusal.LIMIT_MISSING


@pytest.mark.parametrize(
    ("kg", "age_y", "passes"),
    [
        (3.5, 0.02, True), (0.5, 0.01, True), (8, 0.5, True), (80, 0.5, False),
        (14, 3, True), (140, 3, False), (1.4, 3, False), (70, 4, False),
        (24, 7, True), (240, 7, False), (2.4, 7, False),
        (50, 14, True), (5, 14, False), (300, 14, False), (nan, 4, False), (inf, 4, False),
        (35, 18, True), (250, 40, True),
    ],
)  # fmt: skip
def test_a_child_weighs_what_children_weigh(kg: float, age_y: float, passes: bool) -> None:
    """The middle values are ordinary children; each refused one is a slip of a factor."""
    refused = weight_for_age(library.limits(), kg, age_y)
    assert (refused is None) == passes
    assert refused is None or refused.refusal is Refusal.QUANTITY_IMPLAUSIBLE


@pytest.mark.parametrize(("under", "id_"), CHILD_WEIGHTS)
def test_a_childs_weight_without_its_limit_is_refused(under: float, id_: str) -> None:
    limit = library.limits()[id_]
    assert isinstance(limit.hard, Range)
    half = limit.model_copy(update={"hard": limit.hard.model_copy(update={"high": None})})
    for limits in ({}, library.limits() | {id_: half}):
        refused = weight_for_age(limits, 10, under - 0.1)
        assert refused is not None
        assert refused.refusal is Refusal.LIMIT_MISSING
