"""Which null hypotheses are rejected, with the error rate that the protocol fixed for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assuage.evidence.study.answers import Answer
from assuage.evidence.study.protocol import hypotheses
from assuage.evidence.study.schema import Protocol
from assuage.evidence.trial import multiplicity


@dataclass(frozen=True)
class Decision:
    """One hypothesis: its share of alpha at the start, p (None without a result), what came of it.

    `adjusted` is the least alpha at which it would be rejected.
    """

    hypothesis: str
    share: float
    p: float | None
    adjusted: float
    rejected: bool


def decide(p: Protocol, answers: Sequence[Answer]) -> tuple[Decision, ...]:
    """Return the decisions in the protocol's order. An analysis without a result rejects nothing.

    Without a graph there is one hypothesis, that of the only primary comparison. What was added
    after the arms were known has no part in it.
    """
    late = {one.id for one in answers if one.late}
    answers = [one for one in answers if not one.late]
    p = p.model_copy(update={"analysis": [one for one in p.analysis if one.id not in late]})
    found = _p_values(p, answers)
    if p.multiplicity is None:
        primary = {one.id for one in p.outcome if one.role == "primary"}
        first = next(one for one in answers if one.kind == "main" and one.outcome in primary)
        names: tuple[str, ...] = (first.id,)
        graph = multiplicity.Graph(names, (1.0,), ((0.0,),))
    else:
        names = hypotheses(p)
        passes = p.multiplicity.passes
        graph = multiplicity.Graph(
            names,
            tuple(p.multiplicity.weights[one] for one in names),
            tuple(tuple(passes.get(one, {}).get(to, 0.0) for to in names) for one in names),
        )
    values = [found.get(one) for one in names]
    told = multiplicity.decide(graph, [1.0 if one is None else one for one in values], p.alpha)
    return tuple(
        Decision(*row)
        for row in zip(names, graph.weights, values, told.adjusted, told.rejected, strict=True)
    )


def _p_values(p: Protocol, answers: Sequence[Answer]) -> dict[str, float]:
    several = len(p.treated) > 1
    return {
        f"{one.id}-{p.arm[versus.arm].id}" if several else one.id: versus.p
        for one in answers
        if one.kind == "main"
        for versus in one.at_visit()
        if not math.isnan(versus.p)
    }
