"""`assuage instruments`: questionnaires and scales, and what answers to one come to."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assuage.cli import choices, output
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.care.outcomes.scoring import Answers, Score
    from assuage.knowledge.schema.instrument import Instrument

HELP = """List the questionnaires and scales, show one whole, or score answers to it.

\b
Items are named q1, q2 and so on, in the order of the form. An item that wasn't answered is left
out, or given as q3= with nothing behind it: it is never taken for zero. A file of answers is CSV
with the columns item,answer or a JSON object; it and --answer may be given together.

\b
Examples:
  assuage instruments
  assuage instruments phq-9
  assuage instruments peg --answer q1=7 --answer q2=8 --answer q3=6 --baseline 8
  assuage instruments phq-9 --answers answers.csv --json
"""
_LARGEST_BYTES = 1_000_000
_EXAMPLE = "give each item once, such as --answer q1=2"


def instruments(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", autocompletion=choices.instruments)
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="An answer, such as q1=2; may be repeated.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of answers, .csv or .json.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The declared baseline of the main total, such as 18.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List the instruments, show one, or score answers."""
    from assuage.cli import instruments_view as view
    from assuage.knowledge import library

    scored = bool(answer) or answers is not None
    if id_ is None:
        if scored or baseline is not None:
            raise _needed(
                "the instrument", "name it, such as: assuage instruments phq-9 --answer q1=2"
            )
        view.show_list(library.instruments(), as_json=as_json)
        return
    instrument = library.instrument(id_)
    if not scored:
        if baseline is not None:
            raise _needed("an answer", "add --answer q1=2 for each item, or --answers FILE")
        view.show_one(instrument, as_json=as_json)
        return
    from assuage.care.outcomes.scoring import score

    made = score(instrument, _answers(instrument, answer or [], answers))
    against = None if baseline is None else _baseline(instrument, baseline)
    if as_json:
        output.print_json(tree(instrument, made, against))
        return
    view.show_score(instrument, made, against)


def tree(instrument: Instrument, made: Score, baseline: float | None) -> dict[str, Any]:
    """Return a score as the JSON that is printed."""
    from assuage.care.outcomes.change import against_baseline

    alarms = {one.id: one for one in instrument.alarm}
    found = asdict(made) | {"missing": made.missing, "prorated": made.prorated}
    for name in ("flags", "unsure"):
        found[name] = [alarms[id_].model_dump(mode="json", by_alias=True) for id_ in found[name]]
    if baseline is not None:
        change = against_baseline(instrument, baseline, made.main)
        found["against_baseline"] = {
            **asdict(change),
            "important": [
                {**one.rule.model_dump(mode="json"), "direction": one.direction, "why": one.why}
                for one in change.important
            ],
        }
    return found


def _needed(what: str, remedy: str) -> Refused:
    return Refused(Refusal.OPTION_MISSING, what=what, remedy=remedy)


def _baseline(instrument: Instrument, text: str) -> float:
    from assuage.care.outcomes.scoring import plain_number

    number = plain_number(text)
    if number is None:
        raise Refused(
            Refusal.DATA_INVALID,
            where="--baseline",
            why=f"'{text}' isn't a plain number",
            remedy=f"give the baseline total of {instrument.short}, such as 18",
        )
    return number


def _answers(instrument: Instrument, given: list[str], file: Path | None) -> Answers:
    """Return the answers by item. Raises Refused when an item is given twice."""
    pairs = [] if file is None else _read(file)
    for text in given:
        item, equals, answer = text.partition("=")
        if not equals or not item.strip():
            raise _impossible(instrument, "an answer", text, "it has no item and '='")
        pairs.append((item.strip(), answer.strip() or None))
    found: dict[str, str | int | float | None] = {}
    for item, value in pairs:
        if item in found:
            raise _impossible(instrument, item, str(value), "it is given twice")
        found[item] = value
    return found


def _impossible(instrument: Instrument, item: str, text: str, why: str) -> Refused:
    return Refused(
        Refusal.ANSWER_IMPOSSIBLE,
        item=item,
        instrument=instrument.short,
        text=f"'{text}'",
        why=why,
        remedy=_EXAMPLE,
    )


def _read(file: Path) -> list[tuple[str, str | int | float | None]]:
    """Return the pairs in a file, in its order. Raises Refused."""
    try:
        with file.open("rb") as opened:  # a device has no size, so the reading itself is bounded
            content = opened.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise Refused(Refusal.FILE_UNREADABLE, path=file, why="it is larger than 1 MB")
        text = content.decode("utf-8-sig")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=why) from error
    except ValueError as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=error) from error
    match file.suffix.lower():
        case ".csv":
            return _rows(file, text)
        case ".json":
            return _pairs(file, text)
    raise Refused(Refusal.FILE_UNREADABLE, path=file, why="its name ends neither in .csv nor .json")


def _rows(file: Path, text: str) -> list[tuple[str, str | int | float | None]]:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=error) from error
    if not rows or [one.strip() for one in rows[0]] != ["item", "answer"]:
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why="its first line isn't: item,answer")
    found: list[tuple[str, str | int | float | None]] = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(rows[0]):
            raise Refused(
                Refusal.FILE_UNREADABLE, path=file, why=f"row {number} hasn't two columns"
            )
        found.append((row[0].strip(), row[1].strip() or None))
    return found


def _pairs(file: Path, text: str) -> list[tuple[str, str | int | float | None]]:
    found: list[tuple[str, str | int | float | None]]
    try:
        found = json.loads(text, object_pairs_hook=list)  # pairs, so that nothing given twice hides
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=error) from error
    if not text.lstrip().startswith("{"):
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why="it isn't an object of answers")
    for item, answer in found:
        if not isinstance(answer, str | int | float | None):
            raise Refused(Refusal.FILE_UNREADABLE, path=file, why=f"{item} isn't one answer")
    return found
