"""Whose rows they are, each participant and visit once, and nobody lost on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from assuage.evidence.analysis import people
from assuage.evidence.analysis.design import Kinds
from assuage.evidence.analysis.phrases import Repeated
from assuage.refusals import Refused
from evidence.analysis.asking import asked, design, table, trial

HEAD = "id,visit,arm,y\n"


def test_groups_are_told_apart_by_every_name() -> None:
    found = table("s,id,y\nA,1,1\nB,1,2\nA,1,3\nA,2,4\n")
    made = people.groups(found, ("s", "id"), np.arange(4))
    assert made.levels == ("A / 1", "B / 1", "A / 2")
    assert made.codes.tolist() == [0, 1, 0, 2]
    assert (made.alone(), made.seen()) == (2, 3)
    some = people.groups(found, ("id",), np.array([1, 2]))
    assert (some.levels, some.seen()) == (("1", "2"), 1)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("1,1,a,1\n1,1,a,2\n", "rows 2 and 3: both are id 1 at visit 1"),
        ("1,1,a,1\n1,2,a,2\n1,1,a,\n", "rows 2 and 4: both are id 1 at visit 1"),
        ("1,1,a,1\n,2,a,2\n", "row 3: it has no id"),
        ("1,1,a,1\n1,,a,2\n", "row 3: it has no visit"),
        ("1,1,a,1\n01,2,a,2\n", "two spellings"),
        ("1,1,a,1\n2,1.0,a,2\n", "two spellings"),
    ],
)
def test_a_row_of_nobody_or_there_twice_is_refused(rows: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        asked(table(HEAD + rows), "y ~ 1", repeated="visit | id")
    assert caught.value.code == "DATA_INVALID"


def test_visits_stand_in_order_whatever_the_order_of_rows() -> None:
    found = table("id,visit,y\n1,week 10,1\n1,week 2,3\n2,week 2,2\n2,week 10,\n")
    made = design(found, "y ~ 1")
    kinds = people.visits(found, Repeated("visit", "id"), made, _plain())
    assert kinds.levels == ("week 2", "week 10")
    assert kinds.codes.tolist() == [1, 0, 0]


def _plain() -> Kinds:
    return Kinds({}, {}, {})


def test_the_flow_counts_everybody_and_every_row() -> None:
    found = asked(trial(), "pain ~ arm * visit", repeated="visit | id", means=("arm | visit",))
    source = trial()
    rows = list(zip(*(source.cells[one] for one in ("id", "arm", "visit", "pain")), strict=True))
    assert found.flow.arm == "arm"
    for arm in found.flow.arms:
        assert arm.participants == len({row[0] for row in rows if row[1] == arm.name})
        seen = Counter(row[2] for row in rows if row[1] == arm.name and row[3] is not None)
        assert dict(arm.visits) == seen
    assert sum(n for arm in found.flow.arms for _, n in arm.visits) == len(found.design.used)
    assert (
        sum(arm.analysed for arm in found.flow.arms) == found.participants["participants_analysed"]
    )


def test_a_factor_that_changes_within_people_is_no_arm() -> None:
    rows = "".join(
        f"{n},{visit},{'ab'[visit % 2]},{n * visit % 5 + n}\n" for n in range(9) for visit in (1, 2)
    )
    found = asked(table(HEAD + rows), "y ~ arm", random=("1 | id",), means=("arm",))
    assert found.flow.arm == ""
    assert [(one.name, one.participants) for one in found.flow.arms] == [("all", 9)]


def test_an_arm_of_one_is_not_compared() -> None:
    rows = (
        "".join(f"{n},{v},a,{n * v % 5}\n" for n in range(8) for v in (1, 2)) + "9,1,b,4\n9,2,b,3\n"
    )
    found = table(HEAD + rows)
    more: dict[str, Any]
    for one, more in (
        ("participant", {"repeated": "visit | id"}),
        ("level of id", {"random": ("1 | id",)}),
    ):
        with pytest.raises(Refused, match=f"arm b has one {one},") as caught:
            asked(found, "y ~ arm", means=("arm",), **more)
        assert caught.value.code == "FIT_IMPOSSIBLE"
