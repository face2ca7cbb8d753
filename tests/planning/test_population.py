"""A population file: gone on from, and refused when it is damaged or another's."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assuage.clock import FixedClock
from assuage.kinetics import stream
from assuage.kinetics.engine import LEVELS
from assuage.kinetics.executors import Dask, Processes, Serial
from assuage.kinetics.stream import Task
from assuage.kinetics.structure import Dose, Subject
from assuage.kinetics.tally import Tally
from assuage.knowledge import library
from assuage.planning import checkpoint
from assuage.planning.population import (
    executor_of,
    gather,
    load,
    store,
    thresholds_of,
    told_in_numbers,
)
from assuage.refusals import Refused

PATIENTS = 300
TIMES_H = np.linspace(0.0, 4.0, 9)


def task(seed: int = 1) -> Task:
    model = library.model("perez-ruixo-2021")
    doses = (Dose(0.0, 56.0, "nasal"),)
    return stream.task_of(model, Subject(70.0, 35.0), doses, TIMES_H, seed, (0.05, 0.1))


@pytest.fixture(scope="module")
def whole() -> Tally:
    return stream.run(task(), PATIENTS, Serial())


@dataclass(frozen=True)
class Stopping:
    """Does some blocks of 64 patients, and then is interrupted, or worse."""

    after: int
    how: Callable[[], BaseException] = KeyboardInterrupt

    def map_blocks(self, fn: Callable[[Any], Any], blocks: Iterable[Any]) -> Iterator[Any]:
        first = next(iter(blocks))[0]
        for block in range(self.after):
            yield fn((first + 64 * block, 64))
        raise self.how()


def test_an_interrupt_loses_nothing(tmp_path: Path, whole: Tally) -> None:
    path = tmp_path / "p"
    for done in (0, 128, 192):
        with pytest.raises(KeyboardInterrupt):
            gather(task(), PATIENTS, Stopping((done - _done(path)) // 64), path=path)
        assert _done(path) == done
    heard: list[int] = []
    assert gather(task(), PATIENTS, Serial(), path=path, told=heard.append).equals(whole)
    assert heard == [192, PATIENTS]
    assert [one.name for one in tmp_path.iterdir()] == ["p"]
    found = load(path)
    assert found is not None
    assert found[1].equals(whole)


def _done(path: Path) -> int:
    found = load(path)
    return 0 if found is None else found[1].patients


def test_a_population_that_is_done_is_told_at_once_and_can_grow(
    tmp_path: Path, whole: Tally
) -> None:
    path = tmp_path / "p"
    gather(task(), 100, Serial(), path=path)
    before = path.read_bytes()
    assert gather(task(), 100, Serial(), path=path).patients == 100
    assert path.read_bytes() == before
    assert gather(task(), PATIENTS, Serial(), path=path).equals(whole)


@dataclass(frozen=True)
class Small:
    """Serial, in blocks of 16."""

    def map_blocks(self, fn: Callable[[Any], Any], blocks: Iterable[Any]) -> Iterator[Any]:
        for first, patients in blocks:
            for start in range(first, first + patients, 16):
                yield fn((start, min(16, first + patients - start)))


class Ticking(FixedClock):
    """A clock that moves on by a third of EVERY_S whenever it is looked at."""

    def monotonic_s(self) -> float:
        object.__setattr__(self, "elapsed_s", self.elapsed_s + checkpoint.EVERY_S / 3)
        return self.elapsed_s


@pytest.mark.parametrize(("clock", "often"), [(Ticking, True), (FixedClock, False)])
def test_it_is_kept_on_the_way_by_the_clock(
    clock: type[FixedClock], often: bool, tmp_path: Path
) -> None:
    path, kept = tmp_path / "p", set()
    gather(
        task(),
        160,
        Small(),
        path=path,
        told=lambda _: kept.add(_done(path)),
        clock=clock(datetime(2026, 1, 1, tzinfo=UTC)),
    )
    assert (len(kept) > 2) == often
    assert _done(path) == 160


def test_another_simulation_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "p"
    gather(task(), 100, Serial(), path=path)
    before = path.read_bytes()
    for other, patients in ((task(seed=2), 100), (task(), 99)):
        with pytest.raises(Refused) as refused:
            gather(other, patients, Serial(), path=path)
        assert refused.value.code == "POPULATION_FILE_OTHER"
    assert path.read_bytes() == before


def test_a_file_cut_short_or_flipped_anywhere_is_refused(tmp_path: Path, whole: Tally) -> None:
    path = tmp_path / "p"
    store(path, "d", whole)
    good = path.read_bytes()
    assert load(path) is not None  # the canary: whole, it is read
    places = sorted({*range(60), *range(60, len(good), max(len(good) // 150, 1)), len(good) - 1})
    for place in places:
        flipped = bytearray(good)
        flipped[place] ^= 1 << (place % 8)
        for content in (good[:place], bytes(flipped)):
            path.write_bytes(content)
            with pytest.raises(Refused) as refused:
                gather(task(), PATIENTS, Serial(), path=path)
            assert refused.value.code == "POPULATION_FILE_DAMAGED"
            assert path.read_bytes() == content
    path.write_bytes(good + b"x")
    with pytest.raises(Refused, match="damaged or cut short"):
        load(path)


def test_a_file_of_another_layout_says_so(tmp_path: Path, whole: Tally) -> None:
    path = tmp_path / "p"
    store(path, "d", whole)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"population 1\n", b"population 2\n", 1))
    with pytest.raises(Refused, match="another version of assuage wrote it"):
        load(path)
    path.write_text("time,level\n")
    with pytest.raises(Refused, match="isn't a population file"):
        load(path)


def test_a_full_disk_loses_nothing_already_stored(
    tmp_path: Path, whole: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p"
    gather(task(), 128, Serial(), path=path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Refused, match="No space left") as refused:
            gather(task(), PATIENTS, Serial(), path=path)
    assert refused.value.code == "FILE_UNWRITABLE"
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["p"]
    assert gather(task(), PATIENTS, Serial(), path=path).equals(whole)


@pytest.mark.parametrize(
    ("place", "code"),
    [("no/such/p", "FILE_UNWRITABLE"), ("", "FILE_UNREADABLE"), ("a\0b", "FILE_UNREADABLE")],
)
def test_a_place_that_cannot_be_used_is_refused_before_the_work(
    place: str, code: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        gather(task(), PATIENTS, Stopping(0), path=tmp_path / place)
    assert refused.value.code == code


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from planning.test_population import Small, task
from assuage.planning import checkpoint, population
checkpoint.EVERY_S = 0.0
population.gather(task(), {patients}, Small(), path=Path({file!r}))
"""


def test_what_a_kill_leaves_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    path, many = tmp_path / "p", 20_000
    tests = str(Path(__file__).parents[1])
    text = KILLED.format(path=[tests, *sys.path], patients=many, file=str(path))
    child = subprocess.Popen([sys.executable, "-c", text])
    end = time.monotonic() + 60.0
    while _done(path) < 64 and time.monotonic() < end:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    done = _done(path)
    assert 64 <= done < many  # it was killed in the middle
    patients = done + 100
    found = gather(task(), patients, Serial(), path=path)
    assert found.equals(stream.run(task(), patients, Serial()))


def test_where_it_runs() -> None:
    assert executor_of(None, None) == Serial()
    assert executor_of("1", None) == Serial()
    assert executor_of("3", None) == Processes(3)
    assert executor_of("2", "local") == Dask("local", 2)
    assert executor_of(None, "tcp://a:1") == Dask("tcp://a:1")
    for workers in ("0", "-1", "1.5", "two", "", "9999", "٣", "1" * 50):
        with pytest.raises(Refused) as refused:
            executor_of(workers, None)
        assert refused.value.code == "VALUE_NOT_ALLOWED"
    with pytest.raises(Refused) as refused:
        executor_of("2", "tcp://a:1")
    assert refused.value.code == "OPTION_CONFLICT"


def test_thresholds_are_quantities() -> None:
    (one, two) = thresholds_of(("100 ng/mL", "0.1 mg/L"))
    assert one.ng_per_ml == two.ng_per_ml == 100
    for wrong in ("100", "1,5 ng/mL", "-1 ng/mL", "100 mg", "0 ng/mL"):
        with pytest.raises(Refused):
            thresholds_of((wrong,))
    with pytest.raises(Refused):
        thresholds_of(("1 ng/mL",) * 11)


def test_the_numbers_are_those_of_the_tally(whole: Tally) -> None:
    texts = ("50 ng/mL", "100 ng/mL")
    names = ("esketamine", "noresketamine")
    found = told_in_numbers(whole, names, TIMES_H, thresholds_of(texts))
    assert found.patients == PATIENTS
    assert found.quantile_error <= stream.sketch.ERROR
    assert found.step_h == TIMES_H[1]
    bands, _ = whole.levels.quantiles(LEVELS)
    assert found.bands[1, 2, 5] == bands[2, 9 + 5] * 1000.0  # source: 1 mg/L is 1000 ng/mL
    assert [one.analyte for one in found.courses] == list(names)
    assert [(one.analyte, one.threshold) for one in found.exceeding] == [
        (name, text) for name in names for text in texts
    ]
    one = found.exceeding[3]
    assert one.peak_over.share == whole.peaks_over[1, 1] / PATIENTS
    assert [share.share for share in one.over] == (whole.over[1, 1] / PATIENTS).tolist()
    low, middle, high = found.courses[0].peak_ng_per_ml
    assert 0 < low < middle < high
    with pytest.raises(ValueError, match="no values"):
        told_in_numbers(replace(whole, levels=stream.sketch.empty(18)), names, TIMES_H, ())
