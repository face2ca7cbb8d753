"""Estimands as in ICH E9(R1): what a trial asks, written so that it can be computed.

An estimand says in whom, which variable, under which treatments, what becomes of the events that
come between (an intercurrent event each with one strategy), and by what the arms are compared:

    treatment-policy      the event is part of the treatment: rows after it stay as measured
    hypothetical          what would have been without it: rows after it are set missing, and
                          `assume` says what they are taken to have been
    composite             the event is a failure: rows after it take the value of a failure
    while-on-treatment    only the time before it counts: rows after it leave the analysis
    principal-stratum     only those in whom it would never happen: who they are can't be seen, so
                          such an estimand can be written down and is refused when it is read

What each does to the rows of a study stands in `strategies`.

Source: ICH E9(R1), Addendum on estimands and sensitivity analysis in clinical trials, 2019, A.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assuage.refusals import Refusal, Refused

Strategy = Literal[
    "treatment-policy", "hypothetical", "composite", "while-on-treatment", "principal-stratum"
]
Assumption = Literal[
    "missing-at-random", "jump-to-reference", "copy-reference", "copy-increments-in-reference"
]
Measure = Literal["value", "change", "response", "remission", "time-to-event"]
_BINARY: tuple[Measure, ...] = ("response", "remission")  # a failure is a 0
Summary = Literal[
    "difference-in-means", "risk-difference", "risk-ratio", "difference-in-restricted-mean-time"
]
# What each measure may be summarised by.
SUMMARIES: Mapping[Measure, tuple[Summary, ...]] = {
    "value": ("difference-in-means",),
    "change": ("difference-in-means",),
    "response": ("risk-difference", "risk-ratio"),
    "remission": ("risk-difference", "risk-ratio"),
    "time-to-event": ("difference-in-restricted-mean-time",),
}


@dataclass(frozen=True)
class Treatment:
    """One treatment condition: the arm's name in the data, and what it is in words."""

    arm: str
    text: str


@dataclass(frozen=True)
class Variable:
    """What is measured: an outcome's id, what is made of it, and the visit that counts."""

    outcome: str
    measure: Measure
    visit: str
    text: str = ""


@dataclass(frozen=True)
class IntercurrentEvent:
    """An event after the start of treatment and the strategy for it.

    `assume` says what values that are missing after it are taken to have been. `failure` is the
    value that stands for failure in a composite of a variable that isn't a yes or no.
    """

    name: str
    strategy: Strategy
    text: str = ""
    assume: Assumption = "missing-at-random"
    failure: float | None = None


@dataclass(frozen=True)
class Estimand:
    """A clinical question, precisely. `treatments` has the arms; `reference` is one of them."""

    id: str
    population: str
    variable: Variable
    treatments: tuple[Treatment, ...]
    reference: str
    events: tuple[IntercurrentEvent, ...]
    summary: Summary

    def sentences(self) -> tuple[tuple[str, str], ...]:
        """Return what a protocol or a report prints: (attribute, sentence), in E9's order."""
        variable = f"{self.variable.outcome}, {self.variable.measure} at {self.variable.visit}"
        if self.variable.text:
            variable += f": {self.variable.text}"
        arms = [f"{one.arm} ({one.text})" for one in self.treatments if one.arm != self.reference]
        control = next(one for one in self.treatments if one.arm == self.reference)
        events = [(f"Event: {one.name}", _handled(one)) for one in self.events]
        return (
            ("Population", self.population),
            ("Variable", variable),
            ("Treatments", f"{' and '.join(arms)} against {control.arm} ({control.text})"),
            *events,
            ("Summary", self.summary.replace("-", " ")),
        )


def _handled(event: IntercurrentEvent) -> str:
    words = event.strategy.replace("-", " ")
    said = f"{event.text}: {words}" if event.text else words
    if event.strategy in ("treatment-policy", "hypothetical"):
        said += f"; missing values after it: {event.assume.replace('-', ' ')}"
    if event.failure is not None:
        said += f"; failure counts as {event.failure:g}"
    return said


# Reading.

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$")]
_Text = Annotated[str, Field(pattern=r"\S")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Treatment(_Strict):
    arm: _Name
    text: _Text


class _Variable(_Strict):
    outcome: _Name
    measure: Measure
    visit: _Name
    text: str = ""


class _Event(_Strict):
    name: _Name
    strategy: Strategy
    text: str = ""
    assume: Assumption | None = None
    failure: int | float | None = None


class _Estimand(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    population: _Text
    variable: _Variable
    treatments: Annotated[list[_Treatment], Field(min_length=2)]
    reference: _Name
    events: list[_Event]
    summary: Summary


def read_estimand(content: Mapping[str, object], *, where: str = "the protocol") -> Estimand:
    """Return the estimand of one TOML table. `where` names the file in a refusal.

    Raises Refused: FIELD_UNKNOWN, FIELD_INVALID, ESTIMAND_NOT_COMPUTABLE (principal stratum).
    """
    try:
        read = _Estimand.model_validate(dict(content))
    except ValidationError as error:
        raise _misread(error, where) from error
    _check(read, where)
    return Estimand(
        read.id,
        read.population,
        Variable(**read.variable.model_dump()),
        tuple(Treatment(one.arm, one.text) for one in read.treatments),
        read.reference,
        tuple(_event(read, one, where) for one in read.events),
        read.summary,
    )


def _misread(error: ValidationError, where: str) -> Refused:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        inside: dict[str, type[_Strict]] = {
            "variable": _Variable,
            "treatments": _Treatment,
            "events": _Event,
        }
        known = inside[str(first["loc"][0])] if len(first["loc"]) > 1 else _Estimand
        choices = ", ".join(known.model_fields)
        return Refused(
            Refusal.FIELD_UNKNOWN, field=name, what=f"an estimand of {where}", choices=choices
        )
    return Refused(
        Refusal.FIELD_INVALID, field=name, what=f"an estimand of {where}", why=first["msg"]
    )


def _check(read: _Estimand, where: str) -> None:
    what = f"estimand {read.id} of {where}"
    arms = [one.arm for one in read.treatments]
    events = [one.name for one in read.events]
    wrong = None
    if len(set(arms)) != len(arms):
        wrong = ("treatments", "an arm is given twice")
    elif read.reference not in arms:
        wrong = ("reference", f"{read.reference} is not among the arms {', '.join(arms)}")
    elif len(set(events)) != len(events):
        wrong = ("events", "an event is given twice, and each has one strategy")
    elif read.summary not in SUMMARIES[read.variable.measure]:
        fitting = ", ".join(SUMMARIES[read.variable.measure])
        wrong = ("summary", f"a {read.variable.measure} is summarised by {fitting}")
    if wrong:
        raise Refused(Refusal.FIELD_INVALID, field=wrong[0], what=what, why=wrong[1])


def _event(read: _Estimand, one: _Event, where: str) -> IntercurrentEvent:
    """Return an event whose strategy has all that it needs, and nothing that it can't use."""
    if one.strategy == "principal-stratum":
        raise Refused(
            Refusal.ESTIMAND_NOT_COMPUTABLE,
            id=read.id,
            why=f"{one.name} has the principal stratum strategy, and nobody can see who would "
            "never have had it under either treatment",
            remedy="choose another strategy; this program makes no guess at a person's stratum",
        )
    why = _unfitting(one, read.variable.measure)
    if why:
        what = f"estimand {read.id} of {where}"
        raise Refused(Refusal.FIELD_INVALID, field=f"events.{one.name}", what=what, why=why)
    failure = None if one.failure is None else float(one.failure)
    if one.strategy == "composite" and read.variable.measure in _BINARY:
        failure = 0.0
    return IntercurrentEvent(
        one.name, one.strategy, one.text, one.assume or "missing-at-random", failure
    )


def _unfitting(one: _Event, measure: Measure) -> str | None:
    """Say what an event lacks, or has and can't use."""
    if one.strategy == "hypothetical" and one.assume is None:
        return f"a hypothetical strategy needs assume, one of {', '.join(get_args(Assumption))}"
    if one.assume is not None and one.strategy not in ("hypothetical", "treatment-policy"):
        return f"nothing is missing after it under {one.strategy}, so assume has no meaning"
    if measure not in ("value", "change") and one.assume not in (None, "missing-at-random"):
        return f"a {measure} can't be taken from the reference; only values and changes can"
    if one.strategy != "composite":
        return f"failure has no meaning under {one.strategy}" if one.failure is not None else None
    if measure in _BINARY:
        return f"a {measure} fails as 0" if one.failure not in (None, 0) else None
    if measure == "time-to-event":
        return (
            "the event itself is the failure, so it has no value"
            if one.failure is not None
            else None
        )
    return (
        "a composite needs failure, the value that stands for it" if one.failure is None else None
    )
