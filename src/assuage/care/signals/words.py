"""A report in words: rows of a table, and the same on a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assuage.care.signals.report import FOR_REVIEW, Finding, Report
from assuage.knowledge.schema.signals import Rate

HEADS = ("Signal", "Person", "Seen", "Usual", "Statistic", "Threshold", "False alarms")
NOTHING = "-"


def as_table(report: Report, *, everything: bool = False) -> list[tuple[str, ...]]:
    """Return rows under HEADS: the signals, or with `everything` what is nothing and too few."""
    found = report.findings if everything else report.raised
    return [_row(one) for one in found]


def _row(one: Finding) -> tuple[str, ...]:
    return (
        one.name,
        one.person_name,
        seen(one),
        NOTHING if one.expected is None else _number(one.expected),
        _statistic(one),
        _threshold(one),
        false_alarms(one.false_alarms),
    )


def seen(one: Finding) -> str:
    """Say what was counted: "4 of 30 draws, with B. Nurse"."""
    if one.status == "too few to tell":
        return f"too few to tell ({one.of} {one.what})"
    much = f"mean {_number(one.count)}, " if one.kind == "z" else f"{one.count:g} of "
    beside = f"with {one.beside_name}" if one.beside else ""
    return ", ".join(part for part in (f"{much}{one.of} {one.what}", one.detail, beside) if part)


def false_alarms(rate: Rate | None) -> str:
    """Say how often the signal is raised about honest people."""
    if rate is None:
        return "not measured"
    low, high = _number(100.0 * rate.low), _number(100.0 * rate.high)
    return f"{_number(100.0 * rate.value)} % ({low} to {high})"


def _statistic(one: Finding) -> str:
    if one.statistic is None:
        return NOTHING
    return f"z {one.statistic:.1f}" if one.kind == "z" else f"chance {one.statistic:.2g}"


def _threshold(one: Finding) -> str:
    return f"z {one.threshold:g}" if one.kind == "z" else f"chance {one.threshold:g}"


def _number(value: float) -> str:
    return f"{value:.2g}"


def summary(report: Report) -> tuple[str, ...]:
    """Return what stands above the table, line by line."""
    raised = len(report.raised)
    if report.expected_false_alarms is None:
        alarms = "How many to expect when everybody is honest isn't known."
    else:
        alarms = (
            f"When everybody is honest, {report.expected_false_alarms:.2f} signals are to be "
            "expected in a report like this."
        )
    asked = report.asked
    lines = (
        f"Signals at {asked.site} from {asked.start} to {asked.end}.",
        FOR_REVIEW,
        f"{report.people} people were looked at: {raised} signals of {report.told} that could "
        f"be told; {report.too_few} more had too few events to tell, which isn't the same as none.",
        alarms,
        report.caution,
        f"Looked at by {asked.by} at {asked.at}, because: {asked.why}. Head {asked.head}.",
    )
    return tuple(line for line in lines if line)


def render(report: Report, console: Console, *, everything: bool = False) -> None:
    """Print the report. No text is taken for markup."""
    for line in summary(report):
        console.print(Text(line), highlight=False)
    rows = as_table(report, everything=everything)
    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in HEADS:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table, highlight=False)
    for name in dict.fromkeys(one.name for one in report.raised):
        one = next(found for found in report.raised if found.name == name)
        said = f"{name}. {one.text} Think first of: {one.innocent}"
        console.print(Padding(Text(said), (0, 0, 0, 2)), highlight=False)
