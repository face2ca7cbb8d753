"""Draws against the posterior's known moments and a plain Gibbs sampler."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assuage.evidence.trial.imputation import design
from assuage.evidence.trial.normal import Normal
from assuage.evidence.trial.posterior import draw, generator, prepare
from assuage.refusals import Refusal, Refused
from evidence.trial.trials import made

DRAWS = 2000
WITHOUT_GAPS = 12_000  # these need no chain


def drawn(y: np.ndarray, x: np.ndarray, prior_df: float = 0.0, draws: int = DRAWS) -> Normal:
    return draw(prepare(y, x, prior_df), [generator(3, one) for one in range(draws)])


@pytest.mark.parametrize("prior_df", [0.0, 3.0])
def test_complete_data_have_known_moments(prior_df: float) -> None:
    """source: under |Sigma|^-(m+1+k)/2 the covariance is inverse Wishart with n - p + k degrees
    of freedom about S (mean S / (n - p + k - m - 1)), and the coefficients are least squares'.
    """
    trial = made(1, people=20, gaps=False)
    x = design(trial)
    y = np.where(np.isnan(trial.y), 2.0 + np.arange(3), trial.y)
    (n, m), p = y.shape, x.shape[1]
    found = drawn(y, x, prior_df, WITHOUT_GAPS)
    least, *_ = np.linalg.lstsq(x, y, rcond=None)
    products = (y - x @ least).T @ (y - x @ least)
    mean = products / (n - p + prior_df - m - 1)
    error = found.covariance.std(0) / np.sqrt(WITHOUT_GAPS)
    assert (np.abs(found.covariance.mean(0) - mean) < 4.5 * error).all()
    error = found.coefficients.std(0) / np.sqrt(WITHOUT_GAPS)
    assert (np.abs(found.coefficients.mean(0) - least) < 4.5 * error).all()
    spread = np.linalg.inv(x.T @ x)[:, :, None, None] * mean
    sd = np.sqrt(np.einsum("ppmm->pm", spread))
    np.testing.assert_allclose(found.coefficients.std(0), sd, rtol=0.08)
    shape = n - p + prior_df
    judge = stats.invwishart(shape, products).rvs(WITHOUT_GAPS, random_state=1)
    for quantile in (0.1, 0.9):  # source: any two quantiles
        ours = np.quantile(found.covariance[:, 2, 2], quantile)
        assert ours == pytest.approx(np.quantile(judge[:, 2, 2], quantile), rel=0.08)


def plain_gibbs(y: np.ndarray, x: np.ndarray, rounds: int) -> np.ndarray:
    """Fill all missing values, then draw both parameters given whole data; (rounds, p * m + m)."""
    rng = np.random.default_rng(5)
    (n, m), p = y.shape, x.shape[1]
    missing = np.isnan(y)
    full = np.where(missing, np.nanmean(y, axis=0), y)
    inner = np.linalg.inv(x.T @ x)
    root = np.linalg.cholesky(inner)
    found = np.empty((rounds, p * m + m))
    for step in range(rounds):
        least = inner @ x.T @ full
        rest = full - x @ least
        covariance = stats.invwishart.rvs(n - p, rest.T @ rest, random_state=rng)
        noise = rng.standard_normal((p, m))
        coefficients = least + root @ noise @ np.linalg.cholesky(covariance).T
        mean = x @ coefficients
        for person in np.flatnonzero(missing.any(1)):
            out, kept = missing[person], ~missing[person]
            onto = covariance[np.ix_(out, kept)] @ np.linalg.inv(covariance[np.ix_(kept, kept)])
            here = covariance[np.ix_(out, out)] - onto @ covariance[np.ix_(kept, out)]
            centre = mean[person, out] + onto @ (full[person, kept] - mean[person, kept])
            full[person, out] = rng.multivariate_normal(centre, here)
        found[step] = np.concatenate([coefficients.ravel(), np.diag(covariance)])
    return found


def test_a_plain_sampler_finds_the_same_posterior() -> None:
    """Drop-outs and gaps together, filled in another way by another sampler.

    source: 4.5 Monte Carlo errors, which one number in 100,000 passes.
    """
    trial = made(2, people=26)
    x, y = design(trial), trial.y.copy()
    y[np.flatnonzero(~np.isnan(y[:, 2]))[:8], 1] = np.nan
    assert len(prepare(y, x).gapped) >= 8
    found = drawn(y, x)
    ours = np.column_stack(
        [found.coefficients.reshape(DRAWS, -1), np.einsum("djj->dj", found.covariance)]
    )
    chain = plain_gibbs(y, x, 900)[100:]
    batches = chain.reshape(20, 40, -1).mean(1)  # means of 40 steps hardly depend on each other
    error = np.hypot(batches.std(0) / np.sqrt(20), ours.std(0) / np.sqrt(DRAWS))
    assert (np.abs(ours.mean(0) - chain.mean(0)) < 4.5 * error).all()
    np.testing.assert_allclose(ours.std(0)[:9], chain.std(0)[:9], rtol=0.2)


def test_a_draw_is_the_same_whoever_draws_beside_it() -> None:
    trial = made(3)
    ready = prepare(trial.y, design(trial))
    together = draw(ready, [generator(9, one) for one in range(6)])
    for one in range(6):
        alone = draw(ready, [generator(9, one)])
        assert (alone.coefficients[0] == together.coefficients[one]).all()
        assert (alone.covariance[0] == together.covariance[one]).all()
    other = draw(ready, [generator(10, 0)])
    assert (other.coefficients[0] != together.coefficients[0]).all()


def test_units_and_origins_do_not_matter() -> None:
    """Jeffreys' prior knows no scale: a change of units changes the draws' units and no more."""
    trial = made(4)
    x = design(trial)
    scaled = np.column_stack([x[:, 0], x[:, 1], 1000 * x[:, 2] - 7])
    one = drawn(trial.y, x, draws=5)
    other = drawn(trial.y * 20 + 3, scaled, draws=5)
    np.testing.assert_allclose(other.covariance, one.covariance * 400, rtol=1e-6)
    mean = x @ one.coefficients
    np.testing.assert_allclose(scaled @ other.coefficients, mean * 20 + 3, rtol=1e-6, atol=1e-6)


def test_what_has_no_posterior_is_refused() -> None:
    trial = made(5, gaps=False)
    x, y = design(trial), trial.y.copy()
    short = y.copy()
    short[5:, 2] = np.nan
    same = y.copy()
    same[:, 1] = np.where(np.isnan(y[:, 1]), np.nan, 4.0)
    for bad in (short, same):
        with pytest.raises(Refused) as caught:
            prepare(bad, x)
        assert caught.value.refusal is Refusal.NOT_ESTIMABLE
