"""A run of virtual trials on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from assuage.evidence.virtual.scores import World
    from assuage.evidence.virtual.summary import Summary


def show(world: World, summary: Summary, console: Console) -> None:
    """Print what the trials came to."""
    from assuage.evidence.virtual import words

    design = world.design
    console.print(f"{design.title}: {summary.trials} trials of {design.people} people")
    console.print(words.analysed(design))
    for null in (False, True):
        _show_worth(summary, console, null=null)
    for arm in dict.fromkeys(one.arm for one in summary.reported):
        _show_reported(summary, arm, world.design.analysis.at_d[0], console)
    for outcome, null, how, many in summary.ends:
        if how != "fitted":
            which = "without any effect" if null else "with the effect"
            console.print(f"{outcome}, {which}: {many} analyses ended as {how}")
    console.print(words.SIMULATED)
    for line in (*words.labels(design), *words.cautions(design)):
        console.print(f"caution: {line}")


def _show_worth(summary: Summary, console: Console, *, null: bool) -> None:
    from assuage.evidence.virtual.report import label, mean_words, share_words

    mine = [one for one in summary.worth if one.null == null]
    if not mine:
        return
    what = "type I error, %" if null else "power, %"
    table = _table("without any effect" if null else "with the effect", what, "bias", "coverage, %")
    for one in mine:
        name = label(one)
        if one.fitted < one.trials:
            name += f" ({one.trials - one.fitted} without an estimate)"
        cells = (share_words(one.rejected), mean_words(one.bias), share_words(one.coverage))
        table.add_row(name, *cells)
    console.print(table)


def _show_reported(summary: Summary, arm: str, day: float, console: Console) -> None:
    from assuage.evidence.report import numbers
    from assuage.evidence.virtual.report import DIGITS, KINDS, label, mean_words

    shown = [one for one in summary.reported if (one.arm, one.day) == (arm, day)]
    console.print(f"What readers see of {label(shown[0])}, by when it is reported:")
    table = _table("reported", "in trials", "true", "mean reported", "bias")
    for one in shown:
        name = one.way if not one.null else f"{one.way}, {KINDS[True]}"
        true = numbers.fixed(one.truth, DIGITS)
        cells = (f"{one.trials} of {one.of}", true, mean_words(one.mean), mean_words(one.bias))
        table.add_row(name, *cells)
    console.print(table)


def _table(first: str, *columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    found = Table(box=SIMPLE_HEAD, pad_edge=False)
    found.add_column(first)
    for name in columns:
        found.add_column(name, justify="right")
    return found
