"""The options that every command which writes has: the site, the time, and counting once."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import clinic as clinics
import pytest
import typer
from command import run
from conftest import Clinic

from assuage.cli import desk
from assuage.cli.app import whole
from assuage.refusals import Refusal, Refused

LONDON = ZoneInfo("Europe/London")
LOOKING = {"list", "show", "head", "verify", "export", "backup", "restore", "init", "signals"}
PRINTED = {"page", "us-records", "inventory", "form-106", "form-41"}


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 14:05", "2026-07-01 13:05"),
        ("2026-11-22 14:05", "2026-11-22 14:05"),
        ("2026-11-22T14:05:30", "2026-11-22 14:05"),
        ("2026-10-25 01:30+01:00", "2026-10-25 00:30"),
        ("2026-10-25 01:30+00:00", "2026-10-25 01:30"),
        ("2026-10-25 01:30Z", "2026-10-25 01:30"),
        ("2026-10-25 00:59", "2026-10-24 23:59"),
        ("2026-10-25 02:00", "2026-10-25 02:00"),
    ],
)
def test_a_time_is_read_by_the_clock_of_the_site(text: str, utc: str) -> None:
    read = desk.time_in(text, LONDON)
    assert read.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M") == utc


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-25 01:30",  # came twice
        "2026-03-29 01:30",  # never came
        "2026-02-30 10:00",
        "2026-11-22",
        "14:05",
        "22/11/2026 14:05",
        "2026-11-22 14:5",
        "2026-11-22 24:00",
        "yesterday",
        "２０２６-11-22 14:05",
        "2026-W47-7 14:05",
        "9999-99-99 99:99",
    ],
)
def test_a_time_that_is_none_or_two_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.time_in(text, LONDON)
    assert refused.value.refusal is Refusal.VALUE_NOT_ALLOWED


def test_an_hour_that_came_twice_is_answered_with_both() -> None:
    with pytest.raises(Refused) as refused:
        desk.time_in("2026-10-25 01:30", LONDON)
    assert "01:30+01:00" in str(refused.value)
    assert "01:30+00:00" in str(refused.value)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Asia/Kolkata", "UTC"])
def test_an_offset_that_was_given_wins(zone: str) -> None:
    read = desk.time_in("2026-06-01 12:00+05:00", ZoneInfo(zone))
    assert read == datetime.fromisoformat("2026-06-01T07:00:00+00:00")


def test_a_late_entry_says_how_late(clinic: Clinic) -> None:
    words = [one for one in clinics.RECEIVE if one != "INV-4711"]
    words.insert(words.index("--lot"), "INV-4712")
    told = clinic.json(*words, "--at", "2025-06-02 09:00")
    (event,) = told["events"]
    assert event["data"]["when"]["happened_at"].startswith("2025-06-02T09:00:00+01:00")
    assert event["data"]["when"]["late_days"] > 0
    assert " days late by " in clinic.do(*words, "--at", "2025-06-02 09:00")
    assert clinic.refused(*words, "--at", "2099-01-01 09:00") == "TIME_IN_FUTURE"


def test_the_same_id_counts_once_and_only_for_the_same_command(clinic: Clinic) -> None:
    words = (*clinics.RECEIVE, "--once", "delivery-9")
    first, again = clinic.json(*words), clinic.json(*words)
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["events"] == again["events"]
    assert first["head"] == again["head"]
    assert "Stored before" in clinic.do(*words)
    check = ("register", "check", clinics.ITEM, "--area", "main", "--counted", "35")
    other = clinic.json(*check, "--as", "ana", "--witness", "ben", "--once", "delivery-9")
    assert other["events"][0]["kind"] == "StockChecked"


def test_the_id_that_a_refusal_names_can_be_given_back() -> None:
    assert desk.command_id("register waste", "") == ""
    named = desk.command_id("register waste", "x:1")
    assert desk.command_id("register waste", named) == named
    assert desk.command_id("register draw", named) != named


def test_one_site_needs_no_name_and_a_wrong_one_is_refused(clinic: Clinic) -> None:
    assert clinic.json("people", "list")["site"] == "leeds"
    assert clinic.json("people", "list", "--site", "leeds")["site"] == "leeds"
    assert clinic.refused("people", "list", "--site", "york") == "SITE_UNKNOWN"


def test_of_several_sites_one_must_be_named(clinic: Clinic) -> None:
    from assuage.care import people
    from assuage.cli.opened import opened
    from assuage.clock import SystemClock

    new = people.NewSite("york", "York", "1 High Street", "GB", "Europe/London")
    manager = people.NewPerson("zoe", "Zoe", ("site-manager",), "some more unrelated words")
    with opened(None) as record:
        people.open_site(record, SystemClock(), new, manager)
    ran = run("people", "list")
    assert ran.code == "OPTION_MISSING"
    assert "leeds, york" in ran.err
    assert clinic.json("people", "list", "--site", "york")["people"].keys() == {"zoe"}


@pytest.mark.parametrize("text", [" ", "\t", "a\nb", "\x1b[2J", "\udcff"])
def test_blank_and_unprintable_words_are_refused_before_anybody_signs(
    clinic: Clinic, text: str
) -> None:
    assert clinic.refused("people", "area", "x", "--name", text, "--as", "nobody") == (
        "COMMAND_UNREADABLE"
    )


def commands() -> list[tuple[str, typer.core.TyperCommand]]:
    found = []
    todo = [("", typer.main.get_command(whole()))]
    while todo:
        name, command = todo.pop()
        inner = getattr(command, "commands", {})
        todo += [(f"{name} {key}".strip(), one) for key, one in inner.items()]
        found += [] if inner else [(name, command)]
    groups = ("people", "patient", "session", "register", "record")
    return sorted(one for one in found if one[0].startswith(groups))


def test_every_command_that_writes_asks_who_and_counts_once() -> None:
    for name, command in commands():
        options = {option for one in command.params for option in one.opts}
        last = name.rpartition(" ")[2]
        assert {"--record", "--json"} <= options, name
        if last not in LOOKING | PRINTED:
            assert {"--as", "--once", "--site"} <= options, name
        if last in PRINTED:
            assert {"--as", "--out", "--form"} <= options, name


def test_every_command_shows_an_example_in_its_help() -> None:
    for name, _ in commands():
        ran = run(*name.split(), "--help")
        assert "Example" in ran.out
        assert f"  assuage {name}" in ran.out, name
        assert max(map(len, ran.out.splitlines())) <= 100, name


@pytest.mark.parametrize(
    "group", ["people", "patient", "session", "register", "register discrepancy", "record"]
)
def test_a_group_alone_shows_its_help(group: str) -> None:
    assert run(*group.split()).out.rstrip() == run(*group.split(), "--help").out.rstrip()


def test_a_group_that_is_not_asked_for_is_not_loaded() -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom assuage.cli import main\n"
        "try:\n main(['explain', 'ke0'])\nexcept SystemExit: pass\n"
        "print({'assuage.cli.register', 'assuage.cli.session', 'assuage.cli.people',"
        " 'apsw', 'argon2', 'cryptography', 'assuage.care'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"
