"""A study's report as blocks, and as files: every outcome, in order, marked for what it is.

Blinding guesses and dissociation stand right after the efficacy results, whatever they show; a
study that didn't ask for them says so in a frame.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib.metadata import version

import assuage
from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph
from assuage.evidence.report.files import files as files_of
from assuage.evidence.study import drawn, harms, tables
from assuage.evidence.study.collected import Collected
from assuage.evidence.study.results import Results
from assuage.evidence.study.schema import Blinding
from assuage.evidence.study.tree import tree_of

LIBRARIES = ("numpy", "scipy", "matplotlib", "typst")


def files(results: Results) -> dict[str, bytes]:
    """Return every file of the report by name; the same record and data give the same bytes."""
    p = results.study.protocol
    found = files_of(p.title, blocks(results), under=_under(results), foot=_foot(results))
    tree = json.dumps(tree_of(results), indent=2, allow_nan=False)
    return {**found, "results.json": f"{tree}\n".encode()}


def _under(results: Results) -> str:
    p = results.study.protocol
    registered = f" Registration: {p.registration}." if p.registration else ""
    return f"Study {p.id}.{registered} {len(results.data.people)} people. {p.population}"


def _foot(results: Results) -> str:
    """Return what stands on every page; the last part of the report has all digests whole."""
    position = results.view.head.split(":")[0]
    told = (
        f"Study {results.study.protocol.id}",
        f"protocol {results.study.digest[:12]}",
        f"data {results.data.digest[:12]}",
        f"record to event {position}, {results.view.head.split(':')[1][:12]}",
        f"assuage {assuage.__version__}",
    )
    return " · ".join(("BLINDED", *told) if results.blinded else told)


def provenance(results: Results) -> tuple[tuple[str, str], ...]:
    """Return what the report rests on, each with its digest or version."""
    return (
        ("protocol", results.study.digest),
        (f"data: {results.data.name}", results.data.digest),
        ("record", results.view.head),
        ("assuage", assuage.__version__),
        ("Python", platform.python_version()),
        *((one, version(one)) for one in LIBRARIES),
    )


def blocks(results: Results) -> list[Block]:
    """Return the report, from what must be known first to where its numbers come from."""
    parts = [_first(results), _collected(results), _people(results)]
    if not results.blinded:
        parts += [_efficacy(results), _beside(results), _safety(results), _courses(results)]
        parts += [_unspecified(results), _late(results), _asked(results)]
    else:
        parts += [_beside_blinded(results), _safety(results)]
    parts += [_described(results), _sources(results)]
    return [block for part in parts for block in part]


def _first(results: Results) -> Iterator[Block]:
    if results.blinded:
        yield Note(
            "BLINDED. The study was not unblinded when this was made: the arms were not read, all "
            "people are taken together, and nothing is compared.",
            loud=True,
        )
    for one in results.deviations:
        yield Note(one, loud=True)
    for found in results.answers:
        if found.refused is not None and found.kind != "standard" and not found.late:
            yield Note(
                f"The pre-specified analysis {found.id} could not be made, and nothing was fitted "
                f"instead: {found.refused.sentence}.",
                loud=True,
            )


def _collected(results: Results) -> Iterator[Block]:
    yield Heading("What was collected")
    others = [one for one in results.outcomes if not one.pre_specified]
    if others:
        names = "; ".join(one.outcome.name for one in others)
        yield Note(f"Collected and NOT pre-specified ({len(others)}): {names}.", loud=True)
    else:
        yield Paragraph("Every outcome that was collected was pre-specified.")
    yield tables.every_outcome(results)


def _people(results: Results) -> Iterator[Block]:
    yield Heading("The people")
    yield drawn.participants(results)
    for table in (tables.at_start(results), harms.timing(results), harms.events(results)):
        if table.rows:
            yield table


def _efficacy(results: Results) -> Iterator[Block]:
    chosen = tuple(one for one in results.outcomes if one.standing in ("primary", "secondary"))
    yield Heading("Efficacy, as pre-specified")
    yield tables.results_table(results, chosen, "efficacy")
    yield tables.decisions(results)
    yield from drawn.forest(results)


def _safety(results: Results) -> Iterator[Block]:
    yield Heading("Harms and safety")
    chosen = tuple(one for one in results.outcomes if one.standing == "safety")
    if not chosen and not any(one.outcome.harm for one in results.outcomes):
        yield Note("HARMS WERE NOT COLLECTED: no outcome of this study tells of any.", loud=True)
    counted = harms.harms(results)
    if counted.rows:
        yield counted
    compared = tables.results_table(results, chosen, "safety")
    if compared.rows:
        yield compared


def _late(results: Results) -> Iterator[Block]:
    if any(one.late for one in results.answers):
        yield Heading("Asked after the arms were known")
        yield Note(
            "These analyses were added AFTER unblinding. None was tested, and each may have been "
            "chosen for what it shows.",
            loud=True,
        )
        yield tables.results_table(results, results.outcomes, "late", late=True)


def _courses(results: Results) -> Iterator[Block]:
    chosen = tuple(one for one in results.outcomes if one.pre_specified)
    shown = list(_pictures(results, chosen))
    if shown:
        yield Heading("Pre-specified outcomes over time")
        yield from shown


def _asked(results: Results) -> Iterator[Block]:
    yield Heading("What was asked, and how it was answered")
    yield tables.estimands(results)
    if (table := tables.sensitivity(results)) is not None:
        yield table


def _beside(results: Results) -> Iterator[Block]:
    yield Heading("Beside efficacy: blinding and dissociation")
    blinding = results.study.protocol.blinding
    if isinstance(blinding, Blinding):
        yield tables.guessed(results)
        told = [one for one in results.guesses if one.low > 0.0]
        if told:
            names = {one.id: one.name for one in results.study.protocol.arm}
            arms = ", ".join(names[one.arm] for one in told)
            yield Note(
                f"People guessed their treatment better than by chance ({arms}). Differences in "
                "what people report may hold what they expected.",
                loud=True,
            )
    else:
        yield _no_guess()
    yield from _dissociation(results)


def _beside_blinded(results: Results) -> Iterator[Block]:
    yield Heading("Blinding and dissociation")
    if not isinstance(results.study.protocol.blinding, Blinding):
        yield _no_guess()
    yield from _dissociation(results)


def _no_guess() -> Note:
    return Note(
        "Nobody was asked what they thought that they were given: the BLINDING GUESS WAS NOT "
        "COLLECTED. Ketamine can often be told from a placebo, so how much of any difference is "
        "expectation can't be known from this study.",
        loud=True,
    )


def _dissociation(results: Results) -> Iterator[Block]:
    wanted = results.study.protocol.dissociation
    if wanted == "not collected":
        yield Note("DISSOCIATION WAS NOT COLLECTED in this study.", loud=True)
        return
    for one in results.outcomes:
        if one.outcome.id == wanted:
            if all(results.data.empty(column) for column in one.outcome.held_in):
                yield Note("Dissociation was to be collected, and nobody has a value.", loud=True)
            # Its table stands among the descriptions too; this one isn't written as a file twice.
            for table in tables.described(results, one):
                yield tables.unnamed(one, table)


def _unspecified(results: Results) -> Iterator[Block]:
    chosen = tuple(one for one in results.outcomes if not one.pre_specified)
    if not chosen:
        return
    yield Heading("Collected and not pre-specified")
    yield Paragraph(
        "The protocol doesn't say how these would be judged. Each is analysed by one standard "
        "model, the same for all, so that none is chosen for what it shows. The intervals adjust "
        "for nothing and no p value is given; they are reason to look again, not findings."
    )
    yield tables.results_table(results, chosen, "not-pre-specified")
    yield from _pictures(results, chosen)


def _pictures(results: Results, chosen: tuple[Collected, ...]) -> Iterator[Block]:
    for one in chosen:
        number = results.outcomes.index(one) + 1
        for found in (drawn.means(results, one, number), drawn.survival(results, one, number)):
            if found is not None:
                yield found


def _described(results: Results) -> Iterator[Block]:
    yield Heading("Every outcome as it was seen")
    for one in results.outcomes:
        yield Heading(f"{tables.named(one)}: {one.words}", 2)
        yield from tables.described(results, one)


def _sources(results: Results) -> Iterator[Block]:
    yield Heading("Where this comes from")
    yield tables.history(results)
    yield Paragraph(
        "The protocol is the one in the record; an analysis that differs from it can't be run "
        "under it. Whoever holds the record checks that it still holds all of this with: assuage "
        f"record verify --against {results.view.head}"
    )
    yield Paragraph(
        "Every instrument of the participants' courses in the record is among the outcomes."
        if results.study.protocol.columns.course
        else "The participants were not looked up in the record: what was recorded of them there "
        "and isn't in the data can't be known here."
    )
    yield tables.sources(provenance(results))
