"""Measurements in words and in tables: what is read, and what is refused.

source: the numbers are those in the text beside them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.planning.individual.measurement import (
    Level,
    Points,
    read_level,
    read_row,
    read_score,
    read_table,
    when,
)
from assuage.refusals import Refusal, Refused


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("esketamine 142 ng/mL venous at 2 h", Level("esketamine", 2.0, 142.0, "venous")),
        ("esketamine 142ng/mL venous at 2 h", Level("esketamine", 2.0, 142.0, "venous")),
        ("ketamine 0.142 mg/L arterial at 30 min", Level("ketamine", 0.5, 142.0, "arterial")),
        ("norketamine <2 ng/mL venous at 1 d", Level("norketamine", 24.0, 2.0, "venous", True)),
        ("norketamine < 2 ng/mL at 0 h", Level("norketamine", 0.0, 2.0, "not-stated", True)),
    ],
)
def test_a_level_is_read_as_written(text: str, wanted: Level) -> None:
    assert read_level(text) == wanted


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", Refusal.MEASUREMENT_UNREADABLE),
        ("esketamine", Refusal.MEASUREMENT_UNREADABLE),
        ("142 ng/mL venous at 2 h", Refusal.MEASUREMENT_UNREADABLE),
        ("esketamine 142 ng/mL venous", Refusal.MEASUREMENT_UNREADABLE),
        ("esketamine 142 ng/mL capillary at 2 h", Refusal.MEASUREMENT_UNREADABLE),
        ("esketamine >142 ng/mL venous at 2 h", Refusal.QUANTITY_AMBIGUOUS),
        ("esketamine 142 venous at 2 h", Refusal.QUANTITY_UNIT_MISSING),
        ("esketamine 1,5 ng/mL venous at 2 h", Refusal.QUANTITY_AMBIGUOUS),
        ("esketamine -5 ng/mL venous at 2 h", Refusal.QUANTITY_NOT_POSITIVE),
        ("esketamine nan ng/mL venous at 2 h", Refusal.QUANTITY_AMBIGUOUS),
        ("esketamine 0 ng/mL venous at 2 h", Refusal.QUANTITY_NOT_POSITIVE),
        ("esketamine 142 mg venous at 2 h", Refusal.QUANTITY_UNIT_WRONG),
        ("esketamine 142 ng/mL venous at 2", Refusal.QUANTITY_UNIT_MISSING),
        ("esketamine 142 ng/mL venous at -2 h", Refusal.QUANTITY_NOT_POSITIVE),
        ("esketamine 142 ng/mL venous at 2 h" + " " * 300, Refusal.MEASUREMENT_UNREADABLE),
    ],
)
def test_what_is_not_certain_is_refused(text: str, refusal: Refusal) -> None:
    with pytest.raises(Refused) as caught:
        read_level(text)
    assert caught.value.refusal is refusal


@pytest.mark.parametrize(
    ("what", "text", "points"),
    [("pain", "4 at 8 d", 4), ("pain", "4.5 at 8 d", 4.5), ("mood", "18 at 24 h", 18)],
)
def test_a_score_is_read_as_written(what: str, text: str, points: float) -> None:
    assert read_score(what, text).points == points  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "text", "refusal"),
    [
        ("pain", "11 at 8 d", Refusal.QUANTITY_IMPLAUSIBLE),
        ("mood", "61 at 8 d", Refusal.QUANTITY_IMPLAUSIBLE),
        ("mood", "18.5 at 8 d", Refusal.MEASUREMENT_UNREADABLE),
        ("sedation", "6 at 10 min", Refusal.QUANTITY_IMPLAUSIBLE),
        ("pain", "-1 at 8 d", Refusal.MEASUREMENT_UNREADABLE),
        ("pain", "nan at 8 d", Refusal.MEASUREMENT_UNREADABLE),
        ("pain", "04 at 8 d", Refusal.MEASUREMENT_UNREADABLE),
        ("pain", "4", Refusal.MEASUREMENT_UNREADABLE),
        ("pain", "4 at 8", Refusal.QUANTITY_UNIT_MISSING),
    ],
)
def test_a_score_off_its_scale_is_refused(what: str, text: str, refusal: Refusal) -> None:
    with pytest.raises(Refused) as caught:
        read_score(what, text)  # type: ignore[arg-type]
    assert caught.value.refusal is refusal


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (read_level, lambda one: read_score("pain", one)):
        try:
            found = read(text)
        except Refused:
            continue
        assert isinstance(found, Level | Points)


def test_a_table_holds_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(
        "time,what,value,site\n2 h,esketamine,142 ng/mL,venous\n\n8 d,pain,4,\n"
        "1 d,norketamine,<2 ng/mL,venous\n",
        encoding="utf-8",
    )
    assert read_table(path) == (
        read_level("esketamine 142 ng/mL venous at 2 h"),
        read_score("pain", "4 at 8 d"),
        read_level("norketamine <2 ng/mL venous at 1 d"),
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"what,value,time\npain,4,8 d\n",
        b"what,value,site,time\npain,4,8 d\n",
        b"what,value,site,time\npain,4,,8 d,9\n",
        b"\xff\xfe",
        b"what,value,site,time\n" + b"pain,4,,8 d\n" * 501,
        b'what,value,site,time\n"pain,4,,8 d\n',
        b"x" * 1_000_001,
    ],
    ids=["empty", "column", "short", "long", "utf8", "many", "quote", "large"],
)
def test_a_damaged_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(Refused) as caught:
        read_table(path)
    assert caught.value.refusal is Refusal.FILE_UNREADABLE


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_table(tmp_path / "none.csv")
    assert caught.value.refusal is Refusal.FILE_UNREADABLE


def test_a_score_has_no_site() -> None:
    with pytest.raises(Refused):
        read_row("pain", "4", "venous", "8 d")


def test_times_are_said_as_a_person_says_them() -> None:
    assert [when(one) for one in (0.5, 3.0, 72.0)] == ["30 min", "3 h", "3 d"]
