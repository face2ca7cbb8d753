"""What an amendment may do once the arms are known: add, and change nothing.

An analysis that is chosen by who has seen the results isn't the one that was locked, whatever
name it has. So everything that decides a result stays as it was at unblinding. Words may be
mended, outcomes may be announced as collected, and analyses and estimands added, outside the tests
and marked in the report.
"""

from __future__ import annotations

from collections.abc import Iterator

from assuage.evidence.study.protocol import Study, hypotheses
from assuage.evidence.study.schema import Columns, Outcome, Protocol
from assuage.refusals import Refusal, Refused

WHY = "the arms are known, so what was locked can only be added to"


def check(then: Study, now: Study) -> None:
    """Refuse (FIELD_INVALID) a protocol that changes what was locked when the arms became known."""
    for field, why in _changed(then.protocol, now.protocol):
        what = f"the amendment of {now.protocol.id}"
        raise Refused(Refusal.FIELD_INVALID, field=field, what=what, why=f"{why}: {WHY}")


def added(then: Study, now: Study) -> set[str]:
    """Return the ids of the analyses that weren't there, or not so, when the arms became known."""
    known = {one.id: one for one in then.protocol.analysis}
    same = {one for one, held in now.estimands.items() if then.estimands.get(one) == held}
    return {
        one.id
        for one in now.protocol.analysis
        if known.get(one.id) != one or one.estimand not in same
    }


def _changed(then: Protocol, now: Protocol) -> Iterator[tuple[str, str]]:
    """Yield each field that isn't as it was, with what is wrong."""
    for field in ("alpha", "blinding", "dissociation", "visit"):
        if getattr(then, field) != getattr(now, field):
            yield field, "it isn't as it was"
    if [(one.id, one.control) for one in then.arm] != [(one.id, one.control) for one in now.arm]:
        yield "arm", "they aren't as they were"
    yield from _columns(then.columns, now.columns)
    outcomes = {one.id: _plain(one) for one in now.outcome}
    for one in then.outcome:
        if outcomes.pop(one.id, None) != _plain(one):
            yield f"outcome.{one.id}", "it isn't as it was"
    for one in outcomes.values():
        if one.role != "collected":
            yield f"outcome.{one.id}.role", "what is announced now has the role collected"
    estimands = {one["id"]: one for one in now.estimand}
    for held in then.estimand:
        if estimands.get(held["id"]) != held:
            yield f"estimand.{held['id']}", "it isn't as it was"
    analyses = {one.id: one for one in now.analysis}
    for each in then.analysis:
        if analyses.get(each.id) != each:
            yield f"analysis.{each.id}", "it isn't as it was"
    yield from _tests(then, now)


def _columns(then: Columns, now: Columns) -> Iterator[tuple[str, str]]:
    before, after = then.model_dump(), now.model_dump()
    for name, held in before.items():
        match held:
            case list():
                same = set(held) <= set(after[name])
            case dict():
                same = held.items() <= after[name].items()
            case _:
                same = held is None or held == after[name]
        if name == "day":
            same = held == after[name]  # it moves rows to the other side of an event
        if not same:
            yield f"columns.{name}", "it isn't as it was"


def _tests(then: Protocol, now: Protocol) -> Iterator[tuple[str, str]]:
    if (then.multiplicity is None) != (now.multiplicity is None):
        yield "multiplicity", "it isn't as it was"
    if then.multiplicity is None or now.multiplicity is None:
        return
    known = set(hypotheses(then))
    weights = {one: share for one, share in now.multiplicity.weights.items() if one in known}
    others = sum(share for one, share in now.multiplicity.weights.items() if one not in known)
    if weights != then.multiplicity.weights or others > 0.0:
        yield "multiplicity.weights", "they aren't as they were, or give alpha to what is added"
    if now.multiplicity.passes != then.multiplicity.passes:
        yield "multiplicity.passes", "they aren't as they were"


def _plain(outcome: Outcome) -> Outcome:
    """Return an outcome without its name, which may be mended."""
    return outcome.model_copy(update={"name": ""})
