"""Signals of diversion: for a person to look into, each with its rate of false alarms.

`look` is the one way in: it asks for the right to see signals and records the look before it
works anything out.
"""

from __future__ import annotations

from assuage.care.signals.look import REFUSED, SHOWN, look
from assuage.care.signals.report import FOR_REVIEW, Finding, Report
from assuage.care.signals.seen import Period
from assuage.care.signals.words import as_table, render

__all__ = [
    "FOR_REVIEW",
    "REFUSED",
    "SHOWN",
    "Finding",
    "Period",
    "Report",
    "as_table",
    "look",
    "render",
]
