"""Words become targets, a pump and a person, or a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from assuage.knowledge import library
from assuage.planning.targeting.request import Target, at_level, parse_targets, read
from assuage.refusals import Refused
from planning.targeting.asking import PLASMA, WORKS, wish

RACEMATE, ESKETAMINE = "racemic-ketamine", "esketamine"


def code(**changed: Any) -> str:
    with pytest.raises(Refused) as caught:
        read(wish(**changed))
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150 ng/mL", [(0.0, 150)]),
        ("0.15 mg/L", [(0.0, 150)]),
        ("150 ng/mL esketamine", [(0.0, 150)]),
        ("150 ng/mL at 0 min, 200 ng/mL at 60 min", [(0.0, 150), (1.0, 200)]),
        ("150 ng/mL,200 ng/mL esketamine at 1 h,90 ng/mL at 2 h", [(0, 150), (1, 200), (2, 90)]),
    ],
)
def test_targets_are_read(text: str, expected: list[tuple[float, float]]) -> None:
    targets = parse_targets(text, ESKETAMINE)
    assert targets == tuple(Target(*one) for one in expected)


@pytest.mark.parametrize(
    "text",
    [
        *("", "150", "150 mg", "1,5 ng/mL", "-150 ng/mL", "NaN ng/mL", "1e2 ng/mL", "0 ng/mL"),
        *("150 ng/mL at", "150 ng/mL at 5 min", "150 ng/mL, 200 ng/mL", "150 ng/mL at 0"),
        *("150 ng/mL at 0 min, 200 ng/mL at 0 min", "150 ng/mL ketamine", "150 ng/mL at -5 min"),
        *("150 ng/mL at 0 min, 200 ng/mL at 2 h, 100 ng/mL at 1 h", "9" * 500),
    ],
)
def test_what_is_no_course_of_targets_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_targets(text, ESKETAMINE)


def test_a_level_of_one_drug_is_not_one_of_the_other() -> None:
    with pytest.raises(Refused) as caught:
        parse_targets("150 ng/mL racemic-ketamine", ESKETAMINE)
    assert caught.value.code == "OPTION_CONFLICT"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"model": None}, "OPTION_MISSING"),
        ({"model": "nobody-1900"}, "VALUE_NOT_ALLOWED"),
        ({"effect": None}, "OPTION_MISSING"),
        ({"plasma": True}, "OPTION_CONFLICT"),
        ({"effect": "dahan-2011-crps-pain"}, "VALUE_NOT_ALLOWED"),
        ({"target": None}, "OPTION_MISSING"),
        ({"hold": None}, "OPTION_MISSING"),
        ({"weight": None}, "WEIGHT_UNKNOWN"),
        ({"age": None}, "AGE_UNKNOWN"),
        ({"age": "5 y"}, "AGE_OUTSIDE_MODEL"),
        ({"weight": "399 kg"}, "WEIGHT_OUTSIDE_MODEL"),
        ({"concentration": None}, "OPTION_MISSING"),
        ({"pump_step": None}, "OPTION_MISSING"),
        ({"pump_max": None}, "OPTION_MISSING"),
        ({"pump_max": "NaN mL/h"}, "QUANTITY_AMBIGUOUS"),
        ({"drug": "ketamine"}, "VALUE_NOT_ALLOWED"),
        ({"setting": "home"}, "VALUE_NOT_ALLOWED"),
        ({"step": "1.5 s"}, "QUANTITY_IMPLAUSIBLE"),
        ({"step": "7 s"}, "OPTION_CONFLICT"),
        ({"hold": "60 h"}, "QUANTITY_IMPLAUSIBLE"),
        ({"target": "100 ng/mL at 0 min, 90 ng/mL at 30 min"}, "OPTION_CONFLICT"),
        ({"changes": -1}, "QUANTITY_IMPLAUSIBLE"),
        ({"changes": 21}, "QUANTITY_IMPLAUSIBLE"),
        ({"changes": 2, "step": "20 s"}, "OPTION_CONFLICT"),
        ({"changes": 2, "hold": "90 s"}, "OPTION_CONFLICT"),
        ({"changes": 2, "overshoot": float("nan")}, "QUANTITY_IMPLAUSIBLE"),
        ({"changes": 2, "overshoot": 21.0}, "QUANTITY_IMPLAUSIBLE"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_refused(changed: dict[str, Any], expected: str) -> None:
    assert code(**changed) == expected


def test_a_model_whose_clearance_moves_is_refused() -> None:
    assert code(**PLASMA, age="5 y", weight="20 kg") == "AGE_OUTSIDE_MODEL"
    moving = {**PLASMA, "model": "flint-2017", "age": "5 y", "weight": "20 kg"}
    assert code(**moving) == "MODEL_UNSUITABLE"


@pytest.mark.parametrize(
    ("changed", "share"),
    [
        ({}, 1.0),
        ({"drug": ESKETAMINE}, 1.0),
        # source: assumptions.toml, esketamine-share: half of a racemic dose is esketamine
        ({"drug": RACEMATE}, 0.5),
        (PLASMA, 1.0),
    ],
)
def test_the_syringe_may_hold_the_racemate_of_an_esketamine_model(
    changed: dict[str, Any], share: float
) -> None:
    assert read(wish(**changed)).share == share


@pytest.mark.parametrize(
    "changed",
    [
        {**PLASMA, "drug": ESKETAMINE},
        {"model": "kamp-2020"},  # the effect is driven by esketamine
        {"effect": "navarrete-2025-ani"},  # and this one by the racemate
    ],
)
def test_a_drug_that_the_model_does_not_follow_is_refused(changed: dict[str, Any]) -> None:
    assert code(**changed) == "MODEL_UNSUITABLE"


def test_a_request_can_be_cut_at_a_target() -> None:
    request = read(wish(target="100 ng/mL at 0 min, 200 ng/mL at 10 min, 50 ng/mL at 20 min"))
    cut = at_level(request, 1, 150.0)
    assert [one.level_ng_per_ml for one in cut.targets] == [100, 150]
    assert cut.hold_h == request.targets[2].start_h
    assert WORKS["hold"] == "30 min"


def test_a_word_after_the_level_is_named_with_what_it_may_be() -> None:
    with pytest.raises(Refused) as caught:
        read(wish(target="100 ng/mL ketamine"))
    assert caught.value.code == "VALUE_NOT_ALLOWED"
    assert "'ketamine'" in caught.value.sentence
    assert ESKETAMINE in caught.value.remedy


def test_no_childs_model_is_named_to_an_adult() -> None:
    """source: the ages that each model's file is applied to."""
    for changed in ({"effect": "navarrete-2025-ani"}, {**PLASMA, "drug": ESKETAMINE}):
        with pytest.raises(Refused) as caught:
            read(wish(**changed))
        named = caught.value.remedy.removeprefix("choose another model: ").split(", ")
        assert named
        for id_ in named:
            assert library.model(id_).applies_age_years.holds(30.0)
