"""A faster way through the courses of levels that only the parent's own compartments decide.

Levels of a drug in a compartment depend on what flows in from upstream, never on metabolites.
Where all that is left upstream are compartments that exchange drug both ways, and no two ways
lead from one to another, weights w with w_i k_ji = w_j k_ij make w**-1/2 A w**1/2 symmetric. Such
a matrix has real rates and orthogonal modes however close they lie, so nothing is lost where
poles meet, and a step costs one exponential a mode in place of a matrix exponential.

Every other course goes through `kinetics.points`, which also judges this one in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.compiled import NONE, Compiled
from assuage.kinetics.exact import Array
from assuage.kinetics.points import Layout

Columns = NDArray[np.int64]
Quotient = tuple[int, int, int]  # columns: numerator, divisor, factor; -1 for none
Flows = dict[tuple[int, int], list[Quotient]]  # (from, to) -> its rates


@dataclass(frozen=True)
class Block:
    """What is kept of a model, numbered anew.

    ends (m - 1, 2): the tree of kept places, from the first outwards, with the rates `out` and
    `back` along each; lost[i]: every rate out of place i; into (e,) places that drug enters, with
    `entries` (e,) their numbers in the model; seen and analyte (looks,): the place of each look,
    and the row of compiled.outputs that it reads.
    """

    size: int
    ends: Columns
    out: tuple[Quotient, ...]
    back: tuple[Quotient, ...]
    lost: tuple[tuple[Quotient, ...], ...]
    entries: Columns
    into: Columns
    seen: Columns
    analyte: Columns


def block_of(compiled: Compiled, layout: Layout) -> Block | None:
    """Return the reversible block that these looks depend on, or None where there is none."""
    flows, losses = _flows(compiled)
    given = (layout.rate_mg_per_h != 0.0).any(axis=0) | (layout.bolus_mg != 0.0).any(axis=0)
    entries = [int(number) for number in np.nonzero(given)[0]]
    looked = {int(compiled.outputs[a, 0]) for a in layout.look_analyte}
    upstream = _closure(looked, [(end, start) for start, end in flows])
    reached = _closure((int(compiled.entries[e]) for e in entries), list(flows))
    kept = sorted(upstream & reached)
    if not kept or not looked <= set(kept):
        return None
    tree = _tree(kept, flows)
    if tree is None:
        return None
    place = {one: number for number, one in enumerate(kept)}
    used = [e for e in entries if int(compiled.entries[e]) in place]
    seen = [place[int(compiled.outputs[a, 0])] for a in layout.look_analyte]
    return Block(
        len(kept),
        np.array([(place[a], place[b]) for a, b in tree], dtype=np.int64).reshape(-1, 2),
        tuple(flows[start, end][0] for start, end in tree),
        tuple(flows[end, start][0] for start, end in tree),
        tuple(tuple(losses.get(one, [])) for one in kept),
        np.array(used, dtype=np.int64),
        np.array([place[int(compiled.entries[e])] for e in used], dtype=np.int64),
        np.array(seen, dtype=np.int64),
        np.array(layout.look_analyte, dtype=np.int64),
    )


def _flows(compiled: Compiled) -> tuple[Flows, dict[int, list[Quotient]]]:
    flows: Flows = {}
    losses: dict[int, list[Quotient]] = {}
    for (row, column, sign), (top, divisor, factor) in zip(
        compiled.rates.tolist(), compiled.rates_by.tolist(), strict=True
    ):
        quotient = (top, divisor, factor)
        if row == column:
            losses.setdefault(row, []).append(quotient)
        elif sign > 0:
            flows.setdefault((column, row), []).append(quotient)
    return flows, losses


def _closure(start: Iterable[int], edges: list[tuple[int, int]]) -> set[int]:
    """Return the places that can be reached from `start` along the edges (from, to)."""
    found = set(start)
    while more := {end for begin, end in edges if begin in found} - found:
        found |= more
    return found


def _tree(kept: list[int], flows: Flows) -> list[tuple[int, int]] | None:
    """Return the edges from the first place outwards, or None where the block isn't such a tree."""
    inside = {ends: rates for ends, rates in flows.items() if set(ends) <= set(kept)}
    both = all(len(rates) == 1 and ends[::-1] in inside for ends, rates in inside.items())
    if not both or len(inside) != 2 * (len(kept) - 1):
        return None
    tree: list[tuple[int, int]] = []
    known = {kept[0]}
    while more := [(a, b) for a, b in inside if a in known and b not in known]:
        tree.append(more[0])
        known.add(more[0][1])
    return tree if known == set(kept) else None


def _quotient(values: Array, quotient: Quotient) -> Array:
    top, divisor, factor = quotient
    found = np.ones(len(values)) if top == NONE else values[:, top]
    if divisor != NONE:
        found = found / values[:, divisor]
    return found * values[:, factor] if factor != NONE else found


def predict(
    compiled: Compiled, block: Block, layout: Layout, values: Array, patient: NDArray[np.intp]
) -> Array:
    """Return (sets, most looks) in mg/L, as `points.predict` does.

    Raises ValueError when a rate is negative or not finite, or drug moves one way only.
    """
    from assuage.kinetics.kernels import reversible as kernel

    sets = len(values)
    loss, roots = np.zeros((sets, block.size)), np.ones((sets, block.size))
    exchange = np.empty((sets, len(block.ends)))
    sound = True
    for number, (start, end) in enumerate(block.ends):
        out, back = (_quotient(values, one[number]) for one in (block.out, block.back))
        sound = sound and bool((out > 0.0).all() and (back > 0.0).all())
        exchange[:, number] = np.sqrt(out * back)
        roots[:, end] = roots[:, start] * np.sqrt(out / back)
    for place, ways in enumerate(block.lost):
        for way in ways:
            one = _quotient(values, way)
            sound = sound and bool((one >= 0.0).all())
            loss[:, place] += one
    if not (sound and np.isfinite(loss).all() and np.isfinite(roots).all()):
        raise ValueError("a parameter makes a rate negative or not finite, or one-way")
    factors = np.ones((sets, len(compiled.outputs)))
    for analyte in set(block.analyte.tolist()):
        _, divisor, factor = compiled.outputs[analyte].tolist()
        factors[:, analyte] = _quotient(values, (NONE, divisor, factor))
    fractions = np.ones((sets, len(block.entries)))
    for column, entry in enumerate(block.entries):
        fractions[:, column] = _quotient(values, (int(compiled.fractions[entry]), NONE, NONE))
    out_levels = np.zeros((sets, int(layout.counts.max(initial=0))))
    kernel.predict(
        exchange,
        loss,
        roots,
        factors,
        fractions,
        np.ascontiguousarray(patient, dtype=np.int64),
        block.ends,
        block.into,
        np.ascontiguousarray(layout.rate_mg_per_h[:, block.entries]),
        np.ascontiguousarray(layout.bolus_mg[:, block.entries]),
        layout.step_first,
        layout.span,
        layout.span_first,
        layout.span_h,
        layout.look_first,
        layout.look_step,
        layout.look_after,
        block.seen,
        block.analyte,
        out_levels,
    )
    return out_levels
