"""One of each block, for the tests of what is made of blocks."""

from __future__ import annotations

from functools import cache

from assuage.evidence.report import charts
from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.evidence.report.flow import Branch, flow, words_of

SERIES = (
    charts.Series("Ketamine", (0, 7, 84), (7, 4, 6), (6, 3, 5), (8, 5, 7), (30, 29, 24)),
    charts.Series("Placebo", (0, 7, 84), (7, 6, 6), (6, 5, 5), (8, 7, 7), (31, 28, 25)),
)
TICKS = ((0.0, "Baseline"), (7.0, "Week 1"), (84.0, "Week 12"))
ROWS = (
    charts.Row("Pain", 1.0, 0.5, 1.5, "−2.0 (−3.0 to −1.0)"),
    charts.Row("Mood", 0.5, -0.1, 1.1, "−1.0 (−2.2 to 0.2)", open=True),
    charts.Row("Sleep", float("nan"), float("nan"), float("nan"), "no result"),
)
COURSES = (
    charts.Course("Ketamine", (0, 5, 9), (1, 0.8, 0.5), censored=(7.0,), at_risk=((0, 9), (9, 4))),
    charts.Course("Placebo", (0, 3, 9), (1, 0.6, 0.2), (1, 0.3, 0.1), (1, 0.9, 0.5)),
)
LIMITS = (("95 % limits", charts.Series("", (5, 50), (0.5, 0.5), (0.1, 0.4), (0.9, 0.6))),)
ARMS = (
    Branch("Ketamine <S>", 30, (("harm", 1),), (("Baseline", 30), ("Week 1", 29)), 29),
    Branch("Placebo", 31, (("moved to another town and could not come back", 4),), (), 27),
)
TEXT = 'a < b & "c" #x $y_z* [w] @ref \\ {{ t }}'


@cache
def drawn() -> dict[str, bytes]:
    """Return one picture of each kind."""
    return {
        "means": charts.means_plot(
            SERIES, x_label="day", y_label="pain", title="Means", ticks=TICKS, zero=True
        ),
        "lines": charts.lines(SERIES, x_label="people", y_label="power", title="Lines", level=4.5),
        "forest": charts.forest(ROWS, x_label="SD", favours=("placebo", "ketamine")),
        "survival": charts.survival(COURSES, x_label="day", y_label="share", until=8.0),
        "funnel": charts.funnel(
            [charts.Site("Leeds", 20, 0.4)],
            centre=0.5,
            limits=LIMITS,
            x_label="people",
            y_label="responders",
        ),
        "flow": flow(ARMS, randomised=61, assessed=80, excluded=[("not eligible", 19)]),
    }


@cache
def blocks() -> tuple[Block, ...]:
    """Return a short report with every kind of block, and text that no markup may take as its."""
    table = Table(
        ("outcome", "role", "p"),
        ((TEXT, "primary", "0.013"), ("Mood", "not pre-specified", "–")),
        f"Outcomes {TEXT}",
        (f"Note {TEXT}",),
        "outcomes",
        ("role",),
    )
    picture = Picture(drawn()["forest"], "Two outcomes", words_of(ARMS, 61), "forest")
    other = Picture(drawn()["means"], "Means", "Means by visit", "means")
    return (
        Heading("Results"),
        Heading("Part", 2),
        Paragraph(TEXT),
        Note(f"Loud {TEXT}", loud=True),
        table,
        picture,
        other,
    )
