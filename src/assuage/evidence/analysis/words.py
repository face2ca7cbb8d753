"""Reads the small language of a question, and says at which character it can't."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assuage.refusals import Refusal, Refused

LONGEST = 2000
_NAME = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Word:
    """A name, a number or a sign, and the character where it starts, from 1."""

    kind: str  # "name", "quoted", "number", "sign" or "end"
    text: str
    at: int


class Words:
    """A text, word by word. Every complaint is a Refused with the place."""

    def __init__(self, text: str, what: str, example: str) -> None:
        self.text, self.what, self.example = text, what, example
        self.words = self._split()
        self.place = 0

    def _split(self) -> Sequence[Word]:
        if len(self.text) > LONGEST:
            raise self.refused(LONGEST + 1, f"it is longer than {LONGEST} characters")
        found, at = [], 0
        while at < len(self.text):
            one = self.text[at]
            if one.isspace():
                at += 1
                continue
            word = self._word(at)
            found.append(word)
            at += len(word.text) + (2 if word.kind == "quoted" else 0)
        return (*found, Word("end", "", len(self.text) + 1))

    def _word(self, at: int) -> Word:
        if self.text[at] == "`":
            end = self.text.find("`", at + 1)
            if end <= at + 1:
                raise self.refused(at + 1, "a backtick has no name and backtick after it")
            return Word("quoted", self.text[at + 1 : end], at + 1)
        if name := _NAME.match(self.text, at):
            return Word("name", name[0], at + 1)
        if number := _NUMBER.match(self.text, at):
            return Word("number", number[0], at + 1)
        sign = "||" if self.text.startswith("||", at) else self.text[at]
        return Word("sign", sign, at + 1)

    @property
    def next(self) -> Word:
        """The word that comes next."""
        return self.words[self.place]

    def take(self, sign: str) -> bool:
        """Take the next word if it is this sign."""
        found = self.next.kind == "sign" and self.next.text == sign
        self.place += found
        return found

    def need(self, sign: str) -> None:
        """Take this sign. Raises Refused when something else stands there."""
        if not self.take(sign):
            raise self.refused(self.next.at, f"'{sign}' is missing before {self.here}")

    def name(self) -> str:
        """Take a name. Raises Refused when something else stands there."""
        word = self.next
        if word.kind not in ("name", "quoted"):
            raise self.refused(word.at, f"a column's name is missing before {self.here}")
        self.place += 1
        return word.text

    def called(self) -> str | None:
        """Take a function's name and its opening bracket, if that is what comes next."""
        word = self.next
        if word.kind == "name":
            after = self.words[self.place + 1]
            if after.kind == "sign" and after.text == "(":
                self.place += 2
                return word.text
        return None

    def end(self) -> None:
        """Make sure that nothing is left. Raises Refused."""
        if self.next.kind != "end":
            raise self.refused(self.next.at, f"{self.here} isn't expected")

    @property
    def here(self) -> str:
        """What stands next, in words."""
        return "the end" if self.next.kind == "end" else f"'{self.next.text}'"

    def refused(self, at: int, why: str) -> Refused:
        """Return the refusal of the text at a character."""
        return Refused(
            Refusal.FORMULA_UNREADABLE,
            what=self.what,
            text=self.text[:80],
            at=at,
            why=why,
            example=self.example,
        )
