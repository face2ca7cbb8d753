"""A CSV file is read as it stands, or refused with its row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.sheet import number, number_remedy, parse_sheet, read_sheet
from assuage.refusals import Refused

NAMES = st.lists(st.text("abcxyz_ %é", min_size=1).map(str.strip), min_size=1, max_size=4)
FIELDS = st.text("abc 0123,.\"'\n;é", max_size=6)


def test_case_of_columns_is_kept_unless_it_is_to_be_upper() -> None:
    assert parse_sheet("Id,pain\n1,2\n", "a.csv").columns == ("Id", "pain")
    assert parse_sheet("Id,pain\n1,2\n", "a.csv", upper=True).columns == ("ID", "PAIN")
    assert parse_sheet("id,ID\n1,2\n", "a.csv").columns == ("id", "ID")
    with pytest.raises(Refused, match="ID is there twice"):
        parse_sheet("id,ID\n1,2\n", "a.csv", upper=True)


def test_rows_are_counted_as_a_spreadsheet_counts() -> None:
    found = parse_sheet("a,b\n1,2\n\n 3 ,4\n", "a.csv")
    assert found.rows == ((2, ("1", "2")), (4, ("3", "4")))


@given(NAMES, st.lists(st.lists(FIELDS, min_size=4, max_size=4), min_size=1, max_size=4))
def test_what_is_written_is_read_back(names: list[str], rows: list[list[str]]) -> None:
    names = list(dict.fromkeys(one for one in names if one)) or ["a"]
    cut = [[field.strip() for field in row[: len(names)]] for row in rows]
    kept = [tuple(row) for row in cut if any(row)]
    text = "\n".join(
        ",".join('"' + one.replace('"', '""') + '"' for one in row) for row in [names, *cut]
    )
    if not kept:
        with pytest.raises(Refused):
            parse_sheet(text, "a.csv")
        return
    found = parse_sheet(text, "a.csv")
    assert found.columns == tuple(names)
    assert [fields for _, fields in found.rows] == kept


@given(st.binary(max_size=60))
def test_no_bytes_give_anything_but_a_sheet_or_a_refusal(content: bytes) -> None:
    try:
        found = parse_sheet(content.decode("latin-1"), "a.csv")
    except Refused as refused:
        assert refused.code == "DATA_INVALID"  # noqa: PT017
        return
    assert all(len(fields) == len(found.columns) for _, fields in found.rows)


@pytest.mark.parametrize("text", ["1,5", "1e", "nan", "inf", "0x1", "1_000", "٣", "1 2", "1e999"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert number(text) is None
    assert ("decimals with a point" in number_remedy(text)) == (text == "1,5")
    assert ("too large" in number_remedy(text)) == (text == "1e999")


def test_a_file_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(200_000_001)
    for path, why in ((large, "larger than 200 MB"), (tmp_path, "directory")):
        with pytest.raises(Refused, match=why) as caught:
            read_sheet(path)
        assert caught.value.code == "FILE_UNREADABLE"
