"""What `assuage target` prints and writes."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command import run

ASKED = [
    *("target", "--model", "simons-2022", "--effect", "olofsen-2022-dissociation"),
    *("--target", "100 ng/mL", "--hold", "1 h", "--weight", "70 kg", "--age", "30 y"),
    *("--concentration", "2 mg/mL", "--pump-step", "0.1 mL/h", "--pump-max", "1200 mL/h"),
]
FEW = ["--max-changes", "2"]


def test_the_table_to_key_in_is_whole() -> None:
    found = run(*ASKED, *FEW)
    assert found.status == 0
    rows = run(*ASKED, *FEW, "--json").json["rows"]
    assert len(rows) == 4
    for row in rows:
        (line,) = [one for one in found.out.splitlines() if one.startswith(_clock(row["time_h"]))]
        shown = line.split()
        assert float(shown[1]) == row["rate_ml_per_h"]
        assert float(shown[2]) == row["rate_mg_per_h"]
    assert "keyed in by a person" in found.out.replace("\n", " ")
    assert "For 70 kg, 30 y; arterial levels" in found.out


def _clock(hours: float) -> str:
    seconds = round(hours * 3600)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d} "


@pytest.mark.parametrize("more", [[], FEW])
def test_json_holds_the_schedule_and_its_worth(more: list[str]) -> None:
    found = run(*ASKED, *more, "--json").json
    assert found["drives_a_pump"] is False
    assert found["level_of"] == "esketamine"
    assert found["limits"]
    assert found["rows"][-1]["rate_ml_per_h"] == 0
    assert found["rows"][-1]["given_ml"] == pytest.approx(found["total_ml"])
    assert (found["few_changes"] is None) == (not more)
    for series in found["series"]:
        assert "between patients" in series["band"]
        parts = (series["low"], series["typical"], series["high"])
        assert all(len(one) == len(series["time_h"]) == 361 for one in parts)


def test_csv_is_the_same_schedule(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    assert run(*ASKED, "--csv", str(file)).status == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    expected = run(*ASKED, "--json").json["rows"]
    assert [float(row["rate_ml_per_h"]) for row in rows] == [
        one["rate_ml_per_h"] for one in expected
    ]
    held = run(*ASKED, "--json").json
    assert {row["drug"] for row in rows} == {held["syringe_holds"]}
    assert {float(row["concentration_mg_per_ml"]) for row in rows} == {
        held["concentration_mg_per_ml"]
    }
    assert f"{held['weight_kg']:g} kg" in ASKED
    assert f"{held['age_years']:g} y" in ASKED
    printed = run(*ASKED, "--csv", "-")
    assert list(csv.DictReader(io.StringIO(printed.out))) == rows
    assert "warning: " in printed.err


def test_a_chart_is_an_svg(tmp_path: Path) -> None:
    file = tmp_path / "levels.svg"
    assert run(*ASKED, *FEW, "--plot", str(file)).status == 0
    text = file.read_text()
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314
    assert "ketamine, target " in text
    assert all(one in text for one in ASKED if one.endswith((" kg", " y")))


def test_a_long_schedule_says_where_the_rest_is() -> None:
    fine = [one if one != "0.1 mL/h" else "0.01 mL/h" for one in ASKED]
    assert "--max-changes fewer" in run(*fine).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--json", "--csv", "-"], "OPTION_CONFLICT"),
        (["--plot", "levels.png"], "VALUE_NOT_ALLOWED"),
        (["--plasma"], "OPTION_CONFLICT"),
        (["--dose-max", "2 mg"], "TARGET_UNREACHABLE"),
        (["--max-changes", "99"], "QUANTITY_IMPLAUSIBLE"),
        (["--max-changes", "2", "--overshoot", "nan"], "QUANTITY_IMPLAUSIBLE"),
        (["--pump-step", "0,1 mL/h"], "QUANTITY_AMBIGUOUS"),
        (["--drug", "lidocaine"], "VALUE_NOT_ALLOWED"),
    ],
)
def test_what_can_not_be_done_is_one_refusal(words: list[str], code: str) -> None:
    if words[0] == "--json":
        found = run(*ASKED, *words)
        assert found.status == 2
        assert code in found.err
        return
    assert run(*ASKED, *words).code == code
