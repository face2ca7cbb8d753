"""Compares regimens for one patient, side by side."""

from __future__ import annotations

from assuage.planning.comparison.compare import Wish, compare
from assuage.planning.comparison.document import Comparison

__all__ = ["Comparison", "Wish", "compare"]
