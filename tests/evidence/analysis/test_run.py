"""A table and a question become the numbers of SAS, and no others under another coding.

source: published numbers of antidepressant data (SAS PROC MIXED and R mmrm 0.3.18 and nlme::gls;
Siddiqui, Hung and O'Neill 2009 use the same data) and of fev_data (SAS, in the mmrm package), run
where those data are beside the checkout; R 4.2.2 nlme::gls for the example.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.analysis.table import read
from assuage.refusals import Refused
from evidence.analysis.asking import asked, table, trial
from evidence.mixed.trials import ANTIDEPRESSANT, SHARED

MODEL = "pain ~ arm * visit + baseline"
MMRM: dict[str, Any] = {"repeated": "visit | id", "means": ("arm | visit", "arm")}


def test_the_example_has_the_estimates_of_gls() -> None:
    """source: gls(pain ~ arm*v + baseline, corSymm(~t|id), varIdent(~1|v), REML); emmeans pairs."""
    found = asked(trial(), MODEL, contrasts="pairwise", **MMRM).tree()
    assert found["reml_criterion"] == pytest.approx(591.236476, abs=2e-6)
    shown = [round(one["estimate"], 4) for one in found["contrasts"][:12]]
    wanted = [-2.0197, -2.2704, -0.2507, -1.6181, -1.5634, 0.0547]
    assert shown == [*wanted, -1.0698, -0.9053, 0.1644, -0.5788, -0.4842, 0.0946]


def flat(found: Any) -> dict[str, list[float]]:
    tree = found.tree()
    told = {
        part: [one[key] for one in tree[part] for key in keys]
        for part, keys in (
            ("tests", ("df1", "df2", "F", "p")),
            ("means", ("estimate", "se", "df")),
            ("contrasts", ("estimate", "se", "df", "p", "low", "high")),
        )
    }
    return told | {"criterion": [tree["reml_criterion"]]}


@pytest.mark.parametrize(
    "more",
    [
        {"repeated": "visit | id"},
        {"repeated": "visit | id", "covariance": "heterogeneous-ar1"},
        {"random": ("1 + number(visit) | id",), "model": "pain ~ arm * number(visit) + site"},
        {"factors": ("visit",)},
    ],
    ids=["unstructured", "ar1", "random", "ordinary"],
)
def test_coding_and_reference_change_no_answer(more: dict[str, Any]) -> None:
    question = {"model": MODEL, "means": ("arm",), "contrasts": "pairwise"} | more
    first = asked(trial(), **question)
    other = asked(trial(), **question, coding="sum")
    assert flat(first) == flat(other)
    assert first.tree()["fixed"] != other.tree()["fixed"]
    turned = asked(trial(), **question, levels=("arm=placebo, low, high",))
    for part in ("tests", "criterion"):
        assert flat(turned)[part] == pytest.approx(flat(first)[part], rel=2e-5)
    means = np.reshape(flat(turned)["means"], (-1, 3))[::-1]
    assert means == pytest.approx(np.reshape(flat(first)["means"], (-1, 3)), rel=2e-5)


def test_sum_to_zero_coefficients_are_deviations_from_the_mean_of_means() -> None:
    found = asked(trial(), MODEL, coding="sum", **MMRM).tree()
    fixed = {one["term"]: one["estimate"] for one in found["fixed"]}
    cells = np.array([one["estimate"] for one in found["means"][:12]]).reshape(4, 3)
    assert fixed["arm[high]"] == pytest.approx((cells.mean(axis=0) - cells.mean())[0])
    assert fixed["visit[8]"] == pytest.approx((cells.mean(axis=1) - cells.mean())[2])
    both = cells - cells.mean(axis=0) - cells.mean(axis=1)[:, None] + cells.mean()
    assert fixed["arm[low]:visit[4]"] == pytest.approx(both[1, 1])


def test_the_order_of_rows_does_not_matter() -> None:
    source = trial()
    order = np.random.default_rng(1).permutation(len(source.rows))
    cells = {name: tuple(column[n] for n in order) for name, column in source.cells.items()}
    mixed = type(source)(source.name, cells, tuple(source.rows[n] for n in order))
    one, other = (flat(asked(each, MODEL, **MMRM)) for each in (source, mixed))
    for part, values in one.items():
        assert other[part] == pytest.approx(values, rel=1e-6)


def test_the_paired_t_test_is_a_special_case() -> None:
    """Two visits of everybody: the difference of the visits is the paired t test, exactly."""
    from scipy import stats

    draw = np.random.default_rng(5)
    first = draw.normal(6.0, 2.0, 14)
    second = 0.5 * first + draw.normal(1.0, 3.0, 14)
    rows = "".join(
        f"{n},{v},{float(y):.12f}\n"
        for n, pair in enumerate(zip(first, second, strict=True))
        for v, y in enumerate(pair)
    )
    found = asked(
        table("id,v,y\n" + rows), "y ~ v", repeated="v | id", means=("v",), contrasts="pairwise"
    ).tree()
    (one,) = found["contrasts"]
    wanted = stats.ttest_rel(first, second)
    assert (one["t"], one["df"], one["p"]) == pytest.approx(
        (wanted.statistic, 13, wanted.pvalue), rel=1e-6
    )


def test_everything_that_was_left_out_is_told() -> None:
    found = asked(trial(), MODEL, **MMRM)
    tree = found.tree()
    assert tree["data"]["rows_read"] == 240
    assert tree["data"]["rows_analysed"] == 202
    assert tree["data"]["left_out"] == {"pain is missing": 38}
    assert tree["data"]["participants"] == 60
    assert tree["data"]["participants_analysed"] == 55
    assert tree["data"]["seen_once"] == 2


def test_visits_that_nobody_shares_are_refused_and_nothing_is_fitted_instead() -> None:
    rows = "".join(
        f"{n},{v},{n * n % 7 + n * v % 5}\n"
        for n in range(20)
        for v in ((1, 2) if n % 2 else (2, 3))
    )
    found = table("id,v,y\n" + rows)
    with pytest.raises(Refused, match="both at 1 and 3") as caught:
        asked(found, "y ~ v", repeated="v | id")
    assert caught.value.code == "FIT_IMPOSSIBLE"
    assert asked(found, "y ~ v", repeated="v | id", covariance="ar1").tree()["fixed"]


CELL = st.sampled_from(
    ["", ".", "NA", "1", "2", "2.0", "-3", "x", "X", "1,5", "nan", "1e308", "p q"]
)
MORE: list[dict[str, Any]] = [
    {"repeated": "visit | id"},
    {"random": ("1 | id",)},
    {"means": ("arm",), "contrasts": "pairwise"},
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=12))
def test_no_table_gives_anything_but_an_analysis_or_a_refusal(rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "visit", "arm", "y"), *rows])
    for more in MORE:
        try:
            found = asked(table(text.getvalue()), "y ~ arm", **more).tree()
        except Refused:
            continue
        told = [one for part in ("fixed", "means", "contrasts") for one in found[part]]
        assert all(np.isfinite([one["estimate"], one["se"], one["p"]]).all() for one in told)


if SHARED.is_dir():
    DRUG = {"contrasts": "pairwise", "means": ("THERAPY | VISIT",), "repeated": "VISIT | PATIENT"}

    def antidepressant(**more: Any) -> Any:
        found = read(SHARED / "antidepressant_hamd17.csv")
        return asked(found, "CHANGE ~ BASVAL*VISIT + THERAPY*VISIT", **DRUG, **more).tree()

    def test_the_antidepressant_trial_has_the_numbers_of_sas() -> None:
        """source: SAS PROC MIXED and nlme::gls, see the head of the file."""
        found = antidepressant()
        assert found["reml_criterion"] == pytest.approx(3494.20285, abs=1e-4)
        diagonal = [found["covariance"]["matrix"][n][n] for n in range(4)]
        assert diagonal == pytest.approx([19.6845, 34.2105, 38.4363, 45.2587], abs=1e-4)
        means = {
            tuple(one["levels"].values()): (round(one["estimate"], 4), round(one["se"], 4))
            for one in found["means"]
        }
        assert means["DRUG", "7"] == (-7.6239, 0.7914)
        assert means["PLACEBO", "7"] == (-4.8221, 0.7785)
        shown = [round(one["estimate"], 4) for one in found["contrasts"]]
        assert shown == [0.0918, -1.4032, -2.2247, -2.8018]
        errors = [round(one["se"], 4) for one in found["contrasts"]]
        assert errors == [0.6826, 0.9244, 1.0008, 1.1163]
        last = found["contrasts"][-1]
        assert (last["contrast"], last["at"]) == ("DRUG - PLACEBO", {"VISIT": "7"})
        assert last["df"] == pytest.approx(150.1, abs=0.05)
        assert round(last["p"], 4) == 0.0131
        assert antidepressant(df="satterthwaite")["contrasts"][-1]["p"] == pytest.approx(
            0.012957, abs=1e-5
        )

    @pytest.mark.parametrize("name", ANTIDEPRESSANT)
    def test_all_structures_have_the_numbers_of_mmrm(name: str) -> None:
        found = antidepressant(covariance=name)
        last = found["contrasts"][-1]
        wanted = ANTIDEPRESSANT[name]
        told = (found["reml_criterion"], last["estimate"], last["se"], last["df"])
        assert told[0] == pytest.approx(wanted[0], abs=1e-3)
        assert told[1:] == pytest.approx(wanted[1:], rel=1e-4)

    def test_fev_has_the_numbers_of_sas() -> None:
        """source: SAS PROC MIXED and mmrm 0.3.18 (Satterthwaite); SAS ddfm=kr for the arm alone."""
        found = read(SHARED / "fev.csv")
        one = {"repeated": "AVISIT | USUBJID", "levels": ("ARMCD=PBO, TRT",)}
        full = asked(found, "FEV1 ~ RACE + SEX + ARMCD * AVISIT", df="satterthwaite", **one).tree()
        assert full["reml_criterion"] == pytest.approx(3386.44988, abs=1e-4)
        arm = next(each for each in full["fixed"] if each["term"] == "ARMCD[TRT]")
        assert arm["estimate"] == pytest.approx(3.7744, abs=2e-4)
        assert arm["se"] == pytest.approx(1.0741, abs=2e-4)
        assert arm["df"] == pytest.approx(145.55, abs=0.02)
        plain = asked(found, "FEV1 ~ ARMCD", **one).tree()["fixed"][1]
        assert plain["estimate"] == pytest.approx(3.81972492, rel=1e-4)
        assert plain["se"] == pytest.approx(0.66124382, rel=1e-4)
        assert plain["df"] == pytest.approx(160.7333, rel=3e-4)
