"""No outcome is left out: whatever a protocol names and whatever is in the data is listed.

source: the columns of made.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.study import results as working
from assuage.evidence.study.collected import collected
from assuage.evidence.study.protocol import parse
from assuage.evidence.study.tree import tree_of
from assuage.refusals import Refused
from evidence.study import made

COLUMNS = ("mood", "sleep", "note", "odd name, with a comma", "x" * 60, "Überfluss")
ROLES = st.sampled_from(["safety", "collected"])


def rows(columns: list[str]) -> list[dict[str, str]]:
    found = made.rows(6, ("pain",))
    return [one | dict.fromkeys(columns, str(place % 5)) for place, one in enumerate(found)]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(COLUMNS[:3]), ROLES),
    st.lists(st.dictionaries(st.sampled_from(COLUMNS[:3]), ROLES), max_size=2),
    st.sets(st.sampled_from(COLUMNS)),
)
def test_every_column_is_in_the_report(
    now: dict[str, str], before: list[dict[str, str]], found: set[str]
) -> None:
    """For any protocols one after the other, and any columns in the data."""
    texts = [made.text(one) for one in (*before, now)]
    different = [one for n, one in enumerate(texts) if one not in texts[:n]]
    named = {column for one in (*before, now) for column in one}
    told = rows(sorted(named | found))
    view = made.locked(*different, unblinded=False)
    tree = tree_of(made.results(view, told))
    listed = [column for one in tree["outcomes"] for column in one["columns"]]
    assert sorted(listed) == sorted({"pain"} | named | found)
    last = parse(different[-1], "a test").protocol
    for one in tree["outcomes"]:
        declared = next((each for each in last.outcome if each.id == one["id"]), None)
        assert one["pre_specified"] == (declared is not None and declared.pre_specified)
        assert all(one["described"][column] for column in one["columns"])


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(COLUMNS[:3]), min_size=1), st.data())
def test_a_column_that_was_to_be_collected_must_be_there(
    named: set[str], draw: st.DataObject
) -> None:
    """Whichever lock named it, and whichever role it had."""
    gone = draw.draw(st.sampled_from(sorted(named)))
    first = made.text(dict.fromkeys(sorted(named), "collected"))
    last = made.text(dict.fromkeys(sorted(named - {gone}), "safety"))
    view = made.locked(first, last, unblinded=False)
    made.data(view, rows(sorted(named)))
    with pytest.raises(Refused, match="STUDY_OUTCOME_MISSING") as refused:
        made.data(view, rows(sorted(named - {gone})))
    assert gone in refused.value.sentence


def test_an_outcome_cannot_become_a_covariate_and_vanish() -> None:
    """A later protocol calls it a covariate; an earlier one named it, so it stays."""
    first = made.text({"mood": "secondary"}).replace("secondary", "safety")
    last = made.text({}).replace('covariates = ["sex"]', 'covariates = ["sex", "mood"]')
    told = [row | {"mood": "3"} for row in rows([])]
    found = made.results(made.locked(first, last, unblinded=False), told)
    assert [(one.outcome.id, one.standing) for one in found.outcomes] == [
        ("pain", "primary"),
        ("mood", "dropped"),
    ]


def test_a_covariate_is_one_value_a_person() -> None:
    """So an outcome measured at each visit can't pass for one."""
    text = made.text({}).replace('covariates = ["sex"]', 'covariates = ["sex", "mood"]')
    with pytest.raises(Refused, match="one value a person"):
        made.data(made.locked(text, unblinded=False), rows(["mood"]))


def test_a_column_named_as_another_outcome_keeps_its_own_place() -> None:
    """An outcome may stand in other columns than its id; a column of that name is another."""
    moved = 'better = "lower"\ncolumns = ["pain_mean"]\n'
    text = made.text({}).replace('better = "lower"\n', moved)
    told = [row | {"pain_mean": row["pain"]} for row in rows([])]
    found = made.results(made.locked(text), told)
    assert [(one.outcome.id, one.outcome.held_in) for one in found.outcomes] == [
        ("pain", ("pain_mean",)),
        ("pain (column)", ("pain",)),
    ]
    assert [one.kind for one in found.answers_of("pain")] == ["main"]
    assert [one.kind for one in found.answers_of("pain (column)")] == ["standard"]


def test_a_role_that_moved_is_said() -> None:
    first, last = made.text({"mood": "collected"}), made.text({"mood": "safety"})
    view = made.locked(first, last, unblinded=False)
    found = made.results(view, rows(["mood"])).outcomes
    assert found[1].words == "safety (collected in an earlier protocol)"
    later = made.locked(made.text({}), last, unblinded=False)
    assert (
        "not there in an earlier protocol" in made.results(later, rows(["mood"])).outcomes[1].words
    )


def test_a_report_with_an_outcome_left_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary: were the list wrong, the report would still be refused."""
    view = made.locked(made.text({"mood": "collected"}), unblinded=False)
    told = rows(["mood", "sleep"])
    made.results(view, told)
    for gone in ("mood", "sleep"):
        monkeypatch.setattr(
            working,
            "collected",
            lambda *given, gone=gone: tuple(
                one for one in collected(*given) if one.outcome.id != gone
            ),
        )
        with pytest.raises(Refused, match=f"STUDY_OUTCOME_MISSING.*{gone}"):
            made.results(view, told)
    monkeypatch.undo()
    whole = made.results(view, told)
    cells = {name: one for name, one in whole.cells.items() if name != "mood"}
    with pytest.raises(Refused, match=r"STUDY_OUTCOME_MISSING.*mood"):
        working.check_complete(replace(whole, cells=cells))
