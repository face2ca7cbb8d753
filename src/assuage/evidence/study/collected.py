"""Every outcome of a study, each once: what the protocol named, and whatever else is in the data.

This is where nothing can be left out. A column of the data that isn't an identifier, and wasn't
something other than an outcome in every protocol that was ever locked, is an outcome; so is
whatever any of those protocols said would be collected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from assuage.evidence.study.data import Data
from assuage.evidence.study.schema import Blinding, Outcome, Protocol

Standing: TypeAlias = Literal["primary", "secondary", "safety", "collected", "dropped", "found"]
IN_WORDS: dict[Standing, str] = {
    "primary": "primary",
    "secondary": "secondary",
    "safety": "safety",
    "collected": "NOT pre-specified",
    "dropped": "pre-specified once, then dropped by an amendment",
    "found": "NOT pre-specified, nor announced in the protocol",
}


@dataclass(frozen=True)
class Collected:
    """One outcome and where it stands. `was` is the role that an earlier protocol gave it."""

    outcome: Outcome
    standing: Standing
    was: str = ""

    @property
    def pre_specified(self) -> bool:
        """Whether the protocol in force says how it is judged."""
        return self.standing in ("primary", "secondary", "safety")

    @property
    def words(self) -> str:
        """Where it stands, in words."""
        moved = self.was and self.standing in ("primary", "secondary", "safety", "collected")
        return IN_WORDS[self.standing] + (f" ({self.was} in an earlier protocol)" if moved else "")


def collected(protocols: Sequence[Protocol], data: Data) -> tuple[Collected, ...]:
    """Return every outcome: primary, secondary, safety, then what wasn't pre-specified.

    `protocols` are all that were locked, the one in force last; within a role they stand in its
    order.
    """
    now = protocols[-1]
    found: list[Collected] = [
        Collected(one, one.role, _before(one, protocols)) for one in now.outcome
    ]
    held = {column for one in now.outcome for column in one.held_in}
    for earlier in reversed(protocols[:-1]):
        for one in earlier.outcome:
            left = [column for column in one.held_in if column not in held]
            if left:
                told = _copied(one, _unused(one.id, found), left if len(left) == 1 else None)
                found.append(Collected(told, "dropped", one.role))
                held |= set(left)
    never = set.intersection(*(_no_outcomes(one) for one in protocols))
    for column in data.columns:
        if column not in held and column not in never:
            # A column may have any name, and none is a reason to leave it out.
            unknown = Outcome(id="unknown", name=column, role="collected")
            told = _copied(unknown, _unused(column, found), [column])
            found.append(Collected(told, "found"))
    order = list(IN_WORDS)
    return tuple(sorted(found, key=lambda one: order.index(one.standing)))


def _copied(outcome: Outcome, id_: str, columns: list[str] | None) -> Outcome:
    """Return an outcome under another id; in these columns, or in those that it names."""
    update = {"id": id_, "columns": columns or list(outcome.held_in)}
    return outcome.model_copy(update=update)


def _unused(id_: str, found: Sequence[Collected]) -> str:
    """Return an id that no outcome of the list has yet."""
    used = {one.outcome.id for one in found}
    while id_ in used:
        id_ += " (column)"
    return id_


def _before(outcome: Outcome, protocols: Sequence[Protocol]) -> str:
    """Return the role that the first protocol with an outcome gave it, if that was another."""
    for earlier in protocols[:-1]:
        for one in earlier.outcome:
            if one.id == outcome.id:
                return "" if one.role == outcome.role else one.role
    return "not there" if len(protocols) > 1 else ""


def _no_outcomes(p: Protocol) -> set[str]:
    guess = {p.blinding.guess} if isinstance(p.blinding, Blinding) else set()
    return {*p.columns.named(), *guess}
