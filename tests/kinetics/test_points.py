"""Predictions at few times, beside `exact.solve`. source: tolerances are rounding."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.kinetics import effects, exact, points
from assuage.kinetics.compiled import Compiled, Join, compile_model, values_of
from assuage.kinetics.points import Visit, lay_out, predict
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import Dose, Subject, build, parameter_values, pushes_of
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused

MODELS = ["kamp-2020", "otto-2021", "simons-2022", "perez-ruixo-2021", "elkomy-2015", "herd-2007"]
SUBJECT = Subject(40.0, 12.0)
ADULT = Subject(70.0, 40.0)
KE0_PER_H = 5.0


def person(model: Model) -> Subject:
    ages = model.applies_age_years
    return ADULT if ages.holds(ADULT.age_years or 0.0) else SUBJECT


def random_visit(model: Model, seed: int) -> Visit:
    rng = np.random.default_rng(seed)
    plain = {one.route for one in model.input} - {
        one.route for one in model.input if one.duration is not None
    }
    doses = []
    for _ in range(int(rng.integers(1, 4))):
        route = str(rng.choice(sorted(plain)))
        lasts = float(rng.choice([0.5, 1.25])) if route == "iv" and rng.random() < 0.6 else None
        start = float(rng.choice([0.0, 1.0, rng.uniform(0.0, 4.0)]))
        doses.append(Dose(start, float(rng.uniform(1.0, 60.0)), route, lasts))
    times = np.sort(rng.uniform(0.0, 9.0, int(rng.integers(1, 6))))
    return Visit(tuple(doses), times, rng.integers(0, len(model.analyte), len(times)).tolist())


def by_exact(model: Model, visit: Visit, subject: Subject, shifts: dict) -> np.ndarray:
    system = build(model, parameter_values(model, subject, shifts or None))
    times = np.unique(visit.times_h)
    found = exact.solve(system.matrix, pushes_of(model, system, visit.doses), times, system.outputs)
    place = {float(time): n for n, time in enumerate(times)}
    pairs = zip(visit.times_h, visit.analytes, strict=True)
    return np.stack([found[:, place[float(time)], a] for time, a in pairs], axis=1)


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("id_", MODELS)
def test_ragged_subjects_agree_with_the_exact_solution(id_: str, kernels: bool) -> None:
    model = library.model(id_)
    compiled, subject = compile_model(model), person(model)
    visits = [random_visit(model, seed) for seed in range(8)]
    layout = lay_out(compiled, visits)
    shifts = deviations(model, 24, 3)
    values = values_of(compiled, subject, shifts).repeat(1 if shifts else 24, axis=0)
    which = np.arange(24) % 8
    found = predict(compiled, layout, values, which, kernels=kernels)
    for one, visit in enumerate(visits):
        mine = which == one
        some = {name: shift[mine] for name, shift in shifts.items()}
        wanted = by_exact(model, visit, subject, some)
        count = len(visit.times_h)
        np.testing.assert_allclose(found[mine, :count], wanted + 0.0 * found[mine, :count],
                                   rtol=1e-10, atol=1e-14)  # fmt: skip
        assert (found[mine, count:] == 0.0).all()


@given(seed=st.integers(0, 10**6), id_=st.sampled_from(MODELS))
@settings(max_examples=40, deadline=None)
def test_kernels_agree_with_numpy(seed: int, id_: str) -> None:
    model = library.model(id_)
    compiled = compile_model(model)
    layout = lay_out(compiled, [random_visit(model, seed)])
    values = values_of(compiled, person(model), deviations(model, 7, seed))
    slow = predict(compiled, layout, values, kernels=False)
    quick = predict(compiled, layout, values, kernels=True)
    np.testing.assert_allclose(quick, slow, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("kernels", [True, False])
def test_a_set_is_the_same_whatever_the_others_are(kernels: bool) -> None:
    model = library.model("otto-2021")
    compiled = compile_model(model)
    layout = lay_out(compiled, [random_visit(model, seed) for seed in (1, 2, 3)])
    values = values_of(compiled, ADULT, deviations(model, 300, 1))
    which = np.arange(300) % 3
    whole = predict(compiled, layout, values, which, kernels=kernels)
    for some in (slice(0, 1), slice(70, 203), slice(299, 300)):
        alone = predict(compiled, layout, values[some], which[some], kernels=kernels)
        assert (alone == whole[some]).all()


def looked(compiled: Compiled, doses: Sequence[Dose], at: list[float], after: bool) -> np.ndarray:
    visit = Visit(tuple(doses), at, [0] * len(at), after)
    return predict(compiled, lay_out(compiled, [visit]), values_of(compiled, ADULT))[0]


def test_a_trough_comes_before_its_dose() -> None:
    compiled = compile_model(library.model("kamp-2020"))
    doses = [Dose(0.0, 30.0, "iv"), Dose(4.0, 30.0, "iv")]
    without, peak = looked(compiled, doses[:1], [4.0], True), looked(compiled, doses, [4.0], True)
    trough = looked(compiled, doses, [4.0], False)
    assert (trough == without).all()
    volume = values_of(compiled, ADULT)[0, compiled.names.index("V1")]
    np.testing.assert_allclose(peak - trough, 30.0 / volume, rtol=1e-12)


def test_an_effect_site_is_the_engines_own() -> None:
    model = library.model("kamp-2020")
    compiled = compile_model(model, (Join("ketamine", "site", "ke0"),))
    visit = Visit((Dose(0.0, 35.0, "iv", 2.0 / 3.0),), [0.25, 1.0, 3.0], [1, 1, 1])
    values = values_of(compiled, ADULT, extra={"ke0": np.array([KE0_PER_H])})
    found = predict(compiled, lay_out(compiled, [visit]), values)
    system = effects.join(
        build(model, parameter_values(model, ADULT)), "ketamine", "site", np.array([KE0_PER_H])
    )
    wanted = exact.solve(
        system.matrix,
        pushes_of(model, system, visit.doses),
        np.array(visit.times_h),
        system.outputs,
    )
    np.testing.assert_allclose(found[0], wanted[0, :, 1], rtol=1e-11)


def test_looks_at_the_start_alone_need_no_step() -> None:
    compiled = compile_model(library.model("kamp-2020"))
    for kernels in (True, False):
        layout = lay_out(compiled, [Visit((Dose(0.0, 30.0, "iv"),), [0.0], [0])] * 2)
        values = values_of(compiled, ADULT).repeat(2, axis=0)
        found = predict(compiled, layout, values, kernels=kernels)
        assert (found[0] == found[1]).all()
        assert (found > 0.0).all()


@pytest.mark.parametrize(
    ("doses", "times", "analytes"),
    [
        ([Dose(0.0, 30.0, "iv")], [2.0, 1.0], [0, 0]),
        ([Dose(0.0, 30.0, "iv")], [-1.0], [0]),
        ([Dose(0.0, 30.0, "iv")], [float("nan")], [0]),
        ([Dose(float("inf"), 30.0, "iv")], [1.0], [0]),
        ([Dose(0.0, -30.0, "iv")], [1.0], [0]),
        ([Dose(0.0, float("nan"), "iv")], [1.0], [0]),
        ([Dose(0.0, 30.0, "iv")], [1.0], [9]),
        ([Dose(0.0, 30.0, "iv")], [1.0, 2.0], [0]),
    ],
)
def test_a_visit_that_cannot_be_is_an_error(
    doses: list[Dose], times: list[float], analytes: list[int]
) -> None:
    compiled = compile_model(library.model("kamp-2020"))
    with pytest.raises(ValueError, match=r"."):
        lay_out(compiled, [Visit(tuple(doses), times, analytes)])


def test_a_route_that_the_model_lacks_is_refused() -> None:
    compiled = compile_model(library.model("kamp-2020"))
    with pytest.raises(Refused) as caught:
        lay_out(compiled, [Visit((Dose(0.0, 30.0, "oral"),), [1.0], [0])])
    assert caught.value.refusal is Refusal.ROUTE_MISMATCH


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_a_rate_that_cannot_be_is_an_error(bad: float) -> None:
    compiled = compile_model(library.model("kamp-2020"))
    layout = lay_out(compiled, [Visit((Dose(0.0, 30.0, "iv"),), [1.0], [0])])
    values = values_of(compiled, ADULT)
    values[0, compiled.names.index("CL")] = bad
    with pytest.raises(ValueError, match="rate"):
        predict(compiled, layout, values)
    with pytest.raises(ValueError, match="subjects"):
        predict(compiled, layout, values_of(compiled, ADULT), 3)
    with pytest.raises(ValueError, match="values"):
        predict(compiled, layout, values[:, :2])


def test_without_numba_numpy_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = library.model("kamp-2020")
    compiled = compile_model(model)
    layout = lay_out(compiled, [random_visit(model, 1)])
    values = values_of(compiled, ADULT)
    wanted = predict(compiled, layout, values, kernels=False)
    monkeypatch.setattr(points, "has_kernels", lambda: False)
    assert (predict(compiled, layout, values) == wanted).all()
