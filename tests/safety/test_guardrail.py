"""A guardrail nests, never fails open, never moves a value, and always finds words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import product
from math import inf, isnan, nan, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.knowledge.schema.regimen import GuardrailFact
from assuage.refusals import Refusal
from assuage.safety.guardrail import Guardrail, Verdict, from_fact, shown

ENDS = st.lists(st.floats(0, 1e6), min_size=5, max_size=5).map(sorted)
ANY = st.floats(allow_nan=True, allow_infinity=True)
CODES: dict[Verdict, Refusal | None] = {
    "within": None,
    "above soft": Refusal.DOSE_OVER_SOFT_LIMIT,
    "below soft": Refusal.DOSE_UNDER_SOFT_LIMIT,
    "above hard": Refusal.DOSE_OVER_HARD_LIMIT,
    "below hard": Refusal.DOSE_UNDER_HARD_LIMIT,
}


def rail(ends: list[float]) -> Guardrail:
    a, b, c, d, e = ends
    return Guardrail("session_dose", "mg", (a, e), (b, d), c)


@given(ENDS, ANY)
def test_a_value_passes_only_inside_the_soft_range(ends: list[float], value: float) -> None:
    one = rail(ends)
    inside = one.soft[0] <= value <= one.soft[1]
    assert (one.classify(value) == "within") == inside
    assert (one.refusal(value) is None) == inside


@given(ENDS, ANY)
def test_every_value_has_a_verdict_and_every_verdict_its_refusal(
    ends: list[float], value: float
) -> None:
    one = rail(ends)
    verdict, refused = one.classify(value), one.refusal(value)
    assert (refused.refusal if refused else None) is CODES[verdict]
    if not one.hard[0] <= value <= one.hard[1]:
        assert "hard" in verdict
    if refused:
        assert refused.sentence.startswith("session dose ")


@given(ENDS, ANY.filter(lambda value: not isnan(value)), ANY.filter(lambda value: not isnan(value)))
def test_more_is_never_judged_as_less(ends: list[float], a: float, b: float) -> None:
    order = ["below hard", "below soft", "within", "above soft", "above hard"]
    one = rail(ends)
    low, high = sorted((a, b))
    assert order.index(one.classify(low)) <= order.index(one.classify(high))


@given(ENDS)
def test_the_ends_themselves_pass_and_the_next_number_does_not(ends: list[float]) -> None:
    one = rail(ends)
    assert one.classify(one.soft[0]) == one.classify(one.soft[1]) == "within"
    assert one.classify(nextafter(one.hard[1], inf)) == "above hard"
    assert one.classify(nextafter(one.hard[0], -inf)) == "below hard"


# Of a guardrail that is hard from 1 to 5, soft from 2 to 4 and typically 3.
SENTENCES: list[tuple[float, Verdict, str]] = [
    (0.5, "below hard", "session dose 0.5 mg is under the hard limit of 1 mg"),
    (1, "below soft", "session dose 1 mg is under the soft limit of 2 mg"),
    (1.5, "below soft", "session dose 1.5 mg is under the soft limit of 2 mg"),
    (4.5, "above soft", "session dose 4.5 mg is over the soft limit of 4 mg"),
    (5, "above soft", "session dose 5 mg is over the soft limit of 4 mg"),
    (5.5, "above hard", "session dose 5.5 mg is over the hard limit of 5 mg"),
    (nan, "above hard", "session dose not a number is over the hard limit of 5 mg"),
    (inf, "above hard", "session dose without end is over the hard limit of 5 mg"),
]


@pytest.mark.parametrize(("value", "verdict", "sentence"), SENTENCES, ids=str)
def test_a_refusal_names_the_limit_that_was_passed(
    value: float, verdict: Verdict, sentence: str
) -> None:
    limits = rail([1, 2, 3, 4, 5])
    refused = limits.refusal(value)
    assert limits.classify(value) == verdict
    assert refused is not None
    assert (refused.refusal, refused.sentence) == (CODES[verdict], sentence)


@pytest.mark.parametrize("value", [nan, inf, -inf, -1.0], ids=str)
def test_what_is_no_dose_is_refused_in_words(value: float) -> None:
    refused = rail([0.0, 1.0, 2.0, 3.0, 4.0]).refusal(value)
    assert refused is not None
    assert "HARD" in refused.code


def test_what_is_not_a_number_is_too_much_and_never_too_little() -> None:
    limits = rail([0, 1, 2, 3, 4])
    assert limits.classify(nan) == "above hard"


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("bad", [nan, inf, -1.0], ids=str)
def test_a_guardrail_with_an_end_that_is_no_number_is_not_built(place: int, bad: float) -> None:
    ends = [1.0, 2.0, 3.0, 4.0, 5.0]
    ends[place] = bad
    with pytest.raises(ValueError, match="nest"):
        rail(ends)


@pytest.mark.parametrize("place", range(5))
def test_a_guardrail_with_a_missing_end_is_not_built(place: int) -> None:
    ends: list[float | None] = [1.0, 2.0, 3.0, 4.0, 5.0]
    ends[place] = None
    with pytest.raises(TypeError):
        rail(ends)  # type: ignore[arg-type]


def test_a_guardrail_that_is_not_built_says_which() -> None:
    with pytest.raises(ValueError, match=r"^the ranges of session_dose don't nest: Guardrail\("):
        rail([1, 2, 3, 4, 0])


def test_a_guardrail_cannot_be_moved_and_has_a_fact_only_when_it_is_given_one() -> None:
    limits = rail([1, 2, 3, 4, 5])
    with pytest.raises(FrozenInstanceError):
        limits.hard = (0, 100)  # type: ignore[misc]
    assert limits.fact is None


@given(st.lists(st.floats(0, 10), min_size=5, max_size=5))
def test_only_nested_ranges_are_built(ends: list[float]) -> None:
    if ends == sorted(ends):
        assert rail(ends).typical == ends[2]
    else:
        with pytest.raises(ValueError, match="nest"):
            rail(ends)


def test_every_pair_of_ends_that_is_swapped_is_seen() -> None:
    for a, b in product(range(5), repeat=2):
        ends = [0.0, 1.0, 2.0, 3.0, 4.0]
        ends[a], ends[b] = ends[b], ends[a]
        if a != b:
            with pytest.raises(ValueError, match="nest"):
                rail(ends)


def test_a_fact_becomes_its_guardrail() -> None:
    fact = GuardrailFact(
        quantity="bolus", unit="mg/kg", hard=(0, 4), soft=(1, 3), typical=2,
        source="assuage-design", where="here", read="design",
    )  # fmt: skip
    one = from_fact(fact)
    assert (one.hard, one.soft, one.typical, one.fact) == (fact.hard, fact.soft, 2, fact)
    with pytest.raises(ValueError, match="nest"):
        from_fact(fact.model_copy(update={"soft": (1, 5)}))


def test_words_are_found_for_every_number() -> None:
    assert [shown(one, "mg") for one in (5, nan, inf, -inf)] == [
        *("5 mg", "not a number", "without end", "without end"),
    ]
