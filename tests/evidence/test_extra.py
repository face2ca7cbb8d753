"""What isn't installed is named with its remedy, before anything begins."""

from __future__ import annotations

import pytest

from assuage.evidence import extra
from assuage.refusals import Refused
from evidence.analysis.asking import asked, trial


@pytest.mark.parametrize("package", ["scipy", "matplotlib"])
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    extra.need("a report", "--out")
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == package else name)
    with pytest.raises(Refused, match=package) as caught:
        extra.need("a report", "--out")
    assert caught.value.code == "EXTRA_MISSING"
    assert "assuage[evidence]" in caught.value.remedy


def test_an_analysis_needs_numbers_and_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "matplotlib" else name)
    asked(trial(), "pain ~ arm + baseline")
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(Refused, match="scipy"):
        asked(trial(), "pain ~ arm + baseline")
