"""What a fit answers, whichever kind it is: its effects, its criterion, its covariance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assuage.evidence.analysis import ordinary
from assuage.evidence.analysis.ask import Asked
from assuage.evidence.analysis.design import Design, Factor, Kinds, columns_of, factor_of, is_number
from assuage.evidence.analysis.people import Groups, groups
from assuage.evidence.analysis.phrases import Random
from assuage.evidence.analysis.table import Table
from assuage.evidence.mixed import inference, random, repeated
from assuage.evidence.mixed.fitted import F, Fit
from assuage.evidence.mixed.inference import Estimate, FTest

SAID = {
    inference.KENWARD_ROGER: "Kenward-Roger",
    inference.LINEAR: "Kenward-Roger (linear)",
    inference.SATTERTHWAITE: "Satterthwaite",
}


@dataclass(frozen=True)
class Answers:
    """Estimates and joint tests of rows, and what stands beside them in a report."""

    method: str
    estimate: Callable[[F], Estimate]
    joint: Callable[[F], FTest]
    reml_criterion: float
    covariance: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turned:
    """A design's columns made orthonormal: x = q turn * size.

    A baseline near 45,000 and the intercept are nearly one column, and adjusted covariances of
    their effects lose every digit; those of q lose none. `row` takes a row along.
    """

    q: F  # (n, p)
    turn: F  # (p, p)
    size: F  # (p,)

    def row(self, row: F) -> F:
        """Return rows (..., p) over the columns of x as rows over those of q."""
        return np.asarray(np.linalg.solve(self.turn.T, (row / self.size).T).T)

    @property
    def log_det(self) -> float:
        """What log |X'V^-1 X| has beyond log |Q'V^-1 Q|."""
        return 2.0 * float(np.log(np.abs(np.diag(self.turn))).sum() + np.log(self.size).sum())


def turned(x: F) -> Turned:
    """Return x (n, p) of full rank, turned."""
    size = np.linalg.norm(x, axis=0)
    return Turned(*np.linalg.qr(x / size), size)


def by_ordinary(design: Design, level: float) -> Answers:
    """Return the answers of ordinary least squares."""
    basis = turned(design.x)
    found = ordinary.fit(basis.q, design.y)
    kind = " (ANCOVA)" if design.covariates and design.factors else ""
    return Answers(
        f"ordinary least squares{kind}, rows independent, exact t and F with {found.df} df",
        lambda row: ordinary.estimate(found, basis.row(row), level=level),
        lambda rows: ordinary.joint(found, basis.row(rows)),
        found.reml_criterion + basis.log_det,
        {"structure": "independent", "residual": found.variance},
    )


def by_visits(
    asked: Asked, design: Design, subject: Groups, visit: Factor, level: float
) -> Answers:
    """Return the answers of a mixed model for repeated measures. Raises Refused."""
    many = len(visit.levels)
    basis = turned(design.x)
    found = repeated.fit(
        basis.q,
        design.y,
        subject.codes,
        visit.codes,
        asked.covariance,
        visits=many,
        names=visit.levels,
    )
    linear = found.curvature is None and asked.df == inference.KENWARD_ROGER
    method = (
        f"mixed model for repeated measures by REML, {asked.covariance} covariance of {many} "
        f"visits within {subject.name}, {SAID[inference.LINEAR if linear else asked.df]}"
    )
    covariance = {
        "structure": asked.covariance,
        "visits": list(visit.levels),
        "matrix": np.asarray(found.variance["visits"]).tolist(),
    }
    return _mixed(found, basis, asked, method, covariance, level)


def by_groups(table: Table, asked: Asked, design: Design, kinds: Kinds, level: float) -> Answers:
    """Return the answers of a linear mixed model with random effects. Raises Refused."""
    terms = tuple(_term(table, n, asked, design, kinds) for n in range(len(asked.random)))
    basis = turned(design.x)
    found = random.fit(basis.q, design.y, terms)
    method = (
        "linear mixed model by REML, random effects "
        f"{'; '.join(one.text for one in _once(asked.random))}, {SAID[asked.df]}"
    )
    covariance: dict[str, Any] = {"structure": "random effects"}
    covariance["random"] = [
        {
            "group": ":".join(one.group),
            "terms": list(term.columns),
            "matrix": np.asarray(found.variance[term.name]).tolist(),
            "correlated": one.correlated,
            "levels": len(np.unique(term.group)),
        }
        for one, term in zip(asked.random, terms, strict=True)
    ]
    covariance["residual"] = found.variance["residual"]
    return _mixed(found, basis, asked, method, covariance, level)


def _mixed(
    found: Fit,
    basis: Turned,
    asked: Asked,
    method: str,
    covariance: Mapping[str, Any],
    level: float,
) -> Answers:
    return Answers(
        method,
        lambda row: inference.estimate(found, basis.row(row), asked.df, level=level),
        lambda rows: inference.joint(found, basis.row(rows), asked.df),
        found.reml_criterion + basis.log_det,
        covariance,
        found.notes,
    )


def _once(asked: tuple[Random, ...]) -> list[Random]:
    return list({one.text: one for one in asked}.values())


def _term(
    table: Table, number: int, asked: Asked, design: Design, kinds: Kinds
) -> random.RandomTerm:
    one = asked.random[number]
    names = [name for term in one.terms for name in term]
    factors: dict[str, Factor] = {}
    covariates: dict[str, F] = {}
    for name in dict.fromkeys(names):
        if is_number(table, name, kinds):
            covariates[name] = table.numbers(name)[design.used]
        else:
            factors[name] = factor_of(table, name, design.used, kinds)
    z, columns, _ = columns_of(one.terms, factors, covariates, len(design.used))
    group = groups(table, one.group, design.used)
    same = [n for n, other in enumerate(asked.random) if other.group == one.group]
    title = group.name if len(same) == 1 else f"{group.name} {same.index(number) + 1}"
    return random.RandomTerm(title, z, columns, group.codes, one.correlated)
