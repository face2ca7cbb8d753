from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from assuage.care.register.pages import destruction_form, inventory, loss_form, register, render
from assuage.care.register.pages.sheet import Sheet

from ...world import world
from .fortnight import Clinic
from .hostile import BACKWARDS, LONG, LONG_WORDS, WORDS, hostile


class Page(HTMLParser):
    """Collects a page's words, tags and attributes."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        text = render(sheet, "html").decode("utf-8")
        self.feed(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        return re.sub(r"\s", "", "".join(self.words))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def texts(sheet: Sheet) -> list[str]:
    """Return every text that a reader must find."""
    found = [sheet.title, sheet.premises, sheet.address, sheet.head, sheet.printed]
    found += [one.text for one in sheet.statements] + [one.source for one in sheet.statements]
    for part in sheet.parts:
        found += [part.head, part.title, *part.alarms, *(t for pair in part.pairs for t in pair)]
        found += [line for note in part.notes for line in (note.dated, *note.lines)]
        if part.table:
            found += [one.label for one in part.table.columns]
            for row in part.table.rows:
                found += [row.name, *(mark.text for mark in row.marks), *row.details]
                found += [line for cell in row.cells for line in cell.lines]
    return [one for one in found if one]


def test_every_text_of_the_sheet_is_on_the_page(leeds: Clinic) -> None:
    basis = leeds.basis()
    case = next(iter(basis.book.cases))
    for sheet in (register(basis), inventory(basis), destruction_form(basis)):
        page = Page(sheet).text
        assert [one for one in texts(sheet) if squeezed(one) not in page] == []
    assert "Itisnottheform" in Page(loss_form(basis, case)).text


def test_the_page_can_be_read_by_a_screen_reader(leeds: Clinic) -> None:
    page = Page(register(leeds.basis()))
    assert ("html", {"lang": "en"}) in page.tags
    assert all("scope" in one for tag, one in page.tags if tag == "th")
    tables = [one for tag, one in page.tags if tag == "table"]
    assert len(tables) == len([one for tag, one in page.tags if tag == "caption"]) == 3
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("text", [*WORDS, BACKWARDS, LONG, LONG_WORDS])
def test_hostile_words_stay_words(text: str) -> None:
    with world() as made:
        page = Page(register(hostile(made, text).basis(0)))
    wanted = text.replace("\u202e", "<U+202E>").replace("\u200b", "<U+200B>")
    assert squeezed(wanted.replace("\u0000", "<U+0000>")) in page.text
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "img", "form", "a"}
        assert not [one for one in attributes if one.startswith("on") or one in {"src", "href"}]


def test_the_headers_come_again_on_each_page_and_each_part_begins_one(leeds: Clinic) -> None:
    text = render(register(leeds.basis()), "html").decode("utf-8")
    assert "thead { display: table-header-group; }" in text
    assert "break-before: page" in text
    assert "size: A4 landscape" in text
    assert text.count('<tr class="page">') == 3


def test_the_same_sheet_gives_the_same_bytes(leeds: Clinic) -> None:
    assert render(register(leeds.basis()), "html") == render(register(leeds.basis()), "html")
