"""`assuage registry`: consent, exports of the minimum data set, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assuage.cli import output, signing
from assuage.cli.desk import Call, Here, JsonOption, group, shows, writes
from assuage.cli.files import make_folder, write_file
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.evidence.registry.cohort import Cohort

HELP = f"""Record consent to the registry, export its data set, and report what it shows.

The data set holds no name, birth date, address or free text. People are pseudonyms that only the
site can lead back, dates are days from the first dose, ages are bands. Small counts are not shown
in a report. Reports need the extra 'evidence'.

{signing.HELP}
\b
Examples:
  assuage registry consent p-1001 --purpose registry --form v2 --as ana
  assuage registry export --purpose registry --out export-1 --as mo
  assuage registry report --purpose registry --out report --as mo
  assuage registry pool export-1 export-hull --out pooled
  assuage registry withdraw p-1001 --as ana
"""
CONSENT_HELP = """Record that a person agreed that the data set leaves the site.

What is said last stands alone: agreeing to 'research' later ends 'registry' unless both are named.

\b
Examples:
  assuage registry consent p-1001 --purpose registry --form v2 --as ana
  assuage registry consent p-1001 --purpose registry --purpose research --form v2 \\
    --given-by parent --at "2026-11-22 14:05" --as ana
"""
WITHDRAW_HELP = """Record that consent was withdrawn, and see which exports had held the person.

\b
Example:
  assuage registry withdraw p-1001 --as ana
"""
STATUS_HELP = """Show whether a patient's consent stands, and which exports held the patient.

\b
Example:
  assuage registry status p-1001
"""
EXPORT_HELP = """Export everybody who agreed: one CSV a table, a data dictionary, and JSON.

The export is stored in the record before a file is written: who, when, how many, and a digest.
If writing fails then, the same command with --once writes what is missing.

\b
Example:
  assuage registry export --purpose registry --out export-1 --as mo
"""
EXPORTS_HELP = """List the exports of the site.

\b
Example:
  assuage registry exports
"""
REPORT_HELP = """Report what the consenting people of the site show. Nothing leaves the site by it.

\b
Examples:
  assuage registry report --purpose registry --as mo
  assuage registry report --purpose registry --least-count 10 --window week-12 --out report --as mo
"""
POOL_HELP = """Report what the exports of several sites show together. It needs no record.

\b
Examples:
  assuage registry pool export-1 export-hull --out pooled
  assuage registry pool export-1 --json
"""
FIELDS_HELP = """List the fields of the minimum data set, each with why it is there.

\b
Example:
  assuage registry fields
"""
_Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="A number, such as p-1001.")]
_Purpose = Annotated[str, typer.Option(help="registry or research.")]
_Out = Annotated[Path | None, typer.Option(help="Write the report to this folder.")]
_Least = Annotated[int | None, typer.Option(help="Show no count of people below this; 5 or more.")]
_Window = Annotated[str, typer.Option(help="When sites are compared, such as week-4.")]
_GivenBy = Annotated[str, typer.Option(help="patient, parent or representative.")]


@writes("registry consent", witness=False, late=True)
def consent(
    call: Call,
    patient: _Patient,
    purpose: Annotated[list[str], typer.Option(help="registry, research; may be repeated.")],
    form: Annotated[str, typer.Option(help="The version of the form that was signed.")],
    given_by: _GivenBy = "patient",
) -> None:
    """Record consent."""
    with call.here() as here:
        from assuage.care import consent as consents

        at = here.at
        told = consents.give(here.desk(), patient, tuple(purpose), form, given_by=given_by, at=at)
        here.tell(told)


@writes("registry withdraw", witness=False, late=True)
def withdraw(call: Call, patient: _Patient, given_by: _GivenBy = "patient") -> None:
    """Record a withdrawal."""
    with call.here() as here:
        from assuage.care import consent as consents

        at = here.at
        here.tell(consents.withdraw(here.desk(), patient, given_by=given_by, at=at))


@shows("registry status")
def status(call: Call, patient: _Patient) -> None:
    """Show consent."""
    with call.here() as here:
        from assuage.care import consent as consents

        held = consents.of(here.record, patient)
        exports = consents.held_by(here.record, patient)
        if call.as_json:
            output.print_json(
                {
                    "patient": patient,
                    "purposes": list(held.purposes),
                    "last": held.fact.model_dump(mode="json") if held.fact else None,
                    "exports": list(exports),
                }
            )
            return
        stands = ", ".join(held.purposes) or "no consent stands"
        output.say(f"{patient}: {stands}")
        output.say(f"In exports: {', '.join(exports) or 'none'}")


@writes("registry export", witness=False)
def export(
    call: Call,
    purpose: _Purpose,
    out: Annotated[Path, typer.Option(help="The folder to make; it must not hold anything.")],
) -> None:
    """Export the data set."""
    there = _there(out)
    if there and not call.once:
        raise Refused(Refusal.FILE_EXISTS, path=out)
    with call.here() as here:
        from assuage.cli import told
        from assuage.evidence.registry import export as exports

        if not set(there) <= set(exports.NAMES):
            raise Refused(Refusal.FILE_EXISTS, path=out)
        make_folder(out)
        made = exports.export(here.desk(), purpose)
        for name in there:  # an earlier try that was cut off wrote some of the same files
            if (out / name).read_bytes() != made.files[name]:
                raise Refused(Refusal.FILE_EXISTS, path=out / name)
        for name, body in made.files.items():
            write_file(out / name, body)
        if call.as_json:
            found = told.as_json(made.events, here)
            found["files"] = [str(out / name) for name in made.files]
            found["left_out"] = dict(made.left_out)
            output.print_json(found)
            return
        here.tell(made.events)
        for why, many in made.left_out.items():
            output.say(f"Left out: {many}, {why}")
        output.say(f"SHA-256 {made.fact.digest}")
        for name in made.files:
            output.say(f"Wrote {out / name}")


def _there(out: Path) -> list[str]:
    """Return what a folder holds. Raises Refused (FILE_EXISTS) for what is no folder."""
    if out.exists() and not out.is_dir():
        raise Refused(Refusal.FILE_EXISTS, path=out)
    return [one.name for one in out.iterdir()] if out.is_dir() else []


@shows("registry exports")
def exports(call: Call) -> None:
    """List exports."""
    with call.here() as here:
        found = _log(here)
        if call.as_json:
            output.print_json({"exports": found, "head": str(here.record.head())})
            return
        from assuage.cli.tables import show_table

        heads = ("export", "when", "by", "purpose", "people", "rows")
        rows = [tuple(one[head] for head in heads) for one in found]
        show_table("Exports", heads, rows, right=("people", "rows"), whole={"when"})


def _log(here: Here) -> list[dict[str, Any]]:
    from assuage.care import consent as consents
    from assuage.cli.told import moment

    return [
        {
            "export": fact.export,
            "when": moment(event.at, here.site.zone),
            "by": event.by.person,
            "purpose": fact.purpose,
            "people": len(fact.patients),
            "rows": fact.rows,
            "digest": fact.digest,
        }
        for event, fact in consents.exports(here.record, here.site_id).log
    ]


@writes("registry report", witness=False, once=False)
def report(
    call: Call,
    purpose: _Purpose,
    out: _Out = None,
    least_count: _Least = None,
    window: _Window = "week-4",
) -> None:
    """Report on the site."""
    from assuage.evidence.registry import run

    wish = run.Wish(least_count, window)
    wish.checked()
    with call.here() as here:
        held = run.of_site(here.desk(), purpose, wish)
    _print(held, out, as_json=call.as_json)


def pool(
    exported: Annotated[
        list[Path],
        typer.Argument(metavar="EXPORT...", help="Folders that exports were written to."),
    ],
    out: _Out = None,
    least_count: _Least = None,
    window: _Window = "week-4",
    as_json: JsonOption = False,
) -> None:
    """Report on several sites."""
    from assuage.evidence.registry import run

    held = run.of_exports(exported, run.Wish(least_count, window))
    _print(held, out, as_json=as_json)


def _print(held: Cohort, out: Path | None, *, as_json: bool) -> None:
    """Write the report's files, and print what it shows."""
    from assuage.evidence.registry import run

    files: Mapping[str, bytes] = {}
    if out is not None:
        with output.at_work("Drawing the report", quiet=as_json):
            files = run.written(held)
        make_folder(out)
        for name, body in files.items():
            write_file(out / name, body)
    if as_json:
        output.print_json(asdict(held) | {"files": [str((out or Path()) / one) for one in files]})
        return
    from assuage.cli import registry_view

    registry_view.show(held)
    for name in files:
        output.say(f"Wrote {(out or Path()) / name}")


def fields(as_json: JsonOption = False) -> None:
    """List the fields."""
    from assuage.knowledge import library

    held = library.registry()
    if as_json:
        output.print_json(held.model_dump(mode="json"))
        return
    from assuage.cli import registry_view

    registry_view.show_fields(held)


registry_group = group("registry", HELP)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    registry_group.command(name, help=text, short_help=line)(does)


_add("consent", consent, CONSENT_HELP, "Record consent.")
_add("withdraw", withdraw, WITHDRAW_HELP, "Record that consent was withdrawn.")
_add("status", status, STATUS_HELP, "Show whether consent stands.")
_add("export", export, EXPORT_HELP, "Export the data set of those who agreed.")
_add("exports", exports, EXPORTS_HELP, "List the exports.")
_add("report", report, REPORT_HELP, "Report what the site's people show.")
_add("pool", pool, POOL_HELP, "Report what several sites' exports show.")
_add("fields", fields, FIELDS_HELP, "List the fields of the data set.")
