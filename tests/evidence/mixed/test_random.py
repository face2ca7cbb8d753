"""Mixed models with random effects against R, closed forms, whole matrices and themselves.

source: R's numbers stand in LMER with the calls that gave them, a closed form is named where it is
used, and every other number is a bound on rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.mixed import inference, repeated
from assuage.evidence.mixed.fitted import Fit
from assuage.evidence.mixed.random import RandomTerm, fit
from assuage.refusals import Refused
from evidence.mixed.random_designs import (
    Data,
    as_expected,
    column,
    criterion,
    crossed,
    derivatives,
    growth,
    judged,
    nested,
    noise,
    term,
)

# source: R 4.2.2, lme4 1.1.31 lmer (REML, bobyqa, rhoend 1e-11) with coef(summary(m)) of lmerTest
# 3.1.3 (Satterthwaite) and of ddf = "Kenward-Roger" (pbkrtest 0.5.2), on the data that
# random_designs makes in both languages. Each: -2 res log L, theta in our order, estimates,
# standard errors, df; then Kenward-Roger's standard errors and df.
LMER = {
    "intercepts and slopes": (
        growth(2.0, 0.2, 0.6),
        471.996023195,
        [3.583697738, 1.124737799, 0.646546613, 0.940961488],
        [20.676853318, -1.069613231, -0.993324034, 0.347872831],
        [0.640082265, 0.260077997, 0.905081921, 0.367764551],
        [18.3390718, 18.0735876, 18.3315097, 18.0682102],
        [0.640474503, 0.260145167, 0.905539817, 0.367825105],
        [17.9768949, 17.9990242, 17.9700131, 17.9938373],
    ),
    "uncorrelated": (
        growth(2.0, 0.2, 0.6, correlated=False),
        481.992386106,
        [3.858883547, 0.695508995, 0.932401826],
        [20.663873695, -1.066188054, -0.938922597, 0.335485808],
        [0.661659379, 0.269415321, 0.935360588, 0.380893761],
        [18.3266055, 18.0881482, 18.3019322, 18.0685229],
        [0.661775172, 0.269435715, 0.935495547, 0.380912230],
        [18.1254986, 18.1399853, 18.1011085, 18.1204549],
    ),
    "crossed": (
        crossed(),
        893.074382497,
        [1.847207776, 0.860961128, 0.111651289, 0.381084129, 1.108037784],
        [4.7920614198, 0.0179904574],
        [0.371318411, 0.191368859],
        [28.1496310, 11.1593844],
        [0.371347541, 0.191462798],
        [27.8636572, 10.9639501],
    ),
    "nested": (
        nested(),
        430.466288771,
        [1.35171199, 1.92020451, 1.07868873],
        [2.851890145, 0.903863378],
        [0.535080787, 0.487691826],
        [11.0743220, 31.0809066],
        [0.535487114, 0.489575920],
        [10.9072361, 31.5577962],
    ),
}
METHODS = ["satterthwaite", "kenward-roger"]


def fitted(data: Data) -> Fit:
    return fit(data.x, data.y, data.terms)


@pytest.mark.parametrize("case", LMER)
def test_it_is_lmer_s_fit_with_lmertest_s_degrees_of_freedom(case: str) -> None:
    data, value, theta, beta, se, df, _, _ = LMER[case]
    found = fitted(data)
    assert found.reml_criterion == pytest.approx(value, abs=1e-8)
    np.testing.assert_allclose(found.theta, theta, rtol=2e-6)
    np.testing.assert_allclose(found.estimate, beta, rtol=1e-6)
    rows = [inference.estimate(found, row, "satterthwaite") for row in np.eye(len(beta))]
    np.testing.assert_allclose([one.se for one in rows], se, rtol=1e-6)
    np.testing.assert_allclose([one.df for one in rows], df, rtol=1e-6)
    assert found.slope < 1e-6
    assert (found.rows, found.rank) == data.x.shape


@pytest.mark.parametrize("case", LMER)
def test_kenward_roger_is_pbkrtest_s_once_it_takes_the_expected_information(case: str) -> None:
    """pbkrtest weighs by the expected information, we by the observed, as SAS does.

    With W exchanged every number agrees; with our own it must not on these unbalanced data, and
    differ by little.
    """
    data, *_, se, df = LMER[case]
    found = fitted(data)
    rows = np.eye(len(se))
    theirs = [inference.estimate(as_expected(data, found), row, "kenward-roger") for row in rows]
    np.testing.assert_allclose([one.se for one in theirs], se, rtol=1e-5)
    np.testing.assert_allclose([one.df for one in theirs], df, rtol=1e-4)
    ours = [inference.estimate(found, row, "kenward-roger") for row in rows]
    np.testing.assert_allclose([one.se for one in ours], se, rtol=1e-2)
    assert max(abs(one.df / value - 1.0) for one, value in zip(ours, df, strict=True)) > 1e-4


@given(
    seed=st.integers(0, 10_000),
    levels=st.tuples(st.integers(3, 7), st.integers(3, 6)),
    kind=st.sampled_from(["one", "slopes", "uncorrelated", "crossed", "nested", "both"]),
)
@settings(max_examples=30, deadline=None)
def test_whole_matrices_agree_where_the_search_ends(
    seed: int, levels: tuple[int, int], kind: str
) -> None:
    """Its gradient vanishes there, W inverts its information, and nothing near is more likely."""
    random = np.random.default_rng(seed)
    a = np.arange(60) % (levels[0] * 2)
    b = a // 2 if kind == "nested" else random.permutation(np.arange(60) % levels[1])
    t = random.normal(size=60)
    slopes = {"slopes": True, "uncorrelated": False, "both": True}
    first = term("a", a, *([t] if kind in slopes else []), correlated=slopes.get(kind, True))
    terms = (first, term("b", b)) if kind in ("crossed", "nested", "both") else (first,)
    y = t + 1.5 * random.normal(size=15)[a] + random.normal(size=15)[b]
    y = y + random.normal(size=15)[a] * t + random.normal(size=60)
    data = Data(np.column_stack([np.ones(60), t]), y, terms)
    found = fitted(data)
    must = judged(data, found.theta)
    parts = derivatives(terms)
    v = np.einsum("k,kij->ij", found.theta, parts)
    assert found.reml_criterion == pytest.approx(criterion(data, v), abs=1e-7)
    np.testing.assert_allclose(found.estimate, must.beta, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.covariance, must.phi, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.first, must.first, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.second, must.second, rtol=1e-5, atol=1e-5)
    if found.notes:  # at the edge: see test_random_edge
        return
    scale = np.sqrt(np.diag(found.theta_covariance))
    assert np.abs(must.gradient * scale).max() < 1e-5
    np.testing.assert_allclose(
        found.theta_covariance @ must.observed, np.eye(len(scale)), rtol=1e-4, atol=1e-4
    )
    for _ in range(20):
        near = v + 1e-2 * np.einsum("k,kij->ij", random.normal(size=len(scale)), parts)
        if np.linalg.eigvalsh(near)[0] > 0.0:
            assert criterion(data, near) >= found.reml_criterion - 1e-7


@pytest.mark.parametrize("method", METHODS)
def test_a_balanced_one_way_layout_has_the_closed_form(method: str) -> None:
    """source: Searle, Casella, McCulloch, Variance Components (1992), 3.5: mean squares."""
    groups, size = 9, 5
    group = np.repeat(np.arange(groups), size)
    y = (2.0 * noise(61, groups)[group] + noise(62, groups * size)).round(3)
    table = y.reshape(groups, size)
    between = size * table.mean(axis=1).var(ddof=1)
    within = table.var(axis=1, ddof=1).mean()
    found = fit(np.ones((len(y), 1)), y, (term("1 | g", group),))
    np.testing.assert_allclose(found.theta, [(between - within) / size, within], rtol=1e-9)
    variances = np.array([2 * between**2 / (groups - 1), 2 * within**2 / (groups * (size - 1))])
    both = (variances[0] + variances[1]) / size**2
    must = np.array([[both, -variances[1] / size], [-variances[1] / size, variances[1]]])
    np.testing.assert_allclose(found.theta_covariance, must, rtol=1e-7)
    mean = inference.estimate(found, np.ones(1), method)
    assert mean.estimate == pytest.approx(float(y.mean()), rel=1e-12)
    assert mean.se == pytest.approx(float(np.sqrt(between / len(y))), rel=1e-9)
    assert mean.df == pytest.approx(groups - 1, rel=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_two_rows_for_each_person_is_the_paired_t_test(method: str) -> None:
    """source: Student's paired t, written here from its formula."""
    people = 11
    person, after = np.repeat(np.arange(people), 2), np.tile([0.0, 1.0], people)
    y = (3.0 * noise(63, people)[person] + 0.8 * after + noise(64, 2 * people)).round(3)
    found = fit(np.column_stack([np.ones(len(y)), after]), y, (term("1 | id", person),))
    change = y[1::2] - y[0::2]
    se = change.std(ddof=1) / np.sqrt(people)
    mine = inference.estimate(found, np.array([0.0, 1.0]), method)
    assert found.notes == ()
    assert mine.estimate == pytest.approx(float(change.mean()), rel=1e-10)
    assert mine.se == pytest.approx(float(se), rel=1e-8)
    assert mine.df == pytest.approx(people - 1, rel=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_a_balanced_split_plot_has_the_f_tests_of_its_analysis_of_variance(method: str) -> None:
    """source: the split-plot analysis of variance, its mean squares taken here from the data.

    Three varieties on whole plots in six blocks, four doses on the plots' quarters.
    """
    block, variety, dose = (one.ravel() for one in np.indices((6, 3, 4)))
    plot = 3 * block + variety
    y = 5.0 * noise(65, 6)[block] + 3.0 * noise(66, 18)[plot] + 2.0 * dose + variety
    y = (y + noise(67, 72)).round(3)
    cells = np.eye(12)[4 * variety + dose]
    found = fit(cells, y, (term("1 | block", block), term("1 | plot", plot)))
    assert found.notes == ()
    table = y.reshape(6, 3, 4)
    grand = table.mean()
    v, d, b = table.mean(axis=(0, 2)), table.mean(axis=(0, 1)), table.mean(axis=(1, 2))
    plots = table.mean(axis=2)
    whole = 4 * np.sum((plots - v[None, :] - b[:, None] + grand) ** 2) / 10
    mean = table.mean(axis=0)
    left = table - plots[:, :, None] - mean[None] + v[None, :, None]
    split = np.sum(left**2) / 45
    of_variety = np.array([np.repeat([1.0, -1.0, 0.0], 4), np.repeat([0.0, 1.0, -1.0], 4)])
    of_dose = np.array([np.tile(np.eye(4)[k] - np.eye(4)[k + 1], 3) for k in range(3)])
    f_variety = 24 * v.var(ddof=1) / whole
    f_dose = 18 * d.var(ddof=1) / split
    for rows, f, df in ((of_variety, f_variety, (2, 10)), (of_dose, f_dose, (3, 45))):
        test = inference.joint(found, rows, method)
        assert pytest.approx(float(f), rel=1e-7) == test.F
        assert (test.df1, test.df2) == (df[0], pytest.approx(df[1], rel=1e-6))


def test_a_random_intercept_is_compound_symmetry() -> None:
    """source: their V is the same, s I + v J, when the variance is positive."""
    person, visit = np.repeat(np.arange(24), 4), np.tile(np.arange(4), 24)
    arm = (person % 2).astype(float)
    kept = (5 * person + 2 * visit) % 9 > 1
    y = 1.5 * noise(68, 24)[person] + 0.5 * arm * visit + noise(69, 96)
    x = np.column_stack([np.eye(4)[visit], np.eye(4)[visit] * arm[:, None]])[kept]
    mine = fit(x, y[kept], (term("1 | id", person[kept]),))
    theirs = repeated.fit(x, y[kept], person[kept], visit[kept], "compound-symmetry")
    assert mine.notes == ()
    assert mine.reml_criterion == pytest.approx(theirs.reml_criterion, abs=1e-7)
    np.testing.assert_allclose(mine.estimate, theirs.estimate, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(mine.covariance, theirs.covariance, rtol=1e-6, atol=1e-9)
    for row in np.eye(8):
        one = inference.estimate(mine, row, "satterthwaite")
        two = inference.estimate(theirs, row, "satterthwaite")
        assert (one.se, one.df) == (
            pytest.approx(two.se, rel=1e-6),
            pytest.approx(two.df, rel=1e-5),
        )


@pytest.mark.parametrize("shift", [100.0, 2000.0])
def test_when_time_begins_changes_nothing_but_the_intercept(shift: float) -> None:
    data = growth(2.0, 0.2, 0.6)
    here = fitted(data)
    t = data.x[:, 1] + shift
    arm = data.x[:, 2]
    x = np.column_stack([np.ones(len(t)), t, arm, t * arm])
    there = fit(x, data.y, (replace(data.terms[0], z=np.column_stack([np.ones(len(t)), t])),))
    assert there.reml_criterion == pytest.approx(here.reml_criterion, abs=1e-6)
    slope = np.asarray(there.variance["1 + t | id"])[1, 1]
    assert slope == pytest.approx(here.theta[2], rel=1e-6)
    assert "orthogonal" in there.theta_names[0]
    assert "orthogonal" not in here.theta_names[0]
    for method in METHODS:
        for row in ([0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]):
            one = inference.estimate(here, np.array(row), method)
            two = inference.estimate(there, np.array(row), method)
            assert two.estimate == pytest.approx(one.estimate, rel=1e-6)
            assert two.se == pytest.approx(one.se, rel=1e-6)
            assert two.df == pytest.approx(one.df, rel=1e-4)


@pytest.mark.parametrize(("of_y", "of_t"), [(1e6, 1.0), (1e-6, 1.0), (1.0, 1e4), (-1.0, 1e-4)])
def test_units_change_the_numbers_and_not_the_tests(of_y: float, of_t: float) -> None:
    data = growth(2.0, 0.2, 0.6)
    here = fitted(data)
    turn = np.array([1.0, of_t, 1.0, of_t])
    by = replace(data.terms[0], z=data.terms[0].z * np.array([1.0, of_t]))
    there = fit(data.x * turn, data.y * of_y, (by,))
    np.testing.assert_allclose(there.estimate, of_y * here.estimate / turn, rtol=1e-7)
    size = of_y**2 / np.array([1.0, of_t, of_t**2, 1.0])
    np.testing.assert_allclose(there.theta, here.theta * size, rtol=1e-6)
    np.testing.assert_allclose(
        there.theta_covariance, here.theta_covariance * np.outer(size, size), rtol=1e-5
    )
    for method in METHODS:
        one = inference.estimate(here, np.eye(4)[3], method)
        two = inference.estimate(there, np.eye(4)[3], method)
        assert (two.df, abs(two.t)) == (
            pytest.approx(one.df, rel=1e-6),
            pytest.approx(abs(one.t), rel=1e-6),
        )


def test_the_order_of_rows_terms_and_the_names_of_levels_change_nothing() -> None:
    data = crossed()
    here = fitted(data)
    order = np.random.default_rng(1).permutation(len(data.y))
    moved = tuple(
        replace(one, z=one.z[order], group=(1000 - 7 * one.group)[order])
        for one in reversed(data.terms)
    )
    there = fit(data.x[order], data.y[order], moved)
    np.testing.assert_allclose(there.theta, here.theta[[1, 2, 3, 0, 4]], rtol=1e-7)
    np.testing.assert_allclose(there.estimate, here.estimate, rtol=1e-8)
    assert there.people == here.people == 30


def test_two_terms_of_one_grouping_are_one_without_correlation() -> None:
    data = growth(2.0, 0.2, 0.6, correlated=False)
    one = data.terms[0]
    apart = tuple(
        RandomTerm(name, one.z[:, [k]], (name,), one.group) for k, name in enumerate("1t")
    )
    together, split = fitted(data), fit(data.x, data.y, apart)
    np.testing.assert_allclose(split.theta, together.theta, rtol=1e-9)
    np.testing.assert_allclose(split.theta_covariance, together.theta_covariance, rtol=1e-6)
    assert list(split.variance) == ["1", "t", "residual"]


def test_what_a_report_prints_is_named() -> None:
    found = fitted(crossed())
    assert found.theta_names == (
        "1 | s: variance of 1",
        "1 + c | i: variance of 1",
        "1 + c | i: covariance of 1 and t",
        "1 + c | i: variance of t",
        "residual variance",
    )
    np.testing.assert_array_equal(
        found.variance["1 + c | i"],
        [[found.theta[1], found.theta[2]], [found.theta[2], found.theta[3]]],
    )
    assert found.variance["residual"] == found.theta[4]


PERSON = np.repeat(np.arange(10), 4)
TIME = np.tile(np.arange(4.0), 10)
PLAIN = np.column_stack([np.ones(40), TIME])
ROWS = np.arange(40)
UNFIT = {
    "one row for each level": (PLAIN, (term("1 | row", ROWS),), "residual variance"),
    "one level": (PLAIN, (term("1 | all", 0 * ROWS),), "has one level"),
    "the same term twice": (
        PLAIN,
        (term("1 | a", PERSON), term("1 | b", 9 - PERSON)),
        "1 | a: variance of 1; 1 | b: variance of 1",
    ),
    "people who are fixed effects": (
        np.eye(10)[PERSON],
        (term("1 | id", PERSON),),
        "take up all of the 1 | id: variance of 1",
    ),
    "a slope on two times": (
        np.column_stack([np.ones(20), TIME[TIME < 2]]),
        (term("1 + t | id", PERSON[TIME < 2], TIME[TIME < 2]),),
        "residual variance",
    ),
    "a column of nothing": (PLAIN, (term("t | id", PERSON, 0 * TIME),), "zero in every row"),
    "a column twice": (
        PLAIN,
        (term("t | id", PERSON, TIME, 2 * TIME),),
        "a column is a sum of others",
    ),
    "a fixed effect twice": (PLAIN[:, [0, 1, 1]], (term("1 | id", PERSON),), "a sum of others"),
    "no term": (PLAIN, (), "no random effect"),
    "fewer rows than effects": (PLAIN[:2], (term("1 | id", PERSON[:2]),), "2 rows for 2 fixed"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_the_rows_can_t_tell_apart_is_refused(case: str) -> None:
    x, terms, why = UNFIT[case]
    with pytest.raises(Refused) as caught:
        fit(x, noise(70, len(x)), terms)
    assert caught.value.code == "DESIGN_SINGULAR"
    assert why in caught.value.sentence


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["x", "y", "z"])
def test_what_is_no_number_is_refused(bad: float, where: str) -> None:
    x, y, z = PLAIN.copy(), noise(70, 40), column(40)
    {"x": x[:, 1], "y": y, "z": z[:, 0]}[where][3] = bad
    with pytest.raises(Refused) as caught:
        fit(x, y, (RandomTerm("1 | id", z, ("1",), PERSON),))
    assert caught.value.code == "DATA_INVALID"


def test_an_outcome_without_error_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        fit(PLAIN, 3.0 + 2.0 * TIME, (term("1 | id", PERSON),))
    assert caught.value.code == "FIT_IMPOSSIBLE"
    assert "exactly" in caught.value.sentence


def test_more_crossed_effects_than_memory_holds_are_refused() -> None:
    n = 16_000
    groups = (np.arange(n) % 8000, np.arange(n) // 2)
    x = np.ones((n, 1))
    with pytest.raises(Refused) as caught:
        fit(x, np.arange(n) % 3.0, tuple(term(f"1 | {k}", g) for k, g in enumerate(groups)))
    assert caught.value.code == "FIT_IMPOSSIBLE"
    assert "8000" in caught.value.sentence


def test_two_terms_need_two_names() -> None:
    with pytest.raises(ValueError, match="one name"):
        fit(PLAIN, TIME, (term("a", PERSON), term("a", ROWS // 3)))


def test_random_effects_that_explain_every_row_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        fit(PLAIN, 3.0 * noise(71, 10)[PERSON] + TIME, (term("1 | id", PERSON),))
    assert caught.value.code == "FIT_NOT_CONVERGED"
    assert "residual variance goes to zero" in caught.value.sentence
    assert caught.value.remedy
