"""A model of the library or of one's own, or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from assuage.evidence.fitting.model_file import load_model
from assuage.knowledge import library
from assuage.refusals import Refused
from evidence.fitting.studies import ORAL


def test_an_id_is_the_library_s_and_a_file_one_s_own() -> None:
    assert load_model("otto-2021") is library.model("otto-2021")
    assert load_model(ORAL).drug == "theophylline"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('unit = "L/h"', 'unit = "L"', "FIELD_INVALID"),
        ('unit = "L/h"', 'unit = "furlong"', "FIELD_INVALID"),
        ('rate = "ka"', 'rate = "kb"', "FIELD_INVALID"),
        ('route = "oral"', 'route = "by-owl"', "FIELD_INVALID"),
        ('id = "one-compartment-oral"', "id = ", "FILE_UNREADABLE"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = Path(ORAL).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "model.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        load_model(str(path))
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["no-such-model", "none.toml"])
def test_a_model_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        load_model(name)
