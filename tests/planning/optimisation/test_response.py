"""Shifted and summed unit responses are the engine's own solution of the whole course."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from assuage.kinetics.engine import curves
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import Subject
from assuage.knowledge import library
from assuage.planning.optimisation.response import (
    Levels,
    Piece,
    SlowLevels,
    piece_times,
    refuse_varying,
    unit_doses,
)
from assuage.planning.prediction.course import effect_named
from assuage.planning.prediction.effects import site_levels
from assuage.planning.prediction.weeks import pain_people, slow_levels
from assuage.refusals import Refused

MODEL = library.model("simons-2022")
SUBJECT = Subject(70.0, 46.0)
FEW = 6
SHIFTS = deviations(MODEL, FEW, 1)
SITE = effect_named("olofsen-2022-dissociation")
RATES = pain_people(None).rate_per_h[:FEW]
DAYS = 30
pieces_of = st.builds(
    lambda days, hours, shares: [
        (24.0 * (day - 1), hours, share) for day, share in zip(sorted(days), shares, strict=False)
    ],
    st.sets(st.integers(1, 14), min_size=1, max_size=6),
    st.sampled_from([0.5, 2.0, 4.0, 23.0]),
    st.lists(st.floats(0.1, 1.0), min_size=6, max_size=6),
)


def everywhere(pieces: list[Piece]) -> Array:
    times = np.concatenate([start + piece_times(hours) for start, hours, _ in pieces])
    found: Array = np.unique(np.round(times, 9))
    return found


@settings(max_examples=12, deadline=None)
@forall(pieces=pieces_of, site=st.booleans())
def test_a_peak_of_the_sum_is_the_peak_of_the_course(pieces: list[Piece], site: bool) -> None:
    given = unit_doses(pieces, "iv", 1.0)
    times = everywhere(pieces)
    if site:
        direct = site_levels(SITE, MODEL, SUBJECT, given, times, SHIFTS)
    else:
        direct = curves(MODEL, SUBJECT, given, times, SHIFTS)[1][:, :, 0] * 1000.0
    mine = Levels(MODEL, SUBJECT, "iv", 1.0, SITE if site else None, SHIFTS).peak(pieces)
    assert mine == pytest.approx(direct.max(axis=1), rel=1e-9)


@settings(max_examples=8, deadline=None)
@forall(pieces=pieces_of)
def test_slow_levels_of_the_sum_are_those_of_the_course(pieces: list[Piece]) -> None:
    times = np.arange(DAYS) * 24.0
    direct = slow_levels(MODEL, SUBJECT, unit_doses(pieces, "iv", 1.0), times, RATES)
    mine = SlowLevels(MODEL, SUBJECT, "iv", 1.0, RATES, DAYS).course(pieces)
    assert mine == pytest.approx(direct, rel=1e-9, abs=1e-12)
    # canary: a day's shift is seen
    later = [(start + 24.0, hours, share) for start, hours, share in pieces]
    moved = SlowLevels(MODEL, SUBJECT, "iv", 1.0, RATES, DAYS).course(later)
    assert moved != pytest.approx(direct, rel=1e-3)


def test_what_is_known_beforehand_changes_no_level() -> None:
    pieces = [(0.0, 4.0, 1.0), (24.0, 4.0, 1.0), (96.0, 4.0, 0.5)]
    one = Levels(MODEL, SUBJECT, "iv", 1.0, SITE, SHIFTS)
    other = Levels(MODEL, SUBJECT, "iv", 1.0, SITE, SHIFTS, (0.0, 24.0, 72.0, 96.0))
    assert one.peak(pieces) == pytest.approx(other.peak(pieces), rel=1e-12)


def test_a_course_without_a_break_is_solved_as_it_is() -> None:
    pieces = [(0.0, 12.0, 0.25), (12.0, 12.0, 0.5), (24.0, 40.0, 1.0)]
    given = unit_doses(pieces, "iv", 1.0)
    direct = site_levels(SITE, MODEL, SUBJECT, given, everywhere(pieces), SHIFTS)
    mine = Levels(MODEL, SUBJECT, "iv", 1.0, SITE, SHIFTS).peak_without_break(pieces)
    assert mine == pytest.approx(direct.max(axis=1), rel=1e-9)


def test_pieces_that_cannot_be_shifted_are_an_error() -> None:
    one = Levels(MODEL, SUBJECT, "iv", 1.0, None, None)
    with pytest.raises(ValueError, match="alike"):
        one.peak([(0.0, 4.0, 1.0), (24.0, 5.0, 1.0)])
    with pytest.raises(ValueError, match="alike"):
        one.peak([(0.0, 4.0, 1.0), (25.0, 4.0, 1.0)])
    with pytest.raises(ValueError, match="start with a day"):
        SlowLevels(MODEL, SUBJECT, "iv", 1.0, RATES, DAYS).course([(3.0, 4.0, 1.0)])


def test_a_model_that_moves_with_time_is_refused() -> None:
    moving = [
        model
        for model in map(library.model, library.model_ids())
        if any(one.form == "linear-in-time" for one in model.covariate)
    ]
    assert moving
    with pytest.raises(Refused):
        refuse_varying(moving[0])
    refuse_varying(MODEL)
