"""What `assuage analyse` prints, writes and refuses."""

from __future__ import annotations

import csv
import io
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from command import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assuage

FOLDER = Path(__file__).parents[2] / "examples" / "data"
DATA = str(FOLDER / "pain-trial.csv")
WIDE = str(FOLDER / "pain-trial-wide.csv")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(assuage.__file__).parents[1])}
MODEL = ["--model", "pain ~ arm * visit + baseline"]
MMRM = [*MODEL, "--repeated", "visit | id"]
MEANS = ["--means", "arm | visit", "--contrasts", "pairwise"]
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_an_analysis_is_printed_as_tables() -> None:
    ran = run("analyse", DATA, *MMRM, *MEANS)
    assert ran.status == 0, ran.err
    for said in (
        "202 of 240 rows, 55 participants",
        "unstructured covariance of 4 visits",
        "Kenward-Roger (linear)",
        "Differences between means, 95 % confidence interval",
        "Type III tests",
        "38 because pain is missing",
    ):
        assert said in " ".join(ran.out.split())
    assert max(map(len, ran.out.splitlines())) <= 80


def test_no_number_is_cut_however_long_the_names_are(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    text = Path(DATA).read_text().replace("placebo", "placebo of saline given over forty minutes")
    path.write_text(text.replace("high", "esketamine 0.4 mg/kg given over forty minutes"))
    ran = run("analyse", str(path), *MMRM, *MEANS)
    assert "…" not in ran.out
    assert "−3.16 to −1.38" in ran.out


def test_json_is_json_and_nothing_else() -> None:
    ran = run("analyse", DATA, *MMRM, *MEANS, "--json")
    assert ran.err == ""
    assert {"fixed", "tests", "means", "contrasts", "reml_criterion", "covariance"} <= set(ran.json)
    assert len(ran.json["contrasts"]) == 12
    assert ran.json["contrasts"][0]["at"] == {"visit": "1"}


def test_csv_is_written_or_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    ran = run("analyse", DATA, *MMRM, "--csv", str(path))
    assert ran.err == f"assuage: wrote {path}\n"
    printed = run("analyse", DATA, *MMRM, "--csv")
    assert printed.out == path.read_text()
    assert "38 of 240 rows are left out" in printed.err
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert {row["part"] for row in rows} == {"fixed", "test"}


def test_a_report_is_written(tmp_path: Path) -> None:
    out = tmp_path / "report"
    ran = run("analyse", DATA, *MMRM, *MEANS, "--out", str(out))
    assert ran.status == 0, ran.err
    made = {one.name for one in out.iterdir()}
    assert {"report.html", "report.pdf", "means-plot.svg", "forest.svg", "flow.svg"} <= made
    assert ran.err.count("assuage: wrote") == len(made)


def test_a_wide_table_gives_what_the_long_one_gives() -> None:
    long = run("analyse", DATA, *MMRM, *MEANS, "--json").json
    wide = run("analyse", WIDE, "--long", "pain: pain_w{visit}", *MMRM, *MEANS, "--json").json
    assert wide["contrasts"] == long["contrasts"]


def test_without_repeats_it_is_least_squares_and_says_so() -> None:
    words = ("--model", "pain_w12 ~ arm + baseline", "--means", "arm", "--reference", "placebo")
    ran = run("analyse", WIDE, *words)
    assert "Ordinary least squares (ANCOVA)" in ran.out
    assert "high - placebo" in ran.out
    assert "high - low" not in ran.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["none.csv", *MODEL], "FILE_UNREADABLE"),
        ([DATA], "COMMAND_UNREADABLE"),
        ([DATA, "--model", "pain ~ arn"], "FIELD_UNKNOWN"),
        ([DATA, "--model", "pain ~ arm +"], "FORMULA_UNREADABLE"),
        ([DATA, "--model", "arm ~ visit"], "DATA_INVALID"),
        ([DATA, *MODEL, "--repeated", "visit | arm"], "DATA_INVALID"),
        ([DATA, *MMRM, "--random", "1 | id"], "OPTION_CONFLICT"),
        ([DATA, *MMRM, "--covariance", "banana"], "VALUE_NOT_ALLOWED"),
        ([DATA, *MMRM, "--contrasts", "pairwise"], "OPTION_MISSING"),
        ([DATA, *MMRM, "--json", "--csv", "-"], "OPTION_CONFLICT"),
        ([DATA, "--model", "pain ~ arm:visit", "--factor", "visit"], "DESIGN_SINGULAR"),
        ([DATA, *MMRM, "--confidence", "95"], "VALUE_NOT_ALLOWED"),
        ([WIDE, "--long", "pain: pain_x{visit}", *MODEL], "FIELD_UNKNOWN"),
    ],
)
def test_what_cannot_be_analysed_is_one_line_and_status_2(words: list[str], code: str) -> None:
    assert run("analyse", *words).code == code


@SLOW
@given(
    st.text("painarmvisitbaseline ~+*:|()`-01factor", max_size=24),
    st.sampled_from(["--model", "--repeated", "--random", "--means", "--long", "--at", "--levels"]),
)
def test_nothing_asked_gives_a_traceback(text: str, option: str) -> None:
    base = MODEL if option != "--model" else []
    ran = run("analyse", DATA, *base, f"{option}={text}")
    assert ran.status in (0, 2)
    assert "INTERNAL_FAULT" not in ran.err, ran.err


def test_the_example_is_what_its_program_makes() -> None:
    made = runpy.run_path(str(FOLDER / "pain_trial.py"))["texts"]()
    assert set(made) == {"pain-trial.csv", "pain-trial-wide.csv"}
    for name, text in made.items():
        assert (FOLDER / name).read_text() == text


def test_without_a_report_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys\nfrom assuage.cli import main\n"
        f"try:\n main(['analyse', {DATA!r}, *{MMRM!r}, '--csv'])\nexcept SystemExit: pass\n"
        "heavy = {'scipy.stats', 'scipy.optimize', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=ENVIRONMENT
    )
    assert done.stderr.splitlines()[-1] == "[]"
