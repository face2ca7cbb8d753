"""Every instrument file says where each fact comes from, and a faulty one is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Sourced
from assuage.knowledge.schema.instrument import Instrument

EVERY = library.instruments()
EACH = pytest.mark.parametrize("instrument", EVERY, ids=lambda one: one.id)

# What the clinical reading (section 3.1) names, with the answer to: may the wording be shipped?
NAMED = {
    "nrs-pain": "yes", "peg": "unresolved", "bpi-sf": "no", "pcs": "unresolved", "sf-mpq-2": "no",
    "crps-severity": "unresolved", "budapest": "yes", "phq-9": "yes", "gad-7": "yes",
    "qids-sr16": "unresolved", "madrs": "no", "ham-d17": "yes", "c-ssrs-screener": "unresolved",
    "cadss": "unresolved", "cadss-6": "unresolved", "bowdle-vas": "unresolved", "fiqr": "yes",
    "fibromyalgia-2016": "yes", "kset": "unresolved", "rass": "unresolved", "moaa-s": "unresolved",
    "bpic-ss": "unresolved", "icsi": "unresolved", "icpi": "unresolved", "pgi-c": "yes",
    "cgi-s": "yes", "cgi-i": "yes", "pcl-5": "yes", "eq-5d-5l": "no",
}  # fmt: skip


def facts(value: object) -> Iterator[Sourced]:
    if isinstance(value, Sourced):
        yield value
    if isinstance(value, BaseModel):
        for _, part in value:
            yield from facts(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from facts(part)


def test_all_that_the_reading_names_is_held_with_its_licence() -> None:
    assert {one.id: one.licence.may_ship for one in EVERY} == NAMED


@EACH
def test_every_source_is_known_and_every_place_in_it_is_said(instrument: Instrument) -> None:
    found = list(facts(instrument))
    assert found
    for one in found:
        assert one.source in library.sources()
        assert (one.source == "assuage-design") <= (one.read == "design")
        assert (one.read == "design") <= (one.source == "assuage-design")


@EACH
def test_wording_is_held_only_where_the_licence_allows_it(instrument: Instrument) -> None:
    if instrument.licence.may_ship != "yes":
        assert not any(one.text for one in instrument.item)
    if any(one.text for one in instrument.item):
        assert instrument.licence.attribution


@EACH
def test_each_system_of_codes_has_its_notice(instrument: Instrument) -> None:
    notices = {one.system for one in library.code_notices()}
    assert {one.system for one in instrument.code} <= notices
    codes = [(one.system, one.code) for one in instrument.code]
    assert len(set(codes)) == len(codes)


def test_every_source_of_the_instruments_is_used() -> None:
    path = library.ROOT / "sources" / "instruments.toml"
    held = {one["id"] for one in tomllib.loads(path.read_text(encoding="utf-8"))["source"]}
    used = {fact.source for one in EVERY for fact in facts(one)}
    assert held <= used | {one.source for one in library.code_notices()}


def test_the_notices_have_sources() -> None:
    assert all(one.source in library.sources() for one in library.code_notices())


@EACH
def test_items_are_neutral_and_in_the_order_of_the_form(instrument: Instrument) -> None:
    numbers = [int(one.id.removeprefix("q")) for one in instrument.item]
    assert numbers == sorted(set(numbers))
    if instrument.id != "cadss-6":
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_traps_of_the_reading() -> None:
    """source: the clinical reading, section 3.1: GAD-7's lowest label; 16 features of the CSS."""
    labels = library.instrument("gad-7").scale[0].choices
    assert labels[0].text == "Not at all"
    assert len(library.instrument("crps-severity").item) == 16
    assert "sensory" in library.instrument("budapest").item[1].label
    assert not any("visual" in one.label for one in library.instrument("budapest").item)


def test_a_code_of_another_instrument_is_none_of_this_one() -> None:
    """source: the clinical reading, section 3.1: 38214-3 is the visual analogue scale."""
    assert [one.code for one in library.instrument("nrs-pain").code] == ["72514-3"]
    codes = [one.code for instrument in EVERY for one in instrument.code]
    assert len(set(codes)) == len(codes)
    (risk,) = (one for one in library.instrument("c-ssrs-screener").code if one.code == "93374-7")
    assert risk.of == "risk"


def test_codes_read_in_guides_are_second_hand() -> None:
    reads = {(c.source, c.read) for one in EVERY for c in one.code}
    assert ("loinc-in-guides", "secondary") in reads
    assert ("loinc-in-guides", "primary") not in reads
    assert ("cdisc-code-list", "primary") not in reads


def test_unverified_numbers_say_so() -> None:
    marks = {one.read for one in facts(library.instrument("bpic-ss").total)}
    assert "unverified" in marks


PHQ = library.ROOT / "instruments" / "phq-9.toml"


def content() -> dict[str, Any]:
    return tomllib.loads(PHQ.read_text(encoding="utf-8"))


def put(path: str, value: Any) -> Any:
    """Return a change of one part, named by its path."""

    def change(found: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        here: Any = found
        for step in steps:
            here = here[int(step)] if step.isdigit() else here[step]
        if isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("main", "sum"), "main"),
        (put("item.0.id", "q2"), "twice"),
        (put("item.0.scale", "often"), "no scale"),
        (put("item.0.note", "x"), "Extra"),
        (put("total.0.of", ["q1", "q2"]), "isn't used"),
        (put("total.0.of.0", "q2"), "named twice"),
        (put("total.0.of.0", "q10"), "rests on"),
        (put("total.0.low", 30), "below its high"),
        (put("total.0.band.0.at_least", 1), "first band"),
        (put("total.0.band.2.at_least", 5), "in order"),
        (put("total.0.band.4.at_least", 28), "lie outside"),
        (put("total.0.rule", "count"), "counted_from"),
        (put("total.0.rule", "weighted"), "terms"),
        (put("total.0.rule", "max"), "prorated"),
        (put("total.0.direction", "none"), "no better or worse"),
        (put("total.0.low", -1), "band"),
        (put("missing.least_answered", 10), "more answers"),
        (put("missing.rule", "no-total"), "least_answered"),
        (put("missing.rule", "either-or"), "only the largest"),
        (put("licence.may_ship", "no"), "licence"),
        (put("scale.0.high", 0), "below its high"),
        (put("scale.0.step", 2), "whole number of steps"),
        (put("scale.0.yes_no", True), "yes and no"),
        (put("scale.0.choices.0", {"value": 3, "text": "x"}), "in order"),
        (put("alarm.0.when", {"of": "q10", "at_least": 1}), "alarm"),
        (put("alarm.0.when", {"of": "q9", "at_least": 4}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "at_least": 0}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "at_most": 3}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "at_most": -1}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "below": 0}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "below": 4}), "always holds, or never"),
        (put("alarm.0.when", {"of": "total", "at_least": 28}), "always holds, or never"),
        (put("alarm.0.when", {"any": [{"of": "q9", "at_least": 4}]}), "always holds, or never"),
        (put("alarm.0.when", {"of": "q9", "is": "high"}), "no level"),
        (put("alarm.0.when", {"of": "q9"}), "exactly one"),
        (put("alarm.0.when", {"of": "q9", "at_least": 1, "below": 2}), "exactly one"),
        (put("alarm.0.when", {"all": [], "any": []}), "exactly one"),
        (put("change.0.of", "q1"), "isn't a total"),
        (put("change.0.value", 0), "greater than 0"),
        (put("response.value", 0), "above zero"),
        (put("remission.of", "sum"), "isn't a total"),
        (put("code.1.of", "sum"), "a code is of"),
        (put("item", []), "come together"),
    ],
)
def test_a_faulty_file_is_refused(change: Any, says: str) -> None:
    faulty = content()
    change(faulty)
    with pytest.raises(ValidationError) as caught:
        Instrument.model_validate(faulty)
    assert says in str(caught.value)


def test_a_change_that_is_no_fault_is_let_through() -> None:
    """The control of the test above: without it, a file that never loads would pass."""
    for change in (
        put("total.0.band.1.at_least", 6),
        put("missing.least_answered", 9),
        put("alarm.0.when", {"of": "q9", "at_least": 3}),
        put("alarm.0.when", {"of": "q9", "at_most": 0}),
        put("alarm.0.when", {"of": "q9", "below": 3}),
    ):
        found = content()
        change(found)
        assert Instrument.model_validate(found) != library.instrument("phq-9")


@pytest.mark.parametrize(
    ("id_", "change", "says"),
    [
        ("c-ssrs-screener", put("branch.0.of", ["q9"]), "a branch names"),
        ("c-ssrs-screener", put("verdict.0.level.3.when", {"of": "q1", "at_least": 1}), "`when`"),
        ("c-ssrs-screener", put("verdict.0.level.1.name", "high"), "a level is given twice"),
        ("c-ssrs-screener", put("verdict.0.level.0.when", {"of": "q9", "at_least": 1}), "rests on"),
        ("c-ssrs-screener", put("alarm.0.when", {"of": "risk", "is": "hihg"}), "no level"),
        ("c-ssrs-screener", put("alarm.0.when", {"of": "risk", "at_least": 1}), "no number"),
        ("c-ssrs-screener", put("branch.0.asked_if.at_least", 2), "always holds, or never"),
        ("budapest", put("verdict.0.level.0.when.all.1.at_least", 5), "always holds, or never"),
        ("cgi-s", put("licence.may_ship", "unresolved"), "licence"),
        ("cgi-s", put("total.0.direction", "sideways"), "direction"),
        ("qids-sr16", put("crosswalk.0.row.1", [0, 0, 0]), "in order"),
        ("fiqr", put("total.3.terms.0.over", 0), "greater than 0"),
    ],
)
def test_a_fault_in_a_rarer_part_is_refused(id_: str, change: Any, says: str) -> None:
    path = library.ROOT / "instruments" / f"{id_}.toml"
    faulty = tomllib.loads(path.read_text(encoding="utf-8"))
    Instrument.model_validate(faulty)
    change(faulty)
    with pytest.raises(ValidationError) as caught:
        Instrument.model_validate(faulty)
    assert says in str(caught.value)


def test_a_percentage_needs_a_scale_that_starts_at_zero() -> None:
    path = library.ROOT / "instruments" / "cgi-i.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    found["response"] |= {"by": "percent", "value": 50}
    with pytest.raises(ValidationError, match="means nothing"):
        Instrument.model_validate(found)
