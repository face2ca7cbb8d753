"""A model and a study become one problem for SAEM.

source: the numbers in the studies below, and conversion of units.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assuage.evidence.fitting.asked import plan_of
from assuage.evidence.fitting.data import Meaning
from assuage.evidence.fitting.model_file import load_model
from assuage.evidence.fitting.study import Plan, problem_of
from assuage.kinetics.saem import Settings
from assuage.kinetics.saem.estimate import Search
from assuage.kinetics.structure import Subject, parameter_values
from assuage.knowledge import library
from assuage.refusals import Refused
from evidence.fitting.studies import GOOD, ORAL, PLAIN, read, wish

MODEL = load_model(ORAL)
ADDITIVE = Plan((), ("ka", "CL", "V"), (), {"theophylline": "additive"})
INFUSION = """ID,TIME,AMT,RATE,DV,DVID,WT
1,0,35,52.5,.,.,60
1,0.5,.,.,100,1,60
1,2,.,.,20,1,60
1,2,.,.,30,2,60
2,0,35,52.5,.,.,90
2,1,.,.,80,1,90
2,3,.,.,25,2,90
"""


def test_predictions_are_the_closed_form_of_one_compartment() -> None:
    """source: Gibaldi and Perrier, Pharmacokinetics (1982): first-order absorption."""
    data = read(GOOD)
    problem = problem_of(MODEL, data, ADDITIVE)
    psi = np.array([[1.5, 2.7, 30.0], [0.8, 3.5, 35.0]])
    found = problem.predict(psi, np.array([0, 1]))
    for row, person in enumerate(data.people):
        ka, clearance, volume = psi[row]
        k, t = clearance / volume, np.array(person.times_h)
        dose = person.doses[0].amount_mg
        wanted = dose * ka / volume / (ka - k) * (np.exp(-k * t) - np.exp(-ka * t))
        np.testing.assert_allclose(found[row], wanted, rtol=1e-9)


def test_what_is_known_of_people_becomes_an_offset_on_the_parameter_s_scale() -> None:
    model = library.model("elkomy-2015")
    told = Meaning("h", "mg", "ng/mL", {None: "iv"}, {"1": "ketamine", "2": "skip"})
    data = read(INFUSION, told)
    plan = Plan(("Q",), ("CL", "V1"), (), {"ketamine": "proportional"})
    problem = problem_of(model, data, plan)
    assert problem.names == ("V1", "V2", "CL")
    assert [problem.names[one] for one in problem.random] == ["CL", "V1"]
    center = np.tile(problem.start.mu[list(problem.random)], (2, 1))
    psi = problem.psi(problem.start.mu, center, np.arange(2))
    for row, weight in enumerate((60.0, 90.0)):
        typical = parameter_values(model, Subject(weight, None))
        wanted = [float(typical[name][0]) for name in problem.names]
        np.testing.assert_allclose(psi[row], wanted, rtol=1e-12)


def test_two_analytes_keep_their_own_samples() -> None:
    model = library.model("otto-2021")
    told = Meaning("h", "mg", "ng/mL", {None: "iv"}, {"1": "esketamine", "2": "norketamine"})
    data = read(INFUSION, told)
    plan = Plan(
        tuple(one for one in model.parameter if one not in ("CL", "V1")),
        ("CL", "V1"),
        (),
        {"esketamine": "proportional", "norketamine": "log"},
    )
    problem = problem_of(model, data, plan)
    assert problem.forms == ("proportional", "log")
    assert problem.observed.analyte[0].tolist() == [0, 0, 1]
    assert problem.observed.used.tolist() == [[True] * 3, [True, True, False]]
    np.testing.assert_allclose(problem.observed.values[0], [0.1, 0.02, 0.03])


def test_what_a_fit_cannot_hold_to_is_refused() -> None:
    data = read(GOOD)
    cases = (
        (library.model("flint-2017"), "moves with time"),
        (library.model("elkomy-2015"), "WT"),
        (library.model("perez-ruixo-2021"), "isn't a factor on its scale"),
    )
    for model, why in cases:
        text = GOOD.replace(",WT", ",XX") if why == "WT" else GOOD
        person_data = read(text) if why == "WT" else data
        plan = Plan((), (next(iter(model.parameter)),), (), {model.analyte[0].name: "additive"})
        with pytest.raises(Refused) as caught:
            problem_of(model, person_data, plan)
        assert caught.value.code == "FIT_IMPOSSIBLE"
        assert why in caught.value.sentence
    nothing = MODEL.model_copy(
        update={"parameter": MODEL.parameter | {
            "ka": MODEL.parameter["ka"].model_copy(update={"value": 0.0})
        }}
    )  # fmt: skip
    with pytest.raises(Refused, match="starts at 0"):
        problem_of(nothing, data, ADDITIVE)


def test_what_moves_no_measured_level_is_refused_by_name() -> None:
    model = library.model("otto-2021")
    told = Meaning("h", "mg", "ng/mL", {None: "iv"}, {"1": "esketamine", "2": "skip"})
    plan = Plan((), ("CL",), (), {"esketamine": "proportional"})
    with pytest.raises(Refused) as caught:
        problem_of(model, read(INFUSION, told), plan)
    assert caught.value.code == "FIT_IMPOSSIBLE"
    idle = caught.value.remedy.removeprefix("add --fix ").split(",")
    assert {"Vn", "CLn"} <= set(idle)
    assert not {"CL", "V1"} & set(idle)
    problem_of(model, read(INFUSION, told), replace(plan, fixed=tuple(idle)))


def test_a_share_of_nothing_is_refused_by_its_row() -> None:
    text = GOOD.replace("1,1,.,8.2,80", "1,0,.,0,80\n1,1,.,8.2,80")
    for form, why in (("proportional", "predicts zero"), ("log", "no logarithm")):
        plan = replace(ADDITIVE, forms={"theophylline": form})  # type: ignore[arg-type]
        with pytest.raises(Refused, match=f"row 3: .*{why}"):
            problem_of(MODEL, read(text), plan)
    problem_of(MODEL, read(text), ADDITIVE)


def test_the_order_of_people_in_the_file_changes_no_bit() -> None:
    folder = Path(__file__).parents[3] / "examples" / "data"
    text = (folder / "theophylline.csv").read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    other = "\n".join([head, *sorted(lines, key=lambda one: -int(one.split(",")[0]))]) + "\n"
    assert other != text
    ends = []
    for one in (text, other):
        data = read(one, PLAIN)
        problem = problem_of(MODEL, data, plan_of(MODEL, wish(), ["theophylline"]))
        ends.append(Search(problem, Settings(burn_in=10, smoothing=5)).run(5).rounds.tobytes())
    assert ends[0] == ends[1]
