"""A model's units must fit the way that they are used: every wrong one is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from assuage.knowledge import library
from assuage.knowledge.dimensions import Dim, check, of_unit
from assuage.knowledge.schema.model import Model

ODD_UNIT = "kg"  # no parameter of any model is a plain mass
SAME_DIMENSION = {
    "L": "mL",
    "L/h": "mL/min",
    "L/min": "mL/h",
    "1/h": "1/s",
    "1/min": "1/h",
    "h": "min",
    "min": "s",
    "g/mol": "kg/mol",
}
Content = dict[str, Any]


def content(model_id: str) -> Content:
    path = library.ROOT / "models" / f"{model_id}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def parameters() -> list[tuple[str, str]]:
    return [(id_, name) for id_ in library.model_ids() for name in content(id_)["parameter"]]


@pytest.mark.parametrize("model_id", library.model_ids())
def test_every_model_fits(model_id: str) -> None:
    check(Model.model_validate(content(model_id)))


@pytest.mark.parametrize(("model_id", "name"), parameters())
def test_a_wrong_unit_is_refused_and_another_right_one_is_not(model_id: str, name: str) -> None:
    given = content(model_id)
    right = given["parameter"][name]["unit"]
    given["parameter"][name]["unit"] = ODD_UNIT
    with pytest.raises(ValueError):
        check(Model.model_validate(given))
    if right in SAME_DIMENSION:
        given["parameter"][name]["unit"] = SAME_DIMENSION[right]
        check(Model.model_validate(given))


@pytest.mark.parametrize(
    ("model_id", "name"),
    [(id_, name) for id_ in library.model_ids() for name in content(id_).get("derived", {})],
)
def test_a_wrong_derived_unit_is_refused(model_id: str, name: str) -> None:
    given = content(model_id)
    given["derived"][name]["unit"] = ODD_UNIT
    with pytest.raises(ValueError, match=name):
        check(Model.model_validate(given))


@pytest.mark.parametrize(
    ("model_id", "place"),
    [
        (id_, n)
        for id_ in library.model_ids()
        for n, _ in enumerate(content(id_).get("covariate", ()))
    ],
)
def test_a_covariates_wrong_unit_is_refused(model_id: str, place: int) -> None:
    given = content(model_id)
    given["covariate"][place]["unit"] = ODD_UNIT
    with pytest.raises(ValueError, match="covariate"):
        check(Model.model_validate(given))


def _loop(given: Content) -> None:
    given["derived"]["k_gut"]["formula"] = "1 / MTT_gut * k_nk / k_hnk"
    given["derived"]["k_nk"]["formula"] = "steps / MTT_K_NK * k_gut / k_hnk"


def _add_unlike(given: Content) -> None:
    given["derived"]["CLK1_other"]["formula"] = "CLK1 - fm_NK"


def _power_of_a_name(given: Content) -> None:
    given["derived"]["CLK1_met"]["formula"] = "CLK1 ** fm_NK"


def _swap_volume(given: Content) -> None:
    given["compartment"][3]["volume"] = "CLK1"


def _clear_a_depot(given: Content) -> None:
    given["flow"][0] = {"from": "mucosal depot", "to": "central", "clearance": "CLK1"}


def _measure_a_depot(given: Content) -> None:
    given["analyte"][0]["compartment"] = "mucosal depot"


@pytest.mark.parametrize(
    "damage",
    [_loop, _add_unlike, _power_of_a_name, _swap_volume, _clear_a_depot, _measure_a_depot],
)
def test_a_structure_that_cannot_be_is_refused(damage: Callable[[Content], None]) -> None:
    given = content("simons-2022")
    damage(given)
    with pytest.raises(ValueError):
        check(Model.model_validate(given))


def test_dimensions_do_arithmetic() -> None:
    volume, time, two = of_unit("L"), of_unit("h"), Dim((), 2)
    assert volume / time == of_unit("L/min")
    assert volume / time * time == volume
    assert (volume / volume).powers == of_unit("1").powers == ()
    assert time**two == time * time
    assert volume + volume == volume - volume == volume
    with pytest.raises(ValueError):
        _ = volume + time
    with pytest.raises(ValueError):
        _ = volume - two
    with pytest.raises(ValueError):
        _ = volume**time


def test_units_of_one_dimension_agree() -> None:
    for one, other in SAME_DIMENSION.items():
        assert of_unit(one) == of_unit(other)
        assert of_unit(one) != of_unit(ODD_UNIT)
