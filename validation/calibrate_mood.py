"""Calibrates the mood file on published group averages, by weighted least squares.

    python -m validation.calibrate_mood            prints targets, values and residuals
    python -m validation.calibrate_mood --check    also compares the values with the file

A target's scale is half of its acceptance band, or its standard error where one is published.
What was never read in a source (Singh 2016, Zarate 2006, the paper's numbers of Murrough 2013)
is no target. What is held in the file is read from it and left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from assuage.knowledge.schema.effect import MoodEffect
from assuage.knowledge.schema.facts import Number
from validation.mood import NASAL_COURSE_D, mood, outcome, scale_of

DIGITS = 3
# name, start, lowest, highest: the file's numbers that are calibrated.
FREE = (
    ("offset", 8.0, 1.0, 60.0),
    ("control_sd", 0.9, 0.0, 3.0),
    ("iv.amplitude", 15.0, 1.0, 60.0),
    ("iv.d50", 0.2, 0.0, 5.0),
    ("iv.control", 11.0, 1.0, 40.0),
    ("nasal.amplitude", 4.0, 0.5, 60.0),
    ("nasal.control", 17.0, 1.0, 40.0),
)


@dataclass(frozen=True)
class Target:
    """A published group average, its scale, and how the model gives it."""

    what: str
    source: str
    value: float
    scale: float
    of: Callable[[MoodEffect], float]


def iv_change(day: float, dose: float) -> Callable[[MoodEffect], float]:
    """Return what gives the points lost after one infusion; dose 0 is the control arm."""

    def of(effect: MoodEffect) -> float:
        scale = scale_of(effect, "racemic-ketamine", "iv")
        return outcome(effect, scale, (0.0,) if dose else (), dose, day).change

    return of


def iv_share(dose: float) -> Callable[[MoodEffect], float]:
    """Return what gives a dose's drug effect at 24 h over that of 0.5 mg/kg."""

    def of(effect: MoodEffect) -> float:
        control = iv_change(1.0, 0.0)(effect)
        least, most = (iv_change(1.0, one)(effect) - control for one in (dose, 0.5))
        return least / most

    return of


def iv_responders(day: float) -> Callable[[MoodEffect], float]:
    """Return what gives the percentage of responders after one infusion of 0.5 mg/kg."""

    def of(effect: MoodEffect) -> float:
        scale = scale_of(effect, "racemic-ketamine", "iv")
        return 100.0 * outcome(effect, scale, (0.0,), 0.5, day).responders

    return of


def nasal(effect: MoodEffect, arm: str, part: str) -> float:
    """Return the change or SD at day 28 of twice-weekly 56 mg, or of its control arm."""
    scale = scale_of(effect, "esketamine", "nasal")
    sessions = NASAL_COURSE_D if arm == "drug" else ()
    return float(getattr(outcome(effect, scale, sessions, 56.0, 28.0), part))


TARGETS = (
    Target("24 h, ketamine, points", "murrough-2013", 16.5, 1.5, iv_change(1.0, 0.5)),
    Target("24 h, midazolam, points", "murrough-2013", 8.8, 1.5, iv_change(1.0, 0.0)),
    Target("24 h, responders, %", "han-2016", 52.2, 5.0, iv_responders(1.0)),
    Target("72 h, responders, %", "han-2016", 47.9, 5.0, iv_responders(3.0)),
    Target("day 7, responders, %", "han-2016", 39.8, 5.0, iv_responders(7.0)),
    Target("0.1 over 0.5 mg/kg (borderline)", "fava-2018", 0.5, 0.25, iv_share(0.1)),
    Target("1.0 over 0.5 mg/kg (alike)", "fava-2018", 1.0, 0.1, iv_share(1.0)),
    Target(
        "day 28, nasal, difference", "popova-2019", 4.0, 1.69,
        lambda effect: nasal(effect, "drug", "change") - nasal(effect, "control", "change"),
    ),
    Target(
        "day 28, control, women", "transform-sex-2022", 15.8, 1.5,
        lambda effect: nasal(effect, "control", "change"),
    ),
    Target(
        "day 28, control, men", "transform-sex-2022", 16.0, 1.5,
        lambda effect: nasal(effect, "control", "change"),
    ),
    *(
        Target(
            f"day 28, {arm}, SD, {who}", "transform-sex-2022", value, 1.0,
            lambda effect, arm=arm: nasal(effect, arm, "sd"),  # type: ignore[misc]
        )
        for arm, who, value in (
            ("control", "women", 14.67), ("control", "men", 14.3),
            ("drug", "women", 13.19), ("drug", "men", 14.08),
        )
    ),
)  # fmt: skip


def with_values(effect: MoodEffect, values: NDArray[np.float64]) -> MoodEffect:
    """Return the mood file with the calibrated numbers replaced."""

    def set_to(number: Number, value: float) -> Number:
        return number.model_copy(update={"value": float(value)})

    named = dict(zip((one[0] for one in FREE), values, strict=True))
    named["between_patient_sd"] = named["control_sd"]  # the targets can't tell the two apart
    top = {name: set_to(getattr(effect, name), x) for name, x in named.items() if "." not in name}
    rows = []
    for row in effect.amplitude:
        group = "nasal" if row.route == "nasal" else "iv"  # the subcutaneous row follows iv
        fields = [name.split(".")[1] for name in named if name.startswith(f"{group}.")]
        new = {name: set_to(getattr(row, name), named[f"{group}.{name}"]) for name in fields}
        rows.append(row.model_copy(update=new))
    return effect.model_copy(update={**top, "amplitude": tuple(rows)})


def values_of(effect: MoodEffect, route: str = "iv") -> list[float]:
    """Return the calibrated numbers as the file has them."""
    rows = {
        "iv": scale_of(effect, "racemic-ketamine", route),
        "nasal": scale_of(effect, "esketamine", "nasal"),
    }
    found = []
    for name, *_ in FREE:
        group, _, field = name.rpartition(".")
        found.append(float(getattr(rows[group] if group else effect, field).value))
    return found


def fit(effect: MoodEffect) -> list[float]:
    """Return the calibrated numbers to three significant digits."""

    def misfit(values: NDArray[np.float64]) -> NDArray[np.float64]:
        now = with_values(effect, values)
        return np.array([(one.of(now) - one.value) / one.scale for one in TARGETS])

    low, high = ([row[place] for row in FREE] for place in (2, 3))
    start = [row[1] for row in FREE]
    found = least_squares(misfit, start, bounds=(low, high), x_scale=start, xtol=1e-12, ftol=1e-12)
    return [float(f"{value:.{DIGITS}g}") for value in found.x]


def main(arguments: list[str]) -> int:
    """Print the calibration; with --check, return 1 when the file holds other numbers."""
    effect = mood()
    fitted = fit(effect)
    calibrated = with_values(effect, np.array(fitted))
    print(f"{'target':34}{'source':22}{'published':>10}{'model':>8}{'residual':>10}")
    for one in TARGETS:
        got = one.of(calibrated)
        line = f"{one.value:10.4g}{got:8.3g}{one.value - got:10.2f}"
        print(f"{one.what:34}{one.source:22}{line}")
    print(f"\n{'number':24}{'calibrated':>12}{'in the file':>12}")
    wrong = 0
    rows = zip(FREE, fitted, values_of(effect), values_of(effect, "sc"), strict=True)
    for (name, *_), value, iv, sc in rows:
        same = np.allclose([iv, sc], value, rtol=5e-3)
        wrong += not same
        print(f"{name:24}{value:12.4g}{iv:12.4g}{'' if same else '   differs'}")
    wrong += effect.between_patient_sd.value != effect.control_sd.value
    return int(bool(wrong) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
