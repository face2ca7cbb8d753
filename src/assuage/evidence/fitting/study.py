"""A model, a study's people and what is to be found become one problem for SAEM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from assuage.evidence.fitting.data import Data, Person
from assuage.kinetics import points
from assuage.kinetics.compiled import Compiled, compile_model
from assuage.kinetics.exact import Array
from assuage.kinetics.population import sd_of
from assuage.kinetics.saem import Observations, Problem, Theta
from assuage.kinetics.saem.problem import ADDITIVE_FORMS, PROPORTIONAL_FORMS, Form, Index
from assuage.kinetics.structure import parameter_values
from assuage.knowledge.formula import evaluate, names_in
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused

START_SD = 0.5  # wide on purpose: annealing narrows it, and a narrow start can stick
START_SHARE = 0.3  # of a level, for the residual error
PROBE = 0.9  # a share of a parameter: a share of one stays a share


@dataclass(frozen=True)
class Plan:
    """What a fit is to find, by name: checked against the model, and nothing left to default.

    `fixed` keep the model's value; `random` vary between people; `blocks` may be correlated;
    `forms` is the residual error of each analyte that was measured.
    """

    fixed: tuple[str, ...]
    random: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    forms: Mapping[str, Form]


class Structural:
    """Predicts levels from the parameters that move; the others stand still person by person."""

    def __init__(
        self, compiled: Compiled, layout: points.Layout, moving: Sequence[str], still: Array
    ) -> None:
        self.compiled, self.layout = compiled, layout
        self._columns = [compiled.names.index(name) for name in moving]
        self._still = still
        self._derived = _in_order(compiled.model)

    def over(self, layout: points.Layout) -> Structural:
        """Return the same people over other times."""
        other = copy(self)
        other.layout = layout
        return other

    def __call__(self, psi: Array, subject: Index) -> Array:
        """Return (sets, places) mg/L from psi (sets, moving)."""
        values = self._still[subject]
        values[:, self._columns] = psi
        if self._derived:
            known = {name: values[:, n] for n, name in enumerate(self.compiled.names)}
            for name, formula in self._derived:
                known[name][:] = evaluate(formula, known, float)
        return points.predict(self.compiled, self.layout, values, subject)


def _in_order(model: Model) -> list[tuple[str, str]]:
    """Return derived parameters with their formulas, each after those that it names."""
    pending, known, found = dict(model.derived), set(model.parameter), []
    while pending:
        ready = [name for name, one in pending.items() if names_in(one.formula) <= known]
        for name in ready:
            found.append((name, pending.pop(name).formula))
            known.add(name)
        if not ready:
            raise Refused(
                Refusal.KNOWLEDGE_DAMAGED, path=model.id, why="derived parameters form a circle"
            )
    return found


def problem_of(model: Model, data: Data, plan: Plan) -> Problem:
    """Return the problem. Raises Refused when the model can't be fitted to these data."""
    _check(model, data, plan)
    moving = [one for one in model.parameter if one not in plan.fixed or one in plan.random]
    compiled = compile_model(model)
    layout = points.lay_out(
        compiled,
        [
            points.Visit(
                one.doses,
                one.times_h,
                [compiled.analytes.index(analyte) for analyte in one.analytes],
                one.after_dose,
            )
            for one in data.people
        ],
    )
    typical = [parameter_values(model, one.subject) for one in data.people]
    still = np.array([[float(one[name][0]) for name in compiled.names] for one in typical])
    predict = Structural(compiled, layout, moving, still)
    measured = [one for one in compiled.analytes if one in plan.forms]
    observed = _observations(data.people, measured)
    logit = np.array([model.parameter[name].scale == "logit" for name in moving])
    base = _scaled(np.array([_value(model, name) for name in moving]), logit)
    columns = [compiled.names.index(name) for name in moving]
    random = tuple(moving.index(one) for one in plan.random)
    problem = Problem(
        tuple(moving),
        logit,
        _scaled(still[:, columns], logit) - base,
        tuple(n for n, name in enumerate(moving) if name not in plan.fixed),
        random,
        tuple(tuple(plan.random.index(one) for one in block) for block in plan.blocks),
        tuple(plan.forms[one] for one in measured),
        observed,
        predict,
        _start(model, base, plan, observed, measured),
    )
    _check_predictions(problem, data)
    _check_reached(model, problem)
    return problem


def _value(model: Model, name: str) -> float:
    from assuage.kinetics.structure import base_factor

    return model.parameter[name].value * base_factor(model.parameter[name].unit)


def _scaled(values: Array, logit: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(logit, np.log(values / (1.0 - values)), np.log(values)))


def _start(
    model: Model, base: Array, plan: Plan, observed: Observations, measured: Sequence[str]
) -> Theta:
    known = {one.parameter: sd_of(one) for one in model.variability}
    sd = np.array([max(known.get(name, START_SD), START_SD) for name in plan.random])
    additive, proportional = np.zeros(len(measured)), np.zeros(len(measured))
    for place, name in enumerate(measured):
        form = plan.forms[name]
        mine = observed.values[observed.used & (observed.analyte == place)]
        if form in ADDITIVE_FORMS:
            wide = START_SHARE * float(np.median(mine[mine > 0.0])) if (mine > 0.0).any() else 1.0
            additive[place] = START_SHARE if form == "log" else wide
        if form in PROPORTIONAL_FORMS:
            proportional[place] = START_SHARE
    return Theta(base, np.diag(sd**2), additive, proportional)


def _observations(people: Sequence[Person], measured: Sequence[str]) -> Observations:
    width = max(len(one.levels) for one in people)

    def padded(rows: Callable[[Person], Sequence[float]]) -> Array:
        return np.array([[*rows(one), *[0.0] * (width - len(one.levels))] for one in people])

    analyte = padded(lambda one: [measured.index(name) for name in one.analytes])
    return Observations(
        padded(lambda one: one.levels),
        padded(lambda one: [1.0] * len(one.levels)) > 0.0,
        analyte.astype(np.intp),
        padded(lambda one: [float(below) for below in one.censored]) > 0.0,
    )


def _impossible(model: Model, why: str, remedy: str) -> Refused:
    return Refused(Refusal.FIT_IMPOSSIBLE, model=model.id, why=why, remedy=remedy)


def _check(model: Model, data: Data, plan: Plan) -> None:
    """Refuse what the model says that a fit can't hold to."""
    free = [one for one in model.parameter if one not in plan.fixed or one in plan.random]
    for one in model.covariate:
        if one.form == "linear-in-time":
            why = f"{one.parameter} moves with time"
            raise _impossible(model, why, "fit a model whose parameters stand still")
        added = one.form == "linear-above" or model.parameter[one.parameter].scale == "logit"
        if one.parameter in free and added:
            why = f"what {one.covariate} does to {one.parameter} isn't a factor on its scale"
            raise _impossible(model, why, f"add --fix {one.parameter}")
    for entry in model.input:
        if entry.duration in free:
            why = f"{entry.duration} is an input time, which is never estimated"
            raise _impossible(model, why, f"add --fix {entry.duration}")
    for name in free:
        value = model.parameter[name].value
        highest = 1.0 if model.parameter[name].scale == "logit" else float("inf")
        if not 0.0 < value < highest:
            why = f"{name} starts at {value:g}, which has no place on its scale"
            raise _impossible(model, why, f"start elsewhere with --start, or add --fix {name}")
    for person in data.people:
        _check_covariates(model, person)


def needed(model: Model) -> frozenset[str]:
    """Return the columns of covariates that a model reads."""
    moved_by = {one.covariate for one in model.covariate}
    scaled = any(one.scaled_by is not None for one in model.parameter.values())
    wanted = (("WT", scaled), ("AGE", "age_years" in moved_by), ("SEX", "sex" in moved_by))
    return frozenset(column for column, yes in wanted if yes)


def _check_covariates(model: Model, person: Person) -> None:
    known = {
        "WT": person.subject.weight_kg,
        "AGE": person.subject.age_years,
        "SEX": person.subject.sex,
    }
    for column, value in known.items():
        if column in needed(model) and value is None:
            raise _impossible(
                model,
                f"it needs {column} of every person, and ID {person.id} has none",
                "add the column" + (" and say --sex 0=female --sex 1=male" * (column == "SEX")),
            )


def _check_predictions(problem: Problem, data: Data) -> None:
    """Refuse a sample whose error is a share of nothing: the model predicts zero there."""
    subject = np.arange(problem.people)
    center = np.tile(problem.start.mu[list(problem.random)], (problem.people, 1))
    predicted = problem.predict(problem.psi(problem.start.mu, center, subject), subject)
    relative = np.array([one in ("proportional", "log") for one in problem.forms])
    observed = problem.observed
    nothing = observed.used & relative[observed.analyte] & ~(predicted > 0.0)
    zero = np.array([one == "log" for one in problem.forms])[observed.analyte]
    zero = observed.used & zero & (observed.values <= 0.0)
    for mask, why in (
        (zero, "a level of zero has no logarithm"),
        (nothing, "the model predicts zero here, and the error is a share of it"),
    ):
        if mask.any():
            person, place = (int(one[0]) for one in np.nonzero(mask))
            row = data.people[person].rows[place]
            raise Refused(
                Refusal.DATA_INVALID,
                where=f"{data.name}, row {row}",
                why=why,
                remedy="set MDV to 1 there, give --lloq, or choose --error additive or combined",
            )


def _check_reached(model: Model, problem: Problem) -> None:
    """Refuse a parameter that moves no level that was measured, such as another analyte's."""
    subject = np.arange(problem.people)
    center = np.tile(problem.start.mu[list(problem.random)], (problem.people, 1))
    psi = problem.psi(problem.start.mu, center, subject)
    before = problem.predict(psi, subject)[problem.observed.used]
    idle = []
    for place, name in enumerate(problem.names):
        moved = psi.copy()
        moved[:, place] *= PROBE
        if np.array_equal(problem.predict(moved, subject)[problem.observed.used], before):
            idle.append(name)
    if idle:
        why = f"{', '.join(idle)} move no level that was measured"
        raise _impossible(model, why, f"add --fix {','.join(idle)}")
