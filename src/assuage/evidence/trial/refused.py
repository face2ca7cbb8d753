"""How a number is refused that the data don't determine."""

from __future__ import annotations

from assuage.refusals import Refusal, Refused


def undefined(what: str, why: str, remedy: str) -> Refused:
    """Return the refusal (NOT_ESTIMABLE)."""
    return Refused(Refusal.NOT_ESTIMABLE, what=what, why=why, remedy=remedy)
