"""What `assuage explain` knows."""

from __future__ import annotations

import pytest
from command import run

from assuage.knowledge import library
from assuage.refusals import Refusal


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("ke0", "term"),
        ("KE0", "term"),
        ("kamp-2020", "model"),
        ("crps-coma", "regimen"),
        ("CRPS-COMA", "regimen"),
        ("WEIGHT_UNKNOWN", "refusal"),
        ("weight unknown", "refusal"),
        ("jonkman-2018-ventilation", "effect"),
        ("mood", "correction"),
        ("class c", "correction"),
    ],
)
def test_a_term_is_explained(term: str, kind: str) -> None:
    entries = run("explain", term, "--json").json["entries"]
    assert kind in {one["kind"] for one in entries}
    shown = run("explain", term)
    assert shown.status == 0
    assert all(one["name"] in shown.out for one in entries)


def test_everything_held_is_explained() -> None:
    for term in library.terms():
        for name in (term.term, *term.also):
            assert run("explain", name).status == 0
    for refusal in Refusal:
        assert run("explain", refusal.name).status == 0


@pytest.mark.parametrize(("term", "near"), [("clearence", "clearance"), ("kamp", "kamp-2020")])
def test_a_near_miss_is_offered(term: str, near: str) -> None:
    ran = run("explain", term)
    assert ran.code == "TERM_UNKNOWN"
    assert near in ran.err


def test_nothing_is_explained_by_nothing() -> None:
    assert run("explain", "").code == "TERM_UNKNOWN"
    assert run("explain", " - ").code == "TERM_UNKNOWN"
