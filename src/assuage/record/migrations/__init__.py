"""The layouts of a record, one numbered step after another; there is no way back.

A step is a file `NNNN.<dialect>.sql`. A record remembers the number of its last step, and opening
it takes the steps that are missing, each in a transaction of its own.
"""

from __future__ import annotations

from importlib import resources


def steps(dialect: str) -> tuple[str, ...]:
    """Return the statements of each step for "sqlite" or "postgres", first step first."""
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return tuple(
        file.read_text(encoding="utf-8") for file in files if file.name.split(".")[1] == dialect
    )
