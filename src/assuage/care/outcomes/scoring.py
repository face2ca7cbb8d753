"""From answers to scores, by the rule that stands in the instrument's file.

Nothing is guessed: an unanswered item is not zero. Whatever missing answers leave open is followed
as the range between the lowest and the highest it could be, so that a verdict or an alarm that no
missing answer could change is still given, and one that could be is said to be open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assuage.knowledge.schema.instrument import Condition, Instrument, Item, Scale, Total, Verdict
from assuage.refusals import Refusal, Refused

Answer = str | int | float | None
Answers = Mapping[str, Answer]
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SIGNED = re.compile(r"\+[0-9]+")
_YES_NO = {"yes": 1.0, "no": 0.0}
_SHOWN = 60  # characters of a wrong answer that its refusal repeats


@dataclass(frozen=True)
class Score:
    """What the answers to one instrument come to.

    `totals` holds every total that can be had, `verdicts` every verdict, `bands` the band of each
    total that has bands, `unscored` why each of the others is missing. `flags` are the alarms that
    hold; `unsure` those that an unanswered item leaves open, and they count as not ruled out.
    `alarmed` says that one of them holds whatever the missing answers are, though perhaps not
    which. `unverified` names the totals and verdicts that rest on a fact from memory.
    """

    instrument: str
    totals: Mapping[str, float]
    verdicts: Mapping[str, str]
    bands: Mapping[str, str]
    unscored: Mapping[str, str]
    unanswered: tuple[str, ...]
    flags: tuple[str, ...]
    unsure: tuple[str, ...]
    alarmed: bool
    unverified: tuple[str, ...]
    prorated_totals: tuple[str, ...]
    main: float | None  # the main total, where the main thing is a total
    band: str | None  # its band, or the main verdict

    @property
    def missing(self) -> int:
        """How many items have no answer."""
        return len(self.unanswered)

    @property
    def prorated(self) -> bool:
        """Whether a total rests on answers that speak for missing ones."""
        return bool(self.prorated_totals)


@dataclass(frozen=True)
class _Made:
    """A number known or not, and what it could be: between `low` and `high`."""

    value: float | None
    low: float
    high: float
    prorated: bool = False
    why: str = ""


def score(instrument: Instrument, answers: Answers) -> Score:
    """Return the scores of the answers by item id; None, or no entry, is not answered.

    Raises Refused: ANSWER_IMPOSSIBLE for the first answer that can't be, INSTRUMENT_NOT_SCORED.
    """
    if not instrument.item:
        raise Refused(
            Refusal.INSTRUMENT_NOT_SCORED,
            instrument=instrument.short,
            why="assuage holds its name and licence only",
            remedy="score it with its owner's material and keep the result as a note",
        )
    given = read(instrument, answers)
    made = _items(instrument, given)
    unanswered = tuple(id_ for id_, one in made.items() if one.value is None)
    possible: dict[str, tuple[str, ...]] = {}
    for total in instrument.total:
        made[total.id] = _total(instrument, total, made)
    for verdict in instrument.verdict:
        possible[verdict.id] = _levels(verdict, made, possible)
    totals = {one.id: made[one.id].value for one in instrument.total}
    numbers = {id_: value for id_, value in totals.items() if value is not None}
    bands = {
        one.id: band_of(one, numbers[one.id])
        for one in instrument.total
        if one.band and one.id in numbers
    }
    verdicts = {id_: levels[0] for id_, levels in possible.items() if len(levels) == 1}
    unscored = {id_: made[id_].why for id_, value in totals.items() if value is None}
    unscored |= {
        id_: f"the missing answers leave open: {' or '.join(levels)}"
        for id_, levels in possible.items()
        if len(levels) > 1
    }
    alarms = {one.id: _holds(one.when, made, possible) for one in instrument.alarm}
    return Score(
        instrument=instrument.id,
        totals=numbers,
        verdicts=verdicts,
        bands=bands,
        unscored=unscored,
        unanswered=unanswered,
        flags=tuple(id_ for id_, holds in alarms.items() if holds is True),
        unsure=tuple(id_ for id_, holds in alarms.items() if holds is None),
        alarmed=_alarmed(instrument, made, possible),
        unverified=tuple(
            id_ for id_ in _unverified(instrument, bands) if id_ in numbers or id_ in verdicts
        ),
        prorated_totals=tuple(id_ for id_ in numbers if made[id_].prorated),
        main=numbers.get(instrument.main),
        band=bands.get(instrument.main) or verdicts.get(instrument.main),
    )


def band_of(total: Total, value: float) -> str:
    """Return the name of the band of a total that has bands: the last that starts at or below."""
    return [one.name for one in total.band if one.at_least <= value][-1]


def rests_on(instrument: Instrument, when: Condition) -> tuple[str, ...]:
    """Return the items that a condition rests on, through totals and verdicts, in their order."""
    parts = {one.id: one.parts for one in _worked_out(instrument)}
    found, left = set[str](), set(when.names())
    while left:
        id_ = left.pop()
        found.add(id_)
        left |= set(parts.get(id_, ())) - found
    return tuple(one.id for one in instrument.item if one.id in found)


def _worked_out(instrument: Instrument) -> list[Total | Verdict]:
    return [*instrument.total, *instrument.verdict]


def _unverified(instrument: Instrument, bands: Mapping[str, str]) -> tuple[str, ...]:
    """Return the totals and verdicts of which the rule, an answer's range or the band is so."""
    scales = {one.id for one in instrument.scale if one.read == "unverified"}
    found = {one.id for one in instrument.item if one.scale in scales}
    made = _worked_out(instrument)
    for one in made:
        if one.read == "unverified" or found & set(one.parts):
            found.add(one.id)
    for total in instrument.total:
        if any(one.read == "unverified" for one in total.band if one.name == bands.get(total.id)):
            found.add(total.id)
    return tuple(one.id for one in made if one.id in found)


# Reading the answers.


def read(instrument: Instrument, answers: Answers) -> dict[str, float | None]:
    """Return every item's answer as a number, None where there is none, in the form's order.

    Raises Refused: ANSWER_IMPOSSIBLE.
    """
    items = {one.id: one for one in instrument.item}
    for id_, answer in answers.items():
        if id_ not in items:
            raise Refused(
                Refusal.ANSWER_IMPOSSIBLE,
                item=f"'{str(id_)[:_SHOWN]}'",
                instrument=instrument.short,
                text=f"'{str(answer)[:_SHOWN]}'",
                why="it has no such item",
                remedy=f"use the items {instrument.item[0].id} to {instrument.item[-1].id}; "
                f"see 'assuage instruments {instrument.id}'",
            )
    return {id_: _read(instrument, one, answers.get(id_)) for id_, one in items.items()}


def _read(instrument: Instrument, item: Item, answer: Answer) -> float | None:
    if answer is None:
        return None
    scale = instrument.scale_of(item)
    number = _number(answer, scale)
    why = "it isn't a plain number"
    if number is not None:
        why = _fault(number, scale)
        if not why:
            return number
    raise Refused(
        Refusal.ANSWER_IMPOSSIBLE,
        item=item.id,
        instrument=instrument.short,
        text=f"'{str(answer)[:_SHOWN]}'",
        why=why,
        remedy=f"answer with {allowed(scale)}, or leave it out if it wasn't answered",
    )


def _number(answer: object, scale: Scale) -> float | None:
    if isinstance(answer, str):
        if scale.yes_no and answer in _YES_NO:
            return _YES_NO[answer]
        if scale.low < 0.0 and _SIGNED.fullmatch(answer):
            return plain_number(answer[1:])  # +1 is how a scale to both sides of zero is written
        return plain_number(answer)
    if isinstance(answer, bool):
        return float(answer) if scale.yes_no else None
    if isinstance(answer, int | float):
        return float(answer) if -1e9 < answer < 1e9 else None  # neither NaN nor infinite
    return None


def plain_number(text: str) -> float | None:
    """Return the number that plain digits with a decimal point say, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text) + 0.0  # -0 is 0
    return number if math.isfinite(number) else None


def _fault(number: float, scale: Scale) -> str:
    if not scale.low <= number <= scale.high:
        return f"it lies outside {scale.low:g} to {scale.high:g}"
    if scale.step and not ((number - scale.low) / scale.step).is_integer():
        return f"it isn't a whole number of steps of {scale.step:g}"
    return ""


def allowed(scale: Scale) -> str:
    """Return the allowed answers in words."""
    if scale.yes_no:
        return "yes or no (1 or 0)"
    kind = "a number" if not scale.step else "a whole number"
    if scale.step not in (0.0, 1.0):
        kind = f"a number in steps of {scale.step:g}"
    return f"{kind} from {scale.low:g} to {scale.high:g}"


# Working out.


def _items(instrument: Instrument, given: Mapping[str, float | None]) -> dict[str, _Made]:
    made: dict[str, _Made] = {}
    for item in instrument.item:
        scale, value = instrument.scale_of(item), given[item.id]
        if value is not None and item.reversed:
            value = scale.low + scale.high - value
        made[item.id] = _item(scale, value)
    scales = {one.id: instrument.scale_of(one) for one in instrument.item}
    for branch in instrument.branch:
        # An answer above the lowest says that they were asked after all, and then a missing one
        # is missing.
        low = all(made[id_].value in (None, scales[id_].low) for id_ in branch.of)
        if low and _holds(branch.asked_if, made, {}) is False:
            made |= {
                id_: _item(scales[id_], scales[id_].low)
                for id_ in branch.of
                if made[id_].value is None
            }
    return made


def _item(scale: Scale, value: float | None) -> _Made:
    if value is None:
        return _Made(None, scale.low, scale.high, why="it isn't answered")
    return _Made(value, value, value)


def _total(instrument: Instrument, total: Total, made: Mapping[str, _Made]) -> _Made:
    parts = [made[id_] for id_ in total.parts]
    known = [one.value for one in parts if one.value is not None]
    prorated = any(one.prorated for one in parts)
    if len(known) == len(parts):
        value = _combine(total, known)
        return _Made(value, value, value, prorated)
    rule = total.missing or instrument.missing
    assert rule is not None  # the schema asks every instrument with items for its rule
    if rule.least_answered is not None and len(known) >= rule.least_answered:
        value = _prorate(total, known)
        return _Made(value, value, value, prorated or rule.rule == "prorate")
    absent = [id_ for id_ in total.parts if made[id_].value is None]
    least = f"; at least {rule.least_answered} are needed" if rule.least_answered else ""
    return _Made(
        None,
        _combine(total, [one.low for one in parts]),
        _combine(total, [one.high for one in parts]),
        why=f"without {', '.join(absent)}{least}",
    )


def _combine(total: Total, values: Sequence[float]) -> float:
    match total.rule:
        case "sum":
            return math.fsum(values)
        case "mean":
            return math.fsum(values) / len(values)
        case "max":
            return max(values)
        case "count":
            assert total.counted_from is not None
            return float(sum(value >= total.counted_from for value in values))
        case "weighted":
            pairs = zip(total.terms, values, strict=True)
            return math.fsum(value * term.times / term.over for term, value in pairs)


def _prorate(total: Total, known: Sequence[float]) -> float:
    """Return the total of the answered parts, as if the others had their mean (sum, mean, max)."""
    if total.rule == "sum":
        return math.fsum(known) * len(total.parts) / len(known)
    return _combine(total, known)


def _levels(
    verdict: Verdict, made: Mapping[str, _Made], possible: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the levels that a verdict may have, whatever the missing answers are."""
    found: list[str] = []
    for level in verdict.level:
        holds = True if level.when is None else _holds(level.when, made, possible)
        if holds is not False:
            found.append(level.name)
        if holds is True:
            break
    return tuple(found)


def _alarmed(
    instrument: Instrument, made: Mapping[str, _Made], possible: Mapping[str, tuple[str, ...]]
) -> bool:
    """Return whether an alarm holds for certain: itself, or one at every level left open."""

    def one_holds(levels: Mapping[str, tuple[str, ...]]) -> bool:
        return any(_holds(one.when, made, levels) is True for one in instrument.alarm)

    return one_holds(possible) or any(
        all(one_holds({**possible, id_: (level,)}) for level in levels)
        for id_, levels in possible.items()
    )


def _holds(
    when: Condition, made: Mapping[str, _Made], possible: Mapping[str, tuple[str, ...]]
) -> bool | None:
    """Return whether a condition holds, or None when missing answers leave it open."""
    if when.all:
        held = [_holds(one, made, possible) for one in when.all]
        return False if False in held else (None if None in held else True)
    if when.any:
        held = [_holds(one, made, possible) for one in when.any]
        return True if True in held else (None if None in held else False)
    assert when.of is not None
    if when.level:
        levels = possible[when.of]
        return None if when.level in levels and len(levels) > 1 else when.level in levels
    one = made[when.of]
    return _same(_meets(when, one.low), _meets(when, one.high))


def _meets(when: Condition, value: float) -> bool:
    if when.at_least is not None:
        return value >= when.at_least
    if when.at_most is not None:
        return value <= when.at_most
    assert when.below is not None
    return value < when.below


def _same(low: bool, high: bool) -> bool | None:
    return low if low == high else None
