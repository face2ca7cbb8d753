"""What `assuage simulate` works out: a wish in words becomes one prediction with its worth.

Nothing is printed here, so that another face can use it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L
from assuage.kinetics.engine import Prediction, check_subject, is_time_varying, predict
from assuage.kinetics.exact import Array
from assuage.kinetics.points import has_kernels
from assuage.kinetics.stream import task_of
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.knowledge.schema.facts import READ_IN_WORDS, Read, Sourced
from assuage.knowledge.schema.model import Model
from assuage.knowledge.schema.regimen import Regimen, Variant
from assuage.planning.give import doses_of, parse_give, read_time, read_times, too_many
from assuage.planning.population import (
    MOST_PATIENTS,
    Population,
    executor_of,
    gather,
    thresholds_of,
    told_in_numbers,
)
from assuage.planning.prediction.course import doses
from assuage.planning.regimen import schedule, variant_of
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

SEXES = ("female", "male", "intersex")
ANCESTRIES = ("asian", "japanese", "other")
ADULT_YEARS = 18.0
AFTER_LAST_H = 6.0
GRID = 240  # steps from the first to the last time
FEWEST_FOR_A_BAND = 100
MOST_TIMES = 2000
MOST_NUMBERS = 30_000_000  # patients x times x analytes: what fits in the memory of a laptop
STEPPED_H = 240.0  # a model whose clearance moves with time isn't carried further
_NICE_H = (1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48, 72, 168, 336, 672, 1344)
_ROWS = 14
_EDGE_ROWS = 10
LOCK_OPTIONS = {
    "ethics-approval": "--ethics-approval",
    "intensive-care": "--setting intensive-care",
    "jurisdiction": "--place",
    "named-intensivist": "--intensivist",
}


@dataclass(frozen=True)
class Wish:
    """What was asked for, as written. None is unknown."""

    model: str | None = None
    regimen: str | None = None
    variant: str | None = None
    weight: str | None = None
    age: str | None = None
    sex: str | None = None
    ancestry: str | None = None
    gives: tuple[str, ...] = ()
    at: str | None = None
    until: str | None = None
    population: int = 1000
    seed: int = 1
    ethics_approval: str | None = None
    setting: str | None = None
    place: str | None = None
    intensivist: str | None = None
    over: tuple[str, ...] = ()  # thresholds
    workers: str | None = None
    cluster: str | None = None  # an address, or "local"
    resume: str | None = None  # a population file

    @property
    def streams(self) -> bool:
        """Whether something was asked for that only a streamed population has."""
        return bool(self.over) or (self.workers, self.cluster, self.resume) != (None,) * 3


@dataclass(frozen=True)
class Simulation:
    """What came of it. `shown_h` are the times worth a row of a table."""

    model: Model
    subject: Subject
    doses: tuple[Dose, ...]
    prediction: Prediction
    shown_h: tuple[float, ...]
    patients: int
    warnings: tuple[str, ...]
    citations: tuple[str, ...]
    regimen: Regimen | None = None
    variant: Variant | None = None
    population: Population | None = None  # of a streamed one


@dataclass
class _Given:
    """Doses of a regimen or of --give, with what has to be said about them."""

    doses: list[Dose]
    regimen: Regimen | None = None
    variant: Variant | None = None
    warnings: list[str] = field(default_factory=list)


def simulate(wish: Wish, told: Callable[[int], None] = lambda _: None) -> Simulation:
    """Work out the wish; `told` hears how many patients of a streamed population are done.

    Raises Refused for whatever in it can't be done.
    """
    _check_words(wish)
    regimen = library.regimen(wish.regimen) if wish.regimen is not None else None
    if regimen is not None:
        _check_lock(regimen, wish)
    subject = Subject(
        _read(wish.weight, Dimension.WEIGHT),
        _read(wish.age, Dimension.AGE),
        wish.sex,
        wish.ancestry,
    )
    if wish.model is None and subject.age_years is None:
        raise Refused(Refusal.AGE_UNKNOWN)
    model = library.model(wish.model) if wish.model is not None else _default(regimen, subject)
    given = _given(wish, regimen, subject, model)
    times, shown = _times(wish, given.doses)
    streams = wish.streams or wish.population > MOST_NUMBERS // (len(times) * len(model.analyte))
    _check_size(model, subject, wish, times, streams=streams)
    alone = replace(wish, population=0) if streams else wish
    prediction = _predicted(model, subject, given.doses, times, alone)
    population = None
    if streams:
        population = _streamed(model, subject, given.doses, times, wish, told)
        prediction = _with_bands(prediction, population)
    warnings = [*given.warnings, *prediction.warnings, *_about(model, subject, wish.population)]
    return Simulation(
        model,
        subject,
        tuple(given.doses),
        prediction,
        shown,
        wish.population,
        tuple(warnings),
        citations(model, given.regimen, given.variant),
        regimen,
        given.variant,
        population,
    )


def _read(text: str | None, dimension: Dimension) -> float | None:
    return None if text is None else parse(text, dimension).magnitude


def one_of(text: str | None, choices: Sequence[str], what: str) -> None:
    """Raise Refused when the text isn't one of the choices; None is nothing said."""
    if text is not None and text not in choices:
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=text, what=what, choices=", ".join(choices))


def _check_words(wish: Wish) -> None:
    one_of(wish.sex, SEXES, "sex")
    one_of(wish.ancestry, ANCESTRIES, "ancestry")
    if wish.gives and wish.regimen is not None:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--give and --regimen",
            remedy="write the doses, or name the regimen",
        )
    if wish.at is not None and wish.until is not None:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--at and --until",
            remedy="list the times, or say when to stop",
        )
    if wish.variant is not None and wish.regimen is None:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="--regimen",
            remedy="name the regimen that the variant belongs to",
        )
    if wish.regimen is None and wish.model is None:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="--model",
            remedy=f"use one of: {', '.join(library.model_ids())}",
        )
    if wish.regimen is None and not wish.gives:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="--give",
            remedy="say what is given, such as --give '0.5 mg/kg over 40 min'",
        )


def _check_lock(regimen: Regimen, wish: Wish) -> None:
    """Raise Refused with every option that the regimen's research lock still asks for."""
    if wish.place is not None and library.place(wish.place) is None:
        choices = ", ".join(library.place_codes())
        raise Refused(Refusal.PLACE_UNKNOWN, place=wish.place, choices=choices)
    if regimen.lock is None:
        return
    met = {
        "ethics-approval": bool((wish.ethics_approval or "").strip()),
        "intensive-care": wish.setting == "intensive-care",
        "jurisdiction": wish.place is not None,
        "named-intensivist": bool((wish.intensivist or "").strip()),
    }
    missing = [LOCK_OPTIONS[need] for need in regimen.lock.needs if not met[need]]
    if missing:
        raise Refused(Refusal.RESEARCH_LOCK, regimen=regimen.id, needs=", ".join(missing))


def _default(regimen: Regimen | None, subject: Subject) -> Model:
    """Return the model whose default role fits the regimen and the age."""
    assert regimen is not None
    assert subject.age_years is not None
    people = "adult" if subject.age_years >= ADULT_YEARS else "child"
    route = regimen.routes[0]
    for id_ in library.model_ids():
        model = library.model(id_)
        for one in model.role:
            fits = (one.drug, one.route, one.people) == (regimen.drug, route, people)
            if fits and one.role == "default":
                return model
    remedy = f"no model is the default for {regimen.drug} by the route {route} in this {people}"
    raise Refused(Refusal.OPTION_MISSING, what="--model", remedy=f"{remedy}; see 'assuage models'")


def _given(wish: Wish, regimen: Regimen | None, subject: Subject, model: Model) -> _Given:
    if regimen is None:
        gives = [parse_give(text) for text in wish.gives]
        return _Given(doses_of(gives, subject.weight_kg, model))
    if regimen.drug != model.drug:
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why=f"it is a model of {model.drug} and {regimen.id} gives {regimen.drug}",
            choices=", ".join(
                one for one in serving(subject) if library.model(one).drug == regimen.drug
            )
            or f"none of {regimen.drug} serves this person",
        )
    variant = variant_of(regimen, wish.variant)
    planned = schedule(regimen, wish.variant, subject.weight_kg)
    sure = [one for one in planned if not one.as_needed]
    if not len(sure) <= MOST_TIMES:
        raise too_many(str(len(sure)), MOST_TIMES)
    given = _Given(doses(sure, regimen.routes[0], 1.0, course=True), regimen, variant)
    if regimen.lock is not None:
        given.warnings.append(f"{regimen.id} is research only: {regimen.lock.reason.text}")
    if optional := len(planned) - len(sure):
        given.warnings.append(f"{optional} doses that are given only as needed are left out")
    return given


def _times(wish: Wish, given: Sequence[Dose]) -> tuple[Array, tuple[float, ...]]:
    """Return the times to predict, and those of them that are worth a row."""
    if wish.at is not None:
        asked = read_times(wish.at)
        if not len(asked) <= MOST_TIMES:
            raise too_many(str(len(asked)), MOST_TIMES)
        return np.array(asked), asked
    edges = {one.start_h for one in given}
    edges |= {one.start_h + (one.duration_h or 0.0) for one in given}
    last = max(edges, default=0.0) + AFTER_LAST_H
    if wish.until is not None:
        last = read_time(wish.until, "an end")
    if not last > 0.0:
        raise Refused(Refusal.QUANTITY_NOT_POSITIVE, what="end", text=wish.until, example="8 h")
    step = next((one for one in _NICE_H if last / one <= _ROWS), _NICE_H[-1])
    nice = [k * step for k in range(int(last / step + 1e-9) + 1)]
    rows = {*nice, last, *sorted(one for one in edges if one <= last)[:_EDGE_ROWS]}
    grid = {*rows, *(one for one in edges if one <= last), *np.linspace(0.0, last, GRID + 1)}
    if last > 2.0 * GRID / 60.0:  # coarser than some minutes: look closer after each dose
        after = (1 / 12, 1 / 6, 0.25, 0.5, 1.0, 2.0, 4.0)
        closer = {edge + more for edge in sorted(edges) for more in after}
        grid |= {one for one in closer if one <= last}
    return np.array(_apart(grid)), tuple(_apart(rows))


def _apart(times: set[float]) -> list[float]:
    """Return the times in order, without those that differ only by a float's dust."""
    found: list[float] = []
    for one in sorted(float(time) for time in times):
        if not found or one - found[-1] > 1e-9:
            found.append(one)
    return found


def _check_size(model: Model, subject: Subject, wish: Wish, times: Array, *, streams: bool) -> None:
    least = 1 if streams else 0
    if not least <= wish.population <= MOST_PATIENTS:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="population",
            text=wish.population,
            low=least,
            high=MOST_PATIENTS,
            unit="patients",
            example="--population 1000",
        )
    if is_time_varying(model) and not float(times.max()) <= STEPPED_H:
        why = f"its clearance moves with time and isn't carried past {STEPPED_H:g} h"
        raise _unsuitable(model, subject, why)


def serving(subject: Subject) -> list[str]:
    """Return the models that serve a person: a child's model isn't named to an adult."""
    found = []
    for id_ in library.model_ids():
        try:
            check_subject(library.model(id_), subject)
        except Refused:
            continue
        found.append(id_)
    return found


def _unsuitable(model: Model, subject: Subject, why: str, *, varied: bool = False) -> Refused:
    """Return the refusal with the models of the same drug that would do for this person.

    Where there is none it says so, and names none.
    """
    found = [
        one.id
        for one in (library.model(id_) for id_ in serving(subject))
        if one.drug == model.drug and not is_time_varying(one) and (one.variability or not varied)
    ]
    if found:
        choices = ", ".join(found)
        return Refused(Refusal.MODEL_UNSUITABLE, model=model.id, why=why, choices=choices)
    asked = "patients that differ" if varied else "so long a time"
    need = "publishes variability" if varied else "has a clearance that stays"
    return Refused(
        Refusal.OPTION_CONFLICT,
        what=f"{asked} and {model.id}, because {why}",
        remedy=f"leave it out: no model of {model.drug} that serves this person {need}",
    )


def _predicted(
    model: Model, subject: Subject, given: Sequence[Dose], times: Array, wish: Wish
) -> Prediction:
    found = predict(model, subject, given, times, patients=wish.population, seed=wish.seed)
    values = [one for series in found.series for one in (series.typical, series.p95)]
    if not all(np.isfinite(one).all() for one in values if one is not None):
        raise _out_of_range(model)
    return found


def _streamed(
    model: Model,
    subject: Subject,
    given: Sequence[Dose],
    times: Array,
    wish: Wish,
    told: Callable[[int], None],
) -> Population:
    """Simulate patient after patient and return bands and shares. Raises Refused."""
    thresholds = thresholds_of(wish.over)
    executor = executor_of(wish.workers, wish.cluster)
    if not model.variability:
        why = "it publishes no variability, so every patient of a population would be the same"
        raise _unsuitable(model, subject, why, varied=True)
    if not has_kernels():
        raise Refused(
            Refusal.EXTRA_MISSING,
            what="a population that streams",
            package="numba",
            extra="engine",
            option="--over, --workers, --cluster, --resume and so many patients",
        )
    levels = tuple(one.ng_per_ml / NG_PER_ML_PER_MG_PER_L for one in thresholds)
    task = task_of(model, subject, tuple(given), times, wish.seed, levels)
    path = None if wish.resume is None else Path(wish.resume)
    try:
        tally = gather(task, wish.population, executor, path=path, told=told)
        analytes = tuple(one.name for one in model.analyte)
        return told_in_numbers(tally, analytes, times, thresholds)
    except ValueError as error:
        raise _out_of_range(model) from error


def _with_bands(prediction: Prediction, population: Population) -> Prediction:
    pairs = zip(prediction.series, population.bands, strict=True)
    series = tuple(replace(one, p5=b[0], p50=b[1], p95=b[2]) for one, b in pairs)
    return replace(prediction, series=series)


def _out_of_range(model: Model) -> Refused:
    return Refused(
        Refusal.MODEL_UNSUITABLE,
        model=model.id,
        why="its numbers don't hold for these doses and times",
        choices="see 'assuage models'",
    )


def _about(model: Model, subject: Subject, patients: int) -> list[str]:
    """Say what of the person the model can't use, and which of its numbers are uncertain."""
    found = []
    known = {one.covariate for one in model.covariate}
    for name, value in (("sex", subject.sex), ("ancestry", subject.ancestry)):
        if value is not None and name not in known:
            found.append(f"{model.id} has no effect of {name}: it makes no difference here")
    if subject.weight_kg is None:
        found.append("weight isn't known, so it isn't held against the weights studied")
    doubtful = [name for name, one in model.parameter.items() if one.read == "unverified"]
    if doubtful:
        found.append(f"unverified numbers in {model.id}: {', '.join(doubtful)}")
    found += [f"{one.name}: {one.caveat}" for one in model.analyte if one.caveat]
    if patients == 0:
        found.append("no population was asked for, so there is no band")
    elif patients < FEWEST_FOR_A_BAND and model.variability:
        found.append(f"a band from {patients} patients is rough; ask for {FEWEST_FOR_A_BAND}")
    return found


def citations(
    model: Model, regimen: Regimen | None = None, variant: Variant | None = None
) -> tuple[str, ...]:
    """Return every source behind the numbers, the model's own first, with how it was read."""
    facts: list[Sourced] = [*model.parameter.values(), *model.covariate]
    facts += [*model.variability, *model.correlation]
    if regimen is not None and variant is not None:
        facts += [variant, *variant.segment]
    reads: dict[str, set[Read]] = {model.source: set()}
    for one in facts:
        reads.setdefault(one.source, set()).add(one.read)
    return tuple(cited(id_, used) for id_, used in reads.items())


def cited(id_: str, reads: set[Read]) -> str:
    """Return a source in one line: what it is, what of it was read, how its numbers came here."""
    source = library.sources().get(id_)
    if source is None:
        raise Refused(Refusal.KNOWLEDGE_DAMAGED, path="sources", why=f"there is no source '{id_}'")
    doi = f" doi:{source.doi}." if source.doi else ""
    ways = " and ".join(READ_IN_WORDS[one] for one in READ_IN_WORDS if one in reads)
    used = f" Numbers used here: {ways}." if ways else ""
    return f"{source.citation.rstrip('.')}.{doi} Read: {source.read.rstrip('.')}.{used}"
