"""The shape of knowledge/registry.toml: what a registry holds of a patient, as data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Fact, Id, Number, Sourced, Strict, Text

TableId = Literal["people", "courses", "sessions", "outcomes", "harms"]
Type = Literal["words", "whole", "number", "yes-no", "choice"]
# What words may stand in a field: ids and names that assuage holds, and nothing typed freely.
Of = Literal[
    "pseudonym",
    "site",
    "age-band",
    "indication",
    "regimen",
    "instrument",
    "total",
    "level",
    "drug",
    "route",
    "harm",
    "window",
]
TABLES: tuple[TableId, ...] = ("people", "courses", "sessions", "outcomes", "harms")


class FieldFact(Sourced):
    """One column of the minimum data set. `optional` says that it may be empty."""

    table: TableId
    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    type: Type
    text: Text
    unit: str = ""
    choices: tuple[Text, ...] = ()
    of: Of | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if bool(self.choices) != (self.type == "choice"):
            raise ValueError("a choice, and nothing else, has choices")
        if (self.of is not None) != (self.type == "words"):
            raise ValueError("words, and nothing else, say of what they are")
        return self


class HarmTerm(Strict):
    """What a harm is called."""

    id: Id
    name: Text


class HarmList(Sourced):
    """The harms that can be recorded; `other` takes a note."""

    term: tuple[HarmTerm, ...]


class Grade(Sourced):
    """How severe a harm was."""

    grade: int = Field(ge=1, le=5)
    name: Text
    text: Text


class AgeBands(Sourced):
    """The first years of age bands; the last one has no end, so that great age names nobody."""

    from_years: tuple[int, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.from_years) != sorted(set(self.from_years)) or self.from_years[0] != 0:
            raise ValueError("the bands don't start at 0, or aren't in order")
        return self

    def of(self, years: int) -> str:
        """Return the band of an age in whole years, such as 40-49, <18 or 90+. ValueError below 0.

        An age is never written by itself.
        """
        if years < 0:
            raise ValueError(f"{years} is no age")
        starts = self.from_years
        place = sum(start <= years for start in starts) - 1
        if place == len(starts) - 1:
            return f"{starts[-1]}+"
        return f"{starts[place]}-{starts[place + 1] - 1}" if place else f"<{starts[1]}"


class Window(Sourced):
    """A time point of a report: days after the course's first dose, both ends inclusive.

    `target` is the day that it stands for; of several assessments the nearest to it counts.
    """

    id: Id
    name: Text
    first_day: int
    target: int
    last_day: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.first_day <= self.target <= self.last_day:
            raise ValueError("its target isn't between its first and last day")
        return self


class RegistryFile(Strict):
    """The minimum data set, and the rules by which it leaves the site."""

    purpose: tuple[Fact, ...] = Field(min_length=1)
    field: tuple[FieldFact, ...]
    harms: HarmList
    grade: tuple[Grade, ...]
    age_bands: AgeBands
    least_count: Number
    window: tuple[Window, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [(one.table, one.id) for one in self.field]
        if len(set(names)) != len(names) or {one.table for one in self.field} != set(TABLES):
            raise ValueError("a field is given twice, or a table has none")
        terms = [one.id for one in self.harms.term]
        if len(set(terms)) != len(terms) or "other" not in terms:
            raise ValueError("a harm is given twice, or there is no 'other'")
        if [one.grade for one in self.grade] != [1, 2, 3, 4, 5]:
            raise ValueError("the grades aren't 1 to 5")
        ends = [day for one in self.window for day in (one.first_day, one.last_day)]
        if ends != sorted(ends) or any(
            one.last_day >= other.first_day
            for one, other in zip(self.window, self.window[1:], strict=False)
        ):
            raise ValueError("the windows aren't in order, or overlap")
        return self

    def fields(self, table: TableId) -> tuple[FieldFact, ...]:
        """Return the columns of a table, in order."""
        return tuple(one for one in self.field if one.table == table)
