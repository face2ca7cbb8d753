"""The parts of a plan that are gathered from the library: advice, evidence, references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Regimen
from assuage.planning.document import (
    Advice,
    Cited,
    Cumulative,
    Evidence,
    Finding,
    Plan,
    Prediction,
    Reference,
    Verdict,
)
from assuage.planning.eligibility import contexts_of
from assuage.planning.law import cited, driving_of
from assuage.planning.regimen import Administration, clean
from assuage.planning.request import PlanRequest
from assuage.units import format_quantity


def verdict(findings: Sequence[Finding]) -> Verdict:
    """Return whether a physician may sign: not while a question is open."""
    open_ = tuple(one.name for one in findings if one.grade == "open")
    if open_:
        return Verdict(
            status="open questions",
            sentence=(
                f"{_questions(len(open_))} open. Unknown is not taken for safe: it is answered "
                "before anyone signs."
            ),
            open=open_,
        )
    return Verdict(
        status="for review",
        sentence="Nothing here refuses it. A physician checks every line, then signs or doesn't.",
        open=(),
    )


def _questions(number: int) -> str:
    return "1 question is" if number == 1 else f"{number} questions are"


def advice(regimen: Regimen, place: str) -> tuple[Advice, ...]:
    """Return monitoring, staffing, hold and stop, rescue, discharge and driving, with sources."""
    found = [
        Advice(topic="monitoring", what=one.what, text=one.when, **_where(one))
        for one in regimen.monitor
    ]
    for topic, facts in (
        ("staffing", regimen.staff), ("hold-stop", regimen.stop), ("discharge", regimen.discharge),
    ):  # fmt: skip
        found += [
            Advice(topic=topic, what="This regimen", text=one.text, **_where(one)) for one in facts
        ]
    found += [
        Advice(topic="adjunct", what=one.drug, text=_adjunct(one.dose, one.purpose), **_where(one))
        for one in regimen.adjunct
    ]
    wanted = set(contexts_of(regimen))
    safety = library.safety()
    for rule in safety.threshold:
        if library.sources()[rule.source].kind == "web":
            continue  # a web page's example is known here, and no template for a chair
        if wanted & set(rule.contexts) or "all" in rule.contexts:
            found.append(
                Advice(
                    topic="hold-stop",
                    what=f"{rule.measure} ({rule.level})",
                    text=f"{rule.trigger} ({rule.kind})",
                    **_where(rule),
                )
            )
    for one in safety.advice:
        if wanted & set(one.contexts) or "all" in one.contexts:
            text = f"{one.when}: {one.text}" if one.when else one.text
            found.append(Advice(topic=one.topic, what=one.name, text=text, **_where(one)))
    found += [
        Advice(topic="driving", what="Law of the place", text=text, **_where(fact))
        for text, fact in driving_of(place)
    ]
    return tuple(found)


def _adjunct(dose: str, purpose: str) -> str:
    return f"{dose}; {purpose}" if purpose else dose


def _where(fact: Any) -> dict[str, Any]:
    return {"source": fact.source, "where": fact.where, "read": fact.read}


def evidence(regimen: Regimen) -> tuple[Evidence, ...]:
    """Return what studies say, for and against."""
    return tuple(
        Evidence(text=one.text, direction=one.direction, strength=one.strength, **_where(one))
        for one in regimen.claim
    )


def cautions(regimen: Regimen, predictions: Sequence[Prediction]) -> tuple[Cited, ...]:
    """Return the regimen's cautions and those of every model that a prediction used."""
    found = [cited(one, one.text) for one in regimen.caution]
    used = {line.model for one in predictions for line in one.lines}
    for id_ in sorted(used & set(library.model_ids())):
        model = library.model(id_)
        found += [cited(one, f"{model.name}: {one.text}") for one in model.caution]
    return tuple(found)


def cumulative(
    request: PlanRequest, given: Sequence[Administration], infusion_h: float
) -> Cumulative:
    """Return this course and those before it, beside the liver rule."""
    past = request.patient.past_courses
    course_mg = clean(sum(one.dose_mg for one in given if not one.as_needed))
    days = None
    if past:
        days = min((request.on - one.ended).days for one in past)
    more_mg = clean(sum(one.dose_mg for one in given if one.as_needed))
    more = f" (up to {format_quantity(more_mg, 'mg')} more as needed)" if more_mg else ""
    said = f"This course gives {format_quantity(course_mg, 'mg')}{more}."
    if past is None:
        said += " Earlier courses are not known."
    elif not past:
        said += " No earlier course is recorded."
    else:
        before = sum(one.total_mg for one in past)
        said += (
            f" {len(past)} earlier gave {format_quantity(clean(before), 'mg')}; the last ended "
            f"{days} days before."
        )
    rules = [cited(one, f"{one.organ}: {one.text}") for one in library.safety().cumulative]
    for one in library.safety().cumulative:
        rules += [cited(fact, f"{one.organ}: {fact.text}") for fact in (*one.facts, *one.counter)]
    return Cumulative(
        this_course_mg=course_mg,
        this_course_h=infusion_h,
        past_mg=None if past is None else clean(sum(one.total_mg for one in past)),
        past_courses=None if past is None else len(past),
        days_since_last=days,
        text=said,
        rules=tuple(rules),
    )


def references(plan: Plan) -> tuple[Reference, ...]:
    """Return each source that a statement of this plan rests on, by first use."""
    used = Counter(_sources(plan.model_dump()))
    found = []
    for id_, count in used.items():
        source = library.sources()[id_]
        found.append(
            Reference(
                id=id_, citation=source.citation, doi=source.doi, read=source.read, used=count
            )
        )
    return tuple(found)


def _sources(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            if key == "source":
                yield value
            elif key == "sources":
                yield from value
            else:
                yield from _sources(value)
    elif isinstance(content, list | tuple):
        for one in content:
            yield from _sources(one)
