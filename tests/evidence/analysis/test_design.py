"""Designs are those of R's model.matrix, and every row that isn't used is counted.

source: columns recorded from R 4.2.2, model.matrix(f, data), with the data of SMALL; compared
column by column, whatever their order.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.refusals import Refused
from evidence.analysis.asking import design, table, trial

SMALL = "a,b,z,y\np,u,1,3\nq,u,2,1\nr,u,3,4\np,v,4,1\nq,v,5,5\nr,v,6,9\np,u,8,2\n"
MORE = SMALL + "p,v,7,2\nq,u,9,6\nr,v,1,5\n"
ONES = (1, 1, 1, 1, 1, 1, 1)
MATRICES = {
    "y ~ a * b": {
        "(Intercept)": ONES,
        "a[q]": (0, 1, 0, 0, 1, 0, 0),
        "a[r]": (0, 0, 1, 0, 0, 1, 0),
        "b[v]": (0, 0, 0, 1, 1, 1, 0),
        "a[q]:b[v]": (0, 0, 0, 0, 1, 0, 0),
        "a[r]:b[v]": (0, 0, 0, 0, 0, 1, 0),
    },
    "y ~ a + a:b": {
        "(Intercept)": ONES,
        "a[q]": (0, 1, 0, 0, 1, 0, 0),
        "a[r]": (0, 0, 1, 0, 0, 1, 0),
        "a[p]:b[v]": (0, 0, 0, 1, 0, 0, 0),
        "a[q]:b[v]": (0, 0, 0, 0, 1, 0, 0),
        "a[r]:b[v]": (0, 0, 0, 0, 0, 1, 0),
    },
    "y ~ b * z + a:z": {
        "(Intercept)": ONES,
        "b[v]": (0, 0, 0, 1, 1, 1, 0),
        "z": (1, 2, 3, 4, 5, 6, 8),
        "b[v]:z": (0, 0, 0, 4, 5, 6, 0),
        "z:a[q]": (0, 2, 0, 0, 5, 0, 0),
        "z:a[r]": (0, 0, 3, 0, 0, 6, 0),
    },
}


@pytest.mark.parametrize("model", MATRICES)
def test_columns_are_those_of_r(model: str) -> None:
    found = design(table(MORE), model)
    wanted = MATRICES[model]
    assert set(found.columns) == set(wanted)
    for name, column in zip(found.columns, found.x.T, strict=True):
        assert tuple(column[:7]) == wanted[name], name


def test_a_reference_level_has_no_column() -> None:
    found = design(table(MORE), "y ~ a", reference=("a=q",))
    assert found.columns == ("(Intercept)", "a[p]", "a[r]")
    bare = design(table(MORE), "y ~ a + b", reference=("r", "u"))
    assert bare.columns == ("(Intercept)", "a[p]", "a[q]", "b[v]")


def test_an_order_that_is_asked_for_is_kept() -> None:
    found = design(table(MORE), "y ~ a", levels=("a=r, p, q",))
    assert found.factors["a"].levels == ("r", "p", "q")
    assert found.columns == ("(Intercept)", "a[p]", "a[q]")


def test_numbers_are_categories_when_it_is_said() -> None:
    assert design(trial(), "pain ~ visit").columns == ("(Intercept)", "visit")
    for more in ({"factors": ("visit",)}, {"repeated": "visit | id"}):
        found = design(trial(), "pain ~ visit", **more)
        assert found.columns == ("(Intercept)", "visit[4]", "visit[8]", "visit[12]")
    asked = design(trial(), "pain ~ number(visit)", repeated="visit | id")
    assert asked.columns == ("(Intercept)", "visit")


def test_each_row_left_out_is_counted_once_with_its_reason() -> None:
    text = MORE + "p,u,,\nq,.,2,2\nr,u,NA,2\nq,v,1,\n"
    found = design(table(text), "y ~ a * b + z")
    assert found.left_out == {"y is missing": 2, "b is missing": 1, "z is missing": 1}
    assert len(found.y) == len(found.used) == 10
    assert np.isfinite(found.x).all()


def test_a_level_that_only_left_out_rows_have_is_no_level() -> None:
    found = design(table(MORE + "s,u,1,\n"), "y ~ a")
    assert found.factors["a"].levels == ("p", "q", "r")
    with pytest.raises(Refused, match="with rows to use"):
        design(table(MORE + "s,u,1,\n"), "y ~ a", reference=("a=s",))


BAD = [
    ("y ~ c", {}, "FIELD_UNKNOWN"),
    ("a ~ b", {}, "DATA_INVALID"),
    ("y ~ a", {"reference": ("a=x",)}, "VALUE_NOT_ALLOWED"),
    ("y ~ a", {"levels": ("a=p, q",)}, "VALUE_NOT_ALLOWED"),
    ("y ~ a", {"levels": ("a=p, q, r, s",)}, "VALUE_NOT_ALLOWED"),
    ("y ~ a", {"levels": ("a=p, q, q",)}, "VALUE_NOT_ALLOWED"),
    ("y ~ number(a)", {}, "DATA_INVALID"),
    ("y ~ a * b * z", {}, "FIT_IMPOSSIBLE"),
]


@pytest.mark.parametrize(("model", "more", "code"), BAD)
def test_what_does_not_fit_the_data_is_refused(
    model: str, more: dict[str, tuple[str, ...]], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        design(table(MORE), model, **more)
    assert caught.value.code == code


def test_an_outcome_that_is_always_the_same_is_refused() -> None:
    for more in ({}, {"repeated": "v | id"}, {"random": ("1 | id",)}):
        with pytest.raises(Refused, match="y can't be fitted to these data: it is 5 in every row"):
            design(table("id,v,y\n1,1,5\n1,2,5\n2,1,5\n2,2,5\n"), "y ~ 1", **more)


def test_without_a_row_that_is_whole_there_is_no_design() -> None:
    with pytest.raises(Refused, match="no row has every value"):
        design(table("y,x\n1,\n,2\n"), "y ~ x")
