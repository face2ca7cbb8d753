"""What each strategy does to a study's rows, on tables of cases.

source: the expected cells follow from the definitions in ICH E9(R1) A.3.2, written out by hand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.trial.estimands import Estimand, IntercurrentEvent, Treatment, Variable
from assuage.evidence.trial.strategies import (
    FATES,
    Long,
    apply,
    apply_to_times,
    complete,
    last_counting,
    wide,
)
from assuage.refusals import Refusal, Refused

NEVER = np.inf
STOP = IntercurrentEvent("stop", "treatment-policy")


def asked(*events: IntercurrentEvent, measure: str = "value") -> Estimand:
    variable = Variable("pain-nrs", measure, "week 12")
    arms = (Treatment("ketamine", "as given"), Treatment("placebo", "as given"))
    summary = "difference-in-means"
    return Estimand("main", "adults", variable, arms, "placebo", events, summary)


def one_person(*values: float) -> Long:
    """Return one person's rows on days 10, 20, 30 and so on."""
    visit = np.arange(len(values))
    day = 10.0 * (visit + 1)
    return Long(np.zeros(len(values), int), visit, day, np.array(values), 1, len(values))


def days(**of: float) -> dict[str, np.ndarray]:
    return {name: np.array([day]) for name, day in of.items()}


X = np.nan
# Strategy, day of the event, measured, analysed, fates of the four visits.
CASES = [
    ("treatment-policy", 15, (5, 4, 3, 2), (5, 4, 3, 2), "observed kept kept kept"),
    ("treatment-policy", 15, (5, X, 3, X), (5, X, 3, X), "observed missing kept missing"),
    (
        "hypothetical",
        15,
        (5, 4, 3, 2),
        (5, X, X, X),
        "observed set-missing set-missing set-missing",
    ),
    ("hypothetical", 20, (5, 4, 3, X), (5, 4, X, X), "observed observed set-missing set-missing"),
    ("hypothetical", 1, (5, 4, 3, 2), (X, X, X, X), "set-missing " * 4),
    ("composite", 15, (5, 4, X, 2), (5, 9, 9, 9), "observed failure failure failure"),
    ("composite", 25, (X, 4, 3, 2), (X, 4, 9, 9), "missing observed failure failure"),
    ("while-on-treatment", 25, (5, 4, 3, 2), (5, 4, X, X), "observed observed left-out left-out"),
    ("while-on-treatment", 40, (5, 4, 3, 2), (5, 4, 3, 2), "observed observed observed observed"),
    *[
        (name, NEVER, (5, X, 3, 2), (5, X, 3, 2), "observed missing observed observed")
        for name in ("treatment-policy", "hypothetical", "composite", "while-on-treatment")
    ],
]


@pytest.mark.parametrize(("strategy", "day", "measured", "analysed", "fates"), CASES)
def test_a_strategy_changes_only_what_comes_after(
    strategy: str, day: float, measured: tuple, analysed: tuple, fates: str
) -> None:
    failure = 9.0 if strategy == "composite" else None
    event = replace(STOP, strategy=strategy, failure=failure)
    rows = one_person(*measured)
    found = apply(asked(event), rows, days(stop=day))
    np.testing.assert_array_equal(wide(rows, found)[0], analysed)
    assert [FATES[one] for one in found.fate] == fates.split()
    assert sum(found.tally().values()) == len(measured)
    assert not np.isnan(rows.value).sum() > np.isnan(measured).sum()  # the input is left alone


def test_the_last_value_on_treatment() -> None:
    rows = one_person(5, 4, X, 2)
    event = replace(STOP, strategy="while-on-treatment")
    assert last_counting(rows, apply(asked(event), rows, days(stop=35))) == [4]
    assert last_counting(rows, apply(asked(event), rows, days(stop=NEVER))) == [2]
    assert np.isnan(last_counting(rows, apply(asked(event), rows, days(stop=0)))).all()


DEATH = IntercurrentEvent("death", "composite", failure=9.0)
RESCUE = IntercurrentEvent("rescue", "hypothetical", assume="jump-to-reference")


@pytest.mark.parametrize(
    ("events", "when", "analysed"),
    [
        ((DEATH, RESCUE), {"death": 35, "rescue": 15}, (5, X, X, 9)),
        ((RESCUE, DEATH), {"death": 35, "rescue": 15}, (5, X, X, X)),
        ((RESCUE, DEATH), {"death": 15, "rescue": 35}, (5, 9, 9, X)),
        ((STOP, DEATH), {"stop": 5, "death": 15}, (5, 9, 9, 9)),
        ((STOP, RESCUE), {"stop": 5, "rescue": NEVER}, (5, 4, 3, 2)),
    ],
)
def test_the_first_event_in_the_estimand_decides(
    events: tuple, when: dict[str, float], analysed: tuple
) -> None:
    rows = one_person(5, 4, 3, 2)
    found = apply(asked(*events), rows, days(**when))
    np.testing.assert_array_equal(wide(rows, found)[0], analysed)


def test_what_missing_values_are_taken_for_starts_with_the_event() -> None:
    """The reference holds from the first visit after it, be that visit measured or missing."""
    stop = replace(STOP, assume="copy-reference")
    rows = one_person(5, X, 3, X)
    found = apply(asked(stop), rows, days(stop=25))
    assert (found.method, found.first.tolist()) == (("copy-reference",), [2])
    # Nothing is missing after the event, so nothing is assumed.
    found = apply(asked(stop), one_person(5, X, 3, 2), days(stop=25))
    assert (found.method, found.first.tolist()) == (("missing-at-random",), [4])
    # Missing before the event and by chance: not the event's doing.
    found = apply(asked(RESCUE), rows, days(rescue=NEVER))
    assert (found.method, found.first.tolist()) == (("missing-at-random",), [4])


def test_two_assumptions_for_one_person_are_refused() -> None:
    stop = replace(STOP, assume="copy-reference")
    rows = one_person(5, X, 3, 2)
    with pytest.raises(Refused) as caught:
        apply(asked(stop, RESCUE), rows, days(stop=5, rescue=25))
    assert caught.value.refusal is Refusal.DATA_INVALID


def test_missed_visits_without_a_row_get_one() -> None:
    whole = one_person(5, 4, 3, 2)
    kept = np.array([0, 2])
    rows = replace(
        whole, **{name: getattr(whole, name)[kept] for name in ("person", "visit", "day", "value")}
    )
    full = complete(rows, whole.day)
    found = apply(asked(replace(RESCUE)), full, days(rescue=25))
    np.testing.assert_array_equal(wide(full, found)[0], [5, X, X, X])
    assert (found.method, found.first.tolist()) == (("jump-to-reference",), [2])
    with pytest.raises(Refused):
        apply(asked(RESCUE), rows, days(rescue=25))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"person": np.array([0, 0, 0, 1])},
        {"visit": np.array([0, 1, 2, 2])},
        {"visit": np.array([0, 1, 2, 4])},
        {"visit": np.array([-1, 1, 2, 3])},
        {"day": np.array([10, 20, np.nan, 40])},
        {"day": np.array([10.0, 20, 30])},
        {"value": np.array([1, 2, np.inf, 4])},
    ],
)
def test_rows_that_do_not_hold_are_refused(spoilt: dict[str, np.ndarray]) -> None:
    with pytest.raises(Refused):
        apply(asked(STOP), replace(one_person(5, 4, 3, 2), **spoilt), days(stop=15))


@pytest.mark.parametrize("when", [{}, {"stop": np.nan}, {"other": 5}])
def test_an_event_without_its_days_is_refused(when: dict[str, float]) -> None:
    with pytest.raises(Refused):
        apply(asked(STOP), one_person(5, 4, 3, 2), days(**when))


# End point at day, happened; event at day; then what each strategy makes of it.
TIMES = [
    (50, True, 20, "treatment-policy", 50, True),
    (50, False, 20, "treatment-policy", 50, False),
    (50, True, 20, "hypothetical", 20, False),
    (50, True, 20, "while-on-treatment", 20, False),
    (50, False, 20, "composite", 20, True),
    (50, True, 60, "composite", 50, True),
    (50, False, 60, "composite", 50, False),
    (50, True, 50, "hypothetical", 50, True),
    (50, True, NEVER, "hypothetical", 50, True),
]


@pytest.mark.parametrize(("time", "seen", "day", "strategy", "new_time", "new_seen"), TIMES)
def test_times_are_cut_or_failed(
    time: float, seen: bool, day: float, strategy: str, new_time: float, new_seen: bool
) -> None:
    event = replace(STOP, strategy=strategy)
    times, happened = np.array([time], float), np.array([seen])
    found = apply_to_times(asked(event, measure="time-to-event"), times, happened, days(stop=day))
    assert (found[0].tolist(), found[1].tolist()) == ([new_time], [new_seen])
    assert (times.tolist(), happened.tolist()) == ([time], [seen])


@given(st.permutations([("a", "hypothetical", 20.0), ("b", "composite", 30.0)]))
def test_of_two_events_the_earlier_decides_a_time(order: list[tuple[str, str, float]]) -> None:
    events = [IntercurrentEvent(name, strategy) for name, strategy, _ in order]
    when = days(**{name: day for name, _, day in order})
    found = apply_to_times(asked(*events), np.array([50.0]), np.array([True]), when)
    assert (found[0].tolist(), found[1].tolist()) == ([20], [False])


@pytest.mark.parametrize("time", [np.nan, -1.0, np.inf])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    with pytest.raises(Refused):
        apply_to_times(asked(STOP), np.array([time]), np.array([True]), days(stop=5))
