"""What `assuage trial` prints, writes and refuses."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command import module, run

from assuage.cli.arguments import readable

ROOT = Path(__file__).parents[2]
DESIGN = str(ROOT / "examples/trials/depression-six-infusions.toml")


def test_trials_are_printed_and_written(tmp_path: Path) -> None:
    out = tmp_path / "virtual"
    ran = run("trial", DESIGN, "--trials", "4", "--out", str(out))
    assert ran.status == 0, ran.err
    assert "power" in ran.out
    assert "type I error" in ran.out
    assert "Not for predicting an individual patient" in " ".join(ran.out.split())
    assert {"report.html", "report.pdf", "trial.json"} <= {one.name for one in out.iterdir()}
    for one in out.iterdir():
        assert str(one) in ran.err


@pytest.fixture
def quick(tmp_path: Path) -> str:
    """The same design without levels in blood, which take longest."""
    before, after = Path(DESIGN).read_text().split("[dissociation]")
    path = tmp_path / "quick.toml"
    path.write_text(before + after[after.index("[dropout]") :])
    return str(path)


def apart(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, where nobody has loaded NumPy or set threads."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment["PYTHONPATH"] = str(ROOT / "src")
    return subprocess.run(
        module(*words), env=environment, capture_output=True, check=False, text=True, timeout=60
    )


def test_the_answer_is_the_same_whatever_the_workers(tmp_path: Path, quick: str) -> None:
    told = []
    for name, more in (("a", ("--workers", "1")), ("b", ("--workers", "2"))):
        words = ("trial", quick, "--trials", "9", "--out", str(tmp_path / name), "--json", *more)
        told.append(apart(*words))
    assert [one.returncode for one in told] == [0, 0], told
    assert told[0].stdout == told[1].stdout
    for one in (tmp_path / "a").iterdir():
        assert one.read_bytes() == (tmp_path / "b" / one.name).read_bytes(), one.name


def test_a_trial_analysed_by_itself_gives_the_same_numbers(tmp_path: Path) -> None:
    """The first trial's table, by `assuage analyse`, which lays its model out in its own way."""
    out = tmp_path / "out"
    whole = str(ROOT / "examples/trials/crps-sigtermans.toml")
    assert run("trial", whole, "--trials", "1", "--out", str(out), "--json").status == 0
    rows = csv.DictReader((out / "trials.csv").read_text().splitlines())
    mine = next(one for one in rows if (one["effect"], one["outcome"]) == ("model", "pain"))
    words = ["--model", "pain ~ arm * visit + pain_baseline", "--repeated", "visit | participant"]
    words += ["--covariance", "unstructured", "--df", "kenward-roger"]
    words += ["--means", "arm | visit", "--contrasts", "pairwise", "--json"]
    ran = run("analyse", str(out / "first-trial.csv"), *words)
    assert ran.status == 0, ran.err
    found = next(one for one in ran.json["contrasts"] if one["at"] == {"visit": "1"})
    assert found["contrast"] == "esketamine - placebo"
    for name in ("estimate", "se", "df", "p", "low", "high"):
        # scores in the table are rounded to four digits
        assert found[name] == pytest.approx(float(mine[name]), rel=2e-3)


def test_it_goes_on_from_a_file_and_says_so_when_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: str
) -> None:
    from assuage.evidence.virtual import trials

    kept, out = str(tmp_path / "kept"), str(tmp_path / "out")
    words = ("trial", quick, "--trials", "10", "--out", out, "--resume", kept, "--json")
    whole = run("trial", quick, "--trials", "10", "--out", out, "--json")
    block_of, done = trials.block_of, []

    def stopped(task: trials.Task, block: trials.Block) -> trials.Arrays:
        done.append(block)
        if len(done) == 2:
            raise KeyboardInterrupt
        return block_of(task, block)

    monkeypatch.setattr(trials, "block_of", stopped)
    ran = run(*words)
    assert ran.status != 0
    assert "goes on from" in ran.err
    monkeypatch.setattr(trials, "block_of", block_of)
    assert run(*words).out == whole.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["none.toml"], "FILE_UNREADABLE"),
        ([DESIGN, "--workers", "0"], "VALUE_NOT_ALLOWED"),
        ([DESIGN, "--trials", "0"], "COMMAND_UNREADABLE"),
        ([DESIGN, "--resume", DESIGN], "TRIAL_FILE_DAMAGED"),
        ([DESIGN, "--workers", "2", "--cluster", "tcp://127.0.0.1:1"], "OPTION_CONFLICT"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_status_2(
    tmp_path: Path, words: list[str], code: str
) -> None:
    assert run("trial", *words, "--out", str(tmp_path / "out")).code == code


def test_the_folder_is_asked_for() -> None:
    assert run("trial", DESIGN).code == "COMMAND_UNREADABLE"


def test_a_cluster_alone_is_one_of_this_machine() -> None:
    words = ["trial", DESIGN, "--cluster", "--json"]
    assert readable(words) == ["trial", DESIGN, "--cluster=local", "--json"]
