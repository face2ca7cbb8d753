"""One fact has one form in bytes, and nothing else is read as that fact."""

from __future__ import annotations

import json
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.record import canonical
from assuage.record.canonical import LARGEST_WHOLE, decode, encode

names = st.text(st.characters(max_codepoint=127), max_size=10)
texts = st.text(st.characters(exclude_categories=["Cs"]))
wholes = st.integers(-LARGEST_WHOLE, LARGEST_WHOLE)
values = st.recursive(
    st.none() | st.booleans() | wholes | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def test_the_standard_s_own_example_of_text() -> None:
    """source: RFC 8785, 3.2.2 and 3.2.3, the member "string" of the sample and its output."""
    told = json.loads(r'"\u20ac$\u000F\u000aA' + r"'" + r'\u0042\u0022\u005c\\\"\/"')
    assert encode(told) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


def test_the_standard_s_own_example_of_literals() -> None:
    """source: RFC 8785, 3.2.2 to 3.2.4, the member "literals" of the sample, which stands first."""
    assert encode({"string": "x", "literals": [None, True, False]}) == (
        b'{"literals":[null,true,false],"string":"x"}'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # source: RFC 8785, 3.2.2.2: the short escapes, other control characters as \u00xx in
        # lower case, the quotation mark and the backslash; all else as it is.
        ("\b\t\n\f\r", rb'"\b\t\n\f\r"'),
        ("\x00\x1f\x0b", rb'"\u0000\u001f\u000b"'),
        ('"\\/', rb'"\"\\/"'),
        ("\x7f\u2028\U0001f600", '"\x7f\u2028\U0001f600"'.encode()),
        ("e\u0301", b'"e\xcc\x81"'),  # source: RFC 8785, 3.1: text isn't normalised
    ],
)
def test_text_is_escaped_as_the_standard_says(text: str, expected: bytes) -> None:
    assert encode(text) == expected
    assert decode(expected) == text


def test_names_are_sorted_at_every_depth() -> None:
    """source: RFC 8785, 3.2.3; for ASCII names code units are bytes."""
    told = {"b": [{"z": 1, "A": 2, "\r": 0, "1": 3}], "a": {"é": 1}.get("x"), "": 0}
    assert encode(told) == rb'{"":0,"a":null,"b":[{"\r":0,"1":3,"A":2,"z":1}]}'


def test_whole_numbers_are_plain_digits() -> None:
    """source: RFC 8785, 3.2.2.3 and appendix B, where 2**53 - 1 is 9007199254740991."""
    assert encode([0, -1, 9007199254740991, -9007199254740991]) == (
        b"[0,-1,9007199254740991,-9007199254740991]"
    )
    assert LARGEST_WHOLE == 9007199254740991


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    TWO = 2


def test_named_constants_are_written_by_value() -> None:
    assert encode({"c": Colour.RED, "l": Level.TWO, "t": (1, 2)}) == b'{"c":"red","l":2,"t":[1,2]}'


@pytest.mark.parametrize(
    "value",
    [
        *(0.0, 1.0, -0.5, float("nan"), float("inf")),
        *(2**53, -(2**53), 10**400),
        *("\ud800", "x\udfff", {"a": "\ud83d"}),
        *({"é": 1}, {1: 1}, {None: 1}, {True: 1}, {("a",): 1}),
        {"a": [{"b": (1, {"c": 1.5})}]},
    ],
    ids=ascii,
)
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        encode(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [b"x", {1, 2}, object, 1j, range(2), {"a": [b"x"]}], ids=repr)
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)  # type: ignore[arg-type]


@given(values)
def test_what_is_written_is_read_back(value: canonical.Json) -> None:
    told = encode(value)
    assert decode(told) == value
    assert encode(decode(told)) == told
    assert json.loads(told) == value


@given(values, values)
def test_two_values_have_one_form_only_if_they_are_the_same(
    one: canonical.Json, other: canonical.Json
) -> None:
    assert (encode(one) == encode(other)) == (repr(ordered(one)) == repr(ordered(other)))


def ordered(value: object) -> object:
    if isinstance(value, dict):
        return {name: ordered(value[name]) for name in sorted(value)}
    return [ordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"x", b'{"a":1', b"\xff", b"\xef\xbb\xbf1", b"1 ", b" 1", b"1\n"),
        *(b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1,"a":2}'),
        *(
            b"1.0",
            b"1e3",
            b"-0",
            b"01",
            b"+1",
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"9007199254740992",
        ),
        *(b'"\\u0041"', b'"\\/"', b'"\\u000A"', b'"\\u000a"', b'"\\u001F"', b'"\n"', b"'a'"),
        *(b'"\\ud800"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'{"\xc3\xa9":1}', b'"\\u20ac"'),
        *("1".encode("utf-16"), "1".encode("utf-16-le"), "1".encode("utf-32-be")),
        *(b"[" * 100_000, b"[" * 5000 + b"]" * 5000, b'{"a":' * 100_000, b"1" * 5000),
    ],
    ids=lambda body: ascii(body[:30]),
)
def test_bytes_in_any_other_form_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        decode(body)


@given(st.binary(max_size=40) | values.map(lambda one: json.dumps(one).encode()))
def test_no_bytes_do_anything_else(body: bytes) -> None:
    try:
        value = decode(body)
    except ValueError:
        return
    assert encode(value) == body
