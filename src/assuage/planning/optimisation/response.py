"""Levels of a course from one unit-rate piece, shifted and summed.

Every model used here is linear and doesn't change with time. The level of a course is then the
sum of its pieces' levels, each moved to its start and scaled by its rate: one solution for each
length of a piece serves every rate and every number of days. A family without breaks is solved
once for each number of days, and only its rate is scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from assuage.kinetics import effects as fx
from assuage.kinetics.engine import curves, is_time_varying
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge.schema.effect import Effect
from assuage.knowledge.schema.model import Model
from assuage.planning.comparison.exposure import ALONG, SOON_MIN
from assuage.planning.prediction.effects import site_levels
from assuage.planning.prediction.weeks import slow_levels
from assuage.refusals import Refusal, Refused

Piece = tuple[float, float, float]  # start h, duration h, share of the highest rate
DAY_H = 24.0


def piece_times(duration_h: float) -> Array:
    """Return times in h after the start of a piece at which its peak can lie, rising."""
    after = duration_h + np.array(SOON_MIN) / 60.0
    along = np.linspace(0.0, duration_h, ALONG)
    times: Array = np.unique(np.round(np.concatenate([along, after]), 9))
    return times


@dataclass
class Levels:
    """Levels of one thing at a unit rate (1 mg/h at the highest): plasma or an effect's site.

    `shifts` are the patients' random effects, None for the typical patient. `effect` None is
    plasma. Results are kept by length of piece.
    """

    model: Model
    subject: Subject
    route: str
    share: float  # of the dose that drives it
    effect: Effect | None
    shifts: dict[str, Array] | None
    lags_h: tuple[float, ...] = ()  # what will be asked for, so that one solution serves all
    _known: dict[tuple[float, float], Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_varying(self.model)

    def peak(self, pieces: Sequence[Piece]) -> Array:
        """Return (patients,) the highest level in ng/mL of a course of daily pieces.

        Pieces start at the same hour of different days and last equally long. Raises ValueError
        for others.
        """
        durations = {duration for _, duration, _ in pieces}
        starts = [start for start, _, _ in pieces]
        if len(durations) != 1 or any((one - starts[0]) % DAY_H > 1e-9 for one in starts):
            raise ValueError("pieces must be alike and whole days apart")
        (duration_h,) = durations
        highest: Array | None = None
        for number, start in enumerate(starts):
            level = sum(
                share * self._after(duration_h, start - earlier)
                for earlier, (_, _, share) in zip(starts, pieces[: number + 1], strict=False)
            )
            top = np.max(level, axis=1)
            highest = top if highest is None else np.maximum(highest, top)
        assert highest is not None
        return highest

    def peak_without_break(self, pieces: Sequence[Piece]) -> Array:
        """Return (patients,) the highest level in ng/mL of a course, solved as it is."""
        found = [start + piece_times(duration) for start, duration, _ in pieces]
        times: Array = np.unique(np.round(np.concatenate(found), 9))
        highest: Array = self._solve(pieces, times).max(axis=1)
        return highest

    def _after(self, duration_h: float, lag_h: float) -> Array:
        """Return (patients, times) levels so long after one piece of unit rate began."""
        key = (duration_h, round(lag_h, 6))
        if key not in self._known:
            times = piece_times(duration_h)
            wanted = {one: np.round(one + times, 9) for one in {key[1], *self.lags_h}}
            grid: Array = np.unique(np.concatenate(list(wanted.values())))
            solved = self._solve([(0.0, duration_h, 1.0)], grid)
            for one, own in wanted.items():
                self._known[duration_h, one] = solved[:, np.searchsorted(grid, own)]
        return self._known[key]

    def _solve(self, pieces: Sequence[Piece], times_h: Array) -> Array:
        given = unit_doses(pieces, self.route, self.share)
        if self.effect is not None:
            return site_levels(self.effect, self.model, self.subject, given, times_h, self.shifts)
        _, values = curves(self.model, self.subject, given, times_h, self.shifts)
        return values[:, :, 0] * fx.NG_PER_ML_PER_MG_PER_L


@dataclass
class SlowLevels:
    """Levels at the slow effect site of pain, day by day, at a unit rate."""

    model: Model
    subject: Subject
    route: str
    share: float
    rate_per_h: Array  # of the site, (patients,)
    days: int  # on the grid: 0, 1, ... days - 1
    _known: dict[float, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_varying(self.model)

    def course(self, pieces: Sequence[Piece]) -> Array:
        """Return (patients, days) levels in ng/mL of pieces that start with a day."""
        total = np.zeros((len(self.rate_per_h), self.days))
        for start, duration_h, share in pieces:
            first, odd = divmod(start, DAY_H)
            if odd > 1e-9:
                raise ValueError("a piece must start with a day")
            if duration_h not in self._known:
                self._known[duration_h] = self._solve([(0.0, duration_h, 1.0)])
            moved = self.days - int(first)
            if moved > 0:
                total[:, int(first) :] += share * self._known[duration_h][:, :moved]
        return total

    def without_break(self, pieces: Sequence[Piece]) -> Array:
        """Return (patients, days) levels in ng/mL of a course, solved as it is."""
        return self._solve(pieces)

    def _solve(self, pieces: Sequence[Piece]) -> Array:
        given = unit_doses(pieces, self.route, self.share)
        times: Array = np.arange(self.days, dtype=np.float64) * DAY_H
        return slow_levels(self.model, self.subject, given, times, self.rate_per_h)


def unit_doses(pieces: Sequence[Piece], route: str, share: float) -> list[Dose]:
    """Return the doses of a course whose highest rate is 1 mg/h."""
    return [
        Dose(start, share * part * duration, route, duration) for start, duration, part in pieces
    ]


def refuse_varying(model: Model) -> None:
    """Raise Refused for a model that moves with time: its solutions can't be shifted."""
    if is_time_varying(model):
        raise Refused(
            Refusal.MODEL_UNSUITABLE,
            model=model.id,
            why="its clearance moves with time, so courses can't be added up",
            choices="one whose parameters stay as they are",
        )
