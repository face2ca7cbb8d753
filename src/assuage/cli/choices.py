"""What a shell may offer while a command is typed. An incomplete word never fails."""

from __future__ import annotations


def models(incomplete: str) -> list[str]:
    """Return the ids of the models that start so."""
    from assuage.knowledge import library

    return [one for one in library.model_ids() if one.startswith(incomplete)]


def regimens(incomplete: str) -> list[str]:
    """Return the ids of the regimens that start so."""
    from assuage.knowledge import library

    return [one for one in library.regimen_ids() if one.startswith(incomplete)]


def instruments(incomplete: str) -> list[str]:
    """Return the ids of the instruments that start so."""
    from assuage.knowledge import library

    return [one for one in library.instrument_ids() if one.startswith(incomplete)]


def places(incomplete: str) -> list[str]:
    """Return the codes of the places that start so."""
    from assuage.knowledge import library

    return [one for one in library.place_codes() if one.startswith(incomplete.upper())]


def products(incomplete: str) -> list[str]:
    """Return the ids of the products that start so."""
    from assuage.knowledge import library

    return [one for one in library.products() if one.startswith(incomplete)]


def terms(incomplete: str) -> list[str]:
    """Return the terms of the glossary that start so."""
    from assuage.knowledge import library

    return [one.term for one in library.terms() if one.term.startswith(incomplete)]
