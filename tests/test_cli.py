"""The command line as a whole: help, refusals, streams, and whatever a person may type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "cli"))

from command import BANDED, SPEC, module, run

import assuage
from assuage.cli import simulate as simulate_module
from assuage.cli.app import whole

COMMANDS = [
    *("plan", "simulate", "target", "compare", "individual", "optimise", "fit", "warm-up"),
    *("analyse", "trial", "study"),
    *("models", "regimens", "explain", "cite"),
    *("instruments", "course", "outcome", "registry"),
    *("people", "patient", "session", "register", "record"),
]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(assuage.__file__).parents[1])}
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def apart(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        module(*arguments),
        env=ENVIRONMENT | environment,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example_in_its_help(command: str) -> None:
    ran = run(command, "--help")
    assert ran.status == 0
    assert "Example" in ran.out
    assert f"assuage {command} " in ran.out


def test_these_are_all_the_commands() -> None:
    shown = {
        name for name, one in typer.main.get_command(whole()).commands.items() if not one.hidden
    }
    assert shown == set(COMMANDS)


def test_help_comes_without_a_word_and_names_every_command() -> None:
    bare, asked = run(), run("--help")
    assert bare.out == asked.out
    assert bare.status == 0
    assert all(f"\n  {command} " in asked.out for command in COMMANDS)
    assert not any(line.endswith("...") for line in asked.out.splitlines()[1:])


def test_the_version() -> None:
    assert run("--version").out == f"assuage {assuage.__version__}\n"


def test_help_does_not_import_what_it_does_not_need() -> None:
    code = (
        "import sys\nfrom assuage.cli import main\n"
        "try:\n main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'pint', 'matplotlib', 'pydantic', 'rich.table'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, check=True, text=True
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["--bogus"],
        ["simulate", "--bogus"],
        ["simulate", "extra"],
        ["explain"],
        ["simulate", "--population", "many"],
        ["simulate", "--population", "-1"],
        ["simulate", "--seed", "-1"],
        ["simulate", "--give"],
        ["plan"],
        ["cite"],
        ["models", "--json=yes"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_is_one_line(words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == "COMMAND_UNREADABLE"
    assert ran.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["simulate"],
        ["simulate", "--population", "x"],
        ["models", "nothing"],
        ["regimens", "nothing"],
        ["explain", "nothing at all"],
        ["cite", "no such file"],
        ["plan", "--weight", "70"],
        ["bogus"],
    ],
    ids=" ".join,
)
def test_under_json_a_refusal_is_json_too(words: list[str]) -> None:
    ran = run(*words, "--json")
    refusal = ran.json["refusal"]
    assert set(ran.json) == {"refusal"}
    assert set(refusal) == {"code", "sentence", "remedy"}
    assert refusal["code"] == ran.code
    assert refusal["sentence"] in ran.err


def test_a_fault_is_a_refusal_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted\nfault")

    monkeypatch.setattr(simulate_module, "check_outputs", fail)
    ran = run(*SPEC)
    assert ran.code == "INTERNAL_FAULT"
    assert "ZeroDivisionError: planted fault" in ran.err


def test_an_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate_module, "check_outputs", stop)
    ran = run(*SPEC)
    assert (ran.status, ran.out, ran.err.strip()) == (130, "", "")


NASTY = st.text(
    st.one_of(
        st.characters(codec=None, exclude_categories=()),
        st.sampled_from("0123456789.,-+ mgkh/xovertainsl\x00\x1b\n\u2028\ud800"),
    ),
    max_size=40,
)
WORDS = st.sampled_from(
    [
        *("simulate", "models", "regimens", "explain", "cite", "plan", "--model", "kamp-2020"),
        *("--give", "10 mg bolus", "--at", "1 h", "--age", "35 y", "--weight", "70 kg", "--json"),
        *(
            "--csv",
            "-",
            "--",
            "--population",
            "0",
            "--regimen",
            "crps-coma",
            "--help",
            "flint-2017",
        ),
        *("--place", "NL", "crps-inpatient-5d", "--accept", "--until", "--seed", "1", "ke0"),
    ]
)


def settled(*words: str) -> None:
    ran = run(*words)
    assert ran.status in (0, 2), ran
    assert "INTERNAL_FAULT" not in ran.err, ran
    assert "Traceback" not in ran.err
    if ran.status == 2:
        assert len(ran.err.splitlines()) == 1
        assert ran.err.startswith("assuage: ")


@SLOW
@given(st.lists(st.one_of(NASTY, WORDS), max_size=8))
def test_nothing_typed_gives_a_traceback(words: list[str]) -> None:
    if not set(words) & {"reference", "plan"}:  # these write files
        settled(*words)


@SLOW
@given(NASTY)
def test_no_administration_gives_a_traceback(text: str) -> None:
    settled(
        "simulate",
        "--model",
        "kamp-2020",
        "--weight",
        "70 kg",
        "--age",
        "35 y",
        f"--give={text}",
        "--population",
        "0",
        "--json",
    )


@SLOW
@given(NASTY, NASTY, NASTY)
def test_no_time_age_or_weight_gives_a_traceback(at: str, age: str, weight: str) -> None:
    settled(*SPEC, f"--at={at}", "--population", "0")
    settled(*SPEC, f"--age={age}", f"--weight={weight}", "--population", "0")


def test_a_real_process_refuses_in_one_line() -> None:
    done = apart("simulate", "--model", "kamp-2020", "--give", "1,5 mg bolus", "--json")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert json.loads(done.stdout)["refusal"]["code"] == "QUANTITY_AMBIGUOUS"


def test_a_stream_that_carries_little_is_enough() -> None:
    done = apart("models", "otto-2021", PYTHONIOENCODING="ascii", NO_COLOR="1", TERM="dumb")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


def test_a_full_disk_is_said() -> None:
    for words in (("models",), ("models", "--json"), SPEC):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                module(*words), env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 2
        assert done.stderr.startswith(b"assuage: FILE_UNWRITABLE: 'standard output'")
        assert done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    running = subprocess.Popen(
        module("models", "--json"),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(timeout=30) in (0, 1)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    done = apart("--show-completion", shell)
    assert done.returncode == 0
    assert b"_ASSUAGE_COMPLETE" in done.stdout


def test_completion_offers_models() -> None:
    done = apart(
        _ASSUAGE_COMPLETE="complete_bash", COMP_WORDS="assuage simulate --model ka", COMP_CWORD="3"
    )
    assert done.stdout.split() == [b"kamp-2020"]


def test_an_unknown_shell_is_refused() -> None:
    assert run("--show-completion", "tcsh").code == "VALUE_NOT_ALLOWED"


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, again = run(*BANDED, "--seed", "7", "--json"), run(*BANDED, "--seed", "7", "--json")
    other = run(*BANDED, "--seed", "8", "--json")
    assert one.status == 0
    assert one.out == again.out
    assert one.out != other.out
