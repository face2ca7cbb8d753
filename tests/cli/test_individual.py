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
    assert ran.out.index("numbers with the data are withheld") < ran.out.index("before, 90 %")
    assert "withheld" not in run(*LEVELS).out


def test_numbers_that_data_contradict_are_withheld_but_in_json(tmp_path: Path) -> None:
    """The same numbers stand in --json, marked; the table and the CSV hold none of them."""
    slip = [*(one.replace("62 ng", "620 ng") for one in LEVELS), "--at", "30 min, 2 h"]
    held = run(*slip, "--json").json
    assert held["contradicted"] is True
    assert run(*LEVELS, "--json").json["contradicted"] is False
    text = run(*slip).out
    for band in held["bands"]:
        for low, high in zip(band["posterior"]["p5"], band["posterior"]["p95"], strict=True):
            assert f"({low:.3g} to {high:.3g})" not in text
    rows = list(csv.DictReader(io.StringIO(run(*slip, "--csv").out)))
    assert {row[f"posterior_{end}"] for row in rows for end in ("p5", "p50", "p95")} == {""}
    assert all(float(row["prior_p50"]) > 0 for row in rows)
    path = tmp_path / "own.svg"
    run(*slip, "--plot", str(path))
    assert "With the data" not in path.read_text()
    assert "withheld" in path.read_text()


def test_mood_is_drawn_no_further_than_its_scores_say() -> None:
    """source: seven days after the last session or score, by design; --until goes further."""
    (band,) = run(*MOOD, "--json").json["bands"]
    assert max(band["time_h"]) == pytest.approx(24 + 7 * 24)
    (longer,) = run(*MOOD, "--until", "28 d", "--json").json["bands"]
    assert max(longer["time_h"]) == pytest.approx(28 * 24)


@pytest.mark.parametrize(
    "more",
    [
        ("--level", "esketamine 62 ng/mL venous at 30 min"),
        ("--level", "esketamine 0.062 ug/mL venous at 0.5 h"),
    ],
)
def test_the_same_level_twice_is_refused(more: tuple[str, str]) -> None:
    ran = run(*LEVELS, *more)
    assert ran.status != 0
    assert "counts twice" in ran.err


def test_a_level_of_nothing_is_one_below_the_assays_limit() -> None:
    ran = run(*LEVELS, "--level", "esketamine 0 ng/mL venous at 24 h")
    assert "<2 ng/mL" in ran.err


def test_it_repeats_what_was_given_and_where_levels_are_drawn() -> None:
    out = run(*LEVELS).out
    assert "venous levels" in out
    assert "Gives 10 mg iv over 30 min at 0 min" in out


def test_two_scores_never_make_a_response_certain() -> None:
    ran = run(*PAIN, "--pain", "0 at 9 d", "--pain", "0 at 10 d")
    assert "Pain responds with a probability over 99 %" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (PAIN, ["CRPS type 1", "23% responded to placebo", "No functional gain", "kiefer"]),
        (MOOD, ["control arms", "did no better than midazolam", "not a better result"]),
    ],
)
def test_scores_come_with_what_their_model_is_worth(asked: list[str], words: list[str]) -> None:
    found = run(*asked, "--json").json
    said = " ".join([*found["warnings"], *found["citations"]]).lower()
    for one in words:
        assert one.lower() in said


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
        ([*MOOD[:-4], "--pain", "3 at 8 d"], "FIT_IMPOSSIBLE"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], code: str) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert f": {code}: " in ran.err
