"""One request that works, and ways to change it."""

from __future__ import annotations

from typing import Any

import pytest

from assuage.planning.targeting import Targeted, Wish, target
from assuage.refusals import Refused

WORKS: dict[str, Any] = {
    "model": "simons-2022",
    "effect": "olofsen-2022-dissociation",
    "target": "100 ng/mL",
    "hold": "30 min",
    "weight": "70 kg",
    "age": "30 y",
    "concentration": "2 mg/mL",
    "pump_step": "0.1 mL/h",
    "pump_max": "1200 mL/h",
    "population": 100,
}
PLASMA: dict[str, Any] = {"model": "kamp-2020", "effect": None, "plasma": True}


def wish(**changed: Any) -> Wish:
    return Wish(**(WORKS | changed))


def found(**changed: Any) -> Targeted:
    return target(wish(**changed))


def refused(**changed: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        found(**changed)
    return caught.value
