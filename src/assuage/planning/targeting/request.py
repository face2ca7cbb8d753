"""What `assuage target` was asked for: words become targets in time, a pump and a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from assuage.kinetics.engine import check_subject, is_time_varying
from assuage.kinetics.structure import Subject
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.model import Model
from assuage.knowledge.schema.regimen import Setting
from assuage.planning.give import read_time
from assuage.planning.simulation import ANCESTRIES, SEXES, one_of, serving
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, format_quantity, parse

DRUGS = ("racemic-ketamine", "esketamine")
SETTINGS: tuple[str, ...] = get_args(Setting)
EXAMPLE = "'150 ng/mL at 0 min, 200 ng/mL at 60 min'"
LONGEST_TEXT = 400
MOST_STEPS = 20_000  # of a pump in one schedule
MOST_CHANGES = 20
MOST_MINUTES = 1440  # that a schedule with few changes is sought over
FASTEST_STEP_S = 1.0  # and whole: a person reads the time of each change to the second
WHOLE = 1e-6  # how far a time may lie from a whole number of steps


@dataclass(frozen=True)
class Wish:
    """What was asked for, as written. None is unknown."""

    model: str | None = None
    target: str | None = None
    hold: str | None = None
    effect: str | None = None
    plasma: bool = False
    drug: str | None = None
    weight: str | None = None
    age: str | None = None
    sex: str | None = None
    ancestry: str | None = None
    concentration: str | None = None
    pump_step: str | None = None
    pump_max: str | None = None
    pump_min: str | None = None
    minute_max: str | None = None
    dose_max: str | None = None
    regimen: str | None = None
    setting: str | None = None
    step: str = "10 s"
    within: str | None = None
    syringe: str | None = None
    changes: int | None = None
    overshoot: float | None = None  # percent
    induction: str | None = None
    population: int = 300
    seed: int = 1


@dataclass(frozen=True)
class Target:
    """A level from a time on: ng/mL and h."""

    start_h: float
    level_ng_per_ml: float


@dataclass(frozen=True)
class Pump:
    """The pump and the syringe in it. Rates in mL/h, what it gives in mg/mL."""

    concentration_mg_per_ml: float
    step_ml_per_h: float
    most_ml_per_h: float
    least_ml_per_h: float | None
    syringe_ml: float

    @property
    def quantum_mg_per_h(self) -> float:
        """Return the drug that one step of the pump's rate carries."""
        return self.step_ml_per_h * self.concentration_mg_per_ml


@dataclass(frozen=True)
class Request:
    """The same, read and checked. Times in h, doses in mg."""

    model: Model
    effect: Effect | None
    drug: str
    share: float  # of each mg given that the model's drug is
    subject: Subject
    weight_kg: float
    targets: tuple[Target, ...]
    hold_h: float
    step_h: float
    pump: Pump
    minute_max_mg: float | None
    dose_max_mg: float | None
    regimen: str | None
    setting: str
    within_h: float
    within_asked: bool  # a time that was asked for is kept; the one assumed is told when missed
    changes: int | None
    overshoot: float
    induction_h: float
    population: int
    seed: int


def read(wish: Wish) -> Request:
    """Read the wish. Raises Refused for whatever in it is missing, unreadable or doesn't fit."""
    one_of(wish.sex, SEXES, "sex")
    one_of(wish.ancestry, ANCESTRIES, "ancestry")
    one_of(wish.drug, DRUGS, "drug")
    one_of(wish.setting, SETTINGS, "setting")
    if wish.model is None:
        raise _missing("--model", f"use one of: {', '.join(library.model_ids())}")
    if wish.plasma == (wish.effect is not None):
        what, why = "--effect or --plasma", "name one of them: where the target holds"
        both = Refused(Refusal.OPTION_CONFLICT, what="--effect and --plasma", remedy=why)
        raise both if wish.plasma else _missing(what, why)
    model = library.model(wish.model)
    effect = None if wish.effect is None else _effect(wish.effect)
    drug, share = _drug(model, effect, wish)
    subject = _subject(model, wish)
    assert subject.weight_kg is not None
    step_h = parse(wish.step, Dimension.DURATION, what="a control step").magnitude
    targets, hold_h = _times(wish, model, step_h)
    return Request(
        model=model,
        effect=effect,
        drug=drug,
        share=share,
        subject=subject,
        weight_kg=subject.weight_kg,
        targets=targets,
        hold_h=hold_h,
        step_h=step_h,
        pump=_pump(wish),
        minute_max_mg=_optional(wish.minute_max, Dimension.DOSE, "a most for any minute"),
        dose_max_mg=_optional(wish.dose_max, Dimension.DOSE, "a most in all"),
        regimen=wish.regimen,
        setting=wish.setting or "",
        within_h=_duration(wish.within, "target-within"),
        within_asked=wish.within is not None,
        changes=_changes(wish, step_h, hold_h, targets),
        overshoot=_overshoot(wish.overshoot),
        induction_h=_duration(wish.induction, "target-induction"),
        population=wish.population,
        seed=wish.seed,
    )


def _missing(what: str, remedy: str) -> Refused:
    return Refused(Refusal.OPTION_MISSING, what=what, remedy=remedy)


def _effect(id_: str) -> Effect:
    held = library.effect(id_).effect
    if held is None:
        choices = [one for one in library.effect_ids() if library.effect(one).effect is not None]
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=id_,
            what="effect with an effect site",
            choices=", ".join(choices),
        )
    return held


def _drug(model: Model, effect: Effect | None, wish: Wish) -> tuple[str, float]:
    """Return the drug in the syringe and what share of it the model follows.

    A racemic syringe may be given by a model of esketamine, whose share of the dose is known;
    the other way round nothing is. An effect is read off the drug that drives it.
    """
    if effect is not None and effect.driver != model.drug:
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why=f"it follows {model.drug} and {effect.id} is driven by {effect.driver}",
            choices=", ".join(_models_of(effect.driver, _person(wish))),
        )
    drug = wish.drug or model.drug
    if drug == model.drug:
        return drug, 1.0
    if drug == "racemic-ketamine":
        return drug, library.assumed("esketamine-share")
    raise Refused(
        Refusal.MODEL_UNSUITABLE,
        model=model.id,
        why=f"it is a model of {model.drug} and the syringe holds {drug}",
        choices=", ".join(_models_of(drug, _person(wish))),
    )


def _models_of(drug: str, subject: Subject) -> list[str]:
    """Return the models of a drug whose steps a pump can follow and that serve this person."""
    return [
        one.id
        for one in (library.model(id_) for id_ in serving(subject))
        if one.drug == drug and not is_time_varying(one)
    ] or [f"none of {drug} serves this person"]


def _person(wish: Wish) -> Subject:
    weight = _optional(wish.weight, Dimension.WEIGHT, None)
    age = _optional(wish.age, Dimension.AGE, None)
    return Subject(weight, age, wish.sex, wish.ancestry)


def _subject(model: Model, wish: Wish) -> Subject:
    subject = _person(wish)
    check_subject(model, subject)
    if subject.weight_kg is None:
        raise Refused(Refusal.WEIGHT_UNKNOWN, regimen="a target, whose limits are per kg,")
    if is_time_varying(model):
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why="its clearance moves with time, and a pump's steps need one that doesn't",
            choices=", ".join(_models_of(model.drug, subject)),
        )
    return subject


def _optional(text: str | None, dimension: Dimension, what: str | None) -> float | None:
    return None if text is None else parse(text, dimension, what=what).magnitude


def _duration(text: str | None, assumed: str) -> float:
    if text is None:
        return library.assumed(assumed) / 60.0
    return parse(text, Dimension.DURATION).magnitude


def _pump(wish: Wish) -> Pump:
    asked = {
        "--concentration": wish.concentration,
        "--pump-step": wish.pump_step,
        "--pump-max": wish.pump_max,
    }
    examples = {"--concentration": "2 mg/mL", "--pump-step": "0.1 mL/h", "--pump-max": "1200 mL/h"}
    for name, text in asked.items():
        if text is None:
            raise _missing(name, f"say what the pump at hand has, such as '{examples[name]}'")
    flow, strength = Dimension.FLOW, Dimension.STRENGTH
    syringe = _optional(wish.syringe, Dimension.VOLUME, "a syringe")
    return Pump(
        parse(asked["--concentration"] or "", strength, what="a concentration").magnitude,
        parse(asked["--pump-step"] or "", flow, what="a pump's step").magnitude,
        parse(asked["--pump-max"] or "", flow, what="a pump's highest rate").magnitude,
        _optional(wish.pump_min, flow, "a pump's lowest rate"),
        library.assumed("syringe") if syringe is None else syringe,
    )


def _times(wish: Wish, model: Model, step_h: float) -> tuple[tuple[Target, ...], float]:
    if wish.target is None:
        raise _missing("--target", f"say which level, such as {EXAMPLE}")
    if wish.hold is None:
        raise _missing("--hold", "say until when, such as --hold '4 h'")
    seconds = step_h * 3600.0
    if not (seconds >= FASTEST_STEP_S - WHOLE and _is_whole(seconds)):
        raise _implausible("control step", wish.step, "1 whole", "3600", "s", "'10 s'")
    hold_h = parse(wish.hold, Dimension.DURATION, what="an end").magnitude
    targets = parse_targets(wish.target, model.drug)
    starts = [one.start_h for one in targets]
    for time in (*starts, hold_h):
        if not _is_whole(time / step_h):
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"a control step of {wish.step} and a time of {time * 60:g} min",
                remedy="choose a step that every time is a whole number of",
            )
    if not starts[-1] < hold_h - WHOLE * step_h:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"a hold of {wish.hold} and a target at {starts[-1] * 60:g} min",
            remedy="hold longer than to the last target: --hold counts from the start",
        )
    if not hold_h / step_h <= MOST_STEPS:
        most = format_quantity(MOST_STEPS * step_h, "h")
        raise _implausible("hold", wish.hold, "one step", most, f"at {wish.step}", "'4 h'")
    return targets, hold_h


def _implausible(
    what: str, text: object, low: object, high: object, unit: str, example: str
) -> Refused:
    return Refused(
        Refusal.QUANTITY_IMPLAUSIBLE,
        what=what,
        text=text,
        low=low,
        high=high,
        unit=unit,
        example=example,
    )


def _is_whole(count: float) -> bool:
    return abs(count - round(count)) <= WHOLE and round(count) >= 0


def parse_targets(text: str, drug: str) -> tuple[Target, ...]:
    """Return the targets of 'LEVEL [DRUG] [at TIME], ...', from zero on, in order of time.

    A racemic model's level is total ketamine. Raises Refused when a part can't be read, names
    another drug than the model's, or the times don't start at zero and rise.
    """
    if len(text) > LONGEST_TEXT:
        raise _unreadable(text[:LONGEST_TEXT] + "...")
    found: list[Target] = []
    for part in text.split(","):
        level, _, time = part.removeprefix(" ").partition(" at ")
        words = level.rsplit(" ", 1)
        if words[-1] in DRUGS:
            if words[-1] != drug:
                raise Refused(
                    Refusal.OPTION_CONFLICT,
                    what=f"a target of {words[-1]} and a model of {drug}",
                    remedy="choose a model of that drug; a level of one isn't one of the other",
                )
            level = words[0]
        if not time and (found or " at" in part):
            raise _unreadable(text)
        start_h = read_time(time, "a start") if time else 0.0
        if level.count(" ") > 1:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=words[-1],
                what="drug of a target level",
                choices=f"{drug}, or no word at all: the level is the model's own drug",
            )
        value = parse(level, Dimension.CONCENTRATION, what="a target level").magnitude
        if not (start_h > found[-1].start_h if found else start_h == 0.0):
            raise _unreadable(text)
        found.append(Target(start_h, value))
    return tuple(found)


def _unreadable(text: str) -> Refused:
    return Refused(
        Refusal.VALUE_NOT_ALLOWED,
        text=text,
        what="course of targets",
        choices=f"levels with rising times, the first at 0 min, such as {EXAMPLE}",
    )


def _changes(wish: Wish, step_h: float, hold_h: float, targets: tuple[Target, ...]) -> int | None:
    if wish.changes is None:
        return None
    if not 0 <= wish.changes <= MOST_CHANGES:
        example = "--max-changes 4"
        raise _implausible("number of changes", wish.changes, 0, MOST_CHANGES, "changes", example)
    whole = all(_is_whole(one.start_h * 60.0) for one in targets) and _is_whole(hold_h * 60.0)
    if not (whole and _is_whole(1.0 / 120.0 / step_h) and hold_h * 60.0 <= MOST_MINUTES + WHOLE):
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"--max-changes with a step of {wish.step} and a hold of {wish.hold}",
            remedy="give whole minutes up to 24 h, and a step that 30 s is a whole number of",
        )
    return wish.changes


def _overshoot(percent: float | None) -> float:
    if percent is None:
        return library.assumed("target-overshoot")
    if not 0.0 <= percent <= 20.0:
        raise _implausible("overshoot", percent, 0, 20, "percent", "--overshoot 5")
    return percent / 100.0


def at_level(request: Request, place: int, level_ng_per_ml: float) -> Request:
    """Return the request up to one target's end, with that target at another level."""
    targets = list(request.targets[: place + 1])
    targets[place] = replace(targets[place], level_ng_per_ml=level_ng_per_ml)
    return replace(request, targets=tuple(targets), hold_h=end_h(request, place))


def end_h(request: Request, place: int) -> float:
    """Return when a target's time is over: at the next one's start, or at the end."""
    later = request.targets[place + 1 :]
    return later[0].start_h if later else request.hold_h
