"""Percentage errors and their medians, as Varvel 1992 defined them.

PE = (observed - predicted) / predicted x 100; MDPE is the median of PE (bias) and MDAPE the
median of its size (inaccuracy). Here they run over points instead of over a person's samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from assuage.knowledge import library
from validation import effect, kinetic
from validation.points import Point, load

FAR_PERCENT = 25.0  # beyond it an external error is named


def percentage_error(observed: float, predicted: float) -> float:
    """Return PE in percent."""
    return (observed - predicted) / predicted * 100.0


def mdpe(errors: Iterable[float]) -> float:
    """Return the median percentage error, or NaN of nothing."""
    found = list(errors)
    return median(found) if found else float("nan")


def mdape(errors: Iterable[float]) -> float:
    """Return the median absolute percentage error, or NaN of nothing."""
    return mdpe(abs(one) for one in errors)


@dataclass(frozen=True)
class Row:
    """A point beside what one model says of it."""

    point: Point
    model: str
    via: str
    site: str
    predicted: float

    @property
    def observed(self) -> float:
        """Return the published number."""
        return float(self.point.observed)

    @property
    def error(self) -> float:
        """Return PE in percent."""
        return percentage_error(self.observed, self.predicted)

    @property
    def use(self) -> str:
        """Return 'built-on' where the model was fitted to the point, else 'external'."""
        return "built-on" if self.model in self.point.built_on.split() else "external"

    @property
    def counted(self) -> bool:
        """Whether the row enters the totals."""
        return self.site != "not matched" and self.point.read != "unverified"

    @property
    def far(self) -> bool:
        """Whether an external error is beyond 25 %."""
        return self.use == "external" and abs(self.error) > FAR_PERCENT


def rows() -> list[Row]:
    """Return every point beside every model that applies to it, in the order of the file."""
    found = []
    for point in load():
        for model in kinetic.models_for(point):
            value = kinetic.predicted(model, point)
            found.append(Row(point, model.id, "", kinetic.site(model, point), value))
        if point.effect and not point.why_not:
            for via in point.via.split() or [""]:
                value = effect.predicted(point, via)
                found.append(Row(point, point.effect, via, "not needed", value))
    return found


def skipped() -> list[Point]:
    """Return the points that no model predicts."""
    return [one for one in load() if one.why_not]


def is_kinetic(model: str) -> bool:
    """Whether this is the id of a kinetic model."""
    return model in library.model_ids()
