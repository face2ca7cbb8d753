"""`assuage plan`: a patient and a regimen become a plan, on screen and in files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output
from assuage.cli.arguments import day_in
from assuage.cli.files import make_folder, write_file
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.planning.document import Plan
    from assuage.planning.patient import Patient
    from assuage.planning.request import Acceptance, PlanRequest

HELP = """Make a treatment plan for a physician to review and sign.

Writes HTML, PDF and JSON into --out. A patient comes from a file, from options, or both; options
stand before the file.

\b
Examples:
  assuage plan --patient examples/crps-inpatient.toml \\
    --regimen crps-inpatient-esketamine-100h --product esketamine-5 --place NL --out out
  assuage plan --weight "70 kg" --age "46 y" --sex female --regimen crps-inpatient-5d \\
    --product ketamine-50 --setting inpatient --place GB --json
"""
ACCEPT_FORM = "--accept 'CODE: name: reason'"


def plan(
    regimen: Annotated[
        str,
        typer.Option(
            help="The regimen, by its id; 'assuage regimens' lists them.",
            autocompletion=choices.regimens,
        ),
    ],
    place: Annotated[
        str, typer.Option(help="Whose law holds, such as GB or NL.", autocompletion=choices.places)
    ],
    patient: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A patient in TOML or JSON.")
    ] = None,
    weight: Annotated[str | None, typer.Option(help="Such as '70 kg'.")] = None,
    age: Annotated[str | None, typer.Option(help="Such as '46 y' or '8 months'.")] = None,
    height: Annotated[str | None, typer.Option(help="Such as '172 cm'.")] = None,
    sex: Annotated[str | None, typer.Option(help="female, male or intersex.")] = None,
    variant: Annotated[str | None, typer.Option(help="The regimen's variant.")] = None,
    product: Annotated[
        str | None, typer.Option(help="The drug product.", autocompletion=choices.products)
    ] = None,
    setting: Annotated[str | None, typer.Option(help="Such as ward or inpatient.")] = None,
    on: Annotated[
        str | None, typer.Option("--date", help="Such as 2025-03-01; today when left out.")
    ] = None,
    concentration: Annotated[
        str | None, typer.Option(help="Of the syringe, such as '2 mg/mL'.")
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'CODE: NAME: REASON'",
            help="A soft limit that a named person passes; may be repeated.",
        ),
    ] = None,
    field: Annotated[
        bool, typer.Option("--field", help="Field mode: the weight may be unknown.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the files go; here by default.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Print every part of the plan.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON; files only with --out.")
    ] = False,
) -> None:
    """Make one plan."""
    with output.at_work("Planning", quiet=as_json):
        from assuage.clock import SystemClock
        from assuage.planning.plan import make_plan
        from assuage.planning.request import PlanRequest

        clock = SystemClock()
        request = PlanRequest(
            patient=patient_from(patient, weight, age, height, sex),
            regimen=regimen,
            place=place,
            on=clock.utc_now().astimezone().date() if on is None else date_from(on),
            setting=setting,
            variant=variant,
            product=product,
            concentration=concentration,
            accepted=tuple(acceptance(text) for text in accept or ()),
            field_mode=field,
        )
        made = make_plan(request, clock)
        written = [] if as_json and out is None else _files(made, request, out or Path())
    _print(made, written, as_json=as_json, full=full)


def patient_from(
    path: Path | None, weight: str | None, age: str | None, height: str | None, sex: str | None
) -> Patient:
    """Read a patient from a file, options or both. Raises Refused."""
    from assuage.knowledge import library
    from assuage.planning.patient import read_patient

    known = dict.fromkeys(one.condition for one in library.safety().precaution)
    return read_patient(
        path, weight=weight, age=age, height=height, sex=sex, known_conditions=tuple(known)
    )


date_from = partial(day_in, what="date", such_as="2025-03-01")


def acceptable() -> list[str]:
    """Return the codes that a named person may pass: those whose remedy offers it."""
    return [one.name for one in Refusal if f"--accept {one.name} " in one.value[1]]


def acceptance(text: str) -> Acceptance:
    """Read 'CODE: name: reason'. Raises Refused when a part is missing or the code isn't one."""
    from assuage.planning.request import Acceptance, is_said

    parts = [" ".join(part.split()) for part in text.split(":", 2)]
    if len(parts) != 3 or not all(is_said(part) for part in parts):
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"a code, a name or a reason in --accept '{text[:80]}'",
            remedy=f"write {ACCEPT_FORM}",
        )
    code, by, reason = parts
    if code not in acceptable():
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=code,
            what="refusal that a person may pass",
            choices=", ".join(acceptable()),
        )
    return Acceptance(code, by, reason)


def _files(made: Plan, request: PlanRequest, folder: Path) -> list[Path]:
    from assuage.planning.report import render_html, render_pdf

    stem = f"{request.regimen}-{made.plan_id[:8]}"
    contents = {
        "html": render_html(made).encode(),
        "pdf": render_pdf(made),
        "json": (made.model_dump_json(indent=2) + "\n").encode(),
    }
    make_folder(folder)
    paths = []
    for ending, content in contents.items():
        path = folder / f"{stem}.{ending}"
        write_file(path, content)
        paths.append(path)
    return paths


def _print(made: Plan, written: list[Path], *, as_json: bool, full: bool) -> None:
    if as_json:
        output.print_json(made.model_dump(mode="json"))
        return
    from assuage.planning.report import render_terminal

    render_terminal(made, output.console(), full=full)
    for path in written:
        output.say(f"Wrote {path}")
