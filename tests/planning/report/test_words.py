"""source: the numbers here are the arguments of the same line, in other words."""

import pytest

from assuage.planning.report import words


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (0, "0 h"),
        (2 / 3, "40 min"),
        (0.5, "30 min"),
        (1, "1 h"),
        (1.5, "90 min"),
        (4, "4 h"),
        (100, "100 h"),
        (None, "–"),
        (0.123456, "0.1235 h"),
    ],
)
def test_times_are_hours_or_whole_minutes(hours: float | None, shown: str) -> None:
    assert words.in_hours(hours) == shown


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ([1], "1"),
        ([1, 2], "1 and 2"),
        ([1, 2, 3], "1 to 3"),
        ([1, 8, 15], "1, 8 and 15"),
        ([1, 2, 3, 4, 5, 8, 9, 10, 11, 12], "1 to 5 and 8 to 12"),
        ([], ""),
    ],
)
def test_no_day_is_lost(days: list[int], shown: str) -> None:
    assert words.numbers_listed(days) == shown


def test_tall_man_letters_never_touch_esketamine() -> None:
    assert words.tall_man("racemic ketamine") == "racemic ketAMINE"
    assert words.tall_man("Ketamine (racemate)") == "ketAMINE (racemate)"
    assert words.tall_man("esketamine") == "esketamine"


def test_units_are_spelled_out() -> None:
    assert words.unit_words("ug/kg/min") == "microgram/kg/min"
    assert words.unit_words("1/min") == "per minute"
    assert words.unit_words("1") == ""


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    tree = {"a": ["x\x1b[31mred", "one\ntwo", "right\u202eleft", "Žižka µg"]}
    assert words.cleaned(tree) == {
        "a": ["x<U+001B>[31mred", "one two", "right<U+202E>left", "Žižka µg"]
    }
