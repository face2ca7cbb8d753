from fixture_plan import plan

from assuage.planning.report.citations import Citations
from assuage.planning.report.figures import NO_BAND, figure


def test_every_line_says_whether_it_has_a_band() -> None:
    for prediction in plan().predictions:
        shown = figure(prediction, Citations(plan().references))
        for line, said in zip(prediction.lines, shown["lines"], strict=True):
            assert said["band"] == (line.band if line.low else NO_BAND)
            assert bool(said["highest"]["band"]) == bool(line.low)


def test_the_highest_and_the_lowest_are_the_lines_own() -> None:
    prediction = plan().predictions[0]
    shown = figure(prediction, Citations(()))["lines"][0]
    values = prediction.lines[0].values
    assert float(shown["highest"]["value"]) == max(values)
    assert float(shown["lowest"]["value"]) == min(values)
