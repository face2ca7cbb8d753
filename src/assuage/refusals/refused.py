"""The errors that assuage raises on purpose.

AssuageError
└── Refused            a command was understood and declined
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from assuage.refusals.codes import Refusal

PRECEDENCE: dict[Refusal, int] = {refusal: rank for rank, refusal in enumerate(Refusal)}


class AssuageError(Exception):
    """Base of every error that assuage raises on purpose."""


class Refused(AssuageError):
    """A command was understood and declined.

    `fields` fill the templates of the refusal; a field that is missing is a programming error
    and raises KeyError at once, so no half-filled sentence can reach a person.
    """

    def __init__(self, refusal: Refusal, **fields: object) -> None:
        sentence, remedy = refusal.value
        self.refusal = refusal
        self.fields = fields
        self.sentence: str = _one_line(sentence.format_map(fields))
        self.remedy: str = _one_line(remedy.format_map(fields))
        super().__init__(f"{self.code}: {self.sentence}. Remedy: {self.remedy}.")

    def __reduce__(self) -> tuple[Callable[..., Refused], tuple[Refusal, dict[str, object]]]:
        """Let a refusal cross from one process to another whole."""
        return _again, (self.refusal, self.fields)

    @property
    def code(self) -> str:
        """The refusal's name, stable across versions."""
        return self.refusal.name

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the shape that every face prints under --json."""
        return {
            "refusal": {"code": self.code, "sentence": self.sentence, "remedy": self.remedy},
        }


def _again(refusal: Refusal, fields: dict[str, object]) -> Refused:
    return Refused(refusal, **fields)


def first(refused: Iterable[Refused]) -> Refused | None:
    """Return the refusal that takes precedence, or None when there is none."""
    return min(refused, key=lambda one: PRECEDENCE[one.refusal], default=None)


def _one_line(text: str) -> str:
    return " ".join(text.split())
