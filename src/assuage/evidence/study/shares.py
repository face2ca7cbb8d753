"""Who responded, and how the arms differ in it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from assuage.evidence.study.answers import Answer, Level, Versus
from assuage.evidence.study.data import Data
from assuage.evidence.study.prepared import Prepared
from assuage.evidence.study.schema import Protocol, Responders
from assuage.evidence.trial.strategies import B
from assuage.refusals import Refusal, Refused


def responders(p: Protocol, data: Data, values: Prepared, how: Responders, base: Answer) -> Answer:
    """Return the shares of responders and their differences. Raises Refused (NOT_ESTIMABLE).

    `values` hold who responded, 1 or 0.
    """
    from assuage.evidence.trial.responders import Count, difference, share

    met = values.value[:, base.visit - (p.baseline is not None)]
    if values.while_on_treatment:
        met = values.last
    unknown = [int(np.isnan(met[data.arm == arm]).sum()) for arm in range(len(data.arms))]
    level = 1.0 - p.alpha
    strata = _strata(data, how)

    def count(who: B) -> Count:
        mine = met[who]
        people = len(mine) if how.missing == "failure" else int((~np.isnan(mine)).sum())
        return Count(int(np.nansum(mine)), people)

    counts = [count(data.arm == arm) for arm in range(len(data.arms))]
    by_stratum = [[count((data.arm == a) & one) for one in strata] for a in range(len(data.arms))]
    levels = []
    for arm, told in enumerate(counts):
        one = share(told, level=level)
        ends = (one.low, one.high)
        levels.append(
            Level(arm, base.visit, told.people, one.estimate, math.nan, *ends, told.responders)
        )
    control = data.arms.index(p.control.id)
    versus = []
    for arm in range(len(data.arms)):
        if arm != control:
            found = difference(by_stratum[arm], by_stratum[control], level=level)
            numbers = (found.estimate, math.nan, math.nan, found.p, found.low, found.high)
            versus.append(Versus(arm, base.visit, *numbers))
    words = "counted as not having responded" if how.missing == "failure" else "left out"
    not_known = " and ".join(f"{n} of {name}" for n, name in zip(unknown, data.arms, strict=True))
    return replace(
        base,
        n=tuple(one.people for one in counts),
        levels=tuple(levels),
        versus=tuple(versus),
        left=(f"Response not known: {not_known}; {words}.",),
    )


def _strata(data: Data, how: Responders) -> list[B]:
    """Return who is in each stratum, (N,) each. Raises Refused where somebody is in none."""
    named = list(zip(*(data.of_person(one) for one in how.strata), strict=True))
    if not how.strata:
        return [np.ones(len(data.people), bool)]
    for person, mine in zip(data.people, named, strict=True):
        if None in mine:
            column = how.strata[mine.index(None)]
            remedy = "fill it in, or leave that column out of the strata"
            why = f"{person} has no value of the stratum {column}"
            raise Refused(Refusal.DATA_INVALID, where=data.name, why=why, remedy=remedy)
    return [np.array([mine == one for mine in named]) for one in dict.fromkeys(named)]
