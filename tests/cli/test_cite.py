"""What `assuage cite` reads and prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"format": "assuage-plan/2"}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert run("cite", str(file)).code == "FILE_UNREADABLE"


@pytest.mark.parametrize("name", ["no such file", ".", "/dev/zero"])
def test_a_file_that_cannot_be_read_is_refused(name: str) -> None:
    assert run("cite", name).code == "FILE_UNREADABLE"
