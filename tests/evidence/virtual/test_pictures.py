"""The picture of shares shows every row and is the same twice."""

from __future__ import annotations

from assuage.evidence.report.charts import Row
from assuage.evidence.virtual.pictures import shares

ROWS = [
    Row("pain, day 7", 90.0, 88.0, 92.0, "90 of 100"),
    Row("none", 5.0, 4.0, 6.0, "5", open=True),
]


def test_every_row_is_shown_and_bytes_are_the_same() -> None:
    """The level is where a line is drawn. source: an example."""
    drawn = shares(ROWS, x_label="trials that reject, %", level=5.0)
    assert drawn == shares(ROWS, x_label="trials that reject, %", level=5.0)
    text = drawn.decode()
    for words in ("pain, day 7", "90 of 100", "trials that reject, %"):
        assert words in text
    assert drawn != shares(ROWS[:1], x_label="trials that reject, %", level=5.0)
