"""What every fact in the library carries: a source, a place in it, and how it was read.

`read` says how far the number can be trusted:

    primary      read in the source itself (its abstract, table, label or statute text)
    secondary    read in a transcription, a summary or independent code
    unverified   remembered or second-hand; shown as such and never gates silently
    design       assuage's own rule or assumption, not a clinical fact; shown as such
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Read = Literal["primary", "secondary", "unverified", "design"]
Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

READ_IN_WORDS: dict[Read, str] = {
    "primary": "read in the source",
    "secondary": "read second-hand",
    "unverified": "unverified",
    "design": "assuage's own rule",
}


class Strict(BaseModel):
    """A record in which an unknown or misspelled field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _one_line(cls, value: object) -> object:
        """Fold the line breaks of long TOML strings."""
        if isinstance(value, list):
            return [cls._one_line(one) for one in value]
        return " ".join(value.split()) if isinstance(value, str) else value


class Sourced(Strict):
    """Anything that states a fact."""

    source: Id
    where: Text
    read: Read
    note: str = ""


class Fact(Sourced):
    """A sentence with its source."""

    text: Text


class Number(Sourced):
    """One number with its unit ("1" for a pure number)."""

    value: float
    unit: Text


class Range(Sourced):
    """A range; an end that is not known is left out, never guessed."""

    low: float | None = None
    high: float | None = None
    unit: Text

    @field_validator("high")
    @classmethod
    def _ordered(cls, high: float | None, info: object) -> float | None:
        low = getattr(info, "data", {}).get("low")
        if low is not None and high is not None and not low <= high:
            msg = f"low {low} is above high {high}"
            raise ValueError(msg)
        return high

    def holds(self, value: float) -> bool:
        """Whether the value lies inside the ends that are known."""
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


class Source(Strict):
    """One entry of knowledge/sources/*.toml."""

    id: Id
    citation: Text
    kind: Literal[
        "trial",
        "pharmacokinetics",
        "review",
        "guideline",
        "label",
        "law",
        "report",
        "code",
        "textbook",
        "web",
        "design",
    ]
    year: int | None = None
    doi: str = ""
    pmid: str = ""
    read: Text  # what of it was read, in words


class Assumption(Number):
    """A number that predictions or preparations rest on, with what it says."""

    id: Id
    text: Text
