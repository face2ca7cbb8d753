"""`assuage models` and `assuage regimens`: what the library holds, whole or one by one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assuage.knowledge.schema.model import Model
    from assuage.knowledge.schema.regimen import Regimen

MODELS_HELP = """List the kinetic models, or show one whole, with the source of every number.

\b
Examples:
  assuage models
  assuage models kamp-2020
  assuage models kamp-2020 --json
"""
REGIMENS_HELP = """List the regimens, or show one whole, with the source of every statement.

\b
Examples:
  assuage regimens
  assuage regimens crps-inpatient-5d
  assuage regimens crps-coma --json
"""
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def models(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", autocompletion=choices.models)
    ] = None,
    as_json: _Json = False,
) -> None:
    """List the models, or show one."""
    from assuage.knowledge import library

    if id_ is not None:
        _whole(library.model(id_), as_json=as_json)
        return
    rows = [model_row(library.model(one)) for one in library.model_ids()]
    _listed(rows, "assuage models ID", as_json=as_json)


def regimens(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", autocompletion=choices.regimens)
    ] = None,
    as_json: _Json = False,
) -> None:
    """List the regimens, or show one."""
    from assuage.knowledge import library

    if id_ is not None:
        _whole(library.regimen(id_), as_json=as_json)
        return
    rows = [regimen_row(library.regimen(one)) for one in library.regimen_ids()]
    _listed(rows, "assuage regimens ID", as_json=as_json)


def model_row(one: Model) -> dict[str, object]:
    """Return a model in a few fields; `line` is its summary."""
    people = f"{_end(one.applies_age_years.low, 'from ')}{_end(one.applies_age_years.high, 'to ')}"
    roles = ", ".join(f"{role.role} for {role.people} {role.route}" for role in one.role)
    band = "with variability" if one.variability else "no variability published"
    return {
        "id": one.id,
        "name": one.name,
        "drug": one.drug,
        "form": one.form,
        "sampling": one.sampling,
        "routes": sorted({entry.route for entry in one.input}),
        "ages": people.strip() or "any age",
        "roles": roles,
        "variability": band,
        "line": one.summary,
    }


def _end(value: float | None, word: str) -> str:
    return "" if value is None else f"{word}{value:g} y "


def regimen_row(one: Regimen) -> dict[str, object]:
    """Return a regimen in a few fields; `line` is its summary, `evidence` its first claim."""
    use = "can be planned" if one.variant else "read only"
    if one.lock is not None:
        use = "research lock: " + ", ".join(one.lock.needs)
        use += "" if one.variant else "; read only"
    claim = one.claim[0]
    return {
        "id": one.id,
        "name": one.name,
        "indication": one.indication,
        "status": one.status,
        "drug": one.drug,
        "routes": list(one.routes),
        "use": use,
        "variants": [variant.id for variant in one.variant],
        "evidence": f"{claim.strength}: {claim.text}",
        "line": one.summary,
    }


def _listed(rows: list[dict[str, object]], more: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json(rows)
        return
    console = output.console()
    for row in rows:
        console.print(str(row["id"]), style="bold")
        facts = [
            ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
            for name, value in row.items()
            if name not in ("id", "line", "evidence", "variants") and value
        ]
        for text in ("; ".join(facts), row["line"], row.get("evidence")):
            if text:
                console.print(str(text))
        console.print()
    console.print(f"{len(rows)} in all. '{more}' shows one whole.")


def _whole(record: BaseModel, *, as_json: bool) -> None:
    if as_json:
        output.print_json(record.model_dump(mode="json", by_alias=True))
        return
    from assuage.cli.facts import lines_of, sources_of
    from assuage.knowledge.schema.facts import Read
    from assuage.planning.simulation import cited

    console = output.console()
    for line in lines_of(record):
        indent = line[: len(line) - len(line.lstrip())]
        output.say(textwrap.fill(line, console.width, subsequent_indent=indent))
    reads: dict[str, set[Read]] = {}
    for fact in sources_of(record):
        reads.setdefault(fact.source, set()).add(fact.read)
    console.print("\nsources", style="bold")
    for id_, used in sorted(reads.items()):
        console.print(f"[{id_}] {cited(id_, used)}")
