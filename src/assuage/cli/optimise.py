"""`assuage optimise`: the best of a family under stated limits, as a hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.files import check_outputs, write_file
from assuage.cli.plan import acceptance, date_from, patient_from

if TYPE_CHECKING:
    from assuage.planning.optimisation import Search

HELP = """Search one regimen's family for the best expected pain relief under stated limits.

Rate, hours a day and days are varied over a grid, inside the regimen's own limits. The result is
a hypothesis for a physician and no recommendation: it says what was studied, how strong the
evidence is, and what every limit cost. It writes no plan. Limits on dissociation and pressure
must be stated; 'none' waives one of them.

\b
Examples:
  assuage optimise --family crps-outpatient-10d --patient examples/crps-outpatient.toml \\
    --place GB --product ketamine-10 --max-dissociation "10 %" --max-pressure "20 mmHg"
  assuage optimise --family crps-outpatient-10d --weight "70 kg" --age "46 y" --place GB \\
    --product ketamine-10 --rate "10..24 mg/h by 2 mg/h" --hours "2..4 h" --days "3..10" \\
    --max-dissociation "5 % above 50" --max-pressure "15 mmHg" --max-total "600 mg"
"""


_Family = Annotated[
    str,
    typer.Option(
        help="The regimen to vary, by its id or as id:variant.",
        autocompletion=choices.regimens,
    ),
]
_Place = Annotated[
    str, typer.Option(help="Whose law holds, such as GB or NL.", autocompletion=choices.places)
]
_MaxDissociation = Annotated[
    str | None, typer.Option(help="Such as '10 %' or '10 % above 50'; or none.")
]
_MaxPressure = Annotated[
    str | None, typer.Option(help="At the 95th centile, such as '20 mmHg'; or none.")
]
_MaxTotal = Annotated[str | None, typer.Option(help="Of drug, such as '1000 mg'.")]
_MaxHours = Annotated[str | None, typer.Option(help="Of chair time, such as '40 h'.")]
_Rate = Annotated[
    str | None, typer.Option(help="Such as '10..25 mg/h' or '10..25 mg/h by 5 mg/h'.")
]
_Hours = Annotated[str | None, typer.Option(help="A day, such as '2..5 h'.")]
_Days = Annotated[str | None, typer.Option(help="Such as '3..10'.")]
_Goal = Annotated[str, typer.Option(help="area (mean of twelve weeks), or a day such as 'day 28'.")]
_Patient = Annotated[Path | None, typer.Option(metavar="FILE", help="A patient in TOML or JSON.")]
_Weight = Annotated[str | None, typer.Option(help="Such as '70 kg'.")]
_Age = Annotated[str | None, typer.Option(help="Such as '46 y'.")]
_Height = Annotated[str | None, typer.Option(help="Such as '172 cm'.")]
_Sex = Annotated[str | None, typer.Option(help="female, male or intersex.")]
_Product = Annotated[
    str | None, typer.Option(help="The drug product.", autocompletion=choices.products)
]
_Setting = Annotated[str | None, typer.Option(help="Such as ward or inpatient.")]
_On = Annotated[str | None, typer.Option("--date", help="Such as 2025-03-01; today when left out.")]
_Accept = Annotated[
    list[str] | None,
    typer.Option(
        metavar="'CODE: NAME: REASON'",
        help="A soft limit that a named person passes; may be repeated.",
    ),
]
_Observe = Annotated[
    str | None,
    typer.Option(help="Watching after a session where the regimen states none: '60 min'."),
]
_Csv = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write CSV; '-': to standard output.")
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def optimise(
    family: _Family,
    place: _Place,
    max_dissociation: _MaxDissociation = None,
    max_pressure: _MaxPressure = None,
    max_total: _MaxTotal = None,
    max_hours: _MaxHours = None,
    rate: _Rate = None,
    hours: _Hours = None,
    days: _Days = None,
    goal: _Goal = "area",
    patient: _Patient = None,
    weight: _Weight = None,
    age: _Age = None,
    height: _Height = None,
    sex: _Sex = None,
    product: _Product = None,
    setting: _Setting = None,
    on: _On = None,
    accept: _Accept = None,
    observe: _Observe = None,
    csv: _Csv = None,
    as_json: _AsJson = False,
) -> None:
    """Search a family; the text of the help stands in HELP."""
    check_outputs(None, csv, as_json=as_json, example="table.csv")
    from assuage.clock import SystemClock
    from assuage.planning.optimisation import Wish
    from assuage.planning.optimisation import optimise as work_out
    from assuage.planning.optimisation.ranges import goal_in, limits_in
    from assuage.planning.request import PlanRequest
    from assuage.units import Dimension, parse

    clock = SystemClock()
    what = "a time of watching"
    regimen, _, variant = family.partition(":")
    wish = Wish(
        request=PlanRequest(
            patient=patient_from(patient, weight, age, height, sex),
            regimen=regimen,
            place=place,
            on=clock.utc_now().astimezone().date() if on is None else date_from(on),
            setting=setting,
            variant=variant or None,
            product=product,
            accepted=tuple(acceptance(text) for text in accept or ()),
        ),
        limits=limits_in(max_dissociation, max_pressure, max_total, max_hours),
        goal_day=goal_in(goal),
        rate=rate,
        hours=hours,
        days=days,
        observe_h=(
            None if observe is None else parse(observe, Dimension.DURATION, what=what).magnitude
        ),
    )
    with _progress(quiet=as_json) as tell:
        made = work_out(wish, clock, tell=tell)
    _print(made, csv, as_json=as_json)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show on standard error how far a search is, on a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Searching", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _print(made: Search, csv: str | None, *, as_json: bool) -> None:
    from assuage.planning.optimisation import tabular

    if csv is not None and csv != "-":
        write_file(Path(csv), tabular.as_csv(made).encode())
    if as_json:
        output.print_json(made.model_dump(mode="json"))
    elif csv == "-":
        output.say(tabular.as_csv(made).removesuffix("\n"))
    else:
        from assuage.planning.optimisation.terminal import render

        render(made, output.console())
    if csv is not None and csv != "-" and not as_json:
        output.say_error(f"assuage: wrote {csv}")
