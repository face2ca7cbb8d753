"""What `assuage instruments` shows, and how it scores answers that come as words or as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run

from assuage.cli import choices
from assuage.knowledge import library

PHQ = [f"q{n}" for n in range(1, 10)]


def given(*values: int | str) -> list[str]:
    """Return the answers q1, q2 and so on as options."""
    return [part for n, one in enumerate(values, 1) for part in ("--answer", f"q{n}={one}")]


def test_every_instrument_is_listed() -> None:
    rows = run("instruments", "--json").json
    assert [one["id"] for one in rows] == list(library.instrument_ids())
    shown = run("instruments").out
    assert all(f"\n{id_}\n" in f"\n{shown}" for id_ in library.instrument_ids())
    assert {one["scored"] for one in rows} == {"yes", "named only"}


@pytest.mark.parametrize("id_", library.instrument_ids())
def test_each_is_shown_whole_with_its_sources(id_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one = library.instrument(id_)
    ran = run("instruments", id_)
    assert ran.status == 0
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    text = " ".join(ran.out.split())
    for fact in (*one.claim, *one.caution, *one.gap, one.licence):
        assert " ".join(fact.text.split()) in text
    for item in one.item:
        assert f"{item.id}: {item.text or item.label or 'as on the licensed form'}" in text
    assert all(notice_of(code.system) in text for code in one.code)
    used, _, sources = text.partition(" sources ")
    assert used
    assert f"[{one.licence.source}]" in sources


def notice_of(system: str) -> str:
    (found,) = (one.text for one in library.code_notices() if one.system == system)
    return " ".join(found.split())


def test_what_is_unverified_says_so_in_capitals() -> None:
    text = " ".join(run("instruments", "bpic-ss").out.split())
    assert "from 19: suggests bladder pain syndrome [remembered-practice; 19 and more; UNV" in text


def test_wording_that_may_not_be_shown_is_not() -> None:
    text = run("instruments", "madrs").out
    assert "may not be shown" in text
    assert text.count("as on the licensed form") == len(library.instrument("madrs").item)


def test_json_of_one_is_the_whole_record() -> None:
    found = run("instruments", "c-ssrs-screener", "--json").json
    assert found["alarm"][0]["when"]["is"] == "high"


def test_answers_are_scored_and_the_total_is_explained() -> None:
    """source: kroenke-spitzer-2002, Table 4: 16 lies in 15 to 19, moderately severe."""
    ran = run("instruments", "phq-9", *given(1, 1, 1, 2, 2, 3, 3, 3, 0))
    text = " ".join(ran.out.split())
    assert "PHQ-9 total: 16 (0 to 27, higher is worse): moderately severe" in text
    assert "[kroenke-spitzer-2002;" in text
    assert "Remission: no" in text
    assert "ALARM" not in text


def test_an_alarm_comes_first_and_one_that_is_open_is_said() -> None:
    ran = run("instruments", "phq-9", *given(*[3] * 9))
    assert ran.out.startswith("ALARM: Thoughts of being better off dead")
    ran = run("instruments", "phq-9", *given(*[1] * 8))
    assert ran.out.startswith("NOT RULED OUT, ask q9: ")
    assert "If so: Ask the C-SSRS screener today" in " ".join(ran.out.split())
    assert "prorated" in ran.out
    assert "Not answered: q9" in ran.out


def test_an_alarm_that_is_certain_though_not_which_is_an_alarm() -> None:
    """Behaviour ever, and whether lately is unknown: at least a moderate risk."""
    some = ["--answer", "q1=no", "--answer", "q2=no", "--answer", "q6=yes"]
    text = run("instruments", "c-ssrs-screener", *some).out
    assert text.startswith("ALARM: one of the next holds")
    assert "NOT RULED OUT, ask q7: The answers mean high risk" in " ".join(text.split())
    assert run("instruments", "c-ssrs-screener", *some, "--json").json["alarmed"] is True
    unknown = run("instruments", "c-ssrs-screener", *some[:4]).out
    assert unknown.startswith("NOT RULED OUT, ask q6, q7: ")


def test_worse_is_never_said_as_a_negative_betterment() -> None:
    """source: arithmetic: 20 to 24 is 20 % worse; Löwe 2004: 5 points matter."""
    more = run("instruments", "phq-9", *given(*[3] * 8, 0), "--baseline", "20").out
    assert "Against the baseline 20: +4 points; 20 % WORSE" in more
    assert "minimal important change: not reached" in more
    more = " ".join(run("instruments", "phq-9", *given(*[3] * 9), "--baseline", "20").out.split())
    assert "minimal important change: reached, for the WORSE" in more
    same = run("instruments", "nrs-pain", "--answer", "q1=5", "--baseline", "5").out
    assert "+0 points; 0 % no better and no worse" in same
    none = run("instruments", "rass", "--answer", "q1=+1", "--baseline", "-2").out
    assert "+3 points; this total has no better or worse" in none


def test_a_rating_of_change_says_its_response_without_a_baseline() -> None:
    """source: cgi-i.toml: 2 is a response, 3 is not."""
    assert "Response: yes" in run("instruments", "cgi-i", "--answer", "q1=2").out
    assert "Response: no" in run("instruments", "cgi-i", "--answer", "q1=3").out
    assert "Response" not in run("instruments", "cgi-i", "--answer", "q1=").out
    text = run("instruments", "pgi-c", "--answer", "q1=2", "--baseline", "4").out
    assert "is itself a rating of change" in text
    assert text.count("Response:") == 1


def test_a_score_from_memory_says_so() -> None:
    text = run("instruments", "cadss", *given(*[1] * 23)).out
    assert "UNVERIFIED, a rule or range from memory: Depersonalisation" in text
    assert "UNVERIFIED" not in run("instruments", "peg", *given(1, 1, 1)).out


def test_a_refused_baseline_prints_no_half_answer() -> None:
    for arguments in (["phq-9", *given(*[3] * 9)], ["budapest", "--answer", "q1=no"]):
        for baseline in ("nan", "9" * 400):
            ran = run("instruments", *arguments, "--baseline", baseline)
            assert (ran.code, ran.out) == ("DATA_INVALID", "")
    ran = run("instruments", "phq-9", *given(*[3] * 9), "--baseline", "28")
    assert (ran.code, ran.out) == ("DATA_INVALID", "")


def test_an_empty_answer_is_not_answered_and_never_zero() -> None:
    found = run("instruments", "peg", "--json", *given(5, "", 5)).json
    assert (found["totals"], found["missing"], found["unanswered"]) == ({}, 1, ["q2"])
    assert "q2" in found["unscored"]["score"]


def test_a_baseline_gives_response_and_change() -> None:
    """source: arithmetic: 20 to 9 is 55 %; Löwe 2004: 5 points matter."""
    arguments = ["instruments", "phq-9", *given(*[1] * 9), "--baseline", "20"]
    change = run(*arguments, "--json").json["against_baseline"]
    assert (change["raw"], change["responded"]) == (-11, True)
    assert change["percent"] == pytest.approx(55, rel=1e-12)
    assert [one["direction"] for one in change["important"]] == ["better"]
    text = " ".join(run(*arguments).out.split())
    assert "Against the baseline 20: -11 points; 55 % better" in text
    assert "Response: yes" in text
    zero = run(*arguments[:-1], "0").out
    assert "baseline is 0" in zero
    criteria = run("instruments", "budapest", "--answer", "q1=no", "--baseline", "3").out
    assert "there is no main total" in criteria


def test_a_verdict_that_no_missing_answer_could_change_is_given() -> None:
    ran = run("instruments", "budapest", "--answer", "q1=no")
    assert "Clinical diagnostic criteria: not met" in ran.out
    text = " ".join(run("instruments", "budapest", "--answer", "q1=yes").out.split())
    assert "can't be said; the missing answers leave open: met or not met" in text


def test_the_equal_on_another_scale_is_shown() -> None:
    """source: ids-qids.org: 27 is 36 to 52 of HRSD17."""
    assert "On ham-d17: about 36 to 52" in run("instruments", "qids-sr16", *given(*[3] * 16)).out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "item,answer\n" + "".join(f"{one},1\n" for one in PHQ)),
        ("a.csv", "\ufeffitem , answer\r\n" + "".join(f" {one} , 1 \r\n" for one in PHQ) + "\r\n"),
        ("a.json", json.dumps(dict.fromkeys(PHQ, 1))),
        ("a.JSON", json.dumps(dict.fromkeys(PHQ, "1"))),
    ],
)
def test_a_file_of_answers_is_scored(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode())
    found = run("instruments", "phq-9", "--answers", str(file), "--json").json
    assert found["totals"] == {"total": 9}
    assert [one["id"] for one in found["flags"]] == ["suicidal-thoughts"]


def test_a_file_and_options_are_joined(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("item,answer\nq1,7\nq2,\n")
    found = run("instruments", "peg", "--answers", str(file), "--answer", "q3=5", "--json").json
    assert found["unanswered"] == ["q2"]
    ran = run("instruments", "peg", "--answers", str(file), "--answer", "q1=7")
    assert ran.code == "ANSWER_IMPOSSIBLE"
    assert "given twice" in ran.err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""),
        ("a.csv", "q1,1\n"),
        ("a.csv", "item,answer\nq1\n"),
        ("a.csv", "item,answer\nq1,1,2\n"),
        ("a.csv", 'item,answer\nq1,"1\n'),
        ("a.json", "[1]"),
        ("a.json", '{"q1": [1]}'),
        ("a.json", '{"q1": {"q2": 1}}'),
        ("a.json", '{"q1": 1'),
        ("a.json", "1"),
        ("a.txt", "item,answer\nq1,1\n"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert run("instruments", "phq-9", "--answers", str(file)).code == "FILE_UNREADABLE"
    assert run("instruments", "phq-9", "--answers", str(tmp_path / "no.csv")).code


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "item,answer\nq1,1\nq1,1\n"),
        ("a.json", '{"q1": 1, "q1": 1}'),
        ("a.json", '{"q1": NaN}'),
        ("a.json", '{"q1": true}'),
        ("a.csv", 'item,answer\nq1,"1,5"\n'),
        ("a.csv", "item,answer\nq77,1\n"),
    ],
)
def test_answers_that_can_not_be_are_refused_from_a_file(
    tmp_path: Path, name: str, text: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert run("instruments", "phq-9", "--answers", str(file)).code == "ANSWER_IMPOSSIBLE"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["phq-8"], "VALUE_NOT_ALLOWED"),
        (["phq-9", "--answer", "q1"], "ANSWER_IMPOSSIBLE"),
        (["phq-9", "--answer", "=1"], "ANSWER_IMPOSSIBLE"),
        (["phq-9", "--answer", "q1=1", "--answer", "q1=2"], "ANSWER_IMPOSSIBLE"),
        (["phq-9", "--answer", "q1=1,5"], "ANSWER_IMPOSSIBLE"),
        (["eq-5d-5l", "--answer", "q1=1"], "INSTRUMENT_NOT_SCORED"),
        (["--answer", "q1=1"], "OPTION_MISSING"),
        (["phq-9", "--baseline", "3"], "OPTION_MISSING"),
        (["phq-9", "--answer", "q1=1", "--baseline", "1,5"], "DATA_INVALID"),
        (["phq-9", "--answer", "q1=1", "--baseline", "28"], "DATA_INVALID"),
        (["phq-9", "--answer", "q1=1", "--baseline", "nan"], "DATA_INVALID"),
    ],
)
def test_what_can_not_be_read_is_refused(arguments: list[str], code: str) -> None:
    assert run("instruments", *arguments).code == code


def test_a_shell_is_offered_the_ids() -> None:
    assert choices.instruments("cadss") == ["cadss", "cadss-6"]
    assert choices.instruments("zz") == []


def test_a_refusal_in_json_is_json() -> None:
    ran = run("instruments", "phq-9", "--answer", "q1=9", "--json")
    assert ran.status == 2
    assert "q1 of PHQ-9" in json.dumps(ran.json)
