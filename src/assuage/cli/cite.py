"""`assuage cite`: the references of a plan that was made before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import output
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.planning.document import Plan

HELP = """Print the references of a plan, each with how it was read.

\b
Examples:
  assuage cite out/crps-inpatient-5d-1a2b3c4d.json
  assuage cite out/crps-inpatient-5d-1a2b3c4d.json --json
"""
_LARGEST_BYTES = 50_000_000


def cite(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="The JSON of 'assuage plan'.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Print the references of one plan."""
    plan = _read(file)
    if as_json:
        rows = [one.model_dump(mode="json") for one in plan.references]
        output.print_json({"plan_id": plan.plan_id, "references": rows})
        return
    console = output.console()
    console.print(f"Plan {plan.plan_id}: {plan.regimen.name}, made {plan.made_at}")
    for one in plan.references:
        doi = f" doi:{one.doi}." if one.doi else ""
        console.print(f"- {one.citation.rstrip('.')}.{doi} Read: {one.read.rstrip('.')}.")


def _read(file: Path) -> Plan:
    from pydantic import ValidationError

    from assuage.planning.document import Plan

    try:
        with file.open("rb") as opened:  # a device has no size, so the reading itself is bounded
            content = opened.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise Refused(Refusal.FILE_UNREADABLE, path=file, why="it is larger than 50 MB")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=why) from error
    except ValueError as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=error) from error
    try:
        return Plan.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Refused(
            Refusal.FILE_UNREADABLE, path=file, why=f"not a plan; {where}: {first['msg'][:200]}"
        ) from error
