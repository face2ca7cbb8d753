"""A comparison on a terminal: as many regimens side by side as fit, and nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assuage.planning.comparison.document import Cell, Column, Comparison, Row
from assuage.planning.comparison.words import (
    bands_of,
    difference_words,
    ends,
    figure,
    reads_words,
)
from assuage.planning.report.lines import bullet, heading, say

_LABEL, _CELL = 24, 15  # the least that a label and a regimen take
_EDGE = 2  # what the box and the padding add to each column, and the box once more at the end
_WIDEST = 44
_DIRECTIONS = ("for", "against", "harm", "neutral")


class _Footnotes:
    """Sentences too long for a cell, numbered by first use."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def mark(self, text: str) -> str:
        """Return the mark of a sentence."""
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"


def render(made: Comparison, console: Console) -> None:
    """Print the comparison."""
    notes = _Footnotes()
    say(console, Text(f"Regimens for {made.patient.id}, {made.place}, {made.date}", "bold"))
    say(console, Text(made.scope, "dim"))
    console.print()
    for column in made.columns:
        _legend(column, console)
    at_once = max(1, (console.width - _EDGE - _LABEL - 1) // (_CELL + _EDGE))
    places = range(len(made.columns))
    for start in range(0, len(made.columns), at_once):
        console.print(_table(made, places[start : start + at_once], notes, console.width))
    others = [place for place in places[1:] if made.columns[place].refusal is None]
    if made.columns[0].refusal is None and others:
        for start in range(0, len(others), at_once):
            console.print(_differences(made, others[start : start + at_once], console.width))
    for number, text in enumerate(notes.texts, start=1):
        bullet(console, f"[{number}]", Text(text))
    _evidence(made, console)
    heading(console, "To read it by")
    about: dict[str, list[str]] = {}
    for row in made.rows:
        for text in (row.note, row.crosses):
            if text:
                about.setdefault(text, []).append(row.title)
    for text, titles in about.items():
        bullet(console, "-", Text(f"{'; '.join(titles)}: {text}"))
    for text in made.notes:
        bullet(console, "-", Text(text))
    say(console, Text(f"{len(made.references)} sources stand in --json.", "dim"))


def _legend(column: Column, console: Console) -> None:
    variant = f" ({column.variant})" if column.variant else ""
    text = Text(f"{column.regimen}{variant}", "bold")
    if column.refusal is not None:
        text.append(f" refused, {column.refusal.code}: ", "bold red")
        text.append(f"{column.refusal.sentence}. {column.refusal.remedy.capitalize()}.", "not bold")
    else:
        rest = ", ".join(one for one in (column.product, column.setting) if one)
        text.append(f" {column.name}; {rest}; {column.status}", "not bold")
        if column.open:
            text.append(": " + "; ".join(column.open), "not bold red")
    bullet(console, column.letter, text)


def _grid(made: Comparison, places: Sequence[int], title: str, width: int) -> Table:
    """Return an empty table with widths of its own: rich cuts off what least widths overflow."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), leading=1)
    room = width - 1 - _EDGE * (len(places) + 1)
    label = max(_LABEL, min(_WIDEST, room * 2 // (len(places) + 2)))
    cell = max(1, (room - label) // len(places))
    table.add_column(title, overflow="fold", width=label)
    for place in places:
        head = Text(made.columns[place].letter, justify="left")
        table.add_column(head, overflow="fold", width=min(cell, _WIDEST))
    return table


def _table(made: Comparison, places: Sequence[int], notes: _Footnotes, width: int) -> Table:
    table = _grid(made, places, "Predicted or counted", width)
    for row in made.rows:
        label = _label(row)
        bands = bands_of(row)
        for band in bands if len(bands) == 1 else ():
            label.append(f"\n{band}", "dim")
        if reads := reads_words(row):
            style = "dim red" if "unverified" in reads else "dim"
            label.append(f"\nread: {reads}", style)
        cells = (_cell(row.cells[place], notes, named=len(bands) > 1) for place in places)
        table.add_row(label, *cells)
    return table


def _label(row: Row) -> Text:
    text = Text(row.title)
    if row.unit:
        text.append(f", {row.unit}")
    if row.better:
        text.append(f" ({'more' if row.better == 'higher' else 'less'} is better)", "dim")
    return text


def _cell(cell: Cell, notes: _Footnotes, *, named: bool) -> Text:
    """Return a cell; `named` where the bands of its row differ in kind."""
    if cell.value is None:
        mark = "" if cell.status == "refused" else f" {notes.mark(cell.why)}"
        return Text(f"{cell.status}{mark}", "dim")
    if cell.currency:
        return Text(cell.text, "bold")
    text = Text(figure(cell.value), "bold")
    if cell.why:
        text.append(f" {notes.mark(cell.why)}", "not bold dim")
    if band := ends(cell.low, cell.high):
        text.append(f"\n{band}", "not bold")
    if cell.band and named:
        text.append(f"\n{cell.band}", "not bold dim")
    if cell.text:
        text.append(f"\n{cell.text}", "not bold dim")
    return text


def _differences(made: Comparison, places: Sequence[int], width: int) -> Table:
    first = made.columns[0].letter
    table = _grid(made, places, f"Less {first} ({made.columns[0].regimen})", width)
    for row in made.rows:
        if all(row.differences[place].value is None for place in places):
            continue
        kinds = dict.fromkeys(
            row.differences[place].band or row.differences[place].why
            for place in places
            if row.differences[place].value is not None
        )
        label = _label(row)
        for kind in kinds:
            label.append(f"\n{kind}", "dim")
        cells = (
            "\n".join(difference_words(row.differences[place], row.cells[place].currency))
            for place in places
        )
        table.add_row(label, *(Text(one) for one in cells))
    return table


def _evidence(made: Comparison, console: Console) -> None:
    heading(console, "How strong the evidence is")
    for column in made.columns:
        say(console, Text(f"{column.letter} {column.regimen}", "bold"))
        for direction in _DIRECTIONS:
            claims = [one for one in column.evidence if one.direction == direction]
            said = dict.fromkeys(f"{one.strength} ({one.source}, {one.read})" for one in claims)
            if said:
                bullet(console, f"{direction}:", Text("; ".join(said)))
