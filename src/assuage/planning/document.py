"""What a plan holds: the shape of the JSON that `assuage plan` writes.

The published schema (docs/reference/plan.schema.json) is generated from here. Everything that
states a fact carries `source`, `where` and `read`; `references` holds each source once.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assuage.knowledge.schema.facts import Read


class Part(BaseModel):
    """A part of a plan; unknown fields are errors, so an old reader can't misread a new plan."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Cited(Part):
    """A statement with its source."""

    text: str
    source: str
    where: str
    read: Read
    note: str = ""


class PatientSummary(Part):
    """Who the plan is for, without a name."""

    id: str
    weight_kg: float | None
    age_years: float | None
    sex: str | None
    height_cm: float | None = None
    facts: tuple[str, ...] = ()  # baseline scores and vital signs in words


class RegimenSummary(Part):
    """Which regimen, which variant, for what and how it is licensed."""

    id: str
    reference: str
    name: str
    summary: str
    indication: str
    status: str
    status_fact: Cited
    drug: str
    drug_name: str
    drug_fact: Cited
    route: str
    variant: str
    variant_name: str
    variant_fact: Cited
    follows: tuple[str, ...] = ()  # what every course is measured on, mood in pain included


class Step(Part):
    """One thing to give. Rates are None for a bolus or a device; mL None without a liquid."""

    kind: Literal["bolus", "infusion", "device"]
    start_h: float  # hours after the session starts
    duration_h: float | None
    dose_mg: float
    rate_mg_per_h: float | None
    rate_mg_per_kg_per_h: float | None
    rate_ug_per_kg_per_min: float | None
    rate_ml_per_h: float | None
    volume_ml: float | None
    as_needed: bool
    rule: str  # how the number came about, the binding cap included
    cap_binds: bool
    source: str
    where: str
    read: Read


class Session(Part):
    """One session, and the course day it falls on."""

    number: int
    day: int
    date: str | None
    steps: tuple[Step, ...]
    total_mg: float


class Syringe(Part):
    """How the drug is made up, for the product chosen."""

    product: str
    product_name: str
    strength_mg_per_ml: float | None
    container: str
    concentration_mg_per_ml: float | None
    drug_mg_each: float
    drug_ml_each: float | None
    diluent_ml_each: float | None
    containers_per_session: int
    sessions: str
    label: tuple[str, ...]  # what stands on the syringe, line by line
    checks: tuple[str, ...]
    facts: tuple[Cited, ...] = ()


class Guard(Part):
    """A limit and where this plan stands inside it."""

    quantity: str
    unit: str
    value: float
    hard: tuple[float, float]
    soft: tuple[float, float]
    typical: float
    verdict: Literal["within", "above soft", "below soft", "accepted"]
    source: str
    where: str
    read: Read


class Finding(Part):
    """A precaution, an interaction or an open question, and what it asks for."""

    kind: Literal["precaution", "interaction", "question", "cumulative", "weight", "field"]
    name: str
    grade: Literal["absolute", "relative", "disputed", "refuse", "warn", "inform", "open"]
    present: bool | None  # None: not answered
    text: str
    source: str
    where: str
    read: Read


class Accepted(Part):
    """A soft limit or a stop that a named person passed, with the reason."""

    code: str
    by: str
    reason: str
    sentence: str


class Line(Part):
    """One curve of a prediction over time; band ends are empty when the curve has no band."""

    label: str
    role: Literal["typical", "ensemble-member", "comparison", "both-cases", "prior", "posterior"]
    model: str
    sampling: str
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    band: str = ""  # what the band is: between patients, or between models


class Prediction(Part):
    """One endpoint over time, as lines with bands, with what it is worth."""

    id: str  # concentration, norketamine, dissociation, pressure, heart-rate, pain, mood, ...
    title: str
    endpoint: str
    unit: str
    time_unit: Literal["h", "day"]
    time: tuple[float, ...]
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, str], ...] = ()  # horizontal lines: value and what it means
    measured: tuple[tuple[float, float], ...] = ()  # the patient's own: time and value
    headline: str  # one sentence with the number a reader wants
    worth: tuple[str, ...]  # what it is worth: population, sampling, extrapolation
    sources: tuple[str, ...]
    reads: tuple[Read, ...]


class Advice(Part):
    """A row of monitoring, staffing, hold and stop rules, rescue, discharge or driving."""

    topic: Literal[
        "monitoring", "staffing", "hold-stop", "rescue", "discharge", "driving", "test", "adjunct"
    ]
    what: str
    text: str
    source: str
    where: str
    read: Read


class Evidence(Part):
    """What a study says, for or against, and how strong it is."""

    text: str
    direction: Literal["for", "against", "harm", "neutral"]
    strength: str
    source: str
    where: str
    read: Read


class Cumulative(Part):
    """This course and those before it, against the liver rule."""

    this_course_mg: float
    this_course_h: float
    past_mg: float | None
    past_courses: int | None
    days_since_last: int | None
    text: str
    rules: tuple[Cited, ...]


class Law(Part):
    """What the law of the place says on the date."""

    place: str
    place_name: str
    date: str
    permission: Cited
    controls: tuple[Cited, ...]
    records: tuple[Cited, ...]


class Reference(Part):
    """One source, and how many statements of this plan rest on it."""

    id: str
    citation: str
    doi: str
    read: str
    used: int


class Verdict(Part):
    """Whether the plan can go to a physician for signature, and why not."""

    status: Literal["for review", "open questions"]
    sentence: str
    open: tuple[str, ...]


class Plan(Part):
    """A treatment plan: decision support for a physician, who signs or doesn't."""

    format: Literal["assuage-plan/1"] = "assuage-plan/1"
    plan_id: str
    made_at: str
    assuage_version: str
    knowledge_sha256: str
    scope: str
    setting: str
    verdict: Verdict
    patient: PatientSummary
    regimen: RegimenSummary
    sessions: tuple[Session, ...]
    syringe: tuple[Syringe, ...]
    caps: tuple[str, ...]
    guards: tuple[Guard, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    predictions: tuple[Prediction, ...]
    not_predicted: tuple[str, ...]
    advice: tuple[Advice, ...]
    cumulative: Cumulative
    evidence: tuple[Evidence, ...]
    cautions: tuple[Cited, ...]
    gaps: tuple[Cited, ...]
    law: Law
    references: tuple[Reference, ...]
    field_mode: bool = False
    signatures: tuple[str, ...] = Field(default=("Prescriber", "Second checker", "Pharmacist"))
