"""Brings a request before the safety rules and collects what they found."""

from __future__ import annotations

from collections.abc import Sequence

from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Regimen, Variant
from assuage.knowledge.schema.safety import Cumulative
from assuage.planning.document import Finding
from assuage.planning.patient import Patient
from assuage.planning.regimen import Administration, is_weight_based, span_h
from assuage.planning.request import PlanRequest
from assuage.refusals import Refusal, Refused
from assuage.safety import eligibility as rules
from assuage.safety.limits import weight_change, weight_for_age
from assuage.units import Dimension

CONTEXT_OF_INDICATION = {
    "crps": "chronic-pain", "chronic-pain": "chronic-pain", "fibromyalgia": "chronic-pain",
    "depression": "depression", "acute-pain": "acute-pain", "opioid-tolerant": "acute-pain",
    "emergency-pain": "emergency", "agitation": "emergency", "anaesthesia": "anaesthesia",
    "procedural-sedation": "dissociative", "asthma": "emergency", "field": "field",
    "alcohol-use-disorder": "depression",
}  # fmt: skip
ADULT_Y = 18.0


def patient_refusals(
    request: PlanRequest, regimen: Regimen, variant: Variant | None
) -> list[Refused]:
    """Return why this patient can't be planned for at all: slips first, then weight and age."""
    patient, field = request.patient, request.field_mode
    found = _slips(request)
    if field and not regimen.field_weight:
        ids = [one for one in library.regimen_ids() if library.regimen(one).field_weight]
        found.append(
            Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--field and {regimen.id}",
                remedy="use a field regimen: " + ", ".join(ids),
            )
        )
    by_weight = regimen.field_weight or (variant is not None and is_weight_based(regimen, variant))
    if patient.weight_kg is None and by_weight and not field:
        found.append(Refused(Refusal.WEIGHT_UNKNOWN, regimen=regimen.id))
    if patient.age_years is None:
        return [*found, Refused(Refusal.AGE_UNKNOWN)]
    if not found and patient.weight_kg is not None:
        slip = weight_for_age(library.limits(), patient.weight_kg, patient.age_years)
        slip = slip or _no_adult(patient.weight_kg, patient.age_years)
        found += [slip] if slip else []
    return [*found, *_outside(regimen, patient.age_years)]


def _slips(request: PlanRequest) -> list[Refused]:
    """Return what can't be true, however it came in: a patient needn't come from a file."""
    patient = request.patient
    found = [
        Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what=what,
            text=f"{value:g} {kind.unit}",
            low=f"{kind.low:g}",
            high=f"{kind.high:g}",
            unit=kind.unit,
            example=kind.example,
        )
        for what, value, kind in (
            ("body weight", patient.weight_kg, Dimension.WEIGHT),
            ("the last body weight", patient.weight_last_kg, Dimension.WEIGHT),
            ("age", patient.age_years, Dimension.AGE),
        )
        if value is not None and not kind.low <= value <= kind.high
    ]
    known = rules.conditions_asked(library.safety())
    found += [
        Refused(Refusal.FIELD_UNKNOWN, field=one, what="[conditions]", choices=", ".join(known))
        for one in sorted(set(patient.conditions) - {*known, rules.UNDER_3_MONTHS})
    ]
    found += [
        Refused(
            Refusal.FIELD_INVALID,
            field="past_course.ended",
            what="the patient",
            why=f"{one.ended} lies after the day that is planned for, {request.on}",
        )
        for one in patient.past_courses or ()
        if one.ended > request.on
    ]
    high, low = patient.systolic_mmhg, patient.diastolic_mmhg
    if high is not None and low is not None and not high > low:
        why = f"{high:g} mmHg isn't above the diastolic {low:g} mmHg"
        what = "the patient"
        found.append(Refused(Refusal.FIELD_INVALID, field="baseline.systolic", what=what, why=why))
    return found


def _no_adult(weight_kg: float, age_years: float) -> Refused | None:
    """Refuse an adult's weight that is under half of the lightest: a point has slipped."""
    least = library.assumed("light-adult") / 2.0
    if age_years < ADULT_Y or weight_kg >= least:
        return None
    return Refused(
        Refusal.QUANTITY_IMPLAUSIBLE,
        what="body weight of an adult",
        text=f"{weight_kg:g} kg",
        low=f"{least:g}",
        high=f"{Dimension.WEIGHT.high:g}",
        unit="kg",
        example=Dimension.WEIGHT.example,
    )


def _outside(regimen: Regimen, age_years: float) -> list[Refused]:
    """Refuse an age outside the regimen's. A lower end that nobody read is not taken for none."""
    ages = regimen.people.age_years
    if ages.holds(age_years) and (ages.low is not None or age_years >= ADULT_Y):
        return []
    low = "a lower end that was not read" if ages.low is None else f"{ages.low:g} y"
    return [
        Refused(
            Refusal.AGE_OUTSIDE_REGIMEN,
            age=f"{age_years:.3g} y",
            low=low,
            high="no upper end" if ages.high is None else f"{ages.high:g} y",
            regimen=regimen.id,
        )
    ]


def contexts_of(regimen: Regimen) -> tuple[str, ...]:
    """Return the precaution contexts that a regimen falls under."""
    own = set(regimen.context) | {"all", CONTEXT_OF_INDICATION[regimen.indication]}
    if regimen.drug == "esketamine":
        own.add("esketamine")
    if regimen.technique != "coma":
        own.add(regimen.technique)
    return tuple(sorted(own))


def assess(
    request: PlanRequest, regimen: Regimen, given: Sequence[Administration]
) -> tuple[tuple[Finding, ...], list[Refused]]:
    """Return every finding, worst first, and every refusal."""
    patient, safety = request.patient, library.safety()
    contexts = contexts_of(regimen)
    cumulative = rules.liver(
        safety.cumulative, _days_since_long(request, safety.cumulative), span_h(given)
    )
    taken = patient.medicines or ()
    parts = [
        rules.precautions(safety, patient.conditions, patient.age_years, contexts, regimen.drug),
        rules.interactions(safety, taken, contexts, regimen.routes[0]),
        cumulative,
    ]
    findings = [_finding(one) for part in parts for one in part.findings]
    crossed = rules.before_start(safety.threshold, _measured(patient), patient.age_years)
    findings += [_finding(one) for one in crossed]
    findings += _other_variant(regimen, request)
    refused = [one for part in parts for one in part.refusals]
    findings += [
        _unmatched(one, rules.resembles(safety, one)) for one in rules.unmatched(safety, taken)
    ]
    findings += _questions(patient, span_h(given))
    findings += _unusual_weight(patient)
    if request.field_mode:
        findings += _field(patient)
    if patient.weight_kg is not None and patient.weight_last_kg is not None:
        change = weight_change(library.limits(), patient.weight_kg, patient.weight_last_kg)
        refused += [change] if change else []
    return tuple(sorted(_once(findings), key=_order)), refused


def _measured(patient: Patient) -> dict[str, float]:
    """Return the baseline under the names that thresholds use."""
    known = {
        "systolic": patient.systolic_mmhg,
        "diastolic": patient.diastolic_mmhg,
        "heart-rate": patient.heart_rate_per_min,
    }
    return {name: value for name, value in known.items() if value is not None}


def _other_variant(regimen: Regimen, request: PlanRequest) -> list[Finding]:
    """Warn when another variant was written for this patient's age and this one was not."""
    age = request.patient.age_years
    wanted = [one for one in regimen.variant if request.variant in (one.id, None)]
    chosen = next((one for one in wanted if one.default or request.variant), None)
    if age is None or chosen is None:
        return []
    if chosen.for_age_years is not None and chosen.for_age_years.holds(age):
        return []
    return [
        Finding(
            kind="precaution",
            name=f"Variant for this age: {one.id}",
            grade="warn",
            present=True,
            text=f"'{one.name}' was written for this age; the plan uses '{chosen.name}'.",
            source=one.for_age_years.source,
            where=one.for_age_years.where,
            read=one.for_age_years.read,
        )
        for one in regimen.variant
        if one.for_age_years is not None and one.for_age_years.holds(age)
    ]


def _days_since_long(request: PlanRequest, all_rules: Sequence[Cumulative]) -> int | None:
    """Return the days since the last long infusion, or None when none is known."""
    limit = next((r.long_infusion_h.value for r in all_rules if r.long_infusion_h), None)
    past = request.patient.past_courses or ()
    long = [one.ended for one in past if limit is None or one.infusion_h >= limit]
    return min(((request.on - ended).days for ended in long), default=None)


def _finding(one: rules.Finding) -> Finding:
    fact = one.fact
    return Finding(
        kind=one.kind,
        name=one.name,
        grade=one.grade,
        present=one.present,
        text=one.text,
        source=fact.source,
        where=fact.where,
        read=fact.read,
    )


def _open(name: str, text: str) -> Finding:
    return Finding(
        kind="question",
        name=name,
        grade="open",
        present=None,
        text=text,
        source="assuage-design",
        where="unknown is never taken for none",
        read="design",
    )


def _unmatched(medicine: str, like: str | None) -> Finding:
    """Say that a medicine was not recognised: silence would read as no interaction."""
    if like is not None:
        return _open(medicine, f"Not recognised, and spelled like '{like}'. Is it that?")
    return Finding(
        kind="interaction",
        name=medicine,
        grade="inform",
        present=True,
        text="No group here names it. Generic names are read, brands are not: check it by hand.",
        source="assuage-design",
        where="unknown is never taken for none",
        read="design",
    )


def _questions(patient: Patient, infusion_h: float) -> list[Finding]:
    found = []
    if patient.medicines is None:
        found.append(_open("Medicines", "No list was given. What does the patient take?"))
    if patient.past_courses is None and infusion_h >= 1.0:
        found.append(
            _open("Earlier courses", "When did the last course end, and how long did it run?")
        )
    if patient.systolic_mmhg is None or patient.diastolic_mmhg is None:
        found.append(_open("Blood pressure", "No baseline blood pressure was given."))
    return found


def _unusual_weight(patient: Patient) -> list[Finding]:
    """Warn of an adult's weight that the adult models don't reach: 154 lb looks like 154 kg."""
    low, high = library.assumed("light-adult"), library.assumed("heavy-adult")
    weight, age = patient.weight_kg, patient.age_years
    if weight is None or age is None or age < ADULT_Y or low <= weight <= high:
        return []
    return [
        Finding(
            kind="weight",
            name="Unusual weight",
            grade="warn",
            present=True,
            text=f"{weight:g} kg lies outside {low:g} to {high:g} kg: weigh again, in kg.",
            source="assuage-design",
            where="the working range of the adult models",
            read="design",
        )
    ]


def _field(patient: Patient) -> list[Finding]:
    """In the field: fluid status is unknown, and that is said before anything is given."""
    text = (
        "Fluid status is unknown. Ketamine is not safe in shock for that: collapse was more common "
        "than with etomidate in a large trial of intubation."
    )
    if patient.systolic_mmhg and patient.heart_rate_per_min:
        index = patient.heart_rate_per_min / patient.systolic_mmhg
        text += f" Heart rate over systolic pressure (shock index) is {index:.2f} now."
    return [
        Finding(
            kind="field",
            name="Shock",
            grade="warn",
            present=None,
            text=text,
            source="casey-2025-rsi",
            where="summaries of the trial",
            read="secondary",
        )
    ]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Drop a finding that says the same of the same condition twice; the graver stays first."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for one in sorted(findings, key=_order):
        kept.setdefault((one.kind, one.name, one.text), one)
    return list(kept.values())


def _order(one: Finding) -> tuple[int, int, str]:
    grades = ["absolute", "refuse", "relative", "disputed", "warn", "inform", "open"]
    kinds = ["field", "precaution", "interaction", "cumulative", "weight", "question"]
    return grades.index(one.grade), kinds.index(one.kind), one.name
