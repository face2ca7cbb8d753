"""The picture: plain SVG, the same bytes each time, readable without colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from assuage.planning.comparison import compare
from assuage.planning.comparison.picture import picture_svg
from assuage.planning.comparison.prices import prices_in
from planning.asking import CLOCK
from planning.comparison.comparing import CRPS, made, wish

SVG = "{http://www.w3.org/2000/svg}"


def tree(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314


def words(text: str) -> str:
    return " ".join("".join(one.itertext()) for one in tree(text).iter(f"{SVG}text"))


def test_the_same_comparison_gives_the_same_bytes() -> None:
    assert picture_svg(made()) == picture_svg(made())
    assert not re.search(r"nan|inf|e-[0-9]", "".join(re.findall(r'd="[^"]*"', picture_svg(made()))))


def test_every_regimen_and_endpoint_with_a_number_is_there() -> None:
    said = words(picture_svg(made()))
    for column in made().columns:
        assert column.regimen in said
    for row in made().rows:
        if any(cell.value is not None for cell in row.cells):
            assert row.title in said
    assert "RESEARCH_LOCK" in said
    assert "refused" in said
    assert "No price was given" in said


def test_nothing_lies_outside() -> None:
    """Widths of words are estimated: 0.6 of the size a letter, wider than the usual faces."""
    root = tree(picture_svg(compare(wish(*CRPS, "crps-inpatient-5d", "depression-iv"), CLOCK)))
    _, _, wide, tall = (float(one) for one in root.attrib["viewBox"].split())
    for path in root.iter(f"{SVG}path"):
        found = [float(one) for one in re.findall(r"-?[0-9.]+", path.attrib["d"])]
        assert all(0 <= x <= wide for x in found[::2])
        assert all(0 <= y <= tall for y in found[1::2])
    for text in root.iter(f"{SVG}text"):
        x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
        length = 0.6 * size * len(text.text or "")  # source: see above
        start = {"start": x, "middle": x - length / 2, "end": x - length}[
            text.attrib["text-anchor"]
        ]
        assert start >= -1
        assert start + length <= wide + 1, text.text
        assert 0 < y <= tall


def test_each_regimen_has_a_shape_and_a_dash_of_its_own() -> None:
    ids = (*CRPS[:2], "crps-inpatient-5d", "crps-outpatient-goldberg-2005")
    root = tree(picture_svg(compare(wish(*ids), CLOCK)))
    lines = [one for one in root.iter(f"{SVG}path") if one.attrib.get("stroke-width") == "2"]
    dashes = {one.attrib.get("stroke-dasharray", "") for one in lines}
    assert len(dashes) == len(ids)
    assert root.find(f"{SVG}circle") is not None
    assert root.find(f"{SVG}rect").attrib["fill"] == "#ffffff"  # type: ignore[union-attr]


def test_two_currencies_share_no_axis() -> None:
    prices = prices_in(
        ["ketamine-10: 4.50 EUR per container", "esketamine-5 5 mL: 9 CHF per container"]
    )
    assert "Cost of the drug" not in words(
        picture_svg(compare(wish(*CRPS[:2], prices=prices), CLOCK))
    )


def test_what_a_name_holds_is_escaped() -> None:
    column = made().columns[0].model_copy(update={"name": "<script>&\x07"})
    changed = made().model_copy(update={"columns": (column, *made().columns[1:])})
    assert "<script>" not in picture_svg(changed)
    assert tree(picture_svg(changed)) is not None
