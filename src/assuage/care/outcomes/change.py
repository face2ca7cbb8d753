"""What a score means against its declared baseline: change, response, remission.

A percentage needs a baseline above zero and a change needs room for it; where there is none the
answer is None, with the reason, and never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from assuage.knowledge.schema.instrument import Change, Instrument, Total
from assuage.refusals import Refusal, Refused

_ROUNDING = 1e-9  # relative: 13 / 3 - 10 / 3 is a point, though binary fractions make it less


@dataclass(frozen=True)
class Judged:
    """Whether something holds; None when it can't be said, and why."""

    met: bool | None
    why: str = ""


@dataclass(frozen=True)
class Difference:
    """Change from the baseline. `better` is positive for the better, None if there is no better."""

    raw: float  # now - baseline, points
    better: float | None  # points
    percent: float | None  # of the baseline, positive for the better
    why: str = ""  # why there is no percentage


@dataclass(frozen=True)
class Important:
    """Whether a change reaches one that is published as mattering."""

    rule: Change
    direction: str | None  # "better", "worse", "no"; None when it can't be said
    why: str = ""


@dataclass(frozen=True)
class AgainstBaseline:
    """Everything that a main total says against its declared baseline."""

    baseline: float
    raw: float | None
    better: float | None
    percent: float | None
    why: str
    responded: bool | None
    response_why: str
    important: tuple[Important, ...]


def against_baseline(instrument: Instrument, baseline: float, now: float | None) -> AgainstBaseline:
    """Return all of it; `now` is None when there is no main total. Raises Refused."""
    if now is None:
        if instrument.main in {one.id for one in instrument.total}:
            _check(instrument, _total(instrument, instrument.main), baseline)
        why = "there is no main total to put against it"
        return AgainstBaseline(baseline, None, None, None, why, None, why, ())
    if instrument.response is not None and instrument.response.by == "value":
        _check(instrument, _total(instrument, instrument.main), baseline)
        judged = response(instrument, None, now)
        why = f"{instrument.short} is itself a rating of change"
        return AgainstBaseline(baseline, None, None, None, why, judged.met, judged.why, ())
    moved = difference(instrument, instrument.main, baseline, now)
    judged = response(instrument, baseline, now)
    return AgainstBaseline(
        baseline,
        moved.raw,
        moved.better,
        moved.percent,
        moved.why,
        judged.met,
        judged.why,
        important_change(instrument, baseline, now),
    )


def difference(instrument: Instrument, of: str, baseline: float, now: float) -> Difference:
    """Return the change of a total, by its id. Raises Refused: DATA_INVALID, VALUE_NOT_ALLOWED."""
    total = _total(instrument, of)
    _check(instrument, total, baseline)
    _check(instrument, total, now)
    raw = now - baseline
    if total.direction == "none":
        return Difference(raw, None, None, "this total has no better or worse")
    better = raw if total.direction == "higher-is-better" else -raw
    if total.low != 0.0:
        return Difference(raw, better, None, "a percentage needs a scale that starts at 0")
    if not baseline > 0.0:
        return Difference(raw, better, None, "the baseline is 0, so there is no percentage")
    return Difference(raw, better, 100.0 * better / baseline)


def response(instrument: Instrument, baseline: float | None, now: float) -> Judged:
    """Judge response from the declared baseline. Raises Refused: DATA_INVALID."""
    rule = instrument.response
    if rule is None:
        return Judged(None, f"no rule of response is held for {instrument.short}")
    total = _total(instrument, rule.of)
    _check(instrument, total, now)
    if rule.by == "value":
        return Judged(_at_or_better(total, now, rule.value))
    if baseline is None:
        return Judged(None, "there is no baseline")
    moved = difference(instrument, rule.of, baseline, now)
    if rule.by == "percent":
        return (
            Judged(None, moved.why)
            if moved.percent is None
            else Judged(_reaches(moved.percent, rule.value))
        )
    return _points(total, baseline, moved, rule.value)


def responded(instrument: Instrument, baseline: float | None, now: float) -> bool | None:
    """Return whether the patient has responded; None when it can't be said."""
    return response(instrument, baseline, now).met


def remission(instrument: Instrument, total: float) -> Judged:
    """Judge remission by a total. Raises Refused: DATA_INVALID."""
    rule = instrument.remission
    if rule is None:
        return Judged(None, f"no rule of remission is held for {instrument.short}")
    held = _total(instrument, rule.of)
    _check(instrument, held, total)
    return Judged(
        _at_or_better(held, total, rule.value) and not (rule.below and total == rule.value)
    )


def remitted(instrument: Instrument, total: float) -> bool | None:
    """Return whether the patient is in remission; None when it can't be said."""
    return remission(instrument, total).met


def important_change(
    instrument: Instrument, baseline: float, now: float, of: str | None = None
) -> tuple[Important, ...]:
    """Judge the change of a total (the main one, if `of` is left out) by each published size.

    Raises Refused: DATA_INVALID, VALUE_NOT_ALLOWED.
    """
    wanted = instrument.main if of is None else of
    moved = difference(instrument, wanted, baseline, now)
    total = _total(instrument, wanted)
    rules = (one for one in instrument.change if one.of == wanted)
    return tuple(_important(total, one, baseline, moved) for one in rules)


def on_other_scale(
    instrument: Instrument, of: str, value: float, to: str
) -> tuple[float, float] | None:
    """Return the published equal of a total on another instrument, (low, high), or None."""
    for table in instrument.crosswalk:
        if (table.of, table.to) == (of, to):
            for own, low, high in table.row:
                if own == value:
                    return low, high
    return None


def _important(total: Total, rule: Change, baseline: float, moved: Difference) -> Important:
    size = moved.better if rule.unit == "points" else moved.percent
    if size is None:
        return Important(rule, None, moved.why)
    if _reaches(size, rule.value):
        return Important(rule, "better")
    if _reaches(-size, rule.value):
        return Important(rule, "worse")
    room = _room(total, baseline)
    if rule.unit == "points" and not _reaches(room, rule.value):
        return Important(rule, None, f"from {baseline:g} no more than {room:g} can be gained")
    return Important(rule, "no")


def _points(total: Total, baseline: float, moved: Difference, wanted: float) -> Judged:
    room = _room(total, baseline)
    if not _reaches(room, wanted):
        return Judged(None, f"from {baseline:g} no more than {room:g} can be gained")
    assert moved.better is not None  # the schema asks a rule's total for a direction
    return Judged(_reaches(moved.better, wanted))


def _reaches(size: float, wanted: float) -> bool:
    return size >= wanted * (1.0 - _ROUNDING)


def _room(total: Total, baseline: float) -> float:
    return total.high - baseline if total.direction == "higher-is-better" else baseline - total.low


def _at_or_better(total: Total, value: float, limit: float) -> bool:
    return value >= limit if total.direction == "higher-is-better" else value <= limit


def _total(instrument: Instrument, of: str) -> Total:
    for one in instrument.total:
        if one.id == of:
            return one
    choices = ", ".join(one.id for one in instrument.total) or "none"
    raise Refused(
        Refusal.VALUE_NOT_ALLOWED, text=of, what=f"total of {instrument.short}", choices=choices
    )


def _check(instrument: Instrument, total: Total, value: float) -> None:
    if not total.low <= value <= total.high:
        raise Refused(
            Refusal.DATA_INVALID,
            where=f"{instrument.short}, {total.id}",
            why=f"a total of {value:g} lies outside {total.low:g} to {total.high:g}",
            remedy="score the answers again, or correct the number",
        )
