"""Who not to treat: precautions, interactions, the liver rule, and what nobody answered.

An absolute contraindication that was read in a source refuses. One that is unverified is shown
and never gates. What was not answered is an open question, never taken for absent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from assuage.knowledge.schema.facts import Sourced
from assuage.knowledge.schema.safety import Bound, Cumulative, Precaution, SafetyFile, Threshold
from assuage.refusals import Refusal, Refused

Grade = Literal["absolute", "relative", "disputed", "refuse", "warn", "inform", "open"]
MONTHS_3_Y = 0.25
ALIKE = 0.8  # how near a spelling must be to be asked about
LONG_WORD = 6  # shorter words resemble too much
UNDER_3_MONTHS = "age-under-3-months"  # worked out from the age, never asked


@dataclass(frozen=True)
class Finding:
    """One thing found about this patient. `present` is None when nobody answered."""

    kind: Literal["precaution", "interaction", "question", "cumulative"]
    name: str
    grade: Grade
    present: bool | None
    text: str
    fact: Sourced


@dataclass(frozen=True)
class Assessment:
    """All findings, and the refusals among them."""

    findings: tuple[Finding, ...]
    refusals: tuple[Refused, ...]


def applies(precaution: Precaution, contexts: Sequence[str], drug: str) -> bool:
    """Whether a precaution concerns this drug in any of these contexts."""
    meant = not precaution.drugs or drug in precaution.drugs
    return meant and bool(set(precaution.contexts) & {*contexts, "all"})


def precautions(
    safety: SafetyFile,
    answers: Mapping[str, bool],
    age_years: float | None,
    contexts: Sequence[str],
    drug: str,
) -> Assessment:
    """Assess every precaution that applies, against the answers that were given."""
    known = dict(answers)
    if age_years is not None:
        known[UNDER_3_MONTHS] = age_years < MONTHS_3_Y
    findings: list[Finding] = []
    refusals: list[Refused] = []
    for one in safety.precaution:
        if not applies(one, contexts, drug):
            continue
        present = known.get(one.condition)
        if present is None:
            findings.append(Finding("question", one.name, "open", None, one.question, one))
        elif present:
            findings.append(Finding("precaution", one.name, one.grade, True, one.text, one))
            if one.grade == "absolute" and one.read != "unverified":
                refusals.append(
                    Refused(
                        Refusal.PRECAUTION_ABSOLUTE,
                        condition=_plain(one.name),
                        context=" and ".join(one.contexts) + " use",
                        source=f"{one.source}, {one.read}",
                    )
                )
    return Assessment(tuple(findings), tuple(refusals))


def conditions_asked(safety: SafetyFile) -> tuple[str, ...]:
    """Return every condition a patient file may answer."""
    return tuple(sorted({one.condition for one in safety.precaution} - {UNDER_3_MONTHS}))


def interactions(
    safety: SafetyFile, medicines: Sequence[str], contexts: Sequence[str], route: str
) -> Assessment:
    """Match the medicines list against the interaction groups, by generic name."""
    findings: list[Finding] = []
    refusals: list[Refused] = []
    for one in safety.interaction:
        if one.routes and route not in one.routes:
            continue
        if not set(one.contexts) & {*contexts, "all"}:
            continue
        for medicine in medicines:
            if not names(one.medicines, medicine):
                continue
            name = f"{medicine} ({one.name})"
            findings.append(Finding("interaction", name, one.action, True, one.effect, one))
            if one.action == "refuse":
                refusals.append(
                    Refused(
                        Refusal.THEOPHYLLINE,
                        medicine=medicine,
                        effect=_plain(one.effect).rstrip("."),
                        source=f"{one.source}, {one.read}",
                    )
                )
    return Assessment(tuple(findings), tuple(refusals))


def names(listed: Sequence[str], medicine: str) -> bool:
    """Whether a medicine is one of the names that are listed.

    Whole words, so that 'naloxone' does not match 'loxo'. Capitals, accents, salts, strengths,
    forms and punctuation beside the name don't hide it: 'Théophylline, 200 mg (LP)' is
    theophylline.
    """
    words = _words(medicine)
    for name in listed:
        wanted = _words(name)
        spans = range(len(words) - len(wanted) + 1)
        if any(words[k : k + len(wanted)] == wanted for k in spans):
            return True
    return False


def _words(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(one for one in apart if unicodedata.category(one) not in {"Mn", "Cf"})
    return re.findall(r"[^\W\d_]+", bare)


def unmatched(safety: SafetyFile, medicines: Sequence[str]) -> tuple[str, ...]:
    """Return the medicines that no group here names: a brand, a misspelling or another drug."""
    listed = [name for one in safety.interaction for name in one.medicines]
    return tuple(one for one in medicines if not names(listed, one))


def resembles(safety: SafetyFile, medicine: str) -> str | None:
    """Return the name that would stop a plan and is nearly what was written, or None."""
    stops = [one for one in safety.interaction if one.action == "refuse"]
    listed = [name.casefold() for one in stops for name in one.medicines]
    for word in medicine.casefold().split():
        near = get_close_matches(word, listed, n=1, cutoff=ALIKE) if len(word) >= LONG_WORD else []
        if near:
            return near[0]
    return None


def liver(
    rules: Sequence[Cumulative], days_since_last_long: int | None, this_course_h: float
) -> Assessment:
    """Apply the liver rule to a course that holds a long infusion."""
    findings: list[Finding] = []
    refusals: list[Refused] = []
    for rule in rules:
        if rule.interval_d is None or rule.long_infusion_h is None:
            continue
        if this_course_h < rule.long_infusion_h.value or days_since_last_long is None:
            continue
        near = days_since_last_long <= rule.interval_d.value
        name = f"{rule.organ}: the last long infusion ended {days_since_last_long} days ago"
        grade: Grade = "refuse" if near else "warn"
        findings.append(Finding("cumulative", name, grade, True, rule.text, rule))
        if near:
            refusals.append(
                Refused(
                    Refusal.LIVER_INTERVAL,
                    days=days_since_last_long,
                    limit=f"{rule.interval_d.value:g}",
                )
            )
    return Assessment(tuple(findings), tuple(refusals))


def before_start(
    thresholds: Sequence[Threshold], measured: Mapping[str, float], age_years: float | None
) -> list[Finding]:
    """Return each published do-not-start trigger that a baseline crosses, as a warning.

    It is shown whatever it was published for: a site adopts its own, and until then a pressure
    of 220/130 must not pass without a word. `measured` holds mmHg and beats a minute by name.
    """
    found = []
    for one in thresholds:
        if one.level != "do-not-start":
            continue
        crossed = [
            f"{bound.measure} {measured[bound.measure]:g}"
            for bound in one.bound
            if bound.measure in measured and _fires(bound, measured[bound.measure], age_years)
        ]
        if crossed:
            said = ", ".join(crossed)
            text = f"{said} at baseline. {one.trigger} ({one.kind})"
            found.append(Finding("precaution", one.measure, "warn", True, text, one))
    return found


def _fires(bound: Bound, value: float, age_years: float | None) -> bool:
    """Whether a bound is crossed; an unknown age counts as every age."""
    if age_years is not None:
        too_young = bound.from_age_years is not None and not age_years >= bound.from_age_years
        too_old = bound.under_age_years is not None and not age_years < bound.under_age_years
        if too_young or too_old:
            return False
    over = bound.above is not None and not value <= bound.above
    under = bound.below is not None and not value >= bound.below
    return over or under or (bound.inclusive and value in (bound.above, bound.below))


def _plain(text: str) -> str:
    return " ".join(text.split())
