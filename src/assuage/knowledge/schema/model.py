"""The shape of knowledge/models/*.toml: a compartment model as data.

Amounts in every compartment are held in mg of the parent drug, so that mass balances whatever
the metabolite weighs; an analyte's `mass_ratio` turns parent-mg into its own mg at the output.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Fact, Id, Number, Range, Sourced, Strict, Text
from assuage.knowledge.schema.regimen import Drug

Name = Text
ModelRoute = Literal[
    "iv",
    "im",
    "sc",
    "nasal",
    "nasal-repeat",
    "oral",
    "oromucosal",
]


class Scale(Strict):
    """Allometry: parameter x (weight / weight_kg) ** exponent."""

    weight_kg: float
    exponent: float


class Parameter(Number):
    """One parameter; `scale` says on which scale its between-patient variability is normal."""

    scaled_by: Scale | None = None
    scale: Literal["log", "logit"] = "log"


class Derived(Strict):
    """A parameter computed from others: + - * / ** and numbers only."""

    formula: Text
    unit: Text
    why: Text


class Covariate(Sourced):
    """How a parameter moves with a patient's property.

    factor           x value when the covariate is one of `when`
    linear-above     + value (unit) for each unit of the covariate above `reference`
    linear-in-time   x (1 + value * hours since the first dose)
    """

    parameter: Name
    covariate: Literal["age_years", "ancestry", "sex", "time_h"]
    form: Literal["factor", "linear-above", "linear-in-time"]
    value: float
    unit: Text
    reference: float | None = None
    when: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.form == "factor" and not self.when:
            raise ValueError("a factor needs `when`")
        if self.form == "linear-above" and self.reference is None:
            raise ValueError("linear-above needs `reference`")
        return self


class Compartment(Strict):
    """A place where drug is. Without a volume it is a depot or a transit step."""

    name: Name
    volume: Name | None = None


class Flow(Strict):
    """Drug moving: `between` two places both ways, or `from` one `to` another.

    A clearance drives it by concentration, a rate constant by amount. `to = "eliminated"`
    leaves the body.
    """

    between: tuple[Name, Name] | None = None
    source_place: Name | None = Field(default=None, alias="from")
    to: Name | None = None
    clearance: Name | None = None
    rate: Name | None = None

    @model_validator(mode="after")
    def _shape(self) -> Self:
        one_way = self.source_place is not None and self.to is not None
        if (self.between is not None) == one_way:
            raise ValueError("a flow is either `between` two places or `from` one `to` another")
        if (self.clearance is None) == (self.rate is None):
            raise ValueError("a flow has either a clearance or a rate")
        if self.between is not None and self.clearance is None:
            raise ValueError("a flow between two places needs a clearance")
        return self


class Input(Strict):
    """Where a dose by a route goes in: what fraction, and over how long if zero-order."""

    route: ModelRoute
    into: Name
    fraction: Name | None = None
    duration: Name | None = None


class Analyte(Strict):
    """Something that an assay would measure."""

    name: Text
    compartment: Name
    mass_ratio: Name | None = None
    molar_mass: Name | None = None
    caveat: str = ""


class Variability(Sourced):
    """Between-patient variability of one parameter: a CV, a variance, or an SD on its scale."""

    parameter: Name
    cv: float | None = Field(default=None, ge=0.0)
    omega2: float | None = Field(default=None, ge=0.0)
    sd: float | None = Field(default=None, ge=0.0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.cv, self.omega2, self.sd)) != 1:
            raise ValueError("give exactly one of cv, omega2 and sd")
        return self


class Occasion(Variability):
    """Between-occasion variability of one parameter, on the same scale as between patients."""


class Correlation(Sourced):
    """Covariance or correlation of two parameters' variability."""

    between: tuple[Name, Name]
    covariance: float | None = None
    correlation: float | None = None


class Residual(Sourced):
    """What the assay and the model's misfit add; not part of the bands.

    Normal, with variance (proportional_sd x prediction)^2 + additive^2, or log-normal with
    log_sd. `unit` is that of `additive`: a concentration, by mass or by amount of substance.
    """

    analyte: Text
    proportional_sd: float | None = Field(default=None, ge=0.0)
    log_sd: float | None = Field(default=None, ge=0.0)
    additive: float | None = Field(default=None, ge=0.0)
    unit: str = "1"

    @model_validator(mode="after")
    def _one(self) -> Self:
        normal = self.proportional_sd is not None or self.additive is not None
        if normal == (self.log_sd is not None):
            raise ValueError("an error is either proportional_sd and additive, or log_sd")
        return self


class Role(Strict):
    """What the planner uses the model for."""

    drug: Drug
    route: Literal["iv", "im", "sc", "nasal", "oral", "oromucosal"]
    people: Literal["adult", "child", "intensive-care", "paediatric-intensive-care"]
    role: Literal["default", "ensemble", "scenario"]


class Studied(Strict):
    """Who the model was built from; outside it a prediction is refused or marked."""

    people: Fact
    n: int | None = None
    age_years: Range
    weight_kg: Range | None = None
    duration_h_max: Number | None = None
    doses: Fact | None = None


class Model(Strict):
    """One published pharmacokinetic model."""

    id: Id
    name: Text
    drug: Drug
    form: Literal["base", "hydrochloride"]
    sampling: Literal["arterial", "venous", "not-stated"]
    sampling_fact: Fact
    source: Id
    summary: Text
    no_variability: str = ""  # why there is none, when none is published
    studied: Studied
    applies_age_years: Range  # outside it a prediction is refused; studied ages only mark it
    role: tuple[Role, ...] = ()
    compartment: tuple[Compartment, ...]
    flow: tuple[Flow, ...]
    input: tuple[Input, ...]
    analyte: tuple[Analyte, ...]
    parameter: dict[str, Parameter]
    derived: dict[str, Derived] = Field(default_factory=dict)
    covariate: tuple[Covariate, ...] = ()
    variability: tuple[Variability, ...] = ()
    correlation: tuple[Correlation, ...] = ()
    occasion: tuple[Occasion, ...] = ()
    residual: tuple[Residual, ...] = ()
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        places = {one.name for one in self.compartment}
        if len(places) != len(self.compartment) or "eliminated" in places:
            raise ValueError("compartment names repeat, or one is called 'eliminated'")
        for flow in self.flow:
            ends = flow.between or (flow.source_place, flow.to)
            unknown = {end for end in ends if end not in places | {"eliminated"}}
            if unknown or ends[0] == "eliminated":
                raise ValueError(f"a flow names an unknown place: {ends}")
        for place in (*(i.into for i in self.input), *(a.compartment for a in self.analyte)):
            if place not in places:
                raise ValueError(f"'{place}' is not a compartment")
        if not any(flow.to == "eliminated" for flow in self.flow):
            raise ValueError("nothing leaves the body")
        return self

    @model_validator(mode="after")
    def _parameters_are_used(self) -> Self:
        from assuage.knowledge.formula import names_in

        given = set(self.parameter) | set(self.derived)
        used = {one.volume for one in self.compartment if one.volume}
        used |= {one.clearance or one.rate or "" for one in self.flow}
        used |= {name for one in self.input for name in (one.fraction, one.duration) if name}
        used |= {n for one in self.analyte for n in (one.mass_ratio, one.molar_mass) if n}
        pending = list(used)
        while pending:
            name = pending.pop()
            if name in self.derived:
                new = names_in(self.derived[name].formula) - used
                used |= new
                pending += new
        if used - given:
            raise ValueError(f"parameters used but not given: {sorted(used - given)}")
        if given - used:
            raise ValueError(f"parameters given but not used: {sorted(given - used)}")
        about = [*(c.parameter for c in self.covariate), *(v.parameter for v in self.variability)]
        about += [one.parameter for one in self.occasion]
        about += [name for c in self.correlation for name in c.between]
        if not set(about) <= set(self.parameter):
            raise ValueError("a covariate or variability names an unknown parameter")
        if not self.variability and not self.no_variability:
            raise ValueError("no variability: say why in no_variability")
        return self

    @model_validator(mode="after")
    def _errors_are_stated_once(self) -> Self:
        for entries in (self.variability, self.occasion):
            if len({one.parameter for one in entries}) != len(entries):
                raise ValueError("a parameter's variability is given twice")
        measured = {one.analyte for one in self.residual}
        if len(measured) != len(self.residual):
            raise ValueError("an analyte's residual error is given twice")
        if not measured <= {one.name for one in self.analyte}:
            raise ValueError("a residual error names an unknown analyte")
        if not {one.molar_mass for one in self.analyte if one.molar_mass} <= set(self.parameter):
            raise ValueError("a molar mass is not a parameter")
        return self
