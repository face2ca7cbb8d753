"""What `assuage fit` prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data" / "theophylline.csv"
MODEL = ROOT / "examples" / "models" / "one-compartment-oral.toml"
UNITS = ["--time-unit", "h", "--amount-unit", "mg", "--concentration-unit", "mg/L"]
ASKED = ["fit", str(DATA), "--model", str(MODEL), *UNITS, "--error", "additive"]
SHORT = ["--burn-in", "60", "--rounds", "40"]


def test_a_fit_is_printed_and_written(tmp_path: Path) -> None:
    out = tmp_path / "fit"
    ran = run(*ASKED, *SHORT, "--out", str(out))
    assert ran.status == 0, ran.err
    assert "12 people" in ran.out
    assert "132 samples" in ran.out
    for name in ("ka", "omega CL", "additive error", "-2 log likelihood"):
        assert name in ran.out
    wanted = {"fit.json", "people.csv", "samples.csv", "report.html"}
    wanted |= {"predictive-check.svg", "people.svg", "goodness-of-fit.svg", "path.svg"}
    assert {one.name for one in out.iterdir()} == wanted
    assert ran.err.count("assuage: wrote") == len(wanted)


def test_json_is_json_and_nothing_else() -> None:
    ran = run(*ASKED, *SHORT, "--json")
    assert ran.err == ""
    assert ran.json["model"]["id"] == "one-compartment-oral"
    assert len(ran.json["estimates"]) == 7


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fit", str(DATA), "--model", str(MODEL)], "OPTION_MISSING"),
        (["fit", "none.csv", "--model", str(MODEL), *UNITS], "FILE_UNREADABLE"),
        (["fit", str(DATA), "--model", "none", *UNITS], "VALUE_NOT_ALLOWED"),
        (["fit", str(DATA), "--model", str(MODEL), *UNITS], "OPTION_MISSING"),
        ([*ASKED, "--fix", "KA"], "VALUE_NOT_ALLOWED"),
        ([*ASKED, "--burn-in", "1"], "COMMAND_UNREADABLE"),
    ],
)
def test_what_cannot_be_fitted_is_one_line_and_status_2(arguments: list[str], code: str) -> None:
    assert run(*arguments).code == code
