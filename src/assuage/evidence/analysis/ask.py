"""What an analysis is asked, in words, and what those words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assuage.evidence.analysis import phrases
from assuage.evidence.analysis.design import Kinds
from assuage.evidence.analysis.formula import Formula, parse
from assuage.evidence.analysis.hypotheses import CODINGS
from assuage.evidence.analysis.means import KINDS
from assuage.evidence.analysis.phrases import Means, Random, Repeated
from assuage.evidence.analysis.table import Table
from assuage.evidence.mixed.inference import METHODS
from assuage.refusals import Refusal, Refused

COVARIANCE = "unstructured"


@dataclass(frozen=True)
class Question:
    """The options of an analysis, as written. None and () are not given."""

    model: str
    repeated: str | None = None
    random: tuple[str, ...] = ()
    covariance: str | None = None
    df: str | None = None
    means: tuple[str, ...] = ()
    contrasts: str | None = None
    coding: str = "treatment"
    reference: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    confidence: float = 0.95


@dataclass(frozen=True)
class Asked:
    """A question that was read; `references` still has "" for the factor of a bare level."""

    question: Question
    formula: Formula
    repeated: Repeated | None
    random: tuple[Random, ...]
    covariance: str
    df: str
    means: tuple[Means, ...]
    contrasts: str | None
    references: tuple[tuple[str, str], ...]
    orders: Mapping[str, tuple[str, ...]]
    held: Mapping[str, tuple[float, ...]]

    @property
    def mixed(self) -> bool:
        """Whether rows of one person are taken as alike."""
        return self.repeated is not None or bool(self.random)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that the effects need, fixed and random."""
        random = [name for one in self.random for term in one.terms for name in term]
        return tuple(dict.fromkeys((*self.formula.names, *random)))

    @property
    def own(self) -> frozenset[str]:
        """Every column that is named by itself, so that no pattern of --long takes it."""
        groups = [name for one in self.random for name in one.group]
        ids = [self.repeated.subject] if self.repeated else []
        return frozenset((*self.names, *groups, *ids))


def read(question: Question) -> Asked:
    """Return what a question means. Raises Refused for words that can't be read or go together."""
    formula = parse(question.model)
    repeated = phrases.repeated(question.repeated) if question.repeated is not None else None
    random = tuple(one for text in question.random for one in phrases.random(text))
    _together(question, repeated, random)
    contrasts = question.contrasts
    if contrasts is None and question.reference and question.means:
        contrasts = "reference"
    if contrasts is not None:
        _known(contrasts, "kind of contrast", KINDS)
        if not question.means:
            raise Refused(
                Refusal.OPTION_MISSING,
                what="--means",
                remedy="contrasts are between means; add --means, such as --means 'arm | visit'",
            )
    _known(question.coding, "coding", CODINGS)
    if not (0.5 <= question.confidence < 1.0):
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=f"{question.confidence:g}",
            what="confidence level",
            choices="a share from 0.5 up to, but not, 1, such as 0.95",
        )
    return Asked(
        question,
        formula,
        repeated,
        random,
        question.covariance or COVARIANCE,
        _known(question.df or METHODS[0], "method for degrees of freedom", METHODS),
        tuple(phrases.means(one) for one in question.means),
        contrasts,
        phrases.reference(question.reference),
        phrases.levels(question.levels),
        phrases.held(question.at),
    )


def _known(text: str, what: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=text, what=what, choices=", ".join(choices))
    return text


def _together(question: Question, repeated: Repeated | None, random: tuple[Random, ...]) -> None:
    if repeated is not None and random:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--repeated and --random",
            remedy="choose one: --repeated for scheduled visits, --random for free times or groups",
        )
    if repeated is None and question.covariance is not None:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--covariance without --repeated",
            remedy="say whose visits they are, such as --repeated 'visit | id'",
        )
    if repeated is None and not random and question.df is not None:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what="--df without --repeated or --random",
            remedy="leave it out; ordinary least squares has exact degrees of freedom",
        )


def kinds(asked: Asked, table: Table) -> Kinds:
    """Return how columns are to be taken. Raises Refused for an option that meets nothing."""
    forced = dict(asked.formula.forced)
    for one in asked.random:
        forced |= one.forced
    for name in asked.question.factors:
        _meets(asked, table, name, "--factor")
        if forced.get(name, "factor") != "factor":
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"number({name}) and --factor {name}",
                remedy="say one of them",
            )
        forced[name] = "factor"
    if asked.repeated is not None:
        # As in SAS, a repeated visit is a category in the means too, unless it is said otherwise.
        forced.setdefault(asked.repeated.visit, "factor")
    for name in asked.orders:
        _meets(asked, table, name, "--levels")
    for name in asked.held:
        _meets(asked, table, name, "--at")
        if forced.get(name) == "factor" or not (
            forced.get(name) == "number" or table.is_numeric(name)
        ):
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--at and the category {name}",
                remedy="only numbers are held at a value; name levels with --means",
            )
    return Kinds(forced, asked.orders, _references(asked, table, forced))


def _meets(asked: Asked, table: Table, name: str, option: str) -> None:
    known = [*asked.names, *([asked.repeated.visit] if asked.repeated else [])]
    table.texts(name)
    if name not in known:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=name,
            what=f"column of the model for {option}",
            choices=", ".join(dict.fromkeys(known)) or "none",
        )


def _references(asked: Asked, table: Table, forced: Mapping[str, str]) -> dict[str, str]:
    """Return the reference level of each factor; a bare level is of the one that has it."""
    found = {}
    for name, level in asked.references:
        if name:
            _meets(asked, table, name, "--reference")
            found[name] = level
            continue
        factors = [
            one
            for one in asked.formula.names
            if forced.get(one) == "factor" or (one not in forced and not table.is_numeric(one))
        ]
        compared = [name for one in asked.means for name in one.compared]
        holding = [one for one in factors if level in table.texts(one)]
        holding = [one for one in holding if one in compared] or holding
        if len(holding) != 1:
            every = {text for one in factors for text in table.texts(one) if text is not None}
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED,
                text=level,
                what=f"level of one factor for --reference ({len(holding)} have it)",
                choices="factor=level with one of " + ", ".join(sorted(every)[:20]),
            )
        if found.setdefault(holding[0], level) != level:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"--reference {found[holding[0]]} and --reference {level} of {holding[0]}",
                remedy="name one level of each factor",
            )
    return found
