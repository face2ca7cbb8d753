"""`assuage compare`: regimens side by side for one patient, on screen and in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.files import check_outputs, write_file
from assuage.cli.plan import acceptance, date_from, patient_from

if TYPE_CHECKING:
    from assuage.planning.comparison import Comparison

HELP = """Put two to six regimens side by side for one patient, with bands.

Relief, mood, dissociation, pressure, time, drug and cost; how each was predicted and how strong
the evidence is. It chooses nothing. A regimen that is refused for this patient stays in the table
with its reason. 'id:variant' names a variant. --product and --setting may be repeated: each
regimen takes the first that fits it.

\b
Examples:
  assuage compare crps-outpatient-10d crps-inpatient-esketamine-100h \\
    --patient examples/crps-inpatient.toml --place NL --product ketamine-10 \\
    --product esketamine-5 --plot compare.svg
  assuage compare crps-outpatient-10d:ceiling crps-outpatient-10d:stepped \\
    --weight "70 kg" --age "46 y" --place GB --product ketamine-10 \\
    --price "ketamine-10: 4.50 EUR per container" --chair-cost "60 EUR/h"
"""

_Many = list[str] | None


_Regimens = Annotated[
    list[str],
    typer.Argument(metavar="REGIMEN...", help="Two to six.", autocompletion=choices.regimens),
]
_Place = Annotated[
    str, typer.Option(help="Whose law holds, such as GB or NL.", autocompletion=choices.places)
]
_Patient = Annotated[Path | None, typer.Option(metavar="FILE", help="A patient in TOML or JSON.")]
_Weight = Annotated[str | None, typer.Option(help="Such as '70 kg'.")]
_Age = Annotated[str | None, typer.Option(help="Such as '46 y'.")]
_Height = Annotated[str | None, typer.Option(help="Such as '172 cm'.")]
_Sex = Annotated[str | None, typer.Option(help="female, male or intersex.")]
_Product = Annotated[_Many, typer.Option(help="A drug product.", autocompletion=choices.products)]
_Setting = Annotated[_Many, typer.Option(help="Such as ward or inpatient.")]
_On = Annotated[str | None, typer.Option("--date", help="Such as 2025-03-01; today when left out.")]
_Accept = Annotated[
    _Many,
    typer.Option(
        metavar="'CODE: NAME: REASON'",
        help="A soft limit that a named person passes; may be repeated.",
    ),
]
_Price = Annotated[
    _Many,
    typer.Option(
        metavar="'PRODUCT: AMOUNT per container'",
        help="Such as 'ketamine-10: 4.50 EUR per container'; assuage knows no price.",
    ),
]
_ChairCost = Annotated[str | None, typer.Option(help="Such as '60 EUR/h'.")]
_Observe = Annotated[
    str | None,
    typer.Option(help="Watching after a session where the regimen states none: '60 min'."),
]
_Plot = Annotated[str | None, typer.Option(metavar="FILE", help="Write an SVG picture.")]
_Csv = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write CSV; '-': to standard output.")
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def compare(
    regimens: _Regimens,
    place: _Place,
    patient: _Patient = None,
    weight: _Weight = None,
    age: _Age = None,
    height: _Height = None,
    sex: _Sex = None,
    product: _Product = None,
    setting: _Setting = None,
    on: _On = None,
    accept: _Accept = None,
    price: _Price = None,
    chair_cost: _ChairCost = None,
    observe: _Observe = None,
    plot: _Plot = None,
    csv: _Csv = None,
    as_json: _AsJson = False,
) -> None:
    """Compare regimens; the text of the help stands in HELP."""
    check_outputs(plot, csv, as_json=as_json, example="table.csv", what="picture file")
    with output.at_work("Comparing", quiet=as_json):
        from assuage.clock import SystemClock
        from assuage.planning.comparison import Wish
        from assuage.planning.comparison import compare as work_out
        from assuage.planning.comparison.prices import chair_cost_in, prices_in
        from assuage.planning.request import PlanRequest
        from assuage.units import Dimension, parse

        clock = SystemClock()
        what = "a time of watching"
        wish = Wish(
            request=PlanRequest(
                patient=patient_from(patient, weight, age, height, sex),
                regimen=regimens[0],
                place=place,
                on=clock.utc_now().astimezone().date() if on is None else date_from(on),
                accepted=tuple(acceptance(text) for text in accept or ()),
            ),
            regimens=tuple(regimens),
            products=tuple(product or ()),
            settings=tuple(setting or ()),
            prices=prices_in(price or ()),
            chair_cost=None if chair_cost is None else chair_cost_in(chair_cost),
            observe_h=(
                None if observe is None else parse(observe, Dimension.DURATION, what=what).magnitude
            ),
        )
        made = work_out(wish, clock)
        written = _files(made, plot, csv)
    _print(made, written, as_json=as_json, as_csv=csv == "-")


def _files(made: Comparison, plot: str | None, csv: str | None) -> list[str]:
    written = []
    if csv is not None and csv != "-":
        from assuage.planning.comparison.tabular import as_csv

        write_file(Path(csv), as_csv(made).encode())
        written.append(csv)
    if plot is not None:
        from assuage.planning.comparison.picture import picture_svg

        write_file(Path(plot), picture_svg(made).encode())
        written.append(plot)
    return written


def _print(made: Comparison, written: list[str], *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        output.print_json(made.model_dump(mode="json"))
        return
    if as_csv:
        from assuage.planning.comparison import tabular

        output.say(tabular.as_csv(made).removesuffix("\n"))
    else:
        from assuage.planning.comparison.terminal import render

        render(made, output.console())
    for name in written:
        output.say_error(f"assuage: wrote {name}")
