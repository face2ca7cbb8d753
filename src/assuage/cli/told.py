"""What was stored, in words and as JSON: for the person who stored it, right after."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assuage.care import consent
from assuage.care import course as courses
from assuage.care import patient as patients
from assuage.care import session as s
from assuage.care import site as sites
from assuage.care.outcomes import facts as o
from assuage.care.register import facts as f
from assuage.cli import signing
from assuage.evidence.study import facts as studies
from assuage.record.events import Fact, Recorded, Signature

if TYPE_CHECKING:
    from assuage.cli.desk import Here


def lines(events: Sequence[Recorded], here: Here) -> Iterator[str]:
    """Yield what a person should read of the events that a command stored."""
    zone, numbers = here.site.zone, _numbers(events, here)
    if _repeated(events, here):
        yield folded(f"Stored before, at {moment(events[0].at, zone)}; nothing was added.")
    for event in events:
        fact = event.fact
        if isinstance(fact, s.AdministrationConfirmed) and numbers:
            continue  # the register says the same of it
        start = ""
        if event.position in numbers and isinstance(fact, f.Entry):
            start = f"Entry {numbers[event.position]}{_late(fact.when)}: "
        yield folded(start + sentence(fact, zone))
    if events:
        first = events[0]
        beside = f", witness {signed(first.witness)}" if first.witness else ""
        yield folded(f"{moment(first.at, zone)}, signed {signed(first.by)}{beside}")


def as_json(events: Sequence[Recorded], here: Here) -> dict[str, Any]:
    """Return what a command stored, for a machine. Personal data stays sealed in it."""
    numbers = _numbers(events, here)
    return {
        "site": here.site_id,
        "repeated": _repeated(events, here),
        "events": [
            {
                "position": one.position,
                "stream": one.stream,
                "version": one.version,
                "entry": numbers.get(one.position),
                "kind": one.fact.kind,
                "at": one.at.isoformat(),
                "by": one.by.model_dump(mode="json"),
                "witness": one.witness.model_dump(mode="json") if one.witness else None,
                "data": one.fact.model_dump(mode="json"),
            }
            for one in events
        ],
        "head": str(here.record.head()),
    }


def _numbers(events: Sequence[Recorded], here: Here) -> dict[int, int]:
    """Return the number in the register of each event that stands there, by its position."""
    if not any(isinstance(one.fact, f.Entry) for one in events):
        return {}
    return {line.event.position: line.number for line in here.book.lines}


def _repeated(events: Sequence[Recorded], here: Here) -> bool:
    """Say whether the events are older than this sitting, as --once makes them."""
    return bool(events) and here.signed_at is not None and events[0].by.at < here.signed_at


def _late(when: f.When) -> str:
    if not when.late_days:
        return ""
    days = "1 day" if when.late_days == 1 else f"{when.late_days} days"
    return f", {days} late by {when.rule}"


def folded(text: str) -> str:
    """Return a line broken between words where the terminal ends; whole for anything else."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(
        text, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )


def mg(ug: int) -> str:
    """Return micrograms as milligrams, exactly."""
    exact = Decimal(ug) / 1000
    return f"{exact.normalize() if exact % 1 else exact.quantize(Decimal(1)):f} mg"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return a time by the wall clock of the site."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def signed(by: Signature) -> str:
    """Return who signed, and how if that was a file."""
    return f"{by.person} ({by.method})" if by.method == signing.FILE_METHOD else by.person


def sentence(fact: Fact, zone: tzinfo) -> str:
    """Return one fact in words."""
    of_service = (_stock, _drawn, _checked, _discrepancy, _session, _course, _outcome, _consent)
    for said in (*of_service, _study, _others):
        if text := said(fact, zone):
            return text
    return fact.kind


def _units(units: int, item: str) -> str:
    return f"{units} × {item}"


def _stock(fact: Fact, _zone: tzinfo) -> str:
    match fact:
        case f.StockReceived():
            origin = f"received from {fact.supplier.name} into {fact.area}"
            return f"{_units(fact.units, fact.item)} {origin}, lot {fact.lot}"
        case f.StockSupplied():
            way = f"moved from {fact.area} to {fact.to_area}"
            return f"{_units(fact.units, fact.item)} {way}, collected by {fact.collected_by}"
        case f.StockTransferred():
            way = f"handed from {fact.area} to {fact.to.name}"
            return f"{_units(fact.units, fact.item)} {way}, collected by {fact.collected_by}"
        case f.StockDestroyed():
            return f"{_units(fact.units, fact.item)} of {fact.area} destroyed: {fact.reason}"
    return ""


def _drawn(fact: Fact, _zone: tzinfo) -> str:
    match fact:
        case f.VialDrawn():
            whom = f"for {fact.treatment.patient} in {fact.treatment.session}"
            what = f"{_units(1, fact.item)} ({mg(fact.unit_ug)}) drawn from {fact.area}"
            accepted = "; from a frozen page" if fact.accepted else ""
            return f"{what} as {fact.draw}, {whom}{accepted}"
        case f.DrugAdministered():
            return f"{mg(fact.ug)} of {fact.draw} given to {fact.treatment.patient}"
        case f.DrugWasted():
            return f"{mg(fact.ug)} of {fact.draw} wasted"
        case f.VialReturned():
            return f"{fact.draw} returned unopened to {fact.area}"
        case f.DrawClosed() if fact.difference_ug:
            return f"{fact.draw} accounted for, {mg(fact.difference_ug)} within measuring"
        case f.DrawClosed():
            return f"{fact.draw} accounted for"
    return ""


def _said(text: f.Told) -> str:
    """Return free text; what is sealed for a patient is stored and not said again here."""
    return f": {text}" if isinstance(text, str) else ""


def _checked(fact: Fact, _zone: tzinfo) -> str:
    match fact:
        case f.StockChecked():
            found = f"{fact.counted_units} counted, {fact.expected_units} expected"
            return f"{fact.item} in {fact.area} checked: {found}"
        case f.EntryCorrected():
            # Units for an entry of stock, micrograms for one of a drawn unit: the page tells.
            amount = "" if fact.right is None else ", with its amount changed"
            return f"footnote to entry {fact.entry}{amount}{_said(fact.text)}"
    return ""


def _discrepancy(fact: Fact, zone: tzinfo) -> str:
    match fact:
        case f.DiscrepancyOpened():
            what = f"DISCREPANCY {fact.discrepancy}: {fact.text} {gap(fact.missing_ug)}."
            by = f"Escalate it by {moment(fact.escalate_by, zone)} ({fact.escalate_rule})."
            return f"{what} The page of {fact.item} in {fact.area} is frozen. {by}"
        case f.DiscrepancyRecounted():
            return f"{fact.discrepancy} recounted: {fact.counted_units} units"
        case f.DiscrepancyReconstructed():
            log = "no log" if fact.pump_ug is None else mg(fact.pump_ug)
            chart = "no chart" if fact.chart_ug is None else mg(fact.chart_ug)
            return f"{fact.discrepancy} reconstructed: pump {log}, chart {chart}{_said(fact.text)}"
        case f.DiscrepancyEscalated():
            return f"{fact.discrepancy} told to {fact.to}, reference {fact.reference}"
        case f.DiscrepancyClosed():
            posted = f", {gap(fact.posted_ug)}" if fact.posted_ug else ""
            return f"{fact.discrepancy} closed as {fact.outcome}{posted}{_said(fact.text)}"
    return ""


def gap(ug: int) -> str:
    """Return what is missing, or too much, in words."""
    if ug == 0:
        return "nothing is missing by the book"
    return f"{mg(ug)} missing" if ug > 0 else f"{mg(-ug)} too much"


def _session(fact: Fact, zone: tzinfo) -> str:
    match fact:
        case s.SessionOpened():
            return f"Session of {fact.patient} opened in {fact.area} on {fact.order}"
        case s.AdministrationIntended():
            return f"Intended {fact.intent}: {mg(fact.ug)} {fact.route} of {fact.draw}"
        case s.AdministrationConfirmed():
            return f"{fact.intent}: {mg(fact.ug)} given"
        case s.AdministrationNotGiven():
            return f"{fact.intent}: not given"
        case s.AdministrationUnknown():
            return f"{fact.intent}: nobody said what became of it"
        case s.AdministrationCorrected():
            return f"{fact.intent}: stands at {mg(fact.ug)} since entry {fact.entry}"
        case s.PumpRead():
            return f"{fact.intent}: the pump's log says {mg(fact.ug)}"
        case s.EffectNoted():
            return f"{fact.intent}: {'an effect' if fact.effect else 'no effect'} was seen"
        case s.SessionEnded():
            return f"Session ended at {moment(fact.happened_at, zone)}"
    return ""


def _study(fact: Fact, _zone: tzinfo) -> str:
    match fact:
        case studies.ProtocolLocked() if fact.replaces:
            change = f"from {fact.replaces[:12]} to {fact.digest[:12]}"
            return f"Protocol amended {change}: {fact.reason}"
        case studies.ProtocolLocked():
            return f"Protocol locked, digest {fact.digest}"
        case studies.StudyUnblinded():
            return f"Study unblinded with {fact.rows} rows of {fact.file}, digest {fact.digest}"
    return ""


def _course(fact: Fact, zone: tzinfo) -> str:
    match fact:
        case courses.CourseBegan():
            return f"{fact.course} is among the courses of the patient"
        case courses.CourseOpened():
            what = f"{fact.indication} by {fact.regimen}, {fact.sessions_planned} sessions"
            return f"Course of {fact.patient} opened: {what}; primary outcome {fact.primary}"
        case courses.PersonDescribed():
            return "Sex and weight stored, locked"
        case courses.SessionJoined():
            return f"{fact.session} joined the course"
        case courses.SessionParted():
            return f"{fact.session} doesn't belong to the course"
        case courses.CourseEnded():
            return f"Course ended at {moment(fact.happened_at, zone)}: {fact.why}"
        case courses.CourseReopened():
            return "Course goes on: it had not ended"
        case o.HarmRecorded():
            return f"Harm {fact.harm}: {_harm(fact.told, zone)}"
        case o.HarmCorrected():
            right = fact.right
            return f"Harm {fact.harm} " + (
                f"corrected: {_harm(right, zone)}" if right else "withdrawn"
            )
    return ""


def _harm(told: o.Harm, zone: tzinfo) -> str:
    serious = "not serious" if told.serious == "no" else f"serious ({told.serious})"
    where = f" in {told.session}" if told.session else ""
    began = moment(told.onset_at, zone)
    judged = "not assessed" if told.relation == "not-assessed" else told.relation
    kind = f"{told.term}, grade {told.grade}, {serious}{where}"
    return f"{kind}, from {began}; related to the drug: {judged}; drug: {told.action}"


def _outcome(fact: Fact, zone: tzinfo) -> str:
    match fact:
        case o.OutcomeRecorded():
            told = fact.told
            where = f", {told.phase} {told.session}, day {told.day}" if told.session else ""
            when = moment(told.assessed_at, zone)
            return f"{fact.outcome}: {told.instrument} of {when}, rated by {told.rated_by}{where}"
        case o.OutcomeCorrected():
            return f"{fact.outcome} {'withdrawn' if fact.right is None else 'corrected'}"
        case o.OutcomeMissed():
            return f"{fact.outcome}: {fact.instrument} missed on {fact.due_on}, {fact.why}"
        case o.FlagAnswered():
            return f"What {fact.outcome} raised is answered"
        case o.BaselineDeclared():
            instead = f" instead of {fact.replaces}" if fact.replaces else ""
            return f"{fact.outcome} is the baseline of {fact.instrument}{instead}"
    return ""


def _consent(fact: Fact, zone: tzinfo) -> str:
    match fact:
        case consent.ConsentGiven():
            what = f"{', '.join(fact.purposes)}, form {fact.form}"
            when = moment(fact.happened_at, zone)
            return f"Consent given by the {fact.given_by} at {when}: {what}"
        case consent.ConsentWithdrawn():
            earlier = ", ".join(fact.exports)
            held = (
                f"earlier exports can't be called back: {earlier}" if earlier else "none was made"
            )
            when = moment(fact.happened_at, zone)
            return f"Consent withdrawn by the {fact.given_by} at {when}; no later export; {held}"
        case consent.RegistryExported():
            people = len(fact.patients)
            return f"Export {fact.export} for {fact.purpose}: {people} people, {fact.rows} rows"
    return ""


def _others(fact: Fact, _zone: tzinfo) -> str:
    match fact:
        case sites.SiteOpened():
            return f"Site opened: {fact.name}, {fact.address}, {fact.place}, {fact.zone}"
        case sites.AreaAdded():
            return f"Area {fact.area} added: {fact.name}"
        case sites.PersonEnrolled():
            return f"{fact.person} enrolled: {fact.name}, {', '.join(fact.roles)}"
        case sites.RolesChanged():
            return f"{fact.person} is now: {', '.join(fact.roles) or 'without access'}"
        case sites.PassphraseSet():
            return f"Passphrase of {fact.person} set"
        case patients.PatientRegistered():
            return f"Patient {fact.name.owner} registered"
        case patients.PatientErased():
            accepted = f"; accepted: {fact.accepted}" if fact.accepted else ""
            return f"The key of the patient's personal data is destroyed: {fact.reason}{accepted}"
    return ""
