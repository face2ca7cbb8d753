"""A fit finds what it should: studies with a known truth, fitted blindly.

    python benchmarks/fit.py [studies] [processes]

Each study is a CSV text of 40 people of 50 to 100 kg, given 0.5 mg/kg over 40 min, with six
samples each: two compartments (elkomy-2015), clearance and central volume that vary by 30 %, a
proportional error of 15 %. Levels come from the closed form and not from assuage's engine. The fit
starts from the model's file with every value moved by half. Prints, for each estimate, its bias
and how often its 90 % interval holds the truth. Ends with 1 when a bias reaches 10 %, a coverage
lies outside 85 to 95 %, or more than one study in twenty doesn't converge.

A study that is refused has no interval and is left out of the rest.

Coverage over 100 studies has a Monte-Carlo standard error of 3 %, so that of seven intervals which
cover exactly 90 % about one in ten falls outside by chance alone. With 400 studies it is 1.5 %.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from multiprocessing import get_context

import numpy as np

from assuage.evidence.fitting.asked import Wish, meaning_of, plan_of, started
from assuage.evidence.fitting.data import read_data
from assuage.evidence.fitting.report import interval
from assuage.evidence.fitting.study import problem_of
from assuage.evidence.fitting.table import parse_table
from assuage.kinetics.exact import Array
from assuage.kinetics.saem import Fit, Settings, fit
from assuage.kinetics.saem.sampler import generator
from assuage.knowledge import library

STUDIES, PROCESSES, PEOPLE = 100, 2, 40
SEED = 2026
TIMES_H = np.array([0.5, 0.75, 1.5, 3.0, 6.0, 10.0])
INFUSION_H = 40.0 / 60.0
OMEGA, ERROR = 0.3, 0.15
MODEL = "elkomy-2015"
MOST_BIAS, COVERED, NOT_CONVERGED = 10.0, (85.0, 95.0), 0.05
PARAMETERS = ("V1", "V2", "CL", "Q")
START = ("V1=40 L", "V2=250 L", "CL=90 L/h", "Q=40 L/h")


def truth() -> dict[str, float]:
    """Return what the studies are made from, by the names of the estimates."""
    model = library.model(MODEL)
    found = {name: model.parameter[name].value for name in PARAMETERS}
    return found | {"omega CL": OMEGA, "omega V1": OMEGA, "proportional error": ERROR}


def levels(psi: Array, dose_mg: Array, times_h: Array) -> Array:
    """Return (people, times) mg/L during and after an infusion, by the two exponentials."""
    v1, v2, clearance, between = psi.T
    k10, k12, k21 = clearance / v1, between / v1, between / v2
    total, product = k10 + k12 + k21, k10 * k21
    fast = (total + np.sqrt(total**2 - 4.0 * product)) / 2.0
    slow = product / fast
    out = np.zeros((len(psi), len(times_h)))
    for root, other in ((fast, slow), (slow, fast)):
        share = (root - k21) / (root - other) / v1
        given = np.minimum(times_h, INFUSION_H)
        rise = (1.0 - np.exp(-root[:, None] * given)) / root[:, None]
        fall = np.exp(-root[:, None] * np.maximum(times_h - INFUSION_H, 0.0))
        out += (dose_mg / INFUSION_H * share)[:, None] * rise * fall
    return out


def study(number: int) -> str:
    """Return a study as CSV, levels in ng/mL."""
    rng = generator(SEED, 1000 + number)
    weight = rng.uniform(50.0, 100.0, PEOPLE).round(1)
    model = library.model(MODEL)
    psi = np.empty((PEOPLE, len(PARAMETERS)))
    for place, name in enumerate(PARAMETERS):
        scale = model.parameter[name].scaled_by
        assert scale is not None
        psi[:, place] = truth()[name] * (weight / scale.weight_kg) ** scale.exponent
    for name in ("CL", "V1"):
        psi[:, PARAMETERS.index(name)] *= np.exp(OMEGA * rng.standard_normal(PEOPLE))
    dose = (0.5 * weight).round(2)
    exact = levels(psi, dose, TIMES_H)
    measured = 1000.0 * exact * (1.0 + ERROR * rng.standard_normal(exact.shape))
    rows = ["ID,TIME,AMT,RATE,DV,WT"]
    for one in range(PEOPLE):
        rate = float(dose[one]) / INFUSION_H
        rows.append(f"{one + 1},0,{dose[one]:g},{rate:.12g},.,{weight[one]:g}")
        rows += [
            f"{one + 1},{time:g},.,.,{level:.6g},{weight[one]:g}"
            for time, level in zip(TIMES_H, measured[one], strict=True)
        ]
    return "\n".join(rows) + "\n"


def fitted(number: int) -> Fit:
    """Return the fit of a study, as the command would make it."""
    wish = Wish(
        MODEL,
        "h",
        "mg",
        "ng/mL",
        error=("proportional",),
        random=("CL", "V1"),
        start=START,
    )
    model = started(library.model(MODEL), wish)
    data = read_data(parse_table(study(number), f"study {number}"), meaning_of(wish, model))
    problem = problem_of(model, data, plan_of(model, wish, ["ketamine"]))
    return fit(problem, Settings(seed=1))


def one(number: int) -> tuple[bool, list[tuple[float, bool]]]:
    """Return whether a study converged, and each estimate with whether its interval holds."""
    found, known = fitted(number), truth()
    rows = []
    for place, name in enumerate(found.names):
        low, high = interval(found, place, 0.90)
        rows.append((float(np.exp(found.packed[place])), low <= np.log(known[name]) <= high))
    return found.converged, rows


def main(studies: int = STUDIES, processes: int = PROCESSES) -> int:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # the processes start anew and read it
    begun = time.perf_counter()
    with get_context("spawn").Pool(processes) as pool:
        results = pool.map(partial(one), range(studies), chunksize=5)
    took = time.perf_counter() - begun
    known = truth()
    names = fitted_names()
    rows = np.array([[list(row) for row in rows] for ok, rows in results if ok], dtype=float)
    lost = 1.0 - len(rows) / studies
    error = 100.0 * np.sqrt(0.9 * 0.1 / len(rows))
    print(f"{studies} studies of {PEOPLE} people, {took:.0f} s on {processes} processes; ", end="")
    stuck = [str(number) for number, (ok, _) in enumerate(results) if not ok]
    print(f"{len(stuck)} did not converge{': ' * bool(stuck)}{', '.join(stuck)}")
    print(f"coverage has a Monte-Carlo standard error of {error:.1f} %\n")
    print(f"{'estimate':<20}{'truth':>9}{'mean':>10}{'bias %':>9}{'90 % interval holds %':>24}")
    wrong = lost > NOT_CONVERGED
    for place, name in enumerate(names):
        mean, held = rows[:, place, 0].mean(), 100.0 * rows[:, place, 1].mean()
        bias = 100.0 * (mean / known[name] - 1.0)
        bad = not (abs(bias) < MOST_BIAS and COVERED[0] <= held <= COVERED[1])
        wrong |= bad
        mark = "  outside" if bad else ""
        print(f"{name:<20}{known[name]:>9g}{mean:>10.4g}{bias:>9.2f}{held:>24.1f}{mark}")
    print(f"\nall intervals together hold {100.0 * rows[:, :, 1].mean():.1f} %")
    return int(wrong)


def fitted_names() -> tuple[str, ...]:
    return ("V1", "V2", "CL", "Q", "omega CL", "omega V1", "proportional error")


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
