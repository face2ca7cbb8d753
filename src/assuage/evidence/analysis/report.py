"""An analysis as a report: tables as in a paper, means, differences and who was seen when."""

from __future__ import annotations

import json
from collections.abc import Sequence

import assuage
from assuage.evidence import sheet
from assuage.evidence.analysis.means import Mean
from assuage.evidence.analysis.result import Analysis, Compared
from assuage.evidence.analysis.tables import as_csv, at_words, digits_of, paper, tables
from assuage.evidence.mixed.inference import Estimate
from assuage.evidence.report import charts, flow
from assuage.evidence.report.blocks import Block, Heading, Paragraph, Picture
from assuage.evidence.report.files import files as files_of
from assuage.evidence.report.numbers import fixed, p_told, with_interval

MOST_LINES = 40  # of a forest plot


def files(found: Analysis) -> dict[str, bytes]:
    """Return every file of the report by name; the same analysis gives the same bytes."""
    made = files_of(
        f"Analysis of {found.asked.formula.response} in {found.name}",
        blocks(found),
        under=f"{found.answers.method[0].upper()}{found.answers.method[1:]}",
        foot=f"assuage {assuage.__version__}. For researchers: nothing here is a dose.",
    )
    tree = json.dumps(found.tree(), indent=2, allow_nan=False) + "\n"
    return made | {"analysis.json": tree.encode(), "analysis.csv": as_csv(found).encode()}


def blocks(found: Analysis) -> list[Block]:
    """Return the report's blocks: what was asked, pictures and tables, how it was made."""
    question = found.asked.question
    asked = f"Model: {question.model}."
    if question.repeated:
        asked += f" Repeated: {question.repeated}, covariance {found.asked.covariance}."
    for one in question.random:
        asked += f" Random: {one}."
    head = "Participants" if question.repeated else "What was analysed"
    out: list[Block] = [Paragraph(asked), *_headlines(found), Heading(head)]
    if found.asked.mixed:
        out.append(_flow(found))
    by_name = {one.name: one for one in tables(found)}
    out.append(by_name.pop("flow"))
    if found.compared:
        out.append(Heading("Means and differences"))
    for number, each in enumerate(found.compared):
        tail = f"-{number + 1}" if len(found.compared) > 1 else ""
        if any(got is not None for _, got in each.means):
            out.append(_picture(each, found, f"means-plot{tail}"))
        shown = by_name.pop(f"means{tail}")
        out.append(paper(each, found, shown.name) or shown)
        if f"contrasts{tail}" in by_name:
            out += _forest(each, found, f"forest{tail}")
            out.append(by_name.pop(f"contrasts{tail}"))
    out += [Heading("Model"), *by_name.values()]
    out.append(Paragraph(f"-2 residual log likelihood: {fixed(found.answers.reml_criterion, 4)}."))
    out.append(Heading("How it was made"))
    out += [Paragraph(f"– {one}.") for one in found.notes]
    return out


def _headlines(found: Analysis) -> list[Block]:
    """Return the differences in words, while they are few."""
    told = []
    for one in found.compared:
        digits = digits_of(got for _, got in one.contrasts)
        for contrast, got in one.contrasts:
            if got is not None:
                at = f" at {at_words(contrast.at)}" if contrast.at else ""
                value = with_interval(got.estimate, got.low, got.high, digits)
                told.append(f"{contrast.title}{at}: {value}, {p_told(got.p)}.")
    return [Paragraph(" ".join(told))] if 0 < len(told) <= 4 else []


def _flow(found: Analysis) -> Picture:
    arms = [
        flow.Branch(
            f"{found.flow.arm} {one.name}".strip(),
            one.participants,
            visits=one.visits,
            analysed=one.analysed,
        )
        for one in found.flow.arms
    ]
    many = sum(one.participants for one in found.flow.arms)
    drawn = flow.flow(arms, randomised=many, randomised_word="In the file")
    words = "; ".join(
        f"{one.name}: {one.allocated} in the file, {one.analysed} analysed" for one in arms
    )
    caption = f"{found.whose.capitalize()}, and how many had data at each visit"
    return Picture(drawn, caption, words, "flow")


def _picture(one: Compared, found: Analysis, name: str) -> Picture:
    asked = one.found.asked
    told = [(mean, got) for mean, got in one.means if got is not None]
    series = []
    x: dict[str, float] = {}
    if asked.within:
        x = _across([_label(mean, asked.within) for mean, _ in one.means])
        arms = dict.fromkeys(_label(mean, asked.compared) for mean, _ in told)
        for arm in arms:
            mine = [pair for pair in told if _label(pair[0], asked.compared) == arm]
            at = [x[_label(mean, asked.within)] for mean, _ in mine]
            series.append(_series(arm, at, mine))
    else:
        x = {_label(mean, asked.compared): float(n) for n, (mean, _) in enumerate(told)}
        series.append(_series("mean", list(x.values()), told))
    response = found.asked.formula.response
    percent = f"{100.0 * found.asked.question.confidence:g} %"
    drawn = charts.means_plot(
        series,
        x_label=" and ".join(asked.within or asked.compared),
        y_label=f"{response}, least-squares mean",
        ticks=[(place, words) for words, place in x.items()],
    )
    words = "; ".join(f"{at_words(mean.levels)}: {fixed(got.estimate, 2)}" for mean, got in told)
    caption = f"Least-squares means of {response} with {percent} confidence intervals"
    return Picture(drawn, caption, f"{caption}. {words}", name)


def _across(labels: Sequence[str]) -> dict[str, float]:
    """Return where each label stands: at its number if all are numbers, else side by side."""
    distinct = list(dict.fromkeys(labels))
    numbers = [sheet.number(one) for one in distinct]
    known = [one for one in numbers if one is not None]
    even = [float(place) for place in range(len(distinct))]
    return dict(zip(distinct, known if len(known) == len(distinct) else even, strict=True))


def _series(name: str, at: Sequence[float], told: Sequence[tuple[Mean, Estimate]]) -> charts.Series:
    return charts.Series(
        name,
        tuple(at),
        tuple(got.estimate for _, got in told),
        tuple(got.low for _, got in told),
        tuple(got.high for _, got in told),
        tuple(mean.rows for mean, _ in told),
    )


def _label(mean: Mean, names: Sequence[str]) -> str:
    return " ".join(mean.levels[name] for name in names)


def _forest(one: Compared, found: Analysis, name: str) -> list[Block]:
    told = [(contrast, got) for contrast, got in one.contrasts if got is not None]
    if not 0 < len(told) <= MOST_LINES:
        return []
    digits = digits_of(got for _, got in told)
    lines = [
        charts.Row(
            f"{contrast.title}{', ' * bool(contrast.at)}{at_words(contrast.at)}",
            got.estimate,
            got.low,
            got.high,
            with_interval(got.estimate, got.low, got.high, digits),
        )
        for contrast, got in told
    ]
    caption = f"Differences in {found.asked.formula.response} between means"
    drawn = charts.forest(lines, x_label=caption)
    return [Picture(drawn, caption, "; ".join(f"{x.label}: {x.said}" for x in lines), name)]
