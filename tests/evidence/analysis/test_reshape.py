"""A wide table made long holds the same values, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis.reshape import lengthen
from assuage.evidence.analysis.table import Table
from assuage.refusals import Refused
from evidence.analysis.asking import asked, table, trial

WIDE = "id,pain_base,pain_2,pain_10,mood_2\n7,8,5,4,1\n8,9,,3,2\n"
CELLS = st.one_of(st.none(), st.sampled_from(["1", "2", "x"]))


def test_each_row_becomes_one_for_each_place() -> None:
    found = lengthen(table(WIDE), ["pain: pain_{visit}", "mood: mood_{visit}"], {"pain_base"})
    assert found.columns == ("id", "pain_base", "visit", "pain", "mood")
    assert found.rows == (2, 2, 3, 3)
    assert list(zip(*found.cells.values(), strict=True)) == [
        ("7", "8", "2", "5", "1"),
        ("7", "8", "10", "4", None),
        ("8", "9", "2", None, "2"),
        ("8", "9", "10", "3", None),
    ]
    assert any("nothing as visit 10" in one for one in found.notes)


def test_without_a_wish_a_table_stays_as_it_is() -> None:
    wide = table(WIDE)
    assert lengthen(wide, []) is wide


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_long_made_wide_is_the_wide_table_again(rows: list[tuple[str | None, ...]]) -> None:
    cells = dict(zip(("y1", "y2", "y3"), zip(*rows, strict=True), strict=True))
    wide = Table(
        "w", {"id": tuple(str(n) for n in range(len(rows))), **cells}, tuple(range(len(rows)))
    )
    long = lengthen(wide, ["y: y{at}"])
    back = {
        (id_, at): value
        for id_, at, value in zip(long.cells["id"], long.cells["at"], long.cells["y"], strict=True)
    }
    assert len(back) == 3 * len(rows)
    assert all(back[str(n), at] == row[int(at) - 1] for n, row in enumerate(rows) for at in "123")


def test_wide_and_long_examples_give_one_answer() -> None:
    question = {"repeated": "visit | id", "means": ("arm | visit",), "contrasts": "pairwise"}
    model = "pain ~ arm * visit + baseline"
    long = asked(trial(), model, **question).tree()
    wide = asked(
        trial("pain-trial-wide.csv"), model, long=("pain: pain_w{visit}",), **question
    ).tree()
    for part in ("fixed", "tests", "means", "contrasts", "reml_criterion", "flow"):
        assert long[part] == wide[part]


BAD = {
    "no colon": (["pain pain_{v}"], "VALUE_NOT_ALLOWED"),
    "no place": (["pain: pain_2"], "VALUE_NOT_ALLOWED"),
    "two places": (["pain: {a}_{b}"], "VALUE_NOT_ALLOWED"),
    "an open brace": (["pain: pain_{v"], "VALUE_NOT_ALLOWED"),
    "no such columns": (["pain: pian_{v}"], "FIELD_UNKNOWN"),
    "a name that is taken": (["id: pain_{v}"], "OPTION_CONFLICT"),
    "a place that is taken": (["pain: pain_{id}"], "OPTION_CONFLICT"),
    "one name twice": (["v: pain_{v}"], "OPTION_CONFLICT"),
    "two places' names": (["pain: pain_{v}", "mood: mood_{w}"], "OPTION_CONFLICT"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_pattern_that_does_not_fit_is_refused(case: str) -> None:
    wishes, code = BAD[case]
    with pytest.raises(Refused) as caught:
        lengthen(table(WIDE), wishes)
    assert caught.value.code == code
