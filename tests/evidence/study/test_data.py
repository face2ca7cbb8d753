"""Data are read with nothing guessed: each fault is refused with its row.

source: the rows of made.py, in which row 1 is the header.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from assuage.evidence.study import data
from assuage.refusals import Refused
from evidence.study import made

TEXT = made.TEXT.replace('better = "lower"', 'better = "lower"\nlow = 0\nhigh = 12')


def changed(line: int, **values: str) -> list[dict[str, str]]:
    told = made.rows(4)
    told[line] |= values
    return told


@pytest.mark.parametrize(
    ("line", "values", "words"),
    [
        (1, {"arm": "Placebo"}, "row 3: 'Placebo' is no arm"),
        (1, {"arm": "drug"}, "row 3: p0 is in two arms"),
        (1, {"visit": "v3"}, "row 3: 'v3' is no visit"),
        (1, {"visit": "start"}, "row 3: p0 has the visit start in row 2 already"),
        (1, {"id": ""}, "row 3: its person, arm or visit is missing"),
        (1, {"visit": "."}, "row 3: its person, arm or visit is missing"),
        (2, {"pain": "12.5"}, "row 4: pain is 12.5, outside 0 to 12"),
        (2, {"pain": "-1"}, "row 4: pain is -1, outside 0 to 12"),
        (2, {"pain": "1,5"}, "row 4: pain is '1,5'"),
        (2, {"pain": "nan"}, "row 4: pain is 'nan'"),
        (2, {"pain": "inf"}, "row 4: pain is 'inf'"),
        (2, {"sleep": "good"}, "row 4: sleep is 'good'"),
        (2, {"sex": "man and woman"}, "sex is 'man' and 'man and woman' for p0"),
    ],
)
def test_a_fault_is_refused_with_its_row(line: int, values: dict[str, str], words: str) -> None:
    view = made.locked(TEXT)
    made.results(view, made.rows(8))
    with pytest.raises(Refused, match="DATA_INVALID") as refused:
        made.results(view, changed(line, **values))
    assert words in refused.value.sentence


def test_an_instrument_bounds_its_outcome() -> None:
    text = made.TEXT.replace('better = "lower"', 'better = "lower"\ninstrument = "nrs-pain"')
    view = made.locked(text)
    told = [row | {"pain": "5"} for row in made.rows(4)]
    made.data(view, told)
    with pytest.raises(Refused, match="outside 0 to 10"):
        made.data(view, [told[0] | {"pain": "11"}, *told[1:]])


TIMED = (
    TEXT + '[[outcome]]\nid = "gone"\nname = "Gone"\nrole = "safety"\ncolumns = ["day", "came"]\n'
)
GUESSED = TIMED.replace('blinding = "not collected"', 'blinding = { guess = "guess" }')


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"came": ""}, "came of p0 is missing"),
        ({"came": "yes"}, "came of p0 is 'yes'"),
        ({"came": "2"}, "came of p0 is '2'"),
        ({"day": ""}, "day of p0 is missing"),
        ({"day": "-1"}, "before the first day"),
        ({"day": "soon"}, "day is 'soon'"),
        ({"guess": "Drug"}, "the guess of p0 is 'Drug'"),
        ({"rescue_day": "soon"}, "rescue_day is 'soon'"),
    ],
)
def test_what_is_told_of_a_person_is_checked(values: dict[str, str], words: str) -> None:
    """While the study is blinded too, so that it can be put right."""
    told = made.rows(4)
    for row in told:
        first = row["visit"] == "start"
        row |= {"day": "9" * first, "came": "1" * first, "guess": "drug" * first}
    for unblinded in (False, True):
        view = made.locked(GUESSED, unblinded=unblinded)
        made.data(view, told)
        with pytest.raises(Refused, match="DATA_INVALID") as refused:
            made.data(view, [told[0] | values, *told[1:]])
        assert words in refused.value.sentence


def test_missing_is_missing() -> None:
    found = made.data(made.locked(TEXT), changed(2, pain="", mood="NA"))
    assert np.isnan(found.numbers("pain")[0, 2])
    assert int(np.isnan(found.numbers("pain")).sum()) == 1
    assert found.texts["mood"][0][2] is None
    absent = made.data(made.locked(TEXT), made.rows(4)[:-1])
    assert np.isnan(absent.numbers("pain")[3, 2])


def test_blinded_data_have_no_arms() -> None:
    view = made.locked(TEXT, unblinded=False)
    found = made.data(view, changed(1, arm="drug"))
    assert found.arms == ("all arms together",)
    assert "arm" not in found.texts
    assert not found.arm.any()


def test_rows_in_any_order_mean_the_same() -> None:
    view = made.locked(TEXT)
    told = made.rows(4)
    one, other = made.data(view, told), made.data(view, told[::-1])
    there = [other.people.index(name) for name in one.people]
    assert (one.numbers("pain") == other.numbers("pain")[there]).all()


def test_a_covariate_is_known_at_the_start() -> None:
    """A score that is asked once, at the end, has one value a person as well."""
    view = made.locked(TEXT.replace('["sex"]', '["sex", "satisfied"]'))
    told = [row | {"satisfied": "3"} for row in made.rows(4)]
    made.data(view, told)
    late = [row | {"satisfied": "3" if row["visit"] == "v2" else ""} for row in told]
    with pytest.raises(Refused, match=r"row 4: p0 has the covariate satisfied here and none"):
        made.data(view, late)


HELD = TEXT.replace('covariates = ["sex"]', 'covariates = ["sex"], day = "seen"')


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("0", "", "14"), "row 3: seen of p0 is missing"),
        (("0", "8", "8"), "row 4: seen of p0 is 8, not after the visit before"),
        (("0", "9", "8"), "row 4: seen of p0 is 8, not after"),
        (("0", "soon", "14"), "row 3: seen is 'soon'"),
    ],
)
def test_days_of_visits_are_told_in_order(days: tuple[str, ...], words: str) -> None:
    view = made.locked(HELD)
    told = [row | {"seen": str(5 * (place % 3))} for place, row in enumerate(made.rows(4))]
    made.data(view, told)
    for row, day in zip(told, days, strict=False):
        row["seen"] = day
    with pytest.raises(Refused, match="DATA_INVALID") as refused:
        made.data(view, told)
    assert words in refused.value.sentence


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("yes-no", ("yes", "no", ""), "maybe"), ("count", ("0", "3", "12.0", ""), "1.5")],
)
def test_harms_are_yes_no_or_counts(kind: str, good: tuple[str, ...], bad: str) -> None:
    harm = made.outcome("sick", "safety") + f'harm = "{kind}"\n'
    view = made.locked(TEXT + harm)
    told = [row | {"sick": good[n % len(good)]} for n, row in enumerate(made.rows(4))]
    made.data(view, told)
    for wrong in (bad, "-1", "Yes"):
        with pytest.raises(Refused, match="tells of a harm"):
            made.data(view, [told[0] | {"sick": wrong}, *told[1:]])


def test_the_file_is_read_once(tmp_path: Path) -> None:
    """A pipe gives its bytes to one reader; the digest is of those that were analysed."""
    content = (",".join(made.rows(1)[0]) + "\n").encode()
    for row in made.rows(4):
        content += (",".join(row.values()) + "\n").encode()
    pipe = tmp_path / "data.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(content), daemon=True)
    writer.start()
    found = data.read(pipe, made.study(TEXT), (), blinded=False)
    writer.join(10)
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert found.rows == 12
