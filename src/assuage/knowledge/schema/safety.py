"""The shape of knowledge/precautions/*.toml and knowledge/law/*.toml."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from assuage.knowledge.schema.facts import Fact, Id, Number, Range, Sourced, Strict, Text
from assuage.knowledge.schema.law import Dated, Duty
from assuage.knowledge.schema.regimen import Drug, Route

Context = Literal[
    "all",
    "anaesthesia",
    "esketamine",
    "dissociative",
    "subanaesthetic",
    "chronic-pain",
    "acute-pain",
    "depression",
    "emergency",
    "ward",
    "repeated",
    "field",
]


class Precaution(Sourced):
    """A condition under which ketamine is withheld or weighed.

    grade: `absolute` or `relative` in the named source; `disputed` where sources differ.
    """

    id: Id
    condition: Id  # the key a patient file answers
    name: Text
    question: Text  # how it is asked of the patient or the chart
    grade: Literal["absolute", "relative", "disputed"]
    contexts: tuple[Context, ...]
    text: str = ""
    drugs: tuple[Drug, ...] = ()  # both when left out


class Interaction(Sourced):
    """A drug group that changes what ketamine does, or the reverse."""

    id: Id
    name: Text
    medicines: tuple[Text, ...]  # lower-case generic names a medicines list is matched against
    medicines_fact: Fact
    effect: Text
    action: Literal["refuse", "warn", "inform"]
    contexts: tuple[Context, ...] = ("all",)
    routes: tuple[Route, ...] = ()


class Bound(Strict):
    """One comparison of a trigger, for a machine; the threshold around it carries the source.

    The trigger fires when the measure is above `above` or below `below`; `inclusive` also takes
    equality. The ages are the patient's: from (inclusive) and under (exclusive).
    """

    measure: Literal[
        "systolic",
        "diastolic",
        "heart-rate",
        "breaths",
        "spo2",
        "moaa-s",
        "liver-enzyme",
    ]
    unit: Literal["mmHg", "1/min", "%", "score", "ULN"]
    above: float | None = None
    below: float | None = None
    inclusive: bool = False
    from_age_years: float | None = None
    under_age_years: float | None = None
    persist: str = ""  # how long or how often, in words; once when left out

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("a bound needs above or below")
        return self


class Threshold(Sourced):
    """A published trigger; a template that a site adopts, never a silent default."""

    id: Id
    measure: Text
    trigger: Text
    level: Literal["notify", "hold", "stop", "do-not-start"]
    kind: Text
    contexts: tuple[Context, ...]
    bound: tuple[Bound, ...] = ()  # any one fires; empty where the source gives no number


class Cumulative(Sourced):
    """A rule about exposure over courses."""

    id: Id
    organ: Text
    text: Text
    watch: Text
    interval_d: Number | None = None
    long_infusion_h: Number | None = None
    counter: tuple[Fact, ...] = ()
    facts: tuple[Fact, ...] = ()


class Advice(Sourced):
    """A test, a monitoring schedule, a rescue step, a discharge rule or a staffing norm."""

    id: Id
    topic: Literal["test", "monitoring", "rescue", "discharge", "driving", "staffing"]
    name: Text
    text: Text
    when: str = ""
    contexts: tuple[Context, ...] = ("all",)


class SafetyFile(Strict):
    """One file under knowledge/precautions/."""

    precaution: tuple[Precaution, ...] = ()
    interaction: tuple[Interaction, ...] = ()
    threshold: tuple[Threshold, ...] = ()
    cumulative: tuple[Cumulative, ...] = ()
    advice: tuple[Advice, ...] = ()
    correction: tuple[Correction, ...] = ()


class Correction(Sourced):
    """An error of a widely copied text, kept corrected."""

    id: Id
    claim: Text
    correction: Text


class Control(Dated):
    """How a place controls the drug from a date on (class: penalties; schedule: records)."""

    kind: Literal["class", "schedule", "approval", "policy", "prescription"]
    text: Text
    drugs: tuple[Drug, ...] = ()


class Permission(Dated):
    """What may be given there. What isn't listed is not permitted.

    `restricted` is permitted only under the conditions that `text` names. A place's own entry for
    a drug and route stands before its parent's.
    """

    drug: Drug
    routes: tuple[Route, ...]
    techniques: tuple[Literal["subanaesthetic", "dissociative", "anaesthetic", "coma"], ...]
    status: Literal["permitted", "research-only", "restricted"]
    text: Text


class Place(Strict):
    """One file under knowledge/law/, named by its code in lower case."""

    code: Text
    name: Text
    parent: str = ""
    control: tuple[Control, ...]
    permission: tuple[Permission, ...] = ()
    duty: tuple[Duty, ...] = ()
    driving: tuple[Fact, ...] = ()
    who: tuple[Fact, ...] = ()

    @model_validator(mode="after")
    def _each_duty_once(self) -> Self:
        ids = [one.id for one in self.duty]
        if len(set(ids)) != len(ids):
            raise ValueError("two duties have one id")
        return self

    @property
    def record(self) -> tuple[Fact, ...]:
        """Every duty as a statement with its source, for a reader."""
        return tuple(
            Fact(text=one.said, source=one.source, where=one.where, read=one.read, note=one.note)
            for one in self.duty
        )


class Term(Sourced):
    """One entry of knowledge/glossary.toml, what `assuage explain` prints."""

    term: Text
    also: tuple[Text, ...] = ()
    text: Text
    see: tuple[Text, ...] = ()


class LimitFact(Sourced):
    """A drug-wide limit, over and above what a regimen says."""

    id: Id
    quantity: Text
    unit: Text
    hard: Number | Range
    text: Text


SafetyFile.model_rebuild()
