"""A model in words: `pain ~ arm * visit + baseline`.

`+` adds terms, `:` is an interaction, `a * b` is `a + b + a:b`, and brackets group. `factor(x)`
takes x as a category and `number(x)` as a number; a name with other signs stands in backticks.
Every model has an intercept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assuage.evidence.analysis.words import Words

Term = tuple[str, ...]
EXAMPLE = "pain ~ arm * visit + baseline"
DEEPEST, MOST_TERMS = 12, 200
_FORCED = {"factor": "factor", "number": "number"}
_SIGNS = {
    "-": "every model has an intercept, and nothing is taken away",
    "^": "powers aren't read; write the interactions out with ':'",
    "/": "nesting isn't read; write a + a:b",
    "|": "what varies between people belongs into --random or --repeated",
    "||": "what varies between people belongs into --random or --repeated",
}


@dataclass(frozen=True)
class Formula:
    """The response and the terms, () the intercept; `forced` says what a name must be."""

    response: str
    terms: tuple[Term, ...]
    forced: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns on the right, in the order in which they appear."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term))


def parse(text: str) -> Formula:
    """Read a model. Raises Refused (FORMULA_UNREADABLE) with the character."""
    words = Words(text, "model", EXAMPLE)
    if called := words.called():
        why = f"{called}() isn't read; give the outcome as it is analysed a column of its own"
        raise words.refused(1, why)
    response = words.name()
    words.need("~")
    forced: dict[str, str] = {}
    terms = _Right(words, forced).sum(0)
    if words.next.text in ("|", "||"):
        raise words.refused(words.next.at, _SIGNS["|"])
    words.end()
    for name in (name for term in terms for name in term):
        if name == response:
            at = text.find(name, text.index("~")) + 1
            raise words.refused(at, f"{name} is the response and can't explain itself")
    return Formula(response, in_order([(), *terms]), forced)


def parse_right(words: Words, forced: dict[str, str]) -> tuple[Term, ...]:
    """Read terms joined by signs, () for a 1. What follows them is left for the caller."""
    return in_order(_Right(words, forced).sum(0))


def in_order(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return each term once, the simpler before the less simple; a:b and b:a are one term."""
    names = list(dict.fromkeys(name for term in terms for name in term))
    same = (tuple(sorted(term, key=names.index)) for term in terms)
    return tuple(sorted(dict.fromkeys(same), key=len))


class _Right:
    """The right side, by descent: sums of products of interactions."""

    def __init__(self, words: Words, forced: dict[str, str]) -> None:
        self.words, self.forced = words, forced

    def sum(self, depth: int) -> list[Term]:
        found = self.product(depth)
        while self.words.take("+"):
            found = self.checked([*found, *self.product(depth)])
        sign = self.words.next
        if sign.kind == "sign" and sign.text in _SIGNS and sign.text not in ("|", "||"):
            raise self.words.refused(sign.at, _SIGNS[sign.text])
        return found

    def product(self, depth: int) -> list[Term]:
        found = self.interaction(depth)
        while self.words.take("*"):
            more = self.interaction(depth)
            found = self.checked([*found, *more, *_crossed(found, more)])
        return found

    def interaction(self, depth: int) -> list[Term]:
        found = self.atom(depth)
        while self.words.take(":"):
            found = self.checked(_crossed(found, self.atom(depth)))
        return found

    def atom(self, depth: int) -> list[Term]:
        word = self.words.next
        if depth > DEEPEST:
            raise self.words.refused(word.at, f"brackets are more than {DEEPEST} deep")
        if self.words.take("("):
            found = self.sum(depth + 1)
            if self.words.next.text in ("|", "||"):
                raise self.words.refused(self.words.next.at, _SIGNS["|"])
            self.words.need(")")
            return found
        if word.kind == "number":
            if word.text != "1":
                raise self.words.refused(word.at, "every model has an intercept; no number is read")
            self.words.place += 1
            return [()]
        if called := self.words.called():
            return [(self.forced_name(called, word.at),)]
        if word.kind == "sign" and word.text in _SIGNS:
            raise self.words.refused(word.at, _SIGNS[word.text])
        return [(self.words.name(),)]

    def forced_name(self, called: str, at: int) -> str:
        if called not in _FORCED:
            raise self.words.refused(at, f"{called}() isn't read, only factor() and number()")
        name = self.words.name()
        self.words.need(")")
        if self.forced.get(name, called) != called:
            raise self.words.refused(at, f"{name} can't be both a factor and a number")
        self.forced[name] = called
        return name

    def checked(self, terms: list[Term]) -> list[Term]:
        found = list(dict.fromkeys(terms))
        if len(found) > MOST_TERMS:
            raise self.words.refused(
                self.words.next.at, f"the model has more than {MOST_TERMS} terms"
            )
        return found


def _crossed(left: list[Term], right: list[Term]) -> list[Term]:
    """Return each term of the one with each of the other; a name counts once."""
    return list(dict.fromkeys(tuple(dict.fromkeys((*a, *b))) for a in left for b in right))
