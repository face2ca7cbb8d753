"""Lines, headings and points on a terminal, wrapped to its width."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def say(console: Console, text: Text) -> None:
    """Print a line."""
    console.print(Padding(text, 0), highlight=False)


def heading(console: Console, words: str) -> None:
    """Print a heading under an empty line."""
    console.print()
    say(console, Text(words, "bold underline"))


def bullet(console: Console, mark: str, text: Text) -> None:
    """Print a point whose lines stand clear of its mark."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(mark), text)
    console.print(table, highlight=False)
