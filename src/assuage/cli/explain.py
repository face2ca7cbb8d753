"""`assuage explain`: a word, a model, an effect, a regimen, a refusal or a copied error."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assuage.cli import choices, output
from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.knowledge.schema.facts import Sourced

HELP = """Explain a term, a model, an effect, a regimen or a refusal; corrects copied errors.

\b
Examples:
  assuage explain ke0
  assuage explain kamp-2020
  assuage explain WEIGHT_UNKNOWN
  assuage explain "class c" --json
"""
_NEAR = 8
_SHORTEST_IN_A_CORRECTION = 3


@dataclass(frozen=True)
class Entry:
    """One explanation, with where it comes from."""

    kind: str
    name: str
    text: str
    see: tuple[str, ...] = ()
    source: str = ""
    where: str = ""
    read: str = ""


def explain(
    term: Annotated[str, typer.Argument(help="What to explain.", autocompletion=choices.terms)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Explain one term."""
    found = entries(term)
    if as_json:
        output.print_json({"term": term, "entries": [asdict(one) for one in found]})
        return
    from assuage.planning.simulation import cited

    console = output.console()
    for place, one in enumerate(found):
        if place:
            console.print()
        console.print(f"{one.name} ({one.kind})", style="bold")
        console.print(one.text)
        if one.see:
            console.print(f"See: {', '.join(one.see)}")
        if one.source:
            about = f"Source: {one.source}, {one.where} ({one.read})."
            console.print(f"{about} {cited(one.source, set())}")


def entries(term: str) -> list[Entry]:
    """Return everything held under the term. Raises Refused with near misses when nothing is."""
    known = list(_known())
    wanted = _plain(term)
    found = [entry for names, entry in known if wanted and wanted in names]
    found += _corrections(wanted)
    if found:
        return found
    words = {name: entry.name for names, entry in known for name in names}
    near = [name for name in words if wanted and wanted in name]
    near += difflib.get_close_matches(wanted, words, n=_NEAR, cutoff=0.6)
    offered = list(dict.fromkeys(words[name] for name in near))[:_NEAR]
    raise Refused(
        Refusal.TERM_UNKNOWN,
        text=term[:60],
        choices=", ".join(offered) or "a term such as ke0, or an id that 'assuage models' lists",
    )


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[-_]", " ", text.casefold()).split())


def _read(fact: Sourced) -> dict[str, Any]:
    from assuage.knowledge.schema.facts import READ_IN_WORDS

    return {"source": fact.source, "where": fact.where, "read": READ_IN_WORDS[fact.read]}


def _known() -> Iterator[tuple[set[str], Entry]]:
    """Yield every entry with the names that it answers to."""
    from assuage.knowledge import library

    for term in library.terms():
        names = {_plain(one) for one in (term.term, *term.also)}
        yield names, Entry("term", term.term, term.text, term.see, **_read(term))
    for id_ in library.model_ids():
        model = library.model(id_)
        more = (f"assuage models {id_}",)
        yield {_plain(id_)}, Entry("model", id_, f"{model.name}. {model.summary}", more)
    for id_ in library.effect_ids():
        one = library.effect(id_).held
        text = f"{one.name}. Endpoint: {one.endpoint}. {one.summary}"
        yield {_plain(id_), _plain(one.id)}, Entry("effect", id_, text)
    for id_ in library.regimen_ids():
        regimen = library.regimen(id_)
        names = {_plain(id_), _plain(regimen.reference)}
        text = f"{regimen.name}. {regimen.summary}"
        yield names, Entry("regimen", id_, text, (f"assuage regimens {id_}",))
    for refusal in Refusal:
        sentence, remedy = refusal.value
        text = f"Refused because: {sentence}. Remedy: {remedy}."
        yield {_plain(refusal.name)}, Entry("refusal", refusal.name, text)


def _corrections(wanted: str) -> list[Entry]:
    """Return the corrected errors that the term occurs in as a whole word."""
    from assuage.knowledge import library

    if len(wanted) < _SHORTEST_IN_A_CORRECTION:
        return []
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    found = []
    for one in library.safety().correction:
        if word.search(_plain(f"{one.id} {one.claim} {one.correction}")):
            text = f"Often copied: {one.claim} Correct: {one.correction}"
            found.append(Entry("correction", one.id, text, **_read(one)))
    return found
