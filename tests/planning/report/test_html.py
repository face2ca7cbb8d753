import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fixture_plan import HOSTILE, hostile_plan, outpatient_plan, plan, texts

from assuage.planning.document import Plan
from assuage.planning.report import render_html
from assuage.units import format_quantity


class Page(HTMLParser):
    """Collects a page's words, tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
        self.text = " ".join(" ".join(self.words).split())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("made", [plan(), outpatient_plan()], ids=["inpatient", "outpatient"])
def test_every_text_of_the_plan_is_on_the_page(made: Plan) -> None:
    page = squeezed(Page(render_html(made)).text).lower()
    assert [one for one in texts(made.model_dump()) if squeezed(one).lower() not in page] == []


def test_every_number_of_the_schedule_is_on_the_page() -> None:
    words = set(Page(render_html(plan())).text.split())
    for step in plan().sessions[0].steps:
        for value in (
            step.dose_mg,
            step.rate_mg_per_h,
            step.rate_mg_per_kg_per_h,
            step.rate_ug_per_kg_per_min,
            step.rate_ml_per_h,
            step.volume_ml,
        ):
            assert value is not None
            assert format_quantity(value, "") in words


def test_unverified_statements_are_marked() -> None:
    page = Page(render_html(plan()))
    marked = [
        one
        for tag, one in page.tags
        if tag == "span" and "unverified" in (one.get("class") or "").split()
    ]
    dumped = str(plan().model_dump())
    assert len(marked) >= dumped.count("'read': 'unverified'")


@pytest.mark.parametrize("made", [plan(), hostile_plan()], ids=["plain", "hostile"])
def test_the_page_fetches_nothing_and_runs_nothing(made: Plan) -> None:
    for tag, attributes in Page(render_html(made)).tags:
        assert tag not in {"script", "link", "iframe", "object", "img", "base", "form"}
        assert not [one for one in attributes if one.startswith("on") or one in {"src", "srcset"}]
        link = next((attributes[one] for one in ("href", "xlink:href") if one in attributes), "#")
        assert link is not None
        assert link.startswith(("#", "https://doi.org/") if tag == "a" else "#")


def test_hostile_words_stay_words() -> None:
    page = squeezed(Page(render_html(hostile_plan())).text)
    assert [one for one in HOSTILE if squeezed(one) not in page] == []


def test_the_page_can_be_read_by_a_screen_reader() -> None:
    page = Page(render_html(plan()))
    assert ("html", {"lang": "en"}) in page.tags
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    drawings = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all(one.get("role") == "img" and one.get("aria-label") for one in drawings)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [
        str(one["href"])[1:]
        for tag, one in page.tags
        if tag == "a" and str(one.get("href")).startswith("#")
    ]
    assert set(links) <= set(ids)


def test_the_verdict_is_in_words_before_anything_to_give() -> None:
    text = Page(render_html(plan())).text
    assert text.index("open questions remain") < text.index("microgram")
