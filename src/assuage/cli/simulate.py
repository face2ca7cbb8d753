"""`assuage simulate`: any model, any doses, any times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.files import write_file
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.cli.simulation import Simulation

HELP = """Predict concentrations with any model: a typical line, and a band where the model has one.

\b
What --give reads, an amount first and the rest in any order:
  "0.5 mg/kg over 40 min"             a dose as an infusion
  "0.28 mg/kg/h for 60 min at 1 h"    a rate, from one hour on
  "2 mg/kg bolus"                     at once
  "28 mg intranasal"                  in devices of 28 mg, 5 min apart
  "10 mg over 30 min every 24 h x 5"  five times, a day apart
Routes: iv (when none is named), im, sc, intranasal, by mouth, sublingual.

\b
Examples:
  assuage simulate --model kamp-2020 --weight "70 kg" --age "35 y" \\
    --give "0.5 mg/kg over 40 min" --at "40 min, 80 min" --json
  assuage simulate --model perez-ruixo-2021 --weight "70 kg" --age "35 y" \\
    --give "56 mg intranasal" --population 1000 --seed 1 --csv levels.csv --plot levels.svg
  assuage simulate --regimen depression-iv --weight "70 kg" --age "35 y"
"""

_NON_NEGATIVE = 0
_LARGEST_SEED = 2**63 - 1


def simulate(
    model: Annotated[
        str | None,
        typer.Option(
            help="The model, by its id; 'assuage models' lists them.", autocompletion=choices.models
        ),
    ] = None,
    regimen: Annotated[
        str | None,
        typer.Option(
            help="A published regimen in place of --give.", autocompletion=choices.regimens
        ),
    ] = None,
    variant: Annotated[str | None, typer.Option(help="The regimen's variant.")] = None,
    weight: Annotated[str | None, typer.Option(help="Such as '70 kg'.")] = None,
    age: Annotated[str | None, typer.Option(help="Such as '35 y' or '8 months'. Needed.")] = None,
    sex: Annotated[str | None, typer.Option(help="female, male or intersex.")] = None,
    ancestry: Annotated[str | None, typer.Option(help="asian, japanese or other.")] = None,
    give: Annotated[
        list[str] | None, typer.Option(help="What is given; may be repeated. See above.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The times to predict, such as '40 min, 80 min'.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Predict up to this time, such as '8 h'.")
    ] = None,
    population: Annotated[
        int, typer.Option(min=_NON_NEGATIVE, help="Patients behind the band; 0 for none.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(min=_NON_NEGATIVE, max=_LARGEST_SEED, help="Which patients are drawn.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    csv: Annotated[
        str | None,
        typer.Option(metavar="[FILE]", help="Write CSV; alone or '-': to standard output."),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="[FILE]", help="Write a chart; alone: simulate.svg.")
    ] = None,
    ethics_approval: Annotated[
        str | None,
        typer.Option(metavar="[REFERENCE]", help="For a regimen under a research lock."),
    ] = None,
    setting: Annotated[
        str | None, typer.Option(help="Such as intensive-care, for a research lock.")
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(help="Such as NL, for a research lock.", autocompletion=choices.places),
    ] = None,
    intensivist: Annotated[str | None, typer.Option(help="A name, for a research lock.")] = None,
) -> None:
    """Predict concentrations; the text of the help stands in HELP."""
    if as_json and csv == "-":
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--json and --csv to standard output",
            remedy="name a file: --csv levels.csv",
        )
    _check_chart(plot)
    with output.at_work("Simulating", quiet=as_json):
        from assuage.cli.simulation import Wish
        from assuage.cli.simulation import simulate as work_out

        found = work_out(
            Wish(
                model,
                regimen,
                variant,
                weight,
                age,
                sex,
                ancestry,
                tuple(give or ()),
                at,
                until,
                population,
                seed,
                ethics_approval,
                setting,
                place,
                intensivist,
            )
        )
        written = _files(found, csv, plot)
    _print(found, as_json=as_json, as_csv=csv == "-", written=written)


def _check_chart(plot: str | None) -> None:
    if plot is not None and Path(plot).suffix.lower() != ".svg":
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=plot,
            what="chart file",
            choices="a name that ends in .svg",
        )


def _files(found: Simulation, csv: str | None, plot: str | None) -> list[str]:
    from assuage.cli import series

    written = []
    if csv is not None and csv != "-":
        write_file(Path(csv), series.as_csv(found).encode())
        written.append(csv)
    if plot is not None:
        write_file(Path(plot), series.as_svg(found))
        written.append(plot)
    return written


def _print(found: Simulation, *, as_json: bool, as_csv: bool, written: list[str]) -> None:
    from assuage.cli import series

    if as_json:
        output.print_json(series.as_dict(found))
        return
    if as_csv:
        output.say(series.as_csv(found).removesuffix("\n"))
        for line in found.warnings:
            output.say_error(f"assuage: warning: {line}")
    else:
        series.show(found, output.console())
    for name in written:
        output.say_error(f"assuage: wrote {name}")
