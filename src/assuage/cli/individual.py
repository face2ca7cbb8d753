"""`assuage individual`: one patient's own bands from levels and scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.files import check_outputs, write_file

if TYPE_CHECKING:
    from assuage.planning.individual import Answer

HELP = """Learn one patient's numbers from levels and scores; draw the bands before and after.

A model's published variability is where it starts. The less the data say, the less the band
moves; data that contradict the model are named with their misfit. Mood is moved by the
patient's own scores only, never by a level.

\b
What is read, with times counted from the first dose:
  --level "esketamine 142 ng/mL venous at 2 h"     a drug level and where it was drawn
  --level "esketamine <2 ng/mL venous at 24 h"     below the assay's limit
  --pain "4 at 8 d"       pain, 0 to 10
  --mood "18 at 24 h"     MADRS, 0 to 60
  --sedation "2 at 10 min"  in children: 5 awake, 0 unresponsive
  --data FILE             CSV with the columns what, value, site, time

\b
Examples:
  assuage individual --model otto-2021 --weight "70 kg" --age "35 y" \\
    --give "10 mg over 30 min" --level "esketamine 62 ng/mL venous at 30 min" \\
    --level "esketamine 9 ng/mL venous at 3 h"
  assuage individual --model simons-2022 --weight "70 kg" --age "35 y" \\
    --give "10 mg/h for 100 h" --pain "7 at 0 h" --pain "3 at 8 d" --plot pain.svg
"""

_LARGEST_SEED = 2**63 - 1
_Text = str | None
_Many = list[str] | None


def individual(
    model: Annotated[
        str,
        typer.Option(
            help="The model, by its id; 'assuage models' lists them.", autocompletion=choices.models
        ),
    ],
    weight: Annotated[_Text, typer.Option(help="Such as '70 kg'.")] = None,
    age: Annotated[_Text, typer.Option(help="Such as '35 y' or '8 months'. Needed.")] = None,
    sex: Annotated[_Text, typer.Option(help="female, male or intersex.")] = None,
    ancestry: Annotated[_Text, typer.Option(help="asian, japanese or other.")] = None,
    give: Annotated[_Many, typer.Option(help="What was given; may be repeated.")] = None,
    level: Annotated[_Many, typer.Option(help="A drug level; may be repeated.")] = None,
    pain: Annotated[_Many, typer.Option(help="A pain score; may be repeated.")] = None,
    mood: Annotated[_Many, typer.Option(help="A depression score; may be repeated.")] = None,
    sedation: Annotated[_Many, typer.Option(help="A sedation score; may be repeated.")] = None,
    data: Annotated[Path | None, typer.Option(help="Measurements as CSV.")] = None,
    at: Annotated[_Text, typer.Option(help="The times to predict: '40 min, 80 min'.")] = None,
    until: Annotated[_Text, typer.Option(help="Predict up to this time, such as '8 h'.")] = None,
    draws: Annotated[int, typer.Option(help="Draws from the posterior.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Which draws are made.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    csv: Annotated[
        _Text, typer.Option(metavar="[FILE]", help="Write CSV; alone or '-': to standard output.")
    ] = None,
    plot: Annotated[
        _Text, typer.Option(metavar="[FILE]", help="Write SVG charts; alone: individual.svg.")
    ] = None,
) -> None:
    """Fit one patient; the text of the help stands in HELP."""
    check_outputs(plot, csv, as_json=as_json, example="bands.csv")
    with output.at_work("Fitting", quiet=as_json):
        from assuage.planning.individual import Request, answer

        found = answer(
            Request(
                model,
                weight,
                age,
                sex,
                ancestry,
                tuple(give or ()),
                tuple(level or ()),
                tuple(pain or ()),
                tuple(mood or ()),
                tuple(sedation or ()),
                data,
                at,
                until,
                draws,
                seed,
            )
        )
        written = _files(found, csv, plot)
    _print(found, as_json=as_json, as_csv=csv == "-")
    for name in written:
        output.say_error(f"assuage: wrote {name}")


def _files(found: Answer, csv: str | None, plot: str | None) -> list[str]:
    from assuage.cli import fitted

    written = []
    if csv is not None and csv != "-":
        write_file(Path(csv), fitted.as_csv(found).encode())
        written.append(csv)
    if plot is not None:
        from assuage.planning.individual.figures import chart

        write_file(Path(plot), chart(found))
        written.append(plot)
    return written


def _print(found: Answer, *, as_json: bool, as_csv: bool) -> None:
    from assuage.cli import fitted

    if as_json:
        output.print_json(fitted.as_dict(found))
    elif as_csv:
        output.say(fitted.as_csv(found).removesuffix("\n"))
        for line in found.warnings:
            output.say_error(f"assuage: warning: {line}")
    else:
        fitted.show(found, output.console())
