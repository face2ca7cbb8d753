"""The shape of knowledge/signals.toml: signals of diversion, their numbers and their error rates.

`[[signal]]` is written by hand. `[[measured]]` is written by `python -m validation diversion` and
says how often a signal is raised about honest people in simulated clinics.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Id, Sourced, Strict, Text

Whole = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
AboveZero = Annotated[float, Field(gt=0)]


class Rule(Sourced):
    """The numbers of one signal.

    statistic: `tail`, a signal when the chance of so much is at most `threshold`; or `z`, a signal
    when the mean lies at least `threshold` standard errors above what is expected.

    A person with fewer than `own_least` events, or whose colleagues together have fewer than
    `peers_least`, is too few to tell. A tail needs `count_least` marked events as well. Before the
    colleagues' events are known, the share is taken for `honest_share`, which counts as
    `honest_worth` events; and all of it counts as `peers_worth` events at most, because people
    differ. `spread` is the standard deviation between people. `margin` is the signal's own number.
    """

    statistic: Literal["tail", "z"]
    threshold: float
    own_least: Positive
    peers_least: Positive
    count_least: Whole = 0
    honest_share: Share = 0.0
    honest_worth: Annotated[float, Field(ge=0)] = 0.0
    peers_worth: Annotated[float, Field(ge=0)] = 0.0
    spread: Annotated[float, Field(ge=0)] = 0.0
    margin: float = 0.0
    margin_unit: str = ""

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.statistic == "tail" and not (0 <= self.threshold <= 1 and self.peers_worth > 0):
            raise ValueError("a tail has a chance as its threshold, and peers_worth")
        if self.statistic == "z" and not self.spread > 0:
            raise ValueError("a z needs the spread between people")
        if bool(self.margin) != bool(self.margin_unit):
            raise ValueError("a margin has a unit")
        return self


class Signal(Sourced):
    """One signal. Source, place and `read` are those of the idea; its numbers have their own."""

    id: Id
    name: Text
    text: Text  # what is counted, and for whom
    innocent: Text  # what a reviewer should think of first
    basis: Literal["published", "secondary", "design"]
    what: Text  # the events, in words: "draws"
    rule: Rule

    @model_validator(mode="after")
    def _basis(self) -> Self:
        wanted = {"published": "primary", "secondary": "secondary", "design": "design"}
        if self.read != wanted[self.basis]:
            raise ValueError(f"a basis that is {self.basis} isn't read as {self.read}")
        return self


class Rate(Strict):
    """A measured share and its 95 % interval."""

    value: Share
    low: Share
    high: Share

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value} isn't from {self.low} to {self.high}")
        return self


class Measured(Sourced):
    """How often a signal is raised in simulated clinics, over periods of `days`.

    `per_person`: of honest people about whom it could tell; `per_clinic`: of honest clinics where
    it could tell of anybody. `told`: the share of people about whom it could tell. `detected`: of
    planted diverters about whom it could tell, of a kind that `diverter` describes.
    """

    id: Id
    seed: Whole
    days: Positive
    clinics: Positive
    people: Positive
    told: Rate
    per_person: Rate
    per_clinic: Rate
    diverter: Text
    planted: Positive
    diverters_told: Rate
    detected: Rate


class Together(Sourced):
    """All signals at once, over honest clinics: how often a report raises any, and how many."""

    any_per_clinic: Rate
    mean_per_clinic: Annotated[float, Field(ge=0)]
    unseen: Text
    unseen_detected: Rate


class SignalFile(Strict):
    """knowledge/signals.toml."""

    signal: Annotated[tuple[Signal, ...], Field(min_length=1)]
    measured: tuple[Measured, ...] = ()
    together: Together | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [one.id for one in self.signal]
        measured = [one.id for one in self.measured]
        for given in (ids, measured):
            if len(set(given)) != len(given):
                raise ValueError("a signal is given twice")
        if not set(measured) <= set(ids):
            raise ValueError("a rate is measured of a signal that isn't there")
        return self

    def rate(self, id_: str) -> Measured | None:
        """Return what was measured of a signal, or None where nothing was yet."""
        return next((one for one in self.measured if one.id == id_), None)
