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
    placebo_responders_se: Number
    baseline: Number
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()


class TurnoverEffect(Strict):
    """Indirect response: a quantity that is made and lost, and a drug that moves either rate.

    With the share E = c**gamma / (c50**gamma + c**gamma) of the largest effect, kout from the
    half-life and kin = kout * baseline:

    inhibits-gain     R' = kin (1 - largest E) - kout R              (I)
    inhibits-loss     R' = kin - kout (1 - largest E) R              (II)
    stimulates-gain   R' = kin (1 + largest E) - kout R              (III)
    stimulates-loss   R' = kin - kout (1 + largest E) R              (IV)
    moves-both        R' = kin (1 + gain_change E) - kout (1 + loss_change E) R
    """

    id: Id
    name: Text
    endpoint: Text
    unit: Text
    driver: Literal["racemic-ketamine", "esketamine"]
    source: Id
    summary: Text
    people: Fact
    joins: tuple[Id, ...] = ()  # kinetic models it was built with; any when left out
    joins_fact: Fact
    equilibration: Equilibration
    form: Literal[
        "inhibits-gain", "inhibits-loss", "stimulates-gain", "stimulates-loss", "moves-both"
    ]
    baseline: Number
    half_life: Number  # of the loss: ln 2 / kout
    largest: Number | None = None
    gain_change: Number | None = None
    loss_change: Number | None = None
    c50: Number
    gamma: Number
    spread: tuple[Number, ...] = ()  # published uncertainty or variability, for the record
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()

    @model_validator(mode="after")
    def _shape(self) -> Self:
        changes = (self.gain_change, self.loss_change)
        if self.form == "moves-both":
            if self.largest is not None or any(one is None for one in changes):
                raise ValueError("moves-both takes gain_change and loss_change, and no largest")
        elif self.largest is None or any(one is not None for one in changes):
            raise ValueError(f"{self.form} takes largest, and neither gain_change nor loss_change")
        for name in ("baseline", "half_life", "c50", "gamma"):
            if not getattr(self, name).value > 0.0:
                raise ValueError(f"{name} must be above zero")
        if self.largest is not None:
            high = 1.0 if self.form.startswith("inhibits") else float("inf")
            if not 0.0 < self.largest.value <= high:
                raise ValueError(f"largest must be above zero and at most {high:g}")
        if any(one is not None and not one.value >= -1.0 for one in changes):
            raise ValueError("a change below -1 would turn a rate around")
        return self


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
    """One file: exactly one of the four."""

    effect: Effect | None = None
    pain: PainEffect | None = None
    turnover: TurnoverEffect | None = None
    mood: MoodEffect | None = Field(default=None)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.effect, self.pain, self.turnover, self.mood)) != 1:
            raise ValueError("a file holds exactly one effect")
        return self

    @property
    def held(self) -> Effect | PainEffect | TurnoverEffect | MoodEffect:
        """The one effect that the file holds."""
        found = self.effect or self.pain or self.turnover or self.mood
        assert found is not None
        return found
