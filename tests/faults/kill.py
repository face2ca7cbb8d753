"""Kills the command line at any moment, and looks at what the record holds afterwards.

`python -m faults.kill FOLDER KILLS SEED` imports assuage once, makes a clinic in FOLDER and then,
again and again, forks a child that gives `assuage session administer` through `assuage.cli.main`
with an open standard input. The child gets SIGKILL somewhere between its start and the moment
after its last word. What it had printed by then is what it acknowledged.

After each kill the judge reads the record: the chain holds; everything acknowledged is there; the
same command given again with the same --once adds no dose; and whoever enters the session finds
the dose, if it is open, Unknown.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assuage.care import session as sessions
from assuage.care.register import book as books
from assuage.care.register import facts as f
from assuage.cli import giving, main
from assuage.cli.opened import default_record, opened
from assuage.record import transfer
from assuage.record.events import Recorded

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import clinic

ACKNOWLEDGED = {
    "intended": re.compile(r"^Intended (i-[0-9a-f]{10}):", re.MULTILINE),
    "given": re.compile(r"^Entry (\d+)[^:]*: 1 mg of (d-[0-9a-f]{10}) given", re.MULTILINE),
}
PATIENCE_S = 20.0
STAGES = (
    *("start", "asked", "answered", "told"),  # killed some time after that
    *("stores the intent", "stores the outcome"),  # killed as the log of the database grows
)
COMMIT_S = 0.004  # from the first byte of a commit in the log to some time after its last
Start = Callable[[Sequence[str]], "Child"]


class Child:
    """One command in a process of its own, its standard input held open."""

    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid, self._stdin, self._stdout = pid, stdin, stdout
        self.printed = b""

    def read_until(self, pattern: re.Pattern[str], within_s: float) -> bool:
        """Read what it prints until a line is there; False when the time is up or it ended."""
        end = time.monotonic() + within_s
        while not pattern.search(self.printed.decode()):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._stdout], [], [], left)[0]:
                return False
            more = os.read(self._stdout, 65536)
            if not more:
                return False
            self.printed += more
        return True

    def answer(self, line: str) -> None:
        os.write(self._stdin, line.encode())

    def kill(self) -> str:
        """Kill it, and return everything that it had printed."""
        os.kill(self.pid, signal.SIGKILL)
        return self.finish()

    def finish(self) -> str:
        """Wait for its end, and return everything that it had printed."""
        os.close(self._stdin)
        while more := os.read(self._stdout, 65536):
            self.printed += more
        os.close(self._stdout)
        os.waitpid(self.pid, 0)
        return self.printed.decode()


def forked(words: Sequence[str]) -> Child:
    """Give a command in a fork of this process."""
    stdin, to_child = os.pipe()
    from_child, stdout = os.pipe()
    pid = os.fork()
    if pid:
        os.close(stdin)
        os.close(stdout)
        return Child(pid, to_child, from_child)
    status = 70
    try:
        os.close(to_child)
        os.close(from_child)
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115
        main(list(words))
    except SystemExit as left:
        status = int(left.code or 0)
    finally:
        os._exit(status)


def whole(words: Sequence[str]) -> Child:
    """Give a command as `python -m assuage`, from the first instruction of a new interpreter."""
    process = subprocess.Popen(
        [sys.executable, "-m", "assuage", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    stdin, stdout = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
    process.stdin.close()
    process.stdout.close()
    return Child(process.pid, stdin, stdout)


@dataclass
class Score:
    """What came of many kills."""

    kills: int = 0
    landed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    not_unknown: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    unknown: int = 0
    repeated: int = 0
    verified: int = 0

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.duplicated, *self.not_unknown, *self.unbalanced]


class Loop:
    """A clinic in which one dose after the other is given, each killed half-way."""

    def __init__(self, seed: int, start: Start = forked) -> None:
        self.random = random.Random(seed)
        self.start = start
        self.score = Score()
        self.name = f"seed {seed}"
        clinic.ask(*clinic.PATIENT)
        clinic.ask(*clinic.SESSION)
        self.draw = self._draw()
        self.to_intent_s, self.to_outcome_s = self._calibrated()

    def _draw(self) -> str:
        words = ("register", "draw", "s-1", clinic.ITEM, "--area", "recovery", "--as", "ana")
        return clinic.ask(*words).partition(" as ")[2][:12]

    def _calibrated(self) -> tuple[float, float]:
        """Return how long a command that isn't killed takes to each of its two answers."""
        began = time.monotonic()
        child = self.start(self.words("first"))
        assert child.read_until(ACKNOWLEDGED["intended"], PATIENCE_S), child.finish()
        asked = time.monotonic()
        child.answer("1 mg\n")
        assert child.read_until(ACKNOWLEDGED["given"], PATIENCE_S), child.finish()
        answered = time.monotonic()
        child.finish()
        return asked - began, answered - asked

    def words(self, number: object) -> list[str]:
        return [
            *("session", "administer", "s-1", "--draw", self.draw, "--amount", "1 mg"),
            *("--route", "iv", "--as", "ana", "--once", f"dose-{number}"),
        ]

    def run(self, kills: int) -> Score:
        for number in range(kills):
            printed = self._killed(number)
            self.score.kills += 1
            self._judge(number, printed)
            self._again(number)
            self._settle(number)
        return self.score

    def _killed(self, number: int) -> str:
        """Give a dose and kill the command at a moment of one of four stages."""
        stage = self.random.choice(STAGES)
        log = _log_size()
        child = self.start(self.words(number))
        if stage == "start":
            time.sleep(self.random.uniform(0, self.to_intent_s))
            return child.kill()
        if stage == "stores the intent":
            self._wait_for_commit(log)
            return child.kill()
        if not child.read_until(ACKNOWLEDGED["intended"], PATIENCE_S):
            raise AssertionError(f"{self.name}: {child.finish()!r}")
        if stage == "asked":
            time.sleep(self.random.uniform(0, self.to_outcome_s))
            return child.kill()
        log = _log_size()
        child.answer("1 mg\n")
        if stage == "answered":
            time.sleep(self.random.uniform(0, self.to_outcome_s))
            return child.kill()
        if stage == "stores the outcome":
            self._wait_for_commit(log)
            return child.kill()
        if not child.read_until(ACKNOWLEDGED["given"], PATIENCE_S):
            raise AssertionError(f"{self.name}: {child.finish()!r}")
        return child.kill()

    def _wait_for_commit(self, before: tuple[int, int]) -> None:
        """Return at a moment around a commit: some time after the log began to change."""
        end = time.monotonic() + PATIENCE_S
        while _log_size() == before and time.monotonic() < end:
            time.sleep(0)
        time.sleep(self.random.uniform(0, COMMIT_S))

    def _judge(self, number: int, printed: str) -> None:
        intents, given, numbers = self._held(number)
        intended = ACKNOWLEDGED["intended"].findall(printed)
        told = ACKNOWLEDGED["given"].findall(printed)
        self.score.acknowledged += len(intended) + len(told)
        where = f"{self.name}, dose {number}"
        self.score.lost += [f"{where}: {one}" for one in intended if one not in intents]
        if told and not (set(intended) & set(given) and {int(one) for one, _ in told} <= numbers):
            self.score.lost.append(f"{where}: {told}")
        if told:
            self.score.landed["told that it was given"] += 1
        elif given:
            self.score.landed["given is stored and not told"] += 1
        elif intended:
            self.score.landed["told that it was intended"] += 1
        elif intents:
            self.score.landed["intended is stored and not told"] += 1
        else:
            self.score.landed["nothing is stored"] += 1

    def _held(self, number: int) -> tuple[list[str], list[str], set[int]]:
        """Return the intents of a dose, those of them given, and the numbers of those entries."""
        with opened(None) as record:
            transfer.check(record.store, None)
            self.score.verified += 1
            # Whatever way the command's id is written, it holds what --once said.
            mine = [
                one
                for one in record.events(sessions.stream("s-1"))
                if re.search(rf"dose-{number}\b", one.command)
            ]
            intents = [intent_of(one) for one in mine if intent_of(one)]
            book = books.of(record, "leeds")
            lines = {
                line.number: line.event.fact
                for line in book.lines
                if isinstance(line.event.fact, f.DrugAdministered)
            }
            given = {number: one for number, one in lines.items() if one.intent in intents}
            self._balanced(book, sessions.of(record, "s-1"))
            return intents, [one.intent for one in given.values()], set(given)

    def _balanced(self, book: books.Book, session: sessions.Session) -> None:
        told = Counter(
            line.event.fact.intent
            for line in book.lines
            if isinstance(line.event.fact, f.DrugAdministered)
        )
        twice = [f"{self.name}: {one} was given twice" for one, times in told.items() if times > 1]
        self.score.duplicated += twice
        confirmed = {key for key, one in session.doses.items() if one.state == "confirmed"}
        if set(told) != confirmed or book.sum_ug(clinic.ITEM):
            self.score.unbalanced.append(f"{self.name}: session and register differ")

    def _again(self, number: int) -> None:
        """Give the same command again, now and then, and answer it half of those times."""
        if self.random.random() < 0.6:
            return
        child = self.start(self.words(number))
        child.answer(self.random.choice(["1 mg\n", "\n"]))
        child.finish()
        self.score.repeated += 1
        intents, given, _ = self._held(number)
        if len(intents) != 1 or len(given) > 1:
            self.score.duplicated.append(f"{self.name}, dose {number}: {intents} given {given}")

    def _settle(self, number: int) -> None:
        """Let another person enter; an open dose must be Unknown. Then say what became of it."""
        with opened(None) as record:
            before = {one.intended.intent for one in sessions.of(record, "s-1").open_doses}
        clinic.ask("session", "enter", "s-1", "--as", "ben")
        with opened(None) as record:
            after = {
                one.intended.intent: one.state for one in sessions.of(record, "s-1").open_doses
            }
        if after != dict.fromkeys(before, "unknown"):
            self.score.not_unknown.append(f"{self.name}, dose {number}: {before} became {after}")
        self.score.unknown += len(after)
        for intent in after:
            witnessed = ("--as", "ben", "--witness", "ana")
            if self.random.random() < 0.5:
                clinic.ask("session", "confirm", "s-1", intent, "--amount", "1 mg", *witnessed)
            else:
                clinic.ask("session", "not-given", "s-1", intent, "--reason", "x", *witnessed)


def _log_size() -> tuple[int, int]:
    """Return how large the database's log is, and when it was written last."""
    try:
        found = os.stat(default_record() + "-wal")
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def intent_of(event: Recorded) -> str:
    """Return the dose that an event intends, or ""."""
    fact = event.fact
    return fact.intent if isinstance(fact, sessions.AdministrationIntended) else ""


def acknowledges_early(words: Sequence[str]) -> Child:
    """Canary: a command line that says what it is about to store, and stores it after that."""
    from assuage.record.sqlite import SqliteStore

    with pytest.MonkeyPatch.context() as patch:
        store = SqliteStore.append

        def says_first(self: SqliteStore, writes: object, secrets: object = ()) -> object:
            found = re.search(r'"intent":"(i-[0-9a-f]{10})"', str(writes))
            if found and "AdministrationIntended" in str(writes):
                print(f"Intended {found[1]}: 1 mg iv", flush=True)
                time.sleep(0.1)
            return store(self, writes, secrets)  # type: ignore[arg-type]

        patch.setattr(SqliteStore, "append", says_first)
        return forked(words)


def forgets_once(words: Sequence[str]) -> Child:
    """Canary: a command line that takes every command for a new one."""
    import uuid

    with pytest.MonkeyPatch.context() as patch:
        new = uuid.uuid4().hex

        def fresh(_name: str, once: str) -> str:
            return f"{new}-{once}"

        patch.setattr("assuage.cli.desk.command_id", fresh)
        patch.setattr(giving, "command_id", fresh)
        return forked(words)


STARTS: dict[str, Start] = {
    "forked": forked,
    "whole": whole,
    "acknowledges-early": acknowledges_early,
    "forgets-once": forgets_once,
}


def loop(folder: Path, kills: int, seed: int, kind: str) -> Score:
    """Make a clinic in a folder and kill so many commands in it."""
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        clinic.enter(folder, patch)
        clinic.found(folder)
        assert default_record().startswith(str(folder))
        return Loop(seed, STARTS[kind]).run(kills)


if __name__ == "__main__":
    made = loop(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    print(json.dumps(vars(made) | {"faults": made.faults}))
