"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from assuage.refusals import Refusal, Refused


def check_outputs(
    plot: str | None, csv: str | None, *, as_json: bool, example: str, what: str = "chart file"
) -> None:
    """Raise Refused for two answers on standard output, and for a picture that is no SVG."""
    if as_json and csv == "-":
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--json and --csv to standard output",
            remedy=f"name a file: --csv {example}",
        )
    if plot is not None and Path(plot).suffix.lower() != ".svg":
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=plot, what=what, choices="a name that ends in .svg"
        )


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` at once. Raises Refused and leaves what was there untouched."""
    try:
        _write(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def make_folder(path: Path) -> None:
    """Make a folder, one level deep, if it isn't there. Raises Refused."""
    try:
        path.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():
        raise ValueError("it is not a plain file")
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.tmp")
    handle = os.open(
        beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _unwritable(path: Path, error: OSError | ValueError) -> Refused:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Refused(Refusal.FILE_UNWRITABLE, path=path, why=why)
