"""Each picture says what it shows, inside its own edges, and is the same each time.

source: the samples that it is drawn from.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from assuage.evidence.report import charts
from evidence.report import samples

SVG = "{http://www.w3.org/2000/svg}"
PLOTS = ("means", "lines", "forest", "survival", "funnel")


def texts(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314  our own drawing
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("means", ("Ketamine", "Placebo", "Week 12", "n", "29", "28", "pain")),
        ("lines", ("Ketamine", "power")),
        ("forest", ("Pain", "Mood", "Sleep", "no result", "← placebo", "ketamine →", "SD")),
        ("survival", ("at risk", "9", "4", "share")),
        ("funnel", ("Leeds", "all sites", "95 % limits", "responders")),
    ],
)
def test_each_picture_says_what_it_shows(name: str, words: tuple[str, ...]) -> None:
    said = texts(samples.drawn()[name])
    for one in words:
        assert one in said


Box = tuple[str, float, float, float, float]  # words, and from left to right, top to bottom


def boxes(svg: bytes) -> tuple[list[Box], float, float]:
    """Return where words stand, and the size of the picture."""
    root = ET.fromstring(svg)  # noqa: S314
    _, _, width, height = (float(one) for one in root.attrib["viewBox"].split())
    found = []
    for one in root.iter(f"{SVG}text"):
        words, style = "".join(one.itertext()), one.attrib.get("style", "")
        place = re.search(r"translate\(([-0-9.]+)[ ,]([-0-9.]+)\)", one.attrib["transform"])
        x, y = (place[1], place[2]) if place else (one.attrib["x"], one.attrib["y"])
        size = re.search(r"font-size: ([0-9.]+)px", style)
        assert size, style
        long, tall = 0.45 * float(size[1]) * len(words), 0.7 * float(size[1])  # at least
        anchor = re.search(r"text-anchor: (\w+)", style)
        left = float(x) - {"end": long, "middle": long / 2}.get(anchor[1] if anchor else "", 0.0)
        if words and "rotate(-90" not in one.attrib["transform"]:
            found.append((words, left, left + long, float(y) - tall, float(y)))
    return found, width, height


@pytest.mark.parametrize("name", PLOTS)
def test_no_words_run_over_the_edge_or_one_another(name: str) -> None:
    found, width, height = boxes(samples.drawn()[name])
    assert len(found) > 5
    for words, left, right, top, bottom in found:
        assert left >= -1.0, words
        assert right <= width + 1.0, words
        assert top >= -1.0, words
        assert bottom <= height + 1.0, words
    assert overlapping(found) == []


def overlapping(found: list[Box]) -> list[tuple[str, str]]:
    return [
        (one[0], other[0])
        for place, one in enumerate(found)
        for other in found[place + 1 :]
        if one[1] < other[2] and other[1] < one[2] and one[3] < other[4] and other[3] < one[4]
    ]


def test_words_on_words_are_seen() -> None:
    """The canary."""
    assert overlapping([("a", 0, 9, 0, 9), ("b", 8, 12, 3, 12)]) == [("a", "b")]


def test_the_same_data_give_the_same_bytes() -> None:
    again = charts.forest(samples.ROWS, x_label="SD", favours=("placebo", "ketamine"))
    assert again == samples.drawn()["forest"]


def test_arms_differ_in_more_than_colour() -> None:
    looks = list(zip(charts.MARKERS, map(str, charts.DASHES), strict=True))
    assert len(set(charts.COLOURS)) == len(set(charts.MARKERS)) == len(set(looks))
    assert len({str(one) for one in charts.DASHES[:4]}) == 4


def test_what_was_not_pre_specified_is_hollow() -> None:
    plain = charts.forest([samples.ROWS[0]], x_label="SD").decode()
    hollow = charts.forest([samples.ROWS[1]], x_label="SD").decode()
    marker = f"fill: #ffffff; stroke: {charts.COLOURS[0]}"
    assert marker in hollow
    assert marker not in plain


def test_close_visits_stand_on_two_lines() -> None:
    """The canary of crowded axes: day 0 and day 1 of 84 have no room side by side."""
    close = charts.Series("A", (0, 1, 84), (1, 2, 3))
    ticks = ((0.0, "Baseline"), (1.0, "Day 1"), (84.0, "Week 12"))
    svg = charts.means_plot([close], x_label="day", y_label="y", ticks=ticks)
    heights = {words: bottom for words, _, _, _, bottom in boxes(svg)[0]}
    assert heights["Day 1"] > heights["Baseline"] + 8
    assert overlapping(boxes(svg)[0]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"y": (1, 2)},
        {"low": (0,), "high": (1,)},
        {"low": (0, 0, 0)},
        {"n": (1,)},
    ],
)
def test_a_series_of_uneven_length_is_refused(wrong: dict[str, tuple[float, ...]]) -> None:
    whole: dict[str, tuple[float, ...]] = {"x": (0, 1, 2), "y": (0, 1, 2)}
    with pytest.raises(ValueError, match="A: "):
        charts.Series("A", **(whole | wrong))  # type: ignore[arg-type]
