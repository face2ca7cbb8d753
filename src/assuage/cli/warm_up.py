"""`assuage warm-up`: compile what is fast once, at install, so that nobody waits for it later."""

from __future__ import annotations

from assuage.cli import output
from assuage.refusals import Refusal, Refused

HELP = """Compile the kernels behind populations, fits and targets, once.

Takes up to a minute the first time; after that it is a check of a second or two. Plans and small
simulations need none of it. Run it after every installation or upgrade, as the user who will
use assuage.

\b
Example:
  assuage warm-up
"""


def warm_up() -> None:
    """Run every kernel once, which compiles and keeps it."""
    with output.at_work("Compiling", quiet=False):
        from assuage.kinetics.points import has_kernels

        if not has_kernels():
            raise Refused(
                Refusal.EXTRA_MISSING,
                what="compiling",
                package="numba",
                extra="engine",
                option="it: plans and small simulations work without",
            )
        from assuage.kinetics.kernels.compile import is_kept
        from assuage.kinetics.warming import WORK, warm

        warm()
    names = ", ".join(name for name, _ in WORK)
    if is_kept():
        output.say(f"Compiled and kept: {names}.")
        return
    output.say(f"Compiled, and not kept: {names}.")
    output.say_error(
        "assuage: warning: no folder for machine code can be written, so every process compiles "
        "anew; set NUMBA_CACHE_DIR to a folder that can"
    )
