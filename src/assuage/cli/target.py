"""`assuage target`: a level to hold becomes rates that a person keys into a pump."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.files import check_outputs, write_file

if TYPE_CHECKING:
    from assuage.planning.targeting import Targeted

HELP = """Work out pump rates that bring a level to a target and hold it there, by vein.

The target holds in plasma (--plasma) or at the site of an effect (--effect), for the drug that
the model follows: a racemic model's level is total ketamine. No rate and no total passes a limit
of the pump, the drug or a regimen that is named; a target that can't be reached so is refused
with the best one that can. It drives no pump: every rate is checked and keyed in by a person.

\b
What --target reads, for the time from zero to --hold:
  "150 ng/mL"                                one level
  "150 ng/mL esketamine"                     the same, if the model follows that drug
  "150 ng/mL at 0 min, 200 ng/mL at 60 min"  one after the other

\b
Examples:
  assuage target --model simons-2022 --effect olofsen-2022-dissociation --target "100 ng/mL" \\
    --hold "4 h" --weight "70 kg" --age "40 y" --concentration "2 mg/mL" \\
    --pump-step "0.1 mL/h" --pump-max "1200 mL/h" --max-changes 4
  assuage target --model kamp-2020 --plasma --target "100 ng/mL" --hold "4 h" \\
    --weight "70 kg" --age "40 y" --concentration "2 mg/mL" --pump-step "0.1 mL/h" \\
    --pump-max "999 mL/h" --regimen chronic-pain-iv --csv rates.csv --plot levels.svg
"""

_LARGEST_SEED = 2**63 - 1
_MOST_PATIENTS = 2000

_Text = str | None
_Model = Annotated[
    _Text,
    typer.Option(
        help="The model, by its id; 'assuage models' lists them.", autocompletion=choices.models
    ),
]
_Effect = Annotated[_Text, typer.Option(help="The effect at whose site the target holds.")]
_Plasma = Annotated[bool, typer.Option("--plasma", help="The target holds in plasma.")]
_Target = Annotated[_Text, typer.Option(help="The level or levels. See above.")]
_Hold = Annotated[_Text, typer.Option(help="Until when, from the start, such as '4 h'.")]
_Drug = Annotated[_Text, typer.Option(help="What the syringe holds, if not the model's own drug.")]
_Weight = Annotated[_Text, typer.Option(help="Such as '70 kg'. Needed.")]
_Age = Annotated[_Text, typer.Option(help="Such as '40 y'. Needed.")]
_Sex = Annotated[_Text, typer.Option(help="female, male or intersex.")]
_Ancestry = Annotated[_Text, typer.Option(help="asian, japanese or other.")]
_Concentration = Annotated[_Text, typer.Option(help="In the syringe, such as '2 mg/mL'.")]
_PumpStep = Annotated[_Text, typer.Option(help="The step of the pump's rate: '0.1 mL/h'.")]
_PumpMax = Annotated[_Text, typer.Option(help="The pump's highest rate, such as '1200 mL/h'.")]
_PumpMin = Annotated[_Text, typer.Option(help="The pump's lowest rate, such as '0.5 mL/h'.")]
_MinuteMax = Annotated[_Text, typer.Option(help="The most that any minute may give: '5 mg'.")]
_DoseMax = Annotated[_Text, typer.Option(help="The most in all, such as '60 mg'.")]
_Regimen = Annotated[
    _Text,
    typer.Option(help="Hold this regimen's limits too.", autocompletion=choices.regimens),
]
_Setting = Annotated[_Text, typer.Option(help="Such as ward or theatre.")]
_Step = Annotated[str, typer.Option(help="How often the rate may change.")]
_Within = Annotated[_Text, typer.Option(help="A target is reached within this: '30 min'.")]
_Syringe = Annotated[_Text, typer.Option(help="The syringe's volume, such as '50 mL'.")]
_Changes = Annotated[
    int | None,
    typer.Option("--max-changes", metavar="N", help="The best schedule with N changes of rate."),
]
_Overshoot = Annotated[
    float | None,
    typer.Option(help="With --max-changes: percent by which the level may pass its target."),
]
_Induction = Annotated[
    _Text, typer.Option(help="With --max-changes: deviations count from here on: '10 min'.")
]
_Population = Annotated[
    int, typer.Option(min=0, max=_MOST_PATIENTS, help="Patients behind the band.")
]
_Seed = Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Which patients are drawn.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_Csv = Annotated[
    _Text, typer.Option(metavar="FILE", help="Write the schedule; '-': to standard output.")
]
_Plot = Annotated[_Text, typer.Option(metavar="FILE", help="Write an SVG chart of the levels.")]


def target(
    model: _Model = None,
    effect: _Effect = None,
    plasma: _Plasma = False,
    target: _Target = None,
    hold: _Hold = None,
    weight: _Weight = None,
    age: _Age = None,
    concentration: _Concentration = None,
    pump_step: _PumpStep = None,
    pump_max: _PumpMax = None,
    max_changes: _Changes = None,
    drug: _Drug = None,
    sex: _Sex = None,
    ancestry: _Ancestry = None,
    pump_min: _PumpMin = None,
    minute_max: _MinuteMax = None,
    dose_max: _DoseMax = None,
    regimen: _Regimen = None,
    setting: _Setting = None,
    step: _Step = "10 s",
    within: _Within = None,
    syringe: _Syringe = None,
    overshoot: _Overshoot = None,
    induction: _Induction = None,
    population: _Population = 300,
    seed: _Seed = 1,
    as_json: _Json = False,
    csv: _Csv = None,
    plot: _Plot = None,
) -> None:
    """Work out pump rates for a target; the text of the help stands in HELP."""
    check_outputs(plot, csv, as_json=as_json, example="rates.csv")
    with output.at_work("Working out rates", quiet=as_json):
        from assuage.planning.targeting import Wish
        from assuage.planning.targeting import target as work_out

        wish = Wish(
            model=model,
            target=target,
            hold=hold,
            effect=effect,
            plasma=plasma,
            drug=drug,
            weight=weight,
            age=age,
            sex=sex,
            ancestry=ancestry,
            concentration=concentration,
            pump_step=pump_step,
            pump_max=pump_max,
            pump_min=pump_min,
            minute_max=minute_max,
            dose_max=dose_max,
            regimen=regimen,
            setting=setting,
            step=step,
            within=within,
            syringe=syringe,
            changes=max_changes,
            overshoot=overshoot,
            induction=induction,
            population=population,
            seed=seed,
        )
        found = work_out(wish)
        written = _files(found, csv, plot)
    _print(found, as_json=as_json, as_csv=csv == "-", written=written)


def _files(found: Targeted, csv: str | None, plot: str | None) -> list[str]:
    from assuage.cli import target_view

    written = []
    if csv is not None and csv != "-":
        write_file(Path(csv), target_view.as_csv(found).encode())
        written.append(csv)
    if plot is not None:
        write_file(Path(plot), target_view.as_svg(found))
        written.append(plot)
    return written


def _print(found: Targeted, *, as_json: bool, as_csv: bool, written: list[str]) -> None:
    from assuage.cli import target_view

    if as_json:
        output.print_json(target_view.as_dict(found))
        return
    if as_csv:
        output.say(target_view.as_csv(found).removesuffix("\n"))
        for line in found.warnings:
            output.say_error(f"assuage: warning: {line}")
    else:
        target_view.show(found)
    for name in written:
        output.say_error(f"assuage: wrote {name}")
