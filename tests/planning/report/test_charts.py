from xml.etree import ElementTree

import pytest
from fixture_plan import hostile_plan, plan

from assuage.planning.document import Prediction
from assuage.planning.report import charts


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  our own drawing


@pytest.mark.parametrize("prediction", plan().predictions, ids=lambda one: one.id)
def test_the_same_prediction_gives_the_same_drawing(prediction: Prediction) -> None:
    first = charts.chart_svg(prediction)
    charts._drawn.cache_clear()
    assert charts.chart_svg(prediction) == first
    assert prediction.headline in (parsed(first).get("aria-label") or "")


@pytest.mark.parametrize("prediction", hostile_plan().predictions, ids=lambda one: one.id)
def test_hostile_words_are_words_in_the_drawing(prediction: Prediction) -> None:
    root = parsed(charts.chart_svg(prediction))
    assert not [one for one in root.iter() if one.tag.endswith("script")]


def test_a_line_without_a_band_says_so() -> None:
    keys = [key.text for key in charts._keys(plan().predictions[0])]
    assert sum("(no band)" in one for one in keys) == 3
    assert any("between patients" in one for one in keys)
    assert any("between models" in one for one in keys)


def test_a_mark_far_away_is_named_and_doesnt_squash_the_curves() -> None:
    prediction = plan().predictions[0]
    assert charts._limits(prediction)[1] < 1200
    assert any(
        "1200" in key.text and "outside the chart" in key.text for key in charts._keys(prediction)
    )
