"""A streamed population: the same bytes however it is cut, and the same patients as ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from streamed import PATIENTS, task

from assuage.kinetics import stream, tally
from assuage.kinetics.engine import LEVELS, curves
from assuage.kinetics.executors import Serial
from assuage.kinetics.population import deviations
from assuage.kinetics.sketch import ERROR
from assuage.kinetics.stream import Task, run
from assuage.kinetics.structure import Dose, Subject
from assuage.knowledge import library
from assuage.refusals import Refused

SOLVERS: list[stream.Solver] = ["kernels", "numpy"]


CUTS = {
    "kernels": [(1, 200), (7, 100), (64, 64), (100, 33), (PATIENTS, 499)],
    "numpy": [(50, 123), (64, 64), (PATIENTS, 499)],
}


@pytest.mark.parametrize("solver", SOLVERS)
def test_no_cut_changes_a_byte(solver: stream.Solver) -> None:
    one = replace(task(times=6), solver=solver)
    whole = run(one, PATIENTS, Serial(), chunk=PATIENTS, block=PATIENTS)
    for chunk, block in CUTS[solver]:
        found = run(one, PATIENTS, Serial(), chunk=chunk, block=block)
        assert found.equals(whole), (chunk, block)


def test_another_seed_or_one_patient_more_changes_it() -> None:
    """The canary of the test above."""
    whole = run(task(), PATIENTS, Serial())
    assert not run(task(seed=2), PATIENTS, Serial()).equals(whole)
    assert not run(task(), PATIENTS + 1, Serial()).equals(whole)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_patients_are_those_of_a_population_in_memory(solver: stream.Solver) -> None:
    one = replace(task(), solver=solver)
    times_h = np.array(one.times_h)
    shifts = deviations(one.model, PATIENTS, one.seed)
    _, drawn = curves(one.model, one.subject, one.doses, times_h, shifts)
    levels = np.empty((PATIENTS, *drawn.shape[:0:-1]))
    stream.levels(one, times_h, 0, levels)
    assert_allclose(levels, drawn.transpose(0, 2, 1), rtol=1e-9, atol=1e-15)
    found = run(one, PATIENTS, Serial())
    told, error = found.levels.quantiles(LEVELS)
    truth = np.quantile(levels.reshape(PATIENTS, -1), LEVELS, axis=0, method="inverted_cdf")
    assert_allclose(told, truth, rtol=ERROR, atol=1e-12)
    assert error.max() <= ERROR
    peaks = drawn.max(axis=1)
    for place, threshold in enumerate(one.thresholds_mg_per_l):
        assert found.peaks_over[:, place].tolist() == (peaks > threshold).sum(axis=0).tolist()
    assert found.peaks_over.any()


def test_a_start_is_gone_on_from() -> None:
    whole = run(task(), PATIENTS, Serial())
    for done in (0, 1, 64, 333, PATIENTS):
        start = run(task(), done, Serial())
        assert run(task(), PATIENTS, Serial(), start=start, block=90).equals(whole)


def test_progress_hears_of_every_block_and_each_is_whole() -> None:
    heard: list[tally.Tally] = []
    run(task(), PATIENTS, Serial(), block=128, progress=heard.append)
    assert [one.patients for one in heard] == [128, 256, 384, PATIENTS]
    assert heard[1].equals(run(task(), 256, Serial()))


def test_a_start_that_belongs_elsewhere_is_refused() -> None:
    other = tally.empty(task(times=5).shape)
    with pytest.raises(ValueError, match="belongs to another"):
        run(task(), PATIENTS, Serial(), start=other)
    with pytest.raises(ValueError, match="belongs to another"):
        run(task(), 10, Serial(), start=run(task(), 20, Serial()))
    with pytest.raises(ValueError, match="belongs to another"):
        run(task(), -1, Serial())
    with pytest.raises(ValueError, match="at least one patient"):
        run(task(), 10, Serial(), chunk=-1)


CHANGES: list[Callable[[Task], Task]] = [
    lambda one: replace(one, model=library.model("simons-2022")),
    lambda one: replace(one, subject=Subject(71.0, 35.0)),
    lambda one: replace(one, doses=one.doses[:1]),
    lambda one: replace(one, doses=(Dose(0.0, 28.0, "nasal"), Dose(0.2, 28.0, "nasal"))),
    lambda one: replace(one, times_h=one.times_h[:-1]),
    lambda one: replace(one, seed=2),
    lambda one: replace(one, thresholds_mg_per_l=(0.05,)),
    lambda one: replace(one, solver="numpy"),
    lambda one: replace(one, version="0.0.0"),
]


def test_whatever_changes_the_result_changes_the_digest() -> None:
    digests = {task().digest(), *(change(task()).digest() for change in CHANGES)}
    assert len(digests) == len(CHANGES) + 1
    assert task().digest() == task().digest()


def test_another_version_or_no_numba_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused) as refused:
        run(replace(task(), version="0.0.0"), 10, Serial())
    assert refused.value.code == "WORKER_DIFFERS"
    one = task()
    monkeypatch.setattr(stream, "has_kernels", lambda: False)
    with pytest.raises(Refused, match="no numba"):
        run(one, 10, Serial())
    assert task().solver == "numpy"


def test_a_rate_that_moves_with_time_is_solved_by_numpy() -> None:
    varying = next(
        model for model in map(library.model, library.model_ids()) if stream.is_time_varying(model)
    )
    name = next(iter(varying.parameter))
    fact = task().model.variability[0].model_copy(update={"parameter": name})
    model = varying.model_copy(update={"variability": (fact,), "correlation": ()})
    route = model.input[0].route
    one = stream.task_of(
        model, Subject(70.0, 35.0), (Dose(0.0, 20.0, route),), np.array([0.5, 1.0]), 1
    )
    assert one.solver == "numpy"
    whole = run(one, 130, Serial())
    assert run(one, 130, Serial(), chunk=9, block=50).equals(whole)


def test_what_has_no_population_is_refused() -> None:
    model = next(m for m in map(library.model, library.model_ids()) if not m.variability)
    with pytest.raises(ValueError, match="no variability"):
        stream.task_of(model, Subject(70.0, 35.0), (), np.array([1.0]), 1)
    for wrong in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="threshold"):
            stream.task_of(task().model, Subject(70.0, 35.0), (), np.array([1.0]), 1, (wrong,))
