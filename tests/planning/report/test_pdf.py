import io
import re

import pytest
from fixture_plan import HOSTILE, hostile_plan, outpatient_plan, plan, texts
from pypdf import PdfReader

from assuage.planning.document import Plan
from assuage.planning.report import render_pdf


def pages(made: Plan) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(made))).pages]


def squeezed(text: str) -> str:
    """Return the text without spaces, hyphens at line ends and typeset quotes."""
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    return re.sub(r"[\s-]", "", text).lower()


@pytest.mark.parametrize("made", [plan(), outpatient_plan()], ids=["inpatient", "outpatient"])
def test_every_text_of_the_plan_is_in_the_pdf(made: Plan) -> None:
    text = squeezed(" ".join(pages(made)))
    assert [one for one in texts(made.model_dump()) if squeezed(one) not in text] == []


def test_every_page_says_which_plan_and_which_page_it_is() -> None:
    read = pages(plan())
    for number, text in enumerate(read, start=1):
        assert f"page{number}of{len(read)}" in squeezed(text)
        assert squeezed(plan().plan_id)[:10] in squeezed(text)
        assert plan().knowledge_sha256[:16] in squeezed(text)


def test_unverified_statements_are_marked() -> None:
    text = " ".join(pages(plan()))
    assert text.count("unverified") >= str(plan().model_dump()).count("'read': 'unverified'")


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert render_pdf(plan()) == render_pdf(plan())


def test_hostile_words_stay_words() -> None:
    text = squeezed(" ".join(pages(hostile_plan())))
    assert [one for one in HOSTILE if squeezed(one) not in text] == []


def test_the_pdf_uses_no_font_of_the_machine() -> None:
    fonts = set()
    for page in PdfReader(io.BytesIO(render_pdf(plan()))).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    assert fonts
    assert all(re.match(r"/?(Libertinus|NewCM|DejaVuSansMono)", one) for one in fonts)
