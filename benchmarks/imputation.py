"""Reference-based imputation of the antidepressant trial, beside SAS's macros, with its time.

    python benchmarks/imputation.py [draws]

Needs shared/data/antidepressant_hamd17.csv beside the checkout, which isn't ours to ship. Prints
each method's difference at visit 7 with its Monte Carlo error, standard error and p value, under
Jeffreys' prior and under one of as many degrees of freedom as visits, and the same by conditional
means. Ends with 1 where a difference is over 0.02 from SAS's, or a standard error under the second
prior over 0.003, or 1,000 draws take over 3 s.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

from assuage.evidence.trial.imputation import Compared, conditional_mean, multiple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
trials = importlib.import_module("evidence.trial.trials")
published = importlib.import_module("evidence.trial.test_imputation").SAS

DRAWS = 10_000
SEED = 2026
VISITS = 4
NEAR, NEAR_SE, MOST_S = 0.02, 0.003, 3.0


def main(draws: int) -> int:
    if not trials.ANTIDEPRESSANT:
        print("the antidepressant data are not here")
        return 1
    trial = trials.antidepressant(trials.ANTIDEPRESSANT[0])
    conditional_mean(trial)  # so that loading isn't timed
    wrong = 0
    for method, (estimate, se, p) in published.items():
        assumed = trials.assuming(trial, method)
        print(f"{method}\n  {'SAS, 10,000 draws':32}{estimate:9.5f} ({se:.5f}) p {p:.4f}")
        for prior_df in (0.0, float(VISITS)):
            began = time.process_time()
            found = multiple(assumed, draws, SEED, prior_df=prior_df)
            seconds = (time.process_time() - began) * 1000 / draws
            _say(f"{draws:,} draws, prior df {prior_df:g}", found, seconds)
            one = found.differences[0]
            wrong += abs(-one.estimate - estimate) > NEAR
            wrong += prior_df > 0.0 and abs(one.se - se) > NEAR_SE
            wrong += seconds > MOST_S
        began = time.process_time()
        found = conditional_mean(assumed)
        _say("conditional mean, jackknife", found, time.process_time() - began)
    return int(wrong > 0)


def _say(name: str, found: Compared, seconds: float) -> None:
    one = found.differences[0]
    error = f" +- {one.monte_carlo_error:.4f}" if one.draws else ""
    each = " for 1,000 draws" if one.draws else ""
    said = f"{-one.estimate:9.5f} ({one.se:.5f}) p {one.p:.4f}{error}"
    print(f"  {name:32}{said}, {seconds:.2f} s{each}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS))
