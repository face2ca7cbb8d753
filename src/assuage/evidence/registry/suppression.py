"""Small counts are not shown, and can't be worked out from what is.

A count of 1 to `least` - 1 people is small: it may point at somebody. Hiding it alone is no use
where a total is shown beside it, so neighbours are hidden with it until what is hidden sums to
more than small counts could. Nothing here says which of the hidden counts was the small one. The
test reads every table that could have led to what is shown, by somebody who knows these rules.

`complementary=False` hides the small counts alone. It is there for the test that shows that the
attack finds them then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assuage.knowledge import library
from assuage.refusals import Refusal, Refused


def least_count(asked: int | None) -> int:
    """Return the least count that is shown. Raises Refused (COUNT_TOO_LOW): it only goes up."""
    least = round(library.registry().least_count.value)
    if asked is None:
        return least
    if not asked >= least:
        raise Refused(Refusal.COUNT_TOO_LOW, least=least, asked=asked)
    return asked


def small(count: int, least: int) -> bool:
    """Whether a count may not be shown. Nobody is no small count: it points at no one."""
    return 0 < count < least


def count(number: int, least: int) -> int | None:
    """Return a count, or None when it is small."""
    return None if small(number, least) else number


def parts(
    counts: Mapping[str, int], least: int, *, complementary: bool = True
) -> dict[str, int | None]:
    """Return the parts of a total that is shown beside them, None for those that are hidden.

    Neighbours in the order given are hidden too, until the hidden ones are at least two and sum
    to more than they could if all were small: then each could be small, and each could not. Which
    neighbour is hidden depends on no count but zero: were it always the smallest, that would tell
    of the others. Where all are hidden, so are those of nobody.
    """
    hidden = {name for name, number in counts.items() if small(number, least)}
    if complementary and hidden:
        others = _after(hidden, [name for name, number in counts.items() if number])
        while not _unclear([counts[name] for name in hidden], least):
            if not others:
                hidden = set(counts)
                break
            hidden.add(others.pop(0))
    return {name: None if name in hidden else number for name, number in counts.items()}


def _after(hidden: Collection[str], names: Sequence[str]) -> list[str]:
    """Return the names that aren't hidden, from the last hidden one on and round to the start."""
    last = max(place for place, name in enumerate(names) if name in hidden)
    return [name for name in (*names[last + 1 :], *names[: last + 1]) if name not in hidden]


def _unclear(hidden: Sequence[int], least: int) -> bool:
    return len(hidden) > 1 and sum(hidden) > len(hidden) * (least - 1)


def covering(
    counts: Mapping[str, int], whole: int, of: int, least: int, *, complementary: bool = True
) -> dict[str, int | None] | None:
    """Return how many people are in each of several groups that may overlap, None where hidden.

    `whole` people of `of` are in at least one group, and both are shown. What the shown groups
    leave of the whole must be in the hidden ones; neighbours are hidden until that gives none of
    them away. None where all are hidden and the whole alone would say that all are as large as a
    small count can be, or nearly: then it can't be shown either.
    """
    hidden = {name for name, number in counts.items() if share(number, of, least) is None}
    if complementary and hidden:
        others = _after(hidden, list(counts))
        while others and not _union_unclear(counts, whole, hidden, least):
            hidden.add(others.pop(0))
        most = len(hidden) * (least - 1)
        if len(hidden) == len(counts) and most - 1 <= whole <= most:
            return None
    return {name: None if name in hidden else number for name, number in counts.items()}


def _union_unclear(
    counts: Mapping[str, int], whole: int, hidden: Collection[str], least: int
) -> bool:
    """Whether the hidden of some groups that make up a whole stay unclear beside the others."""
    left = whole - sum(number for name, number in counts.items() if name not in hidden)
    if len(hidden) < 2:
        return False
    return left < len(hidden) * (least - 1) or _unclear([counts[one] for one in hidden], least)


def means(assessed: int, before: int, both: int, least: int) -> bool:
    """Whether a mean may stand beside the means at the baseline and of the change.

    Of `assessed` people and `before` with a baseline, `both` have a change. Where few are left of
    either, the three means together would give theirs away: one who came no more has no score,
    and so the sums differ by that person's baseline.
    """
    return not (small(assessed - both, least) or small(before - both, least))


def share(number: int, of: int, least: int) -> tuple[int, int] | None:
    """Return a count of a total, or None: what is left of the total must not be small either."""
    unfit = small(number, least) or small(of - number, least) or small(of, least)
    return None if unfit else (number, of)


def within(inner: int, outer: int, of: int, least: int) -> int | None:
    """Return a count within a count that is shown, or None when a difference would be small."""
    unfit = small(inner, least) or small(outer - inner, least) or small(of - inner, least)
    return None if unfit else inner


def sites(
    pairs: Mapping[str, tuple[int, int]], least: int, *, complementary: bool = True
) -> dict[str, tuple[int, int] | None]:
    """Return (count, of) of each site, None where hidden; the sums over all sites are shown.

    A site whose people are hidden among all sites' people is hidden here too. Neighbours are
    hidden with one that must be, until both the counts and what is left of the hidden ones
    sum to more than small ones could.
    """
    hidden = {name for name, pair in pairs.items() if share(*pair, least) is None}
    if complementary:
        people = {name: of for name, (_, of) in pairs.items()}
        hidden |= {name for name, shown in parts(people, least).items() if shown is None}
    if complementary and hidden:
        others = _after(hidden, [name for name, (_, of) in pairs.items() if of])
        while others and not _safe([pairs[one] for one in hidden], least):
            hidden.add(others.pop(0))
    return {name: None if name in hidden else pair for name, pair in pairs.items()}


def _safe(hidden: Sequence[tuple[int, int]], least: int) -> bool:
    yes = sum(number for number, _ in hidden)
    no = sum(of - number for number, of in hidden)
    could = len(hidden) * (least - 1)  # the most that they sum to if all are small
    return len(hidden) > 1 and yes > could and no > could
