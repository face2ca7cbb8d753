"""The commands, by name, with the text of their help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

import assuage
from assuage.cli import browse, cite, explain, output, plan, reference, simulate

HELP = """Plan, simulate and check ketamine treatment, with a source for every number.

Decision support for professionals: a physician reviews and signs every plan.

\b
Examples:
  assuage plan --patient examples/crps-inpatient.toml \\
    --regimen crps-inpatient-esketamine-100h --product esketamine-5 --place NL --out out
  assuage simulate --model kamp-2020 --weight "70 kg" --age "35 y" \\
    --give "0.5 mg/kg over 40 min"
  assuage explain ke0

Every refusal is one line on standard error and exit status 2; with --json it is also JSON on
standard output.
"""

app = typer.Typer(
    name="assuage",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        output.say(f"assuage {assuage.__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold what stands before any command."""


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    app.command(name, help=text, short_help=line, hidden=not line)(does)


_add("plan", plan.plan, plan.HELP, "Make a treatment plan for review and signature.")
_add("simulate", simulate.simulate, simulate.HELP, "Predict concentrations with any model.")
_add("models", browse.models, browse.MODELS_HELP, "List the kinetic models, or show one.")
_add("regimens", browse.regimens, browse.REGIMENS_HELP, "List the regimens, or show one.")
_add("explain", explain.explain, explain.HELP, "Explain a term, an id or a refusal.")
_add("cite", cite.cite, cite.HELP, "Print the references of a plan.")
_add("reference", reference.reference, reference.HELP, "")
