"""Runs a study's analyses and gathers everything that its report tells.

While a study is blinded nothing that knows an arm is worked out: there are the counts and the
means of everybody together, and no comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assuage.evidence.study import amended, facts
from assuage.evidence.study.answers import Answer
from assuage.evidence.study.blinding import Guesses, guesses
from assuage.evidence.study.collected import Collected, collected
from assuage.evidence.study.data import Data
from assuage.evidence.study.describe import Cell, cells
from assuage.evidence.study.methods import answer, standard
from assuage.evidence.study.protocol import Study, parse
from assuage.evidence.study.schema import Blinding
from assuage.evidence.study.testing import Decision, decide
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Results:
    """All of a report's contents. `cells` has each outcome's descriptions by its first column."""

    study: Study
    view: facts.Study
    data: Data
    outcomes: tuple[Collected, ...]
    answers: tuple[Answer, ...]
    decisions: tuple[Decision, ...]
    cells: dict[str, tuple[Cell, ...]]
    guesses: tuple[Guesses, ...]
    deviations: tuple[str, ...]

    @property
    def blinded(self) -> bool:
        """Whether arms are hidden."""
        return self.data.blinded

    def arm_name(self, arm: int) -> str:
        """Return the name of a group, as the protocol words it."""
        return self.data.arms[0] if self.blinded else self.study.protocol.arm[arm].name

    def answers_of(self, outcome: str) -> tuple[Answer, ...]:
        """Return what was answered about an outcome, the main answers first."""
        order = ("main", "standard", "sensitivity", "supplementary")
        mine = [one for one in self.answers if one.outcome == outcome]
        return tuple(sorted(mine, key=lambda one: order.index(one.kind)))


def work_out(study: Study, view: facts.Study, data: Data, earlier: tuple[str, ...] = ()) -> Results:
    """Run every analysis of the protocol, and the standard one for each outcome without any.

    `earlier` says what else in the record a reader must know.

    Raises Refused (STUDY_OUTCOME_MISSING) when an outcome would be left without an answer and
    without a description: the last line of defence, and a fault of this program.
    """
    protocols = [parse(one.protocol, "a locked protocol").protocol for one in view.locks]
    outcomes = collected(protocols, data)
    described = {column: cells(data, column) for one in outcomes for column in one.outcome.held_in}
    found: tuple[Answer, ...] = ()
    decisions: tuple[Decision, ...] = ()
    if not data.blinded:
        then = parse(view.then.protocol, "a locked protocol")
        late = amended.added(then, study)
        found = tuple(
            replace(answer(study, data, one), late=one.id in late)
            for one in study.protocol.analysis
        )
        found += _standard(study, then, data, outcomes)
        decisions = decide(study.protocol, found)
    results = Results(
        study,
        view,
        data,
        outcomes,
        found,
        decisions,
        described,
        _guesses(study, data),
        earlier + _deviations(view, data),
    )
    check_complete(results)
    return results


def _standard(
    study: Study, then: Study, data: Data, outcomes: tuple[Collected, ...]
) -> tuple[Answer, ...]:
    """Return the standard answer for each outcome in numbers that no main analysis is about.

    What was asked after the arms were known doesn't put it aside.
    """
    p = study.protocol
    primary = {one.id for one in p.outcome if one.role == "primary"}
    visit = next(
        place
        for one in then.estimands.values()
        if one.variable.outcome in primary
        for place, held in enumerate(p.visit)
        if held.id == one.variable.visit
    )
    found = []
    answered = {one.variable.outcome for one in then.estimands.values()}
    for one in outcomes:
        column = one.outcome.held_in[0]
        plain = one.outcome.id not in answered and not one.outcome.timed
        plain = plain and one.outcome.harm is None  # the table of harms has those
        if plain and not data.empty(column) and data.numeric(column):
            found.append(standard(p, data, one.outcome, visit))
    return tuple(found)


def check_complete(results: Results) -> None:
    """Refuse a report in which a column that holds an outcome has no description."""
    data, p = results.data, results.study.protocol
    told = {column for one in results.outcomes for column in one.outcome.held_in}
    guess = {p.blinding.guess} if isinstance(p.blinding, Blinding) else set()
    known = {*p.columns.named(), *guess} | {one for one in told if results.cells.get(one)}
    due = {column for lock in results.view.locks for column in lock.collected}
    missing = [one for one in dict.fromkeys((*data.columns, *sorted(due))) if one not in known]
    missing += [one for one in sorted(due) if one not in told]
    if missing:
        raise Refused(
            Refusal.STUDY_OUTCOME_MISSING,
            study=p.id,
            columns=", ".join(dict.fromkeys(missing)),
            path="the report",
        )


def _guesses(study: Study, data: Data) -> tuple[Guesses, ...]:
    blinding = study.protocol.blinding
    if data.blinded or not isinstance(blinding, Blinding):
        return ()
    told = data.of_person(blinding.guess)
    return tuple(
        guesses(
            name,
            [one for one, mine in zip(told, data.arm, strict=True) if mine == arm],
            blinding.unknown,
            len(data.arms),
        )
        for arm, name in enumerate(data.arms)
    )


def _deviations(view: facts.Study, data: Data) -> tuple[str, ...]:
    """Say what happened that a reader must know: late amendments, other data."""
    said = []
    unblinded = False
    for one in view.events:
        if isinstance(one.fact, facts.StudyUnblinded):
            unblinded = True
        elif unblinded:
            said.append(
                f"The protocol was amended AFTER unblinding, on {one.at:%Y-%m-%d}, to "
                f"{one.fact.digest[:12]}: {one.fact.reason}"
            )
    known = view.unblinded
    if known is not None and known.digest != data.digest:
        said.append(
            f"These data ({data.digest[:12]}) are NOT the data that were complete at unblinding "
            f"({known.digest[:12]}, {known.rows} rows)."
        )
        said += [
            f"{column} has {data.values(column)} values, and had {many} at unblinding."
            for column, many in zip(known.columns, known.values, strict=False)
            if data.values(column) < many
        ]
    return tuple(said)
