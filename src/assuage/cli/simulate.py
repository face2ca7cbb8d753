"""`assuage simulate`: any model, any doses, any times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output, progress
from assuage.cli.files import check_outputs, write_file

if TYPE_CHECKING:
    from assuage.planning.simulation import Simulation

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
  assuage simulate --model perez-ruixo-2021 --weight "70 kg" --age "35 y" \\
    --give "56 mg intranasal" --population 1000000 --over "100 ng/mL" --resume run.population
"""

_LARGEST_SEED = 2**63 - 1

_Text = str | None
_Model = Annotated[
    _Text,
    typer.Option(
        help="The model, by its id; 'assuage models' lists them.", autocompletion=choices.models
    ),
]
_Regimen = Annotated[
    _Text,
    typer.Option(help="A published regimen in place of --give.", autocompletion=choices.regimens),
]
_Variant = Annotated[_Text, typer.Option(help="The regimen's variant.")]
_Weight = Annotated[_Text, typer.Option(help="Such as '70 kg'.")]
_Age = Annotated[_Text, typer.Option(help="Such as '35 y' or '8 months'. Needed.")]
_Sex = Annotated[_Text, typer.Option(help="female, male or intersex.")]
_Ancestry = Annotated[_Text, typer.Option(help="asian, japanese or other.")]
_Give = Annotated[list[str] | None, typer.Option(help="What is given; may be repeated. See above.")]
_At = Annotated[_Text, typer.Option(help="The times to predict, such as '40 min, 80 min'.")]
_Until = Annotated[_Text, typer.Option(help="Predict up to this time, such as '8 h'.")]
_Population = Annotated[int, typer.Option(min=0, help="Patients behind the band; 0 for none.")]
_Seed = Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Which patients are drawn.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_Csv = Annotated[
    _Text, typer.Option(metavar="[FILE]", help="Write CSV; alone or '-': to standard output.")
]
_Plot = Annotated[
    _Text, typer.Option(metavar="[FILE]", help="Write an SVG chart; alone: simulate.svg.")
]
_Ethics = Annotated[
    _Text, typer.Option(metavar="[REFERENCE]", help="For a regimen under a research lock.")
]
_Setting = Annotated[_Text, typer.Option(help="Such as intensive-care, for a research lock.")]
_Place = Annotated[
    _Text,
    typer.Option(help="Such as NL, for a research lock.", autocompletion=choices.places),
]
_Over = Annotated[
    list[str] | None,
    typer.Option(help="Count patients over a level, such as '100 ng/mL'; may be repeated."),
]
_Workers = Annotated[
    _Text, typer.Option(metavar="N|all", help="Processes that share a large population; 1.")
]
_Cluster = Annotated[
    _Text,
    typer.Option(metavar="[ADDRESS]", help="A Dask scheduler; alone: a cluster of this machine."),
]
_Resume = Annotated[
    _Text,
    typer.Option(metavar="FILE", help="Keep a large population here, and go on from it."),
]
_Intensivist = Annotated[_Text, typer.Option(help="A name, for a research lock.")]


def simulate(
    model: _Model = None,
    regimen: _Regimen = None,
    variant: _Variant = None,
    weight: _Weight = None,
    age: _Age = None,
    sex: _Sex = None,
    ancestry: _Ancestry = None,
    give: _Give = None,
    at: _At = None,
    until: _Until = None,
    population: _Population = 1000,
    seed: _Seed = 1,
    as_json: _Json = False,
    csv: _Csv = None,
    plot: _Plot = None,
    ethics_approval: _Ethics = None,
    setting: _Setting = None,
    place: _Place = None,
    intensivist: _Intensivist = None,
    over: _Over = None,
    workers: _Workers = None,
    cluster: _Cluster = None,
    resume: _Resume = None,
) -> None:
    """Predict concentrations; the text of the help stands in HELP."""
    check_outputs(plot, csv, as_json=as_json, example="levels.csv")
    with progress.counting("Simulating", population, quiet=as_json) as told:
        from assuage.planning.simulation import Wish
        from assuage.planning.simulation import simulate as work_out

        wish = Wish(
            *(model, regimen, variant, weight, age, sex, ancestry, tuple(give or ()), at, until),
            *(population, seed, ethics_approval, setting, place, intensivist),
            *(tuple(over or ()), workers, cluster, resume),
        )
        try:
            found = work_out(wish, told)
        except KeyboardInterrupt:
            if resume is not None:
                output.say_error(f"assuage: stopped; the same command goes on from {resume}")
            raise
        written = _files(found, csv, plot)
    _print(found, as_json=as_json, as_csv=csv == "-", written=written)


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
