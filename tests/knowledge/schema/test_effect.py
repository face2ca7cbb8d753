"""A turnover's file says one form, the numbers that the form takes, and none out of range."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.effect import EffectFile, TurnoverEffect

TAGS: dict[str, Any] = {"source": "assuage-design", "where": "this test", "read": "design"}


def number(value: float, unit: str = "1") -> dict[str, Any]:
    return {"value": value, "unit": unit, **TAGS}


def file(**changes: Any) -> dict[str, Any]:
    """Return a turnover as TOML gives it; a change to None leaves the field out."""
    said = {"text": "a test", **TAGS}
    found: dict[str, Any] = {"id": "a-test", "driver": "esketamine", "source": "assuage-design"}
    found |= dict.fromkeys(("name", "endpoint", "unit", "summary"), "a test")
    found |= {"people": said, "joins_fact": said, "form": "inhibits-gain"}
    found |= {"equilibration": {"rate": number(0.2, "1/min")}, "gamma": number(1.0)}
    found |= {"baseline": number(7.0, "point"), "half_life": number(2.0, "day")}
    found |= {"largest": number(0.5), "c50": number(10.0, "ng/mL")} | changes
    return {name: one for name, one in found.items() if one is not None}


def both(gain: float, loss: float) -> dict[str, Any]:
    changes = {"gain_change": number(gain), "loss_change": number(loss)}
    return {"form": "moves-both", "largest": None, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"largest": number(1.0)},
        {"form": "inhibits-loss"},
        {"form": "stimulates-gain", "largest": number(12.0)},
        {"form": "stimulates-loss", "largest": number(12.0)},
        both(-1.0, 4.0),
    ],
)
def test_each_form_is_read(changes: dict[str, Any]) -> None:
    held = EffectFile.model_validate({"turnover": file(**changes)}).held
    assert isinstance(held, TurnoverEffect)
    assert held.form == changes.get("form", "inhibits-gain")


@pytest.mark.parametrize(
    "changes",
    [
        {"form": "inhibits"},
        {"largest": None},
        {"largest": number(1.01)},
        {"largest": number(0.0)},
        {"largest": number(-0.5)},
        {"form": "stimulates-loss", "largest": number(-0.5)},
        {"gain_change": number(0.5)},
        {**both(0.5, 0.5), "largest": number(0.5)},
        {**both(0.5, 0.5), "loss_change": None},
        both(-1.1, 0.0),
        {"c50": number(0.0, "ng/mL")},
        {"gamma": number(-1.0)},
        {"half_life": number(0.0, "day")},
        {"baseline": number(0.0, "point")},
        {"c50": number(float("nan"), "ng/mL")},
        {"unknown": 1},
    ],
)
def test_an_incomplete_or_impossible_turnover_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EffectFile.model_validate({"turnover": file(**changes)})


def test_a_file_holds_exactly_one_effect() -> None:
    pain = library.effect("dahan-2011-crps-pain").pain
    assert pain is not None
    with pytest.raises(ValidationError, match="exactly one"):
        EffectFile.model_validate({"turnover": file(), "pain": pain.model_dump()})
    with pytest.raises(ValidationError, match="exactly one"):
        EffectFile.model_validate({})
