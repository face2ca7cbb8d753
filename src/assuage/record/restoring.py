"""A backup becomes the record again, without losing an event or undoing an erasure in silence.

The whole backup is checked before anything else happens. A record that is replaced is held so
that nobody adds to it, copied aside under a name with its head and the time, and only then
exchanged for the new file by one rename: whenever the power fails, the path leads to the old
record or to the new one, whole.

A backup that is older than an erasure still holds the erased person's key. Such a key isn't
carried over: who was erased in the record that is replaced stays erased.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import apsw

from assuage.clock import Clock
from assuage.record import chain, transfer
from assuage.record.chain import GENESIS, Head, Row
from assuage.record.events import Envelope, Fact, Signature, Text, UnreadableEvent, to_body
from assuage.record.keyring import PATIENT_KEY
from assuage.record.opening import ADDRESSES, open_store
from assuage.record.record import new_command
from assuage.record.recordfile import RecordFile
from assuage.record.store import Secret, Store, StoreFailed
from assuage.refusals import Refusal, Refused

STREAM = "record/restores"
PATIENT = "patient/"
UNREADABLE = "unreadable"
LOGS = ("-wal", "-journal")
_OWNER = re.compile(rb'"owner":("(?:[^"\\]|\\.)*")')


class RecordRestored(Fact):
    """A backup took the place of a record that held other events. It follows the backup's last.

    `backup` and `replaced` are heads, `replaced` "unreadable" where the old one gave none.
    """

    backup: Text
    replaced: Text
    set_aside: str
    still_erased: tuple[Text, ...]
    reason: Text


@dataclass(frozen=True)
class Loss:
    """Who accepts that events are lost from the record in use, and why."""

    person: str
    reason: str

    @classmethod
    def parse(cls, text: str) -> Loss:
        """Read "who: why". Raises Refused (FIELD_INVALID) when one of both is missing."""
        person, _, reason = (part.strip() for part in text.partition(":"))
        if not (person and reason):
            told = {"field": "--accept-loss", "what": "a restore"}
            raise Refused(Refusal.FIELD_INVALID, why="write it as 'name: reason'", **told)
        return cls(person, reason)


@dataclass(frozen=True)
class Restored:
    """What a restore did: the head now, where the old record lies, and who stays erased.

    `unsure` says that the old record is damaged, so erasures in it may not be known.
    """

    head: Head
    aside: Path | None = None
    still_erased: tuple[str, ...] = ()
    unsure: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "head": str(self.head),
            "set_aside": None if self.aside is None else str(self.aside),
            "still_erased": list(self.still_erased),
            "erasures_unsure": self.unsure,
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person should know."""
        if self.aside is not None:
            yield f"The record that was here is kept as {self.aside}"
        for owner in self.still_erased:
            yield f"{owner} stays erased"
        if self.unsure:
            yield "The old record is damaged: erase again whoever was erased after the backup"
        yield f"Head: {self.head}"


class _Readable(Protocol):
    def read_all(self, after: int = 0) -> Iterator[Row]: ...

    def secrets(self) -> Iterator[Secret]: ...


@dataclass(frozen=True)
class _Past:
    """What is known of the record that a backup takes the place of."""

    head: Head | None  # None: it is damaged, so nobody knows what it held
    erased: frozenset[str] = frozenset()


def restore(
    backup: Path,
    target: Path | Store,
    clock: Clock,
    *,
    replace: bool = False,
    previous: Store | None = None,
    accepted: Loss | None = None,
) -> Restored:
    """Make a backup the record at `target`: the path of a file, or an empty store on a server.

    `previous` is a record elsewhere that this one takes the place of; what was erased there stays
    erased, as with a file that is replaced. Raises Refused: BACKUP_UNUSABLE, RECORD_TOO_NEW,
    RECORD_NOT_EMPTY without `replace`, RESTORE_LOSES_EVENTS without `accepted`, RECORD_IN_USE,
    RESTORE_NEEDS_EMPTY, FILE_UNWRITABLE, RECORD_UNREADABLE for a target that isn't a record.
    """
    with _opened(backup) as source:
        _check(source)
        past = None
        if previous is not None:
            with previous.snapshot():
                past = _past(previous, source)
        if isinstance(target, Path):
            wish = _Wish(source, clock, past, accepted)
            return _into_file(target, wish, replace=replace)
        return _into_store(target, _Wish(source, clock, past, accepted), replace=replace)


def restore_at(
    backup: Path,
    where: str,
    clock: Clock,
    *,
    replace: bool = False,
    previous: str | None = None,
    accepted: Loss | None = None,
) -> Restored:
    """Restore to a path or an address, in which a record is made unless there is one.

    `previous` is a path or an address too. Raises what `restore` and `open_store` raise.
    """
    with ExitStack() as stack:
        old = None if previous is None else stack.enter_context(closing(open_store(previous)))
        if not where.startswith(ADDRESSES):
            return restore(
                backup, Path(where), clock, replace=replace, previous=old, accepted=accepted
            )
        with _opened(backup) as source:
            _check(source)  # before anything is made on the server
        new = stack.enter_context(closing(_open_or_make(where)))
        return restore(backup, new, clock, replace=replace, previous=old, accepted=accepted)


def _open_or_make(where: str) -> Store:
    try:
        return open_store(where)
    except Refused as refused:
        if refused.refusal is not Refusal.RECORD_MISSING:
            raise
    return open_store(where, create=True)


@dataclass(frozen=True)
class _Wish:
    source: RecordFile
    clock: Clock
    past: _Past | None
    accepted: Loss | None

    def rows(self, past: _Past | None, aside: Path | None) -> Iterator[Row]:
        """Return the rows to store. Raises Refused when events are lost and nobody accepts it."""
        lost = past is not None and (past.head is None or not self.source.holds(past.head))
        if past is None or not lost:
            return self.source.read_all()
        backup, replaced = self.source.head(), past.head or UNREADABLE
        if self.accepted is None:
            raise Refused(Refusal.RESTORE_LOSES_EVENTS, present=replaced, backup=backup)
        fact = RecordRestored(
            backup=str(backup),
            replaced=str(replaced),
            set_aside=aside.name if aside else "",
            still_erased=tuple(sorted(past.erased)),
            reason=self.accepted.reason,
        )
        now = self.clock.utc_now()
        by = Signature(person=self.accepted.person, method="stated", at=now)
        return _ended(self.source.read_all(), to_body(fact, Envelope(now, new_command(), by)))

    def secrets(self, past: _Past | None) -> Iterator[Secret]:
        """Yield the secrets to store."""
        for one in self.source.secrets():
            if past is None or one.kind != PATIENT_KEY or one.owner not in past.erased:
                yield one


def _ended(rows: Iterable[Row], body: bytes) -> Iterator[Row]:
    """Yield the rows and one more, in the stream of restores."""
    position, before, version, previous = 0, GENESIS, 0, GENESIS
    for row in rows:
        position, before = row.position, row.hash
        if row.stream == STREAM:
            version, previous = row.version, row.hash
        yield row
    place = (position + 1, STREAM, version + 1)
    yield Row(*place, body, chain.link(before, previous, place, body))


@contextmanager
def _opened(backup: Path) -> Iterator[RecordFile]:
    if not backup.is_file():
        raise Refused(Refusal.BACKUP_UNUSABLE, path=backup, why="there is no such file")
    try:
        file = RecordFile(backup)
    except apsw.Error as error:
        raise Refused(Refusal.BACKUP_UNUSABLE, path=backup, why=error) from error
    with file:
        yield file


def _check(source: RecordFile) -> None:
    """Refuse a backup unless every page, link, event and type in it is right."""
    unreadable: list[UnreadableEvent] = []
    try:
        source.refuse_other()
        why: object = source.problem()
        if not why:
            verdict = chain.verify(transfer.decoded(source.read_all(), unreadable))
            why = f"its chain is broken at {verdict.fault}" if verdict.fault else None
            why = why or next(iter(unreadable), None)
    except apsw.Error as error:
        why = error
    except Refused as refused:
        if refused.refusal is Refusal.RECORD_TOO_NEW:
            raise
        why = refused.sentence
    if why:
        raise Refused(Refusal.BACKUP_UNUSABLE, path=source.path, why=why)


def _past(present: _Readable, source: RecordFile) -> _Past:
    """Read what the record to be replaced knows; its head only when its chain holds."""
    kept = {one.owner for one in present.secrets() if one.kind == PATIENT_KEY}
    gone = {one.owner for one in source.secrets() if one.kind == PATIENT_KEY} - kept
    verdict = chain.verify(present.read_all())
    erased = frozenset(_known(present.read_all(), gone))
    return _Past(None if verdict.fault else verdict.head, erased)


def _known(rows: Iterable[Row], owners: set[str]) -> Iterator[str]:
    """Yield those owners of whom these events tell.

    Who is missing from a record that never heard of them was not erased there.
    """
    left = set(owners)
    for row in rows if left else ():
        # Only a patient's own stream: session 2 doesn't tell of patient 2.
        told = {row.stream.removeprefix(PATIENT)} if row.stream.startswith(PATIENT) else set()
        told.update(json.loads(one) for one in _OWNER.findall(row.body))
        yield from left & told
        left -= told


def _into_store(target: Store, wish: _Wish, *, replace: bool) -> Restored:
    held = target.head()
    if held.position:
        if replace:
            raise Refused(Refusal.RESTORE_NEEDS_EMPTY, where=target.name)
        raise Refused(Refusal.RECORD_NOT_EMPTY, where=target.name, events=held.position)
    past = wish.past
    rows = wish.rows(past, None)
    try:
        head = target.adopt(rows, wish.secrets(past))
    except StoreFailed as error:
        raise Refused(Refusal.RECORD_UNREADABLE, where=target.name, why=error.why) from error
    return Restored(head, still_erased=tuple(sorted(past.erased)) if past else ())


def _into_file(target: Path, wish: _Wish, *, replace: bool) -> Restored:
    if not target.exists():
        return _exchanged(target, wish, wish.past, fresh=True)
    if not target.stat().st_size:  # a record may have stood here; nobody knows what it held
        erased = wish.past.erased if wish.past else frozenset[str]()
        return _exchanged(target, wish, _Past(None, erased))
    with target.open("rb") as content, _held(target) as present:
        past = _past_of_file(present, wish.source)
        if past.head == Head():  # made and never written to
            return _exchanged(target, wish, wish.past)
        if not replace:
            events = past.head.position if past.head else "an unknown number of"
            raise Refused(Refusal.RECORD_NOT_EMPTY, where=target, events=events)
        if wish.past:
            past = _Past(past.head, past.erased | wish.past.erased)
        aside = _Aside(content, _aside_path(target, past.head, wish.clock))
        return _exchanged(target, wish, past, aside)


def _past_of_file(present: RecordFile | None, source: RecordFile) -> _Past:
    if present is None:
        return _Past(None)
    try:
        present.refuse_other()
        past = _past(present, source)
        return _Past(None, past.erased) if present.problem() else past
    except (apsw.Error, TypeError, ValueError):  # the latter two: types that no record holds
        return _Past(None)


@contextmanager
def _held(path: Path) -> Iterator[RecordFile | None]:
    """Keep everybody else out of a record file and fold its log in; None if it is too damaged.

    A record that is open anywhere, even idle, is refused (RECORD_IN_USE): whoever has it open
    would go on writing to the file that was set aside.
    """
    try:
        connection = apsw.Connection(str(path.absolute()), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        raise Refused(Refusal.RECORD_UNREADABLE, where=path, why=error) from error
    try:
        try:
            connection.pragma("fullfsync", "ON")
            connection.pragma("journal_mode", "DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            if connection.pragma("journal_mode") != "delete":  # opened by another in between
                raise Refused(Refusal.RECORD_IN_USE, where=path)
            present = RecordFile(path, connection)
        except (apsw.BusyError, apsw.LockedError) as error:
            raise Refused(Refusal.RECORD_IN_USE, where=path) from error
        except (apsw.ReadOnlyError, apsw.PermissionsError, apsw.FullError) as error:
            raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=error) from error
        except apsw.Error:
            present = None
        yield present
    finally:
        connection.close(force=True)


def _aside_path(target: Path, head: Head | None, clock: Clock) -> Path:
    stood = f"{head.position}-{head.hash.hex()[:12]}" if head else UNREADABLE
    time = clock.utc_now().strftime("%Y%m%dT%H%M%SZ")
    return target.with_name(f"{target.stem}.set-aside-{stood}-{time}{target.suffix}")


@dataclass(frozen=True)
class _Aside:
    """Where the old record goes, and its content.

    `content` was opened before the record was held and is closed when it no longer is: a process
    that closes any handle of a file gives up every lock that it has on it.
    """

    content: BinaryIO
    path: Path


def _exchanged(
    target: Path,
    wish: _Wish,
    past: _Past | None,
    aside: _Aside | None = None,
    *,
    fresh: bool = False,
) -> Restored:
    """Build the new file beside the target, keep the old one aside, and change them over."""
    rows = wish.rows(past, aside.path if aside else None)
    with transfer.hidden(target) as made:
        head = transfer.fill(made, rows, wish.secrets(past))
        _set_aside(target, aside)
        if fresh:
            transfer.place(made, target)
        else:
            os.replace(made, target)
            transfer.sync(target.parent)
    erased = tuple(sorted(past.erased)) if past else ()
    unsure = past is not None and past.head is None
    return Restored(head, aside.path if aside else None, erased, unsure)


def _set_aside(target: Path, aside: _Aside | None) -> None:
    """Copy the old record aside; then take away logs, which must not meet the new file.

    SQLite would copy the pages of an old log into any file of that name. A record that could be
    held has no log left; a damaged one's log lies aside before it is taken away.
    """
    logs = [end for end in LOGS if Path(f"{target}{end}").exists()]
    if aside is None and logs:
        why = f"'{target}{logs[0]}' is the log of a record that isn't there; move it away"
        raise Refused(Refusal.FILE_UNWRITABLE, path=target, why=why)
    if aside is None:
        return
    _copy(aside.content, aside.path)
    for end in logs:
        with Path(f"{target}{end}").open("rb") as log:
            _copy(log, Path(f"{aside.path}{end}"))
    transfer.sync(target.parent)
    for end in transfer.BESIDE[1:]:
        Path(f"{target}{end}").unlink(missing_ok=True)


def _copy(old: BinaryIO, path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR), "wb") as kept:
        old.seek(0)
        shutil.copyfileobj(old, kept, 1 << 20)
        kept.flush()
        os.fsync(kept.fileno())
