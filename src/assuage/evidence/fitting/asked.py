"""What a fit was asked for, in words, becomes a plan.

Whatever isn't said and can't be known is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assuage.evidence.fitting.data import SKIP, Meaning
from assuage.evidence.fitting.study import Plan, needed
from assuage.kinetics.saem.problem import FORMS, Form
from assuage.knowledge.schema.model import Model, Residual
from assuage.refusals import Refusal, Refused
from assuage.units import convert

SEXES = ("female", "male", "intersex")
_START = re.compile(r"([^=]+)=([0-9]+(?:\.[0-9]+)?) ?(.*)", re.ASCII)
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """The options of a fit, as written. None and () are not given."""

    model: str
    time_unit: str | None = None
    amount_unit: str | None = None
    concentration_unit: str | None = None
    routes: tuple[str, ...] = ()
    analytes: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    correlated: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    lloq: str | None = None


def meaning_of(wish: Wish, model: Model) -> Meaning:
    """Return what the file's numbers mean. Raises Refused for what is missing or unknown."""
    units = (
        (wish.time_unit, "the unit of time", "--time-unit h"),
        (wish.amount_unit, "the unit of amounts", "--amount-unit mg"),
        (wish.concentration_unit, "the unit of concentrations", "--concentration-unit ng/mL"),
    )
    for given, what, example in units:
        if not given:
            raise Refused(
                Refusal.OPTION_MISSING, what=what, remedy=f"such a file has none; add {example}"
            )
    routes = _coded(wish.routes, "route", tuple(dict.fromkeys(one.route for one in model.input)))
    names = tuple(one.name for one in model.analyte)
    analytes = _coded(wish.analytes, "analyte", names, more=(SKIP,))
    sexes = _coded(wish.sexes, "sex", SEXES) if wish.sexes else {}
    if None in sexes:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="one sex and a study",
            remedy="say what each code means: --sex 0=female --sex 1=male",
        )
    lloq = None
    if wish.lloq is not None:
        if not _PLAIN.fullmatch(wish.lloq) or not float(wish.lloq) > 0.0:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=wish.lloq,
                what="limit of quantification",
                choices="a plain number above zero in the unit of the concentrations",
            )
        lloq = float(wish.lloq)
    return Meaning(
        str(wish.time_unit),
        str(wish.amount_unit),
        str(wish.concentration_unit),
        routes,
        analytes,
        {str(code): sex for code, sex in sexes.items()},
        lloq,
        needed(model),
    )


def _coded(
    given: Sequence[str], what: str, known: Sequence[str], more: Sequence[str] = ()
) -> dict[str | None, str]:
    """Return what each code stands for; {None: one} when it is the same in every row."""
    if not given:
        if len(known) == 1:
            return {None: known[0]}
        choices = " or ".join(known)
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"--{what}",
            remedy=f"the model has {choices}; name one, or map codes, as in --{what} 1={known[0]}",
        )
    found: dict[str | None, str] = {}
    for one in given:
        code, equals, name = one.rpartition("=")
        if name not in (*known, *more):
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED, text=name, what=what, choices=", ".join([*known, *more])
            )
        key = code if equals else None
        if key in found or (None in found) or (key is None and found):
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--{what} {one} and another --{what}",
                remedy=f"give one for all rows, or one for each code, as in --{what} 1={name}",
            )
        found[key] = name
    return found


def started(model: Model, wish: Wish) -> Model:
    """Return the model with the start values that were asked for. Raises Refused."""
    parameters = dict(model.parameter)
    for one in wish.start:
        match = _START.fullmatch(one)
        if match is None:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=one,
                what="start value",
                choices="a parameter, '=', a number and its unit, such as 'CL=60 L/h'",
            )
        name = _known(model, match[1], "--start")
        held = parameters[name]
        value = convert(float(match[2]), match[3] or "1", held.unit)
        parameters[name] = held.model_copy(update={"value": value, "note": "a start value given"})
    return model.model_copy(update={"parameter": parameters})


def plan_of(model: Model, wish: Wish, measured: Sequence[str]) -> Plan:
    """Return the plan; `measured` are the analytes in the data. Raises Refused."""
    fixed = _names(model, wish.fixed, "--fix")
    varying = [one.parameter for one in model.variability if one.parameter not in fixed]
    random = _names(model, wish.random, "--random") or tuple(varying)
    if not random:
        raise Refused(
            Refusal.OPTION_MISSING,
            what="what varies between people",
            remedy=f"{model.id} says nothing of it; add --random, such as --random CL,V1",
        )
    # What the data never reach (another analyte's parameters) isn't guessed at: it stays free,
    # and the errors say that nothing bounds it.
    blocks = []
    for text in wish.correlated:
        block = _names(model, (text,), "--correlated")
        apart = [name for name in block if name not in random]
        if apart or len(block) < 2:
            why = f"{apart[0]} doesn't vary between people" if apart else "one name alone"
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--correlated {text}",
                remedy=f"{why}; name two or more of {', '.join(random)}",
            )
        blocks.append(block)
    together = [name for block in blocks for name in block]
    if len(set(together)) != len(together):
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="two groups of --correlated with a name in common",
            remedy="put them into one group",
        )
    forms = {name: _form(model, wish, name) for name in dict.fromkeys(measured)}
    return Plan(fixed, random, tuple(blocks), forms)


def _names(model: Model, texts: Sequence[str], option: str) -> tuple[str, ...]:
    names = [name.strip() for text in texts for name in text.split(",")]
    return tuple(dict.fromkeys(_known(model, name, option) for name in names))


def _known(model: Model, name: str, option: str) -> str:
    if name not in model.parameter:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=name,
            what=f"parameter of {model.id} for {option}",
            choices=", ".join(model.parameter),
        )
    return name


def _form(model: Model, wish: Wish, analyte: str) -> Form:
    for one in wish.error:
        name, equals, form = one.rpartition("=")
        if form not in FORMS:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=form,
                what="form of residual error",
                choices=", ".join(FORMS),
            )
        if not equals or name == analyte:
            return form
    published = next((one for one in model.residual if one.analyte == analyte), None)
    if published is None:
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"the form of the residual error of {analyte}",
            remedy=f"add --error with one of: {', '.join(FORMS)}",
        )
    return _published(published)


def _published(one: Residual) -> Form:
    if one.log_sd is not None:
        return "log"
    if one.additive is not None:
        return "additive" if one.proportional_sd is None else "combined"
    return "proportional"
