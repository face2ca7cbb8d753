"""Decisions follow the locked graph, and what has no result rejects nothing.

source: Holm's procedure by hand.
"""

from __future__ import annotations

import math

import pytest

from assuage.evidence.study.answers import Answer, Versus
from assuage.evidence.study.testing import decide
from evidence.study import made
from evidence.study.test_protocol import GRAPH, TWO

HOLM = GRAPH + "passes = { main = { other = 1 }, other = { main = 1 } }\n"


def found(id_: str, p: float | None) -> Answer:
    versus = () if p is None else (Versus(1, 1, 0, 1, 9, p, 0, 0),)
    return Answer(id_, "main", "e", "pain", 1, "value", "difference-in-means", "", versus=versus)


@pytest.mark.parametrize(
    ("first", "second", "rejected"),
    [
        (0.020, 0.030, (True, True)),
        (0.030, 0.030, (False, False)),
        (0.060, 0.020, (False, True)),
        (0.040, 0.024, (True, True)),
        (None, 0.020, (False, True)),
        (None, None, (False, False)),
        (math.nan, 0.020, (False, True)),
    ],
)
def test_holm(first: float | None, second: float | None, rejected: tuple[bool, bool]) -> None:
    p = made.study(TWO + HOLM).protocol
    told = decide(p, [found("main", first), found("other", second)])
    assert [one.hypothesis for one in told] == ["main", "other"]
    assert tuple(one.rejected for one in told) == rejected


def test_without_a_graph_only_the_primary_is_tested() -> None:
    (told,) = decide(made.study().protocol, [found("main", 0.049)])
    assert (told.share, told.rejected) == (1, True)
    (told,) = decide(made.study().protocol, [found("main", 0.0501)])
    assert not told.rejected
