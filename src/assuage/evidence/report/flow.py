"""The flow of participants, as CONSORT draws it, as SVG.

Boxes from top to bottom: assessed, randomised, then each arm with who was allocated, who left and
why, and how many had data at each visit and were analysed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _GAP, _PAD, _LINE = 720.0, 24.0, 9.0, 15.0
_LETTER = 6.35  # the widest that a letter of this size is on average, so that words stay inside
_FONT = 'font-family="\'DejaVu Sans\', sans-serif" font-size="11" fill="#1a1a1a"'


@dataclass(frozen=True)
class Branch:
    """One arm: who was allocated, who left and why, who had data at each visit, who was analysed.

    `left` and `visits` are (words, number). `analysed` None leaves that box out.
    """

    name: str
    allocated: int
    left: tuple[tuple[str, int], ...] = ()
    visits: tuple[tuple[str, int], ...] = ()
    analysed: int | None = None


def flow(
    arms: Sequence[Branch],
    *,
    randomised: int,
    assessed: int | None = None,
    excluded: Sequence[tuple[str, int]] = (),
    randomised_word: str = "Randomised",
) -> bytes:
    """Return the picture. `assessed` and `excluded` stand at the top when they are known."""
    out: list[str] = []
    y = 1.0
    if assessed is not None:
        y = _box(out, _WIDTH / 2 - 100, y, 200, [f"Assessed (n = {assessed})"])
        if excluded:
            words = [f"Excluded (n = {sum(n for _, n in excluded)})"]
            words += [f"{why} (n = {n})" for why, n in excluded]
            top = y + 8
            bottom = _box(out, _WIDTH / 2 + 40, top, _WIDTH / 2 - 41, words)
            middle = (top + bottom) / 2
            _arrow(out, (_WIDTH / 2, middle), (_WIDTH / 2 + 40, middle))
            _line(out, (_WIDTH / 2, y), (_WIDTH / 2, bottom))
            y = bottom
        _arrow(out, (_WIDTH / 2, y), (_WIDTH / 2, y + _GAP))
        y += _GAP
    y = _box(out, _WIDTH / 2 - 100, y, 200, [f"{randomised_word} (n = {randomised})"])
    width = (_WIDTH - 2 - _GAP * (len(arms) - 1)) / len(arms)
    lefts = [1 + place * (width + _GAP) for place in range(len(arms))]
    centres = [left + width / 2 for left in lefts]
    _line(out, (_WIDTH / 2, y), (_WIDTH / 2, y + 14))
    _line(out, (centres[0], y + 14), (centres[-1], y + 14))
    y += 14
    for stage in _stages(arms, width):
        for centre in centres:
            _arrow(out, (centre, y), (centre, y + _GAP))
        y += _GAP
        tall = max(len(words) for words in stage)
        ends = [
            _box(out, left, y, width, words, tall) for left, words in zip(lefts, stage, strict=True)
        ]
        y = max(ends)
    return _whole(out, y + 1)


def words_of(arms: Sequence[Branch], randomised: int) -> str:
    """Return the same in words, for who can't see the picture."""
    told = [f"{randomised} people were randomised."]
    for one in arms:
        left = ", ".join(f"{n} {why}" for why, n in one.left) or "nobody"
        seen = ", ".join(f"{n} at {visit}" for visit, n in one.visits)
        analysed = "" if one.analysed is None else f" Analysed: {one.analysed}."
        told.append(
            f"{one.name}: {one.allocated} allocated; left: {left}; with data: {seen}.{analysed}"
        )
    return " ".join(told)


def _stages(arms: Sequence[Branch], width: float) -> list[list[list[str]]]:
    """Return, stage by stage, the lines of each arm's box."""
    fits = int((width - 2 * _PAD) / _LETTER)
    stages = [[_wrapped([f"{one.name} (n = {one.allocated})"], fits) for one in arms]]
    if any(one.left for one in arms):
        stages.append([_wrapped(_left(one), fits) for one in arms])
    if any(one.visits for one in arms):
        stages.append([_wrapped(_visits(one), fits) for one in arms])
    if any(one.analysed is not None for one in arms):
        stages.append([_wrapped([f"Analysed (n = {one.analysed})"], fits) for one in arms])
    return stages


def _left(one: Branch) -> list[str]:
    return [f"Left (n = {sum(n for _, n in one.left)})"] + [
        f"  {why} (n = {n})" for why, n in one.left
    ]


def _visits(one: Branch) -> list[str]:
    return ["With data", *[f"  {visit} (n = {n})" for visit, n in one.visits]]


def _wrapped(lines: Sequence[str], fits: int) -> list[str]:
    found: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        found += textwrap.wrap(
            line, fits, subsequent_indent=indent + "  ", break_on_hyphens=False
        ) or [""]
    return found


def _box(
    out: list[str], left: float, top: float, width: float, words: Sequence[str], tall: int = 0
) -> float:
    """Draw one box and return where it ends."""
    height = 2 * _PAD + _LINE * max(len(words), tall) - 3
    out.append(
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="3" '
        'fill="#ffffff" stroke="#1a1a1a"/>'
    )
    for place, line in enumerate(words):
        indent = len(line) - len(line.lstrip())
        x, y = left + _PAD + indent * 5.0, top + _PAD + 9 + _LINE * place
        weight = ' font-weight="bold"' if place == 0 else ""
        out.append(f'<text x="{x:g}" y="{y:g}" {_FONT}{weight}>{escape(line.strip())}</text>')
    return top + height


def _line(out: list[str], start: tuple[float, float], end: tuple[float, float]) -> None:
    out.append(
        f'<path d="M {start[0]:g} {start[1]:g} L {end[0]:g} {end[1]:g}" '
        'stroke="#1a1a1a" fill="none"/>'
    )


def _arrow(out: list[str], start: tuple[float, float], end: tuple[float, float]) -> None:
    _line(out, start, end)
    (x, y), size = end, 4.5
    back = (
        f"L {x - size * 1.6:g} {y - size:g} L {x - size * 1.6:g} {y + size:g}"
        if end[1] == start[1]
        else f"L {x - size:g} {y - size * 1.6:g} L {x + size:g} {y - size * 1.6:g}"
    )
    out.append(f'<path d="M {x:g} {y:g} {back} Z" fill="#1a1a1a"/>')


def _whole(out: Sequence[str], height: float) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {_WIDTH:g} {height:g}">'
    )
    return "\n".join([head, *out, "</svg>", ""]).encode()
