"""Courses with measurements: what each is predicted to be, against the engine's own curves.

source: the judges are `engine.curves` and `effects`; numbers compared are computed beside.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from assuage.kinetics import effects as fx
from assuage.kinetics.effects import join, pain_score
from assuage.kinetics.engine import curves
from assuage.kinetics.individual.course import (
    Batch,
    Course,
    Error,
    Measurement,
    Setting,
    foretold,
    level_error,
)
from assuage.kinetics.individual.mode import find, laplace
from assuage.kinetics.individual.readings import ABOVE, BELOW, EXACT
from assuage.kinetics.individual.sampling import draw
from assuage.kinetics.population import covariance
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library

SIMONS = library.model("simons-2022")
PAIN = library.effect("dahan-2011-crps-pain").pain
SEDATION = library.effect("herd-2008-sedation").effect
SUBJECT = Subject(64.0, 30.0)
DOSES = (Dose(0.0, 200.0, "iv", 20.0), Dose(24.0, 10.0, "iv"))
ROWS = (
    Measurement(5.0, "esketamine", 0.1),
    Measurement(5.0, "norketamine", 0.1),
    Measurement(48.0, "pain", 4.0),
    Measurement(30.0, "hydroxynorketamine", 0.1),
)
ERRORS = {one.what: Error(0.1, 0.1) for one in ROWS}
SETTING = Setting(SIMONS, ERRORS, PAIN, 1.5)


def shifts_of(setting: Setting, z: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(setting.effects, (z @ setting.factor.T).T, strict=True))


@pytest.mark.parametrize("responds", [True, False])
def test_levels_and_pain_are_those_of_the_engine(responds: bool) -> None:
    assert PAIN is not None
    setting = replace(SETTING, responds=responds)
    z = np.random.default_rng(1).standard_normal((7, len(setting.effects)))
    found = Batch(setting, [Course(SUBJECT, DOSES, ROWS)]).predicted(z, np.zeros(7, dtype=np.intp))
    shifts = shifts_of(setting, z)
    rate = np.log(2.0) / (10.9 * 24.0) * np.exp(-shifts["pain half-life"])
    times = np.array([5.0, 30.0, 48.0])
    mine = {name: shifts[name] for name in setting.kinetics}
    _, levels = curves(
        SIMONS, SUBJECT, DOSES, times, mine, lambda s: join(s, "esketamine", "slow", rate)
    )
    score = pain_score(
        levels[:, 2:, 3] * 1000.0,
        np.full(7, float(responds)),
        10.5 * np.exp(shifts["pain C50"]),
        1.0,
    )
    wanted = np.column_stack([
        levels[:, 0, 0], levels[:, 0, 1], levels[:, 1, 2],
        score[:, 0] * (7.2 + shifts["pain baseline"]),
    ])  # fmt: skip
    assert_allclose(found, wanted, rtol=1e-9)


def test_sedation_follows_the_quick_effect_site() -> None:
    assert SEDATION is not None
    model = library.model("herd-2007")
    setting = Setting(model, {"sedation": Error(0.7)}, sedation=SEDATION)
    child = Course(
        Subject(30.0, 8.0), (Dose(0.0, 45.0, "iv"),), (Measurement(0.2, "sedation", 2.0),)
    )
    z = np.random.default_rng(2).standard_normal((5, 5))
    found = Batch(setting, [child]).predicted(z, np.zeros(5, dtype=np.intp))
    shifts = shifts_of(setting, z)
    rate = np.full(5, np.log(2.0) / (11.0 / 3600.0))
    mine = {name: shifts[name] for name in setting.kinetics}
    _, levels = curves(
        model, child.subject, child.doses, np.array([0.2]), mine,
        lambda s: join(s, "ketamine", "site", rate),
    )  # fmt: skip
    at = levels[:, 0, 1] * 1000.0 * np.exp(-shifts["sedation C50"])
    assert_allclose(found[:, 0], fx.response(SEDATION, at), rtol=1e-9)


def test_the_factor_is_one_of_the_published_covariance() -> None:
    for id_ in ("otto-2021", "perez-ruixo-2021", "flint-2017"):
        model = library.model(id_)
        setting = Setting(model, {})
        assert_allclose(setting.factor @ setting.factor.T, covariance(model)[1], atol=1e-12)
        assert setting.effects == covariance(model)[0]


def test_courses_of_unlike_length_stand_side_by_side() -> None:
    long = Course(SUBJECT, DOSES, ROWS)
    short = Course(Subject(80.0, 50.0), DOSES[:1], ROWS[:1])
    both = Batch(SETTING, [long, short])
    z = np.zeros((2, len(SETTING.effects)))
    found = both.predicted(z, np.array([1, 0]))
    alone = Batch(SETTING, [short]).predicted(z[:1], np.zeros(1, dtype=np.intp))
    assert_allclose(found[0, :1], alone[0], rtol=1e-12)
    assert both.readings.present.sum(axis=1).tolist() == [4, 1]


def test_a_score_at_an_end_of_its_scale_says_only_or_beyond() -> None:
    rows = tuple(Measurement(24.0 + n, "pain", v) for n, v in enumerate((0.0, 4.0, 10.0)))
    batch = Batch(SETTING, [Course(SUBJECT, DOSES, rows)])
    assert batch.readings.kind.tolist() == [[BELOW, EXACT, ABOVE]]
    low = Measurement(9.0, "esketamine", 0.002, below=True)
    assert Batch(SETTING, [Course(SUBJECT, DOSES, (low,))]).readings.kind.tolist() == [[BELOW]]


def test_a_set_that_is_no_set_of_numbers_predicts_nan() -> None:
    batch = Batch(SETTING, [Course(SUBJECT, DOSES, ROWS)])
    z = np.zeros((2, len(SETTING.effects)))
    z[1, 0] = 1e6
    found = batch.predicted(z, np.zeros(2, dtype=np.intp))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_foretold_levels_are_the_engines() -> None:
    z = np.random.default_rng(3).standard_normal((4, len(SETTING.effects)))
    times = np.array([0.0, 1.0, 24.0, 60.0])
    shifts = z @ SETTING.factor.T
    names = ["esketamine", "norketamine"]
    found = foretold(SETTING, Course(SUBJECT, DOSES), shifts, times, names)
    mine = {name: shifts[:, n] for n, name in enumerate(SETTING.kinetics)}
    _, levels = curves(SIMONS, SUBJECT, DOSES, times, mine)
    assert_allclose(found, levels[:, :, :2], rtol=1e-9, atol=1e-15)


def test_more_data_join_what_was_known() -> None:
    course = Course(SUBJECT, DOSES[:1], ROWS[:1])
    more = course.with_more(ROWS[1:], DOSES[1:])
    assert (set(more.measurements), more.doses) == (set(ROWS), DOSES)


def test_a_published_error_comes_in_mg_per_litre() -> None:
    """source: simons-2022, norketamine: 0.058 nmol/mL of 223.7 g/mol; perez-ruixo-2021: 0.276."""
    error = level_error(SIMONS, "norketamine")
    assert error.additive == pytest.approx(0.058 * 223.7 / 1000.0)
    assert error.proportional == pytest.approx(0.102)
    assert level_error(library.model("perez-ruixo-2021"), "esketamine") == Error(0.276, log=True)


def test_the_chance_of_responding_is_calibrated() -> None:
    """Over patients drawn from the mixture, what is believed of responding averages the truth."""
    assert PAIN is not None
    patients, random = 300, np.random.default_rng(7)
    model = library.model("otto-2021")
    settings = [Setting(model, {"pain": Error(1.5)}, PAIN, 1.5, responds=r) for r in (True, False)]
    rows = tuple(Measurement(24.0 * day, "pain", 5.0) for day in (0.0, 8.0, 20.0))
    doses = (Dose(0.0, 1000.0, "iv", 100.0),)
    blank = [Batch(one, [Course(SUBJECT, doses, rows)]) for one in settings]
    z = random.standard_normal((patients, len(settings[0].effects)))
    truth = random.random(patients) < PAIN.responders.value
    here = np.zeros(patients, dtype=np.intp)
    scores = np.where(truth[:, None], *(one.predicted(z, here) for one in blank))
    scores = scores + 1.5 * random.standard_normal(scores.shape)
    seen = [
        tuple(replace(m, value=float(v)) for m, v in zip(rows, row, strict=True)) for row in scores
    ]
    courses = [Course(SUBJECT, doses, one) for one in seen]
    logs = []
    for setting, prior in zip(settings, (0.67, 0.33), strict=True):
        batch = Batch(setting, courses)
        batch.readings.kind[:] = EXACT  # the simulated scores know no end of the scale
        mode = find(batch.predicted, batch.readings, len(setting.effects))
        spread, _ = laplace(batch.predicted, batch.readings, mode)
        found = draw(batch.predicted, batch.readings, mode, spread, draws=500, seed=1)
        logs.append(found.log_evidence + np.log(prior))
    chance = 1.0 / (1.0 + np.exp(logs[1] - logs[0]))
    spread_of_truth = np.sqrt((chance * (1.0 - chance)).sum())
    assert abs((chance - truth).sum()) < 3.5 * spread_of_truth  # source: three in ten thousand
    assert chance[truth].mean() > chance[~truth].mean() + 0.3  # source: an order with room
