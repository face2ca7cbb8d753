"""Patients: the same whatever the population, and spread as published.

source: the tolerances are four standard errors of an estimate from this many patients.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, norm

from assuage.kinetics.population import (
    covariance,
    deviations,
    log_sd,
    normals,
    quantiles,
    uniforms,
)
from assuage.kinetics.structure import Subject, parameter_values
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model

PATIENTS = 20_000
FOUR_ERRORS = 4.0 / np.sqrt(PATIENTS)
VARIED = [id_ for id_ in library.model_ids() if library.model(id_).variability]


@given(st.integers(0, 2**63), st.integers(1, 200), st.integers(1, 200))
@settings(max_examples=50, deadline=None)
def test_a_patient_is_the_same_in_any_population(seed: int, few: int, more: int) -> None:
    small, large = sorted([few, more])
    assert_array_equal(uniforms(seed, "CL", small), uniforms(seed, "CL", large)[:small])


@pytest.mark.parametrize("model_id", VARIED)
def test_a_patient_of_a_model_is_the_same_in_any_population(model_id: str) -> None:
    model = library.model(model_id)
    few, many = deviations(model, 3, 7), deviations(model, 500, 7)
    assert list(few) == list(many) == [one.parameter for one in model.variability]
    for name, drawn in few.items():
        assert_allclose(drawn, many[name][:3], rtol=1e-12)


def test_another_effect_moves_no_ones_draws() -> None:
    model = library.model("herd-2007")
    fewer = model.model_copy(update={"variability": model.variability[1:]})
    all_, some = deviations(model, 50, 3), deviations(fewer, 50, 3)
    for name, drawn in some.items():
        assert_array_equal(drawn, all_[name])


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5])
def test_numpys_own_generator_gives_the_same_numbers(seed: int) -> None:
    key = np.array([seed, crc32(b"CL")], dtype=np.uint64)
    theirs = np.random.Generator(np.random.Philox(key=key)).random(1000)
    assert_array_equal(uniforms(seed, "CL", 1000), theirs + 2.0**-54)


@pytest.mark.parametrize("patient", [0, 3, 4, 5, 998])
def test_patient_k_takes_the_kth_number_of_the_counter(patient: int) -> None:
    key = np.array([11, crc32(b"V1")], dtype=np.uint64)
    counter = np.random.Philox(key=key).advance(patient // 4)  # four numbers to a count
    theirs = np.random.Generator(counter).random(4)[patient % 4]
    assert uniforms(11, "V1", 1000)[patient] == theirs + 2.0**-54


def test_seeds_and_names_give_other_patients() -> None:
    drawn = [uniforms(1, "CL", 100), uniforms(2, "CL", 100), uniforms(1, "V1", 100)]
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert not (drawn[one] == drawn[other]).any()
        assert abs(np.corrcoef(drawn[one], drawn[other])[0, 1]) < 0.4


def test_the_draws_are_uniform_and_normal() -> None:
    flat = np.concatenate([uniforms(seed, "CL", PATIENTS) for seed in range(50)])
    bell = normals(5, "CL", PATIENTS)
    assert 0.0 < flat.min() < flat.max() < 1.0
    assert kstest(flat, "uniform").pvalue > 1e-3
    assert_allclose(bell, norm.ppf(uniforms(5, "CL", PATIENTS)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model_id", VARIED)
def test_the_published_spread_comes_back(model_id: str) -> None:
    model = library.model(model_id)
    drawn = deviations(model, PATIENTS, 1)
    for one in model.variability:
        found = drawn[one.parameter]
        sd = one.sd or (one.omega2 and np.sqrt(one.omega2)) or np.sqrt(np.log1p(one.cv**2))
        assert found.mean() == pytest.approx(0.0, abs=FOUR_ERRORS * sd)
        assert found.std() == pytest.approx(sd, rel=FOUR_ERRORS)


def test_a_published_cv_is_the_cv_of_the_parameter() -> None:
    """Herd 2007: 38.1 % on clearance; the CV of a log-normal, with its own standard error."""
    model = library.model("herd-2007")
    drawn = parameter_values(model, Subject(30.0, 8.0), deviations(model, PATIENTS, 1))["CL"]
    cv = next(one.cv for one in model.variability if one.parameter == "CL")
    assert drawn.std() / drawn.mean() == pytest.approx(cv, rel=2.0 * FOUR_ERRORS)


@pytest.mark.parametrize("model_id", ["otto-2021", "flint-2017"])
def test_the_published_correlations_come_back(model_id: str) -> None:
    model = library.model(model_id)
    names, wanted = covariance(model)
    drawn = deviations(model, PATIENTS, 1)
    found = np.corrcoef([drawn[name] for name in names])
    sds = np.sqrt(np.diag(wanted))
    assert_allclose(found, wanted / np.outer(sds, sds), atol=FOUR_ERRORS)
    for one in model.correlation:
        place = [names.index(name) for name in one.between]
        if one.covariance is not None:
            assert wanted[place[0], place[1]] == one.covariance
        else:
            assert wanted[place[0], place[1]] == pytest.approx(
                one.correlation * sds[place[0]] * sds[place[1]], rel=1e-12
            )


def test_correlations_that_cannot_be_are_refused() -> None:
    model = library.model("flint-2017")
    broken = model.correlation[0].model_copy(update={"correlation": 1.2})
    with pytest.raises(ValueError, match="covariance"):
        covariance(model.model_copy(update={"correlation": (broken,)}))


def test_a_model_without_variability_draws_no_one() -> None:
    assert deviations(library.model("kamp-2020"), 100, 1) == {}


@pytest.mark.parametrize("ancestry", [None, "asian", "japanese"])
def test_a_fraction_stays_a_fraction(ancestry: str | None) -> None:
    model = library.model("perez-ruixo-2021")
    subject = Subject(74.0, 45.0, None, ancestry)
    found = parameter_values(model, subject, deviations(model, PATIENTS, 1))
    fractions = ("FRn", "FRn_repeat", "F_swallowed", "F_swallowed_repeat")
    for name in fractions:
        assert 0.0 < found[name].min() < found[name].max() < 1.0
    typical = parameter_values(model, subject)["FRn"][0]
    assert np.median(found["FRn"]) == pytest.approx(typical, rel=2.0 * FOUR_ERRORS)


def test_log_sd_is_the_sd_of_a_log_normal() -> None:
    assert log_sd(1.0, 0.5) == pytest.approx(np.sqrt(np.log(1.25)), rel=1e-12)
    assert log_sd(20.0, 10.0) == pytest.approx(log_sd(1.0, 0.5), rel=1e-12)


def test_quantiles_are_taken_over_patients() -> None:
    values = np.arange(101.0)[:, None, None] * np.array([1.0, 2.0])[None, None, :]
    found = quantiles(values, (0.05, 0.5, 0.95))
    assert_allclose(found[:, 0, 0], [5.0, 50.0, 95.0], rtol=1e-12)
    assert_allclose(found[:, 0, 1], [10.0, 100.0, 190.0], rtol=1e-12)


def test_every_model_of_the_library_can_be_drawn() -> None:
    models: list[Model] = [library.model(id_) for id_ in library.model_ids()]
    assert all(bool(deviations(one, 2, 1)) == bool(one.variability) for one in models)
