"""Residual error: drawn as the file says, the same in any chunk, and weighed as SciPy weighs it.

source: SDs are the model files' own; densities are SciPy's; the molar conversion is arithmetic.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.stats import kstest, lognorm, norm

from assuage.kinetics.residual import Error, error_of, log_likelihood, observe, sd_of
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

SIMONS = library.model("simons-2022")
STATED = [(id_, one.analyte) for id_ in library.model_ids() for one in library.model(id_).residual]
PATIENTS = 40_000
LEVELS = np.array([0.0, 0.01, 0.2, 3.0])  # mg/L
NORMAL, LOG = Error(0.2, 0.013), Error(log_sd=0.3)


@pytest.mark.parametrize(("model_id", "analyte"), STATED)
def test_every_stated_error_comes_back(model_id: str, analyte: str) -> None:
    model = library.model(model_id)
    error = error_of(model, analyte)
    levels = np.broadcast_to(LEVELS[1:], (PATIENTS, len(LEVELS) - 1))
    found = observe(model, analyte, levels, 3)
    for time, level in enumerate(LEVELS[1:]):
        drawn = found[:, time] if error.log_sd is None else np.log(found[:, time] / level)
        centre = level if error.log_sd is None else 0.0
        sd = sd_of(error, np.array(level))
        assert kstest((drawn - centre) / sd, "norm").pvalue > 1e-3
        assert kstest((drawn - centre) / (1.05 * sd), "norm").pvalue < 1e-3  # its canary
    noise = found - levels if error.log_sd is None else np.log(found / levels)
    assert np.abs(np.corrcoef(noise.T) - np.eye(3)).max() < 4.0 / np.sqrt(PATIENTS)


def test_an_additive_error_in_nmol_per_ml_is_turned_into_mg_per_l() -> None:
    """0.058 nmol/mL of norketamine, 223.7 g/mol; 0.020 of hydroxynorketamine, 239.7 g/mol."""
    assert error_of(SIMONS, "norketamine").additive_mg_per_l == pytest.approx(
        0.058e-6 * 223.7 * 1e3, rel=1e-12
    )
    assert error_of(SIMONS, "hydroxynorketamine").additive_mg_per_l == pytest.approx(
        0.020e-6 * 239.7 * 1e3, rel=1e-12
    )
    by_mass = SIMONS.residual[1].model_copy(update={"additive": 5.0, "unit": "ng/mL"})
    changed = SIMONS.model_copy(update={"residual": (by_mass,)})
    assert error_of(changed, "norketamine").additive_mg_per_l == pytest.approx(0.005, rel=1e-12)


def test_an_error_by_substance_without_a_molar_mass_is_refused() -> None:
    analytes = tuple(one.model_copy(update={"molar_mass": None}) for one in SIMONS.analyte)
    with pytest.raises(Refused) as caught:
        error_of(SIMONS.model_copy(update={"analyte": analytes}), "norketamine")
    assert caught.value.refusal is Refusal.KNOWLEDGE_DAMAGED


@pytest.mark.parametrize(
    ("model_id", "analyte"), [("kamp-2020", "ketamine"), ("simons-2022", "dehydronorketamine")]
)
def test_an_error_that_was_never_read_is_refused(model_id: str, analyte: str) -> None:
    model = library.model(model_id)
    for work in (lambda: error_of(model, analyte), lambda: observe(model, analyte, LEVELS, 1)):
        with pytest.raises(Refused) as caught:
            work()
        assert caught.value.refusal is Refusal.MODEL_UNSUITABLE


@given(
    st.sampled_from(STATED),
    st.integers(0, 2**64 - 1),
    st.integers(0, 500),
    st.integers(1, 500),
    st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_an_error_is_the_same_in_any_chunk_and_among_any_times(
    stated: tuple[str, str], seed: int, first: int, patients: int, times: int
) -> None:
    model, analyte = library.model(stated[0]), stated[1]
    levels = np.outer(np.linspace(0.01, 1.0, first + patients + 3), LEVELS)
    whole = observe(model, analyte, levels, seed)
    part = observe(model, analyte, levels[first : first + patients, :times], seed, first)
    assert_array_equal(part, whole[first : first + patients, :times])


def test_analytes_and_seeds_have_errors_of_their_own() -> None:
    levels = np.ones((5000, 1))
    noise = [
        observe(SIMONS, analyte, levels, seed)[:, 0]
        for analyte in ("norketamine", "hydroxynorketamine")
        for seed in (1, 2)
    ]
    assert np.abs(np.corrcoef(noise) - np.eye(4)).max() < 4.0 / np.sqrt(5000)


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
def test_a_prediction_that_cannot_be_is_refused(bad: float) -> None:
    with pytest.raises(ValueError):
        observe(SIMONS, "norketamine", np.array([[0.2, bad]]), 1)


def test_likelihoods_are_scipys() -> None:
    predicted = np.array([0.004, 0.05, 0.4, 2.0])[:, None]
    observed = np.array([0.001, 0.03, 0.5, 7.0])
    sd = np.sqrt((0.2 * predicted) ** 2 + 0.013**2)
    assert_allclose(sd_of(NORMAL, predicted), sd, rtol=1e-14)
    assert_allclose(
        log_likelihood(NORMAL, observed, predicted),
        norm.logpdf(observed, predicted, sd),
        rtol=1e-12,
    )
    assert_allclose(
        log_likelihood(LOG, observed, predicted),
        lognorm.logpdf(observed, 0.3, scale=predicted),
        rtol=1e-12,
    )


@pytest.mark.parametrize("error", [NORMAL, LOG, Error(0.2), Error(0.0, 0.05)])
def test_a_density_has_an_area_of_one(error: Error) -> None:
    def density(level: float) -> float:
        return float(np.exp(log_likelihood(error, np.array(level), np.array(0.4))))

    low = 1e-9 if error.log_sd is not None else -2.0
    area = quad(density, low, 4.0, points=[0.2, 0.4, 0.6], epsabs=1e-12, limit=200)[0]
    assert area == pytest.approx(1.0, abs=1e-8)


def test_what_the_model_leaves_no_room_for_has_no_likelihood() -> None:
    observed = np.array([0.1, 0.2])
    for error in (Error(0.2), LOG, Error(), Error(log_sd=0.0)):
        assert_array_equal(log_likelihood(error, observed, np.zeros(2)), [-np.inf, -np.inf])
    assert np.isfinite(log_likelihood(NORMAL, observed, np.zeros(2))).all()


@pytest.mark.parametrize(
    ("error", "observed"), [(NORMAL, np.nan), (NORMAL, np.inf), (LOG, 0.0), (LOG, -1.0)]
)
def test_an_observation_that_cannot_be_is_refused(error: Error, observed: float) -> None:
    with pytest.raises(ValueError):
        log_likelihood(error, np.array([0.1, observed]), np.array([0.1, 0.1]))
