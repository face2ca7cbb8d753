"""The shape of knowledge/instruments/*.toml: what is asked, and how it's scored, as data.

An instrument has items, which are answered, and what is worked out from them: totals, which are
numbers, and verdicts, which are words. A total or a verdict may rest on the ones before it.
Nothing here computes; `care/outcomes/scoring.py` does.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from assuage.knowledge.schema.facts import Fact, Id, Sourced, Strict, Text

Domain = Literal[
    "pain",
    "function",
    "diagnosis",
    "mood",
    "anxiety",
    "trauma",
    "suicide-risk",
    "dissociation",
    "safety",
    "sedation",
    "bladder",
    "global",
    "health",
]
FilledBy = Literal["patient", "clinician", "patient-or-clinician"]
Direction = Literal["higher-is-worse", "higher-is-better", "none"]


class Choice(Strict):
    """One allowed answer with its words."""

    value: int
    text: Text


class Scale(Sourced):
    """The answers that an item may have, from `low` to `high` in steps of `step`.

    A step of 0 allows any number between. Yes and no are 1 and 0.
    """

    id: Id
    low: float
    high: float
    step: float = Field(default=1.0, ge=0.0)
    yes_no: bool = False
    choices: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"its low {self.low:g} isn't below its high {self.high:g}")
        if self.step and (self.high - self.low) % self.step:
            raise ValueError("its high isn't a whole number of steps above its low")
        if self.yes_no and (self.low, self.high, self.step) != (0.0, 1.0, 1.0):
            raise ValueError("yes and no are 1 and 0")
        values = [one.value for one in self.choices]
        if values != sorted(set(values)) or not all(self.low <= v <= self.high for v in values):
            raise ValueError("its choices aren't in order, or lie outside it")
        return self


class Condition(Strict):
    """Something true or false of the items, totals and verdicts before it.

    Either `of` with at_least, at_most, below or `is` (the level of a verdict), or `all`, or `any`.
    """

    of: Id | None = None
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None
    level: str = Field(default="", alias="is")
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        limits = sum(x is not None for x in (self.at_least, self.at_most, self.below))
        tested = limits + bool(self.level)
        if sum((self.of is not None, bool(self.all), bool(self.any))) != 1:
            raise ValueError("give exactly one of `of`, `all` and `any`")
        if (self.of is not None) != (tested == 1) or tested > 1:
            raise ValueError("`of` has exactly one of at_least, at_most, below and is")
        return self

    def names(self) -> tuple[str, ...]:
        """Return the ids that it looks at."""
        return tuple(one.of for one in self.leaves() if one.of is not None)

    def leaves(self) -> tuple[Condition, ...]:
        """Return the conditions inside it that look at one thing each."""
        inner = (leaf for one in (*self.all, *self.any) for leaf in one.leaves())
        return (self,) if self.of is not None else tuple(inner)

    def differs(self, low: float, high: float) -> bool:
        """Whether its limit holds at one end of a range and fails at the other."""
        if self.at_most is not None:
            return low <= self.at_most < high
        limit = self.below if self.at_least is None else self.at_least
        return limit is not None and low < limit <= high


class Item(Strict):
    """One question. `text` is its published wording, `label` assuage's own few words for it."""

    id: Id
    scale: Id
    label: str = ""
    text: str = ""
    reversed: bool = False


class Branch(Sourced):
    """Items that the form asks only if something holds; not asked, they count as their lowest."""

    of: tuple[Id, ...] = Field(min_length=1)
    asked_if: Condition


class Term(Strict):
    """One part of a weighted sum: `times` / `over` of an item or total."""

    of: Id
    times: float = Field(default=1.0, gt=0.0)
    over: float = Field(default=1.0, gt=0.0)


class Missing(Sourced):
    """What becomes of a total when parts are missing.

    no-total    there is none
    prorate     the answered ones speak for the rest, from `least_answered` on
    either-or   the form asks for only some of them; `least_answered` are enough
    """

    rule: Literal["no-total", "prorate", "either-or"]
    least_answered: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if (self.rule == "no-total") != (self.least_answered is None):
            raise ValueError("prorate and either-or need `least_answered`, no-total has none")
        return self

    def fits(self, rule: str, parts: int) -> None:
        """Check it against a total's rule and number of parts. Raises ValueError."""
        if self.rule == "prorate" and rule not in ("sum", "mean"):
            raise ValueError(f"a {rule} can't be prorated")
        if self.rule == "either-or" and rule != "max":
            raise ValueError("only the largest of some answers can do with some of them")
        if (self.least_answered or 0) > parts:
            raise ValueError("more answers are wanted than there are parts")


class Band(Sourced):
    """A named stretch of a total, from `at_least` up to the next one."""

    at_least: float
    name: Text


class Total(Sourced):
    """A number worked out from items and earlier totals.

    sum, mean, max   of `of`
    count            how many of `of` are at least `counted_from`
    weighted         the sum of `terms`
    """

    id: Id
    name: Text
    rule: Literal["sum", "mean", "max", "count", "weighted"]
    of: tuple[Id, ...] = ()
    terms: tuple[Term, ...] = ()
    counted_from: float | None = None
    low: float
    high: float
    direction: Direction
    missing: Missing | None = None  # the instrument's own rule when left out
    band: tuple[Band, ...] = ()

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if (self.rule == "weighted") != bool(self.terms) or bool(self.terms) == bool(self.of):
            raise ValueError("a weighted total has `terms`, any other has `of`")
        if (self.rule == "count") != (self.counted_from is not None):
            raise ValueError("a count, and nothing else, has `counted_from`")
        if len(set(self.parts)) != len(self.parts):
            raise ValueError("a part is named twice")
        if not self.low < self.high:
            raise ValueError(f"its low {self.low:g} isn't below its high {self.high:g}")
        starts = [one.at_least for one in self.band]
        if starts != sorted(set(starts)) or not all(self.low <= x <= self.high for x in starts):
            raise ValueError("its bands aren't in order, or lie outside it")
        if starts and starts[0] != self.low:
            raise ValueError("its first band doesn't start at its low")
        if self.missing is not None:
            self.missing.fits(self.rule, len(self.parts))
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """The items and totals that it rests on."""
        return self.of or tuple(one.of for one in self.terms)


class Level(Strict):
    """One outcome of a verdict. The last has no `when`: it holds if none before it does."""

    name: Text
    when: Condition | None = None


class Verdict(Sourced):
    """Words worked out from items and totals: the first of its levels that holds."""

    id: Id
    name: Text
    level: tuple[Level, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if any(one.when is None for one in self.level[:-1]) or self.level[-1].when is not None:
            raise ValueError("each level but the last has `when`")
        if len({one.name for one in self.level}) != len(self.level):
            raise ValueError("a level is given twice")
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """The items, totals and verdicts that it looks at."""
        return tuple(name for one in self.level if one.when for name in one.when.names())


class Alarm(Sourced):
    """Something that a person must look at: `text` says what, `remedy` what to do."""

    id: Id
    when: Condition
    text: Text
    remedy: Text


class Change(Sourced):
    """A change of a total that matters, in points or in percent of the baseline.

    `worth` says what it is: a minimal important change, a substantial one, or the smallest that
    is more than the error of measurement.
    """

    of: Id
    worth: Literal["minimal", "substantial", "beyond-error"]
    value: float = Field(gt=0.0)
    unit: Literal["points", "percent"]


class Response(Sourced):
    """Who has responded: a change for the better from the baseline, or a value by itself."""

    of: Id
    by: Literal["percent", "points", "value"]
    value: float

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.by != "value" and not self.value > 0.0:
            raise ValueError("a change for the better is above zero")
        return self


class Remission(Sourced):
    """Who is in remission: a total at or better than `value`; or only better, if `below`."""

    of: Id
    value: float
    below: bool = False


class Crosswalk(Sourced):
    """Totals of this instrument and their published equals on another: (own, low, high) a row."""

    of: Id
    to: Id
    row: tuple[tuple[float, float, float], ...]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        own = [one[0] for one in self.row]
        if own != sorted(set(own)) or not all(low <= high for _, low, high in self.row):
            raise ValueError("its rows aren't in order")
        return self


class Code(Sourced):
    """A code of an item, a total or the whole instrument (`of` left empty)."""

    of: str = ""
    system: Literal["LOINC", "SNOMED CT", "CDISC"]
    code: Text
    means: Text


class Licence(Fact):
    """Whether the wording may be shown, and what must be shown with it."""

    may_ship: Literal["yes", "no", "unresolved"]
    holder: str = ""
    attribution: str = ""


class Instrument(Strict):
    """One instrument. Without items it is only named, and can't be scored."""

    id: Id
    name: Text
    short: Text
    domain: tuple[Domain, ...] = Field(min_length=1)
    summary: Text
    filled_by: FilledBy
    recall: Fact | None = None
    licence: Licence
    wording: Fact | None = None  # where the items and their wording were read
    scale: tuple[Scale, ...] = ()
    item: tuple[Item, ...] = ()
    branch: tuple[Branch, ...] = ()
    missing: Missing | None = None
    total: tuple[Total, ...] = ()
    verdict: tuple[Verdict, ...] = ()
    main: str = ""  # the total or the verdict that stands for the whole
    alarm: tuple[Alarm, ...] = ()
    change: tuple[Change, ...] = ()
    response: Response | None = None
    remission: Remission | None = None
    crosswalk: tuple[Crosswalk, ...] = ()
    code: tuple[Code, ...] = ()
    claim: tuple[Fact, ...] = ()  # what is known of how well it measures
    caution: tuple[Fact, ...] = ()
    gap: tuple[Fact, ...] = ()

    @model_validator(mode="after")
    def _ids(self) -> Self:
        ids = [*(one.id for one in self.item), *(one.id for one in self.total)]
        ids += [one.id for one in self.verdict]
        for all_ids in (ids, [one.id for one in self.scale], [one.id for one in self.alarm]):
            if len(set(all_ids)) != len(all_ids):
                raise ValueError("an id is given twice")
        if bool(self.item) != bool(self.total or self.verdict):
            raise ValueError("items and what is worked out from them come together")
        if bool(self.item) != (self.missing is not None and self.wording is not None):
            raise ValueError("items need `missing` and `wording`")
        return self

    @model_validator(mode="after")
    def _rests_on_what_is_there(self) -> Self:
        known = {one.id for one in self.item}
        scales = {one.id for one in self.scale}
        used: set[str] = set()
        for item in self.item:
            if item.scale not in scales:
                raise ValueError(f"the item '{item.id}' has no scale '{item.scale}'")
        for branch in self.branch:
            used |= {*branch.of, *branch.asked_if.names()}
        if used - known:
            raise ValueError(f"a branch names '{min(used - known)}', which isn't an item")
        used = set()
        made = [(one.id, set(one.parts)) for one in self.total]
        for id_, parts in (*made, *((one.id, set(one.parts)) for one in self.verdict)):
            if parts - known:
                raise ValueError(f"'{id_}' rests on '{min(parts - known)}'")
            used |= parts
            known.add(id_)
        used |= {name for one in self.alarm for name in one.when.names()}
        if used - known:
            raise ValueError(f"an alarm looks at '{min(used - known)}'")
        unused = {one.id for one in self.item} - used
        if unused or scales - {one.scale for one in self.item}:
            raise ValueError(f"an item or a scale isn't used: {', '.join(sorted(unused))}")
        return self

    @model_validator(mode="after")
    def _conditions_can_hold_and_fail(self) -> Self:
        """Refuse an alarm on a level that isn't there, or beyond the scale: it never sounds."""
        reach = {one.id: (one.low, one.high) for one in self.total}
        for item in self.item:
            scale = self.scale_of(item)
            reach[item.id] = (scale.low, scale.high)
        levels = {one.id: {level.name for level in one.level} for one in self.verdict}
        whens = [one.asked_if for one in self.branch] + [one.when for one in self.alarm]
        whens += [level.when for one in self.verdict for level in one.level if level.when]
        for leaf in (leaf for when in whens for leaf in when.leaves()):
            assert leaf.of is not None
            if leaf.level and leaf.level not in levels.get(leaf.of, ()):
                raise ValueError(f"'{leaf.of}' has no level '{leaf.level}'")
            if not leaf.level and leaf.of not in reach:
                raise ValueError(f"'{leaf.of}' is no number")
            if not leaf.level and not leaf.differs(*reach[leaf.of]):
                raise ValueError(f"a condition on '{leaf.of}' always holds, or never")
        return self

    @model_validator(mode="after")
    def _missing_fits(self) -> Self:
        for one in self.total:
            if one.missing is None and self.missing is not None:
                self.missing.fits(one.rule, len(one.parts))
        return self

    @model_validator(mode="after")
    def _names(self) -> Self:
        totals = {one.id: one for one in self.total}
        named = {*totals, *(one.id for one in self.item), *(one.id for one in self.verdict)}
        if bool(self.item) != (self.main in totals or self.main in {v.id for v in self.verdict}):
            raise ValueError("`main` names no total and no verdict")
        rules = (*self.change, *self.crosswalk, self.response, self.remission)
        for rule in (one for one in rules if one is not None):
            if rule.of not in totals:
                raise ValueError(f"a rule is about '{rule.of}', which isn't a total")
            if not isinstance(rule, Crosswalk) and totals[rule.of].direction == "none":
                raise ValueError(f"'{rule.of}' has no better or worse")
        for code in self.code:
            if code.of and code.of not in named:
                raise ValueError(f"a code is of '{code.of}'")
        worded = [*(one.text for one in self.item), *(one.choices for one in self.scale)]
        if self.licence.may_ship != "yes" and any(worded):
            raise ValueError("its wording stands here and its licence doesn't allow that")
        return self

    @model_validator(mode="after")
    def _percent(self) -> Self:
        percents = {one.of for one in self.change if one.unit == "percent"}
        if self.response is not None and self.response.by == "percent":
            percents.add(self.response.of)
        for one in self.total:
            if one.id in percents and one.low != 0.0:
                raise ValueError(f"a percentage of '{one.id}' means nothing: it doesn't start at 0")
        return self

    def scale_of(self, item: Item) -> Scale:
        """Return the answers that an item may have."""
        return next(one for one in self.scale if one.id == item.scale)


class CodeNotice(Sourced):
    """The words that must be shown with the codes of a system."""

    system: Literal["LOINC", "SNOMED CT", "CDISC"]
    text: Text
