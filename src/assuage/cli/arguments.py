"""What is done to the words of a command before the parser reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date

from assuage.refusals import Refusal, Refused

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
# Options that may stand alone, and what they mean then.
_BARE = {
    "simulate": {
        "--csv": "-",
        "--plot": "simulate.svg",
        "--cluster": "local",
        "--ethics-approval": "stated, no reference given",
    },
    "individual": {"--csv": "-", "--plot": "individual.svg"},
    "analyse": {"--csv": "-"},
    "trial": {"--cluster": "local"},
}


def readable(arguments: Sequence[str]) -> list[str]:
    """Return the words with a value for every option that was left without one."""
    if not arguments:
        return ["--help"]
    bare = _BARE.get(arguments[0], {})
    found: list[str] = []
    for place, word in enumerate(arguments):
        follows = arguments[place + 1] if place + 1 < len(arguments) else "--"
        alone = follows != "-" and follows.startswith("-")
        if word in bare and alone:
            found.append(f"{word}={bare[word]}")
        else:
            found.append(word)
    return found


def completed(arguments: Sequence[str]) -> list[str]:
    """Return the words, once a request for a completion script is turned into its own form."""
    if not arguments or arguments[0] not in ("--show-completion", "--install-completion"):
        return list(arguments)
    shell = arguments[1] if len(arguments) > 1 else _shell()
    if shell not in SHELLS:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=shell, what="shell", choices=", ".join(SHELLS)
        )
    if arguments[0] == "--show-completion":
        os.environ["_ASSUAGE_COMPLETE"] = f"source_{shell}"
        return []
    return [arguments[0]]


def _shell() -> str:
    return os.environ.get("SHELL", "").rpartition("/")[2]


def day_in(text: str, what: str, *, such_as: str = "2029-06-30") -> date:
    """Return a date such as 2026-11-22. Raises Refused (VALUE_NOT_ALLOWED)."""
    choices = f"the form year-month-day, such as {such_as}"
    refused = Refused(Refusal.VALUE_NOT_ALLOWED, text=text[:60], what=what, choices=choices)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise refused
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refused from error
