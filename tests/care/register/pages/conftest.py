"""What the tests of the pages share: a fortnight in Leeds and one in Portland."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ...world import world
from .fortnight import Clinic, fortnight


@pytest.fixture(scope="session")
def leeds() -> Iterator[Clinic]:
    with world() as made:
        yield fortnight(made)


@pytest.fixture(scope="session")
def portland() -> Iterator[Clinic]:
    with world() as made:
        yield fortnight(made, "us")
