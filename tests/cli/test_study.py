"""`assuage study`: lock, amend, unblind, report, and what is refused on the way.

source: examples/studies, whose people are simulated.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import clinic as clinics
import pytest
from command import run
from conftest import Clinic

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "examples" / "studies" / "crps-mood.toml"
DATA = ROOT / "examples" / "studies" / "crps-mood.csv"
REPORT = ("study", "report", "crps-mood", "--data", str(DATA))
UNBLIND = ("study", "unblind", "crps-mood", "--data", str(DATA), "--as", "ines")


@pytest.fixture
def study(clinic: Clinic) -> Clinic:
    """A clinic with an investigator."""
    with (clinic.folder / "passphrases.toml").open("a") as file:
        file.write(f'ines = "{clinics.words_of("ines")}"\n')
    name = ("--name", "Ines Duarte", "--role", "investigator")
    clinic.do("people", "enrol", "ines", *name, "--as", "mo")
    return clinic


@pytest.fixture
def locked(study: Clinic) -> Clinic:
    study.do("study", "lock", str(PROTOCOL), "--as", "ines")
    return study


def digest() -> str:
    return str(run("study", "check", str(PROTOCOL), "--json").json["digest"])


def without(column: str, folder: Path) -> Path:
    rows = list(csv.DictReader(DATA.read_text().splitlines()))
    path = folder / f"without-{column}.csv"
    with path.open("w", newline="") as file:
        names = [one for one in rows[0] if one != column]
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def amended(folder: Path, old: str, new: str) -> Path:
    text = PROTOCOL.read_text()
    assert old in text
    path = folder / "amended.toml"
    path.write_text(text.replace(old, new))
    return path


def test_a_protocol_is_checked_without_a_record() -> None:
    ran = run("study", "check", str(PROTOCOL))
    assert ran.status == 0, ran.err
    assert f"Digest: {digest()}" in ran.out
    assert "phq9: Depression (PHQ-9, 0 to 27) (collected, not pre-specified)" in ran.out


def test_locking_takes_the_role_and_happens_once(study: Clinic) -> None:
    assert study.refused("study", "lock", str(PROTOCOL), "--as", "cy") == "ROLE_NOT_PERMITTED"
    assert study.refused(*REPORT) == "STUDY_UNKNOWN"
    assert study.refused(*UNBLIND) == "STUDY_UNKNOWN"
    words = ("study", "lock", str(PROTOCOL), "--amends", digest(), "--reason", "why")
    assert study.refused(*words, "--as", "ines") == "STUDY_UNKNOWN"
    out = study.do("study", "lock", str(PROTOCOL), "--as", "ines")
    assert f"Protocol locked, digest {digest()}" in out
    assert study.refused("study", "lock", str(PROTOCOL), "--as", "ines") == "STUDY_UNCHANGED"


def test_an_amendment_names_what_it_replaces_and_why(locked: Clinic, tmp_path: Path) -> None:
    path = str(amended(tmp_path, "until_day = 84", "until_day = 28"))
    assert locked.refused("study", "lock", path, "--as", "ines") == "STUDY_LOCKED"
    told = ("study", "lock", path, "--as", "ines", "--amends")
    assert locked.refused(*told, digest()) == "OPTION_MISSING"
    assert locked.refused(*told, "0" * 64, "--reason", "shorter") == "STUDY_AMENDS_OTHER"
    assert locked.refused(*told, digest()[:7], "--reason", "shorter") == "STUDY_AMENDS_OTHER"
    assert "shorter" in locked.do(*told, digest()[:12], "--reason", "shorter")
    shown = locked.json("study", "show", "crps-mood")
    assert [one["replaces"] for one in shown["events"]] == ["", digest()]
    assert "Protocol amended" in locked.do("study", "show", "crps-mood")


def test_a_blinded_report_knows_no_arm(locked: Clinic, tmp_path: Path) -> None:
    tree = locked.json(*REPORT)
    assert tree["blinded"]
    text = json.dumps(tree)
    assert '"placebo"' not in text
    assert '"ketamine"' not in text
    assert all(one["analyses"] == [] for one in tree["outcomes"])
    hidden = without("arm", tmp_path)
    same = locked.json("study", "report", "crps-mood", "--data", str(hidden))
    assert same["outcomes"] == tree["outcomes"]
    assert "BLINDED" in locked.do(*REPORT)


def test_the_report_lists_all_and_marks_mood(
    locked: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    locked.do(*UNBLIND)
    assert locked.refused(*UNBLIND) == "STUDY_UNBLINDED"
    tree = locked.json(*REPORT)
    standing = {one["id"]: one["standing"] for one in tree["outcomes"]}
    assert standing == {
        "pain": "primary",
        "peg": "secondary",
        "relapse": "secondary",
        "cadss6": "safety",
        "nausea": "safety",
        "phq9": "collected",
    }
    out = locked.do(*REPORT)
    assert "NOT pre-specified" in out
    assert "Bang's index" in out
    assert tree["deviations"] == []


@pytest.mark.parametrize("column", ["phq9", "relapsed", "guess", "age", "left_because", "arm"])
def test_a_column_left_out_is_refused(locked: Clinic, tmp_path: Path, column: str) -> None:
    if column == "arm":  # before, its arms aren't read
        locked.do(*UNBLIND)
    words = ("study", "report", "crps-mood", "--data", str(without(column, tmp_path)))
    assert locked.refused(*words) == "STUDY_OUTCOME_MISSING"


def test_what_was_there_at_unblinding_stays_in_the_report(locked: Clinic, tmp_path: Path) -> None:
    """An outcome that no protocol named can't leave once the data were seen either."""
    rows = list(csv.DictReader(DATA.read_text().splitlines()))
    more = tmp_path / "more.csv"
    with more.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "sleep"])
        writer.writeheader()
        writer.writerows(row | {"sleep": str(place % 11)} for place, row in enumerate(rows))
    locked.do("study", "unblind", "crps-mood", "--data", str(more), "--as", "ines")
    tree = locked.json("study", "report", "crps-mood", "--data", str(more))
    (found,) = [one for one in tree["outcomes"] if one["id"] == "sleep"]
    assert found["standing"] == "found"
    assert locked.refused(*REPORT) == "STUDY_OUTCOME_MISSING"


def test_deviations_are_said(locked: Clinic, tmp_path: Path) -> None:
    locked.do(*UNBLIND)
    words = ("--amends", digest(), "--reason", "it looks well", "--as", "ines")
    for old, new in (
        ('role = "collected"', 'role = "safety"'),
        ("percent_better = 50", "percent_better = 30"),
        ("until_day = 84", "until_day = 28"),
        ("pain-1 = 1,", "pain-1 = 0.5, pain-x = 0.5,"),
    ):
        path = amended(tmp_path, old, new)
        if "pain-x" in new:
            path.write_text(
                path.read_text().replace("pain-x", "peg-4").replace("peg-4 = 0,", "", 1)
            )
        assert locked.refused("study", "lock", str(path), *words) == "FIELD_INVALID"
    late = tmp_path / "late.toml"
    late.write_text(
        PROTOCOL.read_text()
        + '\n[[analysis]]\nid = "pain-30"\nestimand = "pain-responders"\nkind = "supplementary"\n'
        + 'how = { method = "responders", responding = { at_most = 3 }, missing = "failure" }\n'
    )
    locked.do("study", "lock", str(late), *words)
    other = tmp_path / "other.csv"
    other.write_text(
        DATA.read_text()
        .replace("P001,placebo,baseline,22", "P001,placebo,baseline,23")
        .replace("P001,placebo,week 1,22", "P001,placebo,week 1,23")
        .replace("P001,placebo,week 4,22", "P001,placebo,week 4,23")
    )
    tree = locked.json("study", "report", "crps-mood", "--data", str(other))
    late_, data = tree["deviations"]
    assert "AFTER unblinding" in late_
    assert "it looks well" in late_
    assert "NOT the data" in data
    (mood,) = [one for one in tree["outcomes"] if one["id"] == "phq9"]
    assert mood["standing"] == "collected"
    (pain,) = [one for one in tree["outcomes"] if one["id"] == "pain"]
    added = {one["id"]: one["added_after_unblinding"] for one in pain["analyses"]}
    assert [name for name, one in added.items() if one] == ["pain-30"]


def test_the_report_is_the_same_bytes_in_another_process(locked: Clinic, tmp_path: Path) -> None:
    locked.do(*UNBLIND)
    running = []
    for seed in ("0", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")}
        words = [sys.executable, "-m", "assuage", *REPORT, "--out", str(tmp_path / seed)]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(words, env=environment, text=True, **pipes))
    for one in running:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
    made = [
        {one.name: one.read_bytes() for one in (tmp_path / seed).iterdir()}
        for seed in ("0", "4242")
    ]
    assert made[0] == made[1]
    assert {"report.html", "report.pdf", "results.json", "outcomes.csv"} <= set(made[0])
    page = made[0]["report.html"].decode()
    assert not re.search(r"<script|src=|href=\"http", page)
    assert "NOT pre-specified" in page


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "none.toml"), "FILE_UNREADABLE"),
        (("check", str(DATA)), "FILE_UNREADABLE"),
        (("report", "crps-mood", "--data", "none.csv"), "FILE_UNREADABLE"),
        (("report", "other", "--data", str(DATA)), "STUDY_UNKNOWN"),
    ],
)
def test_refusals_are_one_line(locked: Clinic, words: tuple[str, ...], code: str) -> None:
    assert locked.refused("study", *words) == code
