"""How exact the engine is: random regimens across every model, against the tests' judge.

    python benchmarks/exactness.py [regimens] [processes]

Prints, for each model, the worst relative error of a concentration, |x - ref| over the larger of
|ref| and a millionth of that analyte's peak, and the worst error of the mass balance, drug in
less what is in the body and what has been eliminated, over the drug in. The judge is an
independent reading of the model file, integrated by SciPy's DOP853 at rtol 1e-13. A clearance
that moves with time is stepped, so its error is shown as a share of its stated bound.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kinetics"))
verdicts = importlib.import_module("verdicts")

REGIMENS = 10_000
PROCESSES = 2


def _one(case: tuple[str, int]) -> tuple[str, float, float, float]:
    model_id, seed = case
    found = verdicts.compare(model_id, seed)
    return model_id, found.error, found.imbalance, found.of_bound


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    regimens, processes = [*given, *(REGIMENS, PROCESSES)[len(given) :]]
    ids = verdicts.judge.model_ids()
    cases = [(ids[n % len(ids)], n // len(ids)) for n in range(regimens)]
    found = defaultdict(list)
    with Pool(processes) as pool:
        for model_id, *errors in pool.imap_unordered(_one, cases, chunksize=20):
            found[model_id].append(errors)
    print(f"{'model':<18} {'regimens':>8} {'error':>9} {'imbalance':>9} {'of bound':>8}")
    for model_id, rows in sorted(found.items()):
        error, imbalance, share = (max(column) for column in zip(*rows, strict=True))
        print(f"{model_id:<18} {len(rows):>8} {error:>9.1e} {imbalance:>9.1e} {share:>8.2f}")


if __name__ == "__main__":
    main()
