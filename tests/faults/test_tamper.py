"""Whatever is changed in the file of a record is found, and the first bad event is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import tamper
from faults.workload import scratch


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made


@pytest.fixture
def whole(folder: Path) -> bytes:
    return tamper.build(folder, 150)


@pytest.mark.parametrize("seed", range(4))
def test_every_flipped_bit_that_changes_an_event_is_found(
    folder: Path, whole: bytes, seed: int
) -> None:
    tally = tamper.flip_bits(folder, whole, 1_200, seed)
    assert tally.missed == []
    assert tally.found.total() == tally.effective > 600


def test_every_edit_is_found_and_the_first_bad_event_named(folder: Path, whole: bytes) -> None:
    tally = tamper.edit(folder, whole, 20 * len(tamper.KINDS), 1)
    assert tally.missed == []
    assert tally.misnamed == []
    assert tally.effective == tally.changes


def test_the_harness_sees_a_verifier_that_compares_no_hash(folder: Path, whole: bytes) -> None:
    assert tamper.flip_bits(folder, whole, 100, 1, tamper.without_hashes).missed
    assert tamper.edit(folder, whole, 2 * len(tamper.KINDS), 1, tamper.without_hashes).missed
