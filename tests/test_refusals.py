"""Every way the system says no is whole: a sentence, a remedy, a place in the order."""

import pickle
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.refusals import PRECEDENCE, AssuageError, Refusal, Refused, first

EVERY = pytest.mark.parametrize("refusal", list(Refusal), ids=lambda one: one.name)


def fields_of(refusal: Refusal) -> set[str]:
    pieces = [piece for text in refusal.value for piece in string.Formatter().parse(text)]
    return {name for _, name, _, _ in pieces if name}


def filled(refusal: Refusal, value: str = "x") -> Refused:
    return Refused(refusal, **dict.fromkeys(fields_of(refusal), value))


@EVERY
def test_each_refusal_has_one_sentence_and_one_remedy(refusal: Refusal) -> None:
    sentence, remedy = refusal.value
    for text in (sentence, remedy):
        assert text == " ".join(text.split())
        assert text
        assert not text.endswith((".", "!", "?"))
        assert "\n" not in text


@EVERY
def test_each_refusal_fills_its_templates(refusal: Refusal) -> None:
    refused = filled(refusal, "the {thing}")
    assert refused.code == refusal.name
    assert refused.sentence == refusal.value[0].format_map(refused.fields)
    assert refused.remedy == refusal.value[1].format_map(refused.fields)
    assert str(refused) == f"{refused.code}: {refused.sentence}. Remedy: {refused.remedy}."
    assert isinstance(refused, AssuageError)
    assert refused.as_dict() == {
        "refusal": {
            "code": refusal.name,
            "sentence": refused.sentence,
            "remedy": refused.remedy,
        }
    }


@EVERY
def test_a_half_filled_sentence_reaches_nobody(refusal: Refusal) -> None:
    fields = fields_of(refusal)
    for missing in fields:
        given_fields = dict.fromkeys(fields - {missing}, "x")
        with pytest.raises(KeyError, match=missing):
            Refused(refusal, **given_fields)


@EVERY
def test_a_refusal_crosses_to_another_process_whole(refusal: Refusal) -> None:
    sent = filled(refusal, "the {thing}")
    arrived = pickle.loads(pickle.dumps(sent))  # noqa: S301
    assert isinstance(arrived, Refused)
    assert (arrived.refusal, arrived.fields, str(arrived)) == (refusal, sent.fields, str(sent))


def test_a_refusal_is_one_line_whatever_fills_it() -> None:
    refused = Refused(Refusal.TERM_UNKNOWN, text="a\n\tb\r\nc", choices="d\n e")
    assert refused.sentence == "there is nothing to explain under 'a b c'"
    assert refused.remedy == "use one of: d e"


def test_precedence_is_the_order_of_the_file() -> None:
    assert [PRECEDENCE[one] for one in Refusal] == list(range(len(Refusal)))
    values = [one.value for one in Refusal]
    assert len(set(values)) == len(values) == len(Refusal.__members__)


@given(st.lists(st.sampled_from(list(Refusal)), min_size=1))
def test_the_first_in_the_order_is_the_one_that_is_shown(refusals: list[Refusal]) -> None:
    shown = first(filled(one) for one in refusals)
    assert shown is not None
    assert all(PRECEDENCE[shown.refusal] <= PRECEDENCE[one] for one in refusals)
    assert shown.refusal in refusals


def test_nothing_refused_shows_nothing() -> None:
    assert first([]) is None


def test_the_words_come_before_the_patient_and_the_patient_before_the_dose() -> None:
    order = [
        Refusal.QUANTITY_EMPTY,
        Refusal.RESEARCH_LOCK,
        Refusal.PRODUCT_MISSING,
        Refusal.WEIGHT_UNKNOWN,
        Refusal.DOSE_OVER_HARD_LIMIT,
        Refusal.MODEL_UNSUITABLE,
    ]
    ranks = [PRECEDENCE[one] for one in order]
    assert ranks == sorted(ranks)
