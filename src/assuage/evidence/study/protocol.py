"""Reads a protocol, checks that its parts fit one another, and gives it its digest.

The digest is the SHA-256 of what the file says, not of how it is written: comments, order of
tables' fields, spaces and 0.50 for 0.5 change nothing; everything else does.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from assuage.evidence.mixed.covariance import STRUCTURES
from assuage.evidence.sheet import read_bytes
from assuage.evidence.study.schema import (
    GIVES,
    Analysis,
    Better,
    Blinding,
    Imputed,
    Mmrm,
    Outcome,
    Protocol,
    Responders,
)
from assuage.evidence.trial.estimands import Estimand, read_estimand
from assuage.knowledge import library
from assuage.record import canonical
from assuage.refusals import Refusal, Refused

_BETTER: dict[str, Better] = {"higher-is-worse": "lower", "higher-is-better": "higher"}
LARGEST_FILE_BYTES = 200_000


@dataclass(frozen=True)
class Study:
    """A protocol that was read, with its estimands, the text that it came from and its digest."""

    protocol: Protocol
    estimands: dict[str, Estimand]
    text: str
    digest: str


def read(path: Path) -> Study:
    """Read a protocol's file. Raises Refused: FILE_UNREADABLE, and what `parse` raises."""
    try:
        text = read_bytes(path, LARGEST_FILE_BYTES).decode("utf-8-sig")
    except ValueError as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why="it isn't UTF-8") from error
    return parse(text, str(path))


def parse(text: str, where: str) -> Study:
    """Return the study that a text tells. `where` names it in a refusal.

    Raises Refused: FILE_UNREADABLE, FIELD_UNKNOWN, FIELD_INVALID, ESTIMAND_NOT_COMPUTABLE,
    VALUE_NOT_ALLOWED (an instrument), FORMULA_UNREADABLE.
    """
    try:
        exact = tomllib.loads(text, parse_float=Decimal)
        digest = hashlib.sha256(canonical.encode(_plain(exact))).hexdigest()
        protocol = Protocol.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise _invalid(error, where) from error
    except (ValueError, TypeError, RecursionError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=where, why=why) from error
    protocol = protocol.model_copy(
        update={"outcome": [_with_instrument(one, where) for one in protocol.outcome]}
    )
    estimands = [read_estimand(one, where=where) for one in protocol.estimand]
    found = {one.id: one for one in estimands}
    for field, why in _faults(protocol, estimands):
        raise Refused(Refusal.FIELD_INVALID, field=field, what=where, why=why)
    _check_words(protocol, where)
    return Study(protocol, found, text, digest)


def _with_instrument(outcome: Outcome, where: str) -> Outcome:
    """Return an outcome with what its instrument says of direction and limits.

    Raises Refused: VALUE_NOT_ALLOWED for an instrument that isn't known, FIELD_INVALID where the
    protocol says otherwise.
    """
    if outcome.instrument is None:
        return outcome
    held = library.instrument(outcome.instrument)
    main = next((one for one in held.total if one.id == held.main), None)
    if main is None:
        return outcome
    better = _BETTER.get(main.direction, outcome.better)
    low = main.low if outcome.low is None else outcome.low
    high = main.high if outcome.high is None else outcome.high
    why = ""
    if outcome.better not in ("unstated", better):
        why = f"of {held.short}, {better} is better"
    elif not (main.low <= low and high <= main.high):
        why = f"{held.short} goes from {main.low:g} to {main.high:g}"
    if why:
        field = f"outcome.{outcome.id}"
        raise Refused(Refusal.FIELD_INVALID, field=field, what=where, why=why)
    return outcome.model_copy(update={"better": better, "low": low, "high": high})


def _plain(value: object) -> canonical.Json:
    """Return a TOML value as facts may hold it: a fraction as its shortest decimal, marked so."""
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is no number")
            whole = value == value.to_integral_value() and abs(value) <= canonical.LARGEST_WHOLE
            return int(value) if whole else {"decimal": f"{value.normalize():f}"}
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    raise ValueError("a protocol holds text, numbers, yes and no; dates are days of visits")


def _invalid(error: ValidationError, where: str) -> Refused:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "the whole"
    why = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        why = "there is no such field; docs/how-to/study.md lists them"
    return Refused(Refusal.FIELD_INVALID, field=field, what=where, why=why)


Fault = tuple[str, str]  # a field, and what is wrong with it


def _faults(p: Protocol, estimands: Sequence[Estimand]) -> Iterator[Fault]:
    """Yield what doesn't fit, the most basic first."""
    for check in (_twice, _structure, _columns, _beside):
        yield from check(p)
    yield from _estimands(p, estimands)
    yield from _analyses(p, {one.id: one for one in estimands})
    yield from _graph(p)


def _twice(p: Protocol) -> Iterator[Fault]:
    groups: tuple[tuple[str, Sequence[str]], ...] = (
        ("arm", [one.id for one in p.arm]),
        ("visit", [one.id for one in p.visit]),
        ("outcome", [one.id for one in p.outcome]),
        ("estimand", [str(one.get("id")) for one in p.estimand]),
        ("analysis", [one.id for one in p.analysis]),
    )
    for field, ids in groups:
        again = [one for one in ids if ids.count(one) > 1]
        if again:
            yield field, f"{again[0]} is given twice"


def _structure(p: Protocol) -> Iterator[Fault]:
    if sum(one.control for one in p.arm) != 1:
        yield "arm", "exactly one arm has control = true"
    days = [one.day for one in p.visit]
    if days != sorted(set(days)):
        yield "visit", "visits stand in the order of their days, each on its own day"
    baselines = [place for place, one in enumerate(p.visit) if one.baseline]
    if baselines not in ([], [0]):
        yield "visit", "only the first visit can be the baseline"
    if not p.after:
        yield "visit", "there is no visit after the baseline"
    if not any(one.role == "primary" for one in p.outcome):
        yield "outcome", "no outcome has the role primary"
    for one in p.outcome:
        if one.low is not None and one.high is not None and not (one.low < one.high):
            yield f"outcome.{one.id}", f"its low {one.low:g} isn't below its high {one.high:g}"
        if one.role in ("primary", "secondary") and one.better == "unstated":
            yield f"outcome.{one.id}.better", "say whether lower or higher is better"


def _columns(p: Protocol) -> Iterator[Fault]:
    uses = [(name, "columns") for name in p.columns.named()]
    uses += [(column, f"outcome.{one.id}") for one in p.outcome for column in one.held_in]
    if isinstance(p.blinding, Blinding):
        uses.append((p.blinding.guess, "blinding.guess"))
    seen: dict[str, str] = {}
    for column, field in uses:
        if column in seen:
            yield field, f"the column {column} is already that of {seen[column]}"
        seen[column] = field
    for name in ("value", "change", "baseline"):
        if name in seen:
            yield seen[name], f"a column can't be called {name}: models use that word themselves"


def _beside(p: Protocol) -> Iterator[Fault]:
    if p.dissociation != "not collected" and p.dissociation not in {one.id for one in p.outcome}:
        yield "dissociation", f"{p.dissociation} is no outcome; otherwise write 'not collected'"
    if isinstance(p.blinding, Blinding) and p.blinding.unknown in {one.id for one in p.arm}:
        yield "blinding.unknown", "it is the name of an arm"


def _estimands(p: Protocol, estimands: Sequence[Estimand]) -> Iterator[Fault]:
    arms = {one.id for one in p.arm}
    outcomes = {one.id: one for one in p.outcome}
    after = {one.id for one in p.after}
    for one in estimands:
        field, variable = f"estimand.{one.id}", one.variable
        held = outcomes.get(variable.outcome)
        if held is None:
            yield field, f"{variable.outcome} is no outcome of this protocol"
        elif not held.pre_specified:
            yield field, f"{held.id} has the role collected; give it a pre-specified one"
        elif (variable.measure == "time-to-event") != held.timed:
            yield field, f"a time to an event, and nothing else, has two columns: see {held.id}"
        if variable.visit not in after:
            yield field, f"{variable.visit} is no visit after the baseline"
        if {arm.arm for arm in one.treatments} - arms:
            yield field, "it names an arm that the protocol hasn't"
        if one.reference != p.control.id:
            yield field, f"its reference isn't the control, {p.control.id}"
        if variable.measure == "change" and p.baseline is None:
            yield field, "a change needs a baseline visit"
        for event in one.events:
            if event.name not in p.columns.events:
                yield field, f"columns.events names no column for {event.name}"


def _analyses(p: Protocol, estimands: dict[str, Estimand]) -> Iterator[Fault]:
    mains: dict[str, int] = {}
    for one in p.analysis:
        field, estimand = f"analysis.{one.id}", estimands.get(one.estimand)
        if estimand is None:
            yield field, f"{one.estimand} is no estimand of this protocol"
            continue
        if GIVES[one.how.method] != estimand.summary:
            why = f"{one.how.method} gives a {GIVES[one.how.method].replace('-', ' ')}, and "
            yield field, f"{why}{estimand.id} asks for a {estimand.summary.replace('-', ' ')}"
        for why in _misfits(p, one, estimand):
            yield field, why
        outcome = p.outcome_of(estimand.variable.outcome)
        if estimand.variable.measure in ("response", "remission") and outcome.better == "unstated":
            yield f"outcome.{outcome.id}.better", "say whether lower or higher is better"
        mains[estimand.id] = mains.get(estimand.id, 0) + (one.kind == "main")
    for estimand in estimands.values():
        if mains.get(estimand.id, 0) != 1:
            yield f"estimand.{estimand.id}", "exactly one analysis of kind main belongs to it"
    answered = {one.variable.outcome for one in estimands.values()}
    for outcome in p.outcome:
        if outcome.role in ("primary", "secondary") and outcome.id not in answered:
            yield f"outcome.{outcome.id}", "a primary or secondary outcome needs an estimand"


def _misfits(p: Protocol, one: Analysis, estimand: Estimand) -> Iterator[str]:
    """Yield why a method can't answer an estimand, or says something else than it does."""
    how = one.how
    while_on = any(each.strategy == "while-on-treatment" for each in estimand.events)
    if isinstance(how, Mmrm) and how.covariance not in STRUCTURES:
        yield f"covariance is one of {', '.join(STRUCTURES)}"
    if isinstance(how, Mmrm | Imputed) and while_on:
        yield "while on treatment each person has one value: use ancova"
    if isinstance(how, Imputed) and how.assume is not None and one.kind == "main":
        yield "a main analysis assumes what its estimand's events say; assume isn't for it"
    if isinstance(how, Imputed) and how.baseline and p.baseline is None:
        yield "there is no baseline visit; write baseline = false"
    if isinstance(how, Responders):
        odd = [name for name in how.strata if name not in p.columns.covariates]
        if odd or len(set(how.strata)) < len(how.strata):
            yield "strata are covariates, each once"


def _graph(p: Protocol) -> Iterator[Fault]:
    if p.multiplicity is None:
        primary = {one.id for one in p.outcome if one.role == "primary"}
        asked = [one for one in p.estimand if one["variable"]["outcome"] in primary]
        if len(asked) * len(p.treated) > 1:
            yield "multiplicity", "several primary comparisons need it: weights and passes"
        return
    known = set(hypotheses(p))
    named = {*p.multiplicity.weights, *p.multiplicity.passes}
    named |= {one for to in p.multiplicity.passes.values() for one in to}
    if odd := sorted(named - known):
        yield "multiplicity", f"{odd[0]} is none of the hypotheses {', '.join(sorted(known))}"
    elif known - set(p.multiplicity.weights):
        missing = sorted(known - set(p.multiplicity.weights))
        yield "multiplicity.weights", f"{missing[0]} has no weight; give 0 for none"
    elif not (abs(sum(p.multiplicity.weights.values()) - 1.0) <= 1e-9):
        yield "multiplicity.weights", "they don't add up to 1"
    for one, to in p.multiplicity.passes.items():
        if one in to or not (sum(to.values()) <= 1.0 + 1e-9):
            yield f"multiplicity.passes.{one}", "it passes to itself, or more than it has"


def hypotheses(p: Protocol) -> tuple[str, ...]:
    """Return the ids that the multiplicity graph is about, in the protocol's order.

    They are the main analyses; with more than one treated arm, each with the arm after a dash.
    """
    mains = [one.id for one in p.analysis if one.kind == "main"]
    if len(p.treated) == 1:
        return tuple(mains)
    return tuple(f"{one}-{arm.id}" for one in mains for arm in p.treated)


def _check_words(p: Protocol, where: str) -> None:
    """Read formulas, so that a slip is found before anything is locked."""
    from assuage.evidence.analysis import formula

    for one in p.analysis:
        model = getattr(one.how, "model", None)
        if model is None:
            continue
        read_model = formula.parse(model)
        allowed = {"arm", "baseline", *p.columns.covariates}
        allowed |= {"visit"} if isinstance(one.how, Mmrm) else set()
        odd = [name for name in read_model.names if name not in allowed]
        measure = next(e["variable"]["measure"] for e in p.estimand if e["id"] == one.estimand)
        why = ""
        if read_model.response != measure:
            why = f"it models {read_model.response}, and its estimand asks for the {measure}"
        elif odd:
            why = f"{odd[0]} is none of {', '.join(sorted(allowed))}"
        elif "arm" not in read_model.names:
            why = "it doesn't hold the arm"
        elif "baseline" in read_model.names and p.baseline is None:
            why = "there is no baseline visit"
        if why:
            raise Refused(
                Refusal.FIELD_INVALID, field=f"analysis.{one.id}.model", what=where, why=why
            )
