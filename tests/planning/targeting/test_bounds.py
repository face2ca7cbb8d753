"""No limit is passed: the pump's, the drug's, the regimen's own.

source: limits.toml and the regimens' files; 1e-12 is room for rounding.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.planning.targeting.asking import PLASMA, refused, wish

from assuage.knowledge import library
from assuage.planning.targeting.bounds import bounds_of, hold_against_limits
from assuage.planning.targeting.request import read
from assuage.refusals import Refused


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


def test_without_a_regimen_a_held_rate_counts_as_subanaesthetic() -> None:
    """source: limits.toml: 1 mg/kg/h outside intensive care, when held 2 h or longer."""
    request = read(wish())
    bounds = bounds_of(request)
    hold_against_limits(request, bounds, [(0.0, 4.0, 70.0)])
    hold_against_limits(request, bounds, [(0.0, 1.9, 100.0), (1.9, 4.0, 50.0)])
    with pytest.raises(Refused) as caught:
        hold_against_limits(request, bounds, [(0.0, 2.0, 70.1)])
    assert caught.value.code == "DOSE_OVER_HARD_LIMIT"


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0])
def test_what_is_no_rate_never_passes(rate: float) -> None:
    request = read(wish())
    with pytest.raises(ValueError):
        hold_against_limits(request, bounds_of(request), [(0.0, 0.1, rate)])


def test_in_intensive_care_a_higher_rate_may_be_held() -> None:
    request = read(wish(setting="intensive-care"))
    hold_against_limits(request, bounds_of(request), [(0.0, 4.0, 100.0)])
