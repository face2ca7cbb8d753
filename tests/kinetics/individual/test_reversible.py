"""The modal way through a course gives what matrix exponentials give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from assuage.kinetics import points
from assuage.kinetics.compiled import Join, compile_model, values_of
from assuage.kinetics.individual.reversible import block_of, predict
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library

from .patients import three_compartments

ADULT = Subject(70.0, 40.0)
TIMES = (0.0, 0.25, 0.25, 0.5, 3.0, 24.0, 30.0)
DOSES = (Dose(0.0, 10.0, "iv", 0.5), Dose(0.25, 5.0, "iv"), Dose(24.0, 8.0, "iv", 1.0))


def both(
    model_id: str, analyte: int, shifts: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, int]:
    model = library.model(model_id) if model_id != "three" else three_compartments()
    compiled = compile_model(model)
    layout = points.lay_out(compiled, [points.Visit(DOSES, TIMES, [analyte] * len(TIMES))])
    values = values_of(compiled, ADULT, shifts)
    block = block_of(compiled, layout)
    assert block is not None
    who = np.zeros(len(values), dtype=np.intp)
    judge = points.predict(compiled, layout, values, 0, kernels=False)
    return predict(compiled, block, layout, values, who), judge, block.size


@pytest.mark.parametrize(
    ("model_id", "places"),
    [
        *(("three", 3), ("otto-2021", 3), ("simons-2022", 3), ("kamp-2020", 3)),
        *(("herd-2007", 2), ("domino-1984", 3)),
    ],
)
def test_levels_of_the_parent_agree_with_matrix_exponentials(model_id: str, places: int) -> None:
    random = np.random.default_rng(3)
    model = library.model(model_id) if model_id != "three" else three_compartments()
    shifts = {name: random.normal(0.0, 0.6, 40) for name in model.parameter if name[0] in "CVQ"}
    mine, judge, kept = both(model_id, 0, shifts)
    assert kept == places
    assert_allclose(mine, judge, rtol=1e-10, atol=1e-14 * judge.max())


@settings(max_examples=40)
@given(gap=st.floats(-12.0, 0.0), ratio=st.floats(0.2, 5.0))
def test_nothing_is_lost_where_poles_meet(gap: float, ratio: float) -> None:
    """Both peripheral places turn over at nearly the same rate: a nearly double pole."""
    near = np.array([1.0 + 10.0**gap])
    shifts = {"V2": np.log([10.57 * ratio / 10.57]), "Q2": np.log(near * ratio)}
    shifts["V3"] = np.log([10.57 / 178.2])
    shifts["Q3"] = np.log([156.6 / 156.1])
    mine, judge, _ = both("three", 0, shifts)
    assert_allclose(mine, judge, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("analyte", [1, 2])
def test_a_metabolite_has_no_such_block(analyte: int) -> None:
    compiled = compile_model(library.model("simons-2022"))
    layout = points.lay_out(compiled, [points.Visit(DOSES, TIMES, [analyte] * len(TIMES))])
    assert block_of(compiled, layout) is None


def test_neither_has_an_effect_site_or_a_course_without_a_dose() -> None:
    model = library.model("otto-2021")
    joined = compile_model(model, [Join("esketamine", "site", "rate")])
    seen = points.lay_out(joined, [points.Visit(DOSES, [1.0], [2])])
    assert block_of(joined, seen) is None
    empty = points.lay_out(joined, [points.Visit((), [1.0], [0])])
    assert block_of(joined, empty) is None


@pytest.mark.parametrize("wrong", [np.nan, -1.0, np.inf])
def test_a_parameter_that_cannot_be_is_an_error(wrong: float) -> None:
    compiled = compile_model(three_compartments())
    layout = points.lay_out(compiled, [points.Visit(DOSES, TIMES, [0] * len(TIMES))])
    block = block_of(compiled, layout)
    assert block is not None
    values = values_of(compiled, ADULT)
    values[0, compiled.names.index("CL")] = wrong
    with pytest.raises(ValueError, match="negative or not finite"):
        predict(compiled, block, layout, values, np.zeros(1, dtype=np.intp))


def test_a_set_is_the_same_whatever_the_others_are() -> None:
    """Others with rates of any size, so that their modes would take more turns, or fewer."""
    compiled = compile_model(three_compartments())
    layout = points.lay_out(compiled, [points.Visit(DOSES, TIMES, [0] * len(TIMES))])
    block = block_of(compiled, layout)
    assert block is not None
    shifts = np.random.default_rng(5).normal(0.0, 1.5, (3, 120))
    values = values_of(compiled, ADULT, dict(zip(("CL", "Q2", "Q3"), shifts, strict=True)))
    who = np.zeros(len(values), dtype=np.intp)
    whole = predict(compiled, block, layout, values, who)
    for some in (*(slice(n, n + 1) for n in range(len(values))), slice(7, 90)):
        alone = predict(compiled, block, layout, values[some], who[some])
        assert (alone == whole[some]).all()
