"""What `assuage individual` works out: a request in words becomes bands before and after.

Nothing is printed here, so that another face can use it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assuage.kinetics.engine import check_subject
from assuage.kinetics.exact import Array
from assuage.kinetics.individual import belief as beliefs
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.knowledge.schema.facts import Read, Sourced
from assuage.knowledge.schema.model import Model
from assuage.planning.give import doses_of, parse_give, read_time, read_times
from assuage.planning.individual.fit import Band, Individual, Number, Wish, bands, individual
from assuage.planning.individual.fit import score_band as scores_of
from assuage.planning.individual.measurement import (
    Level,
    Measured,
    Points,
    once,
    read_level,
    read_score,
    read_table,
)
from assuage.planning.individual.mood import MoodAnswer, mood, session_days
from assuage.planning.individual.words import Reading, contradicted
from assuage.planning.simulation import ANCESTRIES, SEXES, cited, one_of
from assuage.planning.simulation import citations as of_model
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

GRID = 160
AFTER_LAST_H = 6.0
PAIN_DAYS = 84
MOOD_DAYS_AFTER = 7  # after the last session or score: one score says nothing of a month
MOST_TIMES = 500
FEWEST_DRAWS, MOST_DRAWS = 200, 20_000


@dataclass(frozen=True)
class Request:
    """What was asked for, as written. None is unknown."""

    model: str
    weight: str | None = None
    age: str | None = None
    sex: str | None = None
    ancestry: str | None = None
    gives: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    pain: tuple[str, ...] = ()
    mood: tuple[str, ...] = ()
    sedation: tuple[str, ...] = ()
    data: Path | None = None
    at: str | None = None
    until: str | None = None
    draws: int = beliefs.DRAWS
    seed: int = 1


@dataclass(frozen=True)
class Answer:
    """What came of it: fits, and every band before and after the data."""

    model: Model
    doses: tuple[Dose, ...]
    fit: Individual | None
    mood: MoodAnswer | None
    bands: tuple[Band, ...]
    warnings: tuple[str, ...]
    citations: tuple[str, ...]

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number that varies between patients, of both fits."""
        return tuple(one for fit in (self.fit, self.mood) if fit for one in fit.numbers)

    @property
    def contradicted(self) -> bool:
        """Whether the data contradict a model, so that no number with them is to be acted on."""
        return contradicted(self.warnings)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every measurement beside what was foretold."""
        return tuple(one for fit in (self.fit, self.mood) if fit for one in fit.readings)


def answer(request: Request) -> Answer:
    """Work the request out. Raises Refused for whatever in it can't be done."""
    _check(request)
    model = library.model(request.model)
    subject = Subject(
        _quantity(request.weight, Dimension.WEIGHT),
        _quantity(request.age, Dimension.AGE),
        request.sex,
        request.ancestry,
    )
    given = doses_of([parse_give(one) for one in request.gives], subject.weight_kg, model)
    measured = measured_of(request)
    scores = [one for one in measured if isinstance(one, Points) and one.what == "mood"]
    fit, found = None, []
    if len(scores) < len(measured):
        fit = individual(Wish(model, subject, tuple(given), measured, request.draws, request.seed))
        found = _bands(request, fit, given)
    else:
        check_subject(model, subject)
    moods = None
    if scores:
        days = _mood_days(request, given, scores)
        moods = mood(
            model.drug,
            given,
            subject.weight_kg,
            scores,
            days,
            draws=request.draws,
            seed=request.seed,
        )
        found.append(moods.band)
    warnings = [*(fit.warnings if fit else ()), *(moods.warnings if moods else ())]
    return Answer(
        model, tuple(given), fit, moods, tuple(found), tuple(warnings), _citations(fit, moods)
    )


def _quantity(text: str | None, dimension: Dimension) -> float | None:
    return None if text is None else parse(text, dimension).magnitude


def _check(request: Request) -> None:
    one_of(request.sex, SEXES, "sex")
    one_of(request.ancestry, ANCESTRIES, "ancestry")
    if request.at is not None and request.until is not None:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--at and --until",
            remedy="list the times, or say when to stop",
        )
    if not request.gives:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="--give",
            remedy="say what was given, such as --give '0.5 mg/kg over 40 min'",
        )
    if not FEWEST_DRAWS <= request.draws <= MOST_DRAWS:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="number of draws",
            text=request.draws,
            low=FEWEST_DRAWS,
            high=MOST_DRAWS,
            unit="draws",
            example="--draws 2000",
        )


def measured_of(request: Request) -> tuple[Measured, ...]:
    """Return every measurement of a request, the table's last. Raises Refused when none is."""
    found: list[Measured] = [read_level(one) for one in request.levels]
    found += [read_score("pain", one) for one in request.pain]
    found += [read_score("mood", one) for one in request.mood]
    found += [read_score("sedation", one) for one in request.sedation]
    found += read_table(request.data) if request.data is not None else ()
    if not found:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="a measurement",
            remedy="add --level, --pain, --mood, --sedation or --data; without any, "
            "'assuage simulate' shows the band",
        )
    once(found)
    return tuple(found)


def _bands(request: Request, fit: Individual, given: Sequence[Dose]) -> list[Band]:
    rows = fit.wish.measured
    kinds = {one.what for one in rows if isinstance(one, Points)}
    levels = [one.time_h for one in rows if isinstance(one, Level)]
    short = [one.time_h for one in rows if isinstance(one, Points) and one.what == "sedation"]
    times = _hours(request, given, [*levels, *short])
    found = list(bands(fit, times))
    if "sedation" in kinds:
        found.append(scores_of(fit, "sedation", times))
    if "pain" in kinds:
        latest = max(one.time_h for one in rows if isinstance(one, Points) and one.what == "pain")
        found.append(scores_of(fit, "pain", _days(request, max(PAIN_DAYS * 24.0, latest)) * 24.0))
    return found


def _hours(request: Request, given: Sequence[Dose], looked: Sequence[float]) -> Array:
    """Return the times of levels: those asked for, or a grid with the edges of doses in it."""
    if request.at is not None:
        return np.array(_few(read_times(request.at)))
    edges = {one.start_h for one in given}
    edges |= {one.start_h + (one.duration_h or 0.0) for one in given}
    last = max(max(edges) + AFTER_LAST_H, *looked, 0.0)
    if request.until is not None:
        last = read_time(request.until, "an end")
    if not last > 0.0:
        raise Refused(Refusal.QUANTITY_NOT_POSITIVE, what="end", text=request.until, example="8 h")
    inside = sorted(one for one in {*edges, *looked} if one <= last)[:MOST_TIMES]
    return _apart([*np.linspace(0.0, last, GRID + 1), *inside])


def _apart(times: Sequence[float]) -> Array:
    """Return the times in order, without those that differ only by a float's dust."""
    found: list[float] = []
    for one in sorted(float(time) for time in times):
        if not found or one - found[-1] > 1e-9:
            found.append(one)
    return np.array(found)


def _few(times: tuple[float, ...]) -> tuple[float, ...]:
    if not len(times) <= MOST_TIMES:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="number of times",
            text=len(times),
            low=1,
            high=MOST_TIMES,
            unit="times",
            example="--at '40 min, 80 min'",
        )
    return times


def _days(request: Request, last_h: float) -> Array:
    if request.at is not None:
        return np.array(_few(read_times(request.at))) / 24.0
    if request.until is not None:
        last_h = read_time(request.until, "an end")
    return np.linspace(0.0, last_h / 24.0, GRID + 1)


def _mood_days(request: Request, given: Sequence[Dose], scores: Sequence[Points]) -> Array:
    latest_d = max([session_days(given), *(one.time_h / 24.0 for one in scores)])
    return _days(request, (latest_d + MOOD_DAYS_AFTER) * 24.0)


def _citations(fit: Individual | None, moods: MoodAnswer | None) -> tuple[str, ...]:
    """Return every source behind the numbers, with how it was read."""
    found = list(of_model(fit.wish.model)) if fit is not None else []
    facts: list[Sourced] = []
    if fit is not None:
        facts += fit.wish.model.residual
        pain, sedation = fit.setting.pain, fit.setting.sedation
        if pain is not None:
            facts += [pain.c50, pain.c50_se, pain.half_life, pain.half_life_se, pain.responders]
            facts += [pain.baseline, pain.form, pain.people, pain.placebo_responders]
            facts += pain.caution
        if sedation is not None:
            curve = sedation.curve
            facts += [x for x in (curve.c50, curve.gamma, curve.baseline, curve.span) if x]
            facts += sedation.spread
    if moods is not None:
        effect, scale = moods.effect, moods.scale
        facts += [scale.amplitude, scale.d50, scale.ceiling, scale.control, effect.onset]
        facts += [effect.offset, effect.baseline, effect.baseline_sd, effect.between_patient_sd]
        facts += effect.caution
    reads: dict[str, set[Read]] = {}
    for one in facts:
        reads.setdefault(one.source, set()).add(one.read)
    mine = fit.wish.model.source if fit is not None else None
    found += [cited(id_, used) for id_, used in reads.items() if id_ != mine]
    return tuple(found)
