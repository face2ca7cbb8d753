"""The design of an analysis: rows that are used, columns with their coding, what can't be told.

Factors are coded by treatment: a column for each level but the first, or but the reference. A
factor that stands in an interaction without its margin gets a column for each level. Everything
asked of the fit later (means, contrasts, tests, sum-to-zero coefficients) is a row over these
columns, made by `Design.row`, so that no answer depends on the coding.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assuage.evidence import sheet
from assuage.evidence.analysis.formula import Formula, Term
from assuage.evidence.analysis.rank import Ranked, ranked
from assuage.evidence.analysis.table import Table, levels_of
from assuage.evidence.mixed.fitted import F, I
from assuage.refusals import Refusal, Refused

INTERCEPT = "(Intercept)"
SMALL = 1e-8  # of what is added up: what a row has outside what the data tell


@dataclass(frozen=True)
class Factor:
    """A category: its levels in order, the place of the reference, each row's level (n,)."""

    levels: tuple[str, ...]
    reference: int
    codes: I

    def coding(self, *, full: bool) -> F:
        """Return (levels, columns): each level's own column, or none for the reference."""
        every = np.eye(len(self.levels))
        return every if full else np.delete(every, self.reference, axis=1)


@dataclass(frozen=True)
class Columns:
    """A term: its names, which of its factors are coded in full, and its place in the columns."""

    names: Term
    full: frozenset[str]
    place: slice

    @property
    def title(self) -> str:
        """The term as a reader writes it."""
        return ":".join(self.names) or INTERCEPT


@dataclass(frozen=True)
class Design:
    """x (n, p) of full rank and y (n,), with what every column and row is.

    `columns` and `terms` count the columns before those that nothing tells apart were dropped
    (`told.kept`). `left_out` says why rows of the table aren't used, and how many.
    """

    formula: Formula
    x: F
    y: F
    columns: tuple[str, ...]
    terms: tuple[Columns, ...]
    factors: Mapping[str, Factor]
    covariates: Mapping[str, F]
    used: I
    left_out: Mapping[str, int]
    told: Ranked

    def row(
        self,
        weights: Mapping[str, F],
        at: Mapping[str, float],
        terms: Collection[Term] | None = None,
    ) -> F:
        """Return the row (columns,) of a mean of the model.

        `weights` (levels,) says how levels of a factor are weighed, equally when it isn't there;
        `at` is where covariates are held, at their mean over the rows when they aren't there.
        Only `terms` count, when they are given.
        """
        found = np.zeros(len(self.columns))
        for one in self.terms:
            if terms is None or one.names in terms:
                piece: F = np.ones(1)
                for name in one.names:
                    piece = np.asarray(
                        np.kron(piece, self._piece(one, name, weights, at)), dtype=np.float64
                    )
                found[one.place] = piece
        return found

    def _piece(
        self, term: Columns, name: str, weights: Mapping[str, F], at: Mapping[str, float]
    ) -> F:
        if name in self.covariates:
            return np.array([at[name] if name in at else float(self.covariates[name].mean())])
        factor = self.factors[name]
        even = np.full(len(factor.levels), 1.0 / len(factor.levels))
        return np.asarray(weights.get(name, even) @ factor.coding(full=name in term.full))

    def estimable(self, row: F) -> F | None:
        """Return a row over the kept columns, or None when the data don't tell it."""
        even = row / self.told.size
        kept, dropped = even[self.told.kept], even[~self.told.kept]
        size = np.abs(kept) @ np.abs(self.told.made_of) + np.abs(dropped)
        if not (np.abs(dropped - kept @ self.told.made_of) <= SMALL * size).all():
            return None
        return np.asarray(row[self.told.kept])


@dataclass(frozen=True)
class Kinds:
    """What a question says of columns: forced kinds, orders of levels, reference levels."""

    forced: Mapping[str, str]
    orders: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]


def build(table: Table, formula: Formula, kinds: Kinds, more: Sequence[str] = ()) -> Design:
    """Return the design; rows with a value missing are left out and counted.

    `more` are further columns (of random effects) that a row needs. Raises Refused: FIELD_UNKNOWN,
    DATA_INVALID, VALUE_NOT_ALLOWED, FIT_IMPOSSIBLE, DESIGN_SINGULAR.
    """
    numeric = {
        name: is_number(table, name, kinds) for name in dict.fromkeys((*formula.names, *more))
    }
    response = table.numbers(formula.response)
    used, left_out = _used(table, formula, [*numeric], response)
    factors, covariates = {}, {}
    for name, number in numeric.items():
        if number:
            covariates[name] = table.numbers(name)[used]
        else:
            factors[name] = factor_of(table, name, used, kinds)
    x, columns, terms = columns_of(formula.terms, factors, covariates, len(used))
    alone = [name for name in formula.names if name in factors and len(factors[name].levels) < 2]
    if alone:
        why = f"{alone[0]} is '{factors[alone[0]].levels[0]}' in every row that can be used"
        raise Refused(Refusal.DESIGN_SINGULAR, why=why)
    y = response[used]
    if not np.ptp(y) > 0.0:
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model=formula.response,
            why=f"it is {y[0]:g} in every row that can be used",
            remedy="name an outcome that varies",
        )
    if len(used) <= len(columns):
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model=formula.response,
            why=f"{len(used)} rows can be used for {len(columns)} effects",
            remedy="drop terms from the model, or bring more data",
        )
    told = ranked(x, columns, terms, factors)
    asked = {name: one for name, one in factors.items() if name in formula.names}
    shown = {name: one for name, one in covariates.items() if name in formula.names}
    return Design(
        formula,
        np.ascontiguousarray(x[:, told.kept]),
        y,
        columns,
        terms,
        asked,
        shown,
        used,
        left_out,
        told,
    )


def is_number(table: Table, name: str, kinds: Kinds) -> bool:
    """Say whether a column is taken as a number: as forced, or as it is written."""
    table.texts(name)
    if name in kinds.forced:
        return kinds.forced[name] == "number"
    return table.is_numeric(name)


def _used(
    table: Table, formula: Formula, names: Sequence[str], response: F
) -> tuple[I, dict[str, int]]:
    """Return the places of the rows that are used, and why and how often the others aren't."""
    missing = {formula.response: np.isnan(response)}
    for name in names:
        missing[name] = np.array([one is None for one in table.texts(name)])
    left = np.zeros(len(table.rows), dtype=bool)
    counts = {}
    for name, gone in missing.items():
        if (gone & ~left).any():
            counts[f"{name} is missing"] = int((gone & ~left).sum())
        left |= gone
    if left.all():
        raise sheet.wrong(
            table.name,
            table.rows[0],
            "no row has every value that the model needs",
            "check the columns; '', '.' and 'NA' are missing",
        )
    return np.flatnonzero(~left).astype(np.int64), counts


def factor_of(table: Table, name: str, used: I, kinds: Kinds) -> Factor:
    """Return a category over the used rows. Raises Refused for a level that isn't there."""
    texts = table.texts(name)
    whole = levels_of(table.name, name, (one for one in texts if one is not None))
    order = kinds.orders.get(name, whole)
    wanted = kinds.references.get(name)
    for one in (*order, *([wanted] if wanted is not None else [])):
        if one not in whole:
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED, text=one, what=f"level of {name}", choices=said(whole)
            )
    if set(order) != set(whole) or len(order) != len(whole):
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=", ".join(order),
            what=f"order of {name}",
            choices=f"each level once: {said(whole)}",
        )
    there = {texts[place] for place in used}
    levels = tuple(one for one in order if one in there)
    places = {one: place for place, one in enumerate(levels)}
    if wanted is not None and wanted not in places:
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED,
            text=wanted,
            what=f"level of {name} with rows to use",
            choices=said(levels),
        )
    codes = np.array([places[str(texts[place])] for place in used], dtype=np.int64)
    return Factor(levels, places.get(wanted or "", 0), codes)


def said(levels: Sequence[str], most: int = 20) -> str:
    """Return levels in words."""
    return ", ".join(levels[:most]) + (f" and {len(levels) - most} more" * (len(levels) > most))


def columns_of(
    terms: Sequence[Term], factors: Mapping[str, Factor], covariates: Mapping[str, F], rows: int
) -> tuple[F, tuple[str, ...], tuple[Columns, ...]]:
    """Return (rows, columns) with the columns' names and terms; the last name varies fastest.

    A factor is coded in full where the term without it isn't in the model, as R does.
    """
    pieces: list[F] = []
    names: list[str] = []
    found: list[Columns] = []
    for term in terms:
        full = frozenset(
            name
            for name in term
            if name in factors and tuple(one for one in term if one != name) not in terms
        )
        x, titles = np.ones((rows, 1)), [""]
        for name in term:
            more, heads = _columns(name, factors, covariates, full=name in full)
            x = (x[:, :, None] * more[:, None, :]).reshape(rows, -1)
            titles = [f"{a}:{b}" if a else b for a in titles for b in heads]
        start = len(names)
        pieces.append(x)
        names += titles if term else [INTERCEPT]
        found.append(Columns(term, full, slice(start, len(names))))
    return np.hstack(pieces), tuple(names), tuple(found)


def _columns(
    name: str, factors: Mapping[str, Factor], covariates: Mapping[str, F], *, full: bool
) -> tuple[F, list[str]]:
    if name in covariates:
        return covariates[name][:, None], [name]
    factor = factors[name]
    heads = [
        f"{name}[{level}]"
        for place, level in enumerate(factor.levels)
        if full or place != factor.reference
    ]
    return factor.coding(full=full)[factor.codes], heads
