"""Who is asked for a passphrase, where it may come from, and what is said of it."""

from __future__ import annotations

import getpass
import os
import pty
import select
import time
from pathlib import Path

import clinic as clinics
import pytest
from argon2 import PasswordHasher
from command import module, run
from conftest import Clinic

import assuage
from assuage.care import access
from assuage.cli import signing

AREA = ("people", "area", "ward", "--name", "Ward", "--as", "mo")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a person in front of a terminal, who types what the list holds, prompt by prompt."""
    answers: list[str] = []
    monkeypatch.setattr(signing, "on_terminal", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked(prompt, answers))
    return answers


PROMPTS: list[str] = []


def asked(prompt: str, answers: list[str]) -> str:
    PROMPTS.append(prompt)
    if not answers:
        raise EOFError
    return answers.pop(0)


def test_the_actor_is_asked_first_and_then_the_witness(clinic: Clinic, typed: list[str]) -> None:
    PROMPTS.clear()
    typed += [clinics.words_of("ana"), clinics.words_of("ben")]
    words = ("register", "check", clinics.ITEM, "--area", "recovery", "--counted", "5")
    told = clinic.json(*words, "--as", "ana", "--witness", "ben")
    assert PROMPTS == ["ana, passphrase: ", "Witness ben, passphrase: "]
    (event,) = told["events"]
    assert (event["by"]["method"], event["witness"]["method"]) == ("passphrase", "passphrase")


def test_a_file_of_passphrases_is_named_in_the_signature(clinic: Clinic) -> None:
    (event,) = clinic.json(*AREA)["events"]
    assert event["by"]["method"] == "passphrase-file"
    assert "mo (passphrase-file)" in clinic.do("people", "area", "x", "--name", "X", "--as", "mo")


def test_no_passphrase_is_one_clear_line(
    clinic: Clinic, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.refused(*AREA) == "PASSPHRASE_MISSING"
    monkeypatch.setattr(signing, "on_terminal", lambda: False)
    monkeypatch.delenv("ASSUAGE_PASSPHRASES")
    assert clinic.refused(*AREA) == "PASSPHRASE_MISSING"


def test_what_would_be_shown_while_typed_is_not_asked(
    clinic: Clinic, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(_prompt: str) -> str:
        import warnings

        warnings.warn("echo", getpass.GetPassWarning, stacklevel=2)
        return clinics.words_of("mo")

    monkeypatch.setattr(getpass, "getpass", shown)
    assert clinic.refused(*AREA) == "PASSPHRASE_MISSING"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(clinic: Clinic, mode: int) -> None:
    (clinic.folder / "passphrases.toml").chmod(mode)
    assert clinic.refused(*AREA) == "PASSPHRASES_UNSAFE"


@pytest.mark.parametrize("content", [b"mo = four words", b"\xff\xfe", b"mo = 3"])
def test_a_file_that_is_none_is_refused_without_what_it_says(
    clinic: Clinic, content: bytes
) -> None:
    (clinic.folder / "passphrases.toml").write_bytes(content)
    ran = run(*AREA)
    assert ran.code in ("PASSPHRASES_UNSAFE", "PASSPHRASE_MISSING")
    assert "four words" not in ran.err


def test_a_file_of_another_or_none_at_all_is_refused(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setenv("ASSUAGE_SITE_KEY", (clinic.folder / "config/assuage/site.key").read_text())
    assert clinic.refused(*AREA) == "PASSPHRASES_UNSAFE"
    monkeypatch.setenv("ASSUAGE_PASSPHRASES", "/nowhere/at/all")
    assert clinic.refused(*AREA) == "PASSPHRASES_UNSAFE"


def test_a_wrong_passphrase_and_a_wrong_name_read_the_same(clinic: Clinic) -> None:
    file = clinic.folder / "passphrases.toml"
    file.write_text('mo = "not the words"\nnobody = "not the words"\n')
    wrong, unknown = run(*AREA), run(*AREA[:-1], "nobody")
    assert wrong.code == unknown.code == "SIGN_IN_FAILED"
    assert wrong.err.replace("mo ", "nobody ") == unknown.err


def test_a_new_passphrase_is_typed_twice_the_same(clinic: Clinic, typed: list[str]) -> None:
    words = ("people", "passphrase", "mo", "--as", "mo")
    typed += [clinics.words_of("mo"), "another set of words", "another set of birds"]
    assert clinic.refused(*words) == "PASSPHRASE_MISSING"
    typed += [clinics.words_of("mo"), *["another set of words"] * 2, "another set of words"]
    clinic.do(*words)
    clinic.do(*AREA)


def test_a_file_holds_a_new_passphrase_apart_from_the_old(clinic: Clinic) -> None:
    with (clinic.folder / "passphrases.toml").open("a") as file:
        file.write('[new]\nmo = "another set of words"\n')
    words = ("people", "passphrase", "mo", "--as", "mo")
    clinic.do(*words)
    assert clinic.refused(*words) == "SIGN_IN_FAILED"


def test_no_option_takes_a_passphrase() -> None:
    told = run("people", "enrol", "--help").out + run("record", "init", "--help").out
    options = [line.split()[0] for line in told.splitlines() if line.strip().startswith("--")]
    assert not any("pass" in one for one in options)


def test_on_a_terminal_with_the_real_hash_nothing_typed_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinics.enter(tmp_path, monkeypatch)
    monkeypatch.setattr(access, "HASHER", PasswordHasher())
    clinics.write_passphrases(tmp_path)
    clinics.ask(*clinics.SITE)
    monkeypatch.delenv("ASSUAGE_PASSPHRASES")
    pid, terminal = pty.fork()
    if not pid:
        source = str(Path(assuage.__file__).parents[1])
        words = module(*AREA)
        os.execve(words[0], words, os.environ | {"PYTHONPATH": source})  # noqa: S606
    shown = until(terminal, b"mo, passphrase: ")
    time.sleep(0.3)  # getpass throws away what was typed before it asked
    os.write(terminal, clinics.words_of("mo").encode() + b"\n")
    shown += until(terminal, b"signed mo\r\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"Area ward added: Ward" in shown
    assert b"unrelated" not in shown


def until(terminal: int, words: bytes) -> bytes:
    """Read a terminal until it shows some words."""
    shown = b""
    while words not in shown:
        assert select.select([terminal], [], [], 20)[0], shown
        shown += os.read(terminal, 4096)
    return shown
