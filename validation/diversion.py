"""How often each signal of diversion is raised about honest people, and finds those who aren't.

    python -m validation diversion            writes signals.toml's [[measured]] and the page
    python -m validation diversion --check    writes nothing; returns 1 when either would change

The thresholds were set on clinics of other seeds than the one that is measured on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import sqrt
from multiprocessing import get_context
from pathlib import Path
from random import Random

from assuage.care.signals.rules import SIGNALS
from assuage.care.signals.seen import Seen
from assuage.knowledge import library
from assuage.knowledge.schema.signals import Rate, Rule, Signal
from validation.clinics import (
    ASSUMED,
    BASE,
    DAYS,
    DIVERTERS,
    HARDER,
    KINDS,
    UNSEEN,
    Assumed,
    honest,
)
from validation.report import table

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "src" / "assuage" / "knowledge" / "signals.toml"
PAGE = ROOT / "docs" / "evidence" / "diversion.md"
SEED = 20261122
CLINICS = 1200  # honest ones
PLANTED = 300  # of these, how many have somebody planted, once for each signal
HARD = 200  # honest ones that are less alike than was assumed
CHUNK = 50
PROCESSES = 2
Z95 = 1.959964  # the normal distribution's 97.5 % point
MARK = "# Measured: written by `python -m validation diversion`; what stands below is replaced.\n"


Harder = dict[str, list["ClinicTally"]]


@dataclass(frozen=True)
class Tally:
    """One signal in one clinic: people, whom it could tell, signals, and the planted one's fate.

    `planted` is None where nobody was planted, else (could be told, was found).
    """

    people: int
    told: int
    raised: int
    planted: tuple[bool, bool] | None = None


@dataclass(frozen=True)
class ClinicTally:
    """All signals in one clinic; `unseen` says whether one person at random had any signal."""

    signals: dict[str, Tally]
    unseen: bool


def rules() -> dict[str, Rule]:
    """Return the rules that the library has."""
    return {one.id: one.rule for one in library.signals().signal}


def tally(
    seed: int, number: int, given: dict[str, Rule], *, plant: bool, assumed: Assumed = BASE
) -> ClinicTally:
    """Return what the signals say of one clinic."""
    seen = honest(seed, number, assumed)
    rng = Random(f"{seed}/{number}/planted")  # noqa: S311 - a simulation, not a secret
    who = rng.choice(seen.people)
    found = {}
    any_about_one = False
    for id_, rule in given.items():
        said = SIGNALS[id_](seen, rule)
        told = sum(one.status != "too few to tell" for one in said)
        raised = [one.person for one in said if one.status == "signal"]
        any_about_one |= who in raised
        fate = _fate(id_, DIVERTERS[id_][1](seen, who, rng), who, rule) if plant else None
        found[id_] = Tally(len(said), told, len(raised), fate)
    return ClinicTally(found, any_about_one)


def _fate(id_: str, seen: Seen, who: str, rule: Rule) -> tuple[bool, bool]:
    of = [one.status for one in SIGNALS[id_](seen, rule) if one.person == who]
    return "too few to tell" not in of and bool(of), "signal" in of


def _chunk(task: tuple[int, range, int, dict[str, Rule], Assumed]) -> list[ClinicTally]:
    seed, numbers, planted, given, assumed = task
    return [tally(seed, one, given, plant=one < planted, assumed=assumed) for one in numbers]


def simulate(clinics: int, planted: int, changed: Assumed) -> list[ClinicTally]:
    """Return the tallies of many clinics, the same however many processes there are."""
    tasks = [
        (SEED, range(start, min(start + CHUNK, clinics)), planted, rules(), {**BASE, **changed})
        for start in range(0, clinics, CHUNK)
    ]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return [one for chunk in pool.map(_chunk, tasks) for one in chunk]


def wilson(count: float, of: float, z: float = Z95) -> Rate:
    """Return a share and its interval by Wilson's score. `of` may be an effective number."""
    share = count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low = middle - half if count > 0 else 0.0
    high = middle + half if count < of else 1.0
    return Rate(value=round(share, 4), low=round(low, 4), high=round(high, 4))


def clustered(pairs: Sequence[tuple[int, int]], z: float = Z95) -> Rate:
    """Return the share of (count, of) pairs, with people of one clinic not independent.

    The ratio estimator's variance says how many independent people there are in effect.
    """
    count, of = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    share = count / of
    alone = share * (1.0 - share) / of
    together = sum((k - share * n) ** 2 for k, n in pairs) / of**2
    factor = together / alone if together > alone > 0.0 else 1.0
    return wilson(count / factor, of / factor, z)


def per_person(tallies: Iterable[Tally], z: float = Z95) -> Rate:
    """Return the share of people about whom it could tell that a signal is raised about."""
    return clustered([(one.raised, one.told) for one in tallies if one.told], z)


@dataclass(frozen=True)
class Result:
    """What was measured of one signal."""

    signal: Signal
    people: int
    told: Rate
    per_person: Rate
    per_clinic: Rate
    planted: int
    diverters_told: Rate
    detected: Rate


def result(signal: Signal, tallies: Iterable[ClinicTally]) -> Result:
    """Add the clinics up for one signal."""
    of = [one.signals[signal.id] for one in tallies]
    could = [one for one in of if one.told]
    fates = [one.planted for one in of if one.planted is not None]
    told = sum(one[0] for one in fates)
    return Result(
        signal=signal,
        people=sum(one.people for one in of),
        told=clustered([(one.told, one.people) for one in of]),
        per_person=per_person(of),
        per_clinic=wilson(sum(one.raised > 0 for one in could), len(could)),
        planted=len(fates),
        diverters_told=wilson(told, len(fates)),
        detected=wilson(sum(one[1] for one in fates), told),
    )


def _rate(rate: Rate) -> str:
    return f"{{ value = {rate.value:.4f}, low = {rate.low:.4f}, high = {rate.high:.4f} }}"


TAGS = 'source = "assuage-design"\nwhere = "validation/diversion.py"\nread = "design"\n'


def facts(results: Iterable[Result], tallies: Sequence[ClinicTally]) -> str:
    """Return signals.toml with everything that is measured written anew."""
    by_hand = FACTS.read_text(encoding="utf-8").partition(MARK)[0].rstrip("\n")
    parts = [by_hand, "", MARK]
    for one in results:
        id_ = one.signal.id
        parts.append(
            f'[[measured]]\nid = "{id_}"\nseed = {SEED}\ndays = {DAYS}\nclinics = {len(tallies)}\n'
            f"people = {one.people}\ntold = {_rate(one.told)}\n"
            f"per_person = {_rate(one.per_person)}\nper_clinic = {_rate(one.per_clinic)}\n"
            f'diverter = "{DIVERTERS[id_][0]}"\nplanted = {one.planted}\n'
            f"diverters_told = {_rate(one.diverters_told)}\n"
            f"detected = {_rate(one.detected)}\n{TAGS}"
        )
    everything, mean, unseen = together(tallies)
    parts.append(
        f"[together]\nany_per_clinic = {_rate(everything)}\nmean_per_clinic = {mean:.4f}\n"
        f'unseen = "{UNSEEN}"\nunseen_detected = {_rate(unseen)}\n{TAGS}'
    )
    return "\n".join(parts)


def together(tallies: Sequence[ClinicTally]) -> tuple[Rate, float, Rate]:
    """Return the share of clinics with any signal, signals a clinic, and who is never seen."""
    raised = [sum(one.raised for one in clinic.signals.values()) for clinic in tallies]
    return (
        wilson(sum(one > 0 for one in raised), len(tallies)),
        sum(raised) / len(tallies),
        wilson(sum(one.unseen for one in tallies), len(tallies)),
    )


HEAD = """# Signals of diversion: false alarms and what they find

Every number here comes from `python -m validation diversion`; none is written by hand. Nothing on
this page was observed in a clinic: honest clinics and diverters are simulated, and each assumption
is this project's own (`design`). They are listed below. What the signals are for stands in
[concepts](../concepts/diversion.md).
"""
READING = """* **told**: the share of people about whom the signal could tell; of the others it says
  "too few to tell".
* **false alarms, person**: the share of honest people about whom it could tell that it is raised
  about in a quarter, with its 95 % interval. People of one clinic are not counted as independent.
* **false alarms, clinic**: the share of honest clinics with at least one.
* **found**: the share of planted diverters that it is raised about, among those it could tell of.
"""


def percent(rate: Rate) -> str:
    """Return a rate with its interval in percent."""
    return f"{100 * rate.value:.2f} ({100 * rate.low:.2f} to {100 * rate.high:.2f})"


def _harder(results: Sequence[Result], harder: Harder) -> str:
    """Return what the rates are where honest people are less alike."""
    lines = [[one.signal.name] for one in results] + [["any signal, of all clinics"]]
    for tallies in harder.values():
        for line, one in zip(lines, results, strict=False):
            line.append(percent(per_person(clinic.signals[one.signal.id] for clinic in tallies)))
        lines[-1].append(percent(together(tallies)[0]))
    return table(["signal", *(f"{HARDER[name][0]}, %" for name in harder)], lines)


def page(results: Sequence[Result], tallies: Sequence[ClinicTally], harder: Harder) -> str:
    """Return docs/evidence/diversion.md."""
    everything, mean, unseen = together(tallies)
    alarms = [
        [
            one.signal.name, f"{100 * one.told.value:.0f}", percent(one.per_person),
            percent(one.per_clinic),
        ]
        for one in results
    ]  # fmt: skip
    finds = [
        [one.signal.name, DIVERTERS[one.signal.id][0], percent(one.detected),
         f"{100 * one.diverters_told.value:.0f}"]
        for one in results
    ]  # fmt: skip
    assumed = [[name, f"{value:g}", text] for name, (value, text) in ASSUMED.items()]
    kinds = [[name, ", ".join(items), f"{share:g}"] for name, items, share in KINDS]
    parts = [
        HEAD,
        f"{len(tallies)} honest clinics, one quarter of {DAYS} days each, seed {SEED}.\n",
        READING,
        "## False alarms\n",
        table(["signal", "told, %", "false alarms, person, %", "clinic, %"], alarms),
        f"All signals together: {percent(everything)} % of honest clinics have at least one in a\n"
        f"quarter, and a report shows {mean:.2f} on average.\n",
        "## Where people are less alike\n",
        "How much honest people differ isn't known. The same for people, over\n"
        f"{HARD} other honest clinics each:\n",
        _harder(results, harder),
        "## What is found\n",
        f"One person in each of {results[0].planted} clinics. Whoever is planted keeps to it for\n"
        "the whole quarter. Somebody who takes less is found less often.\n",
        table(["signal", "somebody who", "found, %", "told, %"], finds),
        f"Somebody who {UNSEEN}:\n{percent(unseen)} % of them have any signal, as many as\n"
        "of all others. No signal here can see it; only a test of what is wasted can.\n",
        "## What is assumed\n",
        "Doses, caps and vial sizes are the library's. These numbers are not from any source:\n",
        table(["regimen", "one of these for the whole site", "how common"], kinds),
        table(["name", "value", "meaning"], assumed),
    ]
    return "\n".join(parts)


def main(arguments: Sequence[str]) -> int:
    """Write or check the measured rates and the page."""
    tallies = simulate(CLINICS, PLANTED, {})
    harder = {name: simulate(HARD, 0, changed) for name, (_, changed) in HARDER.items()}
    results = [result(one, tallies) for one in library.signals().signal]
    texts = {FACTS: facts(results, tallies), PAGE: page(results, tallies, harder)}
    if "--check" in arguments:
        old = [
            path
            for path, text in texts.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        ]
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what the command makes")
        return int(bool(old))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{'signal':18}{'false alarms, person, %':>26}{'clinic, %':>24}{'found, %':>26}")
    for one in results:
        cells = (percent(one.per_person), percent(one.per_clinic), percent(one.detected))
        print(f"{one.signal.id:18}{cells[0]:>26}{cells[1]:>24}{cells[2]:>26}")
    return 0
