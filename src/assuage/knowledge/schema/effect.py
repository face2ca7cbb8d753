"""The shape of knowledge/effects/*.toml: what a concentration does, for one endpoint.

A ke0 is a (model, endpoint, source) triple: it stands inside an effect, which names its
endpoint, and says which kinetic models it may be joined to.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Fact, Id, Number, Range, Strict, Text


class Equilibration(Strict):
    """The delay between plasma and effect: a half-life or a rate, or the statement of none."""

    half_life: Number | None = None
    rate: Number | None = None
    none: Fact | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.half_life, self.rate, self.none)) != 1:
            raise ValueError("give exactly one of half_life, rate and none")
        return self


class Curve(Strict):
    """The static curve.

    hill        baseline + span * c**gamma / (c50**gamma + c**gamma)
    linear      baseline + slope * c
    power       baseline * (1 + (c / c50)**gamma)
    threshold   crossed when c >= c50
    """

    form: Literal["hill", "linear", "power", "threshold"]
    c50: Number | None = None
    gamma: Number | None = None
    baseline: Number | None = None
    span: Number | None = None
    slope: Number | None = None

    @model_validator(mode="after")
    def _shape(self) -> Self:
        needs = {
            "hill": (self.c50, self.gamma, self.baseline, self.span),
            "linear": (self.slope, self.baseline),
            "power": (self.c50, self.gamma, self.baseline),
            "threshold": (self.c50,),
        }[self.form]
        if any(one is None for one in needs):
            raise ValueError(f"a {self.form} curve is incomplete")
        return self


class Effect(Strict):
    """One published effect for one endpoint."""

    id: Id
    name: Text
    endpoint: Text
    unit: Text
    driver: Literal["racemic-ketamine", "esketamine"]
    source: Id
    summary: Text
    kind: Literal["prediction", "warning"]
    people: Fact
    age_years: Range
    joins: tuple[Id, ...] = ()  # kinetic models it was built with; any when left out
    joins_fact: Fact
    equilibration: Equilibration
    curve: Curve
    valid: Range | None = None  # concentrations (ng/mL) within which it may be read
    spread: tuple[Number, ...] = ()  # published uncertainty or variability, for the record
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()


class PainEffect(Strict):
    """Slow pain relief: a slow effect compartment, an Emax curve and a responder mixture."""

    id: Id
    name: Text
    endpoint: Text
    driver: Literal["esketamine"]
    source: Id
    summary: Text
    people: Fact
    form: Fact
    half_life: Number
    half_life_se: Number
    c50: Number
    c50_se: Number
    responders: Number
    responders_se: Number
    placebo_responders: Number
    baseline: Number
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()


class MoodAmplitude(Strict):
    """The drug effect of one session by drug and route."""

    drug: Literal["racemic-ketamine", "esketamine"]
    route: Literal["iv", "sc", "nasal"]
    amplitude: Number  # points at the reference dose
    reference_dose: Number
    d50: Number
    ceiling: Number  # what repeated sessions approach
    control: Number  # the non-specific trend's size
    control_half_time: Number


class MoodEffect(Strict):
    """Session-driven, empirical: no concentration enters. Calibrated at group level only."""

    id: Id
    name: Text
    endpoint: Text
    source: Id
    summary: Text
    label: Text
    form: Fact
    onset: Number
    offset: Number
    baseline: Number
    baseline_sd: Number
    between_patient_sd: Number
    control_sd: Number
    amplitude: tuple[MoodAmplitude, ...]
    caution: tuple[Fact, ...]
    gap: tuple[Fact, ...] = ()


class EffectFile(Strict):
    """One file: exactly one of the three."""

    effect: Effect | None = None
    pain: PainEffect | None = None
    mood: MoodEffect | None = Field(default=None)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.effect, self.pain, self.mood)) != 1:
            raise ValueError("a file holds exactly one effect")
        return self
