"""A patient is read whole or refused; nothing is guessed, and nothing is read twice."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.planning.patient import Earlier, Patient, read_patient
from assuage.refusals import Refusal, Refused

KNOWN = ("pregnancy", "hypersensitivity")
TOML = """
id = "a-1"
medicines = ["theophylline"]
[body]
weight = "70 kg"
weight_last = "72 kg"
height = "1.75 m"
age = "46 y"
sex = "female"
[conditions]
pregnancy = false
[baseline]
pain_nrs = 6.5
madrs = 30
systolic = "120 mmHg"
diastolic = "80 mmHg"
heart_rate = "72 bpm"
[[past_course]]
ended = 2024-02-29
hours = 100
total = "2.2 g"
"""
JSON = {
    "id": "a-1",
    "medicines": ["theophylline"],
    "body": {
        "weight": "70 kg", "weight_last": "72 kg", "height": "1.75 m", "age": "46 y",
        "sex": "female",
    },
    "conditions": {"pregnancy": False},
    "baseline": {
        "pain_nrs": 6.5, "madrs": 30, "systolic": "120 mmHg", "diastolic": "80 mmHg",
        "heart_rate": "72 bpm",
    },
    "past_course": [{"ended": "2024-02-29", "hours": 100.0, "total": "2.2 g"}],
}  # fmt: skip


def read(folder: Path, text: str | bytes, kind: str = "toml", **flags: str | None) -> Patient:
    path = folder / f"patient.{kind}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_patient(path, known_conditions=KNOWN, **flags)


def refused(folder: Path, text: str | bytes, kind: str = "toml", **flags: str) -> Refusal:
    with pytest.raises(Refused) as caught:
        read(folder, text, kind, **flags)
    return caught.value.refusal


def test_a_whole_file_is_read_and_json_says_the_same(tmp_path: Path) -> None:
    """source: the file above, by hand."""
    one = read(tmp_path, TOML)
    assert one == read(tmp_path, json.dumps(JSON), "json")
    assert (one.id, one.weight_kg, one.weight_last_kg, one.height_cm) == ("a-1", 70, 72, 175)
    assert (one.age_years, one.sex, one.pain_nrs, one.madrs) == (46, "female", 6.5, 30)
    assert (one.systolic_mmhg, one.diastolic_mmhg, one.heart_rate_per_min) == (120, 80, 72)
    assert one.conditions == {"pregnancy": False}
    assert one.medicines == ("theophylline",)
    assert one.past_courses is not None
    (past,) = one.past_courses
    assert (past.ended, past.infusion_h, past.total_mg) == (date(2024, 2, 29), 100, 2200)


def test_what_is_not_said_is_unknown_and_not_none_of_it(tmp_path: Path) -> None:
    one = read(tmp_path, 'id = "x"')
    assert (one.weight_kg, one.age_years, one.medicines, one.past_courses) == (None,) * 4
    none = read(tmp_path, 'id = "x"\nmedicines = []\npast_course = []')
    assert (none.medicines, none.past_courses) == ((), ())
    assert read_patient(None) == Patient()


def test_a_flag_wins_and_an_empty_flag_is_refused_not_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, TOML, weight="64 kg", age="30 y").weight_kg == 64
    for name in ("weight", "age", "height"):
        assert refused(tmp_path, TOML, **{name: ""}) is Refusal.QUANTITY_EMPTY
    assert refused(tmp_path, TOML, sex="") is Refusal.VALUE_NOT_ALLOWED
    assert refused(tmp_path, TOML, sex="0") is Refusal.VALUE_NOT_ALLOWED


BODIES = [
    ('weight = "700 kg"', Refusal.QUANTITY_IMPLAUSIBLE),
    ('weight = "70"', Refusal.QUANTITY_UNIT_MISSING),
    ('weight = "70,5 kg"', Refusal.QUANTITY_AMBIGUOUS),
    ('weight = "154 lb"', Refusal.QUANTITY_UNIT_UNKNOWN),
    ('weight = "70 mg"', Refusal.QUANTITY_UNIT_WRONG),
    ('weight = "-70 kg"', Refusal.QUANTITY_NOT_POSITIVE),
    ('weight = "NaN kg"', Refusal.QUANTITY_AMBIGUOUS),
    ("weight = 70", Refusal.FIELD_INVALID),
    ("weight = nan", Refusal.FIELD_INVALID),
    ('age = "460 y"', Refusal.QUANTITY_IMPLAUSIBLE),
    ('age = "46"', Refusal.QUANTITY_UNIT_MISSING),
    ('sex = "F"', Refusal.FIELD_INVALID),
    ("sex = 1", Refusal.FIELD_INVALID),
    ('wieght = "70 kg"', Refusal.FIELD_UNKNOWN),
    ('weight = "70 kg"\nweight = "7 kg"', Refusal.FILE_UNREADABLE),
]


@pytest.mark.parametrize(("line", "code"), BODIES)
def test_a_body_is_read_or_refused(tmp_path: Path, line: str, code: Refusal) -> None:
    assert refused(tmp_path, f'id = "x"\n[body]\n{line}') is code


COURSES = [
    ('ended = 2024-02-30\nhours = 1\ntotal = "1 g"', Refusal.FILE_UNREADABLE),
    ('ended = 2023-02-29\nhours = 1\ntotal = "1 g"', Refusal.FILE_UNREADABLE),
    ('ended = "last week"\nhours = 1\ntotal = "1 g"', Refusal.FIELD_INVALID),
    ('ended = 2024-02-29T10:00:00\nhours = 1\ntotal = "1 g"', Refusal.FIELD_INVALID),
    ('ended = 2024-02-29\nhours = -1\ntotal = "1 g"', Refusal.FIELD_INVALID),
    ('ended = 2024-02-29\nhours = nan\ntotal = "1 g"', Refusal.FIELD_INVALID),
    ('ended = 2024-02-29\nhours = inf\ntotal = "1 g"', Refusal.FIELD_INVALID),
    ('ended = 2024-02-29\nhours = 1\ntotal = "1"', Refusal.QUANTITY_UNIT_MISSING),
    ("ended = 2024-02-29\nhours = 1", Refusal.FIELD_INVALID),
]


@pytest.mark.parametrize(("text", "code"), COURSES)
def test_a_past_course_is_read_or_refused(tmp_path: Path, text: str, code: Refusal) -> None:
    assert refused(tmp_path, f'id = "x"\n[[past_course]]\n{text}') is code


RAW = [
    ('{"id": "x", "body": {"weight": 70.5}}', Refusal.QUANTITY_UNIT_MISSING),
    ('{"id": "x", "body": {"weight": 70}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "body": {"weight": NaN}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"pain_nrs": NaN}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"pain_nrs": Infinity}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"pain_nrs": 1e400}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"pain_nrs": "7"}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"madrs": 30.5}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"madrs": ' + "9" * 4000 + "}}", Refusal.FIELD_INVALID),
    ('{"id": "x", "baseline": {"madrs": ' + "9" * 9000 + "}}", Refusal.FILE_UNREADABLE),
    ('{"id": "x", "id": "y"}', Refusal.FILE_UNREADABLE),
    ('{"id": "x", "body": {"weight": "70 kg", "weight": "7 kg"}}', Refusal.FILE_UNREADABLE),
    ('{"id": "x", "conditions": {"pregnancy": true, "pregnancy": false}}',
     Refusal.FILE_UNREADABLE),
    ('{"id": "x", "past_course": [{"ended": "2024-02-29", "hours": "1_00", "total": "1 g"}]}',
     Refusal.FIELD_INVALID),
    ('{"id": "x", "past_course": [{"ended": "29.2.2024", "hours": 1.0, "total": "1 g"}]}',
     Refusal.FIELD_INVALID),
    ('{"id": "x", "conditions": {"pregnancy": 1}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "conditions": {"pregnancy": "no"}}', Refusal.FIELD_INVALID),
    ('{"id": "x", "conditions": {"pregnant": true}}', Refusal.FIELD_UNKNOWN),
    ('{"id": "x", "medicines": [1]}', Refusal.FIELD_INVALID),
    ('{"id": "x", "medicines": [""]}', Refusal.FIELD_INVALID),
    ('{"id": "x", "medicines": ["\\t "]}', Refusal.FIELD_INVALID),
    ('{"id": "x", "medicines": "theophylline"}', Refusal.FIELD_INVALID),
    ('{"id": "Zoë"}', Refusal.FIELD_INVALID),
    ('{"id": "a b"}', Refusal.FIELD_INVALID),
    ('{"id": "x\\n"}', Refusal.FIELD_INVALID),
    ('{"id": "' + "x" * 41 + '"}', Refusal.FIELD_INVALID),
    ("[]", Refusal.FILE_UNREADABLE),
    ("null", Refusal.FILE_UNREADABLE),
    ("", Refusal.FILE_UNREADABLE),
    ("{", Refusal.FILE_UNREADABLE),
    ('{"about": ' + "[" * 100_000, Refusal.FILE_UNREADABLE),
    ('{"about": "' + "x" * 1_000_001 + '"}', Refusal.FILE_UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), RAW, ids=[str(n) for n in range(len(RAW))])
def test_json_is_read_or_refused(tmp_path: Path, text: str, code: Refusal) -> None:
    assert refused(tmp_path, text, "json") is code


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b"\xff\xfe\x00") is Refusal.FILE_UNREADABLE
    assert refused(tmp_path, "a = " + "[" * 100_000) is Refusal.FILE_UNREADABLE
    for path in (tmp_path / "none.toml", tmp_path, Path("/dev/zero")):
        with pytest.raises(Refused) as caught:
            read_patient(path)
        assert caught.value.refusal is Refusal.FILE_UNREADABLE


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    mark, lines = b"\xef\xbb\xbf", b'id = "x"\r\n[body]\r\nweight = "70 kg"\r\n'
    assert read(tmp_path, mark + lines).weight_kg == 70
    assert read(tmp_path, mark + b'{"id": "x", "medicines": []}', "json").medicines == ()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_json_is_a_patient_or_a_refusal(tmp_path_factory, content: object) -> None:
    folder = tmp_path_factory.mktemp("any")
    for body in (content, {"id": "x", "body": content}, {"id": "x", "medicines": content}):
        try:
            name = read(folder, json.dumps(body), "json").id
        except Refused as caught:
            name = caught.code.partition("_")[0]
        assert name in {"x", "FIELD", "FILE", "QUANTITY"}


def test_an_earlier_course_is_kept_in_its_own_words(tmp_path: Path) -> None:
    table = """
[earlier]
model = "otto-2021"
give = ["10 mg over 30 min"]
level = ["esketamine 62 ng/mL venous at 30 min"]
"""
    found = read(tmp_path, TOML + table).earlier
    assert found == Earlier(
        "otto-2021", ("10 mg over 30 min",), ("esketamine 62 ng/mL venous at 30 min",)
    )
    assert read(tmp_path, TOML).earlier is None


@pytest.mark.parametrize(
    ("line", "refusal"),
    [("levels = []", Refusal.FIELD_UNKNOWN), ("level = [62]", Refusal.FIELD_INVALID)],
)
def test_an_earlier_course_that_is_misspelled_is_refused(
    tmp_path: Path, line: str, refusal: Refusal
) -> None:
    table = f'\n[earlier]\nmodel = "otto-2021"\ngive = []\n{line}\n'
    with pytest.raises(Refused) as caught:
        read(tmp_path, TOML + table)
    assert caught.value.refusal is refusal
