"""Every instrument scores its worked examples, and the properties that follow from its rules hold.

The examples stand in examples.toml, each with its source.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.care.outcomes.change import responded
from assuage.care.outcomes.scoring import (
    Answers,
    Score,
    allowed,
    band_of,
    plain_number,
    read,
    rests_on,
    score,
)
from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Instrument
from assuage.refusals import Refusal, Refused

EXAMPLES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "examples.toml").read_text(encoding="utf-8")
)["example"]
SCORED = [one for one in library.instruments() if one.item]
EACH = pytest.mark.parametrize("instrument", SCORED, ids=lambda one: one.id)
BY_ID = {one.id: one for one in SCORED}
FEW = settings(max_examples=25, deadline=None, database=None)

Given = dict[str, float | None]


def named(example: dict[str, Any]) -> str:
    return f"{example['instrument']}: {example['source'][:50]}"


def answers_of(example: dict[str, Any], instrument: Instrument) -> Given:
    ids = [one.id for one in instrument.item]
    if "answers" in example:
        given = [None if one == "" else one for one in example["answers"]]
        return dict(zip(ids, given, strict=True))
    if "only" in example:
        return dict(example["only"])
    found: Given = dict.fromkeys(ids, example.get("all", 0))
    chosen: Given = dict.fromkeys(example.get("yes", ()), 1) | example.get("is", {})
    assert set(chosen) <= set(ids)
    return found | chosen


def problems(example: dict[str, Any], instrument: Instrument) -> list[str]:
    """Return what a score differs in from what its example expects."""
    made = score(instrument, answers_of(example, instrument))
    totals = {name: made.totals.get(name) for name in example.get("totals", {})}
    verdicts = {name: made.verdicts.get(name) for name in example.get("verdicts", {})}
    pairs: list[tuple[str, object, object]] = [
        ("totals", totals, pytest.approx(example.get("totals", {}), rel=1e-12)),
        ("verdicts", verdicts, example.get("verdicts", {})),
        ("flags", list(made.flags), example.get("flags", [])),
        ("unsure", list(made.unsure), example.get("unsure", [])),
        ("unscored", sorted(made.unscored), sorted(example.get("unscored", []))),
        ("prorated", made.prorated, example.get("prorated", False)),
    ]
    if "band" in example:
        pairs.append(("band", made.band, example["band"]))
    if "responded" in example:
        assert made.main is not None
        pairs.append(("responded", responded(instrument, None, made.main), example["responded"]))
    return [f"{what}: {found} and not {wanted}" for what, found, wanted in pairs if found != wanted]


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_each_example_is_scored_as_published(example: dict[str, Any]) -> None:
    assert example["source"]
    assert problems(example, BY_ID[example["instrument"]]) == []


def test_each_instrument_has_three_examples_with_a_source() -> None:
    held = Counter(one["instrument"] for one in EXAMPLES)
    assert set(held) == set(BY_ID)
    assert min(held.values()) >= 3


# The bands as their sources print them, both ends of each. source: kroenke-spitzer-2002 Table 4;
# inspq-gad7; ids-qids-org; madrs-bands-web; hamd-transcriptions; pcs-rehab-measures (above 30);
# pcl5-comorbidity (31 to 33); the clinical reading (BPIC-SS 19, fibromyalgia severity 13).
PRINTED = {
    ("phq-9", "total"): [(0, 4), (5, 9), (10, 14), (15, 19), (20, 27)],
    ("gad-7", "total"): [(0, 4), (5, 9), (10, 14), (15, 21)],
    ("qids-sr16", "total"): [(0, 5), (6, 10), (11, 15), (16, 20), (21, 27)],
    ("madrs", "total"): [(0, 6), (7, 19), (20, 34), (35, 60)],
    ("ham-d17", "total"): [(0, 7), (8, 13), (14, 18), (19, 22), (23, 52)],
    ("pcs", "total"): [(0, 30), (31, 52)],
    ("pcl-5", "total"): [(0, 30), (31, 33), (34, 80)],
    ("bpic-ss", "total"): [(0, 18), (19, 38)],
    ("fibromyalgia-2016", "fs"): [(0, 12), (13, 31)],
    ("peg", "score"): [(0, 3), (4, 6), (7, 10)],
    ("rass", "level"): [(n, n) for n in range(-5, 5)],
    ("moaa-s", "level"): [(n, n) for n in range(6)],
    **{(one, "rating"): [(n, n) for n in range(1, 8)] for one in ("pgi-c", "cgi-i", "cgi-s")},
}


def test_every_band_holds_both_its_printed_ends() -> None:
    banded = {(one.id, total.id) for one in SCORED for total in one.total if total.band}
    assert banded == set(PRINTED)
    for (id_, of), printed in PRINTED.items():
        (total,) = (one for one in BY_ID[id_].total if one.id == of)
        found = [(band_of(total, low), band_of(total, high)) for low, high in printed]
        assert found == [(band.name, band.name) for band in total.band]


FAULTS = [
    ("qids-sr16", lambda d: d["total"][0].update(rule="sum", high=12)),
    ("fiqr", lambda d: d["total"][3]["terms"][0].update(over=2.0)),
    ("pcs", lambda d: d["total"].__setitem__(3, d["total"][3] | {"rule": "max"})),
    ("phq-9", lambda d: d["total"][0]["band"][2].update(at_least=11.0)),
    ("phq-9", lambda d: d["missing"].update(least_answered=6)),
    ("phq-9", lambda d: d["alarm"][0]["when"].update(at_least=2.0)),
    ("budapest", lambda d: d["verdict"][0]["level"][0]["when"]["all"][1].update(at_least=2.0)),
    ("fibromyalgia-2016", lambda d: d["total"][6].update(of=["q15", "q16", "q17", "q18"])),
    ("c-ssrs-screener", lambda d: d.update(branch=[])),
    ("pgi-c", lambda d: d["response"].update(value=3.0)),
    ("bpic-ss", lambda d: d["total"][0]["band"][1].update(at_least=20.0)),
]


@pytest.mark.parametrize(("id_", "plant"), FAULTS, ids=lambda one: one if type(one) is str else "")
def test_a_planted_fault_is_found_by_an_example(id_: str, plant: Any) -> None:
    content = BY_ID[id_].model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    content = plain(content)
    assert Instrument.model_validate(content) == BY_ID[id_]
    plant(content)
    faulty = Instrument.model_validate(content)
    mine = [one for one in EXAMPLES if one["instrument"] == id_]
    assert any(problems(one, faulty) for one in mine)


def plain(value: Any) -> Any:
    """Return tuples as lists, so that a part can be changed."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


# Properties.


def ends(instrument: Instrument, *, high: bool) -> Given:
    found: Given = {}
    for item in instrument.item:
        scale = instrument.scale_of(item)
        found[item.id] = scale.high if high != item.reversed else scale.low
    return found


@EACH
def test_the_stated_range_is_what_the_answers_can_reach(instrument: Instrument) -> None:
    lowest = score(instrument, ends(instrument, high=False)).totals
    highest = score(instrument, ends(instrument, high=True)).totals
    assert lowest == {one.id: one.low for one in instrument.total}
    assert highest == {one.id: one.high for one in instrument.total}


def any_answer(instrument: Instrument, data: st.DataObject) -> Given:
    """Draw an answer for every item, on its scale; what the form leaves out is at its lowest."""
    found: Given = {}
    for item in instrument.item:
        scale = instrument.scale_of(item)
        steps = data.draw(st.integers(0, int((scale.high - scale.low) / (scale.step or 1))))
        found[item.id] = scale.low + steps * (scale.step or 1)
    for branch in instrument.branch:
        names = branch.asked_if.names()
        if all(found[name] == 0 for name in names):
            found |= dict.fromkeys(branch.of, 0.0)
    return found


@EACH
@FEW
@given(data=st.data())
def test_a_higher_answer_never_lowers_a_total(instrument: Instrument, data: st.DataObject) -> None:
    answers = any_answer(instrument, data)
    item = data.draw(st.sampled_from(instrument.item))
    scale = instrument.scale_of(item)
    before = answers[item.id]
    assert before is not None
    if before == scale.high:
        return
    raised = answers | {item.id: before + (scale.step or 1)}
    old, new = score(instrument, answers).totals, score(instrument, raised).totals
    for total in instrument.total:
        assert total.low <= old[total.id] <= new[total.id] <= total.high


@EACH
@FEW
@given(data=st.data())
def test_what_is_said_with_answers_missing_stays_when_they_come(
    instrument: Instrument, data: st.DataObject
) -> None:
    """Unknown is never taken for anything: what a missing answer could change isn't said."""
    answers = any_answer(instrument, data)
    kept = data.draw(st.sets(st.sampled_from([one.id for one in instrument.item])))
    part = score(instrument, {id_: answers[id_] for id_ in kept})
    whole = score(instrument, answers)
    assert part.verdicts.items() <= whole.verdicts.items()
    assert set(part.flags) <= set(whole.flags) <= {*part.flags, *part.unsure}
    assert bool(part.flags) <= part.alarmed <= bool(whole.flags)
    assert set(part.totals) | set(part.verdicts) | set(part.unscored) == set(whole.totals) | set(
        whole.verdicts
    )
    rules = {(one.missing or instrument.missing) for one in instrument.total}
    if not instrument.branch and {one.rule for one in rules if one} == {"no-total"}:
        assert part.totals.items() <= whole.totals.items()


@EACH
def test_nothing_answered_is_nothing_scored(instrument: Instrument) -> None:
    made = score(instrument, {})
    assert (dict(made.totals), dict(made.verdicts), made.band, made.main) == ({}, {}, None, None)
    assert made.missing == len(instrument.item)
    assert made.flags == ()
    assert set(made.unsure) == {one.id for one in instrument.alarm}


@FEW
@given(
    st.permutations(["q1", "q2", "q3", "q4"]), st.lists(st.integers(0, 3), min_size=4, max_size=4)
)
def test_the_order_within_the_highest_of_a_domain_is_the_same(
    order: list[str], sleep: list[int]
) -> None:
    qids = BY_ID["qids-sr16"]
    rest = dict.fromkeys((f"q{n}" for n in range(5, 17)), 1)
    first = score(qids, rest | dict(zip(["q1", "q2", "q3", "q4"], sleep, strict=True)))
    again = score(qids, rest | dict(zip(order, sleep, strict=True)))
    assert first.totals == again.totals
    assert first.totals["sleep"] == max(sleep)


# Alarms.

# The item on suicide of each. source: the titles of the items in ham-d17.toml, phq-9.toml and
# qids-sr16.toml; the MADRS from memory, as its file says.
SUICIDE = {"phq-9": "q9", "qids-sr16": "q12", "madrs": "q10", "ham-d17": "q3"}


def test_every_scale_that_asks_of_suicide_is_here() -> None:
    held = {one.id for one in library.instruments() if "suicide-risk" in one.domain}
    assert held == {*SUICIDE, "c-ssrs-screener"}


@pytest.mark.parametrize(("id_", "item"), SUICIDE.items())
@pytest.mark.parametrize("others", ["lowest", "highest", "unanswered"])
def test_any_answer_on_suicide_above_the_lowest_is_flagged(
    id_: str, item: str, others: str
) -> None:
    instrument = BY_ID[id_]
    rest = {} if others == "unanswered" else ends(instrument, high=others == "highest")
    rest.pop(item, None)
    (asked,) = (one for one in instrument.item if one.id == item)
    for answer in range(int(instrument.scale_of(asked).high) + 1):
        made = score(instrument, rest | {item: answer})
        wanted = ("suicidal-thoughts",) if answer else ()
        assert (made.flags, made.unsure, made.alarmed) == (wanted, (), answer > 0)
    for unknown in (rest, rest | {item: None}):
        made = score(instrument, unknown)
        assert (made.flags, made.unsure, made.alarmed) == ((), ("suicidal-thoughts",), False)
    (alarm,) = instrument.alarm
    assert rests_on(instrument, alarm.when) == (item,)


def risk(form: tuple[int, ...]) -> str:
    """Return the risk of a whole form. source: the clinical reading, section 3.1."""
    q1, q2, q3, q4, q5, ever, lately = form
    if q4 or q5 or lately:
        return "high"
    return "moderate" if q3 or ever else "low" if q1 or q2 else "none reported"


def wholes(form: tuple[int | None, ...]) -> set[tuple[int, ...]]:
    """Return every whole form that a form with gaps may stand for."""
    found = set()
    for filled in product(*[(0, 1) if one is None else (one,) for one in form]):
        skipped = not filled[1] and 1 not in form[2:5]
        idle = skipped and any(filled[n] for n in (2, 3, 4) if form[n] is None)
        if not idle and not (form[6] is None and not filled[5] and filled[6]):
            found.add(filled)
    return found


def test_every_form_of_the_screener_with_every_gap_is_triaged() -> None:
    """An independent reading of all 2187 forms; what isn't known is never taken for no."""
    screener = BY_ID["c-ssrs-screener"]
    alarm = {"high": "high-risk", "moderate": "moderate-risk", "low": "low-risk"}
    for form in product((None, 0, 1), repeat=7):
        made = score(screener, {f"q{n}": one for n, one in enumerate(form, start=1)})
        risks = {risk(one) for one in wholes(form)}
        wanted = {alarm[one] for one in risks if one in alarm}
        sure = len(risks) == 1
        assert set(made.flags) == (wanted if sure else set()), form
        assert set(made.unsure) == (set() if sure else wanted), form
        assert made.alarmed == ("none reported" not in risks), form
        assert made.band == (risks.pop() if sure else None), form


def test_an_answer_that_the_form_would_have_skipped_leaves_the_others_open() -> None:
    made = score(BY_ID["c-ssrs-screener"], {"q1": 0, "q2": 0, "q3": 1, "q6": 0})
    assert (made.flags, made.alarmed) == ((), True)
    assert made.unsure == ("high-risk", "moderate-risk")
    assert made.unanswered == ("q4", "q5")


@pytest.mark.parametrize(
    ("id_", "alarms"),
    [
        ("rass", {-5: "deep-sedation", -4: "deep-sedation", 4: "danger"}),
        ("moaa-s", {0: "loss-of-consciousness", 1: "deep-sedation", 2: "deep-sedation"}),
    ],
)
def test_no_answer_to_the_voice_is_an_alarm(id_: str, alarms: dict[int, str]) -> None:
    """source: the levels as their files name them; no answer to the voice, or combative."""
    (scale,) = BY_ID[id_].scale
    for level in range(int(scale.low), int(scale.high) + 1):
        made = score(BY_ID[id_], {"q1": level})
        assert made.flags == ((alarms[level],) if level in alarms else ())
    assert score(BY_ID[id_], {}).unsure


def test_what_rests_on_memory_is_named() -> None:
    """source: cadss.toml and bpic-ss.toml: subscales, and the answers' ranges, from memory."""
    parts = ("depersonalisation", "derealisation", "amnesia")
    assert score(BY_ID["cadss"], ends(BY_ID["cadss"], high=True)).unverified == parts
    assert score(BY_ID["bpic-ss"], ends(BY_ID["bpic-ss"], high=False)).unverified == ("total",)
    assert score(BY_ID["bpic-ss"], {}).unverified == ()
    assert score(BY_ID["phq-9"], ends(BY_ID["phq-9"], high=True)).unverified == ()
    levels = [{"name": "yes", "when": {"of": "total", "at_least": 10}}, {"name": "no"}]
    half = {"id": "half", "name": "Half", "level": levels, "read": "unverified"}
    doubtful = made_up(verdict=[SAID | half])
    assert score(doubtful, {"q1": 0, "q2": 0}).unverified == ("half",)


# Reading.


def refused(instrument: str, answers: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        score(BY_ID[instrument], answers)
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        *("4", "-1", "1,5", "1.5", "", " 2", "two", "1e0", "٢", "+1", "0x1", "nan", "inf", "yes"),
        *(4, -1, 1.5, float("nan"), float("inf"), True, [1], 10**400),
    ],
    ids=repr,
)
def test_an_impossible_answer_is_refused_with_its_item_and_a_remedy(answer: object) -> None:
    found = refused("phq-9", {"q1": 2, "q2": answer})
    assert found.refusal is Refusal.ANSWER_IMPOSSIBLE
    assert "q2 of PHQ-9" in str(found)
    assert "a whole number from 0 to 3" in str(found)


def test_a_plus_is_read_only_where_a_scale_goes_below_zero() -> None:
    """source: sessler-2002-rass: +4 combative."""
    assert score(BY_ID["rass"], {"q1": "+4"}).totals == {"level": 4}
    for answer in ("+5", "+-4", "++4", "+", "-+4", "+1.5", "\u22124"):
        assert refused("rass", {"q1": answer}).refusal is Refusal.ANSWER_IMPOSSIBLE


def test_a_refusal_repeats_no_more_than_a_line_of_what_it_was_given() -> None:
    for answers in ({"q1": "9" * 5000}, {"q" * 5000: 1}):
        assert len(str(refused("phq-9", answers))) < 400


def test_minus_zero_is_zero_and_what_no_float_holds_is_no_number() -> None:
    assert str(plain_number("-0")) == "0.0"
    assert plain_number("9" * 400) is None


@pytest.mark.parametrize("item", ["q10", "q0", "Q1", "total", "", "q1 "])
def test_an_unknown_item_is_refused(item: str) -> None:
    found = refused("phq-9", {item: 1})
    assert found.refusal is Refusal.ANSWER_IMPOSSIBLE
    assert "q1 to q9" in str(found)


@pytest.mark.parametrize("answer", ["Yes", "2", 2, "true", 0.5, -1])
def test_yes_and_no_are_yes_no_one_and_zero(answer: object) -> None:
    assert "yes or no" in str(refused("budapest", {"q1": answer}))


@pytest.mark.parametrize("item", ["q0", "q3", "q23"])
def test_the_short_dissociation_scale_keeps_the_numbers_of_the_long_one(item: str) -> None:
    """source: Rodrigues 2021, abstract: questions 1, 2, 6, 7, 15 and 22."""
    assert [one.id for one in BY_ID["cadss-6"].item] == ["q1", "q2", "q6", "q7", "q15", "q22"]
    assert refused("cadss-6", {item: 1}).refusal is Refusal.ANSWER_IMPOSSIBLE


def test_answers_are_read_as_text_and_as_numbers() -> None:
    same: list[Answers] = [
        {"q1": 2, "q2": 1.0},
        {"q1": "2", "q2": "1"},
        {"q1": "2.0", "q2": 1, "q3": None},
    ]
    found = [read(BY_ID["phq-9"], one) for one in same]
    assert found[0] == found[1] == found[2]
    assert found[0]["q3"] is None
    criteria = BY_ID["budapest"]
    assert read(criteria, {"q1": "yes", "q2": "no"}) == read(criteria, {"q1": True, "q2": 0})


def test_what_is_only_named_is_not_scored() -> None:
    for one in library.instruments():
        if not one.item:
            with pytest.raises(Refused) as caught:
                score(one, {})
            assert caught.value.refusal is Refusal.INSTRUMENT_NOT_SCORED


# What no file has yet.


SAID = {"source": "assuage-design", "where": "a test", "read": "design"}


def made_up(**changes: Any) -> Instrument:
    """Return a small instrument of our own: q1 forwards, q2 backwards, 0 to 10 in halves."""
    said = SAID
    content: dict[str, Any] = {
        "id": "made-up",
        "name": "Made up",
        "short": "Made up",
        "domain": ["health"],
        "summary": "Made up.",
        "filled_by": "patient",
        "main": "total",
        "licence": {**said, "text": "Ours.", "may_ship": "yes"},
        "wording": {**said, "text": "Ours."},
        "missing": {**said, "rule": "no-total"},
        "scale": [{**said, "id": "halves", "low": 0, "high": 10, "step": 0.5}],
        "item": [
            {"id": "q1", "scale": "halves"},
            {"id": "q2", "scale": "halves", "reversed": True},
        ],
        "total": [
            {
                **said,
                "id": "total",
                "name": "Total",
                "rule": "sum",
                "of": ["q1", "q2"],
                "low": 0,
                "high": 20,
                "direction": "higher-is-better",
            }
        ],
    }
    return Instrument.model_validate(content | changes)


def test_an_item_scored_backwards_counts_from_its_highest() -> None:
    """source: arithmetic: 3 + (10 - 2.5) = 10.5."""
    made = score(made_up(), {"q1": 3, "q2": 2.5})
    assert made.totals["total"] == pytest.approx(10.5, rel=1e-12)
    assert score(made_up(), ends(made_up(), high=True)).totals["total"] == 20


def test_an_answer_between_the_steps_is_refused_and_without_steps_it_is_read() -> None:
    """source: arithmetic: 2.25 is no whole number of halves."""
    halves = made_up()
    with pytest.raises(Refused, match=r"a number in steps of 0\.5 from 0 to 10"):
        score(halves, {"q1": 2.25})
    line = made_up(scale=[halves.scale[0].model_copy(update={"step": 0.0}).model_dump()])
    assert allowed(line.scale[0]) == "a number from 0 to 10"
    assert isinstance(score(line, {"q1": 2.25, "q2": 0}), Score)
