"""A search on a terminal: the hypothesis, what it beat, the frontier, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assuage.knowledge.schema.facts import READ_IN_WORDS
from assuage.planning.optimisation.document import Candidate, Search
from assuage.planning.report.lines import bullet, heading, say
from assuage.units import format_quantity

MOST_ROWS = 12
_DIRECTIONS = ("for", "against", "harm", "neutral")


def render(made: Search, console: Console) -> None:
    """Print the search."""
    say(console, Text(f"Search of {made.family} ({made.variant}) for {made.patient.id}", "bold"))
    say(console, Text(made.scope, "bold red"))
    console.print()
    say(console, Text(f"Goal: {made.goal}. {made.relief_is}"))
    for one in made.limits:
        most = "not limited" if one.most is None else f"at most {one.most:g} {one.unit}"
        bullet(console, "-", Text(f"{one.quantity}: {most}"))
    say(console, Text(made.pressure_is, "dim"))
    say(console, Text(_counted(made)))
    for refused in made.refused:
        said = f"{refused.candidates} refused, {refused.code}: {refused.sentence}."
        bullet(console, "-", Text(said))
    _best(made, console)
    heading(console, "Why the next best lost")
    for text in made.why:
        bullet(console, "-", Text(text))
    if made.ties:
        heading(console, "Ties within the Monte-Carlo error")
        console.print(_table(made.ties[:MOST_ROWS]))
        _more(console, made.ties)
    if made.frontier:
        heading(console, "Frontier: relief against dissociation, pressure and chair time")
        console.print(_table(_spread(made.frontier)))
        _more(console, made.frontier)
    _worth(made, console)


def _counted(made: Search) -> str:
    lost = f"{made.over_a_limit} over a limit"
    if made.pruned:
        lost += f" ({made.pruned} of them not worked out: a smaller course is over it already)"
    return f"{made.grid} candidates; {lost}."


def _best(made: Search, console: Console) -> None:
    heading(console, "Best of the grid within the limits")
    if made.best is None:
        say(console, Text("None.", "bold"))
    else:
        console.print(_table([made.best]))
        say(console, Text(f"{made.best.studied.capitalize()}: {made.best.distance}.", "bold"))
    is_published = made.best is not None and made.best.studied == "as published"
    if made.published is not None and not is_published:
        say(console, Text("The published schedule, by the same virtual patients"))
        console.print(_table([made.published]))
    if made.command:
        say(console, Text(f"{made.command_why.capitalize()}: {made.command}"))
    else:
        say(console, Text(f"No plan is written: {made.command_why}."))
    if made.open:
        said = f"Open before anyone signs: {'; '.join(made.open)}."
        say(console, Text(said, "red"))


def _table(rows: Sequence[Candidate]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in (
        *("mg/h", "h a\nday", "days", "relief\npoints", "5 to 95 %\nof patients"),
        *(
            "marked\ndissoc. %,\nof levels\nonly",
            "pressure\nmmHg",
            "chair\nh",
            "drug\nmg",
            "studied",
        ),
    ):
        table.add_column(head, justify="left" if head == "studied" else "right", overflow="fold")
    for one in rows:
        table.add_row(
            _number(one.rate_mg_per_h),
            "24" if one.hours_a_day is None else _number(one.hours_a_day),
            _number(one.days),
            f"{one.relief:.3g}",
            f"{one.relief_low:.2g} to {one.relief_high:.2g}",
            _number(one.marked_dissociation_percent),
            _number(one.pressure_mmhg),
            _number(one.chair_h),
            _number(one.total_mg),
            {"as published": "yes", "less than published": "less"}.get(one.studied, "beyond"),
        )
    return table


def _number(value: float | None) -> str:
    return "unknown" if value is None else format_quantity(float(f"{value:.4g}"), "")


def _spread(rows: Sequence[Candidate]) -> list[Candidate]:
    """Return rows evenly along a long list, its ends included."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    last = len(rows) - 1
    return [rows[round(k * last / (MOST_ROWS - 1))] for k in range(MOST_ROWS)]


def _more(console: Console, rows: Sequence[Candidate]) -> None:
    if len(rows) > MOST_ROWS:
        said = f"{MOST_ROWS} of {len(rows)}; --json and --csv hold all."
        say(console, Text(said, "dim"))


def _worth(made: Search, console: Console) -> None:
    heading(console, "What it is worth")
    for text in made.warnings:
        bullet(console, "-", Text(text))
    reads = ", ".join(READ_IN_WORDS[one] for one in made.reads)
    bullet(console, "-", Text(f"Objective by {' on '.join(made.models)}; its numbers: {reads}."))
    for one in made.model_evidence:
        bullet(console, "-", Text(f"{one.text} ({one.source}, {READ_IN_WORDS[one.read]})"))
    heading(console, f"How strong the evidence for {made.family} is")
    for direction in _DIRECTIONS:
        claims = [one for one in made.evidence if one.direction == direction]
        said = dict.fromkeys(f"{one.strength} ({one.source}, {one.read})" for one in claims)
        if said:
            bullet(console, f"{direction}:", Text("; ".join(said)))
