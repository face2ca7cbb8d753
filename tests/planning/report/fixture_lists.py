"""The lists of the fixture: findings, advice, evidence and sources."""

from typing import Any

from assuage.planning.document import Advice, Evidence, Finding, Reference


def findings() -> tuple[Finding, ...]:
    rows: list[tuple[Any, str, Any, bool | None, str, str, str, Any]] = [
        (
            "question",
            "raised intracranial pressure",
            "open",
            None,
            "Not answered. Unknown is not taken for absent.",
            "schwenk-2018",
            "table 3",
            "primary",
        ),
        (
            "precaution",
            "porphyria",
            "disputed",
            None,
            "Sources disagree on whether ketamine is safe.",
            "napos",
            "from memory",
            "unverified",
        ),
        (
            "precaution",
            "pregnancy",
            "absolute",
            False,
            "Don't give in pregnancy.",
            "schwenk-2018",
            "table 3",
            "primary",
        ),
        (
            "precaution",
            "moderate liver disease",
            "relative",
            True,
            "Test liver enzymes before and every 1 to 2 days.",
            "aa-practice-2020-liver",
            "recommendation in the case report",
            "primary",
        ),
        (
            "precaution",
            "active psychosis",
            "absolute",
            False,
            "Don't give in active psychosis.",
            "schwenk-2018",
            "table 3",
            "primary",
        ),
        (
            "interaction",
            "lamotrigine",
            "inform",
            True,
            "May blunt the subjective effects; the change in analgesia isn't known.",
            "anand-2000",
            "abstract",
            "secondary",
        ),
        (
            "interaction",
            "clarithromycin",
            "warn",
            True,
            "Raises oral esketamine 2.6-fold; the effect on the vein route is smaller.",
            "hagelberg-2010",
            "abstract",
            "primary",
        ),
        (
            "weight",
            "weight is 3 weeks old",
            "warn",
            True,
            "Weigh again before the infusion.",
            "assuage-design",
            "own rule on stale weights",
            "design",
        ),
        (
            "cumulative",
            "second long infusion",
            "warn",
            True,
            "41 days since the last; three of 6 had liver injury at 16 days.",
            "noppers-2011-liver",
            "abstract",
            "primary",
        ),
    ]
    names = ("kind", "name", "grade", "present", "text", "source", "where", "read")
    return tuple(Finding(**dict(zip(names, row, strict=True))) for row in rows)


def advice() -> tuple[Advice, ...]:
    rows: list[tuple[Any, str, str, str, str, Any]] = [
        (
            "staffing",
            "nurse",
            "One nurse trained in airway care for at most 4 patients.",
            "assuage-design",
            "own template",
            "design",
        ),
        (
            "staffing",
            "physician",
            "A physician who can manage the airway is within 5 minutes.",
            "cohen-2018-asra-chronic",
            "statement on staffing",
            "secondary",
        ),
        (
            "monitoring",
            "pulse oximetry",
            "All the time while the rate rises, then every hour.",
            "cohen-2018-asra-chronic",
            "statement on monitoring",
            "secondary",
        ),
        (
            "monitoring",
            "blood pressure",
            "Every 15 min in the first hour, then every 4 h.",
            "assuage-design",
            "own template",
            "design",
        ),
        (
            "test",
            "liver enzymes",
            "Before, every 1 to 2 days, and before a second course.",
            "aa-practice-2020-liver",
            "recommendation in the case report",
            "primary",
        ),
        (
            "adjunct",
            "ondansetron",
            "4 mg for nausea.",
            "memory-antiemetic",
            "from memory",
            "unverified",
        ),
        (
            "hold-stop",
            "hold",
            "Lower the rate for nausea, vomiting or psychomimetic effects.",
            "sigtermans-2009-pain",
            "abstract",
            "primary",
        ),
        (
            "hold-stop",
            "stop",
            "Stop at enzymes 3 times the upper limit of normal.",
            "noppers-2011-liver",
            "abstract",
            "primary",
        ),
        (
            "rescue",
            "severe agitation",
            "Midazolam 1 to 2 mg into the vein.",
            "memory-rescue",
            "from memory",
            "unverified",
        ),
        (
            "discharge",
            "criteria",
            "Alert, walking as before and no dissociation.",
            "assuage-design",
            "own template",
            "design",
        ),
        (
            "driving",
            "no driving",
            "Not until the next day after restful sleep.",
            "spravato-label",
            "section 5.4",
            "primary",
        ),
    ]
    names = ("topic", "what", "text", "source", "where", "read")
    return tuple(Advice(**dict(zip(names, row, strict=True))) for row in rows)


def evidence() -> tuple[Evidence, ...]:
    trial = "one randomised double-blind trial, n=60"
    rows: list[tuple[str, Any, str, str, str, Any]] = [
        (
            "Pain was lowest in week 1: 2.68 with S-ketamine, 5.45 with placebo.",
            "for",
            trial,
            "sigtermans-2009-pain",
            "abstract",
            "primary",
        ),
        (
            "The guideline of 2018 sees moderate evidence for 22 mg/h over 4 days.",
            "for",
            "consensus guideline, moderate evidence",
            "cohen-2018-asra-chronic",
            "statement on CRPS",
            "secondary",
        ),
        (
            "By week 12 the difference was lost (p=0.07).",
            "against",
            trial,
            "sigtermans-2009-pain",
            "abstract",
            "primary",
        ),
        (
            "The Cochrane review of 2025 found no clear benefit for chronic pain.",
            "against",
            "Cochrane review, low to very low certainty",
            "ferraro-2025-cochrane",
            "summary of the review",
            "secondary",
        ),
        (
            "Psychomimetic effects came in 76 % with S-ketamine and 18 % with placebo.",
            "harm",
            trial,
            "sigtermans-2009-pain",
            "abstract",
            "primary",
        ),
        (
            "Short-term relief, with more nausea.",
            "neutral",
            "review by a national agency",
            "cadth-2024",
            "findings",
            "primary",
        ),
    ]
    names = ("text", "direction", "strength", "source", "where", "read")
    return tuple(Evidence(**dict(zip(names, row, strict=True))) for row in rows)


CITATIONS = {
    "sigtermans-2009-pain": (
        "Sigtermans MJ et al. Ketamine produces effective and long-term pain "
        "relief in CRPS-1. Pain 2009;145:304.",
        "10.1016/j.pain.2009.06.023",
    ),
    "dahan-2011": (
        "Dahan A et al. Population pharmacokinetic-pharmacodynamic modeling of "
        "ketamine-induced pain relief of chronic pain. Eur J Pain 2011;15:258.",
        "10.1016/j.ejpain.2010.06.016",
    ),
    "esketamine-injection-smpc": ("Ketanest S, summary of product characteristics.", ""),
    "kamp-2020-anesthesiology": (
        "Kamp J et al. Ketamine pharmacokinetics. Anesthesiology 2020;133:1192.",
        "10.1097/ALN.0000000000003577",
    ),
    "otto-2021": ("Otto ME et al. 2021.", ""),
    "abuhelwa-2022": ("Abuhelwa AY et al. 2022.", ""),
    "schwenk-2018": (
        "Schwenk ES et al. Consensus guidelines. Reg Anesth Pain Med 2018;43:456.",
        "10.1097/AAP.0000000000000806",
    ),
    "napos": ("NAPOS drug database for acute porphyria.", ""),
    "anand-2000": ("Anand A et al. Arch Gen Psychiatry 2000;57:270.", ""),
    "hagelberg-2010": ("Hagelberg NM et al. Eur J Clin Pharmacol 2010;66:625.", ""),
    "noppers-2011-liver": ("Noppers IM et al. Drug-induced liver injury. Pain 2011;152:2173.", ""),
    "aa-practice-2020-liver": ("Liver injury after ketamine. A A Pract 2020.", ""),
    "cohen-2018-asra-chronic": (
        "Cohen SP et al. Consensus guidelines. Reg Anesth Pain Med 2018;43:521.",
        "10.1097/AAP.0000000000000808",
    ),
    "ferraro-2025-cochrane": ("Ferraro MC et al. Cochrane Database Syst Rev 2025.", ""),
    "cadth-2024": ("CADTH health technology review, 2024.", ""),
    "spravato-label": ("Spravato, US prescribing information.", ""),
    "memory-antiemetic": ("Remembered practice, no source read.", ""),
    "memory-rescue": ("Remembered practice on agitation, no source read.", ""),
    "at-smg": ("Suchtmittelgesetz (Austria).", ""),
    "assuage-design": ("Rules and assumptions of assuage itself.", ""),
}


def references() -> tuple[Reference, ...]:
    read = {"napos": "not read: from memory", "assuage-design": "assuage's own rules"}
    return tuple(
        Reference(
            id=one, citation=text, doi=doi, read=read.get(one, "abstract read"), used=n % 5 + 1
        )
        for n, (one, (text, doi)) in enumerate(CITATIONS.items())
    )
