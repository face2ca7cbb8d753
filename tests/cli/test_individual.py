"""What `assuage individual` prints and writes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from command import run

WHO = ["individual", "--weight", "70 kg", "--age", "35 y", "--draws", "400"]
LEVELS = [
    *WHO,
    *("--model", "otto-2021", "--give", "10 mg over 30 min"),
    *("--level", "esketamine 62 ng/mL venous at 30 min"),
    *("--level", "esketamine <2 ng/mL venous at 24 h"),
]
PAIN = [
    *WHO,
    *("--model", "simons-2022", "--give", "10 mg/h for 100 h"),
    *("--pain", "7 at 0 h", "--pain", "3 at 8 d"),
]
MOOD = [
    *WHO,
    *("--model", "kamp-2020", "--give", "0.5 mg/kg over 40 min"),
    *("--mood", "36 at 0 h", "--mood", "18 at 24 h"),
]


def test_bands_before_and_after_stand_side_by_side() -> None:
    found = run(*LEVELS, "--at", "30 min, 2 h", "--json").json
    assert found["model"] == "otto-2021"
    assert [one["endpoint"] for one in found["bands"]] == ["esketamine", "norketamine"]
    for band in found["bands"]:
        assert band["time_h"] == [0.5, 2]  # source: asked for
        for ends in (band["prior"], band["posterior"]):
            assert all(a < b < c for a, b, c in zip(*ends.values(), strict=True))
    (draws,) = found["draws"]
    assert 0 < draws["effective"] <= draws["draws"] == 400
    assert [one["value"] for one in found["readings"]] == [62, 2]
    assert any("10.1007/s00228-021-03104-1" in one for one in found["citations"])


def test_the_same_command_gives_the_same_bytes() -> None:
    assert run(*LEVELS, "--json").out == run(*LEVELS, "--json").out
    assert run(*LEVELS, "--json").out != run(*LEVELS, "--seed", "2", "--json").out


def test_csv_holds_the_numbers_of_the_json() -> None:
    rows = list(csv.DictReader(io.StringIO(run(*LEVELS, "--at", "30 min, 2 h", "--csv").out)))
    bands = run(*LEVELS, "--at", "30 min, 2 h", "--json").json["bands"]
    for band in bands:
        mine = [row for row in rows if row["endpoint"] == band["endpoint"]]
        for when in ("prior", "posterior"):
            for end, values in band[when].items():
                assert [float(row[f"{when}_{end}"]) for row in mine] == values


def test_pain_and_mood_come_with_their_own_bands() -> None:
    pain = run(*PAIN, "--json").json
    assert pain["bands"][-1]["endpoint"] == "pain"
    assert pain["chance_that_pain_responds"] > 0.67  # source: dahan-2011, before any score
    mood = run(*MOOD, "--json").json
    assert [one["endpoint"] for one in mood["bands"]] == ["mood"]
    assert mood["chance_that_pain_responds"] is None


def test_a_chart_draws_both_bands_and_the_points(tmp_path: Path) -> None:
    path = tmp_path / "own.svg"
    run(*LEVELS, "--plot", str(path))
    text = path.read_text()
    assert text.count("<svg ") == 3  # one around the chart of each analyte
    assert "Before the data" in text
    assert "With the data" in text
    assert text.count("<circle") == 2  # the one level that has a value, and its key


def test_a_table_of_measurements_is_the_same_as_options(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(
        "what,value,site,time\nesketamine,62 ng/mL,venous,30 min\nesketamine,<2 ng/mL,venous,24 h\n"
    )
    bare = LEVELS[: LEVELS.index("--level")]
    assert run(*bare, "--data", str(path), "--json").out == run(*LEVELS, "--json").out


def test_the_table_names_warnings_and_worth() -> None:
    slip = [one.replace("62 ng", "620 ng") for one in LEVELS]
    ran = run(*slip)
    assert ran.status == 0
    assert "DATA_CONTRADICT_MODEL" in ran.out
    assert "uncertainty left" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (LEVELS[: LEVELS.index("--level")], "OPTION_MISSING"),
        ([*LEVELS, "--at", "1 h", "--until", "2 h"], "OPTION_CONFLICT"),
        ([*LEVELS, "--draws", "5"], "QUANTITY_IMPLAUSIBLE"),
        ([*LEVELS, "--plot", "a.png"], "VALUE_NOT_ALLOWED"),
        ([*LEVELS, "--sex", "other"], "VALUE_NOT_ALLOWED"),
        ([*LEVELS, "--json", "--csv", "-"], "OPTION_CONFLICT"),
        ([*WHO, "--model", "otto-2021", "--level", "x"], "OPTION_MISSING"),
        ([*LEVELS, "--level", "esketamine 9 ng/mL arterial at 1 h"], "LEVEL_SITE_MISMATCH"),
        ([*MOOD[:-4], "--pain", "3 at 8 d"], "MODEL_UNSUITABLE"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], code: str) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert f": {code}: " in ran.err
