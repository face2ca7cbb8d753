"""The truth is what a whole population would show if nobody left.

source: without error and within the scale, mean mood is linear in its parts, and mean pain is
the baseline times one less the mean relief of those who respond.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.virtual.scores import world_of
from assuage.evidence.virtual.truth import truth_of
from evidence.virtual.designs import ASSUMED, MOOD, PAIN, design


def test_pain_is_the_mixture_of_those_who_respond_and_the_rest() -> None:
    narrow = {"mean": 5.0, "sd": 0.2, **ASSUMED}
    world = world_of(design(PAIN, population__pain=narrow, pain__visit_sd=0.1), 2, 512)
    truth = truth_of(world, 65_536)
    pool, course = world.pool, world.courses[0]
    for place, flags in enumerate((pool.responds, pool.responds_to_placebo)):
        wanted = 5.0 * (1.0 - (flags[:, None] * course.relief).mean(axis=0))
        assert truth.means["pain"][0, place] == pytest.approx(wanted, abs=0.03)
    assert (truth.differences["pain"][0, 1] == 0.0).all()
    assert truth.differences["pain"][0, 0] == pytest.approx(
        truth.means["pain"][0, 0] - truth.means["pain"][0, 1]
    )


def test_mood_is_linear_and_an_effect_of_none_is_no_difference() -> None:
    world = world_of(design(MOOD, mood__share={"value": 0.3, **ASSUMED}), 2, 128)
    truth, course = truth_of(world), world.courses[0]
    wanted = 37.0 - course.drug[0] - course.control[0]
    assert truth.means["mood"][0, 0] == pytest.approx(wanted, abs=0.15)
    spread = np.abs(truth.differences["mood"][0, 0] + course.drug[0])
    assert (spread <= 5.0 * truth.errors["mood"][0]).all()
    none = world_of(design(MOOD, arm__0__effect="none"), 2, 128)
    assert (truth_of(none).differences["mood"] == 0.0).all()


def test_a_drug_may_be_held_against_another() -> None:
    half = {"id": "half", "n": 12, "regimen": "depression-iv", "variant": "dose-0-1"}
    whole, control = MOOD["arm"]  # type: ignore[misc]
    made = design(MOOD, arm=[whole, half, control], analysis__reference="half")
    found = truth_of(world_of(made, 2, 128)).differences["mood"][0]
    assert (found[1] == 0.0).all()
    assert (found[0] < -1.0).all()
    assert (found[2] > 0.0).all()


def test_each_world_has_its_own_truth() -> None:
    world = world_of(design(PAIN, uncertainty="published"), 2, 1024)
    truth = truth_of(world)
    assert truth.differences["pain"].shape == (world.pool.worlds, 2, 3)
    assert truth.differences["pain"][:, 0, 0].std() > 0.2  # the SE of the share alone is 0.1 x 5
