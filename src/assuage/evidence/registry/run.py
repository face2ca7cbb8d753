"""The registry's report: of one site from its record, or of several from their exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assuage.care import consent
from assuage.care.access import Desk
from assuage.care.course import one_of
from assuage.evidence import extra
from assuage.evidence.registry import cohort, dataset, export, report, suppression
from assuage.evidence.registry.cohort import Cohort
from assuage.evidence.registry.dictionary import Dataset
from assuage.evidence.report.files import files
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class Wish:
    """What is asked of a report: the least count shown, and when sites are compared."""

    least: int | None = None
    window: str = "week-4"

    def checked(self) -> tuple[int, str]:
        """Return both, checked. Raises Refused: COUNT_TOO_LOW, VALUE_NOT_ALLOWED."""
        windows = [one.id for one in library.registry().window]
        return suppression.least_count(self.least), one_of(self.window, windows, "time window")


def of_site(desk: Desk, purpose: str, wish: Wish) -> Cohort:
    """Return what a site's own consenting people show. Nothing leaves the site by it.

    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, COUNT_TOO_LOW, EXPORT_EMPTY.
    """
    desk.allow("run-registry")
    least, window = wish.checked()
    wanted = one_of(purpose, get_args(consent.Purpose), "purpose")
    today = desk.clock.today(desk.site.zone)
    found = dataset.collect(desk.record, desk.site_id, wanted, today)
    if not found.patients:
        why = ", ".join(f"{why}: {many}" for why, many in found.left_out.items())
        told = {"purpose": wanted, "why": why or "there is no course of treatment"}
        raise Refused(Refusal.EXPORT_EMPTY, **told)
    return cohort.cohort(found.dataset, least, window)


def of_exports(paths: Sequence[Path], wish: Wish) -> Cohort:
    """Return what the exports of several sites show together.

    Raises Refused: COUNT_TOO_LOW, VALUE_NOT_ALLOWED, OPTION_CONFLICT for two of one site or for
    different purposes, FILE_UNREADABLE, DATA_INVALID.
    """
    least, window = wish.checked()
    sets: list[Dataset] = [export.read(path) for path in paths]
    if len({one.purpose for one in sets}) > 1:
        remedy = "people agreed to one purpose and not to the other; give exports of one"
        raise Refused(Refusal.OPTION_CONFLICT, what="exports for two purposes", remedy=remedy)
    return cohort.cohort(export.pooled(sets), least, window)


def written(held: Cohort) -> dict[str, bytes]:
    """Return the files of a report by name. Raises Refused (EXTRA_MISSING)."""
    extra.need("a report of the registry", "--out")
    foot = f"Counts of 1 to {held.least - 1} people are not shown."
    return files(report.TITLE, report.blocks(held), foot=foot)
