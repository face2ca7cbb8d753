"""`assuage individual`: one patient's own bands from levels and scores, beside the prior's."""

from __future__ import annotations

from assuage.planning.individual.answer import Answer, Request, answer

__all__ = ["Answer", "Request", "answer"]
