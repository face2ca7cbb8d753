"""Facts: what happened, in the past tense, typed and versioned.

A fact is a frozen class derived from `Fact`; its name is its kind. When its fields change, its
`kind_version` goes up and `older` says how the fields of each earlier version are read; facts
that were stored are never rewritten.

    class StockReceived(Fact):
        units: Whole

An event is a fact with who stored it, when, who witnessed it and by which command. All of that
is inside the bytes that are hashed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from assuage.record import canonical
from assuage.record.chain import Row
from assuage.refusals import AssuageError

Whole = Annotated[int, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, gt=0)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Upcast = Callable[[dict[str, Any]], dict[str, Any]]

KINDS: dict[str, type[Fact]] = {}
_FIELDS = {"at", "by", "command", "data", "kind", "kind_version", "witness"}


class UnreadableEvent(AssuageError):
    """Stored bytes that aren't an event that this version of assuage knows."""


class Fact(BaseModel):
    """Base of every fact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind_version: ClassVar[int] = 1
    older: ClassVar[Mapping[int, Upcast]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Register the kind. A kind named twice, or a version without a reader, is an error."""
        if cls.__name__ in KINDS:
            raise TypeError(f"there are two facts of the kind {cls.__name__}")
        if set(cls.older) != set(range(1, cls.kind_version)):
            raise TypeError(f"{cls.__name__} can't read all of its older versions")
        KINDS[cls.__name__] = cls

    @property
    def kind(self) -> str:
        """The name of this kind of fact."""
        return type(self).__name__


class Signature(BaseModel):
    """Who did or witnessed something, and how and when that person proved to be who it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: Text
    roles: tuple[Text, ...] = ()
    method: Text
    at: AwareDatetime


@dataclass(frozen=True)
class Recorded:
    """One event, read back. `at` is when it was stored, with the offset of the place."""

    position: int
    stream: str
    version: int
    hash: bytes
    at: datetime
    command: str
    by: Signature
    witness: Signature | None
    fact: Fact


@dataclass(frozen=True)
class Envelope:
    """What is told with every fact of one command. `at` is aware; ValueError otherwise."""

    at: datetime
    command: str
    by: Signature
    witness: Signature | None = None

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError("an event needs a time with a zone")


def to_body(fact: Fact, envelope: Envelope) -> bytes:
    """Return the canonical bytes of an event. Raises ValueError for a fact with a fraction."""
    witness = envelope.witness
    return canonical.encode(
        {
            "at": envelope.at.isoformat(),
            "by": envelope.by.model_dump(mode="json"),
            "command": envelope.command,
            "data": fact.model_dump(mode="json"),
            "kind": fact.kind,
            "kind_version": fact.kind_version,
            "witness": witness.model_dump(mode="json") if witness else None,
        }
    )


def from_row(row: Row) -> Recorded:
    """Read an event back. Raises UnreadableEvent when its bytes aren't an event known here."""
    try:
        told = canonical.decode(row.body)
        if not isinstance(told, dict):
            raise UnreadableEvent(f"event {row.position} isn't an object")
        if set(told) != _FIELDS:
            raise UnreadableEvent(f"event {row.position} has other fields than an event has")
        envelope = _envelope(told)
        return Recorded(
            position=row.position,
            stream=row.stream,
            version=row.version,
            hash=row.hash,
            at=envelope.at,
            command=envelope.command,
            by=envelope.by,
            witness=envelope.witness,
            fact=_fact(row, str(told["kind"]), told["kind_version"], told["data"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent(f"event {row.position} can't be read: {error}") from error


def _envelope(told: Mapping[str, Any]) -> Envelope:
    command = told["command"]
    if not isinstance(command, str):
        raise ValueError("its command isn't text")  # noqa: TRY004 - the bytes are wrong, no caller
    return Envelope(
        at=datetime.fromisoformat(told["at"]),  # TypeError when it isn't text
        command=command,
        by=Signature.model_validate(told["by"]),
        witness=None if told["witness"] is None else Signature.model_validate(told["witness"]),
    )


def _fact(row: Row, kind: str, version: object, data: object) -> Fact:
    known = KINDS.get(kind)
    # True is a number in Python and would pass for version 1.
    whole = version if isinstance(version, int) and not isinstance(version, bool) else 0
    if known is None or not (1 <= whole <= known.kind_version):
        raise UnreadableEvent(f"event {row.position} is a {kind} of version {version}, not known")
    if not isinstance(data, dict):
        raise UnreadableEvent(f"event {row.position} holds no fields")
    fields = data
    for number in range(whole, known.kind_version):
        fields = known.older[number](fields)
    try:
        return known.model_validate(fields)
    except ValidationError as error:
        raise UnreadableEvent(f"event {row.position}, {kind}: {error}") from error
