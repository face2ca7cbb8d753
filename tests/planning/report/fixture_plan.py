"""A plan of the size and shape of a real one: esketamine over 100 h for CRPS.

Its curves are made of simple formulas, not of a model. The texts are shortened from knowledge/.
"""

import math
from functools import cache
from typing import Any

from assuage.planning.document import (
    Accepted, Advice, Cited, Cumulative, Evidence, Finding, Guard, Law, Line, PatientSummary, Plan,
    Prediction, Reference, RegimenSummary, Session, Step, Syringe, Verdict,
)

HOURS = tuple(round(0.5 * n, 2) for n in range(361))
DAYS = tuple(float(n) for n in range(85))
BETWEEN = "90 % of patients lie inside (between patients)"


def cited(text: str, source: str, where: str, read: Any, note: str = "") -> Cited:
    return Cited(text=text, source=source, where=where, read=read, note=note)


def _rates() -> list[tuple[float, float, float]]:
    return [(0.0, 12.0, 5.2), (12.0, 12.0, 10.4), (24.0, 12.0, 15.6), (36.0, 64.0, 20.8)]


def _steps() -> tuple[Step, ...]:
    made = []
    for start, hours, rate in _rates():
        published = start in (0.0, 36.0)
        made.append(
            Step(
                kind="infusion", start_h=start, duration_h=hours, dose_mg=rate * hours,
                rate_mg_per_h=rate, rate_mg_per_kg_per_h=rate / 72.5,
                rate_ug_per_kg_per_min=rate / 72.5 / 60 * 1000, rate_ml_per_h=rate / 5,
                volume_ml=rate * hours / 5, as_needed=False, cap_binds=start == 36.0,
                rule=f"{rate / 72.5 * 70:.0f} mg/h per 70 kg, scaled to 72.5 kg"
                + ("; capped at 20.8 mg/h" if start == 36.0 else ""),
                source="dahan-2011" if published else "assuage-design",
                where="abstract" if published else "own assumption",
                read="primary" if published else "design",
            )
        )
    return tuple(made)


def _curve(peak: float, tau: float) -> tuple[float, ...]:
    values = []
    level = 0.0
    for hour in HOURS:
        rate = next((r for s, d, r in _rates() if s <= hour < s + d), 0.0)
        level += (rate / 20.8 * peak - level) * (1 - math.exp(-0.5 / tau))
        values.append(round(level, 3))
    return tuple(values)


def _scaled(values: tuple[float, ...], by: float, plus: float = 0.0) -> tuple[float, ...]:
    return tuple(round(value * by + plus, 4) for value in values)


def _line(label: str, role: Any, values: tuple[float, ...], model: str = "kamp-2020", **more: Any,
          ) -> Line:
    more = {"sampling": "arterial", **more}
    return Line(label=label, role=role, model=model, values=values, **more)


def concentration() -> Prediction:
    typical = _curve(238, 3.1)
    members = (("sigtermans-2009", 0.82, 4.2), ("otto-2021", 1.14, 2.5), ("abuhelwa-2022", 1.31, 5))
    return Prediction(
        id="concentration", title="Esketamine in plasma", endpoint="plasma esketamine, free base",
        unit="ng/mL", time_unit="h", time=HOURS,
        lines=(
            _line("Kamp 2020, typical patient", "typical", typical, low=_scaled(typical, 0.61),
                  high=_scaled(typical, 1.55), band=BETWEEN),
            *(
                _line(f"{model.replace('-', ' ').capitalize()}, typical patient", "ensemble-member",
                      _curve(238 * by, tau), model, sampling="venous")
                for model, by, tau in members
            ),
        ),
        marks=((150.0, "half of people notice psychotomimetic effects"),
               (160.0, "goal of the trial's titration"),
               (1200.0, "loss of consciousness")),
        headline="Esketamine reaches 236.9 ng/mL near 100 h (90 % of patients: 145 to 367).",
        worth=("Built from 14 data sets of mostly healthy adults, 40 to 120 kg, up to 48 h.",
               "100 h lies beyond the 48 h that were studied: read the band as twice as wide.",
               "Arterial; venous blood lies lower while the rate rises."),
        sources=("kamp-2020-anesthesiology", "otto-2021", "abuhelwa-2022"),
        reads=("secondary", "primary", "unverified"),
    )


def _over_hours(pid: str, title: str, unit: str, base: float, by: float, headline: str,
                **more: Any) -> Prediction:
    values = _scaled(_curve(1.0, 3.1), by, base)
    band = {
        "low": tuple(value - abs(by) * 0.45 for value in values),
        "high": tuple(value + abs(by) * 0.6 for value in values),
    }
    return Prediction(
        id=pid, title=title, endpoint=title.lower(), unit=unit, time_unit="h", time=HOURS,
        lines=(_line("Typical patient", "typical", values, f"{pid}-model", band=BETWEEN, **band),
               *more.get("extra", ())),
        marks=more.get("marks", ()), headline=headline,
        worth=("Fitted to volunteers at rest. Pain and other drugs change it.",),
        sources=("abuhelwa-2022",), reads=("primary",),
    )


def pain() -> Prediction:
    given = tuple(round(7.4 - 4.1 * math.exp(-day / 50) * (1 - math.exp(-day / 2)), 4)
                  for day in DAYS)
    half = tuple(round(7.4 - 2.9 * math.exp(-day / 50) * (1 - math.exp(-day / 2)), 4)
                 for day in DAYS)
    placebo = tuple(round(7.4 - 1.9 * math.exp(-day / 40), 4) for day in DAYS)
    low, high = _scaled(given, 0.6), tuple(min(10.0, v * 1.35) for v in given)
    return Prediction(
        id="pain", title="Pain score in CRPS", endpoint="numerical rating, 0 to 10", unit="point",
        time_unit="day", time=DAYS,
        lines=(
            _line("Whole course given", "both-cases", given, "dahan-2011", low=low, high=high,
                  band=BETWEEN),
            _line("Stopped at half the dose", "both-cases", half, "dahan-2011"),
            _line("Placebo arm of the trial", "comparison", placebo, "dahan-2011"),
        ),
        marks=((3.7, "half of the first score"),),
        headline="Pain falls from 7.4 to 3.5 points on day 7; by day 84 it is back at 6.6.",
        worth=("From one trial of 60 people. By week 12 it didn't differ from placebo (p=0.07).",
               "The chance of any effect is 67 %, and 23 % with placebo."),
        sources=("dahan-2011", "sigtermans-2009-pain"), reads=("primary", "primary"),
    )


def predictions() -> tuple[Prediction, ...]:
    slow = _scaled(_curve(310, 9.0), 0.9)
    norketamine = Prediction(
        id="norketamine", title="Norketamine in plasma", endpoint="plasma S-norketamine",
        unit="ng/mL", time_unit="h", time=HOURS,
        lines=(_line("Typical patient", "typical", slow, low=_scaled(slow, 0.5),
                     high=_scaled(slow, 1.7), band=BETWEEN),
               _line("Spread of three models", "ensemble-member", _scaled(slow, 1.05), "ensemble",
                     low=_scaled(slow, 0.7), high=_scaled(slow, 1.4), band="between models")),
        headline="Norketamine reaches 277.7 ng/mL near 100 h and falls more slowly.",
        worth=("Secondary transcription of the model.",), sources=("kamp-2020-anesthesiology",),
        reads=("secondary",),
    )
    pulse = _line("With a beta blocker", "comparison", _scaled(_curve(1.0, 3.1), 6, 64), "case")
    return (
        concentration(),
        norketamine,
        _over_hours("dissociation", "Dissociation", "point", 1, 24,
                    "Dissociation reaches 25 points of 76 on the CADSS.",
                    marks=((4.0, "absent or not felt below this"),)),
        _over_hours("pressure", "Systolic pressure", "mmHg", 128, 17.5,
                    "Systolic pressure rises by 17.5 mmHg to 145.4 mmHg.",
                    marks=((180.0, "stop and treat"), (160.0, "check every 5 min"))),
        _over_hours("heart-rate", "Heart rate", "1/min", 71, 11, "Heart rate rises to 82/min.",
                    extra=(pulse,)),
        pain(),
    )


def _findings() -> tuple[Finding, ...]:
    rows: list[tuple[Any, str, Any, bool | None, str, str, str, Any]] = [
        ("question", "raised intracranial pressure", "open", None,
         "Not answered. Unknown is not taken for absent.", "schwenk-2018", "table 3", "primary"),
        ("precaution", "porphyria", "disputed", None,
         "Sources disagree on whether ketamine is safe.", "napos", "from memory", "unverified"),
        ("precaution", "pregnancy", "absolute", False, "Don't give in pregnancy.",
         "schwenk-2018", "table 3", "primary"),
        ("precaution", "moderate liver disease", "relative", True,
         "Test liver enzymes before and every 1 to 2 days.", "aa-practice-2020-liver",
         "recommendation in the case report", "primary"),
        ("precaution", "active psychosis", "absolute", False, "Don't give in active psychosis.",
         "schwenk-2018", "table 3", "primary"),
        ("interaction", "lamotrigine", "inform", True,
         "May blunt the subjective effects; the change in analgesia isn't known.",
         "anand-2000", "abstract", "secondary"),
        ("interaction", "clarithromycin", "warn", True,
         "Raises oral esketamine 2.6-fold; the effect on the vein route is smaller.",
         "hagelberg-2010", "abstract", "primary"),
        ("weight", "weight is 3 weeks old", "warn", True, "Weigh again before the infusion.",
         "assuage-design", "own rule on stale weights", "design"),
        ("cumulative", "second long infusion", "warn", True,
         "41 days since the last; three of 6 had liver injury at 16 days.",
         "noppers-2011-liver", "abstract", "primary"),
    ]
    names = ("kind", "name", "grade", "present", "text", "source", "where", "read")
    return tuple(Finding(**dict(zip(names, row, strict=True))) for row in rows)


def _advice() -> tuple[Advice, ...]:
    rows: list[tuple[Any, str, str, str, str, Any]] = [
        ("staffing", "nurse", "One nurse trained in airway care for at most 4 patients.",
         "assuage-design", "own template", "design"),
        ("staffing", "physician", "A physician who can manage the airway is within 5 minutes.",
         "cohen-2018-asra-chronic", "statement on staffing", "secondary"),
        ("monitoring", "pulse oximetry", "All the time while the rate rises, then every hour.",
         "cohen-2018-asra-chronic", "statement on monitoring", "secondary"),
        ("monitoring", "blood pressure", "Every 15 min in the first hour, then every 4 h.",
         "assuage-design", "own template", "design"),
        ("test", "liver enzymes", "Before, every 1 to 2 days, and before a second course.",
         "aa-practice-2020-liver", "recommendation in the case report", "primary"),
        ("adjunct", "ondansetron", "4 mg for nausea.", "memory-antiemetic", "from memory",
         "unverified"),
        ("hold-stop", "hold", "Lower the rate for nausea, vomiting or psychomimetic effects.",
         "sigtermans-2009-pain", "abstract", "primary"),
        ("hold-stop", "stop", "Stop at enzymes 3 times the upper limit of normal.",
         "noppers-2011-liver", "abstract", "primary"),
        ("rescue", "severe agitation", "Midazolam 1 to 2 mg into the vein.", "memory-rescue",
         "from memory", "unverified"),
        ("discharge", "criteria", "Alert, walking as before and no dissociation.",
         "assuage-design", "own template", "design"),
        ("driving", "no driving", "Not until the next day after restful sleep.",
         "spravato-label", "section 5.4", "primary"),
    ]
    names = ("topic", "what", "text", "source", "where", "read")
    return tuple(Advice(**dict(zip(names, row, strict=True))) for row in rows)


def _evidence() -> tuple[Evidence, ...]:
    trial = "one randomised double-blind trial, n=60"
    rows: list[tuple[str, Any, str, str, str, Any]] = [
        ("Pain was lowest in week 1: 2.68 with S-ketamine, 5.45 with placebo.", "for", trial,
         "sigtermans-2009-pain", "abstract", "primary"),
        ("The guideline of 2018 sees moderate evidence for 22 mg/h over 4 days.", "for",
         "consensus guideline, moderate evidence", "cohen-2018-asra-chronic", "statement on CRPS",
         "secondary"),
        ("By week 12 the difference was lost (p=0.07).", "against", trial,
         "sigtermans-2009-pain", "abstract", "primary"),
        ("The Cochrane review of 2025 found no clear benefit for chronic pain.", "against",
         "Cochrane review, low to very low certainty", "ferraro-2025-cochrane",
         "summary of the review", "secondary"),
        ("Psychomimetic effects came in 76 % with S-ketamine and 18 % with placebo.", "harm",
         trial, "sigtermans-2009-pain", "abstract", "primary"),
        ("Short-term relief, with more nausea.", "neutral", "review by a national agency",
         "cadth-2024", "findings", "primary"),
    ]
    names = ("text", "direction", "strength", "source", "where", "read")
    return tuple(Evidence(**dict(zip(names, row, strict=True))) for row in rows)


CITATIONS = {
    "sigtermans-2009-pain": ("Sigtermans MJ et al. Ketamine produces effective and long-term pain "
                             "relief in CRPS-1. Pain 2009;145:304.", "10.1016/j.pain.2009.06.023"),
    "dahan-2011": ("Dahan A et al. Population pharmacokinetic-pharmacodynamic modeling of "
                   "ketamine-induced pain relief of chronic pain. Eur J Pain 2011;15:258.",
                   "10.1016/j.ejpain.2010.06.016"),
    "esketamine-injection-smpc": ("Ketanest S, summary of product characteristics.", ""),
    "kamp-2020-anesthesiology": ("Kamp J et al. Ketamine pharmacokinetics. Anesthesiology "
                                 "2020;133:1192.", "10.1097/ALN.0000000000003577"),
    "otto-2021": ("Otto ME et al. 2021.", ""),
    "abuhelwa-2022": ("Abuhelwa AY et al. 2022.", ""),
    "schwenk-2018": ("Schwenk ES et al. Consensus guidelines. Reg Anesth Pain Med 2018;43:456.",
                     "10.1097/AAP.0000000000000806"),
    "napos": ("NAPOS drug database for acute porphyria.", ""),
    "anand-2000": ("Anand A et al. Arch Gen Psychiatry 2000;57:270.", ""),
    "hagelberg-2010": ("Hagelberg NM et al. Eur J Clin Pharmacol 2010;66:625.", ""),
    "noppers-2011-liver": ("Noppers IM et al. Drug-induced liver injury. Pain 2011;152:2173.", ""),
    "aa-practice-2020-liver": ("Liver injury after ketamine. A A Pract 2020.", ""),
    "cohen-2018-asra-chronic": ("Cohen SP et al. Consensus guidelines. Reg Anesth Pain Med "
                                "2018;43:521.", "10.1097/AAP.0000000000000808"),
    "ferraro-2025-cochrane": ("Ferraro MC et al. Cochrane Database Syst Rev 2025.", ""),
    "cadth-2024": ("CADTH health technology review, 2024.", ""),
    "spravato-label": ("Spravato, US prescribing information.", ""),
    "memory-antiemetic": ("Remembered practice, no source read.", ""),
    "memory-rescue": ("Remembered practice on agitation, no source read.", ""),
    "at-smg": ("Suchtmittelgesetz (Austria).", ""),
    "assuage-design": ("Rules and assumptions of assuage itself.", ""),
}


def _references() -> tuple[Reference, ...]:
    read = {"napos": "not read: from memory", "assuage-design": "assuage's own rules"}
    return tuple(
        Reference(id=one, citation=text, doi=doi, read=read.get(one, "abstract read"), used=n % 5 + 1)
        for n, (one, (text, doi)) in enumerate(CITATIONS.items())
    )


def _regimen() -> RegimenSummary:
    return RegimenSummary(
        id="crps-inpatient-esketamine-100h", reference="CRPS-IP-S100H",
        name="CRPS, inpatient esketamine over 100 hours",
        summary="One continuous infusion of 4.2 days, raised on relief and side effects.",
        indication="complex regional pain syndrome, type 1", status="off label",
        status_fact=cited("Licensed for anaesthesia and emergency pain; CRPS is off label.",
                          "esketamine-injection-smpc", "section 4.1", "secondary"),
        drug="esketamine", drug_name="esketamine",
        drug_fact=cited("S(+)-ketamine, not the racemate. Doses don't carry over.",
                        "sigtermans-2009-pain", "abstract", "primary"),
        route="iv", variant="titrated", variant_name="Stepwise, 5 to 20 mg/h per 70 kg",
        variant_fact=cited("The trial raised the rate to suit each patient.", "assuage-design",
                           "own assumption", "design",
                           "Steps at 12, 24 and 36 h are assuage's choice."),
    )


def _syringe() -> Syringe:
    return Syringe(
        product="ketanest-s-25", product_name="Ketanest S 25 mg/mL, 10 mL ampoule",
        strength_mg_per_ml=25.0, container="50 mL syringe", concentration_mg_per_ml=5.0,
        drug_mg_each=250.0, drug_ml_each=10.0, diluent_ml_each=40.0, containers_per_session=7,
        sessions="session 1", label=("esketamine", "5 mg/mL", "250 mg in 50 mL sodium chloride "
                                     "0.9 %", "Prepared ____  Expires ____  By ____ / ____"),
        checks=("Two people read the ampoule aloud: drug, strength, expiry.",
                "The pump's library entry says esketamine 5 mg/mL.",
                "A syringe lasts 12.02 h at 20.8 mg/h; the next is ready 1 h before."),
        facts=(cited("Stable for 24 h at room temperature.", "esketamine-injection-smpc",
                     "section 6.3", "unverified"),),
    )


def _guards() -> tuple[Guard, ...]:
    common: dict[str, Any] = {"source": "assuage-design", "where": "own guardrail", "read": "design"}
    return (
        Guard(quantity="infusion_rate", unit="mg/kg/h", value=20.8 / 72.5, hard=(0, 1),
              soft=(0, 0.346), typical=0.286, verdict="within", **common),
        Guard(quantity="session_dose", unit="mg/kg", value=33.65, hard=(0, 100), soft=(0, 32),
              typical=23.5, verdict="accepted", **common),
        Guard(quantity="pump_rate", unit="mL/h", value=1.04, hard=(0.1, 200), soft=(1.1, 100),
              typical=4, verdict="below soft", **common),
    )


def _law() -> Law:
    return Law(
        place="at", place_name="Austria", date="2026-03-02",
        permission=cited("A physician may prescribe off label on their own responsibility.",
                         "at-smg", "read in a summary", "secondary"),
        controls=(cited("Esketamine isn't a scheduled narcotic.", "at-smg", "schedule list",
                        "unverified"),),
        records=(cited("Keep the treatment record for 10 years.", "at-smg", "section 51",
                       "primary"),),
    )


@cache
def plan() -> Plan:
    steps = _steps()
    total = sum(one.dose_mg for one in steps)
    return Plan(
        plan_id="plan-7f3a9c21", made_at="2026-02-27T14:05:00+01:00", assuage_version="0.1.0",
        knowledge_sha256="9f2b6c1d" * 8,
        scope="Decision support for a physician, who signs it or doesn't. Not an order, not a "
        "pump program, not for use at home.",
        setting="inpatient",
        verdict=Verdict(
            status="open questions",
            sentence="The plan can't go for signature: 2 questions have no answer.",
            open=("raised intracranial pressure was not answered",
                  "porphyria was not answered; sources disagree"),
        ),
        patient=PatientSummary(id="P-0042", weight_kg=72.5, age_years=46, sex="female",
                               height_cm=168, facts=("CRPS for 7.4 years, left hand",
                                                     "pain 7.4 of 10 at rest",
                                                     "blood pressure 128/79 mmHg, pulse 71/min")),
        regimen=_regimen(),
        sessions=(Session(number=1, day=1, date="2026-03-02", steps=steps, total_mg=total),),
        syringe=(_syringe(),),
        caps=("20 mg/h per 70 kg (20.8 mg/h here) binds from 36 h on.",
              "1 mg/kg/h, assuage's hard limit, doesn't bind."),
        guards=_guards(), findings=_findings(),
        accepted=(Accepted(code="DOSE_OVER_SOFT_LIMIT", by="Dr A. Muster", reason="partial relief "
                           "at 32 mg/kg in 2024", sentence="session dose 33.65 mg/kg is over the "
                           "soft limit of 32 mg/kg"),),
        predictions=predictions(),
        not_predicted=("Mood: no model here was built for esketamine over days.",),
        advice=_advice(),
        cumulative=Cumulative(
            this_course_mg=total, this_course_h=100, past_mg=1510.5, past_courses=1,
            days_since_last=41, text="Second long infusion; 41 days is beyond the 16 that injured.",
            rules=(cited("Three of 6 people given two 100-h infusions 16 days apart had liver "
                         "injury.", "noppers-2011-liver", "abstract", "primary"),),
        ),
        evidence=_evidence(),
        cautions=(cited("Whether the 2.0 beside the mean rate is a standard deviation wasn't said.",
                        "sigtermans-2009-pain", "abstract", "primary"),),
        gaps=(cited("The size and times of the trial's steps were not read.",
                    "sigtermans-2009-pain", "not in the abstract", "primary"),
              cited("Trial rates of 1.2 rising to 7.2 microgram/kg/min are remembered.",
                    "sigtermans-2009-pain", "from memory", "unverified", "Not confirmed.")),
        law=_law(), references=_references(),
    )


def outpatient_plan() -> Plan:
    """Return a plan of ten short days with a bolus, an as-needed step and the racemate."""
    def step(kind: Any, start: float, hours: float | None, mg: float, as_needed: bool) -> Step:
        rate = mg / hours if hours else None
        return Step(
            kind=kind, start_h=start, duration_h=hours, dose_mg=mg, rate_mg_per_h=rate,
            rate_mg_per_kg_per_h=rate / 72.5 if rate else None,
            rate_ug_per_kg_per_min=rate / 72.5 / 0.06 if rate else None,
            rate_ml_per_h=None, volume_ml=None, as_needed=as_needed, cap_binds=False,
            rule=f"{kind} of the trial", source="dahan-2011", where="methods", read="unverified",
        )

    steps = (step("bolus", 0, None, 10.15, False), step("infusion", 2 / 3, 4, 101.5, False),
             step("bolus", 5, None, 5, True))
    days = [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]
    sessions = [
        Session(number=n, day=day, date=f"2026-03-{day + 1:02}", steps=steps, total_mg=116.65)
        for n, day in enumerate(days, start=1)
    ]
    last = Session(number=11, day=15, date=None, steps=steps[1:2], total_mg=101.5)
    regimen = plan().regimen.model_copy(
        update={"drug": "racemic-ketamine", "drug_name": "racemic ketamine"}
    )
    return plan().model_copy(update={"sessions": (*sessions, last), "regimen": regimen})
