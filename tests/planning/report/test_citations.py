from fixture_plan import plan

from assuage.planning.document import Reference
from assuage.planning.report.citations import Citations


def reference(source: str) -> Reference:
    return Reference(id=source, citation=f"About {source}.", doi="", read="all", used=1)


def test_sources_are_numbered_by_first_use_and_places_lettered() -> None:
    cite = Citations([reference("a"), reference("b"), reference("c")])
    marks = [
        cite.mark("b", "table 1", "primary"),
        cite.mark("a", "abstract", "secondary"),
        cite.mark("b", "table 2", "design"),
        cite.mark("b", "table 1", "unverified"),
    ]
    listed = cite.listed()
    assert [mark["label"] for mark in marks] == ["1a", "2", "1b", "1a"]
    assert [mark["tag"] for mark in marks] == [
        "",
        "second-hand",
        "assuage's own rule",
        "unverified",
    ]
    assert [(one["n"], one["id"]) for one in listed] == [(1, "b"), (2, "a"), (3, "c")]
    assert [place["where"] for place in listed[0]["places"]] == ["table 1", "table 2"]


def test_a_source_missing_from_the_list_is_shown_as_missing() -> None:
    cite = Citations([])
    cite.mark("lost", "page 3", "primary")
    (one,) = cite.listed()
    assert one["id"] == "lost"
    assert "isn't in the plan's list" in one["citation"]
    assert one["read"] == "unverified"


def test_more_than_26_places_still_have_letters_of_their_own() -> None:
    cite = Citations([])
    marks = [cite.mark("a", f"page {n}", "primary") for n in range(60)]
    cite.listed()
    assert len({mark["label"] for mark in marks}) == 60
    assert marks[26]["label"] == "1aa"


def test_reads_that_dont_match_the_sources_are_still_shown() -> None:
    cite = Citations(plan().references)
    marks = cite.several(["otto-2021", "dahan-2011"], ["unverified"])
    assert [mark["tag"] for mark in marks] == ["", "", "unverified"]
