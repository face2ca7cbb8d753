"""What the tests of care share: an empty world, and one where a session runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .world import World, world


@pytest.fixture
def empty() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def ready(empty: World) -> World:
    empty.ready()
    return empty
