"""The visual predictive check: people simulated by the fit beside those measured.

Samples fall into bins by time. In each bin three centiles of the measured levels stand against the
same centiles of every simulated study, shown as the band that holds 90 % of those studies. Where
doses or covariates differ between people, levels are corrected to the bin's median prediction
(Bergstrand et al., AAPS J 2011;13:143). A level below the limit of quantification counts as lower
than any number, measured and simulated alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.fitting.data import Person
from assuage.kinetics.exact import Array
from assuage.kinetics.saem.checks import Checks
from assuage.kinetics.saem.problem import Index, Mask, Problem

CENTILES = (0.05, 0.5, 0.95)
BAND = (0.05, 0.95)
FEWEST_BINS, MOST_BINS = 3, 12
MOST_TIMES = 300
MOST_OF = 0.9  # people have no more samples than there are bins


@dataclass(frozen=True)
class Predictive:
    """One analyte's check. Levels are mg/L; -inf is below the limit of quantification.

    times_h, levels (samples,)   what was measured, corrected if `corrected`
    middle_h (bins,); measured (3, bins); band (2, 3, bins); middle (3, bins)
    left_out                     samples with no prediction to correct by
    """

    times_h: Array
    levels: Array
    middle_h: Array
    measured: Array
    middle: Array
    band: Array
    corrected: bool
    left_out: int


def same_design(people: tuple[Person, ...], problem: Problem) -> bool:
    """Whether doses and what is known of people are the same for all."""
    doses = {one.doses for one in people}
    return len(doses) == 1 and not np.ptp(problem.offset, axis=0).any()


def predictive_check(
    people: tuple[Person, ...], problem: Problem, checks: Checks, analyte: int
) -> Predictive:
    """Return the check of one analyte."""
    observed = problem.observed
    times = np.zeros(observed.values.shape)
    for row, person in enumerate(people):
        times[row, : len(person.times_h)] = person.times_h
    mask = observed.used & (observed.analyte == analyte)
    corrected = not same_design(people, problem)
    shown = mask & (checks.population > 0.0) if corrected else mask
    times_h, typical = times[shown], checks.population[shown]
    limit = np.where(observed.censored, observed.values, 0.0).max(initial=0.0)
    levels = np.where(observed.censored[shown], -np.inf, observed.values[shown])
    simulated = checks.simulated[:, shown]
    if limit > 0.0:
        simulated = np.where(simulated < limit, -np.inf, simulated)
    bins = _bins(times_h, _usual(mask))
    width = int(bins.max()) + 1
    if corrected:
        middle = np.array([np.median(typical[bins == n]) for n in range(width)])
        factor = middle[bins] / typical
        levels, simulated = levels * factor, simulated * factor
    measured, studies = np.zeros((3, width)), np.zeros((len(simulated), 3, width))
    for n in range(width):
        inside = bins == n
        measured[:, n] = _centiles(levels[inside])
        studies[:, :, n] = _centiles(simulated[:, inside].T).T
    return Predictive(
        times_h,
        levels,
        np.array([np.median(times_h[bins == n]) for n in range(width)]),
        measured,
        np.quantile(studies, 0.5, axis=0, method="inverted_cdf"),
        np.quantile(studies, BAND, axis=0, method="inverted_cdf"),
        corrected,
        int(mask.sum() - shown.sum()),
    )


def _usual(mask: Mask) -> int:
    each = mask.sum(axis=1)
    return int(min(max(np.quantile(each[each > 0], MOST_OF), FEWEST_BINS), MOST_BINS))


def _bins(times_h: Array, bins: int) -> Index:
    """Return which bin (samples,) each time falls into: the grouping with the tightest bins.

    Tightness is the sum of squares within bins on the square root of time, since samples are
    usually taken closer together early on. Found exactly, by dynamic programming over the
    distinct times, thinned to at most `MOST_TIMES` of them.
    """
    times, counts = np.unique(times_h, return_counts=True)
    if len(times) > MOST_TIMES:
        times = np.quantile(times_h, np.linspace(0.0, 1.0, MOST_TIMES), method="inverted_cdf")
        times, counts = np.unique(times, return_counts=True)
    x = np.sqrt(times)
    weight, first, second = (np.cumsum([0.0, *one]) for one in (counts, counts * x, counts * x * x))
    cost = np.concatenate([[0.0], np.full(len(x), np.inf)])
    choices = []
    for _ in range(min(bins, len(x))):
        start, end = np.arange(len(x) + 1)[:, None], np.arange(len(x) + 1)[None, :]
        number = np.where(end > start, weight[end] - weight[start], np.inf)
        inside = second[end] - second[start] - (first[end] - first[start]) ** 2 / number
        total = np.where(end > start, cost[:, None] + inside, np.inf)
        choices.append(total.argmin(axis=0))
        cost = total.min(axis=0)
    cuts, place = [], len(x)
    for choice in reversed(choices):
        place = int(choice[place])
        cuts.append(times[place])
    return np.searchsorted(np.array(cuts[::-1]), times_h, side="right") - 1


def _centiles(values: Array) -> Array:
    """Return (3, ...) centiles over the first axis; -inf ranks below every number."""
    return np.quantile(values, CENTILES, axis=0, method="inverted_cdf")
