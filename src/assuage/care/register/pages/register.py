"""The register as it is printed: one page for each strength and pack in each cabinet.

The headings are the law's own, in its order. An entry stands where it was made; a correction is a
dated footnote, and the balance goes on from the correction's own line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.item import SECTION, Item
from assuage.care.register.pages import entries, headings, records, words
from assuage.care.register.pages.basis import Basis
from assuage.care.register.pages.headings import Headings
from assuage.care.register.pages.ledger import Ledger, PageLine, PageOf, ledger, ledgers
from assuage.care.register.pages.sheet import (
    Cell,
    Column,
    Mark,
    Part,
    Records,
    Row,
    Sheet,
    Statement,
    Table,
)

TITLE = "Controlled drug register"
OBTAINED, SUPPLIED = "Obtained", "Supplied, which includes administered"
NOTHING = "Nothing was ever entered on this page."
_NUMBER, _BALANCE = 13, 18  # widths
_LAW_AT_FOOT = (
    "page-heading-obtained",
    "page-heading-supplied",
    "supply-includes-administration",
    "class-head",
    "section-by-class",
    "page-by-strength",
    "entry-order",
    "correction-form",
    "computer-register",
    "stock-check-interval",
    "completeness",
)


def register(
    basis: Basis, only: Sequence[PageOf] | None = None, since: date | None = None
) -> Sheet:
    """Return the register, or the pages named.

    What was entered before the day `since` is left out and brought forward as a balance. A page
    that has no entry says so. The records hold one line for each entry on each page.
    """
    held = ledgers(basis.book) if only is None else [ledger(basis.book, one) for one in only]
    shown = [(one, _shown(basis, one, since)) for one in held]
    parts = tuple(_part(basis, one, lines) for one, lines in shown) or (_empty(basis),)
    return sheet(
        basis, TITLE, parts, records.of_lines(basis, [one for _, many in shown for one in many])
    )


def sheet(basis: Basis, title: str, parts: Sequence[Part], held: Records, scope: str = "") -> Sheet:
    """Return a sheet with what every printed view says of the site and the record."""
    american = basis.site.place.lower().split("-")[0] == "us"
    return Sheet(
        title=title,
        premises=basis.site.name,
        address=basis.site.address,
        registration=basis.site.registration,
        printed=words.moment(basis.printed_at, basis.site.zone),
        zone=basis.site.zone_name,
        head=str(basis.head),
        paper="us-letter" if american else "a4",
        parts=tuple(parts),
        statements=tuple(dict.fromkeys(one for part in parts for one in part.statements)),
        records=held,
        scope=scope,
    )


def laws(basis: Basis, kinds: Sequence[str]) -> tuple[Statement, ...]:
    """Return what the law of the place says today, kind by kind, with its sources and doubts."""
    found = (basis.duty(kind) for kind in kinds)
    return tuple(words.law(one) for one in found if one is not None)


def rules(basis: Basis, lines: Sequence[PageLine]) -> tuple[Statement, ...]:
    """Return each rule that decided whether an entry was late, or how soon one is escalated."""
    named = {one.fact.when.rule for one in lines}
    named |= {one.fact.escalate_rule for one in lines if isinstance(one.fact, f.DiscrepancyOpened)}
    return tuple(words.rule(basis.site.place, one) for one in sorted(named))


def _shown(basis: Basis, held: Ledger, since: date | None) -> tuple[PageLine, ...]:
    zone = basis.site.zone
    return tuple(
        one for one in held.lines if since is None or one.event.at.astimezone(zone).date() >= since
    )


def _empty(basis: Basis) -> Part:
    table = Table("Entries", _columns(headings.headings(basis)), (), "The register has no entry.")
    return Part(SECTION.upper(), "No page yet", table=table, statements=laws(basis, _LAW_AT_FOOT))


def _part(basis: Basis, held: Ledger, lines: tuple[PageLine, ...]) -> Part:
    of = basis.item(held.page.item)
    law = headings.headings(basis)
    numbers = {one.number for one in lines}
    rows = [*_brought_forward(held, lines, law), *(_row(basis, one, held, law) for one in lines)]
    notes = entries.notes(basis, held)
    return Part(
        head=SECTION.upper(),
        title=f"{of.name} · {basis.area(held.page.area)}",
        pairs=_pairs(basis, held, of),
        alarms=tuple(_alarms(basis, held)),
        table=Table(
            caption="Entries in the order in which they were made",
            columns=_columns(law),
            rows=tuple(rows),
            empty=NOTHING,
        ),
        notes=tuple(one for one in notes if {one.number, one.entry} & numbers),
        statements=(*_legend(law), *rules(basis, lines), *laws(basis, _LAW_AT_FOOT)),
    )


def _columns(law: Headings) -> tuple[Column, ...]:
    return (
        Column("Entry", _NUMBER),
        *headings.columns(law.obtained, OBTAINED + law.doubts[0]),
        *headings.columns(law.supplied, SUPPLIED + law.doubts[1]),
        Column("Balance in units", _BALANCE, right=True),
    )


def _pairs(basis: Basis, held: Ledger, of: Item) -> tuple[tuple[str, str], ...]:
    unit_ug = held.unit_ug or of.unit_ug
    open_draws = [one for one in held.draws.values() if one.open]
    return (
        ("Drug", headings.substance(of)),
        ("One unit", words.amount(unit_ug, of)),
        ("Cabinet", basis.area(held.page.area)),
        ("Balance now", words.whole(held.balance_units, of, unit_ug)),
        ("Drawn and not accounted for", words.units(len(open_draws))),
        *_next_check(basis, held),
    )


def _next_check(basis: Basis, held: Ledger) -> Iterator[tuple[str, str]]:
    checks = [one for one in held.lines if isinstance(one.fact, f.StockChecked)]
    if not checks:
        yield "Last stock check", "none yet"
        return
    last = checks[-1].fact.when.happened_at.astimezone(basis.site.zone).date()
    told = f"{words.day(last)}, entry {checks[-1].number}"
    asked = basis.duty("stock-check-interval")
    if asked is not None:
        due = duties.after(last, asked)
        told += f"; next by {words.day(due)}" + (" – OVERDUE" if due < basis.today else "")
    yield "Last stock check", told


def _alarms(basis: Basis, held: Ledger) -> Iterator[str]:
    for case in held.frozen_by:
        since = words.moment(basis.book.cases[case].opened.at, basis.site.zone)
        yield f"FROZEN since {since} by discrepancy {case}, which is still open."
    for draw in held.draws.values():
        if draw.open:
            yield entries.account(draw, basis.item(draw.item))


def _legend(law: Headings) -> Iterator[Statement]:
    yield Statement(
        f"{words.NOT_HELD} stands where the record holds nothing for a heading. Who draws or gives "
        "has signed in. A balance counts whole units in the cabinet: a unit leaves it when it is "
        "drawn, and what was given or wasted is a part of that unit."
    )
    if not law.recorded:
        own = (Mark("assuage's own rule", "doubt"),)
        yield Statement(
            "The law recorded here for this place names no headings; these are assuage's own.",
            marks=own,
        )


def _brought_forward(held: Ledger, lines: Sequence[PageLine], law: Headings) -> Iterator[Row]:
    first = lines[0].number if lines else 0
    before = [one for one in held.lines if not lines or one.number < first]
    if before:
        last = before[-1]
        told = (f"Brought forward from entry {last.number} and the entries before it.",)
        yield Row("", (Cell(told, law.span), Cell((str(last.balance_units),))))


def _row(basis: Basis, line: PageLine, held: Ledger, law: Headings) -> Row:
    of = basis.item(line.page.item)
    obtained = headings.obtained(basis, line, of)
    supplied = headings.supplied(basis, line, of)
    if obtained is None and supplied is None:
        middle: tuple[Cell, ...] = (Cell(entries.sentence(basis, line, of), law.span),)
    else:
        middle = (
            *headings.cells(law.obtained, obtained),
            *headings.cells(law.supplied, supplied),
        )
    return Row(
        name=str(line.number),
        cells=(*middle, Cell((str(line.balance_units),))),
        marks=entries.marks(line),
        details=entries.details(basis, line, held),
    )
