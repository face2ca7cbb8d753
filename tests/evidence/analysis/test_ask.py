"""A question's options are checked against each other and against the table."""

from __future__ import annotations

from typing import Any

import pytest

from assuage.evidence.analysis.ask import Question, kinds, read
from assuage.refusals import Refused
from evidence.analysis.asking import trial

MODEL = "pain ~ arm * visit + baseline"
REPEATED = {"repeated": "visit | id"}
CONFLICTS: list[tuple[dict[str, Any], str]] = [
    (REPEATED | {"random": ("1 | id",)}, "OPTION_CONFLICT"),
    ({"covariance": "ar1"}, "OPTION_CONFLICT"),
    ({"covariance": "ar1", "random": ("1 | id",)}, "OPTION_CONFLICT"),
    ({"df": "satterthwaite"}, "OPTION_CONFLICT"),
    (REPEATED | {"df": "residual"}, "VALUE_NOT_ALLOWED"),
    ({"contrasts": "pairwise"}, "OPTION_MISSING"),
    ({"contrasts": "tukey", "means": ("arm",)}, "VALUE_NOT_ALLOWED"),
    ({"coding": "helmert"}, "VALUE_NOT_ALLOWED"),
    ({"confidence": 95.0}, "VALUE_NOT_ALLOWED"),
    ({"confidence": 1.0}, "VALUE_NOT_ALLOWED"),
    ({"confidence": float("nan")}, "VALUE_NOT_ALLOWED"),
]
UNMET: list[tuple[dict[str, Any], str]] = [
    ({"factors": ("site",)}, "VALUE_NOT_ALLOWED"),
    ({"factors": ("nothing",)}, "FIELD_UNKNOWN"),
    ({"levels": ("site=A, B",)}, "VALUE_NOT_ALLOWED"),
    ({"at": ("site=1",)}, "VALUE_NOT_ALLOWED"),
    ({"at": ("arm=1",)}, "OPTION_CONFLICT"),
    (REPEATED | {"at": ("visit=4",)}, "OPTION_CONFLICT"),
    ({"reference": ("site=A",)}, "VALUE_NOT_ALLOWED"),
    ({"reference": ("nobody",)}, "VALUE_NOT_ALLOWED"),
    ({"reference": ("low", "high")}, "OPTION_CONFLICT"),
    ({"model": "pain ~ number(visit)", "factors": ("visit",)}, "OPTION_CONFLICT"),
]


@pytest.mark.parametrize(("more", "code"), CONFLICTS)
def test_options_that_do_not_go_together_are_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        read(Question(MODEL, **more))
    assert caught.value.code == code


@pytest.mark.parametrize(("more", "code"), UNMET)
def test_options_that_meet_nothing_are_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        kinds(read(Question(**({"model": MODEL} | more))), trial())
    assert caught.value.code == code


def test_a_repeated_visit_is_a_category_unless_it_is_said_otherwise() -> None:
    assert kinds(read(Question(MODEL, **REPEATED)), trial()).forced == {"visit": "factor"}
    other = read(Question("pain ~ number(visit)", **REPEATED))
    assert kinds(other, trial()).forced == {"visit": "number"}
    assert kinds(read(Question(MODEL)), trial()).forced == {}


def test_a_bare_reference_is_of_the_factor_that_is_compared() -> None:
    asked = read(Question(MODEL, means=("arm",), reference=("placebo",), **REPEATED))
    assert kinds(asked, trial()).references == {"arm": "placebo"}
    assert asked.contrasts == "reference"


def test_columns_that_are_named_are_kept_from_patterns() -> None:
    asked = read(Question("y ~ a", random=("1 + x | site/id",)))
    assert asked.own == {"a", "x", "site", "id"}
    assert read(Question("y ~ a", repeated="v | id")).own == {"a", "id"}
