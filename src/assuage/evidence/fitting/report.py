"""A fit as one tree of plain values: the same for JSON, the page and the terminal.

Standard errors hold on the scale that a quantity is estimated on: the log for typical values,
SDs and residual errors, the logit for shares, the inverse hyperbolic tangent for correlations.
Intervals are taken there and carried over, with Student's t on people - 1 degrees of freedom. A
relative standard error is that of the quantity itself to first order.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import assuage
from assuage.evidence.fitting.run import Outcome
from assuage.kinetics.saem.fit import Fit
from assuage.kinetics.structure import base_factor
from assuage.knowledge.schema.model import Model

LOOSE_PERCENT = 50.0  # a relative standard error above it: the data hardly say
SHRUNK = 0.3  # above it modes tell of the population more than of the person
LEVELS = (0.90, 0.95)

Tree = dict[str, Any]


def tree_of(outcome: Outcome) -> Tree:
    """Return everything that a reader is told."""
    fit, data = outcome.fit, outcome.data
    rows = estimates(outcome)
    count = len(fit.names)
    deviance = -2.0 * fit.level.log_likelihood
    return {
        "assuage": assuage.__version__,
        "model": {"id": outcome.model.id, "name": outcome.model.name},
        "data": {
            "file": data.name,
            "rows_read": data.rows,
            "people": len(data.people),
            "dose_rows": data.dose_rows,
            "samples": data.samples,
            "below_quantification": data.censored,
            "left_out": dict(data.left_out),
            "columns_not_read": list(data.unread),
            "units": {
                "time": outcome.meaning.time_unit,
                "amount": outcome.meaning.amount_unit,
                "concentration": outcome.meaning.concentration_unit,
            },
        },
        "error": dict(outcome.plan.forms),
        "estimates": rows,
        "fixed": _fixed(outcome),
        "likelihood": {
            "minus_2_log": deviance,
            "monte_carlo_sd": 2.0 * fit.level.error,
            "aic": deviance + 2.0 * count,
            "bic": deviance + count * float(np.log(len(data.people))),
            "estimated": count,
            "draws": fit.level.draws,
            "fewest_effective_draws": fit.level.effective,
        },
        "convergence": {
            "rounds": len(fit.path.rounds),
            "burn_in": fit.path.burn_in,
            "chains": fit.path.chains,
            "furthest_from_maximum_se": float(np.abs(fit.away).max()),
            "accepted": {name: float(one) for name, one in fit.path.accepted.items()},
        },
        "seed": fit.seed,
        "shrinkage": _shrinkage(outcome),
        "warnings": _warnings(outcome, rows),
    }


@cache
def _quantile(level: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2.0))


def interval(fit: Fit, place: int, level: float) -> tuple[float, float]:
    """Return an interval of a coordinate on the scale of `pack`."""
    half = _quantile(level, max(fit.problem.people - 1, 1)) * float(fit.error[place])
    return float(fit.packed[place]) - half, float(fit.packed[place]) + half


def estimates(outcome: Outcome) -> list[Tree]:
    """Return one row for each estimated quantity, in the units of the model's file."""
    fit, problem = outcome.fit, outcome.fit.problem
    shrinkage = dict(
        zip(
            (problem.names[one] for one in problem.random),
            outcome.checks.eta_shrinkage,
            strict=True,
        )
    )
    measured = [one.name for one in outcome.model.analyte if one.name in outcome.plan.forms]
    found = []
    for place, name in enumerate(fit.names):
        kind, _, rest = name.partition(" ")
        row = _row(outcome.model, fit, place)
        if kind == "omega":
            row |= {"name": f"omega {rest}", "what": "SD between people", "unit": "1"}
            row["shrinkage_percent"] = 100.0 * float(shrinkage[rest])
            row["cv_percent"] = _cv(outcome.model, rest, row["estimate"])
        elif kind == "correlation":
            row |= {"name": f"correlation {rest}", "what": "correlation", "unit": "1"}
        elif "error" in name.split(" ")[:2]:
            number = name.rpartition(" ")[2]
            analyte = measured[int(number) - 1 if number.isdigit() else 0]
            unit = "mg/L" if kind == "additive" else "1"
            row |= {"name": f"{kind} error {analyte}", "what": "residual SD", "unit": unit}
        else:
            row |= {
                "name": name,
                "what": "typical value",
                "unit": outcome.model.parameter[name].unit,
            }
        found.append(row)
    return found


def _cv(model: Model, name: str, omega: float) -> float | None:
    if model.parameter[name].scale == "logit":
        return None
    return 100.0 * float(np.sqrt(np.expm1(omega**2)))


def _row(model: Model, fit: Fit, place: int) -> Tree:
    name = fit.names[place]
    error = float(fit.error[place])
    center = float(fit.packed[place])
    kind = name.partition(" ")[0]
    typical = name in model.parameter
    logit = typical and model.parameter[name].scale == "logit"
    factor = base_factor(model.parameter[name].unit) if typical else 1.0

    def natural(value: float) -> float:
        if kind == "correlation":
            return float(np.tanh(value))
        if logit:
            return float(1.0 / (1.0 + np.exp(-value)))
        return float(np.exp(value)) / factor

    estimate = natural(center)
    share = 1.0 - estimate if logit else 1.0
    rse = None if kind == "correlation" else 100.0 * error * share
    row: Tree = {"name": name, "estimate": estimate, "rse_percent": rse}
    for level in LEVELS:
        low, high = interval(fit, place, level)
        row[f"interval_{level:.0%}".replace("%", "")] = [natural(low), natural(high)]
    row["shrinkage_percent"] = row["cv_percent"] = None
    return row


def _fixed(outcome: Outcome) -> list[Tree]:
    return [
        {
            "name": name,
            "value": one.value,
            "unit": one.unit,
            "varies": name in outcome.plan.random,
        }
        for name, one in outcome.model.parameter.items()
        if name in outcome.plan.fixed
    ]


def _shrinkage(outcome: Outcome) -> Tree:
    problem, checks = outcome.fit.problem, outcome.checks
    names = [problem.names[one] for one in problem.random]
    measured = [one.name for one in outcome.model.analyte if one.name in outcome.plan.forms]
    etas = zip(names, checks.eta_shrinkage, strict=True)
    residuals = zip(measured, checks.residual_shrinkage, strict=True)
    return {
        "etas_percent": {name: 100.0 * float(one) for name, one in etas},
        "residuals_percent": {
            name: None if np.isnan(one) else 100.0 * float(one) for name, one in residuals
        },
    }


def _warnings(outcome: Outcome, rows: list[Tree]) -> list[str]:
    found = []
    for row in rows:
        if row["rse_percent"] is not None and row["rse_percent"] > LOOSE_PERCENT:
            found.append(
                f"the data hardly inform {row['name']}: its relative standard error is "
                f"{row['rse_percent']:.0f} %"
            )
        shrunk = row["shrinkage_percent"]
        if shrunk is not None and shrunk > 100.0 * SHRUNK:
            found.append(
                f"{row['name']}: {shrunk:.0f} % shrinkage, so people's own values lie near the "
                "typical one whatever they are"
            )
    if len(outcome.data.people) < len(outcome.fit.names):
        found.append("there are fewer people than estimates; standard errors are then too small")
    for reason, count in outcome.data.left_out.items():
        found.append(f"{count} rows weren't used: {reason}")
    return found
