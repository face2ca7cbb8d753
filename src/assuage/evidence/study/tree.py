"""A study's report as JSON: every number of it, as it was computed."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import assuage
from assuage.evidence.report.blocks import Table
from assuage.evidence.study import facts, harms
from assuage.evidence.study.answers import Answer
from assuage.evidence.study.describe import people_with
from assuage.evidence.study.results import Results

Tree = dict[str, Any]


def tree_of(results: Results) -> Tree:
    """Return the whole report; null where there is no number."""
    p, data = results.study.protocol, results.data
    return {
        "study": p.id,
        "title": p.title,
        "blinded": results.blinded,
        "assuage": assuage.__version__,
        "protocol": results.study.digest,
        "record": results.view.head,
        "data": {
            "file": data.name,
            "digest": data.digest,
            "rows": data.rows,
            "people": len(data.people),
            "arms": [
                {"arm": name, "people": int((data.arm == place).sum())}
                for place, name in enumerate(data.arms)
            ],
        },
        "history": events_of(results.view),
        "deviations": list(results.deviations),
        "outcomes": [
            {
                "id": one.outcome.id,
                "name": one.outcome.name,
                "columns": list(one.outcome.held_in),
                "standing": one.standing,
                "pre_specified": one.pre_specified,
                "people": people_with(data, one.outcome),
                "described": {
                    column: [_cell(results, asdict(cell)) for cell in results.cells[column]]
                    for column in one.outcome.held_in
                },
                "analyses": [
                    _answer(results, found) for found in results.answers_of(one.outcome.id)
                ],
            }
            for one in results.outcomes
        ],
        "tests": [asdict(one) for one in results.decisions],
        "blinding": {
            "collected": p.blinding != "not collected",
            "arms": [_numbers(asdict(one)) for one in results.guesses],
        },
        "harms": _table(harms.harms(results)),
        "events": _table(harms.events(results)),
        "dissociation": None if p.dissociation == "not collected" else p.dissociation,
    }


def _table(told: Table) -> list[Tree]:
    """Return a table of counts as the report words them."""
    return [dict(zip(told.columns, row, strict=True)) for row in told.rows]


def events_of(view: facts.Study) -> list[Tree]:
    """Return what the record holds of a study, without the protocols' text."""
    return [_event(one) for one in view.events]


def _event(one: facts.Happened) -> Tree:
    told = one.fact.model_dump(mode="json", exclude={"protocol"})
    return {
        "kind": one.fact.kind,
        "at": one.at.isoformat(),
        "by": one.by,
        "method": one.method,
        "position": one.position,
        **told,
    }


def _cell(results: Results, told: Tree) -> Tree:
    told["visit"] = results.study.protocol.visit[told["visit"]].id
    told["arm"] = results.data.arms[told["arm"]]
    told["counts"] = dict(told["counts"])
    return _numbers(told)


def _answer(results: Results, found: Answer) -> Tree:
    p, arms = results.study.protocol, results.data.arms

    def placed(told: Tree) -> Tree:
        if (found.kind == "standard" or found.late) and "p" in told:
            told["p"] = None  # the report gives none either: nothing was to be tested
        return _numbers(told | {"arm": arms[told["arm"]], "visit": p.visit[told["visit"]].id})

    return {
        "id": found.id,
        "kind": found.kind,
        "added_after_unblinding": found.late,
        "estimand": found.estimand or None,
        "measure": found.measure,
        "summary": found.summary,
        "visit": p.visit[found.visit].id,
        "method": found.method,
        "analysed": dict(zip(arms, found.n, strict=False)),
        "means": [placed(asdict(one)) for one in found.levels],
        "differences": [placed(asdict(one)) for one in found.versus],
        "rows": dict(found.fates),
        "left_out": list(found.left),
        "notes": list(found.notes),
        "refused": found.refused.as_dict()["refusal"] if found.refused else None,
    }


def _numbers(told: Tree) -> Tree:
    """Return values with null for what is no finite number."""
    return {
        name: None if isinstance(one, float) and not math.isfinite(one) else one
        for name, one in told.items()
    }
