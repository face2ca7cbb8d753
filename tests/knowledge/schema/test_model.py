"""A model file states each variability and each error once, in a form that can be used."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.dimensions import check
from assuage.knowledge.schema.model import Model

Content = dict[str, Any]
READ = {"source": "simons-2022", "where": "transcription of Table 4", "read": "secondary"}

# What the reading of Simons 2022 (Table 4) prints as variances between occasions. A variance of
# 0.751 stands there too, in a row that can't be told.
BETWEEN_OCCASIONS = {
    "F1": "0.06", "D1": "0.154", "KA1": "0.062", "F2": "0.057", "D2": "0.611", "KA2": "0.376",
    "MTT_gut": "0.937", "VH2": "0.152", "CLH1": "0.008",
}  # fmt: skip


def content() -> Content:
    path = library.ROOT / "models" / "simons-2022.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_published_variances_between_occasions_are_held() -> None:
    model = library.model("simons-2022")
    assert {one.parameter: str(one.omega2) for one in model.occasion} == BETWEEN_OCCASIONS
    assert any("0.751" in one.text and one.read == "unverified" for one in model.gap)


def again(content: Content, table: str) -> None:
    content[table].append(content[table][0])


def add(content: Content, table: str, **entry: object) -> None:
    content[table].append(READ | entry)


MISTAKES: list[tuple[str, Callable[[Content], None]]] = [
    ("given twice", lambda c: again(c, "variability")),
    ("given twice", lambda c: again(c, "occasion")),
    ("given twice", lambda c: again(c, "residual")),
    ("unknown parameter", lambda c: add(c, "occasion", parameter="VX", cv=0.1)),
    ("exactly one", lambda c: add(c, "occasion", parameter="VK2")),
    ("exactly one", lambda c: add(c, "occasion", parameter="VK2", cv=0.1, sd=0.1)),
    ("greater than or equal", lambda c: add(c, "occasion", parameter="VK2", omega2=-0.1)),
    ("greater than or equal", lambda c: add(c, "variability", parameter="VK2", sd=-0.1)),
    ("unknown analyte", lambda c: add(c, "residual", analyte="ketone", log_sd=0.1)),
    ("either", lambda c: c["residual"][0].update(log_sd=0.1)),
    ("either", lambda c: c["residual"][0].pop("proportional_sd")),
    ("not a parameter", lambda c: c["analyte"][0].update(molar_mass="NK_per_K")),
    ("no concentration", lambda c: c["residual"][1].update(unit="mg")),
    ("needs a molar_mass", lambda c: c["analyte"][1].pop("molar_mass")),
    ("a molar mass", lambda c: c["analyte"][0].update(molar_mass="VK1")),
]


@pytest.mark.parametrize(("why", "mistake"), MISTAKES)
def test_a_mistake_is_refused(why: str, mistake: Callable[[Content], None]) -> None:
    given = content()
    mistake(given)
    with pytest.raises((ValidationError, ValueError), match=why):
        check(Model.model_validate(given))


def test_without_a_mistake_nothing_is() -> None:
    check(Model.model_validate(content()))
