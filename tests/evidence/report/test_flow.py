"""The flow of participants: every number is there, and every word inside its box.

source: the arms of the samples.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from assuage.evidence.report.flow import Branch, flow, words_of
from evidence.report import samples

SVG = "{http://www.w3.org/2000/svg}"


def test_every_number_is_told() -> None:
    root = ET.fromstring(samples.drawn()["flow"])  # noqa: S314  our own drawing
    said = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    for words in (
        "Assessed (n = 80)",
        "Excluded (n = 19)",
        "Randomised (n = 61)",
        "Ketamine <S> (n = 30)",
        "Left (n = 4)",
        "Week 1 (n = 29)",
        "Analysed (n = 27)",
    ):
        assert words in said


@pytest.mark.parametrize("many", [1, 2, 3, 4, 5])
def test_words_stay_in_their_boxes(many: int) -> None:
    long = Branch("A rather long name of an arm", 9, (("because of many long words", 3),), (), 6)
    root = ET.fromstring(flow([long] * many, randomised=9 * many))  # noqa: S314
    boxes = [
        tuple(float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        for one in root.iter(f"{SVG}rect")
    ]
    for one in root.iter(f"{SVG}text"):
        x, y = float(one.attrib["x"]), float(one.attrib["y"])
        wide = 6.3 * len(one.text or "")
        assert any(
            left <= x and x + wide <= left + width + 4 and top <= y <= top + height
            for left, top, width, height in boxes
        ), one.text


def test_it_is_told_in_words_too() -> None:
    said = words_of(samples.ARMS, 61)
    assert "61 people were randomised" in said
    assert "Ketamine <S>: 30 allocated; left: 1 harm" in said
