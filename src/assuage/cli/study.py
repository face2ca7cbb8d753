"""`assuage study`: freeze a protocol, unblind, and report every outcome that was collected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assuage.cli import output, signing
from assuage.cli.desk import Call, Here, JsonOption, group, shows, writes
from assuage.cli.files import make_folder, write_file

if TYPE_CHECKING:
    from assuage.evidence.report.blocks import Table
    from assuage.evidence.study.results import Results

HELP = f"""Freeze a study's protocol, unblind it, and report every outcome that was collected.

A locked protocol stands in the record with its digest. The report runs what was locked, lists
every outcome in the data, and marks those that weren't pre-specified. A report that would leave
one out is refused. Reading needs the extra 'evidence'.

{signing.HELP}
\b
Examples:
  assuage study check examples/studies/crps-mood.toml
  assuage study lock examples/studies/crps-mood.toml --as ines
  assuage study unblind crps-mood --data examples/studies/crps-mood.csv --as ines
  assuage study report crps-mood --data examples/studies/crps-mood.csv --out report
"""
CHECK_HELP = """Read a protocol as it would be locked, and print its digest. Nothing is stored.

\b
Example:
  assuage study check examples/studies/crps-mood.toml
"""
LOCK_HELP = """Freeze a protocol, or amend the one that is locked.

An amendment names the digest that it replaces and says why; the report lists it with its date,
and whether it came after unblinding.

\b
Examples:
  assuage study lock examples/studies/crps-mood.toml --as ines
  assuage study lock protocol-2.toml --amends 3f9c2a71 --reason "a visit was added" --as ines
"""
UNBLIND_HELP = """Say that the arms are known from now on, and which data were complete by then.

The data must pass every check that the report makes. Their digest and their columns are stored:
a report on other data says so, and one without a column of these is refused.

\b
Example:
  assuage study unblind crps-mood --data examples/studies/crps-mood.csv --as ines
"""
REPORT_HELP = """Run what was locked, and report every outcome that was collected.

Before unblinding the report doesn't read the arms: it counts, and describes all people together.
The folder gets report.html, report.pdf, results.json, and each table as CSV and picture as SVG.
The same record and data give the same bytes.

\b
Examples:
  assuage study report crps-mood --data examples/studies/crps-mood.csv --out report
  assuage study report crps-mood --data examples/studies/crps-mood.csv --json
"""
SHOW_HELP = """Show what the record holds of a study: locks, amendments, unblinding.

\b
Example:
  assuage study show crps-mood
"""

_Protocol = Annotated[Path, typer.Argument(metavar="PROTOCOL.toml", help="The protocol's file.")]
_Study = Annotated[str, typer.Argument(metavar="ID", help="The study's id.")]
_Data = Annotated[Path, typer.Option(help="The data, as CSV: a row for each person and visit.")]


def check(protocol: _Protocol, as_json: JsonOption = False) -> None:
    """Read a protocol."""
    from assuage.evidence.study.protocol import read

    study = read(protocol)
    p = study.protocol
    if as_json:
        output.print_json({"study": p.id, "digest": study.digest, "title": p.title})
        return
    output.say(f"{p.id}: {p.title}")
    for one in p.outcome:
        standing = one.role if one.pre_specified else "collected, not pre-specified"
        output.say(f"  {one.id}: {one.name} ({standing})")
    said = "1 analysis" if len(p.analysis) == 1 else f"{len(p.analysis)} analyses"
    output.say(f"{len(study.estimands)} estimands, {said}")
    output.say(f"Digest: {study.digest}")


@writes("study lock", witness=False)
def lock(
    call: Call,
    protocol: _Protocol,
    amends: Annotated[
        str, typer.Option(metavar="DIGEST", help="The digest of the protocol that it replaces.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why the protocol changes.")] = "",
) -> None:
    """Lock or amend a protocol."""
    from assuage.evidence.study import commands
    from assuage.evidence.study.protocol import read

    study = read(protocol)
    with call.here() as here:
        here.tell(commands.lock(here.desk(), study, amends=amends, reason=reason))


@writes("study unblind", witness=False)
def unblind(call: Call, study: _Study, data: _Data) -> None:
    """Say that the arms are known."""
    from assuage.evidence.study import commands

    with call.here() as here:
        here.tell(commands.unblind(here.desk(), study, data))


@shows("study show")
def show(call: Call, study: _Study) -> None:
    """Show a study's events."""
    from assuage.evidence.study import facts

    with call.here() as here:
        view = facts.of(here.record, study)
        if call.as_json:
            from assuage.evidence.study.tree import events_of

            output.print_json({"study": study, "events": events_of(view), "head": view.head})
            return
        _show_events(here, view)


@shows("study report")
def report(
    call: Call,
    study: _Study,
    data: _Data,
    out: Annotated[Path | None, typer.Option(help="Write the report to this folder.")] = None,
) -> None:
    """Report a study."""
    from assuage.evidence.study import commands
    from assuage.evidence.study.report import files
    from assuage.evidence.study.tree import tree_of

    if out is not None:
        make_folder(out)
    with call.here() as here, output.at_work("Analysing", quiet=call.as_json):
        found = commands.report(here.record, study, data)
        written = files(found) if out is not None else {}
    for name, content in written.items():
        if out is not None:
            write_file(out / name, content)
    if call.as_json:
        output.print_json(tree_of(found))
        return
    _summary(found)
    if out is not None:
        output.say_error(_said(written, out))


def _show_events(here: Here, view: Any) -> None:
    from assuage.cli import told

    zone = here.site.zone
    for one in view.events:
        line = f"{told.moment(one.at, zone)}, {one.by}: {told.sentence(one.fact, zone)}"
        output.say(told.folded(line))
    output.say(f"Head of the record then: {view.head}")


def _summary(found: Results) -> None:
    """Print the outcomes with what was found, as the report's first tables say it."""
    from assuage.evidence.study import harms, tables

    console = output.console()
    p = found.study.protocol
    console.print(f"{p.title}: {len(found.data.people)} people, {found.data.rows} rows")
    if found.blinded:
        console.print("BLINDED: the arms were not read, and nothing is compared")
    for line in found.deviations:
        console.print(f"DEVIATION: {line}")
    _print(tables.every_outcome(found), ("outcome", "standing", "people with data"))
    if not found.blinded:
        results = tables.results_table(found, found.outcomes, "")
        few = len(results.columns) - 7  # without who was analysed, and each arm's own estimate
        _print(results, (*results.columns[:few], results.columns[-3], "p"))
        _print(tables.decisions(found), ("null hypothesis of", "adjusted p", "decision"))
    if (counted := harms.harms(found)).rows:
        _print(counted, counted.columns[:3])
    if found.guesses:
        _print(tables.guessed(found), ("given", "guessed right", "guessed wrong", "Bang's index"))
    if p.blinding == "not collected":
        console.print("The blinding guess was NOT COLLECTED")
    if p.dissociation == "not collected":
        console.print("Dissociation was NOT COLLECTED")
    console.print(f"Protocol {found.study.digest[:12]}, data {found.data.digest[:12]}")
    console.print(f"Record {found.view.head}")


def _print(whole: Table, wanted: tuple[str, ...]) -> None:
    """Print some columns of a table; numbers stay on one line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Shown

    console = output.console()
    shown = Shown(box=SIMPLE_HEAD, pad_edge=False, title=whole.caption, title_justify="left")
    for name in wanted:
        words = name == whole.columns[0] or name in whole.left
        shown.add_column(name, justify="left" if words else "right", no_wrap=not words)
    for row in whole.rows:
        told = dict(zip(whole.columns, row, strict=True))
        shown.add_row(*(told[name] for name in wanted))
    console.print(shown)
    for note in whole.notes:
        console.print(note)


def _said(written: dict[str, bytes], out: Path) -> str:
    """Return one line on the files that were written."""
    tables = sum(name.endswith(".csv") for name in written)
    pictures = sum(name.endswith(".svg") for name in written)
    named = ", ".join(name for name in sorted(written) if not name.endswith((".csv", ".svg")))
    return f"assuage: wrote {named}, {tables} tables and {pictures} pictures to {out}"


study_group = group("study", HELP)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    study_group.command(name, help=text, short_help=line)(does)


_add("check", check, CHECK_HELP, "Read a protocol and print its digest.")
_add("lock", lock, LOCK_HELP, "Freeze a protocol, or amend it.")
_add("unblind", unblind, UNBLIND_HELP, "Say that the arms are known.")
_add("show", show, SHOW_HELP, "Show what the record holds of a study.")
_add("report", report, REPORT_HELP, "Report every outcome that was collected.")
