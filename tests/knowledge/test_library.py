"""Every file loads, a damaged one is refused, and the digest sees every byte."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

REAL = library.ROOT
ON = date(2026, 11, 23)
FILES = sorted(path.relative_to(REAL).as_posix() for path in REAL.rglob("*.toml"))


def forget() -> None:
    for one in vars(library).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of the knowledge that may be damaged."""
    copy = tmp_path / "knowledge"
    for name in FILES:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REAL / name, copy / name)
    monkeypatch.setattr(library, "ROOT", copy)
    forget()
    yield copy
    monkeypatch.undo()
    forget()


def load(name: str) -> object:
    """Read one file through the library as its callers do."""
    folder, _, stem = name.removesuffix(".toml").rpartition("/")
    match folder:
        case "models":
            return library.model(stem)
        case "effects":
            return library.effect(stem)
        case "regimens":
            return library.regimen(stem)
        case "instruments":
            return library.instrument(stem)
        case "law":
            return library.place(stem.upper())
        case "sources":
            return library.sources()
        case "precautions":
            return library.safety()
    return {
        "assumptions": library.assumptions,
        "glossary": library.terms,
        "limits": library.limits,
        "notices": library.code_notices,
        "products": library.products,
        "registry": library.registry,
        "roles": library.roles,
        "signals": library.signals,
    }[stem]()


def damage(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    forget()


def refusal_of(name: str) -> Refused:
    with pytest.raises(Refused) as caught:
        load(name)
    return caught.value


@pytest.mark.parametrize("name", FILES)
def test_every_file_loads(name: str) -> None:
    assert load(name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "rubbish",
    [b"= 3", b"\xff\xfe", b"", b"[unknown]\nfield = 1\n"],
    ids=["toml", "utf8", "empty", "field"],
)
def test_a_damaged_file_is_refused_by_name(root: Path, name: str, rubbish: bytes) -> None:
    if not rubbish and name.startswith("precautions/"):
        rubbish = b"precaution = 3\n"  # an empty precautions file is empty, and so allowed
    (root / name).write_bytes(rubbish)
    forget()
    refused = refusal_of(name)
    assert refused.refusal is Refusal.KNOWLEDGE_DAMAGED
    assert name in str(refused)


KAMP = "models/kamp-2020.toml"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (KAMP, 'id = "kamp-2020"', 'id = "kamp-2021"'),
        (KAMP, 'read = "secondary"', 'read = "rumour"'),
        (KAMP, 'where = "three code transcriptions agree", ', ""),
        (KAMP, "value = 84", "value = nan"),
        (KAMP, "value = 84", "value = inf"),
        (KAMP, "value = 84", 'value = "many"'),
        (KAMP, 'value = 84, unit = "L/h"', 'value = 84, unit = "L"'),
        (KAMP, 'value = 84, unit = "L/h"', 'value = 84, unit = "furlong"'),
        (KAMP, 'clearance = "Q3"', 'clearance = "Q4"'),
        (KAMP, 'to = "eliminated"', 'to = "slow"'),
        (KAMP, "summary =", "sumary ="),
        ("models/simons-2022.toml", '"CLK1 * fm_NK"', '"__import__(CLK1)"'),
        ("effects/herd-2008-sedation.toml", "[effect.curve]", "[effect.curves]"),
        ("effects/herd-2008-sedation.toml", 'id = "herd-2008-sedation"', 'id = "herd-2009"'),
        ("instruments/phq-9.toml", 'id = "phq-9"', 'id = "phq-8"'),
        ("instruments/phq-9.toml", "high = 27", "high = nan"),
        ("notices.toml", "[[notice]]", "[[notices]]"),
        ("limits.toml", "[[limit]]", "[[limits]]"),
        ("law/us.toml", 'status = "permitted"', 'status = "allowed"'),
        ("law/us.toml", 'kind = "loss-notice"', 'kind = "loss-notices"'),
        ("law/us.toml", 'unit = "business-day"', 'unit = "month"'),
        ("law/us.toml", 'id = "us-loss-form"', 'id = "us-loss-notice"'),
        ("law/gb.toml", "number = 1\n", ""),
        ("law/gb.toml", "number = 1\n", "number = true\n"),
        ("law/gb.toml", "number = 1\n", "number = -1\n"),
        ("law/gb.toml", "number = 1\n", "number = 1.5\n"),
        ("law/gb.toml", '"Quantity received"', '"Date supply received"'),
        ("roles.toml", '"view-signals"', '"see-signals"'),
        ("roles.toml", '"view-signals"', '"view-register"'),
        ("roles.toml", 'id = "physician"', 'id = "nurse"'),
    ],
)
def test_a_subtle_fault_is_refused(root: Path, name: str, old: str, new: str) -> None:
    damage(root, name, old, new)
    assert refusal_of(name).refusal is Refusal.KNOWLEDGE_DAMAGED


def test_a_missing_file_is_refused(root: Path) -> None:
    (root / "limits.toml").unlink()
    forget()
    assert refusal_of("limits.toml").refusal is Refusal.KNOWLEDGE_DAMAGED


def test_a_source_given_twice_is_refused(root: Path) -> None:
    first, *_ = sorted((root / "sources").glob("*.toml"))
    text = first.read_text(encoding="utf-8")
    extra = text[text.index("[[source]]") :]
    (root / "sources" / "zz.toml").write_text(extra, encoding="utf-8")
    forget()
    refused = refusal_of("sources/zz.toml")
    assert refused.refusal is Refusal.KNOWLEDGE_DAMAGED
    assert "given twice" in str(refused)


@pytest.mark.parametrize("id_", ["", "nobody-1999", "../models/kamp-2020", "kamp-2020.toml", "*"])
def test_an_unknown_id_is_refused_with_the_choices(id_: str) -> None:
    for read in (library.model, library.effect, library.regimen, library.instrument):
        with pytest.raises(Refused) as caught:
            read(id_)
        assert caught.value.refusal is Refusal.VALUE_NOT_ALLOWED
    with pytest.raises(Refused, match="kamp-2020"):
        library.model("kamp")


def test_a_place_is_found_in_any_case_and_an_unknown_one_is_none() -> None:
    assert library.place("us") == library.place("US") != None  # noqa: E711
    assert "US" in library.place_codes()
    for code in ("", "zz", "../law/us", "us.toml"):
        assert library.place(code) is None


def refused_code(code: str, kind: str = "entry-deadline", on: date = ON) -> Refusal:
    with pytest.raises(Refused) as caught:
        library.duties(code, kind, on)
    return caught.value.refusal


@pytest.mark.parametrize("code", ["", "zz", "../law/us", "us.toml", "US "])
def test_duties_and_parents_of_an_unknown_place_are_refused(code: str) -> None:
    assert refused_code(code) is Refusal.PLACE_UNKNOWN
    with pytest.raises(Refused):
        library.places(code)


@pytest.mark.parametrize("kind", ["", "entry_deadline", "Entry-deadline", "retention"])
def test_an_unknown_kind_of_duty_is_refused_and_not_taken_for_no_duty(kind: str) -> None:
    assert refused_code("GB", kind) is Refusal.VALUE_NOT_ALLOWED


def test_a_place_stands_before_the_places_it_belongs_to() -> None:
    assert [one.code for one in library.places("GB-sct")] == ["gb-sct", "gb"]
    assert [one.code for one in library.places("us")] == ["us"]


def test_two_places_that_belong_to_each_other_end(root: Path) -> None:
    damage(root, "law/gb.toml", 'code = "gb"', 'code = "gb"\nparent = "gb-sct"')
    assert [one.code for one in library.places("GB")] == ["gb", "gb-sct"]


def test_an_unknown_parent_is_refused(root: Path) -> None:
    damage(root, "law/gb-sct.toml", 'parent = "gb"', 'parent = "zz"')
    assert refused_code("GB-SCT") is Refusal.PLACE_UNKNOWN


def test_a_part_takes_its_parents_duties() -> None:
    for part in ("GB-ENG", "GB-NIR", "GB-SCT", "gb-eng"):
        assert library.duties(part, "entry-deadline", ON)
        assert library.duties(part, "entry-deadline", ON) == library.duties(
            "GB", "entry-deadline", ON
        )


OWN = """
[[duty]]
id = "own"
kind = "entry-deadline"
text = "By the end of the day."
number = 0
unit = "calendar-day"
valid_from = 2026-01-02
valid_to = 2026-12-31
source = "assuage-design"
where = "a test"
read = "design"
"""


@pytest.mark.parametrize(
    ("on", "days"),
    [
        (date(2026, 1, 1), 1),
        (date(2026, 1, 2), 0),
        (date(2026, 12, 31), 0),
        (date(2027, 1, 1), 1),
    ],
)
def test_a_places_own_duty_stands_before_its_parents_while_in_force(
    root: Path, on: date, days: int
) -> None:
    """source: the days of the duty that is planted; 1 is the parent's, law/gb.toml."""
    path = root / "law" / "gb-sct.toml"
    path.write_text(path.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    forget()
    assert [one.number for one in library.duties("GB-SCT", "entry-deadline", on)] == [days]
    assert [one.number for one in library.duties("GB", "entry-deadline", on)] == [1]


def test_law_that_is_not_known_answers_with_nothing() -> None:
    for code in ("FR", "DE", "AT", "UN", "US"):
        assert library.duties(code, "entry-deadline", ON) == ()
    assert library.duties("GB", "entry-deadline", date(2015, 11, 29)) == ()
    assert library.duties("GB", "entry-deadline", date(2015, 11, 30))


def test_the_digest_is_of_names_and_bytes(root: Path) -> None:
    before = library.digest()
    forget()
    assert library.digest() == before
    seen = {before}
    for name in FILES:
        path = root / name
        body = path.read_bytes()
        middle = len(body) // 2
        path.write_bytes(body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :])
        forget()
        seen.add(library.digest())
        path.write_bytes(body)
    assert len(seen) == len(FILES) + 1
    forget()
    assert library.digest() == before


def test_the_digest_sees_where_a_byte_stands(root: Path) -> None:
    seen = {library.digest()}

    def see() -> None:
        forget()
        seen.add(library.digest())

    (root / "limits.toml").rename(root / "limit.toml")
    see()
    (root / "limit.toml").rename(root / "limits.toml")
    (root / "new.toml").write_bytes(b"")
    see()
    (root / "new.toml").write_bytes(b"\n")
    see()
    (root / "new.toml").unlink()
    first, second = (root / name for name in FILES[:2])
    bodies = first.read_bytes(), second.read_bytes()
    first.write_bytes(bodies[0] + bodies[1][:1])
    second.write_bytes(bodies[1][1:])
    see()
    assert len(seen) == 5


def test_the_digest_of_a_copy_is_the_digest(root: Path) -> None:
    copied = library.digest()
    library.ROOT, kept = REAL, library.ROOT
    forget()
    real = library.digest()
    library.ROOT = kept
    assert real == copied
