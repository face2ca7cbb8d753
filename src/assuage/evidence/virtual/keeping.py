"""A file of trials that are done (`planning.checkpoint`): 4 bytes length, JSON, the arrays."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assuage.kinetics.exact import Array
from assuage.planning import checkpoint
from assuage.planning.checkpoint import Kind
from assuage.refusals import Refusal

FILE = Kind(b"assuage trials ", "a file of virtual trials", Refusal.TRIAL_FILE_DAMAGED)


@dataclass(frozen=True, eq=False)
class Kept:
    """What a file holds: whose trials these are, and the arrays of both kinds by name."""

    digest: str
    main: Mapping[str, Array]
    null: Mapping[str, Array]


def store(path: Path, kept: Kept) -> None:
    """Put results into a file, whole or not at all. Raises Refused; what was there then stays."""
    arrays = [*kept.main.items(), *kept.null.items()]
    head = {
        "digest": kept.digest,
        "main": len(kept.main),
        "arrays": [[name, list(one.shape)] for name, one in arrays],
    }
    text = json.dumps(head).encode()
    body = len(text).to_bytes(4, "little") + text
    body += b"".join(np.ascontiguousarray(one, dtype="<f8").tobytes() for _, one in arrays)
    checkpoint.store(path, FILE, zlib.compress(body, 1))


def load(path: Path) -> Kept | None:
    """Return what a file holds, None where there is none.

    Raises Refused for a file that can't be read, is damaged or is something else.
    """
    body = checkpoint.load(path, FILE)
    return None if body is None else _read(body)


def _read(body: bytes) -> Kept:
    at = 4 + int.from_bytes(body[:4], "little")
    head = json.loads(body[4:at])
    found: list[tuple[str, Array]] = []
    for name, shape in head["arrays"]:
        size = int(np.prod(shape))
        one = np.frombuffer(body, "<f8", size, at).reshape(shape).astype(np.float64)
        found.append((name, one))
        at += 8 * size
    return Kept(head["digest"], dict(found[: head["main"]]), dict(found[head["main"] :]))
