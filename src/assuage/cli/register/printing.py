"""`assuage register page`, `us-records`, `inventory`, `form-106`, `form-41`, `signals`: on paper.

What is printed names patients, so it takes a person who signs in and may view the register.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from assuage.cli import output
from assuage.cli.arguments import day_in
from assuage.cli.desk import Call, Here, writes
from assuage.cli.files import write_file
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.care.register.pages import Basis
    from assuage.care.register.pages.sheet import Sheet

PAGE_HELP = """Print the register, or the pages of one item or cabinet, with the head of the record.

\b
Examples:
  assuage register page --out register.pdf --as pat
  assuage register page --item ketamine-50/10mL --area recovery --since 2026-11-01 \\
    --out november.csv --as pat
"""
LOGS_HELP = """Print one of the logs that US law keeps: receipt, dispensing or waste.

\b
Examples:
  assuage register us-records dispensing --out dispensing.pdf --as pat
  assuage register us-records waste --first 2026-11-01 --last 2026-11-30 --person ana \\
    --out waste.csv --as pat
"""
INVENTORY_HELP = """Print the inventory: what is on hand by the book and when it was counted.

\b
Example:
  assuage register inventory --business opening --out inventory.pdf --as pat
"""
LOSS_HELP = """Print the data for a report of theft or loss (US Form 106).

\b
Example:
  assuage register form-106 x-19ab30c4d2 --out loss.pdf --as pat
"""
DESTRUCTION_HELP = """Print the data for a record of destruction (US Form 41): all, or some entries.

\b
Examples:
  assuage register form-41 --out destroyed.pdf --as pat
  assuage register form-41 12 14 --out destroyed.pdf --as pat
"""
SIGNALS_HELP = """Show signals of diversion of a period, each with its rate of false alarms.

A signal is a reason to look, never a verdict. The look is recorded, with its reason, before
anything is shown; it takes the role diversion-reviewer.

\b
Example:
  assuage register signals --first 2026-08-01 --last 2026-10-31 --why "quarterly review" --as rev
"""
_FORMS = ("html", "pdf", "csv")
Out = Annotated[Path, typer.Option(metavar="FILE", help="Where it goes.")]
Form = Annotated[str, typer.Option(help="html, pdf or csv; by the ending of --out if left out.")]
_First = Annotated[str, typer.Option(metavar="DATE", help="From this day on.")]
_Last = Annotated[str, typer.Option(metavar="DATE", help="Up to this day.")]


@writes("register page", witness=False, once=False)
def page(
    call: Call,
    out: Out,
    form: Form = "",
    item: Annotated[str, typer.Option(help="Only the pages of this item.")] = "",
    area: Annotated[str, typer.Option(help="Only the pages of this cabinet.")] = "",
    since: Annotated[
        str, typer.Option(metavar="DATE", help="What was before is brought forward.")
    ] = "",
) -> None:
    """Print the register."""
    from_day = day_in(since, "date") if since else None

    def sheet(basis: Basis) -> Sheet:
        from assuage.care.register import item as items
        from assuage.care.register import pages

        wanted = items.item(item).id if item else ""
        if area and area not in basis.site.areas:
            told = ", ".join(basis.site.areas)
            raise Refused(Refusal.AREA_UNKNOWN, area=area, choices=told)
        only = [
            one
            for one in pages.pages(basis.book)
            if wanted in ("", one.item) and area in ("", one.area)
        ]
        if item and area and not only:  # a page without an entry is printed, and says so
            only = [pages.PageOf(wanted, area)]
        return pages.register(basis, only if item or area else None, from_day)

    _print(call, sheet, out, form)


@writes("register us-records", witness=False, once=False)
def us_records(
    call: Call,
    log: Annotated[str, typer.Argument(metavar="LOG", help="receipt, dispensing or waste.")],
    out: Out,
    form: Form = "",
    first: _First = "",
    last: _Last = "",
    patient: Annotated[str, typer.Option(help="Only this patient.")] = "",
    drug: Annotated[str, typer.Option(help="Only this item, product or drug.")] = "",
    person: Annotated[str, typer.Option(help="Only what this person had a part in.")] = "",
    schedule: Annotated[str, typer.Option(help="Only this schedule, such as III.")] = "",
) -> None:
    """Print a log."""
    days = [day_in(one, "date") if one else None for one in (first, last)]

    def sheet(basis: Basis) -> Sheet:
        from assuage.care.register import pages

        logs: dict[str, Callable[[Basis, pages.Wanted], Sheet]] = {
            "receipt": pages.receipt_log,
            "dispensing": pages.dispensing_log,
            "waste": pages.waste_log,
        }
        return logs[log](basis, pages.Wanted(schedule, days[0], days[1], patient, drug, person))

    known(log, ("receipt", "dispensing", "waste"), "log")
    _print(call, sheet, out, form)


@writes("register inventory", witness=False, once=False)
def inventory(
    call: Call,
    out: Out,
    form: Form = "",
    business: Annotated[str, typer.Option(help="Taken at: opening or close.")] = "",
) -> None:
    """Print the inventory."""

    def sheet(basis: Basis) -> Sheet:
        from assuage.care.register import pages

        match business:
            case "opening" | "close":
                return pages.inventory(basis, business)
        return pages.inventory(basis)

    known(business, ("", "opening", "close"), "time of business")
    _print(call, sheet, out, form)


@writes("register form-106", witness=False, once=False)
def form_106(
    call: Call,
    discrepancy: Annotated[str, typer.Argument(metavar="ID", help="The discrepancy.")],
    out: Out,
    form: Form = "",
) -> None:
    """Print the data of a loss."""

    def sheet(basis: Basis) -> Sheet:
        from assuage.care.register import pages

        return pages.loss_form(basis, discrepancy)

    _print(call, sheet, out, form)


@writes("register form-41", witness=False, once=False)
def form_41(
    call: Call,
    out: Out,
    entries: Annotated[
        list[int] | None, typer.Argument(metavar="[ENTRY]...", help="Only these entries.")
    ] = None,
    form: Form = "",
) -> None:
    """Print the data of destructions."""

    def sheet(basis: Basis) -> Sheet:
        from assuage.care.register import pages

        return pages.destruction_form(basis, entries or None)

    _print(call, sheet, out, form)


def known(text: str, choices: tuple[str, ...], what: str) -> str:
    """Return a word that is one of several. Raises Refused (VALUE_NOT_ALLOWED)."""
    if text not in choices:
        told = ", ".join(filter(None, choices))
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=text[:60], what=what, choices=told)
    return text


def _print(call: Call, sheet: Callable[[Basis], Sheet], out: Path, form: str) -> None:
    """Write a sheet into a file, whole or not at all, and say which head it was made from."""
    chosen = known(form or out.suffix.removeprefix("."), _FORMS, "form of a page")
    with call.here() as here:
        basis = _basis(here)
        with output.at_work("Printing", quiet=call.as_json):
            write_file(out, _rendered(sheet(basis), chosen))
    if call.as_json:
        output.print_json({"file": str(out), "head": str(basis.head)})
    else:
        output.say(f"Wrote {out}\nHead {basis.head}")


def _basis(here: Here) -> Basis:
    from assuage.care.register import pages

    here.desk().allow("view-register")
    return pages.gather(here.record, here.site_id, here.clock.utc_now())


def _rendered(sheet: Sheet, form: str) -> bytes:
    from assuage.care.register import pages

    forms: dict[str, pages.Form] = {one: one for one in get_args(pages.Form)}
    return pages.render(sheet, forms[form])


@writes("register signals", witness=False, once=False)
def signals(
    call: Call,
    first: _First,
    last: _Last,
    why: Annotated[str, typer.Option(help="Why you look. It is recorded.")],
) -> None:
    """Show signals."""
    with call.here() as here:
        from assuage.care import signals as found

        start = _midnight(here, day_in(first, "date"))
        end = _midnight(here, _next(day_in(last, "date")))
        report = found.look(here.desk(), found.Period(start, end), why)
        if call.as_json:
            output.print_json(report.as_json())
        else:
            found.render(report, output.console())


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _midnight(here: Here, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=here.site.zone)


COMMANDS = (
    ("page", page, PAGE_HELP, "Print the register."),
    ("us-records", us_records, LOGS_HELP, "Print a log of US law."),
    ("inventory", inventory, INVENTORY_HELP, "Print the inventory."),
    ("form-106", form_106, LOSS_HELP, "Print the data of a loss."),
    ("form-41", form_41, DESTRUCTION_HELP, "Print the data of destructions."),
    ("signals", signals, SIGNALS_HELP, "Show signals of diversion."),
)
