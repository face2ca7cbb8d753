"""A small clinic in a folder: a record, its people, their passphrases, and stock.

It is made through the command line itself, with a cheap hash for the passphrases. Checking one
takes what its own hash asks for, so every sign-in there is cheap, in any process.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from assuage.care import access
from assuage.cli import main

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEOPLE = {
    "ana": ("Ana Silva", "nurse"),
    "ben": ("Ben Okafor", "nurse"),
    "cy": ("Dr Cy Lund", "physician"),
    "pat": ("Pat Rowe", "pharmacist"),
    "dee": ("Dee Hart", "pharmacy-technician"),
    "olu": ("Olu Daniels", "controlled-drugs-officer"),
    "rae": ("Rae Finch", "diversion-reviewer"),
}
ITEM = "ketamine-50/10mL"
SITE = (
    *("record", "init", "--site", "leeds", "--name", "Leeds Clinic"),
    *("--address", "1 Park Row, Leeds", "--place", "GB", "--zone", "Europe/London"),
    *("--manager", "mo", "--manager-name", "Mo Adeyemi"),
)
RECEIVE = (
    *("register", "receive", ITEM, "20", "--supplier", "Acme Pharma"),
    *("--supplier-address", "1 Dock Road, Hull", "--reference", "INV-4711", "--lot", "K2291"),
    *("--expires", "2039-06-30", "--as", "pat"),
)
PATIENT = (
    *("patient", "register", "p-1", "--name", "Ada Example", "--born", "1979-03-04"),
    *("--address", "1 Example Street, Leeds", "--as", "ana"),
)
SESSION = (
    *("session", "open", "s-1", "--patient", "p-1", "--order", "rx-77"),
    *("--prescriber", "cy", "--area", "recovery", "--as", "ana"),
)


def words_of(person: str) -> str:
    """The passphrase of a person."""
    return f"four unrelated words of {person}"


def environment(folder: Path) -> dict[str, str]:
    """What a command needs to find the clinic in a folder."""
    return {
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "ASSUAGE_PASSPHRASES": str(folder / "passphrases.toml"),
    }


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command from here on find the clinic in a folder."""
    for name in ("ASSUAGE_RECORD", "ASSUAGE_SITE_KEY", "ASSUAGE_SITE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(access, "HASHER", CHEAP)


def write_passphrases(folder: Path) -> None:
    path = folder / "passphrases.toml"
    lines = [f'{person} = "{words_of(person)}"\n' for person in ("mo", *PEOPLE)]
    path.write_text("".join(lines))
    path.chmod(0o600)


def ask(*words: str, said: str = "") -> str:
    """Give one command in this process and return what it printed; it must succeed."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(said)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(list(words))
    except SystemExit as left:
        if left.code:
            raise AssertionError(f"assuage {' '.join(words)}: {err.getvalue()}") from left
    finally:
        sys.stdin = before
    return out.getvalue()


def found(folder: Path) -> None:
    """Make a clinic with people, 15 vials in its main cabinet and 5 in recovery."""
    write_passphrases(folder)
    ask(*SITE)
    for person, (name, role) in PEOPLE.items():
        ask("people", "enrol", person, "--name", name, "--role", role, "--as", "mo")
    ask("people", "area", "recovery", "--name", "Recovery", "--as", "mo")
    ask(*RECEIVE)
    ask("register", "supply", ITEM, "5", "--to", "recovery", "--collected-by", "ana", "--as", "pat")


def make(folder: Path) -> None:
    """Make a clinic in an empty folder, outside a test as well as in one."""
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        found(folder)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    make(Path(sys.argv[1]))
    print(
        "\n".join(
            f"export {name}={value}" for name, value in environment(Path(sys.argv[1])).items()
        )
    )
    sys.exit(os.EX_OK)
