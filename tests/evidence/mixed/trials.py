"""Trials to fit, and a slow judge that works on whole matrices with numerical derivatives."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assuage.evidence.mixed.fitted import F, I

SHARED = Path(__file__).parents[4] / "shared" / "data"  # beside a developer's checkout

# source: R 4.2.2 with mmrm 0.3.18, cov_struct as named, method = "Kenward-Roger" (linear for
# unstructured), antidepressant trial, therapy at visit 7: -2 restricted log likelihood,
# estimate, SE, degrees of freedom; SAS PROC MIXED gives 3494.20285, -2.8018, 1.1163, 150
ANTIDEPRESSANT = {
    "unstructured": (3494.203, -2.80177, 1.11629, 150.11),
    "heterogeneous-toeplitz": (3508.163, -2.79097, 1.06918, 161.54),
    "heterogeneous-ante-dependence": (3509.895, -2.71130, 1.12793, 145.17),
    "heterogeneous-ar1": (3521.576, -2.69625, 1.07273, 164.10),
    "heterogeneous-compound-symmetry": (3531.139, -2.91463, 1.08355, 156.36),
    "toeplitz": (3537.014, -2.72747, 0.96280, 359.14),
    "ante-dependence": (3542.443, -2.68486, 0.95879, 375.05),
    "ar1": (3547.292, -2.68847, 0.96968, 380.80),
    "compound-symmetry": (3564.885, -2.83821, 0.95262, 362.45),
}
THERE = [SHARED] if SHARED.is_dir() else []


@dataclass(frozen=True)
class Trial:
    """Rows x (n, p), y (n,) of subjects at visits, and the contrast (p,) that is asked for."""

    x: F
    y: F
    subject: I
    visit: I
    row: F

    def kept(self, rows: F) -> Trial:
        return Trial(self.x[rows], self.y[rows], self.subject[rows], self.visit[rows], self.row)


def by_visit(visit: I, *others: F) -> F:
    """Return the columns of a mean at each visit, and of each other number times visit."""
    means = np.eye(int(visit.max()) + 1)[visit]
    return np.hstack([means, *(means * other[:, None] for other in others)])


@cache
def regenerated() -> Trial:
    """Return 30 people at 4 visits with gaps, from integers that any program can make again."""
    i, j = np.repeat(np.arange(30), 4), np.tile(np.arange(4), 30)
    arm, base = i % 2, (i * 37) % 11
    own = ((i * 7919 + 13) % 101) / 10
    noise = ((i * i * 31 + i * j * 57 + j**3 * 17 + i * i * j * 11) % 97) / 12
    y = 20 + own - 1.5 * j + 0.4 * base - 0.8 * arm * j + noise * (1 + 0.3 * j)
    x = np.column_stack([by_visit(j, arm.astype(float)), base.astype(float)])
    return Trial(x, y, i, j, np.eye(9)[7]).kept((5 * i + 3 * j * j) % 11 != 0)


def simulated(
    seed: int, people: int, visits: int, missing: float = 0.0, correlation: float = 0.6
) -> Trial:
    """Return two arms whose outcomes are correlated by distance, some missing at random."""
    rng = np.random.default_rng(seed)
    lag = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    sd = 4.0 + np.arange(visits)
    V = correlation**lag * sd[:, None] * sd
    y = rng.multivariate_normal(np.linspace(20.0, 12.0, visits), V, size=people).reshape(-1)
    subject, visit = np.repeat(np.arange(people), visits), np.tile(np.arange(visits), people)
    x = by_visit(visit, (subject % 2).astype(float))
    trial = Trial(x, y, subject, visit, np.eye(2 * visits)[2 * visits - 1])
    return trial.kept(rng.random(people * visits) >= missing)


def antidepressant(folder: Path) -> Trial:
    """Return the antidepressant trial: change ~ basval * visit + therapy * visit."""
    rows = _rows(folder / "antidepressant_hamd17.csv")
    visit = np.array([int(row["VISIT"]) - 4 for row in rows])
    drug = np.array([row["THERAPY"] == "DRUG" for row in rows], dtype=float)
    before = np.array([float(row["BASVAL"]) for row in rows])
    y = np.array([float(row["CHANGE"]) for row in rows])
    x = by_visit(visit, before, drug)
    return Trial(x, y, _codes(rows, "PATIENT"), visit, np.eye(12)[11])


def lung(folder: Path, *, plain: bool) -> Trial:
    """Return the fev trial: FEV1 ~ ARMCD, or FEV1 ~ RACE + SEX + ARMCD * AVISIT."""
    rows = [row for row in _rows(folder / "fev.csv") if row["FEV1"]]
    visit = np.array([int(row["AVISIT"].removeprefix("VIS")) - 1 for row in rows])
    arm = np.array([row["ARMCD"] == "TRT" for row in rows], dtype=float)
    y = np.array([float(row["FEV1"]) for row in rows])
    columns = [np.ones(len(rows)), arm]
    if not plain:
        races = sorted({row["RACE"] for row in rows})[1:]
        columns += [np.array([row["RACE"] == one for row in rows], dtype=float) for one in races]
        columns.append(np.array([row["SEX"] == "Female" for row in rows], dtype=float))
        later = np.eye(4)[visit][:, 1:]
        columns += [*later.T, *(later * arm[:, None]).T]
    x = np.column_stack(columns)
    return Trial(x, y, _codes(rows, "USUBJID"), visit, np.eye(x.shape[1])[1])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _codes(rows: list[dict[str, str]], column: str) -> I:
    _, codes = np.unique([row[column] for row in rows], return_inverse=True)
    return np.asarray(codes, dtype=np.int64)


# The judge.

Build = Callable[[F], F]  # theta (k,) to the covariance of visits (m, m)


def entries(theta: F) -> F:
    """Return the matrix whose lower triangle, by rows, is theta."""
    visits = int((np.sqrt(8 * len(theta) + 1) - 1) / 2)
    V = np.zeros((visits, visits))
    V[np.tril_indices(visits)] = theta
    return np.asarray(V + np.tril(V, -1).T)


def whole(trial: Trial, V: F) -> F:
    """Return the covariance (n, n) of all rows."""
    same = trial.subject[:, None] == trial.subject
    return np.asarray(np.where(same, V[np.ix_(trial.visit, trial.visit)], 0.0))


def criterion(trial: Trial, V: F) -> float:
    """Return minus twice the restricted log likelihood."""
    n, p = trial.x.shape
    inverse = np.linalg.inv(whole(trial, V))
    information = trial.x.T @ inverse @ trial.x
    left = trial.y - trial.x @ np.linalg.solve(information, trial.x.T @ inverse @ trial.y)
    logs = np.linalg.slogdet(information)[1] - np.linalg.slogdet(inverse)[1]
    return float((n - p) * np.log(2 * np.pi) + logs + left @ inverse @ left)


@dataclass(frozen=True)
class Judged:
    """What Kenward and Roger (1997) define, term by term."""

    phi: F
    w: F
    first: F
    second: F
    curvature: F

    def grown(self, *, linear: bool) -> F:
        weights = self.w
        total = np.zeros_like(self.phi)
        for i in range(len(weights)):
            for j in range(len(weights)):
                term = self.second[i, j] - self.first[i] @ self.phi @ self.first[j]
                term = term if linear else term - self.curvature[i, j] / 4
                total += weights[i, j] * term
        return np.asarray(self.phi + 2 * self.phi @ total @ self.phi)

    def df(self, row: F) -> float:
        slope = np.array([-row @ self.phi @ P @ self.phi @ row for P in self.first])
        return float(2 * (row @ self.phi @ row) ** 2 / (slope @ self.w @ slope))


def sloped(of: Callable[[F], F | float], theta: F, share: float) -> F:
    """Return first central differences (k, ...)."""
    h = share * np.maximum(1.0, np.abs(theta))
    pairs = zip(np.diag(h), h, strict=True)
    return np.array(
        [(np.asarray(of(theta + e)) - np.asarray(of(theta - e))) / (2 * size) for e, size in pairs]
    )


def bent(of: Callable[[F], F | float], theta: F, share: float) -> F:
    """Return second central differences (k, k, ...)."""
    h = share * np.maximum(1.0, np.abs(theta))
    steps, k = np.diag(h), len(theta)
    rows: list[list[F]] = [[np.zeros(())] * k for _ in range(k)]
    for i in range(k):
        for j in range(i + 1):
            e, f = steps[i], steps[j]
            outer = np.asarray(of(theta + e + f)) + np.asarray(of(theta - e - f))
            inner = np.asarray(of(theta + e - f)) + np.asarray(of(theta - e + f))
            rows[i][j] = rows[j][i] = (outer - inner) / (4 * h[i] * h[j])
    return np.array(rows)


def judge(trial: Trial, build: Build, theta: F) -> Judged:
    """Return the arrays at theta, from whole matrices and differences."""
    inverse = np.linalg.inv(whole(trial, build(theta)))
    x = trial.x
    phi = np.linalg.inv(x.T @ inverse @ x)
    by, curved = sloped(build, theta, 1e-4), bent(build, theta, 1e-4)
    Vi = np.array([whole(trial, one) for one in by])
    half = np.array([inverse @ one @ inverse for one in Vi])
    k = len(theta)
    second = np.array([[x.T @ half[i] @ Vi[j] @ inverse @ x for j in range(k)] for i in range(k)])
    curvature = np.array(
        [
            [x.T @ inverse @ whole(trial, curved[i, j]) @ inverse @ x for j in range(k)]
            for i in range(k)
        ]
    )
    hessian = bent(lambda at: criterion(trial, build(at)), theta, 1e-3)
    return Judged(
        phi,
        2 * np.linalg.inv(hessian),
        np.array([-x.T @ one @ x for one in half]),
        second,
        curvature,
    )
