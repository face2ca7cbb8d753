"""Small trials with missing values, for the tests of imputation."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from assuage.evidence.trial.estimands import Assumption
from assuage.evidence.trial.imputation import Outcomes

MAR: Assumption = "missing-at-random"
J2R: Assumption = "jump-to-reference"
CR: Assumption = "copy-reference"
CIR: Assumption = "copy-increments-in-reference"
ROOT = Path(__file__).parents[3]
# The DIA working group's data lie beside a checkout or not at all, and aren't ours to ship: tests
# that take one case for each file found run wherever they are.
ANTIDEPRESSANT = [*ROOT.parent.glob("shared/data/antidepressant_hamd17.csv")]


def made(
    seed: int, people: int = 40, visits: int = 3, *, gaps: bool = True, arms: int = 2
) -> Outcomes:
    """Return a trial in which people drop out, and some miss a visit in between."""
    rng = np.random.default_rng(seed)
    arm = np.arange(people) % arms
    base = rng.normal(20, 4, people)
    root = np.linalg.cholesky(0.4 * np.eye(visits) + 0.6)
    y = base[:, None] * 0.5 - np.arange(visits) * (1 + arm[:, None])
    y = y + 3 * rng.standard_normal((people, visits)) @ root.T
    last = np.where(rng.random(people) < 0.35, rng.integers(1, visits, people), visits)
    y[np.arange(visits) >= last[:, None]] = np.nan
    if gaps:
        y[rng.choice(people, 3, replace=False), 0] = np.nan
    names = ("placebo", "ketamine", "midazolam")[:arms]
    whole = Outcomes(y, base[:, None], arm, names, 0, (MAR,) * people, np.full(people, visits))
    return assuming(whole, MAR)


def assuming(outcomes: Outcomes, method: Assumption) -> Outcomes:
    """Return the trial in which each drop-out left by an event with one assumption."""
    m = outcomes.y.shape[1]
    seen = ~np.isnan(outcomes.y)
    last = np.where(seen.any(1), m - np.argmax(seen[:, ::-1], axis=1), 0)
    methods = tuple(method if one < m else MAR for one in last)
    return replace(outcomes, method=methods, first=np.where(last < m, last, m))


def without(outcomes: Outcomes, person: int) -> Outcomes:
    """Return the trial without one person."""
    kept = np.arange(len(outcomes.y)) != person
    return replace(
        outcomes,
        y=outcomes.y[kept],
        covariates=outcomes.covariates[kept],
        arm=outcomes.arm[kept],
        method=tuple(one for one, stays in zip(outcomes.method, kept, strict=True) if stays),
        first=outcomes.first[kept],
    )


def antidepressant(path: Path) -> Outcomes:
    """Return the changes of the HAM-D17 at visits 4 to 7 with the baseline value."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    people = sorted({row["PATIENT"] for row in rows})
    place = {name: number for number, name in enumerate(people)}
    y = np.full((len(people), 4), np.nan)
    arm, base = np.zeros(len(people), int), np.zeros((len(people), 1))
    for row in rows:
        person = place[row["PATIENT"]]
        y[person, int(row["VISIT"]) - 4] = float(row["CHANGE"])
        arm[person], base[person] = row["THERAPY"] == "DRUG", float(row["BASVAL"])
    n = len(people)
    return Outcomes(y, base, arm, ("placebo", "drug"), 0, (MAR,) * n, np.full(n, 4))
