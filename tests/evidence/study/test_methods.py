"""Each method against arithmetic, another method that must agree, or an independent fit.

source: the rows of made.py, and ordinary least squares by numpy.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assuage.evidence.study.answers import Answer
from assuage.evidence.study.methods import answer, standard
from assuage.evidence.study.schema import Outcome
from assuage.refusals import Refused
from evidence.study import made

ANCOVA = 'how = { method = "ancova", model = "value ~ arm + baseline" }\n'
MAR = 'how = { method = "reference-based" }\n'
JUMP = 'how = { method = "reference-based", drop_outs = "jump-to-reference" }\n'


def drawn(people: int = 30, seed: int = 7) -> list[dict[str, str]]:
    """Rows with noise; nobody is missing."""
    random = np.random.default_rng(seed)
    told = made.rows(people)
    level = random.normal(6, 1, people)
    for place, row in enumerate(told):
        shift = -1.5 if row["arm"] == "drug" and row["visit"] != "start" else 0.0
        row["pain"] = f"{level[place // 3] + shift + random.normal():.2f}"
    return told


def asked(how: str, told: list[dict[str, str]], text: str = made.TEXT) -> Answer:
    view = made.locked(text.replace(made.MMRM, how))
    study = made.study(view.in_force.protocol)
    return answer(study, made.data(view, told), study.protocol.analysis[0])


def by_hand(told: list[dict[str, str]], visit: str = "v1") -> tuple[float, float, float]:
    """Return the difference, its error and p of an analysis of covariance."""
    before = {row["id"]: float(row["pain"]) for row in told if row["visit"] == "start"}
    mine = [row for row in told if row["visit"] == visit and row["pain"]]
    y = np.array([float(row["pain"]) for row in mine])
    arm = np.array([float(row["arm"] == "drug") for row in mine])
    x = np.column_stack([np.ones(len(y)), arm, [before[row["id"]] for row in mine]])
    b, (left,), *_ = np.linalg.lstsq(x, y, rcond=None)
    error = np.sqrt(np.linalg.inv(x.T @ x)[1, 1] * left / (len(y) - 3))
    return b[1], error, 2 * stats.t.sf(abs(b[1] / error), len(y) - 3)


def test_ancova_is_least_squares() -> None:
    (found,) = asked(ANCOVA, drawn()).at_visit()
    estimate, error, p = by_hand(drawn())
    assert found.estimate == pytest.approx(estimate, rel=1e-9)
    assert found.se == pytest.approx(error, rel=1e-9)
    assert found.p == pytest.approx(p, rel=1e-7)


def test_mmrm_of_complete_data_is_the_ancova_of_each_visit() -> None:
    """Known: with an unstructured covariance and everything crossed with the visit."""
    found = asked(made.MMRM, drawn())
    assert found.n == (15, 15)
    for visit, name in ((1, "v1"), (2, "v2")):
        (one,) = [each for each in found.versus if each.visit == visit]
        estimate, error, p = by_hand(drawn(), name)
        assert one.estimate == pytest.approx(estimate, rel=1e-5)
        assert one.se == pytest.approx(error, rel=1e-5)
        assert one.p == pytest.approx(p, rel=1e-3)
        assert one.df == pytest.approx(27, rel=1e-5)


def test_imputation_of_nothing_is_the_ancova() -> None:
    estimate, _, _ = by_hand(drawn())
    for how in (MAR, JUMP):
        (found,) = asked(how, drawn()).at_visit()
        assert found.estimate == pytest.approx(estimate, rel=1e-9)


def test_jumping_to_the_reference_brings_the_arms_nearer() -> None:
    told = drawn()
    for row in told:
        if row["visit"] != "start" and row["id"] in ("p1", "p3", "p5", "p7", "p9"):
            row["pain"] = ""
    mar, jump = (asked(how, told).at_visit()[0].estimate for how in (MAR, JUMP))
    assert mar < jump < 0
    assert jump == pytest.approx(mar * 10 / 15, abs=0.25)  # 5 of 15 get no effect at all


HYPOTHETICAL = '{ name = "rescue", strategy = "hypothetical", assume = "%s" }'
POLICY = '{ name = "rescue", strategy = "treatment-policy" }'


def test_what_is_missing_after_an_event_is_what_its_estimand_says() -> None:
    """The analysis has no say; people who left without an event are another matter."""
    told = drawn()
    for row in told:
        if row["id"] in ("p1", "p3", "p5", "p7", "p9"):
            row["rescue_day"] = "1" if row["visit"] == "start" else ""
    jump, mar = (
        made.TEXT.replace(POLICY, HYPOTHETICAL % one)
        for one in ("jump-to-reference", "missing-at-random")
    )
    by_event = {text: asked(MAR, told, text).at_visit()[0].estimate for text in (jump, mar)}
    assert by_event[mar] < by_event[jump] < 0
    for how in (JUMP, MAR):  # nobody left without an event
        assert asked(how, told, jump).at_visit()[0].estimate == by_event[jump]
    for row in told:  # the same values gone, and no event
        gone = row["id"] in ("p1", "p3", "p5", "p7", "p9") and row["visit"] != "start"
        row |= {"rescue_day": "", "pain": "" if gone else row["pain"]}
    left = asked(MAR, told, jump).at_visit()[0].estimate
    assert left == pytest.approx(by_event[mar], rel=1e-9)
    assert asked(JUMP, told, mar).at_visit()[0].estimate == pytest.approx(by_event[jump], rel=1e-9)


def test_only_a_sensitivity_analysis_assumes_otherwise() -> None:
    assumed = MAR.replace(" }", ', assume = "missing-at-random" }')
    jump = made.TEXT.replace(POLICY, HYPOTHETICAL % "jump-to-reference")
    with pytest.raises(Refused, match="what its estimand's events say"):
        asked(assumed, drawn(), jump)
    beside = made.ANALYSIS.replace('"main"', '"beside"') + 'kind = "sensitivity"\n' + assumed
    told = drawn()
    told[3]["rescue_day"] = told[9]["rescue_day"] = "1"
    view = made.locked(jump.replace(made.MMRM, MAR) + beside)
    study = made.study(view.in_force.protocol)
    data = made.data(view, told)
    main, other = (answer(study, data, one) for one in study.protocol.analysis)
    mar = made.TEXT.replace(POLICY, HYPOTHETICAL % "missing-at-random")
    assert other.at_visit() == asked(MAR, told, mar).at_visit() != main.at_visit()
    assert "after rescue missing at random" in other.method
    assert "after rescue jump to reference" in main.method


def test_what_a_method_cannot_do_is_refused_before_it_is_locked() -> None:
    while_on = made.TEXT.replace("treatment-policy", "while-on-treatment")
    for how in (made.MMRM, MAR):
        with pytest.raises(Refused, match="use ancova"):
            made.study(while_on.replace(made.MMRM, how))
    made.study(while_on.replace(made.MMRM, ANCOVA))
    with pytest.raises(Refused, match="strata are covariates"):
        made.study(RESPONSE.replace(made.MMRM, HALF.replace(" }\n", ', strata = ["age"] }\n')))


def test_a_strategy_changes_what_is_analysed() -> None:
    told = drawn()
    told[3] |= {"rescue_day": "8"}  # p1, before visit 2
    hypothetical = '{ name = "rescue", strategy = "hypothetical", assume = "missing-at-random" }'
    text = made.TEXT.replace('{ name = "rescue", strategy = "treatment-policy" }', hypothetical)
    policy, other = asked(made.MMRM, told), asked(made.MMRM, told, text)
    assert policy.fates == {"observed": 59, "kept": 1}
    assert other.fates == {"observed": 59, "set-missing": 1}
    n = {one.visit: one.n for one in other.levels if one.arm == 1}
    assert n == {1: 15, 2: 14}


RESPONSE = made.TEXT.replace('measure = "value"', 'measure = "response"').replace(
    "difference-in-means", "risk-difference"
)
HALF = (
    'how = { method = "responders", responding = { percent_better = 50 }, missing = "failure" }\n'
)


def few(values: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """Rows of eight people: everybody at 8, and as told at visit 1."""
    told = [row | {"pain": "8"} for row in made.rows(8)]
    for row in told:
        if row["visit"] == "v1" and row["id"] in values:
            row["pain"], row["rescue_day"] = values[row["id"]]
    return told


def test_responders_are_counted() -> None:
    told = few(
        {"p1": ("4", ""), "p3": ("4.1", ""), "p5": ("", ""), "p7": ("0", ""), "p0": ("3", "")}
    )
    found = asked(HALF, told, RESPONSE)
    (one,) = found.at_visit()
    assert found.n == (4, 4)
    assert one.estimate == pytest.approx(2 / 4 - 1 / 4)
    left = asked(HALF.replace("failure", "left-out"), told, RESPONSE)
    assert left.n == (4, 3)
    assert left.at_visit()[0].estimate == pytest.approx(2 / 3 - 1 / 4)


def test_strata_weigh_as_mantel_and_haenszel_do() -> None:
    """By hand: differences of shares, weighed by n1 n0 / N of each stratum."""
    told = drawn(30)
    stratified = HALF.replace(" }\n", ', strata = ["sex"] }\n').replace("= 50", "= 20")
    found = asked(stratified, told, RESPONSE).at_visit()[0]
    start = {row["id"]: float(row["pain"]) for row in told if row["visit"] == "start"}
    apart, weights = [], []
    for sex in ("man", "woman"):
        met: dict[str, list[bool]] = {"drug": [], "placebo": []}
        for row in told:
            if row["visit"] == "v1" and row["sex"] == sex:
                met[row["arm"]].append(float(row["pain"]) <= 0.8 * start[row["id"]] + 1e-9)
        n1, n0 = len(met["drug"]), len(met["placebo"])
        apart.append(sum(met["drug"]) / n1 - sum(met["placebo"]) / n0)
        weights.append(n1 * n0 / (n1 + n0))
    assert found.estimate == pytest.approx(np.average(apart, weights=weights), rel=1e-12)
    assert found.low < found.estimate < found.high
    without = [row | {"sex": "" if row["id"] == "p4" else row["sex"]} for row in told]
    gone = asked(stratified, without, RESPONSE).refused
    assert gone is not None
    assert "p4 has no value of the stratum sex" in gone.sentence


def test_after_rescue_nobody_responds_in_a_composite() -> None:
    text = RESPONSE.replace("treatment-policy", "composite")
    told = few({"p1": ("0", "6"), "p3": ("0", "")})
    for one, responded in ((RESPONSE, 2), (text, 1)):
        found = asked(HALF, told, one).level(1)
        assert found is not None
        assert found.estimate == pytest.approx(responded / 4)


TIMES = (
    made.TEXT.replace('better = "lower"', 'better = "lower"\ncolumns = ["day", "came"]')
    .replace('measure = "value"', 'measure = "time-to-event"')
    .replace("difference-in-means", "difference-in-restricted-mean-time")
)
MEAN = 'how = { method = "survival", until_day = 10 }\n'


def timed(came: str = "1") -> list[dict[str, str]]:
    told = made.rows(8, ())
    for place, row in enumerate(told):
        first = row["visit"] == "start"
        row |= {"day": str(place // 3 * 2 + 1) if first else "", "came": came if first else ""}
    return told


def test_without_censoring_the_restricted_mean_is_a_mean() -> None:
    """People 0 to 7 have days 1, 3, ... 15; odd ones had the drug; nothing counts after 10."""
    found = asked(MEAN, timed(), TIMES)
    (one,) = found.at_visit()
    placebo, drug = np.mean([1, 5, 9, 10]), np.mean([3, 7, 10, 10])
    assert found.level(0).estimate == pytest.approx(placebo)  # type: ignore[union-attr]
    assert one.estimate == pytest.approx(drug - placebo)
    assert [each.events for each in found.curves] == [4, 4]


def test_what_cannot_be_fitted_says_so_and_nothing_else_is_fitted() -> None:
    told = [row | {"pain": "5"} for row in made.rows(8)]
    found = asked(made.MMRM, told)
    assert found.refused is not None
    assert found.versus == ()


def test_the_standard_model_is_the_same_for_all() -> None:
    told = drawn()
    view = made.locked(made.TEXT)
    study = made.study()
    held = made.data(view, told)
    outcome = Outcome(id="pain", name="Pain", role="collected")
    plain, asked_ = standard(study.protocol, held, outcome, 1), asked(made.MMRM, told)
    assert plain.at_visit() == asked_.at_visit()
    empty = standard(study.protocol, made.data(view, [r | {"pain": ""} for r in told]), outcome, 1)
    assert empty.refused is not None
