"""Reads the file of a design, and refuses it when anything in it is unclear."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args, get_origin

from pydantic import ValidationError

from assuage.evidence.sheet import read_bytes
from assuage.evidence.virtual.checks import check
from assuage.evidence.virtual.design import Design, Strict
from assuage.refusals import Refusal, Refused

LARGEST_FILE_BYTES = 100_000


def read(path: Path) -> Design:
    """Return a design from its file. Raises Refused for a file or a field that can't be used."""
    try:
        tree = tomllib.loads(read_bytes(path, LARGEST_FILE_BYTES).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    what = f"the trial design {path}"
    try:
        design = Design.model_validate(tree)
    except ValidationError as error:
        raise _invalid(error, what) from error
    check(design, what)
    return design


def _invalid(error: ValidationError, what: str) -> Refused:
    errors = error.errors()  # a misspelled field is told before the one that is then missing
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        choices = ", ".join(_fields(first["loc"][:-1]))
        return Refused(Refusal.FIELD_UNKNOWN, field=name, what=what, choices=choices)
    why = first["msg"].removeprefix("Value error, ")
    return Refused(Refusal.FIELD_INVALID, field=name or "the whole", what=what, why=why)


def _fields(place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the fields of the part that a place of the file leads to."""
    part: type[Strict] = Design
    for name in place:
        if isinstance(name, str):
            part = _part(part.model_fields[name].annotation)
    return tuple(part.model_fields)


def _part(annotation: object) -> type[Strict]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return annotation
    inside = [one for one in get_args(annotation) if one not in (type(None), ...)]
    if get_origin(annotation) is None or not inside:
        raise KeyError(annotation)
    return _part(inside[0])
