"""Lines through people's samples."""

from __future__ import annotations

import numpy as np

from assuage.evidence.fitting.curves import curves
from evidence.fitting.studies import theophylline


def test_lines_pass_through_the_predictions_at_the_samples() -> None:
    whole = theophylline()
    found = curves(whole, "theophylline")
    assert found.times_h.shape == found.individual.shape == found.typical.shape
    for row, person in enumerate(whole.data.people):
        own = np.interp(person.times_h, found.times_h[row], found.individual[row])
        np.testing.assert_allclose(own, whole.checks.individual[row], atol=0.3)
        typical = np.interp(person.times_h, found.times_h[row], found.typical[row])
        np.testing.assert_allclose(typical, whole.checks.population[row], atol=0.3)
