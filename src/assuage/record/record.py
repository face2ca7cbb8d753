"""The record: commands add events to it, views are built from it.

A command may be refused. What it decides becomes facts, facts become events in the store, and
views are rebuilt from events at any time.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from assuage.record import events
from assuage.record.chain import Head, Row
from assuage.record.events import Envelope, Fact, Recorded, UnreadableEvent
from assuage.record.keyring import Keyring
from assuage.record.store import Conflict, Secret, Store, StoreFailed, Write
from assuage.refusals import Refusal, Refused

ATTEMPTS = 50  # how often a command decides anew when others keep writing first


class View(ABC):
    """What one stream's events add up to. It never writes, and depends on its events alone."""

    def __init__(self) -> None:
        self.version = 0
        self.commands: dict[str, int] = {}

    def take(self, event: Recorded) -> None:
        """Add the next event. Raises ValueError when it isn't the next."""
        if event.version != self.version + 1:
            raise ValueError(f"version {event.version} doesn't follow {self.version}")
        self.apply(event)
        self.version = event.version
        self.commands.setdefault(event.command, event.version)

    @abstractmethod
    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""


V = TypeVar("V", bound=View)


@dataclass(frozen=True)
class Decision:
    """What a command decided: facts for each stream, and secrets to keep or destroy with them.

    Every stream named must have been read through `Record.view` by the function that decided.
    """

    facts: Mapping[str, Sequence[Fact]]
    secrets: tuple[Secret, ...] = ()


def new_command() -> str:
    """Return an id for one command. The same id stored twice counts once."""
    return uuid.uuid4().hex


class Record:
    """One record, as one program uses it. Views are kept and brought up to date when asked for."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring
        self._views: dict[tuple[type[View], str], View] = {}
        # What the present decision rests on: each stream's version when it was first looked at.
        # None while nothing is being decided.
        self._looked_at: dict[str, tuple[int, View]] | None = None

    def view(self, kind: type[V], stream: str) -> V:
        """Return the view of a stream as it is now; while a command decides, as it first saw it.

        Raises Refused (RECORD_UNREADABLE) when an event isn't known to this version of assuage.
        """
        looked_at = {} if self._looked_at is None else self._looked_at
        _, seen = looked_at.get(stream, (0, None))
        if isinstance(seen, kind):
            return seen
        held = self._views.pop((kind, stream), None)  # one that fails half-way isn't kept
        view = held if isinstance(held, kind) else kind()
        for event in self.events(stream, view.version):
            view.take(event)
        if view.version:
            self._views[kind, stream] = view
        looked_at.setdefault(stream, (view.version, view))
        return view

    def rebuild(self, kind: type[V], stream: str) -> V:
        """Return the view built from the first event on, whatever is held."""
        self._views.pop((kind, stream), None)
        return self.view(kind, stream)

    def events(self, stream: str, after: int = 0) -> Iterator[Recorded]:
        """Yield the events of a stream after a version. Raises Refused (RECORD_UNREADABLE)."""
        for row in self.store.read(stream, after):
            yield self._read(row)

    def _read(self, row: Row) -> Recorded:
        try:
            return events.from_row(row)
        except UnreadableEvent as error:
            where = self.store.name
            raise Refused(Refusal.RECORD_UNREADABLE, where=where, why=error) from error

    def head(self) -> Head:
        """Return where the record stands."""
        return self.store.head()

    def commit(self, envelope: Envelope, decide: Callable[[], Decision]) -> tuple[Recorded, ...]:
        """Store what `decide` decides, once, and return its events.

        When somebody else wrote first to any stream that `decide` looked at, it is asked again on
        what the streams are then: what is stored rests on nothing that has changed. A command
        whose id is stored already isn't stored again; its first events are returned. Raises what
        `decide` raises, and Refused: RECORD_CHANGED, RECORD_BUSY, RECORD_UNSURE, RECORD_BROKEN.
        """
        try:
            return self._commit(envelope, decide)
        finally:
            self.keyring.forget()
            self._looked_at = None

    def _commit(self, envelope: Envelope, decide: Callable[[], Decision]) -> tuple[Recorded, ...]:
        stream = ""
        for _ in range(ATTEMPTS):
            self.keyring.forget()
            looked_at = self._looked_at = {}
            try:
                decision = decide()
            except Refused:
                if done := self._done(envelope.command, looked_at):
                    return done
                raise
            if done := self._done(envelope.command, looked_at):
                return done
            writes = [
                Write(
                    stream,
                    looked_at[stream][0],
                    tuple(events.to_body(fact, envelope) for fact in facts),
                )
                for stream, facts in decision.facts.items()
                if facts
            ]
            named = {one.stream for one in writes}
            writes += [
                Write(stream, version, ())
                for stream, (version, _) in looked_at.items()
                if stream not in named
            ]
            try:
                rows = self.store.append(writes, decision.secrets)
            except Conflict as error:
                stream = error.stream
                continue
            except StoreFailed as error:
                told = {"where": error.where, "why": error.why, "command": envelope.command}
                raise Refused(Refusal.RECORD_UNSURE, **told) from error
            return tuple(map(self._read, rows))
        raise Refused(Refusal.RECORD_CHANGED, stream=stream)

    def _done(
        self, command: str, looked_at: Mapping[str, tuple[int, View]]
    ) -> tuple[Recorded, ...]:
        """Return the events that a command stored earlier in the streams just looked at."""
        found = [
            event
            for stream, (_, view) in looked_at.items()
            if command in view.commands
            for event in self.events(stream, view.commands[command] - 1)
            if event.command == command
        ]
        return tuple(sorted(found, key=lambda event: event.position))
