"""Trials are drawn as the design says, and a trial is the same in whatever block it's made.

source: closed forms: the spread of a score is that of its parts, and a response is a normal's
tail; regression to the mean follows from the share of the variance that is error.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from assuage.evidence.virtual.design import DropOut
from assuage.evidence.virtual.scores import (
    NULL,
    Trials,
    World,
    draw,
    mood_effect,
    people,
    responded,
    scores_in,
    stays,
    world_of,
)
from assuage.evidence.virtual.truth import TRUTH
from assuage.knowledge import library
from evidence.virtual.designs import ASSUMED, BOTH, DISSOCIATION, MOOD, PAIN, design

POOL = 256
LEAVING = {"per_visit": 0.2, "outcome": "pain", "per_point": 0.4, "at_score": 5.0, **ASSUMED}


def world(tree: dict[str, Any], **parts: Any) -> World:
    return world_of(design(tree, **parts), 11, POOL)


def equal(one: Trials, other: Trials, part: slice) -> bool:
    return (
        all((one.scores[name][part] == other.scores[name]).all() for name in one.scores)
        and all((one.baseline[name][part] == other.baseline[name]).all() for name in one.baseline)
        and bool((one.seen[part] == other.seen).all())
        and bool((one.person[part] == other.person).all())
    )


@pytest.mark.parametrize("null", [False, True])
def test_a_trial_is_the_same_in_any_block(null: bool) -> None:
    made = world(BOTH, dropout={**LEAVING, "depends_on": "observed"}, dissociation=DISSOCIATION)
    whole = draw(made, 0, 20, null=null)
    cuts = (0, 1, 3, 8, 13, 20)
    for first, end in pairwise(cuts):
        assert equal(whole, draw(made, first, end - first, null=null), slice(first, end))


def test_trials_differ_by_seed_number_and_kind() -> None:
    made = world(PAIN)
    whole, null = draw(made, 0, 4), draw(made, 0, 4, null=True)
    assert not np.isclose(whole.scores["pain"][0], whole.scores["pain"][1]).any()
    assert not (whole.person == null.person).all()
    other = world_of(design(PAIN), 12, POOL)
    assert not (draw(other, 0, 4).person == whole.person).all()


def test_the_baseline_is_spread_as_stated_and_scores_regress_to_its_mean() -> None:
    made = world(
        MOOD,
        population__mood={"mean": 34.0, "sd": 6.0, "low": 33.9999, **ASSUMED},
        mood__share={"value": 0.0, **ASSUMED},
    )
    drawn = draw(made, 0, 2000)
    before, after = drawn.baseline["mood"].ravel(), drawn.scores["mood"][..., 0].ravel()
    half = 6.0 * (2.0 / np.pi) ** 0.5  # the mean of a normal cut off at its own mean
    assert before.mean() - 34.0 == pytest.approx(half, rel=0.02)
    share = (3.0 / 6.0) ** 2  # of the variance, error
    assert after.mean() - 34.0 == pytest.approx((1.0 - share) * half, rel=0.03)


def test_scores_without_effect_have_the_spread_and_correlation_of_the_baseline() -> None:
    made = world(MOOD, mood__share={"value": 0.0, **ASSUMED})
    drawn = draw(made, 0, 2000)
    before, after = drawn.baseline["mood"].ravel(), drawn.scores["mood"].reshape(-1, 3)
    assert before.std() == pytest.approx(5.5, rel=0.02)
    assert after.std(axis=0) == pytest.approx(5.5, rel=0.02)
    wanted = 1.0 - (3.0 / 5.5) ** 2
    everything = np.corrcoef(np.column_stack([before, after]).T)
    assert everything[np.triu_indices(4, 1)] == pytest.approx(wanted, abs=0.02)


def test_mood_and_its_responders_are_the_closed_form() -> None:
    made = world(MOOD, mood__visit_sd=0.001)
    drawn, effect = draw(made, 0, 4000), mood_effect()
    course = made.courses[0]
    for place, works in ((slice(0, 12), 1.0), (slice(12, 24), 0.0)):
        drug, control = works * course.drug[0, 2], course.control[0, 2]
        score = drawn.scores["mood"][:, place, 2].ravel()
        sd = np.sqrt(
            5.5**2
            + (effect.between_patient_sd.value * drug) ** 2
            + (effect.control_sd.value * control) ** 2
        )
        inside = NormalDist(37.0 - drug - control, sd)
        answered = (score <= drawn.baseline["mood"][:, place].ravel() / 2.0).mean()
        spread = np.hypot(np.sqrt(sd**2 - 5.5**2), 5.5 / 2.0)
        wanted = NormalDist().cdf((drug + control - 37.0 / 2.0) / spread)
        assert answered == pytest.approx(wanted, abs=0.01)
        low = inside.cdf(20.0)
        assert (score <= 20.0).mean() == pytest.approx(low, abs=0.01)


def test_the_assumed_correlation_is_that_of_the_baselines() -> None:
    drawn = draw(world(BOTH), 0, 2000)
    found = np.corrcoef(drawn.baseline["pain"].ravel(), drawn.baseline["mood"].ravel())[0, 1]
    assert found == pytest.approx(0.5, abs=0.02)


def test_without_effect_the_arms_are_alike_and_with_it_they_are_not() -> None:
    made = world(PAIN)
    for null, wanted in ((True, 0.0), (False, -2.0)):
        scores = draw(made, 0, 2000, null=null).scores["pain"][..., 0]
        found = scores[:, :15].mean() - scores[:, 15:].mean()
        assert (abs(found) < 0.08) == (wanted == 0.0), found
        assert found < 0.1 + wanted / 2.0


def test_an_arm_without_effect_is_like_its_control() -> None:
    made = world(PAIN, arm__0__effect="none")
    scores = draw(made, 0, 2000).scores["pain"][..., 0]
    assert abs(scores[:, :15].mean() - scores[:, 15:].mean()) < 0.08


def test_scores_stay_on_their_scales() -> None:
    made = world(BOTH, pain__visit_sd=1.4, population__pain={"mean": 9.0, "sd": 1.5, **ASSUMED})
    drawn = draw(made, 0, 200)
    for name, high in (("pain", 10.0), ("mood", 60.0)):
        assert drawn.scores[name].min() >= 0.0
        assert drawn.scores[name].max() <= high
    assert (drawn.scores["pain"] == 10.0).any()


def test_dissociation_is_counted_in_arms_with_a_drug_alone() -> None:
    drawn = draw(world(PAIN, dissociation=DISSOCIATION), 0, 50)
    assert drawn.dissociated is not None
    assert drawn.dissociated[:, :15].any()
    assert not drawn.dissociated[:, 15:].any()


RNG = np.random.default_rng(4)
CHANCE = RNG.uniform(size=(400, 10, 5))
BEFORE = {"pain": RNG.uniform(3.0, 9.0, (400, 10))}
SCORES = {"pain": RNG.uniform(0.0, 10.0, (400, 10, 5))}


def rule(depends_on: str, **parts: Any) -> DropOut:
    return DropOut.model_validate({**LEAVING, "depends_on": depends_on, **parts})


@pytest.mark.parametrize(
    ("tree", "other"),
    [
        (PAIN, {"regimen": "crps-inpatient-esketamine-100h", "give": ["5 mg/h for 10 h"]}),
        (MOOD, {"regimen": "depression-nasal-esketamine"}),
    ],
    ids=["pain", "mood"],
)
def test_without_effect_every_arm_is_alike_whatever_its_doses(
    tree: dict[str, Any], other: dict[str, Any]
) -> None:
    made = world(tree, arm=[*tree["arm"], {"id": "other", "n": 4, **other}])
    name = made.design.outcomes[0]
    who = people(made, "x", (8, 16), 0, np.zeros(8, dtype=np.int64))

    def of(place: int, *, null: bool) -> np.ndarray:
        return scores_in(made, name, who, np.full(16, place), null=null)

    for place in (0, 2):
        assert (of(place, null=True) == of(1, null=True)).all()
        # the canary: with their effects they are not
        assert not np.isclose(of(place, null=False), of(1, null=False)).all()


def test_who_had_nothing_to_lose_is_no_responder() -> None:
    scores, before = np.array([[0.0], [0.0], [3.0]]), np.array([0.0, 2.0, 4.0])
    found = responded(design(MOOD), "mood", before, scores)
    assert found[:, 0].tolist() == [False, True, False]


def test_no_two_purposes_share_their_numbers() -> None:
    """A stream of numbers is told from another by a checksum of its name."""
    own = ["person", "drug factor", "control factor", "leaves"]
    own += [f"{what} {name}" for what in ("baseline", "true", "error") for name in ("pain", "mood")]
    names = [prefix + one for prefix in ("", NULL, TRUTH) for one in own]
    names += [f"virtual {one}" for one in ("weight", "age", "responds", "c50", "half-life")]
    names += [f"world {one}" for one in ("half-life", "c50", "responders")]
    for id_ in library.model_ids():
        drawn = [one.parameter for one in library.model(id_).variability]
        assert len({crc32(one.encode()) for one in (*names, *drawn)}) == len(names) + len(drawn)


def test_who_leaves_stays_away() -> None:
    found = stays(rule("observed"), BEFORE, SCORES, CHANCE)
    assert (np.diff(found.astype(int), axis=-1) <= 0).all()
    assert stays(None, BEFORE, SCORES, CHANCE).all()


def test_leaving_at_random_depends_on_what_was_observed_alone() -> None:
    """Scores that are missed, and that visit's own, may be anything at all."""
    found = stays(rule("observed"), BEFORE, SCORES, CHANCE)
    other = {"pain": np.where(found, SCORES["pain"], RNG.uniform(0.0, 10.0, CHANCE.shape))}
    assert not np.array_equal(other["pain"], SCORES["pain"])
    assert (stays(rule("observed"), BEFORE, other, CHANCE) == found).all()


def test_leaving_not_at_random_depends_on_what_is_missed() -> None:
    """The canary of the test above: here the missed score decides."""
    found = stays(rule("unobserved"), BEFORE, SCORES, CHANCE)
    other = {"pain": np.where(found, SCORES["pain"], 0.0)}
    assert not (stays(rule("unobserved"), BEFORE, other, CHANCE) == found).all()


@pytest.mark.parametrize("depends_on", ["observed", "unobserved"])
def test_the_hazard_is_as_stated(depends_on: str) -> None:
    many = 200_000
    score = np.full((many, 1), 7.0)
    scores = {"pain": np.full((many, 1, 1), 7.0 if depends_on == "unobserved" else 0.0)}
    chance = np.random.default_rng(5).uniform(size=(many, 1, 1))
    seen = stays(rule(depends_on), {"pain": score}, scores, chance)
    odds = 0.25 * np.exp(0.4 * 2.0)  # 0.2 at a score of 5, 0.4 in log odds a point
    assert 1.0 - seen.mean() == pytest.approx(odds / (1.0 + odds), abs=0.005)


def test_leaving_completely_at_random_has_the_same_hazard_for_all() -> None:
    free = DropOut.model_validate({"depends_on": "nothing", "per_visit": 0.2, **ASSUMED})
    found = stays(free, BEFORE, SCORES, CHANCE)
    assert found.mean(axis=(0, 1)) == pytest.approx(0.8 ** np.arange(1, 6), abs=0.03)
