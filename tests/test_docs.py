"""The generated pages say what the program holds, and nothing older."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from assuage.cli.app import app
from assuage.cli.reference import pages
from assuage.knowledge import library
from assuage.refusals import Refusal

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = DOCS / "reference"
MADE = pages()


@pytest.mark.parametrize("name", sorted(MADE))
def test_each_page_is_up_to_date(name: str) -> None:
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == MADE[name], "run: assuage reference docs/reference"


def test_there_is_no_other_page() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(MADE)


def test_every_command_and_option_appears() -> None:
    for name, command in typer.main.get_command(app).commands.items():
        if not command.hidden:
            section = MADE["commands.md"].partition(f"## assuage {name}\n")[2].partition("\n## ")[0]
            for parameter in command.params:
                assert all(option in section for option in parameter.opts if "-" in option)


def test_every_refusal_model_and_regimen_appears() -> None:
    assert all(f"| `{one.name}` |" in MADE["refusals.md"] for one in Refusal)
    assert all(f"## {one}\n" in MADE["models.md"] for one in library.model_ids())
    assert all(f"## {one}\n" in MADE["regimens.md"] for one in library.regimen_ids())
