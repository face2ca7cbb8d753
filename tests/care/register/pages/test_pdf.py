from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from assuage.care.register.pages import Basis, Form, gather, register, render
from assuage.care.register.pages.sheet import Sheet
from assuage.record.keyring import Keyring
from assuage.record.record import Record
from assuage.record.sqlite import SqliteStore

from ...world import SITE_KEY, World, world
from .fortnight import Clinic
from .hostile import BACKWARDS, LONG, LONG_WORDS, WORDS, hostile
from .test_html import texts


def pages(sheet: Sheet) -> list[str]:
    return [one.extract_text() for one in PdfReader(io.BytesIO(render(sheet, "pdf"))).pages]


def squeezed(text: str) -> str:
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    return re.sub(r"[\s\u200b\u00ad-]", "", text).lower()


def test_every_text_of_the_sheet_is_in_the_pdf(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    text = squeezed(" ".join(pages(sheet)))
    assert [one for one in texts(sheet) if squeezed(one) not in text] == []


def test_every_page_has_its_class_its_number_and_the_head(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    read = pages(sheet)
    short = sheet.head[: sheet.head.index(":") + 17]
    for number, text in enumerate(read, start=1):
        assert f"page{number}of{len(read)}" in squeezed(text)
        assert short in text
        assert "KETAMINE" in text
        assert "Wharf Lane Pain and Mood Clinic" in text


def test_a_page_of_400_entries_has_its_headings_on_every_sheet() -> None:
    with world() as made:
        made.ready(500)
        while len(made.book().lines) < 400:
            draw = made.draw()
            made.clock.go(minutes=1)
            made.waste(draw, 500)
        sheet = register(gather(made.record, "north", made.clock.instant))
        read = pages(sheet)
    assert len(read) > 10
    table = sheet.parts[0].table
    assert table is not None
    assert len(table.rows) >= 400
    with_rows = [squeezed(one) for one in read[:-1]]
    for label in (one.label for one in table.columns):
        assert all(squeezed(label) in one for one in with_rows)


@pytest.mark.parametrize("text", [*WORDS, BACKWARDS, LONG, LONG_WORDS])
def test_hostile_words_stay_words(text: str) -> None:
    with world() as made:
        read = pages(register(hostile(made, text).basis(0)))
    wanted = text.replace("\u202e", "<U+202E>").replace("\u200b", "<U+200B>")
    assert squeezed(wanted.replace("\u0000", "<U+0000>")) in squeezed(" ".join(read))


@pytest.mark.parametrize("text", [LONG, LONG_WORDS * 3])
def test_no_text_runs_off_the_paper(text: str) -> None:
    with world() as made:
        made_pdf = render(register(hostile(made, text).basis(0)), "pdf")
    low: list[float] = []

    def look(part: str, page: list[float], at: list[float], _font: object, _size: object) -> None:
        if part.strip():
            low.append(at[4] * page[1] + at[5] * page[3] + page[5])

    for page in PdfReader(io.BytesIO(made_pdf)).pages:
        page.extract_text(visitor_text=look)
    assert len(low) > 100
    assert min(low) > 20  # points; the footer stands at about 25


def test_a_letter_that_no_font_has_stands_as_its_number() -> None:
    with world() as made:
        read = pages(register(hostile(made, "王芳").basis(0)))
    assert "<U+738B><U+82B3>" in " ".join(read)


def test_the_pdf_uses_no_font_of_the_machine(leeds: Clinic) -> None:
    fonts = set()
    for page in PdfReader(io.BytesIO(render(register(leeds.basis()), "pdf"))).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    assert fonts
    assert all(re.match(r"/?(Libertinus|NewCM|DejaVuSansMono)", one) for one in fonts)


def digests(basis: Basis) -> list[str]:
    forms: tuple[Form, ...] = ("html", "pdf", "csv")
    return [hashlib.sha256(render(register(basis), one)).hexdigest() for one in forms]


SAYS = """
import sys
from pathlib import Path
from datetime import datetime
from care.world import world
from care.register.pages.test_pdf import digests
from assuage.care.register.pages import gather
with world(Path(sys.argv[1])) as made:
    print(*digests(gather(made.record, "north", datetime.fromisoformat(sys.argv[2]))))
"""


def test_the_same_events_give_the_same_bytes_in_another_program(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    store = SqliteStore(path, create=True)
    made = World(Record(store, Keyring(store, SITE_KEY)))
    made.ready()
    draw = made.draw()
    made.give(draw, 35)
    made.waste(draw, 465)
    when = made.clock.instant + timedelta(days=1)
    here = digests(gather(made.record, "north", when))
    assert here == digests(gather(made.record, "north", when))
    store.close()
    for seed in ("1", "4242"):
        room = str(Path(__file__).parents[3])
        source = str(Path(__file__).parents[4] / "src")
        told = subprocess.run(
            [sys.executable, "-c", SAYS, str(path), when.isoformat()],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{source}:{room}"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.split() == here
