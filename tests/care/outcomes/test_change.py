"""Change from a declared baseline: percent, points, response, remission, and where none can be."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from assuage.care.outcomes.change import (
    against_baseline,
    difference,
    important_change,
    on_other_scale,
    remission,
    remitted,
    responded,
    response,
)
from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Instrument
from assuage.refusals import Refusal, Refused

held = library.instrument


def changed(id_: str, **parts: Any) -> Instrument:
    """Return an instrument with some rules of our own."""
    content = held(id_).model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    return Instrument.model_validate(content | parts)


SAID = {"source": "assuage-design", "where": "a test", "read": "design"}
BETTER_HIGH = changed(
    "madrs",
    total=[
        {**held("madrs").total[0].model_dump(exclude={"band"}), "direction": "higher-is-better"}
    ],
    change=[{**SAID, "of": "total", "worth": "minimal", "value": 5, "unit": "points"}],
    response={**SAID, "of": "total", "by": "points", "value": 20},
    remission={**SAID, "of": "total", "value": 50, "below": True},
)


# The published rules, at their edges. source: the response and remission rules of each file:
# Farrar 2001 (30 %), Psychiatr Serv 2020 (50 %, below 5), STAR*D 2006 (50 %, 5 and 7 or less),
# Hawley 2002 (below 10).
@pytest.mark.parametrize(
    ("id_", "baseline", "now", "met"),
    [
        ("nrs-pain", 10, 7, True),
        ("nrs-pain", 10, 8, False),
        ("nrs-pain", 5, 4, False),
        ("nrs-pain", 5, 8, False),
        ("phq-9", 20, 10, True),
        ("phq-9", 20, 11, False),
        ("qids-sr16", 18, 9, True),
        ("qids-sr16", 18, 10, False),
        ("madrs", 34, 17, True),
        ("madrs", 34, 18, False),
        ("ham-d17", 25, 12, True),
        ("ham-d17", 25, 13, False),
    ],
)
def test_response_is_by_percent_of_the_baseline(
    id_: str, baseline: float, now: float, met: bool
) -> None:
    assert responded(held(id_), baseline, now) is met


@pytest.mark.parametrize(
    ("id_", "total", "met"),
    [
        ("phq-9", 4, True),
        ("phq-9", 5, False),
        ("qids-sr16", 5, True),
        ("qids-sr16", 6, False),
        ("madrs", 9, True),
        ("madrs", 10, False),
        ("ham-d17", 7, True),
        ("ham-d17", 8, False),
    ],
)
def test_remission_is_at_or_below_as_published(id_: str, total: float, met: bool) -> None:
    assert remitted(held(id_), total) is met


def test_no_percentage_of_a_baseline_of_zero() -> None:
    for id_ in ("nrs-pain", "phq-9", "madrs"):
        judged = response(held(id_), 0, 3)
        assert judged.met is None
        assert "baseline is 0" in judged.why
    moved = difference(held("phq-9"), "total", 0, 3)
    assert (moved.raw, moved.better, moved.percent) == (3, -3, None)


def test_no_baseline_no_response_and_no_rule_no_answer() -> None:
    assert response(held("phq-9"), None, 3).met is None
    for id_ in ("gad-7", "pcs", "rass", "budapest"):
        assert response(held(id_), 3, 3).why
        assert remission(held(id_), 3).met is None


@pytest.mark.parametrize(
    ("baseline", "now", "direction"),
    [(20, 15, "better"), (20, 16, "no"), (20, 25, "worse"), (20, 24, "no"), (4, 0, None),
     (3, 8, "worse"), (5, 0, "better"), (0, 0, None)],
)  # fmt: skip
def test_a_change_of_five_points_of_the_phq_matters(
    baseline: float, now: float, direction: str | None
) -> None:
    """source: Löwe 2004, abstract: 5 points. From 4 nobody can gain five."""
    (one,) = important_change(held("phq-9"), baseline, now)
    assert one.direction == direction
    assert bool(one.why) is (direction is None)


def test_points_and_percent_may_disagree_and_both_are_said() -> None:
    """source: Farrar 2001, abstract: two points or 30 %; 9 to 7 is two points and 22 %."""
    nrs = held("nrs-pain")
    sizes = [(one.value, one.unit) for one in nrs.change]
    assert sizes == [(2, "points"), (30, "percent"), (50, "percent"), (4, "points")]
    found = [one.direction for one in important_change(nrs, 9, 7)]
    assert found == ["better", "no", "no", "no"]
    found = [one.direction for one in important_change(nrs, 2, 1)]
    assert found == ["no", "better", "better", None]  # from 2 nobody can gain four


# The means of so many answers of 0 to 10, that of the interference with all seven or some missing.
MEANS = [("peg", "score", 3), ("bpi-sf", "severity", 4)]
MEANS += [("bpi-sf", "interference", n) for n in (4, 5, 6, 7)]


@pytest.mark.parametrize(("id_", "of", "n"), MEANS)
def test_a_change_of_a_mean_is_judged_as_exact_arithmetic_judges_it(
    id_: str, of: str, n: int
) -> None:
    """From 13/3 to 10/3 is one point, though in binary fractions it is a little less."""
    instrument = held(id_)
    rules = [one for one in instrument.change if one.of == of]
    assert rules
    for before, after in product(range(10 * n + 1), repeat=2):
        gain = Fraction(before - after, n)
        made = important_change(instrument, before / n, after / n, of)
        for rule, one in zip(rules, made, strict=True):
            wanted = Fraction(rule.value)
            if rule.unit == "percent":
                wanted = wanted * Fraction(before, n) / 100
            if rule.unit == "percent" and before == 0:
                assert one.direction is None
            elif abs(gain) >= wanted:
                assert one.direction == ("better" if gain > 0 else "worse")
            elif rule.unit == "points" and Fraction(before, n) < wanted:
                assert one.direction is None
            else:
                assert one.direction == "no"
        if id_ == "peg" and before:
            wanted = Fraction(30 * before, 100 * n)  # source: peg.toml: response is 30 %
            assert responded(instrument, before / n, after / n) is (gain >= wanted)


def test_the_change_that_is_more_than_error_is_of_the_severity_score() -> None:
    """source: Harden 2017, abstract: 4.9 or more; the score moves in whole points."""
    assert [one.direction for one in important_change(held("crps-severity"), 13, 8)] == ["better"]
    assert [one.direction for one in important_change(held("crps-severity"), 13, 9)] == ["no"]


def test_a_scale_that_is_better_high_counts_upwards() -> None:
    assert responded(BETTER_HIGH, 30, 50) is True
    assert responded(BETTER_HIGH, 30, 49) is False
    assert responded(BETTER_HIGH, 41, 60) is None  # no more than 19 can be gained
    assert [remitted(BETTER_HIGH, total) for total in (50, 51)] == [False, True]
    (one,) = important_change(BETTER_HIGH, 58, 60)
    assert (one.direction, "no more than 2" in one.why) == (None, True)
    (one,) = important_change(BETTER_HIGH, 30, 25)
    assert one.direction == "worse"


def test_a_scale_without_better_or_worse_has_only_a_difference() -> None:
    moved = difference(held("rass"), "level", -2, 1)
    assert (moved.raw, moved.better, moved.percent) == (3, None, None)
    assert moved.why


def test_a_scale_that_starts_above_zero_has_no_percentage() -> None:
    moved = difference(held("cgi-s"), "rating", 6, 3)
    assert (moved.raw, moved.better, moved.percent) == (-3, 3, None)


@pytest.mark.parametrize("value", [-1, 28, float("nan"), float("inf")])
def test_a_total_that_can_not_be_is_refused(value: float) -> None:
    phq = held("phq-9")
    for call in (
        lambda: response(phq, value, 3),
        lambda: response(phq, 3, value),
        lambda: remission(phq, value),
        lambda: important_change(phq, 3, value),
        lambda: against_baseline(phq, value, None),
    ):
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.refusal is Refusal.DATA_INVALID


def test_an_unknown_total_is_refused_with_the_choices() -> None:
    with pytest.raises(Refused, match="severity, interference") as caught:
        difference(held("bpi-sf"), "total", 3, 3)
    assert caught.value.refusal is Refusal.VALUE_NOT_ALLOWED


def test_the_published_equals_on_the_hamilton_scale() -> None:
    """source: ids-qids.org, interpretation page: 5 is 7, 10 is 13, 15 is 18 to 19, 20 is 25."""
    qids = held("qids-sr16")
    found = [on_other_scale(qids, "total", value, "ham-d17") for value in (5, 10, 15, 20)]
    assert found == [(7, 7), (13, 13), (18, 19), (25, 25)]
    assert on_other_scale(qids, "total", 7.5, "ham-d17") is None
    assert on_other_scale(qids, "total", 5, "madrs") is None
    top = held("ham-d17").total[0].high
    (table,) = qids.crosswalk
    spans = [(low, high) for _, low, high in table.row]
    assert [own for own, _, _ in table.row] == list(range(28))
    assert spans == sorted(spans)
    assert spans[-1][1] == top


def test_all_of_it_at_once_says_why_where_there_is_nothing() -> None:
    """source: arithmetic: 18 to 9 is half."""
    phq = held("phq-9")
    whole = against_baseline(phq, 18, 9)
    assert (whole.raw, whole.better, whole.percent, whole.responded) == (-9, 9, 50, True)
    none = against_baseline(phq, 18, None)
    assert (none.raw, none.responded, none.important) == (None, None, ())
    assert none.why
    assert against_baseline(held("budapest"), 1, None).why


@pytest.mark.parametrize("id_", ["pgi-c", "cgi-i"])
def test_a_rating_of_change_has_no_baseline_and_still_a_response(id_: str) -> None:
    """source: pgi-c.toml and cgi-i.toml: a rating of 2 is much improved, and a response."""
    whole = against_baseline(held(id_), 4, 2)
    assert (whole.raw, whole.percent, whole.responded, whole.important) == (None, None, True, ())
    assert "rating of change" in whole.why
    with pytest.raises(Refused):
        against_baseline(held(id_), 8, 2)
