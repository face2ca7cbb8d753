"""The methods that compare arms, each from an estimand's values to an answer.

An analysis that can't be made answers with its refusal, which the report shows in its place;
nothing else is fitted instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from assuage.evidence.study import prepared as ready
from assuage.evidence.study.answers import Answer, Level, Versus
from assuage.evidence.study.data import Data
from assuage.evidence.study.events import survival
from assuage.evidence.study.prepared import ARM, PERSON, VISIT, Prepared
from assuage.evidence.study.protocol import Study
from assuage.evidence.study.schema import (
    Analysis,
    Ancova,
    Imputed,
    Mmrm,
    Outcome,
    Protocol,
    Responders,
    Survival,
)
from assuage.evidence.study.shares import responders
from assuage.evidence.trial.estimands import Estimand
from assuage.refusals import Refusal, Refused

MAY_BE_MISSING = ("hypothetical", "treatment-policy")


def answer(study: Study, data: Data, analysis: Analysis) -> Answer:
    """Return what one analysis answers, or why it doesn't."""
    p, estimand = study.protocol, study.estimands[analysis.estimand]
    variable, how = estimand.variable, analysis.how
    outcome = p.outcome_of(variable.outcome)
    visit = next(place for place, one in enumerate(p.visit) if one.id == variable.visit)
    base = Answer(
        analysis.id,
        analysis.kind,
        estimand.id,
        outcome.id,
        visit,
        variable.measure,
        estimand.summary,
        said(how, outcome, estimand),
    )
    try:
        if isinstance(how, Survival):
            return survival(p, data, estimand, outcome, how, base)
        rule = how.responding if isinstance(how, Responders) else None
        estimand = assuming(estimand, how)
        values = ready.prepare(p, data, outcome, estimand, rule)
        base = replace(base, fates=values.fates)
        match how:
            case Mmrm():
                return mmrm(p, data, values, how, base)
            case Ancova():
                return ancova(p, data, values, how, base)
            case Responders():
                return responders(p, data, values, how, base)
            case Imputed():
                return imputed(p, data, values, how, base)
    except Refused as refused:
        return replace(base, refused=refused)


def assuming(estimand: Estimand, how: Any) -> Estimand:
    """Return an estimand with what an analysis assumes in its place, if it assumes otherwise."""
    if not isinstance(how, Imputed) or how.assume is None:
        return estimand
    events = tuple(
        replace(one, assume=how.assume) if one.strategy in MAY_BE_MISSING else one
        for one in estimand.events
    )
    return replace(estimand, events=events)


def said(how: Any, outcome: Outcome, estimand: Estimand | None = None) -> str:
    """Return a method in words, as the protocol states it."""
    match how:
        case Mmrm():
            way = "Kenward-Roger" if how.df == "kenward-roger" else "Satterthwaite"
            return f"MMRM {how.model}, {how.covariance} covariance, {way}"
        case Ancova():
            return f"ANCOVA {how.model}"
        case Responders():
            missing = "counts as none" if how.missing == "failure" else "left out"
            rule = how.responding.words(outcome.better)
            strata = f", stratified by {' and '.join(how.strata)}" if how.strata else ""
            return f"risk difference (Miettinen-Nurminen{strata}), {rule}; missing {missing}"
        case Survival():
            return f"restricted mean time without the event up to day {how.until_day:g}"
        case Imputed():
            events = assuming(estimand, how).events if estimand else ()
            after = [f"after {e.name} {e.assume}" for e in events if e.strategy in MAY_BE_MISSING]
            words = "; ".join([*after, f"after leaving without an event {how.drop_outs}"])
            words = words.replace("-", " ")
            return f"conditional-mean imputation ({words}), ANCOVA, jackknife"
    raise TypeError(type(how))


def mmrm(p: Protocol, data: Data, values: Prepared, how: Mmrm, base: Answer) -> Answer:
    """Return the answer of a mixed model for repeated measures. Raises Refused."""
    from assuage.evidence.analysis.ask import Question

    response = values.response
    seen = [one for one in range(len(p.after)) if not np.isnan(response[:, one]).all()]
    whole = ready.table(p, data, values, response, seen)
    question = Question(
        how.model,
        repeated=f"{VISIT} | {PERSON}",
        covariance=how.covariance,
        df=how.df,
        means=(f"{ARM} | {VISIT}",),
        contrasts="reference",
        reference=(f"{ARM}={p.control.id}",),
        levels=_levels(p, data, [p.after[one].id for one in seen]),
        factors=(ARM, VISIT),
        confidence=1.0 - p.alpha,
    )
    return _analysed(p, data, whole, question, base)


def ancova(p: Protocol, data: Data, values: Prepared, how: Ancova, base: Answer) -> Answer:
    """Return the answer of an analysis of covariance of the visit that counts. Raises Refused."""
    from assuage.evidence.analysis.ask import Question

    visit = base.visit - (p.baseline is not None)
    response = values.response
    if values.while_on_treatment:
        last = values.last - (values.baseline if values.measure == "change" else 0.0)
        response = np.full(response.shape, np.nan)
        response[:, visit] = last
    whole = ready.table(p, data, values, response, [visit])
    question = Question(
        how.model,
        means=(ARM,),
        contrasts="reference",
        reference=(f"{ARM}={p.control.id}",),
        levels=_levels(p, data, [])[:1],
        factors=(ARM,),
        confidence=1.0 - p.alpha,
    )
    return _analysed(p, data, whole, question, base)


def imputed(p: Protocol, data: Data, values: Prepared, how: Imputed, base: Answer) -> Answer:
    """Return the answer of reference-based imputation. Raises Refused.

    What is missing after an event follows what the estimand says of it. Who met none of its events
    and has no value from some visit on left without one: from there `drop_outs` holds. All other
    gaps are missing at random.
    """
    from assuage.evidence.trial.imputation import Outcomes, conditional_mean

    known = ~np.isnan(values.baseline) if how.baseline else np.ones(len(data.people), bool)
    y = values.response[known]
    visits = y.shape[1]
    seen = ~np.isnan(y)
    ends = np.where(seen.any(1), visits - np.argmax(seen[:, ::-1], axis=1), 0)
    left = (ends < visits) & ~values.met[known]
    of_events = [one for one, mine in zip(values.method, known, strict=True) if mine]
    outcomes = Outcomes(
        y,
        values.baseline[known][:, None] if how.baseline else np.zeros((len(y), 0)),
        data.arm[known],
        data.arms,
        data.arms.index(p.control.id),
        tuple(how.drop_outs if gone else one for one, gone in zip(of_events, left, strict=True)),
        np.where(left, ends, values.first[known]),
    )
    place = base.visit - (p.baseline is not None)
    found = conditional_mean(outcomes, visit=place, level=1.0 - p.alpha)
    n = tuple(int((data.arm[known] == arm).sum()) for arm in range(len(data.arms)))
    there = [int((seen[:, place] & (outcomes.arm == arm)).sum()) for arm in range(len(data.arms))]
    others = [arm for arm in range(len(data.arms)) if arm != outcomes.reference]
    levels = tuple(
        Level(arm, base.visit, there[arm], one.estimate, one.se, one.low, one.high)
        for arm, one in enumerate(found.means)
    )
    versus = tuple(
        Versus(arm, base.visit, one.estimate, one.se, one.df, one.p, one.low, one.high)
        for arm, one in zip(others, found.differences, strict=True)
    )
    notes = [f"{_people((~seen[:, place]).sum())} without a value there, which was imputed."]
    notes.append(f"{_people(left.sum())} left without an event.")
    if not known.all():
        notes.append(f"Left out: {_people((~known).sum())} without a baseline value.")
    return replace(base, n=n, levels=levels, versus=versus, left=tuple(notes))


def standard(p: Protocol, data: Data, outcome: Outcome, visit: int) -> Answer:
    """Return the answer for an outcome that has no analysis of its own: always the same model.

    `value ~ arm * visit + baseline * visit` (without what isn't there, or is the same in all),
    unstructured, at the visit of the first primary estimand, or the last one at which anybody has
    a value.
    """
    values = ready.plain(p, data, outcome)
    seen = [one for one in range(len(p.after)) if not np.isnan(values.value[:, one]).all()]
    before = int(p.baseline is not None)
    based = len(np.unique(values.baseline[~np.isnan(values.baseline)])) > 1
    at = visit - before if visit - before in seen else (seen[-1] if seen else visit - before)
    many = len(seen) > 1
    model = "value ~ arm * visit" if many else "value ~ arm"
    if based:
        model += " + baseline * visit" if many else " + baseline"
    how: Mmrm | Ancova = (
        Mmrm(method="mmrm", model=model) if many else Ancova(method="ancova", model=model)
    )
    base = Answer(
        f"standard-{outcome.id}",
        "standard",
        "",
        outcome.id,
        at + before,
        "value",
        "difference-in-means",
        said(how, outcome),
    )
    try:
        if not seen:
            raise _unfit(base, "nobody has a value after baseline", "collect it")
        if isinstance(how, Mmrm):
            return mmrm(p, data, values, how, base)
        return ancova(p, data, values, how, base)
    except Refused as refused:
        return replace(base, refused=refused)


def _levels(p: Protocol, data: Data, visits: list[str]) -> tuple[str, ...]:
    """Return the order of the arms that have people, and of visits, as --levels says it."""
    there = {data.arms[one] for one in data.arm}
    arms = [one.id for one in (p.control, *p.treated) if one.id in there]
    return f"{ARM}={','.join(arms)}", f"{VISIT}={','.join(visits)}"


def _analysed(p: Protocol, data: Data, whole: Any, question: Any, base: Answer) -> Answer:
    from assuage.evidence.analysis.run import analyse

    found = analyse(whole, question)
    arm_of: Callable[[str], int] = data.arms.index
    visits = {one.id: place for place, one in enumerate(p.visit)}
    levels, versus = [], []
    for one, told in found.compared[0].means:
        if told is not None:
            at = visits[one.levels[VISIT]] if VISIT in one.levels else base.visit
            arm = arm_of(one.levels[ARM])
            levels.append(Level(arm, at, one.rows, told.estimate, told.se, told.low, told.high))
    for pair, told in found.compared[0].contrasts:
        if told is not None:
            at = visits[pair.at[VISIT]] if VISIT in pair.at else base.visit
            numbers = (told.estimate, told.se, told.df, told.p, told.low, told.high)
            versus.append(Versus(arm_of(pair.left), at, *numbers))
    if not any(one.visit == base.visit for one in versus):
        raise _unfit(base, "the data don't tell the arms apart at that visit", "see the counts")
    analysed = {one.name: one.analysed for one in found.flow.arms}
    n = tuple(analysed.get(name, 0) for name in data.arms)
    left = tuple(f"{many} rows left out: {why}." for why, many in found.design.left_out.items())
    return replace(
        base, n=n, levels=tuple(levels), versus=tuple(versus), left=left, notes=found.notes
    )


def _people(many: int) -> str:
    return "1 person" if many == 1 else f"{many} people"


def _unfit(base: Answer, why: str, remedy: str) -> Refused:
    return Refused(Refusal.NOT_ESTIMABLE, what=base.outcome, why=why, remedy=remedy)
