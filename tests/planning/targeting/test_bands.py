"""Levels stand with their spread, between patients or between models."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L, join, ke0_per_h
from assuage.kinetics.engine import curves
from assuage.kinetics.exact import Array
from assuage.kinetics.structure import Dose, System
from assuage.knowledge import library
from assuage.planning.targeting.bands import levels_of, plant_for
from assuage.planning.targeting.request import read
from assuage.refusals import Refused
from planning.targeting.asking import PLASMA, wish

RATES = np.repeat([200.0, 0.0, 20.0, 15.0], 45)  # mg/h, over half an hour in steps of 10 s


@pytest.mark.parametrize(("drug", "share"), [("esketamine", 1.0), ("racemic-ketamine", 0.5)])
def test_levels_are_the_engines(drug: str, share: float) -> None:
    """source: assumptions.toml, esketamine-share: half of a racemic dose."""
    request = read(wish(drug=drug))
    plasma, site = levels_of(request, RATES)
    assert request.effect is not None
    rate = ke0_per_h(request.effect, request.model)
    assert rate is not None

    def extend(system: System) -> System:
        return join(system, system.analytes[0], "site", np.full(len(system.matrix), rate))

    doses = [Dose(k * 0.125, float(RATES[45 * k]) * share * 0.125, "iv", 0.125) for k in range(4)]
    times: Array = np.arange(len(RATES) + 1) / 360.0
    _, judged = curves(request.model, request.subject, doses, times, extend=extend)
    assert plasma.typical == pytest.approx(judged[0, :, 0] * NG_PER_ML_PER_MG_PER_L, rel=1e-9)
    assert site.typical == pytest.approx(judged[0, :, -1] * NG_PER_ML_PER_MG_PER_L, rel=1e-9)


def test_a_model_with_variability_has_a_band_between_patients() -> None:
    for one in levels_of(read(wish()), RATES):
        assert one.low is not None
        assert one.middle is not None
        assert one.high is not None
        assert (one.low[1:] < one.middle[1:]).all()
        assert (one.middle[1:] < one.high[1:]).all()
        assert "between patients" in one.band


def test_a_model_without_has_one_between_models() -> None:
    (plasma,) = levels_of(read(wish(**PLASMA)), RATES)
    assert plasma.low is not None
    assert plasma.high is not None
    assert (plasma.low <= plasma.typical).all()
    assert (plasma.typical <= plasma.high).all()
    assert "between models" in plasma.band
    assert plasma.middle is None


def test_a_site_that_no_other_model_joins_says_that_it_has_none() -> None:
    request = read(wish(model="domino-1984", effect="navarrete-2025-ani"))
    plasma, site = levels_of(request, RATES)
    assert plasma.low is not None
    assert site.low is None
    assert site.band.startswith("none")


def test_an_effect_that_follows_plasma_at_once_has_no_site_of_its_own() -> None:
    request = read(wish(model="kamp-2020", effect="abuhelwa-2022-pressure"))
    assert [one.name for one in levels_of(request, RATES)] == ["plasma"]


def test_an_effect_is_joined_only_where_its_file_allows() -> None:
    request = read(wish(model="kamp-2020", effect="navarrete-2025-ani"))
    with pytest.raises(Refused) as caught:
        plant_for(request, request.step_h)
    assert caught.value.code == "MODEL_UNSUITABLE"


def test_a_model_without_a_way_in_by_vein_is_refused() -> None:
    assert any(one.route == "iv" for one in library.model("kamp-2020").input)
    for id_ in library.model_ids():
        model = library.model(id_)
        if any(one.route == "iv" for one in model.input):
            continue
        request = read(wish(**PLASMA))
        with pytest.raises(Refused):
            plant_for(request, request.step_h, model)
