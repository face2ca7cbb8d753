"""`kinetics.points.predict`, compiled: lanes are (parameter set, span) pairs in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.kernels.tile import LANES, WORKS, exponential

if TYPE_CHECKING:
    from assuage.kinetics.compiled import Compiled
    from assuage.kinetics.points import Counts, Layout


def predict(
    compiled: Compiled,
    layout: Layout,
    rows: tuple[Array, Array, Array],
    which: Counts,
    width: int,
) -> Array:
    """Return (sets, width) predictions; see `kinetics.points.predict`."""
    pattern, size = compiled.pattern, len(compiled.places)
    out = np.zeros((len(which), width))
    row, column, sign = compiled.rates.T
    ones = [pattern.slot[place, size + n] for n, place in enumerate(compiled.entries)]
    lanes = np.uint64(LANES)
    rows_of, columns_of = np.nonzero(pattern.slot[:size] >= 0)
    _predict(
        *rows,
        which,
        pattern.slot[row, column],
        sign.astype(float),
        np.array(ones, dtype=np.int64),
        compiled.outputs[:, 0].copy(),
        compiled.entries,
        rows_of,
        columns_of,
        pattern.slot[rows_of, columns_of],
        pattern.first.astype(np.uint64),
        pattern.left.astype(np.uint64) * lanes,
        pattern.right.astype(np.uint64) * lanes,
        pattern.diagonal.astype(np.uint64) * lanes,
        layout.step_first,
        layout.span,
        layout.rate_mg_per_h,
        layout.bolus_mg,
        layout.span_first,
        layout.span_h,
        layout.look_first,
        layout.look_step,
        layout.look_after,
        layout.look_analyte,
        out,
    )
    return out


@kernel
def _predict(  # type: ignore[no-untyped-def]
    rates, outputs, fractions, which, rate_slot, sign, ones, output_place, entries,
    rows_of, columns_of, slots_of, first, left, right, diagonal,
    step_first, span, rate_mg_per_h, bolus_mg, span_first, span_h,
    look_first, look_step, look_after, look_analyte, out,
):  # fmt: skip
    slots = first.shape[0] - 1
    most = 1
    for s in range(span_first.shape[0] - 1):
        most = max(most, span_first[s + 1] - span_first[s])
    held = np.zeros((most, slots))
    tile = np.zeros(slots * LANES)
    work = np.zeros((WORKS, slots * LANES))
    span_of_lane = np.zeros(LANES)
    set_of_lane = np.zeros(LANES, dtype=np.int64)
    number_of_lane = np.zeros(LANES, dtype=np.int64)
    state = np.zeros(rates.shape[0] and columns_of.max() + 1)
    into = np.zeros_like(state)
    lane, here, number = 0, 0, 0
    while here < which.shape[0]:
        one = which[here]
        if number < span_first[one + 1] - span_first[one]:
            set_of_lane[lane] = here
            number_of_lane[lane] = number
            span_of_lane[lane] = span_h[span_first[one] + number]
            lane += 1
            number += 1
        else:
            if number == 0:  # looks at the start only: nothing to carry
                _carry(here, one, held, outputs, fractions, output_place, entries, rows_of,
                       columns_of, slots_of, step_first, span, rate_mg_per_h, bolus_mg,
                       look_first, look_step, look_after, look_analyte, state, into,
                       out)  # fmt: skip
            here, number = here + 1, 0
        if lane < LANES and here < which.shape[0]:
            continue
        _fill(tile, lane, set_of_lane, rates, rate_slot, sign, ones)
        for x in range(lane, LANES):
            span_of_lane[x] = 0.0
        exponential(tile, span_of_lane, work, first, left, right, diagonal)
        for x in range(lane):
            mine = set_of_lane[x]
            for slot in range(slots):
                held[number_of_lane[x], slot] = tile[slot * LANES + x]
            one = which[mine]
            if number_of_lane[x] == span_first[one + 1] - span_first[one] - 1:
                _carry(mine, one, held, outputs, fractions, output_place, entries, rows_of,
                       columns_of, slots_of, step_first, span, rate_mg_per_h, bolus_mg,
                       look_first, look_step, look_after, look_analyte, state, into,
                       out)  # fmt: skip
        lane = 0


@kernel
def _fill(tile, lanes, set_of_lane, rates, rate_slot, sign, ones):  # type: ignore[no-untyped-def]
    tile[:] = 0.0
    for x in range(lanes):
        mine = set_of_lane[x]
        for n in range(rate_slot.shape[0]):
            tile[rate_slot[n] * LANES + x] += sign[n] * rates[mine, n]
        for n in range(ones.shape[0]):
            tile[ones[n] * LANES + x] = 1.0


@kernel
def _carry(  # type: ignore[no-untyped-def]
    mine, one, held, outputs, fractions, output_place, entries, rows_of, columns_of, slots_of,
    step_first, span, rate_mg_per_h, bolus_mg, look_first, look_step, look_after, look_analyte,
    state, into, out,
):  # fmt: skip
    """Take one set through its subject's steps. `state` holds amounts, then flowing rates."""
    size = state.shape[0] - entries.shape[0]
    state[:] = 0.0
    look = look_first[one]
    for step in range(step_first[one], step_first[one + 1]):
        for after in range(2):
            if after == 1:
                for e in range(entries.shape[0]):
                    state[entries[e]] += bolus_mg[step, e] * fractions[mine, e]
            while (
                look < look_first[one + 1]
                and look_step[look] == step - step_first[one]
                and look_after[look] == after
            ):
                analyte = look_analyte[look]
                amount = state[output_place[analyte]]
                out[mine, look - look_first[one]] = amount * outputs[mine, analyte]
                look += 1
        if span[step] < 0:
            break
        for e in range(entries.shape[0]):
            state[size + e] = rate_mg_per_h[step, e] * fractions[mine, e]
        into[:] = 0.0
        for n in range(rows_of.shape[0]):
            into[rows_of[n]] += held[span[step], slots_of[n]] * state[columns_of[n]]
        for place in range(size):
            state[place] = into[place]
