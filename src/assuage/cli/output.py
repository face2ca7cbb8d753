"""Words out: to the terminal, a pipe, or a closed one; never more than the stream can carry."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from rich.console import Console

SLOW_S = 1.0  # what takes longer shows that it is at work


def settle_streams() -> None:
    """Make both streams usable: a character they can't carry is replaced, a closed one is void."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Write a text and a line break to standard output. Raises Refused on a full disk."""
    _write(sys.stdout, text + "\n")


def say_error(text: str) -> None:
    """Write one line to standard error, whatever the text holds."""
    line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def print_json(content: object, *, strict: bool = True) -> None:
    """Write JSON to standard output; `strict` lets a failure of the stream be seen."""
    text = json.dumps(content, indent=2, allow_nan=False)
    if strict:
        say(text)
        return
    with suppress(OSError, Refused):
        say(text)
        flush()


def flush() -> None:
    """Write out what is buffered. Raises Refused when it can't be written."""
    _write(sys.stdout, "")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        if not text:
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up()
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNWRITABLE, path="standard output", why=why) from error


def give_up() -> None:
    """Send what is still buffered nowhere, so that the end of the run can't fail on it."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def console() -> Console:
    """Return a console for standard output that cuts nothing off."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=False, markup=False, emoji=False)


@contextmanager
def at_work(what: str, *, quiet: bool) -> Iterator[None]:
    """Show on standard error that something goes on, once it takes longer than a moment."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    status = Console(stderr=True).status(what)
    timer = threading.Timer(SLOW_S, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
