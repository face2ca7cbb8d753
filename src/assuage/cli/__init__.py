"""The command line: a face that decides nothing.

`main` is the one way in. Whatever happens, it ends in an exit status: 0, or 2 with one line on
standard error; 1 when the reader of a pipe has left, and 130 when it was interrupted. Heavy
modules are imported by the command that needs them, so help comes at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from assuage.cli import output
from assuage.cli.app import app_for, whole
from assuage.cli.arguments import completed, readable
from assuage.refusals import Refusal, Refused

PROGRAM = "assuage"
# The class above every complaint of the parser about what was typed.
_Unreadable: type[Exception] = typer.BadParameter.__mro__[2]
# Everything a fault can raise. The outermost place alone may catch so much: no traceback leaves.
_FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, ImportError),
    *(LookupError, MemoryError, NameError, RuntimeError, TypeError, ValueError),
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit status; never a traceback."""
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    output.settle_streams()
    try:
        status = _dispatch(arguments)
        output.flush()
    except Refused as refused:
        return _refuse(refused, arguments)
    except BrokenPipeError:
        output.give_up()
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _dispatch(arguments: list[str]) -> int:
    """Return the status of the command; raise Refused for whatever went wrong with it."""
    try:
        words = readable(completed(arguments))
        # A shell that completes a line hands over no words here.
        app = app_for(words[0]) if arguments else whole()
        found = typer.main.get_command(app).main(
            args=words, prog_name=PROGRAM, standalone_mode=False
        )
    except BrokenPipeError:
        raise
    except _Unreadable as error:
        why = str(getattr(error, "format_message", error.__str__)()).rstrip(".?!")
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else PROGRAM
        raise Refused(Refusal.COMMAND_UNREADABLE, why=why, command=path) from error
    except OSError as error:
        output.give_up()  # every file answers for itself, so this was the output
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNWRITABLE, path="standard output", why=why) from error
    except _FAULTS as error:
        why = f"{type(error).__name__}: {error}"
        raise Refused(Refusal.INTERNAL_FAULT, why=why[:300]) from error
    return found if isinstance(found, int) else 0


def _refuse(refused: Refused, arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        output.print_json(refused.as_dict(), strict=False)
    output.say_error(f"{PROGRAM}: {refused}")
    return 2
