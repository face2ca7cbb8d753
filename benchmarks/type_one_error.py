"""How often a mixed model finds an effect that isn't there.

    python benchmarks/type_one_error.py [trials] [workers]

Each trial has 20 people in each of two arms that don't differ, a baseline and 4 visits with an
unstructured covariance. People drop out for good after a visit, the likelier the worse they were
at it, so that a fifth of the outcomes is missing at random and not completely at random. Analysed
as change ~ baseline*visit + arm*visit by REML with an unstructured covariance; the arms are
compared at the last visit, two-sided at 0.05.

Ends with 1 when the share of trials in which Kenward-Roger's test rejects lies outside the exact
central 95 % interval of the binomial distribution of 0.05, when a trial is refused, or when the
share missing isn't a fifth within 1 %. Satterthwaite's share is printed beside it. The seed is
fixed: a trial is the same whatever the number of workers.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed import inference, repeated
from assuage.evidence.mixed.fitted import F, I
from assuage.kinetics.executors import Processes
from assuage.refusals import Refused

TRIALS, WORKERS, BLOCK = 10_000, 2, 50
SEED = 2026
LEVEL = 0.05
GROUP, VISITS = 20, 4
STAY, WORSE = 1.93, 0.8  # log odds of staying, and what one standard deviation takes off
MISSING = (0.19, 0.21)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Trial:
    """Observed rows of one trial; the last column of x is the arms' difference at the end."""

    x: F  # (n, 3 visits)
    y: F  # (n,) change from baseline
    subject: I
    visit: I
    missing: float  # share of the outcomes


def covariance(visits: int) -> F:
    """Return (visits + 1, visits + 1): spread grows with time, and near visits are more alike."""
    time_of = np.arange(visits + 1.0)
    sd = 5.0 + 3.0 * np.sqrt(time_of / visits)
    apart = np.abs(time_of[:, None] - time_of[None, :])
    return np.asarray(np.outer(sd, sd) * (0.35 + 0.65 * 0.7**apart))


def trial(number: int, group: int, visits: int, stay: float, worse: float) -> Trial:
    """Return trial `number`: nobody's arm matters, and who was worse is likelier to leave."""
    random = np.random.default_rng([SEED, visits, group, number])
    people = 2 * group
    spread = covariance(visits)
    mean = 30.0 - 10.0 * np.sqrt(np.arange(visits + 1.0) / visits)
    score = mean + random.standard_normal((people, visits + 1)) @ np.linalg.cholesky(spread).T
    off = (score - mean) / np.sqrt(np.diag(spread))
    seen = np.ones((people, visits), dtype=bool)
    for k in range(1, visits):  # whoever was seen at visit k decides by that score alone
        stays = random.random(people) < 1.0 / (1.0 + np.exp(worse * off[:, k] - stay))
        seen[:, k] = seen[:, k - 1] & stays
    subject, visit = np.nonzero(seen)
    baseline = score[:, 0] - score[:, 0].mean()
    arm = (np.arange(people) % 2).astype(float)
    at = np.eye(visits)[visit]
    x = np.column_stack([at, at * baseline[subject, None], at * arm[subject, None]])
    change = (score[:, 1:] - score[:, :1])[seen]
    return Trial(x, change, subject, visit, 1.0 - float(seen.mean()))


def analysed(one: Trial) -> tuple[float, float]:
    """Return p of the arms' difference at the last visit: Kenward-Roger's and Satterthwaite's."""
    found = repeated.fit(one.x, one.y, one.subject, one.visit, "unstructured")
    last = np.zeros(one.x.shape[1])
    last[-1] = 1.0
    roger = inference.estimate(found, last, inference.KENWARD_ROGER)
    return roger.p, inference.estimate(found, last, inference.SATTERTHWAITE).p


def block(numbers: range) -> list[tuple[float, float, float, str]]:
    """Return for each trial both p, the share missing and the refusal, if any."""
    out = []
    for number in numbers:
        one = trial(number, GROUP, VISITS, STAY, WORSE)
        try:
            out.append((*analysed(one), one.missing, ""))
        except Refused as error:
            out.append((np.nan, np.nan, one.missing, str(error)))
    return out


def central(trials: int) -> tuple[int, int]:
    """Return the exact central 95 % interval of Binomial(trials, LEVEL), both ends inside."""
    from scipy.stats import binom

    low, high = binom.ppf([0.025, 0.975], trials, LEVEL)
    return int(low), int(high)


def main(trials: int = TRIALS, workers: int = WORKERS) -> int:
    for name in THREADS:
        os.environ[name] = "1"  # the processes start anew and read it
    blocks = [range(at, min(at + BLOCK, trials)) for at in range(0, trials, BLOCK)]
    begun, rows = time.perf_counter(), []
    for found in Processes(workers).map_blocks(block, blocks):
        rows += found
        print(f"\r{len(rows)} of {trials} trials", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    took = time.perf_counter() - begun
    numbers = np.array([row[:3] for row in rows])
    refused = [row[3] for row in rows if row[3]]
    missing, (low, high) = float(numbers[:, 2].mean()), central(trials)
    print(f"{trials} null trials, {GROUP} people a group, {VISITS} visits, unstructured")
    print(f"{took:.0f} s on {workers} processes; {100 * missing:.1f} % of the outcomes missing")
    print(f"{len(refused)} refused{': ' * bool(refused)}{refused[0] if refused else ''}")
    counts = [int((numbers[:, k] < LEVEL).sum()) for k in range(2)]
    for name, count in zip(("Kenward-Roger", "Satterthwaite"), counts, strict=True):
        print(f"{name:<15}{count:>6} rejected, {count / trials:.4f}")
    print(f"exact 95 % of Binomial({trials}, {LEVEL}): {low} to {high}, ", end="")
    print(f"{low / trials:.4f} to {high / trials:.4f}")
    held = low <= counts[0] <= high and MISSING[0] <= missing <= MISSING[1] and not refused
    return int(not held)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
