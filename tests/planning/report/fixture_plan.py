"""A plan of the size and shape of a real one: esketamine over 100 h for CRPS.

Its curves are made of simple formulas, not of a model. The texts are shortened from knowledge/.
"""

from functools import cache
from typing import Any

from fixture_curves import predictions, rates
from fixture_lists import advice, evidence, findings, references

from assuage.planning.document import (
    Accepted,
    Cited,
    Cumulative,
    Guard,
    Law,
    PatientSummary,
    Plan,
    RegimenSummary,
    Session,
    Step,
    Syringe,
    Verdict,
)


def cited(text: str, source: str, where: str, read: Any, note: str = "") -> Cited:
    return Cited(text=text, source=source, where=where, read=read, note=note)


def _steps() -> tuple[Step, ...]:
    made = []
    for start, hours, rate in rates():
        published = start in (0.0, 36.0)
        made.append(
            Step(
                kind="infusion",
                start_h=start,
                duration_h=hours,
                dose_mg=rate * hours,
                rate_mg_per_h=rate,
                rate_mg_per_kg_per_h=rate / 72.5,
                rate_ug_per_kg_per_min=rate / 72.5 / 60 * 1000,
                rate_ml_per_h=rate / 5,
                volume_ml=rate * hours / 5,
                as_needed=False,
                cap_binds=start == 36.0,
                rule=f"{rate / 72.5 * 70:.0f} mg/h per 70 kg, scaled to 72.5 kg"
                + ("; capped at 20.8 mg/h" if start == 36.0 else ""),
                source="dahan-2011" if published else "assuage-design",
                where="abstract" if published else "own assumption",
                read="primary" if published else "design",
            )
        )
    return tuple(made)


def _regimen() -> RegimenSummary:
    return RegimenSummary(
        id="crps-inpatient-esketamine-100h",
        reference="CRPS-IP-S100H",
        name="CRPS, inpatient esketamine over 100 hours",
        summary="One continuous infusion of 4.2 days, raised on relief and side effects.",
        indication="complex regional pain syndrome, type 1",
        status="off label",
        status_fact=cited(
            "Licensed for anaesthesia and emergency pain; CRPS is off label.",
            "esketamine-injection-smpc",
            "section 4.1",
            "secondary",
        ),
        drug="esketamine",
        drug_name="esketamine",
        drug_fact=cited(
            "S(+)-ketamine, not the racemate. Doses don't carry over.",
            "sigtermans-2009-pain",
            "abstract",
            "primary",
        ),
        route="iv",
        variant="titrated",
        variant_name="Stepwise, 5 to 20 mg/h per 70 kg",
        variant_fact=cited(
            "The trial raised the rate to suit each patient.",
            "assuage-design",
            "own assumption",
            "design",
            "Steps at 12, 24 and 36 h are assuage's choice.",
        ),
    )


def _syringe() -> Syringe:
    return Syringe(
        product="ketanest-s-25",
        product_name="Ketanest S 25 mg/mL, 10 mL ampoule",
        strength_mg_per_ml=25.0,
        container="50 mL syringe",
        concentration_mg_per_ml=5.0,
        drug_mg_each=250.0,
        drug_ml_each=10.0,
        diluent_ml_each=40.0,
        containers_per_session=7,
        sessions="session 1",
        label=(
            "esketamine",
            "5 mg/mL",
            "250 mg in 50 mL sodium chloride 0.9 %",
            "Prepared ____  Expires ____  By ____ / ____",
        ),
        checks=(
            "Two people read the ampoule aloud: drug, strength, expiry.",
            "The pump's library entry says esketamine 5 mg/mL.",
            "A syringe lasts 12.02 h at 20.8 mg/h; the next is ready 1 h before.",
        ),
        facts=(
            cited(
                "Stable for 24 h at room temperature.",
                "esketamine-injection-smpc",
                "section 6.3",
                "unverified",
            ),
        ),
    )


def _guards() -> tuple[Guard, ...]:
    common: dict[str, Any] = {
        "source": "assuage-design",
        "where": "own guardrail",
        "read": "design",
    }
    return (
        Guard(
            quantity="infusion_rate",
            unit="mg/kg/h",
            value=20.8 / 72.5,
            hard=(0, 1),
            soft=(0, 0.346),
            typical=0.286,
            verdict="within",
            **common,
        ),
        Guard(
            quantity="session_dose",
            unit="mg/kg",
            value=33.65,
            hard=(0, 100),
            soft=(0, 32),
            typical=23.5,
            verdict="accepted",
            **common,
        ),
        Guard(
            quantity="pump_rate",
            unit="mL/h",
            value=1.04,
            hard=(0.1, 200),
            soft=(1.1, 100),
            typical=4,
            verdict="below soft",
            **common,
        ),
    )


def _law() -> Law:
    return Law(
        place="at",
        place_name="Austria",
        date="2026-03-02",
        permission=cited(
            "A physician may prescribe off label on their own responsibility.",
            "at-smg",
            "read in a summary",
            "secondary",
        ),
        controls=(
            cited(
                "Esketamine isn't a scheduled narcotic.", "at-smg", "schedule list", "unverified"
            ),
        ),
        records=(
            cited("Keep the treatment record for 10 years.", "at-smg", "section 51", "primary"),
        ),
    )


@cache
def plan() -> Plan:
    steps = _steps()
    total = sum(one.dose_mg for one in steps)
    return Plan(
        plan_id="plan-7f3a9c21",
        made_at="2026-02-27T14:05:00+01:00",
        assuage_version="0.1.0",
        knowledge_sha256="9f2b6c1d" * 8,
        scope="Decision support for a physician, who signs it or doesn't. Not an order, not a "
        "pump program, not for use at home.",
        setting="inpatient",
        verdict=Verdict(
            status="open questions",
            sentence="The plan can't go for signature: 2 questions have no answer.",
            open=(
                "raised intracranial pressure was not answered",
                "porphyria was not answered; sources disagree",
            ),
        ),
        patient=PatientSummary(
            id="P-0042",
            weight_kg=72.5,
            age_years=46,
            sex="female",
            height_cm=168,
            facts=(
                "CRPS for 7.4 years, left hand",
                "pain 7.4 of 10 at rest",
                "blood pressure 128/79 mmHg, pulse 71/min",
            ),
        ),
        regimen=_regimen(),
        sessions=(Session(number=1, day=1, date="2026-03-02", steps=steps, total_mg=total),),
        syringe=(_syringe(),),
        caps=(
            "20 mg/h per 70 kg (20.8 mg/h here) binds from 36 h on.",
            "1 mg/kg/h, assuage's hard limit, doesn't bind.",
        ),
        guards=_guards(),
        findings=findings(),
        accepted=(
            Accepted(
                code="DOSE_OVER_SOFT_LIMIT",
                by="Dr A. Muster",
                reason="partial relief at 32 mg/kg in 2024",
                sentence="session dose 33.65 mg/kg is over the soft limit of 32 mg/kg",
            ),
        ),
        predictions=predictions(),
        not_predicted=("Mood: no model here was built for esketamine over days.",),
        advice=advice(),
        cumulative=Cumulative(
            this_course_mg=total,
            this_course_h=100,
            past_mg=1510.5,
            past_courses=1,
            days_since_last=41,
            text="Second long infusion; 41 days is beyond the 16 that injured.",
            rules=(
                cited(
                    "Three of 6 people given two 100-h infusions 16 days apart had liver injury.",
                    "noppers-2011-liver",
                    "abstract",
                    "primary",
                ),
            ),
        ),
        evidence=evidence(),
        cautions=(
            cited(
                "Whether the 2.0 beside the mean rate is a standard deviation wasn't said.",
                "sigtermans-2009-pain",
                "abstract",
                "primary",
            ),
        ),
        gaps=(
            cited(
                "The size and times of the trial's steps were not read.",
                "sigtermans-2009-pain",
                "not in the abstract",
                "primary",
            ),
            cited(
                "Trial rates of 1.2 rising to 7.2 microgram/kg/min are remembered.",
                "sigtermans-2009-pain",
                "from memory",
                "unverified",
                "Not confirmed.",
            ),
        ),
        law=_law(),
        references=references(),
    )


def outpatient_plan() -> Plan:
    """Return a plan of ten short days with a bolus, an as-needed step and the racemate."""

    def step(kind: Any, start: float, hours: float | None, mg: float, as_needed: bool) -> Step:
        rate = mg / hours if hours else None
        return Step(
            kind=kind,
            start_h=start,
            duration_h=hours,
            dose_mg=mg,
            rate_mg_per_h=rate,
            rate_mg_per_kg_per_h=rate / 72.5 if rate else None,
            rate_ug_per_kg_per_min=rate / 72.5 / 0.06 if rate else None,
            rate_ml_per_h=None,
            volume_ml=None,
            as_needed=as_needed,
            cap_binds=False,
            rule=f"{kind} of the trial",
            source="dahan-2011",
            where="methods",
            read="unverified",
        )

    steps = (
        step("bolus", 0, None, 10.15, False),
        step("infusion", 2 / 3, 4, 101.5, False),
        step("bolus", 5, None, 5, True),
    )
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


# What a browser, typst, a terminal or matplotlib would obey if it were ever taken for markup.
HOSTILE = (
    '<script>alert("a")</script>',
    "#set page(fill: red)",
    "$x^2$ $",
    "*bold* _it_",
    "@ref <lab>",
    "\\u{41} \\frac",
    "[bold red]x[/]",
    "{{ 7 * 7 }} {% raw %}",
    "]]> -->",
    "javascript:alert(1)",
)


def _hostile(tree: Any, key: str = "") -> Any:
    """Return the dump of a plan with the hostile text put behind every free text."""
    match tree:
        case dict():
            return {name: _hostile(value, name) for name, value in tree.items()}
        case list() | tuple():
            return [_hostile(value, key) for value in tree]
        case str() if key in FREE_TEXT:
            return f"{tree} {' '.join(HOSTILE)}"
    return tree


FREE_TEXT = {
    *("scope", "setting", "sentence", "open", "facts", "name", "summary", "indication", "text"),
    *("note", "where", "rule", "sessions", "label", "checks", "title", "endpoint", "headline"),
    *("worth", "caps", "by", "reason", "what", "strength", "citation", "read_words", "place_name"),
    *("not_predicted", "product_name", "container", "variant_name", "band", "sampling", "doi"),
    *("signatures", "status_text", "drug_name", "model"),
}


def hostile_plan() -> Plan:
    dumped = plan().model_dump()
    sessions = dumped["sessions"]
    tree = _hostile(dumped)
    for one, kept in zip(tree["sessions"], sessions, strict=True):
        one["number"], one["day"] = kept["number"], kept["day"]
    return Plan.model_validate(tree)


def texts(tree: Any, key: str = "") -> set[str]:
    """Return every free text of a plan's dump."""
    match tree:
        case dict():
            return set().union(*(texts(value, name) for name, value in tree.items()))
        case list() | tuple():
            return set().union(*(texts(value, key) for value in tree))
        case str() if tree and key not in CODES:
            return {tree}
    return set()


# Codes that the report puts in its own words.
CODES = {
    "status",
    "grade",
    "kind",
    "role",
    "topic",
    "direction",
    "read",
    "format",
    "time_unit",
    "unit",
    "quantity",
    "verdict",
    "source",
    "sources",
    "reads",
}
