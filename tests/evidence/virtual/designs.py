"""Small designs for tests, as a tree like that of a design's file."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from assuage.evidence.virtual.checks import check
from assuage.evidence.virtual.design import Design

ASSUMED = {"source": "assumed"}
BODY = {
    "weight": {"mean": "72 kg", "sd": "12 kg", "low": "50 kg", "high": "100 kg", **ASSUMED},
    "age": {"mean": "46 y", "sd": "12 y", "low": "18 y", "high": "75 y", **ASSUMED},
}
PAIN = {
    "title": "pain",
    "visits_d": [7, 28, 84],
    "population": {**BODY, "pain": {"mean": 7.0, "sd": 1.5, **ASSUMED}},
    "arm": [
        {"id": "drug", "n": 15, "regimen": "crps-inpatient-esketamine-100h"},
        {"id": "placebo", "n": 15, "control": "placebo", "like": "drug"},
    ],
    "pain": {
        "role": "primary",
        "effect": "dahan-2011-crps-pain",
        "visit_sd": 1.0,
        "response_percent": 30.0,
        **ASSUMED,
    },
    "analysis": {"reference": "placebo", "at_d": [7], "baseline": "common"},
}
MOOD = {
    "title": "mood",
    "visits_d": [1, 7, 14],
    "population": {**BODY, "mood": {"mean": 37.0, "sd": 5.5, **ASSUMED}},
    "arm": [
        {"id": "drug", "n": 12, "regimen": "depression-iv"},
        {"id": "control", "n": 12, "control": "midazolam", "like": "drug"},
    ],
    "mood": {
        "role": "primary",
        "effect": "depression-mood-empirical",
        "visit_sd": 3.0,
        "response_percent": 50.0,
        **ASSUMED,
    },
    "analysis": {"reference": "control", "at_d": [14], "baseline": "common"},
}
DISSOCIATION = {"effect": "olofsen-2022-dissociation", "over_percent": 10.0, **ASSUMED}
TITRATION = {
    "start": "5 mg/h",
    "step": "5 mg/h",
    "every": "12 h",
    "most": "30 mg/h",
    "per_weight": "70 kg",
    "until_relief_percent": 90.0,
    "intolerable_percent": 99.0,
    **ASSUMED,
}
BOTH: dict[str, Any] = {
    **PAIN,
    "title": "both",
    "population": {
        **PAIN["population"],  # type: ignore[dict-item]
        "mood": {"mean": 18.0, "sd": 7.0, **ASSUMED},
        "correlation": {"value": 0.5, **ASSUMED},
    },
    "mood": {
        **MOOD["mood"],  # type: ignore[dict-item]
        "role": "secondary",
        "visits_d": [7, 84],
        "borrows": {"drug": "racemic-ketamine", "route": "iv", "dose": "0.5 mg/kg", **ASSUMED},
        "share": {"value": 0.45, **ASSUMED},
    },
}


def changed(tree: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a tree with parts put in, by a path with double underscores; None takes one out."""
    found = deepcopy(tree)
    for path, value in parts.items():
        *inside, last = path.split("__")
        at: Any = found
        for name in inside:
            at = at[int(name) if name.isdigit() else name]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return found


def design(tree: dict[str, Any], **parts: Any) -> Design:
    """Return a checked design."""
    made = Design.model_validate(changed(tree, **parts))
    check(made, "the test")
    return made
