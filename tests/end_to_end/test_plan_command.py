"""`assuage plan` and `assuage cite`, from words to files. The pages stand for the report's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from command import run

import assuage.planning.report as report
from assuage.cli.plan import acceptable, acceptance
from assuage.refusals import Refused

ROOT = Path(__file__).parents[2]
PLAN = [
    *("plan", "--patient", str(ROOT / "examples" / "crps-inpatient.toml"), "--place", "NL"),
    *("--regimen", "crps-inpatient-esketamine-100h", "--product", "esketamine-5"),
]


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "render_html", lambda plan: plan.plan_id, raising=False)
    monkeypatch.setattr(report, "render_pdf", lambda plan: plan.plan_id.encode(), raising=False)
    monkeypatch.setattr(
        report, "render_terminal", lambda plan, console, **_: console.print(plan.scope)
    )


def test_a_plan_is_shown_and_written_and_its_files_are_named(tmp_path: Path) -> None:
    ran = run(*PLAN, "--out", str(tmp_path / "out"))
    assert ran.status == 0, ran
    paths = sorted((tmp_path / "out").iterdir())
    assert [one.suffix for one in paths] == [".html", ".json", ".pdf"]
    assert all(one.name.startswith("crps-inpatient-esketamine-100h-") for one in paths)
    assert all(f"Wrote {one}" in ran.out for one in paths)


def test_json_is_the_plan_and_writes_files_only_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run(*PLAN, "--json").json
    assert made["format"] == "assuage-plan/1"
    assert list(tmp_path.iterdir()) == []
    assert run(*PLAN, "--json", "--out", "out").json["plan_id"] == made["plan_id"]
    names = {one.name for one in (tmp_path / "out").iterdir()}
    assert f"crps-inpatient-esketamine-100h-{made['plan_id'][:8]}.json" in names


def test_cite_prints_every_reference_of_a_plan(tmp_path: Path) -> None:
    run(*PLAN, "--out", str(tmp_path))
    (file,) = tmp_path.glob("*.json")
    listed = run("cite", str(file), "--json").json
    assert listed["plan_id"][:8] in file.name
    assert len(listed["references"]) > 5
    shown = " ".join(run("cite", str(file)).out.split())
    assert listed["plan_id"] in shown.replace(" ", "")
    assert shown.count("Read:") == len(listed["references"])


def test_a_changed_plan_file_is_refused(tmp_path: Path) -> None:
    run(*PLAN, "--out", str(tmp_path))
    (file,) = tmp_path.glob("*.json")
    file.write_text(file.read_text().replace('"plan_id"', '"id"', 1))
    assert run("cite", str(file)).code == "FILE_UNREADABLE"


@pytest.mark.parametrize("where", ["no/such/folder", "/dev/null"])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, where: str) -> None:
    assert run(*PLAN, "--out", str(tmp_path / where)).code == "FILE_UNWRITABLE"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--date", "1 March 2025"], "VALUE_NOT_ALLOWED"),
        (["--date", "2025-02-30"], "VALUE_NOT_ALLOWED"),
        (["--date", "20250301"], "VALUE_NOT_ALLOWED"),
        (["--place", "ZZ"], "PLACE_UNKNOWN"),
        (["--sex", "f"], "VALUE_NOT_ALLOWED"),
        (["--weight", "70"], "QUANTITY_UNIT_MISSING"),
        (["--regimen", "nothing"], "VALUE_NOT_ALLOWED"),
        (["--accept", "DOSE_OVER_SOFT_LIMIT"], "OPTION_MISSING"),
        (["--accept", "DOSE_OVER_SOFT_LIMIT: Dr A:  "], "OPTION_MISSING"),
        (["--accept", "DOSE_OVER_SOFT_LIMIT: \u00ad: ."], "OPTION_MISSING"),
        (["--accept", "DOSE_OVER_HARD_LIMIT: Dr A: why"], "VALUE_NOT_ALLOWED"),
        (["--patient", "no such file"], "FILE_UNREADABLE"),
    ],
)
def test_what_is_refused(tmp_path: Path, more: list[str], code: str) -> None:
    ran = run(*PLAN, *more, "--out", str(tmp_path), "--json")
    assert ran.code == code
    assert ran.json["refusal"]["code"] == code
    assert list(tmp_path.iterdir()) == []


def test_an_acceptance_names_a_code_a_person_and_a_reason() -> None:
    found = acceptance("LIVER_INTERVAL: Dr A. Ree: reviewed: enzymes normal")
    assert (found.code, found.by) == ("LIVER_INTERVAL", "Dr A. Ree")
    assert found.reason == "reviewed: enzymes normal"
    with pytest.raises(Refused):
        acceptance("::")


def test_no_hard_limit_can_be_accepted() -> None:
    assert "DOSE_OVER_SOFT_LIMIT" in acceptable()
    assert not any("HARD" in one or "ABSOLUTE" in one for one in acceptable())
