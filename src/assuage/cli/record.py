"""`assuage record`: where the record stands, whether it holds, and copies of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from assuage.cli import desk, output
from assuage.cli.opened import RecordOption, default_record, opened_store

HELP = """Show, check, copy and restore the record.

The record is one history that is only added to. Its head, a position and a hash, stands for all
of it: print it and keep it elsewhere.

\b
Examples:
  assuage record head
  assuage record verify --against 1204:9f2c...
  assuage record backup /media/stick/record-2026-05-01.db
"""
HEAD_HELP = """Print the head of the record, and nothing else.

\b
Examples:
  assuage record head | lp
  assuage record head --record /srv/assuage/record.db
"""
VERIFY_HELP = """Check the whole record: each event's hash and fields, and the file's structure.

With --against it also checks that the record still holds everything up to an older head. The
first bad event is named, and the exit status is 2.

\b
Examples:
  assuage record verify
  assuage record verify --against "$(cat head-of-may.txt)" --json
"""
EXPORT_HELP = """Write every event as a line of JSON, for anyone to check; names stay locked.

\b
Example:
  assuage record export --out record.jsonl
"""
BACKUP_HELP = """Copy the record into a new file, while others go on working with it.

The copy is checked before it gets its name. It holds the patients' keys, locked by the site key,
and not the site key.

\b
Example:
  assuage record backup /media/stick/record-2026-05-01.db
"""
RESTORE_HELP = """Make a backup the record again, after checking all of it.

A record that is there already is refused, or set aside with --replace. Who was erased in it stays
erased. When it holds events that the backup doesn't, somebody must accept that by name.

\b
Examples:
  assuage record restore /media/stick/record-2026-05-01.db
  assuage record restore /media/stick/record-2026-05-01.db --replace \\
    --accept-loss "Dr A. Example: the disk failed on 2 May, paper notes are kept"
"""

group = desk.group("record", HELP)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_New = Annotated[Path, typer.Argument(metavar="FILE", help="A file that isn't there yet.")]


def head(record: RecordOption = None, as_json: _Json = False) -> None:
    """Print the head."""
    with opened_store(record) as store:
        found = store.head()
    if as_json:
        output.print_json({"record": store.name, "head": str(found)})
    else:
        output.say(str(found))


def verify(
    against: Annotated[
        str | None, typer.Option(metavar="HEAD", help="An older head that must still hold.")
    ] = None,
    record: RecordOption = None,
    as_json: _Json = False,
) -> None:
    """Check everything."""
    from assuage.clock import SystemClock
    from assuage.record import transfer
    from assuage.record.chain import Head

    older = None if against is None else Head.parse(against)
    clock = SystemClock()
    start_s = clock.monotonic_s()
    with opened_store(record) as store, output.at_work("Checking the record", quiet=as_json):
        found = transfer.check(store, older)
    took_s = round(clock.monotonic_s() - start_s, 3)
    told = {"events": found.events, "streams": found.streams, "head": str(found.head)}
    if as_json:
        against_ = None if older is None else str(older)
        output.print_json({"record": store.name, **told, "against": against_, "took_s": took_s})
        return
    output.say(f"{store.name} holds: {found.events} events in {found.streams} streams")
    if older is not None:
        output.say(f"Nothing up to {older} was altered, removed or moved")
    output.say(f"Head: {found.head}")
    output.say(f"Checked in {took_s:.1f} s")


def export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="A file that isn't there yet.")],
    record: RecordOption = None,
    as_json: _Json = False,
) -> None:
    """Write JSON lines."""
    from assuage.record import transfer

    with opened_store(record) as store, output.at_work("Exporting the record", quiet=as_json):
        found = transfer.export_file(store, out)
    _written(out, str(found), as_json=as_json)


def backup(file: _New, record: RecordOption = None, as_json: _Json = False) -> None:
    """Copy into a new file."""
    from assuage.record import transfer

    with opened_store(record) as store, output.at_work("Backing up the record", quiet=as_json):
        found = transfer.backup(store, file)
    _written(file, str(found), as_json=as_json)


def _written(path: Path, found: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"file": str(path), "head": found})
    else:
        output.say(f"Wrote {path}\nHead: {found}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Set the present record aside; it is kept.")
    ] = False,
    accept_loss: Annotated[
        str | None,
        typer.Option(metavar="'NAME: REASON'", help="Who accepts that events are lost, and why."),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|ADDRESS",
            help="A record elsewhere that this one takes the place of: who was erased there"
            " stays erased.",
        ),
    ] = None,
    record: RecordOption = None,
    as_json: _Json = False,
) -> None:
    """Make a backup the record again."""
    from assuage.cli.opened import know_facts
    from assuage.clock import SystemClock
    from assuage.record.restoring import Loss, restore_at

    know_facts()
    accepted = None if accept_loss is None else Loss.parse(accept_loss)
    with output.at_work("Restoring the record", quiet=as_json):
        done = restore_at(
            file,
            record or default_record(),
            SystemClock(),
            replace=replace,
            previous=previous,
            accepted=accepted,
        )
    if as_json:
        output.print_json(done.as_dict())
        return
    for line in done.lines():
        output.say(line)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    group.command(name, help=text, short_help=line)(does)


_add("head", head, HEAD_HELP, "Print the head of the record.")
_add("verify", verify, VERIFY_HELP, "Check the whole record.")
_add("export", export, EXPORT_HELP, "Write every event as a line of JSON.")
_add("backup", backup, BACKUP_HELP, "Copy the record into a new file.")
_add("restore", restore, RESTORE_HELP, "Make a backup the record again.")
