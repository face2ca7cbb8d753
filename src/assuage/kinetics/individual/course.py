"""Courses with measurements, as what a fit needs: predictions of random effects.

One model serves every course of a batch. Its random effects are the parameters that vary between
patients, then those of the effects measured: the C50, half-life and baseline of pain, the C50 of
sedation. Standardised effects z become shifts by a factor of the prior covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics import points
from assuage.kinetics.compiled import Compiled, Join, compile_model
from assuage.kinetics.exact import Array
from assuage.kinetics.individual import reversible
from assuage.kinetics.individual.mode import Places
from assuage.kinetics.individual.readings import ABOVE, ABSENT, BELOW, EXACT, Readings
from assuage.kinetics.population import cholesky, covariance, log_sd
from assuage.kinetics.residual import error_of
from assuage.kinetics.structure import Dose, Subject, base_factor, parameter_values
from assuage.knowledge.formula import evaluate, names_in
from assuage.knowledge.schema.effect import Effect, PainEffect
from assuage.knowledge.schema.model import Model
from assuage.units import convert

Site = Literal["arterial", "venous", "not-stated"]
PAIN, SEDATION = "pain", "sedation"
SLOW_SITE, QUICK_SITE = "slow effect site", "effect site"
PAIN_RATE, SEDATION_RATE = "pain ke0", "sedation ke0"
PAIN_EFFECTS = ("pain C50", "pain half-life", "pain baseline")
SEDATION_EFFECTS = ("sedation C50",)
PAIN_ENDS, SEDATION_ENDS = (0.0, 10.0), (0.0, 5.0)
_LARGEST_SHIFT = 300.0  # of a log: past it no parameter is a number


@dataclass(frozen=True, order=True)
class Measurement:
    """One measurement at a time after the start: a level in mg/L, or a score in points.

    `what` is an analyte of the model, or PAIN or SEDATION. With `below` the value is the assay's
    limit, under which the level lay.
    """

    time_h: float
    what: str
    value: float
    below: bool = False


@dataclass(frozen=True)
class Course:
    """A subject, what was given, and what was measured."""

    subject: Subject
    doses: tuple[Dose, ...]
    measurements: tuple[Measurement, ...] = ()

    def with_more(self, measurements: Sequence[Measurement], doses: Sequence[Dose] = ()) -> Course:
        """Return the course with what came later; nothing that was known is dropped."""
        given = tuple(sorted((*self.doses, *doses), key=lambda one: one.start_h))
        return Course(self.subject, given, (*self.measurements, *measurements))


@dataclass(frozen=True)
class Error:
    """How a reading scatters about its prediction: SDs, or one SD of its logarithm."""

    additive: float = 0.0
    proportional: float = 0.0
    log: bool = False


@dataclass(frozen=True)
class Setting:
    """What a batch shares: the model, the effects measured, and the errors by what is measured.

    `pain` comes with its baseline's SD in points; `responds` is whether this is the part of the
    mixture that pain answers in.
    """

    model: Model
    errors: dict[str, Error]
    pain: PainEffect | None = None
    pain_baseline_sd: float = 0.0
    sedation: Effect | None = None
    responds: bool = True

    @cached_property
    def compiled(self) -> Compiled:
        """The model with the effect sites that the measured effects need."""
        first = self.model.analyte[0].name
        joins = [Join(first, SLOW_SITE, PAIN_RATE)] if self.pain else []
        joins += [Join(first, QUICK_SITE, SEDATION_RATE)] if self.sedation else []
        return compile_model(self.model, joins)

    @cached_property
    def kinetics(self) -> tuple[str, ...]:
        """The parameters of the model that vary between patients."""
        return covariance(self.model)[0]

    @cached_property
    def effects(self) -> tuple[str, ...]:
        """The names of the random effects, in the order of z."""
        names = self.kinetics
        names += PAIN_EFFECTS if self.pain else ()
        return names + (SEDATION_EFFECTS if self.sedation else ())

    @cached_property
    def factor(self) -> Array:
        """F with F F' the prior covariance of the shifts, so that shifts are z F'."""
        kinetic = cholesky(covariance(self.model)[1])
        sds: list[float] = []
        if self.pain is not None:
            sds += [log_sd(self.pain.c50.value, self.pain.c50_se.value)]
            sds += [log_sd(self.pain.half_life.value, self.pain.half_life_se.value)]
            sds += [self.pain_baseline_sd]
        if self.sedation is not None:
            sds += [log_sd(1.0, spread.value) for spread in self.sedation.spread[:1]]
        whole = np.zeros((len(self.effects),) * 2)
        kinetics = len(kinetic)
        whole[:kinetics, :kinetics] = kinetic
        whole[range(kinetics, len(whole)), range(kinetics, len(whole))] = sds
        return whole


def level_error(model: Model, analyte: str) -> Error:
    """Return a model's published residual error of an analyte. Raises what `error_of` raises."""
    found = error_of(model, analyte)
    if found.log_sd is not None:
        return Error(additive=found.log_sd, log=True)
    return Error(found.additive_mg_per_l, found.proportional_sd)


class Batch:
    """Courses of one setting, laid out once: `predicted` is what a fit calls."""

    def __init__(self, setting: Setting, courses: Sequence[Course]) -> None:
        """Lay the courses out. Raises ValueError on a time or an analyte that can't be."""
        self.setting = setting
        self.courses = tuple(courses)
        self._rows = [sorted(one.measurements) for one in courses]
        compiled = setting.compiled
        place = {name: number for number, name in enumerate(compiled.analytes)}
        place |= {PAIN: place.get(SLOW_SITE, -1), SEDATION: place.get(QUICK_SITE, -1)}
        visits = [
            points.Visit(one.doses, [m.time_h for m in rows], [place[m.what] for m in rows])
            for one, rows in zip(courses, self._rows, strict=True)
        ]
        self._layout = points.lay_out(compiled, visits)
        kernels = points.has_kernels()
        self._block = reversible.block_of(compiled, self._layout) if kernels else None
        self._typical = self._typicals()
        self.readings = self._readings()
        self._is_pain = self._where(PAIN)
        self._is_sedation = self._where(SEDATION)

    def _where(self, what: str) -> Array:
        found = np.zeros(self.readings.value.shape, dtype=bool)
        for number, rows in enumerate(self._rows):
            found[number, : len(rows)] = [one.what == what for one in rows]
        return found

    def _typicals(self) -> Array:
        """Return (courses, parameters) typical values, each subject's worked out once."""
        model, known = self.setting.model, {}
        for one in self.courses:
            if one.subject not in known:
                values = parameter_values(model, one.subject)
                known[one.subject] = [float(values[name][0]) for name in model.parameter]
        return np.array([known[one.subject] for one in self.courses]).reshape(
            len(self.courses), len(model.parameter)
        )

    def _readings(self) -> Readings:
        width = max((len(rows) for rows in self._rows), default=0)
        shape = (len(self._rows), width)
        found = Readings(
            np.ones(shape),
            np.full(shape, ABSENT),
            np.zeros(shape, dtype=bool),
            np.ones(shape),
            np.zeros(shape),
        )
        for row, measured in enumerate(self._rows):
            for column, one in enumerate(measured):
                error = self.setting.errors[one.what]
                found.value[row, column] = one.value
                found.kind[row, column] = _kind(one)
                found.log[row, column] = error.log
                found.additive[row, column] = error.additive
                found.proportional[row, column] = error.proportional
        return found

    def predicted(self, z: Array, patient: Places) -> Array:
        """Return (sets, measurements) of what each set of effects predicts for its course.

        NaN where a set of effects is no set of numbers any more.
        """
        shifts = z @ self.setting.factor.T
        sound = np.asarray((np.abs(shifts) <= _LARGEST_SHIFT).all(axis=1))
        shifts = np.where(sound[:, None], shifts, 0.0)
        values = self.values(shifts, patient)
        compiled = self.setting.compiled
        if self._block is None:
            levels = points.predict(compiled, self._layout, values, patient)
        else:
            levels = reversible.predict(compiled, self._block, self._layout, values, patient)
        found = self._scores(levels, shifts, patient)
        return found if sound.all() else np.where(sound[:, None], found, np.nan)

    def values(self, shifts: Array, patient: Places) -> Array:
        """Return (sets, columns) parameters, as `points.predict` takes them."""
        setting, model = self.setting, self.setting.model
        compiled = setting.compiled
        out = np.empty((len(shifts), len(compiled.names)))
        typical = self._typical[patient]
        out[:, : typical.shape[1]] = typical
        column = {name: number for number, name in enumerate(compiled.names)}
        for number, name in enumerate(setting.kinetics):
            at = column[name]
            factor = np.exp(shifts[:, number])
            if model.parameter[name].scale == "logit":
                odds = out[:, at] / (1.0 - out[:, at]) * factor
                out[:, at] = odds / (1.0 + odds)
            else:
                out[:, at] *= factor
        self._derive(out, column)
        if setting.pain is not None:
            half = setting.pain.half_life
            typical_rate = np.log(2.0) / (half.value * base_factor(half.unit))
            shift = shifts[:, self._effect("pain half-life")]
            out[:, column[PAIN_RATE]] = typical_rate * np.exp(-shift)
        if setting.sedation is not None:
            rate = fx.ke0_per_h(setting.sedation, model)
            assert rate is not None
            out[:, column[SEDATION_RATE]] = rate
        return out

    def _derive(self, out: Array, column: dict[str, int]) -> None:
        pending = dict(self.setting.model.derived)
        values = {name: out[:, at] for name, at in column.items() if name not in pending}
        while pending:
            ready = [name for name, one in pending.items() if names_in(one.formula) <= set(values)]
            for name in ready:
                found = evaluate(pending.pop(name).formula, values, float)
                out[:, column[name]] = found
                values[name] = out[:, column[name]]

    def _effect(self, name: str) -> int:
        return self.setting.effects.index(name)

    def _scores(self, levels: Array, shifts: Array, patient: Places) -> Array:
        """Return levels with those of an effect site turned into their scores."""
        found, ng = levels, fx.NG_PER_ML_PER_MG_PER_L
        pain, sedation = self.setting.pain, self.setting.sedation
        if pain is not None and self._is_pain.any():
            c50, baseline = pain_numbers(self.setting, shifts)
            score = pain_scores(self.setting, levels * ng, c50[:, None], baseline[:, None])
            found = np.where(self._is_pain[patient], score, found)
        if sedation is not None and self._is_sedation.any():
            shift = shifts[:, self._effect("sedation C50")]
            score = sedation_scores(sedation, levels * ng, shift[:, None])
            found = np.where(self._is_sedation[patient], score, found)
        return found


def pain_numbers(setting: Setting, shifts: Array) -> tuple[Array, Array]:
    """Return the C50 (ng/mL) and the baseline score of each set of shifts, (sets,)."""
    pain = setting.pain
    assert pain is not None
    place = setting.effects.index
    c50 = convert(pain.c50.value, pain.c50.unit, "ng/mL")
    return (
        c50 * np.exp(shifts[:, place("pain C50")]),
        pain.baseline.value + shifts[:, place("pain baseline")],
    )


def pain_scores(setting: Setting, slow_ng_per_ml: Array, c50: Array, baseline: Array) -> Array:
    """Return pain scores at slow effect-site levels, for this part of the mixture."""
    if not setting.responds:
        return np.broadcast_to(baseline, slow_ng_per_ml.shape)
    return baseline * (1.0 - fx.hill(slow_ng_per_ml, c50, 1.0))


def sedation_scores(sedation: Effect, site_ng_per_ml: Array, shift: Array) -> Array:
    """Return sedation scores at effect-site levels; `shift` moves the log of the C50."""
    return fx.response(sedation, site_ng_per_ml * np.exp(-shift))


def _kind(one: Measurement) -> int:
    """Return how a measurement counts: a score at an end of its scale says only 'or beyond'."""
    if one.below:
        return BELOW
    ends = {PAIN: PAIN_ENDS, SEDATION: SEDATION_ENDS}.get(one.what)
    if ends is None or ends[0] < one.value < ends[1]:
        return EXACT
    return BELOW if one.value == ends[0] else ABOVE


def foretold(
    setting: Setting, course: Course, shifts: Array, times_h: Array, analytes: Sequence[str]
) -> Array:
    """Return (sets, times, analytes) levels in mg/L of each set of shifts, effect sites too."""
    place = [setting.compiled.analytes.index(name) for name in analytes]
    looks = Course(course.subject, course.doses)
    visit = points.Visit(course.doses, np.repeat(times_h, len(place)), list(place) * len(times_h))
    layout = points.lay_out(setting.compiled, [visit])
    values = Batch(setting, [looks]).values(shifts, np.zeros(len(shifts), dtype=np.intp))
    found = points.predict(setting.compiled, layout, values, 0)
    return found.reshape(len(shifts), len(times_h), len(place))
