"""The PDF says what the page says, is tagged, and is the same each time."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader

from assuage.evidence.report.pdf import render
from evidence.report import samples

MADE = render("A title", samples.blocks(), under="under", foot="the foot")


def test_the_same_blocks_give_the_same_bytes() -> None:
    assert render("A title", samples.blocks(), under="under", foot="the foot") == MADE


def test_it_says_what_the_blocks_say() -> None:
    reader = PdfReader(io.BytesIO(MADE))
    said = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in ("A title", "Results", samples.TEXT, "not pre-specified", "0.013", "the foot"):
        assert words in said
    assert "Ketamine" in said  # the picture's letters are letters


def test_it_is_tagged_and_undated() -> None:
    reader = PdfReader(io.BytesIO(MADE))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "A title"
    assert "/CreationDate" not in reader.metadata


def test_pictures_have_words() -> None:
    reader: Any = PdfReader(io.BytesIO(MADE))
    found = []
    for number in range(1, int(reader.trailer["/Size"])):
        one = reader.get_object(number)
        if hasattr(one, "get") and one.get("/Alt"):
            found.append(str(one["/Alt"]))
    assert len(found) == 2
    assert any("61 people were randomised" in one for one in found)
