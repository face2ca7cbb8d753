"""`kinetics.turnover`, compiled: 64 patients of one mesh side by side, one patient in a lane.

The scheme and its mesh are the oracle's; what differs is how its sums are written.

Advance. The state goes over a whole step by P_{k+2}. The drive inside the step is read from the
        state at its start, by w P_k, w P_{k+1} and w P_{k+1} P_k.
Step.   With M_j = h (W_4 - W_j) b and e_j = e^-M_j, which no later loss can undo,
            R_{n+1} = e_0 R_n + h sum_j W_4j a_j e_j,
            R_j = (e_0 R_n + h sum_i W_ji a_i e_i) / e_j,
        the second only where an output lies inside the step.
Losses. e^-M is a polynomial of degree 7, or of 5 where the step is short enough.
Tail.   Whether a drive is over is asked at every fourth step. What is left is written 64
        outputs at a time where they lie evenly: a table of powers, and one exponential a block.

A lane's answer has the same bits whatever the others hold: every loop runs over all 64 lanes
with a fixed order of sums, and what is skipped is skipped by the mesh or the timetable alone.
Indices are unsigned; see `kernels.tile`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.kernels.ahead import fill_rates
from assuage.kinetics.kernels.apart import settle
from assuage.kinetics.kernels.compile import inner, kernel
from assuage.kinetics.kernels.sums import copy, move, total
from assuage.kinetics.kernels.tile import LANES, NOTES, WORKS, exponential_of, multiply
from assuage.kinetics.kernels.turnover_step import (
    GAIN,
    GAIN_CHANGE,
    LEVEL,
    LOSS,
    LOSS_CHANGE,
    STATE,
    TOTAL,
    interpolate,
    look,
    nodes,
    raise_to_gamma,
    rest_of,
    step,
)
from assuage.kinetics.kernels.turnover_tail import (
    BLOCK,
    NONE,
    B,
    finish_calm,
    mark,
    move_far,
    newly_over,
    write_rows,
)
from assuage.kinetics.kernels.wide import room
from assuage.kinetics.pattern import Counts

Offsets = NDArray[np.uint64]
U = np.uint64
L = np.uint64(LANES)
AFRESH = 14  # squarings after which a matrix is worked out anew: each doubles its rounding
ASKED = 4  # steps from one look at whether the drive is over to the next


class Shape(NamedTuple):
    """What the pattern of the rate matrix says; lists of places in flat arrays count numbers.

    first, left, right, diagonal  for `tile`; rows_of .. ones for `ahead.fill_rates`
    move_first (size + 1,), move_columns, move_slots: a place is a sum of columns times slots
    program    (any, 4): the same for a whole step, and the drive inside it, as blocks of rows
               and columns: what to do, target, first number in the table, first column
    still      how much of the program is for when nothing flows; the rest is for when it does
    pack_to, pack_from: where in the table each slot goes
    row_first (joined + 1,), row_places, row_slots: the same for a row of weights;
               seen_first, seen_places, seen_slots where only the drive's own places weigh
    seen       places that drive; every: all places
    """

    first: Offsets
    left: Offsets
    right: Offsets
    diagonal: Offsets
    rows_of: Counts
    columns_of: Counts
    slots_of: Counts
    ones: Counts
    move_first: Offsets
    move_columns: Offsets
    move_slots: Offsets
    program: Offsets
    still: int
    pack_to: Offsets
    pack_from: Offsets
    row_first: Offsets
    row_places: Offsets
    row_slots: Offsets
    seen_first: Offsets
    seen_places: Offsets
    seen_slots: Offsets
    seen: Offsets
    every: Offsets


class Plan(NamedTuple):
    """Edges, steps and outputs of one mesh, alike for all its patients.

    Lengths between edges: unit_h, units in all, step_first (lengths + 1,), powers
    (steps,), matrix_first, where the matrices of its powers begin, and short, the highest power
    whose steps are short.
    Stretches between edges: length, length_h, flow (pattern or NONE), output_first and
    bolus_first (stretches + 1,), run_first (stretches + 1,).
    Outputs: step (within its stretch), at_end, weights (times, 10), since_h its start.
    Runs of outputs: run_start (runs,), run_end, run_h: their spacing, 0 where they lie unevenly.
    bolus_place (boluses,).
    """

    unit_h: Array
    units: Counts
    step_first: Counts
    powers: Counts
    matrix_first: Counts
    short: Counts
    length: Counts
    length_h: Array
    flow: Counts
    output_first: Counts
    bolus_first: Counts
    bolus_place: Counts
    run_first: Counts
    run_start: Counts
    run_end: Counts
    run_h: Array
    step: Counts
    at_end: Counts
    weights: Array
    since_h: Array


class People(NamedTuple):
    """Patients (n,), n a multiple of 64; the last lanes repeat one of them.

    matrix (m, m, n); weights (m, n) over c50; bound (m, n); amounts (boluses, n); flows
    (patterns, targets, n); kind is gamma where it is a whole number up to 5, else 0; steady,
    whether nothing moves the gain.
    """

    matrix: Array
    weights: Array
    bound: Array
    below: Array
    amounts: Array
    flows: Array
    kind: int
    steady: bool
    gamma: Array
    gain: Array
    gain_change: Array
    loss: Array
    loss_change: Array
    baseline: Array


# A tile.


@inner
def _any(lanes):  # type: ignore[no-untyped-def]
    """Return whether any of 64 is true."""
    found = False
    for x in range(L):
        found |= lanes[x]
    return found


@inner
def _row(t, d, a, i, b, j, left, right, p, end):  # type: ignore[no-untyped-def]
    """Write the sum of a[i + left] b[j + right] over terms p .. end - 1, none maybe, to t[d:]."""
    if p == end:
        for x in range(L):
            t[d + x] = 0.0
    else:
        total(t, d, a, i, b, j, left, right, p, end)


@inner
def _prepare(  # type: ignore[no-untyped-def]
    matrices, table, weights, work, notes, people, base, plan, shape
):  # fmt: skip
    """Work out the matrices of every length's powers, and each step's table."""
    joined = U(people.weights.shape[0] + people.flows.shape[1])
    flat, width = matrices.reshape(-1), U(matrices.shape[1])
    size, n = U(people.weights.shape[0]), U(people.weights.shape[1])
    slab = (U(3) + size) * joined * L
    for c in range(size):
        copy(weights, c * L, people.weights.reshape(-1), c * n + U(base))
    for length in range(plan.unit_h.shape[0]):
        first, last = plan.matrix_first[length], plan.matrix_first[length + 1]
        for k in range(first, last):
            if (k - first) % AFRESH == 0:
                notes[0, :] = plan.unit_h[length] / 4.0 * 2.0 ** (k - first)
                fill_rates(matrices[k], people.matrix, base, LANES, shape.rows_of,
                           shape.columns_of, shape.slots_of, shape.ones)  # fmt: skip
                exponential_of(matrices[k], notes, work, shape.first, shape.left, shape.right,
                               shape.diagonal)  # fmt: skip
            else:
                multiply(matrices[k], matrices[k - 1], matrices[k - 1], shape.first, shape.left,
                         shape.right)  # fmt: skip
        for k in range(first, last - 2):
            a, here = U(k) * width, U(k) * slab
            for c in range(joined):
                d = here + U(3) * c * L
                p, end = shape.seen_first[c], shape.seen_first[c + U(1)]
                if k == first:
                    _row(
                        table,
                        d,
                        flat,
                        a,
                        weights,
                        U(0),
                        shape.seen_slots,
                        shape.seen_places,
                        p,
                        end,
                    )
                else:
                    copy(table, d, table, d - slab + L)
                _row(table, d + L, flat, a + width, weights, U(0), shape.seen_slots,
                     shape.seen_places, p, end)  # fmt: skip
            for c in range(joined):
                p, end = shape.row_first[c], shape.row_first[c + U(1)]
                _row(table, here + (U(3) * c + U(2)) * L, flat, a, table, here + L,
                     shape.row_slots, shape.row_places, p, end)  # fmt: skip
            for one in range(U(shape.pack_to.shape[0])):
                to, whence = here + shape.pack_to[one], a + U(2) * width + shape.pack_from[one]
                copy(table, to, flat, whence)


@inner
def _turn(s, here, there, still, people, base, stretch, plan):  # type: ignore[no-untyped-def]
    """Let boluses in and set what flows in; mark the lanes that nothing flows into."""
    size = U(people.weights.shape[0])
    still[:] = True
    for bolus in range(plan.bolus_first[stretch], plan.bolus_first[stretch + 1]):
        d = here + U(plan.bolus_place[bolus]) * L
        for x in range(L):
            s[d + x] += people.amounts[bolus, base + x]
    pattern = plan.flow[stretch]
    for column in range(people.flows.shape[1]):
        d = (size + U(column)) * L
        for x in range(L):
            rate = people.flows[pattern, column, base + x] if pattern != NONE else 0.0
            s[here + d + x] = rate
            s[there + d + x] = rate
            still[x] = still[x] and not rate > 0.0


@kernel
def solve(begin, end, plan, shape, people, rows, times, out, apart):  # type: ignore[no-untyped-def]
    """Solve tiles begin .. end - 1 of one group into `out`, flat (patients, times).

    rows (n,) is each lane's row of `out`, or -1 where a lane only fills up its tile. With `apart`
    it is written past the cache where it can.
    """
    size, targets = people.weights.shape[0], people.flows.shape[1]
    joined, slots = size + targets, shape.first.shape[0] - 1
    powers = plan.matrix_first[-1]
    matrices = room(powers * slots * LANES).reshape(powers, slots * LANES)
    table = room(powers * (3 + size) * joined * LANES)
    work = room(WORKS * slots * LANES).reshape(WORKS, slots * LANES)
    notes, weights = room(NOTES * LANES).reshape(NOTES, LANES), room(size * LANES)
    s, kept = room(STATE + 2 * joined * LANES), room(2 * joined * LANES)
    buffer, n = room(BLOCK * LANES), U(people.weights.shape[1])
    theirs, seen, everyones, every = (
        shape.seen * n,
        shape.seen * L,
        shape.every * n,
        shape.every * L,
    )
    still, left = np.zeros(LANES, dtype=np.bool_), np.zeros(LANES)
    noted = np.zeros((4, LANES), dtype=np.int64)
    _tiles(begin, end, plan, shape, people, rows, U(times), out, apart, matrices, table, work,
           notes, weights, s, kept, buffer, theirs, seen, everyones, every, still, left,
           noted)  # fmt: skip


@inner
def _tiles(  # type: ignore[no-untyped-def]
    begin, end, plan, shape, people, rows, times, out, apart, matrices, table, work, notes,
    weights, s, kept, buffer, theirs, seen, everyones, every, still, left, noted,
):  # fmt: skip
    """Do as `solve` does in the arrays given. To count who holds them would wait for memory."""
    joined = people.weights.shape[0] + people.flows.shape[1]
    for tile in range(begin, end):
        base = U(tile * LANES)
        _prepare(matrices, table, weights, work, notes, people, tile * LANES, plan, shape)
        s[:] = 0.0
        here, there = STATE, STATE + U(joined) * L
        copy(s, LEVEL, people.baseline, base)
        copy(s, LOSS, people.loss, base)
        copy(s, LOSS_CHANGE, people.loss_change, base)
        copy(s, GAIN, people.gain, base)
        copy(s, GAIN_CHANGE, people.gain_change, base)
        if plan.output_first[0] > 0:
            copy(buffer, U(0), s, LEVEL)
            write_rows(out, times, rows, base, buffer, U(0), U(1))
        held = U(0)
        for stretch in range(plan.length.shape[0]):
            _turn(s, here, there, still, people, base, stretch, plan)
            here, there, held = _stretch(
                s, here, there, kept, still, left, noted, theirs, seen, everyones, every, matrices,
                table, work, buffer, held, base, stretch, plan, shape, people, rows, times, out,
                apart,
            )  # fmt: skip
    settle()  # type: ignore[call-arg]


@inner
def _stretch(  # type: ignore[no-untyped-def]
    s, here, there, kept, still, left, noted, theirs, seen, everyones, every, matrices, table, work,
    buffer, held, base, stretch, plan, shape, people, rows, times, out, apart,
):  # fmt: skip
    """Carry state and R to the next edge; write or hold back the outputs on the way."""
    size = U(people.weights.shape[0])
    joined, length = size + U(people.flows.shape[1]), plan.length[stretch]
    slab = (U(3) + size) * joined * L
    tables = U(plan.matrix_first[length]) * slab
    flows, split = plan.flow[stretch] != NONE, U(shape.still)
    begin, end = (split, U(shape.program.shape[0])) if flows else (U(0), split)
    weights, bounds = people.weights.reshape(-1), people.bound.reshape(-1)
    powers, step_of, at_end, w = plan.powers, plan.step, plan.at_end, plan.weights
    program, below = shape.program, people.below
    gamma, kind, unit_h, short = people.gamma, people.kind, plan.unit_h[length], plan.short[length]
    over, late, units, quarters = noted[0], noted[1], noted[2], noted[3]
    over[:] = NONE
    look(s, U(0), weights, base, here, theirs, seen)
    raise_to_gamma(s, U(0), kind, gamma, base)
    rest_of(s)
    o, o_end = plan.output_first[stretch], plan.output_first[stretch + 1]
    done, count_over, any_still, first = 0, 0, _any(still), plan.step_first[length]
    for one in range(plan.step_first[length + 1] - first):
        if any_still and one % ASKED == 0:
            look(s, TOTAL, bounds, base, here, everyones, every)
            new = newly_over(s, below, base, still, over, one)
            if new > 0:
                mark(units, late, left, kept, s, here, size, over, one, done, o)
                count_over += new
                if count_over == LANES:
                    break
        k = powers[first + one]
        done += 1 << k
        step_h = unit_h * (1 << k)
        move(s, there, here, table, tables + U(k) * slab, program, begin, end)
        here, there = there, here
        look(s, U(3) * L, weights, base, here, theirs, seen)
        if kind != 1:
            for node in range(U(4)):
                raise_to_gamma(s, node * L, kind, gamma, base)
        inside = o < o_end and step_of[o] == one and not at_end[o]
        _take(s, step_h, inside, k <= short, people.steady)
        while o < o_end and step_of[o] == one:
            if at_end[o]:
                copy(buffer, held * L, s, LEVEL)
            else:
                interpolate(buffer, held * L, s, w[o, 0], w[o, 1], w[o, 2], w[o, 3], w[o, 4],
                             w[o, 5], w[o, 6], w[o, 7], w[o, 8], w[o, 9])  # fmt: skip
            o += 1
            held += U(1)
            if held == B:
                write_rows(out, times, rows, base, buffer, U(o) - held, held)
                held = U(0)
    onward = stretch + 1 < plan.length.shape[0]
    if count_over > 0 or not onward:
        write_rows(out, times, rows, base, buffer, U(o) - held, held)
        held = U(0)
    if count_over > 0:
        finish_calm(out, times, rows, base, stretch, plan, people, over, units, late, left, s,
                    buffer, buffer[2 * BLOCK :], apart)  # fmt: skip
    if count_over > 0 and onward:
        _catch_up(s, here, kept, over, units, quarters, matrices, work, plan, shape, length, size,
                  joined)  # fmt: skip
    return here, there, held


@inner
def _take(s, step_h, inside, is_short, steady):  # type: ignore[no-untyped-def]
    """Take R over a step; with outputs inside it, note R at the nodes."""
    if inside:
        nodes(s, step_h)
    elif steady and is_short:
        step(s, step_h, True, True)
    elif steady:
        step(s, step_h, False, True)
    elif is_short:
        step(s, step_h, True, False)
    else:
        step(s, step_h, False, False)


@inner
def _catch_up(  # type: ignore[no-untyped-def]
    s, here, kept, over, units, quarters, matrices, work, plan, shape, length, size, joined
):  # fmt: skip
    """Move the state to the next edge in the lanes that stopped on the way."""
    quarters[:] = 0
    for x in range(L):
        if over[x] != NONE:
            quarters[x] = 4 * (plan.units[length] - units[x])
    at = move_far(kept, U(0), joined * L, quarters, matrices, plan.matrix_first[length],
              plan.matrix_first[length + 1], work, shape, size)  # fmt: skip
    for x in range(L):
        if over[x] != NONE:
            for i in range(size):
                s[here + i * L + x] = kept[at + i * L + x]
