"""Times to an event: curves by arm, and how restricted means differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assuage.evidence.study.answers import Answer, Curve, Level, Versus
from assuage.evidence.study.data import Data
from assuage.evidence.study.prepared import event_days
from assuage.evidence.study.schema import Outcome, Protocol, Survival
from assuage.evidence.trial.estimands import Estimand
from assuage.evidence.trial.strategies import apply_to_times

if TYPE_CHECKING:
    from assuage.evidence.trial.survival import Times


def survival(
    p: Protocol, data: Data, estimand: Estimand, outcome: Outcome, how: Survival, base: Answer
) -> Answer:
    """Return curves and the differences of restricted means. Raises Refused.

    A person without a time is left out and counted.
    """
    from assuage.evidence.trial.survival import (
        Times,
        restricted_mean,
        restricted_mean_difference,
    )

    days = data.days_of_person(outcome.held_in[0])
    known = ~np.isnan(days)
    came = np.array([one == "1" for one in data.of_person(outcome.held_in[1])])
    met = {name: one[known] for name, one in event_days(p, data, estimand).items()}
    days, came = apply_to_times(estimand, days[known], came[known], met)
    arm_of = data.arm[known]
    level = 1.0 - p.alpha
    arms = [Times(days[arm_of == arm], came[arm_of == arm]) for arm in range(len(data.arms))]
    means = [restricted_mean(one, how.until_day, level=level) for one in arms]
    control = data.arms.index(p.control.id)
    versus = []
    for arm, one in enumerate(arms):
        if arm != control:
            found = restricted_mean_difference(one, arms[control], how.until_day, level=level)
            numbers = (found.estimate, found.se, np.inf, found.p, found.low, found.high)
            versus.append(Versus(arm, base.visit, *numbers))
    missing = int((~known).sum())
    return replace(
        base,
        n=tuple(len(one.time) for one in arms),
        levels=tuple(
            Level(arm, base.visit, len(arms[arm].time), one.estimate, one.se, one.low, one.high)
            for arm, one in enumerate(means)
        ),
        versus=tuple(versus),
        curves=tuple(_curve(p, arm, one, level) for arm, one in enumerate(arms)),
        until_day=how.until_day,
        left=(f"{missing} people without a time are left out.",) if missing else (),
    )


def _curve(p: Protocol, arm: int, times: Times, level: float) -> Curve:
    from assuage.evidence.trial.survival import kaplan_meier

    found = kaplan_meier(times, level=level)
    last = float(np.max(times.time))
    shown = [0.0, *(one.day for one in p.after if one.day <= last)]
    return Curve(
        arm,
        (0.0, *map(float, found.time)),
        (1.0, *map(float, found.survival)),
        (1.0, *map(float, found.low)),
        (1.0, *map(float, found.high)),
        tuple(float(one) for one, many in zip(found.time, found.censored, strict=True) if many),
        tuple((day, int((times.time >= day).sum())) for day in dict.fromkeys(shown)),
        len(times.time),
        int(times.happened.sum()),
    )
