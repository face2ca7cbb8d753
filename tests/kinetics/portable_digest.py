"""Print a digest of everything that must be the same on every machine, and the CPU's features.

Run as a program by test_portable.py, with NumPy's vector loops switched off.
"""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np

from assuage.kinetics import portable
from assuage.kinetics.population import deviations, normals, occasion_deviations, uniforms
from assuage.kinetics.residual import observe
from assuage.kinetics.structure import Cohort, parameter_values
from assuage.knowledge import library

PATIENTS = 3001


def digest() -> dict[str, str]:
    """Return a hash for each thing that is claimed to be portable."""
    found = {}

    def add(name: str, *arrays: np.ndarray) -> None:
        found[name] = sha256(b"".join(one.tobytes() for one in arrays)).hexdigest()

    flat = uniforms(9, "spread", PATIENTS)
    add("uniforms", flat)
    add("normals", normals(9, "spread", 50 * PATIENTS))
    add("functions", portable.exp(80.0 * flat - 40.0), portable.log(flat))
    add("powers", portable.power(3.0 * flat, 0.75), portable.normal_quantile(flat / 1e9))
    people = Cohort(40.0 + 80.0 * flat, 18.0 + 70.0 * uniforms(10, "age", PATIENTS))
    for model_id in library.model_ids():
        model = library.model(model_id)
        shifts = deviations(model, PATIENTS, 5)
        values = parameter_values(model, people, shifts)
        add(model_id, *shifts.values(), *values.values())
        for one in occasion_deviations(model, PATIENTS, 5, 2):
            add(f"{model_id} occasion", *one.values())
        for one in model.residual:
            levels = observe(model, one.analyte, np.outer(flat, [0.1, 2.0]), 5)
            add(f"{model_id} {one.analyte}", levels)
    return found


def features() -> list[str]:
    """Return the vector extensions that NumPy has found and may use."""
    return list(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


if __name__ == "__main__":
    print(json.dumps({"digest": digest(), "features": features()}))
