"""What a search holds: the shape of the JSON that `assuage optimise` writes."""

from __future__ import annotations

from typing import Literal

from assuage.knowledge.schema.facts import Read
from assuage.planning.document import Cited, Evidence, Part, PatientSummary

Standing = Literal["best", "tie", "frontier", "within limits", "over a limit"]
Studied = Literal["as published", "less than published", "beyond what was published"]


class RiskLimit(Part):
    """A limit that the search keeps, or the statement that there is none."""

    quantity: str
    most: float | None  # None: not limited
    unit: str
    said: str  # by whom, in words


class Candidate(Part):
    """One schedule of the family with what is expected of it."""

    rate_mg_per_h: float  # the highest of the course
    rate_mg_per_kg_per_h: float
    hours_a_day: float | None  # None: without a break
    days: float  # sessions, or days without a break
    relief: float  # points, mean of the virtual patients
    relief_low: float
    relief_high: float
    relief_error: float  # Monte-Carlo, half of a 95 % interval
    marked_dissociation_percent: float | None
    pressure_mmhg: float | None  # see Search.pressure_is
    chair_h: float
    total_mg: float
    standing: Standing
    breaks: tuple[str, ...] = ()
    studied: Studied
    distance: str
    accepted: tuple[str, ...] = ()  # refusals that a named person passed


class Refusals(Part):
    """How many candidates one refusal turned away, with the first of them."""

    code: str
    sentence: str
    candidates: int


class Search(Part):
    """The result of a search: a hypothesis for a physician, and no recommendation."""

    format: Literal["assuage-optimise/1"] = "assuage-optimise/1"
    assuage_version: str
    knowledge_sha256: str
    scope: str
    place: str
    date: str
    patient: PatientSummary
    family: str
    variant: str
    family_name: str
    goal: str
    limits: tuple[RiskLimit, ...]
    rates_mg_per_h: tuple[float, ...]
    hours_a_day: tuple[float, ...]
    days: tuple[float, ...]
    grid: int  # candidates on the grid
    refused: tuple[Refusals, ...]
    over_a_limit: int
    pruned: int  # of those, not worked out since a smaller course is over a limit already
    best: Candidate | None
    ties: tuple[Candidate, ...]
    frontier: tuple[Candidate, ...]
    beyond: tuple[Candidate, ...]  # the least courses that are over a limit
    published: Candidate | None  # the published schedule, where the grid holds it
    why: tuple[str, ...]  # why the next best lost
    pressure_is: str
    relief_is: str
    reads: tuple[Read, ...]
    models: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model_evidence: tuple[Cited, ...]
    open: tuple[str, ...]  # questions that stay open before anyone signs
    warnings: tuple[str, ...]
    command: str  # the plan command, or empty where plan can't express the course
    command_why: str
