"""Time until something happens, some of it cut short: curves, medians, restricted means, log-rank.

Kaplan and Meier's curve with Greenwood's variance and intervals on the log-log scale, which stay
between 0 and 1; Brookmeyer and Crowley's interval for the median from that band; the mean time
up to a horizon with its difference between arms; the log-rank test. A person whose follow-up ends
on a day on which somebody's event happens was still at risk on that day.

Source: Kalbfleisch and Prentice, The statistical analysis of failure time data, 2002, 1.4;
Brookmeyer and Crowley, Biometrics 1982;38:29-41; Royston and Parmar, BMC Med Res Methodol
2013;13:152.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.distributions import z_two_sided, z_within
from assuage.evidence.trial.refused import undefined
from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]
I = NDArray[np.int64]  # noqa: E741
B = NDArray[np.bool_]

TIE = 1e-9  # how far rounding may take two numbers that are the same on paper


@dataclass(frozen=True)
class Times:
    """Each person's time, (n,), and whether the event `happened` then or follow-up ended.

    Raises Refused: DATA_INVALID, NOT_ESTIMABLE for nobody.
    """

    time: F
    happened: B

    def __post_init__(self) -> None:
        if self.time.shape != self.happened.shape or self.happened.dtype != np.bool_:
            raise _wrong("each time needs a yes or no for its event")
        if len(self.time) == 0:
            raise undefined("survival", "nobody was followed", "leave the arm out")
        if not bool((np.isfinite(self.time) & (self.time >= 0.0)).all()):
            raise _wrong("a time is missing, negative or infinite")


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve: at each time, (k,), who was at risk and what share remains after it.

    `low` and `high` are NaN where nobody remains and the band isn't defined. The median is NaN
    where the curve, and each limit of its interval where the band, never comes down to a half.
    """

    time: F
    at_risk: I
    events: I
    censored: I
    survival: F
    low: F
    high: F
    level: float
    median: float
    median_low: float
    median_high: float


@dataclass(frozen=True)
class RestrictedMean:
    """The mean time up to `horizon`, or a difference of two; normal interval and test.

    `p` is of no difference, NaN for a single arm.
    """

    estimate: float
    se: float
    low: float
    high: float
    p: float
    horizon: float
    level: float


@dataclass(frozen=True)
class LogRank:
    """A log-rank test: each arm's events, and how many the null hypothesis expects."""

    observed: tuple[int, ...]
    expected: tuple[float, ...]
    chi_squared: float
    df: int
    p: float


def kaplan_meier(times: Times, *, level: float = 0.95) -> Curve:
    """Return the curve of one arm. Raises Refused: VALUE_NOT_ALLOWED."""
    z = z_within(level)
    points, at_risk, events, leaving = _table(times)
    survival = _remaining(at_risk, events)
    inside = (survival > 0.0) & (survival < 1.0)
    some = at_risk > events
    greenwood = np.cumsum(
        np.divide(events, at_risk * (at_risk - events), out=np.zeros_like(survival), where=some)
    )
    low, high = np.where(survival > 0.0, 1.0, np.nan), np.where(survival > 0.0, 1.0, np.nan)
    log = np.log(survival[inside])
    reach = z * np.sqrt(greenwood[inside]) / np.abs(log)
    low[inside] = np.exp(log * np.exp(reach))
    high[inside] = np.exp(log * np.exp(-reach))
    return Curve(
        points,
        at_risk.astype(np.int64),
        events.astype(np.int64),
        leaving.astype(np.int64),
        survival,
        low,
        high,
        level,
        _half(points, survival),
        _half(points, low),
        _half(points, high),
    )


def restricted_mean(times: Times, horizon: float, *, level: float = 0.95) -> RestrictedMean:
    """Return the mean time up to the horizon: the area under the curve, with Greenwood's variance.

    Raises Refused: NOT_ESTIMABLE where everybody's follow-up ended before the horizon with some
    still free of the event, VALUE_NOT_ALLOWED.
    """
    estimate, variance = _area(times, horizon)
    return _tested(estimate, variance, horizon, level, p=False)


def restricted_mean_difference(
    treated: Times, reference: Times, horizon: float, *, level: float = 0.95
) -> RestrictedMean:
    """Return the treated arm's restricted mean less the reference's. Raises as for one arm."""
    first, second = _area(treated, horizon), _area(reference, horizon)
    variance = first[1] + second[1]
    if not variance > 0.0:
        why = f"nothing happened in either arm before {horizon:g}"
        raise undefined("the test of restricted means", why, "take a later horizon")
    return _tested(first[0] - second[0], variance, horizon, level, p=True)


def log_rank(arms: Sequence[Times]) -> LogRank:
    """Test whether two arms or more share one hazard. Raises Refused: NOT_ESTIMABLE."""
    from scipy.special import gammaincc

    if len(arms) < 2:
        raise undefined("the log-rank test", "it needs two arms", "give two arms or more")
    points = np.unique(np.concatenate([one.time[one.happened] for one in arms]))
    if len(points) == 0:
        raise undefined("the log-rank test", "no event happened", "follow people for longer")
    at_risk = np.array([(one.time >= points[:, None]).sum(1) for one in arms], float)
    events = np.array(
        [((one.time == points[:, None]) & one.happened).sum(1) for one in arms], float
    )
    all_risk, all_events = at_risk.sum(0), events.sum(0)
    share = at_risk / all_risk
    expected = (share * all_events).sum(1)
    rest = (all_risk - all_events) / np.maximum(all_risk - 1.0, 1.0)  # 0 where one was left
    weight = all_events * rest
    spread = np.diag((share * weight).sum(1)) - (share * weight) @ share.T
    # One arm follows from the others, and an arm with nobody left at any event tells nothing.
    near = TIE * float(spread.max())
    df = int(np.linalg.matrix_rank(spread, tol=near, hermitian=True)) if near > 0.0 else 0
    if df == 0:
        why = "only one arm had people at risk when events happened"
        raise undefined("the log-rank test", why, "leave it out")
    gap = events.sum(1) - expected
    chi = float(gap @ np.linalg.pinv(spread, rcond=TIE, hermitian=True) @ gap)
    return LogRank(
        tuple(int(one) for one in events.sum(1)),
        tuple(float(one) for one in expected),
        chi,
        df,
        float(gammaincc(df / 2.0, chi / 2.0)),
    )


def _table(times: Times) -> tuple[F, F, F, F]:
    """Return each distinct time with who was at risk, had the event and left, (k,) each."""
    points, where = np.unique(times.time, return_inverse=True)
    gone = np.bincount(where, minlength=len(points)).astype(float)
    events = np.bincount(where[times.happened], minlength=len(points)).astype(float)
    leaving = gone - events
    at_risk = len(times.time) - np.cumsum(gone) + gone
    return points, at_risk, events, leaving


def _remaining(at_risk: F, events: F) -> F:
    found: F = np.cumprod((at_risk - events) / at_risk).astype(np.float64)
    return found


def _half(points: F, share: F) -> float:
    """Return when a falling share passes one half; the middle, where it stays at one half."""
    reached = np.flatnonzero(share <= 0.5 + TIE)
    if len(reached) == 0:
        return float("nan")
    first = int(reached[0])
    below = np.flatnonzero(share < 0.5 - TIE)
    if abs(share[first] - 0.5) <= TIE and len(below):
        return float((points[first] + points[below[0]]) / 2.0)
    return float(points[first])


def _area(times: Times, horizon: float) -> tuple[float, float]:
    if not (np.isfinite(horizon) and horizon > 0.0):
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=horizon,
            what="horizon",
            choices="times above zero, in the unit of the data",
        )
    points, at_risk, events, _ = _table(times)
    survival = _remaining(at_risk, events)
    if points[-1] < horizon and survival[-1] > 0.0:
        why = f"follow-up ended at {points[-1]:g} and the horizon is {horizon:g}"
        raise undefined("the restricted mean", why, f"take a horizon up to {points[-1]:g}")
    before = points < horizon
    ends = np.concatenate([[0.0], points[before], [horizon]])
    heights = np.concatenate([[1.0], survival[before]])
    pieces = heights * np.diff(ends)
    later = np.cumsum(pieces[::-1])[::-1][1:]  # the area after each point
    here, gone = at_risk[before], events[before]
    some = here > gone
    share = np.divide(gone, here * (here - gone), out=np.zeros_like(later), where=some)
    return float(pieces.sum()), float((later**2 * share).sum())


def _tested(
    estimate: float, variance: float, horizon: float, level: float, *, p: bool
) -> RestrictedMean:
    se = float(np.sqrt(variance))
    reach = z_within(level) * se
    tested = z_two_sided(estimate / se) if p else float("nan")
    return RestrictedMean(estimate, se, estimate - reach, estimate + reach, tested, horizon, level)


def _wrong(why: str) -> Refused:
    remedy = "give each person one time at zero or after, and a yes or no"
    return Refused(Refusal.DATA_INVALID, where="times to an event", why=why, remedy=remedy)
