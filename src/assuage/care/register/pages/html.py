"""A printed view as one HTML page: own style, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Template

from assuage.care.register.pages import words
from assuage.care.register.pages.sheet import Sheet
from assuage.planning.report.html import environment_of
from assuage.planning.report.words import cleaned


def render(sheet: Sheet) -> bytes:
    """Return the page. The same sheet gives the same bytes."""
    return _template().render(words.mapped(cleaned(asdict(sheet)), words.unbroken)).encode("utf-8")


@cache
def _template() -> Template:
    environment = environment_of("assuage.care.register.pages")
    environment.filters["groupruns"] = _runs
    return environment.get_template("sheet.html.j2")


def _runs(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return columns side by side under one heading as one run."""
    found = [(label, list(run)) for label, run in groupby(columns, lambda one: one["group"])]
    return [{"label": label, "columns": run, "count": len(run)} for label, run in found]
