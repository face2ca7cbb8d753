"""The report: every outcome is in it, marked, beside blinding and dissociation.

source: the rows of made.py and the simulated example.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache

import pytest

from assuage.evidence.report.blocks import Heading, Note, Picture, Table
from assuage.evidence.study import drawn as drawn_
from assuage.evidence.study import report
from assuage.evidence.study.results import Results
from assuage.evidence.study.tree import tree_of
from evidence.study import made, simulated
from evidence.study.test_methods import drawn


@cache
def example(*, unblinded: bool = True) -> Results:
    text = simulated.PROTOCOL.read_text()
    return made.results(made.locked(text, unblinded=unblinded), simulated.trial())


@cache
def written() -> dict[str, bytes]:
    return report.files(example())


def notes(results: Results) -> list[str]:
    return [one.text for one in report.blocks(results) if isinstance(one, Note) and one.loud]


def test_the_example_is_what_its_generator_makes() -> None:
    assert simulated.FILE.read_text() == simulated.text_of(simulated.trial())


def test_every_outcome_stands_in_every_form() -> None:
    page, tree = written()["report.html"].decode(), json.loads(written()["results.json"])
    listed = written()["outcomes.csv"].decode()
    for one in example().study.protocol.outcome:
        assert one.name in page
        assert one.name in listed
        assert [each for each in tree["outcomes"] if each["id"] == one.id]
    mark = re.findall(r"Depression \(PHQ-9, 0 to 27\) †", page)
    assert len(mark) > 3


def test_mood_is_reported_and_marked() -> None:
    assert any("NOT pre-specified (1): Depression" in one for one in notes(example()))
    (row,) = written()["not-pre-specified.csv"].decode().splitlines()[1:]
    assert row.startswith('"Depression (PHQ-9, 0 to 27) † (lower is better)",Week 1')
    assert row.endswith(",–")  # no p value
    (mood,) = [one for one in tree_of(example())["outcomes"] if one["id"] == "phq9"]
    assert all(one["p"] is None for one in mood["analyses"][0]["differences"])


@pytest.mark.parametrize(
    ("analysis", "estimate", "se"),
    [
        ("pain-1", -2.524569, 0.2390675),
        ("pain-12", -0.1631906, None),
        ("pain-12-jump", -0.130991, 0.2521664),
        ("peg-4", -1.0726921, None),
        ("standard-phq9", -3.827767, 0.7923592),
        ("standard-cadss6", 6.5666667, 0.5097141),
        ("relapse-rmst", 33.96667 - 20.48889, math.hypot(3.460971, 4.710386)),
        ("pain-half", 1 / 6, None),
    ],
)
def test_the_example_against_r(analysis: str, estimate: float, se: float | None) -> None:
    """source: R 4.2.2 on examples/studies/crps-mood.csv, days after the rescue set missing for
    pain-12: nlme::gls(change ~ arm * visit + baseline * visit, corSymm(~ visit | id),
    varIdent(~ 1 | visit)), the same of phq9; lm of cadss6; survival::survfit with rmean = 84 (a
    rescue before the end counts as the event). pain-12-jump: the gls without each person in turn,
    conditional means by hand, lm. Standard errors only where Kenward and Roger change none.
    """
    (found,) = [one for one in example().answers if one.id == analysis]
    (told,) = found.at_visit()
    assert told.estimate == pytest.approx(estimate, rel=1e-5)
    if se is not None:
        assert told.se == pytest.approx(se, rel=1e-5)


def test_the_shares_of_the_example_by_another_route() -> None:
    """source: R 4.2.2, optimize() and uniroot() on the score of 5/30 against 0/30."""
    (found,) = [one for one in example().answers if one.id == "pain-half"]
    (told,) = found.at_visit()
    wanted = (0.04206547, 0.33727302, 0.02056086)
    assert (told.low, told.high, told.p) == pytest.approx(wanted, rel=1e-5)


def test_blinding_and_dissociation_come_right_after_efficacy() -> None:
    heads = [one.text for one in report.blocks(example()) if isinstance(one, Heading)]
    place = heads.index("Efficacy, as pre-specified")
    assert heads[place + 1] == "Beside efficacy: blinding and dissociation"
    names = [one.name for one in report.blocks(example()) if isinstance(one, Table)]
    assert "blinding" in names
    assert any("better than by chance (Ketamine)" in one for one in notes(example()))


def test_what_was_not_collected_is_said_loudly() -> None:
    for unblinded in (True, False):
        found = made.results(made.locked(made.TEXT, unblinded=unblinded), drawn())
        said = " ".join(notes(found))
        assert "BLINDING GUESS WAS NOT COLLECTED" in said
        assert "DISSOCIATION WAS NOT COLLECTED" in said


def test_a_failed_analysis_is_said_and_not_replaced() -> None:
    told = [row | {"pain": "5"} for row in made.rows(8)]
    found = made.results(made.locked(made.TEXT), told)
    assert any("could not be made, and nothing was fitted" in one for one in notes(found))
    table = next(
        one for one in report.blocks(found) if isinstance(one, Table) and one.name == "efficacy"
    )
    assert "Pain: no result, " in table.rows[0][0]
    assert not found.decisions[0].rejected


def test_a_blinded_report_compares_nothing() -> None:
    found = example(unblinded=False)
    made_ = report.files(found)
    assert found.answers == ()
    for name, content in made_.items():
        if not name.endswith(".pdf"):
            text = content.decode().replace(found.study.protocol.title, "")
            assert "Placebo" not in text, name
            assert "placebo" not in text, name
    assert "BLINDED" in made_["report.html"].decode()
    assert not {"efficacy.csv", "forest.svg", "blinding.csv"} & set(made_)


def test_two_reports_are_the_same_bytes() -> None:
    assert report.files(example()) == written()


def test_tables_of_the_report_are_its_csv_files() -> None:
    names = [
        f"{one.name}.{'svg' if isinstance(one, Picture) else 'csv'}"
        for one in report.blocks(example())
        if isinstance(one, Picture | Table) and one.name
    ]
    assert len(names) == len(set(names))
    assert set(names) | {"report.html", "report.pdf", "results.json"} == set(written())


def test_nothing_is_named_that_is_no_number() -> None:
    for name in ("efficacy.csv", "tests.csv", "results.json", "blinding.csv"):
        assert not re.search(r"\b(nan|NaN|inf|Infinity)\b", written()[name].decode()), name


@pytest.mark.parametrize(("late", "word"), [(1, "AFTER unblinding"), (2, "before unblinding")])
def test_amendments_are_listed_with_their_side(late: int, word: str) -> None:
    second = made.TEXT.replace("A small study", "A smaller study")
    found = made.results(made.locked(made.TEXT, second, unblinded=late), drawn())
    table = next(
        one for one in report.blocks(found) if isinstance(one, Table) and one.name == "history"
    )
    assert any(f"protocol amended {word}: a reason" in row[2] for row in table.rows)
    assert any("AFTER unblinding" in one for one in found.deviations) == (late == 1)


def test_the_report_names_what_it_rests_on() -> None:
    page = written()["report.html"].decode()
    for one in (example().study.digest, example().data.digest, example().view.head):
        assert one in page


def test_a_mean_of_some_says_of_how_many() -> None:
    told = [
        row | {"pain": "" if (row["id"], row["visit"]) == ("p1", "start") else row["pain"]}
        for row in drawn()
    ]
    found = made.results(made.locked(made.TEXT), told)
    (table,) = [
        one for one in report.blocks(found) if isinstance(one, Table) and one.name == "baseline"
    ]
    (pain,) = [row for row in table.rows if row[0].startswith("Pain at Start")]
    assert (", n = 14" in pain[2], ", n =" in pain[1]) == (True, False)


def test_the_forest_has_a_place_for_what_was_the_same_in_all_at_baseline() -> None:
    """Nobody dissociates before an infusion; its difference is told in the spread at the visit."""
    (picture,) = drawn_.forest(example())
    assert "Dissociation (CADSS-6, 0 to 24), Week 1: 6.57 (5.55 to 7.59)" in picture.alternative
    assert "no direction" not in picture.alternative
