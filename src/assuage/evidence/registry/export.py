"""An export of the registry's data set: the files, and the event that says they left the site.

The event is stored before a file is written. If the writing fails, the log holds an export that
may not have left, which is the harmless side to err on; the same command with --once writes the
same files, as long as the record still gives them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import assuage
from assuage.care import consent
from assuage.care.access import Desk
from assuage.care.consent import RegistryExported
from assuage.care.course import one_of
from assuage.care.register.shared import new_id
from assuage.evidence.registry import dataset as datasets
from assuage.evidence.registry.dataset import Collected
from assuage.evidence.registry.dictionary import Dataset, Row, checked
from assuage.knowledge import library
from assuage.knowledge.schema.registry import TABLES, TableId
from assuage.record.events import Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused

WHOLE = "registry.json"
DICTIONARY = "dictionary.csv"
NAMES = (*(f"{table}.csv" for table in TABLES), DICTIONARY, WHOLE)
LARGEST_BYTES = 500_000_000
_COLUMNS = ("table", "field", "type", "unit", "choices", "may_be_empty", "text", "source", "read")


@dataclass(frozen=True)
class Exported:
    """What an export stored, and its files by name."""

    events: tuple[Recorded, ...]
    fact: RegistryExported
    files: Mapping[str, bytes]
    left_out: Mapping[str, int]


def export(desk: Desk, purpose: str) -> Exported:
    """Export everybody at the desk's site who agreed to the purpose.

    The event holds who was in it, so that a withdrawal can say which exports held the person. A
    withdrawal that is stored at the same moment makes this decide again, without that person.
    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, EXPORT_EMPTY, EXPORT_CHANGED, and what
    storing raises.
    """
    desk.allow("run-registry")
    wanted = one_of(purpose, get_args(consent.Purpose), "purpose")
    today = desk.clock.today(desk.site.zone)
    id_ = new_id("e")

    def collected() -> Collected:
        return datasets.collect(desk.record, desk.site_id, wanted, today)

    def decide() -> Decision:
        consent.exports(desk.record, desk.site_id)
        found = collected()
        if not found.patients:
            why = ", ".join(f"{why}: {many}" for why, many in found.left_out.items())
            told = {"purpose": wanted, "why": why or "there is no course of treatment"}
            raise Refused(Refusal.EXPORT_EMPTY, **told)
        fact = RegistryExported.model_validate(
            {
                "export": id_,
                "purpose": wanted,
                "patients": found.patients,
                "rows": found.dataset.rows,
                "digest": digest(files(found.dataset, id_)),
            }
        )
        return Decision({consent.exports_stream(desk.site_id): (fact,)})

    events = desk.commit(decide)
    fact = events[0].fact
    assert isinstance(fact, RegistryExported)
    found = collected()
    made = files(found.dataset, fact.export)
    if digest(made) != fact.digest:
        raise Refused(Refusal.EXPORT_CHANGED, export=fact.export)
    return Exported(events, fact, made, found.left_out)


def files(dataset: Dataset, export: str) -> dict[str, bytes]:
    """Return every file of a data set by name; the same set gives the same bytes."""
    made = {f"{table}.csv": _csv(dataset, table) for table in TABLES}
    made[DICTIONARY] = _dictionary()
    whole = {
        "assuage": assuage.__version__,
        "site": dataset.site,
        "purpose": dataset.purpose,
        "export": export,
        "dictionary": [
            {name: one.model_dump(mode="json")[name] for name in ("table", "id", "type", "text")}
            for one in library.registry().field
        ],
        "tables": {table: list(dataset.tables[table]) for table in TABLES},
    }
    made[WHOLE] = (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode()
    return made


def digest(made: Mapping[str, bytes]) -> str:
    """Return a SHA-256 over names and bytes, in the order of the names."""
    total = hashlib.sha256()
    for name, body in sorted(made.items()):
        total.update(b"%d:%s%d:" % (len(name), name.encode(), len(body)) + body)
    return total.hexdigest()


def read(path: Path) -> Dataset:
    """Return the data set of an export's folder or of its registry.json.

    Raises Refused: FILE_UNREADABLE, DATA_INVALID for whatever isn't the minimum data set.
    """
    file = path / WHOLE if path.is_dir() else path
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise Refused(Refusal.FILE_UNREADABLE, path=file, why="it is larger than 500 MB")
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        site, purpose, tables = told["site"], told["purpose"], told["tables"]
        rows: dict[TableId, tuple[Row, ...]] = {
            table: tuple({str(key): row[key] for key in row} for row in tables[table])
            for table in TABLES
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't an export of a registry"
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why=why) from error
    if purpose not in get_args(consent.Purpose) or not isinstance(site, str):
        raise Refused(Refusal.FILE_UNREADABLE, path=file, why="its site or purpose isn't known")
    return checked(Dataset(site, purpose, rows), file.name)


def pooled(sets: list[Dataset]) -> Dataset:
    """Return several sites' data as one. Its people keep their sites.

    Raises Refused (OPTION_CONFLICT) for two sets of one site, which would count people twice.
    """
    sites = [one.site for one in sets]
    if len(set(sites)) != len(sites):
        twice = next(one for one in sites if sites.count(one) > 1)
        remedy = "give one export of each site"
        raise Refused(Refusal.OPTION_CONFLICT, what=f"two exports of {twice}", remedy=remedy)
    tables: dict[TableId, tuple[Row, ...]] = {
        table: tuple(row for one in sets for row in one.tables[table]) for table in TABLES
    }
    return replace(sets[0], site=" ".join(sites), tables=tables)


def _csv(dataset: Dataset, table: TableId) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([one.id for one in library.registry().fields(table)])
    writer.writerows([_cell(value) for value in row.values()] for row in dataset.tables[table])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    """Return a cell as text: an empty one for nothing, yes and no, plain numbers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _dictionary() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in library.registry().field:
        may = "yes" if one.optional else "no"
        kind = one.type if one.of is None else f"words: {one.of}"
        choices = " ".join(one.choices)
        told = (one.table, one.id, kind, one.unit, choices, may, one.text, one.source, one.read)
        writer.writerow(told)
    return out.getvalue().encode()
