"""The facts of outcomes and harms. They stand in the stream of their course.

What is sealed and what isn't. Answers, a blinding guess and every free text are sealed under the
patient's key: they say how a person feels and, put together, who it is. In the clear stand the
instrument, when it was filled in and by which side, which session it belongs to, and that
somebody must follow it up: so that counts stay true after an erasure, a missed assessment can be
told from an erased one, and a duty to a patient can't get lost with a key. A harm's term, grade
and circumstances come from closed lists and are in the clear too: harm must not become rarer
because those who were harmed were erased.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assuage.record.events import Fact, Positive, Text, Whole
from assuage.record.keyring import Sealed

Rater = Literal["self", "clinician"]
Phase = Literal["before", "during", "after"]
Guess = Literal["active", "control", "unsure"]
Missed = Literal[
    "did-not-attend", "declined", "too-unwell", "not-offered", "withdrew", "died", "other"
]
Seriousness = Literal[
    "no",
    "death",
    "life-threatening",
    "hospitalisation",
    "disability",
    "birth-defect",
    "other-important",
]
Relation = Literal["unrelated", "unlikely", "possible", "probable", "definite", "not-assessed"]
Action = Literal["none", "slowed", "paused", "stopped", "course-ended"]


class Assessment(BaseModel):
    """One instrument, filled in once.

    `answers` seals canonical JSON: {"answers": {item: text or null}, "guess": text or null}.
    `day` counts from the day on which the session was opened. `rules` is the digest of the
    instrument's file, so that a score made by other rules can be told. `follow_up` says that an
    alarm holds or isn't ruled out; which one is sealed with the answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: Text
    assessed_at: datetime
    rated_by: Rater
    session: str
    phase: Phase | None
    day: Whole | None
    answers: Sealed
    rules: Text
    follow_up: bool


class OutcomeRecorded(Fact):
    """An instrument was filled in."""

    outcome: Text
    told: Assessment


class OutcomeCorrected(Fact):
    """What stands of an outcome was wrong. `corrects` is the version of the event it names.

    `right` is what should have stood; None says that it should not have been recorded at all.
    """

    outcome: Text
    corrects: Positive
    right: Assessment | None
    reason: Sealed


class OutcomeMissed(Fact):
    """An assessment that was due did not happen."""

    outcome: Text
    instrument: Text
    due_on: date
    why: Missed
    note: Sealed | None


class FlagAnswered(Fact):
    """A person looked at what an outcome raised, and says what was done."""

    outcome: Text
    text: Sealed


class BaselineDeclared(Fact):
    """An outcome is the baseline of its instrument. `replaces` names the one it was before."""

    instrument: Text
    outcome: Text
    replaces: str


class Harm(BaseModel):
    """Something untoward that happened, whatever caused it. `session` may be empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: Text
    grade: Annotated[int, Field(strict=True, ge=1, le=5)]
    serious: Seriousness
    relation: Relation
    action: Action
    onset_at: datetime
    session: str
    note: Sealed | None


class HarmRecorded(Fact):
    """A harm was observed or told."""

    harm: Text
    told: Harm


class HarmCorrected(Fact):
    """What stands of a harm was wrong; see OutcomeCorrected."""

    harm: Text
    corrects: Positive
    right: Harm | None
    reason: Sealed
