"""`assuage trial`: a design, run as thousands of virtual trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assuage.cli import output, progress
from assuage.cli.files import make_folder, write_file

HELP = """Run a trial's design many times over in virtual patients, and say what it is worth.

\b
DESIGN.toml says who takes part, what each arm is given, who leaves and how it is analysed; every
number in it names its source or says "assumed". Patients are drawn from the effect models, each
trial is analysed as a trial is, and the answer is power, type I error, bias and coverage, and what
readers would see if the secondary outcome were reported only when it is significant.

\b
Examples:
  assuage trial examples/trials/crps-sigtermans.toml --out virtual --trials 1000 --workers all
  assuage trial examples/trials/depression-six-infusions.toml --out virtual --trials 200 --json
"""

_LARGEST_SEED = 2**63 - 1
_Design = Annotated[Path, typer.Argument(help="The design, a TOML file.", show_default=False)]
_Out = Annotated[Path, typer.Option(help="Write the report and its tables to this folder.")]
_Trials = Annotated[int, typer.Option(min=1, max=100_000, help="How many trials are run.")]
_Seed = Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Which patients are drawn.")]
_Workers = Annotated[
    str | None, typer.Option(metavar="N|all", help="Processes that share the trials; 1.")
]
_Cluster = Annotated[
    str | None,
    typer.Option(metavar="[ADDRESS]", help="A Dask scheduler; alone: a cluster of this machine."),
]
_Resume = Annotated[
    str | None, typer.Option(metavar="FILE", help="Keep what is done here, and go on from it.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def trial(
    design: _Design,
    out: _Out,
    trials: _Trials = 1000,
    seed: _Seed = 1,
    workers: _Workers = None,
    cluster: _Cluster = None,
    resume: _Resume = None,
    as_json: _Json = False,
) -> None:
    """Run a design; the text of the help stands in HELP."""
    from assuage.evidence.virtual import threads

    threads.one_each()
    from assuage.evidence.virtual.reading import read
    from assuage.evidence.virtual.report import report_files, tree_of
    from assuage.evidence.virtual.work import Wish, work_out

    asked = read(design)
    make_folder(out)
    total = trials * (2 if asked.analysis.null else 1)
    with progress.counting("Running trials", total, quiet=as_json) as told:
        wish = Wish(trials, seed, workers, cluster, resume)
        try:
            world, results, summary = work_out(asked, wish, told)
        except KeyboardInterrupt:
            if resume is not None:
                output.say_error(f"assuage: stopped; the same command goes on from {resume}")
            raise
        written = []
        for name, content in report_files(world, summary, results).items():
            write_file(out / name, content)
            written.append(str(out / name))
    if as_json:
        output.print_json(tree_of(world, summary))
        return
    from assuage.cli.trial_view import show

    show(world, summary, output.console())
    for one in written:
        output.say_error(f"assuage: wrote {one}")
