"""Trials come to the same bytes however they are divided, stopped and gone on with.

The analyses are real; the trials are small, so that many fit into a test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assuage.clock import FixedClock
from assuage.evidence.virtual import trials as trials_module
from assuage.evidence.virtual.keeping import load
from assuage.evidence.virtual.scores import world_of
from assuage.evidence.virtual.trials import Arrays, Results, Task, block_of, count, gather, run
from assuage.evidence.virtual.trials import task_of as described
from assuage.kinetics.executors import Serial
from assuage.planning import checkpoint
from assuage.refusals import Refused
from evidence.virtual.designs import ASSUMED, BOTH, DISSOCIATION, design

TRIALS = 12
LEAVING = {"depends_on": "observed", "per_visit": 0.05, "outcome": "pain", "per_point": 0.1,
           "at_score": 5.0, **ASSUMED}  # fmt: skip


def task(seed: int = 1) -> Task:
    made = design(BOTH, dropout=LEAVING, dissociation=DISSOCIATION)
    return described(world_of(made, seed, 64))


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )


def equal(one: Results, other: Results) -> bool:
    return same(one.main, other.main) and same(one.null, other.null)


@pytest.fixture(scope="module")
def whole() -> Results:
    return run(task(), TRIALS, Serial())


def test_there_are_as_many_trials_with_an_effect_as_without(whole: Results) -> None:
    assert (count(whole.main), count(whole.null)) == (TRIALS, TRIALS)
    assert not same(whole.main, whole.null)
    assert set(whole.main) == {
        *("n", "dissociated"),
        *(f"{one}.{what}" for one in ("pain", "mood")
          for what in ("sum", "before", "responders", "tests", "end")),
    }  # fmt: skip
    assert np.isfinite(whole.main["pain.tests"]).any()


@pytest.mark.parametrize("block", [1, 5, 100])
def test_blocks_change_no_byte(whole: Results, block: int) -> None:
    assert equal(run(task(), TRIALS, Serial(), block=block), whole)


def test_another_seed_changes_them(whole: Results) -> None:
    assert not equal(run(task(2), TRIALS, Serial()), whole)


def test_sums_by_arm_are_those_of_the_patients(whole: Results) -> None:
    """source: the design's 15 a group, and the ends of the scale."""
    assert (whole.main["n"] <= 15.0).all()
    assert (whole.main["n"][..., 0] >= whole.main["n"][..., -1]).all()
    assert (whole.main["pain.responders"] <= whole.main["n"]).all()
    mean = whole.main["pain.sum"] / whole.main["n"]
    assert ((mean > 0.0) & (mean < 10.0)).all()


@dataclass(frozen=True)
class Stopping:
    """Does some blocks and is then interrupted."""

    after: int

    def map_blocks(self, fn: Callable[[Any], Any], blocks: Iterable[Any]) -> Iterator[Any]:
        for place, block in enumerate(blocks):
            if place == self.after:
                raise KeyboardInterrupt
            yield fn(block)


def test_an_interrupt_loses_nothing(
    tmp_path: Path, whole: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials_module, "BLOCK", 5)
    monkeypatch.setattr(run, "__kwdefaults__", {**run.__kwdefaults__, "block": 5})
    path = tmp_path / "t"
    for after, done in ((0, 0), (1, 5), (3, 17)):
        with pytest.raises(KeyboardInterrupt):
            gather(task(), TRIALS, Stopping(after), path=path)
        kept = load(path)
        assert kept is not None
        assert count(kept.main) + count(kept.null) == done
    heard: list[int] = []
    assert equal(gather(task(), TRIALS, Serial(), path=path, told=heard.append), whole)
    assert (heard[0], heard[-1]) == (17, 2 * TRIALS)
    before = path.read_bytes()
    assert equal(gather(task(), TRIALS, Serial(), path=path), whole)
    assert path.read_bytes() == before


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from assuage.kinetics.executors import Serial
from assuage.evidence.virtual import trials
from assuage.planning import checkpoint
from evidence.virtual.test_trials import TRIALS, task
checkpoint.EVERY_S = 0.0
def told(done):
    if done >= 8:
        os.kill(os.getpid(), signal.SIGKILL)
trials.gather(task(), TRIALS, Serial(), path=Path(sys.argv[1]), told=told)
"""


def test_a_kill_costs_no_more_than_a_block_and_ends_the_same(
    tmp_path: Path, whole: Results
) -> None:
    path = tmp_path / "t"
    tests = Path(__file__).parents[2]
    words = [sys.executable, "-c", KILLED, str(path), str(tests)]
    environment = os.environ | {"PYTHONPATH": str(tests.parent / "src")}
    done = subprocess.run(words, env=environment, check=False, timeout=60, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    kept = load(path)
    assert kept is not None
    assert 0 < count(kept.main) < TRIALS
    assert equal(gather(task(), TRIALS, Serial(), path=path), whole)


def test_more_trials_go_on_from_fewer(tmp_path: Path, whole: Results) -> None:
    path = tmp_path / "t"
    gather(task(), 4, Serial(), path=path)
    assert equal(gather(task(), TRIALS, Serial(), path=path), whole)


class Ticking(FixedClock):
    """A clock that moves on by more than EVERY_S whenever it is looked at."""

    def monotonic_s(self) -> float:
        object.__setattr__(self, "elapsed_s", self.elapsed_s + checkpoint.EVERY_S)
        return self.elapsed_s


@pytest.mark.parametrize(("clock", "often"), [(Ticking, True), (FixedClock, False)])
def test_it_is_kept_on_the_way_by_the_clock(
    clock: type[FixedClock], often: bool, tmp_path: Path
) -> None:
    path, kept = tmp_path / "t", set()

    def told(_: int) -> None:
        found = load(path)
        kept.add(0 if found is None else count(found.main))

    at = clock(datetime(2026, 1, 1, tzinfo=UTC))
    gather(task(), 10, Serial(), path=path, told=told, clock=at)
    assert (len(kept) > 2) == often


def test_other_trials_are_refused_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "t"
    gather(task(), 4, Serial(), path=path)
    before = path.read_bytes()
    for other, trials in ((task(2), 4), (task(), 3)):
        with pytest.raises(Refused, match="TRIAL_FILE_OTHER"):
            gather(other, trials, Serial(), path=path)
    assert path.read_bytes() == before


def test_a_design_differs_from_another_by_its_digest() -> None:
    made = design(BOTH)
    one = described(world_of(made, 1, 64)).digest()
    other = design(BOTH, pain__visit_sd=0.9)
    assert described(world_of(made, 1, 64)).digest() == one
    assert described(world_of(other, 1, 64)).digest() != one
    assert replace(task(), version="0").digest() != task().digest()


def test_a_worker_of_another_version_refuses() -> None:
    with pytest.raises(Refused, match="WORKER_DIFFERS"):
        block_of(replace(task(), version="0"), (False, 0, 1))
