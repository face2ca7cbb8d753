"""What is kept of a population that streams past: bands, and how many were over a threshold.

    levels       a sketch of each output at each time
    courses      a sketch of each patient's peak, time of peak, area and hours over each threshold
    over         how many patients were over each threshold at each time
    peaks_over   how many patients were over it at any time

Counts are exact. A patient's peak is the highest of the predicted times; the area and the hours
over a threshold follow straight lines between them. So a peak between two times is missed by
what the curve rises there, each crossing lies within its own step, and a visit over a threshold
that starts and ends between two times isn't seen. A finer grid lessens all three.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import sketch
from assuage.kinetics.exact import Array
from assuage.kinetics.points import has_kernels
from assuage.kinetics.sketch import Filling, Sketch

Numbers = NDArray[np.int64]
PROPERTIES = ("peak", "time_of_peak", "area")  # of a course; hours over each threshold follow
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Shape:
    """How much is watched: outputs, times and thresholds."""

    outputs: int
    times: int
    thresholds: int

    @property
    def level_rows(self) -> int:
        """Rows of the sketch of levels, outputs x times."""
        return self.outputs * self.times

    @property
    def course_rows(self) -> int:
        """Rows of the sketch of courses, outputs x properties."""
        return self.outputs * (len(PROPERTIES) + self.thresholds)


@dataclass(frozen=True)
class Tally:
    """What came of `patients`; see the head of the file.

    levels      rows outputs x times, mg/L
    courses     rows outputs x (peak mg/L, its time h, area mg/L x h, hours over each threshold)
    over        (outputs, thresholds, times)
    peaks_over  (outputs, thresholds)
    """

    shape: Shape
    patients: int
    levels: Sketch
    courses: Sketch
    over: Numbers
    peaks_over: Numbers

    def merged(self, other: Tally) -> Tally:
        """Return the tally of both, exactly. Raises ValueError when they watch other things."""
        if self.shape != other.shape:
            raise ValueError("two tallies watch different things")
        return Tally(
            self.shape,
            self.patients + other.patients,
            self.levels.merged(other.levels),
            self.courses.merged(other.courses),
            self.over + other.over,
            self.peaks_over + other.peaks_over,
        )

    def equals(self, other: Tally) -> bool:
        """Whether the two hold the same, byte for byte."""
        return (self.shape, self.patients) == (other.shape, other.patients) and all(
            one.dtype == two.dtype and np.array_equal(one, two)
            for one, two in zip(arrays(self).values(), arrays(other).values(), strict=True)
        )


def arrays(tally: Tally) -> dict[str, NDArray[np.int64] | NDArray[np.uint32]]:
    """Return every array of a tally by name, in one order."""
    found: dict[str, NDArray[np.int64] | NDArray[np.uint32]] = {}
    for name, one in (("levels", tally.levels), ("courses", tally.courses)):
        found |= {f"{name}.{f.name}": getattr(one, f.name) for f in fields(one)[1:]}
    return found | {"over": tally.over, "peaks_over": tally.peaks_over}


def empty(shape: Shape) -> Tally:
    """Return the tally of nobody."""
    return Tally(
        shape,
        0,
        sketch.empty(shape.level_rows),
        sketch.empty(shape.course_rows),
        np.zeros((shape.outputs, shape.thresholds, shape.times), dtype=np.int64),
        np.zeros((shape.outputs, shape.thresholds), dtype=np.int64),
    )


class Counting:
    """A tally while patients stream past."""

    def __init__(self, shape: Shape, times_h: Array, thresholds: Array) -> None:
        self._shape, self._times_h, self._thresholds = shape, times_h, thresholds
        self._levels = Filling(shape.level_rows)
        self._courses = Filling(shape.course_rows)
        none = empty(shape)
        self._patients, self._over, self._peaks_over = 0, none.over, none.peaks_over

    def add(self, levels: Array) -> None:
        """Count levels (patients, outputs, times). Raises ValueError for one that isn't a level.

        One that is negative, infinite or not a number leaves the tally unusable.
        """
        self._levels.add(levels.reshape(len(levels), -1))
        courses, over = follow(levels, self._times_h, self._thresholds)
        self._courses.add(courses.reshape(len(levels), -1))
        self._over += over
        peaks = courses[:, :, 0, None] > self._thresholds
        self._peaks_over += peaks.sum(axis=0, dtype=np.int64)
        self._patients += len(levels)

    def done(self) -> Tally:
        """Return the tally of everybody added."""
        return Tally(
            self._shape,
            self._patients,
            self._levels.done(),
            self._courses.done(),
            self._over.copy(),
            self._peaks_over.copy(),
        )


def follow(levels: Array, times_h: Array, thresholds: Array) -> tuple[Array, Numbers]:
    """Follow each patient's outputs over the times.

    levels      (patients, outputs, times), nowhere negative
    thresholds  (thresholds,) in the unit of the levels
    Returns     courses (patients, outputs, 3 + thresholds): peak, the first time that has it,
                area, hours over each threshold; and (outputs, thresholds, times) how many
                patients were over.
    """
    patients, outputs, times = levels.shape
    courses = np.empty((patients, outputs, len(PROPERTIES) + len(thresholds)))
    over = np.zeros((outputs, len(thresholds), times), dtype=np.int64)
    if has_kernels():
        from assuage.kinetics.kernels import binning

        binning.follow(np.ascontiguousarray(levels), times_h, thresholds, courses, over)
        return courses, over
    place = levels.argmax(axis=2)
    courses[:, :, 0] = levels.max(axis=2)
    courses[:, :, 1] = times_h[place]
    steps_h = np.diff(times_h)
    courses[:, :, 2] = _added(steps_h * ((levels[:, :, :-1] + levels[:, :, 1:]) * 0.5))
    for one, threshold in enumerate(thresholds):
        above = levels - threshold
        over[:, one] = (above > 0.0).sum(axis=0)
        both = np.maximum(above, 0.0)
        size = np.abs(above[:, :, :-1]) + np.abs(above[:, :, 1:])
        part = both[:, :, :-1] + both[:, :, 1:]
        share = np.divide(part, size, out=np.zeros_like(part), where=part > 0.0)
        courses[:, :, len(PROPERTIES) + one] = _added(steps_h * share)
    return courses, over


def _added(pieces: Array) -> Array:
    """Return the sums over the last axis, added one after another from the first on."""
    if not pieces.shape[-1]:
        return np.zeros(pieces.shape[:-1])
    return np.asarray(np.add.accumulate(pieces, axis=-1)[..., -1])


@dataclass(frozen=True)
class Share:
    """How many of all, with its standard error and its 95 % interval (Wilson 1927)."""

    share: float
    error: float
    low: float
    high: float


def share_of(count: float, patients: float) -> Share:
    """Return a share with its interval. Raises ValueError unless 0 <= count <= patients > 0.

    Fractions are for an effective number, where some of those counted are alike.
    Source: Wilson EB, J Am Stat Assoc 1927;22:209.
    """
    if not (0 <= count <= patients and patients > 0):
        raise ValueError("not a share of anything")
    share = count / patients
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2.0)
    scale = 1.0 + z * z / patients
    middle = (share + z * z / (2.0 * patients)) / scale
    half = z / scale * np.sqrt(share * (1.0 - share) / patients + (z / (2.0 * patients)) ** 2)
    error = float(np.sqrt(share * (1.0 - share) / patients))
    low = 0.0 if count == 0 else float(middle - half)
    high = 1.0 if count == patients else float(middle + half)
    return Share(share, error, low, high)
