"""Many patients over a common timetable, where a block that exchanges drug both ways decides all.

What flows both ways makes the rate matrix symmetric but for a scaling, and a symmetric matrix has
real rates and orthogonal modes however close they lie: nothing is lost where poles meet. Between
events each output is then a constant and a sum of exponentials. A table of 64 powers of each, by
doubling, makes 64 outputs a sum of a few rows; from block to block each amplitude takes one
multiplication.
"""

from __future__ import annotations

import math

import numpy as np

from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.kernels.emit import BLOCK, emit
from assuage.kinetics.kernels.reversible import LANES, PIECE, eigen, exponentials
from assuage.kinetics.timetable import BOLUS, FLOW, SPAN

U = np.uint64
SLOWEST = 1e-6  # of the fastest rate: slower modes come to rest too far off to count from there


@kernel
def _symmetric(s, roots, matrix, first, some, places, pairs, bad):  # type: ignore[no-untyped-def]
    """Lay 16 matrices into s, made symmetric, with the scaling of each place in `roots`.

    pairs (n, 2): known place, new place, so that each place but the first is reached once.
    """
    size = places.shape[0]
    s[:] = 0.0
    for x in range(some):
        roots[x] = 1.0
        for n in range(size):
            s[(n * size + n) * LANES + x] = matrix[first + x, places[n], places[n]]
        for n in range(pairs.shape[0]):
            i, j = pairs[n, 0], pairs[n, 1]
            to = matrix[first + x, places[j], places[i]]
            back = matrix[first + x, places[i], places[j]]
            if not (to > 0.0 and back > 0.0):
                bad[first + x] = 1
                to, back = 1.0, 1.0
            low, high = min(i, j), max(i, j)
            s[(low * size + high) * LANES + x] = math.sqrt(to * back)
            roots[j * LANES + x] = roots[i * LANES + x] * math.sqrt(to / back)


@kernel
def _powers(table, row, factor):  # type: ignore[no-untyped-def]
    """Write factor**b for b in 0 .. 63 into a row of a table."""
    table[row] = 1.0
    width = U(1)
    while width < U(BLOCK):
        for b in range(width):
            table[row + width + b] = table[row + b] * factor
        factor *= factor
        width += width


@kernel
def solve(  # type: ignore[no-untyped-def]
    begin, end, matrix, weights, initial, amounts, bolus_place, flows, targets, span_h, table_h,
    moves, run_span, places, pairs, blocks, out, bad,
):  # fmt: skip
    """Solve patients begin .. end - 1 into `out`, flat (patients, outputs, times).

    bolus_place and targets are places of the block or -1. bad (patients,) is set to 1 where a
    patient has no such modes; those rows of `out` mean nothing.
    """
    size, outputs = places.shape[0], weights.shape[1]
    times = out.shape[0] // (matrix.shape[0] * outputs)
    lengths = span_h.shape[0] + table_h.shape[0]
    s, q = np.zeros(size * size * LANES), np.zeros(size * size * LANES)
    t, c, roots = np.zeros(LANES), np.zeros(LANES), np.zeros(size * LANES)
    room = (LANES * lengths * size + PIECE - 1) // PIECE * PIECE
    x, power, share = np.zeros(room), np.zeros(room), np.zeros(room)
    halvings = np.zeros(PIECE, dtype=np.int64)
    scale = halvings.view(np.float64)
    pole, state, rest, push = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    seen = np.zeros((outputs, size))
    rows = np.ones(max(1, table_h.shape[0]) * (size + 1) * BLOCK)
    levels, order = np.zeros((blocks, size + 1)), np.arange(size + 1)
    states, marks = np.zeros((blocks, 2 * size)), np.zeros((blocks, 4), dtype=np.int64)
    last = np.zeros(BLOCK)
    for base in range(begin, end, LANES):
        some = min(LANES, end - base)
        _symmetric(s, roots, matrix, base, some, places, pairs, bad)
        eigen(s, q, size, t, c)
        used = 0
        for lane in range(some):
            for n in range(lengths):
                length = span_h[n] if n < span_h.shape[0] else table_h[n - span_h.shape[0]]
                for k in range(size):
                    x[used] = s[(k * size + k) * LANES + lane] * length
                    used += 1
        for piece in range(0, used, PIECE):
            exponentials(x, power, share, U(piece), halvings, scale)
        for lane in range(some):
            patient = base + lane
            fastest, slowest = 0.0, np.inf
            for k in range(size):
                pole[k] = s[(k * size + k) * LANES + lane]
                fastest, slowest = max(fastest, -pole[k]), min(slowest, -pole[k])
                state[k] = 0.0
            if not slowest > SLOWEST * fastest:
                bad[patient] = 1
                continue
            for n in range(size):
                amount = initial[patient, places[n]] / roots[n * LANES + lane]
                for k in range(size):
                    state[k] += amount * q[(n * size + k) * LANES + lane]
            for output in range(outputs):
                for k in range(size):
                    total = 0.0
                    for n in range(size):
                        weight = weights[patient, output, places[n]] * roots[n * LANES + lane]
                        total += weight * q[(n * size + k) * LANES + lane]
                    seen[output, k] = total
            mine = lane * lengths * size
            for table in range(table_h.shape[0]):
                for k in range(size):
                    factor = power[mine + (span_h.shape[0] + table) * size + k]
                    _powers(rows, U((table * (size + 1) + k) * BLOCK), factor)
            _course(patient, lane, outputs, times, amounts, bolus_place, flows, targets, span_h,
                    moves, run_span, roots, q, pole, state, rest, push, power, share, mine, rows,
                    seen, levels, order, states, marks, last, out)  # fmt: skip


@kernel
def _course(  # type: ignore[no-untyped-def]
    patient, lane, outputs, times, amounts, bolus_place, flows, targets, span_h, moves, run_span,
    roots, q, pole, state, rest, push, power, share, mine, rows, seen, levels, order, states, marks,
    last, out,
):  # fmt: skip
    """Take one patient through the moves in modes, noting them at each block."""
    size = pole.shape[0]
    flowing = False
    blocks = 0
    for k in range(size):
        push[k], rest[k] = 0.0, 0.0
    for move in range(moves.shape[0]):
        kind, number = moves[move, 0], moves[move, 1]
        span = -1
        if kind == BOLUS:
            place = bolus_place[number]
            if place >= 0:
                amount = amounts[number, patient] / roots[place * LANES + lane]
                for k in range(size):
                    state[k] += amount * q[(place * size + k) * LANES + lane]
        elif kind == FLOW:
            flowing = number >= 0
            for k in range(size):
                push[k] = 0.0
            if flowing:
                for column in range(targets.shape[0]):
                    place = targets[column]
                    if place >= 0:
                        rate = flows[number, column, patient] / roots[place * LANES + lane]
                        for k in range(size):
                            push[k] += rate * q[(place * size + k) * LANES + lane]
            for k in range(size):
                rest[k] = -push[k] / pole[k]
        elif kind == SPAN:
            span = number
        else:
            for done in range(0, moves[move, 2], BLOCK):
                for k in range(size):
                    if done == 0:
                        states[blocks, k] = state[k] - rest[k]
                    else:
                        row = U((number * (size + 1) + k) * BLOCK)
                        factor = rows[row + U(BLOCK - 1)] * rows[row + U(1)]
                        states[blocks, k] = states[blocks - 1, k] * factor
                    states[blocks, size + k] = rest[k]
                marks[blocks, 0] = moves[move, 3] + done
                marks[blocks, 1] = min(BLOCK, moves[move, 2] - done)
                marks[blocks, 2] = max(0, number)
                marks[blocks, 3] = 1 if flowing else 0
                blocks += 1
            span = run_span[move]
        if span >= 0:
            for k in range(size):
                one = mine + span * size + k
                state[k] = state[k] * power[one] + push[k] * span_h[span] * share[one]
    _write(patient, outputs, times, size, seen, states, marks, blocks, rows, levels, order,
           last, out)  # fmt: skip


@kernel
def _write(  # type: ignore[no-untyped-def]
    patient, outputs, times, size, seen, states, marks, blocks, rows, levels, order, last,
    out,
):  # fmt: skip
    """Write the blocks of one patient's outputs from the modes noted at each."""
    for output in range(outputs):
        for n in range(blocks):
            constant = 0.0
            for k in range(size):
                levels[n, k] = seen[output, k] * states[n, k]
                constant += seen[output, k] * states[n, size + k]
            levels[n, size] = constant
        begin = (patient * outputs + output) * times
        emit(out, begin, times, rows, size + 1, marks, blocks, levels, order, 0, size, size + 1,
             last)  # fmt: skip
        for n in range(blocks):  # an infusion that starts with a block: exactly what was there
            if marks[n, 3] == 1:
                total = 0.0
                for k in range(size):
                    total += seen[output, k] * (states[n, k] + states[n, size + k])
                out[begin + marks[n, 0]] = total
