"""A plan on a terminal: the same arrangement as the page, shortened nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from assuage.planning.document import Plan
from assuage.planning.report.view import HOLD_STOP, view
from assuage.planning.report.words import NOT_GIVEN, NOTHING

_WIDE = 100  # below this, the schedule is one block a step instead of one row


def render(plan: Plan, console: Console, *, full: bool = False) -> None:
    """Print the plan: what a chair needs, or all of it. No number is cut, no text is markup."""
    tree = view(plan)
    for part in (_top, _schedule, _preparation):
        part(tree, console)
    _course(tree, console, full=full)
    for part in (_limits, _findings, _rest if full else _named):
        part(tree, console)
    made = f"Plan {tree['plan_id'][:12]}, made {tree['made_at']} by assuage {tree['version']}"
    console.print()
    _print(console, Text(f"{made} on knowledge {tree['knowledge_head']}.", style="dim"))


def _print(console: Console, text: Text | str, indent: int = 0) -> None:
    shown = Text(text) if isinstance(text, str) else text
    console.print(Padding(shown, (0, 0, 0, indent)), highlight=False)


def _heading(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold underline"))


def _says(one: dict[str, Any]) -> Text:
    text = Text(one["text"])
    for mark in one["marks"]:
        text.append_text(_mark(mark))
    if one["note"]:
        text.append(f" {one['note']}", style="dim")
    return text


def _mark(mark: dict[str, Any]) -> Text:
    text = Text()
    if mark.get("label"):
        text.append(f" [{mark['label']}]", style="cyan")
    if mark["tag"]:
        style = "bold red" if mark["tag"] == "unverified" else "dim"
        text.append(f" <{mark['tag']}>", style=style)
    return text


def _bullets(console: Console, rows: Iterable[Text | str]) -> None:
    for row in rows:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        table.add_row("-", Text(row) if isinstance(row, str) else row)
        console.print(table, highlight=False)


def _pairs(console: Console, rows: Iterable[tuple[str, Text | str]]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, Text(text) if isinstance(text, str) else text)
    console.print(table, highlight=False)


def _top(tree: dict[str, Any], console: Console) -> None:
    mode = ", field mode" if tree["field_mode"] else ""
    console.print(Text(f"{tree['title']}{mode}", style="bold"))
    _print(console, Text(tree["scope"], style="dim"))
    verdict = tree["verdict"]
    body = Text(verdict["sentence"])
    if verdict["open"]:
        body.append("\nOpen: " + "; ".join(verdict["open"]) + ".")
    colour = "green" if verdict["status"] == "for review" else "red"
    console.print(Panel(body, title=verdict["words"], title_align="left", border_style=colour))
    drug = tree["drug"]
    label = f" {drug['name']} by the route {drug['route']}, {tree['course']} in the whole course "
    console.print(Text(label, style="bold black on bright_yellow"))
    _print(console, _says(drug["fact"]))
    patient = ", ".join(
        f"{one['label'].lower()} {NOT_GIVEN}" if one["text"] == NOT_GIVEN else one["text"]
        for one in tree["patient"]
    )
    rows: list[tuple[str, Text | str]] = [("Patient", patient)]
    if tree["patient_facts"]:
        rows.append(("", "; ".join(tree["patient_facts"])))
    rows += [
        (one["label"], f"{one['text']} ({one['id']})" if one["id"] else one["text"])
        for one in tree["regimen"]
    ]
    licence = Text(f"{tree['licence']['status']}: ").append_text(_says(tree["licence"]["fact"]))
    rows += [("Licence", licence), ("Doses from", _says(tree["variant_fact"]))]
    _pairs(console, rows)


def _schedule(tree: dict[str, Any], console: Console) -> None:
    _heading(console, "Schedule")
    heads = ("mg", "mg/h", "mg/kg/h", "microgram/kg/min", "mL/h", "mL")
    keys = ("mg", "mg_h", "mg_kg_h", "ug_kg_min", "ml_h", "ml")
    for group in tree["schedule"]:
        _print(console, Text(f"{group['heading']}, {group['total']} a session", style="bold"))
        if console.width >= _WIDE:
            table = Table(box=SIMPLE_HEAD, pad_edge=False)
            table.add_column("Start", no_wrap=True)
            table.add_column("Give", no_wrap=True)
            table.add_column("For", no_wrap=True)
            for head in heads:
                table.add_column(head, justify="right", no_wrap=True)
            for row in group["rows"]:
                kind = " ".join((row["kind"], *row["tags"]))
                table.add_row(row["start"], kind, row["duration"], *(row[key] for key in keys))
            console.print(table, highlight=False)
        for row in group["rows"]:
            if console.width < _WIDE:
                kind = " ".join((row["kind"], *row["tags"]))
                lasts = "" if row["duration"] == NOTHING else f" for {row['duration']}"
                _print(console, f"{row['start']}: {kind}{lasts}")
                numbers = zip(keys, heads, strict=True)
                said = [f"{row[key]} {head}" for key, head in numbers if row[key] != NOTHING]
                _print(console, ", ".join(said), indent=4)
            said_rule = Text(f"from {row['start']}: ", style="dim").append_text(_says(row["rule"]))
            _print(console, said_rule, indent=4 if console.width < _WIDE else 0)
        dates = [f"day {day['day']} {day['date']}" for day in group["calendar"]]
        _print(console, Text("Dates: " + ", ".join(dates), style="dim"))
    _bullets(console, tree["caps"])


def _preparation(tree: dict[str, Any], console: Console) -> None:
    _heading(console, "Preparation")
    for one in tree["syringes"]:
        console.print(Text(f" {' | '.join(one['label'])} ", style="bold black on bright_yellow"))
        _pairs(console, ((row["label"], row["text"]) for row in one["rows"]))
        _bullets(console, one["checks"])
        for fact in one["facts"]:
            _print(console, _says(fact))


def _course(tree: dict[str, Any], console: Console, *, full: bool) -> None:
    _heading(console, "Predicted course")
    for one in tree["figures"]:
        text = Text(one["headline"])
        for mark in one["marks"]:
            text.append_text(_mark(mark))
        _bullets(console, [Text(f"{one['title']}: ", style="bold").append_text(text)])
        for line in one["worth"] if full else ():
            _print(console, Text(line, style="dim"), indent=4)
    _bullets(console, tree["not_predicted"])


def _limits(tree: dict[str, Any], console: Console) -> None:
    _heading(console, "Limits")
    for one in tree["guards"]:
        text = Text(f"{one['quantity']} {one['value']}: ", style="bold")
        text.append(
            f"{one['verdict']} (typical {one['typical']}, soft {one['soft']}, hard {one['hard']})",
            style="not bold",
        )
        for mark in one["marks"]:
            text.append_text(_mark(mark))
        _bullets(console, [text])
    for one in tree["accepted"]:
        said = f"{one['by']} passed {one['code']}: {one['sentence']}. Reason: {one['reason']}."
        _bullets(console, [Text(said, style="bold")])


def _findings(tree: dict[str, Any], console: Console) -> None:
    _heading(console, "Precautions")
    if not tree["findings"]:
        _print(console, "None met, and nothing is open.")
    for group in tree["findings"]:
        _print(console, Text(group["name"], style="bold red" if group["open"] else "bold"))
        _bullets(
            console,
            (
                Text(f"{one['name']} ({one['grade']}): ").append_text(_says(one["says"]))
                for one in group["rows"]
            ),
        )


def _named(tree: dict[str, Any], console: Console) -> None:
    """Print when to stop and the evidence, and say what else stands on the page and in the PDF."""
    _advice(console, [group for group in tree["advice"] if group["name"] == HOLD_STOP])
    _evidence(tree, console)
    rest = [
        *(
            f"{group['name'].lower()} ({len(group['rows'])})"
            for group in tree["advice"]
            if group["name"] != HOLD_STOP
        ),
        "cumulative dose",
        f"law of {tree['law']['place_name']}",
        f"cautions ({len(tree['cautions'])})",
        f"what isn't known ({len(tree['gaps'])})",
        f"references ({len(tree['references'])})",
    ]
    _heading(console, "On the page, in the PDF and with --full")
    _print(console, "; ".join(rest) + ".")


def _evidence(tree: dict[str, Any], console: Console) -> None:
    _heading(console, "What the evidence says, and how strong it is")
    for group in tree["evidence"]:
        _print(console, Text(group["name"], style="bold"))
        rows = group["rows"]
        _bullets(
            console,
            (_says(one["says"]).append(f" Strength: {one['strength']}", "dim") for one in rows),
        )


def _advice(console: Console, groups: Iterable[dict[str, Any]]) -> None:
    _heading(console, "Watching, holding and stopping (a template until the site adopts it)")
    for group in groups:
        _print(console, Text(group["name"], style="bold"))
        rows = group["rows"]
        _bullets(
            console, (Text(f"{one['what']}: ").append_text(_says(one["says"])) for one in rows)
        )


def _rest(tree: dict[str, Any], console: Console) -> None:
    _advice(console, tree["advice"])
    _heading(console, "Cumulative dose")
    _print(console, tree["cumulative"]["text"])
    _bullets(console, (_says(rule) for rule in tree["cumulative"]["rules"]))
    _evidence(tree, console)
    _heading(console, f"Law: {tree['law']['place_name']}, {tree['law']['date']}")
    for part in tree["law"]["parts"]:
        _print(console, Text(part["name"], style="bold"))
        _bullets(console, (_says(one) for one in part["says"]))
    for words, key in (("Cautions", "cautions"), ("What isn't known", "gaps")):
        if tree[key]:
            _heading(console, words)
            _bullets(console, (_says(one) for one in tree[key]))
    _heading(console, "References")
    for one in tree["references"]:
        doi = f" doi:{one['doi']}." if one["doi"] else ""
        _print(console, f"[{one['n']}] {one['citation']}.{doi} What was read: {one['read']}.")
