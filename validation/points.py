"""The published points: one row each in points.csv, with source, tag, site, form and regimen.

`steps` holds doses as start_min:mg:duration_min:route, joined by semicolons, or the days of the
sessions for the mood file. A row that no model predicts says why in `why_not`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from assuage.kinetics.structure import Dose, Subject

PATH = Path(__file__).parent / "points.csv"
MIN_PER_H = 60.0


@dataclass(frozen=True)
class Point:
    """One published number. Empty text is 'not read' or 'does not apply'."""

    id: str
    source: str
    where: str
    read: str
    population: str
    drug: str
    sampling: str
    analyte: str
    effect: str
    via: str
    route: str
    dose: str
    dose_unit: str
    duration_min: str
    steps: str
    weight_kg: str
    weight_basis: str
    age_years: str
    ancestry: str
    statistic: str
    at: str
    at_unit: str
    observed: str
    unit: str
    built_on: str
    why_not: str
    note: str

    @property
    def subject(self) -> Subject:
        """Return the person that the point is predicted for."""
        weight = float(self.weight_kg) if self.weight_kg else None
        age = float(self.age_years) if self.age_years else None
        return Subject(weight, age, ancestry=self.ancestry or None)

    @property
    def doses(self) -> list[Dose]:
        """Return the doses: the steps, or else the single dose. Empty when neither is given."""
        if self.steps:
            return [_step(step) for step in self.steps.split(";")]
        if not self.dose:
            return []
        amount = float(self.dose)
        if self.dose_unit == "mg/kg":
            amount *= float(self.weight_kg)
        duration = float(self.duration_min) / MIN_PER_H if self.duration_min else None
        return [Dose(0.0, amount, self.route, duration)]

    @property
    def sessions_d(self) -> list[float]:
        """Return the days of the sessions (mood only)."""
        return [float(day) for day in self.steps.split()]

    @property
    def at_h(self) -> float:
        """Return the time asked for, in hours."""
        return float(self.at) * {"h": 1.0, "d": 24.0}[self.at_unit]


def _step(text: str) -> Dose:
    start, amount, duration, route = text.strip().split(":")
    lasting = float(duration) / MIN_PER_H if duration else None
    return Dose(float(start) / MIN_PER_H, float(amount), route, lasting)


def load() -> list[Point]:
    """Return every published point, in the file's order."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return [Point(**row) for row in csv.DictReader(file)]
