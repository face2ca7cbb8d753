"""The cohort as a report: tables that read like a paper's, means over time, the funnel plots.

The same data set gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from assuage.evidence.distributions import t_beyond
from assuage.evidence.registry import funnel, tables
from assuage.evidence.registry.cohort import BySite, Cohort, Measured, Mid
from assuage.evidence.report import charts
from assuage.evidence.report.blocks import Block, Heading, Paragraph, Picture
from assuage.evidence.report.numbers import fixed, percent
from assuage.knowledge import library

TITLE = "Registry of ketamine treatment"


def blocks(cohort: Cohort) -> list[Block]:
    """Return the report of a cohort."""
    return [
        *tables.start(cohort),
        Heading("People"),
        tables.people(cohort),
        Heading("Doses"),
        tables.courses(cohort),
        tables.doses(cohort.doses),
        Heading("Outcomes"),
        Paragraph(
            "Each person's first course here. Change is from the declared baseline; what was "
            "assessed on the day of a dose, after it, stands for no time."
        ),
        *(block for one in cohort.measured for block in _measured(one)),
        Heading("Harms"),
        tables.harms(cohort.harms),
        Heading("Sites"),
        *(block for one in cohort.funnels for block in _sites(one, cohort.window)),
    ]


def _measured(one: Measured) -> list[Block]:
    short = library.instrument(one.instrument).short
    return [Heading(short, 2), tables.measured(one), *_line(one)]


def _line(one: Measured) -> list[Block]:
    """Return the means over time, where there are two or more of them."""
    told = [(at.name, at.score) for at in one.at if at.score is not None]
    if one.baseline is not None:
        told.insert(0, ("Baseline", one.baseline))
    if len(told) < 2:
        return []
    reach = [_half(held) for _, held in told]
    places = tuple(float(place) for place, _ in enumerate(told))
    short = library.instrument(one.instrument).short
    series = charts.Series(
        short,
        x=places,
        y=tuple(held.mean for _, held in told),
        low=tuple(held.mean - half for (_, held), half in zip(told, reach, strict=True)),
        high=tuple(held.mean + half for (_, held), half in zip(told, reach, strict=True)),
        n=tuple(held.n for _, held in told),
    )
    words = "; ".join(f"{name}: {fixed(held.mean, 1)}, n {held.n}" for name, held in told)
    ticks = [(place, name) for place, (name, _) in zip(places, told, strict=True)]
    svg = charts.means_plot([series], x_label="time", y_label=short, ticks=ticks)
    caption = f"{short}: means with 95 % intervals (t) of those assessed at each time."
    return [
        Picture(svg, caption, f"Means of {short} over time. {words}.", f"means-{one.instrument}")
    ]


def _half(held: Mid) -> float:
    """Return half the 95 % interval of a mean."""
    return t_beyond(0.05, held.n - 1) * held.sd / sqrt(held.n)


def _sites(one: BySite, window: str) -> list[Block]:
    what, centre = tables.about(one, window), tables.centre(one)
    found: list[Block] = [Heading(what, 2), tables.by_site(one, window)]
    shown = {name: pair for name, pair in one.sites.items() if pair is not None and pair[1]}
    return found if centre is None else found + _funnel(one.what, what, shown, centre)


def _funnel(
    name: str, what: str, shown: Mapping[str, tuple[int, int]], centre: float
) -> list[Block]:
    if not shown:
        return []
    largest = max(of for _, of in shown.values())
    step = largest // 40 + 1
    sizes = list(range(1, largest + step + 1, step))
    limits = []
    for level in funnel.LEVELS:
        held = [funnel.limits(centre, of, level) for of in sizes]
        series = charts.Series(
            name,
            x=tuple(float(of) for of in sizes),
            y=tuple(centre for _ in sizes),
            low=tuple(low for low, _ in held),
            high=tuple(high for _, high in held),
        )
        limits.append((f"{percent(level, 1)} limits", series))
    sites = [charts.Site(one, of, k / of) for one, (k, of) in shown.items()]
    svg = charts.funnel(
        sites, centre=centre, limits=limits, x_label="people at the site", y_label="share"
    )
    told = "; ".join(f"{one}: {k} of {of}" for one, (k, of) in shown.items())
    words = f"Funnel plot around {percent(centre)}. {told}."
    return [Picture(svg, f"{what}, by the size of the site.", words, f"funnel-{name}")]
