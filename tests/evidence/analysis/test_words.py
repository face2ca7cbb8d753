"""Words are split where they end, and each complaint names its character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.analysis.words import Words
from assuage.refusals import Refused


def words(text: str) -> Words:
    return Words(text, "model", "y ~ x")


def test_each_word_knows_where_it_starts() -> None:
    found = words("  a.1 ~`b c`:2.5 || é")
    assert [(one.kind, one.text, one.at) for one in found.words] == [
        ("name", "a.1", 3),
        ("sign", "~", 7),
        ("quoted", "b c", 8),
        ("sign", ":", 13),
        ("number", "2.5", 14),
        ("sign", "||", 18),
        ("name", "é", 21),
        ("end", "", 22),
    ]


@pytest.mark.parametrize("text", ["`a", "``", "a `", "`"])
def test_a_backtick_alone_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(Refused, match=f"character {text.index('`') + 1}:") as caught:
        words(text)
    assert caught.value.code == "FORMULA_UNREADABLE"


@given(st.text(max_size=40))
def test_every_letter_is_in_a_word_or_a_space(text: str) -> None:
    try:
        found = words(text)
    except Refused:
        assert "`" in text
        return
    read = "".join(f"`{one.text}`" if one.kind == "quoted" else one.text for one in found.words)
    assert read.replace(" ", "") == "".join(text.split()).replace(" ", "") or "`" in text


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="longer than 2000"):
        words("a" * 2001)
