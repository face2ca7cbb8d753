"""Every number of the knowledge says where it was read, and every source that is named exists.

A number counts as sourced when its own table, or one around it, gives `source`, `where` and
`read`. What needs none is listed below with the reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Fact, Number

FILES = sorted(library.ROOT.rglob("*.toml"))
TAGS = {"source", "where", "read"}
READS = {"primary", "secondary", "unverified", "design"}
# A path of keys within a file, and why its number carries no source of its own.
EXEMPT = {
    r"models/.*: studied\.n": "counts the people of the `people` fact that stands beside it",
    r"sources/.*: source\.year": "belongs to a citation, which is itself the source",
}

Found = tuple[str, object]


def numbers(node: Any, path: str = "", sourced: bool = False) -> Iterator[tuple[str, object, bool]]:
    """Yield each number with its path and whether a table around it is sourced."""
    if isinstance(node, dict):
        here = sourced or node.keys() >= TAGS
        for key, value in node.items():
            yield from numbers(value, f"{path}.{key}".removeprefix("."), here)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value, path, sourced)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield path, node, sourced


def unsourced(name: str, content: dict[str, Any]) -> list[Found]:
    return [
        (f"{name}: {path}", value)
        for path, value, sourced in numbers(content)
        if not sourced and not any(re.fullmatch(one, f"{name}: {path}") for one in EXEMPT)
    ]


def values_of(node: Any, key: str) -> Iterator[object]:
    """Yield every value that stands under a key, however deep."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from values_of(one, key)


def name_of(path: Path) -> str:
    return path.relative_to(library.ROOT).as_posix()


def content_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_number_has_its_source(path: Path) -> None:
    assert unsourced(name_of(path), content_of(path)) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_source_that_is_named_exists(path: Path) -> None:
    if path.parent.name == "sources":
        return
    named = {one for one in values_of(content_of(path), "source") if isinstance(one, str)}
    assert named <= set(library.sources())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_way_of_reading_is_a_known_one(path: Path) -> None:
    if path.parent.name != "sources":
        assert set(values_of(content_of(path), "read")) <= READS


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_named_after_what_it_holds(path: Path) -> None:
    content = content_of(path)
    inner = content | content.get("effect", {}) | content.get("pain", {}) | content.get("mood", {})
    if path.parent.name in {"models", "effects", "regimens"}:
        assert inner["id"] == path.stem
    if path.parent.name == "law":
        assert content["code"].lower() == path.stem


def test_an_unknown_way_of_reading_is_refused() -> None:
    given: dict[str, Any] = {"source": "kamp-2020", "where": "abstract"}
    for read in ("rumour", "", "Primary", None):
        with pytest.raises(ValidationError):
            Number(value=1, unit="h", read=read, **given)
        with pytest.raises(ValidationError):
            Fact(text="so it is said", read=read, **given)
    for read in READS:
        assert Number(value=1, unit="h", read=read, **given)


# The checks can fail.

TAGGED = {"source": "kamp-2020", "where": "abstract", "read": "primary"}


@pytest.mark.parametrize(
    "planted",
    [
        {"dose": 3},
        {"a": {"b": [{"c": 1.5}]}},
        {"a": {"value": 3, "source": "kamp-2020", "where": "abstract"}},
        {"a": {"value": 3, "source": "kamp-2020", "read": "primary"}},
        {"a": dict(TAGGED), "b": {"value": 3}},
        {"studied": {"n_men": 3}},
        {"hard": [0, 13]},
    ],
)
def test_a_planted_number_is_found(planted: dict[str, Any]) -> None:
    assert unsourced("models/planted.toml", planted)


def test_a_sourced_number_is_not() -> None:
    for good in (
        {"a": {"value": 3, **TAGGED}},
        {"a": {"scaled_by": {"weight_kg": 70}, **TAGGED}},
        {"a": {"on": True, "text": "3 people"}},
        {"studied": {"n": 14}},
    ):
        assert unsourced("models/planted.toml", good) == []
    assert unsourced("regimens/planted.toml", {"studied": {"n": 14}})


def test_every_exemption_is_used() -> None:
    for pattern in EXEMPT:
        assert any(
            re.fullmatch(pattern, f"{name_of(path)}: {where}")
            for path in FILES
            for where, _, sourced in numbers(content_of(path))
            if not sourced
        )


def test_there_are_numbers_to_check() -> None:
    """Enough of them that the walk can't be passing over the files."""
    assert sum(1 for path in FILES for _ in numbers(content_of(path))) > 500
    assert {"models", "effects", "law", "precautions", "sources"} <= {p.parent.name for p in FILES}
