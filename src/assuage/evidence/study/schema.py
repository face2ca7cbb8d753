"""The shape of a protocol file: what is collected, what is pre-specified, and how it's analysed.

Every outcome that is collected stands in `[[outcome]]`. Its role says whether it is pre-specified
(primary, secondary, safety) or only collected. An `[[analysis]]` belongs to an `[[estimand]]`,
which names the outcome, the measure and the visit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assuage.evidence.trial.estimands import Assumption

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# A column's name or a value in it, as it stands in the data.
Word = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=80)]
# The name of an arm, a visit, an outcome or an event, as formulas and options can hold it.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$")]
Text = Annotated[str, Field(pattern=r"\S")]
Role: TypeAlias = Literal["primary", "secondary", "safety", "collected"]
Better: TypeAlias = Literal["lower", "higher", "unstated"]
Kind: TypeAlias = Literal["main", "sensitivity", "supplementary"]
PRE_SPECIFIED: tuple[Role, ...] = ("primary", "secondary", "safety")


class Strict(BaseModel):
    """A table in which an unknown or misspelled field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Columns(Strict):
    """What the columns of the data are called.

    `covariates` are known before treatment and hold one value a person. `events` are days of
    intercurrent events, by the name that estimands give them, empty where one never came.
    `day` is the day on which a visit was held; without it, visits count as held on their planned
    days. `course` is each person's course in this record, if they are treated here.
    """

    participant: Word = "participant"
    arm: Word = "arm"
    visit: Word = "visit"
    covariates: list[Word] = []
    drop_out: Word | None = None  # why a person left; empty for who stayed
    events: dict[Name, Word] = {}
    day: Word | None = None
    course: Word | None = None

    def named(self) -> tuple[str, ...]:
        """Return every column named here."""
        more = [one for one in (self.drop_out, self.day, self.course) if one is not None]
        return (*self.identifiers, *self.covariates, *more, *self.events.values())

    @property
    def identifiers(self) -> tuple[str, str, str]:
        """The columns that say whose row it is, in which arm and at which visit."""
        return self.participant, self.arm, self.visit


class Arm(Strict):
    """One arm; `id` is its value in the data."""

    id: Name
    name: Text
    text: Text
    control: bool = False


class Visit(Strict):
    """One visit; `id` is its value in the data."""

    id: Name
    name: Text
    day: float
    baseline: bool = False


class Outcome(Strict):
    """One outcome that is collected; `id` is its column unless `columns` names others.

    `low` and `high` are what its values may be. A time to an event has two columns: the day, and
    whether the event came (1) or the person was followed until then without it (0). `harm` says
    what each row tells of a harm since the visit before: whether it came, or how often.
    """

    id: Name
    name: Text
    role: Role
    instrument: Id | None = None
    better: Better = "unstated"
    low: float | None = None
    high: float | None = None
    columns: Annotated[list[Word], Field(min_length=1, max_length=2)] | None = None
    harm: Literal["yes-no", "count"] | None = None

    @property
    def held_in(self) -> tuple[str, ...]:
        """The columns that hold it."""
        return tuple(self.columns) if self.columns else (self.id,)

    @property
    def timed(self) -> bool:
        """Whether it is a time to an event."""
        return len(self.held_in) > 1

    @property
    def pre_specified(self) -> bool:
        """Whether the protocol says how it will be judged, before anybody knows."""
        return self.role in PRE_SPECIFIED


class Responding(Strict):
    """Who has responded: better than at baseline by a share, or a value at or beyond a limit."""

    percent_better: Annotated[float, Field(gt=0.0, le=100.0)] | None = None
    points_better: Annotated[float, Field(gt=0.0)] | None = None
    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        told = (self.percent_better, self.points_better, self.at_most, self.at_least)
        if sum(one is not None for one in told) != 1:
            raise ValueError("give one of percent_better, points_better, at_most and at_least")
        return self

    def words(self, better: Better) -> str:
        """Return it in words."""
        side = "lower" if better == "lower" else "higher"
        if self.percent_better is not None:
            return f"at least {self.percent_better:g} % {side} than at baseline"
        if self.points_better is not None:
            return f"at least {self.points_better:g} points {side} than at baseline"
        if self.at_most is not None:
            return f"{self.at_most:g} or less"
        return f"{self.at_least:g} or more"


class Mmrm(Strict):
    """A mixed model for repeated measures, read at the estimand's visit."""

    method: Literal["mmrm"]
    model: Text
    covariance: Text = "unstructured"
    df: Literal["kenward-roger", "satterthwaite"] = "kenward-roger"


class Ancova(Strict):
    """An analysis of covariance of one visit."""

    method: Literal["ancova"]
    model: Text


class Responders(Strict):
    """A difference of shares with Miettinen and Nurminen's interval; `strata` are covariates."""

    method: Literal["responders"]
    responding: Responding
    missing: Literal["failure", "left-out"]
    strata: list[Word] = []


class Survival(Strict):
    """Kaplan and Meier's curves and the difference of restricted means up to a day."""

    method: Literal["survival"]
    until_day: Annotated[float, Field(gt=0.0)]


class Imputed(Strict):
    """Imputation of what is missing, by the assumptions of the estimand's events.

    `assume` puts one assumption in the place of all of them, which only a sensitivity analysis
    may. `drop_outs` is for people who left without any of the events.
    """

    method: Literal["reference-based"]
    assume: Assumption | None = None
    drop_outs: Assumption = "missing-at-random"
    baseline: bool = True  # whether the baseline value is a covariate


Method = Annotated[Mmrm | Ancova | Responders | Survival | Imputed, Field(discriminator="method")]
# Which summary of an estimand each method gives.
GIVES: dict[str, str] = {
    "mmrm": "difference-in-means",
    "ancova": "difference-in-means",
    "reference-based": "difference-in-means",
    "responders": "risk-difference",
    "survival": "difference-in-restricted-mean-time",
}


class Analysis(Strict):
    """One analysis of one estimand."""

    id: Id
    estimand: Id
    kind: Kind = "main"
    how: Method


class Blinding(Strict):
    """The column of what people thought that they were given, once for each person."""

    guess: Word
    unknown: Word = "unknown"


class Graph(Strict):
    """How alpha moves on when a hypothesis is rejected: shares of alpha, and where they go."""

    weights: dict[Id, Annotated[float, Field(ge=0.0, le=1.0)]]
    passes: dict[Id, dict[Id, Annotated[float, Field(ge=0.0, le=1.0)]]] = {}


class Protocol(Strict):
    """A whole protocol; `estimand` tables are read by evidence.trial.estimands."""

    id: Id
    title: Text
    registration: str = ""
    population: Text
    alpha: Annotated[float, Field(gt=0.0, lt=0.5)]
    columns: Columns = Columns()
    arm: Annotated[list[Arm], Field(min_length=2)]
    visit: Annotated[list[Visit], Field(min_length=1)]
    outcome: Annotated[list[Outcome], Field(min_length=1)]
    estimand: list[dict[str, Any]]
    analysis: list[Analysis]
    multiplicity: Graph | None = None
    # Both are asked of every protocol, so that leaving them out is a decision that is read.
    blinding: Blinding | Literal["not collected"]
    dissociation: Name | Literal["not collected"]

    @property
    def control(self) -> Arm:
        """The arm that the others are compared with."""
        return next(one for one in self.arm if one.control)

    @property
    def treated(self) -> tuple[Arm, ...]:
        """The other arms."""
        return tuple(one for one in self.arm if not one.control)

    @property
    def baseline(self) -> Visit | None:
        """The visit before treatment, if there is one."""
        return next((one for one in self.visit if one.baseline), None)

    @property
    def after(self) -> tuple[Visit, ...]:
        """The visits after baseline, by their day."""
        return tuple(one for one in self.visit if not one.baseline)

    def outcome_of(self, id_: str) -> Outcome:
        """Return an outcome by its id. Raises KeyError."""
        for one in self.outcome:
            if one.id == id_:
                return one
        raise KeyError(id_)

    @property
    def data_columns(self) -> tuple[str, ...]:
        """Every column that the data must have, outcomes and all."""
        held = [column for one in self.outcome for column in one.held_in]
        guess = [self.blinding.guess] if isinstance(self.blinding, Blinding) else []
        return tuple(dict.fromkeys((*self.columns.named(), *held, *guess)))
