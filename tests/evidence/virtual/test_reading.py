"""A design's file is read whole or refused, in words that name the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from assuage.evidence.virtual.reading import LARGEST_FILE_BYTES, read
from assuage.refusals import Refused

ROOT = Path(__file__).parents[3]
GOOD = (ROOT / "examples/trials/crps-sigtermans.toml").read_text()


def refusal(tmp_path: Path, text: str) -> Refused:
    path = tmp_path / "design.toml"
    path.write_text(text)
    with pytest.raises(Refused) as refused:
        read(path)
    return refused.value


@pytest.mark.parametrize("name", ["crps-sigtermans", "depression-six-infusions"])
def test_the_examples_are_read(name: str) -> None:
    found = read(ROOT / f"examples/trials/{name}.toml")
    assert found.people == 60
    assert found.digest() == read(ROOT / f"examples/trials/{name}.toml").digest()


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ('mean = "72 kg"', "mean = 72", "FIELD_INVALID", "population.weight.mean"),
        ('mean = "72 kg"', 'mean = "72"', "QUANTITY_UNIT_MISSING", "kg"),
        ('mean = "72 kg"', 'mean = "720 kg"', "QUANTITY_IMPLAUSIBLE", "720"),
        ('low = "18 y"', 'low = "8 y"', "FIELD_INVALID", "population.age.low"),
        ("sd = 1.5", "sd = nan", "FIELD_INVALID", "population.pain.sd"),
        ("sd = 1.5", "sd = -1.5", "FIELD_INVALID", "population.pain.sd"),
        ("n = 30", "n = 30.5", "FIELD_INVALID", "arm.0.n"),
        ("n = 30", "n = 1", "FIELD_INVALID", "arm.0.n"),
        ('source = "assumed"', 'source = "somebody"', "FIELD_INVALID", "source"),
        ('source = "assumed"', 'source = "dahan-2011"', "FIELD_INVALID", "where"),
        ("per_visit = 0.01", "per_visit = 1.0", "FIELD_INVALID", "dropout.per_visit"),
        ("per_visit = 0.01", "perVisit = 0.01", "FIELD_UNKNOWN", "per_visit"),
        ("[analysis]", "[analyses]", "FIELD_UNKNOWN", "analysis"),
        ('covariance = "unstructured"', 'covariance = "best"', "FIELD_INVALID", "covariance"),
        ("title =", "title", "FILE_UNREADABLE", "design.toml"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, old: str, new: str, code: str, word: str) -> None:
    assert old in GOOD
    found = refusal(tmp_path, GOOD.replace(old, new, 1))
    assert (found.code, word in str(found)) == (code, True), found


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FILE_UNREADABLE"):
        read(tmp_path / "none.toml")
    large = GOOD + "#" * LARGEST_FILE_BYTES
    assert refusal(tmp_path, large).code == "FILE_UNREADABLE"
    assert refusal(tmp_path, "\x00").code == "FILE_UNREADABLE"
