"""`session administer` and `enter`: the intent first, then a question, then what is answered."""

from __future__ import annotations

import getpass
import io
import json
import sys

import clinic as clinics
import pytest
from command import Ran, run
from conftest import Clinic, found

from assuage.care.register import vial
from assuage.cli import signing
from assuage.refusals import Refusal, Refused


@pytest.fixture
def draw(clinic: Clinic) -> str:
    clinic.session()
    return clinic.draw()


def give(
    monkeypatch: pytest.MonkeyPatch, draw: str, said: str, *more: str, amount: str = "35 mg"
) -> Ran:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    words = ("session", "administer", "s-1", "--draw", draw, "--amount", amount)
    return run(*words, "--route", "iv", "--as", "ana", *more)


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def words(prompt: str) -> str:
        return clinics.words_of(prompt.removeprefix("Witness ").partition(",")[0])

    monkeypatch.setattr(signing, "on_terminal", lambda: True)
    monkeypatch.setattr(getpass, "getpass", words)


def states(clinic: Clinic) -> list[tuple[str, int | None]]:
    return [
        (one["state"], one["given_ug"]) for one in clinic.json("session", "show", "s-1")["doses"]
    ]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("35 mg\n", ("confirmed", 35000)),
        ("30 mg\n", ("confirmed", 30000)),
        ("0.7 mL", ("confirmed", 35000)),
        ("no\n", ("not-given", None)),
        ("NO: the vein was lost\n", ("not-given", None)),
        ("\n", ("intended", None)),
        ("", ("intended", None)),
    ],
)
def test_what_is_answered_is_stored(
    clinic: Clinic,
    draw: str,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    state: tuple[str, int | None],
) -> None:
    ran = give(monkeypatch, draw, said)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("Intended i-")
    assert states(clinic) == [state]


@pytest.mark.parametrize("said", ["35", "35 ml/h", "yes", "-3 mg", "600 mg", "0 mg", "\ufffd"])
def test_a_wrong_answer_is_refused_and_leaves_the_dose_open(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    ran = give(monkeypatch, draw, said)
    assert ran.code
    assert found("i", ran.out)
    assert states(clinic) == [("intended", None)]


def test_nothing_is_asked_when_the_dose_cannot_be_intended(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.intend(draw)
    ran = give(monkeypatch, draw, "35 mg\n")
    assert (ran.code, ran.out) == ("DOSE_UNRESOLVED", "")


def test_the_intent_is_out_before_the_question(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Asked(io.StringIO):
        def readline(self, _size: int | None = -1, /) -> str:
            sys.stdout.flush()
            seen.append(sys.stdout.buffer.getvalue().decode())  # type: ignore[attr-defined]
            return "35 mg\n"

    monkeypatch.setattr(sys, "stdin", Asked())
    words = ("session", "administer", "s-1", "--draw", draw, "--amount", "35 mg")
    assert run(*words, "--route", "iv", "--as", "ana").status == 0
    assert found("i", seen[0])
    assert "given" not in seen[0]


def test_the_same_command_again_gives_nothing_again(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = give(monkeypatch, draw, "\n", "--once", "dose-1")
    second = give(monkeypatch, draw, "35 mg\n", "--once", "dose-1")
    third = give(monkeypatch, draw, "35 mg\n", "--once", "dose-1")
    assert found("i", first.out) == found("i", second.out) == found("i", third.out)
    assert "Stored before" in second.out
    assert "confirmed already; nothing is asked" in third.out
    assert states(clinic) == [("confirmed", 35000)]


def test_the_id_that_an_unsure_record_names_gives_nothing_twice(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = vial.confirm

    def unsure(desk: vial.Desk, *given: object) -> object:
        real(desk, *given)  # type: ignore[arg-type]
        told = {"where": "here", "why": "the disk failed", "command": desk.command}
        raise Refused(Refusal.RECORD_UNSURE, **told)

    monkeypatch.setattr(vial, "confirm", unsure)
    ran = give(monkeypatch, draw, "35 mg\n")
    assert ran.code == "RECORD_UNSURE"
    named = ran.err.partition("--once ")[2].partition(";")[0]
    monkeypatch.setattr(vial, "confirm", real)
    again = give(monkeypatch, draw, "35 mg\n", "--once", named)
    assert "nothing is asked" in again.out
    assert states(clinic) == [("confirmed", 35000)]


def test_under_json_each_step_is_a_line(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = give(monkeypatch, draw, "35 mg\n", "--json")
    intended, given = (json.loads(line) for line in ran.out.splitlines())
    assert [one["kind"] for one in intended["events"]] == ["AdministrationIntended"]
    assert {one["kind"] for one in given["events"]} == {
        "AdministrationConfirmed",
        "DrugAdministered",
    }


def test_who_enters_finds_the_dose_unknown_and_needs_a_witness(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, draw, "")
    out = clinic.do("session", "enter", "s-1", "--as", "ben")
    assert "UNKNOWN" in out
    intent = found("i", out)
    words = ("session", "confirm", "s-1", intent, "--amount", "35 mg", "--as", "ben")
    assert clinic.refused(*words) == "WITNESS_MISSING"
    clinic.do(*words, "--witness", "ana")
    assert states(clinic) == [("confirmed", 35000)]
    assert "No dose is open" in clinic.do("session", "enter", "s-1", "--as", "ben")


@pytest.mark.usefixtures("at_terminal")
def test_on_a_terminal_a_slip_is_asked_again(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = give(monkeypatch, draw, "35\n350 g\n35 mg\n")
    assert ran.status == 0
    assert "QUANTITY_UNIT_MISSING" in ran.err
    assert ran.err.count("Type the amount given such as '35 mg'") == 3
    assert states(clinic) == [("confirmed", 35000)]


@pytest.mark.usefixtures("at_terminal")
def test_on_a_terminal_who_enters_is_asked_about_each_dose(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.intend(draw)
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\nana\nthe line had come off\n"))
    ran = run("session", "enter", "s-1", "--as", "ben")
    assert ran.status == 0, ran.err
    assert "Who?" in ran.err
    assert states(clinic) == [("not-given", None)]


@pytest.mark.usefixtures("at_terminal")
def test_on_a_terminal_enter_alone_leaves_it_open(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.intend(draw)
    monkeypatch.setattr(sys, "stdin", io.StringIO("35 mg\nben\n\n"))  # ben can't witness himself
    ran = run("session", "enter", "s-1", "--as", "ben")
    assert ran.status == 0
    assert "WITNESS_IS_ACTOR" in ran.err
    assert states(clinic) == [("unknown", None)]


def test_a_second_question_is_read_like_the_first(
    clinic: Clinic, draw: str, monkeypatch: pytest.MonkeyPatch, at_terminal: None
) -> None:
    """A real stream can't be set anew once a line was read, which a string's stand-in can."""
    said = io.TextIOWrapper(io.BytesIO(b"no\nthe patient went home\n"))
    monkeypatch.setattr(sys, "stdin", said)
    words = ("session", "administer", "s-1", "--draw", draw, "--amount", "35 mg")
    ran = run(*words, "--route", "iv", "--as", "ana")
    assert ran.status == 0, ran.err
    assert states(clinic)[0][0] == "not-given"
