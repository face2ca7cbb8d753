"""`assuage analyse`: any table, one model, its means and tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import output
from assuage.cli.files import check_outputs, make_folder, write_file

if TYPE_CHECKING:
    from assuage.evidence.analysis.result import Analysis

HELP = """Analyse any table: mixed models by REML, adjusted means, differences, type III tests.

\b
DATA.csv is a long table, a row for each participant and visit; --long reads a wide one.
--repeated is for scheduled visits (MMRM), --random for free times and groups; without either it is
ordinary least squares, such as an ANCOVA. Rows with a missing value are left out and counted.
A model: "pain ~ arm * visit + baseline", with + for terms, : for interactions, a * b for a + b +
a:b, brackets, factor(x), number(x), and names of other signs in backticks.

\b
Examples:
  assuage analyse examples/data/pain-trial.csv --model "pain ~ arm * visit + baseline" \\
    --repeated "visit | id" --means "arm | visit" --contrasts pairwise --out report
  assuage analyse examples/data/pain-trial.csv --model "pain ~ arm * number(visit) + baseline" \\
    --random "1 + number(visit) | id" --df satterthwaite --json
  assuage analyse examples/data/pain-trial-wide.csv --long "pain: pain_w{visit}" \\
    --model "pain ~ arm * visit + baseline" --repeated "visit | id" --means "arm | visit" \\
    --reference placebo
"""

_Text = str | None
_Many = list[str] | None
_Data = Annotated[Path, typer.Argument(help="The table, as CSV.", show_default=False)]
_Model = Annotated[str, typer.Option(help="The response, ~, and the terms. See above.")]
_Repeated = Annotated[_Text, typer.Option(help="Scheduled visits of whom, such as 'visit | id'.")]
_Random = Annotated[
    _Many,
    typer.Option(help="Such as '1 + session | id'; || for uncorrelated; may be repeated."),
]
_Covariance = Annotated[
    _Text,
    typer.Option(
        help="Of the visits: unstructured (when none is named), toeplitz, ar1, compound-symmetry, "
        "ante-dependence, or one of the last four after 'heterogeneous-'."
    ),
]
_Df = Annotated[_Text, typer.Option(help="kenward-roger (when none is named) or satterthwaite.")]
_Means = Annotated[
    _Many, typer.Option(help="Adjusted means, such as 'arm | visit'; may be repeated.")
]
_Contrasts = Annotated[_Text, typer.Option(help="pairwise, or reference: each against one.")]
_Coding = Annotated[str, typer.Option(help="Of the fixed effects shown: treatment or sum.")]
_Reference = Annotated[_Many, typer.Option(help="A level to compare with, such as arm=placebo.")]
_Factor = Annotated[_Many, typer.Option(help="A column of numbers that is a category.")]
_Levels = Annotated[_Many, typer.Option(help="An order, such as 'visit=baseline, week 1'.")]
_At = Annotated[_Many, typer.Option(help="Hold a number in means, such as baseline=7.")]
_Long = Annotated[
    _Many, typer.Option(help="Columns of a wide table, such as 'pain: pain_w{visit}'.")
]
_Confidence = Annotated[float, typer.Option(help="Of the intervals.")]
_Csv = Annotated[
    _Text, typer.Option(metavar="[FILE]", help="Write every number as CSV; '-': to the output.")
]
_Out = Annotated[
    Path | None, typer.Option(help="Write the report, its pictures and tables to this folder.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def analyse(
    data: _Data,
    model: _Model,
    repeated: _Repeated = None,
    random: _Random = None,
    covariance: _Covariance = None,
    df: _Df = None,
    means: _Means = None,
    contrasts: _Contrasts = None,
    coding: _Coding = "treatment",
    reference: _Reference = None,
    factor: _Factor = None,
    levels: _Levels = None,
    at: _At = None,
    long: _Long = None,
    confidence: _Confidence = 0.95,
    csv: _Csv = None,
    out: _Out = None,
    as_json: _Json = False,
) -> None:
    """Analyse a table; the text of the help stands in HELP."""
    from assuage.evidence import extra
    from assuage.evidence.analysis.ask import Question
    from assuage.evidence.analysis.run import analyse as work_out
    from assuage.evidence.analysis.table import read

    check_outputs(None, csv, as_json=as_json, example="analysis.csv")
    question = Question(
        model,
        repeated,
        tuple(random or ()),
        covariance,
        df,
        tuple(means or ()),
        contrasts,
        coding,
        tuple(reference or ()),
        tuple(factor or ()),
        tuple(levels or ()),
        tuple(at or ()),
        tuple(long or ()),
        confidence,
    )
    if out is not None:
        extra.need("a report of an analysis", "--out")
        make_folder(out)
    with output.at_work("Analysing", quiet=as_json):
        found = work_out(read(data), question)
        written = _write(found, csv, out)
    _print(found, as_json=as_json, as_csv=csv == "-")
    for name in written:
        output.say_error(f"assuage: wrote {name}")


def _write(found: Analysis, csv: str | None, out: Path | None) -> list[str]:
    from assuage.evidence.analysis.tables import as_csv

    written = []
    if csv is not None and csv != "-":
        write_file(Path(csv), as_csv(found).encode())
        written.append(csv)
    if out is not None:
        from assuage.evidence.analysis.report import files

        for name, content in files(found).items():
            write_file(out / name, content)
            written.append(str(out / name))
    return written


def _print(found: Analysis, *, as_json: bool, as_csv: bool) -> None:
    from assuage.evidence.analysis import tables

    if as_json:
        output.print_json(found.tree())
    elif as_csv:
        output.say(tables.as_csv(found).removesuffix("\n"))
        for line in found.notes:
            output.say_error(f"assuage: {line}")
    else:
        _show(found)


def _show(found: Analysis) -> None:
    from assuage.cli.tables import show_table
    from assuage.evidence.analysis.tables import tables
    from assuage.evidence.report.numbers import fixed

    console = output.console()
    rows = f"{len(found.design.used)} of {found.rows_read} rows"
    whose = found.participants.get("participants_analysed")
    console.print(
        f"{found.asked.question.model}, in {found.name}: {rows}"
        + (f", {whose} participants" if whose is not None else "")
    )
    console.print(f"{found.answers.method[0].upper()}{found.answers.method[1:]}.")
    for one in tables(found):
        right = {name for name in one.columns[1:] if name not in one.left}
        folded = {one.columns[0], *one.left}
        show_table(one.caption, one.columns, one.rows, right=right, folded=folded)
        for note in one.notes:
            console.print(note)
    console.print(f"\n-2 residual log likelihood {fixed(found.answers.reml_criterion, 4)}")
    for line in found.notes:
        console.print(f"- {line}")
