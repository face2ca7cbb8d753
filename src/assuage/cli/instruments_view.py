"""What `assuage instruments` prints: a list, an instrument whole, or a score and its meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from assuage.cli import output
from assuage.cli.facts import cite, sources_of

if TYPE_CHECKING:
    from assuage.care.outcomes.change import AgainstBaseline
    from assuage.care.outcomes.scoring import Score
    from assuage.knowledge.schema.facts import Read
    from assuage.knowledge.schema.instrument import (
        Change,
        Condition,
        Instrument,
        Missing,
        Remission,
        Response,
        Total,
    )

_STEP = "  "
_SHIP = {
    "yes": "may be shown",
    "no": "may not be shown",
    "unresolved": "not settled, so not shown",
}
_REACHED = {
    "better": "reached, for the better",
    "worse": "reached, for the WORSE",
    "no": "not reached",
}
_BY = {"patient": "the patient", "clinician": "a clinician"}


def row(one: Instrument) -> dict[str, object]:
    """Return an instrument in a few fields; `line` is its summary."""
    main = [total for total in one.total if total.id == one.main]
    return {
        "id": one.id,
        "name": one.name,
        "short": one.short,
        "domain": list(one.domain),
        "filled_by": one.filled_by,
        "items": len(one.item),
        "range": "".join(_range(total) for total in main),
        "bands": [f"from {band.at_least:g} {band.name}" for total in main for band in total.band],
        "change": [_size(change) for change in one.change],
        "response": _response(one.response) if one.response else "",
        "remission": _remission(one.remission) if one.remission else "",
        "alarms": [alarm.text for alarm in one.alarm],
        "wording": _SHIP[one.licence.may_ship],
        "scored": "yes" if one.item else "named only",
        "line": one.summary,
    }


def show_list(found: Iterable[Instrument], *, as_json: bool) -> None:
    """Print every instrument in a few fields."""
    rows = [row(one) for one in found]
    if as_json:
        output.print_json(rows)
        return
    for one in rows:
        domains = one["domain"]
        assert isinstance(domains, list)
        facts = [str(one["name"]), ", ".join(domains)]
        facts += [f"items: {one['items']}", str(one["range"])] if one["items"] else ["named only"]
        _say(str(one["id"]))
        _say("; ".join(fact for fact in [*facts, f"wording {one['wording']}"] if fact), 1)
        _say(str(one["line"]), 1)
        output.say("")
    _say(f"{len(rows)} in all. 'assuage instruments ID' shows one whole.")


def show_one(one: Instrument, *, as_json: bool) -> None:
    """Print an instrument whole, each fact with its source."""
    if as_json:
        output.print_json(one.model_dump(mode="json", by_alias=True))
        return
    for text in lines(one):
        depth = (len(text) - len(text.lstrip())) // len(_STEP)
        _say(text.strip(), depth)
    _show_sources(one)


def lines(one: Instrument) -> Iterator[str]:
    """Yield an instrument as lines; the depth of a line is its indentation."""
    who = _BY.get(one.filled_by, "the patient or a clinician")
    yield f"{one.short}: {one.name} ({one.id})"
    yield one.summary
    yield f"Filled in by {who}. About: {', '.join(one.domain)}."
    if one.recall:
        yield f"Period asked about: {one.recall.text} {cite(one.recall)}"
    yield from _licence(one)
    yield from _items(one)
    yield from _scoring(one)
    yield from _meaning(one)
    yield from _codes(one)
    for title, facts in (("Known", one.claim), ("Caution", one.caution), ("Not held", one.gap)):
        for fact in facts:
            yield f"{title}: {fact.text} {cite(fact)}"


def _licence(one: Instrument) -> Iterator[str]:
    held = one.licence
    yield f"Wording: {_SHIP[held.may_ship]}. {held.text} {cite(held)}"
    if held.holder:
        yield f"{_STEP}Holder: {held.holder}"
    if held.attribution:
        yield f"{_STEP}To be shown with it: {held.attribution}"


def _items(one: Instrument) -> Iterator[str]:
    from assuage.care.outcomes.scoring import allowed

    if one.wording is None:
        yield "Named only: no item is held and nothing is scored."
        return
    yield f"What it asks: {one.wording.text} {cite(one.wording)}"
    for item in one.item:
        asked = item.text or item.label or "as on the licensed form"
        backwards = " (scored backwards)" if item.reversed else ""
        yield f"{_STEP}{item.id}: {asked}{backwards} - {allowed(one.scale_of(item))}"
    for scale in one.scale:
        named = "; ".join(f"{choice.value} {choice.text}" for choice in scale.choices)
        yield f"{_STEP}Answers: {named or allowed(scale)}. {scale.note} {cite(scale)}"
    for branch in one.branch:
        yield f"{_STEP}{', '.join(branch.of)} only if {told(branch.asked_if)} {cite(branch)}"


def _scoring(one: Instrument) -> Iterator[str]:
    if not one.item:
        return
    yield "Scoring"
    for total in one.total:
        yield f"{_STEP}{total.name} ({total.id}): {_rule(total)}; {_range(total)}. {cite(total)}"
        for number, band in enumerate(total.band):
            until = [f" to below {after.at_least:g}" for after in total.band[number + 1 :][:1]]
            yield f"{_STEP * 2}from {band.at_least:g}{''.join(until)}: {band.name} {cite(band)}"
        if total.missing:
            yield f"{_STEP * 2}Missing answers: {_missing(total.missing)}"
    for verdict in one.verdict:
        yield f"{_STEP}{verdict.name} ({verdict.id}) {cite(verdict)}"
        for level in verdict.level:
            when = f" if {told(level.when)}" if level.when else " otherwise"
            yield f"{_STEP * 2}{level.name}{when}"
    if one.missing:
        yield f"{_STEP}Missing answers: {_missing(one.missing)}"


def _meaning(one: Instrument) -> Iterator[str]:
    for change in one.change:
        yield f"Change that matters: {_size(change)} {cite(change)}"
    if one.response:
        yield f"Response: {_response(one.response)}. {one.response.note} {cite(one.response)}"
    if one.remission:
        yield f"Remission: {_remission(one.remission)} {cite(one.remission)}"
    for alarm in one.alarm:
        yield f"Alarm if {told(alarm.when)}: {alarm.text} {alarm.remedy} {cite(alarm)}"
    for table in one.crosswalk:
        rows = ", ".join(f"{own:g} is {_span(low, high)}" for own, low, high in table.row)
        yield f"On {table.to}: {rows}. {table.note} {cite(table)}"


def _codes(one: Instrument) -> Iterator[str]:
    from assuage.knowledge import library

    for code in one.code:
        yield f"Code: {code.system} {code.code}, {code.means} {cite(code)}"
    systems = {code.system for code in one.code}
    for notice in library.code_notices():
        if notice.system in systems:
            yield f"Notice: {notice.text}"


def told(when: Condition) -> str:
    """Return a condition in words."""
    if when.all:
        return " and ".join(_inner(one) for one in when.all)
    if when.any:
        return " or ".join(_inner(one) for one in when.any)
    if when.level:
        return f"{when.of} is {when.level}"
    for words, limit in (("at least", when.at_least), ("at most", when.at_most)):
        if limit is not None:
            return f"{when.of} is {words} {limit:g}"
    return f"{when.of} is below {when.below:g}"


def _inner(when: Condition) -> str:
    return f"({told(when)})" if when.all or when.any else told(when)


def _rule(total: Total) -> str:
    if total.rule == "weighted":
        parts = (
            term.of
            + (f" x {term.times:g}" if term.times != 1 else "")
            + (f" / {term.over:g}" if term.over != 1 else "")
            for term in total.terms
        )
        return " + ".join(parts)
    words = {"sum": "sum of", "mean": "mean of", "max": "highest of"}
    counted = f"how many are at least {total.counted_from or 0:g} of"
    return f"{words.get(total.rule, counted)} {_named(total.of)}"


def _named(ids: Sequence[str]) -> str:
    """Return ids in words; neighbours such as q3, q4, q5 as a stretch."""
    stretches: list[list[str]] = []
    for id_ in ids:
        last = stretches[-1][-1] if stretches else ""
        if last[:1] == id_[:1] == "q" and last[1:].isdigit() and id_ == f"q{int(last[1:]) + 1}":
            stretches[-1].append(id_)
        else:
            stretches.append([id_])
    return ", ".join(
        f"{one[0]} to {one[-1]}" if len(one) > 2 else ", ".join(one) for one in stretches
    )


def _range(total: Total) -> str:
    direction = "" if total.direction == "none" else f", {total.direction.replace('-', ' ')}"
    return f"{total.low:g} to {total.high:g}{direction}"


def _missing(rule: Missing) -> str:
    words = {
        "no-total": "no total if any is missing",
        "prorate": f"the answered ones speak for the rest, from {rule.least_answered} on",
        "either-or": f"{rule.least_answered} is enough",
    }
    return f"{words[rule.rule]} {cite(rule)}"


def _response(rule: Response) -> str:
    if rule.by == "value":
        return f"a {rule.of} of {rule.value:g} or better"
    return f"{rule.value:g} {'%' if rule.by == 'percent' else 'points'} better or more"


def _remission(rule: Remission) -> str:
    return f"a {rule.of} {'better than' if rule.below else 'of'} {rule.value:g}" + (
        "" if rule.below else " or better"
    )


def _size(change: Change) -> str:
    unit = "%" if change.unit == "percent" else "point" if change.value == 1 else "points"
    worth = {
        "minimal": "minimal important change",
        "substantial": "substantial change",
        "beyond-error": "more than the error of measurement",
    }[change.worth]
    return f"{change.value:g} {unit} of {change.of}, {worth}"


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


# A score.


def show_score(instrument: Instrument, made: Score, baseline: float | None) -> None:
    """Print what answers come to, what it means, and what it leaves open."""
    found = list(score_lines(instrument, made))
    if baseline is not None:  # a baseline that can't be is refused before anything is printed
        from assuage.care.outcomes.change import against_baseline

        found += change_lines(instrument, against_baseline(instrument, baseline, made.main))
    for text in found:
        _say(text)


def score_lines(instrument: Instrument, made: Score) -> Iterator[str]:
    """Yield a score in words, alarms first."""
    alarms = {one.id: one for one in instrument.alarm}
    for id_ in made.flags:
        yield f"ALARM: {alarms[id_].text} {alarms[id_].remedy} {cite(alarms[id_])}"
    yield from _unsure(instrument, made)
    for total in instrument.total:
        if total.id not in made.totals:
            yield f"{total.name}: not scored; {made.unscored[total.id]}"
            continue
        how = ", prorated" if total.id in made.prorated_totals else ""
        band = [one for one in total.band if one.name == made.bands.get(total.id)]
        means = "".join(f": {one.name} {cite(one)}" for one in band)
        yield f"{total.name}: {made.totals[total.id]:.6g}{how} ({_range(total)}){means}"
    for verdict in instrument.verdict:
        said = made.verdicts.get(verdict.id) or f"can't be said; {made.unscored[verdict.id]}"
        yield f"{verdict.name}: {said} {cite(verdict)}"
    if made.unverified:
        names = {one.id: one.name for one in instrument.total}
        names |= {one.id: one.name for one in instrument.verdict}
        doubtful = ", ".join(names[id_] for id_ in made.unverified)
        yield f"UNVERIFIED, a rule or range from memory: {doubtful}. Check it on the form in use."
    yield from _others(instrument, made)
    if made.unanswered:
        yield f"Not answered: {', '.join(made.unanswered)}"


def _unsure(instrument: Instrument, made: Score) -> Iterator[str]:
    from assuage.care.outcomes.scoring import rests_on

    if made.alarmed and not made.flags:
        yield "ALARM: one of the next holds, whatever the missing answers are."
    for alarm in instrument.alarm:
        if alarm.id in made.unsure:
            absent = [id_ for id_ in rests_on(instrument, alarm.when) if id_ in made.unanswered]
            yield (
                f"NOT RULED OUT, ask {_named(absent)}: {alarm.text} If so: {alarm.remedy} "
                f"{cite(alarm)}"
            )


def _others(instrument: Instrument, made: Score) -> Iterator[str]:
    from assuage.care.outcomes.change import on_other_scale, remission, response

    rule = instrument.response
    if rule is not None and rule.by == "value" and rule.of in made.totals:
        judged = response(instrument, None, made.totals[rule.of])
        yield f"Response: {_judged(judged.met, judged.why)} {cite(rule)}"
    if made.main is not None and instrument.remission is not None:
        judged = remission(instrument, made.main)
        yield f"Remission: {_judged(judged.met, judged.why)} {cite(instrument.remission)}"
    for table in instrument.crosswalk:
        value = made.totals.get(table.of)
        found = None if value is None else on_other_scale(instrument, table.of, value, table.to)
        if found is not None:
            yield f"On {table.to}: about {_span(*found)} {cite(table)}"


def change_lines(instrument: Instrument, change: AgainstBaseline) -> Iterator[str]:
    """Yield what a change from the baseline means."""
    if change.raw is None:
        yield f"Against the baseline {change.baseline:g}: can't be said; {change.why}"
        return
    better = change.better or 0.0
    way = "better" if better > 0.0 else "WORSE" if better < 0.0 else "no better and no worse"
    percent = "" if change.percent is None else f"{abs(change.percent):.3g} % "
    said = "; ".join(one for one in (way if change.better is not None else "", change.why) if one)
    yield f"Against the baseline {change.baseline:g}: {change.raw:+.6g} points; {percent}{said}"
    if instrument.response is not None and instrument.response.by != "value":
        said = _judged(change.responded, change.response_why)
        yield f"Response: {said} {cite(instrument.response)}"
    for one in change.important:
        said = _REACHED[one.direction] if one.direction else f"can't be said; {one.why}"
        yield f"{_size(one.rule)}: {said} {cite(one.rule)}"


def _judged(met: bool | None, why: str) -> str:
    return f"can't be said; {why}" if met is None else ("yes" if met else "no")


def _show_sources(one: Instrument) -> None:
    from assuage.planning.simulation import cited

    reads: dict[str, set[Read]] = {}
    for fact in sources_of(one):
        reads.setdefault(fact.source, set()).add(fact.read)
    output.say("\nsources")
    for id_, used in sorted(reads.items()):
        _say(f"[{id_}] {cited(id_, used)}")


def _say(text: str, depth: int = 0) -> None:
    indent = _STEP * depth
    width = output.console().width
    output.say(
        textwrap.fill(
            " ".join(text.split()),
            width,
            initial_indent=indent,
            subsequent_indent=indent + _STEP,
            break_on_hyphens=False,
        )
    )
