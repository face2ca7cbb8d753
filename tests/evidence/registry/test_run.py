"""A report of a site takes who may run the registry; one of exports takes the exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from assuage.care import consent
from assuage.evidence import extra
from assuage.evidence.registry import export, run
from assuage.evidence.registry.dictionary import Dataset
from care.outcomes.treated import opened, ready, treated
from care.world import World, code

from .sets import made


@pytest.fixture
def w() -> World:
    world = ready()
    treated(world)
    for number in range(2, 8):
        who = world.patient(f"p{number}")
        opened(world, f"c{number}", who)
        world.clock.go(hours=1)
        treated(world, f"s{number}", of=f"c{number}", who=who)
    for number in range(1, 8):
        consent.give(world.desk("nia"), f"p{number}", ("registry",), "v1")
    return world


def written(folder: Path, held: Dataset) -> Path:
    folder.mkdir()
    for name, body in export.files(held, "e-1").items():
        (folder / name).write_bytes(body)
    return folder


def test_a_site_sees_its_own_people(w: World) -> None:
    head = w.record.head()
    held = run.of_site(w.desk("max"), "registry", run.Wish())
    assert (held.people, held.least, held.site) == (7, 5, "north")
    assert w.record.head() == head


def test_what_is_refused(w: World) -> None:
    desk = w.desk("max")
    assert code(lambda: run.of_site(w.desk("nia"), "registry", run.Wish())) == "ROLE_NOT_PERMITTED"
    assert code(lambda: run.of_site(desk, "research", run.Wish())) == "EXPORT_EMPTY"
    assert code(lambda: run.of_site(desk, "sale", run.Wish())) == "VALUE_NOT_ALLOWED"
    assert code(lambda: run.of_site(desk, "registry", run.Wish(4))) == "COUNT_TOO_LOW"
    wish = run.Wish(window="week-5")
    assert code(lambda: run.of_site(desk, "registry", wish)) == "VALUE_NOT_ALLOWED"


def test_exports_of_several_sites_are_one_report(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / site, made(seed, 30, site=site))
        for seed, site in enumerate(("hull", "leeds"))
    ]
    held = run.of_exports(paths, run.Wish(10, "week-1"))
    assert (held.people, held.least, held.window) == (60, 10, "Week 1")
    assert code(lambda: run.of_exports([paths[0], paths[0]], run.Wish())) == "OPTION_CONFLICT"
    assert code(lambda: run.of_exports([tmp_path / "york"], run.Wish())) == "FILE_UNREADABLE"
    other = made(3, 9, site="york")
    research = written(tmp_path / "york", Dataset(other.site, "research", other.tables))
    assert code(lambda: run.of_exports([paths[0], research], run.Wish())) == "OPTION_CONFLICT"


def test_a_report_without_its_extra_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from assuage.evidence.registry import cohort

    held = cohort.cohort(made(1, 6), 5, "week-4")
    assert "report.pdf" in run.written(held)
    monkeypatch.setattr(extra, "find_spec", lambda _name: None)
    assert code(lambda: run.written(held)) == "EXTRA_MISSING"
