"""Whatever a command reads, it knows every kind of fact."""

from __future__ import annotations

import subprocess
import sys

from assuage.cli import opened

KNOWN = """
import importlib, pkgutil
from assuage.cli import opened
from assuage.record.events import KINDS
opened.know_facts()
known = set(KINDS)
for room in ("assuage.care", "assuage.record"):
    for one in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
        importlib.import_module(one.name)
print(sorted(set(KINDS) - known), len(known) > 30)
"""
LIGHT = """
import sys
from assuage.cli import opened
opened.know_facts()
print({"typst", "jinja2", "rich", "numpy"} & set(sys.modules))
"""


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_every_fact_of_every_module_is_known() -> None:
    assert printed(KNOWN) == "[] True\n"


def test_a_module_that_was_left_out_is_seen() -> None:
    # No other module of facts loads this one.
    fewer = tuple(one for one in opened.FACTS if one != "assuage.care.consent")
    code = KNOWN.replace("opened.know_facts()", f"opened.FACTS = {fewer}\nopened.know_facts()")
    assert "ConsentGiven" in printed(code)


def test_reading_events_loads_no_printer() -> None:
    assert printed(LIGHT) == "set()\n"
