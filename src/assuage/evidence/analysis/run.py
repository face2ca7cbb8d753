"""From a table and a question to an analysis. Nothing is printed or written here."""

from __future__ import annotations

from assuage.evidence import extra
from assuage.evidence.analysis import ask, people
from assuage.evidence.analysis.answers import Answers, by_groups, by_ordinary, by_visits
from assuage.evidence.analysis.ask import Asked, Question
from assuage.evidence.analysis.design import Design, Factor, Kinds, build
from assuage.evidence.analysis.hypotheses import coefficients, type_three
from assuage.evidence.analysis.means import MeanSet, contrasts, ls_means
from assuage.evidence.analysis.notes import notes
from assuage.evidence.analysis.people import Groups
from assuage.evidence.analysis.reshape import lengthen
from assuage.evidence.analysis.result import Analysis, Compared
from assuage.evidence.analysis.table import Table


def analyse(table: Table, question: Question) -> Analysis:
    """Return the analysis. Raises Refused; nothing is ever fitted in another's place."""
    extra.need("an analysis", "'assuage analyse'", (extra.NUMBERS,))
    asked = ask.read(question)
    table = lengthen(table, question.long, asked.own)
    kinds = ask.kinds(asked, table)
    more = [name for name in asked.names if name not in asked.formula.names]
    design = build(table, asked.formula, kinds, more)
    sets = [ls_means(design, one, asked.held) for one in asked.means]
    subject = _subject(table, asked, design)
    visit = people.visits(table, asked.repeated, design, kinds) if asked.repeated else None
    for each in asked.means:
        people.check_arms(asked, design, subject, each.compared)
    level = question.confidence
    if visit is not None:
        answers = by_visits(asked, design, subject, visit, level)
    elif asked.random:
        answers = by_groups(table, asked, design, kinds, level)
    else:
        answers = by_ordinary(design, level)
    fixed = coefficients(design, question.coding)
    tests = type_three(design)
    return Analysis(
        name=table.name,
        rows_read=len(table.rows),
        asked=asked,
        whose=people.whose(asked, subject, "s"),
        design=design,
        answers=answers,
        fixed=tuple((x, None if x.row is None else answers.estimate(x.row)) for x in fixed),
        tests=tuple((x, None if x.rows is None else answers.joint(x.rows)) for x in tests),
        compared=tuple(_compared(one, asked, kinds, answers) for one in sets),
        visit=visit,
        flow=_flow(table, asked, design, subject, visit),
        participants=_counted(asked, subject),
        notes=notes(table, asked, design, answers, subject, visit),
    )


def _subject(table: Table, asked: Asked, design: Design) -> Groups:
    """Return whose rows they are: the grouping with most levels, or each row's own."""
    if asked.repeated is not None:
        return people.groups(table, (asked.repeated.subject,), design.used)
    found = [people.groups(table, one.group, design.used) for one in asked.random]
    return max(found, key=lambda one: len(one.levels), default=people.rows(table, design.used))


def _compared(found: MeanSet, asked: Asked, kinds: Kinds, answers: Answers) -> Compared:
    pairs = contrasts(found, asked.contrasts, kinds.references) if asked.contrasts else ()
    return Compared(
        found,
        tuple((x, None if x.row is None else answers.estimate(x.row)) for x in found.means),
        tuple((x, None if x.row is None else answers.estimate(x.row)) for x in pairs),
    )


def _flow(
    table: Table, asked: Asked, design: Design, subject: Groups, visit: Factor | None
) -> people.Flow:
    compared = [name for one in asked.means for name in one.compared]
    within = [name for one in asked.means for name in one.within if name in design.factors]
    if visit is None and asked.random and within:
        visit = design.factors[within[0]]
    return people.flow(table, design, subject, compared, visit)


def _counted(asked: Asked, subject: Groups) -> dict[str, int]:
    """Return how many participants there are; the levels of a random effect needn't be any."""
    if asked.repeated is None:
        return {}
    return {
        "participants": len(subject.levels),
        "participants_analysed": subject.seen(),
        "seen_once": subject.alone(),
    }
