"""Each predicted endpoint as one number for each virtual patient, so that courses can be paired.

Patient k draws the same numbers in every course: a difference between two courses is then a
difference within patients and not between two crowds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import effects as fx
from assuage.kinetics.exact import Array
from assuage.kinetics.population import deviations
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.facts import Read, Sourced
from assuage.knowledge.schema.model import Model
from assuage.planning.comparison.exposure import peak_at_site, peak_in_plasma
from assuage.planning.document import Prediction
from assuage.planning.prediction.course import (
    BETWEEN_MODELS,
    BETWEEN_PATIENTS,
    PATIENTS,
    SEED,
    Course,
    esketamine_share,
    models_for,
    people_of,
    reads_of,
)
from assuage.planning.prediction.effects import (
    dissociation_models,
    pressure_models,
    sedation,
    too_high_to_read,
)
from assuage.planning.prediction.weeks import (
    UNCERTAIN,
    Draws,
    mood_draws,
    pain_draws,
    pain_people,
    session_starts_d,
)

WIDE = 1.6448536269514722  # standard errors on each side of a 90 % interval
SHARE_ERROR = "Monte-Carlo error, 90 %"
NO_SPREAD = "no band: the models publish no spread and there is one of them"
NOTHING_TO_RELIEVE = "Pain is 0 before the course, so there is nothing to relieve."
LEVELS_ONLY = f"{SHARE_ERROR}; of the spread of levels only, not of how people react"
EMPIRICAL = "empirical, group level"


@dataclass(frozen=True)
class Measure:
    """One endpoint of one course. `draws` is one value for each member of `crowd`."""

    value: float
    low: float | None
    high: float | None
    band: str
    text: str
    models: tuple[str, ...]
    sources: tuple[str, ...]
    reads: tuple[Read, ...]
    draws: Array | None = None
    is_share: bool = False  # the draws are 0 or 100, and their mean is what counts
    crowd: str = ""  # who the draws are: two courses are paired only where this is the same


@dataclass(frozen=True)
class Subjected:
    """A course with the models that serve its patient; what is costly is worked out once."""

    course: Course

    @cached_property
    def models(self) -> list[Model]:
        """Return the models of the drug that is given."""
        return self._models(self.course.regimen.drug)

    @cached_property
    def esketamine_models(self) -> list[Model]:
        """Return the models of esketamine, which drive pain and dissociation."""
        return self._models("esketamine")

    def _models(self, drug: str) -> list[Model]:
        subject = self.course.subject
        people = people_of(subject, self.course.regimen.drug, self.course.setting)
        return models_for(drug, self.course.regimen.routes[0], people, subject)

    @cached_property
    def pain(self) -> Draws | str:
        """Return pain over weeks, or why it isn't predicted."""
        if "crps-pain" not in self.course.regimen.predicts:
            return "The pain model was built in CRPS, and this regimen is not for CRPS."
        if self.course.pain_nrs is not None and not self.course.pain_nrs > 0.0:
            return NOTHING_TO_RELIEVE
        return pain_draws(self.course, self.esketamine_models)

    @cached_property
    def dissociation(self) -> tuple[Effect, Model, float, Array | None] | str:
        """Return the curve, its model, and the typical and each patient's highest response."""
        if "dissociation" not in self.course.regimen.predicts:
            return "This regimen's technique lies outside what the curve was built from."
        joined = dissociation_models(self.esketamine_models)
        if isinstance(joined, str):
            return joined
        effect, (model, *_) = joined
        course, share = self.course, esketamine_share(self.course)
        shifts = deviations(model, PATIENTS, SEED)
        typical, drawn = (
            fx.response(effect, peak_at_site(course, effect, model, course.subject, share, one))
            for one in (None, shifts or None)
        )
        return effect, model, float(typical[0]), drawn if shifts else None


def another_driver(found: Measure) -> tuple[str, str] | None:
    """Return the drug of the levels and the drug of the curve where they differ.

    A curve reads the level as it stands: nothing converts one drug's potency to the other's.
    """
    if len(found.models) != 2 or found.models[0] not in library.effect_ids():
        return None
    effect = library.effect(found.models[0]).effect
    if effect is None:
        return None
    drug = library.model(found.models[1]).drug
    return None if drug == effect.driver else (drug, effect.driver)


def _spread(draws: Array) -> tuple[float, float]:
    low, high = np.quantile(draws, (0.05, 0.95))
    return float(low), float(high)


def _of_pain(
    drawn: Draws, made: Subjected, value: float, draws: Array, text: str, facts: Sequence[Sourced]
) -> Measure:
    low, high = _spread(draws)
    model = made.esketamine_models[0]
    effect = pain_people(made.course.pain_nrs).effect
    used = [effect.half_life, effect.c50, effect.responders, effect.form, *facts]
    if made.course.pain_nrs is None:
        used.append(effect.baseline)
    return Measure(
        value, low, high, UNCERTAIN, text, (effect.id, model.id), (effect.source, model.source),
        reads_of(used), draws, crowd=f"pain with {model.id}, from {drawn.baseline:g}",
    )  # fmt: skip


def _relief(drawn: Draws) -> Array:
    """Return (patients, days) points of relief."""
    relief: Array = drawn.baseline - drawn.scores
    return relief


def mean_over_days(values: Array) -> Array:
    """Return the mean over an even grid of days, by the trapezium rule; last axis is days."""
    inner = values[..., 1:-1].sum(axis=-1) + (values[..., 0] + values[..., -1]) / 2.0
    mean: Array = inner / (values.shape[-1] - 1)
    return mean


def relief_over_weeks(made: Subjected) -> Measure | str:
    """Mean relief over twelve weeks, days without relief included."""
    drawn = made.pain
    if isinstance(drawn, str):
        return drawn
    each = mean_over_days(_relief(drawn))
    placebo = float(mean_over_days(drawn.baseline - drawn.control))
    text = f"of it {placebo:.2g} under placebo"
    return _of_pain(drawn, made, float(each.mean()), each, text, ())


def greatest_relief(made: Subjected) -> Measure | str:
    """Relief on the day when its mean is greatest."""
    drawn = made.pain
    if isinstance(drawn, str):
        return drawn
    relief = _relief(drawn)
    day = int(np.argmax(relief.mean(axis=0)))
    each = relief[:, day]
    text = f"day {drawn.times_d[day]:.0f}"
    return _of_pain(drawn, made, float(each.mean()), each, text, ())


def _worthwhile(drawn: Draws) -> tuple[NDArray[np.bool_], Sourced]:
    """Return (patients, days) whether relief is worthwhile, and the fact that says from where."""
    fact = library.assumptions()["worthwhile-relief"]
    enough: NDArray[np.bool_] = np.greater_equal(
        _relief(drawn), fact.value / 100.0 * drawn.baseline
    )
    return enough, fact


def days_of_relief(made: Subjected) -> Measure | str:
    """Return the days with worthwhile relief, of twelve weeks."""
    drawn = made.pain
    if isinstance(drawn, str):
        return drawn
    enough, fact = _worthwhile(drawn)
    each = enough.sum(axis=1).astype(float)
    helped = each[each > 0.0]
    text = f"{helped.mean():.0f} in those helped" if len(helped) else "nobody is helped"
    return _of_pain(drawn, made, float(each.mean()), each, text, (fact,))


def no_relief(made: Subjected) -> Measure | str:
    """Chance that relief never becomes worthwhile."""
    drawn = made.pain
    if isinstance(drawn, str):
        return drawn
    enough, fact = _worthwhile(drawn)
    people = pain_people(made.course.pain_nrs)
    never: NDArray[np.bool_] = np.logical_not(np.any(enough, axis=1))
    responders, error = people.effect.responders.value, people.effect.responders_se.value
    answering = people.responds > 0.0
    helped = float((~never[answering]).mean()) if answering.any() else 0.0
    made_of = _of_pain(
        drawn, made, 0.0, never.astype(float) * 100.0, "", (fact, people.effect.responders_se)
    )
    ends = [100.0 * (1.0 - (responders + k * WIDE * error) * helped) for k in (1.0, -1.0)]
    return Measure(
        value=100.0 * (1.0 - responders * helped),
        low=ends[0],
        high=ends[1],
        band="error of the published share, 90 %",
        text=f"{100.0 * (1.0 - responders):.0f} at any dose",
        models=made_of.models,
        sources=made_of.sources,
        reads=made_of.reads,
        draws=made_of.draws,
        is_share=True,
        crowd=made_of.crowd,
    )


def mood_change(made: Subjected) -> Measure | str:
    """Fall of the depression score the day after the last session."""
    if "mood" not in made.course.regimen.predicts:
        return "The mood model was calibrated in depression, and this regimen is not for it."
    if made.course.madrs is not None and not made.course.madrs > 0.0:
        return "The depression score is 0 before the course, so nothing can fall."
    drawn = mood_draws(made.course)
    if isinstance(drawn, str):
        return drawn
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    route, drug = made.course.regimen.routes[0], made.course.regimen.drug
    scale = next(one for one in effect.amplitude if (one.drug, one.route) == (drug, route))
    day = session_starts_d(made.course)[-1] + 1.0
    place = int(np.searchsorted(drawn.times_d, day))
    each = drawn.baseline - drawn.scores[:, place]
    control = drawn.baseline - float(drawn.control[place])
    low, high = _spread(each)
    facts = (scale.amplitude, scale.d50, scale.ceiling, scale.control, effect.offset, effect.onset)
    return Measure(
        float(each.mean()), low, high, BETWEEN_PATIENTS,
        f"day {day:.0f}; {control:.2g} under control", (effect.id,), (effect.source,),
        reads_of(facts), each, crowd=f"mood from {drawn.baseline:g}",
    )  # fmt: skip


def peak_dissociation(made: Subjected) -> Measure | str:
    """Highest loss of external perception in the course, 0 to 100."""
    found = made.dissociation
    if isinstance(found, str):
        return found
    effect, model, typical, drawn = found
    low, high = (None, None) if drawn is None else _spread(drawn)
    return Measure(
        typical, low, high, NO_SPREAD if drawn is None else BETWEEN_PATIENTS, "typical patient",
        (effect.id, model.id), (effect.source, model.source), _reads(effect), drawn,
        crowd=f"patients of {model.id}",
    )  # fmt: skip


def marked_dissociation(made: Subjected) -> Measure | str:
    """Chance that the loss of external perception becomes marked."""
    found = made.dissociation
    if isinstance(found, str):
        return found
    effect, model, _, drawn = found
    if drawn is None:
        return f"{model.name} publishes no spread between patients, so no chance can be given."
    fact = library.assumptions()["marked-dissociation"]
    passed = (drawn > fact.value).astype(float)
    low, high = share_interval(float(passed.mean()), len(passed))
    return Measure(
        100.0 * float(passed.mean()), 100.0 * low, 100.0 * high, LEVELS_ONLY, "",
        (effect.id, model.id), (effect.source, model.source),
        tuple(dict.fromkeys((*_reads(effect), fact.read))), 100.0 * passed, True,
        f"patients of {model.id}",
    )  # fmt: skip


def share_interval(share: float, people: int) -> tuple[float, float]:
    """Return Wilson's 90 % interval of a share seen in so many people."""
    square = WIDE**2 / people
    middle = (share + square / 2.0) / (1.0 + square)
    half = np.sqrt(share * (1.0 - share) * square + square**2 / 4.0) / (1.0 + square)
    return max(middle - float(half), 0.0), min(middle + float(half), 1.0)


def _reads(effect: Effect) -> tuple[Read, ...]:
    curve, delay = effect.curve, effect.equilibration
    numbers = (curve.c50, curve.gamma, curve.span, curve.baseline, delay.half_life, delay.rate)
    return reads_of([one for one in numbers if one is not None])


@dataclass(frozen=True)
class PressureRise:
    """Highest rise of mean pressure in mmHg; the first model is the default."""

    effect: Effect
    models: tuple[Model, ...]
    typical: Array  # (models,)
    drawn: tuple[Array | None, ...]  # for each model (patients,), None without a spread
    beyond: str  # why the curve can't be read in some patients; empty where it can in all

    @property
    def at_95(self) -> float:
        """Return the highest of the models' 95th centiles, or typical rises without a spread."""
        ends = [
            float(line) if crowd is None else float(np.quantile(crowd, 0.95))
            for line, crowd in zip(self.typical, self.drawn, strict=True)
        ]
        return max(ends)


def pressure_of(
    joined: tuple[Effect, list[Model]],
    peak: Callable[[Model, dict[str, Array] | None], Array],
) -> PressureRise | str:
    """Return the rise at peaks in ng/mL, or why it can't be read off the curve."""
    effect, models = joined
    assert effect.curve.baseline is not None
    base = effect.curve.baseline.value
    typical = np.array([float(peak(one, None)[0]) for one in models])
    if why := too_high_to_read(effect, float(typical.max())):
        return why
    drawn: list[Array | None] = []
    beyond = ""
    for one in models:
        shifts = deviations(one, PATIENTS, SEED)
        levels = peak(one, shifts) if shifts else None
        if levels is not None:
            beyond = beyond or too_high_to_read(effect, float(np.quantile(levels, 0.95)))
        drawn.append(None if levels is None else fx.response(effect, levels) - base)
    return PressureRise(
        effect, tuple(models), fx.response(effect, typical) - base, tuple(drawn), beyond
    )


def pressure_rise(made: Subjected) -> Measure | str:
    """Highest rise of mean arterial pressure in the course."""
    course = made.course
    if "pressure" not in course.regimen.predicts:
        return "This regimen's levels lie outside what the pressure curve was built from."
    joined = pressure_models(course, made.models)
    if isinstance(joined, str):
        return joined
    rise = pressure_of(
        joined, lambda model, shifts: peak_in_plasma(course, model, course.subject, shifts)
    )
    if isinstance(rise, str):
        return rise
    crowd, low, high, band = f"patients of {rise.models[0].id}", None, None, NO_SPREAD
    draws = rise.drawn[0]
    if draws is not None and rise.beyond:
        draws, band = None, f"no band: {rise.beyond}"
    elif draws is not None:
        (low, high), band = _spread(draws), BETWEEN_PATIENTS
    elif len(rise.models) > 1:
        draws, band = rise.typical, BETWEEN_MODELS
        crowd = "models " + ", ".join(one.id for one in rise.models)
        low, high = float(draws.min()), float(draws.max())
    return Measure(
        float(rise.typical[0]), low, high, band, "typical patient",
        (rise.effect.id, rise.models[0].id), (rise.effect.source, rise.models[0].source),
        _reads(rise.effect), draws, crowd=crowd,
    )  # fmt: skip


def lowest_sedation(made: Subjected) -> Measure | str:
    """Lowest sedation score of a child, 5 awake to 0 unresponsive."""
    if "sedation" not in made.course.regimen.predicts:
        return "This regimen is not meant to sedate."
    if people_of(made.course.subject, made.course.regimen.drug, made.course.setting) != "child":
        return "The one sedation curve here was built in children."
    found = sedation(made.course, made.models)
    return found if isinstance(found, str) else _lowest(found)


def _lowest(found: Prediction) -> Measure:
    line = found.lines[0]
    place = int(np.argmin(line.values))
    low, high = (line.low[place], line.high[place]) if line.low else (None, None)
    return Measure(
        line.values[place], low, high, line.band, "first session", (line.model,), found.sources,
        found.reads,
    )  # fmt: skip
