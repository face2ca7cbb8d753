"""Reads a patient: a TOML or JSON file, flags, or both. Flags win, and quantities need units."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

LARGEST_FILE_BYTES = 1_000_000
Sex = Literal["female", "male", "intersex"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Body(_Strict):
    weight: str | None = None
    weight_last: str | None = None
    height: str | None = None
    age: str | None = None
    sex: Sex | None = None
    ancestry: Literal["asian", "japanese", "other"] | None = None


class _Baseline(_Strict):
    pain_nrs: int | float | None = Field(default=None, ge=0, le=10)
    madrs: int | None = Field(default=None, ge=0, le=60)
    systolic: str | None = None
    diastolic: str | None = None
    heart_rate: str | None = None


class _PastCourse(_Strict):
    ended: date
    hours: float = Field(ge=0)  # of infusion
    total: str


class _Earlier(_Strict):
    model: str
    give: list[str]
    level: list[str] = Field(default_factory=list)
    pain: list[str] = Field(default_factory=list)
    sedation: list[str] = Field(default_factory=list)


class _File(_Strict):
    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")
    about: str = ""
    body: _Body = _Body()
    conditions: dict[str, bool] = Field(default_factory=dict)
    medicines: list[Annotated[str, Field(pattern=r"\S")]] | None = None
    baseline: _Baseline = _Baseline()
    past_course: list[_PastCourse] | None = None
    earlier: _Earlier | None = None


@dataclass(frozen=True)
class Earlier:
    """What was given and measured in an earlier course or session, in `assuage individual`'s words.

    Times count from that course's first dose.
    """

    model: str
    gives: tuple[str, ...]
    levels: tuple[str, ...] = ()
    pain: tuple[str, ...] = ()
    sedation: tuple[str, ...] = ()


@dataclass(frozen=True)
class PastCourse:
    """A course of ketamine given before."""

    ended: date
    infusion_h: float
    total_mg: float


@dataclass(frozen=True)
class Patient:
    """What a plan needs to know. None is unknown, never normal."""

    id: str = "patient"
    weight_kg: float | None = None
    weight_last_kg: float | None = None
    height_cm: float | None = None
    age_years: float | None = None
    sex: str | None = None
    ancestry: str | None = None
    conditions: Mapping[str, bool] = field(default_factory=dict)
    medicines: tuple[str, ...] | None = None
    pain_nrs: float | None = None
    madrs: float | None = None
    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    heart_rate_per_min: float | None = None
    past_courses: tuple[PastCourse, ...] | None = None
    earlier: Earlier | None = None


class _Written(str):
    """A JSON decimal as it was written, so that a quantity without a unit stays one."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that is given twice: JSON would keep the last without a word."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice}' is given twice")
    return found


def _json(text: str) -> dict[str, object]:
    found = json.loads(text, parse_float=_Written, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise TypeError("it doesn't hold one JSON object")
    return _dates(found)


def _content(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:  # a device has no size, so the reading itself is bounded
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise Refused(Refusal.FILE_UNREADABLE, path=path, why="it is larger than 1 MB")
        text = content.decode("utf-8-sig")  # Windows' editors put a mark before the first word
        return _json(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=error.strerror) from error
    except (TypeError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error


def _dates(content: dict[str, object]) -> dict[str, object]:
    """JSON has no dates and its decimals come as text here; give both their types."""
    courses = content.get("past_course")
    for course in courses if isinstance(courses, list) else []:
        if isinstance(course, dict) and isinstance(course.get("ended"), str):
            try:
                course["ended"] = date.fromisoformat(course["ended"])
            except ValueError:
                continue
        if isinstance(course, dict) and isinstance(course.get("hours"), _Written):
            course["hours"] = float(course["hours"])
    baseline = content.get("baseline")
    if isinstance(baseline, dict) and isinstance(baseline.get("pain_nrs"), _Written):
        baseline["pain_nrs"] = float(baseline["pain_nrs"])
    return content


def _validated(content: dict[str, object], path: Path) -> _File:
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            inside: dict[str, type[_Strict]] = {
                "body": _Body,
                "baseline": _Baseline,
                "past_course": _PastCourse,
                "earlier": _Earlier,
            }
            known = inside.get(str(first["loc"][0]), _File) if len(first["loc"]) > 1 else _File
            choices = ", ".join(known.model_fields)
            raise Refused(
                Refusal.FIELD_UNKNOWN, field=name, what=f"the patient file {path}", choices=choices
            ) from error
        raise Refused(
            Refusal.FIELD_INVALID, field=name, what=f"the patient file {path}", why=first["msg"]
        ) from error


def _quantity(text: str | None, dimension: Dimension, what: str | None = None) -> float | None:
    return None if text is None else parse(text, dimension, what=what).magnitude


def read_patient(
    path: Path | None,
    *,
    weight: str | None = None,
    age: str | None = None,
    height: str | None = None,
    sex: str | None = None,
    known_conditions: tuple[str, ...] = (),
) -> Patient:
    """Return a patient from a file, flags, or both.

    Raises Refused for a file that can't be read, a field or condition that isn't known, and a
    quantity that is ambiguous, lacks a unit or is implausible.
    """
    found = _File(id="patient") if path is None else _validated(_content(path), path)
    for condition in found.conditions:
        if condition not in known_conditions:
            raise Refused(
                Refusal.FIELD_UNKNOWN,
                field=condition,
                what="[conditions]",
                choices=", ".join(known_conditions),
            )
    body, base = found.body, found.baseline
    sexes = get_args(Sex)
    if sex is not None and sex not in sexes:
        choices = ", ".join(sexes)
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=sex, what="sex", choices=choices)
    past = None
    if found.past_course is not None:
        past = tuple(
            PastCourse(one.ended, one.hours, parse(one.total, Dimension.DOSE).magnitude)
            for one in found.past_course
        )
    medicines = None if found.medicines is None else tuple(found.medicines)
    return Patient(
        id=found.id,
        weight_kg=_quantity(body.weight if weight is None else weight, Dimension.WEIGHT),
        weight_last_kg=_quantity(body.weight_last, Dimension.WEIGHT),
        height_cm=_quantity(body.height if height is None else height, Dimension.HEIGHT),
        age_years=_quantity(body.age if age is None else age, Dimension.AGE),
        sex=body.sex if sex is None else sex,
        ancestry=body.ancestry,
        conditions=found.conditions,
        medicines=medicines,
        pain_nrs=None if base.pain_nrs is None else float(base.pain_nrs),
        madrs=None if base.madrs is None else float(base.madrs),
        systolic_mmhg=_quantity(base.systolic, Dimension.PRESSURE, "a systolic pressure"),
        diastolic_mmhg=_quantity(base.diastolic, Dimension.PRESSURE, "a diastolic pressure"),
        heart_rate_per_min=_quantity(base.heart_rate, Dimension.FREQUENCY, "a heart rate"),
        past_courses=past,
        earlier=_earlier(found.earlier),
    )


def _earlier(found: _Earlier | None) -> Earlier | None:
    if found is None:
        return None
    rows = (found.give, found.level, found.pain, found.sedation)
    return Earlier(found.model, *(tuple(one) for one in rows))
