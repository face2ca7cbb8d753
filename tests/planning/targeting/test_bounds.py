"""No limit is passed: the pump's, the drug's, the regimen's own.

source: limits.toml and the regimens' files; 1e-12 is room for rounding.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.planning.targeting.bounds import (
    bounds_of,
    fast,
    fullest,
    hold_against_limits,
    over_limits,
)
from assuage.planning.targeting.request import read
from planning.targeting.asking import PLASMA, found, refused, wish

CARE = "intensive-care"  # where an hour over the limit is permitted, and only said


def most_mg_per_h(**changed: Any) -> float:
    request = read(wish(**changed))
    return bounds_of(request).most * request.pump.quantum_mg_per_h


def test_the_tightest_limit_of_the_rate_binds() -> None:
    """source: limits.toml, rate-ever: 7 mg/kg/h, and pump-rate: 999 mL/h."""
    assert most_mg_per_h() == pytest.approx(7 * 70)
    assert most_mg_per_h(pump_max="100 mL/h") == pytest.approx(200)
    assert most_mg_per_h(concentration="0.2 mg/mL") == pytest.approx(0.2 * 999)
    assert most_mg_per_h(minute_max="2 mg") == pytest.approx(120)


@pytest.mark.parametrize("step", ["0.1 mL/h", "0.3 mL/h", "0.07 mL/h", "1 mL/h"])
def test_a_limit_between_two_pump_steps_is_rounded_down(step: str) -> None:
    request = read(wish(pump_step=step, pump_max="10 mL/h"))
    bounds = bounds_of(request)
    assert bounds.most * request.pump.step_ml_per_h <= 10 * (1 + 1e-12)
    assert (bounds.most + 1) * request.pump.step_ml_per_h > 10


def test_a_regimens_soft_limits_bind_rate_and_total() -> None:
    request = read(wish(**PLASMA, target="50 ng/mL", regimen="chronic-pain-iv"))
    bounds = bounds_of(request)
    regimen = library.regimen("chronic-pain-iv")
    soft = {one.quantity: one.soft[1] * request.weight_kg for one in regimen.guardrail}
    assert bounds.most * request.pump.quantum_mg_per_h <= soft["infusion_rate"] * (1 + 1e-12)
    totals = [value for name, value in soft.items() if name.endswith("dose")]
    assert (bounds.most_mg is None) == (not totals)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"regimen": "crps-coma"}, "RESEARCH_LOCK"),
        ({"regimen": "anaesthesia-esketamine-induction"}, "PRODUCT_DRUG_MISMATCH"),
        ({"regimen": "depression-sc"}, "ROUTE_MISMATCH"),
        ({"regimen": "chronic-pain-iv", "setting": "field"}, "SETTING_NOT_PERMITTED"),
        ({"pump_max": "0.05 mL/h"}, "PUMP_RANGE"),
        ({"pump_min": "300 mL/h", "pump_max": "200 mL/h"}, "PUMP_RANGE"),
    ],
)
def test_what_may_not_be_given_so_is_refused(changed: dict[str, Any], code: str) -> None:
    assert refused(**PLASMA, **changed).code == code


@pytest.mark.parametrize("gone", ["pump-rate", "rate-ever", "subanaesthetic-rate"])
def test_a_missing_limit_is_no_permission(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {id_: one for id_, one in library.limits().items() if id_ != gone}
    monkeypatch.setattr(library, "limits", lambda: held)
    assert refused(hold="3 h").code == "LIMIT_MISSING"


@pytest.mark.parametrize(
    ("pieces", "passes"),
    [
        ([(0.0, 4.0, 70.0)], True),
        ([(0.0, 1.4, 100.0), (1.4, 2.0, 0.0), (2.0, 4.0, 70.0)], True),
        ([(0.0, 0.5, 280.0)], True),
        ([(0.0, 0.5, 280.5)], False),
        ([(0.0, 2.0, 70.1)], False),
        ([(0.0, 1.9, 100.0), (1.9, 4.0, 50.0)], False),
        ([(0.0, 1.0, 0.0), (1.0, 2.0, 90.0), (2.0, 3.0, 60.0)], False),
        ([(0.0, 1.9, 73.0), (1.9, 1.95, 0.0), (1.95, 4.0, 73.0)], False),
    ],
)
def test_without_a_regimen_what_two_hours_hold_counts(
    pieces: list[tuple[float, float, float]], passes: bool
) -> None:
    """source: limits.toml: 1 mg/kg/h outside intensive care; 2 h of it at 70 kg are 140 mg."""
    request = read(wish())
    found = over_limits(request, bounds_of(request), pieces)
    assert (found is None) == passes
    assert found is None or found.code == "DOSE_OVER_HARD_LIMIT"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 300)), min_size=1, max_size=8))
def test_the_fullest_stretch_is_what_a_walk_by_the_minute_finds(
    parts: list[tuple[int, int]],
) -> None:
    """source: a window moved by the minute over doses by the minute; 1e-9 is rounding."""
    each = np.concatenate([np.full(minutes, rate / 60.0) for minutes, rate in parts])
    window = np.ones(120)
    walked = np.convolve(each, window).max()
    edges = np.cumsum([0, *(minutes for minutes, _ in parts)]) / 60.0
    pieces = [
        (float(a), float(b), float(rate))
        for a, b, (_, rate) in zip(edges[:-1], edges[1:], parts, strict=True)
    ]
    assert fullest(pieces, 2.0) == pytest.approx(walked, rel=1e-9)


@pytest.mark.parametrize("changes", [None, 0, 1, 3])
@pytest.mark.parametrize("hold", ["30 min", "115 min", "3 h"])
def test_no_hold_however_short_gives_more_than_two_hours_may(
    changes: int | None, hold: str
) -> None:
    """source: limits.toml, 1 mg/kg/h: at most 140 mg at 70 kg, of which 115 min escape today."""
    asked: dict[str, Any] = {**PLASMA, "hold": hold, "changes": changes, "setting": "ward"}
    one = refused(**asked, target="2000 ng/mL")
    assert one.code == "TARGET_UNREACHABLE"
    best = re.search(r"the best that can is ([0-9.]+) ng/mL", one.remedy)
    assert best is not None
    worked = found(**asked, target=f"{best[1]} ng/mL")
    pieces = [
        (a.start_h, b.start_h, a.rate_mg_per_h)
        for a, b in zip(worked.rows[:-1], worked.rows[1:], strict=True)
    ]
    assert 100.0 < fullest(pieces, 2.0) <= 140.0 * (1.0 + 1e-9)


def test_a_missed_guardrail_names_a_level_that_keeps_every_limit() -> None:
    changed = {"hold": "4 h", "within": "1 h"}
    for level in ("600 ng/mL", "100 ug/mL"):
        one = refused(**changed, target=level)
        best = re.search(r"the best that can is ([0-9.]+) ng/mL", one.remedy)
        assert best is not None
        found(**changed, target=f"{best[1]} ng/mL")


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0])
def test_what_is_no_rate_never_passes(rate: float) -> None:
    request = read(wish())
    with pytest.raises(ValueError):
        hold_against_limits(request, bounds_of(request), [(0.0, 0.1, rate)])


def test_in_intensive_care_a_higher_rate_may_be_held() -> None:
    request = read(wish(setting="intensive-care"))
    hold_against_limits(request, bounds_of(request), [(0.0, 4.0, 100.0)])


@pytest.mark.parametrize(("target", "said"), [("100 ng/mL", False), ("1000 ng/mL", True)])
def test_a_target_ten_times_too_high_is_said(target: str, said: bool) -> None:
    worked = found(target=target, effect=None, plasma=True, hold="110 min", changes=3, setting=CARE)
    steep = [one for one in worked.warnings if "within one hour" in one]
    rates = [(one.start_h, one.rate_mg_per_h) for one in worked.rows]
    times = np.linspace(0.0, 110.0 / 60.0, 6601)
    rate = np.array([[mg for start, mg in rates if start <= at][-1] for at in times])
    given = np.concatenate([[0.0], np.cumsum(rate[:-1] * np.diff(times))])
    hour = max(np.interp(np.minimum(times + 1.0, times[-1]), times, given) - given)
    assert said == (hour > 70.0)  # source: limits.toml, 1 mg/kg/h at 70 kg
    assert bool(steep) == said
    if said:
        assert f"{hour / 70.0:.3g} mg/kg" in steep[0]


def test_an_hour_at_the_limit_is_no_warning_and_one_above_it_is() -> None:
    request = read(wish())
    bounds = bounds_of(request)
    assert fast(request, bounds, [(0.0, 1.9, 70.0)]) == []
    assert fast(request, bounds, [(0.0, 0.5, 141.0), (0.5, 1.9, 0.0)])
    assert fast(request, bounds, [(0.0, 0.25, 0.0), (0.25, 1.9, 70.1)])
