"""Blocks that can't be shown are refused when they are made."""

from __future__ import annotations

import pytest

from assuage.evidence.report.blocks import Picture, Table


def test_a_row_has_as_many_cells_as_there_are_columns() -> None:
    with pytest.raises(ValueError, match="2 cells under 1 columns"):
        Table(("a",), (("x", "y"),))


def test_left_names_a_column() -> None:
    with pytest.raises(ValueError, match="not among"):
        Table(("a",), (("x",),), left=("b",))


@pytest.mark.parametrize(("words", "name"), [("", "a"), ("  ", "a"), ("words", "")])
def test_a_picture_has_a_name_and_words(words: str, name: str) -> None:
    with pytest.raises(ValueError, match="needs a name and words"):
        Picture(b"<svg/>", "caption", words, name)
