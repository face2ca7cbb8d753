"""The page stands alone, is readable without eyes, and takes no text for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from assuage.evidence.report.page import document, inline
from evidence.report import samples

PAGE = document("A title <x>", samples.blocks(), under="under", foot="foot")


class Tags(HTMLParser):
    """Collects tags with their attributes, and what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data


def parsed() -> Tags:
    found = Tags()
    found.feed(PAGE)
    return found


def test_nothing_is_fetched_and_nothing_runs() -> None:
    assert not re.search(r"<script|src=|href=\"http|@import|url\(http", PAGE)


def test_heads_have_a_scope_and_pictures_have_words() -> None:
    tags = parsed().tags
    assert {one.get("scope") for tag, one in tags if tag == "th"} == {"col", "row"}
    drawings = [one for tag, one in tags if tag == "svg"]
    assert len(drawings) == 2
    assert all(one["role"] == "img" and one["aria-label"] for one in drawings)
    assert ("html", {"lang": "en"}) in tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels == [1, 2, 3]


def test_ids_are_unique_and_links_within_pictures_hold() -> None:
    ids = re.findall(r' id="([^"]+)"', PAGE)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'(?:href="#|url\(#)([^")]+)', PAGE))
    assert wanted <= set(ids)


def test_text_is_text() -> None:
    assert parsed().said.count(samples.TEXT) == 5
    assert "<x>" not in PAGE


def test_a_picture_keeps_its_own_names() -> None:
    svg = b'<?xml version="1.0"?><svg><defs><path id="a"/></defs><use href="#a"/></svg>'
    assert str(inline(svg, "p", 'q"')) == (
        '<svg role="img" aria-label="q&#34;"><defs><path id="p-a"/></defs><use href="#p-a"/></svg>'
    )
