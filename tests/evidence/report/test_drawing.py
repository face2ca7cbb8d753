"""A figure is drawn without a date, and settings stay inside."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from assuage.evidence.report.drawing import figure


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_figure_is_the_same_bytes_each_time(kind: str, start: bytes) -> None:
    made = []
    for _ in range(2):
        with figure(kind, (3.0, 2.0)) as (drawn, done):
            drawn.subplots().plot([0, 1], [1, 0])
        made.append(done())
    assert made[0] == made[1]
    assert made[0].startswith(start)
    assert b"dc:date" not in made[0]


def test_settings_are_put_back() -> None:
    before = dict(mpl.rcParams)
    with figure("svg", (3.0, 2.0)) as (drawn, _):
        drawn.subplots()
    assert dict(mpl.rcParams) == before
