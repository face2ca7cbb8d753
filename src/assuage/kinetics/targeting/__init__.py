"""Rates of a pump that bring a level to a target and hold it there."""

from assuage.kinetics.targeting.control import horizon, run, run_many
from assuage.kinetics.targeting.few import LOOKS, Few, Wanted, fewest
from assuage.kinetics.targeting.plant import FINE, Course, Plant, Pump, plant_of, simulate

__all__ = [
    "FINE",
    "LOOKS",
    "Course",
    "Few",
    "Plant",
    "Pump",
    "Wanted",
    "fewest",
    "horizon",
    "plant_of",
    "run",
    "run_many",
    "simulate",
]
