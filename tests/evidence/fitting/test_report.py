"""What a reader is told of a fit.

source: arithmetic on the fit that is reported.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import t

from assuage.evidence.fitting.report import Tree, estimates, interval, tree_of
from evidence.fitting.studies import theophylline


@cache
def tree() -> Tree:
    return tree_of(theophylline())


def rows() -> dict[str, Tree]:
    return {row["name"]: row for row in tree()["estimates"]}


def test_every_estimate_has_a_row_in_the_units_of_the_model() -> None:
    fit = theophylline().fit
    assert list(rows()) == [*fit.names[:-1], "additive error theophylline"]
    assert rows()["CL"]["unit"] == "L/h"
    assert rows()["CL"]["estimate"] == pytest.approx(np.exp(fit.packed[1]))
    assert rows()["CL"]["rse_percent"] == pytest.approx(100.0 * fit.error[1])
    omega = rows()["omega V"]
    assert omega["cv_percent"] == pytest.approx(100.0 * np.sqrt(np.expm1(omega["estimate"] ** 2)))
    assert omega["shrinkage_percent"] == pytest.approx(
        100.0 * theophylline().checks.eta_shrinkage[2]
    )


def test_intervals_are_student_s_on_the_log_scale() -> None:
    fit = theophylline().fit
    for level in (0.90, 0.95):
        half = t.ppf(0.5 + level / 2.0, 11) * fit.error[1]
        low, high = interval(fit, 1, level)
        assert (low, high) == pytest.approx((fit.packed[1] - half, fit.packed[1] + half))
    assert rows()["CL"]["interval_90"] == pytest.approx([np.exp(v) for v in interval(fit, 1, 0.90)])
    assert (
        rows()["CL"]["interval_95"][0] < rows()["CL"]["interval_90"][0] < rows()["CL"]["estimate"]
    )


def test_criteria_follow_from_the_likelihood() -> None:
    told = tree()["likelihood"]
    deviance = -2.0 * theophylline().fit.level.log_likelihood
    assert told["minus_2_log"] == pytest.approx(deviance)
    assert told["aic"] == pytest.approx(deviance + 14.0)
    assert told["bic"] == pytest.approx(deviance + 7.0 * np.log(12.0))


def test_the_tree_is_json_and_accounts_for_every_row() -> None:
    assert json.loads(json.dumps(tree(), allow_nan=False)) == tree()
    data = tree()["data"]
    left = sum(data["left_out"].values())
    assert data["rows_read"] == data["dose_rows"] + data["samples"] + left


def test_what_the_data_hardly_inform_is_said() -> None:
    whole = theophylline()
    assert not any("hardly inform" in one for one in tree()["warnings"])
    error = whole.fit.error.copy()
    error[0] = 0.8
    loose = tree_of(replace(whole, fit=replace(whole.fit, error=error)))
    assert any("hardly inform ka" in one for one in loose["warnings"])
    shrunk = replace(whole.checks, eta_shrinkage=np.array([0.05, 0.6, 0.1]))
    told = tree_of(replace(whole, checks=shrunk))["warnings"]
    assert any("omega CL: 60 % shrinkage" in one for one in told)
    left = replace(whole.data, left_out={"MDV 1": 3})
    assert any("3 rows" in one for one in tree_of(replace(whole, data=left))["warnings"])


def test_what_is_held_is_told_apart() -> None:
    whole = theophylline()
    plan = replace(whole.plan, fixed=("ka",))
    held = tree_of(replace(whole, plan=plan))["fixed"]
    assert held == [{"name": "ka", "value": 1.0, "unit": "1/h", "varies": True}]
    assert tree()["fixed"] == []
    assert len(estimates(whole)) == 7
