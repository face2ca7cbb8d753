"""`assuage people`: who works here, what each may do, and the areas with a cabinet."""

from __future__ import annotations

from typing import Annotated

import typer

from assuage.cli import output, signing
from assuage.cli.desk import Call, group, shows, writes

HELP = f"""Enrol people and areas of a site, change roles and passphrases.

An id is never a patient's name and never used for a second person. Roles: nurse, physician,
pharmacist, pharmacy-technician, controlled-drugs-officer, site-manager, diversion-reviewer,
auditor.

{signing.HELP}
\b
Examples:
  assuage people enrol ben --name "Ben Okafor" --role nurse --as manager
  assuage people list
"""
ENROL_HELP = """Enrol a person, with a first passphrase that this person types.

\b
Examples:
  assuage people enrol ben --name "Ben Okafor" --role nurse --as manager
  assuage people enrol cy --name "Cy Lund" --role pharmacist --role auditor --as manager
"""
AREA_HELP = """Give an area of the site a cabinet of its own.

\b
Example:
  assuage people area recovery --name "Recovery, second floor" --as manager
"""
ROLES_HELP = """Say anew what a person may do. --none ends that person's access.

\b
Examples:
  assuage people roles ben --role nurse --role auditor --as manager
  assuage people roles ben --none --as manager
"""
WORDS_HELP = """Set one's own passphrase, or another's as the site manager.

\b
Example:
  assuage people passphrase ben --as ben
"""
LIST_HELP = """List the people and the areas of a site.

\b
Example:
  assuage people list --json
"""
_Person = Annotated[str, typer.Argument(metavar="PERSON", help="A short id, such as ben.")]
_Role = Annotated[list[str] | None, typer.Option("--role", help="A role; may be repeated.")]
_Name = Annotated[str, typer.Option(help="The name, as it is shown on the register.")]


@writes("people enrol", witness=False)
def enrol(call: Call, person: _Person, name: _Name, role: _Role = None) -> None:
    """Enrol a person."""
    with call.here() as here:
        from assuage.care import people

        desk = here.desk()
        passphrase = signing.new_passphrase(person)
        new = people.NewPerson(person, name, tuple(role or ()), passphrase)
        here.tell(people.enrol(desk, new))


@writes("people area", witness=False)
def area(
    call: Call,
    area_id: Annotated[str, typer.Argument(metavar="AREA", help="A short id, such as recovery.")],
    name: Annotated[str, typer.Option(help="What people call it.")],
) -> None:
    """Add an area."""
    with call.here() as here:
        from assuage.care import people

        here.tell(people.add_area(here.desk(), area_id, name))


@writes("people roles", witness=False)
def roles(
    call: Call,
    person: _Person,
    role: _Role = None,
    none: Annotated[bool, typer.Option("--none", help="The person has left.")] = False,
) -> None:
    """Change roles."""
    from assuage.refusals import Refusal, Refused

    if bool(role) == none:
        raise Refused(
            Refusal.OPTION_MISSING, what="either --role or --none", remedy="say which of the two"
        )
    with call.here() as here:
        from assuage.care import people

        here.tell(people.change_roles(here.desk(), person, tuple(role or ())))


@writes("people passphrase", witness=False)
def passphrase(call: Call, person: _Person) -> None:
    """Set a passphrase."""
    with call.here() as here:
        from assuage.care import people

        desk = here.desk()
        here.tell(people.set_passphrase(desk, person, signing.new_passphrase(person)))


@shows("people list")
def list_(call: Call) -> None:
    """List people and areas."""
    with call.here() as here:
        site = here.site
        if call.as_json:
            output.print_json(
                {
                    "site": here.site_id,
                    "name": site.name,
                    "place": site.place,
                    "zone": site.zone_name,
                    "areas": site.areas,
                    "people": {
                        one.id: {"name": one.name, "roles": list(one.roles)}
                        for one in site.people.values()
                    },
                }
            )
            return
        from assuage.cli.tables import show_table

        output.say(f"{site.name}, {site.address} ({site.place.upper()}, {site.zone_name})")
        people = [
            (one.id, one.name, ", ".join(one.roles) or "no access") for one in site.people.values()
        ]
        show_table("People", ("person", "name", "roles"), people)
        show_table("Areas", ("area", "name"), list(site.areas.items()))


people_group = group("people", HELP)
for _name, _does, _text, _line in (
    ("enrol", enrol, ENROL_HELP, "Enrol a person."),
    ("area", area, AREA_HELP, "Give an area a cabinet."),
    ("roles", roles, ROLES_HELP, "Change what a person may do."),
    ("passphrase", passphrase, WORDS_HELP, "Set a passphrase."),
    ("list", list_, LIST_HELP, "List people and areas."),
):
    people_group.command(_name, help=_text, short_help=_line)(_does)
