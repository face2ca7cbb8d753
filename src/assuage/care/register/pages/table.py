"""A printed view as CSV: UTF-8, a line of names, one line for each record.

A spreadsheet takes text that begins with = + - or @ for a formula. Such text gets an apostrophe
in front; numbers never do.
"""

from __future__ import annotations

import csv
import io

from assuage.care.register.pages.sheet import Sheet, Value
from assuage.planning.report.words import cleaned

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


def render(sheet: Sheet) -> bytes:
    """Return the records. The same sheet gives the same bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(sheet.records.columns)
    for row in sheet.records.rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8")


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text: str = cleaned(value)
    return f"'{text}" if text.lstrip(" '\"").startswith(_FORMULA) else text
