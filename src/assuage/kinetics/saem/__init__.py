"""Population values from many people's levels: SAEM, its errors and its checks. Arrays only."""

from assuage.kinetics.saem.estimate import Settings
from assuage.kinetics.saem.fit import Fit, fit
from assuage.kinetics.saem.problem import Observations, Problem, Theta

__all__ = ["Fit", "Observations", "Problem", "Settings", "Theta", "fit"]
