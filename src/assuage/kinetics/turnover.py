"""A quantity that is made and lost, R' = a(t) - b(t) R, driven by an exactly known concentration.

The drive c(t) is an output of a linear compartment system, so it is known exactly at any time.
Its share E = c**gamma / (c50**gamma + c**gamma) moves the gain and the loss:

    a = gain (1 + gain_change E),    b = loss (1 + loss_change E).

The scheme, which the compiled kernel repeats:

Mesh.   Edges are the starts and ends of pushes. The time between two edges is 2**J units of
        length `unit`. A step that starts p units after the edge has 2**k units: the largest
        that divides p, is at most p / per_octave, and is at most `longest_h`. Steps are fine
        after an edge, where every mode of the drive is alive, and double as modes die: a mode
        of rate s is resolved at the time 1/s at which it matters, whatever s is.
Nodes.  Five to a step, a quarter of it apart. The state goes from node to node by
        P_k = P_0**(2**k) with P_0 = exp(A unit / 4): one exponential for each length between
        edges, and squarings.
Step.   With b and a at the nodes and W the matrix that integrates their interpolation
        polynomial from the step's start to each node (its last row is Boole's rule),
            K = h W b,   I = h W (a e^K),   R = e^-K (R_0 + I),
        so R_{n+1} = alpha R_n + beta with alpha = e^-K_4 and beta = alpha I_4. Order 6.
Output. Inside a step, by the polynomial through R and R' = a - b R at its five nodes.
Tail.   Without an infusion, v . x never rises when v A <= 0 and bounds the drive from now on
        when v >= w. Once that bound moves the rates by less than QUIET of their size, what is
        left until the next edge is R_ss + (R - R_ss) exp(-loss t), and the state goes to that
        edge at once, by the powers of P_0.

A patient's mesh follows from the patient's own rates (`fineness`), in powers of two so that
patients share it; it never depends on who else is being solved.

Times are in h; the drive and c50 share a unit. The first axis is always patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import TIME_DECIMALS, Array, Push, check, transition
from assuage.kinetics.structure import base_factor
from assuage.knowledge.schema.effect import TurnoverEffect
from assuage.units import convert

NODES = np.arange(5) / 4.0
QUIET = 1e-13  # a drive that moves the rates by less than this share is over
LARGEST_LOSS = 0.25  # loss in one step: exp(K) is a polynomial to about 1e-10 up to here
FASTEST_FIRST = 1.0  # the drive's fastest rate, times gamma above one, times the first step
RISE_FIRST = 0.125  # how much of c50 the drive may gain from a dose in the first step
POWER_FIRST = 2.0**-17  # the quickest change of R times the first step, where c**gamma isn't smooth
SHARPNESS = 1.5  # how far gamma ln c may move within one step
FEWEST = 4  # steps in an octave
LEAK_PER_H = 1e-3  # keeps the peak finite of a drug that would never leave


@dataclass(frozen=True)
class TurnoverRates:
    """One turnover for each patient; every array has shape (patients,).

    `gain` is in units of R an hour, `baseline` is R at time zero, a change is a share of its
    rate at full effect (-1 stops it), and `c50` is in the drive's unit.
    """

    gain: Array
    gain_change: Array
    loss_per_h: Array
    loss_change: Array
    c50: Array
    gamma: Array
    baseline: Array

    def at(self, drive: Array) -> tuple[Array, Array]:
        """Return gain and loss rates at a drive of shape (patients, any)."""
        with np.errstate(over="ignore"):  # an infinite ratio is a full effect
            ratio = np.power(np.maximum(drive, 0.0) / self.c50[:, None], self.gamma[:, None])
        share = 1.0 - 1.0 / (1.0 + ratio)
        share = np.where(ratio < 0.5, ratio / (1.0 + np.minimum(ratio, 1.0)), share)
        gain = self.gain[:, None] * (1.0 + self.gain_change[:, None] * share)
        return gain, self.loss_per_h[:, None] * (1.0 + self.loss_change[:, None] * share)

    def of(self, patients: NDArray[np.intp] | slice) -> TurnoverRates:
        """Return the rates of some patients, by their places."""
        return TurnoverRates(*(getattr(self, one.name)[patients] for one in fields(self)))


def rates_of(effect: TurnoverEffect, patients: int = 1) -> TurnoverRates:
    """Return an effect's published rates, alike for all patients; c50 in mg/L."""
    sign = -1.0 if effect.form.startswith("inhibits") else 1.0
    largest = sign * effect.largest.value if effect.largest is not None else 0.0
    gain_change = largest if effect.form.endswith("gain") else 0.0
    loss_change = largest if effect.form.endswith("loss") else 0.0
    if effect.gain_change is not None and effect.loss_change is not None:
        gain_change, loss_change = effect.gain_change.value, effect.loss_change.value
    loss = np.log(2.0) / (effect.half_life.value * base_factor(effect.half_life.unit))
    c50 = convert(effect.c50.value, effect.c50.unit, "mg/L")
    baseline = effect.baseline.value
    found = (loss * baseline, gain_change, loss, loss_change, c50, effect.gamma.value, baseline)
    return TurnoverRates(*(np.full(patients, float(one)) for one in found))


@dataclass(frozen=True)
class Mesh:
    """Steps of `unit_h * 2**power`, in order, from one edge to the next."""

    unit_h: float
    powers: tuple[int, ...]


@lru_cache(maxsize=64)
def mesh(length_h: float, first_h: float, longest_h: float, per_octave: int) -> Mesh:
    """Return the steps between two edges `length_h` apart, by the module's rule."""
    halvings = max(0, int(np.ceil(np.log2(length_h / min(first_h, longest_h)))))
    unit_h, last = length_h / 2**halvings, 2**halvings
    most = int(np.floor(np.log2(longest_h / unit_h)))
    powers, place = [], 0
    while place < last:
        power = min((place // per_octave or 1).bit_length() - 1, most)
        while place % 2**power:
            power -= 1
        powers.append(power)
        place += 2**power
    return Mesh(unit_h, tuple(powers))


def fineness(
    matrix: Array, pushes: Sequence[Push], weights: Array, turnover: TurnoverRates
) -> Array:
    """Return (patients, 3): log2 of the first step and of the longest (h), steps in an octave.

    The first step follows from the drive's fastest rate and from how fast a dose can lift the
    drive past c50; the longest from the largest loss; the steps in an octave of time from how
    steeply E can move with the logarithm of time: gamma (1.5 + ln(1 + peak/c50)), the peak being
    what the largest inflow would reach if it never ended, and every bolus at once.
    """
    leaky = matrix - LEAK_PER_H * np.eye(matrix.shape[-1])
    fastest = np.abs(np.diagonal(leaky, axis1=1, axis2=2)).max(axis=1)
    loss = turnover.loss_per_h * (1.0 + np.maximum(turnover.loss_change, 0.0))
    first = FASTEST_FIRST / (fastest * np.maximum(turnover.gamma, 1.0))
    rough = turnover.gamma != np.round(turnover.gamma)
    change = np.maximum(turnover.gain_change, turnover.loss_change)
    quickest = turnover.loss_per_h * (1.0 + np.maximum(change, 0.0))
    first = np.where(rough, np.minimum(first, POWER_FIRST / quickest), first)
    inflow, at_once, boluses = _largest(pushes, matrix.shape[:2])
    rise = 2.0 ** np.floor(np.log2(first))
    while (high := _rise(matrix, weights, inflow, at_once, rise) > RISE_FIRST * turnover.c50).any():
        rise[high] /= 2.0
    peak = _dot(_drained(leaky, weights), inflow) + _dot(falling_bound(leaky, weights), boluses)
    steep = turnover.gamma * (1.5 + np.log1p(peak / turnover.c50))
    longest = np.floor(np.log2(LARGEST_LOSS / loss))
    return np.column_stack([np.log2(rise), longest, per_octave(steep)])


def per_octave(steep: Array) -> Array:
    """Return the steps in an octave of time: a power of two, so that few meshes serve many."""
    found: Array = 2.0 ** np.ceil(np.log2(np.maximum(FEWEST, steep / SHARPNESS)))
    return found


def _largest(pushes: Sequence[Push], shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return the largest inflow (mg/h), the largest boluses at once and all boluses together.

    Each has shape (patients, m), state by state.
    """
    inflow, at_once, together = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for start in {one.start_h for one in pushes}:
        flowing, now = np.zeros(shape), np.zeros(shape)
        for one in pushes:
            if one.end_h is None:
                now[:, one.state] += one.amount_mg * (one.start_h == start)
            elif one.start_h <= start < one.end_h:
                flowing[:, one.state] += one.amount_mg / (one.end_h - one.start_h)
        inflow, at_once = np.maximum(inflow, flowing), np.maximum(at_once, now)
        together += now
    return inflow, at_once, together


def _rise(matrix: Array, weights: Array, inflow: Array, at_once: Array, step_h: Array) -> Array:
    """Return (patients,) a bound on what doses add to the drive within a step after them.

    Leaving out every loss leaves a series of terms that are not negative. A bolus straight into
    the drive's own state is no rise: the drive starts there.
    """
    gains = np.maximum(matrix, 0.0) * (1.0 - np.eye(matrix.shape[-1]))
    term = inflow * step_h[:, None]
    moved = at_once
    total: Array = (weights * term).sum(axis=1)
    for order in range(1, matrix.shape[-1] + 2):
        moved = (gains @ moved[:, :, None])[:, :, 0] * (step_h / order)[:, None]
        term = (gains @ term[:, :, None])[:, :, 0] * (step_h / (order + 1))[:, None]
        total += (weights * (moved + term)).sum(axis=1)
    return total


def _dot(weights: Array, amounts: Array) -> Array:
    """Sum over states; an infinite weight of nothing is nothing."""
    products = np.multiply(weights, amounts, out=np.zeros_like(amounts), where=amounts > 0.0)
    found: Array = products.sum(axis=1)
    return found


def _drained(matrix: Array, weights: Array) -> Array:
    """Return (patients, m): the area under the drive that one mg in each state will make.

    Infinite where drug that reaches the drive never leaves. It is u with u A = -w, solved among
    the states that reach the drive, all others having no part in it.
    """
    size = matrix.shape[-1]
    reaches = weights > 0.0
    for _ in range(size):
        reaches = reaches | ((matrix > 0.0) & reaches[:, :, None]).any(axis=1)
    inside = reaches[:, :, None] & reaches[:, None, :]
    alone = np.where(inside, matrix, -np.eye(size))
    empty = np.linalg.matrix_rank(alone) < size
    alone[empty] = -np.eye(size)
    found = np.linalg.solve(-alone.transpose(0, 2, 1), weights[:, :, None])[:, :, 0]
    found[empty] = np.where(reaches[empty], np.inf, 0.0)
    # An M-matrix has no negative inverse, but for rounding.
    positive: Array = np.maximum(found, 0.0)
    return positive


def falling_bound(matrix: Array, weights: Array) -> Array:
    """Return v (patients, m) with v A <= 0 and v >= w: the drive never passes v . x again.

    v is the area under the drive still to come (see `_drained`) times the smallest factor that
    lifts it over w: (u A) = -w <= 0, and scaling keeps the sign.
    """
    area = _drained(matrix, weights)
    seen = weights > 0.0
    with np.errstate(invalid="ignore"):
        factor = np.where(seen, weights / np.where(seen, area, 1.0), 0.0).max(axis=1)
    never = ~np.isfinite(area).all(axis=1)
    found: Array = area * np.where(never, 1.0, factor)[:, None]
    return found


def _integration() -> Array:
    """Return W (5, 5): row j integrates the polynomial through the nodes from 0 to node j."""
    powers = np.arange(5)
    basis = np.linalg.inv(NODES[:, None] ** powers)  # column i holds node i's polynomial
    return (NODES[:, None] ** (powers + 1) / (powers + 1)) @ basis


W = _integration()
GAPS = NODES[:, None] - NODES[None, :] + np.eye(5)
SLOPES = (1.0 / GAPS).sum(axis=1) - 1.0


def _rows(values: Array, weights: Array) -> Array:
    """Return values (patients, 5) times weights (any, 5); a row's bits depend on no other row."""
    found: Array = np.einsum("nj,ij->ni", values, weights)
    return found


def between(place: Array) -> tuple[Array, Array]:
    """Return the weights of R and of h R' at the five nodes for places (any,) in a step, 0 to 1.

    Hermite's polynomial of degree 9: shapes (any, 5) and (any, 5).
    """
    away = place[:, None] - NODES
    a, b, c, d, e = away.T
    before, after = a * b * c, c * d * e
    others = np.column_stack([b * after, a * after, a * b * (d * e), before * e, before * d])
    squared = (others / GAPS.prod(axis=1)) ** 2
    return squared * (1.0 - 2.0 * SLOPES * away), squared * away


def solve(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    drive_weights: Array,
    turnover: TurnoverRates,
    *,
    halvings: int = 0,
) -> Array:
    """Solve a turnover from its baseline and an empty body; return R (patients, times).

    matrix         (patients, m, m) in 1/h
    times_h        (times,), rising, not negative
    drive_weights  (patients, m), none negative: the drive is weights . state
    halvings       how often every step of the mesh is halved, for an estimate of the error

    Raises ValueError on times, pushes or rates that are not finite or out of their range.
    """
    check(pushes, times_h, matrix.shape[1])
    check_rates(drive_weights, turnover)
    meshes, which = np.unique(
        fineness(matrix, pushes, drive_weights, turnover), axis=0, return_inverse=True
    )
    found = np.empty((len(matrix), len(times_h)))
    for place, (first, longest, octave) in enumerate(meshes):
        some = np.flatnonzero(which.ravel() == place)
        amounts = [Push(one.state, one.start_h, one.amount_mg[some], one.end_h) for one in pushes]
        run = _Run(
            matrix[some],
            amounts,
            drive_weights[some],
            turnover.of(some),
            (2.0 ** (first - halvings), 2.0 ** (longest - halvings), int(octave) << halvings),
        )
        found[some] = run.over(times_h)
    return found


def solve_with_error(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    drive_weights: Array,
    turnover: TurnoverRates,
) -> tuple[Array, Array]:
    """Return R on the halved mesh, and how far the mesh itself was from it.

    The estimate has shape (patients,) and is relative: the worst over the times. Halving divides
    the error by about 2**6, so it is the error of `solve`, and far above that of what is returned.
    """
    plain = solve(matrix, pushes, times_h, drive_weights, turnover)
    fine = solve(matrix, pushes, times_h, drive_weights, turnover, halvings=1)
    gap = np.abs(fine - plain)
    share = np.divide(gap, np.abs(fine), out=np.zeros_like(gap), where=gap > 0.0)
    return fine, share.max(axis=1, initial=0.0)


def _far(powers: list[Array], state: Array, quarters: int, some: NDArray[np.bool_]) -> Array:
    """Return the states of some patients after so many quarters of a unit; adds to `powers`."""
    found = state[some][:, :, None]
    for power in range(quarters.bit_length() if some.any() else 0):
        if power == len(powers):
            powers.append(powers[-1] @ powers[-1])
        if quarters >> power & 1:
            found = powers[power][some] @ found
    return found[:, :, 0]


class _Run:
    """Patients with one mesh, carried from edge to edge."""

    def __init__(
        self,
        matrix: Array,
        pushes: Sequence[Push],
        weights: Array,
        rates: TurnoverRates,
        steps: tuple[float, float, int],
    ) -> None:
        self.pushes, self.rates, self.steps = pushes, rates, steps
        patients, size, _ = matrix.shape
        self.size = size
        self.targets = sorted({one.state for one in pushes if one.end_h is not None})
        whole = size + len(self.targets)  # what flows in is carried as constant states
        self.matrix = np.zeros((patients, whole, whole))
        self.matrix[:, :size, :size] = matrix
        for column, state in enumerate(self.targets):
            self.matrix[:, state, size + column] = 1.0
        self.weights = np.zeros((patients, whole))
        self.weights[:, :size] = weights
        self.bound = falling_bound(matrix, weights)
        change = np.maximum(np.abs(rates.gain_change), np.abs(rates.loss_change))
        with np.errstate(divide="ignore"):
            self.over_below = rates.c50 * (QUIET / change) ** (1.0 / rates.gamma)
        self.state = np.zeros((patients, whole))
        self.level = rates.baseline.copy()
        self.known: dict[float, tuple[Mesh, list[Array]]] = {}

    def over(self, times_h: Array) -> Array:
        """Return R (patients, times)."""
        out = np.empty((len(self.matrix), len(times_h)))
        last = float(times_h[-1]) if len(times_h) else 0.0
        edges = {0.0, last, *(one.start_h for one in self.pushes)}
        edges |= {one.end_h for one in self.pushes if one.end_h is not None}
        out[:, times_h == 0.0] = self.level[:, None]
        for start, end in pairwise(sorted(edge for edge in edges if edge <= last)):
            self._turn(start, end)
            inside = (times_h > start) & (times_h <= end)
            out[:, inside] = self._between_edges(end - start, times_h[inside] - start)
        return out

    def _turn(self, start_h: float, end_h: float) -> None:
        """Let boluses in and set what flows in until the next edge."""
        middle = (start_h + end_h) / 2.0
        self.state[:, self.size :] = 0.0
        for one in self.pushes:
            if one.end_h is None:
                if one.start_h == start_h:
                    self.state[:, one.state] += one.amount_mg
            elif one.start_h <= middle < one.end_h:
                column = self.size + self.targets.index(one.state)
                self.state[:, column] += one.amount_mg / (one.end_h - one.start_h)

    def _powers(self, length_h: float) -> tuple[Mesh, list[Array]]:
        """Return the mesh of a length and, for each power k, the propagator of a quarter step."""
        key = round(length_h, TIME_DECIMALS)
        if key not in self.known:
            found = mesh(length_h, *self.steps)
            powers = [transition(self.matrix, found.unit_h / 4.0)]
            for _ in range(max(found.powers)):
                powers.append(powers[-1] @ powers[-1])
            self.known[key] = found, powers
        return self.known[key]

    def _between_edges(self, length_h: float, wanted_h: Array) -> Array:
        """Carry state and level to the next edge; return R (patients, wanted) on the way."""
        steps, powers = self._powers(length_h)
        rates, level = self.rates, self.level
        out = np.empty((len(level), len(wanted_h)))
        over = np.full(len(level), np.inf)  # when the drive was over, and R then
        left, after = level.copy(), self.state.copy()
        units, last = 0, sum(2**power for power in steps.powers)
        for power in steps.powers:
            now, step_h = units * steps.unit_h, steps.unit_h * 2**power
            done = np.isinf(over) & self._is_over()
            over[done], left[done] = now, level[done]
            after[done] = _far(powers, self.state, 4 * (last - units), done)
            if np.isfinite(over).all():
                break
            units += 2**power
            end = units * steps.unit_h if units < last else np.inf  # lengths agree to rounding
            inside = (wanted_h > now) & (wanted_h <= end)
            places = (wanted_h[inside] - now) / step_h
            level, out[:, inside] = self._step(powers[power], step_h, level, places)
        calm = np.isfinite(over)
        if calm.any():
            steady = (rates.gain / rates.loss_per_h)[calm, None]
            since = np.append(wanted_h, length_h) - over[calm, None]
            away = (left[calm, None] - steady) * np.exp(-rates.loss_per_h[calm, None] * since)
            late = since[:, :-1] > 0.0
            out[calm] = np.where(late, steady + away[:, :-1], out[calm])
            level = level.copy()
            self.state[calm] = after[calm]
            level[calm] = steady[:, 0] + away[:, -1]
        self.level = level
        return out

    def _is_over(self) -> NDArray[np.bool_]:
        """Whether each patient's drive is negligible from now until something flows in."""
        flowing = (self.state[:, self.size :] > 0.0).any(axis=1)
        most = _dot(self.bound, self.state[:, : self.size])
        found: NDArray[np.bool_] = ~flowing & (most <= self.over_below)
        return found

    def _step(
        self, quarter: Array, step_h: float, level: Array, places: Array
    ) -> tuple[Array, Array]:
        """Take one step of the scheme; return R at its end and at places (0 to 1) inside it."""
        drive = np.empty((len(level), 5))
        drive[:, 0] = (self.weights * self.state).sum(axis=1)
        for node in range(1, 5):
            self.state = (quarter @ self.state[:, :, None])[:, :, 0]
            drive[:, node] = (self.weights * self.state).sum(axis=1)
        gain, loss = self.rates.at(drive)
        lost = step_h * _rows(loss, W)
        made = step_h * _rows(gain * np.exp(lost), W)
        nodes = np.exp(-lost) * (level[:, None] + made)
        values, slopes = between(places)
        inside = _rows(nodes, values) + step_h * _rows(gain - loss * nodes, slopes)
        return nodes[:, 4], inside


def check_rates(weights: Array, turnover: TurnoverRates) -> None:
    """Raise ValueError when a weight or a rate can't be used."""
    if not (np.isfinite(weights).all() and (weights >= 0.0).all()):
        raise ValueError("a weight of the drive is negative or not finite")
    arrays = [getattr(turnover, one.name) for one in fields(turnover)]
    if not all(one.shape == weights.shape[:1] and np.isfinite(one).all() for one in arrays):
        raise ValueError("a turnover's numbers must be finite, one for each patient")
    for positive in (turnover.loss_per_h, turnover.c50, turnover.gamma):
        if not (positive > 0.0).all():
            raise ValueError("loss, c50 and gamma must be above zero")
    if not (turnover.gain >= 0.0).all() or not (turnover.baseline >= 0.0).all():
        raise ValueError("gain and baseline must not be negative")
    if not ((turnover.gain_change >= -1.0) & (turnover.loss_change >= -1.0)).all():
        raise ValueError("a change below -1 would turn a rate around")
