"""Formulas hold arithmetic on names and numbers, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.knowledge.formula import evaluate, names_in

HOSTILE = [
    "__import__('os').system('id')",
    "open('x')",
    "f(a)",
    "a.b",
    "a.__class__",
    "a[0]",
    "a if b else c",
    "a and b",
    "not a",
    "-a",
    "+a",
    "~a",
    "a < b",
    "a == b",
    "a // b",
    "a % b",
    "a @ b",
    "a << b",
    "a | b",
    "lambda: a",
    "lambda a: a",
    "(a := 1)",
    "a = 1",
    "a; b",
    "a\nb",
    "import os",
    "[a]",
    "(a, b)",
    "{a}",
    "{a: b}",
    "[a for a in b]",
    "*a",
    "yield a",
    "await a",
    "'a'",
    "f'{a}'",
    "b'a'",
    "True",
    "None",
    "...",
    "1j",
    "1e999",
    "9" * 400,
    "9" * 5000,
    "",
    " ",
    "a +",
    "a b",
    "2a",
    "a\x00b",
    "(" * 500 + "a" + ")" * 500,
    "a" + "+ a" * 20_000,
    "# a",
]


@pytest.mark.parametrize("formula", HOSTILE, ids=range(len(HOSTILE)))
def test_anything_else_is_refused(formula: str) -> None:
    with pytest.raises(ValueError):
        names_in(formula)
    with pytest.raises(ValueError):
        evaluate(formula, {"a": 1.0, "b": 2.0, "c": 3.0}, float)


@given(st.text())
def test_no_text_does_more_than_compute_or_refuse(text: str) -> None:
    try:
        names = names_in(text)
    except ValueError:
        return
    assert all(name.isidentifier() for name in names)


@given(*[st.integers(1, 50)] * 3)
def test_arithmetic_is_pythons(a: int, b: int, c: int) -> None:
    given_ = {"a": float(a), "b": float(b), "c": float(c)}
    found = evaluate("(a + b) * c - a / b ** 2", given_, float)
    assert found == (a + b) * c - a / b**2


def test_names_are_found_once_and_numbers_are_not_names() -> None:
    assert names_in("CL * (1 - fm) + CL / 2") == {"CL", "fm"}
    assert names_in("2 * 3") == set()


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        evaluate("a * b", {"a": 1.0}, float)


def test_literals_are_wrapped() -> None:
    seen: list[float] = []
    evaluate("2 * a + 3", {"a": 1.0}, lambda value: seen.append(value) or value)
    assert sorted(seen) == [2, 3]


def test_every_formula_of_the_library_is_one() -> None:
    models = [library.model(id_) for id_ in library.model_ids()]
    formulas = [one.formula for model in models for one in model.derived.values()]
    assert formulas
    assert all(isinstance(names_in(one), set) for one in formulas)
