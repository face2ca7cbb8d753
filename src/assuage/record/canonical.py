"""One way to write a fact as bytes, so that the same fact always has the same hash.

The form is RFC 8785's for the part of JSON that facts use: text, whole numbers, true, false,
null, lists and objects with plain ASCII names. Fractions are refused, because two programs may
print one differently; a dose is whole micrograms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

# Beyond this a reader that holds numbers as doubles would change them. source: RFC 8785, 3.2.2.3
LARGEST_WHOLE = 2**53 - 1


def encode(value: Json) -> bytes:
    """Return the canonical bytes of `value`.

    Raises ValueError for a fraction, a number beyond 2**53 - 1, a name that isn't ASCII text, or
    text that UTF-8 can't hold; TypeError for anything that isn't JSON.
    """
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def decode(body: bytes) -> Json:
    """Return what `body` says. Raises ValueError unless it is JSON in its canonical form."""
    try:
        value: Json = json.loads(body)
        told = encode(value)
    except RecursionError as error:
        raise ValueError("the bytes are nested too deeply") from error
    if told != body:
        raise ValueError("the bytes are JSON but not in the canonical form")
    return value


def _check(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not (-LARGEST_WHOLE <= value <= LARGEST_WHOLE):
            raise ValueError(f"{value} is beyond what every JSON reader keeps exact")
    elif isinstance(value, float):
        raise ValueError(f"{value} is a fraction; facts hold whole numbers, text")  # noqa: TRY004
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not (isinstance(name, str) and name.isascii()):
                raise ValueError(f"{name!r} isn't an ASCII name")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    else:
        raise TypeError(f"{type(value).__name__} has no place in a fact")
