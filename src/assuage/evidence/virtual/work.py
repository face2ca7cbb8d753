"""What `assuage trial` works out: a design and a wish become results and what they come to.

Nothing is printed or written here apart from the file that is resumed from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assuage.evidence import extra
from assuage.evidence.virtual.design import Design
from assuage.evidence.virtual.scores import World, world_of
from assuage.evidence.virtual.summary import Summary, summary_of
from assuage.evidence.virtual.trials import Results, Told, gather, task_of
from assuage.evidence.virtual.truth import truth_of
from assuage.planning.population import executor_of


@dataclass(frozen=True)
class Wish:
    """How a design is to be run. None is nothing said."""

    trials: int = 1000
    seed: int = 1
    workers: str | None = None
    cluster: str | None = None
    resume: str | None = None


def work_out(
    design: Design, wish: Wish, told: Told = lambda _: None
) -> tuple[World, Results, Summary]:
    """Run a design; `told` hears how many trials are done. Raises Refused."""
    extra.need("a virtual trial", "'assuage trial'")
    executor = executor_of(wish.workers, wish.cluster)
    world = world_of(design, wish.seed)
    path = None if wish.resume is None else Path(wish.resume)
    results = gather(task_of(world), wish.trials, executor, path=path, told=told)
    return world, results, summary_of(world, truth_of(world), results)
