"""What `assuage simulate` prints and writes."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command import BANDED, SPEC, run

REGIMEN = ["simulate", "--weight", "70 kg", "--age", "35 y", "--regimen"]
LOCK = [
    *("--ethics-approval", "NL-1", "--setting", "intensive-care", "--place", "NL"),
    *("--intensivist", "Dr A"),
]


def test_the_example_of_the_specification() -> None:
    """source: tests/kinetics/published.csv, kamp-2020, 70 kg, 0.5 mg/kg over 40 min."""
    found = run(*SPEC, "--json").json
    assert set(found) == {"model", "sampling", "series", "warnings", "citations"}
    assert (found["model"], found["sampling"]) == ("kamp-2020", "arterial")
    (series,) = found["series"]
    assert set(series) == {"analyte", "unit", "time_h", "typical", "p5", "p50", "p95"}
    assert (series["analyte"], series["unit"]) == ("ketamine", "ng/mL")
    assert series["time_h"] == pytest.approx([40 / 60, 80 / 60])
    assert series["typical"] == pytest.approx([252.8, 73.7], rel=0.01)
    assert series["p5"] == series["p50"] == series["p95"] == []
    assert any("no band of its own" in one for one in found["warnings"])
    assert any("10.1097/ALN.0000000000003577" in one for one in found["citations"])


def test_a_model_with_variability_has_a_band_and_not_a_line_alone() -> None:
    for series in run(*BANDED, "--json").json["series"]:
        for low, middle, high in zip(series["p5"], series["p50"], series["p95"], strict=True):
            assert low < middle < high


def test_a_population_of_none_gives_the_line_alone_and_says_so() -> None:
    found = run(*BANDED, "--population", "0", "--json").json
    whole = run(*BANDED, "--json").json
    assert [one["p5"] for one in found["series"]] == [[], []]
    assert any("no band" in one for one in found["warnings"])
    assert [one["typical"] for one in found["series"]] == [
        one["typical"] for one in whole["series"]
    ]


def test_csv_holds_the_numbers_of_the_json() -> None:
    rows = list(csv.DictReader(io.StringIO(run(*BANDED, "--csv").out)))
    assert list(rows[0]) == ["analyte", "unit", "time_h", "typical", "p5", "p50", "p95"]
    for series in run(*BANDED, "--json").json["series"]:
        mine = [row for row in rows if row["analyte"] == series["analyte"]]
        for name in ("time_h", "typical", "p5", "p50", "p95"):
            assert [float(row[name]) for row in mine] == series[name]


def test_csv_leaves_a_missing_band_empty_and_keeps_the_warnings() -> None:
    ran = run(*SPEC, "--csv", "-")
    assert all(line.endswith(",,,") for line in ran.out.splitlines()[1:])
    assert "no band of its own" in ran.err


def test_files_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*BANDED, "--csv", "levels.csv", "--plot", "--json")
    assert ran.json["model"] == "perez-ruixo-2021"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["levels.csv", "simulate.svg"]
    assert (tmp_path / "levels.csv").read_text() == run(*BANDED, "--csv").out
    ET.fromstring((tmp_path / "simulate.svg").read_bytes())  # noqa: S314
    first = (tmp_path / "simulate.svg").read_bytes()
    run(*BANDED, "--plot")
    assert (tmp_path / "simulate.svg").read_bytes() == first


@pytest.mark.parametrize("place", ["no/such/folder/x", "", "/dev/full", "x\x00y", "a" * 300])
def test_a_file_that_cannot_be_written_is_refused(place: str, tmp_path: Path) -> None:
    target = place if place.startswith("/") else f"{tmp_path}/{place}"
    assert run(*SPEC, "--csv", target).code == "FILE_UNWRITABLE"
    assert list(tmp_path.iterdir()) == []
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--give", "0.5 mg/kg quickly"], "ADMINISTRATION_UNREADABLE"),
        (["--give", "1,5 mg bolus"], "QUANTITY_AMBIGUOUS"),
        (["--give", "10 mg im"], "ROUTE_MISMATCH"),
        (["--age", "5 y"], "AGE_OUTSIDE_MODEL"),
        (["--weight", "300 kg"], "WEIGHT_OUTSIDE_MODEL"),
        (["--weight", "70"], "QUANTITY_UNIT_MISSING"),
        (["--sex", "m"], "VALUE_NOT_ALLOWED"),
        (["--ancestry", "martian"], "VALUE_NOT_ALLOWED"),
        (["--model", "nobody-1900"], "VALUE_NOT_ALLOWED"),
        (["--at", ""], "QUANTITY_EMPTY"),
        (["--at", "1,5 h"], "QUANTITY_UNIT_MISSING"),
        (["--until", "8 h"], "OPTION_CONFLICT"),
        (["--regimen", "depression-iv"], "OPTION_CONFLICT"),
        (["--variant", "x"], "OPTION_MISSING"),
        (["--population", "999999999"], "QUANTITY_IMPLAUSIBLE"),
        (["--csv", "--json"], "OPTION_CONFLICT"),
        (["--plot", "x.jpg"], "VALUE_NOT_ALLOWED"),
    ],
)
def test_what_is_refused(more: list[str], code: str) -> None:
    assert run(*SPEC, *more).code == code


def test_what_is_missing_is_named() -> None:
    base = ["simulate", "--give", "0.5 mg/kg bolus"]
    assert run(*base).code == "OPTION_MISSING"
    assert run(*base, "--model", "kamp-2020", "--age", "35 y").code == "WEIGHT_UNKNOWN"
    assert run(*base, "--model", "kamp-2020", "--weight", "70 kg").code == "AGE_UNKNOWN"
    assert run("simulate", "--regimen", "depression-iv").code == "AGE_UNKNOWN"
    assert run("simulate", "--model", "kamp-2020").code == "OPTION_MISSING"


def test_doses_add_up() -> None:
    one = run(*SPEC, "--json").json["series"][0]["typical"]
    two = run(*SPEC, "--give", "0.5 mg/kg over 40 min", "--json").json["series"][0]["typical"]
    assert two == pytest.approx([2 * value for value in one], rel=1e-9)


def test_sex_makes_no_difference_and_that_is_said() -> None:
    plain, sexed = run(*SPEC, "--json").json, run(*SPEC, "--sex", "female", "--json").json
    assert plain["series"] == sexed["series"]
    assert any("no effect of sex" in one for one in sexed["warnings"])


def test_ancestry_moves_a_model_that_knows_it() -> None:
    plain = run(*BANDED, "--json").json
    moved = run(*BANDED, "--ancestry", "japanese", "--json").json
    assert plain["series"] != moved["series"]
    assert any("ancestry isn't known" in one for one in plain["warnings"])


@pytest.mark.parametrize("words", [SPEC, BANDED, [*REGIMEN, "depression-nasal-esketamine"]])
def test_a_table_fits_80_columns_and_nothing_is_cut(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = run(*words).out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "…" not in out
    assert "Peak of" in out
    assert "Citations" in out


def test_a_table_has_few_rows_and_the_files_have_all() -> None:
    words = [one for one in SPEC if one not in ("--at", "40 min, 80 min")]
    out = run(*words).out
    assert len([line for line in out.splitlines() if " min " in line or " h " in line]) <= 27
    assert len(run(*words, "--json").json["series"][0]["time_h"]) > 200


def test_a_regimen_is_simulated_with_its_default_model() -> None:
    found = run(*REGIMEN, "depression-iv", "--json").json
    assert found["model"] == "kamp-2020"
    assert len(found["citations"]) > 1


def test_a_regimen_of_another_drug_than_the_model_is_refused() -> None:
    assert run(*REGIMEN, "depression-iv", "--model", "simons-2022").code == "MODEL_UNSUITABLE"


def test_a_variant_that_is_not_there_is_refused() -> None:
    assert run(*REGIMEN, "depression-iv", "--variant", "x").code == "VALUE_NOT_ALLOWED"


@pytest.mark.parametrize("left_out", range(4))
def test_a_research_lock_names_what_is_missing(left_out: int) -> None:
    words = LOCK[: 2 * left_out] + LOCK[2 * left_out + 2 :]
    ran = run(*REGIMEN, "crps-coma", *words)
    assert ran.code == "RESEARCH_LOCK"
    remedy = ran.err.partition("Remedy: ")[2]
    assert [one for one in LOCK[::2] if one in remedy] == [LOCK[2 * left_out]]


def test_a_research_lock_opens_and_its_reason_is_shown() -> None:
    found = run(*REGIMEN, "crps-coma", *LOCK, "--json").json
    assert any("research only" in one for one in found["warnings"])
    assert any("twofold" in one for one in found["warnings"])


def test_a_lock_asks_for_a_place_whose_law_is_held() -> None:
    words = [one if one != "NL" else "ZZ" for one in LOCK]
    assert run(*REGIMEN, "crps-coma", *words).code == "PLACE_UNKNOWN"


def test_a_bare_ethics_approval_is_a_statement() -> None:
    assert run(*REGIMEN, "alcohol-kare", "--ethics-approval", "--json").status == 0


OVER = [*BANDED, "--over", "50 ng/mL"]


def test_patients_over_a_level_are_counted() -> None:
    found = run(*OVER, "--over", "0.1 mg/L", "--json").json
    assert set(found) == {"model", "sampling", "series", "warnings", "citations", "population"}
    told = found["population"]
    assert set(told) == {"patients", "quantile_error", "longest_step_h", "courses", "over"}
    assert told["patients"] == 1000
    assert 0 < told["quantile_error"] <= 2**-9
    plain = run(*BANDED, "--json").json
    for mine, its in zip(found["series"], plain["series"], strict=True):
        assert mine["typical"] == its["typical"]
        for band in ("p5", "p50", "p95"):  # np.quantile lies between two patients
            assert mine[band] == pytest.approx(its[band], rel=0.05)
    assert [(one["analyte"], one["threshold_ng_per_ml"]) for one in told["over"]] == [
        (name, level) for name in ("esketamine", "noresketamine") for level in (50, 100)
    ]
    for low, high in (told["over"][:2], told["over"][2:]):
        assert low["peak_over"]["share"] > high["peak_over"]["share"] > 0
        for one in (low, high):
            assert max(one["share"]) <= one["peak_over"]["share"]
            assert one["peak_over"]["low"] < one["peak_over"]["share"] < one["peak_over"]["high"]
            assert len(one["share"]) == len(one["low"]) == len(one["high"]) == 3


def test_a_share_over_a_level_is_that_of_the_patients_in_memory() -> None:
    """source: the engine's own patients, counted by hand."""
    from assuage.kinetics.engine import curves
    from assuage.kinetics.population import deviations
    from assuage.kinetics.structure import Subject
    from assuage.knowledge import library
    from assuage.planning.simulation import Wish, simulate

    wish = Wish(
        model="perez-ruixo-2021",
        weight="70 kg",
        age="35 y",
        gives=("56 mg intranasal",),
        at="20 min, 40 min, 4 h",
        over=("50 ng/mL",),
    )
    found = simulate(wish)
    model = library.model("perez-ruixo-2021")
    _, levels = curves(
        model,
        Subject(70.0, 35.0),
        found.doses,
        found.prediction.times_h,
        deviations(model, wish.population, wish.seed),
    )
    assert found.population is not None
    for k, one in enumerate(found.population.exceeding):
        shares = (levels[:, :, k] > 0.05).mean(axis=0)
        assert [share.share for share in one.over] == shares.tolist()
        assert one.peak_over.share == (levels[:, :, k].max(axis=1) > 0.05).mean()


def test_csv_and_the_terminal_hold_the_shares_too() -> None:
    told = run(*OVER, "--json").json["population"]["over"]
    rows = list(csv.DictReader(io.StringIO(run(*OVER, "--csv").out)))
    for one in told:
        mine = [row for row in rows if row["analyte"] == one["analyte"]]
        for name, column in (("share", "over 50 ng/mL"), ("high", "over 50 ng/mL high")):
            assert [float(row[column]) for row in mine] == one[name]
        assert {float(row["peak over 50 ng/mL"]) for row in mine} == {one["peak_over"]["share"]}
    shown = " ".join(run(*OVER).out.split())
    assert "Of 1,000 patients" in shown
    assert f"over 50 ng/mL: {told[0]['peak_over']['share']:.2%}".replace("%", " %") in shown
    assert "of this population's own" in shown
    alone = [*BANDED[:-1], "40 min", "--over", "50 ng/mL"]
    assert "the level at the one time predicted" in " ".join(run(*alone).out.split())


def test_where_it_runs_changes_no_byte(tmp_path: Path) -> None:
    """Not even an interruption: 600 patients first, then the rest."""
    alone = run(*OVER, "--json").out
    file = ["--resume", str(tmp_path / "p")]
    run(*OVER, *file, "--population", "600", "--json")
    assert run(*OVER, *file, "--json").out == alone
    assert run(*OVER, "--workers", "2", "--json").out == alone
    assert run(*OVER, "--seed", "2", "--json").out != alone


def test_a_population_too_large_for_memory_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    from assuage.planning import simulation

    assert "population" not in run(*BANDED, "--json").json
    monkeypatch.setattr(simulation, "MOST_NUMBERS", 5000)
    assert run(*BANDED, "--json").json["population"]["patients"] == 1000


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--over", "50"], "QUANTITY_UNIT_MISSING"),
        (["--over", "50 mg"], "QUANTITY_UNIT_WRONG"),
        (["--over", "50 ng/mL", "--population", "0"], "QUANTITY_IMPLAUSIBLE"),
        (["--population", "100000001"], "QUANTITY_IMPLAUSIBLE"),
        (["--workers", "0"], "VALUE_NOT_ALLOWED"),
        (["--workers", "some"], "VALUE_NOT_ALLOWED"),
        (["--workers", "2", "--cluster", "tcp://127.0.0.1:1"], "OPTION_CONFLICT"),
        (["--cluster", "nowhere"], "CLUSTER_UNREACHABLE"),
        (["--resume", "/no/such/folder/p"], "FILE_UNWRITABLE"),
        (["--resume", "/dev/null"], "FILE_UNREADABLE"),
    ],
)
def test_what_is_refused_of_a_streamed_population(more: list[str], code: str) -> None:
    assert run(*BANDED, *more).code == code


def test_a_model_that_has_no_patients_counts_none() -> None:
    ran = run(*SPEC, "--over", "100 ng/mL")
    assert ran.code == "OPTION_CONFLICT"  # no adult's model of the racemate could be named
    assert "no model of racemic-ketamine that serves this person publishes variability" in ran.err
    assert "choose another model" not in ran.err


def test_without_numba_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from assuage.planning import simulation

    monkeypatch.setattr(simulation, "has_kernels", lambda: False)
    ran = run(*OVER)
    assert ran.code == "EXTRA_MISSING"
    assert "assuage[engine]" in ran.err
    assert run(*BANDED).status == 0
