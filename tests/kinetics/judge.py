"""An independent judge of the engine: the model file integrated numerically.

Nothing here comes from the engine. The file is read with tomllib, units by a table of their own,
and the right-hand side is written as flows (what leaves one place enters another) rather than as
a matrix. SciPy's DOP853 integrates it at rtol 1e-13, restarted at every edge of a dose and at
every output time, so that no interpolation enters.

`random_case` draws the regimens that the tests and the benchmark judge.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from scipy.integrate import solve_ivp

MODELS = Path(__file__).parents[2] / "src" / "assuage" / "knowledge" / "models"
IN_H_L_MG = {
    "1": 1.0,
    "h": 1.0,
    "L": 1.0,
    "L/h": 1.0,
    "1/h": 1.0,
    "g/mol": 1.0,
    "min": 1.0 / 60.0,
    "L/min": 60.0,
    "1/min": 60.0,
}
RTOL = 1e-13  # at 1e-12 the judge itself is off by 1e-9 now and then
ATOL_PER_MG = 1e-20  # times the total dose: amounts below it do not matter
FLOOR = 1e-6  # errors are relative to the value, or to this share of its own peak


@dataclass(frozen=True)
class Person:
    weight_kg: float
    age_years: float
    sex: str | None = None
    ancestry: str | None = None


@dataclass(frozen=True)
class Given:
    start_h: float
    amount_mg: float
    route: str
    duration_h: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Concentrations in mg/L (times, analytes); amounts in parent-mg (times,)."""

    analytes: tuple[str, ...]
    concentrations: np.ndarray
    body: np.ndarray
    eliminated: np.ndarray
    entered: np.ndarray


def model_ids() -> list[str]:
    return sorted(path.stem for path in MODELS.glob("*.toml"))


def read(model_id: str) -> dict[str, Any]:
    return tomllib.loads((MODELS / f"{model_id}.toml").read_text(encoding="utf-8"))


def values(file: dict[str, Any], person: Any, time_h: float = 0.0) -> dict[str, float]:
    """Return every parameter in h, L and mg."""
    found = {}
    for name, one in file["parameter"].items():
        value = one["value"] * IN_H_L_MG[one["unit"]]
        if scale := one.get("scaled_by"):
            value *= (person.weight_kg / scale["weight_kg"]) ** scale["exponent"]
        found[name] = value
    for one in file.get("covariate", ()):
        name, effect = one["parameter"], one["value"]
        if one["form"] == "linear-in-time":
            found[name] += found[name] * effect * time_h
        elif one["form"] == "linear-above":
            found[name] += (
                effect
                * IN_H_L_MG[one["unit"]]
                * max(0.0, getattr(person, one["covariate"]) - one["reference"])
            )
        elif getattr(person, one["covariate"]) in one["when"]:
            found[name] *= effect
    pending = {name: one["formula"] for name, one in file.get("derived", {}).items()}
    while pending:
        for name, formula in list(pending.items()):
            try:
                found[name] = eval(formula, {"__builtins__": {}}, dict(found))  # noqa: S307
            except NameError:
                continue
            del pending[name]
    return found


@dataclass(frozen=True)
class Flows:
    """Each flow takes `rate + slope * t` times what is in `start` to `end` (-1 is outside)."""

    start: np.ndarray
    end: np.ndarray
    rate: np.ndarray
    slope: np.ndarray


def flows(file: dict[str, Any], person: Any) -> Flows:
    now, later = values(file, person, 0.0), values(file, person, 1.0)
    place = {one["name"]: n for n, one in enumerate(file["compartment"])} | {"eliminated": -1}
    volume = {one["name"]: one.get("volume") for one in file["compartment"]}
    rows = []
    for one in file["flow"]:
        ends = [one["between"], one["between"][::-1]] if "between" in one else None
        for start, end in ends or [(one["from"], one["to"])]:
            pair = [
                given[one["rate"]]
                if "rate" in one
                else given[one["clearance"]] / given[volume[start]]
                for given in (now, later)
            ]
            rows.append((place[start], place[end], pair[0], pair[1] - pair[0]))
    start, end, rate, slope = map(np.array, zip(*rows, strict=True))
    return Flows(start, end, rate, slope)


def elimination(file: dict[str, Any], person: Any, time_h: float = 0.0) -> np.ndarray:
    """Return the rate (1/h) at which drug leaves the body from each compartment."""
    found = flows(file, person)
    out = np.zeros(len(file["compartment"]))
    outward = found.end == -1
    rates = found.rate + found.slope * time_h
    np.add.at(out, found.start[outward], rates[outward])
    return out


def entries(file: dict[str, Any], person: Any, doses: Any) -> list[tuple[int, float, float, float]]:
    """Return (compartment, start, end, mg) of everything that enters; a bolus ends as it starts."""
    known = values(file, person)
    place = {one["name"]: n for n, one in enumerate(file["compartment"])}
    found = []
    for dose in doses:
        for one in file["input"]:
            if one["route"] == dose.route:
                amount = dose.amount_mg * (known[one["fraction"]] if "fraction" in one else 1.0)
                lasts = known[one["duration"]] if "duration" in one else dose.duration_h or 0.0
                found.append((place[one["into"]], dose.start_h, dose.start_h + lasts, amount))
    return found


def entered_by(parts: list[tuple[int, float, float, float]], times: Any) -> np.ndarray:
    """Return the mg that have entered by each time, the boluses of that time included."""
    total = np.zeros(len(times))
    for _, start, end, amount in parts:
        if end > start:
            total += amount * np.clip((np.asarray(times) - start) / (end - start), 0.0, 1.0)
        else:
            total += amount * (np.asarray(times) >= start)
    return total


def judge(model_id: str, person: Any, doses: Any, times: Any) -> Verdict:
    """Integrate a model numerically from an empty body."""
    file = read(model_id)
    parts, found, size = entries(file, person, doses), flows(file, person), len(file["compartment"])
    moves = np.zeros((size + 1, len(found.rate)))
    for column, (start, end) in enumerate(zip(found.start, found.end, strict=True)):
        moves[start, column] -= 1.0
        moves[end, column] += 1.0  # -1 is the last row, what has been eliminated
    atol = ATOL_PER_MG * sum(one.amount_mg for one in doses)
    first = min((one.start_h for one in doses), default=0.0)
    edges = {float(t) for t in times} | {x for _, a, b, _ in parts for x in (a, b)} | {0.0}
    grid = sorted(edge for edge in edges if edge <= times[-1])
    state, states = np.zeros(size + 1), {}
    for n, time in enumerate(grid):
        for into, start, end, amount in parts:
            if start == end == time:
                state[into] += amount
        states[time] = state
        if n + 1 < len(grid):
            feed = np.zeros(size + 1)
            for into, start, end, amount in parts:
                if start <= time < end:
                    feed[into] += amount / (end - start)
            if state.any() or feed.any():
                span = (time - first, grid[n + 1] - first)  # a moving rate counts from there
                state = _integrate(moves, found, feed, span, state, atol)
            state = state.copy()
    path = np.array([states[float(t)] for t in times])
    known = values(file, person)
    volume = {one["name"]: one.get("volume") for one in file["compartment"]}
    names = [one["name"] for one in file["compartment"]]
    seen = [
        path[:, names.index(one["compartment"])]
        / known[volume[one["compartment"]]]
        * (known[one["mass_ratio"]] if "mass_ratio" in one else 1.0)
        for one in file["analyte"]
    ]
    return Verdict(
        tuple(one["name"] for one in file["analyte"]),
        np.array(seen).T,
        path[:, :-1].sum(axis=1),
        path[:, -1],
        entered_by(parts, times),
    )


def _integrate(
    moves: np.ndarray,
    found: Flows,
    feed: np.ndarray,
    span: tuple[float, float],
    state: np.ndarray,
    atol: float,
) -> np.ndarray:
    start, rate, slope = found.start, found.rate, found.slope
    steady = not slope.any()

    def slopes(time: float, x: np.ndarray) -> np.ndarray:
        now = rate if steady else rate + slope * time
        return moves @ (now * x[start]) + feed

    solved = solve_ivp(slopes, span, state, "DOP853", rtol=RTOL, atol=atol)
    if not solved.success:
        raise ArithmeticError(solved.message)
    return solved.y[:, -1]


def worst_error(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the largest of |x - ref| / max(|ref|, 1e-6 max|ref| of that analyte)."""
    scale = np.maximum(np.abs(wanted), FLOOR * np.abs(wanted).max(axis=0))
    gap = np.abs(found - wanted)
    return float(np.divide(gap, scale, out=np.zeros_like(gap), where=gap > 0.0).max(initial=0.0))


# Random regimens.


def random_case(model_id: str, seed: int) -> tuple[Person, list[Given], np.ndarray]:
    """Draw a person in the model's range, a regimen by its routes and 12 times of output."""
    file = read(model_id)
    rng = np.random.default_rng([crc32(model_id.encode()), seed])
    age = file["applies_age_years"]
    years = float(rng.uniform(age.get("low", 1.0), min(age.get("high", 90.0), 90.0)))
    known = file["studied"].get("weight_kg") or (
        {"low": 10.0, "high": 75.0} if years < 18.0 else {"low": 40.0, "high": 120.0}
    )
    person = Person(
        float(rng.uniform(known["low"], known["high"])),
        years,
        ancestry=rng.choice([None, "caucasian", "asian", "japanese"]),
    )
    end = float(rng.uniform(2.0, 12.0) if rng.random() < 0.8 else rng.uniform(12.0, 30.0))
    routes = sorted({one["route"] for one in file["input"]})
    doses: list[Given] = []
    for _ in range(int(rng.integers(1, 4))):
        route = str(rng.choice(routes))
        timed = any(one["route"] == route and "duration" in one for one in file["input"])
        start = float(rng.uniform(0.0, end / 2.0)) if doses else 0.0
        doses += _doses(rng, route, start, person.weight_kg, timed)
    times = rng.uniform(0.0, end, 12)
    edges = [one.start_h + (one.duration_h or 0.0) for one in doses]
    times[:2] = rng.choice(edges, 2)  # on the edge of a dose, where mistakes live
    return person, doses, np.unique(times[times <= end])


def _doses(
    rng: np.random.Generator, route: str, start: float, weight: float, timed: bool
) -> list[Given]:
    amount = float(rng.uniform(0.1, 2.0)) * weight
    kind = rng.choice(["bolus", "repeat"] if timed else ["bolus", "infusion", "steps", "repeat"])
    if kind == "bolus":
        return [Given(start, amount, route)]
    if kind == "repeat":
        gap = float(rng.uniform(0.05, 3.0))
        return [Given(start + n * gap, amount, route) for n in range(int(rng.integers(2, 5)))]
    long = float(rng.uniform(0.02, 3.0))
    if kind == "infusion":
        return [Given(start, amount, route, long)]
    found = []
    for _ in range(int(rng.integers(2, 5))):  # each step starts where the last one ended
        found.append(Given(start, float(rng.uniform(0.1, 2.0)) * weight, route, long))
        start += long
    return found
