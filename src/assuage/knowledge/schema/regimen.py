"""The shape of knowledge/regimens/*.toml, effects of evidence, and knowledge/products.toml."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from assuage.knowledge.schema.facts import Fact, Id, Number, Range, Sourced, Strict, Text

Drug = Literal["racemic-ketamine", "esketamine"]
Route = Literal["iv", "im", "sc", "nasal", "oral", "oromucosal"]
Setting = Literal[
    "ward",
    "inpatient",
    "monitored-clinic",
    "mood-disorder-centre",
    "certified-clinic",
    "emergency-department",
    "theatre",
    "recovery",
    "intensive-care",
    "field",
    "trial",
]
Indication = Literal[
    "crps",
    "depression",
    "fibromyalgia",
    "acute-pain",
    "emergency-pain",
    "agitation",
    "chronic-pain",
    "anaesthesia",
    "procedural-sedation",
    "asthma",
    "field",
    "alcohol-use-disorder",
    "opioid-tolerant",
]
Technique = Literal["subanaesthetic", "dissociative", "anaesthetic", "coma"]


# Mood once went unreported because pain was the primary outcome: no course may leave it out.
WEEKS_OF_CARE = ("crps", "chronic-pain", "fibromyalgia", "depression", "alcohol-use-disorder")


class Segment(Sourced):
    """One piece of a session: a bolus, an infusion or a device dose.

    `amount` is a rate (mg/h, mg/kg/h, ug/kg/min) or, with a duration, a total (mg, mg/kg).
    `per_weight_kg = 70` reads 'mg/h per 70 kg': the amount times weight/70.
    `sessions` counts from 1 and is every session when left out. `every_h` and `times` repeat a
    bolus within a session; `as_needed` marks a repeat that a person decides on.
    """

    kind: Literal["bolus", "infusion", "device"]
    start_h: float = 0.0
    duration_h: float | None = None
    amount: float
    unit: Literal["mg", "mg/kg", "mg/h", "mg/kg/h", "ug/kg/min"]
    per_weight_kg: float | None = None
    cap: Number | None = None
    sessions: tuple[int, ...] = ()
    every_h: float | None = None
    times: int = 1
    as_needed: bool = False

    @model_validator(mode="after")
    def _shape(self) -> Self:
        is_rate = self.unit in {"mg/h", "mg/kg/h", "ug/kg/min"}
        if self.kind == "infusion" and self.duration_h is None:
            raise ValueError("an infusion needs duration_h")
        if self.kind != "infusion" and is_rate:
            raise ValueError(f"a {self.kind} takes a dose, not a rate")
        if self.per_weight_kg is not None and "kg" in self.unit:
            raise ValueError("per_weight_kg and a unit per kg scale by weight twice")
        if self.times > 1 and self.every_h is None:
            raise ValueError("times needs every_h")
        if not self.amount > 0:
            raise ValueError("amount must be above zero")
        return self


class Variant(Sourced):
    """One way of giving the regimen; exactly one per regimen is the default."""

    id: Id
    name: Text
    default: bool = False
    days: tuple[int, ...]  # the course day of each session, counted from 1
    for_age_years: Range | None = None  # whom it was written for, when not for all
    segment: tuple[Segment, ...]

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if list(self.days) != sorted(set(self.days)) or not self.days or self.days[0] < 1:
            raise ValueError("days must rise from 1 without repeats")
        if not self.segment:
            raise ValueError("a variant needs a segment")
        for one in self.segment:
            if any(not 1 <= n <= len(self.days) for n in one.sessions):
                raise ValueError(f"sessions {one.sessions} lie outside 1..{len(self.days)}")
        return self


class GuardrailFact(Sourced):
    """A limit: hard range, soft range inside it, typical value inside that."""

    quantity: Literal[
        "bolus",
        "infusion_rate",
        "session_dose",
        "course_dose",
        "daily_dose",
        "session_interval",
        "absolute_rate",
    ]
    unit: Literal["mg", "mg/kg", "mg/h", "mg/kg/h", "mg/kg/day", "h", "mg/day"]
    hard: tuple[float, float]
    soft: tuple[float, float]
    typical: float


class Claim(Sourced):
    """What the evidence says, for or against."""

    text: Text
    direction: Literal["for", "against", "harm", "neutral"]
    strength: Text


class Monitor(Sourced):
    """A published observation schedule."""

    what: Text
    when: Text
    every_min: float | None = None
    from_h: float | None = None
    to_h: float | None = None


class Adjunct(Sourced):
    """A drug given beside ketamine in the source; information, never an order."""

    drug: Text
    dose: Text
    purpose: str = ""


class Lock(Strict):
    """What a research lock asks for before anything beyond reading is allowed."""

    needs: tuple[
        Literal["ethics-approval", "intensive-care", "jurisdiction", "named-intensivist"], ...
    ]
    reason: Fact


class People(Strict):
    """Who the regimen was written for or studied in."""

    age_years: Range
    weight_kg: Range | None = None
    who: Fact
    eligible: tuple[Fact, ...] = ()
    excluded: tuple[Fact, ...] = ()


class Regimen(Strict):
    """One published way of giving ketamine."""

    id: Id
    reference: Text
    name: Text
    summary: Text
    indication: Indication
    technique: Technique
    status: Literal["licensed", "off-label", "research"]
    status_fact: Fact
    drug: Drug
    drug_fact: Fact
    basis: Literal["base", "hydrochloride", "not-stated"]
    routes: tuple[Route, ...]
    settings: tuple[Setting, ...]
    follows: tuple[Literal["pain", "mood", "function", "dissociation", "pressure", "sedation"], ...]
    predicts: tuple[
        Literal[
            "concentration",
            "dissociation",
            "pressure",
            "crps-pain",
            "mood",
            "sedation",
            "ventilation",
        ],
        ...,
    ]
    context: tuple[Text, ...] = ()  # precaution contexts that apply beside the indication
    field_weight: bool = False  # may be given with an unknown weight, in field mode
    people: People
    lock: Lock | None = None
    variant: tuple[Variant, ...] = ()
    guardrail: tuple[GuardrailFact, ...] = ()
    claim: tuple[Claim, ...] = ()
    monitor: tuple[Monitor, ...] = ()
    staff: tuple[Fact, ...] = ()
    stop: tuple[Fact, ...] = ()
    discharge: tuple[Fact, ...] = ()
    adjunct: tuple[Adjunct, ...] = ()
    gap: tuple[Fact, ...] = ()
    caution: tuple[Fact, ...] = ()
    related: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.variant and sum(one.default for one in self.variant) != 1:
            raise ValueError("exactly one variant is the default")
        if len({one.id for one in self.variant}) != len(self.variant):
            raise ValueError("variant ids repeat")
        if self.variant and not self.guardrail:
            raise ValueError("a regimen that can be planned needs a guardrail")
        if not self.claim:
            raise ValueError("a regimen needs at least one claim about its evidence")
        if self.indication in WEEKS_OF_CARE and not {"mood", "function"} <= set(self.follows):
            raise ValueError("a course that treats weeks of pain or mood follows mood and function")
        if self.technique == "coma" and self.lock is None:
            raise ValueError("the coma technique needs its lock")
        return self


class Product(Sourced):
    """A drug product; each strength is its own."""

    id: Id
    name: Text
    drug: Drug
    routes: tuple[Route, ...]
    strength_mg_per_ml: float | None = None  # as base
    unit_mg: float | None = None  # one device, as base
    vial_ml: tuple[float, ...] = ()
    handling: str = ""
