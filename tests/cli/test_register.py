"""Every command of the register, as it is given and as it answers."""

from __future__ import annotations

from pathlib import Path

import clinic as clinics
import pytest
from command import run
from conftest import Clinic, found

ITEM = clinics.ITEM
BEFORE = ("--as", "ana", "--witness", "ben")


@pytest.fixture
def draw(clinic: Clinic) -> str:
    clinic.session()
    return clinic.draw()


def held(clinic: Clinic, area: str) -> int:
    pages = clinic.json("register", "show")["pages"]
    return next(one["units"] for one in pages if one["area"] == area)


def check(clinic: Clinic, counted: int) -> str:
    words = ("register", "check", ITEM, "--area", "recovery", "--counted", str(counted))
    return clinic.do(*words, *BEFORE)


def test_units_come_move_and_leave(clinic: Clinic) -> None:
    assert (held(clinic, "main"), held(clinic, "recovery")) == (15, 5)
    back = ("register", "supply", ITEM, "1", "--from", "recovery", "--to", "main")
    clinic.do(*back, "--collected-by", "pat", "--as", "pat")
    gone = ("register", "transfer", ITEM, "2", "--to", "Acme", "--to-address", "1 Dock Road")
    papers = ("--reference", "T-1", "--collected-by", "J. Driver", "--as", "pat")
    clinic.do(*gone, "--authority", "CD 12", *papers, "--witness", "dee")
    destroyed = ("register", "destroy", ITEM, "1", "--area", "main", "--reason", "cracked")
    clinic.do(*destroyed, "--method", "kit", "--as", "pat", "--witness", "dee")
    assert (held(clinic, "main"), held(clinic, "recovery")) == (13, 4)
    many = (*back[:3], "99", *back[4:], "--collected-by", "pat", "--as", "pat")
    assert clinic.refused(*many) == "STOCK_SHORT"


@pytest.mark.parametrize(
    ("item", "units", "code"),
    [
        ("ketamine-50", "0", "UNITS_INVALID"),
        ("ketamine-50", "9" * 30, "STOCK_SHORT"),
        ("ketamine-50", "1.5", "COMMAND_UNREADABLE"),
        ("esketamine-25", "1", "VALUE_NOT_ALLOWED"),
        ("aspirin", "1", "VALUE_NOT_ALLOWED"),
    ],
)
def test_a_bad_item_or_count_is_one_line(clinic: Clinic, item: str, units: str, code: str) -> None:
    words = ("register", "supply", item, units, "--to", "recovery", "--collected-by", "ana")
    assert clinic.refused(*words, "--as", "pat") == code


def test_a_second_witness_signs_in_too(clinic: Clinic) -> None:
    words = ("register", "destroy", ITEM, "1", "--area", "main", "--reason", "cracked")
    how = ("--method", "kit", "--as", "pat", "--witness", "dee")
    assert clinic.refused(*words, *how, "--second-witness", "dee") == "WITNESS_IS_ACTOR"
    told = clinic.json(*words, *how, "--second-witness", "ben")
    assert told["events"][0]["data"]["other_witness"]["person"] == "ben"


def test_a_drawn_unit_ends_as_wasted(clinic: Clinic, draw: str) -> None:
    words = ("register", "waste", draw, "--reason", "rest of the vial", "--as", "ana")
    assert clinic.refused(*words, "--amount", "100 mg") == "WITNESS_MISSING"
    assert clinic.refused(*words, "--amount", "600 mg", "--witness", "ben") == "DRAW_EXCEEDED"
    out = clinic.do(*words, "--amount", "10 mL", "--witness", "ben")
    assert "500 mg" in out
    assert f"{draw} accounted for" in out
    assert clinic.json("register", "show")["drawn"] == []


def test_a_drawn_unit_goes_back_unopened(clinic: Clinic, draw: str) -> None:
    assert held(clinic, "recovery") == 4
    clinic.do("register", "return", draw, "--reason", "put off", *BEFORE)
    assert held(clinic, "recovery") == 5
    assert clinic.refused("register", "settle", draw, "--as", "ana") == "DRAW_CLOSED"
    assert clinic.refused("register", "settle", "d-0", "--as", "ana") == "DRAW_UNKNOWN"


def test_what_is_left_over_opens_a_discrepancy(clinic: Clinic, draw: str) -> None:
    out = clinic.do("register", "settle", draw, "--as", "ana")
    assert "DISCREPANCY x-" in out
    assert "500 mg missing" in out
    assert clinic.refused("register", "settle", draw, "--as", "ana") == "PAGE_FROZEN"


def test_a_count_is_answered_after_it_is_stored(clinic: Clinic) -> None:
    assert "5 counted, 5 expected" in check(clinic, 5)
    out = check(clinic, 4)
    assert "4 counted, 5 expected" in out
    assert "FROZEN" in clinic.do("register", "show")
    assert found("x", out) in clinic.do("register", "show")


def test_a_frozen_page_is_drawn_from_only_by_name(clinic: Clinic) -> None:
    clinic.session()
    check(clinic, 4)
    words = ("register", "draw", "s-1", ITEM, "--area", "recovery")
    assert clinic.refused(*words, "--as", "ana") == "PAGE_FROZEN"
    out = clinic.do(*words, "--accept", "Dr C. Lund: can't wait", *BEFORE)
    assert "from a frozen page" in out


def test_a_footnote_keeps_the_entry(clinic: Clinic, draw: str) -> None:
    assert "footnote to entry 1" in clinic.do(
        "register", "correct", "1", "--text", "lot misread", "--as", "ana"
    )
    dose = clinic.intend(draw)
    out = clinic.do("session", "confirm", "s-1", dose, "--amount", "35 mg", "--as", "ana")
    entry = out.partition("Entry ")[2].partition(":")[0]
    words = ("register", "correct", entry, "--text", "misread", *BEFORE)
    assert clinic.refused(*words, "--right", "30") == "QUANTITY_UNIT_MISSING"
    clinic.do(*words, "--right", "30 mg")
    assert clinic.json("session", "show", "s-1")["doses"][0]["given_ug"] == 30000
    clinic.do("register", "correct", "1", "--right", "21", "--text", "miscounted", *BEFORE)
    assert held(clinic, "main") == 16
    for right in ("21 mg", "2.0", "-1", "²"):
        refused = ("register", "correct", "1", f"--right={right}", "--text", "x", *BEFORE)
        assert clinic.refused(*refused) == "UNITS_INVALID"
    missing = ("register", "correct", "99", "--right", "2", "--text", "x", *BEFORE)
    assert clinic.refused(*missing) == "ENTRY_UNKNOWN"


def test_a_discrepancy_goes_its_way(clinic: Clinic) -> None:
    case = found("x", check(clinic, 4))
    way = ("register", "discrepancy")
    count = (*way, "recount", case, "--counted", "4")
    assert clinic.refused(*count, *BEFORE) == "DISCREPANCY_NOT_INDEPENDENT"
    closing = (*way, "close", case, "--outcome", "loss", "--text", "never found", "--as", "olu")
    assert clinic.refused(*closing, "--witness", "dee") == "DISCREPANCY_STEP_MISSING"
    clinic.do(*count, "--as", "cy", "--witness", "dee")
    log = ("--chart", "35 mg", "--text", "no pump was used")
    clinic.do(*way, "reconstruct", case, *log, "--as", "pat")
    shown = clinic.do(*way, "show")
    assert shown.count("[x]") == 2
    assert "due by" in shown
    told = ("--to", "the accountable officer", "--reference", "IR-1")
    clinic.do(*way, "escalate", case, *told, "--as", "olu")
    wrong = (*closing[:5], "lost", *closing[6:])
    assert clinic.refused(*wrong, "--witness", "dee") == "VALUE_NOT_ALLOWED"
    out = clinic.do(*closing, "--witness", "pat")
    assert "closed as loss, 500 mg missing" in out
    assert clinic.do(*way, "show") == "No discrepancy is open.\n"
    assert "as loss" in clinic.do(*way, "show", case)
    (told_json,) = clinic.json(*way, "show", case)
    assert (told_json["outcome"], told_json["overdue"]) == ("loss", False)
    assert clinic.refused(*way, "show", "x-0") == "DISCREPANCY_UNKNOWN"


def test_one_that_is_noticed_is_opened_and_its_clock_runs_out(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from assuage.clock import SystemClock

    words = ("register", "discrepancy", "open", ITEM, "--area", "main", "--missing", "1")
    clinic.do(*words, "--text", "a vial lies broken", "--as", "ana")
    real = SystemClock.utc_now
    monkeypatch.setattr(SystemClock, "utc_now", lambda self: real(self) + timedelta(days=9))
    assert "OVERDUE since" in clinic.do("register", "show")
    assert clinic.json("register", "show")["discrepancies"][0]["overdue"] is True


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_view_fits_the_terminal(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    check(clinic, 3)
    out = clinic.do("register", "show")
    assert draw in out
    assert "FROZEN by x-" in out
    head = out.splitlines()[-1].removeprefix("Head ")
    assert run("record", "verify", "--against", head).status == 0
    tables = out.partition("\nDiscrepancy ")[0]
    assert max(map(len, tables.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (("page",), "pdf"),
        (("page", "--item", "ketamine-50", "--area", "recovery"), "html"),
        (("page", "--since", "2026-01-01"), "csv"),
        (("us-records", "receipt"), "csv"),
        (("us-records", "dispensing", "--person", "ana"), "html"),
        (("us-records", "waste", "--first", "2026-01-01", "--last", "2026-02-01"), "csv"),
        (("inventory", "--business", "opening"), "html"),
        (("form-41",), "csv"),
    ],
)
def test_what_is_printed_is_a_whole_file_with_its_head(
    clinic: Clinic, tmp_path: Path, words: tuple[str, ...], form: str
) -> None:
    out = tmp_path / f"made.{form}"
    told = clinic.json("register", *words, "--out", str(out), "--as", "pat")
    starts = {"pdf": b"%PDF", "html": b"<!", "csv": b""}[form]
    assert out.read_bytes().lstrip().startswith(starts)
    assert out.stat().st_size
    assert told["head"] == run("record", "head").out.strip()


def test_the_data_of_a_loss_are_printed(clinic: Clinic, tmp_path: Path) -> None:
    case = found("x", check(clinic, 4))
    out = tmp_path / "loss"
    clinic.do("register", "form-106", case, "--out", str(out), "--form", "html", "--as", "olu")
    assert case in out.read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("page", "--out", "x.doc"), "VALUE_NOT_ALLOWED"),
        (("page", "--out", "x"), "VALUE_NOT_ALLOWED"),
        (("page", "--out", "x.pdf", "--area", "nowhere"), "AREA_UNKNOWN"),
        (("page", "--out", "x.pdf", "--item", "aspirin"), "VALUE_NOT_ALLOWED"),
        (("page", "--out", "x.pdf", "--since", "May"), "VALUE_NOT_ALLOWED"),
        (("us-records", "loss", "--out", "x.pdf"), "VALUE_NOT_ALLOWED"),
        (("inventory", "--business", "noon", "--out", "x.pdf"), "VALUE_NOT_ALLOWED"),
        (("form-106", "x-0", "--out", "x.pdf"), "DISCREPANCY_UNKNOWN"),
        (("page", "--out", "nowhere/x.csv"), "FILE_UNWRITABLE"),
    ],
)
def test_what_cannot_be_printed_leaves_no_file(
    clinic: Clinic,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert clinic.refused("register", *words, "--as", "pat") == code
    assert set(tmp_path.iterdir()) == before


def test_signals_are_for_the_reviewer_and_each_look_is_recorded(clinic: Clinic) -> None:
    words = ("register", "signals", "--first", "2025-01-01", "--last", "2025-03-31")
    why = ("--why", "quarterly review")
    assert clinic.refused(*words, *why, "--as", "ana") == "ROLE_NOT_PERMITTED"
    before = run("record", "head").out
    assert "For review" in clinic.do(*words, *why, "--as", "rae")
    assert run("record", "head").out != before
    assert clinic.json(*words, *why, "--as", "rae")["raised"] == 0
