"""Lines for pictures: each person's predicted course between and beyond their samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.fitting.run import Outcome
from assuage.evidence.fitting.study import Structural
from assuage.kinetics import points
from assuage.kinetics.exact import Array

STEPS = 120


@dataclass(frozen=True)
class Curves:
    """times_h (people, steps); levels (people, steps) mg/L at the mode and for a typical person."""

    times_h: Array
    individual: Array
    typical: Array


def curves(outcome: Outcome, analyte: str) -> Curves:
    """Return every person's course from the first event to the last."""
    structural = outcome.fit.problem.predict
    assert isinstance(structural, Structural)
    place = structural.compiled.analytes.index(analyte)
    times = np.array([_times(one.times_h, one.doses[0].start_h) for one in outcome.data.people])
    layout = points.lay_out(
        structural.compiled,
        [
            points.Visit(one.doses, grid, [place] * STEPS)
            for one, grid in zip(outcome.data.people, times, strict=True)
        ],
    )
    along = structural.over(layout)
    problem, theta, modes = outcome.fit.problem, outcome.fit.theta, outcome.fit.modes
    subject = np.arange(problem.people)
    center = np.tile(theta.mu[list(problem.random)], (problem.people, 1))
    return Curves(
        times,
        along(problem.psi(theta.mu, modes.phi, subject), subject),
        along(problem.psi(theta.mu, center, subject), subject),
    )


def _times(times_h: tuple[float, ...], first_h: float) -> Array:
    start = min(first_h, times_h[0])
    end = times_h[-1] if times_h[-1] > start else start + 1.0
    return np.linspace(start, end, STEPS)
