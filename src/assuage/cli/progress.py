"""What shows on standard error that patients stream past: a bar, once it takes over a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assuage.cli.output import SLOW_S


@contextmanager
def counting(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Yield what is to be told how many of `total` are done; until it's told, a spinner turns.

    Nothing is shown when `quiet`, or when standard error is no terminal. The first number told is
    what was done before, so that the time left is worked out from this run alone.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    start = (SpinnerColumn(), TextColumn("{task.description}"))
    bar = Progress(*start, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def told(done: int) -> None:
        if len(bar.columns) == len(start):
            bar.columns = (*start, BarColumn(), MofNCompleteColumn(), TimeLeft())
            bar.reset(task, total=total, completed=done)
        bar.update(task, completed=done)

    timer = threading.Timer(SLOW_S, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield told
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
