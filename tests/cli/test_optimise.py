"""What `assuage optimise` prints and writes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from command import run

BASE = [
    *("optimise", "--family", "crps-outpatient-10d", "--place", "GB", "--product", "ketamine-10"),
    *("--weight", "70 kg", "--age", "46 y", "--rate", "12..24 mg/h by 6 mg/h", "--days", "2..10"),
    *("--hours", "2..4 h by 2 h"),
]
LIMITS = ["--max-dissociation", "10 %", "--max-pressure", "20 mmHg"]


def test_the_json_holds_the_hypothesis_and_its_limits() -> None:
    ran = run(*BASE, *LIMITS, "--json")
    assert ran.err == ""
    found = ran.json
    assert found["format"] == "assuage-optimise/1"
    assert "no recommendation" in found["scope"]
    assert found["best"]["marked_dissociation_percent"] <= 10
    assert found["best"]["pressure_mmhg"] <= 20
    assert found["open"]
    assert found["command"] == ""


def test_the_csv_is_the_same_to_a_file_and_to_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    assert run(*BASE, *LIMITS, "--csv", str(path)).status == 0
    assert path.read_text() == run(*BASE, *LIMITS, "--csv", "-").out
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert rows[0]["standing"] == "best"


def test_the_terminal_says_what_it_is_worth() -> None:
    ran = run(*BASE, *LIMITS)
    assert ran.status == 0
    for text in ("hypothesis", "Why the next best lost", "Frontier", "What it is worth"):
        assert text in ran.out


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([], "OPTION_MISSING"),
        (["--max-dissociation", "10 %"], "OPTION_MISSING"),
        (["--max-dissociation", "none", "--max-pressure", "none"], "OPTION_CONFLICT"),
        (["--max-dissociation", "nan %", "--max-pressure", "20 mmHg"], "QUANTITY_AMBIGUOUS"),
        ([*LIMITS, "--max-total", "1000"], "QUANTITY_UNIT_MISSING"),
        ([*LIMITS, "--max-hours", "inf h"], "QUANTITY_AMBIGUOUS"),
        ([*LIMITS, "--rate", "60..90 mg/h"], "DOSE_OVER_HARD_LIMIT"),
        ([*LIMITS, "--goal", "best"], "VALUE_NOT_ALLOWED"),
        ([*LIMITS, "--family", "crps-coma"], "RESEARCH_LOCK"),
        ([*LIMITS, "--family", "depression-iv"], "MODEL_UNSUITABLE"),
        ([*LIMITS, "--family", "crps-outpatient-10d:none"], "VALUE_NOT_ALLOWED"),
        ([*LIMITS, "--json", "--csv", "-"], "OPTION_CONFLICT"),
    ],
)
def test_what_is_refused(more: list[str], code: str) -> None:
    ran = run(*BASE, *more)
    assert ran.status == 2
    assert f" {code}:" in ran.err
