"""The report holds every outcome, every caution and every failure, the same bytes each time."""

from __future__ import annotations

import csv
import json

import pytest

from assuage.evidence.report.numbers import DASH
from assuage.evidence.virtual import words
from assuage.evidence.virtual.report import first_trial, report_files, tree_of
from assuage.evidence.virtual.scores import World, world_of
from assuage.evidence.virtual.summary import Summary, summary_of
from assuage.evidence.virtual.trials import Results, run, task_of
from assuage.evidence.virtual.truth import truth_of
from assuage.kinetics.executors import Serial
from evidence.virtual.designs import BOTH, DISSOCIATION, design

TRIALS = 4
Made = tuple[World, Results, Summary]


def made() -> Made:
    world = world_of(design(BOTH, dissociation=DISSOCIATION), 1, 64)
    results = run(task_of(world), TRIALS, Serial())
    return world, results, summary_of(world, truth_of(world, 1024), results)


@pytest.fixture(scope="module")
def one() -> Made:
    return made()


@pytest.fixture(scope="module")
def files(one: Made) -> dict[str, bytes]:
    world, results, summary = one
    return report_files(world, summary, results)


def test_it_has_its_files_and_the_same_bytes_twice(files: dict[str, bytes]) -> None:
    pictures = {"power.svg", "bias.svg", "unreported.svg", "pain-course.svg", "mood-course.svg"}
    tables = {"power.csv", "type-one-error.csv", "unreported.csv", "analyses.csv", "stated.csv",
              "taken.csv", "pain-visits.csv", "mood-visits.csv", "given.csv",
              "arms.csv"}  # fmt: skip
    rest = {"report.html", "report.pdf", "trial.json", "trials.csv", "first-trial.csv"}
    assert set(files) == pictures | tables | rest
    again = made()
    assert report_files(again[0], again[2], again[1]) == files


def test_the_page_carries_every_label_and_caution(one: Made, files: dict[str, bytes]) -> None:
    world, page = one[0], files["report.html"].decode()
    for line in (words.SIMULATED, *words.labels(world.design), *words.cautions(world.design)):
        assert line.replace("'", "&#39;") in page, line
    assert "goes unreported" in page


def test_the_tree_is_json_and_tells_both_outcomes(one: Made) -> None:
    world, _, summary = one
    tree = json.loads(json.dumps(tree_of(world, summary), allow_nan=False))
    assert tree["trials"] == tree["null_trials"] == TRIALS
    assert {row["outcome"] for row in tree["worth"]} == {"pain", "mood"}
    assert {row["way"] for row in tree["reported"]} > {"always"}
    assert sum(row["trials"] for row in tree["ends"]) == 4 * TRIALS


def test_each_trial_has_its_row(files: dict[str, bytes]) -> None:
    text = files["trials.csv"].decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2 * 2 * TRIALS
    assert {row["effect"] for row in rows} == {"model", "none"}
    assert all((row["analysis"] == "fitted") == bool(row["p"]) for row in rows)


def test_a_control_s_dissociation_is_unknown_and_not_none(files: dict[str, bytes]) -> None:
    text = files["given.csv"].decode()
    drug, placebo = csv.DictReader(text.splitlines())
    assert drug["dissociated, %"].startswith("100.0")  # source: the curve's ceiling at 20 mg/h
    assert placebo["dissociated, %"] == DASH


def test_the_first_trial_is_a_study_s_table(one: Made) -> None:
    world = one[0]
    rows = list(csv.DictReader(first_trial(world).decode().splitlines()))
    assert len(rows) == world.design.people * len(world.design.visits_d)
    assert {row["arm"] for row in rows} == {"drug", "placebo"}
    assert all((row["mood"] == "") == (row["day"] == "28") for row in rows)
    assert all(row["pain"] and row["pain_baseline"] for row in rows)
