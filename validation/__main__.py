"""Regenerates the validation tables and figures.

    python -m validation                writes everything
    python -m validation predictions    results.csv, its page and the figures
    python -m validation diversion      the rates of false alarms and their page
    python -m validation trials         virtual trials beside published ones, and their page
    ... --check                         writes nothing; returns 1 when a table or page would change

The figures' bytes depend on the version of matplotlib and are not checked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from validation import diversion, trials
from validation.bands import bands
from validation.figures import svg
from validation.report import csv_text, markdown, totals
from validation.score import rows, skipped

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "validation" / "results.csv"
PAGE = ROOT / "docs" / "evidence" / "validation.md"
FIGURES = ROOT / "docs" / "evidence" / "figures"


def main(arguments: list[str]) -> int:
    """Do the parts that are named, or all of them; return 1 when one of them has to be redone."""
    parts = {"predictions": predictions, "diversion": diversion.main, "trials": trials.main}
    named = [one for one in arguments if one != "--check"]
    if unknown := sorted(set(named) - parts.keys()):
        print(f"there is no part {', '.join(unknown)}; there are: {', '.join(parts)}")
        return 2
    return max(parts[one](arguments) for one in named or parts)


def predictions(arguments: Sequence[str]) -> int:
    """Write or check the table, the page and the figures, and print the totals and bands."""
    found = rows()
    checks = bands(found)
    texts = {RESULTS: csv_text(found), PAGE: markdown(found, skipped(), checks)}
    if "--check" in arguments:
        old = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what the command makes")
        return int(bool(old))
    for model in sorted({row.model for row in found}):
        texts[FIGURES / f"{model}.svg"] = svg(model, [row for row in found if row.model == model])
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{'model':42}{'built-on':>10}{'MDPE':>8}{'MDAPE':>8}", end="")
    print(f"{'external':>10}{'MDPE':>8}{'MDAPE':>8}{'>25 %':>7}")
    for name, *numbers in totals(found):
        widths = (10, 8, 8, 10, 8, 8, 7)
        cells = (f"{one:>{width}}" for one, width in zip(numbers, widths, strict=True))
        print(f"{name.strip('*'):42}" + "".join(cells))
    print()
    for one in checks:
        print(f"{one.verdict:12}{one.model}: {one.what}; wanted {one.wanted}; got {one.got}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
