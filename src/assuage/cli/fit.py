"""`assuage fit`: population values from a study's levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assuage.cli import choices, output
from assuage.cli.files import make_folder, write_file

if TYPE_CHECKING:
    from assuage.evidence.fitting.run import Outcome

HELP = """Estimate a model's values and their spread between people from measured levels.

\b
DATA.csv is a NONMEM-style table: ID, TIME, AMT and DV; RATE, EVID, MDV, CMT, DVID, ADDL, II, WT,
AGE, SEX and BLQ where there are any. Its units stand nowhere, so they are asked for.
The model is one of the library or a file of your own in the same form; its numbers are where the
search starts. A fit that doesn't reach the greatest likelihood is refused.

\b
Examples:
  assuage fit levels.csv --model elkomy-2015 --random CL,V1 --error proportional \\
    --time-unit h --amount-unit mg --concentration-unit ng/mL --out fit
  assuage fit theophylline.csv --model examples/models/one-compartment-oral.toml \\
    --time-unit h --amount-unit mg --concentration-unit mg/L --error additive --out fit
"""

_LARGEST_SEED = 2**63 - 1
_Text = str | None
_Many = list[str] | None
_Data = Annotated[Path, typer.Argument(help="The study's rows, as CSV.", show_default=False)]
_Model = Annotated[
    str,
    typer.Option(help="A model's id, or a file that ends in .toml.", autocompletion=choices.models),
]
_Time = Annotated[_Text, typer.Option(help="The unit of TIME and II, such as h. Needed.")]
_Amount = Annotated[_Text, typer.Option(help="The unit of AMT, such as mg. Needed.")]
_Level = Annotated[_Text, typer.Option(help="The unit of DV, such as ng/mL. Needed.")]
_Route = Annotated[_Many, typer.Option(help="The route of doses, or one for each CMT: 1=oral.")]
_Analyte = Annotated[
    _Many, typer.Option(help="What DV measures, or one for each DVID: 1=ketamine, 2=skip.")
]
_Sex = Annotated[_Many, typer.Option(help="What a code of SEX means: 0=female.")]
_Error = Annotated[
    _Many, typer.Option(help="additive, proportional, combined or log; or ketamine=log.")
]
_Fix = Annotated[_Many, typer.Option(help="Parameters held at the model's value, such as Q,V2.")]
_Random = Annotated[
    _Many, typer.Option(help="Parameters that vary between people, in place of the model's own.")
]
_Correlated = Annotated[_Many, typer.Option(help="Parameters that vary together, such as CL,V1.")]
_Start = Annotated[_Many, typer.Option(help="A start or fixed value, such as 'CL=60 L/h'.")]
_Lloq = Annotated[
    _Text, typer.Option(help="The limit of quantification, a number in the unit of DV.")
]
_Rounds = Annotated[int, typer.Option(min=20, max=100_000, help="Rounds after the burn-in.")]
_Burn = Annotated[int, typer.Option(min=20, max=100_000, help="Rounds of the burn-in.")]
_Seed = Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Which draws are made.")]
_Out = Annotated[
    Path | None, typer.Option(help="Write the report, its pictures and tables to this folder.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def fit(
    data: _Data,
    model: _Model,
    time_unit: _Time = None,
    amount_unit: _Amount = None,
    concentration_unit: _Level = None,
    route: _Route = None,
    analyte: _Analyte = None,
    sex: _Sex = None,
    error: _Error = None,
    fix: _Fix = None,
    random: _Random = None,
    correlated: _Correlated = None,
    start: _Start = None,
    lloq: _Lloq = None,
    rounds: _Rounds = 200,
    burn_in: _Burn = 300,
    seed: _Seed = 1,
    out: _Out = None,
    as_json: _Json = False,
) -> None:
    """Fit a population; the text of the help stands in HELP."""
    from assuage.evidence.fitting.asked import Wish
    from assuage.evidence.fitting.run import work_out
    from assuage.kinetics.saem import Settings

    wish = Wish(
        model,
        time_unit,
        amount_unit,
        concentration_unit,
        tuple(route or ()),
        tuple(analyte or ()),
        tuple(sex or ()),
        tuple(error or ()),
        tuple(fix or ()),
        tuple(random or ()),
        tuple(correlated or ()),
        tuple(start or ()),
        lloq,
    )
    settings = Settings(burn_in=burn_in, smoothing=rounds, seed=seed)
    if out is not None:
        make_folder(out)
    with _progress(quiet=as_json) as progress:
        found = work_out(data, wish, settings, progress)
    written = _write(found, out) if out is not None else []
    _print(found, as_json=as_json, written=written)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error, on a terminal."""
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Fitting"), BarColumn(), MofNCompleteColumn())
    shown = not quiet and sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("Fitting", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _write(found: Outcome, out: Path) -> list[str]:
    from assuage.evidence.fitting.page import files

    written = []
    for name, content in files(found).items():
        write_file(out / name, content)
        written.append(str(out / name))
    return written


def _print(found: Outcome, *, as_json: bool, written: list[str]) -> None:
    from assuage.evidence.fitting.report import tree_of

    tree = tree_of(found)
    if as_json:
        output.print_json(tree)
        return
    _show(tree)
    for name in written:
        output.say_error(f"assuage: wrote {name}")


def _show(tree: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from assuage.evidence.fitting.page import short

    console = output.console()
    told = tree["data"]
    console.print(
        f"{tree['model']['id']} fitted to {told['file']}: {told['people']} people, "
        f"{told['samples']} samples ({told['below_quantification']} below quantification), "
        f"{told['rows_read']} rows read"
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("quantity", "estimate", "unit", "RSE %", "90 % interval", "shrinkage %"):
        table.add_column(name, justify="left" if name in ("quantity", "unit") else "right")
    for row in tree["estimates"]:
        low, high = row["interval_90"]
        table.add_row(
            row["name"],
            short(row["estimate"]),
            "" if row["unit"] == "1" else row["unit"],
            short(row["rse_percent"]),
            f"{short(low)} to {short(high)}",
            short(row["shrinkage_percent"]),
        )
    for row in tree["fixed"]:
        unit = "" if row["unit"] == "1" else row["unit"]
        table.add_row(row["name"], short(row["value"]), unit, "", "held", "")
    console.print(table)
    level, reached = tree["likelihood"], tree["convergence"]
    console.print(
        f"-2 log likelihood {level['minus_2_log']:.2f} "
        f"(Monte-Carlo SD {level['monte_carlo_sd']:.2f}), "
        f"AIC {level['aic']:.2f}, BIC {level['bic']:.2f}; "
        f"{reached['rounds']} rounds, at most {reached['furthest_from_maximum_se']:.2f} "
        f"standard errors from the maximum; seed {tree['seed']}"
    )
    for line in tree["warnings"]:
        console.print(f"warning: {line}")
