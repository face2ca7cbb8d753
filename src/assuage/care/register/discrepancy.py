"""The way of a discrepancy: opened, recounted, reconstructed, escalated, closed with an outcome.

It freezes its page. Two people who had no part in it count again; the pump's log and the chart
are compared; whom the law of the place names is told, by its clock; and one who handles no drug
closes it. What is missing is posted as a loss that stays visible. Nothing is balanced off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from assuage.care.access import Desk
from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Case, stock
from assuage.care.register.item import Item, item
from assuage.care.register.shared import (
    area_of,
    book_of,
    decision,
    measured,
    new_id,
    none_or_some,
    nothing_open,
    open_case,
    patient_of,
    same_unit,
    told,
)
from assuage.record.events import Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused


def report(desk: Desk, of: Item, area: str, missing_units: int, text: str) -> tuple[Recorded, ...]:
    """Open a discrepancy that somebody noticed; `missing_units` is 0 when it isn't known yet.

    Raises Refused: ROLE_NOT_PERMITTED, AREA_UNKNOWN, PAGE_FROZEN, ITEM_CHANGED, UNITS_INVALID.
    """
    desk.allow("open-discrepancy")
    case = new_id("x")

    def decide() -> Decision:
        timing = duties.timing(desk, None)
        book = book_of(desk)
        if held := book.frozen(of.id, area_of(desk, area)):
            raise Refused(Refusal.PAGE_FROZEN, item=of.id, area=area, discrepancy=held)
        same_unit(book, of)
        none_or_some(abs(missing_units))
        by, rule = duties.escalation(desk)
        fact = f.DiscrepancyOpened(
            discrepancy=case,
            cause="reported",
            item=of.id,
            area=area,
            draw="",
            missing_ug=missing_units * of.unit_ug,
            text=text,
            escalate_by=by,
            escalate_rule=rule,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def recount(desk: Desk, discrepancy: str, counted_units: int) -> tuple[Recorded, ...]:
    """Enter a second count, by two people who had no part in what is counted.

    It counts until units are drawn from the page or go back to it. Raises Refused:
    ROLE_NOT_PERMITTED, WITNESS_MISSING, UNITS_INVALID, DISCREPANCY_UNKNOWN, DISCREPANCY_CLOSED,
    DISCREPANCY_NOT_INDEPENDENT.
    """
    desk.allow("recount")
    witness = desk.witnessed("a recount")

    def decide() -> Decision:
        book = book_of(desk)
        case = open_case(book, discrepancy)
        none_or_some(counted_units)
        _independent(case, desk.by.person, witness.person)
        of = item(case.fact.item)
        same_unit(book, of)
        timing = duties.timing(desk, None)
        fact = f.DiscrepancyRecounted(
            discrepancy=discrepancy,
            unit_ug=of.unit_ug,
            counted_units=counted_units,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def reconstruct(
    desk: Desk, discrepancy: str, pump_ug: int | None, chart_ug: int | None, text: str
) -> tuple[Recorded, ...]:
    """Enter what the pump's log and the chart say. None says that there is no such log or chart.

    Raises Refused: QUANTITY_IMPLAUSIBLE, ROLE_NOT_PERMITTED, DISCREPANCY_UNKNOWN,
    DISCREPANCY_CLOSED.
    """
    desk.allow("reconstruct")
    for ug, what in ((pump_ug, "what the pump says"), (chart_ug, "what the chart says")):
        if ug is not None:
            measured(ug, what)

    def decide() -> Decision:
        book = book_of(desk)
        case = open_case(book, discrepancy)
        timing = duties.timing(desk, None)
        fact = f.DiscrepancyReconstructed(
            discrepancy=discrepancy,
            pump_ug=pump_ug,
            chart_ug=chart_ug,
            text=told(desk, patient_of(book, case.fact), text),
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def escalate(desk: Desk, discrepancy: str, to: str, reference: str) -> tuple[Recorded, ...]:
    """Enter that a discrepancy was told to whom the law or the site names.

    Raises Refused: ROLE_NOT_PERMITTED, DISCREPANCY_UNKNOWN, DISCREPANCY_CLOSED.
    """
    desk.allow("escalate")

    def decide() -> Decision:
        open_case(book_of(desk), discrepancy)
        timing = duties.timing(desk, None)
        fact = f.DiscrepancyEscalated(
            discrepancy=discrepancy,
            to=to,
            reference=reference,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


@dataclass(frozen=True)
class Conclusion:
    """How a discrepancy ended, in words and as one of the outcomes."""

    outcome: f.Outcome
    text: str


def close(desk: Desk, discrepancy: str, conclusion: Conclusion) -> tuple[Recorded, ...]:
    """Close a discrepancy with its outcome, before a witness.

    "found" and "entry-error" close only when nothing is missing any more. "loss",
    "theft-suspected" and "surplus" post what is still missing or over, and only after it was
    escalated. Raises Refused: VALUE_NOT_ALLOWED, ROLE_NOT_PERMITTED, WITNESS_MISSING,
    DOSE_UNRESOLVED, DISCREPANCY_UNKNOWN, DISCREPANCY_CLOSED, DISCREPANCY_NOT_INDEPENDENT,
    DISCREPANCY_STEP_MISSING, OUTCOME_UNFITTING.
    """
    desk.allow("close-discrepancy")
    witness = desk.witnessed("the close of a discrepancy")
    if conclusion.outcome not in get_args(f.Outcome):
        known = {"what": "outcome", "choices": ", ".join(get_args(f.Outcome))}
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=conclusion.outcome, **known)

    def decide() -> Decision:
        book = book_of(desk)
        case = open_case(book, discrepancy)
        if case.fact.draw:
            nothing_open(desk, book.draws[case.fact.draw])
        _independent(case, desk.by.person, witness.person)
        missing = missing_ug(book, case)
        _steps_done(case, conclusion.outcome)
        _fitting(case, conclusion.outcome, missing)
        timing = duties.timing(desk, None)
        fact = f.DiscrepancyClosed(
            discrepancy=discrepancy,
            outcome=conclusion.outcome,
            text=told(desk, patient_of(book, case.fact), conclusion.text),
            posted_ug=missing,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def missing_ug(book: Book, case: Case) -> int:
    """Return what is missing now (below zero: over), by the recount or by the drawn unit."""
    if case.fact.draw:
        return book.draws[case.fact.draw].left_ug
    if case.recounted_units is None:
        return case.fact.missing_ug
    of_item = case.fact.item
    expected_ug = book.balance_ug[of_item, stock(case.fact.area)]
    return expected_ug - case.recounted_units * book.unit_ug[of_item]


def _independent(case: Case, *people: str) -> None:
    """Raise Refused (DISCREPANCY_NOT_INDEPENDENT) for a person who had a part in it."""
    for person in people:
        if person in case.involved:
            raise Refused(Refusal.DISCREPANCY_NOT_INDEPENDENT, person=person)


def _steps_done(case: Case, outcome: f.Outcome) -> None:
    steps = {
        "an independent recount": bool(case.fact.draw) or case.recounted_units is not None,
        "a reconstruction from the pump's log and the chart": case.reconstructed,
        "its escalation": outcome in ("found", "entry-error") or case.escalated is not None,
    }
    for step, done in steps.items():
        if not done:
            raise Refused(Refusal.DISCREPANCY_STEP_MISSING, discrepancy=case.id, step=step)


def _fitting(case: Case, outcome: f.Outcome, missing: int) -> None:
    fits = {
        "found": missing == 0,
        "entry-error": missing == 0,
        "loss": missing > 0,
        "theft-suspected": missing > 0,
        "surplus": missing < 0,
    }
    if not fits[outcome]:
        raise Refused(
            Refusal.OUTCOME_UNFITTING, discrepancy=case.id, outcome=outcome, mg=missing / 1000
        )
