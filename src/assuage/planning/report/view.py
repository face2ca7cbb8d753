"""A plan arranged for reading: words, groups and citation marks; no number is changed.

HTML, PDF and terminal all show this one arrangement, so none of them can say less.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from assuage.planning.document import (
    Advice,
    Cited,
    Evidence,
    Finding,
    Guard,
    Plan,
    Session,
    Step,
    Syringe,
)
from assuage.planning.report.citations import Citations
from assuage.planning.report.figures import figure
from assuage.planning.report.words import (
    NOT_GIVEN,
    NOTHING,
    capital,
    cleaned,
    in_hours,
    number,
    numbers_listed,
    quantity,
    span,
    tall_man,
)

View = dict[str, Any]
TITLE = "Treatment plan"
_NOT_STATED = "not stated"
_VERDICTS = {"for review": "For review by a physician", "open questions": "Open questions remain"}
HOLD_STOP = "When to hold and when to stop"
_TOPICS: dict[str, str] = {
    "staffing": "Who must be there",
    "monitoring": "Monitoring",
    "test": "Tests",
    "adjunct": "Given beside it",
    "hold-stop": HOLD_STOP,
    "rescue": "Rescue",
    "discharge": "Discharge",
    "driving": "Driving",
}
_DIRECTIONS = {"for": "For", "against": "Against", "harm": "Harm", "neutral": "Neither way"}
_GRADES: dict[str, str] = {
    "refuse": "stops the plan",
    "absolute": "absolute",
    "open": "open",
    "relative": "relative",
    "disputed": "disputed",
    "warn": "warning",
    "inform": "for information",
}
_GUARD_VERDICTS = {
    "within": "within the soft limits",
    "above soft": "above the soft limit",
    "below soft": "below the soft limit",
    "accepted": "outside the soft limits, accepted by a named person",
}


def view(plan: Plan) -> View:
    """Return the plan in reading order; a tree of dicts, lists and strings, fit for JSON."""
    cite = Citations(plan.references)
    arranged: View = {"title": TITLE, "scope": plan.scope, "field_mode": plan.field_mode}
    arranged |= _made(plan)
    arranged["verdict"] = {
        "status": plan.verdict.status,
        "words": _VERDICTS[plan.verdict.status],
        "sentence": plan.verdict.sentence,
        "open": list(plan.verdict.open),
    }
    arranged |= _summary(plan, cite)
    arranged["schedule"] = [_group(group, cite) for group in _alike(plan.sessions)]
    arranged["caps"] = list(plan.caps)
    arranged["syringes"] = [_syringe(one, cite) for one in plan.syringe]
    arranged["figures"] = [figure(one, cite) for one in plan.predictions]
    arranged["not_predicted"] = list(plan.not_predicted)
    arranged["guards"] = [_guard(one, cite) for one in plan.guards]
    arranged["accepted"] = [one.model_dump() for one in plan.accepted]
    arranged["findings"] = _findings(plan.findings, cite)
    arranged["advice"] = _advice(plan.advice, cite)
    arranged["cumulative"] = _cumulative(plan, cite)
    arranged["evidence"] = _evidence(plan.evidence, cite)
    arranged["law"] = _law(plan, cite)
    arranged["cautions"] = _statements(plan.cautions, cite)
    arranged["gaps"] = _statements(plan.gaps, cite)
    arranged["references"] = cite.listed()
    arranged["signatures"] = list(plan.signatures)
    tidy: View = cleaned(arranged)
    return tidy


def _made(plan: Plan) -> View:
    return {
        "plan_id": plan.plan_id,
        "knowledge": plan.knowledge_sha256,
        "knowledge_head": plan.knowledge_sha256[:16],
        "version": plan.assuage_version,
        "made_at": plan.made_at,
        "format": plan.format,
    }


def _statements(many: Sequence[Cited], cite: Citations) -> list[View]:
    return [_statement(one, cite) for one in many]


def _statement(one: Cited, cite: Citations) -> View:
    return cite.statement(one.text, one.source, one.where, one.read, one.note)


def _summary(plan: Plan, cite: Citations) -> View:
    """Return what the first screen says: who, what, where and when."""
    patient, regimen = plan.patient, plan.regimen
    racemate = regimen.drug.startswith(("racemic", "ketamine"))
    drug = tall_man(regimen.drug_name) if racemate else regimen.drug_name
    people = [
        ("Patient", patient.id),
        ("Weight", quantity(patient.weight_kg, "kg")),
        ("Age", quantity(patient.age_years, "years")),
        ("Sex", patient.sex or NOT_GIVEN),
    ]
    if patient.height_cm is not None:
        people.append(("Height", quantity(patient.height_cm, "cm")))
    rows = [
        ("Regimen", regimen.name, f"{regimen.reference}, {regimen.id}", regimen.summary),
        ("For", regimen.indication, "", ""),
        ("Variant", regimen.variant_name, regimen.variant, ""),
        ("Measured on", ", ".join(regimen.follows), "", ""),
        ("Setting", plan.setting, "", ""),
        ("Place and date", f"{plan.law.place_name}, {plan.law.date}", plan.law.place, ""),
    ]
    return {
        "patient": [{"label": label, "text": text} for label, text in people],
        "patient_facts": list(patient.facts),
        "drug": {
            "name": drug,
            "id": regimen.drug,
            "route": regimen.route,
            "fact": _statement(regimen.drug_fact, cite),
        },
        "regimen": [
            {"label": label, "text": text, "id": code, "more": more}
            for label, text, code, more in rows
        ],
        "licence": {"status": regimen.status, "fact": _statement(regimen.status_fact, cite)},
        "variant_fact": _statement(regimen.variant_fact, cite),
        "course": _total(plan.cumulative.this_course_mg, _as_needed(plan.sessions)),
    }


def _as_needed(sessions: Sequence[Session]) -> float:
    """Return how many mg the sessions may add to what they give for certain."""
    return sum(step.dose_mg for one in sessions for step in one.steps if step.as_needed)


def _total(fixed_mg: float, as_needed_mg: float) -> str:
    more = f" (up to {quantity(as_needed_mg, 'mg')} more as needed)" if as_needed_mg else ""
    return quantity(fixed_mg, "mg") + more


def _alike(sessions: Sequence[Session]) -> list[list[Session]]:
    """Return runs of sessions that follow each other and give the same."""
    return [list(run) for _, run in groupby(sessions, key=lambda one: (one.steps, one.total_mg))]


def _group(sessions: list[Session], cite: Citations) -> View:
    days = [one.day for one in sessions]
    first = sessions[0]
    distinct = sorted(set(days))
    heading = f"{'Days' if len(distinct) > 1 else 'Day'} {numbers_listed(distinct)}"
    runs_h = max(one.start_h + (one.duration_h or 0.0) for one in first.steps)
    if runs_h > 24:
        heading = f"From day {days[0]}, over {in_hours(runs_h)}"
    if len(sessions) > 1:
        each = "each day" if len(distinct) == len(sessions) else "in each session"
        heading += f": the same {each}"
    total = _total(first.total_mg, _as_needed([first]))
    return {
        "heading": heading,
        "sessions": numbers_listed([one.number for one in sessions]),
        "count": len(sessions),
        "total": total,
        "rows": [_row(n, first, one, cite) for n, one in enumerate(first.steps, start=1)],
        "calendar": [
            {"session": str(one.number), "day": str(one.day), "date": one.date or "date not set"}
            for one in sessions
        ],
    }


def _row(n: int, session: Session, step: Step, cite: Citations) -> View:
    tags = ["as needed"] if step.as_needed else []
    days_on = int(step.start_h // 24)
    start = in_hours(step.start_h)
    return {
        "n": str(n),
        "kind": step.kind,
        "tags": [*tags, "cap binds"] if step.cap_binds else tags,
        "start": f"{start}, day {session.day + days_on}" if days_on else start,
        "duration": in_hours(step.duration_h),
        "mg": number(step.dose_mg),
        "mg_h": number(step.rate_mg_per_h),
        "mg_kg_h": number(step.rate_mg_per_kg_per_h),
        "ug_kg_min": number(step.rate_ug_per_kg_per_min),
        "ml_h": number(step.rate_ml_per_h),
        "ml": number(step.volume_ml),
        "rule": cite.statement(step.rule, step.source, step.where, step.read),
    }


def _syringe(one: Syringe, cite: Citations) -> View:
    rows = [
        ("Product", f"{one.product_name} ({one.product})"),
        ("Product strength", _or_nothing(one.strength_mg_per_ml, "mg/mL")),
        ("Container", one.container),
        ("Concentration made up", _or_nothing(one.concentration_mg_per_ml, "mg/mL")),
        ("Drug in each", quantity(one.drug_mg_each, "mg")),
        ("Product in each", _or_nothing(one.drug_ml_each, "mL")),
        ("Diluent in each", _or_nothing(one.diluent_ml_each, "mL")),
        ("Containers per session", str(one.containers_per_session)),
        ("Sessions", one.sessions),
    ]
    return {
        "label": list(one.label),
        "rows": [{"label": label, "text": text} for label, text in rows],
        "checks": list(one.checks),
        "facts": _statements(one.facts, cite),
    }


def _or_nothing(value: float | None, unit: str) -> str:
    return NOTHING if value is None else quantity(value, unit)


def _guard(one: Guard, cite: Citations) -> View:
    return {
        "quantity": capital(one.quantity.replace("_", " ")),
        "value": quantity(one.value, one.unit),
        "typical": quantity(one.typical, one.unit),
        "soft": span(*one.soft, one.unit),
        "hard": span(*one.hard, one.unit),
        "verdict": _GUARD_VERDICTS[one.verdict],
        "inside": one.verdict == "within",
        "marks": [cite.mark(one.source, one.where, one.read)],
    }


def _findings(findings: Sequence[Finding], cite: Citations) -> list[View]:
    """Return the findings in three groups, the open ones first, the gravest first in each."""

    def place(one: Finding) -> int:
        return 0 if one.grade == "open" or one.present is None else 1 if one.present else 2

    names = ("Open: not answered", "Present", "Asked and absent")
    grades = list(_GRADES)
    ordered = sorted(findings, key=lambda one: (place(one), grades.index(one.grade)))
    answers = {True: "present", False: "absent", None: "not answered"}
    return [
        {
            "name": names[at],
            "open": at == 0,
            "rows": [
                {
                    "name": capital(one.name),
                    "kind": one.kind,
                    "grade": _GRADES[one.grade],
                    "answer": answers[one.present],
                    "says": cite.statement(one.text, one.source, one.where, one.read),
                }
                for one in group
            ],
        }
        for at, group in groupby(ordered, key=place)
    ]


def _advice(advice: Sequence[Advice], cite: Citations) -> list[View]:
    groups = [
        (name, [one for one in advice if one.topic == topic]) for topic, name in _TOPICS.items()
    ]
    return [
        {
            "name": name,
            "rows": [
                {
                    "what": capital(one.what),
                    "says": cite.statement(one.text, one.source, one.where, one.read),
                }
                for one in rows
            ],
        }
        for name, rows in groups
        if rows
    ]


def _cumulative(plan: Plan, cite: Citations) -> View:
    one = plan.cumulative
    counted = [
        ("This course", quantity(one.this_course_mg, "mg")),
        ("Longest without a break", quantity(one.this_course_h, "h")),
        ("Given before", quantity(one.past_mg, "mg")),
        ("Courses before", _NOT_STATED if one.past_courses is None else str(one.past_courses)),
        (
            "Days since the last",
            _NOT_STATED if one.days_since_last is None else str(one.days_since_last),
        ),
    ]
    return {
        "rows": [{"label": label, "text": text} for label, text in counted],
        "text": one.text,
        "rules": _statements(one.rules, cite),
    }


def _evidence(evidence: Sequence[Evidence], cite: Citations) -> list[View]:
    groups = [
        (name, [one for one in evidence if one.direction == key])
        for key, name in _DIRECTIONS.items()
    ]
    return [
        {
            "name": name,
            "rows": [
                {
                    "strength": one.strength,
                    "says": cite.statement(one.text, one.source, one.where, one.read),
                }
                for one in rows
            ],
        }
        for name, rows in groups
        if rows
    ]


def _law(plan: Plan, cite: Citations) -> View:
    law = plan.law
    parts = [
        ("Permission", [_statement(law.permission, cite)]),
        ("Control of the drug", _statements(law.controls, cite)),
        ("Records", _statements(law.records, cite)),
    ]
    return {
        "place": law.place,
        "place_name": law.place_name,
        "date": law.date,
        "parts": [{"name": name, "says": says} for name, says in parts if says],
    }
