"""Small counts can't be worked out from what is shown, by somebody who knows how they are hidden.

Every table that could have led to what is shown is written out here. A hidden count is given away
when all of them agree on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from itertools import product

import pytest

from assuage.evidence.registry import suppression as s
from assuage.knowledge import library
from care.world import code

NAMES = "abcd"
Told = tuple[int | None, tuple[int | None, ...]]
Pairs = tuple[tuple[int, int], ...]


def tables(cells: int, most: int) -> Iterator[tuple[int, ...]]:
    """Every table of so many counts that sum to at most `most`."""
    return (one for one in product(range(most + 1), repeat=cells) if sum(one) <= most)


def shown(counts: tuple[int, ...], least: int, *, complementary: bool) -> Told:
    named = dict(zip(NAMES, counts, strict=False))
    parts = s.parts(named, least, complementary=complementary)
    return s.count(sum(counts), least), tuple(parts.values())


def given_away(cells: int, most: int, least: int, *, complementary: bool = True) -> int:
    """Return how many hidden counts somebody can work out."""
    held = defaultdict(list)
    for one in tables(cells, most):
        held[shown(one, least, complementary=complementary)].append(one)
    return sum(
        len({one[place] for one in could}) == 1
        for (_, told), could in held.items()
        for place, value in enumerate(told)
        if value is None
    )


@pytest.mark.parametrize(
    ("cells", "most", "least"), [(2, 24, 5), (3, 17, 5), (4, 14, 4), (3, 16, 3), (4, 14, 3)]
)
def test_no_hidden_count_can_be_worked_out(cells: int, most: int, least: int) -> None:
    assert given_away(cells, most, least) == 0


@pytest.mark.parametrize(("cells", "most", "least"), [(2, 24, 5), (3, 17, 5)])
def test_hiding_small_counts_alone_gives_them_away(cells: int, most: int, least: int) -> None:
    """The canary: the same attack, where nothing is hidden with a small count."""
    assert given_away(cells, most, least, complementary=False) > 100


def test_a_count_is_found_by_subtraction_unless_others_are_hidden() -> None:
    counts = {"a": 30, "b": 12, "c": 2}
    alone = s.parts(counts, 5, complementary=False)
    assert 44 - sum(one for one in alone.values() if one is not None) == 2
    assert list(s.parts(counts, 5).values()).count(None) > 1


@pytest.mark.parametrize("least", [3, 5])
def test_no_small_count_is_shown(least: int) -> None:
    for one in tables(3, 14):
        _, told = shown(one, least, complementary=True)
        assert all(value is None or not s.small(value, least) for value in told)
        assert all(a == b for a, b in zip(one, told, strict=True) if b is not None)
        if not any(s.small(value, least) for value in one):
            assert told == one  # nothing is hidden without need


# Shares by site, beside the share of all sites and each site's people.


def pairs(sites: int, most: int) -> Iterator[Pairs]:
    every = [(k, n) for n in range(most + 1) for k in range(n + 1)]
    return (one for one in product(every, repeat=sites) if sum(n for _, n in one) <= most)


def by_site(one: Pairs, least: int, *, complementary: bool) -> Hashable:
    named = dict(zip(NAMES, one, strict=False))
    whole = sum(k for k, _ in one), sum(n for _, n in one)
    told = s.sites(named, least, complementary=complementary)
    people = s.parts(
        {name: n for name, (_, n) in named.items()}, least, complementary=complementary
    )
    return (
        s.share(*whole, least),
        s.count(whole[1], least),
        tuple(people.values()),
        tuple(told.values()),
    )


def sites_given_away(sites: int, most: int, least: int, *, complementary: bool = True) -> int:
    """Return how many small counts somebody can work out who sees all three tables."""
    held: dict[Hashable, list[Pairs]] = defaultdict(list)
    for one in pairs(sites, most):
        held[by_site(one, least, complementary=complementary)].append(one)
    parts: tuple[Callable[[tuple[int, int]], int], ...] = (
        lambda pair: pair[0],
        lambda pair: pair[1] - pair[0],
    )
    found = 0
    for could in held.values():
        for place in range(sites):
            for part in parts:
                values = {part(one[place]) for one in could}
                found += len(values) == 1 and s.small(values.pop(), least)
    return found


@pytest.mark.parametrize(("sites", "most", "least"), [(2, 18, 4), (3, 12, 3), (3, 12, 4)])
def test_no_site_can_be_worked_out(sites: int, most: int, least: int) -> None:
    assert sites_given_away(sites, most, least) == 0


def test_sites_hidden_alone_can_be_worked_out() -> None:
    """The canary."""
    assert sites_given_away(2, 18, 4, complementary=False) > 100


# Groups that overlap, beside how many people are in any of them: harms, and drugs.


def groups_given_away(
    groups: int, most: int, least: int, *, all_in_one: bool, complementary: bool = True
) -> int:
    """Return how many hidden counts somebody can work out. `all_in_one`: nobody is in none."""
    held: dict[tuple[int, tuple[int, tuple[int | None, ...]] | None], list[tuple[int, ...]]]
    held = defaultdict(list)
    for of in range(most + 1):
        for whole in [of] if all_in_one else range(of + 1):
            if s.share(whole, of, least) is None:
                continue
            for one in product(range(1, whole + 1), repeat=groups):
                if max(one) <= whole <= sum(one):
                    named = dict(zip(NAMES, one, strict=False))
                    told = s.covering(named, whole, of, least, complementary=complementary)
                    shown = None if told is None else (whole, tuple(told.values()))
                    held[of, shown].append(one)
    return sum(
        len({one[place] for one in could}) == 1
        for (_, shown), could in held.items()
        for place in range(groups)
        if shown is None or shown[1][place] is None
    )


@pytest.mark.parametrize("all_in_one", [True, False])
@pytest.mark.parametrize(("groups", "most", "least"), [(2, 16, 5), (2, 14, 3), (3, 11, 3)])
def test_no_group_can_be_worked_out(
    groups: int, most: int, least: int, *, all_in_one: bool
) -> None:
    assert groups_given_away(groups, most, least, all_in_one=all_in_one) == 0


def test_groups_hidden_alone_can_be_worked_out() -> None:
    """The canary: of 8 people with any harm, two hidden harms must be 4 and 4."""
    assert groups_given_away(2, 16, 5, all_in_one=False, complementary=False) > 10


# The rest.


def test_the_least_count_only_goes_up() -> None:
    least = round(library.registry().least_count.value)
    assert least == 5  # source: knowledge/registry.toml, the count that was asked for
    assert [s.least_count(one) for one in (None, 5, 6, 50)] == [5, 5, 6, 50]
    for asked in (4, 1, 0, -5):
        assert code(lambda one=asked: s.least_count(one)) == "COUNT_TOO_LOW"


@pytest.mark.parametrize(
    ("number", "of", "told"),
    [
        (5, 10, (5, 10)),
        (4, 10, None),
        (6, 10, None),
        (0, 10, (0, 10)),
        (10, 10, (10, 10)),
        (0, 4, None),
        (0, 0, (0, 0)),
    ],
)
def test_a_share_hides_what_is_left_too(number: int, of: int, told: tuple[int, int] | None) -> None:
    assert s.share(number, of, 5) == told


def test_a_count_within_a_count_hides_the_difference() -> None:
    assert s.within(5, 10, 40, 5) == 5
    assert s.within(7, 10, 40, 5) is None  # three of ten would be left
    assert s.within(3, 10, 40, 5) is None
    assert s.within(0, 10, 40, 5) == 0
