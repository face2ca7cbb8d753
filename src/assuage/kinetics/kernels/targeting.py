"""The compiled course of a pump towards its target; targeting/control.py says what it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.kernels.compile import kernel

Whole = NDArray[np.int64]


@kernel
def _dot(a: Array, b: Array) -> float:
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@kernel
def _after(phi: Array, state: Array, gamma: Array, rate: float, out: Array) -> None:
    """Write phi state + gamma rate into `out`."""
    size = len(state)
    for i in range(size):
        total = gamma[i] * rate
        for j in range(size):
            total += phi[i, j] * state[j]
        out[i] = total


@kernel
def _before(row: Array, phi: Array, out: Array) -> None:
    """Write row phi into `out`."""
    size = len(row)
    for j in range(size):
        total = 0.0
        for i in range(size):
            total += row[i] * phi[i, j]
        out[j] = total


@kernel
def _peak(phi: Array, gamma: Array, site: Array, fine: int, longest: int) -> int:
    """Return how many fine steps the response to one pump step rises; 0 when it never turns."""
    size = len(gamma)
    state, after = np.zeros(size), np.zeros(size)
    last = 0.0
    for k in range(longest):
        _after(phi, state, gamma, 1.0 if k < fine else 0.0, after)
        state, after = after, state
        level = _dot(site, state)
        if k >= fine and level < last:
            return k
        last = level
    return 0


@kernel
def _tabulate(
    phi: Array, gamma: Array, site: Array, fine: int, response: Array, rows: Array
) -> None:
    """Fill the response (k,) and the rows of the free course (k, m), one fine step each."""
    size = len(gamma)
    state, after = np.zeros(size), np.zeros(size)
    row, before = site.copy(), np.zeros(size)
    for k in range(len(response)):
        _after(phi, state, gamma, 1.0 if k < fine else 0.0, after)
        state, after = after, state
        _before(row, phi, before)
        row, before = before, row
        response[k] = _dot(site, state)
        rows[k, :] = row


@kernel
def _least(target: float, rows: Array, response: Array, state: Array) -> float:
    lowest = np.inf
    size = len(state)
    for k in range(len(response)):
        if response[k] > 0.0:
            free = 0.0
            for j in range(size):
                free += rows[k, j] * state[j]
            rate = (target - free) / response[k]
            if rate < lowest:
                lowest = rate
    return lowest


@kernel
def _run_one(
    phi: Array,
    gamma: Array,
    site: Array,
    targets: Array,
    most: int,
    least: int,
    rules: Array,
    response: Array,
    rows: Array,
    held: Array,
    held_rows: Array,
    soon: int,
    rates: Whole,
    holds: NDArray[np.bool_],
) -> None:
    quantum, at_target, kept_share, dust = rules[0], rules[1], rules[2], rules[3]
    state, after = np.zeros(len(gamma)), np.zeros(len(gamma))
    holding = False
    rate = 0
    last = -1.0
    for place in range(len(targets)):
        target = targets[place]
        if target != last:
            holding = False
            last = target
        off = abs(_dot(site, state) - target)
        if not holding and off <= at_target * target + quantum * response[-1]:
            holding = True
        kept = False
        if holding:
            led = _dot(held_rows[0], state) + held[0] * rate
            band = kept_share * target + held[0]
            kept = rate > 0 and target - band <= led <= target
            drifted = rate > 0 and target - 2.0 * band <= led < target
            look = len(held) if drifted else soon
            wanted = _least(target, held_rows[:look], held[:look], state)
        else:
            wanted = _least(target, rows, response, state) / quantum
        if not kept:
            if wanted >= most:
                rate = most
            elif wanted > 0.0:
                rate = int(np.floor(wanted + dust))
            else:
                rate = 0
            if rate < least:
                rate = 0
        rates[place] = rate
        holds[place] = holding
        _after(phi, state, gamma, rate * quantum, after)
        state, after = after, state


@kernel
def run_all(
    phi: Array,
    gamma: Array,
    fine_phi: Array,
    fine_gamma: Array,
    site: Array,
    plasma: Array,
    targets: Array,
    most: Whole,
    rules: Array,
    whole: Whole,
    rates: Whole,
    holds: NDArray[np.bool_],
) -> bool:
    """Fill `rates` and `holds` (n, steps); False when a site's response never peaks.

    rules  quantum mg/h, at_target, kept, dust.  whole  fine, soon, later, longest, least.
    """
    fine, soon, later, longest, least = whole[0], whole[1], whole[2], whole[3], whole[4]
    size = gamma.shape[1]
    held, held_rows = np.zeros(later), np.zeros((later, size))
    for one in range(len(phi)):
        long = _peak(fine_phi[one], fine_gamma[one], site[one], fine, longest)
        if long == 0:
            return False
        response, rows = np.zeros(long), np.zeros((long, size))
        _tabulate(fine_phi[one], fine_gamma[one], site[one], fine, response, rows)
        _tabulate(phi[one], gamma[one], plasma[one], later, held, held_rows)
        held *= rules[0]
        _run_one(
            phi[one],
            gamma[one],
            site[one],
            targets,
            most[one],
            least,
            rules,
            response,
            rows,
            held,
            held_rows,
            soon,
            rates[one],
            holds[one],
        )
    return True
