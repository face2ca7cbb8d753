"""Signing in: how a person at the command line proves to be who they say.

Each command asks anew, the actor first and then the witness, and nothing is shown while they
type. A file of passphrases serves tests and rehearsals alone: it puts two signatures in one hand,
so what is signed with it says so.
"""

from __future__ import annotations

import getpass
import os
import sys
import tomllib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.clock import Clock
    from assuage.record.events import Signature
    from assuage.record.record import Record

VARIABLE = "ASSUAGE_PASSPHRASES"
FILE_METHOD = "passphrase-file"
NEW = "new"  # the table of a passphrase file that holds passphrases still to be set
HELP = """Signing in: --as and --witness are asked for their passphrases on the terminal, one after
the other, and nothing is shown. Without a terminal they come from the file that
ASSUAGE_PASSPHRASES names (lines of id = "words"; chmod 600). Such a file is for tests and
rehearsals: it puts two signatures in one hand, and what it signs is marked passphrase-file.
"""


def sign_in(record: Record, clock: Clock, site: str, person: str, words: str = "") -> Signature:
    """Return the signature of a person who was asked here; `words` say in which part.

    Raises Refused: PASSPHRASE_MISSING, PASSPHRASES_UNSAFE, and what access.sign_in raises.
    """
    from assuage.care import access

    passphrase = _asked(f"{words}{person}, passphrase: ", person)
    method = access.PASSPHRASE if on_terminal() else FILE_METHOD
    return access.sign_in(record, clock, site, person, passphrase, method=method)


def new_passphrase(person: str) -> str:
    """Return a passphrase to be set for a person, typed twice on a terminal.

    Raises Refused: PASSPHRASE_MISSING, also when the two differ; PASSPHRASES_UNSAFE.
    """
    if not on_terminal():
        held = _held()
        fresh = held.get(NEW)
        return _found(fresh if isinstance(fresh, dict) and person in fresh else held, person)
    first = _asked(f"New passphrase of {person}: ", person)
    if _asked("The same again: ", person) != first:
        raise Refused(Refusal.PASSPHRASE_MISSING, person=f"{person}, twice the same")
    return first


def on_terminal() -> bool:
    """Say whether a person sits in front of this."""
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(prompt: str, person: str) -> str:
    if not on_terminal():
        return _found(_held(), person)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would have been shown
            typed = getpass.getpass(prompt)
    except (EOFError, getpass.GetPassWarning) as error:
        raise Refused(Refusal.PASSPHRASE_MISSING, person=person) from error
    return typed.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _found(held: object, person: str) -> str:
    words = held.get(person) if isinstance(held, dict) else None
    if not isinstance(words, str):
        raise Refused(Refusal.PASSPHRASE_MISSING, person=person)
    return words


def _held() -> dict[str, object]:
    """Return what the passphrase file holds; nothing when none is named."""
    named = os.environ.get(VARIABLE)
    if not named:
        return {}
    path = Path(named)
    from assuage.record.keyring import read_private

    held = read_private(path, Refusal.PASSPHRASES_UNSAFE)
    try:
        return tomllib.loads(held.decode("utf-8"))
    except ValueError as error:  # what it says isn't repeated: it could be a passphrase
        why = "it isn't TOML in UTF-8"
        raise Refused(Refusal.PASSPHRASES_UNSAFE, path=path, why=why) from error
