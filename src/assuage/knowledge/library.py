"""Reads the knowledge files, checks them, and refuses to go on with a damaged one.

Files are read when asked for and kept. The folder travels inside the package, so nothing is
fetched. `digest()` names the exact knowledge a plan was made from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from assuage.knowledge.dimensions import check as check_dimensions
from assuage.knowledge.schema.effect import EffectFile
from assuage.knowledge.schema.facts import Assumption, Source
from assuage.knowledge.schema.law import Act, Duty, DutyKind, Role
from assuage.knowledge.schema.model import Model
from assuage.knowledge.schema.regimen import Product, Regimen
from assuage.knowledge.schema.safety import LimitFact, Place, SafetyFile, Term
from assuage.knowledge.schema.signals import SignalFile
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:  # their schemas take a plan's time to build, and no plan needs them
    from assuage.knowledge.schema.instrument import CodeNotice, Instrument
    from assuage.knowledge.schema.registry import RegistryFile

ROOT = Path(__file__).parent
Kind = TypeVar("Kind", bound=BaseModel)


def _damaged(path: Path, why: object) -> Refused:
    shown = " ".join(str(why).split())[:400]
    return Refused(Refusal.KNOWLEDGE_DAMAGED, path=path.relative_to(ROOT).as_posix(), why=shown)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _damaged(path, error) from error


def _load(path: Path, kind: type[Kind], content: object = None) -> Kind:
    try:
        return kind.model_validate(_read(path) if content is None else content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _damaged(path, f"{where}: {first['msg']}") from error


def _list(path: Path, key: str, kind: type[Kind]) -> tuple[Kind, ...]:
    content = _read(path)
    rows = content.get(key)
    if set(content) != {key} or not isinstance(rows, list):
        raise _damaged(path, f"it should hold [[{key}]] and nothing else")
    return tuple(_load(path, kind, row) for row in rows)


def _ids(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (ROOT / folder).glob("*.toml")))


def _one(folder: str, id_: str, what: str) -> Path:
    if id_ not in _ids(folder):
        raise Refused(
            Refusal.VALUE_NOT_ALLOWED, text=id_, what=what, choices=", ".join(_ids(folder))
        )
    return ROOT / folder / f"{id_}.toml"


def _check_id(path: Path, id_: str) -> None:
    """Raise Refused unless a file is named by the id that it holds."""
    if path.stem != id_:
        raise _damaged(path, f"its id is '{id_}'")


def model_ids() -> tuple[str, ...]:
    """Return the ids of the kinetic models."""
    return _ids("models")


@cache
def model(id_: str) -> Model:
    """Return a kinetic model. Raises Refused if it isn't known or its file is damaged."""
    path = _one("models", id_, "model")
    found = _load(path, Model)
    _check_id(path, found.id)
    try:
        check_dimensions(found)
    except (ValueError, Refused) as error:
        raise _damaged(path, error) from error
    return found


def effect_ids() -> tuple[str, ...]:
    """Return the ids of the effects."""
    return _ids("effects")


@cache
def effect(id_: str) -> EffectFile:
    """Return an effect file. Raises Refused if it isn't known or its file is damaged."""
    path = _one("effects", id_, "effect")
    found = _load(path, EffectFile)
    _check_id(path, found.held.id)
    return found


def regimen_ids() -> tuple[str, ...]:
    """Return the ids of the regimens."""
    return _ids("regimens")


@cache
def regimen(id_: str) -> Regimen:
    """Return a regimen."""
    path = _one("regimens", id_, "regimen")
    found = _load(path, Regimen)
    _check_id(path, found.id)
    return found


def instrument_ids() -> tuple[str, ...]:
    """Return the ids of the instruments."""
    return _ids("instruments")


@cache
def instrument(id_: str) -> Instrument:
    """Return an instrument. Raises Refused if it isn't known or its file is damaged."""
    from assuage.knowledge.schema.instrument import Instrument

    path = _one("instruments", id_, "instrument")
    found = _load(path, Instrument)
    _check_id(path, found.id)
    return found


def instruments() -> tuple[Instrument, ...]:
    """Return every instrument, in the order of their ids."""
    return tuple(instrument(one) for one in instrument_ids())


@cache
def code_notices() -> tuple[CodeNotice, ...]:
    """Return the words that must be shown with the codes of each system."""
    from assuage.knowledge.schema.instrument import CodeNotice

    return _list(ROOT / "notices.toml", "notice", CodeNotice)


@cache
def products() -> dict[str, Product]:
    """Return the drug products by id."""
    rows = _list(ROOT / "products.toml", "product", Product)
    return {one.id: one for one in rows}


@cache
def sources() -> dict[str, Source]:
    """Return every source by id. Raises Refused when an id is given twice."""
    found: dict[str, Source] = {}
    for path in sorted((ROOT / "sources").glob("*.toml")):
        for one in _list(path, "source", Source):
            if one.id in found:
                raise _damaged(path, f"the source '{one.id}' is given twice")
            found[one.id] = one
    return found


@cache
def safety() -> SafetyFile:
    """Return every precaution, interaction, threshold, cumulative rule, advice and correction."""
    merged: dict[str, list[Any]] = {name: [] for name in SafetyFile.model_fields}
    for path in sorted((ROOT / "precautions").glob("*.toml")):
        part = _load(path, SafetyFile)
        for name in merged:
            merged[name] += getattr(part, name)
    whole: dict[str, Any] = {name: tuple(rows) for name, rows in merged.items()}
    return SafetyFile.model_construct(**whole)


@cache
def assumptions() -> dict[str, Assumption]:
    """Return the numbers that predictions and preparations rest on, by id."""
    rows = _list(ROOT / "assumptions.toml", "assumption", Assumption)
    return {one.id: one for one in rows}


def assumed(id_: str) -> float:
    """Return the value of an assumption, in the unit that its file gives."""
    return assumptions()[id_].value


@cache
def limits() -> dict[str, LimitFact]:
    """Return the drug-wide limits by id."""
    rows = _list(ROOT / "limits.toml", "limit", LimitFact)
    return {one.id: one for one in rows}


def place_codes() -> tuple[str, ...]:
    """Return the codes of the places whose law is held, in upper case."""
    return tuple(code.upper() for code in _ids("law"))


@cache
def place(code: str) -> Place | None:
    """Return the law record of a place, or None when there is none."""
    if code.lower() not in _ids("law"):
        return None
    return _load(ROOT / "law" / f"{code.lower()}.toml", Place)


def places(code: str) -> tuple[Place, ...]:
    """Return a place and the places it belongs to, nearest first. Raises Refused when unknown."""
    found: dict[str, Place] = {}
    wanted = code
    while wanted.lower() not in found:
        one = place(wanted)
        if one is None:
            raise Refused(Refusal.PLACE_UNKNOWN, place=wanted, choices=", ".join(place_codes()))
        found[wanted.lower()] = one
        wanted = one.parent or code
    return tuple(found.values())


def duties(code: str, kind: str, on: date) -> tuple[Duty, ...]:
    """Return what the law of a place asks of a kind on a day.

    The nearest place that has such a duty in force answers, and its parents' are left out. Nothing
    found means that the law isn't known: it is never permission. Raises Refused when the place or
    the kind isn't known.
    """
    if kind not in get_args(DutyKind):
        choices = ", ".join(get_args(DutyKind))
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=kind, what="duty", choices=choices)
    for one in places(code):
        held = tuple(duty for duty in one.duty if duty.kind == kind and duty.in_force(on))
        if held:
            return held
    return ()


@cache
def roles() -> Mapping[str, frozenset[Act]]:
    """Return what each role may do. What isn't listed is denied."""
    rows = _list(ROOT / "roles.toml", "role", Role)
    found = {one.id: frozenset(one.permissions) for one in rows}
    if len(found) != len(rows):
        raise _damaged(ROOT / "roles.toml", "a role is given twice")
    return MappingProxyType(found)


@cache
def signals() -> SignalFile:
    """Return the signals of diversion, and how often each is raised about honest people."""
    return _load(ROOT / "signals.toml", SignalFile)


@cache
def registry() -> RegistryFile:
    """Return what a registry holds of a patient, and the rules by which it leaves the site."""
    from assuage.knowledge.schema.registry import RegistryFile

    return _load(ROOT / "registry.toml", RegistryFile)


@cache
def terms() -> tuple[Term, ...]:
    """Return the glossary."""
    return _list(ROOT / "glossary.toml", "term", Term)


@cache
def digest() -> str:
    """Return a SHA-256 over every knowledge file, names and bytes, in a fixed order."""
    total = sha256()
    for path in sorted(ROOT.rglob("*.toml")):
        name = path.relative_to(ROOT).as_posix().encode()
        body = path.read_bytes()
        total.update(b"%d:%s%d:" % (len(name), name, len(body)) + body)
    return total.hexdigest()
