"""The design of a virtual trial, as its file has it: read once, checked, and refused when unclear.

Every number that the trial rests on carries where it comes from: `source` is an id of the library,
or "assumed". Weights, ages and doses are text with their units, as everywhere.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from assuage.knowledge import library
from assuage.units import Dimension, parse

MOST_PEOPLE = 2_000  # of one trial
ASSUMED = "assumed"
PAIN_SCALE, MOOD_SCALE = (0.0, 10.0), (0.0, 60.0)
Depends = Literal["nothing", "observed", "unobserved"]
OutcomeName = Literal["pain", "mood"]
Structure = Literal[
    "unstructured",
    "toeplitz",
    "heterogeneous-toeplitz",
    "ar1",
    "heterogeneous-ar1",
    "compound-symmetry",
    "heterogeneous-compound-symmetry",
    "ante-dependence",
    "heterogeneous-ante-dependence",
]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Text = Annotated[str, Field(min_length=1, max_length=400)]


def _quantity(dimension: Dimension) -> BeforeValidator:
    def read(value: object) -> float:
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004 - what pydantic takes for a wrong value
                f"write it as text with its unit, such as '{dimension.example}'"
            )
        return parse(value, dimension).magnitude

    return BeforeValidator(read)


Kg = Annotated[float, _quantity(Dimension.WEIGHT)]
Years = Annotated[float, _quantity(Dimension.AGE)]
Hours = Annotated[float, _quantity(Dimension.DURATION)]
MgPerH = Annotated[float, _quantity(Dimension.RATE)]


class Strict(BaseModel):
    """A part of the file, in which an unknown or misspelled field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Sourced(Strict):
    """Anything that states numbers: a source of the library, or "assumed"."""

    source: Text
    where: Text | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.source != ASSUMED and self.source not in library.sources():
            raise ValueError(f"source is neither '{ASSUMED}' nor a source of the library")
        if self.source != ASSUMED and not self.where:
            raise ValueError("say in 'where' which table or page of the source holds it")
        return self


class Stated(Sourced):
    """One number."""

    value: float


class Spread(Sourced):
    """A normal distribution of people, cut off at its ends where they are given."""

    mean: float
    sd: float = Field(gt=0)
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        low = -float("inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if not low < self.mean < high:
            raise ValueError("the mean must lie between low and high")
        return self


class Weights(Spread):
    """Body weights."""

    mean: Kg
    sd: Annotated[Kg, Field(gt=0)]
    low: Kg
    high: Kg


class Ages(Spread):
    """Ages: adults, since no model of weeks was built from children."""

    mean: Years
    sd: Annotated[Years, Field(gt=0)]
    low: Annotated[Years, Field(ge=18)]
    high: Years


class Population(Strict):
    """Who takes part. `correlation` is that of pain and mood as measured before the course."""

    weight: Weights
    age: Ages
    pain: Spread | None = None
    mood: Spread | None = None
    correlation: Stated | None = None


class Titration(Sourced):
    """How one long infusion is stepped, patient by patient.

    Every `every` the rate goes up by `step` while relief is below `until_relief_percent` of the
    baseline and dissociation below `intolerable_percent` at that moment; where dissociation has
    reached it, the rate goes down by a step, never below the start. A step that would pass the
    regimen's `limit`, or `most`, isn't taken. With `per_weight` rates are per that weight.
    """

    every: Hours
    step: MgPerH
    start: MgPerH
    most: MgPerH
    per_weight: Kg | None = None
    until_relief_percent: float = Field(gt=0, le=100)
    intolerable_percent: float = Field(gt=0, le=100)
    limit: Literal["soft", "hard"] = "soft"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.start <= self.most:
            raise ValueError("start is above most")
        return self


class Arm(Strict):
    """One arm: a regimen of the library, with its own doses or others under its limits; or control.

    `like` names the arm whose course a control's placebo response follows. `effect = "none"`
    gives the drug's doses and none of its effect on outcomes: what a control patient would score.
    """

    id: Id
    n: int = Field(ge=2, le=MOST_PEOPLE)
    name: Text | None = None
    regimen: str | None = None
    variant: str | None = None
    product: str | None = None
    give: tuple[str, ...] = Field(default=(), strict=False)
    titration: Titration | None = None
    control: Text | None = None  # what it is given instead, such as "placebo" or "midazolam"
    like: Id | None = None
    effect: Literal["model", "none"] = "model"


class Outcome(Sourced):
    """What every outcome of weeks has.

    `visit_sd` is the error of one measurement, in points; `source` is where it comes from.
    `response_percent` is how much of the baseline a responder has lost.
    """

    role: Literal["primary", "secondary"]
    visit_sd: float = Field(gt=0)
    visits_d: tuple[float, ...] = Field(default=(), strict=False)
    response_percent: float = Field(gt=0, le=100)


class Pain(Outcome):
    """Pain from the effect model. Its file gives standard errors and no spread between patients.

    placebo_share        in place of the published share of patients with a placebo response
    c50_cv, half_life_cv a spread between patients, where one is assumed
    """

    effect: Literal["dahan-2011-crps-pain"]
    placebo_share: Stated | None = None
    c50_cv: Stated | None = None
    half_life_cv: Stated | None = None


class Borrowed(Sourced):
    """Stands in where nothing was calibrated for the arm's own drug and route."""

    drug: Literal["racemic-ketamine", "esketamine"]
    route: Literal["iv", "sc", "nasal"]
    dose: Text  # of a session, in the unit that the row was calibrated in, such as "0.5 mg/kg"


class Mood(Outcome):
    """Mood from the session-driven empirical model, whose caution goes into every report.

    share     scales the model's drug and control effect alike, such as for a lower baseline
    control   points lost without the drug, in place of the model's; `share` leaves them alone
    """

    effect: Literal["depression-mood-empirical"]
    borrows: Borrowed | None = None
    share: Stated | None = None
    control: Stated | None = None


class Dissociation(Sourced):
    """Loss of external perception while the drug is given, counted from `over_percent` on."""

    effect: Literal["olofsen-2022-dissociation"]
    over_percent: float = Field(gt=0, lt=100)


class DropOut(Sourced):
    """Who leaves before a visit, and then misses that visit and all later ones.

    odds = per_visit / (1 - per_visit) x exp(per_point (score - at_score)). The score is the last
    one observed (missing at random), or the one of the visit that is missed (not at random).
    """

    depends_on: Depends
    per_visit: float = Field(gt=0, lt=1)
    outcome: OutcomeName | None = None
    per_point: float = 0.0
    at_score: float = 0.0


class Analysis(Strict):
    """A mixed model for repeated measures on each outcome, and differences at `at_d`.

    The first day of `at_d` is the primary one. `baseline` by visit gives it a slope at each.
    """

    reference: Id
    at_d: tuple[float, ...] = Field(min_length=1, strict=False)
    covariance: Structure = "unstructured"
    df: Literal["kenward-roger", "satterthwaite"] = "kenward-roger"
    baseline: Literal["by-visit", "common"] = "by-visit"
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    null: bool = True  # whether as many trials without any effect are run beside


class Design(Strict):
    """A whole design.

    uncertainty  "none" takes the effect's published numbers as they are; "published" draws them
                 by their standard errors, anew for each world that trials are run in
    """

    title: Text
    visits_d: tuple[float, ...] = Field(min_length=1, max_length=60, strict=False)
    uncertainty: Literal["none", "published"] = "none"
    population: Population
    arm: tuple[Arm, ...] = Field(min_length=2, max_length=8, strict=False)
    pain: Pain | None = None
    mood: Mood | None = None
    dissociation: Dissociation | None = None
    dropout: DropOut | None = None
    analysis: Analysis

    @property
    def people(self) -> int:
        """How many take part in one trial."""
        return sum(one.n for one in self.arm)

    @property
    def outcomes(self) -> tuple[OutcomeName, ...]:
        """The outcomes of weeks, the primary one first."""
        held: list[OutcomeName] = [
            name for name in get_args(OutcomeName) if getattr(self, name) is not None
        ]
        return tuple(sorted(held, key=lambda name: self.outcome(name).role != "primary"))

    def outcome(self, name: OutcomeName) -> Pain | Mood:
        """Return an outcome of weeks. KeyError where the design has none of it."""
        found: Pain | Mood | None = getattr(self, name)
        if found is None:
            raise KeyError(name)
        return found

    def baseline(self, name: OutcomeName) -> Spread:
        """Return how an outcome is spread before the course. KeyError where it isn't given."""
        found: Spread | None = getattr(self.population, name)
        if found is None:
            raise KeyError(name)
        return found

    def days(self, name: OutcomeName) -> tuple[float, ...]:
        """Return the visits at which an outcome is measured."""
        return self.outcome(name).visits_d or self.visits_d

    def place(self, arm: str) -> int:
        """Return the place of an arm. StopIteration when there is none."""
        return next(place for place, one in enumerate(self.arm) if one.id == arm)

    def digest(self) -> str:
        """Return a SHA-256 over the whole design."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()
