"""Says what is missing before a command of evidence begins: its libraries are an extra."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from assuage.refusals import Refusal, Refused

NUMBERS, PICTURES = "scipy", "matplotlib"


def need(what: str, option: str, packages: Sequence[str] = (NUMBERS, PICTURES)) -> None:
    """Raise Refused (EXTRA_MISSING) unless what `what` needs is installed; without it: `option`."""
    for one in packages:
        if find_spec(one) is None:
            raise Refused(
                Refusal.EXTRA_MISSING, what=what, package=one, extra="evidence", option=option
            )
