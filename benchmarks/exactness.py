"""How exact the engine is: random regimens and turnovers, against the tests' judges.

    python benchmarks/exactness.py [cases] [processes]

Three cases in five are regimens, across every model of the library. One in five is a patient of
a random system: one to four places that exchange drug, up to four downstream, rates from 0.01 to
100 per h, many of them the very same or within 1e-15 to 1e-2 of one another. One in five is a
turnover of any form, with kout from 0.001 to 10 per h and gamma up to 5. Everything is solved by
NumPy and by the compiled kernels; the worse of the two counts.

Prints, for each model, the worst relative error of a concentration, |x - ref| over the larger of
|ref| and a millionth of that analyte's peak (for a random system also of 1e-8 of every dose at
once, below which the judge has lost its own figures), and the worst error of the mass balance,
drug in less what is in the body and what has been eliminated, over the drug in. The judge is an
independent reading of the model file, integrated by SciPy's DOP853 at rtol 1e-13. A clearance
that moves with time is stepped, so its error is shown as a share of its stated bound. A
turnover's error is relative to R, its judge DOP853 at rtol 1e-12. Exit 1 beyond what is allowed.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kinetics"))
verdicts = importlib.import_module("verdicts")
turnovers = importlib.import_module("turnovers")
systems = importlib.import_module("systems")

CASES = 10_000
PROCESSES = 2
TURNOVERS, SYSTEMS = 0.2, 0.2  # of all cases
OF_A_SYSTEM = 3  # patients
EXACT, SLOW = 1e-9, 1e-6  # allowed of what is solved between events, and of turnovers


def _one(case: tuple[str, int]) -> tuple[str, float, float, float]:
    model_id, seed = case
    found = verdicts.compare(model_id, seed)
    return model_id, found.error, found.imbalance, found.of_bound


def _turnovers(seed: int) -> list[float]:
    from assuage.kinetics import fast_turnover, turnover

    case = turnovers.random_case(seed)
    wanted, asked = turnovers.judge(case), turnovers.asked(case)
    both = [turnovers.worst_error(one.solve(*asked), wanted) for one in (turnover, fast_turnover)]
    errors: list[float] = np.maximum(*both).tolist()
    return errors


def _system(seed: int) -> float:
    from assuage.kinetics import exact, fast

    case = systems.random_case(seed, OF_A_SYSTEM)
    pushes = [exact.Push(place, start, mg, end) for place, start, mg, end in case.pushes]
    asked = (case.matrix, pushes, case.times, case.weights)
    wanted, least = systems.judge(case), systems.trace(case)
    both = (fast.solve(*asked), exact.solve(*asked).transpose(0, 2, 1))
    return max(float(systems.worst_error(one, wanted, least)) for one in both)


def main() -> int:
    """Print the table, and return 1 when an error is beyond what is allowed."""
    given = [int(text) for text in sys.argv[1:]]
    total, processes = [*given, *(CASES, PROCESSES)[len(given) :]]
    batches = round(TURNOVERS * total / turnovers.PATIENTS)
    random = round(SYSTEMS * total / OF_A_SYSTEM)
    regimens = total - batches * turnovers.PATIENTS - random * OF_A_SYSTEM
    ids = verdicts.judge.model_ids()
    cases = [(ids[n % len(ids)], n // len(ids)) for n in range(regimens)]
    found = defaultdict(list)
    with Pool(processes) as pool:
        for model_id, *errors in pool.imap_unordered(_one, cases, chunksize=20):
            found[model_id].append(errors)
        near = list(pool.imap_unordered(_system, range(random), chunksize=20))
        slow = [one for some in pool.imap_unordered(_turnovers, range(batches)) for one in some]
    print(f"{'model':<18} {'regimens':>8} {'error':>9} {'imbalance':>9} {'of bound':>8}")
    good = True
    for model_id, rows in sorted(found.items()):
        error, imbalance, share = (max(column) for column in zip(*rows, strict=True))
        print(f"{model_id:<18} {len(rows):>8} {error:>9.1e} {imbalance:>9.1e} {share:>8.2f}")
        good = good and error <= EXACT and imbalance <= EXACT and share <= 1.0
    if near:
        patients = OF_A_SYSTEM * len(near)
        print(f"{'random systems':<18} {patients:>8} {max(near):>9.1e} {'-':>9} {'-':>8}")
        good = good and max(near) <= EXACT
    if slow:
        print(f"{'turnover':<18} {len(slow):>8} {max(slow):>9.1e} {'-':>9} {'-':>8}")
    return 0 if good and max(slow, default=0.0) <= SLOW else 1


if __name__ == "__main__":
    sys.exit(main())
