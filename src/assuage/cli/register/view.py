"""The register as a person sees it on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assuage.care.register import discrepancy
from assuage.cli import output
from assuage.cli.tables import show_table
from assuage.cli.told import folded, gap, mg, moment
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.care.register.book import Book, Case
    from assuage.cli.desk import Here


def show(here: Here) -> None:
    """Print the register as it stands."""
    site, book = here.site, here.book
    now = moment(here.clock.utc_now(), site.zone)
    output.say(folded(f"Register of {site.name}, {now}, {len(book.lines)} entries"))
    pages = _pages(book)
    if not pages:
        output.say("Nothing was received yet.")
    else:
        rows = [
            (
                one["item"],
                one["area"],
                one["units"],
                mg(one["ug"]),
                f"FROZEN by {one['frozen_by']}" if one["frozen_by"] else "",
            )
            for one in pages
        ]
        heads = ("item", "area", "units", "by the book", "page")
        _table("In the cabinets", heads, rows, right=("units", "by the book"))
    _show_draws(here)
    open_cases = [one for one in book.cases.values() if one.closed is None]
    if open_cases:
        show_cases(here, open_cases)
    output.say(f"\nHead {here.record.head()}")


def _table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str]
) -> None:
    """Print a table without the columns that are empty in every row."""
    used = [n for n in range(len(heads)) if any(str(row[n]) for row in rows)]
    kept = [heads[n] for n in used]
    show_table(title, kept, [[row[n] for n in used] for row in rows], right=right, whole={"page"})


def _show_draws(here: Here) -> None:
    drawn = [one for one in here.book.draws.values() if one.open]
    if not drawn:
        return
    rows = [(one.id, one.item, one.treatment.session, one.by, mg(one.left_ug)) for one in drawn]
    heads = ("drawn", "item", "session", "by", "left")
    show_table("Drawn, not accounted for", heads, rows, right=("left",))


def _pages(book: Book) -> list[dict[str, Any]]:
    """Return each item in each cabinet that ever held it."""
    found = []
    for (item, account), ug in sorted(book.balance_ug.items()):
        kind, _, area = account.partition(":")
        if kind == "stock":
            found.append(
                {
                    "item": item,
                    "area": area,
                    "units": book.units(item, area),
                    "ug": ug,
                    "frozen_by": book.frozen(item, area),
                }
            )
    return found


def as_json(here: Here) -> dict[str, Any]:
    """Return the register as it stands, for a machine."""
    book = here.book
    return {
        "site": here.site_id,
        "entries": len(book.lines),
        "pages": _pages(book),
        "drawn": [
            {
                "draw": one.id,
                "item": one.item,
                "area": one.area,
                "session": one.treatment.session,
                "by": one.by,
                "left_ug": one.left_ug,
            }
            for one in book.draws.values()
            if one.open
        ],
        "discrepancies": [
            case_as_json(here, one) for one in book.cases.values() if one.closed is None
        ],
        "head": str(here.record.head()),
    }


def cases(here: Here, named: str) -> list[Case]:
    """Return the open discrepancies, or the one named. Raises Refused (DISCREPANCY_UNKNOWN)."""
    held = here.book.cases
    if not named:
        return [one for one in held.values() if one.closed is None]
    if named not in held:
        choices = ", ".join(held) or "there never was one"
        raise Refused(Refusal.DISCREPANCY_UNKNOWN, discrepancy=named[:60], choices=choices)
    return [held[named]]


def show_cases(here: Here, found: Sequence[Case]) -> None:
    """Print discrepancies: what is missing, the clock, and which step is done."""
    if not found:
        output.say("No discrepancy is open.")
    console = output.console()
    for case in found:
        zone, fact = here.site.zone, case.fact
        console.print()
        console.print(f"Discrepancy {case.id}: {fact.item} in {fact.area}", style="bold")
        opened = f"Opened {moment(case.opened.at, zone)} by {case.opened.by.person}"
        output.say(folded(f"{opened}, {fact.cause}: {fact.text}"))
        about = f"About {fact.draw}. " if fact.draw else ""
        if case.closed is not None:
            closed = f"Closed {moment(case.closed.at, zone)} by {case.closed.by.person}"
            output.say(folded(f"{about}{closed} as {case.outcome}."))
            continue
        missing = gap(discrepancy.missing_ug(here.book, case))
        output.say(folded(f"{about}Now: {missing}."))
        output.say(folded(f"Escalation: {_clock(here, case)} ({fact.escalate_rule})."))
        for step, done in _steps(case):
            output.say(f"  [{'x' if done else ' '}] {step}")


def _clock(here: Here, case: Case) -> str:
    zone = here.site.zone
    if case.escalated is not None:
        return f"done {moment(case.escalated.at, zone)}"
    word = "OVERDUE since" if _overdue(here, case) else "due by"
    return f"{word} {moment(case.fact.escalate_by, zone)}"


def _overdue(here: Here, case: Case) -> bool:
    return case.escalated is None and not here.clock.utc_now() <= case.fact.escalate_by


def _steps(case: Case) -> list[tuple[str, bool]]:
    recount = "recounted by two others"
    found = [] if case.fact.draw else [(recount, case.recounted_units is not None)]
    return [
        *found,
        ("reconstructed from the pump's log and the chart", case.reconstructed),
        ("escalated", case.escalated is not None),
        ("closed", case.closed is not None),
    ]


def case_as_json(here: Here, case: Case) -> dict[str, Any]:
    """Return a discrepancy for a machine."""
    fact = case.fact
    return {
        "discrepancy": case.id,
        "item": fact.item,
        "area": fact.area,
        "draw": fact.draw or None,
        "cause": fact.cause,
        "text": fact.text,
        "opened_at": case.opened.at.isoformat(),
        "missing_ug": None if case.closed else discrepancy.missing_ug(here.book, case),
        "escalate_by": fact.escalate_by.isoformat(),
        "escalate_rule": fact.escalate_rule,
        "overdue": case.closed is None and _overdue(here, case),
        "steps": dict(_steps(case)),
        "involved": sorted(case.involved),
        "outcome": case.outcome or None,
    }
