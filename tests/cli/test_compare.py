"""What `assuage compare` prints and writes."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command import run

PATIENT = str(Path(__file__).parents[2] / "examples" / "crps-inpatient.toml")
BOTH = [
    *("compare", "crps-outpatient-10d", "crps-inpatient-esketamine-100h", "crps-coma"),
    *("--place", "NL", "--product", "ketamine-10", "--product", "esketamine-5"),
]
ASKED = [*BOTH, "--patient", PATIENT]


def test_a_refused_regimen_is_in_the_json() -> None:
    found = run(*ASKED, "--json").json
    assert found["format"] == "assuage-compare/1"
    assert [one["status"] for one in found["columns"]][2] == "refused"
    assert found["columns"][2]["refusal"]["code"] == "RESEARCH_LOCK"
    assert {row["id"] for row in found["rows"]} >= {"relief", "dissociation", "chair", "drug-cost"}
    assert found["rows"][-1]["cells"][0]["value"] is None


def test_files_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*ASKED, "--plot", "both.svg", "--csv", "both.csv", "--json")
    assert ran.status == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["both.csv", "both.svg"]
    ET.fromstring((tmp_path / "both.svg").read_bytes())  # noqa: S314
    rows = list(csv.DictReader(io.StringIO((tmp_path / "both.csv").read_text())))
    assert len(rows) == 3 * len(ran.json["rows"])
    assert (tmp_path / "both.csv").read_text() == run(*ASKED, "--csv", "-").out


def test_the_table_names_every_regimen_and_its_refusal() -> None:
    ran = run(*ASKED)
    assert ran.status == 0
    for text in ("crps-coma", "RESEARCH_LOCK", "Pain relief", "How strong the evidence is"):
        assert text in ran.out


def test_options_stand_for_a_patient_file_and_prices_are_the_users() -> None:
    ran = run(
        *("compare", "crps-outpatient-10d:ceiling", "crps-outpatient-10d:stepped"),
        *("--weight", "70 kg", "--age", "46 y", "--place", "GB", "--product", "ketamine-10"),
        *("--price", "ketamine-10: 4.50 EUR per container", "--chair-cost", "60 EUR/h"),
        *("--observe", "30 min", "--date", "2026-11-23", "--json"),
    )
    rows = {row["id"]: row["cells"] for row in ran.json["rows"]}
    assert rows["drug-cost"][0]["text"] == "45.00 EUR"
    # source: 10 sessions of 4 h, each watched for half an hour more
    assert rows["chair"][0]["value"] == 45.0
    assert rows["chair-cost"][0]["text"] == "2700.00 EUR"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--price", "ketamine-10: 4,50 EUR per container"], "QUANTITY_AMBIGUOUS"),
        (["--price", "ketamine-10: nan EUR per container"], "QUANTITY_AMBIGUOUS"),
        (["--chair-cost", "60"], "QUANTITY_AMBIGUOUS"),
        (["--observe", "60"], "QUANTITY_UNIT_MISSING"),
        (["--weight", "nan kg"], "QUANTITY_AMBIGUOUS"),
        (["--plot", "x.png"], "VALUE_NOT_ALLOWED"),
        (["--json", "--csv", "-"], "OPTION_CONFLICT"),
        (["--date", "tomorrow"], "VALUE_NOT_ALLOWED"),
        (["--accept", "DOSE_OVER_SOFT_LIMIT"], "OPTION_MISSING"),
        (["crps-outpatient-10d"], "OPTION_CONFLICT"),
    ],
)
def test_what_is_refused(more: list[str], code: str) -> None:
    ran = run(*ASKED, *more)
    assert code in ran.err
    assert ran.status == 2


def test_one_regimen_is_no_comparison() -> None:
    assert run("compare", "crps-outpatient-10d", "--place", "GB").code == "OPTION_MISSING"
