"""Mixed models asked in words give the numbers of R.

source: R 4.2.2 on examples/data/pain-trial.csv with v = factor(visit), rows with pain only:
lmerTest 3.1-3 anova(type = 3) of lmer(pain ~ arm*visit + baseline + site + (1+visit|id)) with sum
coding; emmeans(lmer.df = "satterthwaite") of lmer(pain ~ arm*v + baseline + site + (1|id));
REMLcrit and VarCorr of lmer(pain ~ arm + visit + (1+visit||id)) and of (1|site/id);
bobyqa, rhoend 1e-10.
"""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from assuage.evidence.analysis.table import Table
from assuage.refusals import Refused
from evidence.analysis.asking import asked, trial


def test_random_slopes_have_the_tests_of_lmertest() -> None:
    found = asked(
        trial(),
        "pain ~ arm * visit + baseline + site",
        random=("1 + visit | id",),
        df="satterthwaite",
    ).tree()
    assert [one["term"] for one in found["tests"]] == [
        *("arm", "visit", "baseline", "site", "arm:visit"),
    ]
    wanted = (21.685216923, 1.138917711, 26.386053657, 0.762855369, 8.707047068)
    assert [one["F"] for one in found["tests"]] == pytest.approx(wanted, rel=1e-5)
    # lmerTest differentiates by finite differences, and the joint df rest on them. Those of
    # several rows hang on which are taken: with sum-to-zero rows arm has 49.90 and not 49.85.
    df = (49.85324440, 45.05933484, 46.92738288, 48.53701727, 44.98166545)
    assert [one["df2"] for one in found["tests"]] == pytest.approx(df, rel=1e-6)
    (random,) = found["covariance"]["random"]
    assert random["terms"] == ["(Intercept)", "visit"]
    assert random["matrix"][0][0] == pytest.approx(0.815291494501, rel=1e-4)
    assert random["matrix"][1][1] == pytest.approx(0.003754999573, rel=1e-4)
    # R's contr.sum columns have 18 times the determinant of treatment columns here: 1/3 for arm,
    # 1/3 for arm:visit, 1/2 for site; the criterion holds log |X'V^-1 X|.
    assert found["reml_criterion"] + 2 * log(18) == pytest.approx(618.6406434, abs=1e-5)


def test_contrasts_with_a_random_intercept_are_those_of_emmeans() -> None:
    found = asked(
        trial(),
        "pain ~ arm * factor(visit) + baseline + site",
        random=("1 | id",),
        df="satterthwaite",
        means=("arm | visit",),
        contrasts="pairwise",
    ).tree()["contrasts"][9:]
    assert [one["estimate"] for one in found] == pytest.approx(
        [-0.6426985670, -0.4896825509, 0.1530160161], rel=1e-5
    )
    assert [one["se"] for one in found] == pytest.approx(
        [0.4229281391, 0.4450795738, 0.4294619754], rel=1e-5
    )
    assert [one["df"] for one in found] == pytest.approx(
        [119.4476803, 132.9780211, 128.3780179], rel=1e-4
    )


@pytest.mark.parametrize(
    ("random", "criterion", "variances"),
    [
        (("1 + visit || id",), 640.036066, [1.038354608282, 0.004363552007]),
        (("1 | site/id",), 642.7396345, [0.0, 1.077636870]),
    ],
)
def test_uncorrelated_and_nested_effects_are_those_of_lme4(
    random: tuple[str, ...], criterion: float, variances: list[float]
) -> None:
    found = asked(trial(), "pain ~ arm + visit", random=random)
    assert found.answers.reml_criterion == pytest.approx(criterion, abs=1e-5)
    matrices = [one["matrix"] for one in found.answers.covariance["random"]]
    diagonal = [matrix[n][n] for matrix in matrices for n in range(len(matrix))]
    assert diagonal == pytest.approx(variances, rel=1e-3, abs=1e-6)


FAR = [
    ({"repeated": "visit | id"}, "pain ~ arm * visit + z"),
    ({"repeated": "visit | id", "covariance": "heterogeneous-ar1"}, "pain ~ arm * (visit + z)"),
    ({"random": ("1 + number(visit) | id",)}, "pain ~ arm * number(visit) + z"),
    ({}, "pain ~ arm * z"),
]


@pytest.mark.parametrize(("more", "model"), FAR)
@pytest.mark.parametrize(("far", "step", "digits"), [(45e3, 1.0, 1e-9), (1.7e9, 3600.0, 1e-7)])
def test_a_covariate_far_from_zero_costs_no_digits(
    more: dict[str, Any], model: str, far: float, step: float, digits: float
) -> None:
    """Moving zero of a covariate changes coefficients that hold at zero and nothing else.

    45e3 is a date as a spreadsheet counts; 1.7e9 is one in seconds, some hours apart, where the
    table itself has lost six of sixteen digits.
    """
    trees = []
    for zero in (0.0, far):
        base = trial()
        z = tuple(repr(zero + step * float(one)) for one in base.cells["baseline"] if one)
        source = Table(base.name, base.cells | {"z": z}, base.rows)
        asked_ = asked(source, model, means=("arm",), contrasts="pairwise", **more)
        trees.append(asked_.tree())
    near, there = trees
    assert there["reml_criterion"] == pytest.approx(near["reml_criterion"], abs=digits)
    for part in ("means", "contrasts"):
        for one, other in zip(near[part], there[part], strict=True):
            for key in ("estimate", "se", "df", "t"):
                assert other[key] == pytest.approx(one[key], rel=digits)
    fixed = [{one["term"]: one for one in tree["fixed"]} for tree in trees]
    for key in ("estimate", "se", "df", "p"):
        assert fixed[1]["z"][key] == pytest.approx(fixed[0]["z"][key], rel=10 * digits)
    moved = fixed[0]["(Intercept)"]["estimate"] - far * fixed[0]["z"]["estimate"]
    assert fixed[1]["(Intercept)"]["estimate"] == pytest.approx(moved, rel=10 * digits)


def test_a_random_effect_that_is_there_twice_is_refused() -> None:
    with pytest.raises(Refused, match="id 1: variance of") as caught:
        asked(trial(), "pain ~ arm", random=("1 | id", "1 | id"))
    assert caught.value.code == "DESIGN_SINGULAR"


def test_two_terms_of_one_group_are_two_uncorrelated_terms() -> None:
    def made(*random: str) -> Any:
        return asked(trial(), "pain ~ arm + visit", random=random).answers.reml_criterion

    assert made("1 | id", "0 + visit | id") == pytest.approx(made("1 + visit || id"), abs=1e-7)


def test_the_structures_of_the_literature_are_named_alike() -> None:
    levels = {}
    for name in ("unstructured", "heterogeneous-toeplitz", "toeplitz", "ar1", "compound-symmetry"):
        found = asked(trial(), "pain ~ arm * visit", repeated="visit | id", covariance=name)
        levels[name] = found.answers.reml_criterion
        assert name in found.answers.method
    # A structure that another one holds within can't fit better.
    assert levels["unstructured"] <= levels["heterogeneous-toeplitz"] <= levels["toeplitz"]
    assert levels["toeplitz"] <= levels["ar1"]
    assert levels["toeplitz"] <= levels["compound-symmetry"]
    same = asked(trial(), "pain ~ arm * factor(visit)", random=("1 | id",))
    assert same.answers.reml_criterion == pytest.approx(levels["compound-symmetry"], abs=1e-6)


def test_a_structure_that_is_not_known_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        asked(trial(), "pain ~ arm", repeated="visit | id", covariance="banded")
    assert caught.value.code == "VALUE_NOT_ALLOWED"
