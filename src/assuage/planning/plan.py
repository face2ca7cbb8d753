"""Makes the plan: everything is checked before anything is predicted, and refused whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

from assuage import __version__
from assuage.clock import Clock
from assuage.kinetics.structure import Subject
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Product, Regimen, Variant
from assuage.planning import limits, parts, syringe
from assuage.planning.document import (
    Accepted,
    Finding,
    Guard,
    Law,
    PatientSummary,
    Plan,
    RegimenSummary,
    Session,
    Step,
)
from assuage.planning.eligibility import assess, patient_refusals
from assuage.planning.law import cited, law_of
from assuage.planning.patient import Patient
from assuage.planning.prediction import Course, predict_course
from assuage.planning.prediction.course import field_weights_kg
from assuage.planning.regimen import (
    Administration,
    clean,
    schedule,
    sessions,
    span_h,
    variant_of,
)
from assuage.planning.request import PlanRequest, is_said
from assuage.refusals import Refusal, Refused, first
from assuage.safety.eligibility import names
from assuage.units import convert

SCOPE = (
    "Decision support for a physician, who checks and signs or doesn't. It drives no pump, "
    "replaces no judgement and gives no home-treatment advice."
)
ACCEPTABLE = (
    Refusal.WEIGHT_DISAGREES,
    Refusal.THEOPHYLLINE,
    Refusal.DOSE_OVER_SOFT_LIMIT,
    Refusal.DOSE_UNDER_SOFT_LIMIT,
    Refusal.LIVER_INTERVAL,
    Refusal.SECOND_CHECK,
)
LATEST_AHEAD = timedelta(days=366)  # assuage's own: the law and the patient change
Kind = TypeVar("Kind")
INDICATION_NAMES = {
    "crps": "complex regional pain syndrome (CRPS)",
    "agitation": "severe agitation in an emergency",
    "emergency-pain": "pain in the emergency department",
    "field": "injury in the field",
    "opioid-tolerant": "surgery in people who take opioids",
}
DRUG_NAMES = {"racemic-ketamine": "ketamine (racemate)", "esketamine": "esketamine"}


@dataclass(frozen=True)
class Checked:
    """A request that nothing refuses, and what a plan of it stands on."""

    request: PlanRequest
    regimen: Regimen
    variant: Variant
    product: Product
    setting: str
    law: Law
    given: tuple[Administration, ...]
    guards: tuple[Guard, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    infusion_at: float | None  # mg/mL
    bolus_at: float | None  # mg/mL
    course: Course


def check(request: PlanRequest, clock: Clock, regimen: Regimen | None = None) -> Checked:
    """Hold a request against everything that can refuse it, before anything is predicted.

    `regimen` stands for a changed copy of the one that the request names. Raises Refused with the
    reason that takes precedence.
    """
    regimen = library.regimen(request.regimen) if regimen is None else regimen
    _check_date(request, clock)
    law, setting, variant, product = _basics(request, regimen)
    given = schedule(regimen, variant.id, request.patient.weight_kg)
    guards, refused = _limits(regimen, given, request, setting)
    eligible, more = assess(request, regimen, given)
    infusion_at = syringe.infusion_concentration(product, given, request.concentration)
    bolus_at = syringe.bolus_concentration(product, regimen.routes[0])
    checks = (syringe.check_pump(given, infusion_at), syringe.second_check(product, given))
    found = [*refused, *more, *(one for one in checks if one)]
    _stop(found, request)
    return Checked(
        request=request,
        regimen=regimen,
        variant=variant,
        product=product,
        setting=setting,
        law=law,
        given=given,
        guards=guards,
        findings=eligible,
        accepted=_passed(found, request),
        infusion_at=infusion_at,
        bolus_at=bolus_at,
        course=_course(request, regimen, given, setting),
    )


def make_plan(request: PlanRequest, clock: Clock) -> Plan:
    """Make a plan, or raise Refused with the reason that takes precedence."""
    held = check(request, clock)
    regimen, variant, given = held.regimen, held.variant, held.given
    predictions, not_predicted = predict_course(held.course)
    plan = Plan(
        plan_id=_plan_id(request, regimen, variant, held.setting),
        made_at=clock.utc_now().isoformat(timespec="seconds"),
        assuage_version=__version__,
        knowledge_sha256=library.digest(),
        scope=SCOPE,
        setting=held.setting,
        verdict=parts.verdict(held.findings),
        patient=patient_summary(request.patient),
        regimen=_regimen(regimen, variant),
        sessions=_sessions(request, given, held.infusion_at, held.bolus_at),
        syringe=syringe.prepare(held.product, given, held.infusion_at, held.bolus_at),
        caps=_caps(given),
        guards=held.guards,
        findings=held.findings,
        accepted=held.accepted,
        predictions=predictions,
        not_predicted=not_predicted,
        advice=parts.advice(regimen, request.place),
        cumulative=parts.cumulative(request, given, span_h(given)),
        evidence=parts.evidence(regimen),
        cautions=parts.cautions(regimen, predictions),
        gaps=tuple(cited(one, one.text) for one in regimen.gap),
        law=held.law,
        references=(),
        field_mode=request.field_mode,
    )
    return plan.model_copy(update={"references": parts.references(plan)})


def _check_date(request: PlanRequest, clock: Clock) -> None:
    """Refuse a date that is far ahead: it is a slip, and nobody knows the law of that day."""
    latest = clock.utc_now().date() + LATEST_AHEAD
    if not request.on <= latest:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=request.on,
            what="date to plan for",
            choices=f"a date up to {latest}",
        )


def _basics(request: PlanRequest, regimen: Regimen) -> tuple[Law, str, Variant, Product]:
    """Return what a schedule stands on. Every check runs, and the first in order is raised."""
    found: list[Refused] = []

    def tried(check: Callable[[], Kind]) -> Kind | None:
        try:
            return check()
        except Refused as refused:
            found.append(refused)
            return None

    tried(lambda: check_lock(regimen))
    law = tried(lambda: law_of(regimen, request.place, request.on))
    setting = tried(lambda: _setting(regimen, request.setting))
    variant = tried(lambda: variant_of(regimen, request.variant))
    product = tried(
        lambda: syringe.choose(regimen.id, regimen.drug, regimen.routes[0], request.product)
    )
    tried(lambda: _check_concentration(request, variant, product))
    tried(lambda: _check_accepted(request))
    found += patient_refusals(request, regimen, variant)
    if {one.refusal for one in found} == {Refusal.NOT_PLANNABLE}:
        found += assess(request, regimen, ())[1]
    _stop(found, request)
    assert law is not None
    assert setting is not None
    assert variant is not None
    assert product is not None
    return law, setting, variant, product


def _check_concentration(
    request: PlanRequest, variant: Variant | None, product: Product | None
) -> None:
    """Refuse a concentration that can't be read, can't be made up or would not be used."""
    if request.concentration is None:
        return
    syringe.asked_concentration(request.concentration, product)
    if variant is not None and all(one.kind != "infusion" for one in variant.segment):
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"a concentration and {request.regimen}, which infuses nothing,",
            remedy="leave the concentration out",
        )


def check_lock(regimen: Regimen) -> None:
    """Refuse a research technique, whatever comes with the request."""
    if regimen.lock is not None:
        needs = ", ".join(one.replace("-", " ") for one in regimen.lock.needs)
        raise Refused(Refusal.RESEARCH_LOCK, regimen=regimen.id, needs=needs)


def _setting(regimen: Regimen, asked: str | None) -> str:
    """Return the setting; a regimen with one setting needs none named."""
    choices = ", ".join(regimen.settings)
    if asked is None:
        if len(regimen.settings) == 1:
            return regimen.settings[0]
        raise Refused(
            Refusal.OPTION_MISSING,
            what="the setting",
            remedy=f"add --setting with one of: {choices}",
        )
    if asked not in regimen.settings:
        raise Refused(
            Refusal.SETTING_NOT_PERMITTED, regimen=regimen.id, setting=asked, choices=choices
        )
    return asked


def _check_accepted(request: PlanRequest) -> None:
    """Raise Refused for an acceptance without a person or a reason, or of what can't be passed."""
    known = {one.name for one in ACCEPTABLE}
    for one in request.accepted:
        if one.code not in known:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=one.code,
                what="refusal that a person may pass",
                choices=", ".join(sorted(known)),
            )
        if not (is_said(one.by) and is_said(one.reason)):
            raise Refused(
                Refusal.OPTION_MISSING,
                what=f"who accepts {one.code}, and why,",
                remedy="name the person and give the reason",
            )


def _limits(
    regimen: Regimen, given: Sequence[Administration], request: PlanRequest, setting: str
) -> tuple[tuple[Guard, ...], list[Refused]]:
    weight = request.patient.weight_kg
    if weight is None and request.field_mode:
        weight = limits.lightest_kg()
    accepted = frozenset(one.code for one in request.accepted)
    return limits.check(regimen, given, weight, setting, accepted)


def _stop(found: Iterable[Refused], request: PlanRequest) -> None:
    """Raise the refusal that takes precedence among those that nobody passed."""
    accepted = {one.code for one in request.accepted}
    passed = {one for one in ACCEPTABLE if one.name in accepted}
    refused = first(one for one in found if one.refusal not in passed)
    if refused is not None:
        raise refused


def _passed(found: Sequence[Refused], request: PlanRequest) -> tuple[Accepted, ...]:
    """Return what was passed and by whom; an acceptance that nothing needed is not recorded."""
    return tuple(
        Accepted(code=one.code, by=who.by, reason=who.reason, sentence=one.sentence)
        for one in found
        for who in request.accepted
        if who.code == one.code
    )


def _course(
    request: PlanRequest, regimen: Regimen, given: tuple[Administration, ...], setting: str
) -> Course:
    patient = request.patient
    subject = Subject(patient.weight_kg, patient.age_years, patient.sex, patient.ancestry)
    unknown = patient.weight_kg is None and request.field_mode
    opioids = [
        name
        for one in library.safety().interaction
        if one.id == "opioids"
        for name in one.medicines
    ]
    return Course(
        regimen=regimen,
        subject=subject,
        given=given,
        setting=setting,
        pain_nrs=patient.pain_nrs,
        madrs=patient.madrs,
        opioid=any(names(opioids, one) for one in patient.medicines or ()),
        weights_kg=field_weights_kg() if unknown else (),
        earlier=patient.earlier,
    )


def _plan_id(request: PlanRequest, regimen: Regimen, variant: Variant, setting: str) -> str:
    """Return a name for exactly this request on exactly this knowledge."""
    body = repr((request, regimen.id, variant.id, setting, library.digest(), __version__))
    return sha256(body.encode()).hexdigest()


def patient_summary(patient: Patient) -> PatientSummary:
    """Return who is treated, without a name."""
    facts = []
    if patient.pain_nrs is not None:
        facts.append(f"pain {patient.pain_nrs:g} of 10")
    if patient.madrs is not None:
        facts.append(f"MADRS {patient.madrs:g} of 60")
    if patient.systolic_mmhg is not None and patient.diastolic_mmhg is not None:
        facts.append(f"pressure {patient.systolic_mmhg:g}/{patient.diastolic_mmhg:g} mmHg")
    if patient.heart_rate_per_min is not None:
        facts.append(f"heart rate {patient.heart_rate_per_min:g}/min")
    if patient.medicines is not None:
        facts.append("medicines: " + (", ".join(patient.medicines) or "none"))
    return PatientSummary(
        id=patient.id,
        weight_kg=patient.weight_kg,
        age_years=patient.age_years,
        sex=patient.sex,
        height_cm=patient.height_cm,
        facts=tuple(facts),
    )


def _regimen(regimen: Regimen, variant: Variant) -> RegimenSummary:
    return RegimenSummary(
        id=regimen.id,
        reference=regimen.reference,
        name=regimen.name,
        summary=regimen.summary,
        indication=INDICATION_NAMES.get(regimen.indication, regimen.indication.replace("-", " ")),
        status=regimen.status,
        status_fact=cited(regimen.status_fact, regimen.status_fact.text),
        drug=regimen.drug,
        drug_name=DRUG_NAMES[regimen.drug],
        drug_fact=cited(regimen.drug_fact, regimen.drug_fact.text),
        route=regimen.routes[0],
        variant=variant.id,
        variant_name=variant.name,
        variant_fact=cited(variant, variant.name),
        follows=regimen.follows,
    )


def _sessions(
    request: PlanRequest,
    given: Sequence[Administration],
    infusion_at: float | None,
    bolus_at: float | None,
) -> tuple[Session, ...]:
    found = []
    for number, rows in sessions(given).items():
        on = request.on + timedelta(days=rows[0].day - 1)
        steps = tuple(_step(one, request.patient, infusion_at, bolus_at) for one in rows)
        total = clean(sum(one.dose_mg for one in rows if not one.as_needed))
        found.append(
            Session(
                number=number, day=rows[0].day, date=on.isoformat(), steps=steps, total_mg=total
            )
        )
    return tuple(found)


def _step(
    one: Administration, patient: Patient, infusion_at: float | None, bolus_at: float | None
) -> Step:
    at = infusion_at if one.kind == "infusion" else bolus_at if one.kind == "bolus" else None
    rate, weight = one.rate_mg_per_h, patient.weight_kg
    per_kg = clean(rate / weight) if rate and weight else None
    return Step(
        kind=one.segment.kind,
        start_h=one.in_session_h,
        duration_h=one.duration_h,
        dose_mg=one.dose_mg,
        rate_mg_per_h=rate,
        rate_mg_per_kg_per_h=per_kg,
        rate_ug_per_kg_per_min=convert(per_kg, "mg/kg/h", "ug/kg/min") if per_kg else None,
        rate_ml_per_h=clean(rate / at) if rate and at else None,
        volume_ml=clean(one.dose_mg / at) if at else None,
        as_needed=one.as_needed,
        rule=one.rule,
        cap_binds=one.cap_binds,
        source=one.segment.source,
        where=one.segment.where,
        read=one.segment.read,
    )


def _caps(given: Sequence[Administration]) -> tuple[str, ...]:
    """Return each rule that set a number, once, the binding caps among them."""
    return tuple(dict.fromkeys(one.rule for one in given if "cap" in one.rule))
