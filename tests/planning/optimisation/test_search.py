"""The search is exhaustive whatever it skips, and nothing that it reports is over a limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from assuage.planning.comparison.measures import (
    Measure,
    Subjected,
    marked_dissociation,
    relief_over_weeks,
)
from assuage.planning.optimisation.ranges import Limits
from assuage.planning.optimisation.search import Scored, frontier, search, ties
from assuage.planning.plan import check
from planning.asking import CLOCK, ask
from planning.optimisation.searching import OUTPATIENT, family, held, limited, worked_out

LIMITS = st.builds(
    Limits,
    st.one_of(st.none(), st.floats(0.0, 100.0)),
    st.one_of(st.none(), st.floats(5.0, 95.0)),
    st.one_of(st.none(), st.floats(0.0, 30.0)),
    st.one_of(st.none(), st.floats(1.0, 1000.0)),
    st.one_of(st.none(), st.floats(1.0, 40.0)),
)


def plain(found: list[Scored] | tuple[Scored, ...]) -> list[object]:
    return [(one.checked.member, one.risks, one.expected) for one in found]


@settings(max_examples=40, deadline=None)
@forall(limits=LIMITS)
def test_nothing_that_is_reported_is_over_a_limit(limits: Limits) -> None:
    found = search(limited(limits), held())
    assert len(found.within) + found.over == len(held())
    for one in found.within:
        for value, most in (
            (one.risks.dissociation_percent, limits.dissociation_percent),
            (one.risks.pressure_mmhg, limits.pressure_mmhg),
            (one.risks.total_mg, limits.total_mg),
            (one.risks.chair_h, limits.chair_h),
        ):
            assert most is None or (value is not None and value <= most)
    for one in found.beyond:
        assert one.risks.breaks


@settings(max_examples=40, deadline=None)
@forall(limits=LIMITS)
def test_what_is_skipped_changes_nothing(limits: Limits) -> None:
    short, whole = (search(limited(limits), held(), prune=prune) for prune in (True, False))
    assert whole.pruned == 0
    assert plain(short.within) == plain(whole.within)
    assert plain(short.beyond) == plain(whole.beyond)
    assert short.over == whole.over
    worse = [one.checked.member for one in whole.beyond]
    assert not any(a != b and a.holds(b) for a in worse for b in worse)


def test_something_is_skipped() -> None:
    found = search(limited(Limits(None, None, None, 300.0)), held())
    assert found.pruned > 0


def test_risks_and_relief_rise_with_the_course() -> None:
    """source: the tolerances are rounding."""
    found = search(limited(Limits(None, None, None)), held()).within
    assert len(found) == len(held())
    for one in found:
        for other in found:
            if one.checked.member.holds(other.checked.member):
                assert (one.relief >= other.relief - 1e-12).all()
                for name in ("dissociation_percent", "pressure_mmhg", "total_mg", "chair_h"):
                    assert getattr(one.risks, name) >= getattr(other.risks, name) - 1e-9


@pytest.mark.parametrize("place", [0, 13, -1])
def test_a_candidate_is_worth_what_a_comparison_says(place: int) -> None:
    """The same course, predicted whole and not by shifts: the same numbers."""
    one = held()[place]
    course = check(ask(OUTPATIENT), CLOCK, family(OUTPATIENT).regimen_of(one.member)).course
    made = Subjected(course)
    whole, chance = relief_over_weeks(made), marked_dissociation(made)
    assert isinstance(whole, Measure)
    assert isinstance(chance, Measure)
    evaluator = worked_out()
    assert evaluator.relief(one.member) == pytest.approx(whole.draws, rel=1e-9, abs=1e-9)
    assert evaluator.risks(one).dissociation_percent == pytest.approx(chance.value)


def test_a_tie_prefers_less_drug() -> None:
    within = search(limited(Limits(None, None, None)), held()).within
    top = max(within, key=lambda one: one.expected)
    tied = ties(within)
    assert top.checked.member in [one.checked.member for one in tied]
    assert tied[0].risks.total_mg == min(one.risks.total_mg for one in tied)
    for one in within:
        close = one.expected >= top.expected - top.error
        assert close == (one.checked.member in [each.checked.member for each in tied])
    assert ties([]) == []


def test_nothing_beats_what_is_on_the_frontier() -> None:
    within = search(limited(Limits(None, None, None)), held()).within

    def row(one: Scored) -> tuple[float, ...]:
        risks = one.risks
        assert risks.dissociation_percent is not None
        assert risks.pressure_mmhg is not None
        return (-one.expected, risks.dissociation_percent, risks.pressure_mmhg, risks.chair_h)

    def beats(one: Scored, other: Scored) -> bool:
        pairs = list(zip(row(one), row(other), strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    front = {one.checked.member for one in frontier(within)}
    slow = {one.checked.member for one in within if not any(beats(o, one) for o in within)}
    assert front == slow
    assert front
    assert frontier([]) == []


def test_a_limit_that_is_not_a_number_lets_nothing_through() -> None:
    found = search(limited(Limits(float("nan"), None, None)), held())
    assert found.within == ()


def test_the_error_shrinks_with_the_patients() -> None:
    one = search(limited(Limits(None, None, None)), held()[-1:]).within[0]
    few = Scored(one.checked, one.risks, one.relief[:100])
    assert one.error == pytest.approx(1.96 * np.std(one.relief, ddof=1) / 20, rel=1e-3)
    assert few.error > one.error  # source: 400 patients, whose root is 20
