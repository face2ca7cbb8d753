"""People, areas, roles and passphrases."""

from __future__ import annotations

import clinic as clinics
from conftest import Clinic


def test_the_list_shows_everybody_and_every_area(clinic: Clinic) -> None:
    out = clinic.do("people", "list")
    assert all(f"{person} " in out for person in ("mo", *clinics.PEOPLE))
    assert "recovery" in out
    assert not any(line.endswith(" ") for line in out.splitlines())
    told = clinic.json("people", "list")
    assert told["people"]["ana"] == {"name": "Ana Silva", "roles": ["nurse"]}
    assert told["areas"] == {"main": "main cabinet", "recovery": "Recovery"}


def test_only_who_may_enrols(clinic: Clinic) -> None:
    words = ("people", "enrol", "eve", "--name", "Eve", "--role", "nurse")
    assert clinic.refused(*words, "--as", "mo") == "PASSPHRASE_MISSING"
    with (clinic.folder / "passphrases.toml").open("a") as file:
        file.write('[new]\neve = "a set of fresh words"\n')
    assert clinic.refused(*words, "--as", "ana") == "ROLE_NOT_PERMITTED"
    assert "eve enrolled: Eve, nurse" in clinic.do(*words, "--as", "mo")
    same = ("people", "enrol", "ben", "--name", "Eve", "--role", "nurse", "--as", "mo")
    assert clinic.refused(*same) == "PERSON_EXISTS"
    wrong = ("people", "enrol", "ben", "--name", "Eve", "--role", "chief", "--as", "mo")
    assert clinic.refused(*wrong) == "VALUE_NOT_ALLOWED"


def test_who_has_left_cannot_sign_in(clinic: Clinic) -> None:
    words = ("people", "roles", "ben")
    assert clinic.refused(*words, "--as", "mo") == "OPTION_MISSING"
    assert clinic.refused(*words, "--role", "nurse", "--none", "--as", "mo") == "OPTION_MISSING"
    assert "ben is now: without access" in clinic.do(*words, "--none", "--as", "mo")
    assert clinic.refused("people", "passphrase", "ben", "--as", "ben") == "SIGN_IN_FAILED"
    assert "no access" in clinic.do("people", "list")


def test_an_area_is_added_once(clinic: Clinic) -> None:
    words = ("people", "area", "ward", "--name", "Ward", "--as", "mo")
    clinic.do(*words)
    assert clinic.refused(*words) == "AREA_EXISTS"
