"""A timetable says the same as the doses and times that it was made of: play it back."""

import numpy as np
import pytest
import systems

from assuage.kinetics.exact import Push
from assuage.kinetics.timetable import BOLUS, FLOW, ONE_POINT, RUN, SPAN, timetable, with_jumps

CLOSE = 1e-10


def played(pushes: list[Push], times: np.ndarray) -> tuple[dict[int, float], list, list]:
    """Return when each output, bolus and change of flow falls, by the moves alone."""
    table = timetable(pushes, times)
    moves, jumps = with_jumps(table)
    now, seen, boluses, flows = 0.0, {}, [], []
    for number, (kind, which, count, first, steps) in enumerate(table.moves):
        if kind == BOLUS:
            boluses.append((table.boluses[which], now))
        elif kind == FLOW:
            flows.append((now, table.flows[which] if which >= 0 else ()))
        elif kind == SPAN:
            now += table.span_h[which]
        else:
            assert kind == RUN
            step = 0.0 if which == ONE_POINT else table.table_h[which]
            for k in range(count):
                assert first + k not in seen
                seen[first + k] = now + k * step
            if steps > 0:
                assert tuple(jumps[moves[number, 4]]) == (which, steps)
                now += steps * step
            else:
                assert moves[number, 4] == -1
    return seen, boluses, flows


@pytest.mark.parametrize("seed", range(60))
def test_every_output_and_dose_falls_where_it_should(seed: int) -> None:
    case = systems.random_case(seed)
    pushes = [Push(place, start, mg, end) for place, start, mg, end in case.pushes]
    seen, boluses, flows = played(pushes, case.times)
    assert sorted(seen) == list(range(len(case.times)))
    for number, time in enumerate(case.times):
        assert abs(seen[number] - time) <= CLOSE
    last = case.times[-1]
    given = [(n, one.start_h) for n, one in enumerate(pushes) if one.end_h is None]
    wanted = [(n, start) for n, start in given if start <= last]
    assert sorted(n for n, _ in boluses) == sorted(n for n, _ in wanted)
    for number, now in boluses:
        assert abs(now - pushes[number].start_h) <= CLOSE
    for now, flowing in flows:
        at = now + 1e-7
        meant = tuple(
            n for n, one in enumerate(pushes) if one.end_h and one.start_h <= at < one.end_h
        )
        assert flowing == meant


@pytest.mark.parametrize("step", [1.0 / 60.0, 0.1, 1.0 / 3.0, 7.0])
def test_even_times_are_one_run_however_late(step: float) -> None:
    table = timetable([], np.arange(3000) * step)
    runs = table.moves[table.moves[:, 0] == RUN]
    assert len(runs) == 1
    assert runs[0, 2] == 3000  # source: the times above
    assert len(table.table_h) == 1


def test_one_spacing_is_one_table() -> None:
    """Ten weekdays of four hours: every stretch lies on the ten-minute grid."""
    days = [day for day in range(14) if day % 7 < 5]
    pushes = [Push(0, 24.0 * day, np.ones(1), 24.0 * day + 4.0) for day in days]
    table = timetable(pushes, np.arange(2017) / 6.0)
    assert len(table.table_h) == 1
    assert len(table.span_h) == 0
