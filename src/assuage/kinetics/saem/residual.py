"""How far a measured level lies from the predicted one, as a log density.

    additive      y = f + a e                variance a^2
    proportional  y = f (1 + b e)            variance b^2 f^2
    combined      y = f + e                  variance a^2 + b^2 f^2
    log           log y = log f + a e

e is standard normal. A level below the limit of quantification counts as the chance to lie below
it (method M3 of Beal, J Pharmacokinet Pharmacodyn 2001;28:481).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.problem import Index, Mask, Problem, Theta

_LOG_2_PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class Residual:
    """The observations of the people asked about, ready to be compared: (people, places)."""

    scaled: Array  # log y where the form is log, else y
    used: Mask
    log_form: Mask
    analyte: Index
    censored: Mask
    any_log: bool
    any_censored: bool
    jacobian: Array

    def take(self, subject: Index) -> Residual:
        """Return the rows of these subjects."""
        return self._each(lambda one: one[subject])

    def spread(self) -> Residual:
        """Return the same with an axis of length one after the people, for draws."""
        return self._each(lambda one: one[:, None])

    def _each(self, change: Callable[[Any], Any]) -> Residual:
        rows = ("scaled", "used", "log_form", "analyte", "censored", "jacobian")
        return replace(self, **{name: change(getattr(self, name)) for name in rows})

    def means(self, predicted: Array) -> Array:
        """Return the prediction on the scale of `scaled`: (..., places)."""
        if not self.any_log:
            return predicted
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.log_form, np.log(predicted), predicted)

    def variances(self, predicted: Array, theta: Theta) -> Array:
        """Return the residual variance at each place: (..., places)."""
        a2, b2 = theta.additive**2, theta.proportional**2
        varying = np.where(self.log_form, 0.0, predicted**2) if self.any_log else predicted**2
        return np.asarray(a2[self.analyte] + b2[self.analyte] * varying)

    def log_likelihood(self, predicted: Array, theta: Theta) -> Array:
        """Return (...) the log likelihood of each row; minus infinity where it has none."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            variance = self.variances(predicted, theta)
            apart = self.scaled - self.means(predicted)
            each = -0.5 * (apart**2 / variance + np.log(variance) + _LOG_2_PI) - self.jacobian
            if self.any_censored:
                each = np.where(self.censored, log_normal_cdf(apart / np.sqrt(variance)), each)
            total = np.where(self.used, each, 0.0).sum(axis=-1)
        return np.where(np.isfinite(total), total, -np.inf)


def log_normal_cdf(value: Array) -> Array:
    """Return the logarithm of the standard normal distribution function."""
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(value))


def residual_of(problem: Problem) -> Residual:
    """Return the observations of a problem. Raises ValueError on a log of what isn't positive."""
    observed = problem.observed
    log_form = np.array([one == "log" for one in problem.forms])[observed.analyte] & observed.used
    if not (observed.values[log_form] > 0.0).all():
        raise ValueError("a level of zero has no logarithm")
    safe = np.where(log_form, observed.values, 1.0)
    scaled = np.where(log_form, np.log(safe), observed.values)
    return Residual(
        scaled,
        observed.used,
        log_form,
        observed.analyte,
        observed.censored,
        bool(log_form.any()),
        bool((observed.censored & observed.used).any()),
        np.where(log_form & ~observed.censored, scaled, 0.0),
    )
