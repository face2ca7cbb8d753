"""An analysis that was made, as one tree of plain values: for JSON, the terminal and the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import assuage
from assuage.evidence.analysis.answers import Answers
from assuage.evidence.analysis.ask import Asked
from assuage.evidence.analysis.design import Design, Factor
from assuage.evidence.analysis.hypotheses import Coefficient, Hypothesis
from assuage.evidence.analysis.means import Contrast, Mean, MeanSet
from assuage.evidence.analysis.people import Flow
from assuage.evidence.mixed.inference import Estimate, FTest

Tree = dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """One set of means with their contrasts; None where the data don't tell."""

    found: MeanSet
    means: tuple[tuple[Mean, Estimate | None], ...]
    contrasts: tuple[tuple[Contrast, Estimate | None], ...]


@dataclass(frozen=True)
class Analysis:
    """Everything that a reader is told of an analysis, and all that it came from."""

    name: str
    rows_read: int
    asked: Asked
    whose: str  # what the flow counts: participants, rows or the levels of a grouping
    design: Design
    answers: Answers
    fixed: tuple[tuple[Coefficient, Estimate | None], ...]
    tests: tuple[tuple[Hypothesis, FTest | None], ...]
    compared: tuple[Compared, ...]
    visit: Factor | None
    flow: Flow
    participants: Mapping[str, int]
    notes: tuple[str, ...]

    def tree(self) -> Tree:
        """Return the published shape of `--json`; null where the data don't tell."""
        return {
            "assuage": assuage.__version__,
            "model": self.asked.question.model,
            "method": self.answers.method,
            "coding": self.asked.question.coding,
            "confidence": self.asked.question.confidence,
            "data": self._data(),
            "fixed": [_estimate({"term": one.term}, found, _LIMITS) for one, found in self.fixed],
            "tests": [_test(one.term, found) for one, found in self.tests],
            "means": [
                _estimate({"levels": dict(one.levels)}, found) | {"rows": one.rows}
                for each in self.compared
                for one, found in each.means
            ],
            "contrasts": [
                _estimate({"contrast": one.title, "at": dict(one.at)}, found)
                for each in self.compared
                for one, found in each.contrasts
            ],
            "reml_criterion": self.answers.reml_criterion,
            "covariance": dict(self.answers.covariance),
            "flow": self._flow(),
            "notes": list(self.notes),
        }

    def _flow(self) -> Tree:
        arms = [
            {
                "name": one.name,
                "participants": one.participants,
                "analysed": one.analysed,
                "visits": [
                    {"visit": label, "seen": seen, "missing": one.participants - seen}
                    for label, seen in one.visits
                ],
            }
            for one in self.flow.arms
        ]
        return {"arm": self.flow.arm, "arms": arms}

    def _data(self) -> Tree:
        return {
            "file": self.name,
            "rows_read": self.rows_read,
            "rows_analysed": len(self.design.used),
            "left_out": dict(self.design.left_out),
            **self.participants,
            "categories": {name: list(one.levels) for name, one in self.design.factors.items()},
            "numbers": {
                name: {"mean": float(one.mean())} for name, one in self.design.covariates.items()
            },
        }


_LIMITS = ("low", "high")
_NUMBERS = ("estimate", "se", "df", "t", "p", *_LIMITS)


def _estimate(start: Tree, found: Estimate | None, without: Collection[str] = ()) -> Tree:
    told = {} if found is None else asdict(found)
    return start | {name: told.get(name) for name in _NUMBERS if name not in without}


def _test(term: str, found: FTest | None) -> Tree:
    if found is None:
        return {"term": term, "df1": None, "df2": None, "F": None, "p": None}
    return {"term": term, "df1": found.df1, "df2": found.df2, "F": found.F, "p": found.p}
