"""Any knowledge record as lines of text, nothing left out, each fact with its source.

A fact that is unverified says so in capitals, since it must never pass for one that was read.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from assuage.knowledge.schema.facts import READ_IN_WORDS, Sourced
from assuage.units import format_quantity

_CITING = {"source", "where", "read", "note"}
_STEP = "  "
_LABELS = {"source_place": "from"}


def lines_of(record: BaseModel, skip: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the lines of a record; the depth of a line is its indentation."""
    for name, value in record:
        if name not in skip:
            yield from _named(name, value, 0)


def sources_of(value: object) -> Iterator[Sourced]:
    """Yield every fact inside a record, itself included."""
    if isinstance(value, Sourced):
        yield value
    if isinstance(value, BaseModel):
        for _, part in value:
            yield from sources_of(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from sources_of(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from sources_of(part)


def _named(name: str, value: object, depth: int) -> Iterator[str]:
    label = name.replace("_", " ")
    if value is None or value in ("", (), {}):
        return
    if isinstance(value, Sourced):
        yield f"{_STEP * depth}{label}: {_fact(value)}"
        yield from _parts(value, depth + 1)
    elif isinstance(value, BaseModel) and not any(_is_nested(part) for _, part in value):
        yield f"{_STEP * depth}{label}: {_listed(value)}"
    elif isinstance(value, BaseModel):
        yield f"{_STEP * depth}{label}"
        for inner, part in value:
            yield from _named(inner, part, depth + 1)
    elif isinstance(value, dict):
        yield f"{_STEP * depth}{label}"
        for inner, part in value.items():
            yield from _named(str(inner), part, depth + 1)
    elif isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        yield f"{_STEP * depth}{label}"
        for one in value:
            yield from _item(one, depth + 1)
    else:
        yield f"{_STEP * depth}{label}: {_plain(value)}"


def _item(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, Sourced):
        yield f"{_STEP * depth}- {_fact(value)}"
        yield from _parts(value, depth + 1)
    elif isinstance(value, BaseModel):
        yield f"{_STEP * depth}- {_listed(value)}"


def _parts(fact: Sourced, depth: int) -> Iterator[str]:
    """Yield the records inside a fact, which stand on lines of their own."""
    for name, value in fact:
        if _is_nested(value):
            yield from _named(name, value, depth)


def _is_nested(value: object) -> bool:
    if isinstance(value, tuple):
        return any(isinstance(one, BaseModel) for one in value)
    return isinstance(value, BaseModel | dict)


def _listed(record: BaseModel) -> str:
    return ", ".join(
        f"{_LABELS.get(name, name.replace('_', ' '))} {_plain(part)}"
        for name, part in record
        if part is not None and part not in ("", (), {})
    )


def _fact(fact: Sourced) -> str:
    """Return a fact in one line: what it says, then where it comes from."""
    values = {name: value for name, value in fact if name not in _CITING}
    said = []
    if isinstance(values.get("text"), str):
        said.append(str(values.pop("text")))
    unit = values.get("unit")
    if isinstance(unit, str):
        for name in ("value", "low", "high", "amount", "typical"):
            number = values.get(name)
            if isinstance(number, float):
                del values[name]
                label = "" if name in ("value", "amount") else f"{name} "
                said.append(label + format_quantity(number, unit))
        if said:
            del values["unit"]
    for name, value in values.items():
        empty = value is None or value is False or value in ("", (), {})
        if not (empty or _is_nested(value)):
            said.append(f"{name.replace('_', ' ')} {_plain(value)}")
    sentences = [", ".join(said).rstrip("."), fact.note.rstrip(".")]
    return " ".join([*(f"{one}." for one in sentences if one), cite(fact)])


def cite(fact: Sourced) -> str:
    """Return where a fact comes from and how it was read."""
    how = "UNVERIFIED" if fact.read == "unverified" else READ_IN_WORDS[fact.read]
    return f"[{fact.source}; {fact.where}; {how}]"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_quantity(value, "")
    if isinstance(value, tuple):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, BaseModel):
        return " ".join(_plain(part) for _, part in value if part is not None)
    return str(value)
