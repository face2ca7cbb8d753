"""What `assuage models` and `assuage regimens` show."""

from __future__ import annotations

import re

import pytest
from command import run

from assuage.knowledge import library


def test_every_model_is_listed() -> None:
    assert [one["id"] for one in run("models", "--json").json] == list(library.model_ids())
    shown = run("models").out
    assert all(id_ in shown for id_ in library.model_ids())


def test_every_regimen_is_listed_with_its_status_and_evidence() -> None:
    rows = run("regimens", "--json").json
    assert [one["id"] for one in rows] == list(library.regimen_ids())
    for row in rows:
        held = library.regimen(row["id"])
        assert row["status"] == held.status
        assert row["evidence"]
        assert ("read only" in row["use"]) is (not held.variant)
        assert ("research lock" in row["use"]) is (held.lock is not None)


@pytest.mark.parametrize("command", ["models", "regimens"])
def test_each_is_shown_whole_with_its_sources(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ids = library.model_ids() if command == "models" else library.regimen_ids()
    for id_ in ids:
        ran = run(command, id_)
        assert ran.status == 0
        assert "\nsources\n" in ran.out
        assert "…" not in ran.out
        assert max(len(line) for line in ran.out.splitlines()) <= 80


def test_what_is_unverified_says_so() -> None:
    text = " ".join(run("regimens", "crps-coma").out.split())
    for claim in library.regimen("crps-coma").claim:
        after = text.partition(claim.text)[2]
        assert after
        marked = re.search(r"\[[^\]]*\]", after)
        assert marked
        assert ("UNVERIFIED" in marked[0]) is (claim.read == "unverified")


def test_json_of_one_is_the_whole_record() -> None:
    assert run("models", "kamp-2020", "--json").json["parameter"]["CL"]["value"] == 84
    assert run("regimens", "crps-coma", "--json").json["lock"]["needs"]


@pytest.mark.parametrize("command", ["models", "regimens"])
def test_an_unknown_id_is_refused(command: str) -> None:
    assert run(command, "nothing").code == "VALUE_NOT_ALLOWED"
    assert run(command, "../limits").code == "VALUE_NOT_ALLOWED"
