"""The committed comparison with published trials is what a smaller run of other trials gives.

source: published numbers stand in validation/points.csv, predicted ones in validation/trials.csv.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import validation.__main__ as command
from validation.points import load
from validation.trials import BUILT, COLUMNS, EXTERNAL, INPUT, OTHER, Row

from assuage.evidence.virtual.scores import World, draw, mood_effect, world_of
from assuage.evidence.virtual.truth import Truth, truth_of
from validation import trials

OTHER_SEED = 7
LINES = trials.lines_of(trials.RESULTS.read_text(encoding="utf-8"))
PAGE = trials.PAGE.read_text(encoding="utf-8")
POINTS = {one.id: one for one in load()}


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[World, Truth]]:
    worlds = {name: world_of(one, OTHER_SEED, 1024) for name, one in trials.designs().items()}
    return {name: (world, truth_of(world, 8192)) for name, world in worlds.items()}


def committed(design: str, what: str) -> float:
    (found,) = (
        float(one["predicted"]) for one in LINES if (one["design"], one["what"]) == (design, what)
    )
    return found


def test_the_page_holds_the_committed_comparison_and_names_its_misses() -> None:
    assert trials.comparison(LINES) in PAGE
    assert trials.misses(LINES) in PAGE
    assert mood_effect().label in PAGE
    assert tuple(LINES[0]) == COLUMNS


@pytest.mark.parametrize("design", ["sigtermans", "sigtermans, ladder"])
def test_pain_in_week_1_is_what_another_pool_gives(
    made: dict[str, tuple[World, Truth]], design: str
) -> None:
    _, truth = made[design]
    for place, arm in enumerate(("esketamine", "placebo")):
        mine = truth.means["pain"][0, place, 0]
        assert committed(design, f"mean pain, week 1, {arm}") == pytest.approx(mine, abs=0.2)
        shares = 100.0 * truth.responders["pain"][0, place, 0]
        assert committed(design, f"responders, {arm}") == pytest.approx(shares, abs=4.0)


def test_mood_is_what_another_pool_gives(made: dict[str, tuple[World, Truth]]) -> None:
    world, truth = made["one infusion"]
    for day, column in ((1, 0), (3, 1), (7, 2)):
        mine = 100.0 * truth.responders["mood"][0, 0, column]
        what = f"responders, day {day}, ketamine"
        lines = [one for one in LINES if (one["design"], one["what"]) == ("one infusion", what)]
        assert lines
        for one in lines:
            assert float(one["predicted"]) == pytest.approx(mine, abs=2.5)
    change = truth.means["mood"][0, 0, 0] - world.design.baseline("mood").mean
    found = committed("one infusion", "change, 24 h, ketamine")
    assert found == pytest.approx(change, abs=0.6)


def test_dissociation_is_what_another_pool_gives(made: dict[str, tuple[World, Truth]]) -> None:
    world, _ = made["sigtermans"]
    flags = draw(world, 0, 100).dissociated
    assert flags is not None
    mine = 100.0 * np.array([flags[:, :30].mean(), flags[:, 30:].mean()])
    for share, arm in zip(mine, ("esketamine", "placebo"), strict=True):
        found = committed("sigtermans", f"psychomimetic effects, {arm}")
        assert found == pytest.approx(share, abs=3.0)


def test_what_the_models_were_built_on_validates_nothing() -> None:
    for one in LINES:
        built = POINTS[one["point"]].built_on.split()
        if one["use"] == EXTERNAL:
            assert not built, one
        if built and one["use"] != OTHER:
            assert one["use"] == BUILT, one
    assert {one["point"] for one in LINES if one["use"] == INPUT} == {
        "dahan-responders", "dahan-placebo"
    }  # fmt: skip
    judged = [one for one in LINES if one["verdict"] != "not judged"]
    assert not any(one["read"] == "unverified" or one["use"] == OTHER for one in judged)


def test_every_published_number_is_that_of_its_point() -> None:
    for one in LINES:
        assert float(one["published"]) == float(POINTS[one["point"]].observed)
        assert one["source"] == POINTS[one["point"]].source


def test_a_verdict_by_hand() -> None:
    one = Row(POINTS["crps-week1-ketamine"], "d", "w", 2.0, 3.0, 4.0, BUILT)
    assert one.verdict == "inside"
    assert dataclasses.replace(one, high=2.5).verdict == "above"
    assert dataclasses.replace(one, low=2.9).verdict == "below"
    assert dataclasses.replace(one, use=OTHER).verdict == "not judged"
    unverified = Row(POINTS["singh-3x-ketamine"], "d", "w", 0.0, 0.0, 0.0, EXTERNAL)
    assert unverified.verdict == "not judged"


def test_it_is_a_part_of_the_command() -> None:
    assert command.main(["nothing"]) == 2
    assert trials.main.__module__ == "validation.trials"
