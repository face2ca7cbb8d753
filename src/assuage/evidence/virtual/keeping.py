"""A file of trials that are done, replaced as a whole: a kill leaves the older or the newer.

"assuage trials 1", line feed   what it is, and its layout
32 bytes                        SHA-256 of all that follows
zlib                            4 bytes length, JSON, the arrays one after another
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assuage.kinetics.exact import Array
from assuage.planning.population import plain_bytes, write_whole
from assuage.refusals import Refusal, Refused

MAGIC = b"assuage trials "
VERSION = b"1\n"


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
    packed = zlib.compress(body, 1)
    content = MAGIC + VERSION + hashlib.sha256(packed).digest() + packed
    try:
        write_whole(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=why) from error


def load(path: Path) -> Kept | None:
    """Return what a file holds, None where there is none.

    Raises Refused for a file that can't be read, is damaged or is something else.
    """
    try:
        content = plain_bytes(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    why = "it isn't a file of virtual trials"
    if content.startswith(MAGIC):
        start = len(MAGIC) + len(VERSION)
        checksum, packed = content[start : start + 32], content[start + 32 :]
        whole = hashlib.sha256(packed).digest() == checksum
        if whole and content[len(MAGIC) : start] == VERSION:
            return _read(zlib.decompress(packed))
        why = "another version of assuage wrote it" if whole else "it is damaged or cut short"
    raise Refused(Refusal.TRIAL_FILE_DAMAGED, path=path, why=why)


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
