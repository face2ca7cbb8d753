"""A model to fit: one of the library's, or a file of the user's in the same form.

A user's file may be about any drug. Its numbers are start values until they are fixed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from assuage.knowledge import library
from assuage.knowledge.dimensions import check as check_dimensions
from assuage.knowledge.schema.facts import Text
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused


class ModelFile(Model):
    """A model of the user's own, which nothing but a fit works with."""

    drug: Text  # type: ignore[assignment]  # any drug, where the library holds ketamine alone


def load_model(text: str) -> Model:
    """Return the model that a text names: an id, or a file that ends in .toml. Raises Refused."""
    if not text.lower().endswith(".toml"):
        return library.model(text)
    path = Path(text)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        found = ModelFile.model_validate(content)
        check_dimensions(found)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Refused(Refusal.FIELD_INVALID, field=field, what=text, why=first["msg"]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refused(Refusal.FILE_UNREADABLE, path=text, why=why) from error
    except (ValueError, Refused) as error:
        raise Refused(Refusal.FIELD_INVALID, field="a unit", what=text, why=error) from error
    return found
