"""What a comparison holds: the shape of the JSON that `assuage compare` writes."""

from __future__ import annotations

from typing import Literal

from assuage.knowledge.schema.facts import Read
from assuage.planning.document import Evidence, Part, PatientSummary

Better = Literal["higher", "lower", ""]
CellStatus = Literal["predicted", "counted", "not predicted", "unknown", "refused"]


class Cell(Part):
    """One endpoint of one regimen. Without a value, `why` says the reason; it is never blank."""

    status: CellStatus
    value: float | None = None
    low: float | None = None
    high: float | None = None
    band: str = ""  # what the ends are; empty where there is no band
    currency: str = ""  # of a cost
    text: str = ""  # what the number doesn't say, such as the day
    why: str = ""
    models: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    sources: tuple[str, ...] = ()


class Difference(Part):
    """A regimen less the first one, in the same virtual patients."""

    value: float | None
    low: float | None = None
    high: float | None = None
    band: str = ""
    why: str = ""  # why there is no value, or no band


class Row(Part):
    """One endpoint across the regimens."""

    id: str
    title: str
    unit: str
    better: Better
    note: str = ""  # what holds for the whole row
    crosses: str = ""  # where the regimens are predicted by different models or drugs
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]  # the first is the first regimen less itself: None


class RefusedPart(Part):
    """Why a regimen is not for this patient, here."""

    code: str
    sentence: str
    remedy: str


class Column(Part):
    """One regimen of the comparison."""

    letter: str
    regimen: str
    variant: str
    name: str
    drug: str
    setting: str
    product: str
    status: Literal["for review", "open questions", "refused"]
    open: tuple[str, ...] = ()
    refusal: RefusedPart | None = None
    evidence: tuple[Evidence, ...] = ()


class Weeks(Part):
    """Pain over weeks of one regimen, for the picture."""

    letter: str
    day: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Cited(Part):
    """One source that a number of the comparison rests on."""

    id: str
    citation: str
    doi: str


class Comparison(Part):
    """Regimens side by side for one patient; nothing here chooses between them."""

    format: Literal["assuage-compare/1"] = "assuage-compare/1"
    assuage_version: str
    knowledge_sha256: str
    scope: str
    place: str
    date: str
    patient: PatientSummary
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    weeks: tuple[Weeks, ...]
    notes: tuple[str, ...]
    references: tuple[Cited, ...]
