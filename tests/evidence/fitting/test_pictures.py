"""The pictures are drawn, hold what they should, and are the same each time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from assuage.evidence.fitting.pictures import pictures
from evidence.fitting import studies


def texts(svg: bytes) -> str:
    root = ET.fromstring(svg)  # noqa: S314  our own drawing
    return " ".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("predictive-check", ("Visual predictive check", "time (h); 12 samples", "mg/L")),
        ("people", ("ID 1", "ID 12", "every person")),
        ("goodness-of-fit", ("CWRES", "IWRES", "npde", "typical prediction (mg/L)")),
        ("path", ("omega CL", "additive error", "burn-in")),
    ],
)
def test_each_picture_says_what_it_shows(name: str, words: tuple[str, ...]) -> None:
    said = texts(studies.written()[f"{name}.svg"])
    for one in words:
        assert one in said


def test_the_same_fit_gives_the_same_bytes() -> None:
    again = {f"{name}.svg": one for name, one in pictures(studies.theophylline()).items()}
    assert again.items() <= studies.written().items()
