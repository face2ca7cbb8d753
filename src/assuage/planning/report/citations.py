"""Numbers the sources of a plan in the order in which the reader meets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assuage.knowledge.schema.facts import Read
from assuage.planning.document import Reference

# What stands beside a statement; one that was read in its source needs no mark.
TAGS: dict[Read, str] = {
    "primary": "",
    "secondary": "second-hand",
    "unverified": "unverified",
    "design": "assuage's own rule",
}


class Citations:
    """Hands out marks such as [3b]: source 3, second place in it."""

    def __init__(self, references: Sequence[Reference]) -> None:
        self._references = {one.id: one for one in references}
        self._numbers: dict[str, int] = {}
        self._places: dict[str, list[str]] = {}
        self._marks: list[dict[str, Any]] = []

    def mark(self, source: str, where: str, read: Read | None) -> dict[str, Any]:
        """Return the mark for one statement; its label is filled in by `listed`."""
        number = self._numbers.setdefault(source, len(self._numbers) + 1)
        places = self._places.setdefault(source, [])
        if where and where not in places:
            places.append(where)
        tag = TAGS[read] if read else ""
        mark = {"source": source, "where": where, "ref": number, "read": read, "tag": tag}
        self._marks.append(mark)
        return mark

    def statement(
        self, text: str, source: str, where: str, read: Read, note: str = ""
    ) -> dict[str, Any]:
        """Return a sentence with its mark."""
        return {"text": text, "note": note, "marks": [self.mark(source, where, read)]}

    def several(self, sources: Sequence[str], reads: Sequence[Read]) -> list[dict[str, Any]]:
        """Return the marks of a prediction, whose sources have no single place."""
        if len(sources) == len(reads):
            return [self.mark(one, "", read) for one, read in zip(sources, reads, strict=True)]
        marks = [self.mark(one, "", None) for one in sources]
        tags = {TAGS[read]: None for read in reads if TAGS[read]}
        return [*marks, *({"source": "", "tag": tag, "label": ""} for tag in tags)]

    def listed(self) -> list[dict[str, Any]]:
        """Label all marks and return the references in their order, uncited ones last."""
        for source in self._references:
            self._numbers.setdefault(source, len(self._numbers) + 1)
        for mark in self._marks:
            mark["label"] = f"{mark['ref']}{self._letter(mark['source'], mark['where'])}"
        return [self._entry(source, number) for source, number in self._numbers.items()]

    def _letter(self, source: str, where: str) -> str:
        places = self._places[source]
        return _letters(places.index(where)) if where and len(places) > 1 else ""

    def _entry(self, source: str, number: int) -> dict[str, Any]:
        places = self._places.get(source, [])
        known = self._references.get(source)
        return {
            "n": number,
            "id": source,
            "citation": known.citation if known else "this source isn't in the plan's list",
            "doi": known.doi if known else "",
            "read": known.read if known else "unverified",
            "used": known.used if known else 0,
            "places": [{"letter": self._letter(source, one), "where": one} for one in places],
        }


def _letters(index: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    more, last = divmod(index, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + last)
