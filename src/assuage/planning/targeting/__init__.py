"""What `assuage target` works out: levels to hold become rates that a person keys in."""

from assuage.planning.targeting.bands import Level
from assuage.planning.targeting.request import Wish
from assuage.planning.targeting.work import Row, Targeted, target

__all__ = ["Level", "Row", "Targeted", "Wish", "target"]
