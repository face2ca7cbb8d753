"""The desk of a command: what every command that writes to the record asks for, in one place.

    @writes("register waste", late=True)
    def waste(call: Call, draw: ..., amount: ...) -> None:
        with call.here() as here:
            ...  # read what was typed, then: vial.waste(here.desk(), ...), then here.tell(events)

`writes` gives the command the options --as, --witness, --site, --record, --at, --once and --json.
What was typed is read before anybody is asked for a passphrase.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from assuage.cli import output, signing
from assuage.cli.opened import RecordOption, opened
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.care import site as sites
    from assuage.care.access import Desk
    from assuage.care.register.book import Book
    from assuage.clock import Clock
    from assuage.record.events import Recorded
    from assuage.record.record import Record

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?([+-]\d{2}:\d{2}|Z)?", re.ASCII)
_TIME_FORM = "the form '2026-11-22 14:05', by the wall clock of the site"

ActorOption = Annotated[
    str, typer.Option("--as", metavar="PERSON", help="Who does it; signs in when asked.")
]
WitnessOption = Annotated[
    str, typer.Option("--witness", metavar="PERSON", help="Who stands beside, and signs in too.")
]
SiteOption = Annotated[
    str, typer.Option("--site", metavar="ID", help="The site; may be left out if there is one.")
]
AtOption = Annotated[
    str,
    typer.Option("--at", metavar="TIME", help="When it happened, such as '2026-11-22 14:05'."),
]
OnceOption = Annotated[
    str,
    typer.Option("--once", metavar="ID", help="The same command with the same ID counts once."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@dataclass(frozen=True)
class Call:
    """One command as it was called: the options that all of them have."""

    name: str
    actor: str = ""
    witness: str = ""
    site: str = ""
    record: str | None = None
    at: str = ""
    once: str = ""
    as_json: bool = False

    @contextmanager
    def here(self) -> Iterator[Here]:
        """Open the record and find the site.

        Raises Refused: what `opened` raises, SITE_UNKNOWN, and OPTION_MISSING when the record
        holds several sites and none was named.
        """
        from assuage.clock import SystemClock

        with opened(self.record) as record:
            yield Here(self, record, SystemClock(), site_in(record, self.site))


@dataclass
class Here:
    """Where a command is given: an open record and a site of it."""

    call: Call
    record: Record
    clock: Clock
    site_id: str
    signed_at: datetime | None = None

    @property
    def site(self) -> sites.Site:
        """The site as it is now."""
        from assuage.care import site as sites

        return sites.of(self.record, self.site_id)

    @property
    def book(self) -> Book:
        """The register of the site as it is now."""
        from assuage.care.register import book as books

        return books.of(self.record, self.site_id)

    @cached_property
    def at(self) -> datetime | None:
        """When it happened, if that was said. Raises Refused (VALUE_NOT_ALLOWED)."""
        return time_in(self.call.at, self.site.zone) if self.call.at else None

    def desk(self, verb: str = "") -> Desk:
        """Ask who acts, and who stands beside, to sign in. Raises Refused: see signing.sign_in.

        `verb` tells commands apart that one call gives one after the other.
        """
        from assuage.care.access import Desk

        by = signing.sign_in(self.record, self.clock, self.site_id, self.call.actor)
        self.signed_at = self.signed_at or by.at
        command = command_id(verb or self.call.name, self.call.once)
        desk = Desk(self.record, self.clock, self.site_id, by, command=command)
        if not self.call.witness:
            return desk
        return desk.beside(self.witness(self.call.witness))

    def witness(self, person: str) -> Any:
        """Ask somebody to sign in as a witness."""
        return signing.sign_in(self.record, self.clock, self.site_id, person, "Witness ")

    def tell(self, events: Sequence[Recorded]) -> None:
        """Print what was stored."""
        from assuage.cli import told

        if self.call.as_json:
            output.print_json(told.as_json(events, self))
            return
        for line in told.lines(events, self):
            output.say(line)


def site_in(record: Record, named: str) -> str:
    """Return the site that was named, or the only one. Raises Refused: SITE_UNKNOWN, ..."""
    from assuage.care import site as sites

    known = [name.removeprefix("site/") for name, _ in record.store.streams("site/")]
    if named or len(known) < 2:
        found = named or "".join(known)
        sites.of(record, found)
        return found
    remedy = f"use one of: {', '.join(known)}"
    raise Refused(Refusal.OPTION_MISSING, what="--site", remedy=remedy)


def command_id(name: str, once: str) -> str:
    """Return the id of a command from what --once says; "" makes a new one.

    The command's name is part of it, so an id that was used for another command means nothing
    here. A refusal names the whole id, and that may be given back.
    """
    if not once:
        return ""
    verb = name.replace(" ", "-")
    return f"{verb}:{once.removeprefix(f'{verb}:')}"


def time_in(text: str, zone: tzinfo) -> datetime:
    """Return a time by the wall clock of a place; refuse an hour that comes twice or never.

    Raises Refused (VALUE_NOT_ALLOWED).
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise _no_time(text, _TIME_FORM)
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise _no_time(text, _TIME_FORM) from error
    if given.tzinfo is not None:
        return given.astimezone(zone)
    first, second = given.replace(tzinfo=zone), given.replace(tzinfo=zone, fold=1)
    offset = first.utcoffset() or timedelta()
    if offset == second.utcoffset():
        return first
    if (second.utcoffset() or timedelta()) > offset:
        raise _no_time(text, "an hour that the clocks didn't leave out that day")
    later = second.isoformat(sep=" ", timespec="minutes")
    both = f"'{first.isoformat(sep=' ', timespec='minutes')}' or '{later}': this hour came twice"
    raise _no_time(text, both)


def _no_time(text: str, choices: str) -> Refused:
    return Refused(
        Refusal.VALUE_NOT_ALLOWED, text=text[:60], what="time at this site", choices=choices
    )


def writes(
    name: str, *, witness: bool = True, late: bool = False, once: bool = True
) -> Callable[..., Any]:
    """Give a command the options that a command which writes has, and pass them on as a Call.

    `late` says that it may be entered after it happened, with --at; without `once` the command
    only looks at something that not everybody may see.
    """
    offered = {"at": late, "witness": witness, "once": once}
    return _with(name, {one: kind for one, kind in _COMMON.items() if offered.get(one, True)})


def shows(name: str) -> Callable[..., Any]:
    """Give a command that only shows something --site, --record and --json, as a Call."""
    return _with(name, {one: _COMMON[one] for one in ("site", "record", "as_json")})


_COMMON: dict[str, tuple[object, object]] = {
    "actor": (ActorOption, inspect.Parameter.empty),
    "witness": (WitnessOption, ""),
    "at": (AtOption, ""),
    "once": (OnceOption, ""),
    "site": (SiteOption, ""),
    "record": (RecordOption, None),
    "as_json": (JsonOption, False),
}


def _with(name: str, common: dict[str, tuple[object, object]]) -> Callable[..., Any]:
    def give(does: Callable[..., None]) -> Callable[..., None]:
        @wraps(does)
        def run(**given: Any) -> None:
            for one, value in given.items():
                check_text(name, one, value)
            asked = {one: given.pop(one) for one in common}
            does(Call(name, **asked), **given)

        hints = get_type_hints(does, include_extras=True)
        own = list(inspect.signature(does).parameters.values())[1:]
        added = [
            inspect.Parameter(one, inspect.Parameter.KEYWORD_ONLY, default=default)
            for one, (_, default) in common.items()
        ]
        hints |= {one: kind for one, (kind, _) in common.items()}
        run.__annotations__ = hints
        whole = [one.replace(annotation=hints[one.name]) for one in [*own, *added]]
        run.__signature__ = inspect.Signature(whole)  # type: ignore[attr-defined]
        return run

    return give


def check_text(command: str, field: str, value: object) -> None:
    """Refuse (COMMAND_UNREADABLE) text that no fact can hold, before anybody is asked anything.

    "" is what an option is when it was left out; what was typed is never only blanks.
    """
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text and not (text.strip() and text.isprintable()):
            option = field.strip("_").replace("_", "-")
            why = f"what was given as {option} is blank or holds a character that can't be shown"
            raise Refused(Refusal.COMMAND_UNREADABLE, why=why, command=f"assuage {command}")


def group(name: str, text: str) -> typer.Typer:
    """Return a group of commands that shows its help when no command follows."""
    made = typer.Typer(
        name=name,
        help=text,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.callback(invoke_without_command=True)
    def _alone(context: typer.Context) -> None:
        """Show the help when no command follows."""
        if context.invoked_subcommand is None:
            output.say(context.get_help())

    return made
