"""Times and rates as they are keyed in: to the second, and every digit."""

from __future__ import annotations

import pytest

from assuage.cli.target_view import clock, exact


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(0.0, "0:00:00"), (70 / 3600, "0:01:10"), (3.9997222222, "3:59:59"), (25.5, "25:30:00")],
)
def test_a_time_is_shown_to_the_second(hours: float, shown: str) -> None:
    assert clock(hours) == shown


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(0.0, "0"), (70.9, "70.9"), (1234.5, "1234.5"), (0.01, "0.01"), (123.45, "123.45")],
)
def test_a_rate_is_never_rounded_to_be_shown(rate: float, shown: str) -> None:
    assert exact(rate) == shown
