"""The generated pages say what the program holds, and nothing older."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from assuage.cli.app import whole
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
    named = dict(commands("assuage", typer.main.get_command(whole())))
    assert {"assuage", "assuage plan", "assuage record", "assuage record head"} <= set(named)
    for name, command in named.items():
        section = MADE["commands.md"].partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert f"Usage: {name} " in section
        for parameter in command.params:
            assert all(option in section for option in parameter.opts if "-" in option)


def commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command that isn't hidden, and those within it."""
    if not command.hidden:
        yield name, command
        for inner, one in getattr(command, "commands", {}).items():
            yield from commands(f"{name} {inner}", one)


def test_every_refusal_model_and_regimen_appears() -> None:
    assert all(f"| `{one.name}` |" in MADE["refusals.md"] for one in Refusal)
    assert all(f"## {one}\n" in MADE["models.md"] for one in library.model_ids())
    assert all(f"## {one}\n" in MADE["regimens.md"] for one in library.regimen_ids())
