"""A protocol is read whole or refused, and its digest is of what it says.

source: the protocol of made.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.study import protocol
from assuage.refusals import Refused
from evidence.study import made
from evidence.study.simulated import PROTOCOL


def test_the_digest_is_of_what_is_said() -> None:
    digest = made.study().digest
    told = "# a comment\n" + made.TEXT.replace("alpha = 0.05", "alpha   =  0.050  # five")
    assert made.study(told).digest == digest
    turned = made.TEXT.replace(
        'name = "Pain"\nrole = "primary"\n', 'role = "primary"\nname = "Pain"\n'
    )
    assert turned != made.TEXT
    assert made.study(turned).digest == digest


def pieces() -> list[tuple[str, str]]:
    return [
        ("alpha = 0.05", "alpha = 0.04"),
        ('name = "Pain"', 'name = "pain"'),
        ("day = 14", "day = 15"),
        ("day = 14", "day = 14.5"),
        ('better = "lower"', 'better = "higher"'),
        ("baseline * visit", "baseline"),
        ('population = "Everybody"\nalpha', 'population = "Everybody else"\nalpha'),
    ]


@pytest.mark.parametrize(("old", "new"), pieces())
def test_every_change_changes_the_digest(old: str, new: str) -> None:
    assert old in made.TEXT
    assert made.study(made.TEXT.replace(old, new, 1)).digest != made.study().digest


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1, max_size=40))
def test_two_titles_have_two_digests(title: str) -> None:
    told = title.replace("\\", "/").replace('"', "'")
    study = made.study(made.TEXT.replace("A small study", told))
    assert study.protocol.title == told
    assert (study.digest == made.study().digest) == (told == "A small study")


SECOND = made.ESTIMAND.replace('id = "pain-v1"', 'id = "pain-v2"').replace(
    'visit = "v1"', 'visit = "v2"'
)
OTHER = '[[analysis]]\nid = "other"\nestimand = "pain-v2"\n'
MOOD = made.outcome("mood", "secondary")

LOWER = 'better = "lower"'

# What is put in place of what, the code, and a word of the sentence.
FAULTS: list[tuple[str, str, str, str]] = [
    ("alpha = 0.05", "alpha = 1.5", "FIELD_INVALID", "alpha"),
    ("alpha = 0.05", "alpha = nan", "FILE_UNREADABLE", "number"),
    ("alpha = 0.05", 'alpha = "0.05"', "FIELD_INVALID", "alpha"),
    ("alpha = 0.05", "alpha = 0.05\nbeta = 1", "FIELD_INVALID", "beta"),
    ("alpha = 0.05", "alpha = 2026-01-01", "FILE_UNREADABLE", "dates"),
    ('blinding = "not collected"', "", "FIELD_INVALID", "blinding"),
    ('dissociation = "not collected"', "", "FIELD_INVALID", "dissociation"),
    ('dissociation = "not collected"', 'dissociation = "cadss"', "FIELD_INVALID", "no outcome"),
    (", control = true", "", "FIELD_INVALID", "exactly one arm"),
    ('text = "the drug" }', 'text = "the drug", control = true }', "FIELD_INVALID", "exactly one"),
    ("day = 14", "day = 7", "FIELD_INVALID", "order of their days"),
    (", baseline = true", "", "FIELD_INVALID", "baseline"),
    ('id = "v2"', 'id = "v1"', "FIELD_INVALID", "twice"),
    ('role = "primary"', 'role = "safety"', "FIELD_INVALID", "primary"),
    ('better = "lower"\n', "", "FIELD_INVALID", "lower or higher"),
    ('better = "lower"', 'better = "lower"\ncolumns = ["sex"]', "FIELD_INVALID", "already"),
    ('better = "lower"', 'better = "lower"\nlow = 5\nhigh = 1', "FIELD_INVALID", "below"),
    ('better = "lower"', 'better = "lower"\ninstrument = "none"', "VALUE_NOT_ALLOWED", "none"),
    (LOWER, 'better = "higher"\ninstrument = "nrs-pain"', "FIELD_INVALID", "lower is better"),
    (LOWER, LOWER + '\nhigh = 100\ninstrument = "nrs-pain"', "FIELD_INVALID", "from 0 to 10"),
    ('id = "pain"', 'id = "value"', "FIELD_INVALID", "models use that word"),
    (made.PAIN, made.PAIN + MOOD, "FIELD_INVALID", "lower or higher"),
    (made.PAIN, made.PAIN + MOOD + 'better = "lower"\n', "FIELD_INVALID", "needs an estimand"),
    ('outcome = "pain"', 'outcome = "mood"', "FIELD_INVALID", "no outcome"),
    ('measure = "value"', 'measure = "time-to-event"', "FIELD_INVALID", ""),
    ('visit = "v1" }', 'visit = "start" }', "FIELD_INVALID", "after the baseline"),
    ('reference = "placebo"', 'reference = "drug"', "FIELD_INVALID", "isn't the control"),
    ('name = "rescue", strategy', 'name = "harm", strategy', "FIELD_INVALID", "columns.events"),
    ("treatment-policy", "principal-stratum", "ESTIMAND_NOT_COMPUTABLE", "stratum"),
    ('estimand = "pain-v1"', 'estimand = "mood-v1"', "FIELD_INVALID", "no estimand"),
    ('method = "mmrm"', 'method = "magic"', "FIELD_INVALID", "how"),
    ("value ~ arm", "change ~ arm", "FIELD_INVALID", "asks for the value"),
    ("arm * visit + ", "", "FIELD_INVALID", "doesn't hold the arm"),
    ('baseline * visit"', 'weight"', "FIELD_INVALID", "weight"),
    ('baseline * visit"', 'baseline *"', "FORMULA_UNREADABLE", "baseline"),
    ('baseline * visit"', 'baseline", covariance = "any"', "FIELD_INVALID", "covariance is one"),
    (made.ANALYSIS, made.ANALYSIS + 'kind = "sensitivity"\n', "FIELD_INVALID", "kind main"),
    (made.MMRM, made.MMRM + made.ANALYSIS + made.MMRM, "FIELD_INVALID", "twice"),
    (made.ESTIMAND, made.ESTIMAND + SECOND, "FIELD_INVALID", "kind main"),
]


@pytest.mark.parametrize(("old", "new", "code", "word"), FAULTS)
def test_what_does_not_fit_is_refused(old: str, new: str, code: str, word: str) -> None:
    assert old in made.TEXT
    with pytest.raises(Refused) as refused:
        made.study(made.TEXT.replace(old, new, 1))
    assert refused.value.code == code
    assert word in refused.value.sentence + refused.value.remedy


GRAPH = "[multiplicity]\nweights = { main = 0.5, other = 0.5 }\n"
TWO = made.HEAD + made.PAIN + made.ESTIMAND + SECOND + made.ANALYSIS + made.MMRM + OTHER + made.MMRM


@pytest.mark.parametrize(
    ("graph", "word"),
    [
        ("", "several primary comparisons"),
        (GRAPH.replace("other = 0.5", "other = 0.4"), "add up"),
        (GRAPH.replace(", other = 0.5", ""), "no weight"),
        (GRAPH.replace("other", "another"), "another"),
        (GRAPH + "passes = { main = { main = 1 } }\n", "itself"),
        (GRAPH + "passes = { main = { other = 1.5 } }\n", "passes"),
    ],
)
def test_several_primary_comparisons_share_alpha(graph: str, word: str) -> None:
    with pytest.raises(Refused, match="FIELD_INVALID") as refused:
        made.study(TWO + graph)
    assert word in refused.value.sentence
    assert made.study(TWO + GRAPH).protocol.multiplicity is not None


def test_an_instrument_says_which_way_is_better_and_how_far_it_goes() -> None:
    told = made.TEXT.replace('better = "lower"', 'instrument = "phq-9"')
    (outcome,) = made.study(told).protocol.outcome
    assert (outcome.better, outcome.low, outcome.high) == ("lower", 0, 27)


def test_more_arms_are_more_hypotheses() -> None:
    arm = '{ id = "drug", name = "Drug", text = "the drug" },'
    told = TWO.replace(arm, arm + arm.replace('"drug"', '"twice"'))
    weights = "main-drug = 1, main-twice = 0, other-drug = 0, other-twice = 0"
    study = made.study(told + f"[multiplicity]\nweights = {{ {weights} }}\n")
    assert protocol.hypotheses(study.protocol) == (
        "main-drug",
        "main-twice",
        "other-drug",
        "other-twice",
    )


def test_the_example_is_read() -> None:
    study = protocol.read(PROTOCOL)
    assert [one.id for one in study.protocol.outcome if not one.pre_specified] == ["phq9"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"id = ", b"[" * 5000, b"a" * 200_001])
def test_a_file_that_is_no_protocol_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "protocol.toml"
    path.write_bytes(content)
    with pytest.raises(Refused, match="FILE_UNREADABLE"):
        protocol.read(path)
