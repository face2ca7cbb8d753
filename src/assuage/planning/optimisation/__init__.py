"""Searches a family of schedules for the best expected relief under stated limits."""

from __future__ import annotations

from assuage.planning.optimisation.document import Search
from assuage.planning.optimisation.optimise import Wish, optimise

__all__ = ["Search", "Wish", "optimise"]
