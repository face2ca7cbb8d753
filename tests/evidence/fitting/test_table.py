"""A CSV file is read as it stands, or refused with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from assuage.evidence.fitting.table import parse_table, read_table
from assuage.refusals import Refused
from evidence.fitting.studies import GOOD

HEAD = "ID,TIME,AMT,DV\n"
BAD = {
    "semicolons": ("ID;TIME;AMT;DV\n1;0;1;.\n", "row 1", "aren't separated by commas"),
    "tabs": ("ID\tTIME\tAMT\tDV\n", "row 1", "aren't separated by commas"),
    "a column twice": ("ID,TIME,AMT,DV,time\n1,0,1,.,0\n", "row 1", "TIME is there twice"),
    "no name": ("ID,TIME,AMT,DV,\n1,0,1,.,0\n", "row 1", "column 5 has no name"),
    "no DV": ("ID,TIME,AMT\n1,0,1\n", "row 1", "no column DV"),
    "no rows": (HEAD, "row 1", "no rows"),
    "nothing": ("", "row 1", "no rows"),
    "a field too many": (HEAD + "1,0,1,.\n1,1,.,1,5\n", "row 3", "5 fields and the header 4"),
    "a field too few": (HEAD + "1,0,1\n", "row 2", "3 fields and the header 4"),
    "an open quote": (HEAD + '1,0,1,"\n', "row 2", "unexpected end"),
}


@pytest.mark.parametrize("case", BAD, ids=lambda one: one)
def test_a_file_that_is_no_table_is_refused_with_its_row(case: str) -> None:
    text, where, why = BAD[case]
    with pytest.raises(Refused) as caught:
        parse_table(text, "study.csv")
    assert caught.value.code == "DATA_INVALID"
    assert where in caught.value.sentence
    assert why in caught.value.sentence
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["1,5", "1e", "nan", "inf", "0x1", "1_000", "٣", "1 2", "--1"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    table = parse_table(f'{HEAD}1,0,1,"{text}"\n', "study.csv")
    with pytest.raises(Refused) as caught:
        table.number(table.rows[0], "DV")
    assert "row 2" in caught.value.sentence
    assert ("decimals with a point" in caught.value.remedy) == (text == "1,5")


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), ("-2", -2.0), (".5", 0.5), ("1e-3", 0.001), (".", None)]
)
def test_plain_numbers_and_missing_ones_are_read(text: str, value: float | None) -> None:
    """source: the numbers written beside them."""
    table = parse_table(f"{HEAD}1,0,1,{text}\n", "study.csv")
    assert table.number(table.rows[0], "DV") == value


def test_header_case_spaces_blank_lines_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    text = "﻿" + GOOD.lower().replace("\n", "\n\n").replace("1,4", " 1 ,4")
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    table = read_table(tmp_path / "a.csv")
    assert table.columns == ("ID", "TIME", "AMT", "DV", "WT")
    assert len(table.rows) == 6
    assert table.rows[2].text("ID") == "1"
    assert table.rows[2].number == 7  # source: counting lines


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + b"1,0,1,\xff\n")
    for path, why in ((tmp_path / "none.csv", "No such file"), (tmp_path / "latin.csv", "UTF-8")):
        with pytest.raises(Refused) as caught:
            read_table(path)
        assert caught.value.code == "FILE_UNREADABLE"
        assert why in caught.value.sentence
