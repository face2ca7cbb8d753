"""A patient is registered, shown to who may see it, and locked for everything else."""

from __future__ import annotations

import clinic as clinics
from conftest import Clinic


def test_a_patient_is_shown_only_to_who_may_register_one(clinic: Clinic) -> None:
    told = clinic.json(*clinics.PATIENT)
    assert "Ada" not in str(told)
    out = clinic.do("patient", "show", "p-1", "--as", "ben")
    assert "Ada Example" in out
    assert "1979-03-04" in out
    assert clinic.refused("patient", "show", "p-1", "--as", "pat") == "ROLE_NOT_PERMITTED"
    assert clinic.refused("patient", "show", "p-2", "--as", "ben") == "PATIENT_UNKNOWN"
    assert clinic.refused(*clinics.PATIENT) == "PATIENT_EXISTS"


def test_a_birth_date_is_a_date(clinic: Clinic) -> None:
    words = list(clinics.PATIENT)
    words[words.index("1979-03-04")] = "4/3/79"
    assert clinic.refused(*words) == "VALUE_NOT_ALLOWED"
