"""How exact the engine is: random regimens and turnovers, against the tests' judges.

    python benchmarks/exactness.py [cases] [processes]

Four cases in five are regimens, across every model of the library; the others are turnovers of
all forms, ten patients at a time, with kout from 0.001 to 10 per h and gamma up to 5.

Prints, for each model, the worst relative error of a concentration, |x - ref| over the larger of
|ref| and a millionth of that analyte's peak, and the worst error of the mass balance, drug in
less what is in the body and what has been eliminated, over the drug in. The judge is an
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

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kinetics"))
verdicts = importlib.import_module("verdicts")
turnovers = importlib.import_module("turnovers")

CASES = 10_000
PROCESSES = 2
TURNOVERS = 0.2  # of all cases
EXACT, SLOW = 1e-9, 1e-6  # allowed of what is solved between events, and of turnovers


def _one(case: tuple[str, int]) -> tuple[str, float, float, float]:
    model_id, seed = case
    found = verdicts.compare(model_id, seed)
    return model_id, found.error, found.imbalance, found.of_bound


def _turnovers(seed: int) -> list[float]:
    from assuage.kinetics.turnover import solve

    case = turnovers.random_case(seed)
    wanted = turnovers.judge(case)
    errors: list[float] = turnovers.worst_error(solve(*turnovers.asked(case)), wanted).tolist()
    return errors


def main() -> int:
    """Print the table, and return 1 when an error is beyond what is allowed."""
    given = [int(text) for text in sys.argv[1:]]
    total, processes = [*given, *(CASES, PROCESSES)[len(given) :]]
    batches = round(TURNOVERS * total / turnovers.PATIENTS)
    regimens = total - batches * turnovers.PATIENTS
    ids = verdicts.judge.model_ids()
    cases = [(ids[n % len(ids)], n // len(ids)) for n in range(regimens)]
    found = defaultdict(list)
    with Pool(processes) as pool:
        for model_id, *errors in pool.imap_unordered(_one, cases, chunksize=20):
            found[model_id].append(errors)
        slow = [one for some in pool.imap_unordered(_turnovers, range(batches)) for one in some]
    print(f"{'model':<18} {'regimens':>8} {'error':>9} {'imbalance':>9} {'of bound':>8}")
    good = True
    for model_id, rows in sorted(found.items()):
        error, imbalance, share = (max(column) for column in zip(*rows, strict=True))
        print(f"{model_id:<18} {len(rows):>8} {error:>9.1e} {imbalance:>9.1e} {share:>8.2f}")
        good = good and error <= EXACT and imbalance <= EXACT and share <= 1.0
    if slow:
        print(f"{'turnover':<18} {len(slow):>8} {max(slow):>9.1e} {'-':>9} {'-':>8}")
    return 0 if good and max(slow, default=0.0) <= SLOW else 1


if __name__ == "__main__":
    sys.exit(main())
