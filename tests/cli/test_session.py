"""The other commands of a session, and what a person sees of one."""

from __future__ import annotations

import clinic as clinics
import pytest
from conftest import Clinic, found


@pytest.fixture
def dose(clinic: Clinic) -> str:
    clinic.session()
    return clinic.intend(clinic.draw())


def test_a_session_opens_for_a_patient_on_an_order(clinic: Clinic) -> None:
    assert clinic.refused(*clinics.SESSION) == "PATIENT_UNKNOWN"
    clinic.session()
    assert clinic.refused(*clinics.SESSION) == "SESSION_EXISTS"
    shown = clinic.json("session", "show", "s-1")
    assert (shown["patient"], shown["order"], shown["prescriber"]) == ("p-1", "rx-77", "cy")
    assert "No dose was intended" in clinic.do("session", "show", "s-1")


def test_a_dose_is_confirmed_with_what_was_given(clinic: Clinic, dose: str) -> None:
    clinic.do("session", "confirm", "s-1", dose, "--amount", "0.6 mL", "--as", "ana")
    (shown,) = clinic.json("session", "show", "s-1")["doses"]
    assert (shown["state"], shown["intended_ug"], shown["given_ug"]) == ("confirmed", 35000, 30000)
    again = ("session", "confirm", "s-1", dose, "--amount", "30 mg", "--as", "ana")
    assert clinic.refused(*again) == "INTENT_RESOLVED"


def test_a_dose_not_given_says_why_and_keeps_it_locked(clinic: Clinic, dose: str) -> None:
    words = ("session", "not-given", "s-1", dose, "--reason", "the vein was lost", "--as", "ana")
    told = clinic.json(*words)
    assert "vein" not in str(told)
    assert clinic.json("session", "show", "s-1")["doses"][0]["state"] == "not-given"


def test_pump_and_effect_stand_beside_the_dose(clinic: Clinic, dose: str) -> None:
    clinic.do("session", "confirm", "s-1", dose, "--amount", "35 mg", "--as", "ana")
    clinic.do("session", "pump", "s-1", dose, "--amount", "34 mg", "--as", "ana")
    clinic.do("session", "effect", "s-1", dose, "--none", "--as", "ana")
    (shown,) = clinic.json("session", "show", "s-1")["doses"]
    assert (shown["pump_ug"], shown["effect"]) == (34000, False)
    clinic.do("session", "pump", "s-1", dose, "--amount", "0 mg", "--as", "ana")
    assert clinic.json("session", "show", "s-1")["doses"][0]["pump_ug"] == 0
    wrong = ("session", "pump", "s-1", "i-0", "--amount", "1 mg", "--as", "ana")
    assert clinic.refused(*wrong) == "INTENT_UNKNOWN"


@pytest.mark.parametrize("amount", ["35", "1,5 mg", "-1 mg", "1e3 mg", "0.0001 mg", "NaN mg"])
def test_a_bad_amount_is_refused_before_anybody_signs(
    clinic: Clinic, dose: str, amount: str
) -> None:
    (clinic.folder / "passphrases.toml").unlink()
    words = ("session", "confirm", "s-1", dose, f"--amount={amount}", "--as", "ana")
    assert clinic.refused(*words) not in ("PASSPHRASES_UNSAFE", "INTERNAL_FAULT")


def test_an_open_dose_stands_in_the_way_of_the_end(clinic: Clinic, dose: str) -> None:
    assert clinic.refused("session", "end", "s-1", "--as", "ana") == "DOSE_UNRESOLVED"
    clinic.do("session", "confirm", "s-1", dose, "--amount", "35 mg", "--as", "ana")
    out = clinic.do("session", "end", "s-1", "--as", "ana")
    assert "DISCREPANCY x-" in out
    assert "465 mg missing" in out
    assert clinic.refused("session", "end", "s-1", "--as", "ana") == "SESSION_ENDED"


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_view_fits_the_terminal_and_cuts_nothing(
    clinic: Clinic, dose: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    clinic.do("session", "confirm", "s-1", dose, "--amount", "34.125 mg", "--as", "ana")
    clinic.do("session", "pump", "s-1", dose, "--amount", "34.125 mg", "--as", "ana")
    clinic.do("session", "effect", "s-1", dose, "--seen", "--as", "ana")
    draw = found("d", clinic.do("session", "show", "s-1"))
    clinic.intend(draw, "1.125 mg")
    out = clinic.do("session", "show", "s-1")
    lines = out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    (row,) = [line for line in lines if line.startswith(dose)]
    for cell in ("confirmed", "35 mg iv", "34.125 mg", "seen", "ana"):
        assert cell in row
    assert "INTENDED" in out
    assert "464.875" not in out  # what is left takes the given dose alone
    assert "465.875 mg" in out
