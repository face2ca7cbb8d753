"""Studies for the tests: a short protocol, its data, and the events of a record around them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assuage.evidence.study import facts
from assuage.evidence.study.commands import read_for
from assuage.evidence.study.data import Data
from assuage.evidence.study.protocol import Study, parse
from assuage.evidence.study.results import Results, work_out
from care.world import in_memory

HEAD = """
id = "small"
title = "A small study"
population = "Everybody"
alpha = 0.05
blinding = "not collected"
dissociation = "not collected"
columns = { participant = "id", covariates = ["sex"], events = { rescue = "rescue_day" } }
arm = [
  { id = "placebo", name = "Placebo", text = "saline", control = true },
  { id = "drug", name = "Drug", text = "the drug" },
]
visit = [
  { id = "start", name = "Start", day = 0, baseline = true },
  { id = "v1", name = "Visit 1", day = 7 },
  { id = "v2", name = "Visit 2", day = 14 },
]
"""
PAIN = '[[outcome]]\nid = "pain"\nname = "Pain"\nrole = "primary"\nbetter = "lower"\n'
ESTIMAND = """
[[estimand]]
id = "pain-v1"
population = "Everybody"
variable = { outcome = "pain", measure = "value", visit = "v1" }
treatments = [{ arm = "drug", text = "drug" }, { arm = "placebo", text = "saline" }]
reference = "placebo"
events = [{ name = "rescue", strategy = "treatment-policy" }]
summary = "difference-in-means"
"""
MMRM = 'how = { method = "mmrm", model = "value ~ arm * visit + baseline * visit" }\n'
ANALYSIS = '[[analysis]]\nid = "main"\nestimand = "pain-v1"\n'
TEXT = HEAD + PAIN + ESTIMAND + ANALYSIS + MMRM
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OUTCOMES = ("pain", "mood", "sleep", "note")


def outcome(column: str, role: str) -> str:
    return f'[[outcome]]\nid = "{column}"\nname = "The {column}"\nrole = "{role}"\n'


def text(roles: dict[str, str]) -> str:
    """Return a protocol in which further columns have these roles."""
    more = "".join(outcome(*one) for one in roles.items())
    return HEAD + PAIN + more + ESTIMAND + ANALYSIS + MMRM


def rows(people: int = 12, columns: Sequence[str] = OUTCOMES) -> list[dict[str, str]]:
    """Return the rows of a study; the numbers are made up, and the same each time."""
    found = []
    for number in range(people):
        for visit in range(3):
            shift = 2 if number % 2 and visit else 0
            value = (number * 7 + visit * 5) % 6 + 4 - shift
            told = {"pain": value, "mood": value * 2 % 9, "sleep": (value * 5) % 7}
            found.append(
                {
                    "id": f"p{number}",
                    "arm": "drug" if number % 2 else "placebo",
                    "visit": ("start", "v1", "v2")[visit],
                    "sex": "woman" if number % 3 else "man",
                    "rescue_day": "",
                    **{
                        one: ("good" if value % 2 else "bad") if one == "note" else str(told[one])
                        for one in columns
                    },
                }
            )
    return found


def locked(*texts: str, unblinded: bool | int = True) -> facts.Study:
    """Return a study whose protocols were locked one after the other.

    `unblinded` True is after all of them; a number is after so many.
    """
    view = facts.Study()
    before = ""
    after = len(texts) if unblinded is True else unblinded
    for number, one in enumerate(texts, start=1):
        study = parse(one, "a test")
        columns = tuple(column for held in study.protocol.outcome for column in held.held_in)
        fact = facts.ProtocolLocked(
            digest=study.digest,
            protocol=one,
            collected=columns,
            replaces=before,
            reason="a reason" if before else "",
        )
        _add(view, fact)
        before = study.digest
        if number == after:
            _add(
                view,
                facts.StudyUnblinded(
                    digest="0" * 64, file="then.csv", columns=("id",), rows=3, protocol=before
                ),
            )
    return view


def _add(view: facts.Study, fact: facts.ProtocolLocked | facts.StudyUnblinded) -> None:
    number = len(view.events) + 1
    at = START + timedelta(days=number)
    told = facts.Happened(fact, at, "ines", "passphrase", number, bytes([number]) * 32)
    view.events.append(told)


def data(view: facts.Study, told: Iterable[dict[str, str]]) -> Data:
    """Return data as a report reads them from a file."""
    told = list(told)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(told[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(told)
        return read_for(in_memory().record, view, path, blinded=view.unblinded is None)


def results(view: facts.Study, told: Iterable[dict[str, str]]) -> Results:
    """Return a study's results."""
    return work_out(parse(view.in_force.protocol, "a test"), view, data(view, told))


def study(whole: str = TEXT) -> Study:
    return parse(whole, "a test")
