"""The commands, by name, with the text of their help.

Building every command takes longer than most of them do, so a group is loaded only when the first
word names it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

import assuage
from assuage.cli import (
    analyse,
    browse,
    cite,
    compare,
    explain,
    fit,
    individual,
    instruments,
    optimise,
    output,
    plan,
    reference,
    simulate,
    target,
    trial,
    warm_up,
)

HELP = """Plan, simulate and check ketamine treatment, with a source for every number.

Decision support for professionals: a physician reviews and signs every plan.

\b
Examples:
  assuage plan --patient examples/crps-inpatient.toml \\
    --regimen crps-inpatient-esketamine-100h --product esketamine-5 --place NL --out out
  assuage simulate --model kamp-2020 --weight "70 kg" --age "35 y" \\
    --give "0.5 mg/kg over 40 min"
  assuage session administer s-1 --draw d-4f0c2a91be --amount "35 mg" --route iv --as ana
  assuage explain ke0

Every refusal is one line on standard error and exit status 2; with --json it is also JSON on
standard output.
"""


def _version(wanted: bool) -> None:
    if wanted:
        output.say(f"assuage {assuage.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold what stands before any command."""


def _people() -> typer.Typer:
    from assuage.cli.people import people_group

    return people_group


def _patient() -> typer.Typer:
    from assuage.cli.patient import patient_group

    return patient_group


def _session() -> typer.Typer:
    from assuage.cli.session import session_group

    return session_group


def _course() -> typer.Typer:
    from assuage.cli.course import course_group

    return course_group


def _outcome() -> typer.Typer:
    from assuage.cli.outcome import outcome_group

    return outcome_group


def _registry() -> typer.Typer:
    from assuage.cli.registry import registry_group

    return registry_group


def _register() -> typer.Typer:
    from assuage.cli.register import register_group

    return register_group


def _study() -> typer.Typer:
    from assuage.cli.study import study_group

    return study_group


@cache
def _record() -> typer.Typer:
    from assuage.cli import record, record_site

    for name, does, text, line in record_site.COMMANDS:
        record.group.command(name, help=text, short_help=line)(does)
    return record.group


_COMMANDS: tuple[tuple[str, Callable[..., None], str, str], ...] = (
    ("plan", plan.plan, plan.HELP, "Make a treatment plan for review and signature."),
    ("simulate", simulate.simulate, simulate.HELP, "Predict concentrations with any model."),
    ("target", target.target, target.HELP, "Work out pump rates that hold a level."),
    ("compare", compare.compare, compare.HELP, "Put regimens side by side for one patient."),
    ("individual", individual.individual, individual.HELP, "Learn one patient's own numbers."),
    ("optimise", optimise.optimise, optimise.HELP, "Search one regimen's family under limits."),
    ("fit", fit.fit, fit.HELP, "Estimate population values from measured levels."),
    ("analyse", analyse.analyse, analyse.HELP, "Analyse any table by mixed models."),
    ("trial", trial.trial, trial.HELP, "Run a trial's design in virtual patients."),
    ("models", browse.models, browse.MODELS_HELP, "List the kinetic models, or show one."),
    ("regimens", browse.regimens, browse.REGIMENS_HELP, "List the regimens, or show one."),
    ("instruments", instruments.instruments, instruments.HELP, "List, show or score scales."),
    ("explain", explain.explain, explain.HELP, "Explain a term, an id or a refusal."),
    ("cite", cite.cite, cite.HELP, "Print the references of a plan."),
    ("warm-up", warm_up.warm_up, warm_up.HELP, "Compile the fast parts once, at install."),
    ("reference", reference.reference, reference.HELP, ""),
)
_GROUPS: dict[str, tuple[Callable[[], typer.Typer], str]] = {
    "people": (_people, "Enrol the people of a site; roles, areas."),
    "patient": (_patient, "Register a patient, or show one."),
    "session": (_session, "Give doses in a session; come back to it."),
    "register": (_register, "Keep the drug register."),
    "course": (_course, "Open a course of treatment; sessions, harms, its end."),
    "outcome": (_outcome, "Record outcomes, and see each over time."),
    "registry": (_registry, "Consent, export and report the registry's data set."),
    "study": (_study, "Lock a protocol; report every outcome collected."),
    "record": (_record, "Make, check, copy and restore the record."),
}


def whole() -> typer.Typer:
    """Return every command with every group."""
    return _app(tuple(_GROUPS))


def app_for(word: str) -> typer.Typer:
    """Return every command, and of the groups the names and the one that `word` names."""
    return _app((word,) if word in _GROUPS else ())


@cache
def _app(loaded: tuple[str, ...]) -> typer.Typer:
    app = typer.Typer(
        name="assuage",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=HELP)(_root)
    for name, does, text, line in _COMMANDS:
        app.command(name, help=text, short_help=line, hidden=not line)(does)
    for name, (load, line) in _GROUPS.items():
        group = load() if name in loaded else typer.Typer()
        app.add_typer(group, name=name, short_help=line)
    return app
