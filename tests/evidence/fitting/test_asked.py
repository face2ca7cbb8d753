"""Options become a plan, or a refusal that says what to add.

source: the values given in the options.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from assuage.evidence.fitting.asked import Wish, meaning_of, plan_of, started
from assuage.evidence.fitting.model_file import load_model
from assuage.knowledge import library
from assuage.refusals import Refused
from evidence.fitting.studies import ORAL, wish

MODEL = load_model(ORAL)
TWO = library.model("otto-2021")


@pytest.mark.parametrize("field", ["time_unit", "amount_unit", "concentration_unit"])
def test_units_are_never_guessed(field: str) -> None:
    with pytest.raises(Refused) as caught:
        meaning_of(replace(wish(), **{field: None}), MODEL)
    assert caught.value.code == "OPTION_MISSING"
    assert "--" in caught.value.remedy


def test_one_route_and_one_analyte_need_no_option_and_two_do() -> None:
    meaning = meaning_of(wish(), MODEL)
    assert (meaning.routes, meaning.analytes) == ({None: "oral"}, {None: "theophylline"})
    base = Wish("otto-2021", "h", "mg", "ng/mL")
    with pytest.raises(Refused, match="OPTION_MISSING: --analyte"):
        meaning_of(base, TWO)
    told = meaning_of(replace(base, analytes=("1=esketamine", "2=skip")), TWO)
    assert (meaning.covariates, told.covariates) == (frozenset(), frozenset({"WT"}))
    assert told.analytes == {"1": "esketamine", "2": "skip"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"routes": ("iv",)}, "VALUE_NOT_ALLOWED"),
        ({"analytes": ("aspirin",)}, "VALUE_NOT_ALLOWED"),
        ({"routes": ("oral", "1=oral")}, "OPTION_CONFLICT"),
        ({"routes": ("1=oral", "1=oral")}, "OPTION_CONFLICT"),
        ({"sexes": ("female",)}, "OPTION_CONFLICT"),
        ({"sexes": ("0=femail",)}, "VALUE_NOT_ALLOWED"),
        ({"lloq": "-1"}, "VALUE_NOT_ALLOWED"),
        ({"lloq": "0"}, "VALUE_NOT_ALLOWED"),
        ({"lloq": "1,5"}, "VALUE_NOT_ALLOWED"),
    ],
)
def test_a_meaning_that_cannot_be_is_refused(more: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as caught:
        meaning_of(replace(wish(), **more), MODEL)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"fixed": ("KA",)}, "VALUE_NOT_ALLOWED"),
        ({"random": ("ka,x",)}, "VALUE_NOT_ALLOWED"),
        ({"fixed": ("ka,CL,V",)}, "OPTION_MISSING"),
        ({"correlated": ("ka",)}, "OPTION_CONFLICT"),
        ({"correlated": ("ka,CL",), "fixed": ("CL",)}, "OPTION_CONFLICT"),
        ({"correlated": ("ka,CL", "CL,V")}, "OPTION_CONFLICT"),
        ({"error": ("constant",)}, "VALUE_NOT_ALLOWED"),
        ({"error": ()}, "OPTION_MISSING"),
        ({"error": ("ketamine=log",)}, "OPTION_MISSING"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(more: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as caught:
        plan_of(MODEL, wish(**more), ["theophylline"])
    assert caught.value.code == code


def test_defaults_come_from_the_model_and_options_replace_them() -> None:
    plan = plan_of(MODEL, wish(), ["theophylline"])
    assert (plan.fixed, plan.random, plan.blocks) == ((), ("ka", "CL", "V"), ())
    plan = plan_of(MODEL, wish(fixed=("ka",), correlated=("CL,V",)), ["theophylline"])
    assert (plan.fixed, plan.random, plan.blocks) == (("ka",), ("CL", "V"), (("CL", "V"),))
    assert plan_of(MODEL, wish(fixed=("ka",), random=("ka",)), ["theophylline"]).random == ("ka",)
    published = plan_of(TWO, Wish("otto-2021"), ["esketamine", "norketamine"])
    assert dict(published.forms) == {"esketamine": "proportional", "norketamine": "proportional"}
    some = plan_of(TWO, Wish("otto-2021", error=("norketamine=log",)), ["norketamine"])
    assert dict(some.forms) == {"norketamine": "log"}


def test_a_start_value_is_converted_and_a_wrong_one_refused() -> None:
    moved = started(MODEL, wish(start=("CL=50 mL/min", "ka=2 1/h")))
    assert moved.parameter["CL"].value == pytest.approx(3.0)
    assert moved.parameter["ka"].value == pytest.approx(2.0)
    assert MODEL.parameter["ka"].value == pytest.approx(1.0)
    for text in ("CL", "CL=", "CL=x L/h", "Q=1 L/h", "CL=1", "CL=1 L", "CL=-1 L/h"):
        with pytest.raises(Refused):
            started(MODEL, wish(start=(text,)))
