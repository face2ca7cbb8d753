"""The first act on a record, and the one that can't be undone."""

from __future__ import annotations

from pathlib import Path

import clinic as clinics
import pytest
from command import run
from conftest import Clinic

from assuage.care import people
from assuage.cli.opened import default_key, default_record


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clinics.enter(tmp_path, monkeypatch)
    clinics.write_passphrases(tmp_path)
    return tmp_path


def test_init_makes_record_key_site_and_manager(empty: Path) -> None:
    ran = run(*clinics.SITE)
    assert ran.status == 0, ran.err
    assert default_record() in ran.out
    assert str(default_key()) in ran.out
    assert default_key().stat().st_mode & 0o777 == 0o600
    told = run("people", "list", "--json").json
    assert told["people"] == {"mo": {"name": "Mo Adeyemi", "roles": ["site-manager"]}}
    assert run(*clinics.SITE).code == "RECORD_EXISTS"


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--site", "Leeds Clinic", "ID_INVALID"),
        ("--manager", "MO!", "ID_INVALID"),
        ("--place", "XX", "PLACE_UNKNOWN"),
        ("--zone", "Leeds", "VALUE_NOT_ALLOWED"),
        ("--name", " ", "COMMAND_UNREADABLE"),
        ("--manager", "stranger", "PASSPHRASE_MISSING"),
        ("--manager", "weak", "PASSPHRASE_WEAK"),
    ],
)
def test_what_is_refused_makes_no_file(empty: Path, option: str, value: str, code: str) -> None:
    with (empty / "passphrases.toml").open("a") as file:
        file.write('weak = "short"\n')
    words = list(clinics.SITE)
    words[words.index(option) + 1] = value
    assert run(*words).code == code
    assert not Path(default_record()).exists()
    assert not default_key().exists()


def test_an_init_that_was_cut_off_is_finished(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_given: object) -> None:
        raise KeyboardInterrupt

    real = people.open_site
    monkeypatch.setattr(people, "open_site", cut)
    assert run(*clinics.SITE).status == 130
    monkeypatch.setattr(people, "open_site", real)
    assert run(*clinics.SITE).status == 0


def test_a_patient_is_erased_when_the_law_lets_go_or_a_person_takes_it_on(clinic: Clinic) -> None:
    clinic.session()
    clinic.do("patient", "register", "p-2", *clinics.PATIENT[3:])
    words = ("record", "erase", "p-1", "--reason", "asked for", "--as", "mo")
    assert clinic.refused(*words) == "WITNESS_MISSING"
    clinic.draw()
    assert clinic.refused(*words, "--witness", "ben") == "WITNESS_NOT_OWN"  # mo enrolled ben
    clinic.own_passphrase("ben")
    assert clinic.refused(*words, "--witness", "ben") == "ERASURE_TOO_EARLY"
    clinic.do(*words, "--witness", "ben", "--accept", "Mo Adeyemi: by order of a court")
    assert "[erased]" in clinic.do("patient", "show", "p-1", "--as", "ana")
    assert clinic.refused(*words, "--witness", "ben") == "PATIENT_ERASED"
    untreated = ("record", "erase", "p-2", "--reason", "asked for", "--as", "mo")
    clinic.do(*untreated, "--witness", "ben")
