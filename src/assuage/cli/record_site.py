"""`assuage record init` and `erase`: a record's first act, and the one that can't be undone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assuage.cli import output, signing
from assuage.cli.desk import Call, JsonOption, check_text, writes
from assuage.cli.opened import (
    RecordOption,
    default_key,
    default_record,
    init,
    opened,
    opened_store,
)
from assuage.refusals import Refusal, Refused

INIT_HELP = """Make a record and its site key, and open the first site with its manager.

The manager types a first passphrase, and enrols everybody else. Keep a copy of the key file apart
from the record's backups: without it no name in the record can be read.

\b
Example:
  assuage record init --site leeds --name "Leeds Clinic" --address "1 Park Row, Leeds" \\
    --place GB --zone Europe/London --manager mo --manager-name "Mo Adeyemi"
"""
ERASE_HELP = """Destroy the key of a patient's personal data, before a witness. It can't be undone.

It is refused while the law of the place keeps entries that name the patient, unless --accept says
who takes it upon themselves, and why.

\b
Examples:
  assuage record erase p-1001 --reason "asked for in writing" --as mo --witness ben
  assuage record erase p-1001 --reason "asked for in writing" --as mo --witness ben \\
    --accept "Mo Adeyemi: registered by mistake, never treated"
"""


def init_site(
    site: Annotated[str, typer.Option(metavar="ID", help="A short id, such as leeds.")],
    name: Annotated[str, typer.Option(help="The name of the site.")],
    address: Annotated[str, typer.Option(help="Its address, as pages show it.")],
    place: Annotated[str, typer.Option(help="Whose law counts, such as GB or US.")],
    zone: Annotated[str, typer.Option(help="The time zone, such as Europe/London.")],
    manager: Annotated[str, typer.Option(metavar="PERSON", help="The manager's id.")],
    manager_name: Annotated[str, typer.Option(metavar="NAME", help="The manager's name.")],
    registration: Annotated[
        str, typer.Option(help="The site's registration, such as a DEA number.")
    ] = "",
    record: RecordOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a record and open a site in it."""
    from assuage.care import access, people
    from assuage.care import site as sites
    from assuage.clock import SystemClock

    for option, text in (("name", name), ("address", address), ("manager-name", manager_name)):
        check_text("record init", option, text)
    check_text("record init", "registration", registration)
    # What can be refused is refused before a file is made.
    sites.checked_id(site, "a site")
    sites.checked_id(manager, "a person")
    sites.checked_zone(zone)
    new = people.NewSite(site, name, address, sites.checked_place(place), zone, registration)
    passphrase = signing.new_passphrase(manager)
    access.new_passphrase(manager, site, passphrase)
    person = people.NewPerson(manager, manager_name, ("site-manager",), passphrase)
    where = record or default_record()
    made = _begun(where)
    with opened(where) as found:
        people.open_site(found, SystemClock(), new, person)
        head = str(found.head())
    if as_json:
        key = None if made is None else str(made)
        output.print_json({"record": where, "key_file": key, "site": site, "head": head})
        return
    output.say(f"Record  {where}")
    if made is not None:
        output.say(f"Key     {made}: copy it to a safe place, apart from backups")
    output.say(
        f"Site    {site}, {name}, under the law of {new.place.upper()}; {manager} manages it"
    )
    output.say(f"Head    {head}")


def _begun(where: str) -> Path | None:
    """Make the record, or take one whose making was cut off before its first site."""
    try:
        return init(where, default_key())
    except Refused as refused:
        if refused.refusal is not Refusal.RECORD_EXISTS:
            raise
        with opened_store(where) as store:
            if store.head().position:
                raise
    return None


@writes("record erase")
def erase(
    call: Call,
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's number.")],
    reason: Annotated[
        str, typer.Option(help="Why. It stays in the clear: don't name the patient.")
    ],
    accept: Annotated[
        str,
        typer.Option(metavar="'NAME: REASON'", help="Who erases earlier than the law, and why."),
    ] = "",
) -> None:
    """Erase a patient's personal data."""
    with call.here() as here:
        from assuage.care import patient as patients

        here.tell(patients.erase(here.desk(), patient, reason, accepted=accept))


COMMANDS = (
    ("init", init_site, INIT_HELP, "Make a record and open its first site."),
    ("erase", erase, ERASE_HELP, "Destroy the key of a patient's personal data."),
)
