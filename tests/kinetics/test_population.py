"""Patients: the same whatever the population, and spread as published.

source: the tolerances are four standard errors of an estimate from this many patients.
"""

from __future__ import annotations

from statistics import NormalDist
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, norm

from assuage.kinetics.engine import curves
from assuage.kinetics.population import (
    RESIDUALS,
    added,
    cholesky,
    covariance,
    deviations,
    log_sd,
    normals,
    occasion_deviations,
    quantiles,
    sd_of,
    uniforms,
)
from assuage.kinetics.structure import Dose, Subject, parameter_values
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model

PATIENTS = 20_000
FOUR_ERRORS = 4.0 / np.sqrt(PATIENTS)
MANY = 1_000_000
OCCASIONAL = library.model("simons-2022")
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
        assert_array_equal(drawn, many[name][:3])


@given(
    st.sampled_from(VARIED),
    st.integers(0, 2**64 - 1),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
)
@settings(max_examples=40, deadline=None)
def test_a_chunk_is_a_slice_of_the_whole(
    model_id: str, seed: int, first: int, patients: int, after: int
) -> None:
    """Bit for bit, wherever the chunk begins among the four numbers of a count."""
    model = library.model(model_id)
    whole = deviations(model, first + patients + after, seed)
    part = deviations(model, patients, seed, first)
    for name, drawn in part.items():
        assert_array_equal(drawn, whole[name][first : first + patients])


@pytest.mark.parametrize("model_id", ["simons-2022", "otto-2021", "flint-2017"])
def test_a_solution_is_the_same_in_any_chunk(model_id: str) -> None:
    """Bit for bit on one machine, for clearances that stay and one that moves with time."""
    model, subject = library.model(model_id), Subject(14.0, 12.0)
    doses, times = [Dose(0.0, 10.0, "iv", 0.5)], np.array([0.25, 0.5, 2.0, 6.0])
    _, whole = curves(model, subject, doses, times, deviations(model, 60, 1))
    for first, patients in [(0, 1), (1, 6), (7, 53)]:
        _, part = curves(model, subject, doses, times, deviations(model, patients, 1, first))
        assert_array_equal(part, whole[first : first + patients])


@pytest.mark.parametrize("first", [2**40 + 1, 2**64, 2**70 + 3])
def test_patients_far_along_can_be_drawn(first: int) -> None:
    drawn = normals(3, "CL", 9, first)
    assert_array_equal(drawn[5:], normals(3, "CL", 4, first + 5))
    assert not (drawn == normals(3, "CL", 9)).any()


@pytest.mark.parametrize(
    ("seed", "first", "stream"), [(-1, 0, 0), (2**64, 0, 0), (1, -1, 0), (1, 0, -1), (1, 0, 2**32)]
)
def test_a_seed_or_a_place_that_cannot_be_is_refused(seed: int, first: int, stream: int) -> None:
    for draw in (uniforms, normals):
        with pytest.raises(ValueError):
            draw(seed, "CL", 3, first, stream)


def test_every_occasion_and_every_error_has_numbers_of_its_own() -> None:
    streams = [0, 1, 2, RESIDUALS - 1, RESIDUALS, RESIDUALS + 1]
    drawn = np.array([normals(1, "CL", 1000, 0, stream) for stream in streams])
    assert np.abs(np.corrcoef(drawn) - np.eye(len(streams))).max() < 4 / np.sqrt(1000)


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


def test_the_draws_are_the_standard_librarys_inverse() -> None:
    """The draws of earlier versions, which went through it one by one, to their last digits."""
    flat = uniforms(8, "V1", 5000)
    wanted = [NormalDist().inv_cdf(one) for one in flat]
    assert_allclose(normals(8, "V1", 5000), wanted, rtol=1e-11, atol=1e-15)


def test_a_million_draws_are_normal() -> None:
    """Moments within four standard errors, and Kolmogorov and Smirnov's test."""
    bell = normals(2, "CL", MANY)
    for power, (moment, variance) in enumerate([(0, 1), (1, 2), (0, 15), (3, 96)], start=1):
        error = np.sqrt(variance / MANY)  # source: moments of the normal: 0, 1, 0, 3, 0, 15, 0, 105
        assert np.mean(bell**power) == pytest.approx(moment, abs=4 * error)
    assert kstest(bell, "norm").pvalue > 1e-3
    assert kstest(bell * 1.01, "norm").pvalue < 1e-3  # a spread 1 % too wide is seen
    assert abs(np.corrcoef(bell[:-1], bell[1:])[0, 1]) < 4 / np.sqrt(MANY)


@pytest.mark.parametrize("model_id", ["otto-2021", "flint-2017"])
def test_a_million_patients_have_the_published_covariance(model_id: str) -> None:
    """Each entry within four of its own standard errors: (s_ii s_jj + s_ij^2) / n."""
    model = library.model(model_id)
    names, wanted = covariance(model)
    drawn = deviations(model, MANY, 6)
    found = np.cov([drawn[name] for name in names])
    errors = np.sqrt((np.outer(np.diag(wanted), np.diag(wanted)) + wanted**2) / MANY)
    assert (np.abs(found - wanted) < 4 * errors).all()


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


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_triangle_is_lapacks(size: int, seed: int) -> None:
    half = np.random.default_rng(seed).normal(size=(size, size + 2))
    matrix = half @ half.T
    found = cholesky(matrix)
    assert_allclose(found @ found.T, matrix, rtol=1e-9, atol=1e-12)
    assert_allclose(found, np.linalg.cholesky(matrix), rtol=1e-6, atol=1e-9)


def test_an_effect_that_does_not_vary_or_follows_another_is_allowed() -> None:
    still = cholesky(np.diag([0.25, 0.0, 4.0]))
    assert_array_equal(still, np.diag([0.5, 0.0, 2.0]))  # source: their square roots
    same = np.array([[0.04, 0.06], [0.06, 0.09]])  # a correlation of one
    assert_allclose(cholesky(same) @ cholesky(same).T, same, rtol=1e-12)


@pytest.mark.parametrize(
    "matrix",
    [
        [[-1.0]],
        [[np.nan]],
        [[1.0, 1.1], [1.1, 1.0]],
        [[0.0, 0.1], [0.1, 1.0]],
        [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]],
    ],
)
def test_what_is_no_covariance_has_no_triangle(matrix: list[list[float]]) -> None:
    with pytest.raises(ValueError):
        cholesky(np.array(matrix))


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


@given(st.floats(1e-9, 30.0))
def test_log_sd_is_numpys(cv: float) -> None:
    assert log_sd(1.0, cv) == pytest.approx(float(np.sqrt(np.log1p(cv**2))), rel=1e-14)
    assert log_sd(cv, 0.0) == 0


@given(st.integers(0, 2**64 - 1), st.integers(0, 5000), st.integers(1, 500), st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_occasions_are_the_same_in_any_chunk_and_any_number(
    seed: int, first: int, patients: int, occasions: int
) -> None:
    whole = occasion_deviations(OCCASIONAL, first + patients, seed, occasions + 2)
    part = occasion_deviations(OCCASIONAL, patients, seed, occasions, first)
    assert len(part) == occasions
    for mine, all_ in zip(part, whole, strict=False):
        assert mine.keys() == {one.parameter for one in OCCASIONAL.occasion}
        for name, drawn in mine.items():
            assert_array_equal(drawn, all_[name][first:])


def test_another_occasional_effect_moves_no_ones_draws() -> None:
    fewer = OCCASIONAL.model_copy(update={"occasion": OCCASIONAL.occasion[2:]})
    never = OCCASIONAL.model_copy(update={"occasion": ()})
    for mine, all_ in zip(
        occasion_deviations(fewer, 9, 1, 3), occasion_deviations(OCCASIONAL, 9, 1, 3), strict=True
    ):
        for name, drawn in mine.items():
            assert_array_equal(drawn, all_[name])
    for name, drawn in deviations(never, 9, 1).items():
        assert_array_equal(drawn, deviations(OCCASIONAL, 9, 1)[name])
    assert occasion_deviations(never, 9, 1, 2) == ({}, {})


def test_occasions_spread_as_published_and_apart_from_each_other() -> None:
    """CLH1 varies both ways: between patients, and less from one occasion to the next."""
    first, second = occasion_deviations(OCCASIONAL, MANY // 10, 1, 2)
    error = 4 / np.sqrt(MANY // 10)
    for one in OCCASIONAL.occasion:
        drawn = first[one.parameter]
        assert drawn.std() == pytest.approx(np.sqrt(one.omega2), rel=error)
        assert abs(np.corrcoef(drawn, second[one.parameter])[0, 1]) < error
    patients = deviations(OCCASIONAL, MANY // 10, 1)["CLH1"]
    assert abs(np.corrcoef(patients, first["CLH1"])[0, 1]) < error
    both = added({"CLH1": patients}, first)["CLH1"]
    wanted = sum(
        sd_of(one) ** 2
        for one in (*OCCASIONAL.variability, *OCCASIONAL.occasion)
        if one.parameter == "CLH1"
    )
    assert both.var() == pytest.approx(wanted, rel=2 * error)


@pytest.mark.parametrize("occasions", [-1, RESIDUALS])
def test_a_number_of_occasions_that_cannot_be_is_refused(occasions: int) -> None:
    with pytest.raises(ValueError):
        occasion_deviations(OCCASIONAL, 2, 1, occasions)


def test_quantiles_are_taken_over_patients() -> None:
    values = np.arange(101.0)[:, None, None] * np.array([1.0, 2.0])[None, None, :]
    found = quantiles(values, (0.05, 0.5, 0.95))
    assert_allclose(found[:, 0, 0], [5.0, 50.0, 95.0], rtol=1e-12)
    assert_allclose(found[:, 0, 1], [10.0, 100.0, 190.0], rtol=1e-12)


def test_every_model_of_the_library_can_be_drawn() -> None:
    models: list[Model] = [library.model(id_) for id_ in library.model_ids()]
    assert all(bool(deviations(one, 2, 1)) == bool(one.variability) for one in models)
