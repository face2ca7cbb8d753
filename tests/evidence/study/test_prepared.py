"""Who responded.

source: arithmetic.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.study.prepared import prepare, responded
from assuage.evidence.study.schema import Better, Responding
from evidence.study import made

NAN = float("nan")


@pytest.mark.parametrize(
    ("rule", "better", "start", "now", "wanted"),
    [
        ({"percent_better": 50.0}, "lower", 8.0, 4.0, 1),
        ({"percent_better": 50.0}, "lower", 8.0, 4.1, 0),
        ({"percent_better": 30.0}, "lower", 7.0, 4.9, 1),  # 2.1 is 30 % of 7, but not in floats
        ({"percent_better": 40.0}, "lower", 7.0, 4.2, 1),
        ({"percent_better": 50.0}, "lower", 0.0, 0.0, None),
        ({"percent_better": 50.0}, "lower", NAN, 1.0, None),
        ({"percent_better": 50.0}, "higher", 4.0, 6.0, 1),
        ({"points_better": 2.0}, "lower", 5.3, 3.3, 1),
        ({"points_better": 2.0}, "higher", 5.0, 6.9, 0),
        ({"points_better": 2.0}, "lower", NAN, 1.0, None),
        ({"at_most": 4.0}, "lower", NAN, 4.0, 1),
        ({"at_most": 4.0}, "lower", 9.0, 5.0, 0),
        ({"at_least": 4.0}, "higher", 9.0, 4.0, 1),
        ({"at_least": 4.0}, "higher", 9.0, NAN, None),
    ],
)
def test_who_responded(
    rule: dict[str, float], better: Better, start: float, now: float, wanted: int | None
) -> None:
    (found,) = responded(np.array([[now]]), np.array([start]), Responding(**rule), better)[0]
    assert np.isnan(found) if wanted is None else found == wanted


@given(st.integers(1, 100), st.integers(0, 100), st.integers(1, 100))
def test_a_share_is_exact_in_whole_numbers(start: int, now: int, percent: int) -> None:
    rule = Responding(percent_better=float(percent))
    (found,) = responded(np.array([[now / 10]]), np.array([start / 10]), rule, "lower")[0]
    assert bool(found) == (100 * (start - now) >= percent * start)


@pytest.mark.parametrize("rule", [{}, {"at_most": 1.0, "at_least": 2.0}])
def test_one_rule_and_no_more(rule: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give one of"):
        Responding(**rule)


JUMP = '{ name = "rescue", strategy = "hypothetical", assume = "jump-to-reference" }'
TEXT = made.TEXT.replace('{ name = "rescue", strategy = "treatment-policy" }', JUMP)
HELD = TEXT.replace('covariates = ["sex"]', 'covariates = ["sex"], day = "seen"')


@pytest.mark.parametrize(("seen", "after"), [(8, ["v1", "v2"]), (6, ["v2"]), (7, ["v2"])])
def test_an_event_acts_by_the_day_on_which_a_visit_was_held(seen: int, after: list[str]) -> None:
    """Rescue comes on day 7; visit 1 was planned then and held on `seen`."""
    told = made.rows(4)
    for row in told:
        row["seen"] = {"start": "0", "v1": str(seen), "v2": "14"}[row["visit"]]
    told[0]["rescue_day"] = "7"
    study = made.study(HELD)
    held = made.data(made.locked(HELD), told)
    found = prepare(study.protocol, held, study.protocol.outcome[0], study.estimands["pain-v1"])
    gone = [name for name, one in zip(("v1", "v2"), found.value[0], strict=True) if np.isnan(one)]
    assert gone == after
    assert not np.isnan(found.value[1:]).any()
    assert found.method == ("jump-to-reference", *["missing-at-random"] * 3)
    assert found.first.tolist() == [2 - len(after), 2, 2, 2]
    assert found.met.tolist() == [True, False, False, False]
